// The registry: which codec serves which row of kBlockFormats.
#include "blocks/all.hpp"
#include "fewbits/codec.hpp"

namespace fewbits {
namespace {

constexpr BlockKernels kNone{nullptr, nullptr, nullptr};

const BlockKernels& kernels_for(const BlockFormat& format) {
  for (const auto family : kBlockFamilies)
    for (const BlockKernels& kernels : family)
      if (kernels.format == &format) return kernels;
  return kNone;
}

}  // namespace

bool quantize(const BlockFormat& format, const float* values, std::size_t blocks, const BlockOptions& options,
              std::uint8_t* bytes) {
  const auto kernel = kernels_for(format).quantize;
  if (kernel == nullptr) return false;
  kernel(values, blocks, options, bytes);
  return true;
}

bool dequantize(const BlockFormat& format, const std::uint8_t* bytes, std::size_t blocks, const BlockOptions& options,
                float* values) {
  const auto kernel = kernels_for(format).dequantize;
  if (kernel == nullptr) return false;
  kernel(bytes, blocks, options, values);
  return true;
}

}  // namespace fewbits
