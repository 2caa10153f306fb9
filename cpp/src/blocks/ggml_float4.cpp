// ggml's 4-bit floats under a scale of a byte: MXFP4 and NVFP4. Their definition is cpp/reference/ggml_float4.cpp.
#include <array>
#include <bit>
#include <cmath>

#include "blocks/all.hpp"
#include "blocks/ggml_lanes.hpp"
#include "blocks/shared_scale.hpp"

namespace fewbits {
namespace {

using namespace ggml;

// Twice the numbers of E2M1; scales are halved for it.
constexpr std::int8_t kLevels[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
constexpr float kMidpoints[7] = {0.5f, 1.5f, 2.5f, 3.5f, 5, 7, 10};

// As the definition has it: where differences are rounded, or 8 d overflows, no midpoint tells the nearest.
[[gnu::noinline]] void careful_codes(const float* values, float d, std::uint8_t* codes) {
  for (std::size_t i = 0; i < 16; ++i) {
    unsigned best = 0;
    for (unsigned code = 1; code < 16; ++code)
      if (std::fabs(kLevels[code] * d - values[i]) < std::fabs(kLevels[best] * d - values[i])) best = code;
    codes[i] = static_cast<std::uint8_t>(best);
  }
}

// The nearest of the sixteen, ties towards zero. A magnitude's code is the number of midpoints below it; 0 has no sign.
[[gnu::noinline]] v128_t nearest_codes(const float* values, float absmax, float d) {
  if (absmax > d * 0x1p20f || d > 0x1p124f) [[unlikely]] {
    std::uint8_t codes[16];
    careful_codes(values, d, codes);
    return load(codes);
  }
  return sixteen_unsigned([&](std::size_t i) FEWBITS_INLINE {
    const v128_t x = load(values + i), magnitude = wasm_f32x4_abs(x);
    v128_t code = splat(0);
    for (const float midpoint : kMidpoints) code = wasm_i32x4_sub(code, wasm_f32x4_gt(magnitude, splat(midpoint * d)));
    const v128_t sign = wasm_v128_and(wasm_i32x4_shr(x, 31), wasm_i32x4_gt(code, splat(0)));
    return wasm_v128_or(code, wasm_v128_and(sign, splat(8)));
  });
}

// --- MXFP4 -----------------------------------------------------------------------------------------------------------

// floor(log2(x)) + 127 with log2 rounded to float32: a little below 2^k it is k. As many units below as half the
// distance of float32 numbers near k, times ln 2.
int biased_floor_log2(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const int exponent = static_cast<int>(bits >> 23) - 127;
  const auto next = static_cast<std::uint32_t>(exponent < 0 ? ~exponent : exponent);
  const std::uint32_t reach = 44u >> (std::countl_zero(next) - 25);
  return static_cast<int>((bits + reach) >> 23);
}

float half_power(int e) {
  return std::bit_cast<float>(e < 2 ? 0x00200000u << e : static_cast<std::uint32_t>(e - 1) << 23);
}

struct Mxfp4 {
  static constexpr BlockFormat format = *find_block_format("mxfp4");

  static void quantize(const float* values, std::size_t blocks, const BlockOptions&, std::uint8_t* bytes) {
    for (; blocks > 0; --blocks, values += 32, bytes += format.block_bytes) {
      const float absmax = absmax_of(values, 32);
      const int e = std::max(biased_floor_log2(absmax) - 2, 0);
      const float d = half_power(e);
      bytes[0] = static_cast<std::uint8_t>(e);
      store(bytes + 1, join_nibbles(nearest_codes(values, absmax, d), nearest_codes(values + 16, absmax, d)));
    }
  }

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    for (; blocks > 0; --blocks, values += 32, bytes += format.block_bytes)
      restore_levels(bytes + 1, kLevels, half_power(bytes[0]), values);
  }
};

// --- NVFP4 -----------------------------------------------------------------------------------------------------------

// E4M3 without sign, ties up. From 248 on it is the largest; what would round up to the smallest normal stays below.
std::uint8_t to_ue4m3(float x) {
  if (x >= 248) return 0x7E;
  // NOLINTNEXTLINE(bugprone-incorrect-roundings): so it rounds
  if (x < 0x1p-6f) return static_cast<std::uint8_t>(std::min(static_cast<int>(x * 512 + 0.5f), 7));
  return static_cast<std::uint8_t>(((std::bit_cast<std::uint32_t>(x) + (1u << 19)) >> 20) - ((127 - 7) << 3));
}

// Half of the number. Exponent and mantissa in float32's place are 2^-120 of it.
float half_of_ue4m3(std::uint8_t code) {
  return code == 0x7F ? 0 : std::bit_cast<float>((code & 0x7Fu) << 20) * 0x1p119f;
}

struct Nvfp4 {
  static constexpr BlockFormat format = *find_block_format("nvfp4");

  // Four groups of sixteen: `blocks` counts blocks, and a group's codes lie behind the four scales.
  static void quantize(const float* values, std::size_t blocks, const BlockOptions&, std::uint8_t* bytes) {
    for (; blocks > 0; --blocks, bytes += format.block_bytes)
      for (std::size_t group = 0; group < 4; ++group, values += 16) {
        const float absmax = absmax_of(values, 16);
        bytes[group] = to_ue4m3(absmax / 6);
        const v128_t codes = nearest_codes(values, absmax, half_of_ue4m3(bytes[group]));
        wasm_v128_store64_lane(bytes + 4 + 8 * group, join_nibbles(codes, wasm_i64x2_shuffle(codes, codes, 1, 0)), 0);
      }
  }

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    for (; blocks > 0; --blocks, bytes += format.block_bytes)
      for (std::size_t group = 0; group < 4; ++group, values += 16) {
        const v128_t nibbles = wasm_v128_load64_zero(bytes + 4 + 8 * group);
        const v128_t codes = wasm_i64x2_shuffle(low_nibbles(nibbles), high_nibbles(nibbles), 0, 2);
        std::uint8_t levels[16];
        store(levels, wasm_i8x16_swizzle(load(kLevels), codes));
        restore(levels, 16, half_of_ue4m3(bytes[group]), values);
      }
  }
};

}  // namespace

const std::array<BlockKernels, 2> kGgmlFloat4{kernels_of<Mxfp4>(), kernels_of<Nvfp4>()};

}  // namespace fewbits
