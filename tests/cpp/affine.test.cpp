#include "fewbits/affine.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "affine.hpp"
#include "catch.hpp"
#include "fewbits/calibrate.hpp"
#include "sha256.hpp"
#include "vectors.hpp"

using namespace fewbits;

namespace {

constexpr AffineRule kInt8{8, true, true, true, true, Rounding::Divide};
constexpr AffineRule kUint8{8, false, false, false, true, Rounding::Divide};

std::vector<std::uint8_t> codes_of(const std::vector<float>& values, const Affine& affine, CodeRange range,
                                   Rounding rounding) {
  std::vector<std::uint8_t> codes(values.size());
  quantize_run(values, affine, range, rounding, codes.data());
  return codes;
}

constexpr std::size_t kRows = 8, kColumns = 256, kElements = kRows * kColumns;

enum class Scales { Derived, Stored };  // whether the stored scales follow from the values by one of our rules

struct Case {
  const char* name;
  int axis;           // 0, 1, or kTensor; kBlocked: the last axis in groups of `group`
  std::size_t group;  // elements that share a scale, where they are consecutive
  AffineRule rule;
  Scales scales = Scales::Derived;
};
constexpr int kTensor = -1, kBlocked = -2;

constexpr AffineRule torch(bool is_signed, bool symmetric, bool narrow = false) {
  return {8, is_signed, symmetric, narrow, true, Rounding::Multiply};
}
constexpr AffineRule onnx(int bits, bool is_signed) {
  return {bits, is_signed, is_signed, true, true, Rounding::Divide};
}
constexpr AffineRule onnx_full(int bits) {
  return {bits, true, true, false, true, Rounding::Divide};
}

const std::vector<Case> kCases = {
    {"t_pt_qint8_sym", kTensor, kElements, torch(true, true)},
    {"t_pt_qint8_aff", kTensor, kElements, torch(true, false)},
    {"t_pt_quint8_aff", kTensor, kElements, torch(false, false)},
    {"t_pt_quint8_sym", kTensor, kElements, torch(false, true)},
    {"t_pt_quint8_aff_reduce", kTensor, kElements, torch(false, false), Scales::Stored},
    {"t_pt_qint8_sym_m127", kTensor, kElements, torch(true, true, true)},
    {"t_pc0_qint8_sym", 0, kColumns, torch(true, true)},
    {"t_pc1_qint8_sym", 1, 1, torch(true, true)},
    {"t_pc0_quint8_aff", 0, kColumns, torch(false, false)},
    {"t_pc1_quint8_aff", 1, 1, torch(false, false)},
    {"t_pc0_qint8_aff", 0, kColumns, torch(true, false)},
    {"t_hist_quint8_aff", kTensor, kElements, torch(false, false), Scales::Stored},
    {"t_hist_qint8_sym", kTensor, kElements, torch(true, true), Scales::Stored},
    {"t_fix_quint8_s.0371_z11", kTensor, kElements, torch(false, false), Scales::Stored},
    {"t_fix_qint8_s.1_z-7", kTensor, kElements, torch(true, false), Scales::Stored},
    {"t_fix_qint8_s.0021_z0", kTensor, kElements, torch(true, false), Scales::Stored},
    {"o_pt_i8", kTensor, kElements, onnx_full(8), Scales::Stored},
    {"o_pt_u8", kTensor, kElements, onnx(8, false)},
    {"o_pt_i4", kTensor, kElements, onnx(4, true)},
    {"o_pt_u4", kTensor, kElements, onnx(4, false)},
    {"o_fix_u8", kTensor, kElements, onnx(8, false), Scales::Stored},
    {"o_fix_i8", kTensor, kElements, onnx_full(8), Scales::Stored},
    {"o_fix2_i8", kTensor, kElements, onnx_full(8), Scales::Stored},
    {"o_pc0_i8", 0, kColumns, onnx(8, true)},
    {"o_pc0_u8", 0, kColumns, onnx(8, false)},
    {"o_pc1_i8", 1, 1, onnx(8, true)},
    {"o_pc1_u8", 1, 1, onnx(8, false)},
    {"o_b16_i8", kBlocked, 16, onnx(8, true)},
    {"o_b16_u8", kBlocked, 16, onnx(8, false)},
    {"o_b16_i4", kBlocked, 16, onnx(4, true)},
    {"o_b16_u4", kBlocked, 16, onnx(4, false)},
    {"o_b32_i8", kBlocked, 32, onnx(8, true)},
    {"o_b32_u8", kBlocked, 32, onnx(8, false)},
    {"o_b32_i4", kBlocked, 32, onnx(4, true)},
    {"o_b32_u4", kBlocked, 32, onnx(4, false)},
    {"o_b64_i8", kBlocked, 64, onnx(8, true)},
    {"o_b64_u8", kBlocked, 64, onnx(8, false)},
    {"o_b128_i8", kBlocked, 128, onnx(8, true)},
    {"o_b128_u8", kBlocked, 128, onnx(8, false)},
    {"o_b128_i4", kBlocked, 128, onnx(4, true)},
    {"o_b128_u4", kBlocked, 128, onnx(4, false)},
};

const std::vector<std::string> kSets = {"gauss1", "laplace_out", "ties",    "uniform_pos", "relu",
                                        "ramp",   "w_silero_hh", "affties", "negonly",     "zeros"};

std::vector<std::int32_t> read_zero_points(const Case& c) {
  const std::string file = std::string("affine/") + c.name + ".zp";
  if (c.name[0] == 't') return read_vector<std::int32_t>(file + ".i32");
  if (c.rule.is_signed) {
    const auto bytes = read_vector<std::int8_t>(file + ".bin");
    return {bytes.begin(), bytes.end()};
  }
  const auto bytes = read_vector<std::uint8_t>(file + ".bin");
  return {bytes.begin(), bytes.end()};
}

// The affine parameters of one input set, by our rules.
std::vector<Affine> derive(const Case& c, std::span<const float> values) {
  std::vector<Affine> result;
  const auto add = [&](Range range) { result.push_back(affine_from_range(c.rule, range.min, range.max)); };
  if (c.axis == 1) {
    std::vector<float> min(kColumns, Range{}.min), max(kColumns, Range{}.max);
    for (std::size_t row = 0; row < kRows; ++row)
      minmax_rows(values.subspan(row * kColumns, kColumns), min.data(), max.data());
    for (std::size_t column = 0; column < kColumns; ++column) add({min[column], max[column]});
  } else {
    for (std::size_t i = 0; i < kElements; i += c.group) add(minmax(values.subspan(i, c.group)));
  }
  return result;
}

template <class Code>
void dequantize_case(const Case& c, std::span<const Code> codes, std::span<const float> scale,
                     std::span<const std::int32_t> zero, float* values) {
  if (c.axis == 1) {
    for (std::size_t i = 0; i < kElements; i += kColumns)
      dequantize_row(codes.subspan(i, kColumns), scale.data(), zero.data(), values + i);
  } else {
    for (std::size_t i = 0; i < kElements; i += c.group)
      dequantize_run(codes.subspan(i, c.group), {scale[i / c.group], zero[i / c.group]}, values + i);
  }
}

std::string manifest_entry(const std::string& manifest, const std::string& name, const std::string& key) {
  const auto entry = manifest.find("\"name\":\"" + name + "\"");
  const auto begin = manifest.find("\"" + key + "\":\"", entry) + key.size() + 4;
  return manifest.substr(begin, manifest.find('"', begin) - begin);
}

}  // namespace

TEST_CASE("affine: every case of onnxruntime and PyTorch, bit for bit") {
  const auto text = read_vector<char>("affine/manifest.json");
  const std::string manifest(text.begin(), text.end());
  std::size_t listed = 0;
  for (auto at = manifest.find("\"dequant_sha256\""); at != std::string::npos;
       at = manifest.find("\"dequant_sha256\"", at + 1))
    ++listed;
  REQUIRE(kCases.size() == listed);

  for (const Case& c : kCases) {
    CAPTURE(c.name);
    const auto scales = read_vector<float>(std::string("affine/") + c.name + ".scale.f32");
    const auto zero_points = read_zero_points(c);
    const auto expected = read_vector<std::uint8_t>(std::string("affine/") + c.name + ".out.bin");
    const std::size_t groups = scales.size() / kSets.size();
    REQUIRE(zero_points.size() == scales.size());
    REQUIRE(expected.size() == kSets.size() * kElements);

    const CodeRange range = code_range(c.rule);
    std::vector<std::uint8_t> codes(expected.size());
    std::vector<float> restored(expected.size());
    for (std::size_t set = 0; set < kSets.size(); ++set) {
      CAPTURE(kSets[set]);
      const auto values = read_vector<float>("affine/inputs/" + kSets[set] + ".f32");
      const auto scale = std::span(scales).subspan(set * groups, groups);
      const auto zero = std::span(zero_points).subspan(set * groups, groups);
      if (c.scales == Scales::Derived) {
        const auto derived = derive(c, values);
        REQUIRE(derived.size() == groups);
        for (std::size_t g = 0; g < groups; ++g) {
          REQUIRE(derived[g].scale == scale[g]);
          REQUIRE(derived[g].zero_point == zero[g]);
        }
      }
      std::uint8_t* to = codes.data() + set * kElements;
      const std::span all(values);
      if (c.axis == 1) {
        for (std::size_t i = 0; i < kElements; i += kColumns)
          quantize_row(all.subspan(i, kColumns), scale.data(), zero.data(), range, c.rule.rounding, to + i);
      } else {
        for (std::size_t i = 0; i < kElements; i += c.group)
          quantize_run(all.subspan(i, c.group), {scale[i / c.group], zero[i / c.group]}, range, c.rule.rounding,
                       to + i);
      }
      const std::span set_codes(to, kElements);
      if (c.rule.is_signed)
        dequantize_case(c, std::span(reinterpret_cast<const std::int8_t*>(to), kElements), scale, zero,
                        restored.data() + set * kElements);
      else
        dequantize_case(c, std::span<const std::uint8_t>(set_codes), scale, zero, restored.data() + set * kElements);
    }
    REQUIRE(codes == expected);
    CHECK(sha256(restored.data(), restored.size() * sizeof(float)) ==
          manifest_entry(manifest, c.name, "dequant_sha256"));
  }
}

TEST_CASE("affine: dynamic_quantize is onnxruntime's DynamicQuantizeLinear") {
  const auto scales = read_vector<float>("affine/o_dyn.scale.f32");
  const auto zero_points = read_vector<std::uint8_t>("affine/o_dyn.zp.bin");
  const auto expected = read_vector<std::uint8_t>("affine/o_dyn.out.bin");
  for (std::size_t set = 0; set < kSets.size(); ++set) {
    const auto values = read_vector<float>("affine/inputs/" + kSets[set] + ".f32");
    std::vector<std::uint8_t> codes(values.size());
    const Affine affine = dynamic_quantize(values, codes.data());
    CHECK(affine.scale == scales[set]);
    CHECK(affine.zero_point == zero_points[set]);
    CHECK(std::equal(codes.begin(), codes.end(), expected.begin() + static_cast<std::ptrdiff_t>(set * kElements)));
  }
}

TEST_CASE("affine: the guide's worked example") {
  const std::vector<float> values = {5.47f, 3.08f, -7.59f, 0, -1.95f, -4.57f, 10.8f};
  const Range range = minmax(values);
  const auto as_signed = [](const std::vector<std::uint8_t>& codes) {
    return std::vector<std::int8_t>(codes.begin(), codes.end());
  };

  const Affine symmetric = affine_from_range(kInt8, range.min, range.max);
  CHECK(symmetric.zero_point == 0);
  CHECK(as_signed(codes_of(values, symmetric, code_range(kInt8), Rounding::Divide)) ==
        std::vector<std::int8_t>{64, 36, -89, 0, -23, -54, 127});

  AffineRule rule = kInt8;
  rule.symmetric = false;
  const Affine asymmetric = affine_from_range(rule, range.min, range.max);
  CHECK(asymmetric.zero_point == -23);
  CHECK(as_signed(codes_of(values, asymmetric, code_range(rule), Rounding::Divide)) ==
        std::vector<std::int8_t>{53, 20, -128, -23, -50, -86, 127});
}

namespace {

std::vector<AffineRule> all_rules() {
  std::vector<AffineRule> rules;
  for (const int bits : {2, 3, 4, 5, 6, 7, 8, 16})
    for (const bool is_signed : {false, true})
      for (const Rounding rounding : {Rounding::Divide, Rounding::Multiply}) {
        for (const bool narrow : {false, true}) rules.push_back({bits, is_signed, true, narrow, true, rounding});
        for (const bool zero : {false, true}) rules.push_back({bits, is_signed, false, false, zero, rounding});
      }
  return rules;
}

// Values around every tie of the code range, and beyond it, a few floats to either side; and the odd ones.
std::vector<float> adversarial(const Affine& affine, CodeRange range) {
  std::vector<float> values;
  const std::int32_t step = std::max(1, (range.max - range.min) / 300);
  for (std::int64_t code = std::int64_t{range.min} - 3; code <= std::int64_t{range.max} + 3; code += step) {
    const double tie = (static_cast<double>(code - affine.zero_point) + 0.5) * affine.scale;
    float value = static_cast<float>(tie);
    for (int k = 0; k < 3; ++k) value = std::nextafter(value, -INFINITY);
    for (int k = 0; k < 7; ++k, value = std::nextafter(value, INFINITY))
      if (std::isfinite(value)) values.push_back(value);
  }
  constexpr float kLargest = std::numeric_limits<float>::max(), kLeast = std::numeric_limits<float>::denorm_min();
  for (const float odd :
       {0.0f,          -0.0f,          kLeast,      -kLeast,    1e-39f,      -1e-39f,     1.0f,
        -1.0f,         4194303.5f,     -4194303.5f, 8388608.0f, -8388609.0f, 12582912.0f, -12582912.0f,
        2147483648.0f, -2147483904.0f, 1e30f,       -1e30f,     kLargest,    -kLargest})
    values.push_back(odd);
  return values;
}

template <class Code>
void check_kernels(const std::vector<float>& values, const Affine& affine, CodeRange range, Rounding rounding) {
  std::vector<Code> codes(values.size()), row(values.size());
  quantize_run(values, affine, range, rounding, codes.data());
  const std::vector<float> scale(values.size(), affine.scale);
  const std::vector<std::int32_t> zero(values.size(), affine.zero_point);
  quantize_row(values, scale.data(), zero.data(), range, rounding, row.data());
  using Signed = std::make_signed_t<Code>;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto expected = static_cast<Code>(reference::quantize(values[i], affine, range, rounding));
    if (codes[i] == expected && row[i] == expected) continue;
    if (wrong++ > 0) continue;
    CAPTURE(values[i], affine.scale, affine.zero_point, range.min, range.max, int(codes[i]), int(row[i]),
            int(expected));
    CHECK(codes[i] == expected);
    CHECK(row[i] == expected);
  }
  REQUIRE(wrong == 0);

  std::vector<float> restored(values.size()), restored_row(values.size());
  const auto check_restored = [&](auto typed) {
    dequantize_run(typed, affine, restored.data());
    dequantize_row(typed, scale.data(), zero.data(), restored_row.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto expected = std::bit_cast<std::uint32_t>(reference::dequantize(typed[i], affine));
      if (std::bit_cast<std::uint32_t>(restored[i]) != expected ||
          std::bit_cast<std::uint32_t>(restored_row[i]) != expected)
        ++wrong;
    }
  };
  if (range.min < 0)
    check_restored(std::span<const Signed>(reinterpret_cast<const Signed*>(codes.data()), codes.size()));
  else
    check_restored(std::span<const Code>(codes));
  REQUIRE(wrong == 0);
}

void check_kernels(const std::vector<float>& values, const Affine& affine, const AffineRule& rule) {
  if (rule.bits > 8)
    check_kernels<std::uint16_t>(values, affine, code_range(rule), rule.rounding);
  else
    check_kernels<std::uint8_t>(values, affine, code_range(rule), rule.rounding);
}

bool same(const Affine& a, const Affine& b) {
  return a.scale == b.scale && a.zero_point == b.zero_point;
}

}  // namespace

TEST_CASE("affine: kernels equal the definition around every tie, at any scale and zero point") {
  std::mt19937 random(1);
  for (const AffineRule& rule : all_rules()) {
    const CodeRange range = code_range(rule);
    for (const float scale : {0.0117f, 0.5f, 1.0f, 1e-3f, 3.3e7f, 1e-30f, 0x1p-126f, 0x1.8p-127f, 0x1.00001p-128f,
                              0x1p-128f, 1e-40f, 0x1p-149f, 0x1p126f, 1.1e38f, 3e38f}) {
      const auto middle = static_cast<std::int32_t>(random() % 256) + range.min;
      for (const std::int32_t zero :
           {0, middle, range.min, range.max, range.min - 1, range.max + 1, -100000, 2097152, -2097153, 16777217,
            std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min()}) {
        const Affine affine{scale, zero};
        check_kernels(adversarial(affine, range), affine, rule);
      }
    }
  }
}

TEST_CASE("affine: every byte is restored right at any scale, around zero or not") {
  std::array<std::uint8_t, 256> codes{};
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i);
  const auto check = [&](auto code, const Affine& affine) {
    using Code = decltype(code);
    std::array<float, 256> restored{};
    dequantize_run(std::span<const Code>(reinterpret_cast<const Code*>(codes.data()), codes.size()), affine,
                   restored.data());
    for (std::size_t i = 0; i < codes.size(); ++i)
      REQUIRE(std::bit_cast<std::uint32_t>(restored[i]) ==
              std::bit_cast<std::uint32_t>(reference::dequantize(static_cast<Code>(codes[i]), affine)));
  };
  for (int exponent = -149; exponent <= 127; ++exponent)
    for (const float mantissa : {1.0f, 1.1f, 1.9999999f})
      for (const std::int32_t zero_point : {0, 1, -128}) {
        const Affine affine{std::ldexp(mantissa, exponent), zero_point};
        check(std::int8_t{}, affine);
        check(std::uint8_t{}, affine);
      }
}

TEST_CASE("affine: kernels equal the definition on random values and ranges") {
  std::mt19937 random(2);
  std::normal_distribution<float> normal;
  for (const AffineRule& rule : all_rules()) {
    for (int round = 0; round < 20; ++round) {
      std::vector<float> values(1 + random() % 3000);
      const float size = std::exp2(static_cast<float>(random() % 200) - 100), shift = normal(random) * size;
      for (float& value : values) value = normal(random) * size + shift;
      const Range range = minmax(values);
      const Affine affine = affine_from_range(rule, range.min, range.max);
      REQUIRE(same(affine, reference::affine_from_range(rule, range.min, range.max)));
      check_kernels(values, affine, rule);
    }
  }
}

TEST_CASE("affine: scales whose quotients all lie near ties") {
  // x = (n + 1/2) * scale, rounded: the reciprocal's and the quotient's rounding part ways here if anywhere.
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    const float scale = std::bit_cast<float>(0x3C000000u + static_cast<std::uint32_t>(random() % 0x01000000u));
    const AffineRule& rule = round % 2 == 0 ? kInt8 : kUint8;
    const Affine affine{scale, static_cast<std::int32_t>(random() % 256) + (rule.is_signed ? -128 : 0)};
    check_kernels(adversarial(affine, code_range(rule)), affine, rule);
  }
}

TEST_CASE("affine: any length at any address, and nothing written beyond") {
  std::mt19937 random(4);
  std::normal_distribution<float> normal;
  std::vector<float> values(200), restored(200);
  for (float& value : values) value = normal(random);
  constexpr std::uint8_t kUntouched = 0xA5;
  const Affine affine{0.03f, 5};
  const CodeRange range{-128, 127};
  const std::vector<float> scale(200, affine.scale);
  const std::vector<std::int32_t> zero(200, affine.zero_point);
  for (const Rounding rounding : {Rounding::Divide, Rounding::Multiply})
    for (std::size_t length = 0; length <= 140; ++length)
      for (std::size_t shift = 0; shift < 4; ++shift) {
        std::vector<std::uint8_t> run(200, kUntouched), row(200, kUntouched);
        std::vector<std::uint16_t> wide(200, kUntouched);
        const std::span from(values.data() + shift, length);
        quantize_run(from, affine, range, rounding, run.data() + shift);
        quantize_row(from, scale.data(), zero.data(), range, rounding, row.data() + shift);
        quantize_run(from, affine, range, rounding, wide.data() + shift);
        bool right = true;
        for (std::size_t i = 0; i < 200; ++i) {
          const bool inside = i >= shift && i < shift + length;
          const std::int32_t code = inside ? reference::quantize(values[i], affine, range, rounding) : kUntouched;
          right &= run[i] == static_cast<std::uint8_t>(code) && row[i] == static_cast<std::uint8_t>(code) &&
                   wide[i] == static_cast<std::uint16_t>(code);
        }
        REQUIRE(right);
        std::fill(restored.begin(), restored.end(), -1.0f);
        dequantize_run(std::span<const std::uint8_t>(run.data() + shift, length), affine, restored.data() + shift);
        for (std::size_t i = 0; i < 200; ++i)
          right &= restored[i] == (i >= shift && i < shift + length ? reference::dequantize(run[i], affine) : -1.0f);
        REQUIRE(right);
      }
}

TEST_CASE("affine: rows take each element's own scale and zero point") {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  const CodeRange range{-128, 127};
  for (const Rounding rounding : {Rounding::Divide, Rounding::Multiply})
    for (std::size_t length = 0; length < 70; ++length) {
      std::vector<float> values(length), scale(length), restored(length);
      std::vector<std::int32_t> zero(length);
      for (std::size_t i = 0; i < length; ++i) {
        values[i] = normal(random);
        scale[i] = random() % 9 == 0 ? 0x1p-140f : std::exp2(static_cast<float>(random() % 8) - 8);
        zero[i] = random() % 50 == 0 ? 1 << 30 : static_cast<std::int32_t>(random() % 100) - 50;
      }
      std::vector<std::uint8_t> codes(length);
      quantize_row(values, scale.data(), zero.data(), range, rounding, codes.data());
      const std::vector<std::int8_t> typed(codes.begin(), codes.end());
      dequantize_row(std::span<const std::int8_t>(typed), scale.data(), zero.data(), restored.data());
      for (std::size_t i = 0; i < length; ++i) {
        REQUIRE(typed[i] == reference::quantize(values[i], {scale[i], zero[i]}, range, rounding));
        REQUIRE(restored[i] == reference::dequantize(typed[i], {scale[i], zero[i]}));
      }
    }
}

TEST_CASE("affine: ranges at the edges of float32 give usable scales") {
  constexpr float kLargest = std::numeric_limits<float>::max(), kLeast = std::numeric_limits<float>::denorm_min();
  const std::vector<Range> ranges = {{0, 0},
                                     {-0.0f, 0.0f},
                                     {0, kLeast},
                                     {-kLeast, 0},
                                     {-kLeast, kLeast},
                                     {0, 1e-45f},
                                     {1e-40f, 1e-39f},
                                     {-kLargest, kLargest},
                                     {-3e38f, 3e38f},
                                     {0, kLargest},
                                     {-kLargest, 0},
                                     {kLargest, kLargest},
                                     {5, 5},
                                     {-5, -5},
                                     {100, 100.00001f},
                                     {3e38f, kLargest},
                                     {1, 2},
                                     {-2, -1},
                                     {1e-30f, 3e38f}};
  for (const AffineRule& rule : all_rules())
    for (const Range range : ranges) {
      const Affine affine = affine_from_range(rule, range.min, range.max);
      CAPTURE(rule.bits, rule.is_signed, rule.symmetric, rule.include_zero, range.min, range.max, affine.scale,
              affine.zero_point);
      REQUIRE(std::isfinite(affine.scale));
      REQUIRE(affine.scale > 0);
      REQUIRE(same(affine, reference::affine_from_range(rule, range.min, range.max)));
      const bool all_zero = range.min == 0 && range.max == 0;
      if (rule.rounding == Rounding::Multiply) REQUIRE(affine.scale >= 0x1p-23f);
      if (all_zero) REQUIRE(affine.scale == (rule.rounding == Rounding::Divide ? 1.0f : 0x1p-23f));
      REQUIRE(std::abs(affine.zero_point) <= (1 << 24) + (1 << 16));
    }
}

TEST_CASE("affine: a constant survives without zero in the range") {
  for (const float value : {5.0f, -5.0f, 0.3f, 1e-20f, -1e-41f, 3e38f}) {
    AffineRule rule = kInt8;
    rule.symmetric = rule.include_zero = false;
    const Affine affine = affine_from_range(rule, value, value);
    const auto codes = codes_of({value}, affine, code_range(rule), rule.rounding);
    CHECK(reference::dequantize(static_cast<std::int8_t>(codes[0]), affine) == value);
  }
}

TEST_CASE("affine: zero is exact, errors stay within half a step, codes grow with values") {
  std::mt19937 random(6);
  std::normal_distribution<float> normal;
  for (const AffineRule& rule : all_rules())
    for (int round = 0; round < 20; ++round) {
      const float size = std::exp2(static_cast<float>(random() % 40) - 12);
      std::vector<float> values(300);
      const float shift = normal(random);
      for (float& value : values) value = (normal(random) + shift) * size;
      values.push_back(0);
      std::sort(values.begin(), values.end());
      const Range range = minmax(values);
      const Affine affine = affine_from_range(rule, range.min, range.max);
      std::int32_t previous = std::numeric_limits<std::int32_t>::min();
      // Full-range symmetric scales put the largest value half a step beyond the last positive code.
      const float steps = std::ldexp(1.0f, rule.bits);
      const float allowed = affine.scale * (0.5f + 3 * steps * 0x1p-23f);
      for (const float value : values) {
        const std::int32_t code = reference::quantize(value, affine, code_range(rule), rule.rounding);
        const float restored = reference::dequantize(code, affine);
        REQUIRE(code >= previous);
        REQUIRE(std::fabs(restored - value) <= allowed);
        if (value == 0 && (rule.symmetric || rule.include_zero)) REQUIRE(restored == 0);
        previous = code;
      }
    }
}
