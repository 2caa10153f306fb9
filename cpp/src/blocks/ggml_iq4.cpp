// ggml's IQ4_NL and IQ4_XS: four bits over a code book of sixteen levels. Their definition is
// cpp/reference/ggml_iq4.cpp.
#include <array>
#include <bit>
#include <cmath>

#include "blocks/all.hpp"
#include "blocks/ggml_lanes.hpp"
#include "blocks/half.hpp"
#include "blocks/k_search.hpp"

namespace fewbits {
namespace {

using namespace ggml;

constexpr std::size_t kBlock = 32, kLanes = k::kLanes;
constexpr std::array<std::int8_t, 16> kLevels = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                 1,    13,   25,  38,  53,  69,  89,  113};

// --- the nearest level -----------------------------------------------------------------------------------------------

// Twice a midpoint of levels is an integer. Counted in halves from kFirstHalf on, 16 of them hold one midpoint at most:
// entry n says how many lie below them, and from which of the sixteen on it is one more.
constexpr int kFirstHalf = -232, kLastHalf = 231;

constexpr std::array<std::uint8_t, 32> kSixteenths = [] {
  std::array<std::uint8_t, 32> entries{};
  for (int n = 0; n < 32; ++n) {
    int below = -1, step = 0;  // without a midpoint it is one more from the beginning on
    for (int i = 1; i < 16; ++i) {
      const int midpoint = kLevels[i - 1] + kLevels[i] - kFirstHalf - 16 * n;
      if (midpoint < 16) ++below;
      if (0 <= midpoint && midpoint < 16) step = midpoint;
    }
    entries[n] = static_cast<std::uint8_t>(below << 4 | step);
  }
  return entries;
}();

v128_t halves(v128_t x) {
  const v128_t least = splat(static_cast<float>(kFirstHalf)), most = splat(static_cast<float>(kLastHalf));
  const v128_t clamped = wasm_f32x4_pmax(least, wasm_f32x4_pmin(most, wasm_f32x4_add(x, x)));
  return wasm_i32x4_sub(wasm_f32x4_add(wasm_f32x4_floor(clamped), splat(simd::kRoundingMagic)),
                        splat(simd::kRoundingMagicBits + kFirstHalf));
}

// Codes of sixteen numbers: how many midpoints they do not stay below. NaN gives 15.
[[gnu::noinline]] v128_t nearest_codes(v128_t a, v128_t b, v128_t c, v128_t d) {
  const v128_t low = wasm_i16x8_narrow_i32x4(halves(a), halves(b)),
               high = wasm_i16x8_narrow_i32x4(halves(c), halves(d));
  const v128_t fifteen = wasm_i16x8_splat(15);
  const v128_t rest = wasm_u8x16_narrow_i16x8(wasm_v128_and(low, fifteen), wasm_v128_and(high, fifteen));
  const v128_t number = wasm_u8x16_narrow_i16x8(wasm_i16x8_shr(low, 4), wasm_i16x8_shr(high, 4));
  const v128_t entry =
      wasm_v128_or(wasm_i8x16_swizzle(load(kSixteenths.data()), number),
                   wasm_i8x16_swizzle(load(&kSixteenths[16]), wasm_i8x16_sub(number, wasm_i8x16_splat(16))));
  return wasm_i8x16_sub(high_nibbles(entry), wasm_u8x16_ge(rest, low_nibbles(entry)));
}

void store_codes(const float* values, float inverse, std::uint8_t* bytes) {
  const v128_t factor = splat(inverse);
  v128_t codes[2];
  for (v128_t& half : codes) {
    const auto x = [&](std::size_t i) { return wasm_f32x4_mul(load(values + i), factor); };
    half = nearest_codes(x(0), x(4), x(8), x(12));
    values += 16;
  }
  store(bytes, join_nibbles(codes[0], codes[1]));
}

// --- the search ------------------------------------------------------------------------------------------------------

struct Fit {
  v128_t xq[2], qq[2];
};

// sum(w x q) and sum(w q^2) of the levels nearest to inverse * x, in the order of the elements.
[[gnu::noinline]] void fit_of(const k::SubBlocks& lanes, const v128_t (&inverse)[2], Fit& fit) {
  Fit sum{};
  for (const k::Row *row = lanes.rows, *end = row + kBlock; row != end; row += 2) {  // two elements of eight blocks
    const auto x = [&](std::size_t i) FEWBITS_INLINE { return load(row[i / 8].values + i % 8); };
    const v128_t codes = nearest_codes(wasm_f32x4_mul(inverse[0], x(0)), wasm_f32x4_mul(inverse[1], x(4)),
                                       wasm_f32x4_mul(inverse[0], x(8)), wasm_f32x4_mul(inverse[1], x(12)));
    widen_sixteen(wasm_i8x16_swizzle(load(kLevels.data()), codes), [&](v128_t level, std::size_t i) FEWBITS_INLINE {
      const v128_t q = wasm_f32x4_convert_i32x4(level), wq = wasm_f32x4_mul(load(row[i / 8].weights + i % 8), q);
      v128_t &xq = sum.xq[i / 4 % 2], &qq = sum.qq[i / 4 % 2];
      xq = wasm_f32x4_add(xq, wasm_f32x4_mul(wq, x(i)));
      qq = wasm_f32x4_add(qq, wasm_f32x4_mul(wq, q));
    });
  }
  fit = sum;
}

// The scales of least squared error, of eight blocks.
void search(const k::SubBlocks& lanes, float* scales) {
  v128_t largest[2] = {splat(0), splat(0)}, scale[2], best[2];
  for (const k::Row& row : lanes.rows)
    for (std::size_t i = 0; i < 2; ++i) {
      const v128_t x = load(row.values + 4 * i);
      largest[i] = simd::select(wasm_f32x4_gt(wasm_f32x4_abs(x), wasm_f32x4_abs(largest[i])), x, largest[i]);
    }
  const v128_t zero = splat(0);
  for (int k = -8; k <= 7; ++k) {
    const bool is_first = k == -8;
    v128_t inverse[2];
    for (int i = 0; i < 2; ++i)
      inverse[i] = is_first ? wasm_f32x4_div(splat(1.0f), wasm_f32x4_div(largest[i], splat(127.0f)))
                            : wasm_f32x4_div(splat(static_cast<float>(k - 127)), largest[i]);
    Fit fit;
    fit_of(lanes, inverse, fit);
    for (int i = 0; i < 2; ++i) {
      const v128_t some = wasm_f32x4_gt(fit.qq[i], zero);
      const v128_t trial = wasm_v128_and(wasm_f32x4_div(fit.xq[i], fit.qq[i]), some);
      const v128_t square = wasm_f32x4_mul(fit.xq[i], fit.xq[i]);
      v128_t better = splat(-1);
      if (!is_first) better = wasm_v128_and(some, wasm_f32x4_gt(square, wasm_f32x4_mul(best[i], fit.qq[i])));
      scale[i] = simd::select(better, trial, scale[i]);
      best[i] = simd::select(better, wasm_f32x4_mul(trial, fit.xq[i]), best[i]);
    }
  }
  for (int i = 0; i < 2; ++i) {
    const v128_t none = wasm_f32x4_lt(wasm_f32x4_abs(largest[i]), splat(k::kNoMagnitude));
    store(scales + 4 * i, wasm_v128_andnot(scale[i], none));
  }
}

v128_t square(const float* values) {
  return wasm_f32x4_mul(load(values), load(values));
}

// Weights are x^2, or an importance * sqrt(spread + x^2), where the spread is twice the mean square: of the block, or
// of all eight, the superblock.
void search_scales(const float* values, const float* importance, bool is_superblock, float* scales) {
  k::SubBlocks lanes;
  k::to_lanes(values, kBlock, lanes.rows[0].values);
  v128_t spread[2] = {splat(0), splat(0)};
  if (importance != nullptr) {
    k::to_lanes(importance, kBlock, lanes.rows[0].weights);
    if (is_superblock)
      spread[0] = spread[1] = splat(sum_of_squares({values, kBlock * kLanes}, 0));
    else
      for (const k::Row& row : lanes.rows)
        for (std::size_t i = 0; i < 2; ++i) spread[i] = wasm_f32x4_add(spread[i], square(row.values + 4 * i));
    const v128_t share = splat(2.0f / static_cast<float>(is_superblock ? kBlock * kLanes : kBlock));
    for (v128_t& lane : spread) lane = wasm_f32x4_mul(lane, share);
  }
  for (k::Row& row : lanes.rows)
    for (std::size_t i = 0; i < 2; ++i) {
      float* weight = row.weights + 4 * i;
      const v128_t own = square(row.values + 4 * i);
      store(weight, importance == nullptr
                        ? own
                        : wasm_f32x4_mul(load(weight), wasm_f32x4_sqrt(wasm_f32x4_add(spread[i], own))));
    }
  search(lanes, scales);
}

// --- formats ---------------------------------------------------------------------------------------------------------

struct Iq4Nl {
  static constexpr BlockFormat format = *find_block_format("iq4_nl");

  static void quantize(const float* values, std::size_t blocks, const BlockOptions& options, std::uint8_t* bytes) {
    const float* importance = options.importance;
    for (std::size_t some; blocks > 0; blocks -= some) {
      some = std::min(blocks, kLanes);
      float padded[kEightBlocks], padded_importance[kEightBlocks], scales[kLanes];
      const float *x = eight_blocks(values, blocks, padded), *weights = nullptr;
      if (importance != nullptr) {
        weights = eight_blocks(importance, blocks, padded_importance);
        importance += kEightBlocks;
      }
      values += kEightBlocks;
      search_scales(x, weights, false, scales);
      for (std::size_t lane = 0; lane < some; ++lane, x += kBlock) {
        store_half(scales[lane], bytes);
        store_codes(x, inverse_or_zero(scales[lane]), bytes + 2);
        bytes += format.block_bytes;
      }
    }
  }

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    for (; blocks > 0; --blocks, values += kBlock, bytes += format.block_bytes)
      restore_levels(bytes + 2, kLevels.data(), load_half(bytes), values);
  }
};

// Eight blocks whose scales are integers of 6 bits, less 32, in units of d: high pairs of bits, low nibbles, codes.
struct Iq4Xs {
  static constexpr BlockFormat format = *find_block_format("iq4_xs");
  static constexpr std::size_t kHigh = 2, kLow = 4, kCodes = 8;  // bytes of a block

  static void quantize(const float* values, std::size_t blocks, const BlockOptions& options, std::uint8_t* bytes) {
    const float* importance = options.importance;
    for (; blocks > 0; --blocks, bytes += format.block_bytes) {
      float scales[kLanes], largest = 0;
      search_scales(values, importance, true, scales);
      if (importance != nullptr) importance += kBlock * kLanes;
      for (const float scale : scales)
        if (std::fabs(scale) > std::fabs(largest)) largest = scale;
      const float d = -largest / 32, inverse = inverse_or_zero(d);
      store_half(d, bytes);
      std::fill(bytes + kHigh, bytes + kCodes, std::uint8_t{0});
      for (std::size_t j = 0; j < kLanes; ++j, values += kBlock) {
        // To even, by the bits of the sum: so the reference does, whatever the number.
        const auto bits = std::bit_cast<std::uint32_t>(inverse * scales[j] + simd::kRoundingMagic);
        const int scale = std::clamp(static_cast<int>(bits & 0x7FFFFF) - 0x400000, -32, 31);
        const auto code = static_cast<unsigned>(scale + 32);
        bytes[kHigh + j / 4] |= static_cast<std::uint8_t>(code >> 4 << j % 4 * 2);
        bytes[kLow + j / 2] |= static_cast<std::uint8_t>((code & 15) << j % 2 * 4);
        store_codes(values, inverse_or_zero(d * static_cast<float>(scale)), bytes + kCodes + 16 * j);
      }
    }
  }

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    for (; blocks > 0; --blocks, bytes += format.block_bytes) {
      const float d = load_half(bytes);
      for (std::size_t j = 0; j < kLanes; ++j, values += kBlock) {
        const int scale = (bytes[kHigh + j / 4] >> j % 4 * 2 & 3) << 4 | (bytes[kLow + j / 2] >> j % 2 * 4 & 15);
        restore_levels(bytes + kCodes + 16 * j, kLevels.data(), d * static_cast<float>(scale - 32), values);
      }
    }
  }
};

}  // namespace

const std::array<BlockKernels, 2> kGgmlIq4{kernels_of<Iq4Nl>(), kernels_of<Iq4Xs>()};

}  // namespace fewbits
