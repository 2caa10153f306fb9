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

// API.md, "Affine quantization". min <= max, finite. An all-zero range gives scale 1 (Divide) or 2^-23 (Multiply).
Affine affine_from_range(const AffineRule& rule, float min, float max);

// Codes are int8/uint8 for up to 8 bits (one per byte, not packed) and int16/uint16 for 16: their two's complement bits in
// std::uint8_t / std::uint16_t. Values are finite. `bits` of the rule decides the width of a code.
// q = clamp(rint(x / scale) + zero_point, min, max), or with x * (1 / scale); zero point added after rounding.
void quantize_run(std::span<const float> values, const Affine& affine, CodeRange range, Rounding rounding, std::uint8_t* codes);
void quantize_run(std::span<const float> values, const Affine& affine, CodeRange range, Rounding rounding, std::uint16_t* codes);
// Element i has affine[i]: a row across the axis.
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
