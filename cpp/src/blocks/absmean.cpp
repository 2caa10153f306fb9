// Ternary and binary weights with one scale for the tensor, the mean magnitude: BitNet b1.58 (Ma et al., 2024) and
// XNOR-Net (Rastegari et al., 2016).
#include <algorithm>
#include <cmath>

#include "fewbits/block_format.hpp"
#include "simd.hpp"

namespace fewbits {
namespace {

using simd::load, simd::splat, simd::store;

constexpr std::size_t kBlock = 16;

// 16 codes at a time; the last ones through padded copies.
template <class Kernel>
void each_block(std::span<const float> weights, std::uint8_t* codes, const Kernel& kernel) {
  const float* from = weights.data();
  std::size_t left = weights.size();
  for (; left >= kBlock; left -= kBlock, from += kBlock, codes += kBlock) store(codes, kernel(from));
  if (left == 0) return;
  float padded[kBlock] = {};
  std::uint8_t last[kBlock];
  std::copy_n(from, left, padded);
  store(last, kernel(padded));
  std::copy_n(last, left, codes);
}

// 16 numbers of 32 bits as bytes.
v128_t bytes_of(v128_t a, v128_t b, v128_t c, v128_t d) {
  return wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(a, b), wasm_i16x8_narrow_i32x4(c, d));
}

// rint(x) clamped to +-1 is +1 above 1/2 and -1 below -1/2; a half itself rounds to 0. A true comparison is the integer
// -1.
v128_t ternary(const float* weights, v128_t scale) {
  const v128_t x = wasm_f32x4_div(load(weights), scale);
  return wasm_i32x4_sub(wasm_f32x4_lt(x, splat(-0.5f)), wasm_f32x4_gt(x, splat(0.5f)));
}

v128_t not_negative(const float* weights) {
  return wasm_f32x4_ge(load(weights), splat(0.0f));
}

}  // namespace

double sum_of_magnitudes(std::span<const float> values, double sum) {
  for (const float value : values) sum += std::fabs(static_cast<double>(value));
  return sum;
}

void ternary_quantize(std::span<const float> values, float scale, std::uint8_t* codes) {
  each_block(values, codes, [scale = splat(scale)](const float* w) {
    const v128_t signs =
        bytes_of(ternary(w, scale), ternary(w + 4, scale), ternary(w + 8, scale), ternary(w + 12, scale));
    return wasm_i8x16_add(signs, wasm_i8x16_splat(1));
  });
}

void ternary_dequantize(std::span<const std::uint8_t> codes, float scale, float* values) {
  for (const std::uint8_t code : codes) *values++ = static_cast<float>(code - 1) * scale;
}

void binary_quantize(std::span<const float> values, std::uint8_t* codes) {
  each_block(values, codes, [](const float* w) {
    const v128_t masks = bytes_of(not_negative(w), not_negative(w + 4), not_negative(w + 8), not_negative(w + 12));
    return wasm_i8x16_neg(masks);
  });
}

void binary_dequantize(std::span<const std::uint8_t> codes, float scale, float* values) {
  for (const std::uint8_t code : codes) *values++ = code != 0 ? scale : -scale;
}

}  // namespace fewbits
