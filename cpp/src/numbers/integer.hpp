// Integers of 1 to 32 bits: two's complement in the low bits of a code. Nearest, ties to even, always saturating; NaN
// gives 0.
#pragma once

#include "numbers/batches.hpp"
#include "numbers/lanes.hpp"
#include "simd.hpp"

namespace fewbits {

// Run-time limits: every width shares one kernel for each size of code.
struct IntegerConstants {
  bool is_signed;
  int bits;

  [[nodiscard]] std::int64_t min() const { return is_signed ? -(std::int64_t{1} << (bits - 1)) : 0; }
  [[nodiscard]] std::int64_t max() const { return (std::int64_t{1} << (is_signed ? bits - 1 : bits)) - 1; }
  [[nodiscard]] std::uint32_t mask() const { return ~std::uint32_t{0} >> (32 - bits); }
  [[nodiscard]] std::uint32_t sign_bit() const { return is_signed ? std::uint32_t{1} << (bits - 1) : 0; }
};

// Adding 1.5 * 2^23 rounds, and leaves the integer in the low bits of a sum whose bits grow with the number: so the
// limits are compared as integers, and hold for numbers of any size.
template <class Code>  // one or two bytes
inline void encode_integers(const IntegerConstants& format, const float* values, std::size_t count, Code* codes) {
  static_assert(sizeof(Code) <= 2);
  using simd::splat;
  const v128_t min = splat(simd::kRoundingMagicBits + static_cast<std::int32_t>(format.min()));
  const v128_t max = splat(simd::kRoundingMagicBits + static_cast<std::int32_t>(format.max()));
  const v128_t mask = splat(format.mask());
  for_each_batch(values, count, codes, [&](const float* in, Code* out) FEWBITS_INLINE {
    v128_t code[4];
    FEWBITS_UNROLL
    for (int i = 0; i < 4; ++i) {
      const v128_t value = simd::load(in + 4 * i);
      const v128_t number = wasm_v128_and(value, wasm_f32x4_eq(value, value));
      const v128_t sum = wasm_f32x4_add(number, splat(simd::kRoundingMagic));
      code[i] = wasm_v128_and(wasm_i32x4_min(wasm_i32x4_max(sum, min), max), mask);
    }
    Lanes<Code>::store(out, Lanes<Code>::narrow(code[0], code[1], code[2], code[3]));
  });
}

template <class Code>
inline void decode_integers(const IntegerConstants& format, const Code* codes, std::size_t count, float* values) {
  static_assert(sizeof(Code) <= 2);
  using simd::splat;
  const v128_t mask = splat(format.mask());
  const v128_t sign_bit = splat(format.sign_bit());
  for_each_batch(codes, count, values, [&](const Code* in, float* out) FEWBITS_INLINE {
    v128_t code[4];
    Lanes<Code>::widen(in, code);
    FEWBITS_UNROLL
    for (int i = 0; i < 4; ++i) {
      const v128_t kept = wasm_v128_and(code[i], mask);
      simd::store(out + 4 * i, wasm_f32x4_convert_i32x4(wasm_i32x4_sub(wasm_v128_xor(kept, sign_bit), sign_bit)));
    }
  });
}

// 32 bits go through doubles: adding 1.5 * 2^52 rounds, and leaves the integer in the low word.
inline void encode_long_integers(const IntegerConstants& format, const double* values, std::size_t count,
                                 std::uint32_t* codes) {
  const v128_t min = wasm_f64x2_splat(static_cast<double>(format.min()));
  const v128_t max = wasm_f64x2_splat(static_cast<double>(format.max()));
  const auto rounded = [&](const double* in) {
    const v128_t value = simd::load(in);
    const v128_t number = wasm_v128_and(value, wasm_f64x2_eq(value, value));
    return wasm_f64x2_add(wasm_f64x2_pmin(wasm_f64x2_pmax(number, min), max), wasm_f64x2_splat(0x1.8p52));
  };
  for_each_batch(values, count, codes, [&](const double* in, std::uint32_t* out) FEWBITS_INLINE {
    FEWBITS_UNROLL
    for (std::size_t i = 0; i < kBatch; i += 4)
      simd::store(out + i, wasm_i32x4_shuffle(rounded(in + i), rounded(in + i + 2), 0, 2, 4, 6));
  });
}

// A code under the exponent of 2^52 is 2^52 + code. With the sign bit flipped, signed codes are in order too.
inline void decode_long_integers(const IntegerConstants& format, const std::uint32_t* codes, std::size_t count,
                                 double* values) {
  const v128_t sign_bit = simd::splat(format.sign_bit());
  const v128_t exponent = wasm_i32x4_splat(0x43300000);
  const v128_t offset = wasm_f64x2_splat(0x1p52 - static_cast<double>(format.min()));
  for_each_batch(codes, count, values, [&](const std::uint32_t* in, double* out) FEWBITS_INLINE {
    FEWBITS_UNROLL
    for (std::size_t i = 0; i < kBatch; i += 4) {
      const v128_t code = wasm_v128_xor(simd::load(in + i), sign_bit);
      simd::store(out + i, wasm_f64x2_sub(wasm_i32x4_shuffle(code, exponent, 0, 4, 1, 5), offset));
      simd::store(out + i + 2, wasm_f64x2_sub(wasm_i32x4_shuffle(code, exponent, 2, 6, 3, 7), offset));
    }
  });
}

}  // namespace fewbits
