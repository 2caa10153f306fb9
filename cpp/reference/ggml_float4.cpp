// 4-bit floats (E2M1: 0, 0.5, 1, 1.5, 2, 3, 4, 6 with sign) under a scale of a byte: MXFP4 (E8M0, 32 elements) and
// NVFP4 (unsigned E4M3, 16 elements, four such groups a block).
//
// ggml holds the elements doubled, as integers, and halves the scale: x ~ d * v[code], d half of the scale.
#include <bit>
#include <cmath>

#include "ggml.hpp"

namespace fewbits::reference::ggml {
namespace {

constexpr std::int8_t kLevels[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// The nearest of the sixteen, the lowest code among equals: -0 and whatever rounds to it get code 0, and ties between
// levels go towards zero.
unsigned nearest_code(float x, float d) {
  unsigned best = 0;
  for (unsigned code = 1; code < 16; ++code)
    if (std::fabs(kLevels[code] * d - x) < std::fabs(kLevels[best] * d - x)) best = code;
  return best;
}

// --- MXFP4 -----------------------------------------------------------------------------------------------------------

struct MXFP4 {
  std::uint8_t e;
  std::uint8_t qs[16];
};
constexpr Interleaved kNibbles{.bits = 4, .run = 16};

float mx_half_scale(std::uint8_t e) {
  return std::ldexp(1.0f, e - 128);
}

// floor(log2f(x)), where log2f is the true logarithm rounded once to float32. So close below 2^k that no float32 lies
// between log2 x and k, it is k itself, one too many: at one ulp below 2^3 or 2^4, at up to 44 ulp below 2^65. glibc
// and musl agree with this for every float32. The double in between decides nothing: log2 x is never that close to a
// tie.
float floor_log2(float x) {
  return std::floor(static_cast<float>(std::log2(double{x})));
}

// The largest element of E2M1 is 1.5 * 2^2: e puts the power of two of absmax there, e = floor(log2(absmax)) - 2 + 127.
// What lies above 1.5 times that power is clamped. Below 2^-125 ggml's e does not fit a byte: here it is 0.
std::uint8_t mx_exponent(float largest) {
  return largest > 0 ? static_cast<std::uint8_t>(truncated(floor_log2(largest) - 2 + 127, 0, 255)) : 0;
}

MXFP4 quantize_mxfp4(const Input& input) {
  MXFP4 block{.e = mx_exponent(absmax(input.values)), .qs = {}};
  for (std::size_t i = 0; i < input.values.size(); ++i)
    kNibbles.put(block.qs, i, nearest_code(input.values[i], mx_half_scale(block.e)));
  return block;
}

void dequantize_mxfp4(const MXFP4& block, std::span<float> values) {
  const float d = mx_half_scale(block.e);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = kLevels[kNibbles.get(block.qs, i)] * d;
}

// --- NVFP4 -----------------------------------------------------------------------------------------------------------

struct NVFP4 {
  std::uint8_t d[4];
  std::uint8_t qs[32];
};
constexpr std::size_t kGroup = 16;
constexpr Interleaved kShortNibbles{.bits = 4, .run = 8};

// To E4M3 without sign, ties up: unlike float8_e4m3fn's ties to even, and with a top that saturates from 248 on. Below
// 2^-6 the codes 0 .. 7 count 512ths, and what would round up to the first normal number stays at 7.
std::uint8_t to_ue4m3(float x) {
  if (!(x > 0)) return 0;
  if (x >= 248) return 0x7E;
  if (x < 0x1p-6f) return static_cast<std::uint8_t>(truncated(x * 512 + 0.5f, 0, 7));
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x) + (1u << 19);  // half of the last bit that is kept
  return static_cast<std::uint8_t>((bits >> 20) - ((127 - 7) << 3));
}

float from_ue4m3(std::uint8_t code) {
  if (code == 0 || code == 0x7F) return 0;
  const int exponent = code >> 3 & 15, mantissa = code & 7;
  return exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -9)
                       : std::ldexp(1 + static_cast<float>(mantissa) / 8, exponent - 7);
}

// A group's scale maps its absmax to 6; the elements are found with the scale as it is stored.
NVFP4 quantize_nvfp4(const Input& input) {
  NVFP4 block{};
  for (std::size_t i = 0; i < input.values.size(); i += kGroup) {
    std::uint8_t& scale = block.d[i / kGroup];
    scale = to_ue4m3(absmax(input.values.subspan(i, kGroup)) / 6);
    for (std::size_t j = i; j < i + kGroup; ++j)
      kShortNibbles.put(block.qs, j, nearest_code(input.values[j], from_ue4m3(scale) * 0.5f));
  }
  return block;
}

void dequantize_nvfp4(const NVFP4& block, std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = kLevels[kShortNibbles.get(block.qs, i)] * (from_ue4m3(block.d[i / kGroup]) * 0.5f);
}

}  // namespace

std::span<const Codec> float4_codecs() {
  static constexpr Codec kCodecs[] = {codec<MXFP4, quantize_mxfp4, dequantize_mxfp4>("mxfp4"),
                                      codec<NVFP4, quantize_nvfp4, dequantize_nvfp4>("nvfp4")};
  return kCodecs;
}

}  // namespace fewbits::reference::ggml
