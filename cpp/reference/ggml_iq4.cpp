// Four bits over a code book of sixteen levels that are denser near zero: IQ4_NL (32 elements, one scale) and IQ4_XS
// (256 elements, eight scales of 6 bits in units of a float16).
//
//   IQ4_NL   x ~ d * v[code]
//   IQ4_XS   x ~ d * (scale_j - 32) * v[code]
#include <algorithm>
#include <array>

#include "ggml.hpp"
#include "ggml_search.hpp"

namespace fewbits::reference::ggml {
namespace {

constexpr std::size_t kBlock = 32;
constexpr std::array<std::int8_t, 16> kLevels = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                 1,    13,   25,  38,  53,  69,  89,  113};
constexpr Interleaved kNibbles{.bits = 4, .run = 16};

// The scale of least squared error for 32 values. Weights: x^2, or importance * sqrt(2 sigma2 + x^2), where sigma2 is
// the mean x^2 over the block of 32 or the superblock of 256.
float search_scale(std::span<const float> values, const float* importance, float spread) {
  std::array<float, kBlock> weights;
  if (importance != nullptr)
    importance_weights(values, importance, spread, weights.data());
  else
    for (std::size_t i = 0; i < kBlock; ++i) weights[i] = values[i] * values[i];
  return fit_codebook_scale(values, weights, kLevels);
}

float spread_of(std::span<const float> values) {
  return sum_of_squares(values) * (2.0f / static_cast<float>(values.size()));
}

// --- IQ4_NL ----------------------------------------------------------------------------------------------------------

struct IQ4_NL {
  Half d;
  std::uint8_t qs[16];
};

// Codes are found with the float32 scale. In a block of zeros they are 8, the level nearest to 0.
IQ4_NL quantize_iq4_nl(const Input& input) {
  const float scale = search_scale(input.values, input.importance, spread_of(input.values));
  const float inverse = inverse_or_zero(scale);
  IQ4_NL block{.d = to_half(scale), .qs = {}};
  for (std::size_t i = 0; i < kBlock; ++i) kNibbles.put(block.qs, i, nearest_level(kLevels, inverse * input.values[i]));
  return block;
}

void dequantize_iq4_nl(const IQ4_NL& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t i = 0; i < kBlock; ++i) values[i] = d * kLevels[kNibbles.get(block.qs, i)];
}

// --- IQ4_XS ----------------------------------------------------------------------------------------------------------

struct IQ4_XS {
  Half d;
  std::uint8_t scales_h[2];  // the scales' top pairs of bits
  std::uint8_t scales_l[4];  // their low nibbles
  std::uint8_t qs[128];
};
constexpr Interleaved kScaleNibbles{.bits = 4, .run = 1}, kScalePairs{.bits = 2, .run = 1};

std::array<float, 8> search_scales(const Input& input) {
  const float spread = spread_of(input.values);
  std::array<float, 8> scales;
  for (std::size_t j = 0; j < 8; ++j)
    scales[j] = search_scale(input.values.subspan(kBlock * j, kBlock),
                             input.importance != nullptr ? input.importance + kBlock * j : nullptr, spread);
  return scales;
}

// The scale of largest magnitude maps to -32. Scales and codes are found with d in float32, before it is rounded: here
// IQ4_XS is unlike the K-quants. A superblock of zeros has d = -0.
IQ4_XS quantize_iq4_xs(const Input& input) {
  const auto scales = search_scales(input);
  const float d = -largest_by_magnitude(scales) / 32, inverse = inverse_or_zero(d);
  IQ4_XS block{.d = to_half(d), .scales_h = {}, .scales_l = {}, .qs = {}};
  for (std::size_t j = 0; j < 8; ++j) {
    const int scale = std::clamp(nearest_even(inverse * scales[j]), -32, 31);
    kScaleNibbles.put(block.scales_l, j, static_cast<unsigned>(scale + 32));
    kScalePairs.put(block.scales_h, j, static_cast<unsigned>(scale + 32) >> 4);
    const float block_inverse = inverse_or_zero(d * static_cast<float>(scale));
    for (std::size_t i = kBlock * j; i < kBlock * (j + 1); ++i)
      kNibbles.put(block.qs, i, nearest_level(kLevels, block_inverse * input.values[i]));
  }
  return block;
}

void dequantize_iq4_xs(const IQ4_XS& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t j = i / kBlock;
    const unsigned scale = kScaleNibbles.get(block.scales_l, j) | kScalePairs.get(block.scales_h, j) << 4;
    values[i] = d * static_cast<float>(int(scale) - 32) * kLevels[kNibbles.get(block.qs, i)];
  }
}

}  // namespace

std::span<const Codec> iq4_codecs() {
  static constexpr Codec kCodecs[] = {codec<IQ4_NL, quantize_iq4_nl, dequantize_iq4_nl>("iq4_nl"),
                                      codec<IQ4_XS, quantize_iq4_xs, dequantize_iq4_xs>("iq4_xs")};
  return kCodecs;
}

}  // namespace fewbits::reference::ggml
