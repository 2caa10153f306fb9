// ggml's K-quants: superblocks of 256 elements, cut into sub-blocks of 16 or 32, each with a scale, and in some formats
// a minimum, that are small integers in units of a float16. Their definition is cpp/reference/ggml_k.cpp.
//
// A format is data here: where its parts lie, and which search finds its scales (k_search.hpp).
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "blocks/all.hpp"
#include "blocks/ggml_lanes.hpp"
#include "blocks/half.hpp"
#include "blocks/k_search.hpp"
#include "blocks/shared_scale.hpp"
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

// The integers of a superblock's sub-blocks. An encoder's may be larger than there is room for.
struct Integers {
  std::uint8_t scales[16], mins[16];
};

// How the scales are found where they have minima.
struct Asymmetric {
  k::Trials trials;      // without importance
  std::uint8_t highest;  // of the codes
  std::uint8_t scale_limit;
  bool clamps, clamps_with_importance;
};

struct Layout {
  std::uint8_t d;        // where the float16 is; one for the minima follows it
  std::int8_t lowest;    // code 0 means that; symmetric formats reach up to -lowest - 1
  bool long_sub_blocks;  // 32 elements, not 16
  void (*unpack)(const std::uint8_t* block, Integers& integers);
  void (*pack)(const Integers& integers, std::uint8_t* block);
  float spread;  // of weights with an importance, in mean squares of the superblock; 0: the importance is the weight
  const Asymmetric* asymmetric;  // nullptr: there are no minima
  Plane planes[2];               // the second may have no bits
};

// x ~ scale * code - min, for 16 elements each.
struct Factors {
  float scales[kParts], mins[kParts];
};

[[gnu::noinline]] float get_half(const std::uint8_t* bytes) {
  return load_half(bytes);
}
[[gnu::noinline]] void put_half(float value, std::uint8_t* bytes) {
  store_half(value, bytes);
}

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

void pack_nibbles(const Integers& integers, std::uint8_t* block) {
  for (std::size_t j = 0; j < 16; ++j) block[j] = static_cast<std::uint8_t>(integers.scales[j] | integers.mins[j] << 4);
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

void pack_six_bits(const Integers& integers, std::uint8_t* block) {
  const std::uint32_t high_scales = load_word(integers.scales + 4), high_mins = load_word(integers.mins + 4);
  const std::uint32_t scales = load_word(integers.scales) | (high_scales << 2 & 0xC0C0C0C0);
  const std::uint32_t mins = load_word(integers.mins) | (high_mins << 2 & 0xC0C0C0C0);
  const std::uint32_t low = (high_scales & 0x0F0F0F0F) | (high_mins & 0x0F0F0F0F) << 4;
  std::memcpy(block + 4, &scales, sizeof scales);
  std::memcpy(block + 8, &mins, sizeof mins);
  std::memcpy(block + 12, &low, sizeof low);
}

// Q3_K: the lower halves of sixteen scales of 6 bits, then their upper bits.
void unpack_sixteen(const std::uint8_t* block, Integers& integers) {
  const std::uint32_t a = load_word(block + 96), b = load_word(block + 100), high = load_word(block + 104);
  const v128_t low = wasm_v128_and(words(a, b, a >> 4, b >> 4), wasm_i8x16_splat(15));
  const v128_t top = wasm_v128_and(words(high << 4, high << 2, high, high >> 2), wasm_i8x16_splat(48));
  store(integers.scales, wasm_i8x16_sub(wasm_v128_or(low, top), wasm_i8x16_splat(32)));
}

void pack_sixteen(const Integers& integers, std::uint8_t* block) {
  for (std::size_t j = 0; j < 8; ++j)
    block[96 + j] = static_cast<std::uint8_t>((integers.scales[j] & 15) | integers.scales[j + 8] << 4);
  for (std::size_t j = 0; j < 16; ++j)
    block[104 + j % 4] |= static_cast<std::uint8_t>(integers.scales[j] >> 4 << (j / 4 * 2));
}

void unpack_bytes(const std::uint8_t* block, Integers& integers) {
  store(integers.scales, load(block + 192));
}

void pack_bytes(const Integers& integers, std::uint8_t* block) {
  store(block + 192, load(integers.scales));
}

Factors read_factors(const Layout& layout, const std::uint8_t* block) {
  Integers integers{};
  layout.unpack(block, integers);
  Factors factors;
  const auto multiply = [&](const std::uint8_t* numbers, float unit, float* products) FEWBITS_INLINE {
    v128_t sixteen = load(numbers);
    if (layout.long_sub_blocks) sixteen = wasm_i8x16_shuffle(sixteen, sixteen, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    ggml::widen_sixteen(sixteen, [&](v128_t integer, std::size_t i) FEWBITS_INLINE {
      store(products + i, wasm_f32x4_mul(splat(unit), wasm_f32x4_convert_i32x4(integer)));
    });
  };
  multiply(integers.scales, get_half(block + layout.d), factors.scales);
  multiply(integers.mins, layout.asymmetric != nullptr ? get_half(block + layout.d + 2) : 0, factors.mins);
  return factors;
}

// --- codes -----------------------------------------------------------------------------------------------------------

// The bits of every code go from a block's planes to codes of a byte, where all is new, or back to where all is zero.
template <bool to_codes>
[[gnu::noinline]] void move_bits(const Layout& layout, const std::uint8_t* from, std::uint8_t* to) {
  for (const Plane& plane : layout.planes) {
    if (plane.bits == 0) break;
    const v128_t mask = wasm_i8x16_splat(static_cast<std::int8_t>((1 << plane.bits) - 1));
    std::size_t byte = plane.offset;
    for (std::size_t code = 0; code < kSuperblock; byte += plane.run)
      for (std::uint32_t shift = 0; shift < 8; shift += plane.bits)
        for (std::size_t i = byte; i < byte + plane.run; i += 16, code += 16) {
          const v128_t source = load(from + (to_codes ? i : code));
          const v128_t bits = wasm_v128_and(wasm_u16x8_shr(source, to_codes ? shift : plane.place), mask);
          std::uint8_t* const target = to + (to_codes ? code : i);
          const v128_t in_place = wasm_i16x8_shl(bits, to_codes ? plane.place : shift);
          const bool is_new = to_codes && &plane == layout.planes;
          store(target, is_new ? in_place : wasm_v128_or(load(target), in_place));
        }
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
    move_bits<true>(layout, bytes, codes);
    expand(codes, layout.lowest, read_factors(layout, bytes), values);
  }
}

// --- quantizing ------------------------------------------------------------------------------------------------------

// To the nearest integer by adding 1.5 * 2^23; beyond 2^22 what the sum's mantissa says, as the reference has it.
v128_t nearest_bits(v128_t x_f32x4) {
  return wasm_v128_and(wasm_f32x4_add(x_f32x4, splat(simd::kRoundingMagic)), splat(0x7FFFFF));
}
constexpr std::int32_t kZeroBits = 0x400000;
int nearest(float x) {
  return (std::bit_cast<std::int32_t>(x + simd::kRoundingMagic) & 0x7FFFFF) - kZeroBits;
}

// (x + offset) * factor / divisor of 16 elements, rounded to the range. `zero` becomes code 0, and a code is a byte.
struct Rounding {
  float offset, factor, divisor;
  k::Range range;
  int zero;
};
void find_codes(const float* values, const Rounding& rounding, std::uint8_t* codes) {
  const v128_t offset = splat(rounding.offset), factor = splat(rounding.factor), divisor = splat(rounding.divisor);
  const v128_t lowest = splat(kZeroBits + rounding.range.lowest), highest = splat(kZeroBits + rounding.range.highest);
  const v128_t zero = splat(kZeroBits + rounding.zero), byte = splat(0xFF);
  v128_t code[4];
  FEWBITS_UNROLL
  for (int i = 0; i < 4; ++i) {
    const v128_t x = wasm_f32x4_mul(wasm_f32x4_add(load(values + 4 * i), offset), factor);
    const v128_t bits = nearest_bits(wasm_f32x4_div(x, divisor));
    const v128_t clamped = wasm_i32x4_min(wasm_i32x4_max(bits, lowest), highest);
    code[i] = wasm_v128_and(wasm_i32x4_sub(clamped, zero), byte);
  }
  store(codes,
        wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(code[0], code[1]), wasm_i16x8_narrow_i32x4(code[2], code[3])));
}

// The first with the largest magnitude.
[[gnu::noinline]] float largest_of(const float* numbers, std::size_t count) {
  float largest = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (std::fabs(numbers[i]) > std::fabs(largest)) largest = numbers[i];
  return largest;
}

// Superblocks that are searched together, so that what runs in order runs for many at once.
constexpr std::size_t kAtOnce = 4;
struct Work {
  std::size_t count;
  const float* values;
  const float* importance;  // nullptr: none
  k::SubBlocks lanes[k::kMostGroups];
  k::Found found[kAtOnce];
};

k::Range range_of(const Layout& layout) {
  return {layout.lowest, layout.asymmetric != nullptr ? layout.asymmetric->highest : -layout.lowest - 1};
}
bool descends(const Layout& layout, const Work& work) {
  return work.importance == nullptr && layout.lowest == -4;
}
std::size_t sub_block_size(const Layout& layout) {
  return layout.long_sub_blocks ? 32 : 16;
}

constexpr k::Range kScales3{-32, 31};        // of Q3_K
constexpr k::Range kBytes{-kZeroBits, 127};  // what is below wraps around
constexpr k::Trials kTrialsWithImportance{-0.9f, 0.05f, 36, false};

// layout.spread times the mean square of each superblock.
void find_spreads(const Layout& layout, const Work& work, float* spreads) {
  float sums[kAtOnce] = {};
  for (std::size_t i = 0; i < kSuperblock; ++i)
    for (std::size_t n = 0; n < kAtOnce; ++n) {
      const float x = work.values[std::min(n, work.count - 1) * kSuperblock + i];
      sums[n] += x * x;
    }
  for (std::size_t n = 0; n < kAtOnce; ++n) spreads[n] = layout.spread * sums[n] / kSuperblock;
}

void search(const Layout& layout, Work& work) {
  const bool weighed = work.importance != nullptr;
  const Asymmetric* const asymmetric = layout.asymmetric;
  float spreads[kAtOnce];
  if (weighed && layout.spread > 0) find_spreads(layout, work, spreads);
  const std::size_t size = sub_block_size(layout), count = work.count * kSuperblock;
  const std::span<k::SubBlocks> groups(work.lanes, count / (size * k::kLanes));
  std::size_t i = 0;
  for (k::SubBlocks& lanes : groups) {
    lanes.size = size;
    lanes.found = &work.found[i / kSuperblock];
    lanes.first = i % kSuperblock / size;
    k::to_lanes(work.values + i, size, lanes.rows[0].values);
    if (weighed) {
      k::to_lanes(work.importance + i, size, lanes.rows[0].weights);
      if (layout.spread > 0) k::weigh_importance(lanes, spreads[i / kSuperblock]);
    } else if (asymmetric != nullptr) {
      k::weigh_magnitudes(lanes, !asymmetric->trials.absolute_error);
    } else {
      k::weigh_squares(lanes);
    }
    i += size * k::kLanes;
    if (descends(layout, work))
      k::fit_scale_by_descent(lanes, range_of(layout));
    else if (asymmetric == nullptr)
      k::fit_scale(lanes, range_of(layout), false);
  }
  if (asymmetric != nullptr)
    k::fit_scales_and_mins(groups, asymmetric->highest, weighed ? kTrialsWithImportance : asymmetric->trials);
}

// Numbers as unit * integer; the largest is unit * limit. Returns the unit.
float by_the_largest(const float* numbers, std::size_t count, int limit, std::uint8_t* integers) {
  float max = 0;
  for (std::size_t j = 0; j < count; ++j) max = std::max(max, numbers[j]);
  const auto limit_f = static_cast<float>(limit);
  const float inverse = max > 0 ? limit_f / max : 0.0f;
  for (std::size_t j = 0; j < count; ++j) integers[j] = static_cast<std::uint8_t>(nearest(inverse * numbers[j]));
  return max / limit_f;
}

// A superblock's scales are the elements of one lane, its minima of another.
void to_lane(const float* numbers, const float* weights, std::size_t lane, k::SubBlocks& lanes) {
  for (std::size_t j = 0; j < lanes.size; ++j) {
    lanes.rows[j].values[lane] = numbers[j];
    lanes.rows[j].weights[lane] = weights[j];
  }
}

// With an importance, units are searched for too: units->scales[2 n] for the scales of superblock n, and beside it for
// its minima.
void search_units(const Layout& layout, Work& work, k::Found& units) {
  k::SubBlocks& lanes = work.lanes[0];
  lanes = {};
  lanes.size = kSuperblock / sub_block_size(layout);
  lanes.found = &units;
  for (std::size_t n = 0; n < work.count; ++n) {
    const k::Found& found = work.found[n];
    to_lane(found.scales, found.weights, 2 * n, lanes);
    if (layout.asymmetric != nullptr) to_lane(found.mins, found.weights, 2 * n + 1, lanes);
  }
  if (layout.asymmetric != nullptr)
    k::fit_positive_scale(lanes, layout.asymmetric->scale_limit);
  else
    k::fit_scale(lanes, kScales3, true);
}

bool write_asymmetric(const Layout& layout, const Work& work, std::size_t n, const k::Found& units,
                      std::uint8_t* block) {
  const Asymmetric& asymmetric = *layout.asymmetric;
  const std::size_t count = kSuperblock / sub_block_size(layout);
  const k::Found& found = work.found[n];
  const bool weighed = work.importance != nullptr;
  Integers integers;
  float d = units.scales[2 * n], dmin = units.scales[2 * n + 1];
  if (!weighed) {
    d = by_the_largest(found.scales, count, asymmetric.scale_limit, integers.scales);
    dmin = by_the_largest(found.mins, count, asymmetric.scale_limit, integers.mins);
  }
  const bool clamps = weighed ? asymmetric.clamps_with_importance : asymmetric.clamps;
  const std::uint8_t limit = clamps ? asymmetric.scale_limit : 0xFF;
  for (std::size_t j = 0; j < count; ++j) {
    const float* const q = work.lanes[0].rows[j].q + 2 * n;
    integers.scales[j] = std::min(weighed ? static_cast<std::uint8_t>(q[0]) : integers.scales[j], limit);
    integers.mins[j] = std::min(weighed ? static_cast<std::uint8_t>(q[1]) : integers.mins[j], limit);
  }
  layout.pack(integers, block);
  put_half(d, block + layout.d);
  put_half(dmin, block + layout.d + 2);
  return true;
}

// The scale of largest magnitude becomes -32 in Q3_K, -128 in Q6_K, or the unit was searched for. Returns whether there
// is anything but zeros.
bool write_symmetric(const Layout& layout, const Work& work, std::size_t n, const k::Found& units,
                     std::uint8_t* block) {
  const bool is_q3 = layout.spread > 0, searched = is_q3 && work.importance != nullptr;
  const float* const scales = work.found[n].scales;
  const float largest = largest_of(scales, 16);
  const float least = is_q3 && !searched ? std::numeric_limits<float>::denorm_min() : k::kNoMagnitude;
  Integers integers{};
  float d = 0;
  if (std::fabs(largest) >= least) {
    float inverse = (is_q3 ? -32.0f : -128.0f) / largest;
    d = 1 / inverse;
    if (searched) {
      inverse = units.inverses[2 * n];
      d = units.scales[2 * n];
    }
    const k::Range range = is_q3 ? kScales3 : kBytes;
    find_codes(scales, {0, inverse, 1, range, is_q3 ? range.lowest : 0}, integers.scales);
  } else if (!is_q3) {
    return false;
  }
  layout.pack(integers, block);
  put_half(d, block + layout.d);
  return true;
}

// Every code again, with the scale that a decoder will see; where that is 0, as the search found it.
void write_codes(const Layout& layout, const Work& work, std::size_t n, std::uint8_t* block) {
  const Factors factors = read_factors(layout, block);
  const k::Found& found = work.found[n];
  std::uint8_t codes[kSuperblock];
  for (std::size_t i = 0; i < kParts; ++i) {
    const std::size_t j = layout.long_sub_blocks ? i / 2 : i;
    const float* from = work.values + n * kSuperblock + i * kPart;
    float integers[kPart];
    Rounding rounding{factors.mins[i], 1, factors.scales[i], range_of(layout), layout.lowest};
    if (factors.scales[i] == 0) {
      rounding.divisor = 1;
      if (descends(layout, work)) {
        for (std::size_t e = 0; e < kPart; ++e)
          integers[e] = work.lanes[2 * n + j / k::kLanes].rows[e].q[j % k::kLanes];
        from = integers;
      } else {
        rounding.offset = -found.origins[j];
        rounding.factor = found.inverses[j];
      }
    }
    find_codes(from, rounding, codes + i * kPart);
  }
  move_bits<false>(layout, codes, block);
}

void quantize_k(const Layout& layout, std::size_t block_bytes, const float* values, std::size_t blocks,
                const float* importance, std::uint8_t* bytes) {
  Work work;
  for (std::size_t first = 0; first < blocks; first += kAtOnce) {
    work.count = std::min(kAtOnce, blocks - first);
    std::memset(bytes, 0, work.count * block_bytes);
    work.values = values + first * kSuperblock;
    work.importance = importance == nullptr ? nullptr : importance + first * kSuperblock;
    std::fill_n(work.found, kAtOnce, k::Found{});
    k::Found units{};
    search(layout, work);
    if (work.importance != nullptr && layout.spread > 0) search_units(layout, work, units);
    for (std::size_t n = 0; n < work.count; ++n, bytes += block_bytes) {
      const auto write = layout.asymmetric != nullptr ? write_asymmetric : write_symmetric;
      if (write(layout, work, n, units, bytes)) write_codes(layout, work, n, bytes);
    }
  }
}

// --- the formats -----------------------------------------------------------------------------------------------------

constexpr Asymmetric kAsymmetric2{{-0.5f, 0.1f, 15, true}, 3, 15, false, false};
constexpr Asymmetric kAsymmetric4{{-1.0f, 0.1f, 20, false}, 15, 63, true, false};
constexpr Asymmetric kAsymmetric5{{-0.5f, 0.1f, 15, false}, 31, 63, true, true};

constexpr Layout kQ2{80, 0, false, unpack_nibbles, pack_nibbles, 1, &kAsymmetric2, {{16, 2, 32, 0}, {}}};
constexpr Layout kQ3{108, -4, false, unpack_sixteen, pack_sixteen, 2, nullptr, {{32, 2, 32, 0}, {0, 1, 32, 2}}};
constexpr Layout kQ4{0, 0, true, unpack_six_bits, pack_six_bits, 2, &kAsymmetric4, {{16, 4, 32, 0}, {}}};
constexpr Layout kQ5{0, 0, true, unpack_six_bits, pack_six_bits, 2, &kAsymmetric5, {{48, 4, 32, 0}, {16, 1, 32, 4}}};
constexpr Layout kQ6{208, -32, false, unpack_bytes, pack_bytes, 0, nullptr, {{0, 4, 64, 0}, {128, 2, 32, 4}}};

template <std::size_t kRow, const Layout& layout>
struct KQuant {
  static constexpr BlockFormat format = kBlockFormats[kRow];

  static void quantize(const float* values, std::size_t blocks, const BlockOptions& options, std::uint8_t* bytes) {
    quantize_k(layout, format.block_bytes, values, blocks, options.importance, bytes);
  }
  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    dequantize_k(layout, format.block_bytes, bytes, blocks, values);
  }
};

// One float32 scale, the codes, and the sums of sixteen codes each, which decoding does not need.
struct Q8K {
  static constexpr BlockFormat format = *find_block_format("q8_k");

  // The value of largest magnitude becomes -127.
  static void quantize(const float* values, std::size_t blocks, const BlockOptions&, std::uint8_t* bytes) {
    for (; blocks > 0; --blocks, bytes += format.block_bytes, values += kSuperblock) {
      std::memset(bytes, 0, format.block_bytes);
      const float largest = largest_of(values, kSuperblock);
      if (largest == 0) continue;
      const float inverse = -127.0f / largest, d = 1 / inverse;
      std::memcpy(bytes, &d, sizeof d);
      for (std::size_t i = 0; i < kParts; ++i) {
        std::uint8_t* const codes = bytes + sizeof d + i * kPart;
        find_codes(values + i * kPart, {0, inverse, 1, kBytes, 0}, codes);
        int sum = 0;
        for (std::size_t e = 0; e < kPart; ++e) sum += static_cast<std::int8_t>(codes[e]);
        const auto stored = static_cast<std::int16_t>(sum);
        std::memcpy(bytes + sizeof d + kSuperblock + i * sizeof stored, &stored, sizeof stored);
      }
    }
  }
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
