// Number formats: the one table. Everything that fewbits knows about a format is in its row; codecs, the page,
// the TypeScript types, tests and benches loop over kNumberFormats.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace fewbits {

enum class Kind : std::uint8_t {
  Floating,  // sign, exponent, mantissa: (-1)^s * 2^(e - bias) * (1 + m / 2^M), without the 1 where e is 0
  Integer,   // two's complement, or unsigned
  Exponent,  // 2^(e - bias) and nothing else (E8M0, the scale of the OCP MX formats)
};

// What the top of the code range means.
enum class Specials : std::uint8_t {
  Ieee,  // exponent all ones: infinities and NaN
  Fn,    // no infinity; the one code with every exponent and mantissa bit set is NaN, with either sign
  Fnuz,  // no infinity, no negative zero: its code, a lone sign bit, is NaN
  None,  // every code is a finite number
};

// Rounds to nearest, ties to even, in every case; the two differ in what happens beyond the largest number.
enum class Overflow : std::uint8_t {
  Standard,  // as ml_dtypes and PyTorch cast: to infinity, to NaN, or to the largest number, as the format has it
  Saturate,  // to the largest number, as NVIDIA's saturating conversions do
};

struct NumberFormat {
  std::string_view name;  // ml_dtypes' name
  Kind kind;
  std::uint8_t sign_bits;
  std::uint8_t exponent_bits;
  std::uint8_t mantissa_bits;  // for integers: the bits that are no sign
  std::int16_t bias;
  Specials specials;

  // Where the references spell a NaN differently from each other, the row says how. Codes without the sign bit.
  std::uint32_t nan_code = 0;             // what NaN becomes; 0 where the format has none
  bool nan_keeps_sign = false;            // ... with the sign of the NaN put in
  std::uint32_t saturating_nan_code = 0;  // what it becomes under Overflow::Saturate
  bool saturating_nan_keeps_sign = false;

  // Names elsewhere; empty where the place has none.
  std::string_view safetensors = {};
  std::string_view gguf = {};
  std::string_view npy = {};

  [[nodiscard]] constexpr int bits() const { return sign_bits + exponent_bits + mantissa_bits; }
  [[nodiscard]] constexpr std::size_t code_bytes() const {
    return bits() <= 8 ? 1 : bits() <= 16 ? 2 : bits() <= 32 ? 4 : 8;
  }
  // float64, int32 and uint32 hold numbers that float32 does not: they decode to double.
  [[nodiscard]] constexpr bool decodes_to_double() const {
    return kind == Kind::Floating ? mantissa_bits > 23 : kind == Kind::Integer && bits() > 24;
  }
  [[nodiscard]] constexpr bool has_infinity() const { return kind == Kind::Floating && specials == Specials::Ieee; }
  [[nodiscard]] constexpr bool has_nan() const {
    return kind == Kind::Exponent ||
           (kind == Kind::Floating && (specials == Specials::Fn || specials == Specials::Fnuz ||
                                       (specials == Specials::Ieee && mantissa_bits > 0)));
  }
};

namespace detail {

constexpr NumberFormat floating(std::string_view name, int exponent_bits, int mantissa_bits, int bias,
                                Specials specials) {
  return {.name = name,
          .kind = Kind::Floating,
          .sign_bits = 1,
          .exponent_bits = static_cast<std::uint8_t>(exponent_bits),
          .mantissa_bits = static_cast<std::uint8_t>(mantissa_bits),
          .bias = static_cast<std::int16_t>(bias),
          .specials = specials};
}

constexpr NumberFormat with_nan(NumberFormat format, std::uint32_t code, bool keeps_sign, std::uint32_t saturating_code,
                                bool saturating_keeps_sign) {
  format.nan_code = code;
  format.nan_keeps_sign = keeps_sign;
  format.saturating_nan_code = saturating_code;
  format.saturating_nan_keeps_sign = saturating_keeps_sign;
  return format;
}

constexpr NumberFormat named(NumberFormat format, std::string_view safetensors, std::string_view gguf,
                             std::string_view npy) {
  format.safetensors = safetensors;
  format.gguf = gguf;
  format.npy = npy;
  return format;
}

constexpr NumberFormat integer(std::string_view name, int sign_bits, int bits, std::string_view safetensors = {},
                               std::string_view gguf = {}, std::string_view npy = {}) {
  return {.name = name,
          .kind = Kind::Integer,
          .sign_bits = static_cast<std::uint8_t>(sign_bits),
          .exponent_bits = 0,
          .mantissa_bits = static_cast<std::uint8_t>(bits - sign_bits),
          .bias = 0,
          .specials = Specials::None,
          .safetensors = safetensors,
          .gguf = gguf,
          .npy = npy};
}

}  // namespace detail

// clang-format off
inline constexpr auto kNumberFormats = [] {
  using enum Specials;
  using detail::floating, detail::integer, detail::named, detail::with_nan;
  constexpr NumberFormat e8m0{.name = "float8_e8m0fnu", .kind = Kind::Exponent, .sign_bits = 0, .exponent_bits = 8,
                              .mantissa_bits = 0, .bias = 127, .specials = Fn, .nan_code = 0xFF, .saturating_nan_code = 0xFF,
                              .safetensors = "F8_E8M0"};
  return std::array{
      named(floating("float64", 11, 52, 1023, Ieee), "F64", "F64", "<f8"),
      named(with_nan(floating("float32", 8, 23, 127, Ieee), 0x7FC00000, true, 0x7FC00000, true), "F32", "F32", "<f4"),
      with_nan(floating("tfloat32", 8, 10, 127, Ieee), 0x3FFFF, false, 0x3FFFF, false),
      named(with_nan(floating("float16", 5, 10, 15, Ieee), 0x7E00, true, 0x7E00, true), "F16", "F16", "<f2"),
      named(with_nan(floating("bfloat16", 8, 7, 127, Ieee), 0x7FC0, true, 0x7FC0, true), "BF16", "BF16", ""),
      named(with_nan(floating("float8_e4m3fn", 4, 3, 7, Fn), 0x7F, true, 0x7F, false), "F8_E4M3", "", ""),
      named(with_nan(floating("float8_e5m2", 5, 2, 15, Ieee), 0x7E, true, 0x7F, false), "F8_E5M2", "", ""),
      named(with_nan(floating("float8_e4m3fnuz", 4, 3, 8, Fnuz), 0x80, false, 0x80, false), "F8_E4M3FNUZ", "", ""),
      named(with_nan(floating("float8_e5m2fnuz", 5, 2, 16, Fnuz), 0x80, false, 0x80, false), "F8_E5M2FNUZ", "", ""),
      e8m0,
      named(floating("float6_e2m3fn", 2, 3, 1, None), "F6_E2M3", "", ""),
      named(floating("float6_e3m2fn", 3, 2, 3, None), "F6_E3M2", "", ""),
      named(floating("float4_e2m1fn", 2, 1, 1, None), "F4", "", ""),
      integer("int2", 1, 2), integer("int3", 1, 3), integer("int4", 1, 4), integer("int5", 1, 5), integer("int6", 1, 6),
      integer("int7", 1, 7), integer("int8", 1, 8, "I8", "I8", "|i1"), integer("int16", 1, 16, "I16", "I16", "<i2"),
      integer("int32", 1, 32, "I32", "I32", "<i4"),
      integer("uint2", 0, 2), integer("uint3", 0, 3), integer("uint4", 0, 4), integer("uint5", 0, 5), integer("uint6", 0, 6),
      integer("uint7", 0, 7), integer("uint8", 0, 8, "U8", "", "|u1"), integer("uint16", 0, 16, "U16", "", "<u2"),
      integer("uint32", 0, 32, "U32", "", "<u4"),
  };
}();
// clang-format on

// The row of that name, or nullptr.
constexpr const NumberFormat* find_number_format(std::string_view name) {
  for (const auto& format : kNumberFormats)
    if (format.name == name) return &format;
  return nullptr;
}

// Everything about a format that follows from its row; -0 counts as a value of its own nowhere.
struct NumberFacts {
  double min, max;            // the extreme finite values
  double smallest_normal;     // 0 for integers
  double smallest_subnormal;  // 0 where there are none
  double epsilon;             // from 1 to the next value: 2^-M; 1 for integers
  int decimal_digits;         // decimals that always survive: floor(M * log10(2)), std::numeric_limits' digits10
  double values;              // how many different finite numbers the codes name
};
NumberFacts number_facts(const NumberFormat& format);

// A format that the caller makes up. Returns nothing and says why in `reason` where it has no meaning or where one of
// its values would not be exact in float32. exponent_bits 0 to 8, mantissa_bits 0 to 23, sign_bits 0 or 1.
struct MadeFormat {
  int sign_bits, exponent_bits, mantissa_bits, bias;
  Specials specials;
};
enum class MadeFormatFault : std::uint8_t {
  None,
  FieldRange,         // a field is outside of its range
  NoBits,             // no exponent and no mantissa bits
  NoRoomForSpecials,  // the specials need exponent or sign bits that it lacks
  TooLarge,           // its largest value is beyond float32
  TooSmall,           // its smallest step is below float32's smallest subnormal
};
MadeFormatFault check(const MadeFormat& made);
NumberFormat number_format(const MadeFormat& made);  // only after check() returned None

}  // namespace fewbits
