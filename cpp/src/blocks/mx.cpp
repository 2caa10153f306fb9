// OCP MX: 32 elements and the power of two that they share. Its definition is cpp/reference/mx.cpp.
#include <algorithm>
#include <array>
#include <bit>

#include "blocks/all.hpp"
#include "blocks/shared_scale.hpp"
#include "fewbits/codec.hpp"
#include "grid.hpp"

namespace fewbits {
namespace {

constexpr const NumberFormat& kPowers = kNumberFormats[row_of(kNumberFormats, "float8_e8m0fnu")];
constexpr int kLargestPower = 254;  // 255 is NaN

int scale_code(const SharedScale& shared, ScaleRule rule, float absmax) {
  const float largest = shared.limit / shared.unit;
  const bool fits_largest = rule == ScaleRule::Rceil;
  const auto bits = std::bit_cast<std::uint32_t>(fits_largest ? absmax * (1 / largest) : absmax);
  if (fits_largest) {
    // Up to the next power of two. The lowest is subnormal: what lies below 2^-126 and above it goes there.
    const std::uint32_t below_next = bits < 0x00800000 ? 0x003FFFFF : 0x007FFFFF;
    return static_cast<int>((bits + below_next) >> 23);
  }
  const std::uint32_t half = rule == ScaleRule::Even ? 1u << (22 - shared.mantissa_bits) : 0;
  return static_cast<int>((bits + half) >> 23) - shared.emax;
}

void find_scales(const SharedScale& shared, const BlockOptions& options, const float* absmax, std::size_t blocks,
                 std::uint8_t* codes, float* factors) {
  std::uint8_t reciprocals[kBlocksAtOnce];
  for (std::size_t k = 0; k < blocks; ++k) {
    const int code = std::clamp(scale_code(shared, options.scale_rule, absmax[k]), 0, kLargestPower);
    codes[k] = static_cast<std::uint8_t>(code);
    reciprocals[k] = static_cast<std::uint8_t>(kLargestPower - code);
  }
  decode(kPowers, reciprocals, blocks, factors);
}

constexpr SharedScale shared_power(const NumberFormat& element, std::uint32_t block_size) {
  SharedScale shared{.element = &element,
                     .scale = &kPowers,
                     .find_scales = find_scales,
                     .block_size = block_size,
                     .limit = 0,
                     .mantissa_bits = element.mantissa_bits};
  if (element.kind == Kind::Integer) {
    // 1.m as a whole number, with a sign; the lowest code is left out, so that signs are alike.
    shared.mantissa_bits = element.mantissa_bits - 1;
    shared.unit = static_cast<float>(1 << shared.mantissa_bits);
    shared.limit = 2 * shared.unit - 1;
  } else {
    const std::uint64_t max_code = grid::max_code(element);
    shared.limit = static_cast<float>(grid::value(element, max_code));
    shared.emax = static_cast<int>(max_code >> element.mantissa_bits) - element.bias;
  }
  return shared;
}

template <std::size_t kBlockRow, std::size_t kElementRow>
struct Mx {
  static constexpr BlockFormat format = kBlockFormats[kBlockRow];
  static constexpr SharedScale shared = shared_power(kNumberFormats[kElementRow], format.block_size);

  static void quantize(const float* values, std::size_t blocks, const BlockOptions& options, std::uint8_t* bytes) {
    quantize_shared(shared, options, values, blocks, bytes);
  }
  static void dequantize(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions&, float* values) {
    dequantize_shared(shared, 1 / shared.unit, bytes, blocks, values);
  }
};

constexpr std::size_t block(std::string_view name) {
  return row_of(kBlockFormats, name);
}
constexpr std::size_t number(std::string_view name) {
  return row_of(kNumberFormats, name);
}

}  // namespace

const std::array<BlockKernels, 6> kMx{
    kernels_of<Mx<block("mxfp8_e4m3"), number("float8_e4m3fn")>>(),
    kernels_of<Mx<block("mxfp8_e5m2"), number("float8_e5m2")>>(),
    kernels_of<Mx<block("mxfp6_e2m3"), number("float6_e2m3fn")>>(),
    kernels_of<Mx<block("mxfp6_e3m2"), number("float6_e3m2fn")>>(),
    kernels_of<Mx<block("mxfp4_ocp"), number("float4_e2m1fn")>>(),
    kernels_of<Mx<block("mxint8"), number("int8")>>(),
};

}  // namespace fewbits
