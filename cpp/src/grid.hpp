// The numbers that a floating format names, as magnitudes: code c of them, for c = 0 .. max_code, is the c-th from
// zero.
#pragma once

#include <bit>
#include <cstdint>

#include "fewbits/number_format.hpp"

namespace fewbits::grid {

// Exact from 2^-1074 to 2^1023.
constexpr double power_of_two(int exponent) {
  if (exponent < -1022) return power_of_two(exponent + 64) * 0x1p-64;
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

// The value of a magnitude code, special values not considered: max_code + 1 gives the number that would come next.
constexpr double value(const NumberFormat& format, std::uint64_t code) {
  const std::uint64_t one = std::uint64_t{1} << format.mantissa_bits;
  const int exponent = static_cast<int>(code >> format.mantissa_bits);
  const bool subnormal = exponent == 0 || format.exponent_bits == 0;
  const double significand = static_cast<double>(subnormal ? code : one + (code & (one - 1)));
  return significand * power_of_two((subnormal ? 1 : exponent) - format.bias - format.mantissa_bits);
}

// The code of the largest finite magnitude.
constexpr std::uint64_t max_code(const NumberFormat& format) {
  const std::uint64_t all = (std::uint64_t{1} << (format.exponent_bits + format.mantissa_bits)) - 1;
  switch (format.specials) {
    case Specials::Ieee:
      return all - (std::uint64_t{1} << format.mantissa_bits);
    case Specials::Fn:
      return all - 1;
    case Specials::Fnuz:
    case Specials::None:
      break;
  }
  return all;
}

}  // namespace fewbits::grid
