// ggml's K-quants: superblocks of 256 elements, cut into sub-blocks of 16 or 32, each with a scale, and in some formats
// a minimum, that are small integers in units of a float16. Their definition is cpp/reference/ggml_k.cpp.
//
// A format is data here: where its parts lie, and which search finds its scales (k_search.hpp).
#include <algorithm>
#include <array>

#include "blocks/all.hpp"
#include "blocks/half.hpp"
#include "simd.hpp"

namespace fewbits {
namespace {

using simd::load, simd::splat, simd::store;

constexpr std::size_t kSuperblock = 256;
constexpr std::size_t kPart = 16;  // elements that surely share a scale
constexpr std::size_t kParts = kSuperblock / kPart;

// Some bits of every code. `run` elements in a row lie in as many bytes in a row, above the run before.
struct Plane {
  std::uint8_t offset, bits, run;
  std::uint8_t place;  // of these bits in the code
};

// The integers of a superblock's sub-blocks, as they are decoded.
struct Integers {
  std::int8_t scales[16];
  std::int8_t mins[16];
};

struct Layout {
  std::uint8_t d;        // where the float16 is; one for the minima follows it
  std::int8_t lowest;    // code 0 means that
  bool long_sub_blocks;  // 32 elements, not 16
  bool has_mins;
  void (*unpack)(const std::uint8_t* block, Integers& integers);
  Plane planes[2];  // the second may have no bits
};

// x ~ scale * code - min, for 16 elements each.
struct Factors {
  float scales[kParts], mins[kParts];
};

// --- packed integers -------------------------------------------------------------------------------------------------

// Four bytes at once.
std::uint32_t load_word(const std::uint8_t* bytes) {
  std::uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

v128_t words(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  const std::uint32_t all[] = {a, b, c, d};
  return load(all);
}

// Q2_K: a byte for each sub-block, the minimum in its upper half.
void unpack_nibbles(const std::uint8_t* block, Integers& integers) {
  const v128_t both = load(block), mask = wasm_i8x16_splat(15);
  store(integers.scales, wasm_v128_and(both, mask));
  store(integers.mins, wasm_v128_and(wasm_u16x8_shr(both, 4), mask));
}

// Q4_K, Q5_K: four scales and four minima of 6 bits; above them the upper bits of the other four, whose lower bits
// follow.
void unpack_six_bits(const std::uint8_t* block, Integers& integers) {
  const std::uint32_t scales = load_word(block + 4), mins = load_word(block + 8), low = load_word(block + 12);
  const v128_t all = words(scales & 0x3F3F3F3F, (low & 0x0F0F0F0F) | (scales >> 2 & 0x30303030), mins & 0x3F3F3F3F,
                           (low >> 4 & 0x0F0F0F0F) | (mins >> 2 & 0x30303030));
  store(integers.scales, all);
  store(integers.mins, wasm_i64x2_shuffle(all, all, 1, 0));
}

// Q3_K: the lower halves of sixteen scales of 6 bits, then their upper bits.
void unpack_sixteen(const std::uint8_t* block, Integers& integers) {
  const std::uint32_t a = load_word(block + 96), b = load_word(block + 100), high = load_word(block + 104);
  const v128_t low = wasm_v128_and(words(a, b, a >> 4, b >> 4), wasm_i8x16_splat(15));
  const v128_t top = wasm_v128_and(words(high << 4, high << 2, high, high >> 2), wasm_i8x16_splat(48));
  store(integers.scales, wasm_i8x16_sub(wasm_v128_or(low, top), wasm_i8x16_splat(32)));
}

void unpack_bytes(const std::uint8_t* block, Integers& integers) {
  store(integers.scales, load(block + 192));
}

Factors read_factors(const Layout& layout, const std::uint8_t* block) {
  Integers integers;
  layout.unpack(block, integers);
  Factors factors;
  const float d = load_half(block + layout.d), dmin = layout.has_mins ? load_half(block + layout.d + 2) : 0;
  for (std::size_t i = 0; i < kParts; ++i) {
    const std::size_t j = layout.long_sub_blocks ? i / 2 : i;
    factors.scales[i] = d * integers.scales[j];
    factors.mins[i] = layout.has_mins ? dmin * integers.mins[j] : 0;
  }
  return factors;
}

// --- codes -----------------------------------------------------------------------------------------------------------

// step(bytes, shift, codes) for 16 bytes of a plane and the 16 codes that have bits there.
template <class Step>
[[gnu::always_inline]] inline void for_each_run(const Plane& plane, Step step) {
  std::size_t byte = plane.offset;
  for (std::size_t code = 0; code < kSuperblock; byte += plane.run)
    for (std::uint32_t shift = 0; shift < 8; shift += plane.bits)
      for (std::size_t i = 0; i < plane.run; i += 16, code += 16) step(byte + i, shift, code);
}

void unpack_codes(const Layout& layout, const std::uint8_t* block, std::uint8_t* codes) {
  std::memset(codes, 0, kSuperblock);
  for (const Plane& plane : layout.planes) {
    if (plane.bits == 0) break;
    const v128_t mask = wasm_i8x16_splat(static_cast<std::int8_t>((1 << plane.bits) - 1));
    for_each_run(plane, [&](std::size_t byte, std::uint32_t shift, std::size_t code) {
      const v128_t bits = wasm_v128_and(wasm_u16x8_shr(load(block + byte), shift), mask);
      store(codes + code, wasm_v128_or(load(codes + code), wasm_i16x8_shl(bits, plane.place)));
    });
  }
}

void expand(const std::uint8_t* codes, int lowest, const Factors& factors, float* values) {
  const v128_t offset = wasm_i8x16_splat(static_cast<std::int8_t>(lowest));
  for (std::size_t j = 0; j < kParts; ++j, codes += kPart, values += kPart) {
    const v128_t scale = splat(factors.scales[j]), min = splat(factors.mins[j]);
    const v128_t all = wasm_i8x16_add(load(codes), offset);
    const v128_t low = wasm_i16x8_extend_low_i8x16(all), high = wasm_i16x8_extend_high_i8x16(all);
    const auto put = [&](v128_t code_i32x4, float* to) {
      store(to, wasm_f32x4_sub(wasm_f32x4_mul(scale, wasm_f32x4_convert_i32x4(code_i32x4)), min));
    };
    put(wasm_i32x4_extend_low_i16x8(low), values);
    put(wasm_i32x4_extend_high_i16x8(low), values + 4);
    put(wasm_i32x4_extend_low_i16x8(high), values + 8);
    put(wasm_i32x4_extend_high_i16x8(high), values + 12);
  }
}

void dequantize_k(const Layout& layout, std::size_t block_bytes, const std::uint8_t* bytes, std::size_t blocks,
                  float* values) {
  for (; blocks > 0; --blocks, bytes += block_bytes, values += kSuperblock) {
    std::uint8_t codes[kSuperblock];
    unpack_codes(layout, bytes, codes);
    expand(codes, layout.lowest, read_factors(layout, bytes), values);
  }
}

// --- the formats -----------------------------------------------------------------------------------------------------

constexpr Layout kQ2{.d = 80,
                     .lowest = 0,
                     .long_sub_blocks = false,
                     .has_mins = true,
                     .unpack = unpack_nibbles,
                     .planes = {{16, 2, 32, 0}, {}}};
constexpr Layout kQ3{.d = 108,
                     .lowest = -4,
                     .long_sub_blocks = false,
                     .has_mins = false,
                     .unpack = unpack_sixteen,
                     .planes = {{32, 2, 32, 0}, {0, 1, 32, 2}}};
constexpr Layout kQ4{.d = 0,
                     .lowest = 0,
                     .long_sub_blocks = true,
                     .has_mins = true,
                     .unpack = unpack_six_bits,
                     .planes = {{16, 4, 32, 0}, {}}};
constexpr Layout kQ5{.d = 0,
                     .lowest = 0,
                     .long_sub_blocks = true,
                     .has_mins = true,
                     .unpack = unpack_six_bits,
                     .planes = {{48, 4, 32, 0}, {16, 1, 32, 4}}};
constexpr Layout kQ6{.d = 208,
                     .lowest = -32,
                     .long_sub_blocks = false,
                     .has_mins = false,
                     .unpack = unpack_bytes,
                     .planes = {{0, 4, 64, 0}, {128, 2, 32, 4}}};

template <std::size_t kRow, const Layout& layout>
struct KQuant {
  static constexpr BlockFormat format = kBlockFormats[kRow];

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    dequantize_k(layout, format.block_bytes, bytes, blocks, values);
  }
};

// One float32 scale, the codes, and the sums of sixteen codes each, which decoding does not need.
struct Q8K {
  static constexpr BlockFormat format = *find_block_format("q8_k");

  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    for (; blocks > 0; --blocks, bytes += format.block_bytes, values += kSuperblock) {
      float d;
      std::memcpy(&d, bytes, sizeof d);
      Factors factors{};
      std::fill_n(factors.scales, kParts, d);
      expand(bytes + sizeof d, 0, factors, values);
    }
  }
};

constexpr std::size_t row(std::string_view name) {
  return row_of(kBlockFormats, name);
}

}  // namespace

const std::array<BlockKernels, 6> kKQuants{
    kernels_of<KQuant<row("q2_k"), kQ2>>(), kernels_of<KQuant<row("q3_k"), kQ3>>(),
    kernels_of<KQuant<row("q4_k"), kQ4>>(), kernels_of<KQuant<row("q5_k"), kQ5>>(),
    kernels_of<KQuant<row("q6_k"), kQ6>>(), kernels_of<Q8K>(),
};

}  // namespace fewbits
