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
using Encode = void (*)(const NumberFormat& format, const Value* values, std::size_t count, void* codes);
using Decode = void (*)(const NumberFormat& format, const void* codes, std::size_t count, void* values);

struct Codec {
  std::array<Encode<float>, 2> encode_floats;    // by Overflow
  std::array<Encode<double>, 2> encode_doubles;  // none: rounding to odd and encode_floats do
  Decode decode;
};

template <std::size_t kBytes>
using CodeOf =
    std::conditional_t<kBytes == 1, std::uint8_t, std::conditional_t<kBytes == 2, std::uint16_t, std::uint32_t>>;

// --- rows that float32's bits turn into ------------------------------------------------------------------------------

template <std::size_t kRow, Overflow kOverflow>
void encode_row(const NumberFormat&, const float* values, std::size_t count, void* codes) {
  using Code = CodeOf<kNumberFormats[kRow].code_bytes()>;
  constexpr Known<minifloat_encoding(kNumberFormats[kRow], kOverflow)> constants;
  encode_minifloats(constants, values, count, static_cast<Code*>(codes));
}

template <std::size_t kRow>
void decode_row(const NumberFormat&, const void* codes, std::size_t count, void* values) {
  using Code = CodeOf<kNumberFormats[kRow].code_bytes()>;
  constexpr Known<minifloat_decoding(kNumberFormats[kRow])> constants;
  decode_minifloats(constants, static_cast<const Code*>(codes), count, static_cast<float*>(values));
}

template <std::size_t kRow>
constexpr Codec minifloat_codec() {
  return {{encode_row<kRow, Overflow::Standard>, encode_row<kRow, Overflow::Saturate>}, {}, decode_row<kRow>};
}

template <Overflow kOverflow>
void encode_e8m0(const NumberFormat&, const float* values, std::size_t count, void* codes) {
  encode_exponents<kOverflow>(values, count, static_cast<std::uint8_t*>(codes));
}

void decode_e8m0(const NumberFormat&, const void* codes, std::size_t count, void* values) {
  decode_exponents(static_cast<const std::uint8_t*>(codes), count, static_cast<float*>(values));
}

constexpr Codec kExponentCodec{{encode_e8m0<Overflow::Standard>, encode_e8m0<Overflow::Saturate>}, {}, decode_e8m0};

// --- formats that the caller makes up --------------------------------------------------------------------------------

template <class Code, Overflow kOverflow>
void encode_made(const NumberFormat& format, const float* values, std::size_t count, void* codes) {
  const Given<MinifloatEncoding> constants{minifloat_encoding(format, kOverflow)};
  encode_minifloats(constants, values, count, static_cast<Code*>(codes));
}

// Rounding to odd needs two bits more than the format has, and float32's smallest numbers run out of bits.
bool is_near_float32(const NumberFormat& format) {
  return format.mantissa_bits > 21 || 1 - format.bias - format.mantissa_bits < -147;
}

template <class Code, Overflow kOverflow>
void encode_made_doubles(const NumberFormat& format, const double* values, std::size_t count, void* codes) {
  constexpr double kBeyond = kOverflow == Overflow::Saturate ? double{std::numeric_limits<float>::max()}
                                                             : std::numeric_limits<double>::infinity();
  const bool on_grid = is_near_float32(format);
  for_each_slice(count, [&](std::size_t offset, std::size_t size) {
    float narrow[kSlice];
    if (on_grid)
      for (std::size_t i = 0; i < size; ++i)
        narrow[i] = static_cast<float>(round_to_grid(format, values[offset + i], kBeyond));
    else
      round_to_odd(values + offset, size, narrow);
    encode_made<Code, kOverflow>(format, narrow, size, static_cast<Code*>(codes) + offset);
  });
}

template <class Code>
void decode_made(const NumberFormat& format, const void* codes, std::size_t count, void* values) {
  const Given<MinifloatDecoding> constants{minifloat_decoding(format)};
  decode_minifloats(constants, static_cast<const Code*>(codes), count, static_cast<float*>(values));
}

template <class Code>
constexpr Codec kMadeCodec{
    {encode_made<Code, Overflow::Standard>, encode_made<Code, Overflow::Saturate>},
    {encode_made_doubles<Code, Overflow::Standard>, encode_made_doubles<Code, Overflow::Saturate>},
    decode_made<Code>};

// --- integers --------------------------------------------------------------------------------------------------------

IntegerConstants integer_constants(const NumberFormat& format) {
  return {format.sign_bits > 0, format.bits()};
}

template <class Code>
void encode_short(const NumberFormat& format, const float* values, std::size_t count, void* codes) {
  encode_integers(integer_constants(format), values, count, static_cast<Code*>(codes));
}

template <class Code>
void decode_short(const NumberFormat& format, const void* codes, std::size_t count, void* values) {
  decode_integers(integer_constants(format), static_cast<const Code*>(codes), count, static_cast<float*>(values));
}

template <class Code>
constexpr Codec kShortIntegerCodec{{encode_short<Code>, encode_short<Code>}, {}, decode_short<Code>};

void encode_long_doubles(const NumberFormat& format, const double* values, std::size_t count, void* codes) {
  encode_long_integers(integer_constants(format), values, count, static_cast<std::uint32_t*>(codes));
}

void encode_long_floats(const NumberFormat& format, const float* values, std::size_t count, void* codes) {
  for_each_slice(count, [&](std::size_t offset, std::size_t size) {
    double wide[kSlice];
    promote(values + offset, size, wide);
    encode_long_doubles(format, wide, size, static_cast<std::uint32_t*>(codes) + offset);
  });
}

void decode_long(const NumberFormat& format, const void* codes, std::size_t count, void* values) {
  decode_long_integers(integer_constants(format), static_cast<const std::uint32_t*>(codes), count,
                       static_cast<double*>(values));
}

constexpr Codec kLongIntegerCodec{
    {encode_long_floats, encode_long_floats}, {encode_long_doubles, encode_long_doubles}, decode_long};

// --- float32 and float64 ---------------------------------------------------------------------------------------------

void convert(const float* from, std::size_t count, float* to) {
  std::memcpy(to, from, count * sizeof(float));
}
void convert(const double* from, std::size_t count, double* to) {
  std::memcpy(to, from, count * sizeof(double));
}
void convert(const float* from, std::size_t count, double* to) {
  promote(from, count, to);
}
void convert(const double* from, std::size_t count, float* to) {
  demote(from, count, to);
}

template <class From, class To, Overflow kOverflow>
void encode_wide(const NumberFormat&, const From* values, std::size_t count, void* codes) {
  convert(values, count, static_cast<To*>(codes));
  if (kOverflow == Overflow::Saturate) saturate(static_cast<To*>(codes), count);
}

template <class Float>
void decode_wide(const NumberFormat&, const void* codes, std::size_t count, void* values) {
  convert(static_cast<const Float*>(codes), count, static_cast<Float*>(values));
}

template <class Float>
constexpr Codec kWideCodec{
    {encode_wide<float, Float, Overflow::Standard>, encode_wide<float, Float, Overflow::Saturate>},
    {encode_wide<double, Float, Overflow::Standard>, encode_wide<double, Float, Overflow::Saturate>},
    decode_wide<Float>};

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
      return minifloat_codec<kRow>();
  }
}

constexpr auto kRowCodecs = []<std::size_t... kRows>(std::index_sequence<kRows...>) {
  return std::array{row_codec<kRows>()...};
}(std::make_index_sequence<kNumberFormats.size()>());

const Codec& codec_for(const NumberFormat& format) {
  if (const NumberFormat* row = find_number_format(format.name)) return kRowCodecs[row - kNumberFormats.data()];
  switch (format.code_bytes()) {
    case 1:
      return kMadeCodec<std::uint8_t>;
    case 2:
      return kMadeCodec<std::uint16_t>;
    default:
      return kMadeCodec<std::uint32_t>;
  }
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
  codec_for(format).encode_floats[static_cast<std::size_t>(overflow)](format, values.data(), values.size(), codes);
}

void encode(const NumberFormat& format, std::span<const double> values, void* codes, Overflow overflow) {
  const Codec& codec = codec_for(format);
  const auto direct = codec.encode_doubles[static_cast<std::size_t>(overflow)];
  if (direct != nullptr) return direct(format, values.data(), values.size(), codes);
  const auto encode_floats = codec.encode_floats[static_cast<std::size_t>(overflow)];
  for_each_slice(values.size(), [&](std::size_t offset, std::size_t size) {
    float odd[kSlice];
    round_to_odd(values.data() + offset, size, odd);
    encode_floats(format, odd, size, static_cast<std::byte*>(codes) + offset * format.code_bytes());
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
