// The only include of wasm_simd128.h, and the few helpers that kernels share.
// Natively SIMDe 0.7 gets three of its functions wrong (q15mulr_sat, u32x4_trunc_sat, f32x4.min/max with NaN):
// kernels do without them.
#pragma once

#include <wasm_simd128.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace fewbits::simd {

inline constexpr std::size_t kLanes = 4;

inline v128_t load(const void* from) {
  return wasm_v128_load(from);
}
inline void store(void* to, v128_t value) {
  wasm_v128_store(to, value);
}
inline v128_t splat(float value) {
  return wasm_f32x4_splat(value);
}
inline v128_t splat(std::int32_t value) {
  return wasm_i32x4_splat(value);
}
inline v128_t splat(std::uint32_t value) {
  return wasm_i32x4_splat(static_cast<std::int32_t>(value));
}

// mask ? yes : no, bit by bit; a mask's lanes are all ones or all zeros.
inline v128_t select(v128_t mask, v128_t yes, v128_t no) {
  return wasm_v128_bitselect(yes, no, mask);
}

// Rounds to nearest, ties to even, for |x| < 2^22: adding 1.5 * 2^23 leaves the integer in the low mantissa bits.
inline constexpr float kRoundingMagic = 12582912.0f;
inline constexpr std::int32_t kRoundingMagicBits = 0x4B400000;

}  // namespace fewbits::simd
