// Formats whose codes name numbers by a list.
#pragma once

#include <array>
#include <cstddef>

namespace fewbits {

// NormalFloat: code c of 4 bits is number c, which lies in the middle of a sixteenth of the normal distribution, scaled
// to -1 .. 1 (Dettmers et al., QLoRA, 2023, appendix E).
inline constexpr std::array<float, 16> kNf4{
    -1.0f,      -0.6961928f, -0.52507305f, -0.3949175f, -0.28444138f, -0.18477343f, -0.091050036f, 0.0f,
    0.0795803f, 0.1609302f,  0.2461123f,   0.33791524f, 0.44070983f,  0.562617f,    0.72295684f,   1.0f};

// bitsandbytes' FP4: a sign above 3 bits that name n / 12, in an order of their own. Codes 0 and 8 are both zero.
inline constexpr std::array<float, 16> kBitsandbytesFp4{
    0.0f, 0.0625f / 12,  8.0f / 12,  12.0f / 12,  4.0f / 12,  6.0f / 12,  2.0f / 12,  3.0f / 12,
    0.0f, -0.0625f / 12, -8.0f / 12, -12.0f / 12, -4.0f / 12, -6.0f / 12, -2.0f / 12, -3.0f / 12};

// Point k of `parts` equal parts of 0.1 .. 1, as PyTorch's linspace gives it on the machines that bitsandbytes' map
// comes from: two eights at a time while there are so many, each counting on from its first point, the others one by
// one, from the nearer end and rounded once.
constexpr float dynamic_boundary(int parts, int k) {
  constexpr float kFirst = 0.1f, kLast = 1.0f;
  const float step = (kLast - kFirst) / static_cast<float>(parts);
  const int points = parts + 1, beyond = k < points / 16 * 16 ? k % 8 : 0;
  const int from = k - beyond;
  const double exact = from < points / 2 ? kFirst + static_cast<double>(step) * from
                                         : kLast - static_cast<double>(step) * (parts - from);
  return static_cast<float>(exact) + step * static_cast<float>(beyond);
}

// The dynamic map (Dettmers, 8-Bit Approximations for Parallelism in Deep Learning, 2015), in ascending order, as
// bitsandbytes' create_dynamic_map gives it: decade i = 0 .. 6 below 10^(i - 6) has 2^i numbers, the middles of equal
// parts of its upper nine tenths, with either sign; and then 0 and 1.
constexpr std::array<float, 256> dynamic_map() {
  std::array<float, 256> map{};
  std::size_t code = 128;  // 127 is 0
  float decade = 1e-6f;
  for (const float next : {1e-5f, 1e-4f, 1e-3f, 1e-2f, 1e-1f, 1.0f, 0.0f}) {
    const int parts = static_cast<int>(code) - 127;
    for (int k = 0; k < parts; ++k, ++code) {
      map[code] = decade * ((dynamic_boundary(parts, k) + dynamic_boundary(parts, k + 1)) / 2);
      map[254 - code] = -map[code];
    }
    decade = next;
  }
  map[255] = 1;
  return map;
}

}  // namespace fewbits
