// ggml's formats of one and two bits, and of a trit: Q1_0, Q2_0, TQ1_0, TQ2_0. Their definitions are
// cpp/reference/ggml_simple.cpp and ggml_ternary.cpp.
#include <array>
#include <bit>
#include <limits>

#include "blocks/all.hpp"
#include "blocks/ggml_lanes.hpp"
#include "blocks/half.hpp"
#include "blocks/shared_scale.hpp"
#include "fewbits/codec.hpp"

namespace fewbits {
namespace {

using namespace ggml;

constexpr std::size_t kSuperblock = 256;

// --- between elements and codes of a byte ----------------------------------------------------------------------------

// 1 + round(x / absmax), ties away from zero: 0, 1, 2. Where 1 / absmax is infinite and `above` 1.5, 3 too. Returns the
// absmax.
float ternary_codes(const float* values, std::size_t count, float above, std::uint8_t* codes) {
  const float absmax = absmax_of(values, count);
  const v128_t inverse = splat(inverse_or_zero(absmax)), half = splat(0.5f), limit = splat(above);
  for (std::size_t from = 0; from < count; from += 16) {
    const v128_t rounded = sixteen_signed([&](std::size_t i) FEWBITS_INLINE {
      const v128_t x = wasm_f32x4_mul(load(values + from + i), inverse);  // a true comparison is the integer -1
      const v128_t up = wasm_i32x4_add(wasm_f32x4_ge(x, half), wasm_f32x4_ge(x, limit));
      return wasm_i32x4_sub(wasm_f32x4_le(x, wasm_f32x4_neg(half)), up);
    });
    store(codes + from, wasm_i8x16_add(rounded, wasm_i8x16_splat(1)));
  }
  return absmax;
}

// (code * factor - 1) * scale
void restore(const std::uint8_t* codes, std::size_t count, int factor, float scale, float* values) {
  const v128_t step = splat(scale), one = wasm_i8x16_splat(1);
  for (std::size_t i = 0; i < count; i += 16)
    store_scaled(wasm_i8x16_sub(wasm_i8x16_shl(load(codes + i), factor - 1), one), step, values + i);
}

// --- Q1_0, Q2_0 ------------------------------------------------------------------------------------------------------

constexpr std::size_t kSigns = 128, kLanes = simd::kLanes;

// Element i of four blocks becomes vector i; of the last block where there are no four. A sum over vectors then adds a
// block's elements in their order.
inline void to_lanes(const float* values, std::size_t blocks, std::size_t block_size, v128_t* lanes) {
  const float* block[kLanes];
  for (std::size_t k = 0; k < kLanes; ++k) block[k] = values + std::min(k, blocks - 1) * block_size;
  for (std::size_t i = 0; i < block_size; i += 4, lanes += 4) {
    const v128_t a = load(block[0] + i), b = load(block[1] + i), c = load(block[2] + i), d = load(block[3] + i);
    const v128_t ab_low = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), ab_high = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
    const v128_t cd_low = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), cd_high = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
    lanes[0] = wasm_i64x2_shuffle(ab_low, cd_low, 0, 2);
    lanes[1] = wasm_i64x2_shuffle(ab_low, cd_low, 1, 3);
    lanes[2] = wasm_i64x2_shuffle(ab_high, cd_high, 0, 2);
    lanes[3] = wasm_i64x2_shuffle(ab_high, cd_high, 1, 3);
  }
}

struct Q1_0 {
  static constexpr BlockFormat format = *find_block_format("q1_0");

  static void quantize(const float* values, std::size_t blocks, const BlockOptions&, std::uint8_t* bytes) {
    for (std::size_t some; blocks > 0; blocks -= some) {
      some = std::min(blocks, kLanes);
      v128_t lanes[kSigns], sum = splat(0);
      to_lanes(values, some, kSigns, lanes);
      for (const v128_t x : lanes) sum = wasm_f32x4_add(sum, wasm_f32x4_abs(x));
      float mean[kLanes];
      store(mean, wasm_f32x4_mul(sum, splat(1.0f / kSigns)));
      for (std::size_t k = 0; k < some; ++k, values += kSigns, bytes += format.block_bytes) {
        store_half(mean[k], bytes);
        std::uint8_t is_positive[kSigns];
        for (std::size_t from = 0; from < kSigns; from += 16)
          store(is_positive + from, sixteen_signed([&](std::size_t i) FEWBITS_INLINE {
                  return wasm_f32x4_ge(load(values + from + i), splat(0.0f));
                }));
        pack_bits(is_positive, 1, bytes + 2);
      }
    }
  }

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    for (; blocks > 0; --blocks, values += kSigns, bytes += format.block_bytes) {
      std::uint8_t codes[kSigns];
      unpack_bits(bytes + 2, 1, codes);
      restore(codes, kSigns, 2, load_half(bytes), values);
    }
  }
};

struct Q2_0 {
  static constexpr BlockFormat format = *find_block_format("q2_0");
  static constexpr std::size_t kBlock = format.block_size;

  static void quantize(const float* values, std::size_t blocks, const BlockOptions&, std::uint8_t* bytes) {
    for (; blocks > 0; --blocks, values += kBlock, bytes += format.block_bytes) {
      std::uint8_t codes[kBlock];
      store_half(ternary_codes(values, kBlock, 1.5f, codes), bytes);
      pack_bits(codes, 2, bytes + 2);
    }
  }

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    for (; blocks > 0; --blocks, values += kBlock, bytes += format.block_bytes) {
      std::uint8_t codes[kBlock];
      unpack_bits(bytes + 2, 2, codes);
      restore(codes, kBlock, 1, load_half(bytes), values);
    }
  }
};

// --- TQ2_0, TQ1_0 ----------------------------------------------------------------------------------------------------

// Never reached: a trit has no 3.
constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

// Codes of two bits, interleaved so that 32 elements in a row lie in 32 bytes in a row.
struct Tq2_0 {
  static constexpr BlockFormat format = *find_block_format("tq2_0");

  static void quantize(const float* values, std::size_t blocks, const BlockOptions&, std::uint8_t* bytes) {
    for (; blocks > 0; --blocks, values += kSuperblock) {
      std::uint8_t codes[kSuperblock];
      const float scale = ternary_codes(values, kSuperblock, kNone, codes);
      for (std::size_t i = 0; i < kSuperblock; i += i % 32 == 16 ? 112 : 16, bytes += 16) {
        v128_t four = load(codes + i + 96);
        for (std::size_t run = 96; run > 0; run -= 32)
          four = wasm_v128_or(wasm_i8x16_shl(four, 2), load(codes + i + run - 32));
        store(bytes, four);
      }
      store_half(scale, bytes);
      bytes += 2;
    }
  }

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    for (; blocks > 0; --blocks, values += kSuperblock) {
      std::uint8_t codes[kSuperblock];
      for (std::size_t i = 0; i < kSuperblock; i += i % 32 == 16 ? 112 : 16, bytes += 16) {
        v128_t four = load(bytes);
        for (std::size_t run = 0; run < 128; run += 32, four = wasm_u8x16_shr(four, 2))
          store(codes + i + run, wasm_v128_and(four, wasm_i8x16_splat(3)));
      }
      restore(codes, kSuperblock, 1, load_half(bytes), values);
      bytes += 2;
    }
  }
};

// Where trits lie: `digits` runs of `bytes` elements, the first run in the leading digits.
struct Trits {
  std::size_t bytes, digits;
};
constexpr Trits kTrits[] = {{32, 5}, {16, 5}, {4, 4}};

// Five trits are a number n below 243, and a byte holds the fraction n / 243 in 256ths, rounded up. Its threefold then
// has the first trit before the point.
struct Tq1_0 {
  static constexpr BlockFormat format = *find_block_format("tq1_0");

  static void quantize(const float* values, std::size_t blocks, const BlockOptions&, std::uint8_t* bytes) {
    for (; blocks > 0; --blocks, values += kSuperblock) {
      std::uint8_t codes[kSuperblock];
      const float scale = ternary_codes(values, kSuperblock, kNone, codes);
      const std::uint8_t* trits = codes;
      for (const auto& [count, digits] : kTrits) {
        for (std::size_t i = 0; i < count; ++i) {
          unsigned number = 0;
          for (std::size_t digit = 0; digit < digits; ++digit) number = 3 * number + trits[digit * count + i];
          if (digits == 4) number *= 3;
          *bytes++ = static_cast<std::uint8_t>((number * 256 + 242) / 243);
        }
        trits += count * digits;
      }
      store_half(scale, bytes);
      bytes += 2;
    }
  }

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    for (; blocks > 0; --blocks, values += kSuperblock) {
      std::uint8_t codes[kSuperblock + 16];
      std::uint8_t* trits = codes;
      for (const auto& [count, digits] : kTrits) {
        std::uint8_t fractions[16] = {};
        for (std::size_t from = 0; from < count; from += 16) {
          const std::size_t some = std::min<std::size_t>(count, 16);
          std::copy_n(bytes, some, fractions);
          bytes += some;
          v128_t fraction = load(fractions);
          for (std::size_t digit = 0; digit < digits; ++digit) {
            // The threefold reaches 256 from 86 on, and 512 from 171 on.
            const v128_t ones = wasm_u8x16_gt(fraction, wasm_i8x16_splat(85)),
                         twos = wasm_u8x16_gt(fraction, wasm_i8x16_splat(static_cast<std::int8_t>(170)));
            store(trits + digit * count + from, wasm_i8x16_neg(wasm_i8x16_add(ones, twos)));
            fraction = wasm_i8x16_add(wasm_i8x16_add(fraction, fraction), fraction);
          }
        }
        trits += count * digits;
      }
      restore(codes, kSuperblock, 1, load_half(bytes), values);
      bytes += 2;
    }
  }
};

}  // namespace

const std::array<BlockKernels, 4> kGgmlFewBits{kernels_of<Q1_0>(), kernels_of<Q2_0>(), kernels_of<Tq1_0>(),
                                               kernels_of<Tq2_0>()};

}  // namespace fewbits
