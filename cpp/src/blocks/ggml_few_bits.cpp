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

// code - 1, times the scale.
void restore_ternary(std::uint8_t* codes, std::size_t count, float scale, float* values) {
  for (std::size_t i = 0; i < count; i += 16) store(codes + i, wasm_i8x16_sub(load(codes + i), wasm_i8x16_splat(1)));
  restore(codes, count, scale, values);
}

// --- Q1_0, Q2_0 ------------------------------------------------------------------------------------------------------

constexpr std::size_t kSigns = 128, kLanes = simd::kLanes;

struct Q1_0 {
  static constexpr BlockFormat format = *find_block_format("q1_0");

  static void quantize(const float* values, std::size_t blocks, const BlockOptions&, std::uint8_t* bytes) {
    while (blocks > 0) {
      // Four blocks at a time, the last one again where there are no four: each sum in the order of its elements.
      const std::size_t some = std::min(blocks, kLanes);
      const auto element = [&](std::size_t block, std::size_t i)
                               FEWBITS_INLINE { return values[std::min(block, some - 1) * kSigns + i]; };
      v128_t sum = splat(0);
      for (std::size_t i = 0; i < kSigns; ++i)
        sum = wasm_f32x4_add(
            sum, wasm_f32x4_abs(wasm_f32x4_make(element(0, i), element(1, i), element(2, i), element(3, i))));
      float mean[kLanes];
      store(mean, wasm_f32x4_mul(sum, splat(1.0f / kSigns)));
      for (std::size_t k = 0; k < some; ++k, bytes += format.block_bytes) {
        store_half(mean[k], bytes);
        std::uint8_t is_positive[kSigns];
        for (std::size_t at = 0; at < kSigns; at += 16, values += 16)
          store(is_positive + at, sixteen_signed([&](std::size_t i) FEWBITS_INLINE {
                  return wasm_f32x4_ge(load(values + i), splat(0.0f));
                }));
        pack_bits(is_positive, 1, bytes + 2);
      }
      blocks -= some;
    }
  }

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    for (; blocks > 0; --blocks, values += kSigns, bytes += format.block_bytes) {
      std::uint8_t codes[kSigns];
      unpack_bits(bytes + 2, 1, codes);
      for (std::size_t i = 0; i < kSigns; i += 16) store(codes + i, wasm_i8x16_shl(load(codes + i), 1));
      restore_ternary(codes, kSigns, load_half(bytes), values);
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
      restore_ternary(codes, kBlock, load_half(bytes), values);
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
      restore_ternary(codes, kSuperblock, load_half(bytes), values);
      bytes += 2;
    }
  }
};

// Trits lie as codes of two bits do, in five runs of 32 elements and five of 16, the first run in the leading digits;
// the last 16 elements are four runs of 4. Sixteen bytes at a time, the last of which are there in part alone.
struct Trits {
  std::size_t first, run;
};
constexpr Trits kTrits[] = {{0, 32}, {16, 32}, {160, 16}, {240, 4}};

// Five trits are a number n below 243, and a byte holds the fraction n / 243 in 256ths, rounded up. Its threefold then
// has the first trit before the point.
struct Tq1_0 {
  static constexpr BlockFormat format = *find_block_format("tq1_0");
  static constexpr std::size_t kBytes = format.block_bytes - 2, kPadding = 16;

  static void quantize(const float* values, std::size_t blocks, const BlockOptions&, std::uint8_t* bytes) {
    for (; blocks > 0; --blocks, values += kSuperblock) {
      std::uint8_t codes[kSuperblock + kPadding] = {}, numbers[64];
      const float scale = ternary_codes(values, kSuperblock, kNone, codes);
      std::uint8_t* to = numbers;
      for (const auto& [first, run] : kTrits) {
        v128_t number = splat(0);
        for (std::size_t digit = 0; digit < 5; ++digit)
          number = wasm_i8x16_add(threefold(number), load(codes + first + digit * run));
        store(to, number);
        to += 16;
      }
      for (std::size_t i = 0; i < kBytes; ++i) *bytes++ = static_cast<std::uint8_t>((numbers[i] * 256u + 242) / 243);
      store_half(scale, bytes);
      bytes += 2;
    }
  }

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    for (; blocks > 0; --blocks, values += kSuperblock, bytes += 2) {
      std::uint8_t codes[kSuperblock + kPadding], fractions[64] = {};
      std::memcpy(fractions, bytes, kBytes);
      bytes += kBytes;
      const std::uint8_t* from = fractions;
      for (const auto& [first, run] : kTrits) {
        v128_t fraction = load(from);
        from += 16;
        for (std::size_t digit = 0; digit < 5; ++digit, fraction = threefold(fraction)) {
          // The threefold reaches 256 from 86 on, and 512 from 171 on.
          const v128_t one = wasm_u8x16_gt(fraction, wasm_i8x16_splat(85));
          const v128_t two = wasm_u8x16_gt(fraction, wasm_i8x16_splat(static_cast<std::int8_t>(170)));
          store(codes + first + digit * run, wasm_i8x16_neg(wasm_i8x16_add(one, two)));
        }
      }
      restore_ternary(codes, kSuperblock, load_half(bytes), values);
    }
  }

 private:
  static v128_t threefold(v128_t bytes) { return wasm_i8x16_add(wasm_i8x16_add(bytes, bytes), bytes); }
};

}  // namespace

const std::array<BlockKernels, 4> kGgmlFewBits{kernels_of<Q1_0>(), kernels_of<Q2_0>(), kernels_of<Tq1_0>(),
                                               kernels_of<Tq2_0>()};

}  // namespace fewbits
