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

FEWBITS_INLINE inline void store_scaled(v128_t codes, v128_t scale, float* values) {
  widen_sixteen(codes, [&](v128_t code, std::size_t i) FEWBITS_INLINE {
    store(values + i, wasm_f32x4_mul(wasm_f32x4_convert_i32x4(code), scale));
  });
}

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

// --- blocks side by side ---------------------------------------------------------------------------------------------

// Eight blocks of 32 values from the first one on, as the searches take them; where there are fewer, zeros follow.
class EightBlocks {
 public:
  EightBlocks(const float* values, std::size_t blocks) : values_(values), blocks_(blocks) {
    const std::size_t rest = blocks % 8 * kBlock;
    std::copy_n(values + blocks * kBlock - rest, rest, padded_);
  }
  const float* operator()(std::size_t first) const { return blocks_ - first < 8 ? padded_ : values_ + first * kBlock; }

 private:
  static constexpr std::size_t kBlock = 32;

  const float* values_;
  std::size_t blocks_;
  float padded_[8 * kBlock] = {};
};

}  // namespace fewbits::ggml
