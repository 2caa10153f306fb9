// NVFP4 with a scale for the tensor beside those of the blocks. Its definition is cpp/reference/nvfp4_tensor.cpp.
#include <algorithm>
#include <array>
#include <span>

#include "blocks/all.hpp"
#include "blocks/shared_scale.hpp"
#include "fewbits/codec.hpp"

namespace fewbits {
namespace {

constexpr float kLargestElement = 6, kLargestScale = 448, kSmallestScale = 0x1p-6f;

void find_scales(const SharedScale& shared, const BlockOptions& options, const float* absmax, std::size_t blocks,
                 std::uint8_t* codes, float* factors) {
  for (std::size_t k = 0; k < blocks; ++k)
    factors[k] = std::clamp(absmax[k] / kLargestElement / options.tensor_scale, kSmallestScale, kLargestScale);
  encode(*shared.scale, std::span<const float>(factors, blocks), codes, Overflow::Saturate);
  decode(*shared.scale, codes, blocks, factors);
  const float reciprocal = 1 / options.tensor_scale;
  for (std::size_t k = 0; k < blocks; ++k) factors[k] = reciprocal / factors[k];
}

struct Nvfp4Tensor {
  static constexpr BlockFormat format = *find_block_format("nvfp4_tensor");
  static constexpr SharedScale shared{.element = find_number_format("float4_e2m1fn"),
                                      .scale = find_number_format("float8_e4m3fn"),
                                      .find_scales = find_scales,
                                      .block_size = format.block_size,
                                      .limit = kLargestElement};

  static void quantize(const float* values, std::size_t blocks, const BlockOptions& options, std::uint8_t* bytes) {
    quantize_shared(shared, options, values, blocks, bytes);
  }
  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions& options, float* values) {
    dequantize_shared(shared, options.tensor_scale, bytes, blocks, values);
  }
};

}  // namespace

float nvfp4_tensor_scale(float absmax) {
  const float scale = absmax / (kLargestElement * kLargestScale);
  return scale > 0 ? scale : 1;
}

const std::array<BlockKernels, 1> kNvfp4Tensor{kernels_of<Nvfp4Tensor>()};

}  // namespace fewbits
