// Affine quantization as its definition: one element at a time, no SIMD. For tests.
#pragma once

#include <cstdint>

#include "fewbits/affine.hpp"

namespace fewbits::reference {

CodeRange code_range(const AffineRule& rule);
Affine affine_from_range(const AffineRule& rule, float min, float max);
std::int32_t quantize(float value, const Affine& affine, CodeRange range, Rounding rounding);
float dequantize(std::int32_t code, const Affine& affine);

}  // namespace fewbits::reference
