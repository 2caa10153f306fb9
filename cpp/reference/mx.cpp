// OCP Microscaling Formats (MX) Specification, version 1.0: 32 elements P[i] share a scale X = 2^(s - 127), s in E8M0,
// and stand for X * P[i]. How X is found is left open there but for a minimum (section 6.3), which is what torchao's
// floor mode does: X = 2^(floor(log2(max |v|)) - emax). Elements are v / X, to the nearest, ties to even; those beyond
// the largest become it (saturation is one of the two choices of section 5.3). torchao's rceil and even modes:
// prototype/mx_formats/mx_tensor.py, to_mx; rceil is also NVIDIA's recipe for cuBLAS's block scaling.
#include <algorithm>
#include <bit>
#include <cmath>
#include <string_view>

#include "numbers.hpp"
#include "shared_scales.hpp"

namespace fewbits::reference {
namespace {

constexpr std::size_t kBlock = 32;

// P = number * 2^-shift.
struct Element {
  const NumberFormat* number;
  int shift;
  int emax;           // of the largest power of two among the elements
  int mantissa_bits;  // below an element's first
  float largest;      // magnitude of P; mxint8 leaves -128 out, so that signs are alike
};

Element element_of(const BlockFormat& format) {
  const std::string_view name = format.name;
  if (name == "mxfp8_e4m3") return {find_number_format("float8_e4m3fn"), 0, 8, 3, 448.0f};
  if (name == "mxfp8_e5m2") return {find_number_format("float8_e5m2"), 0, 15, 2, 57344.0f};
  if (name == "mxfp6_e2m3") return {find_number_format("float6_e2m3fn"), 0, 2, 3, 7.5f};
  if (name == "mxfp6_e3m2") return {find_number_format("float6_e3m2fn"), 0, 4, 2, 28.0f};
  if (name == "mxfp4_ocp") return {find_number_format("float4_e2m1fn"), 0, 2, 1, 6.0f};
  return {find_number_format("int8"), 6, 0, 6, 127.0f / 64};
}

// A float's exponent field: floor(log2(x)) + 127; 0 for what lies below 2^-126.
int exponent_field(std::uint32_t bits) {
  return static_cast<int>(bits >> 23);
}

int scale_code(const Element& element, float absmax, ScaleRule rule) {
  const auto bits = std::bit_cast<std::uint32_t>(absmax);
  int code = 0;
  switch (rule) {
    case ScaleRule::Floor:
      code = exponent_field(bits) - element.emax;
      break;
    case ScaleRule::Even: {
      // Half of the last bit that an element keeps, so that what rounds up to a power of two has its exponent.
      const std::uint32_t half = 1u << (23 - element.mantissa_bits - 1);
      code = exponent_field(bits + half) - element.emax;
      break;
    }
    case ScaleRule::Rceil: {
      const float least = absmax * (1.0f / element.largest);
      code = 0;
      while (least > std::ldexp(1.0f, code - 127)) ++code;
      break;
    }
  }
  return std::clamp(code, 0, 254);  // 255 is NaN
}

float absmax_of(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::fmax(largest, std::fabs(value));
  return largest;
}

// The code of v / X. Both products are exact, or so small that they become 0.
std::uint32_t element_code(const Element& element, float value, int scale) {
  const float p = std::clamp(value * std::ldexp(1.0f, 127 - scale), -element.largest, element.largest);
  return encode(*element.number, std::ldexp(p, element.shift), Overflow::Saturate);
}

}  // namespace

Bytes mx_quantize(const BlockFormat& format, std::span<const float> values, ScaleRule rule) {
  const Element element = element_of(format);
  const auto bits = static_cast<std::size_t>(element.number->bits());
  Bytes bytes;
  for (; !values.empty(); values = values.subspan(kBlock)) {
    const auto block = values.first(kBlock);
    const int scale = scale_code(element, absmax_of(block), rule);
    Bytes packed(kBlock * bits / 8);
    for (std::size_t i = 0; i < kBlock; ++i)
      for (std::size_t bit = 0; bit < bits; ++bit)
        packed[(i * bits + bit) / 8] |= (element_code(element, block[i], scale) >> bit & 1) << ((i * bits + bit) % 8);
    bytes.push_back(static_cast<std::uint8_t>(scale));
    bytes.insert(bytes.end(), packed.begin(), packed.end());
  }
  return bytes;
}

Floats mx_dequantize(const BlockFormat& format, std::span<const std::uint8_t> bytes) {
  const Element element = element_of(format);
  const auto bits = static_cast<std::size_t>(element.number->bits());
  Floats values;
  for (; !bytes.empty(); bytes = bytes.subspan(format.block_bytes)) {
    const auto scale = static_cast<float>(decode(*find_number_format("float8_e8m0fnu"), bytes[0]));
    const auto packed = bytes.subspan(1);
    for (std::size_t i = 0; i < kBlock; ++i) {
      std::uint32_t code = 0;
      for (std::size_t bit = 0; bit < bits; ++bit)
        code |= (packed[(i * bits + bit) / 8] >> ((i * bits + bit) % 8) & 1u) << bit;
      values.push_back(static_cast<float>(std::ldexp(decode(*element.number, code), -element.shift)) * scale);
    }
  }
  return values;
}

}  // namespace fewbits::reference
