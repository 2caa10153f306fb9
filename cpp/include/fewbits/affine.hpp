// Affine quantization: x ~ scale * (q - zero_point).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fewbits {

enum class Rounding : std::uint8_t {
  Divide,    // onnxruntime: rint(x / scale) + zero_point
  Multiply,  // PyTorch: rint(x * (1 / scale)) + zero_point
};

struct CodeRange {
  std::int32_t min, max;
};

struct Affine {
  float scale;
  std::int32_t zero_point;
};

// How a scheme turns a range of values into scale and zero point.
struct AffineRule {
  int bits;  // 2 to 8, or 16
  bool is_signed;
  bool symmetric;
  bool narrow_range;  // signed symmetric only: -(2^(b-1) - 1) is the smallest code
  bool include_zero;  // asymmetric only
  Rounding rounding;
};

CodeRange code_range(const AffineRule& rule);

// The scale and zero point for values in [min, max], min <= max, finite; all in float32, as onnxruntime and PyTorch.
//   symmetric:  scale = max |x| / (2^(b-1) - 1) with narrow_range, otherwise / ((2^b - 1) / 2);
//               zero point 0, or the middle code 2^(b-1) of an unsigned type
//   asymmetric: scale = (max - min) / (2^b - 1), zero point = smallest code - rint(min / scale);
//               with include_zero, min and max are first widened to hold 0, and the zero point is a code
// The scale is finite and above 0: at least 2^-23 by the Multiply rule (PyTorch); by the Divide rule (onnxruntime) 1
// where all is zero and otherwise at least the least float32, 2^-149. Without include_zero it is also at least 2^-24 of
// the largest magnitude: finer steps than float32's own would take the zero point beyond the integers it holds exactly.
Affine affine_from_range(const AffineRule& rule, float min, float max);

// Codes are int8/uint8 for up to 8 bits (one per byte, not packed) and int16/uint16 for 16: their two's complement bits
// in std::uint8_t / std::uint16_t. A range with negative codes is a signed type's.
//   q = clamp(rint(x / scale) + zero_point, min, max), or with x * (1 / scale)
// The zero point is added after rounding, ties go to even. Values are finite, scales finite and above 0. Where 1 /
// scale overflows (scales up to 2^-128, for which PyTorch's product is undefined), the Multiply rule divides.
void quantize_run(std::span<const float> values, const Affine& affine, CodeRange range, Rounding rounding,
                  std::uint8_t* codes);
void quantize_run(std::span<const float> values, const Affine& affine, CodeRange range, Rounding rounding,
                  std::uint16_t* codes);
// Element i has scale[i] and zero_point[i]: a row across the axis.
void quantize_row(std::span<const float> values, const float* scale, const std::int32_t* zero_point, CodeRange range,
                  Rounding rounding, std::uint8_t* codes);
void quantize_row(std::span<const float> values, const float* scale, const std::int32_t* zero_point, CodeRange range,
                  Rounding rounding, std::uint16_t* codes);

// (q - zero_point) * scale in float32. Codes are read as signed or unsigned.
template <class Code>  // std::int8_t, std::uint8_t, std::int16_t, std::uint16_t
void dequantize_run(std::span<const Code> codes, const Affine& affine, float* values);
template <class Code>
void dequantize_row(std::span<const Code> codes, const float* scale, const std::int32_t* zero_point, float* values);

// The usual way to uint8 in one call, as onnxruntime's DynamicQuantizeLinear: range with zero, then quantize.
Affine dynamic_quantize(std::span<const float> values, std::uint8_t* codes);

}  // namespace fewbits
