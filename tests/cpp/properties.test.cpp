// What holds for every format of the table.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "catch.hpp"
#include "codes.hpp"
#include "numbers.hpp"

using namespace fewbits;

namespace {

constexpr std::size_t kSamples = 20000;

// Magnitudes over the whole of float32, and as many about the format's own range.
std::vector<float> samples(const NumberFormat& format) {
  std::mt19937 random(7);
  const double max = std::fmin(number_facts(format).max, 1e38);
  std::uniform_real_distribution<float> within(static_cast<float>(-1.1 * max), static_cast<float>(1.1 * max));
  std::uniform_int_distribution<std::uint32_t> any;
  std::vector<float> values{0.0f, -0.0f, 1.0f, -1.0f, float_of(1), float_of(0x7F7FFFFF)};
  while (values.size() < kSamples) {
    values.push_back(within(random));
    const float value = float_of(any(random));
    if (std::isfinite(value)) values.push_back(value);
  }
  return values;
}

bool is_narrow(const NumberFormat& format) {
  return format.bits() <= 32 && format.name != "float32";
}

bool is_signed_float(const NumberFormat& format) {
  return format.kind == Kind::Floating && format.sign_bits == 1;
}

// Sixteen small numbers are more than a batch of every kernel.
std::vector<float> ramp(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = (static_cast<float>(i) - 7.3f) * 0.37f;
  return values;
}

}  // namespace

TEST_CASE("encoding a decoded number gives it back") {
  for (const NumberFormat& format : kNumberFormats) {
    if (!is_narrow(format)) continue;
    for (const Overflow overflow : {Overflow::Standard, Overflow::Saturate}) {
      const auto codes = encoded(format, samples(format), overflow);
      const auto numbers = decoded(format, codes);
      const auto again = encoded(format, numbers, overflow);
      for (std::size_t i = 0; i < codes.size(); ++i)
        if (!std::isnan(numbers[i]) && !std::isinf(numbers[i]) && again[i] != codes[i])
          FAIL(format.name << ": " << numbers[i] << " has code " << codes[i] << ", then " << again[i]);
    }
  }
}

TEST_CASE("a larger number never gets a smaller code's value") {
  for (const NumberFormat& format : kNumberFormats) {
    if (!is_narrow(format)) continue;
    auto values = samples(format);
    std::sort(values.begin(), values.end());
    const auto kept = decoded(format, encoded(format, values, Overflow::Saturate));
    CAPTURE(format.name);
    REQUIRE(std::is_sorted(kept.begin(), kept.end()));
  }
}

TEST_CASE("a number and its negative get the same magnitude") {
  for (const NumberFormat& format : kNumberFormats) {
    if (!is_narrow(format) || !is_signed_float(format)) continue;
    const auto values = samples(format);
    auto negated = values;
    for (float& value : negated) value = -value;
    const auto codes = encoded(format, values);
    const auto negated_codes = encoded(format, negated);
    const std::uint32_t sign_bit = 1u << (format.bits() - 1);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool has_one_code = format.specials == Specials::Fnuz && (codes[i] & ~sign_bit) == 0;  // zero and NaN
      if (negated_codes[i] != (has_one_code ? codes[i] : codes[i] ^ sign_bit)) FAIL(format.name << " of " << values[i]);
    }
  }
}

TEST_CASE("no number of the format is nearer than the one chosen") {
  for (const NumberFormat& format : kNumberFormats) {
    if (format.bits() > 8 || format.kind == Kind::Exponent) continue;
    std::vector<double> numbers;
    for (const double number : decoded(format, all_codes(format)))
      if (std::isfinite(number)) numbers.push_back(number);
    const auto values = samples(format);
    const auto kept = decoded(format, encoded(format, values, Overflow::Saturate));
    for (std::size_t i = 0; i < 2000; ++i) {
      const double error = std::fabs(kept[i] - values[i]);
      for (const double number : numbers)
        if (std::fabs(number - values[i]) < error) FAIL(format.name << ": " << values[i] << " became " << kept[i]);
    }
  }
}

TEST_CASE("kernels and definitions agree on samples of every format") {
  for (const NumberFormat& format : kNumberFormats) {
    if (!is_narrow(format)) continue;
    const auto values = samples(format);
    for (const Overflow overflow : {Overflow::Standard, Overflow::Saturate}) {
      const auto codes = encoded(format, values, overflow);
      const auto kept = decoded(format, codes);
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (codes[i] != reference::encode(format, values[i], overflow)) FAIL(format.name << " of " << values[i]);
        if (!same_number(kept[i], reference::decode(format, codes[i]))) FAIL(format.name << " code " << codes[i]);
      }
    }
  }
}

TEST_CASE("codes do not depend on how many elements come along") {
  for (const NumberFormat& format : kNumberFormats) {
    if (format.bits() > 32) continue;
    const auto values = ramp(600);
    const auto codes = encoded(format, values);
    const auto numbers = decoded(format, codes);
    for (const std::size_t count : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 511, 512, 513}) {
      const std::vector<float> first(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
      const std::vector<std::uint32_t> first_codes(codes.begin(), codes.begin() + static_cast<std::ptrdiff_t>(count));
      CAPTURE(format.name, count);
      REQUIRE(encoded(format, first) == first_codes);
      const auto first_numbers = decoded(format, first_codes);
      REQUIRE(std::equal(first_numbers.begin(), first_numbers.end(), numbers.begin(), same_number));
    }
  }
}

TEST_CASE("nothing is written beyond the last code or value") {
  for (const NumberFormat& format : kNumberFormats) {
    for (const std::size_t count : {0, 1, 3, 15, 16, 17}) {
      const auto values = ramp(count);
      std::vector<std::uint8_t> bytes(count * format.code_bytes() + 16, 0xA5);
      encode(format, std::span<const float>(values), bytes.data(), Overflow::Standard);
      const std::size_t value_bytes = count * (format.decodes_to_double() ? sizeof(double) : sizeof(float));
      std::vector<std::uint64_t> numbers(value_bytes / 8 + 3, 0xA5A5A5A5A5A5A5A5);
      decode(format, bytes.data(), count, numbers.data());
      CAPTURE(format.name, count);
      REQUIRE(std::all_of(bytes.end() - 16, bytes.end(), [](std::uint8_t byte) { return byte == 0xA5; }));
      const auto* tail = reinterpret_cast<const std::uint8_t*>(numbers.data());
      REQUIRE(std::all_of(tail + value_bytes, tail + value_bytes + 8, [](std::uint8_t byte) { return byte == 0xA5; }));
    }
  }
}

TEST_CASE("inputs and outputs need no more alignment than their elements") {
  const auto values = ramp(40);
  for (const NumberFormat& format : kNumberFormats) {
    if (format.bits() > 32) continue;
    const auto expected = encoded(format, std::vector<float>(values.begin() + 1, values.end()));
    std::vector<std::uint8_t> bytes(41 * format.code_bytes());
    encode(format, std::span<const float>(values).subspan(1), bytes.data() + format.code_bytes(), Overflow::Standard);
    bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(format.code_bytes()));
    bytes.resize(39 * format.code_bytes());
    CAPTURE(format.name);
    REQUIRE(widened(bytes, format.code_bytes()) == expected);
  }
}

TEST_CASE("one number beyond the range leaves its neighbours alone") {
  for (const NumberFormat& format : kNumberFormats) {
    if (!is_narrow(format)) continue;
    auto values = ramp(700);
    const auto plain = encoded(format, values);
    for (const float odd : {float_of(0x7FC00001), HUGE_VALF, -HUGE_VALF, 3e38f}) {
      values[300] = odd;
      auto codes = encoded(format, values);
      REQUIRE(codes[300] == reference::encode(format, odd, Overflow::Standard));
      codes[300] = plain[300];
      CAPTURE(format.name, odd);
      REQUIRE(codes == plain);
    }
  }
}

TEST_CASE("a double rounds once") {
  // Each is a tie of the format, or just off one by less than float32 can tell.
  struct Trap {
    const char* name;
    double value;
    double kept;
  };
  const double hair = std::ldexp(1.0, -40);
  const Trap traps[] = {
      {"float16", 1 + std::ldexp(1.0, -11) + hair, 1 + std::ldexp(1.0, -10)},
      {"float16", 1 + std::ldexp(1.0, -11) - hair, 1},
      {"float16", 1 + std::ldexp(3.0, -11) - hair, 1 + std::ldexp(1.0, -10)},
      {"float16", std::ldexp(1.0, -25) + std::ldexp(1.0, -70), std::ldexp(1.0, -24)},
      {"float16", 65520 - std::ldexp(1.0, -20), 65504},
      {"bfloat16", 1 + std::ldexp(1.0, -8) + hair, 1 + std::ldexp(1.0, -7)},
      {"bfloat16", std::ldexp(1.0, -134) + std::ldexp(1.0, -180), std::ldexp(1.0, -133)},
      {"bfloat16", std::ldexp(1.0, -134), 0},
      {"tfloat32", 1 + std::ldexp(1.0, -11) + hair, 1 + std::ldexp(1.0, -10)},
      {"tfloat32", std::ldexp(1.0, -137) + std::ldexp(1.0, -160), std::ldexp(1.0, -136)},
      {"float8_e4m3fn", 1.0625 + hair, 1.125},
      {"float8_e4m3fn", 1.0625 - hair, 1},
      {"float8_e4m3fn", 464 + hair, std::numeric_limits<double>::quiet_NaN()},
      {"float8_e5m2", 61440 - std::ldexp(1.0, -30), 57344},
      {"float4_e2m1fn", 0.25 + hair, 0.5},
      {"float4_e2m1fn", -0.25 - hair, -0.5},
      {"float8_e8m0fnu", 1.5 - hair, 1},
      {"int8", 0.5 + hair, 1},
      {"int8", 2.5 - hair, 2},
      {"int16", 32766.5 - hair * 1000, 32766},
      {"uint16", 65533.5 - std::ldexp(1.0, -30), 65533},
      {"int32", 16777217.5, 16777218},
      {"uint32", 4294967294.5 + std::ldexp(1.0, -20), 4294967295.0},
      {"float32", 1 + std::ldexp(1.0, -24) + hair, 1 + std::ldexp(1.0, -23)},
      {"float32", 1 + std::ldexp(1.0, -24), 1},
  };
  for (const Trap& trap : traps) {
    const NumberFormat& format = *find_number_format(trap.name);
    const std::vector<double> both{trap.value, trap.value};
    CAPTURE(trap.name, trap.value);
    CHECK(same_number(decoded(format, encoded(format, both))[1], trap.kept));
  }
}

TEST_CASE("doubles encode as defined, not only where float32 holds them") {
  std::mt19937_64 random(11);
  for (const NumberFormat& format : kNumberFormats) {
    if (!is_narrow(format)) continue;
    std::vector<double> values;
    for (const float value : samples(format)) {
      // Close to a number or to a tie, and off by a few of a double's last bits.
      const double near = decoded(format, encoded(format, std::vector<float>{value}))[0] *
                          (1 + std::ldexp(1.0, -format.mantissa_bits - 1));
      const double target = random() % 2 ? near : value;
      values.push_back(std::bit_cast<double>(std::bit_cast<std::uint64_t>(target) + random() % 5 - 2));
      if (values.size() == 3000) break;
    }
    for (const Overflow overflow : {Overflow::Standard, Overflow::Saturate}) {
      const auto codes = encoded(format, values, overflow);
      for (std::size_t i = 0; i < values.size(); ++i)
        if (codes[i] != reference::encode(format, values[i], overflow)) FAIL(format.name << " of " << values[i]);
    }
  }
}
