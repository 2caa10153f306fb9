// bitsandbytes' blocks: an absmax, then codes that name numbers by a list. Their definition is
// cpp/reference/bitsandbytes.cpp.
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <limits>
#include <span>

#include "blocks/all.hpp"
#include "blocks/shared_scale.hpp"
#include "fewbits/calibrate.hpp"
#include "fewbits/codebooks.hpp"
#include "fewbits/codec.hpp"
#include "simd.hpp"

namespace fewbits {
namespace {

using simd::load, simd::splat, simd::store;

constexpr float kSmallestAbsmax = 1e-38f;
constexpr std::size_t kNestedBlock = 256;
constexpr std::size_t kStep = 64;  // every block is a multiple of it

float reciprocal(float absmax) {
  return 1 / std::max(absmax, kSmallestAbsmax);
}

std::size_t block_size_of(const BlockFormat& format, const BlockOptions& options) {
  const std::size_t size = options.block_size != 0 ? options.block_size : format.block_size;
  assert(size % kStep == 0);
  return size;
}

// --- lists of 16 numbers ---------------------------------------------------------------------------------------------

struct List16 {
  float midpoints[15];         // between neighbours, ascending
  std::uint8_t ranked[16];     // the codes in the order of their numbers
  std::uint8_t planes[4][16];  // each code's number, byte by byte
};

constexpr List16 list_of(const std::array<float, 16>& numbers) {
  List16 list{};
  for (std::uint8_t code = 0; code < 16; ++code) {
    int rank = code;
    for (; rank > 0 && numbers[list.ranked[rank - 1]] > numbers[code]; --rank)
      list.ranked[rank] = list.ranked[rank - 1];
    list.ranked[rank] = code;
    const auto bits = std::bit_cast<std::uint32_t>(numbers[code]);
    for (int byte = 0; byte < 4; ++byte) list.planes[byte][code] = static_cast<std::uint8_t>(bits >> (8 * byte));
  }
  for (int i = 0; i < 15; ++i) list.midpoints[i] = (numbers[list.ranked[i]] + numbers[list.ranked[i + 1]]) / 2;
  return list;
}

// The first of two elements is in the upper half of their byte.
v128_t swap_pairs(v128_t codes) {
  return wasm_i8x16_shuffle(codes, codes, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
}

// An element's rank is the number of midpoints below it: a true comparison is the integer -1.
v128_t nearest_codes(const List16& list, const float* x) {
  const v128_t x0 = load(x), x1 = load(x + 4), x2 = load(x + 8), x3 = load(x + 12);
  v128_t rank0 = splat(0), rank1 = rank0, rank2 = rank0, rank3 = rank0;
  for (const float number : list.midpoints) {
    const v128_t midpoint = splat(number);
    rank0 = wasm_i32x4_sub(rank0, wasm_f32x4_gt(x0, midpoint));
    rank1 = wasm_i32x4_sub(rank1, wasm_f32x4_gt(x1, midpoint));
    rank2 = wasm_i32x4_sub(rank2, wasm_f32x4_gt(x2, midpoint));
    rank3 = wasm_i32x4_sub(rank3, wasm_f32x4_gt(x3, midpoint));
  }
  const v128_t ranks =
      wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(rank0, rank1), wasm_i16x8_narrow_i32x4(rank2, rank3));
  return swap_pairs(wasm_i8x16_swizzle(load(list.ranked), ranks));
}

// Eight numbers from the halves of their bits.
void store_eight(v128_t low, v128_t high, v128_t absmax, float* values) {
  store(values, wasm_f32x4_mul(wasm_i16x8_shuffle(low, high, 0, 8, 1, 9, 2, 10, 3, 11), absmax));
  store(values + 4, wasm_f32x4_mul(wasm_i16x8_shuffle(low, high, 4, 12, 5, 13, 6, 14, 7, 15), absmax));
}

v128_t interleave_low(v128_t a, v128_t b) {
  return wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
v128_t interleave_high(v128_t a, v128_t b) {
  return wasm_i8x16_shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

void store_numbers(const List16& list, v128_t codes, v128_t absmax, float* values) {
  const v128_t code = swap_pairs(codes);
  const auto byte = [&](int i) { return wasm_i8x16_swizzle(load(list.planes[i]), code); };
  const v128_t byte0 = byte(0), byte1 = byte(1), byte2 = byte(2), byte3 = byte(3);
  store_eight(interleave_low(byte0, byte1), interleave_low(byte2, byte3), absmax, values);
  store_eight(interleave_high(byte0, byte1), interleave_high(byte2, byte3), absmax, values + 8);
}

void quantize_16(const List16& list, const float* values, std::size_t blocks, std::size_t block_size,
                 std::uint8_t* bytes) {
  for (; blocks > 0; --blocks) {
    const float absmax = absmax_of(values, block_size);
    std::memcpy(bytes, &absmax, sizeof absmax);
    bytes += sizeof absmax;
    for (const float* const end = values + block_size; values != end; values += kStep, bytes += kStep / 2) {
      float scaled[kStep];
      std::uint8_t codes[kStep];
      scale_values(values, kStep, {reciprocal(absmax), 1, 1}, scaled);
      for (std::size_t i = 0; i < kStep; i += 16) store(codes + i, nearest_codes(list, scaled + i));
      pack_bits(codes, 4, bytes);
    }
  }
}

void dequantize_16(const List16& list, const std::uint8_t* bytes, std::size_t blocks, std::size_t block_size,
                   float* values) {
  for (; blocks > 0; --blocks) {
    float absmax;
    std::memcpy(&absmax, bytes, sizeof absmax);
    bytes += sizeof absmax;
    for (const float* const end = values + block_size; values != end; bytes += kStep / 2) {
      std::uint8_t codes[kStep];
      unpack_bits(bytes, 4, codes);
      for (std::size_t i = 0; i < kStep; i += 16, values += 16)
        store_numbers(list, load(codes + i), splat(absmax), values);
    }
  }
}

template <std::size_t kRow, const std::array<float, 16>& kNumbers>
struct Blockwise4 {
  static constexpr BlockFormat format = kBlockFormats[kRow];
  static constexpr List16 list = list_of(kNumbers);

  static void quantize(const float* values, std::size_t blocks, const BlockOptions& options, std::uint8_t* bytes) {
    quantize_16(list, values, blocks, block_size_of(format, options), bytes);
  }
  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions& options, float* values) {
    dequantize_16(list, bytes, blocks, block_size_of(format, options), values);
  }
};

// --- the dynamic map -------------------------------------------------------------------------------------------------

[[gnu::noinline]] std::array<float, 256> dynamic_numbers() {
  return dynamic_map();
}

// Its code is the rank of a number in the map: no lane can look into a list of 256, so one element goes after another.
// Float32's upper bits name cells that hold one midpoint at most: a cell knows how many lie below it.
class DynamicMap {
 public:
  [[gnu::noinline]] DynamicMap() {
    const auto numbers = dynamic_numbers();
    for (std::size_t i = 0; i < 255; ++i) midpoints_[i] = (numbers[i] + numbers[i + 1]) / 2;
    midpoints_[255] = std::numeric_limits<float>::infinity();
    std::size_t rank = 0;
    const auto ranked = [&](float least) {
      while (midpoints_[rank] < least) ++rank;
      return static_cast<std::uint8_t>(rank);
    };
    for (std::uint32_t cell = kCells; cell-- > 0;) below_[1][cell] = ranked(-start_of(cell + 1));
    for (std::uint32_t cell = 0; cell < kCells; ++cell) below_[0][cell] = ranked(start_of(cell));
  }

  // Returns the values' absmax.
  [[gnu::noinline]] float quantize(std::span<const float> values, std::uint8_t* codes) const {
    const float largest = absmax(values), factor = reciprocal(largest);
    // What is rounded beyond +-1 is nearest to it all the same.
    for (const float value : values) *codes++ = nearest(value * factor);
    return largest;
  }

 private:
  // Cells of 1/64 of a power of two, narrower than any two midpoints are apart: from 2^-23, below which there is none
  // but that of 0, to the one that begins with 1.
  static constexpr int kShift = 17;
  static constexpr std::uint32_t kFirstCell = (127 - 23) << 6, kLastCell = 127 << 6,
                                 kCells = kLastCell - kFirstCell + 1;
  static float start_of(std::uint32_t cell) { return std::bit_cast<float>((kFirstCell + cell) << kShift); }

  [[nodiscard]] std::uint8_t nearest(float x) const {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t cell = std::clamp(bits << 1 >> (kShift + 1), kFirstCell, kLastCell) - kFirstCell;
    const std::uint8_t rank = below_[bits >> 31][cell];
    return static_cast<std::uint8_t>(rank + (x > midpoints_[rank]));
  }

  float midpoints_[256];
  std::uint8_t below_[2][kCells];
};

struct Blockwise8 {
  static constexpr BlockFormat format = *find_block_format("bnb_int8_blockwise");

  static void quantize(const float* values, std::size_t blocks, const BlockOptions& options, std::uint8_t* bytes) {
    const DynamicMap map;
    const std::size_t size = block_size_of(format, options);
    for (; blocks > 0; --blocks, values += size, bytes += size) {
      const float absmax = map.quantize({values, size}, bytes + sizeof absmax);
      std::memcpy(bytes, &absmax, sizeof absmax);
      bytes += sizeof absmax;
    }
  }
  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions& options, float* values) {
    const auto numbers = dynamic_numbers();
    const std::size_t size = block_size_of(format, options);
    for (; blocks > 0; --blocks) {
      float absmax;
      std::memcpy(&absmax, bytes, sizeof absmax);
      bytes += sizeof absmax;
      for (const std::uint8_t* const end = bytes + size; bytes != end;) *values++ = numbers[*bytes++] * absmax;
    }
  }
};

}  // namespace

void nest_absmax(std::span<const float> absmax, float offset, std::uint8_t* codes, float* scales) {
  const DynamicMap map;
  while (!absmax.empty()) {
    float centred[kNestedBlock];
    const auto block = absmax.first(std::min(kNestedBlock, absmax.size()));
    std::transform(block.begin(), block.end(), centred, [offset](float x) { return x - offset; });
    const float scale = map.quantize({centred, block.size()}, codes);
    *scales++ = block.size() == kNestedBlock ? scale : std::max(scale, kSmallestAbsmax);
    codes += block.size();
    absmax = absmax.subspan(block.size());
  }
}

void unnest_absmax(std::span<const std::uint8_t> codes, const float* scales, float offset, float* absmax) {
  const auto numbers = dynamic_numbers();
  for (std::size_t i = 0; i < codes.size(); ++i) absmax[i] = numbers[codes[i]] * scales[i / kNestedBlock] + offset;
}

const std::array<BlockKernels, 3> kBitsandbytes{
    kernels_of<Blockwise4<row_of(kBlockFormats, "nf4"), kNf4>>(),
    kernels_of<Blockwise4<row_of(kBlockFormats, "fp4"), kBitsandbytesFp4>>(),
    kernels_of<Blockwise8>(),
};

}  // namespace fewbits
