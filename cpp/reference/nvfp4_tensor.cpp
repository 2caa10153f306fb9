// NVFP4 with two levels of scales, as in NVIDIA's recipe (Pretraining Large Language Models with NVFP4, 2025) and in
// torchao (prototype/mx_formats/nvfp4_tensor.py): elements in E2M1, a scale in E4M3 for every 16 of them, and one
// float32 for the tensor, which puts the largest block's scale at E4M3's maximum.
//   t = max |v| over the tensor / (6 * 448)
//   s = E4M3(clamp(max |v| over the block / 6 / t, 2^-6, 448))
//   P = E2M1(clamp(v * ((1 / t) / s), -6, 6)), and back: P * (t * s)
#include <algorithm>
#include <cmath>

#include "numbers.hpp"
#include "shared_scales.hpp"

namespace fewbits::reference {
namespace {

constexpr std::size_t kBlock = 16;
constexpr float kLargestElement = 6, kLargestScale = 448;
constexpr float kSmallestScale = 0x1p-6f;  // E4M3's smallest normal number

const NumberFormat& scale_format() {
  return *find_number_format("float8_e4m3fn");
}
const NumberFormat& element_format() {
  return *find_number_format("float4_e2m1fn");
}

float absmax_of(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::fmax(largest, std::fabs(value));
  return largest;
}

}  // namespace

float nvfp4_tensor_scale(std::span<const float> values) {
  const float scale = absmax_of(values) / (kLargestElement * kLargestScale);
  return scale > 0 ? scale : 1;
}

Bytes nvfp4_quantize(std::span<const float> values, float tensor_scale) {
  Bytes bytes;
  for (; !values.empty(); values = values.subspan(kBlock)) {
    const auto block = values.first(kBlock);
    const float wanted = absmax_of(block) / kLargestElement / tensor_scale;
    const std::uint32_t scale_code =
        encode(scale_format(), std::clamp(wanted, kSmallestScale, kLargestScale), Overflow::Saturate);
    const auto scale = static_cast<float>(decode(scale_format(), scale_code));
    const float factor = 1 / tensor_scale / scale;
    std::uint32_t codes[kBlock];
    for (std::size_t i = 0; i < kBlock; ++i) {
      // A tensor of tiny numbers has an infinite factor: its zeros stay zeros.
      const float scaled = std::isinf(factor) && block[i] == 0 ? 0 : block[i] * factor;
      codes[i] = encode(element_format(), std::clamp(scaled, -kLargestElement, kLargestElement), Overflow::Saturate);
    }
    bytes.push_back(static_cast<std::uint8_t>(scale_code));
    for (std::size_t i = 0; i < kBlock; i += 2)
      bytes.push_back(static_cast<std::uint8_t>(codes[i] | codes[i + 1] << 4));
  }
  return bytes;
}

Floats nvfp4_dequantize(std::span<const std::uint8_t> bytes, float tensor_scale) {
  Floats values;
  for (; !bytes.empty(); bytes = bytes.subspan(1 + kBlock / 2)) {
    const float scale = tensor_scale * static_cast<float>(decode(scale_format(), bytes[0]));
    for (std::size_t i = 0; i < kBlock; ++i) {
      const std::uint32_t code = bytes[1 + i / 2] >> (i % 2 * 4) & 15u;
      values.push_back(static_cast<float>(decode(element_format(), code)) * scale);
    }
  }
  return values;
}

}  // namespace fewbits::reference
