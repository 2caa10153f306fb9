// ggml's IQ1, IQ2 and IQ3: groups of eight or four elements are points of code books, with their signs apart. Decoding
// only. Their definition is cpp/reference/ggml_iq.cpp.
//
// A format is data here: its code book, what a digit is worth, and how sixteen elements that share a scale are read.
#include <array>
#include <bit>
#include <cstring>

#include "blocks/all.hpp"
#include "blocks/ggml_grids.hpp"
#include "blocks/ggml_lanes.hpp"
#include "blocks/half.hpp"

namespace fewbits {
namespace {

using namespace ggml;

constexpr std::size_t kPart = 16, kParts = 256 / kPart;

struct Part {
  const std::uint8_t* low;  // eight bits of each point
  std::uint32_t high;       // the bits above them, one point's after the other's
  std::uint32_t signs;      // of the elements, the first one's lowest
  std::uint32_t scale;      // x = d * unit * (2 scale + 1) * level
};

struct Layout {
  std::array<std::int8_t, 16> levels;  // of the digits; from 8 on with the sign
  float unit;
  BookName book;
  std::uint8_t step;          // bytes from one point's eight bits to the next
  std::uint8_t width, above;  // bits of `high` for each point, and a mask of those that are its own
  Part (*read)(const std::uint8_t* block, std::size_t part);
  float (*d)(const std::uint8_t* block) = load_half;
};

std::uint32_t load_word(const std::uint8_t* bytes) {
  std::uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

std::uint32_t nibble(const std::uint8_t* bytes, std::size_t i) {
  return bytes[i / 2] >> i % 2 * 4 & 15u;
}

// Eight signs in seven bits: their number is even.
std::uint32_t even_signs(std::uint32_t bits) {
  bits &= 127;
  return bits | (static_cast<std::uint32_t>(std::popcount(bits)) & 1) << 7;
}
std::uint32_t even_signs(std::uint32_t first, std::uint32_t second) {
  return even_signs(first) | even_signs(second) << 8;
}

// --- sixteen elements of a block -------------------------------------------------------------------------------------

// 32 elements: four points, then a word with four times seven signs and the scale.
Part read_iq2_xxs(const std::uint8_t* block, std::size_t part) {
  const std::uint8_t* const both = block + 2 + part / 2 * 8;
  const std::uint32_t word = load_word(both + 4), signs = word >> part % 2 * 14;
  return {both + part % 2 * 2, 0, even_signs(signs, signs >> 7), word >> 28};
}

// Words: a point in 9 bits, its signs in 7.
Part read_iq2_xs(const std::uint8_t* block, std::size_t part) {
  const std::uint8_t* const words = block + 2 + part * 4;
  const std::uint32_t both = load_word(words);
  return {words, both >> 8, even_signs(both >> 9, both >> 25), nibble(block + 66, part)};
}

Part read_iq2_s(const std::uint8_t* block, std::size_t part) {
  const std::uint8_t* const low = block + 2 + part * 2;
  return {low, nibble(block + 66, part), load_word(low + 32), nibble(block + 74, part)};
}

Part read_iq3_xxs(const std::uint8_t* block, std::size_t part) {
  const std::uint32_t word = load_word(block + 66 + part / 2 * 4), signs = word >> part % 2 * 14;
  return {block + 2 + part * 4, 0, even_signs(signs, signs >> 7), word >> 28};
}

Part read_iq3_s(const std::uint8_t* block, std::size_t part) {
  return {block + 2 + part * 4, nibble(block + 66, part), load_word(block + 74 + part * 2),
          nibble(block + 106, part / 2)};
}

// A word for 32 elements: the upper bits of four points, the scale, the sign of the shift.
Part read_iq1_s(const std::uint8_t* block, std::size_t part) {
  const std::uint8_t* const word = block + 34 + part / 2 * 2;
  const std::uint32_t bits = word[0] | word[1] << 8;
  return {block + 2 + part * 2, bits >> part % 2 * 6, 0u - (bits >> 15), bits >> 12 & 7};
}

// The sign of the shift is above the upper bits of each point.
Part read_iq1_m(const std::uint8_t* block, std::size_t part) {
  const std::uint32_t high = block[32 + part];
  const std::uint8_t* const word = block + 48 + part / 4 * 2;
  const std::uint32_t scales = word[0] | word[1] << 8;
  return {block + part * 2, high, (high >> 3 & 1) * 0xFF | (high >> 7) * 0xFF00, scales >> part % 4 * 3 & 7};
}

// Its float16 is the upper nibbles of four words.
float read_iq1_m_d(const std::uint8_t* block) {
  std::uint32_t half = 0;
  for (int i = 3; i >= 0; --i) half = half << 4 | block[49 + 2 * i] >> 4;
  return from_half(static_cast<std::uint16_t>(half));
}

// --- any of them -----------------------------------------------------------------------------------------------------

// 8 for every element whose sign is set.
v128_t eights(std::uint32_t signs) {
  const v128_t bit = wasm_i64x2_splat(static_cast<std::int64_t>(0x8040201008040201));
  const v128_t own = wasm_i8x16_shuffle(wasm_i32x4_splat(static_cast<int>(signs)), bit, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1,
                                        1, 1, 1, 1, 1);
  return wasm_v128_and(wasm_i8x16_eq(wasm_v128_and(own, bit), bit), wasm_i8x16_splat(8));
}

// The digits of a part's points.
FEWBITS_INLINE inline v128_t digits_of(const Layout& layout, const std::uint8_t* points, Part& part) {
  const auto next = [&](std::size_t size) {
    const std::uint8_t* const point = points + (*part.low | (part.high & layout.above) << 8) * size;
    part.low += layout.step;
    part.high >>= layout.width;
    return point;
  };
  if (kBooks[layout.book].digits == 8) {
    const v128_t first = wasm_v128_load64_zero(next(8));
    return wasm_v128_load64_lane(next(8), first, 1);
  }
  v128_t digits = wasm_v128_load32_zero(next(4));
  digits = wasm_v128_load32_lane(next(4), digits, 1);
  digits = wasm_v128_load32_lane(next(4), digits, 2);
  return wasm_v128_load32_lane(next(4), digits, 3);
}

template <const Layout& layout>
void dequantize_iq(const std::uint8_t* points, const std::uint8_t* block, float* values) {
  const v128_t levels = load(layout.levels.data());
  const float unit = layout.d(block) * layout.unit;
  for (std::size_t i = 0; i < kParts; ++i, values += kPart) {
    Part part = layout.read(block, i);
    const v128_t scale = splat(unit * static_cast<float>(2 * part.scale + 1));
    const v128_t codes = wasm_v128_or(digits_of(layout, points, part), eights(part.signs));
    widen_sixteen(wasm_i8x16_swizzle(levels, codes), [&](v128_t level, std::size_t at) FEWBITS_INLINE {
      store(values + at, wasm_f32x4_mul(wasm_f32x4_convert_i32x4(level), scale));
    });
  }
}

constexpr std::array<std::int8_t, 16> with_signs(std::array<std::int8_t, 8> levels) {
  std::array<std::int8_t, 16> both;
  for (std::size_t i = 0; i < 8; ++i) {
    both[i] = levels[i];
    both[i + 8] = static_cast<std::int8_t>(-levels[i]);
  }
  return both;
}
constexpr auto kLevels2 = with_signs({8, 25, 43});
// IQ1: -1, 0 and 1 in eighths, with the shift of an eighth.
constexpr std::array<std::int8_t, 16> kLevels1 = {-7, 1, 9, 0, 0, 0, 0, 0, -9, -1, 7};
constexpr auto kLevels3xxs = with_signs({4, 12, 20, 28, 36, 44, 52, 62});
constexpr auto kLevels3s = with_signs({1, 3, 5, 7, 9, 11, 13, 15});

constexpr Layout kIq1SLayout{kLevels1, 0.125f, kIq1, 1, 3, 7, read_iq1_s};
constexpr Layout kIq1MLayout{kLevels1, 0.125f, kIq1, 1, 4, 7, read_iq1_m, read_iq1_m_d};
constexpr Layout kIq2XxsLayout{kLevels2, 0.125f, kIq2xxs, 1, 0, 0, read_iq2_xxs};
constexpr Layout kIq2XsLayout{kLevels2, 0.125f, kIq2xs, 2, 16, 1, read_iq2_xs};
constexpr Layout kIq2SLayout{kLevels2, 0.125f, kIq2s, 1, 2, 3, read_iq2_s};
constexpr Layout kIq3XxsLayout{kLevels3xxs, 0.25f, kIq3xxs, 1, 0, 0, read_iq3_xxs};
constexpr Layout kIq3SLayout{kLevels3s, 1, kIq3s, 1, 1, 1, read_iq3_s};

template <std::size_t kRow, const Layout& layout>
struct Iq {
  static constexpr BlockFormat format = kBlockFormats[kRow];

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    const std::uint8_t* const points = book(layout.book);
    for (; blocks > 0; --blocks, bytes += format.block_bytes, values += format.block_size)
      dequantize_iq<layout>(points, bytes, values);
  }
};

constexpr std::size_t row(std::string_view name) {
  return row_of(kBlockFormats, name);
}

}  // namespace

const std::array<BlockKernels, 7> kGgmlIq{
    kernels_of<Iq<row("iq1_s"), kIq1SLayout>>(),     kernels_of<Iq<row("iq1_m"), kIq1MLayout>>(),
    kernels_of<Iq<row("iq2_xxs"), kIq2XxsLayout>>(), kernels_of<Iq<row("iq2_xs"), kIq2XsLayout>>(),
    kernels_of<Iq<row("iq2_s"), kIq2SLayout>>(),     kernels_of<Iq<row("iq3_xxs"), kIq3XxsLayout>>(),
    kernels_of<Iq<row("iq3_s"), kIq3SLayout>>(),
};

}  // namespace fewbits
