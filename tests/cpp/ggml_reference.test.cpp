// The definitions of ggml's block formats against ggml itself (tests/vectors/ggml).
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "fewbits/block_format.hpp"
#include "models/json.hpp"
#include "reference/blocks.hpp"
#include "sha256.hpp"
#include "vectors.hpp"

using namespace fewbits;

namespace {

using Bytes = std::vector<std::uint8_t>;

// tests/vectors/ggml/manifest.json: a list for each kind of case.
struct Manifest {
  std::vector<char> text = read_vector<char>("ggml/manifest.json");
  json::Value root = json::read({text.data(), text.size()}).value;

  [[nodiscard]] std::vector<json::Value> cases(const char* list) const {
    std::vector<json::Value> found;
    for (json::Items items(root[list]); items.next();) found.push_back(items.value());
    REQUIRE_FALSE(found.empty());
    return found;
  }
};

std::string text_of(json::Value value) {
  return std::string(value.string());
}

std::size_t size_of(json::Value value) {
  return value.empty() ? 0 : static_cast<std::size_t>(value.number());
}

std::set<std::size_t> indices_of(json::Value list) {
  std::set<std::size_t> indices;
  if (list.empty()) return indices;
  for (json::Items items(list); items.next();) indices.insert(size_of(items.value()));
  return indices;
}

// Our name of the manifest's format. IQ4_NL_ref is the other encoder of IQ4_NL.
const BlockFormat& format_of(json::Value item) {
  std::string name = text_of(item["format"]);
  if (name == "IQ4_NL_ref") name = "IQ4_NL";
  for (char& letter : name) letter = static_cast<char>(std::tolower(letter));
  const BlockFormat* format = find_block_format(name);
  if (format == nullptr) throw std::runtime_error("no format " + name);
  return *format;
}

// quantize_row_iq4_nl_ref reads codes that it never wrote, and IQ1 to IQ3 have no encoder here.
bool has_encoder(json::Value item) {
  const std::string name = text_of(item["format"]);
  return name != "IQ4_NL_ref" && !name.starts_with("IQ1") && !name.starts_with("IQ2") && !name.starts_with("IQ3");
}

Bytes bytes_of(json::Value item) {
  const Bytes file = read_vector<std::uint8_t>("ggml/" + text_of(item["file"]));
  const std::size_t offset = size_of(item["offset"]),
                    size = item["nbytes"].empty() ? file.size() : size_of(item["nbytes"]);
  REQUIRE(offset + size <= file.size());
  return {file.begin() + static_cast<std::ptrdiff_t>(offset),
          file.begin() + static_cast<std::ptrdiff_t>(offset + size)};
}

std::vector<float> dequantized(const BlockFormat& format, const Bytes& blocks) {
  REQUIRE(blocks.size() % format.block_bytes == 0);
  std::vector<float> values(blocks.size() / format.block_bytes * format.block_size);
  reference::ggml_dequantize(format.name, blocks.data(), values);
  return values;
}

Bytes quantized(const BlockFormat& format, const std::vector<float>& values, std::size_t row_length,
                const std::vector<float>& importance = {}) {
  Bytes blocks(values.size() / format.block_size * format.block_bytes);
  reference::ggml_quantize(format.name, values, row_length, importance.empty() ? nullptr : importance.data(),
                           blocks.data());
  return blocks;
}

// As the manifest's hashes want it: every NaN alike.
std::string hash_of(std::vector<float> values) {
  for (float& value : values)
    if (std::isnan(value)) value = std::bit_cast<float>(0x7FC00000u);
  return sha256(values.data(), values.size() * sizeof(float));
}

struct Tally {
  std::size_t cases = 0, compared = 0, skipped = 0, differing = 0;
};
using Tallies = std::map<std::string_view, Tally>;

void print(const char* what, const Tallies& tallies) {
  for (const auto& [format, tally] : tallies)
    std::printf("ggml %s %-8s %3zu cases, %5zu compared, %3zu skipped, %zu differ\n", what, std::string(format).c_str(),
                tally.cases, tally.compared, tally.skipped, tally.differing);
}

void require_all_same(const Tallies& tallies, std::size_t formats, std::size_t cases) {
  std::size_t all_cases = 0;
  for (const auto& [format, tally] : tallies) {
    CAPTURE(format);
    CHECK(tally.compared > 0);
    CHECK(tally.differing == 0);
    all_cases += tally.cases;
  }
  CHECK(tallies.size() == formats);
  CHECK(all_cases == cases);
}

void compare_blocks(const BlockFormat& format, const Bytes& ours, const Bytes& theirs,
                    const std::set<std::size_t>& skip, Tally& tally) {
  REQUIRE(ours.size() == theirs.size());
  tally.cases += 1;
  for (std::size_t i = 0; i < theirs.size() / format.block_bytes; ++i) {
    if (skip.contains(i)) {
      tally.skipped += 1;
      continue;
    }
    tally.compared += 1;
    const std::size_t begin = i * format.block_bytes;
    if (std::equal(&theirs[begin], &theirs[begin] + format.block_bytes, &ours[begin])) continue;
    if (tally.differing++ == 0) std::printf("%s: block %zu differs first\n", std::string(format.name).c_str(), i);
  }
}

}  // namespace

TEST_CASE("ggml reference: blocks are ggml's, byte for byte") {
  const Manifest manifest;
  std::map<std::string, std::vector<float>> inputs;
  for (const json::Value input : manifest.cases("inputs"))
    inputs[text_of(input["name"])] = read_vector<float>("ggml/" + text_of(input["file"]));

  Tallies tallies;
  for (const json::Value item : manifest.cases("quant")) {
    if (!has_encoder(item)) continue;
    const BlockFormat& format = format_of(item);
    const std::vector<float>& values = inputs.at(text_of(item["input"]));
    REQUIRE(values.size() == size_of(item["n"]));
    std::set<std::size_t> skip = indices_of(item["ub_cast_blocks"]);
    skip.merge(indices_of(item["nan_scale_blocks"]));
    INFO(format.name << " of " << text_of(item["input"]));
    compare_blocks(format, quantized(format, values, values.size()), bytes_of(item), skip, tallies[format.name]);
    CHECK(tallies[format.name].differing == 0);
  }
  print("blocks", tallies);
  require_all_same(tallies, 20, 420);
}

TEST_CASE("ggml reference: blocks with an importance row are ggml's, byte for byte") {
  const Manifest manifest;
  Tallies tallies;
  for (const json::Value item : manifest.cases("imatrix")) {
    if (!has_encoder(item)) continue;
    const BlockFormat& format = format_of(item);
    const auto values = read_vector<float>("ggml/inputs/" + text_of(item["input"]) + ".f32");
    const auto importance = read_vector<float>("ggml/" + text_of(item["imatrix"]));
    const std::size_t row_length = size_of(item["n_per_row"]);
    REQUIRE(importance.size() == row_length);
    REQUIRE(values.size() == row_length * size_of(item["nrows"]));
    INFO(format.name << " of " << text_of(item["input"]));
    const Bytes ours = quantized(format, values, row_length, importance);
    compare_blocks(format, ours, bytes_of(item), {}, tallies[format.name]);
    CHECK(tallies[format.name].differing == 0);
    CHECK((ours != quantized(format, values, row_length)) == item["differs_from_no_imatrix"].is_true());
  }
  print("importance", tallies);
  require_all_same(tallies, 11, 77);
}

TEST_CASE("ggml reference: random bytes decode to ggml's values, with every kind of scale") {
  const Manifest manifest;
  Tallies tallies;
  for (const json::Value item : manifest.cases("decode")) {
    const BlockFormat& format = format_of(item);
    const Bytes blocks = bytes_of(item);
    const auto values = dequantized(format, blocks);
    const auto expected = read_vector<float>("ggml/" + text_of(item["expected"]));
    REQUIRE(values.size() == expected.size());
    CHECK(hash_of(values) == text_of(item["expected_sha256"]));
    Tally& tally = tallies[format.name];
    tally.cases += 1;
    for (std::size_t i = 0; i < values.size(); ++i) {
      tally.compared += 1;
      const bool same = std::isnan(values[i])
                            ? std::isnan(expected[i])
                            : std::bit_cast<std::uint32_t>(values[i]) == std::bit_cast<std::uint32_t>(expected[i]);
      tally.differing += !same;
    }
  }
  print("values", tallies);
  require_all_same(tallies, 25, 25);
}

TEST_CASE("ggml reference: ggml's blocks decode to ggml's values") {
  const Manifest manifest;
  Tallies tallies;
  for (const char* list : {"quant", "imatrix"})
    for (const json::Value item : manifest.cases(list)) {
      if (item["dequant_f32_sha256"].empty()) continue;
      const BlockFormat& format = format_of(item);
      Tally& tally = tallies[format.name];
      tally.cases += 1;
      tally.compared += 1;
      tally.differing += hash_of(dequantized(format, bytes_of(item))) != text_of(item["dequant_f32_sha256"]);
    }
  print("decoding", tallies);
  require_all_same(tallies, 25, 403 + 84);
}

TEST_CASE("ggml reference: negative scales spill into the packed scales as ggml's do") {
  constexpr std::size_t kValues = 256, kFloatBytes = kValues * sizeof(float);
  for (const char* name : {"q2_k", "q4_k", "q5_k"}) {
    CAPTURE(name);
    const BlockFormat& format = *find_block_format(name);
    const auto file = read_vector<std::uint8_t>("ggml-negative-scales/" + std::string(name) + ".bin");
    const std::size_t record = 2 * kFloatBytes + format.block_bytes;
    REQUIRE(file.size() == 4 * record);
    for (std::size_t i = 0; i < file.size(); i += record) {
      std::vector<float> values(kValues), importance(kValues);
      std::memcpy(values.data(), &file[i], kFloatBytes);
      std::memcpy(importance.data(), &file[i + kFloatBytes], kFloatBytes);
      const Bytes expected(&file[i + 2 * kFloatBytes], &file[i] + record);
      CHECK(quantized(format, values, kValues, importance) == expected);
    }
  }
}

// --- beyond the vectors ----------------------------------------------------------------------------------------------

namespace {

std::vector<float> normal_values(std::size_t count) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

std::vector<float> uniform_values(std::size_t count) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> uniform;
  std::vector<float> values(count);
  for (float& value : values) value = uniform(random);
  return values;
}

std::vector<const BlockFormat*> ggml_formats() {
  std::vector<const BlockFormat*> formats;
  for (const BlockFormat& format : kBlockFormats)
    if (format.family == "ggml") formats.push_back(&format);
  REQUIRE(formats.size() == 27);
  return formats;
}

std::vector<const BlockFormat*> encoded_formats() {
  std::vector<const BlockFormat*> formats = ggml_formats();
  std::erase_if(formats, [](const BlockFormat* format) {
    return format->name.starts_with("iq") && !format->name.starts_with("iq4");
  });
  REQUIRE(formats.size() == 20);
  return formats;
}

double sqnr_db(const std::vector<float>& values, const std::vector<float>& restored) {
  double signal = 0, noise = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    signal += double{values[i]} * values[i];
    noise += (double{values[i]} - restored[i]) * (double{values[i]} - restored[i]);
  }
  return 10 * std::log10(signal / noise);
}

}  // namespace

TEST_CASE("ggml reference: every format of the table is here, and only IQ1 to IQ3 have no encoder") {
  for (const BlockFormat* format : ggml_formats()) {
    CAPTURE(format->name);
    const Bytes blocks(format->block_bytes);
    CHECK(dequantized(*format, blocks).size() == format->block_size);
  }
  for (const BlockFormat* format : encoded_formats()) {
    const auto values = normal_values(format->block_size);
    CHECK_NOTHROW(quantized(*format, values, values.size()));
  }
  const auto values = normal_values(256);
  CHECK_THROWS(quantized(*find_block_format("iq2_xs"), values, 256));
  CHECK_THROWS(quantized(*find_block_format("nf4"), values, 256));
}

TEST_CASE("ggml reference: what a format keeps of normally distributed values") {
  // Signal to noise in dB, a little below what each reaches. A bit is worth some 6 dB.
  const std::map<std::string_view, double> least = {{"q1_0", 4.1},  {"tq1_0", 1.6},   {"tq2_0", 1.6},  {"q2_0", 2.6},
                                                    {"q2_k", 10.3}, {"q3_k", 16.2},   {"mxfp4", 18.6}, {"nvfp4", 20.1},
                                                    {"q4_0", 21.0}, {"q4_1", 21.9},   {"q4_k", 22.7},  {"iq4_nl", 22.1},
                                                    {"q5_0", 27.1}, {"iq4_xs", 22.1}, {"q5_1", 28.2},  {"q5_k", 28.6},
                                                    {"q6_k", 34.7}, {"q8_k", 42.9},   {"q8_0", 45.2},  {"q8_1", 45.2}};
  const auto values = normal_values(1 << 15);
  for (const BlockFormat* format : encoded_formats()) {
    CAPTURE(format->name);
    const double db = sqnr_db(values, dequantized(*format, quantized(*format, values, 1024)));
    CHECK(db > least.at(format->name));
    CHECK(db < least.at(format->name) + 1);
  }
}

TEST_CASE("ggml reference: formats with one scale stay within half a step") {
  // The error's bound in units of the block's largest magnitude: half a step, or a whole one where the range is cut off
  // on one side. A float16 scale adds a 2,048th of the value, NVFP4's scale a 16th of the step.
  const std::map<std::string_view, double> bounds = {{"q4_0", 1.0 / 8},   {"q5_0", 1.0 / 16},   {"q4_1", 1.0 / 15},
                                                     {"q5_1", 1.0 / 31},  {"q8_0", 0.5 / 127},  {"q8_1", 0.5 / 127},
                                                     {"q8_k", 0.5 / 127}, {"tq1_0", 0.5},       {"tq2_0", 0.5},
                                                     {"q2_0", 0.5},       {"nvfp4", 17.0 / 96}, {"mxfp4", 0.25}};
  const auto values = normal_values(1 << 14);
  for (const auto& [name, bound] : bounds) {
    CAPTURE(name);
    const BlockFormat& format = *find_block_format(name);
    const auto restored = dequantized(format, quantized(format, values, values.size()));
    for (std::size_t i = 0; i < values.size(); i += format.block_size) {
      double largest = 0, error = 0;
      for (std::size_t j = i; j < i + format.block_size; ++j) {
        largest = std::fmax(largest, std::fabs(values[j]));
        error = std::fmax(error, std::fabs(values[j] - restored[j]));
      }
      REQUIRE(error <= largest * (bound + 2.0 / 2048));
    }
  }
}

TEST_CASE("ggml reference: an importance lowers the error where it says so") {
  constexpr std::size_t kRow = 1024, kRows = 16;
  const auto values = normal_values(kRow * kRows);
  auto importance = uniform_values(kRow);
  for (float& weight : importance) weight = weight * weight * weight;
  const auto error = [&](const std::vector<float>& restored) {
    double sum = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
      sum += importance[i % kRow] * (double{values[i]} - restored[i]) * (double{values[i]} - restored[i]);
    return sum;
  };
  std::size_t used = 0;
  for (const BlockFormat* format : encoded_formats()) {
    CAPTURE(format->name);
    const Bytes plain = quantized(*format, values, kRow), weighed = quantized(*format, values, kRow, importance);
    CHECK((plain != weighed) == format->uses_importance);
    used += plain != weighed;
    if (format->uses_importance) CHECK(error(dequantized(*format, weighed)) < error(dequantized(*format, plain)));
  }
  CHECK(used == 11);
}

TEST_CASE("ggml reference: rows know nothing of each other") {
  constexpr std::size_t kRow = 512;
  const auto values = normal_values(3 * kRow);
  const auto importance = uniform_values(kRow);
  for (const BlockFormat* format : encoded_formats()) {
    CAPTURE(format->name);
    Bytes parts;
    for (std::size_t row = 0; row < 3; ++row) {
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row * kRow);
      const Bytes part = quantized(*format, {begin, begin + kRow}, kRow, importance);
      parts.insert(parts.end(), part.begin(), part.end());
    }
    CHECK(parts == quantized(*format, values, kRow, importance));
    // Without importance, not even blocks do.
    CHECK(quantized(*format, values, kRow) == quantized(*format, values, values.size()));
  }
}

TEST_CASE("ggml reference: zeros stay zeros") {
  for (const BlockFormat* format : encoded_formats())
    for (const float zero : {0.0f, -0.0f})
      for (const std::vector<float>& importance :
           {std::vector<float>{}, uniform_values(256), std::vector<float>(256)}) {
        CAPTURE(format->name, zero, importance.size());
        const std::vector<float> zeros(256, zero);
        for (const float value : dequantized(*format, quantized(*format, zeros, 256, importance))) REQUIRE(value == 0);
      }
}

TEST_CASE("ggml reference: a value beyond float16's range makes an infinite scale") {
  // Where the block's float16 scale lies.
  const std::map<std::string_view, std::size_t> places = {
      {"q4_0", 0},   {"q4_1", 0},   {"q5_0", 0},   {"q5_1", 0},   {"q8_0", 0},  {"q8_1", 0},
      {"q1_0", 0},   {"q2_0", 0},   {"q2_k", 80},  {"q3_k", 108}, {"q4_k", 0},  {"q5_k", 0},
      {"q6_k", 208}, {"iq4_nl", 0}, {"iq4_xs", 0}, {"tq1_0", 52}, {"tq2_0", 64}};
  for (const auto& [name, place] : places) {
    CAPTURE(name);
    const BlockFormat& format = *find_block_format(name);
    auto values = normal_values(format.block_size);
    values[7] = 1e12f;
    const Bytes block = quantized(format, values, values.size());
    CHECK(block[place] == 0);
    CHECK((block[place + 1] & 0x7F) == 0x7C);
    const auto restored = dequantized(format, block);
    CHECK(std::any_of(restored.begin(), restored.end(), [](float x) { return !std::isfinite(x); }));
  }
}

TEST_CASE("ggml reference: what ggml leaves undefined is the nearest code") {
  // 1 / d overflows float32: every element is infinitely many steps away, and the scale is 0 in float16.
  constexpr float kTiny = 0x1p-140f;
  std::vector<float> values(32, kTiny);
  values[1] = -kTiny;
  values[2] = 0;
  const Bytes q8_0 = quantized(*find_block_format("q8_0"), values, 32);
  CHECK(Bytes(q8_0.begin(), q8_0.begin() + 5) == Bytes{0, 0, 127, 128, 0});
  const Bytes q4_1 = quantized(*find_block_format("q4_1"), values, 32);
  CHECK(Bytes(q4_1.begin(), q4_1.begin() + 7) == Bytes{0, 0, 0, 0x80, 0xFF, 0xF0, 0xFF});
  CHECK(quantized(*find_block_format("mxfp4"), values, 32)[0] == 0);
}

TEST_CASE("ggml reference: mxfp4 rounds its exponent up just below large powers of two") {
  // j ulp below 2^k, log2 x is k - j 2^-24 log2(e); it rounds to k where that is less than half the distance between
  // float32 numbers below k, or above it where k is negative.
  const BlockFormat& format = *find_block_format("mxfp4");
  std::size_t rounded_up = 0;
  for (int k = -120; k <= 127; ++k) {
    const int below = k > 0 ? std::ilogb(k - 0.5) : k < 0 ? std::ilogb(-k) : -200;
    for (int j = 0; j <= 60; ++j) {
      const bool goes_up = j * 0x1p-24 * 1.4426950408889634 < std::ldexp(0.5, below - 23);
      std::vector<float> values(32, 0.0f);
      values[3] = std::ldexp(1.0f - static_cast<float>(j) * 0x1p-24f, k);
      REQUIRE(quantized(format, values, 32)[0] == k - (goes_up ? 0 : 1) - 2 + 127);
      rounded_up += goes_up && j > 0;
    }
  }
  CHECK(rounded_up > 1000);
}

TEST_CASE("ggml reference: nvfp4's scale rounds ties up, stops at 448 early, and ends its subnormals at 7") {
  const BlockFormat& format = *find_block_format("nvfp4");
  const auto scale_of = [&](float scale) {
    std::vector<float> values(64, 0.0f);
    values[20] = -6 * scale;  // in the second of four groups
    const Bytes block = quantized(format, values, 64);
    CHECK(block[0] == 0);
    return int{block[1]};
  };
  CHECK(scale_of(1) == 0x38);
  CHECK(scale_of(1.0625f) == 0x39);  // halfway between 1 and 1.125
  CHECK(scale_of(std::nextafter(1.0625f, 1.0f)) == 0x38);
  CHECK(scale_of(240) == 0x77);
  CHECK(scale_of(std::nextafter(248.0f, 0.0f)) == 0x77);
  CHECK(scale_of(248) == 0x7E);
  CHECK(scale_of(1e30f) == 0x7E);
  CHECK(scale_of(0x1p-6f) == 0x08);
  CHECK(scale_of(std::nextafter(0x1p-6f, 0.0f)) == 7);
  CHECK(scale_of(2.5f / 512) == 3);
  CHECK(scale_of(0.5f / 512) == 1);
  CHECK(scale_of(0.49f / 512) == 0);
}
