#include "fewbits/number_format.hpp"

#include <limits>

#include "grid.hpp"

namespace fewbits {
namespace {

// floor(bits * log10(2)), as std::numeric_limits' digits10.
int decimal_digits(int bits) {
  return bits * 30103 / 100000;
}

NumberFacts floating_facts(const NumberFormat& format) {
  const std::uint64_t max_code = grid::max_code(format);
  const std::uint64_t first_normal = std::uint64_t{1} << format.mantissa_bits;
  const double max = grid::value(format, max_code);
  const auto finite = static_cast<double>(max_code + 1);
  return {.min = format.sign_bits ? -max : 0,
          .max = max,
          .smallest_normal = max_code >= first_normal ? grid::value(format, first_normal) : 0,
          .smallest_subnormal = max_code >= 1 && first_normal > 1 ? grid::value(format, 1) : 0,
          .epsilon = grid::power_of_two(-format.mantissa_bits),
          .decimal_digits = decimal_digits(format.mantissa_bits),
          .values = format.sign_bits ? 2 * finite - 1 : finite};
}

NumberFacts integer_facts(const NumberFormat& format) {
  const double half = grid::power_of_two(format.mantissa_bits);
  return {.min = format.sign_bits ? -half : 0,
          .max = half - 1,
          .smallest_normal = 0,
          .smallest_subnormal = 0,
          .epsilon = 1,
          .decimal_digits = decimal_digits(format.mantissa_bits),
          .values = format.sign_bits ? 2 * half : half};
}

// The last code is NaN.
NumberFacts exponent_facts(const NumberFormat& format) {
  const int codes = (1 << format.exponent_bits) - 1;
  return {.min = grid::power_of_two(-format.bias),
          .max = grid::power_of_two(codes - 1 - format.bias),
          .smallest_normal = grid::power_of_two(-format.bias),
          .smallest_subnormal = 0,
          .epsilon = 1,
          .decimal_digits = 0,
          .values = static_cast<double>(codes)};
}

bool within(int value, int low, int high) {
  return low <= value && value <= high;
}

bool has_room(const MadeFormat& made) {
  switch (made.specials) {
    case Specials::Ieee:
      return made.exponent_bits > 0;
    case Specials::Fnuz:
      return made.sign_bits > 0;
    case Specials::Fn:
    case Specials::None:
      break;
  }
  return true;
}

NumberFormat without_nan_codes(const MadeFormat& made) {
  return {.name = {},
          .kind = Kind::Floating,
          .sign_bits = static_cast<std::uint8_t>(made.sign_bits),
          .exponent_bits = static_cast<std::uint8_t>(made.exponent_bits),
          .mantissa_bits = static_cast<std::uint8_t>(made.mantissa_bits),
          .bias = static_cast<std::int16_t>(made.bias),
          .specials = made.specials};
}

bool same_fields(const NumberFormat& a, const NumberFormat& b) {
  return a.kind == b.kind && a.sign_bits == b.sign_bits && a.exponent_bits == b.exponent_bits &&
         a.mantissa_bits == b.mantissa_bits && a.bias == b.bias && a.specials == b.specials;
}

// A quiet NaN as IEEE 754 recommends it; infinity where there is no NaN beside it.
std::uint32_t ieee_nan_code(const NumberFormat& format) {
  const auto infinity = static_cast<std::uint32_t>(grid::max_code(format)) + 1;
  return infinity | (std::uint32_t{1} << format.mantissa_bits >> 1 & (infinity - 1));
}

NumberFormat with_default_nan(const NumberFormat& format) {
  const auto beyond_max = static_cast<std::uint32_t>(grid::max_code(format)) + 1;
  switch (format.specials) {
    case Specials::Ieee:
      return detail::with_nan(format, ieee_nan_code(format), true, ieee_nan_code(format), true);
    case Specials::Fn:
      return detail::with_nan(format, beyond_max, true, beyond_max, false);
    case Specials::Fnuz:
      return detail::with_nan(format, beyond_max, false, beyond_max, false);
    case Specials::None:
      break;
  }
  return format;
}

}  // namespace

NumberFacts number_facts(const NumberFormat& format) {
  switch (format.kind) {
    case Kind::Integer:
      return integer_facts(format);
    case Kind::Exponent:
      return exponent_facts(format);
    case Kind::Floating:
      break;
  }
  return floating_facts(format);
}

MadeFormatFault check(const MadeFormat& made) {
  using enum MadeFormatFault;
  // Any bias beyond this gives numbers that no float32 is near to; within it, doubles hold them all.
  constexpr int kMostBias = 500;
  if (!within(made.sign_bits, 0, 1) || !within(made.exponent_bits, 0, 8) || !within(made.mantissa_bits, 0, 23))
    return FieldRange;
  if (made.exponent_bits + made.mantissa_bits == 0) return NoBits;
  if (!has_room(made)) return NoRoomForSpecials;
  if (made.bias > kMostBias) return TooSmall;
  if (made.bias < -kMostBias) return TooLarge;
  const NumberFormat format = without_nan_codes(made);
  if (grid::value(format, grid::max_code(format)) > std::numeric_limits<float>::max()) return TooLarge;
  if (grid::value(format, 1) < std::numeric_limits<float>::denorm_min()) return TooSmall;
  return None;
}

NumberFormat number_format(const MadeFormat& made) {
  const NumberFormat format = without_nan_codes(made);
  // A format that exists spells its NaN as its references do.
  for (const NumberFormat& row : kNumberFormats)
    if (same_fields(row, format))
      return detail::with_nan(format, row.nan_code, row.nan_keeps_sign, row.saturating_nan_code,
                              row.saturating_nan_keeps_sign);
  return with_default_nan(format);
}

}  // namespace fewbits
