// What a tensor's blocks share: the scale beside them, and the formats whose block is the whole tensor.
#include <algorithm>

#include "fewbits/calibrate.hpp"
#include "fewbits/codec.hpp"

namespace fewbits {
namespace {

// The smallest scale of BitNet b1.58, which divides by it.
constexpr double kSmallestTernaryScale = 1e-5;
// Codes at once: whole bytes of them.
constexpr std::size_t kStep = 1024;

bool is_ternary(const BlockFormat& format) {
  return format.element_bits == 2;
}

}  // namespace

double observe(Observed what, std::span<const float> values, double running) {
  switch (what) {
    case Observed::Magnitudes:
      return sum_of_magnitudes(values, running);
    case Observed::Absmax:
      return std::max(running, static_cast<double>(absmax(values)));
    case Observed::Squares:
      return sum_of_squares(values, static_cast<float>(running));
    case Observed::Nothing:
      break;
  }
  return running;
}

float tensor_scale(const BlockFormat& format, double observed, double count) {
  const Observed what = observed_of_tensor(format);
  if (what == Observed::Nothing) return 1;
  if (what == Observed::Absmax) return nvfp4_tensor_scale(static_cast<float>(observed));
  const double mean = count > 0 ? observed / count : 0;
  return static_cast<float>(is_ternary(format) ? std::max(mean, kSmallestTernaryScale) : mean);
}

void quantize_tensor(const BlockFormat& format, std::span<const float> values, float scale, std::uint8_t* bytes) {
  std::uint8_t codes[kStep];
  const auto bits = static_cast<int>(format.element_bits);
  for (; !values.empty(); bytes += packed_bytes(kStep, bits)) {
    const auto step = values.first(std::min(kStep, values.size()));
    if (is_ternary(format))
      ternary_quantize(step, scale, codes);
    else
      binary_quantize(step, codes);
    pack_bits({codes, step.size()}, bits, bytes);
    values = values.subspan(step.size());
  }
}

void dequantize_tensor(const BlockFormat& format, const std::uint8_t* bytes, float scale, std::span<float> values) {
  std::uint8_t codes[kStep];
  const auto bits = static_cast<int>(format.element_bits);
  const auto restore = is_ternary(format) ? ternary_dequantize : binary_dequantize;
  for (; !values.empty(); bytes += packed_bytes(kStep, bits)) {
    const auto step = values.first(std::min(kStep, values.size()));
    unpack_bits(bytes, bits, {codes, step.size()});
    restore({codes, step.size()}, scale, step.data());
    values = values.subspan(step.size());
  }
}

}  // namespace fewbits
