// Number formats as their definitions: one number at a time, in double, by search among the numbers that the codes
// name. Up to 32 bits, float64 excepted: a double has no definition but itself. For tests.
#pragma once

#include <cstdint>

#include "fewbits/number_format.hpp"

namespace fewbits::reference {

// The number that a code names: exact, an infinity, or NaN.
double decode(const NumberFormat& format, std::uint32_t code);

// The code of the nearest number, ties to even.
std::uint32_t encode(const NumberFormat& format, double value, Overflow overflow);

}  // namespace fewbits::reference
