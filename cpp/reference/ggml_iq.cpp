// IQ1, IQ2 and IQ3: superblocks of 256 elements, quantized in groups of eight or four. A group is one point of a code
// book (ggml_grids.hpp) with its signs apart; 32 or 16 elements share a small scale in units of a float16.
// Decoding only.
//
//   IQ2   x ~ d * (scale_j + 1/2) / 4 * level * sign       levels 8, 25, 43, groups of eight
//   IQ3   x ~ d * scale' * level * sign                    eight levels, groups of four
//   IQ1   x ~ d * (2 scale_j + 1) * (level + delta)        levels -1, 0, 1, delta +-1/8, groups of eight
#include <array>
#include <bit>

#include "ggml.hpp"
#include "ggml_grids.hpp"

namespace fewbits::reference::ggml {
namespace {

constexpr std::size_t kSuperblock = 256;

constexpr std::array<std::uint8_t, 4> kIq2Levels = {8, 25, 43};
constexpr std::array<std::uint8_t, 8> kIq3xxsLevels = {4, 12, 20, 28, 36, 44, 52, 62};
constexpr std::array<std::uint8_t, 8> kIq3sLevels = {1, 3, 5, 7, 9, 11, 13, 15};

std::uint32_t word32(const std::uint8_t* bytes) {
  return bytes[0] | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 | std::uint32_t{bytes[3]} << 24;
}

// Eight signs in seven bits: their number is even, so that the eighth is the parity of the others.
unsigned even_signs(std::uint32_t seven_bits) {
  const std::uint32_t low = seven_bits & 127;
  return low | (std::popcount(low) & 1u) << 7;
}

float sign(unsigned signs, std::size_t i) {
  return (signs >> i & 1) != 0 ? -1.0f : 1.0f;
}

// Four bits of a byte: the scale of the first or second half.
unsigned nibble(std::uint8_t byte, std::size_t half) {
  return byte >> 4 * half & 15;
}

// --- IQ2: a point is a group of eight --------------------------------------------------------------------------------

void put_iq2_group(unsigned point, unsigned signs, float scale, float* values) {
  for (std::size_t i = 0; i < 8; ++i) values[i] = scale * kIq2Levels[point >> 2 * i & 3] * sign(signs, i);
}

float iq2_scale(float d, unsigned scale) {
  return d * (0.5f + static_cast<float>(scale)) * 0.25f;
}

// 32 elements: four bytes name points of 256, then four times seven signs and a scale of 4 bits.
struct IQ2_XXS {
  Half d;
  std::uint8_t qs[64];
};

void dequantize_iq2_xxs(const IQ2_XXS& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t group = 0; group < kSuperblock / 8; ++group) {
    const std::uint8_t* part = block.qs + group / 4 * 8;
    const std::uint32_t signs_and_scale = word32(part + 4);
    put_iq2_group(kIq2xxsCodebook[part[group % 4]], even_signs(signs_and_scale >> 7 * (group % 4)),
                  iq2_scale(d, signs_and_scale >> 28), &values[8 * group]);
  }
}

// A group is a word: a point of 512 in 9 bits, its signs in 7. Scales of 4 bits for 16 elements.
struct IQ2_XS {
  Half d;
  Word16 qs[32];
  std::uint8_t scales[8];
};

void dequantize_iq2_xs(const IQ2_XS& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t group = 0; group < kSuperblock / 8; ++group) {
    const unsigned word = to_unsigned(block.qs[group]);
    put_iq2_group(kIq2xsCodebook[word & 511], even_signs(word >> 9),
                  iq2_scale(d, nibble(block.scales[group / 4], group / 2 % 2)), &values[8 * group]);
  }
}

// A point of 1,024: eight bits in qs, two in qh. All eight signs are stored.
struct IQ2_S {
  Half d;
  std::uint8_t qs[32];
  std::uint8_t signs[32];
  std::uint8_t qh[8];
  std::uint8_t scales[8];
};

void dequantize_iq2_s(const IQ2_S& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t group = 0; group < kSuperblock / 8; ++group) {
    const unsigned top = block.qh[group / 4] >> 2 * (group % 4) & 3u;
    put_iq2_group(kIq2sCodebook[block.qs[group] | top << 8], block.signs[group],
                  iq2_scale(d, nibble(block.scales[group / 4], group / 2 % 2)), &values[8 * group]);
  }
}

// --- IQ3: a point is a group of four, signs go by eight --------------------------------------------------------------

void put_iq3_group(unsigned point, const std::array<std::uint8_t, 8>& levels, unsigned signs, float scale,
                   float* values) {
  for (std::size_t i = 0; i < 4; ++i) values[i] = scale * levels[point >> 3 * i & 7] * sign(signs, i);
}

// Points of 256; for 32 elements four times seven signs and a scale of 4 bits.
struct IQ3_XXS {
  Half d;
  std::uint8_t qs[64];
  std::uint8_t scales_and_signs[32];
};

void dequantize_iq3_xxs(const IQ3_XXS& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t group = 0; group < kSuperblock / 4; ++group) {
    const std::uint32_t signs_and_scale = word32(block.scales_and_signs + group / 8 * 4);
    const float scale = d * (0.5f + static_cast<float>(signs_and_scale >> 28)) * 0.5f;
    const unsigned signs = even_signs(signs_and_scale >> 7 * (group / 2 % 4)) >> 4 * (group % 2);
    put_iq3_group(kIq3xxsCodebook[block.qs[group]], kIq3xxsLevels, signs, scale, &values[4 * group]);
  }
}

// Points of 512: eight bits in qs, one in qh. Scales of 4 bits for 32 elements, odd multiples of d.
struct IQ3_S {
  Half d;
  std::uint8_t qs[64];
  std::uint8_t qh[8];
  std::uint8_t signs[32];
  std::uint8_t scales[4];
};

void dequantize_iq3_s(const IQ3_S& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t group = 0; group < kSuperblock / 4; ++group) {
    const unsigned top = block.qh[group / 8] >> group % 8 & 1u;
    const unsigned scale = nibble(block.scales[group / 16], group / 8 % 2);
    put_iq3_group(kIq3sCodebook[block.qs[group] | top << 8], kIq3sLevels, block.signs[group / 2] >> 4 * (group % 2),
                  d * static_cast<float>(1 + 2 * scale), &values[4 * group]);
  }
}

// --- IQ1: ternary points of 2,048, shifted
// -----------------------------------------------------------------------------

void put_iq1_group(unsigned point, bool negative_shift, float scale, float* values) {
  const float delta = negative_shift ? -0.125f : 0.125f;
  for (std::size_t i = 0; i < 8; ++i) values[i] = scale * (static_cast<float>(int(point >> 2 * i & 3) - 1) + delta);
}

float iq1_scale(float d, unsigned scale) {
  return d * static_cast<float>(2 * scale + 1);
}

// For 32 elements a word qh: the top three bits of four points, a scale of 3 bits, the sign of delta.
struct IQ1_S {
  Half d;
  std::uint8_t qs[32];
  Word16 qh[8];
};

void dequantize_iq1_s(const IQ1_S& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t group = 0; group < kSuperblock / 8; ++group) {
    const unsigned word = to_unsigned(block.qh[group / 4]);
    const unsigned top = word >> 3 * (group % 4) & 7;
    put_iq1_group(kIq1Codebook[block.qs[group] | top << 8], word >> 15 != 0, iq1_scale(d, word >> 12 & 7),
                  &values[8 * group]);
  }
}

// For a group a nibble of qh: the point's top three bits, the sign of delta. Scales of 3 bits for 16 elements, four to
// a word; the words' top nibbles together are d.
struct IQ1_M {
  std::uint8_t qs[32];
  std::uint8_t qh[16];
  Word16 scales[4];
};

Half iq1_m_d(const IQ1_M& block) {
  unsigned bits = 0;
  for (std::size_t k = 0; k < 4; ++k) bits |= to_unsigned(block.scales[k]) >> 12 << 4 * k;
  return {{static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(bits >> 8)}};
}

void dequantize_iq1_m(const IQ1_M& block, std::span<float> values) {
  const float d = to_float(iq1_m_d(block));
  for (std::size_t group = 0; group < kSuperblock / 8; ++group) {
    const unsigned top = nibble(block.qh[group / 2], group % 2);
    const unsigned scale = to_unsigned(block.scales[group / 8]) >> 3 * (group / 2 % 4) & 7;
    put_iq1_group(kIq1Codebook[block.qs[group] | (top & 7) << 8], top >> 3 != 0, iq1_scale(d, scale),
                  &values[8 * group]);
  }
}

}  // namespace

std::span<const Codec> iq_codecs() {
  static constexpr Codec kCodecs[] = {
      decoder<IQ2_XXS, dequantize_iq2_xxs>("iq2_xxs"), decoder<IQ2_XS, dequantize_iq2_xs>("iq2_xs"),
      decoder<IQ2_S, dequantize_iq2_s>("iq2_s"),       decoder<IQ3_XXS, dequantize_iq3_xxs>("iq3_xxs"),
      decoder<IQ3_S, dequantize_iq3_s>("iq3_s"),       decoder<IQ1_S, dequantize_iq1_s>("iq1_s"),
      decoder<IQ1_M, dequantize_iq1_m>("iq1_m"),
  };
  return kCodecs;
}

}  // namespace fewbits::reference::ggml
