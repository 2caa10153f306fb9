// One float16 at a time, in integer arithmetic: the scale of a block.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace fewbits {

// Nearest, ties to even; beyond the range infinity. NaN comes out as 7E00: its sign is not the same on every machine.
[[gnu::noinline]] inline std::uint16_t to_half(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
  if (magnitude > 0x7F800000) return 0x7E00;
  if (magnitude >= 0x477FF000) return static_cast<std::uint16_t>(sign | 0x7C00);
  if (magnitude >= 0x38800000)  // normal: the lower 13 bits are rounded off and the bias goes from 127 to 15
    return static_cast<std::uint16_t>(sign | (magnitude - 0x38000000 + 0xFFF + (magnitude >> 13 & 1)) >> 13);
  // Subnormal: what is added puts the last bit at the sum's last bit.
  return static_cast<std::uint16_t>(
      sign | (std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3F000000));
}

inline float from_half(std::uint16_t half) {
  const std::uint32_t magnitude = (half & 0x7FFFu) << 13;
  auto bits = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) * 0x1p112f);
  if (magnitude >= 0x0F800000) bits |= 0x7F800000;
  return std::bit_cast<float>(bits | (half & 0x8000u) << 16);
}

// A block's bytes have any alignment.
inline void store_half(float value, std::uint8_t* bytes) {
  const std::uint16_t half = to_half(value);
  std::memcpy(bytes, &half, sizeof half);
}
inline float load_half(const std::uint8_t* bytes) {
  std::uint16_t half;
  std::memcpy(&half, bytes, sizeof half);
  return from_half(half);
}

}  // namespace fewbits
