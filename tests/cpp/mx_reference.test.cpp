// The definitions of OCP MX and of two-level NVFP4 against torchao and microxcaling (tests/vectors/mx).
#include <map>

#include "blocks.hpp"
#include "catch.hpp"
#include "fewbits/block_format.hpp"
#include "sha256.hpp"
#include "shared_scales.hpp"

using namespace fewbits;

namespace {

// torchao's names for what we call otherwise.
const BlockFormat& format_of(json::Value entry) {
  static const std::map<std::string_view, std::string_view> names{
      {"fp8_e4m3", "mxfp8_e4m3"}, {"fp8_e5m2", "mxfp8_e5m2"}, {"fp6_e2m3", "mxfp6_e2m3"}, {"fp6_e3m2", "mxfp6_e3m2"},
      {"fp4_e2m1", "mxfp4_ocp"},  {"int8", "mxint8"},         {"nvfp4", "nvfp4_tensor"}};
  return *find_block_format(names.at(entry["format"].string()));
}

ScaleRule rule_of(json::Value entry) {
  return entry["scale_mode"].says("RCEIL")  ? ScaleRule::Rceil
         : entry["scale_mode"].says("EVEN") ? ScaleRule::Even
                                            : ScaleRule::Floor;
}

}  // namespace

TEST_CASE("mx: the definitions give torchao's bytes, by every scale rule") {
  const Manifest manifest("mx");
  const auto values = manifest.values();
  std::map<std::string_view, std::size_t> compared;
  for (json::Items items(manifest["cases"]); items.next();) {
    const json::Value entry = items.value();
    if (!entry["impl"].says("torchao") || entry["format"].says("nvfp4")) continue;
    CAPTURE(entry["name"].string());
    const BlockFormat& format = format_of(entry);
    const auto scales = manifest.read<std::uint8_t>(entry["scale"]);
    const auto codes = manifest.read<std::uint8_t>(entry["codes"]);
    REQUIRE(codes.size() == values.size());
    REQUIRE(reference::mx_quantize(format, values, rule_of(entry)) == assembled(format, scales, codes));
    compared[format.name] += codes.size();
  }
  CHECK(compared.size() == 5);
  for (const auto& [name, count] : compared) CHECK(count == 3 * values.size());
  REQUIRE(values.size() == 23040);
}

TEST_CASE("mx: the definitions restore microxcaling's numbers") {
  const Manifest manifest("mx");
  std::size_t compared = 0;
  for (json::Items items(manifest["cases"]); items.next();) {
    const json::Value entry = items.value();
    if (!entry["impl"].says("microxcaling") || entry["format"].says("int8")) continue;
    CAPTURE(entry["name"].string());
    const BlockFormat& format = format_of(entry);
    const auto restored = reference::mx_dequantize(
        format,
        assembled(format, manifest.read<std::uint8_t>(entry["scale"]), manifest.read<std::uint8_t>(entry["codes"])));
    REQUIRE(sha256(restored.data(), restored.size() * sizeof(float)) == entry["dequant_f32_sha256"].string());
    compared += restored.size();
  }
  REQUIRE(compared == 5 * 23040);
}

// microxcaling finds another scale for blocks of subnormal numbers.
TEST_CASE("mx: mxint8's codes are microxcaling's wherever its scale is") {
  const Manifest manifest("mx");
  const auto values = manifest.values();
  const BlockFormat& format = *find_block_format("mxint8");
  const auto scales = read_vector<std::uint8_t>("mx/mxc_int8_even.scale.u8");
  const auto codes = read_vector<std::uint8_t>("mx/mxc_int8_even.codes.u8");
  const auto ours = reference::mx_quantize(format, values, ScaleRule::Floor);
  std::size_t compared = 0;
  for (std::size_t block = 0; block < scales.size(); ++block) {
    const auto* bytes = ours.data() + block * format.block_bytes;
    if (bytes[0] != scales[block]) continue;
    for (std::size_t i = 0; i < 32; ++i, ++compared) REQUIRE(bytes[1 + i] == codes[32 * block + i]);
  }
  REQUIRE(compared == 22016);
}

TEST_CASE("nvfp4_tensor: the definitions give torchao's bytes and tensor scales") {
  const Manifest manifest("mx");
  const BlockFormat& format = *find_block_format("nvfp4_tensor");
  const auto scales = read_vector<std::uint8_t>("mx/ao_nvfp4_tensor.scale.u8");
  const auto codes = read_vector<std::uint8_t>("mx/ao_nvfp4_tensor.codes.u8");
  const auto tensor_scales = read_vector<float>("mx/ao_nvfp4_tensor.pts.f32");
  const auto expected = assembled(format, scales, codes);
  REQUIRE(tensor_scales.size() == manifest.sets().size());
  std::size_t compared = 0;
  for (std::size_t set = 0; set < tensor_scales.size(); ++set) {
    const auto& values = manifest.sets()[set];
    REQUIRE(same_bits(reference::nvfp4_tensor_scale(values), tensor_scales[set]));
    const auto ours = reference::nvfp4_quantize(values, tensor_scales[set]);
    REQUIRE(std::equal(ours.begin(), ours.end(), expected.begin() + static_cast<std::ptrdiff_t>(compared / 16 * 9)));
    compared += values.size();
  }
  REQUIRE(compared == codes.size());
}

TEST_CASE("nvfp4_tensor: a tensor of zeros has scale 1 and stays one") {
  const std::vector<float> zeros(32, 0.0f);
  REQUIRE(reference::nvfp4_tensor_scale(zeros) == 1);
  REQUIRE(reference::nvfp4_dequantize(reference::nvfp4_quantize(zeros, 1), 1) == zeros);
}
