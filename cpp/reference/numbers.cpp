#include "numbers.hpp"

#include <cmath>
#include <limits>

namespace fewbits::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::uint32_t ones(int bits) {
  return bits == 32 ? ~0u : (1u << bits) - 1;
}

// --- floating --------------------------------------------------------------------------------------------------------

int magnitude_bits(const NumberFormat& format) {
  return format.exponent_bits + format.mantissa_bits;
}

std::uint32_t sign_bit(const NumberFormat& format) {
  return format.sign_bits == 0 ? 0 : 1u << magnitude_bits(format);
}

// 2^(e - bias) * (1 + m / 2^M), or 2^(1 - bias) * m / 2^M where e is 0 or has no bits. Special codes are not looked at.
double magnitude(const NumberFormat& format, std::uint32_t code) {
  const auto exponent = static_cast<int>(code >> format.mantissa_bits);
  const double one = std::ldexp(1.0, format.mantissa_bits);
  if (exponent == 0 || format.exponent_bits == 0) return std::ldexp(code / one, 1 - format.bias);
  const double fraction = (code & ones(format.mantissa_bits)) / one;
  return std::ldexp(1.0 + fraction, exponent - format.bias);
}

std::uint32_t infinity_code(const NumberFormat& format) {
  return ones(format.exponent_bits) << format.mantissa_bits;
}

std::uint32_t max_code(const NumberFormat& format) {
  if (format.specials == Specials::Ieee) return infinity_code(format) - 1;
  if (format.specials == Specials::Fn) return ones(magnitude_bits(format)) - 1;
  return ones(magnitude_bits(format));
}

double decode_floating(const NumberFormat& format, std::uint32_t code) {
  const std::uint32_t unsigned_code = code & ones(magnitude_bits(format));
  const bool is_negative = (code & sign_bit(format)) != 0;
  if (format.specials == Specials::Fnuz && is_negative && unsigned_code == 0) return kNan;
  if (format.specials == Specials::Fn && unsigned_code > max_code(format)) return kNan;
  if (format.specials == Specials::Ieee && unsigned_code > infinity_code(format)) return kNan;
  const bool is_infinite = format.specials == Specials::Ieee && unsigned_code == infinity_code(format);
  const double value = is_infinite ? kInfinity : magnitude(format, unsigned_code);
  return is_negative ? -value : value;
}

std::uint32_t nan_code(const NumberFormat& format, bool is_negative, Overflow overflow) {
  const bool saturates = overflow == Overflow::Saturate;
  if (!format.has_nan()) {
    if (saturates) return max_code(format);
    if (format.has_infinity()) return infinity_code(format) | (is_negative ? sign_bit(format) : 0);
    return is_negative ? 0 : sign_bit(format);
  }
  const std::uint32_t code = saturates ? format.saturating_nan_code : format.nan_code;
  const bool keeps_sign = saturates ? format.saturating_nan_keeps_sign : format.nan_keeps_sign;
  return code | (keeps_sign && is_negative ? sign_bit(format) : 0);
}

// Magnitudes too large to round to the maximum.
std::uint32_t overflow_code(const NumberFormat& format, bool is_infinite, Overflow overflow) {
  const bool saturates = overflow == Overflow::Saturate;
  if (format.specials == Specials::None) return max_code(format);
  if (format.specials == Specials::Fnuz) return saturates && !is_infinite ? max_code(format) : sign_bit(format);
  return saturates ? max_code(format) : max_code(format) + 1;  // the first NaN of Fn, the infinity of Ieee
}

// The largest code whose magnitude is at most that.
std::uint32_t code_below(const NumberFormat& format, double value) {
  std::uint32_t low = 0, high = max_code(format);
  while (low < high) {
    const std::uint32_t middle = low + (high - low + 1) / 2;
    if (magnitude(format, middle) <= value)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

// Beyond the maximum the numbers go on as if there were more codes: halfway to the next one is where overflow begins.
std::uint32_t encode_magnitude(const NumberFormat& format, double value, Overflow overflow) {
  if (std::isinf(value)) return overflow_code(format, true, overflow);
  const std::uint32_t below = code_below(format, value);
  const double to_below = value - magnitude(format, below);
  const double to_above = magnitude(format, below + 1) - value;
  const bool goes_up = to_above < to_below || (to_above == to_below && below % 2 == 1);
  if (!goes_up) return below;
  return below == max_code(format) ? overflow_code(format, false, overflow) : below + 1;
}

std::uint32_t encode_floating(const NumberFormat& format, double value, Overflow overflow) {
  const bool is_negative = std::signbit(value);
  if (std::isnan(value)) return nan_code(format, is_negative, overflow);
  if (format.sign_bits == 0 && value < 0)
    return overflow == Overflow::Standard && format.has_nan() ? format.nan_code : 0;
  const std::uint32_t code = encode_magnitude(format, std::fabs(value), overflow);
  if (code == 0 && format.specials == Specials::Fnuz) return 0;
  return is_negative ? code | sign_bit(format) : code;
}

// --- exponents -------------------------------------------------------------------------------------------------------

double decode_exponent(const NumberFormat& format, std::uint32_t code) {
  const bool is_nan = code == ones(format.exponent_bits);
  return is_nan ? kNan : std::ldexp(1.0, static_cast<int>(code) - format.bias);
}

std::uint32_t encode_exponent(const NumberFormat& format, double value, Overflow overflow) {
  const std::uint32_t nan = ones(format.exponent_bits);
  const bool saturates = overflow == Overflow::Saturate;
  if (std::isnan(value) || std::isinf(value)) return nan;
  if (value <= 0) return saturates ? 0 : nan;
  // The reference sees float32's subnormal numbers only in whole: everything above the smallest power goes up.
  if (value < std::ldexp(1.0, 1 - format.bias)) return value > std::ldexp(1.0, -format.bias) ? 1 : 0;
  const int below = std::ilogb(value);
  const bool goes_up = value >= std::ldexp(1.5, below);
  const auto code = static_cast<std::uint32_t>(below + format.bias) + (goes_up ? 1 : 0);
  return code >= nan && saturates ? nan - 1 : code >= nan ? nan : code;
}

// --- integers --------------------------------------------------------------------------------------------------------

double decode_integer(const NumberFormat& format, std::uint32_t code) {
  const bool is_negative = format.sign_bits == 1 && (code >> format.mantissa_bits & 1) != 0;
  return static_cast<double>(code) - (is_negative ? std::ldexp(1.0, format.bits()) : 0.0);
}

std::uint32_t encode_integer(const NumberFormat& format, double value) {
  if (std::isnan(value)) return 0;
  const double end = std::ldexp(1.0, format.mantissa_bits);
  const double nearest = std::nearbyint(value);
  const double limited = std::fmax(format.sign_bits ? -end : 0.0, std::fmin(nearest, end - 1));
  return static_cast<std::uint32_t>(static_cast<std::int64_t>(limited)) & ones(format.bits());
}

}  // namespace

double decode(const NumberFormat& format, std::uint32_t code) {
  const std::uint32_t kept = code & ones(format.bits());
  if (format.kind == Kind::Exponent) return decode_exponent(format, kept);
  if (format.kind == Kind::Integer) return decode_integer(format, kept);
  return decode_floating(format, kept);
}

std::uint32_t encode(const NumberFormat& format, double value, Overflow overflow) {
  if (format.kind == Kind::Exponent) return encode_exponent(format, value, overflow);
  if (format.kind == Kind::Integer) return encode_integer(format, value);
  return encode_floating(format, value, overflow);
}

}  // namespace fewbits::reference
