// The definitions of ggml's block formats against ggml itself (tests/vectors/ggml).
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "blocks.hpp"
#include "catch.hpp"
#include "fewbits/block_format.hpp"
#include "models/json.hpp"
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
