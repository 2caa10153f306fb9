// Blocks of one byte for a scale, then the elements' codes side by side: OCP MX and NVFP4. They differ in how the scale
// is found.
#pragma once

#include <cstddef>
#include <cstdint>

#include "fewbits/block_format.hpp"
#include "fewbits/number_format.hpp"

namespace fewbits {

// The largest magnitude among `count` finite numbers, a multiple of 16.
float absmax_of(const float* values, std::size_t count);

// clamp(value * factor * unit, -limit, limit); 0 * infinity is 0. `count` is a multiple of 8.
struct Scaling {
  float factor, unit, limit;
};
void scale_values(const float* values, std::size_t count, const Scaling& scaling, float* scaled);

// What is done at once stays in the first cache, and is much to every step.
inline constexpr std::size_t kElementsAtOnce = 2048;
inline constexpr std::size_t kBlocksAtOnce = kElementsAtOnce / 16;

struct SharedScale;
// From the absmax of each block: the scale's code, and what the block is multiplied by. At most kBlocksAtOnce.
using FindScales = void (*)(const SharedScale& shared, const BlockOptions& options, const float* absmax,
                            std::size_t blocks, std::uint8_t* codes, float* factors);

struct SharedScale {
  const NumberFormat* element;
  const NumberFormat* scale;
  FindScales find_scales;
  std::uint32_t block_size;
  float limit;     // the largest magnitude of an element, counted in units
  float unit = 1;  // an element's code counts multiples of 1 / unit
  // Where scales are powers of two: the largest one among the elements is 2^emax.
  int emax = 0;
  int mantissa_bits = 0;
};

void quantize_shared(const SharedScale& shared, const BlockOptions& options, const float* values, std::size_t blocks,
                     std::uint8_t* bytes);
// Every element is code * (factor * scale).
void dequantize_shared(const SharedScale& shared, float factor, const std::uint8_t* bytes, std::size_t blocks,
                       float* values);

}  // namespace fewbits
