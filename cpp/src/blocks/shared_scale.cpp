#include "blocks/shared_scale.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

#include "fewbits/codec.hpp"
#include "simd.hpp"

namespace fewbits {
namespace {

using simd::load, simd::splat, simd::store;

// A block's codes fill words of 8 bytes.
void copy_codes(const std::uint8_t* from, std::size_t bytes, std::uint8_t* to) {
  for (std::size_t i = 0; i < bytes; i += 8) std::memcpy(to + i, from + i, 8);
}

struct Layout {
  explicit Layout(const SharedScale& shared)
      : elements(shared.block_size), code_bits(shared.element->bits()), code_bytes(packed_bytes(elements, code_bits)) {}

  [[nodiscard]] std::size_t block_bytes() const { return 1 + code_bytes; }

  std::size_t elements;
  int code_bits;
  std::size_t code_bytes;
};

v128_t magnitude(const float* values) {
  return wasm_v128_and(load(values), splat(0x7FFFFFFF));
}

// step(first block, number of blocks)
template <class Step>
void for_each_slice(std::size_t blocks, std::size_t elements, Step step) {
  const std::size_t most = kElementsAtOnce / elements;
  for (std::size_t first = 0; first < blocks; first += most) step(first, std::min(most, blocks - first));
}

}  // namespace

float absmax_of(const float* values, std::size_t count) {
  assert(count % 16 == 0);
  v128_t a = splat(0), b = a, c = a, d = a;
  for (const float* const end = values + count; values != end; values += 16) {
    a = wasm_i32x4_max(a, magnitude(values));
    b = wasm_i32x4_max(b, magnitude(values + 4));
    c = wasm_i32x4_max(c, magnitude(values + 8));
    d = wasm_i32x4_max(d, magnitude(values + 12));
  }
  const v128_t four = wasm_i32x4_max(wasm_i32x4_max(a, b), wasm_i32x4_max(c, d));
  const v128_t two = wasm_i32x4_max(four, wasm_i32x4_shuffle(four, four, 2, 3, 0, 1));
  const v128_t one = wasm_i32x4_max(two, wasm_i32x4_shuffle(two, two, 1, 0, 3, 2));
  return std::bit_cast<float>(wasm_i32x4_extract_lane(one, 0));
}

void scale_values(const float* values, std::size_t count, const Scaling& scaling, float* scaled) {
  const v128_t factor = splat(scaling.factor), unit = splat(scaling.unit);
  const v128_t most = splat(scaling.limit), least = splat(-scaling.limit);
  const auto step = [&](std::size_t i) {
    const v128_t product = wasm_f32x4_mul(wasm_f32x4_mul(load(values + i), factor), unit);
    const v128_t number = wasm_v128_and(product, wasm_f32x4_eq(product, product));
    store(scaled + i, wasm_f32x4_pmin(wasm_f32x4_pmax(number, least), most));
  };
  for (std::size_t i = 0; i < count; i += 8) {
    step(i);
    step(i + 4);
  }
}

void quantize_shared(const SharedScale& shared, const BlockOptions& options, const float* values, std::size_t blocks,
                     std::uint8_t* bytes) {
  const Layout layout(shared);
  for_each_slice(blocks, layout.elements, [&](std::size_t first, std::size_t some) {
    const float* from = values + first * layout.elements;
    std::uint8_t* to = bytes + first * layout.block_bytes();
    float absmax[kBlocksAtOnce] = {}, factors[kBlocksAtOnce], scaled[kElementsAtOnce];
    std::uint8_t scales[kBlocksAtOnce], codes[kElementsAtOnce], packed[kElementsAtOnce];
    for (std::size_t k = 0; k < some; ++k) absmax[k] = absmax_of(from + k * layout.elements, layout.elements);
    shared.find_scales(shared, options, absmax, some, scales, factors);
    for (std::size_t k = 0; k < some; ++k)
      scale_values(from + k * layout.elements, layout.elements, {factors[k], shared.unit, shared.limit},
                   scaled + k * layout.elements);
    const std::size_t count = some * layout.elements;
    encode(*shared.element, std::span<const float>(scaled, count), codes, Overflow::Saturate);
    pack_bits({codes, count}, layout.code_bits, packed);
    for (std::size_t k = 0; k < some; ++k, to += layout.block_bytes()) {
      *to = scales[k];
      copy_codes(packed + k * layout.code_bytes, layout.code_bytes, to + 1);
    }
  });
}

void dequantize_shared(const SharedScale& shared, float factor, const std::uint8_t* bytes, std::size_t blocks,
                       float* values) {
  const Layout layout(shared);
  for_each_slice(blocks, layout.elements, [&](std::size_t first, std::size_t some) {
    const std::uint8_t* from = bytes + first * layout.block_bytes();
    float* to = values + first * layout.elements;
    float factors[kBlocksAtOnce];
    std::uint8_t scales[kBlocksAtOnce], codes[kElementsAtOnce], packed[kElementsAtOnce] = {};
    for (std::size_t k = 0; k < some; ++k, from += layout.block_bytes()) {
      scales[k] = *from;
      copy_codes(from + 1, layout.code_bytes, packed + k * layout.code_bytes);
    }
    const std::size_t count = some * layout.elements;
    unpack_bits(packed, layout.code_bits, {codes, count});
    decode(*shared.element, codes, count, to);
    decode(*shared.scale, scales, some, factors);
    for (std::size_t k = 0; k < some; ++k) {
      const v128_t scale = splat(factor * factors[k]);
      for (std::size_t i = 0; i < layout.elements; i += 4, to += 4) store(to, wasm_f32x4_mul(load(to), scale));
    }
  });
}

}  // namespace fewbits
