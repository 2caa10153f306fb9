// Formats whose block is the whole tensor, with its mean magnitude as the scale. Ternary: BitNet b1.58 (Ma et al.,
// 2024); binary: XNOR-Net (Rastegari et al., 2016).
//   t = mean |w|, ternary at least 1e-5
//   q = clamp(rint(w / t), -1, 1), stored as q + 1 in 2 bits, or 1 for w >= 0 in 1 bit
//   and back: q * t, or t and -t
#include <algorithm>
#include <cmath>

#include "shared_scales.hpp"

namespace fewbits::reference {
namespace {

constexpr double kSmallestScale = 1e-5;

bool is_ternary(const BlockFormat& format) {
  return format.element_bits == 2;
}

unsigned code_of(const BlockFormat& format, float value, float scale) {
  if (!is_ternary(format)) return value >= 0 ? 1 : 0;
  return static_cast<unsigned>(std::clamp(std::nearbyint(value / scale), -1.0f, 1.0f) + 1);
}

float value_of(const BlockFormat& format, unsigned code, float scale) {
  if (!is_ternary(format)) return code != 0 ? scale : -scale;
  return static_cast<float>(static_cast<int>(code) - 1) * scale;
}

}  // namespace

float absmean_scale(const BlockFormat& format, std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += std::fabs(static_cast<double>(value));
  const double mean = values.empty() ? 0 : sum / static_cast<double>(values.size());
  return static_cast<float>(is_ternary(format) ? std::max(mean, kSmallestScale) : mean);
}

Bytes absmean_quantize(const BlockFormat& format, std::span<const float> values, float scale) {
  const std::size_t per_byte = 8 / format.element_bits;
  Bytes bytes((values.size() + per_byte - 1) / per_byte);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const unsigned code = code_of(format, values[i], scale);
    bytes[i / per_byte] = static_cast<std::uint8_t>(bytes[i / per_byte] | code << i % per_byte * format.element_bits);
  }
  return bytes;
}

Floats absmean_dequantize(const BlockFormat& format, std::span<const std::uint8_t> bytes, float scale) {
  const std::size_t per_byte = 8 / format.element_bits;
  Floats values(bytes.size() * per_byte);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const unsigned code = bytes[i / per_byte] >> i % per_byte * format.element_bits & ((1u << format.element_bits) - 1);
    values[i] = value_of(format, code, scale);
  }
  return values;
}

}  // namespace fewbits::reference
