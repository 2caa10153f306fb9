// The registry: which kernel serves which row of kNumberFormats. Kernels are instantiated here and nowhere else.
#include "fewbits/codec.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <limits>
#include <type_traits>
#include <utility>

#include "numbers/exponent.hpp"
#include "numbers/integer.hpp"
#include "numbers/minifloat.hpp"
#include "numbers/wide_float.hpp"

namespace fewbits {
namespace {

template <class Value>
using Encode = void (*)(const NumberFormat& format, Overflow overflow, const Value* values, std::size_t count,
                        void* codes);
using Decode = void (*)(const NumberFormat& format, const void* codes, std::size_t count, void* values);

struct Codec {
  Encode<float> encode_floats;
  Encode<double> encode_doubles;  // none: rounding to odd and encode_floats do
  Decode decode;
};

template <std::size_t kBytes>
using CodeOf =
    std::conditional_t<kBytes == 1, std::uint8_t, std::conditional_t<kBytes == 2, std::uint16_t, std::uint32_t>>;

// --- minifloats of any kind ------------------------------------------------------------------------------------------

// Codes of any width go through words of 32 bits where speed is not all: that is one kernel instead of three.
template <class To, class From>
void convert_each(const From* from, std::size_t count, To* to) {
  std::transform(from, from + count, to, [](From code) { return static_cast<To>(code); });
}

void narrow(const std::int32_t* words, std::size_t count, std::size_t code_bytes, std::byte* codes) {
  if (code_bytes == 1)
    convert_each(words, count, reinterpret_cast<std::int8_t*>(codes));
  else if (code_bytes == 2)
    convert_each(words, count, reinterpret_cast<std::int16_t*>(codes));
  else
    convert_each(words, count, reinterpret_cast<std::int32_t*>(codes));
}

// Fills the upper bits with the code's first one.
void widen(const std::byte* codes, std::size_t count, std::size_t code_bytes, std::int32_t* words) {
  if (code_bytes == 1)
    convert_each(reinterpret_cast<const std::int8_t*>(codes), count, words);
  else if (code_bytes == 2)
    convert_each(reinterpret_cast<const std::int16_t*>(codes), count, words);
  else
    convert_each(reinterpret_cast<const std::int32_t*>(codes), count, words);
}

// A kernel of one format, which tells whether it could.
using EncodeWithin = bool (*)(std::int32_t limit, const float* values, std::size_t count, void* codes);
using DecodeFinite = bool (*)(const void* codes, std::size_t count, float* values);

void encode_minifloats(const NumberFormat& format, Overflow overflow, const float* values, std::size_t count,
                       void* codes, EncodeWithin within) {
  const Given<MinifloatEncoding> encoding{minifloat_encoding(format, overflow)};
  const std::size_t code_bytes = format.code_bytes();
  for_each_slice(count, [&](std::size_t offset, std::size_t size) {
    std::byte* const to = static_cast<std::byte*>(codes) + offset * code_bytes;
    if (within != nullptr && within(encoding.value.limit, values + offset, size, to)) [[likely]]
      return;
    std::int32_t words[kSlice];
    encode_any(encoding, values + offset, size, words);
    narrow(words, size, code_bytes, to);
  });
}

void decode_minifloats(const NumberFormat& format, const void* codes, std::size_t count, void* values,
                       DecodeFinite finite) {
  const Given<MinifloatDecoding> decoding{minifloat_decoding(format)};
  const std::size_t code_bytes = format.code_bytes();
  for_each_slice(count, [&](std::size_t offset, std::size_t size) {
    const std::byte* const from = static_cast<const std::byte*>(codes) + offset * code_bytes;
    float* const to = static_cast<float*>(values) + offset;
    if (finite != nullptr && finite(from, size, to)) [[likely]]
      return;
    std::int32_t words[kSlice];
    widen(from, size, code_bytes, words);
    decode_any(decoding, words, size, to);
  });
}

// --- minifloats of the table -----------------------------------------------------------------------------------------

template <std::size_t kRow>
bool encode_row_within(std::int32_t limit, const float* values, std::size_t count, void* codes) {
  constexpr Known<minifloat_encoding(kNumberFormats[kRow], Overflow::Standard)> constants;
  return encode_within(constants, limit, values, count,
                       static_cast<CodeOf<kNumberFormats[kRow].code_bytes()>*>(codes));
}

template <std::size_t kRow>
bool decode_row_finite(const void* codes, std::size_t count, float* values) {
  constexpr Known<minifloat_decoding(kNumberFormats[kRow])> constants;
  return decode_finite(constants, static_cast<const CodeOf<kNumberFormats[kRow].code_bytes()>*>(codes), count, values);
}

template <std::size_t kRow>
void encode_row(const NumberFormat& format, Overflow overflow, const float* values, std::size_t count, void* codes) {
  encode_minifloats(format, overflow, values, count, codes, encode_row_within<kRow>);
}

template <std::size_t kRow>
void decode_row(const NumberFormat& format, const void* codes, std::size_t count, void* values) {
  decode_minifloats(format, codes, count, values, decode_row_finite<kRow>);
}

template <std::size_t kRow>
constexpr Codec kMinifloatCodec{encode_row<kRow>, nullptr, decode_row<kRow>};

// --- formats that the caller makes up --------------------------------------------------------------------------------

void encode_made(const NumberFormat& format, Overflow overflow, const float* values, std::size_t count, void* codes) {
  encode_minifloats(format, overflow, values, count, codes, nullptr);
}

// Rounding to odd needs two bits more than the format has, and float32's smallest numbers run out of bits.
bool is_near_float32(const NumberFormat& format) {
  return format.mantissa_bits > 21 || 1 - format.bias - format.mantissa_bits < -147;
}

void encode_made_doubles(const NumberFormat& format, Overflow overflow, const double* values, std::size_t count,
                         void* codes) {
  const double beyond =
      overflow == Overflow::Saturate ? std::numeric_limits<float>::max() : std::numeric_limits<double>::infinity();
  const bool on_grid = is_near_float32(format);
  for_each_slice(count, [&](std::size_t offset, std::size_t size) {
    float narrow[kSlice];
    if (on_grid)
      for (std::size_t i = 0; i < size; ++i)
        narrow[i] = static_cast<float>(round_to_grid(format, values[offset + i], beyond));
    else
      round_to_odd(values + offset, size, narrow);
    encode_made(format, overflow, narrow, size, static_cast<std::byte*>(codes) + offset * format.code_bytes());
  });
}

void decode_made(const NumberFormat& format, const void* codes, std::size_t count, void* values) {
  decode_minifloats(format, codes, count, values, nullptr);
}

constexpr Codec kMadeCodec{encode_made, encode_made_doubles, decode_made};

// --- E8M0 ------------------------------------------------------------------------------------------------------------

void encode_e8m0(const NumberFormat&, Overflow overflow, const float* values, std::size_t count, void* codes) {
  encode_exponents(overflow, values, count, static_cast<std::uint8_t*>(codes));
}

void decode_e8m0(const NumberFormat&, const void* codes, std::size_t count, void* values) {
  decode_exponents(static_cast<const std::uint8_t*>(codes), count, static_cast<float*>(values));
}

constexpr Codec kExponentCodec{encode_e8m0, nullptr, decode_e8m0};

// --- integers --------------------------------------------------------------------------------------------------------

IntegerConstants integer_constants(const NumberFormat& format) {
  return {format.sign_bits > 0, format.bits()};
}

template <class Code>
void encode_short(const NumberFormat& format, Overflow, const float* values, std::size_t count, void* codes) {
  encode_integers(integer_constants(format), values, count, static_cast<Code*>(codes));
}

template <class Code>
void decode_short(const NumberFormat& format, const void* codes, std::size_t count, void* values) {
  decode_integers(integer_constants(format), static_cast<const Code*>(codes), count, static_cast<float*>(values));
}

template <class Code>
constexpr Codec kShortIntegerCodec{encode_short<Code>, nullptr, decode_short<Code>};

void encode_long_doubles(const NumberFormat& format, Overflow, const double* values, std::size_t count, void* codes) {
  encode_long_integers(integer_constants(format), values, count, static_cast<std::uint32_t*>(codes));
}

void encode_long_floats(const NumberFormat& format, Overflow overflow, const float* values, std::size_t count,
                        void* codes) {
  for_each_slice(count, [&](std::size_t offset, std::size_t size) {
    double wide[kSlice];
    promote(values + offset, size, wide);
    encode_long_doubles(format, overflow, wide, size, static_cast<std::uint32_t*>(codes) + offset);
  });
}

void decode_long(const NumberFormat& format, const void* codes, std::size_t count, void* values) {
  decode_long_integers(integer_constants(format), static_cast<const std::uint32_t*>(codes), count,
                       static_cast<double*>(values));
}

constexpr Codec kLongIntegerCodec{encode_long_floats, encode_long_doubles, decode_long};

// --- float32 and float64 ---------------------------------------------------------------------------------------------

void convert(const float* from, std::size_t count, float* to) {
  std::copy_n(from, count, to);
}
void convert(const double* from, std::size_t count, double* to) {
  std::copy_n(from, count, to);
}
void convert(const float* from, std::size_t count, double* to) {
  promote(from, count, to);
}
void convert(const double* from, std::size_t count, float* to) {
  demote(from, count, to);
}

template <class From, class To>
void encode_wide(const NumberFormat&, Overflow overflow, const From* values, std::size_t count, void* codes) {
  convert(values, count, static_cast<To*>(codes));
  if (overflow == Overflow::Saturate) saturate(static_cast<To*>(codes), count);
}

template <class Float>
void decode_wide(const NumberFormat&, const void* codes, std::size_t count, void* values) {
  convert(static_cast<const Float*>(codes), count, static_cast<Float*>(values));
}

template <class Float>
constexpr Codec kWideCodec{encode_wide<float, Float>, encode_wide<double, Float>, decode_wide<Float>};

// --- the registry ----------------------------------------------------------------------------------------------------

template <std::size_t kRow>
constexpr Codec row_codec() {
  constexpr NumberFormat format = kNumberFormats[kRow];
  if constexpr (format.kind == Kind::Exponent) {
    return kExponentCodec;
  } else if constexpr (format.kind == Kind::Integer) {
    if constexpr (format.bits() > 16)
      return kLongIntegerCodec;
    else
      return kShortIntegerCodec<CodeOf<format.code_bytes()>>;
  } else {
    if constexpr (format.mantissa_bits > kFloatMantissaBits)
      return kWideCodec<double>;
    else if constexpr (format.mantissa_bits == kFloatMantissaBits)
      return kWideCodec<float>;
    else
      return kMinifloatCodec<kRow>;
  }
}

constexpr auto kRowCodecs = []<std::size_t... kRows>(std::index_sequence<kRows...>) {
  return std::array{row_codec<kRows>()...};
}(std::make_index_sequence<kNumberFormats.size()>());

const Codec& codec_for(const NumberFormat& format) {
  if (const NumberFormat* row = find_number_format(format.name)) return kRowCodecs[row - kNumberFormats.data()];
  return kMadeCodec;
}

template <class Value>
void cast_slices(const NumberFormat& format, std::span<const Value> values, float* kept, Overflow overflow) {
  for_each_slice(values.size(), [&](std::size_t offset, std::size_t size) {
    std::uint64_t codes[kSlice];
    encode(format, values.subspan(offset, size), codes, overflow);
    if (!format.decodes_to_double()) return decode(format, codes, size, kept + offset);
    double wide[kSlice];
    decode(format, codes, size, wide);
    demote(wide, size, kept + offset);
  });
}

}  // namespace

void encode(const NumberFormat& format, std::span<const float> values, void* codes, Overflow overflow) {
  codec_for(format).encode_floats(format, overflow, values.data(), values.size(), codes);
}

void encode(const NumberFormat& format, std::span<const double> values, void* codes, Overflow overflow) {
  const Codec& codec = codec_for(format);
  if (codec.encode_doubles != nullptr)
    return codec.encode_doubles(format, overflow, values.data(), values.size(), codes);
  for_each_slice(values.size(), [&](std::size_t offset, std::size_t size) {
    float odd[kSlice];
    round_to_odd(values.data() + offset, size, odd);
    codec.encode_floats(format, overflow, odd, size, static_cast<std::byte*>(codes) + offset * format.code_bytes());
  });
}

void decode(const NumberFormat& format, const void* codes, std::size_t count, void* values) {
  codec_for(format).decode(format, codes, count, values);
}

void cast(const NumberFormat& format, std::span<const float> values, float* kept, Overflow overflow) {
  cast_slices(format, values, kept, overflow);
}

void cast(const NumberFormat& format, std::span<const double> values, float* kept, Overflow overflow) {
  cast_slices(format, values, kept, overflow);
}

}  // namespace fewbits
