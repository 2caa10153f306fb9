// The table's formats against what ml_dtypes, Eigen, CUDA and CUTLASS give (tests/vectors/smallfloat).
#include "numbers.hpp"

#include <limits>
#include <map>
#include <string>

#include "catch.hpp"
#include "codes.hpp"
#include "fewbits/number_format.hpp"
#include "vectors.hpp"

using namespace fewbits;

namespace {

struct Source {
  const char* name;        // ours
  const char* file;        // the vectors'
  const char* saturating;  // ending of the file with saturated codes; none for the wide formats
  bool has_values;         // the vectors hold every code's value
};

constexpr Source kSources[] = {
    {"float16", "f16", nullptr, true},
    {"bfloat16", "bf16", nullptr, false},
    {"tfloat32", "tf32", nullptr, false},
    {"float8_e4m3fn", "e4m3fn", "nvsat", true},
    {"float8_e5m2", "e5m2", "nvsat", true},
    {"float8_e4m3fnuz", "e4m3fnuz", "sat", true},
    {"float8_e5m2fnuz", "e5m2fnuz", "sat", true},
    {"float8_e8m0fnu", "e8m0fnu", "sat", true},
    {"float6_e2m3fn", "e2m3fn", "nvsat", true},
    {"float6_e3m2fn", "e3m2fn", "nvsat", true},
    {"float4_e2m1fn", "e2m1fn", "nvsat", true},
};

const NumberFormat& format_of(const Source& source) {
  return *find_number_format(source.name);
}

std::vector<std::uint32_t> read_codes(const Source& source, const std::string& ending) {
  const auto bytes = format_of(source).code_bytes();
  const std::string file =
      std::string("smallfloat/encode_") + source.file + "." + ending + ".u" + std::to_string(8 * bytes);
  auto codes = widened(read_vector<std::uint8_t>(file), bytes);
  // CUTLASS keeps a tfloat32 in the upper 19 bits of a float32.
  if (std::string(source.file) == "tf32")
    for (auto& code : codes) code >>= 13;
  return codes;
}

std::vector<float> read_inputs(const Source& source) {
  return read_vector<float>(std::string("smallfloat/encode_") + source.file + ".in.u32");
}

void require_same_codes(const std::vector<float>& inputs, const std::vector<std::uint32_t>& ours,
                        const std::vector<std::uint32_t>& theirs) {
  REQUIRE(inputs.size() == theirs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (ours[i] == theirs[i]) continue;
    FAIL("float " << std::bit_cast<std::uint32_t>(inputs[i]) << " became " << ours[i] << ", not " << theirs[i]);
  }
}

}  // namespace

TEST_CASE("every code decodes to the reference's value") {
  for (const Source& source : kSources) {
    if (!source.has_values) continue;
    const auto expected = read_vector<float>(std::string("smallfloat/decode_") + source.file + ".f32");
    const auto codes = all_codes(format_of(source));
    const auto values = decoded(format_of(source), codes);
    REQUIRE(expected.size() == codes.size());
    for (std::size_t code = 0; code < codes.size(); ++code) {
      if (same_number(values[code], expected[code])) continue;
      FAIL(source.name << " code " << code << " is " << values[code] << ", not " << expected[code]);
    }
  }
}

TEST_CASE("a bfloat16 code is the upper half of its value, but for NaN") {
  const NumberFormat& format = *find_number_format("bfloat16");
  const auto values = decoded(format, all_codes(format));
  for (std::uint32_t code = 0; code < values.size(); ++code)
    if (!same_number(values[code], float_of(code << 16))) FAIL("code " << code);
}

TEST_CASE("floats encode to the reference's codes, and so do doubles of the same value") {
  for (const Source& source : kSources) {
    const auto inputs = read_inputs(source);
    const auto expected = read_codes(source, "rne");
    DYNAMIC_SECTION(source.name) {
      require_same_codes(inputs, encoded(format_of(source), inputs), expected);
      const std::vector<double> doubles(inputs.begin(), inputs.end());
      require_same_codes(inputs, encoded(format_of(source), doubles), expected);
    }
  }
}

TEST_CASE("floats saturate to the reference's codes, and so do doubles of the same value") {
  for (const Source& source : kSources) {
    if (source.saturating == nullptr) continue;
    const auto inputs = read_inputs(source);
    const auto expected = read_codes(source, source.saturating);
    DYNAMIC_SECTION(source.name) {
      require_same_codes(inputs, encoded(format_of(source), inputs, Overflow::Saturate), expected);
      const std::vector<double> doubles(inputs.begin(), inputs.end());
      require_same_codes(inputs, encoded(format_of(source), doubles, Overflow::Saturate), expected);
    }
  }
}

TEST_CASE("our own definitions agree with the references") {
  for (const Source& source : kSources) {
    const NumberFormat& format = format_of(source);
    const auto inputs = read_inputs(source);
    for (const Overflow overflow : {Overflow::Standard, Overflow::Saturate}) {
      if (overflow == Overflow::Saturate && source.saturating == nullptr) continue;
      std::vector<std::uint32_t> defined;
      for (const float input : inputs) defined.push_back(reference::encode(format, input, overflow));
      DYNAMIC_SECTION(source.name << (overflow == Overflow::Saturate ? " saturating" : "")) {
        require_same_codes(inputs, defined,
                           read_codes(source, overflow == Overflow::Saturate ? source.saturating : "rne"));
      }
    }
  }
}

TEST_CASE("our own definitions give every code its value") {
  for (const NumberFormat& format : kNumberFormats) {
    if (format.bits() > 16) continue;
    const auto codes = all_codes(format);
    const auto values = decoded(format, codes);
    for (const std::uint32_t code : codes)
      if (!same_number(values[code], reference::decode(format, code))) FAIL(format.name << " code " << code);
  }
}

TEST_CASE("NaN decodes to 7FC00000, whatever its sign and payload") {
  std::size_t found = 0;
  for (const NumberFormat& format : kNumberFormats) {
    if (format.code_bytes() != 1 || !format.has_nan()) continue;
    const auto codes = all_codes(format);
    const std::vector<std::uint8_t> bytes(codes.begin(), codes.end());
    std::vector<float> values(bytes.size());
    decode(format, bytes.data(), bytes.size(), values.data());
    for (const float value : values)
      if (std::isnan(value) && ++found) REQUIRE(std::bit_cast<std::uint32_t>(value) == 0x7FC00000);
  }
  REQUIRE(found == 2 + 6 + 1 + 1 + 1);  // e4m3fn, e5m2, the two fnuz, e8m0
}

TEST_CASE("bits of a code above the format's are ignored") {
  for (const char* name : {"float4_e2m1fn", "float6_e3m2fn", "int4", "uint3", "tfloat32"}) {
    const NumberFormat& format = *find_number_format(name);
    for (std::uint32_t code = 0; code < 8; ++code)
      REQUIRE(decoded(format, {code})[0] == decoded(format, {code | ~0u << format.bits()})[0]);
  }
}

TEST_CASE("float32 and float64 codes are the bits themselves, NaN payloads included") {
  const std::vector<std::uint32_t> patterns{0,          1,          0x80000000, 0x3F800000,
                                            0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7F812345};
  std::vector<float> values(patterns.size());
  std::memcpy(values.data(), patterns.data(), patterns.size() * sizeof(float));
  REQUIRE(encoded(*find_number_format("float32"), values) == patterns);

  const std::vector<double> doubles{0.1, -0.0, 5e-324, std::numeric_limits<double>::max(), -HUGE_VAL};
  std::vector<std::uint64_t> codes(doubles.size());
  encode(*find_number_format("float64"), std::span<const double>(doubles), codes.data(), Overflow::Standard);
  REQUIRE(std::memcmp(codes.data(), doubles.data(), sizeof(double) * doubles.size()) == 0);
}

TEST_CASE("a float becomes the double of its value, and NaN the default NaN with its sign") {
  const std::vector<float> values{0.1f, -0.0f, float_of(1), float_of(0x7F800001), float_of(0xFFFFFFFF)};
  std::vector<std::uint64_t> codes(values.size());
  encode(*find_number_format("float64"), std::span<const float>(values), codes.data(), Overflow::Standard);
  for (std::size_t i = 0; i < 3; ++i) REQUIRE(codes[i] == std::bit_cast<std::uint64_t>(double{values[i]}));
  REQUIRE(codes[3] == 0x7FF8000000000000);
  REQUIRE(codes[4] == 0xFFF8000000000000);
}

TEST_CASE("wide formats saturate infinities and keep NaN") {
  const std::vector<double> values{HUGE_VAL, -HUGE_VAL, 1e300, std::numeric_limits<double>::quiet_NaN()};
  const std::map<std::string, std::uint32_t> max_codes{
      {"float32", 0x7F7FFFFF}, {"tfloat32", 0x3FBFF}, {"float16", 0x7BFF}, {"bfloat16", 0x7F7F}};
  for (const auto& [name, max_code] : max_codes) {
    const NumberFormat& format = *find_number_format(name);
    const auto codes = encoded(format, values, Overflow::Saturate);
    CAPTURE(name);
    CHECK(codes[0] == max_code);
    CHECK(codes[1] == (max_code | 1u << (format.bits() - 1)));
    CHECK(codes[2] == max_code);
    CHECK(std::isnan(decoded(format, {codes[3]})[0]));
  }
  double kept[2];
  encode(*find_number_format("float64"), std::span<const double>(values).first(2), kept, Overflow::Saturate);
  CHECK(kept[0] == std::numeric_limits<double>::max());
  CHECK(kept[1] == -std::numeric_limits<double>::max());
}

TEST_CASE("casting keeps what encoding and decoding keep") {
  const auto values = read_vector<float>("smallfloat/encode_f16.in.u32");
  const std::vector<double> doubles(values.begin(), values.end());
  for (const NumberFormat& format : kNumberFormats) {
    if (format.name == "float64" || format.name == "float32") continue;
    for (const Overflow overflow : {Overflow::Standard, Overflow::Saturate}) {
      const auto expected = decoded(format, encoded(format, values, overflow));
      std::vector<float> from_floats(values.size()), from_doubles(values.size());
      cast(format, std::span<const float>(values), from_floats.data(), overflow);
      cast(format, std::span<const double>(doubles), from_doubles.data(), overflow);
      for (std::size_t i = 0; i < values.size(); ++i) {
        const bool same = same_number(from_floats[i], static_cast<float>(expected[i])) &&
                          same_number(from_doubles[i], static_cast<float>(expected[i]));
        if (!same) FAIL(format.name << " of " << values[i]);
      }
    }
  }
}

TEST_CASE("casting to float32 changes nothing, and a double rounds to it") {
  const std::vector<float> values{0.1f, -0.0f, 1e-45f, 3e38f};
  std::vector<float> kept(values.size());
  for (const char* name : {"float32", "float64"}) {
    cast(*find_number_format(name), std::span<const float>(values), kept.data(), Overflow::Standard);
    REQUIRE(std::memcmp(kept.data(), values.data(), sizeof(float) * values.size()) == 0);
    cast(*find_number_format(name), std::span<const double>(std::vector<double>{0.1}), kept.data(), Overflow::Standard);
    REQUIRE(kept[0] == 0.1f);
    kept[0] = values[0];
  }
}

TEST_CASE("integers round half to even, saturate, and take NaN for 0") {
  struct Example {
    const char* name;
    std::vector<double> values;
    std::vector<std::uint32_t> codes;
  };
  const std::vector<Example> examples{
      {"int8",
       {0.5, 1.5, -0.5, -1.5, 2.5, 127.4, 127.5, -128.5, -128.6, 1e30, -1e30},
       {0, 2, 0, 0xFE, 2, 0x7F, 0x7F, 0x80, 0x80, 0x7F, 0x80}},
      {"uint8", {-0.5, -3, 0.5, 254.5, 255.4, 256, 1e38}, {0, 0, 0, 254, 255, 255, 255}},
      {"int2", {-2, -3, 1.5, -1, 0.6}, {2, 2, 1, 3, 1}},
      {"uint2", {2.5, 3.5, -1}, {2, 3, 0}},
      {"int16", {32767.5, -32768.5, 12345.5, -1}, {0x7FFF, 0x8000, 12346, 0xFFFF}},
      {"uint16", {65534.5, 65535.5, 70000, 1.5}, {65534, 65535, 65535, 2}},
      {"int32",
       {2147483646.5, 2147483648.0, -2147483649.0, 16777217, -1.5},
       {2147483646, 0x7FFFFFFF, 0x80000000, 16777217, 0xFFFFFFFE}},
      {"uint32", {4294967294.5, 4294967296.0, -1, 4294967293.5}, {4294967294, 0xFFFFFFFF, 0, 4294967294}},
  };
  for (const Example& example : examples) {
    const NumberFormat& format = *find_number_format(example.name);
    CAPTURE(example.name);
    for (const Overflow overflow : {Overflow::Standard, Overflow::Saturate})
      CHECK(encoded(format, example.values, overflow) == example.codes);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK(encoded(format, std::vector<double>{nan, -nan, HUGE_VAL, -HUGE_VAL})[0] == 0);
    CHECK(encoded(format, std::vector<double>{nan, -nan, HUGE_VAL, -HUGE_VAL})[1] == 0);
    const NumberFacts facts = number_facts(format);
    CHECK(decoded(format, encoded(format, std::vector<double>{HUGE_VAL}))[0] == facts.max);
    CHECK(decoded(format, encoded(format, std::vector<double>{-HUGE_VAL}))[0] == facts.min);
  }
}

TEST_CASE("integers of 32 bits decode to doubles, exactly") {
  CHECK(decoded(*find_number_format("int32"), {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF}) ==
        std::vector<double>{0, 1, 2147483647, -2147483648.0, -1});
  CHECK(decoded(*find_number_format("uint32"), {0, 0x80000000, 0xFFFFFFFF}) ==
        std::vector<double>{0, 2147483648.0, 4294967295.0});
}

TEST_CASE("every name leads to its row, and an unknown one to none") {
  for (const NumberFormat& format : kNumberFormats) REQUIRE(find_number_format(format.name) == &format);
  REQUIRE(kNumberFormats.size() == 31);
  REQUIRE(find_number_format("float7") == nullptr);
  REQUIRE(find_number_format("") == nullptr);
}

TEST_CASE("a format's facts are those of its codes") {
  for (const NumberFormat& format : kNumberFormats) {
    if (format.bits() > 16) continue;
    double min = HUGE_VAL, max = -HUGE_VAL, smallest = HUGE_VAL;
    std::map<double, int> finite;
    bool has_nan = false, has_infinity = false;
    for (const double value : decoded(format, all_codes(format))) {
      has_nan |= std::isnan(value);
      has_infinity |= std::isinf(value);
      if (!std::isfinite(value)) continue;
      finite[value] = 1;
      min = std::fmin(min, value);
      max = std::fmax(max, value);
      if (value > 0) smallest = std::fmin(smallest, value);
    }
    const NumberFacts facts = number_facts(format);
    CAPTURE(format.name);
    CHECK(facts.min == min);
    CHECK(facts.max == max);
    CHECK(facts.values == static_cast<double>(finite.size()));
    CHECK(format.has_nan() == has_nan);
    CHECK(format.has_infinity() == has_infinity);
    if (format.kind == Kind::Floating) CHECK(facts.smallest_subnormal == smallest);
    if (format.kind != Kind::Integer) CHECK(finite.count(facts.smallest_normal) == 1);
    if (format.kind == Kind::Floating) CHECK(finite.upper_bound(1)->first - 1 == facts.epsilon);
  }
}

TEST_CASE("float32's and float64's facts are the language's") {
  const auto require_same = [](const NumberFacts& facts, auto zero) {
    using Limits = std::numeric_limits<decltype(zero)>;
    CHECK(facts.max == Limits::max());
    CHECK(facts.min == Limits::lowest());
    CHECK(facts.smallest_normal == Limits::min());
    CHECK(facts.smallest_subnormal == Limits::denorm_min());
    CHECK(facts.epsilon == Limits::epsilon());
    CHECK(facts.decimal_digits == Limits::digits10);
  };
  require_same(number_facts(*find_number_format("float32")), 0.0f);
  require_same(number_facts(*find_number_format("float64")), 0.0);
}
