// Formats of blocks whose elements share one scale, as their definitions: one block after another, scalar float32, no
// SIMD. OCP MX, two-level NVFP4, bitsandbytes, absmean. For tests. Bytes as they are stored; `values` are whole blocks
// of finite numbers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fewbits/block_format.hpp"

namespace fewbits::reference {

using Bytes = std::vector<std::uint8_t>;
using Floats = std::vector<float>;

// --- OCP Microscaling Formats (MX), version 1.0 ----------------------------------------------------------------------
Bytes mx_quantize(const BlockFormat& format, std::span<const float> values, ScaleRule rule);
Floats mx_dequantize(const BlockFormat& format, std::span<const std::uint8_t> bytes);

// --- NVFP4 with a scale for the tensor beside those of the blocks ----------------------------------------------------
float nvfp4_tensor_scale(std::span<const float> values);
Bytes nvfp4_quantize(std::span<const float> values, float tensor_scale);
Floats nvfp4_dequantize(std::span<const std::uint8_t> bytes, float tensor_scale);

// --- ternary_absmean, binary_absmean: the whole tensor is one block --------------------------------------------------
float absmean_scale(const BlockFormat& format, std::span<const float> values);
Bytes absmean_quantize(const BlockFormat& format, std::span<const float> values, float scale);
// As many values as whole bytes hold.
Floats absmean_dequantize(const BlockFormat& format, std::span<const std::uint8_t> bytes, float scale);

// --- bitsandbytes: nf4, fp4, bnb_int8_blockwise ----------------------------------------------------------------------
Bytes bitsandbytes_quantize(const BlockFormat& format, std::span<const float> values, std::size_t block_size);
Floats bitsandbytes_dequantize(const BlockFormat& format, std::span<const std::uint8_t> bytes, std::size_t block_size);

// Double quantization: the absmax of every block, less `offset`, in 8 bits, with a scale for every 256 of them.
struct Nested {
  Bytes absmax;
  Floats scale;
  float offset;
};
Nested nest(std::span<const float> absmax, float offset);
Floats unnest(const Nested& nested);

}  // namespace fewbits::reference
