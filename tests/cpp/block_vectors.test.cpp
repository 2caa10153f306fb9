// The kernels of every block format beside the outputs of the reference programs (tests/vectors/{ggml,mx,bnb}), counted
// format by format. Where no program says what is right, the definition does.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <set>

#include "blocks.hpp"
#include "catch.hpp"
#include "fewbits/codec.hpp"
#include "reference/blocks.hpp"
#include "sha256.hpp"
#include "shared_scales.hpp"

using namespace fewbits;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Floats = std::vector<float>;

// What was compared of a format. Blocks and values: what was made; of them `weighed` with an importance.
struct Row {
  std::size_t values = 0, weighed = 0, blocks = 0, skipped = 0, read = 0, differ = 0;
};

class Evidence {
 public:
  // `bytes` of a block, `size` values; blocks in `skip` are left out.
  void made(const BlockFormat& format, const Bytes& ours, const Bytes& theirs, std::size_t size, std::size_t bytes,
            const std::set<std::size_t>& skip = {}, bool weighed = false) {
    REQUIRE(ours.size() == theirs.size());
    REQUIRE(ours.size() % bytes == 0);
    Row& row = rows_[format.name];
    for (std::size_t block = 0; block < ours.size() / bytes; ++block) {
      if (skip.contains(block)) {
        ++row.skipped;
        continue;
      }
      const auto at = static_cast<std::ptrdiff_t>(block * bytes);
      const bool same =
          std::equal(ours.begin() + at, ours.begin() + at + static_cast<std::ptrdiff_t>(bytes), theirs.begin() + at);
      ++row.blocks;
      row.values += size;
      row.weighed += weighed ? size : 0;
      row.differ += !same;
      if (!same) UNSCOPED_INFO(format.name << ": block " << block << " differs");
    }
  }
  void read(const BlockFormat& format, const Floats& ours, const Floats& theirs) {
    REQUIRE(ours.size() == theirs.size());
    count_read(format, ours.size(), std::equal(ours.begin(), ours.end(), theirs.begin(), same_bits));
  }
  // Every NaN alike, as the manifests hash them.
  void read(const BlockFormat& format, Floats ours, json::Value theirs) {
    for (float& value : ours)
      if (std::isnan(value)) value = std::bit_cast<float>(0x7FC00000u);
    count_read(format, ours.size(), sha256(ours.data(), ours.size() * sizeof(float)) == theirs.string());
  }

  [[nodiscard]] const Row& operator[](const BlockFormat& format) { return rows_[format.name]; }

  void print() {
    std::printf("The kernels (%s) beside the reference programs\n%-19s%13s%11s%8s%9s%13s%8s\n", FEWBITS_CONFIGURATION,
                "format", "values made", "weighed", "blocks", "skipped", "values read", "differ");
    for (const BlockFormat& format : kBlockFormats) {
      const Row& row = rows_[format.name];
      std::printf("%-19s%13zu%11zu%8zu%9zu%13zu%8zu\n", std::string(format.name).c_str(), row.values, row.weighed,
                  row.blocks, row.skipped, row.read, row.differ);
    }
  }

 private:
  void count_read(const BlockFormat& format, std::size_t count, bool same) {
    rows_[format.name].read += count;
    rows_[format.name].differ += !same;
    if (!same) UNSCOPED_INFO(format.name << ": numbers differ");
  }

  std::map<std::string_view, Row> rows_;
};

bool can_read(const BlockFormat& format) {
  return format.block_size == 0 || dequantize(format, nullptr, 0, {}, nullptr);
}

Floats restored(const BlockFormat& format, const Bytes& bytes, const BlockOptions& options = {}) {
  const std::size_t size = options.block_size != 0 ? options.block_size : format.block_size;
  const std::size_t blocks = bytes.size() / block_bytes(format, static_cast<std::uint32_t>(size));
  Floats values(blocks * size);
  REQUIRE(dequantize(format, bytes.data(), blocks, options, values.data()));
  return values;
}

Bytes quantized(const BlockFormat& format, const Floats& values, const BlockOptions& options = {}) {
  const std::size_t size = options.block_size != 0 ? options.block_size : format.block_size;
  const std::size_t blocks = values.size() / size;
  Bytes bytes(blocks * block_bytes(format, static_cast<std::uint32_t>(size)));
  REQUIRE(quantize(format, values.data(), blocks, options, bytes.data()));
  return bytes;
}

// --- ggml ------------------------------------------------------------------------------------------------------------

const BlockFormat* ggml_format(json::Value item) {
  std::string name(item["format"].string());
  for (char& letter : name) letter = static_cast<char>(std::tolower(letter));
  return find_block_format(name);  // none for IQ4_NL_ref, whose encoder reads codes that it never wrote
}

std::size_t size_of(json::Value value) {
  return value.empty() ? 0 : static_cast<std::size_t>(value.number());
}

Bytes ggml_bytes(json::Value item) {
  const auto file = read_vector<std::uint8_t>("ggml/" + std::string(item["file"].string()));
  const std::size_t offset = size_of(item["offset"]),
                    size = item["nbytes"].empty() ? file.size() : size_of(item["nbytes"]);
  REQUIRE(offset + size <= file.size());
  const auto begin = file.begin() + static_cast<std::ptrdiff_t>(offset);
  return {begin, begin + static_cast<std::ptrdiff_t>(size)};
}

// Row by row, with an importance that serves them all.
Bytes ggml_quantized(const BlockFormat& format, const Floats& values, const Floats& importance) {
  if (importance.empty()) return quantized(format, values);
  Bytes bytes;
  for (std::size_t row = 0; row < values.size(); row += importance.size()) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(row);
    const Floats part(begin, begin + static_cast<std::ptrdiff_t>(importance.size()));
    BlockOptions options;
    options.importance = importance.data();
    options.sigma2 = sum_of_squares(part, 0) / static_cast<float>(part.size());
    const Bytes made = quantized(format, part, options);
    bytes.insert(bytes.end(), made.begin(), made.end());
  }
  return bytes;
}

std::set<std::size_t> skipped_blocks(json::Value item) {
  std::set<std::size_t> skip;
  for (const char* list : {"ub_cast_blocks", "nan_scale_blocks"})
    if (!item[list].empty())
      for (json::Items items(item[list]); items.next();) skip.insert(size_of(items.value()));
  return skip;
}

void compare_ggml(Evidence& evidence, const BlockFormat& format, json::Value item) {
  const Bytes theirs = ggml_bytes(item);
  if (format.can_quantize) {
    Floats values = read_vector<float>("ggml/inputs/" + std::string(item["input"].string()) + ".f32");
    values.resize(theirs.size() / format.block_bytes * format.block_size);
    const bool weighed = !item["imatrix"].empty();
    const Floats importance = weighed ? read_vector<float>("ggml/" + std::string(item["imatrix"].string())) : Floats{};
    evidence.made(format, ggml_quantized(format, values, importance), theirs, format.block_size, format.block_bytes,
                  skipped_blocks(item), weighed);
  }
  if (!can_read(format)) return;
  if (const json::Value hash = item["dequant_f32_sha256"]; !hash.empty()) {
    evidence.read(format, restored(format, theirs), hash);
  } else {  // internal types: ggml's vectors have nothing of their decoders
    Floats defined(theirs.size() / format.block_bytes * format.block_size);
    reference::ggml_dequantize(format.name, theirs.data(), defined);
    evidence.read(format, restored(format, theirs), defined);
  }
}

void compare_ggml(Evidence& evidence) {
  const auto text = read_vector<char>("ggml/manifest.json");
  const json::Value manifest = json::read({text.data(), text.size()}).value;
  for (const char* list : {"quant", "imatrix"})
    for (json::Items items(manifest[list]); items.next();)
      if (const BlockFormat* format = ggml_format(items.value())) compare_ggml(evidence, *format, items.value());
  for (json::Items items(manifest["decode"]); items.next();) {
    const json::Value item = items.value();
    const BlockFormat& format = *ggml_format(item);
    if (can_read(format))
      evidence.read(format, restored(format, ggml_bytes(item)),
                    read_vector<float>("ggml/" + std::string(item["expected"].string())));
  }
}

// --- OCP MX and nvfp4_tensor -----------------------------------------------------------------------------------------

const BlockFormat& mx_format(json::Value entry) {
  static const std::map<std::string_view, std::string_view> names{
      {"fp8_e4m3", "mxfp8_e4m3"}, {"fp8_e5m2", "mxfp8_e5m2"}, {"fp6_e2m3", "mxfp6_e2m3"}, {"fp6_e3m2", "mxfp6_e3m2"},
      {"fp4_e2m1", "mxfp4_ocp"},  {"int8", "mxint8"},         {"nvfp4", "nvfp4_tensor"}};
  return *find_block_format(names.at(entry["format"].string()));
}

// microxcaling finds another scale for blocks of subnormal numbers than the exponent of their absmax.
std::set<std::size_t> other_scales(const Floats& values, const Bytes& scales) {
  std::set<std::size_t> blocks;
  for (std::size_t block = 0; block < scales.size(); ++block) {
    float absmax = 0;
    for (std::size_t i = 0; i < 32; ++i) absmax = std::max(absmax, std::fabs(values[32 * block + i]));
    if (std::bit_cast<std::uint32_t>(absmax) >> 23 != scales[block]) blocks.insert(block);
  }
  return blocks;
}

void compare_mx(Evidence& evidence, const BlockFormat& format, json::Value entry, const Floats& values,
                const Bytes& scales, const Bytes& theirs) {
  if (entry["impl"].says("torchao")) {
    const json::Value mode = entry["scale_mode"];
    const ScaleRule rule = mode.says("RCEIL")  ? ScaleRule::Rceil
                           : mode.says("EVEN") ? ScaleRule::Even
                                               : ScaleRule::Floor;
    evidence.made(format, quantized(format, values, {.scale_rule = rule}), theirs, 32, format.block_bytes);
  } else if (format.name == "mxint8") {
    evidence.made(format, quantized(format, values), theirs, 32, format.block_bytes, other_scales(values, scales));
    // The hash of microxcaling's numbers is not that of its scales and codes.
    evidence.read(format, restored(format, theirs), reference::mx_dequantize(format, theirs));
  } else {
    evidence.read(format, restored(format, theirs), entry["dequant_f32_sha256"]);
  }
}

void compare_nvfp4(Evidence& evidence, const BlockFormat& format, const Manifest& manifest, const Bytes& theirs) {
  const auto scales = read_vector<float>("mx/ao_nvfp4_tensor.pts.f32");
  REQUIRE(scales.size() == manifest.sets().size());
  auto at = theirs.begin();
  for (std::size_t set = 0; set < scales.size(); ++set) {
    const Floats& values = manifest.sets()[set];
    const auto end = at + static_cast<std::ptrdiff_t>(values.size() / 16 * 9);
    const Bytes part(at, end);
    at = end;
    const double absmax = observe(observed_of_tensor(format), values, 0);
    const float scale = tensor_scale(format, absmax, static_cast<double>(values.size()));
    CHECK(same_bits(scale, scales[set]));
    evidence.made(format, quantized(format, values, {.tensor_scale = scale}), part, 16, 9);
    evidence.read(format, restored(format, part, {.tensor_scale = scale}), reference::nvfp4_dequantize(part, scale));
  }
  REQUIRE(at == theirs.end());
}

void compare_mx(Evidence& evidence) {
  const Manifest manifest("mx");
  const Floats values = manifest.values();
  for (json::Items items(manifest["cases"]); items.next();) {
    const json::Value entry = items.value();
    const BlockFormat& format = mx_format(entry);
    const auto scales = manifest.read<std::uint8_t>(entry["scale"]);
    const Bytes theirs = assembled(format, scales, manifest.read<std::uint8_t>(entry["codes"]));
    if (format.name == "nvfp4_tensor")
      compare_nvfp4(evidence, format, manifest, theirs);
    else
      compare_mx(evidence, format, entry, values, scales, theirs);
  }
}

// --- bitsandbytes ----------------------------------------------------------------------------------------------------

// Their absmax values and codes are in files of their own, ours in blocks.
Bytes with_absmax(std::span<const float> absmax, std::span<const std::uint8_t> codes) {
  const std::size_t code_bytes = codes.size() / absmax.size();
  Bytes bytes(absmax.size() * (4 + code_bytes));
  for (std::size_t block = 0; block < absmax.size(); ++block) {
    std::memcpy(bytes.data() + block * (4 + code_bytes), &absmax[block], 4);
    std::memcpy(bytes.data() + block * (4 + code_bytes) + 4, codes.data() + block * code_bytes, code_bytes);
  }
  return bytes;
}

// The absmax in 8 bits, set by set, each with an offset of its own.
void compare_nested(Evidence& evidence, const BlockFormat& format, const Manifest& manifest, json::Value nested,
                    std::uint32_t block_size, const Floats& absmax, const Bytes& packed) {
  const auto theirs = manifest.read<std::uint8_t>(nested["codes"]);
  const auto scales = manifest.read<float>(nested["absmax2"]), offsets = manifest.read<float>(nested["offset"]);
  Floats unnested(absmax.size());
  Bytes codes(absmax.size());
  std::size_t block = 0;
  for (std::size_t set = 0; set < scales.size(); ++set) {
    const std::size_t blocks = manifest.sets()[set].size() / block_size;
    float scale = 0;  // one: there are at most 256 blocks
    nest_absmax(std::span(absmax).subspan(block, blocks), offsets[set], &codes[block], &scale);
    CHECK(same_bits(scale, scales[set]));
    unnest_absmax(std::span(codes).subspan(block, blocks), &scale, offsets[set], &unnested[block]);
    block += blocks;
  }
  REQUIRE(block == theirs.size());
  CHECK(codes == theirs);
  evidence.read(format, restored(format, with_absmax(unnested, packed), {.block_size = block_size}),
                nested["dequant_f32_sha256"]);
}

void compare_bitsandbytes(Evidence& evidence) {
  const Manifest manifest("bnb");
  const Floats values = manifest.values();
  for (json::Items items(manifest["cases"]); items.next();) {
    const json::Value entry = items.value();
    const bool packed = !entry["packed"].empty();
    const BlockFormat& format = *find_block_format(packed ? entry["format"].string() : "bnb_int8_blockwise");
    const auto block_size = static_cast<std::uint32_t>(entry["block"].number());
    const auto absmax = manifest.read<float>(entry["absmax"]);
    const auto codes = manifest.read<std::uint8_t>(entry[packed ? "packed" : "codes"]);
    const Bytes theirs = with_absmax(absmax, codes);
    const BlockOptions options{.block_size = block_size};
    evidence.made(format, quantized(format, values, options), theirs, block_size, block_bytes(format, block_size));
    evidence.read(format, restored(format, theirs, options), entry["dequant_f32_sha256"]);
    if (const json::Value nested = entry["double_quant"]; !nested.empty())
      compare_nested(evidence, format, manifest, nested, block_size, absmax, codes);
  }
}

// --- one scale for a tensor: by definition ---------------------------------------------------------------------------

void compare_absmean(Evidence& evidence, const BlockFormat& format, std::span<const float> values) {
  double sum = 0;
  for (const float value : values) sum += std::fabs(double{value});
  const bool ternary = format.element_bits == 2;
  const double mean = sum / static_cast<double>(values.size());
  const auto scale = static_cast<float>(ternary ? std::max(mean, 1e-5) : mean);
  const double observed = observe(observed_of_tensor(format), values, 0);
  CHECK(same_bits(tensor_scale(format, observed, static_cast<double>(values.size())), scale));
  const std::size_t bytes = packed_bytes(values.size(), static_cast<int>(format.element_bits));
  Bytes ours(bytes), defined(bytes);
  Floats numbers(values.size()), expected(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float rounded = std::fmax(-1.0f, std::fmin(1.0f, std::nearbyint(values[i] / scale)));
    const int code = ternary ? static_cast<int>(rounded) + 1 : values[i] >= 0;
    const std::size_t bit = i * format.element_bits;
    defined[bit / 8] = static_cast<std::uint8_t>(defined[bit / 8] | code << bit % 8);
    expected[i] = static_cast<float>(ternary ? code - 1 : 2 * code - 1) * scale;
  }
  quantize_tensor(format, values, scale, ours.data());
  dequantize_tensor(format, defined.data(), scale, numbers);
  evidence.made(format, ours, defined, values.size(), bytes);
  evidence.read(format, numbers, expected);
}

void compare_absmean(Evidence& evidence) {
  const Manifest manifest("mx");
  for (const BlockFormat& format : kBlockFormats)
    if (format.block_size == 0)
      for (const Floats& values : manifest.sets())
        for (const std::size_t count : {values.size(), values.size() - 1, std::size_t{5}})
          compare_absmean(evidence, format, std::span(values).first(count));
}

}  // namespace

TEST_CASE("block vectors: the kernels give every output of the reference programs") {
  Evidence evidence;
  compare_ggml(evidence);
  compare_mx(evidence);
  compare_bitsandbytes(evidence);
  compare_absmean(evidence);
  evidence.print();
  std::size_t read = 0;
  for (const BlockFormat& format : kBlockFormats) {
    CAPTURE(format.name);
    const Row& row = evidence[format];
    CHECK(row.differ == 0);
    CHECK((row.values > 0) == format.can_quantize);
    CHECK((row.weighed > 0) == (format.can_quantize && format.uses_importance));
    CHECK((row.read > 0) == can_read(format));
    read += row.read > 0;
  }
  CHECK(read == kBlockFormats.size());
}
