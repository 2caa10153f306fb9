// K-quants: superblocks of 256 elements, cut into sub-blocks of 16 or 32. Each sub-block has a scale of 4 to 8 bits, in
// units of a float16 for the whole superblock; Q2_K, Q4_K and Q5_K have a minimum beside it, stored alike.
//
//   Q2_K, Q4_K, Q5_K   x ~ (d * scale_j) * code - (dmin * min_j)
//   Q3_K, Q6_K         x ~ (d * scale_j) * (code - limit)
//
// All encoders go the same way:
//   1. for each sub-block, search for the scale (and minimum) of least weighted squared error (ggml_search.hpp);
//   2. quantize these scales against each other: d, and small integers scale_j;
//   3. round d to float16, and find every code again with the scale that a decoder will see:
//      code = round(x / (d * scale_j)), ties to even. What the searches found as codes is used only where that scale
//      is 0 and the division would tell nothing.
#include <algorithm>
#include <array>
#include <cmath>

#include "ggml.hpp"
#include "ggml_search.hpp"

namespace fewbits::reference::ggml {
namespace {

constexpr std::size_t kSuperblock = 256;
using Codes = std::array<std::uint8_t, kSuperblock>;

// Every layout keeps 32 elements in a row in 32 bytes in a row, Q6_K's low nibbles 64.
constexpr Interleaved kBits{.bits = 1, .run = 32}, kPairs{.bits = 2, .run = 32}, kNibbles{.bits = 4, .run = 32},
    kWideNibbles{.bits = 4, .run = 64};

// Stage 1 of one superblock: scales, minima, sums of weights, and the codes of the searches.
template <std::size_t sub_block_size>
struct SubBlocks {
  static constexpr std::size_t kSize = sub_block_size, kCount = kSuperblock / sub_block_size;
  std::array<float, kCount> scales, mins, weights;
  Codes codes;
};

std::span<const float> sub_block(const Input& input, std::size_t j, std::size_t size) {
  return input.values.subspan(j * size, size);
}

// Weights for sub-block j where there is an importance, with their sum. `times` sigma2 is the spread, sigma2 the mean
// x^2 over the superblock.
template <std::size_t size>
float importance_of(const Input& input, std::size_t j, float times, std::array<float, size>& weights) {
  const float spread = times * sum_of_squares(input.values) / kSuperblock;
  importance_weights(sub_block(input, j, size), input.importance + j * size, spread, weights.data());
  float sum = 0;
  for (const float w : weights) sum += w;
  return sum;
}

// --- with a minimum: Q2_K, Q4_K, Q5_K --------------------------------------------------------------------------------

// A scale can come out negative: where nearly all weights vanish, roundings decide the sign of the normal equations'
// determinant. As a byte it is larger than any code that there is room for. Some encoders clamp it, the others store
// what fits and let the rest spill into a neighbour. So stage 3 reads back what has been stored.

struct Asymmetric {
  int limit;                // of the codes
  int scale_limit;          // of the integers that scales and minima become
  AsymmetricSearch search;  // without importance
  float spread;             // with importance: how many times sigma2
  bool clamps, clamps_with_importance;
};
constexpr AsymmetricSearch kImportanceSearch{.first = -0.9f, .step = 0.05f, .last = 36};

// Without importance, Q2_K weighs by |x| and minimizes sum |x| |e|: absolute, since two bits leave large errors that
// would rule as squares. Q4_K and Q5_K weigh by |x| + sqrt(mean x^2): large values more, small ones not for nothing.
template <std::size_t size>
void plain_weights(std::span<const float> values, bool absolute_error, std::array<float, size>& weights) {
  const float spread = absolute_error ? 0.0f : std::sqrt(sum_of_squares(values) / size);
  for (std::size_t i = 0; i < size; ++i) weights[i] = spread + std::fabs(values[i]);
}

template <std::size_t size>
SubBlocks<size> search_asymmetric(const Input& input, const Asymmetric& rule) {
  SubBlocks<size> found;
  for (std::size_t j = 0; j < found.kCount; ++j) {
    const auto values = sub_block(input, j, size);
    std::array<float, size> weights;
    const bool weighed = input.importance != nullptr;
    if (weighed)
      found.weights[j] = importance_of(input, j, rule.spread, weights);
    else
      plain_weights(values, rule.search.absolute_error, weights);
    const auto [scale, min] = fit_scale_and_min(values, weights, rule.limit, weighed ? kImportanceSearch : rule.search,
                                                &found.codes[j * size]);
    found.scales[j] = scale;
    found.mins[j] = min;
  }
  return found;
}

// Stage 2: numbers >= 0 as unit * integer, integer <= limit. Without importance the largest gives the unit,
// unit = max / limit; with it the unit is searched for, with each sub-block weighing what its elements weigh together.
template <std::size_t count>
struct Integers {
  float unit;
  std::array<std::uint8_t, count> values;
};

template <std::size_t count>
Integers<count> by_the_largest(const std::array<float, count>& scales, int limit) {
  float max = 0;
  for (const float scale : scales)
    if (scale > max) max = scale;
  const auto limit_f = static_cast<float>(limit);
  const float inverse = max > 0 ? limit_f / max : 0.0f;
  Integers<count> result{.unit = max / limit_f, .values = {}};
  for (std::size_t j = 0; j < count; ++j)
    result.values[j] = static_cast<std::uint8_t>(nearest_even(inverse * scales[j]));
  return result;
}

template <std::size_t count>
Integers<count> quantize_scales(const std::array<float, count>& scales, const std::array<float, count>& weights,
                                const Asymmetric& rule, bool weighed) {
  Integers<count> result{};
  if (weighed)
    result.unit = fit_positive_scale(scales, weights, rule.scale_limit, result.values.data());
  else
    result = by_the_largest(scales, rule.scale_limit);
  if (weighed ? rule.clamps_with_importance : rule.clamps)
    for (std::uint8_t& value : result.values) value = std::min(value, static_cast<std::uint8_t>(rule.scale_limit));
  return result;
}

// Stage 3.
void find_codes_again(std::span<const float> values, float scale, float min, int limit, std::uint8_t* codes) {
  if (scale == 0) return;
  for (std::size_t i = 0; i < values.size(); ++i)
    codes[i] = static_cast<std::uint8_t>(std::clamp(nearest_even((values[i] + min) / scale), 0, limit));
}

// What a decoder multiplies and subtracts. `Pairs` is how scales and minima are packed.
template <class Pairs>
struct Scales {
  Half d, dmin;
  Pairs pairs;

  [[nodiscard]] float scale(std::size_t j) const { return to_float(d) * static_cast<float>(pairs.scale(j)); }
  [[nodiscard]] float min(std::size_t j) const { return to_float(dmin) * static_cast<float>(pairs.min(j)); }
};

template <class Pairs>
struct ScalesAndCodes {
  Scales<Pairs> scales;
  Codes codes;
};

template <class Pairs>
ScalesAndCodes<Pairs> quantize_asymmetric(const Input& input, const Asymmetric& rule) {
  constexpr std::size_t kSize = kSuperblock / Pairs::kCount;
  const auto found = search_asymmetric<kSize>(input, rule);
  const bool weighed = input.importance != nullptr;
  const auto scales = quantize_scales(found.scales, found.weights, rule, weighed);
  const auto mins = quantize_scales(found.mins, found.weights, rule, weighed);
  ScalesAndCodes<Pairs> result{{to_half(scales.unit), to_half(mins.unit), {}}, found.codes};
  for (std::size_t j = 0; j < Pairs::kCount; ++j) result.scales.pairs.put(j, scales.values[j], mins.values[j]);
  for (std::size_t j = 0; j < Pairs::kCount; ++j)
    find_codes_again(sub_block(input, j, kSize), result.scales.scale(j), result.scales.min(j), rule.limit,
                     &result.codes[j * kSize]);
  return result;
}

template <class Pairs, class CodeOf>
void dequantize_asymmetric(const Scales<Pairs>& scales, const CodeOf& code_of, std::span<float> values) {
  constexpr std::size_t kSize = kSuperblock / Pairs::kCount;
  for (std::size_t i = 0; i < kSuperblock; ++i)
    values[i] = scales.scale(i / kSize) * static_cast<float>(code_of(i)) - scales.min(i / kSize);
}

// Sixteen scales and minima of 4 bits: a byte each, the scale in the low nibble.
struct FourBitPairs {
  static constexpr std::size_t kCount = 16;
  std::uint8_t bytes[16];

  void put(std::size_t j, unsigned scale, unsigned min) { bytes[j] = static_cast<std::uint8_t>(scale | min << 4); }
  [[nodiscard]] unsigned scale(std::size_t j) const { return bytes[j] & 15; }
  [[nodiscard]] unsigned min(std::size_t j) const { return bytes[j] >> 4; }
};

// Eight scales and eight minima of 6 bits in 12 bytes. The first four of each lie in the low bits of bytes 0 .. 7; of
// the others the low nibbles fill bytes 8 .. 11 and the top two bits what is left free above the first ones.
struct SixBitPairs {
  static constexpr std::size_t kCount = 8;
  std::uint8_t bytes[12];

  void put(std::size_t j, unsigned scale, unsigned min) {
    if (j < 4) {
      add(j, scale);
      add(j + 4, min);
    } else {
      add(j + 4, (scale & 15) | (min & 15) << 4);
      add(j - 4, scale >> 4 << 6);
      add(j, min >> 4 << 6);
    }
  }
  [[nodiscard]] unsigned scale(std::size_t j) const {
    return j < 4 ? bytes[j] & 63 : (bytes[j + 4] & 15) | bytes[j - 4] >> 6 << 4;
  }
  [[nodiscard]] unsigned min(std::size_t j) const {
    return j < 4 ? bytes[j + 4] & 63 : bytes[j + 4] >> 4 | bytes[j] >> 6 << 4;
  }

 private:
  void add(std::size_t byte, unsigned bits) { bytes[byte] = static_cast<std::uint8_t>(bytes[byte] | bits); }
};

struct Q2_K {
  FourBitPairs pairs;
  std::uint8_t qs[64];
  Half d, dmin;
};

Q2_K quantize_q2_k(const Input& input) {
  constexpr Asymmetric kRule{.limit = 3,
                             .scale_limit = 15,
                             .search = {.first = -0.5f, .step = 0.1f, .last = 15, .absolute_error = true},
                             .spread = 1,
                             .clamps = false,
                             .clamps_with_importance = false};
  const auto [scales, codes] = quantize_asymmetric<FourBitPairs>(input, kRule);
  Q2_K block{.pairs = scales.pairs, .qs = {}, .d = scales.d, .dmin = scales.dmin};
  for (std::size_t i = 0; i < kSuperblock; ++i) kPairs.put(block.qs, i, codes[i]);
  return block;
}

void dequantize_q2_k(const Q2_K& block, std::span<float> values) {
  const auto code_of = [&](std::size_t i) { return kPairs.get(block.qs, i); };
  dequantize_asymmetric(Scales<FourBitPairs>{block.d, block.dmin, block.pairs}, code_of, values);
}

struct Q4_K {
  Scales<SixBitPairs> scales;
  std::uint8_t qs[128];
};

Q4_K quantize_q4_k(const Input& input) {
  constexpr Asymmetric kRule{.limit = 15,
                             .scale_limit = 63,
                             .search = {.first = -1.0f, .step = 0.1f, .last = 20},
                             .spread = 2,
                             .clamps = true,
                             .clamps_with_importance = false};
  const auto [scales, codes] = quantize_asymmetric<SixBitPairs>(input, kRule);
  Q4_K block{.scales = scales, .qs = {}};
  for (std::size_t i = 0; i < kSuperblock; ++i) kNibbles.put(block.qs, i, codes[i]);
  return block;
}

void dequantize_q4_k(const Q4_K& block, std::span<float> values) {
  const auto code_of = [&](std::size_t i) { return kNibbles.get(block.qs, i); };
  dequantize_asymmetric(block.scales, code_of, values);
}

struct Q5_K {
  Scales<SixBitPairs> scales;
  std::uint8_t qh[32];  // the codes' top bits
  std::uint8_t qs[128];
};

Q5_K quantize_q5_k(const Input& input) {
  constexpr Asymmetric kRule{.limit = 31,
                             .scale_limit = 63,
                             .search = {.first = -0.5f, .step = 0.1f, .last = 15},
                             .spread = 2,
                             .clamps = true,
                             .clamps_with_importance = true};
  const auto [scales, codes] = quantize_asymmetric<SixBitPairs>(input, kRule);
  Q5_K block{.scales = scales, .qh = {}, .qs = {}};
  for (std::size_t i = 0; i < kSuperblock; ++i) {
    kNibbles.put(block.qs, i, codes[i]);
    kBits.put(block.qh, i, codes[i] >> 4);
  }
  return block;
}

void dequantize_q5_k(const Q5_K& block, std::span<float> values) {
  const auto code_of = [&](std::size_t i) { return kNibbles.get(block.qs, i) | kBits.get(block.qh, i) << 4; };
  dequantize_asymmetric(block.scales, code_of, values);
}

// --- symmetric: Q3_K, Q6_K -------------------------------------------------------------------------------------------

using Sixteen = SubBlocks<16>;

void find_symmetric_codes_again(const Input& input, std::size_t j, float scale, int limit, Codes& codes) {
  if (scale == 0) return;
  for (std::size_t i = 16 * j; i < 16 * j + 16; ++i)
    codes[i] = static_cast<std::uint8_t>(std::clamp(nearest_even(input.values[i] / scale), -limit, limit - 1) + limit);
}

struct Q3_K {
  std::uint8_t hmask[32];  // the codes' top bits
  std::uint8_t qs[64];
  std::uint8_t scales[12];  // sixteen scales of 6 bits: low nibbles, then the top pairs of bits
  Half d;
};
constexpr Interleaved kScaleNibbles{.bits = 4, .run = 8}, kScalePairs{.bits = 2, .run = 4};

Sixteen search_q3_k(const Input& input) {
  Sixteen found;
  for (std::size_t j = 0; j < 16; ++j) {
    const auto values = sub_block(input, j, 16);
    std::uint8_t* codes = &found.codes[j * 16];
    if (input.importance == nullptr) {
      found.scales[j] = fit_scale_by_descent(values, 4, codes);
      continue;
    }
    std::array<float, 16> weights;
    found.weights[j] = importance_of(input, j, 2, weights);
    found.scales[j] = fit_scale(values, weights, 4, codes);
  }
  return found;
}

// Scales as unit * (integer - 32). Without importance, the one of largest magnitude maps to -32.
Integers<16> quantize_signed_scales(const Sixteen& found, bool weighed) {
  Integers<16> result{};
  if (weighed) {
    result.unit = fit_scale(found.scales, found.weights, 32, result.values.data());
    return result;
  }
  const float largest = largest_by_magnitude(found.scales);
  if (largest == 0) return result;
  const float inverse = -32.0f / largest;
  for (std::size_t j = 0; j < 16; ++j) {
    const auto nearest = static_cast<std::int8_t>(nearest_even(inverse * found.scales[j]));
    result.values[j] = static_cast<std::uint8_t>(std::clamp<int>(nearest, -32, 31) + 32);
  }
  result.unit = 1 / inverse;
  return result;
}

Q3_K quantize_q3_k(const Input& input) {
  Sixteen found = search_q3_k(input);
  const auto scales = quantize_signed_scales(found, input.importance != nullptr);
  Q3_K block{.hmask = {}, .qs = {}, .scales = {}, .d = to_half(scales.unit)};
  for (std::size_t j = 0; j < 16; ++j) {
    kScaleNibbles.put(block.scales, j, scales.values[j]);
    kScalePairs.put(block.scales + 8, j, scales.values[j] >> 4);
    const float scale = to_float(block.d) * static_cast<float>(scales.values[j] - 32);
    find_symmetric_codes_again(input, j, scale, 4, found.codes);
  }
  for (std::size_t i = 0; i < kSuperblock; ++i) {
    kPairs.put(block.qs, i, found.codes[i]);
    kBits.put(block.hmask, i, found.codes[i] >> 2);
  }
  return block;
}

void dequantize_q3_k(const Q3_K& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t i = 0; i < kSuperblock; ++i) {
    const unsigned scale = kScaleNibbles.get(block.scales, i / 16) | kScalePairs.get(block.scales + 8, i / 16) << 4;
    const unsigned code = kPairs.get(block.qs, i) | kBits.get(block.hmask, i) << 2;
    values[i] = d * static_cast<float>(int(scale) - 32) * static_cast<float>(int(code) - 4);
  }
}

struct Q6_K {
  std::uint8_t ql[128];  // the codes' low nibbles
  std::uint8_t qh[64];   // the codes' top pairs of bits
  std::int8_t scales[16];
  Half d;
};

// Here an importance is the weight itself. The scale of largest magnitude maps to -128.
Q6_K quantize_q6_k(const Input& input) {
  Sixteen found;
  for (std::size_t j = 0; j < 16; ++j) {
    const std::span<const float> weights =
        input.importance != nullptr ? std::span(input.importance + 16 * j, 16) : std::span<const float>{};
    found.scales[j] = fit_scale(sub_block(input, j, 16), weights, 32, &found.codes[16 * j]);
  }
  Q6_K block{};
  const float largest = largest_by_magnitude(found.scales);
  if (std::fabs(largest) < kNoMagnitude) return block;
  const float inverse = -128.0f / largest;
  block.d = to_half(1 / inverse);
  for (std::size_t j = 0; j < 16; ++j) {
    block.scales[j] = static_cast<std::int8_t>(std::min(127, nearest_even(inverse * found.scales[j])));
    find_symmetric_codes_again(input, j, to_float(block.d) * block.scales[j], 32, found.codes);
  }
  for (std::size_t i = 0; i < kSuperblock; ++i) {
    kWideNibbles.put(block.ql, i, found.codes[i]);
    kPairs.put(block.qh, i, found.codes[i] >> 4);
  }
  return block;
}

void dequantize_q6_k(const Q6_K& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t i = 0; i < kSuperblock; ++i) {
    const unsigned code = kWideNibbles.get(block.ql, i) | kPairs.get(block.qh, i) << 4;
    const std::int8_t scale = block.scales[i / 16];
    values[i] = d * scale * static_cast<float>(int(code) - 32);
  }
}

// --- Q8_K ------------------------------------------------------------------------------------------------------------

// What K-quants are multiplied with: x ~ d * code with d in float32, and the sums of the codes over 16 elements, which
// the minima need. An internal type. ggml leaves the sums of a superblock of zeros unset: here they are 0.
struct Q8_K {
  std::uint8_t d[4];
  std::int8_t qs[256];
  Word16 bsums[16];
};

// The value of largest magnitude maps to -127.
Q8_K quantize_q8_k(const Input& input) {
  Q8_K block{};
  const float largest = largest_by_magnitude(input.values);
  if (largest == 0) return block;
  const float inverse = -127.0f / largest, d = 1 / inverse;
  std::memcpy(block.d, &d, sizeof d);
  std::array<int, 16> sums{};
  for (std::size_t i = 0; i < kSuperblock; ++i) {
    block.qs[i] = static_cast<std::int8_t>(std::min(127, nearest_even(inverse * input.values[i])));
    sums[i / 16] += block.qs[i];
  }
  for (std::size_t j = 0; j < 16; ++j) block.bsums[j] = to_word16(static_cast<unsigned>(sums[j]));
  return block;
}

void dequantize_q8_k(const Q8_K& block, std::span<float> values) {
  float d = 0;
  std::memcpy(&d, block.d, sizeof d);
  for (std::size_t i = 0; i < kSuperblock; ++i) values[i] = d * block.qs[i];
}

}  // namespace

std::span<const Codec> k_codecs() {
  static constexpr Codec kCodecs[] = {
      codec<Q2_K, quantize_q2_k, dequantize_q2_k>("q2_k"), codec<Q3_K, quantize_q3_k, dequantize_q3_k>("q3_k"),
      codec<Q4_K, quantize_q4_k, dequantize_q4_k>("q4_k"), codec<Q5_K, quantize_q5_k, dequantize_q5_k>("q5_k"),
      codec<Q6_K, quantize_q6_k, dequantize_q6_k>("q6_k"), codec<Q8_K, quantize_q8_k, dequantize_q8_k>("q8_k"),
  };
  return kCodecs;
}

}  // namespace fewbits::reference::ggml
