#include "affine.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fewbits::reference {

CodeRange code_range(const AffineRule& rule) {
  const auto codes = static_cast<std::int32_t>(std::exp2(rule.bits));
  if (!rule.is_signed) return {0, codes - 1};
  const std::int32_t largest = codes / 2 - 1;
  return {rule.symmetric && rule.narrow_range ? -largest : -largest - 1, largest};
}

Affine affine_from_range(const AffineRule& rule, float min, float max) {
  const double codes = std::exp2(rule.bits);
  const double smallest_code = rule.is_signed ? -codes / 2 : 0, largest_code = smallest_code + codes - 1;
  if (!rule.symmetric && rule.include_zero) {
    min = std::fmin(min, 0.0f);
    max = std::fmax(max, 0.0f);
  }
  const float absmax = std::fmax(std::fabs(min), std::fabs(max));

  float scale = 0;
  if (rule.symmetric) {
    const bool narrow = rule.is_signed && rule.narrow_range;
    scale = absmax / static_cast<float>(narrow ? largest_code : (codes - 1) / 2);
  } else {
    scale = (max - min) / static_cast<float>(codes - 1);
    if (std::isinf(max - min)) scale = static_cast<float>((double{max} - min) / (codes - 1));
    if (!rule.include_zero) scale = std::fmax(scale, std::ldexp(absmax, -24));
  }
  if (rule.rounding == Rounding::Multiply) scale = std::fmax(scale, std::ldexp(1.0f, -23));
  if (rule.rounding == Rounding::Divide && absmax == 0) scale = 1;
  if (scale == 0) scale = std::numeric_limits<float>::denorm_min();

  double zero_point = rule.is_signed ? 0 : codes / 2;
  if (!rule.symmetric) {
    zero_point = smallest_code - std::nearbyint(min / scale);
    if (rule.include_zero) zero_point = std::clamp(zero_point, smallest_code, largest_code);
  }
  return {scale, static_cast<std::int32_t>(zero_point)};
}

std::int32_t quantize(float value, const Affine& affine, CodeRange range, Rounding rounding) {
  const float inverse = 1 / affine.scale;
  const bool multiply = rounding == Rounding::Multiply && !std::isinf(inverse);
  const float quotient = multiply ? value * inverse : value / affine.scale;
  const double code = std::nearbyint(double{quotient}) + affine.zero_point;
  return static_cast<std::int32_t>(std::fmin(std::fmax(code, range.min), range.max));
}

float dequantize(std::int32_t code, const Affine& affine) {
  return static_cast<float>(double(code) - affine.zero_point) * affine.scale;
}

}  // namespace fewbits::reference
