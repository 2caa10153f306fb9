// One scale for a short block: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1 (32 elements), Q2_0 (64), Q1_0 (128).
//
// Codes are found with the scale in float32; only then is it rounded to float16 and stored. With an importance, Q4 and
// Q5 search for the scale (ggml_search.hpp) with the weights importance * sqrt(mean x^2 of the row + x^2).
#include <array>
#include <cmath>
#include <limits>

#include "ggml.hpp"
#include "ggml_search.hpp"

namespace fewbits::reference::ggml {
namespace {

constexpr std::size_t kBlock = 32;
using Codes = std::array<std::uint8_t, kBlock>;
using Weights = std::array<float, kBlock>;

// The low four bits of element i lie in byte i % 16: the first half of the block in the low nibbles, the second in the
// high ones. Q5's fifth bits are a bit stream.
constexpr Interleaved kNibbles{.bits = 4, .run = 16};
constexpr Interleaved kBits{.bits = 1, .run = 1};

Weights weights_of(const Input& input) {
  Weights weights;
  importance_weights(input.values, input.importance, input.row_mean_square, weights.data());
  return weights;
}

void put_nibbles(const Codes& codes, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < kBlock; ++i) kNibbles.put(bytes, i, codes[i]);
}

void put_fifth_bits(const Codes& codes, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < kBlock; ++i) kBits.put(bytes, i, codes[i] >> 4);
}

unsigned five_bits(const std::uint8_t* nibbles, const std::uint8_t* fifth_bits, std::size_t i) {
  return kNibbles.get(nibbles, i) | kBits.get(fifth_bits, i) << 4;
}

// --- symmetric: x ~ d * (code - limit) -------------------------------------------------------------------------------

struct ScaleAndCodes {
  float scale;
  Codes codes;
};

// d maps the value of largest magnitude to -limit, whichever its sign: the end of -limit .. limit - 1 that reaches
// further. codes = trunc(x / d + limit + 0.5), so ties go up.
ScaleAndCodes symmetric(const Input& input, int limit) {
  ScaleAndCodes result;
  if (input.importance != nullptr) {
    result.scale = fit_scale(input.values, weights_of(input), limit, result.codes.data());
    return result;
  }
  result.scale = largest_by_magnitude(input.values) / static_cast<float>(-limit);
  const float inverse = inverse_or_zero(result.scale);
  for (std::size_t i = 0; i < kBlock; ++i) {
    const float shifted = input.values[i] * inverse + (static_cast<float>(limit) + 0.5f);
    result.codes[i] = static_cast<std::uint8_t>(truncated(shifted, 0, 2 * limit - 1));
  }
  return result;
}

struct Q4_0 {
  Half d;
  std::uint8_t qs[16];
};

Q4_0 quantize_q4_0(const Input& input) {
  const auto [scale, codes] = symmetric(input, 8);
  Q4_0 block{.d = to_half(scale), .qs = {}};
  put_nibbles(codes, block.qs);
  return block;
}

void dequantize_q4_0(const Q4_0& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t i = 0; i < kBlock; ++i) values[i] = static_cast<float>(int(kNibbles.get(block.qs, i)) - 8) * d;
}

struct Q5_0 {
  Half d;
  std::uint8_t qh[4];
  std::uint8_t qs[16];
};

Q5_0 quantize_q5_0(const Input& input) {
  const auto [scale, codes] = symmetric(input, 16);
  Q5_0 block{.d = to_half(scale), .qh = {}, .qs = {}};
  put_nibbles(codes, block.qs);
  put_fifth_bits(codes, block.qh);
  return block;
}

void dequantize_q5_0(const Q5_0& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t i = 0; i < kBlock; ++i)
    values[i] = static_cast<float>(int(five_bits(block.qs, block.qh, i)) - 16) * d;
}

// --- asymmetric: x ~ d * code + m ------------------------------------------------------------------------------------

struct RangeAndCodes {
  float scale, min;
  Codes codes;
};

// d = (max - min) / limit, m = min, codes = trunc((x - min) / d + 0.5).
RangeAndCodes asymmetric(const Input& input, int limit) {
  RangeAndCodes result;
  if (input.importance != nullptr) {
    constexpr AsymmetricSearch kSearch{.first = -0.9f, .step = 0.05f, .last = 36};
    const auto [scale, min] = fit_scale_and_min(input.values, weights_of(input), limit, kSearch, result.codes.data());
    result.scale = scale;
    result.min = -min;
    return result;
  }
  float min = std::numeric_limits<float>::max(), max = -min;
  for (const float x : input.values) {
    if (x < min) min = x;
    if (x > max) max = x;
  }
  result.scale = (max - min) / static_cast<float>(limit);
  result.min = min;
  const float inverse = inverse_or_zero(result.scale);
  for (std::size_t i = 0; i < kBlock; ++i)
    result.codes[i] = static_cast<std::uint8_t>(truncated((input.values[i] - min) * inverse + 0.5f, 0, limit));
  return result;
}

struct Q4_1 {
  Half d, m;
  std::uint8_t qs[16];
};

Q4_1 quantize_q4_1(const Input& input) {
  const auto [scale, min, codes] = asymmetric(input, 15);
  Q4_1 block{.d = to_half(scale), .m = to_half(min), .qs = {}};
  put_nibbles(codes, block.qs);
  return block;
}

void dequantize_q4_1(const Q4_1& block, std::span<float> values) {
  const float d = to_float(block.d), m = to_float(block.m);
  for (std::size_t i = 0; i < kBlock; ++i) values[i] = static_cast<float>(kNibbles.get(block.qs, i)) * d + m;
}

struct Q5_1 {
  Half d, m;
  std::uint8_t qh[4];
  std::uint8_t qs[16];
};

Q5_1 quantize_q5_1(const Input& input) {
  const auto [scale, min, codes] = asymmetric(input, 31);
  Q5_1 block{.d = to_half(scale), .m = to_half(min), .qh = {}, .qs = {}};
  put_nibbles(codes, block.qs);
  put_fifth_bits(codes, block.qh);
  return block;
}

void dequantize_q5_1(const Q5_1& block, std::span<float> values) {
  const float d = to_float(block.d), m = to_float(block.m);
  for (std::size_t i = 0; i < kBlock; ++i) values[i] = static_cast<float>(five_bits(block.qs, block.qh, i)) * d + m;
}

// --- 8 bits: x ~ d * code --------------------------------------------------------------------------------------------

struct Q8_0 {
  Half d;
  std::int8_t qs[32];
};

// d = absmax / 127, codes = round(x / d), ties away from zero.
Q8_0 quantize_q8_0(const Input& input) {
  const float scale = absmax(input.values) / 127.0f, inverse = inverse_or_zero(scale);
  Q8_0 block{.d = to_half(scale), .qs = {}};
  for (std::size_t i = 0; i < kBlock; ++i)
    block.qs[i] = static_cast<std::int8_t>(nearest_away(input.values[i] * inverse, -128, 127));
  return block;
}

void dequantize_q8_0(const Q8_0& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t i = 0; i < kBlock; ++i) values[i] = block.qs[i] * d;
}

struct Q8_1 {
  Half d, s;
  std::int8_t qs[32];
};

// Q8_0 with s = d * (sum of the codes), which a dot product with an asymmetric format needs. An internal type.
Q8_1 quantize_q8_1(const Input& input) {
  const Q8_0 plain = quantize_q8_0(input);
  const float scale = absmax(input.values) / 127.0f;
  Q8_1 block{.d = plain.d, .s = {}, .qs = {}};
  int sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) sum += block.qs[i] = plain.qs[i];
  block.s = to_half(static_cast<float>(sum) * scale);
  return block;
}

// ggml has none: its dot products read the block as it is.
void dequantize_q8_1(const Q8_1& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t i = 0; i < kBlock; ++i) values[i] = block.qs[i] * d;
}

// --- 1 and 2 bits ----------------------------------------------------------------------------------------------------

struct Q1_0 {
  Half d;
  std::uint8_t qs[16];
};

// d = mean |x|, the scale that leaves the least squared error when only signs are kept. Set bits: x >= 0, so -0 too.
Q1_0 quantize_q1_0(const Input& input) {
  float sum = 0;
  for (const float x : input.values) sum += std::fabs(x);
  Q1_0 block{.d = to_half(sum / static_cast<float>(input.values.size())), .qs = {}};
  for (std::size_t i = 0; i < input.values.size(); ++i) kBits.put(block.qs, i, input.values[i] >= 0);
  return block;
}

void dequantize_q1_0(const Q1_0& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = kBits.get(block.qs, i) != 0 ? d : -d;
}

struct Q2_0 {
  Half d;
  std::uint8_t qs[16];
};
constexpr Interleaved kPairs{.bits = 2, .run = 1};

// x ~ d * (code - 1), d = absmax: of -1, 0, 1, 2 the encoder never takes the 2.
Q2_0 quantize_q2_0(const Input& input) {
  const float scale = absmax(input.values), inverse = inverse_or_zero(scale);
  Q2_0 block{.d = to_half(scale), .qs = {}};
  for (std::size_t i = 0; i < input.values.size(); ++i)
    kPairs.put(block.qs, i, static_cast<unsigned>(nearest_away(input.values[i] * inverse, -1, 2) + 1));
  return block;
}

void dequantize_q2_0(const Q2_0& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(int(kPairs.get(block.qs, i)) - 1) * d;
}

}  // namespace

std::span<const Codec> simple_codecs() {
  static constexpr Codec kCodecs[] = {
      codec<Q4_0, quantize_q4_0, dequantize_q4_0>("q4_0"), codec<Q4_1, quantize_q4_1, dequantize_q4_1>("q4_1"),
      codec<Q5_0, quantize_q5_0, dequantize_q5_0>("q5_0"), codec<Q5_1, quantize_q5_1, dequantize_q5_1>("q5_1"),
      codec<Q8_0, quantize_q8_0, dequantize_q8_0>("q8_0"), codec<Q8_1, quantize_q8_1, dequantize_q8_1>("q8_1"),
      codec<Q1_0, quantize_q1_0, dequantize_q1_0>("q1_0"), codec<Q2_0, quantize_q2_0, dequantize_q2_0>("q2_0"),
  };
  return kCodecs;
}

}  // namespace fewbits::reference::ggml
