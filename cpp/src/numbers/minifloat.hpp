// float32 to the codes of a floating format of at most 32 bits, and back.
//
// A kernel takes its format as `constants`: Known<...> where they are known at compile time, Given where a caller made
// the format up. Numbers within the format's range are all that the fast kernels get right; they tell whether there
// were others, and those slices are done again by a kernel that knows every case. It is rarely needed, and one for all
// formats.
#pragma once

#include <algorithm>
#include <bit>
#include <limits>

#include "grid.hpp"
#include "numbers/batches.hpp"
#include "numbers/lanes.hpp"
#include "simd.hpp"

namespace fewbits {

inline constexpr std::int32_t kFloatInfinity = 0x7F800000;
inline constexpr std::int32_t kFloatMagnitude = 0x7FFFFFFF;
inline constexpr std::int32_t kFloatNan = 0x7FC00000;
inline constexpr int kFloatMantissaBits = 23;

// How a magnitude is rounded to its code; all give the same where they work.
enum class Step : std::uint8_t {
  Bits,      // bias 127, as float32's own: the code is the upper part of the bits, rounded as an integer
  Addition,  // a float addition rounds, with a power of two that puts the code's last bit at the sum's last bit
  Parts,     // works for every format: integers round the normal numbers, an addition the subnormal ones
};

// Integers only, so that a value of this type is a template argument.
struct MinifloatEncoding {
  Step step;
  int mantissa_bits;
  std::int32_t first_exponent;  // exponent of the smallest normal number, in place in float32's bits; may be below 0
  std::int32_t limit;  // float32 bits: larger magnitudes become this one, the first number beyond or the maximum
  bool is_signed;
  bool has_negative_zero;
  std::uint32_t sign_bit;
  std::uint32_t negative_code;  // unsigned formats: what a number below zero becomes
  std::int32_t nan_above;       // float32 bits: magnitudes above become the NaN code
  std::uint32_t nan_code;
  std::uint32_t nan_sign;  // is flipped in the NaN code where the sign of the NaN is set
};

struct MinifloatDecoding {
  int bits, mantissa_bits;
  bool is_signed;
  bool sign_extends;            // the sign is the first bit of the code's bytes
  bool has_top_exponent;        // exponent 255 names numbers, as in float32 it never does
  std::int32_t scale, rescale;  // float32 bits of powers of two; their product is 2^(127 - bias)
  std::uint32_t magnitude_mask;
  bool has_infinity, has_nan;
  bool negative_zero_is_nan;
  std::uint32_t max_code;                     // of a finite magnitude
  std::uint32_t key_mask, key_flip, max_key;  // code & mask ^ flip is above max_key for infinities and NaN alone

  // Codes of one byte whose numbers are all normal in bfloat16: upper half = magnitude << shift + offset, and for the
  // smallest codes what the tables add.
  bool fits_table;
  int half_shift;
  std::uint16_t half_offset;
  std::uint8_t table_low[16], table_high[16];
};

template <auto kValue>
struct Known {
  static constexpr auto value = kValue;
};
template <class Value>
struct Given {
  Value value;
};

namespace detail {

// 2^128 gives infinity's bits, which count on from those of the largest number.
constexpr std::int32_t float_bits(double magnitude) {
  return magnitude > std::numeric_limits<float>::max() ? kFloatInfinity
                                                       : std::bit_cast<std::int32_t>(static_cast<float>(magnitude));
}

constexpr std::int32_t float_power_bits(int exponent) {
  return (exponent + 127) << kFloatMantissaBits;
}

constexpr Step step_for(const NumberFormat& format, std::int32_t limit) {
  if (format.bias == 127) return Step::Bits;
  const int mantissa_bits = format.mantissa_bits;
  const int most_mantissa_bits = format.code_bytes() == 1 ? 7 : 13;
  const int largest_exponent = std::max(limit >> kFloatMantissaBits, 128 - format.bias);
  const bool adds = 0 < mantissa_bits && mantissa_bits <= most_mantissa_bits && format.bias < 127 &&
                    largest_exponent + kFloatMantissaBits - mantissa_bits < 254;
  return adds ? Step::Addition : Step::Parts;
}

}  // namespace detail

constexpr MinifloatEncoding minifloat_encoding(const NumberFormat& format, Overflow overflow) {
  const bool saturates = overflow == Overflow::Saturate;
  const auto max_code = static_cast<std::uint32_t>(grid::max_code(format));
  const bool stops_at_max = saturates || format.specials == Specials::None;
  const std::uint32_t sign_bit = format.sign_bits ? std::uint32_t{1} << (format.bits() - 1) : 0;

  MinifloatEncoding encoding{};
  encoding.mantissa_bits = format.mantissa_bits;
  encoding.limit = detail::float_bits(grid::value(format, std::uint64_t{max_code} + (stops_at_max ? 0 : 1)));
  encoding.step = detail::step_for(format, encoding.limit);
  encoding.first_exponent = (128 - format.bias) * (1 << kFloatMantissaBits);
  encoding.is_signed = format.sign_bits > 0;
  encoding.has_negative_zero = format.specials != Specials::Fnuz;
  encoding.sign_bit = sign_bit;
  encoding.negative_code = !saturates && format.has_nan() ? format.nan_code : 0;

  // Infinity is a number too large, but where only NaN is left for it even when saturating.
  encoding.nan_above = saturates && format.specials == Specials::Fnuz ? kFloatInfinity - 1 : kFloatInfinity;
  if (format.has_nan() || (format.has_infinity() && !saturates)) {
    encoding.nan_code = saturates ? format.saturating_nan_code : format.nan_code;
    encoding.nan_sign = (saturates ? format.saturating_nan_keeps_sign : format.nan_keeps_sign) ? sign_bit : 0;
  } else if (saturates) {
    encoding.nan_code = max_code;
  } else {  // a zero of the opposite sign
    encoding.nan_code = encoding.nan_sign = sign_bit;
  }
  return encoding;
}

namespace detail {

constexpr void add_table(const NumberFormat& format, MinifloatDecoding& decoding) {
  constexpr int kHalfMantissaBits = 7, kTableSize = 16;
  const std::uint32_t first_normal = std::uint32_t{1} << format.mantissa_bits;
  decoding.fits_table = format.bits() <= 8 && format.exponent_bits > 0 && first_normal <= kTableSize &&
                        grid::value(format, 1) >= std::numeric_limits<float>::min();
  if (!decoding.fits_table) return;
  decoding.half_shift = kHalfMantissaBits - format.mantissa_bits;
  decoding.half_offset = static_cast<std::uint16_t>((127 - format.bias) * (1 << kHalfMantissaBits));
  for (std::uint32_t code = 0; code < first_normal; ++code) {
    const auto half = static_cast<std::uint32_t>(float_bits(grid::value(format, code))) >> 16;
    const std::uint32_t missing = half - (code << decoding.half_shift) - decoding.half_offset;
    decoding.table_low[code] = static_cast<std::uint8_t>(missing);
    decoding.table_high[code] = static_cast<std::uint8_t>(missing >> 8);
  }
}

}  // namespace detail

constexpr MinifloatDecoding minifloat_decoding(const NumberFormat& format) {
  const int exponent = 127 - format.bias;
  MinifloatDecoding decoding{};
  decoding.bits = format.bits();
  decoding.mantissa_bits = format.mantissa_bits;
  decoding.is_signed = format.sign_bits > 0;
  decoding.sign_extends = format.sign_bits > 0 && format.bits() == 8 * static_cast<int>(format.code_bytes());
  decoding.has_top_exponent = format.exponent_bits == 8 && format.specials != Specials::Ieee;
  decoding.scale = detail::float_power_bits(std::min(exponent, 127));
  decoding.rescale = detail::float_power_bits(exponent - std::min(exponent, 127));
  decoding.magnitude_mask = ~std::uint32_t{0} >> (32 - format.exponent_bits - format.mantissa_bits);
  decoding.has_infinity = format.has_infinity();
  decoding.has_nan = format.has_nan();
  decoding.negative_zero_is_nan = format.specials == Specials::Fnuz;
  decoding.max_code = static_cast<std::uint32_t>(grid::max_code(format));
  decoding.key_mask = decoding.magnitude_mask;
  decoding.max_key = decoding.max_code;
  if (decoding.negative_zero_is_nan) {
    const std::uint32_t sign_bit = decoding.magnitude_mask + 1;
    decoding.key_mask = decoding.magnitude_mask | sign_bit;
    decoding.key_flip = ~sign_bit;
    decoding.max_key = ~std::uint32_t{1};
  }
  detail::add_table(format, decoding);
  return decoding;
}

namespace detail {

using simd::select;
using simd::splat;

// The exponent's and the mantissa's bits, rounded to even, as one integer.
template <class Constants>
inline v128_t round_bits(const Constants& constants, v128_t magnitude_u32x4, v128_t offset) {
  const int dropped = kFloatMantissaBits - constants.value.mantissa_bits;
  if (dropped == 0) return wasm_i32x4_sub(magnitude_u32x4, offset);
  const v128_t half_less_one = splat((std::int32_t{1} << (dropped - 1)) - 1);
  const v128_t truncated = wasm_i32x4_sub(wasm_i32x4_shr(magnitude_u32x4, dropped), offset);
  const v128_t odd = wasm_v128_and(truncated, splat(1));
  const v128_t rounded = wasm_i32x4_add(wasm_i32x4_add(magnitude_u32x4, half_less_one), odd);
  return wasm_i32x4_sub(wasm_i32x4_shr(rounded, dropped), offset);
}

// What round_by_addition leaves to do: code = (lane - offset) >> extra_bits.
template <class Constants>
inline Finish finish_of(const Constants& constants) {
  if (constants.value.step != Step::Addition) return {0, 0};
  const int mantissa_bits = constants.value.mantissa_bits;
  const int power = (constants.value.first_exponent >> kFloatMantissaBits) + kFloatMantissaBits - mantissa_bits;
  return {power << std::max(mantissa_bits, 7), std::max(7 - mantissa_bits, 0)};
}

// The sum's upper half holds its exponent times 2^7, the lower half the steps of the code's last bit: one product of
// halves puts both on the same scale.
template <class Constants>
inline v128_t round_by_addition(const Constants& constants, v128_t magnitude_f32x4) {
  const int mantissa_bits = constants.value.mantissa_bits;
  const v128_t exponent =
      wasm_i32x4_max(wasm_v128_and(magnitude_f32x4, splat(kFloatInfinity)), splat(constants.value.first_exponent));
  const v128_t power = wasm_i32x4_add(exponent, splat((kFloatMantissaBits - mantissa_bits) << kFloatMantissaBits));
  const v128_t sum = wasm_f32x4_add(magnitude_f32x4, power);
  const v128_t weights = splat((1 << std::max(mantissa_bits - 7, 0) << 16) | (1 << std::max(7 - mantissa_bits, 0)));
  return wasm_i32x4_dot_i16x8(sum, weights);
}

// Float32's bits as if its exponents went on below 1: its subnormal numbers, normalized.
inline v128_t extended_bits(v128_t magnitude_f32x4) {
  const v128_t normalized =
      wasm_i32x4_sub(wasm_f32x4_mul(magnitude_f32x4, splat(0x1p64f)), splat(64 << kFloatMantissaBits));
  return select(wasm_i32x4_lt(magnitude_f32x4, splat(1 << kFloatMantissaBits)), normalized, magnitude_f32x4);
}

template <class Constants>
inline v128_t round_by_parts(const Constants& constants, v128_t magnitude_f32x4) {
  const int dropped = kFloatMantissaBits - constants.value.mantissa_bits;
  const v128_t first_exponent = splat(constants.value.first_exponent);
  const v128_t bits = extended_bits(magnitude_f32x4);
  // Code 1 << M is the first normal number.
  const v128_t offset = splat((constants.value.first_exponent >> dropped) - (1 << constants.value.mantissa_bits));
  const v128_t normal = round_bits(constants, bits, offset);
  // The sum may lie beyond float32: its upper end is halved 64 times, where nothing small is left to lose.
  const bool halves = constants.value.first_exponent > (100 << kFloatMantissaBits);
  const v128_t scale = splat(halves ? 0x1p-64f : 1.0f);
  const std::int32_t halved = constants.value.first_exponent - (halves ? 64 << kFloatMantissaBits : 0);
  const v128_t power_f32x4 = splat(halved + (dropped << kFloatMantissaBits));
  const v128_t sum = wasm_f32x4_add(wasm_f32x4_mul(magnitude_f32x4, scale), power_f32x4);
  return select(wasm_i32x4_lt(bits, first_exponent), wasm_i32x4_sub(sum, power_f32x4), normal);
}

template <class Constants>
inline v128_t magnitude_codes(const Constants& constants, v128_t magnitude_f32x4) {
  switch (constants.value.step) {
    case Step::Bits:
      return round_bits(constants, magnitude_f32x4, splat(0));
    case Step::Addition:
      return round_by_addition(constants, magnitude_f32x4);
    case Step::Parts:
      break;
  }
  return round_by_parts(constants, magnitude_f32x4);
}

// Puts signs to magnitude codes. `negative`: lanes whose sign says which numbers are below zero.
template <class Code, class Constants>
inline v128_t with_sign(const Constants& constants, v128_t codes, v128_t negative) {
  using L = Lanes<Code>;
  const auto& format = constants.value;
  const v128_t below_zero = L::is_negative(negative);
  if (!format.is_signed) return select(below_zero, L::splat(format.negative_code), codes);
  v128_t sign_bit = wasm_v128_and(below_zero, L::splat(format.sign_bit));
  if (!format.has_negative_zero) sign_bit = wasm_v128_andnot(sign_bit, L::equal(codes, L::splat(0)));
  return wasm_v128_or(codes, sign_bit);
}

inline v128_t magnitude_of(v128_t value_f32x4) {
  return wasm_v128_and(value_f32x4, splat(kFloatMagnitude));
}

// -0 is below zero where it has a code of its own.
template <class Constants>
inline v128_t below_zero(const Constants& constants, v128_t value_f32x4) {
  return constants.value.is_signed ? value_f32x4 : wasm_f32x4_lt(value_f32x4, splat(0.0f));
}

}  // namespace detail

// Returns whether all magnitudes were at most `limit`, given as float32 bits. If not, the codes mean nothing.
template <class Code, class Constants>
inline bool encode_within(const Constants& constants, std::int32_t limit, const float* values, std::size_t count,
                          Code* codes) {
  using L = Lanes<Code>;
  v128_t largest = simd::splat(0);
  for_each_batch(values, count, codes, [&](const float* in, Code* out) FEWBITS_INLINE {
    v128_t code[4], negative[4];
    FEWBITS_UNROLL
    for (int i = 0; i < 4; ++i) {
      const v128_t value = simd::load(in + 4 * i);
      const v128_t magnitude = detail::magnitude_of(value);
      largest = wasm_i32x4_max(largest, magnitude);
      code[i] = detail::magnitude_codes(constants, magnitude);
      negative[i] = detail::below_zero(constants, value);
    }
    const auto signs = L::narrow_signs(negative[0], negative[1], negative[2], negative[3]);
    auto codes_16 = L::narrow(code[0], code[1], code[2], code[3], detail::finish_of(constants));
    FEWBITS_UNROLL
    for (int i = 0; i < L::kVectors; ++i)
      codes_16.part[i] = detail::with_sign<Code>(constants, codes_16.part[i], signs.part[i]);
    L::store(out, codes_16);
  });
  return !wasm_v128_any_true(wasm_i32x4_gt(largest, simd::splat(limit)));
}

// Numbers of any size, infinities and NaN, to codes of any width.
inline void encode_any(const Given<MinifloatEncoding>& constants, const float* values, std::size_t count,
                       std::int32_t* codes) {
  using simd::splat;
  const MinifloatEncoding format = constants.value;
  const Finish finish = detail::finish_of(constants);
  for_each_batch(values, count, codes, [&](const float* in, std::int32_t* out) FEWBITS_INLINE {
#pragma GCC unroll 1
    for (std::size_t i = 0; i < kBatch; i += simd::kLanes) {
      const v128_t value = simd::load(in + i), magnitude = detail::magnitude_of(value);
      const v128_t lane = detail::magnitude_codes(constants, wasm_i32x4_min(magnitude, splat(format.limit)));
      const v128_t code = wasm_i32x4_shr(wasm_i32x4_sub(lane, splat(finish.offset)), finish.extra_bits);
      const v128_t negative = detail::below_zero(constants, value);
      const v128_t flip = wasm_v128_and(wasm_i32x4_shr(negative, 31), splat(format.nan_sign));
      simd::store(out + i, simd::select(wasm_i32x4_gt(magnitude, splat(format.nan_above)),
                                        wasm_v128_xor(splat(format.nan_code), flip),
                                        detail::with_sign<std::uint32_t>(constants, code, negative)));
    }
  });
}

namespace detail {

// Exponent and mantissa in float32's places give the value times 2^(bias - 127): an exact multiplication does the rest,
// and normalizes the subnormal numbers on its way.
template <class Constants>
inline v128_t decode_lanes(const Constants& constants, v128_t code_i32x4) {
  const auto& format = constants.value;
  const int shift = kFloatMantissaBits - format.mantissa_bits;
  v128_t in_place = wasm_i32x4_shl(code_i32x4, shift);
  if (!format.sign_extends) {
    const int above = 32 - format.bits;
    const v128_t to_top = wasm_i32x4_shl(code_i32x4, above);
    in_place = format.is_signed ? wasm_i32x4_shr(to_top, above - shift) : wasm_u32x4_shr(to_top, above - shift);
  }
  const v128_t sign_mask = splat(format.is_signed ? ~kFloatMagnitude : 0);
  const v128_t mask = wasm_v128_or(sign_mask, splat(format.magnitude_mask << shift));
  const v128_t scaled_f32x4 = wasm_v128_and(in_place, mask);
  if (!format.has_top_exponent) {
    const v128_t value = wasm_f32x4_mul(scaled_f32x4, splat(std::bit_cast<float>(format.scale)));
    return format.rescale == float_power_bits(0) ? value
                                                 : wasm_f32x4_mul(value, splat(std::bit_cast<float>(format.rescale)));
  }
  const v128_t top_exponent = wasm_i32x4_eq(wasm_v128_and(scaled_f32x4, splat(kFloatInfinity)), splat(kFloatInfinity));
  const v128_t halved = wasm_i32x4_sub(scaled_f32x4, wasm_v128_and(top_exponent, splat(1 << kFloatMantissaBits)));
  const v128_t value = wasm_f32x4_mul(halved, splat(std::bit_cast<float>(format.scale)));
  return select(top_exponent, wasm_f32x4_add(value, value), value);
}

// Infinities and NaN put in their places.
template <class Constants>
inline v128_t decode_special(const Constants& constants, v128_t code_i32x4, v128_t value_f32x4) {
  const auto& format = constants.value;
  if (format.negative_zero_is_nan)
    return select(wasm_i32x4_eq(value_f32x4, splat(~kFloatMagnitude)), splat(kFloatNan), value_f32x4);
  const v128_t magnitude = wasm_v128_and(code_i32x4, splat(format.magnitude_mask));
  const v128_t beyond = wasm_i32x4_gt(magnitude, splat(format.max_code));
  if (!format.has_infinity) return select(beyond, splat(kFloatNan), value_f32x4);
  const v128_t signed_infinity =
      wasm_v128_or(wasm_v128_and(value_f32x4, splat(~kFloatMagnitude)), splat(kFloatInfinity));
  const v128_t is_nan = wasm_i32x4_gt(magnitude, splat(format.max_code + 1));
  return select(is_nan, splat(kFloatNan), select(beyond, signed_infinity, value_f32x4));
}

// Sixteen finite codes by table: no subnormal number comes up, which many processors are slow with.
template <class Constants>
inline void decode_by_table(const Constants& constants, const std::uint8_t* in, float* out) {
  const auto& format = constants.value;
  const v128_t zero = splat(0);
  const v128_t code = simd::load(in);
  const v128_t magnitude = wasm_v128_and(code, wasm_i8x16_splat(static_cast<std::int8_t>(format.magnitude_mask)));
  const v128_t sign_bit = wasm_i8x16_splat(static_cast<std::int8_t>(format.magnitude_mask + 1));
  const v128_t is_negative = wasm_i8x16_eq(wasm_v128_and(code, sign_bit), sign_bit);
  const v128_t sign = wasm_v128_and(is_negative, wasm_i8x16_splat(format.is_signed ? -128 : 0));
  const v128_t low = wasm_i8x16_swizzle(simd::load(format.table_low), magnitude);
  const v128_t high = wasm_v128_xor(wasm_i8x16_swizzle(simd::load(format.table_high), magnitude), sign);
  const v128_t offset = wasm_i16x8_splat(static_cast<std::int16_t>(format.half_offset));
  const v128_t missing[2] = {
      wasm_i8x16_shuffle(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
      wasm_i8x16_shuffle(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)};
  const v128_t wide[2] = {wasm_u16x8_extend_low_u8x16(magnitude), wasm_u16x8_extend_high_u8x16(magnitude)};
  FEWBITS_UNROLL
  for (int i = 0; i < 2; ++i) {
    const v128_t shifted = wasm_i16x8_add(wasm_i16x8_shl(wide[i], format.half_shift), offset);
    const v128_t half = wasm_i16x8_add(shifted, missing[i]);
    simd::store(out + 8 * i, wasm_i16x8_shuffle(zero, half, 0, 8, 1, 9, 2, 10, 3, 11));
    simd::store(out + 8 * i + 4, wasm_i16x8_shuffle(zero, half, 4, 12, 5, 13, 6, 14, 7, 15));
  }
}

template <class Code, class Constants>
inline void decode_batch(const Constants& constants, const Code* in, float* out) {
  if constexpr (sizeof(Code) == 1)
    if (constants.value.fits_table) return decode_by_table(constants, in, out);
  v128_t code[4];
  Lanes<Code>::widen(in, code);
  FEWBITS_UNROLL
  for (int i = 0; i < 4; ++i) simd::store(out + 4 * i, decode_lanes(constants, code[i]));
}

// A key that is larger than format.max_key for infinities and NaN alone.
template <class Code, class Constants>
inline v128_t largest_key(const Constants& constants, const Code* in, v128_t largest) {
  using L = Lanes<Code>;
  const auto& format = constants.value;
  FEWBITS_UNROLL
  for (int i = 0; i < L::kVectors; ++i) {
    const v128_t code = simd::load(in + i * (kBatch / L::kVectors));
    const v128_t key = wasm_v128_xor(wasm_v128_and(code, L::splat(format.key_mask)), L::splat(format.key_flip));
    largest = L::max(largest, key);
  }
  return largest;
}

}  // namespace detail

// Returns whether all codes were finite numbers. If not, the values mean nothing.
template <class Code, class Constants>
inline bool decode_finite(const Constants& constants, const Code* codes, std::size_t count, float* values) {
  using L = Lanes<Code>;
  constexpr auto has_special = [](const auto& format) { return format.has_infinity || format.has_nan; };
  v128_t largest = simd::splat(0);
  for_each_batch(codes, count, values, [&](const Code* in, float* out) FEWBITS_INLINE {
    if (has_special(constants.value)) largest = detail::largest_key(constants, in, largest);
    detail::decode_batch(constants, in, out);
  });
  return !has_special(constants.value) || !wasm_v128_any_true(L::greater(largest, L::splat(constants.value.max_key)));
}

// Infinities and NaN too; codes as Lanes::widen leaves them.
inline void decode_any(const Given<MinifloatDecoding>& constants, const std::int32_t* codes, std::size_t count,
                       float* values) {
  for_each_batch(codes, count, values, [&](const std::int32_t* in, float* out) FEWBITS_INLINE {
#pragma GCC unroll 1
    for (std::size_t i = 0; i < kBatch; i += simd::kLanes) {
      const v128_t code = simd::load(in + i);
      simd::store(out + i, detail::decode_special(constants, code, detail::decode_lanes(constants, code)));
    }
  });
}

}  // namespace fewbits
