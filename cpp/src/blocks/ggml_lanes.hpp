// What kernels of ggml's simple formats share: steps from sixteen elements to sixteen codes of a byte and back.
#pragma once

#include <algorithm>

#include "numbers/batches.hpp"
#include "simd.hpp"

namespace fewbits::ggml {

using simd::load, simd::splat, simd::store;

inline float inverse_or_zero(float x) {
  return x != 0 ? 1 / x : 0;
}

// step(i) gives four integers, for i = 0, 4, 8, 12.
template <class Step>
FEWBITS_INLINE inline v128_t sixteen_unsigned(Step step) {
  return wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(step(0), step(4)), wasm_i16x8_narrow_i32x4(step(8), step(12)));
}
template <class Step>
FEWBITS_INLINE inline v128_t sixteen_signed(Step step) {
  return wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(step(0), step(4)), wasm_i16x8_narrow_i32x4(step(8), step(12)));
}

// step(four integers, i) for sixteen signed bytes.
template <class Step>
FEWBITS_INLINE inline void widen_sixteen(v128_t codes, Step step) {
  const v128_t low = wasm_i16x8_extend_low_i8x16(codes), high = wasm_i16x8_extend_high_i8x16(codes);
  step(wasm_i32x4_extend_low_i16x8(low), 0);
  step(wasm_i32x4_extend_high_i16x8(low), 4);
  step(wasm_i32x4_extend_low_i16x8(high), 8);
  step(wasm_i32x4_extend_high_i16x8(high), 12);
}

// Of sixteen signed bytes.
FEWBITS_INLINE inline int sum_of(v128_t codes) {
  const v128_t four = wasm_i32x4_extadd_pairwise_i16x8(wasm_i16x8_extadd_pairwise_i8x16(codes));
  const v128_t two = wasm_i32x4_add(four, wasm_i32x4_shuffle(four, four, 2, 3, 0, 1));
  return wasm_i32x4_extract_lane(two, 0) + wasm_i32x4_extract_lane(two, 1);
}

// Signed bytes times a scale; `count` is a multiple of 16.
void restore(const std::uint8_t* codes, std::size_t count, float scale, float* values);
// The same for 32 codes of four bits that name levels: the first half of them in the low nibbles of 16 bytes.
void restore_levels(const std::uint8_t* bytes, const std::int8_t* levels, float scale, float* values);

// Two codes of four bits in a byte.
FEWBITS_INLINE inline v128_t low_nibbles(v128_t bytes) {
  return wasm_v128_and(bytes, wasm_i8x16_splat(15));
}
FEWBITS_INLINE inline v128_t high_nibbles(v128_t bytes) {
  return wasm_u8x16_shr(bytes, 4);
}
FEWBITS_INLINE inline v128_t join_nibbles(v128_t low, v128_t high) {
  return wasm_v128_or(low, wasm_i8x16_shl(high, 4));
}

// Eight blocks of 32 values, as the searches take them: where there are fewer, zeros follow in `padded`.
inline constexpr std::size_t kEightBlocks = 256;
const float* eight_blocks(const float* values, std::size_t blocks, float* padded);

}  // namespace fewbits::ggml
