// ggml's formats with one scale for a short block. Their definition is cpp/reference/ggml_simple.cpp.
#include <array>
#include <bit>
#include <cmath>

#include "blocks/all.hpp"
#include "blocks/ggml_lanes.hpp"
#include "blocks/half.hpp"
#include "blocks/k_search.hpp"
#include "blocks/shared_scale.hpp"
#include "fewbits/codec.hpp"

namespace fewbits {
namespace {

using namespace ggml;

constexpr std::size_t kBlock = 32;

// --- Q4_0, Q4_1, Q5_0, Q5_1 ------------------------------------------------------------------------------------------

struct Short {
  int limit;     // of the codes: 15 or 31
  bool has_min;  // x ~ d * code + m, else d * (code - (limit + 1) / 2)

  [[nodiscard]] bool has_fifth_bits() const { return limit > 15; }
  [[nodiscard]] float middle() const { return static_cast<float>(limit + 1) / 2; }
};

struct Extremes {
  float min, max;
};

// The first of equals where that shows: zeros have signs.
[[gnu::noinline]] float first_of_magnitude(const float* values, float magnitude) {
  while (std::fabs(*values) != magnitude) ++values;
  return *values;
}

FEWBITS_INLINE inline Extremes extremes(const float* values) {
  v128_t max = load(values), min = max;
  for (std::size_t i = 4; i < kBlock; i += 4) {
    const v128_t x = load(values + i);
    max = wasm_f32x4_pmax(max, x);
    min = wasm_f32x4_pmin(min, x);
  }
  const v128_t negated = wasm_f32x4_neg(min);
  const v128_t two =
      wasm_f32x4_pmax(wasm_i32x4_shuffle(max, negated, 0, 1, 4, 5), wasm_i32x4_shuffle(max, negated, 2, 3, 6, 7));
  const v128_t one = wasm_f32x4_pmax(two, wasm_i32x4_shuffle(two, two, 1, 0, 3, 2));
  return {-wasm_f32x4_extract_lane(one, 2), wasm_f32x4_extract_lane(one, 0)};
}

// How elements become codes, trunc((x - offset) * inverse + bias), and what a block says of itself.
struct Rule {
  float scale, min, inverse, bias;
};

FEWBITS_INLINE inline Rule rule_of(const Short& format, const float* values) {
  const auto [min, max] = extremes(values);
  if (format.has_min) {
    const float first = min != 0 ? min : first_of_magnitude(values, 0);
    const float scale = max > min ? (max - min) / static_cast<float>(format.limit) : 0;
    return {scale, first, inverse_or_zero(scale), 0.5f};
  }
  // d maps the largest magnitude to the end of the range that reaches further, whichever its sign.
  // As integers, since V8 branches where floats are chosen, and that here is tossing a coin.
  const std::uint32_t bits = max > -min ? std::bit_cast<std::uint32_t>(max) : std::bit_cast<std::uint32_t>(min);
  auto largest = std::bit_cast<float>(bits);
  if (max == -min) [[unlikely]]
    largest = max == 0 ? 0 : first_of_magnitude(values, max);
  const float scale = largest / -format.middle();
  return {scale, 0, inverse_or_zero(scale), format.middle() + 0.5f};
}

[[gnu::noinline]] std::uint8_t* put_codes(const Short& format, float scale, float min, v128_t low, v128_t high,
                                          std::uint8_t* bytes) {
  store_half(scale, bytes);
  bytes += 2;
  if (format.has_min) {
    store_half(min, bytes);
    bytes += 2;
  }
  if (format.has_fifth_bits()) {
    const std::uint32_t fifth = wasm_i8x16_bitmask(wasm_i8x16_shl(low, 3)) |
                                static_cast<std::uint32_t>(wasm_i8x16_bitmask(wasm_i8x16_shl(high, 3))) << 16;
    std::memcpy(bytes, &fifth, sizeof fifth);
    bytes += sizeof fifth;
    low = low_nibbles(low);
  }
  store(bytes, join_nibbles(low, high));
  return bytes + 16;
}

void quantize_short(const Short& format, const float* values, std::size_t blocks, std::uint8_t* bytes) {
  const v128_t limit = wasm_i8x16_splat(static_cast<std::int8_t>(format.limit));
  for (; blocks > 0; --blocks, values += kBlock) {
    const Rule rule = rule_of(format, values);
    const v128_t offset = splat(rule.min), inverse = splat(rule.inverse), bias = splat(rule.bias);
    const auto codes = [&](const float* x) FEWBITS_INLINE {
      const v128_t all = sixteen_unsigned([&](std::size_t i) FEWBITS_INLINE {
        const v128_t steps = wasm_f32x4_mul(wasm_f32x4_sub(load(x + i), offset), inverse);
        return wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_add(steps, bias));
      });
      return wasm_u8x16_min(all, limit);
    };
    bytes = put_codes(format, rule.scale, rule.min, codes(values), codes(values + 16), bytes);
  }
}

// With an importance the scale is searched for, eight blocks at a time. Codes are round((x - origin) * inverse) then.
void quantize_weighed(const Short& format, const float* values, std::size_t blocks, const BlockOptions& options,
                      std::uint8_t* bytes) {
  const float* importance = options.importance;
  const int middle = format.has_min ? 0 : (format.limit + 1) / 2;
  const v128_t limit = wasm_i8x16_splat(static_cast<std::int8_t>(format.limit));
  for (std::size_t some; blocks > 0; blocks -= some) {
    some = std::min(blocks, k::kLanes);
    float padded[kEightBlocks];
    k::SubBlocks lanes;
    k::Found found;
    lanes.size = kBlock;
    lanes.found = &found;
    lanes.first = 0;
    k::to_lanes(eight_blocks(importance, blocks, padded), kBlock, lanes.rows[0].weights);
    const float* x = eight_blocks(values, blocks, padded);
    k::to_lanes(x, kBlock, lanes.rows[0].values);
    k::weigh_importance(lanes, options.sigma2);
    if (format.has_min)
      k::fit_scales_and_mins({&lanes, 1}, format.limit, {-0.9f, 0.05f, 36, false});
    else
      k::fit_scale(lanes, {-middle, format.limit - middle}, false);
    values += kEightBlocks;
    importance += kEightBlocks;
    for (std::size_t lane = 0; lane < some; ++lane) {
      const v128_t origin = splat(found.origins[lane]), inverse = splat(found.inverses[lane]);
      v128_t codes[2];
      for (v128_t& half : codes) {
        const v128_t all = sixteen_unsigned([&](std::size_t i) FEWBITS_INLINE {
          const v128_t steps = wasm_f32x4_mul(wasm_f32x4_sub(load(x + i), origin), inverse);
          const v128_t mantissa = wasm_v128_and(wasm_f32x4_add(steps, splat(simd::kRoundingMagic)), splat(0x7FFFFF));
          return wasm_i32x4_sub(mantissa, splat(0x400000 - middle));
        });
        half = wasm_u8x16_min(all, limit);
        x += 16;
      }
      bytes = put_codes(format, found.scales[lane], -found.mins[lane], codes[0], codes[1], bytes);
    }
  }
}

void dequantize_short(const Short& format, const std::uint8_t* bytes, std::size_t blocks, float* values) {
  const v128_t middle = wasm_i8x16_splat(static_cast<std::int8_t>(format.has_min ? 0 : format.middle()));
  for (; blocks > 0; --blocks) {
    const v128_t scale = splat(load_half(bytes));
    bytes += 2;
    v128_t min = splat(-0.0f);  // adding it changes nothing
    if (format.has_min) {
      min = splat(load_half(bytes));
      bytes += 2;
    }
    std::uint32_t fifth = 0;
    if (format.has_fifth_bits()) {
      std::memcpy(&fifth, bytes, sizeof fifth);
      bytes += sizeof fifth;
    }
    const v128_t nibbles = load(bytes);
    bytes += 16;
    const v128_t halves[2] = {low_nibbles(nibbles), high_nibbles(nibbles)};
    for (const v128_t half : halves) {
      const v128_t bit = wasm_i64x2_splat(static_cast<std::int64_t>(0x8040201008040201)), both = splat(fifth);
      const v128_t each = wasm_i8x16_shuffle(both, both, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
      const v128_t is_set = wasm_i8x16_eq(wasm_v128_and(each, bit), bit);
      const v128_t all = wasm_v128_or(half, wasm_v128_and(is_set, wasm_i8x16_splat(16)));
      widen_sixteen(wasm_i8x16_sub(all, middle), [&](v128_t code, std::size_t i) FEWBITS_INLINE {
        store(values + i, wasm_f32x4_add(wasm_f32x4_mul(wasm_f32x4_convert_i32x4(code), scale), min));
      });
      values += 16;
      fifth >>= 16;
    }
  }
}

template <std::size_t kRow, int kLimit, bool kHasMin>
struct ShortBlock {
  static constexpr BlockFormat format = kBlockFormats[kRow];
  static constexpr Short shape{kLimit, kHasMin};

  static void quantize(const float* values, std::size_t blocks, const BlockOptions& options, std::uint8_t* bytes) {
    if (options.importance != nullptr) return quantize_weighed(shape, values, blocks, options, bytes);
    quantize_short(shape, values, blocks, bytes);
  }
  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    dequantize_short(shape, bytes, blocks, values);
  }
};

// --- Q8_0, Q8_1 ------------------------------------------------------------------------------------------------------

void quantize_bytes(bool has_sum, const float* values, std::size_t blocks, std::uint8_t* bytes) {
  for (; blocks > 0; --blocks, values += kBlock) {
    const float scale = absmax_of(values, kBlock) / 127;
    const v128_t inverse = splat(inverse_or_zero(scale)), sign = splat(-0.0f);
    // The number below a half: with it trunc(|x| + h) rounds ties away from zero, and nothing else, below 128.
    const v128_t half = splat(0x1.fffffep-2f);
    store_half(scale, bytes);
    std::uint8_t* codes = bytes + (has_sum ? 4 : 2);
    for (std::size_t from = 0; from < kBlock; from += 16)
      store(codes + from, sixteen_signed([&](std::size_t i) FEWBITS_INLINE {
              const v128_t x = wasm_f32x4_mul(load(values + from + i), inverse);
              return wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_add(x, wasm_v128_or(wasm_v128_and(x, sign), half)));
            }));
    if (has_sum) {
      const int sum = sum_of(load(codes)) + sum_of(load(codes + 16));
      store_half(static_cast<float>(sum) * scale, bytes + 2);
    }
    bytes = codes + kBlock;
  }
}

void dequantize_bytes(bool has_sum, const std::uint8_t* bytes, std::size_t blocks, float* values) {
  for (; blocks > 0; --blocks, values += kBlock) {
    const float scale = load_half(bytes);
    bytes += has_sum ? 4 : 2;
    restore(bytes, kBlock, scale, values);
    bytes += kBlock;
  }
}

template <std::size_t kRow, bool kHasSum>
struct ByteBlock {
  static constexpr BlockFormat format = kBlockFormats[kRow];

  static void quantize(const float* values, std::size_t blocks, const BlockOptions&, std::uint8_t* bytes) {
    quantize_bytes(kHasSum, values, blocks, bytes);
  }
  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    dequantize_bytes(kHasSum, bytes, blocks, values);
  }
};

constexpr std::size_t row(std::string_view name) {
  return row_of(kBlockFormats, name);
}

}  // namespace

namespace ggml {

void restore(const std::uint8_t* codes, std::size_t count, float scale, float* values) {
  const v128_t step = splat(scale);
  for (std::size_t at = 0; at < count; at += 16)
    widen_sixteen(load(codes + at), [&](v128_t code, std::size_t i) FEWBITS_INLINE {
      store(values + at + i, wasm_f32x4_mul(wasm_f32x4_convert_i32x4(code), step));
    });
}

void restore_levels(const std::uint8_t* bytes, const std::int8_t* levels, float scale, float* values) {
  std::uint8_t codes[32];
  store(codes, wasm_i8x16_swizzle(load(levels), low_nibbles(load(bytes))));
  store(codes + 16, wasm_i8x16_swizzle(load(levels), high_nibbles(load(bytes))));
  restore(codes, 32, scale, values);
}

const float* eight_blocks(const float* values, std::size_t blocks, float* padded) {
  if (blocks >= 8) return values;
  std::fill(std::copy_n(values, blocks * 32, padded), padded + kEightBlocks, 0.0f);
  return padded;
}

}  // namespace ggml

float sum_of_squares(std::span<const float> values, float running) {
  for (const float x : values) running += x * x;
  return running;
}

const std::array<BlockKernels, 6> kGgmlSimple{
    kernels_of<ShortBlock<row("q4_0"), 15, false>>(), kernels_of<ShortBlock<row("q4_1"), 15, true>>(),
    kernels_of<ShortBlock<row("q5_0"), 31, false>>(), kernels_of<ShortBlock<row("q5_1"), 31, true>>(),
    kernels_of<ByteBlock<row("q8_0"), false>>(),      kernels_of<ByteBlock<row("q8_1"), true>>(),
};

}  // namespace fewbits
