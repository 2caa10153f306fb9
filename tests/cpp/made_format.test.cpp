// Formats that the caller makes up.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "catch.hpp"
#include "codes.hpp"
#include "numbers.hpp"

using namespace fewbits;

namespace {

using enum Specials;

// The formats at which float32's own limits come in, and the smallest that there are.
const std::vector<MadeFormat> kCorners{
    {1, 8, 23, 127, Ieee},  {1, 8, 22, 127, Ieee}, {0, 8, 23, 127, Ieee}, {1, 7, 23, -1, Ieee}, {1, 7, 23, 0, None},
    {1, 8, 22, 128, None},  {1, 8, 4, 128, Fn},    {1, 8, 3, 140, Fnuz},  {0, 8, 0, 150, Ieee}, {1, 8, 0, 127, Ieee},
    {1, 5, 10, 139, Ieee},  {1, 4, 3, 147, Fn},    {1, 4, 3, -112, Fn},   {1, 1, 23, 1, Ieee},  {1, 1, 0, 0, Ieee},
    {1, 1, 0, 0, Fn},       {0, 1, 0, 5, None},    {1, 0, 1, 0, Fn},      {1, 0, 7, 0, None},   {0, 0, 8, 0, None},
    {0, 0, 23, -104, None}, {1, 0, 23, 127, None}, {0, 0, 1, -127, None}, {1, 2, 0, 1, Fnuz},   {1, 6, 0, 40, Ieee},
    {0, 3, 0, 100, None},   {1, 5, 14, 15, Ieee},  {1, 5, 22, 15, Fn},    {0, 4, 4, 7, Fn},     {0, 5, 3, 15, Ieee},
    {1, 3, 4, 3, None},     {1, 2, 21, 1, None},   {1, 8, 13, 127, Ieee},
};

std::vector<MadeFormat> every_kind() {
  std::vector<MadeFormat> formats;
  for (int sign = 0; sign <= 1; ++sign)
    for (const int exponent_bits : {0, 1, 2, 4, 5, 8})
      for (const int mantissa_bits : {0, 1, 2, 3, 7, 8, 10, 14, 22, 23})
        for (const int bias : {-110, -3, 0, 1, 7, 60, 127, 128, 131, 140})
          for (const Specials specials : {Ieee, Fn, Fnuz, None}) {
            const MadeFormat made{sign, exponent_bits, mantissa_bits, bias, specials};
            if (check(made) == MadeFormatFault::None) formats.push_back(made);
          }
  formats.insert(formats.end(), kCorners.begin(), kCorners.end());
  return formats;
}

// The format's numbers, the ties between them, and what lies a hair beside: as far as there is room, from both ends.
std::vector<double> telling_numbers(const NumberFormat& format) {
  const auto magnitudes = std::uint32_t{1} << (format.exponent_bits + format.mantissa_bits - 1);
  std::mt19937 random(5);
  std::vector<std::uint32_t> codes{
      0, 1, 2, 3, magnitudes - 1, magnitudes, magnitudes + 1, 2 * magnitudes - 2, 2 * magnitudes - 3};
  for (int i = 0; i < 24; ++i) codes.push_back(random() % magnitudes * 2);
  std::vector<double> values{0.0,
                             -0.0,
                             HUGE_VAL,
                             -HUGE_VAL,
                             std::numeric_limits<double>::quiet_NaN(),
                             1e300,
                             -1e300,
                             5e-324,
                             std::numeric_limits<float>::max(),
                             std::numeric_limits<float>::denorm_min()};
  for (const std::uint32_t code : codes) {
    const double low = reference::decode(format, code), high = reference::decode(format, code + 1);
    for (const double value : {low, (low + high) / 2, low + (high - low) / 4}) {
      if (!std::isfinite(value)) continue;
      for (const double near : {value, std::nextafter(value, HUGE_VAL), std::nextafter(value, -HUGE_VAL)}) {
        values.push_back(near);
        values.push_back(-near);
      }
    }
  }
  const double max = number_facts(format).max;
  for (const double beyond : {1.0, 1.01, 1.1, 1.25, 1.5, 2.0, 3.0}) values.push_back(max * beyond);
  return values;
}

std::string words(const MadeFormat& made) {
  return "sign " + std::to_string(made.sign_bits) + ", exponent " + std::to_string(made.exponent_bits) + ", mantissa " +
         std::to_string(made.mantissa_bits) + ", bias " + std::to_string(made.bias) + ", specials " +
         std::to_string(static_cast<int>(made.specials));
}

// As in the table, but without its name: so it goes the way of made formats.
NumberFormat nameless(NumberFormat row) {
  row.name = {};
  return row;
}

}  // namespace

TEST_CASE("a made format encodes doubles as defined") {
  for (const MadeFormat& made : every_kind()) {
    const NumberFormat format = number_format(made);
    const auto values = telling_numbers(format);
    for (const Overflow overflow : {Overflow::Standard, Overflow::Saturate}) {
      const auto codes = encoded(format, values, overflow);
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint32_t expected = reference::encode(format, values[i], overflow);
        if (codes[i] != expected)
          FAIL(words(made) << ", overflow " << static_cast<int>(overflow) << ": " << values[i] << " became " << codes[i]
                           << ", not " << expected);
      }
    }
  }
}

TEST_CASE("a made format encodes floats as defined") {
  for (const MadeFormat& made : every_kind()) {
    const NumberFormat format = number_format(made);
    const auto doubles = telling_numbers(format);
    const std::vector<float> values(doubles.begin(), doubles.end());
    for (const Overflow overflow : {Overflow::Standard, Overflow::Saturate}) {
      const auto codes = encoded(format, values, overflow);
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint32_t expected = reference::encode(format, values[i], overflow);
        if (codes[i] != expected)
          FAIL(words(made) << ", overflow " << static_cast<int>(overflow) << ": " << values[i] << " became " << codes[i]
                           << ", not " << expected);
      }
    }
  }
}

TEST_CASE("a made format decodes as defined") {
  std::mt19937 random(9);
  for (const MadeFormat& made : every_kind()) {
    const NumberFormat format = number_format(made);
    std::vector<std::uint32_t> codes;
    if (format.bits() <= 10) codes = all_codes(format);
    while (codes.size() < 600) codes.push_back(random() & (~0u >> (32 - format.bits())));
    const auto values = decoded(format, codes);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const double expected = reference::decode(format, codes[i]);
      if (!same_number(values[i], expected))
        FAIL(words(made) << ": code " << codes[i] << " is " << values[i] << ", not " << expected);
    }
  }
}

TEST_CASE("a made format that is in the table has the table's codes") {
  std::mt19937 random(13);
  std::size_t compared = 0;
  for (const NumberFormat& row : kNumberFormats) {
    if (row.kind != Kind::Floating || row.bits() > 19) continue;
    const MadeFormat made{row.sign_bits, row.exponent_bits, row.mantissa_bits, row.bias, row.specials};
    REQUIRE(check(made) == MadeFormatFault::None);
    const NumberFormat format = number_format(made);
    REQUIRE(format.name.empty());
    std::vector<float> values(20000);
    for (float& value : values) value = float_of(static_cast<std::uint32_t>(random()));
    for (const auto& number : telling_numbers(row)) values.push_back(static_cast<float>(number));
    for (const Overflow overflow : {Overflow::Standard, Overflow::Saturate}) {
      CAPTURE(row.name, static_cast<int>(overflow));
      REQUIRE(encoded(format, values, overflow) == encoded(row, values, overflow));
      REQUIRE(encoded(nameless(row), values, overflow) == encoded(row, values, overflow));
    }
    std::vector<std::uint32_t> codes(std::size_t{1} << row.bits());
    for (std::uint32_t code = 0; code < codes.size(); ++code) codes[code] = code;
    const auto ours = decoded(format, codes), theirs = decoded(row, codes);
    REQUIRE(std::equal(ours.begin(), ours.end(), theirs.begin(), same_number));
    ++compared;
  }
  REQUIRE(compared == 10);
}

TEST_CASE("float32 made up is float32, but for the payload of NaN") {
  const NumberFormat format = number_format({1, 8, 23, 127, Ieee});
  std::mt19937 random(17);
  std::vector<float> values(20000);
  for (float& value : values) value = float_of(static_cast<std::uint32_t>(random()));
  const auto codes = encoded(format, values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(values[i]);
    const std::uint32_t expected = std::isnan(values[i]) ? 0x7FC00000 | (bits & 0x80000000) : bits;
    if (codes[i] != expected) FAIL("code " << codes[i] << " of " << bits);
  }
}

TEST_CASE("an unsigned format has no room for negative numbers") {
  const std::vector<float> values{-1.0f, -0.0f, -HUGE_VALF, -float_of(1), 1.0f};
  const NumberFormat with_nan = number_format({0, 4, 4, 7, Fn});
  CHECK(encoded(with_nan, values) == std::vector<std::uint32_t>{0xFF, 0, 0xFF, 0xFF, 0x70});
  CHECK(encoded(with_nan, values, Overflow::Saturate) == std::vector<std::uint32_t>{0, 0, 0, 0, 0x70});
  const NumberFormat without_nan = number_format({0, 4, 4, 7, None});
  CHECK(encoded(without_nan, values) == std::vector<std::uint32_t>{0, 0, 0, 0, 0x70});
}

TEST_CASE("a format without NaN gives it a zero of the other sign, or the maximum where it saturates") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values{nan, -nan};
  CHECK(encoded(number_format({1, 3, 4, 3, None}), values) == std::vector<std::uint32_t>{0x80, 0});
  CHECK(encoded(number_format({1, 3, 4, 3, None}), values, Overflow::Saturate) ==
        std::vector<std::uint32_t>{0x7F, 0x7F});
  CHECK(encoded(number_format({0, 4, 4, 7, None}), values) == std::vector<std::uint32_t>{0, 0});
  CHECK(encoded(number_format({1, 6, 0, 40, Ieee}), values) ==
        std::vector<std::uint32_t>{0x3F, 0x7F});  // its infinities
}

TEST_CASE("without exponent bits every number is a multiple of the smallest") {
  const NumberFormat format = number_format({1, 0, 4, 0, None});
  const NumberFacts facts = number_facts(format);
  CHECK(facts.smallest_subnormal == 0.125);
  CHECK(facts.smallest_normal == 0);
  CHECK(facts.max == 15 * 0.125);
  CHECK(decoded(format, {0, 1, 15, 16, 31}) == std::vector<double>{0, 0.125, 1.875, -0.0, -1.875});
}

TEST_CASE("without mantissa bits a tie goes to the even code") {
  const NumberFormat format = number_format({1, 3, 0, 3, None});  // 0, 0.25, 0.5, 1, 2, 4, 8, 16
  CHECK(encoded(format, std::vector<float>{0.125f, 0.375f, 0.75f, 1.5f, 3.0f, 6.0f, 12.0f, 0.376f, 0.374f}) ==
        std::vector<std::uint32_t>{0, 2, 2, 4, 4, 6, 6, 2, 1});
}

TEST_CASE("check says what is wrong with a format") {
  using enum MadeFormatFault;
  CHECK(check({1, 4, 3, 7, Fn}) == MadeFormatFault::None);
  CHECK(check({2, 4, 3, 7, Fn}) == FieldRange);
  CHECK(check({1, 9, 3, 7, Fn}) == FieldRange);
  CHECK(check({1, 4, 24, 7, Fn}) == FieldRange);
  CHECK(check({1, -1, 3, 7, Fn}) == FieldRange);
  CHECK(check({1, 0, 0, 0, Specials::None}) == NoBits);
  CHECK(check({1, 0, 4, 0, Ieee}) == NoRoomForSpecials);
  CHECK(check({0, 4, 3, 7, Fnuz}) == NoRoomForSpecials);
  CHECK(check({1, 8, 23, 126, Ieee}) == TooLarge);
  CHECK(check({1, 8, 23, 128, Ieee}) == TooSmall);
  CHECK(check({1, 8, 3, 127, Specials::None}) == TooLarge);
  CHECK(check({1, 4, 3, -113, Fn}) == TooLarge);
  CHECK(check({1, 4, 3, 148, Fn}) == TooSmall);
  CHECK(check({1, 4, 3, std::numeric_limits<int>::max(), Fn}) == TooSmall);
  CHECK(check({1, 4, 3, std::numeric_limits<int>::min(), Fn}) == TooLarge);
}

TEST_CASE("every corner passes the check") {
  for (const MadeFormat& made : kCorners) {
    CAPTURE(words(made));
    CHECK(check(made) == MadeFormatFault::None);
  }
  REQUIRE(every_kind().size() > 500);
}
