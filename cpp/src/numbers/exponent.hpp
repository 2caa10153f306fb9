// E8M0: code c is 2^(c - 127), 255 is NaN. Float32's exponent field, more or less.
#pragma once

#include "fewbits/number_format.hpp"
#include "numbers/batches.hpp"
#include "numbers/lanes.hpp"
#include "simd.hpp"

namespace fewbits {

// To the nearest, 1.5 * 2^k up. 2^-127 is subnormal in float32: below 2^-126 the sum carries only above it.
// What is no power of two at all (zero, negative numbers) is NaN, or the smallest code where it saturates.
inline void encode_exponents(Overflow overflow, const float* values, std::size_t count, std::uint8_t* codes) {
  using simd::select, simd::splat;
  const bool saturates = overflow == Overflow::Saturate;
  const v128_t largest = splat(saturates ? 0xFE : 0xFF);
  const v128_t not_positive = splat(saturates ? 0 : 0xFF);
  for_each_batch(values, count, codes, [&](const float* in, std::uint8_t* out) FEWBITS_INLINE {
    v128_t code[4];
    FEWBITS_UNROLL
    for (int i = 0; i < 4; ++i) {
      const v128_t bits = simd::load(in + 4 * i);
      const v128_t magnitude = wasm_v128_and(bits, splat(0x7FFFFFFF));
      const v128_t is_finite = wasm_i32x4_lt(magnitude, splat(0x7F800000));
      const v128_t is_normal = wasm_i32x4_gt(magnitude, splat(0x007FFFFF));
      const v128_t half = wasm_i32x4_sub(splat(0x003FFFFF), is_normal);
      const v128_t nearest = wasm_u32x4_shr(wasm_i32x4_add(magnitude, half), 23);
      const v128_t limited = wasm_i32x4_min(nearest, largest);
      const v128_t is_positive = wasm_i32x4_gt(bits, splat(0));
      const v128_t finite = select(is_positive, limited, not_positive);
      code[i] = select(is_finite, finite, splat(0xFF));
    }
    simd::store(out, Lanes<std::uint8_t>::narrow(code[0], code[1], code[2], code[3]).part[0]);
  });
}

inline void decode_exponents(const std::uint8_t* codes, std::size_t count, float* values) {
  using simd::select, simd::splat;
  for_each_batch(codes, count, values, [](const std::uint8_t* in, float* out) FEWBITS_INLINE {
    v128_t code[4];
    Lanes<std::uint8_t>::widen(in, code);
    FEWBITS_UNROLL
    for (int i = 0; i < 4; ++i) {
      const v128_t field = wasm_v128_and(wasm_i32x4_shl(code[i], 23), splat(0x7F800000));
      const v128_t power = wasm_i32x4_max(field, splat(0x00400000));
      const v128_t is_nan = wasm_i32x4_eq(field, splat(0x7F800000));
      simd::store(out + 4 * i, wasm_v128_or(power, wasm_v128_and(is_nan, splat(0x7FC00000))));
    }
  });
}

}  // namespace fewbits
