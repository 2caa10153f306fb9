// The definitions of bitsandbytes' formats against its own outputs (tests/vectors/bnb).
#include <algorithm>

#include "blocks.hpp"
#include "catch.hpp"
#include "fewbits/block_format.hpp"
#include "fewbits/codebooks.hpp"
#include "sha256.hpp"
#include "shared_scales.hpp"

using namespace fewbits;

namespace {

const BlockFormat& format_of(json::Value entry) {
  return *find_block_format(entry["name"].says("dyn8_b256") ? "bnb_int8_blockwise" : entry["format"].string());
}

// Their absmax values and codes are in files of their own, ours in blocks.
std::vector<std::uint8_t> joined(std::span<const float> absmax, std::span<const std::uint8_t> codes) {
  const std::size_t code_bytes = codes.size() / absmax.size();
  std::vector<std::uint8_t> bytes(absmax.size() * (4 + code_bytes));
  for (std::size_t block = 0; block < absmax.size(); ++block) {
    std::memcpy(bytes.data() + block * (4 + code_bytes), &absmax[block], 4);
    std::memcpy(bytes.data() + block * (4 + code_bytes) + 4, codes.data() + block * code_bytes, code_bytes);
  }
  return bytes;
}

std::string hash(const std::vector<float>& values) {
  return sha256(values.data(), values.size() * sizeof(float));
}

}  // namespace

TEST_CASE("bitsandbytes: the lists of numbers are its own") {
  const auto same = [](const auto& ours, const std::string& file) {
    const auto theirs = read_vector<float>("bnb/" + file);
    return std::equal(ours.begin(), ours.end(), theirs.begin(), theirs.end(), same_bits);
  };
  CHECK(same(kNf4, "table_nf4.f32"));
  CHECK(same(kBitsandbytesFp4, "table_fp4.f32"));
  CHECK(same(dynamic_map(), "table_dynamic_signed.f32"));
}

TEST_CASE("bitsandbytes: the definitions give its bytes, and restore its numbers") {
  const Manifest manifest("bnb");
  const auto values = manifest.values();
  std::size_t compared = 0;
  for (json::Items items(manifest["cases"]); items.next();) {
    const json::Value entry = items.value();
    CAPTURE(entry["name"].string());
    const auto block_size = static_cast<std::size_t>(entry["block"].number());
    const auto absmax = manifest.read<float>(entry["absmax"]);
    const auto codes = manifest.read<std::uint8_t>(entry[entry["packed"].empty() ? "codes" : "packed"]);
    REQUIRE(absmax.size() == values.size() / block_size);
    const auto bytes = reference::bitsandbytes_quantize(format_of(entry), values, block_size);
    // FP4's two zeros included, which stand for the same number.
    REQUIRE(bytes == joined(absmax, codes));
    REQUIRE(hash(reference::bitsandbytes_dequantize(format_of(entry), bytes, block_size)) ==
            entry["dequant_f32_sha256"].string());
    compared += values.size();
  }
  REQUIRE(values.size() == 40448);
  REQUIRE(compared == 4 * values.size());
}

TEST_CASE("bitsandbytes: double quantization gives its bytes, and restores its numbers") {
  const Manifest manifest("bnb");
  std::size_t compared = 0;
  for (json::Items items(manifest["cases"]); items.next();) {
    const json::Value entry = items.value(), nested = entry["double_quant"];
    if (nested.empty()) continue;
    CAPTURE(entry["name"].string());
    const auto block_size = static_cast<std::size_t>(entry["block"].number());
    const auto absmax = manifest.read<float>(entry["absmax"]);
    const auto codes = manifest.read<std::uint8_t>(nested["codes"]);
    const auto scales = manifest.read<float>(nested["absmax2"]);
    const auto offsets = manifest.read<float>(nested["offset"]);
    REQUIRE(scales.size() == manifest.sets().size());  // at most 256 blocks each
    std::vector<float> restored;
    std::size_t block = 0;
    for (std::size_t set = 0; set < scales.size(); ++set) {
      const std::size_t blocks = manifest.sets()[set].size() / block_size;
      const auto ours = reference::nest(std::span(absmax).subspan(block, blocks), offsets[set]);
      REQUIRE(ours.scale.size() == 1);
      REQUIRE(same_bits(ours.scale[0], scales[set]));
      REQUIRE(std::equal(ours.absmax.begin(), ours.absmax.end(), codes.begin() + static_cast<std::ptrdiff_t>(block)));
      const auto unnested = reference::unnest(ours);
      restored.insert(restored.end(), unnested.begin(), unnested.end());
      block += blocks;
    }
    REQUIRE(block == codes.size());
    const auto bytes = joined(restored, manifest.read<std::uint8_t>(entry["packed"]));
    REQUIRE(hash(reference::bitsandbytes_dequantize(format_of(entry), bytes, block_size)) ==
            nested["dequant_f32_sha256"].string());
    compared += codes.size();
  }
  REQUIRE(compared == 632 + 316 + 632);
}
