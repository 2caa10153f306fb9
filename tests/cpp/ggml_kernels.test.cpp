// The kernels of ggml's simple formats against their definitions and against ggml itself, byte for byte.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "blocks.hpp"
#include "blocks/all.hpp"
#include "catch.hpp"
#include "fewbits/codec.hpp"
#include "reference/blocks.hpp"

using namespace fewbits;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Floats = std::vector<float>;

constexpr float kLeast = std::numeric_limits<float>::denorm_min();
constexpr float kLargest = std::numeric_limits<float>::max();

// ggml's formats but the K-quants, which have tests of their own.
std::vector<const BlockFormat*> simple_formats(bool encoders_alone) {
  std::vector<const BlockFormat*> formats;
  for (const BlockFormat& format : kBlockFormats)
    if (format.family == "ggml" && !format.name.ends_with("_k") && (format.can_quantize || !encoders_alone))
      formats.push_back(&format);
  return formats;
}

// Where a float16 lies in a block, of the formats whose scale may be NaN.
std::vector<std::size_t> halves_of(const BlockFormat& format) {
  std::vector<std::size_t> places;
  for (const Field& field : format.fields)
    if (field.role != FieldRole::Code && field.bits == 16 && field.count == 1) places.push_back(field.bit_offset / 8);
  return places;
}

// NaN in float16 alike: its sign is not the same on every machine.
Bytes with_plain_nan(const BlockFormat& format, Bytes blocks) {
  for (std::size_t block = 0; block < blocks.size(); block += format.block_bytes)
    for (const std::size_t place : halves_of(format)) {
      const unsigned half = blocks[block + place] | unsigned{blocks[block + place + 1]} << 8;
      if ((half & 0x7FFF) <= 0x7C00) continue;
      blocks[block + place] = 0x00;
      blocks[block + place + 1] = 0x7E;
    }
  return blocks;
}

Bytes quantized(const BlockFormat& format, const Floats& values, std::size_t row_length,
                const Floats& importance = {}) {
  Bytes bytes(values.size() / format.block_size * format.block_bytes + 1, 0xA5);
  for (std::size_t row = 0; row < values.size(); row += row_length) {
    BlockOptions options;
    if (!importance.empty()) {
      options.importance = importance.data();
      options.sigma2 = sum_of_squares({&values[row], row_length}, 0) / static_cast<float>(row_length);
    }
    REQUIRE(quantize(format, &values[row], row_length / format.block_size, options,
                     &bytes[row / format.block_size * format.block_bytes]));
  }
  REQUIRE(bytes.back() == 0xA5);
  bytes.pop_back();
  return with_plain_nan(format, bytes);
}

Bytes defined(const BlockFormat& format, const Floats& values, std::size_t row_length, const Floats& importance = {}) {
  Bytes bytes(values.size() / format.block_size * format.block_bytes);
  reference::ggml_quantize(format.name, values, row_length, importance.empty() ? nullptr : importance.data(),
                           bytes.data());
  return with_plain_nan(format, bytes);
}

Floats restored(const BlockFormat& format, const Bytes& bytes) {
  const std::size_t blocks = bytes.size() / format.block_bytes;
  Floats values(blocks * format.block_size + 1, 77.0f);
  REQUIRE(dequantize(format, bytes.data(), blocks, {}, values.data()));
  REQUIRE(values.back() == 77.0f);
  values.pop_back();
  return values;
}

bool same(const Floats& a, const Floats& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same_bits);
}

std::mt19937& random_bits() {
  static std::mt19937 generator(11);
  return generator;
}

Floats generated(std::size_t count, const std::function<float(std::size_t)>& value) {
  Floats values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = value(i);
  return values;
}

float any_finite() {
  for (;;) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(random_bits()()));
    if (std::isfinite(value)) return value;
  }
}

float gauss() {
  static std::normal_distribution<float> normal;
  return normal(random_bits());
}

std::vector<Floats> trials(std::size_t count) {
  std::vector<Floats> trials;
  for (const int exponent : {-149, -144, -135, -128, -127, -126, -60, -20, -10, -5, 0, 7, 60, 100, 127})
    trials.push_back(
        generated(count, [&](std::size_t) { return std::clamp(std::ldexp(gauss(), exponent), -kLargest, kLargest); }));
  trials.push_back(generated(count, [](std::size_t) { return any_finite(); }));
  // Magnitudes that rise from block to block through float16's range, and through float32's.
  for (const int step : {1, 5})
    trials.push_back(generated(count, [&](std::size_t i) {
      return std::ldexp(gauss(), static_cast<int>(i / 16) * step % 250 - (step == 1 ? 32 : 135));
    }));
  // Ties and their neighbours for every count of levels: multiples of half a step, and one unit more or less.
  for (const int levels : {1, 2, 3, 6, 8, 12, 15, 16, 31, 127})
    trials.push_back(generated(count, [&](std::size_t i) {
      const int step = static_cast<int>(i / 256 % 3) - 1;
      if (i % 32 == 7) return std::ldexp(static_cast<float>(levels), step);
      const float tie =
          std::ldexp(static_cast<float>(static_cast<int>(random_bits()() % (4 * levels + 1)) - 2 * levels) / 2, step);
      const int side = static_cast<int>(random_bits()() % 5);
      return side == 0 ? std::nextafter(tie, -kLargest) : side == 1 ? std::nextafter(tie, kLargest) : tie;
    }));
  for (const float constant : {0.0f, -0.0f, 1.0f, -1.0f, kLeast, -3 * kLeast, kLargest, -kLargest, 1e-15f, 1e-16f,
                               65504.0f, -8 * 65520.0f, 0x1.fffffep-127f})
    trials.push_back(Floats(count, constant));
  // Zeros of both signs, alone and among positive numbers; the largest magnitude with both signs.
  trials.push_back(generated(count, [](std::size_t) { return random_bits()() % 2 == 0 ? 0.0f : -0.0f; }));
  trials.push_back(generated(count, [](std::size_t) {
    const auto kind = random_bits()() % 4;
    return kind == 0 ? 0.0f : kind == 1 ? -0.0f : std::fabs(gauss());
  }));
  trials.push_back(
      generated(count, [](std::size_t) { return static_cast<float>(static_cast<int>(random_bits()() % 3) - 1); }));
  trials.push_back(generated(count, [](std::size_t) { return random_bits()() % 2 == 0 ? 0.125f : -0.125f; }));
  // One outlier.
  for (const float outlier : {kLargest, -1e30f, 1e6f, -100.0f})
    trials.push_back(generated(count, [&](std::size_t i) { return i % 32 == 5 ? outlier : gauss(); }));
  trials.push_back(generated(count, [](std::size_t i) { return i % 64 == 3 ? -1e-30f : kLeast; }));
  trials.push_back(generated(count, [](std::size_t i) { return i % 300 == 3 ? 3.0f : 0.0f; }));
  trials.push_back(generated(count, [](std::size_t i) { return static_cast<float>(i) - 100; }));
  trials.push_back(generated(count, [](std::size_t) { return 5 + 0.25f * gauss(); }));
  return trials;
}

}  // namespace

TEST_CASE("ggml kernels: the definitions' bytes") {
  std::size_t compared = 0;
  for (const std::size_t superblocks : {1, 7})
    for (const Floats& values : trials(256 * superblocks))
      for (const BlockFormat* format : simple_formats(true)) {
        const Bytes ours = quantized(*format, values, values.size()), theirs = defined(*format, values, values.size());
        const auto at = std::mismatch(ours.begin(), ours.end(), theirs.begin()).first - ours.begin();
        CAPTURE(format->name, superblocks, values[0], values[1], at);
        REQUIRE(ours == theirs);
        compared += values.size() / format->block_size;
      }
  // Few blocks: fewer than are done at once.
  for (const BlockFormat* format : simple_formats(true))
    for (std::size_t blocks = 1; blocks <= 9; ++blocks) {
      const Floats values = generated(blocks * format->block_size, [](std::size_t) { return gauss(); });
      CAPTURE(format->name, blocks);
      REQUIRE(quantized(*format, values, values.size()) == defined(*format, values, values.size()));
    }
  std::printf("ggml kernels: %zu blocks are as defined\n", compared);
}

TEST_CASE("ggml kernels: the definitions' bytes with an importance") {
  std::size_t compared = 0;
  for (const std::size_t superblocks : {1, 3})
    for (const Floats& values : trials(256 * superblocks))
      for (const int kind : {0, 1, 2, 3, 4}) {
        const Floats importance = generated(values.size(), [kind](std::size_t i) {
          const float weight = std::ldexp(std::fabs(gauss()), kind == 3 ? static_cast<int>(i % 90) - 60 : 0);
          return kind == 0 ? weight : kind == 1 ? 1 : kind == 2 ? (i % 3 == 0 ? 0 : weight) : kind == 3 ? weight : 0;
        });
        for (const BlockFormat* format : simple_formats(true)) {
          const Bytes ours = quantized(*format, values, values.size(), importance),
                      theirs = defined(*format, values, values.size(), importance);
          const auto at = std::mismatch(ours.begin(), ours.end(), theirs.begin()).first - ours.begin();
          CAPTURE(format->name, superblocks, kind, values[0], values[1], at);
          REQUIRE(ours == theirs);
          compared += values.size() / format->block_size;
        }
      }
  for (const BlockFormat* format : simple_formats(true))
    for (std::size_t blocks = 1; blocks <= 9; ++blocks) {
      const Floats values = generated(blocks * format->block_size, [](std::size_t) { return gauss(); });
      const Floats importance = generated(values.size(), [](std::size_t) { return std::fabs(gauss()); });
      CAPTURE(format->name, blocks);
      REQUIRE(quantized(*format, values, values.size(), importance) ==
              defined(*format, values, values.size(), importance));
    }
  std::printf("ggml kernels: %zu blocks with an importance are as defined\n", compared);
}

TEST_CASE("ggml kernels: the definitions' numbers, from any bytes") {
  for (const BlockFormat* format : simple_formats(false))
    for (const std::size_t blocks : {1, 5, 600}) {
      Bytes bytes(blocks * format->block_bytes);
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_bits()());
      if (blocks == 600)  // every first byte, which is the scale of some, and blocks of one byte alone
        for (std::size_t block = 0; block < blocks; ++block)
          std::fill_n(&bytes[block * format->block_bytes], block < 256 ? format->block_bytes : 1,
                      static_cast<std::uint8_t>(block));
      Floats expected(blocks * format->block_size);
      reference::ggml_dequantize(format->name, bytes.data(), expected);
      CAPTURE(format->name, blocks);
      REQUIRE(same(restored(*format, bytes), expected));
    }
}

// --- tests/vectors/ggml ----------------------------------------------------------------------------------------------

namespace {

struct Vectors {
  std::vector<char> text = read_vector<char>("ggml/manifest.json");
  json::Value root = json::read({text.data(), text.size()}).value;

  // use(case, its format): those of the formats that have kernels.
  void each(const char* list, bool encoders_alone,
            const std::function<void(json::Value, const BlockFormat&)>& use) const {
    for (json::Items items(root[list]); items.next();) {
      std::string name(items.value()["format"].string());
      for (char& letter : name) letter = static_cast<char>(std::tolower(letter));
      for (const BlockFormat* format : simple_formats(encoders_alone))
        if (format->name == name) use(items.value(), *format);
    }
  }
};

template <class T>
std::vector<T> file_of(json::Value name) {
  return read_vector<T>("ggml/" + std::string(name.string()));
}

Bytes bytes_of(json::Value item) {
  const auto file = file_of<std::uint8_t>(item["file"]);
  const auto offset = item["offset"].empty() ? 0 : static_cast<std::ptrdiff_t>(item["offset"].number());
  const auto size = item["nbytes"].empty() ? static_cast<std::ptrdiff_t>(file.size())
                                           : static_cast<std::ptrdiff_t>(item["nbytes"].number());
  return {file.begin() + offset, file.begin() + offset + size};
}

std::size_t differing(const BlockFormat& format, json::Value item, const Bytes& ours, std::size_t& compared) {
  const Bytes theirs = with_plain_nan(format, bytes_of(item));
  REQUIRE(ours.size() == theirs.size());
  std::set<std::size_t> skip;
  for (const char* list : {"ub_cast_blocks", "nan_scale_blocks"})
    if (!item[list].empty())
      for (json::Items items(item[list]); items.next();) skip.insert(static_cast<std::size_t>(items.value().number()));
  std::size_t count = 0;
  for (std::size_t block = 0; block < ours.size() / format.block_bytes; ++block) {
    if (skip.contains(block)) continue;
    ++compared;
    const std::size_t begin = block * format.block_bytes;
    count += !std::equal(&ours[begin], &ours[begin] + format.block_bytes, &theirs[begin]);
  }
  return count;
}

}  // namespace

TEST_CASE("ggml kernels: ggml's bytes") {
  const Vectors vectors;
  std::map<std::string, Floats> inputs;
  for (json::Items items(vectors.root["inputs"]); items.next();)
    inputs[std::string(items.value()["name"].string())] = file_of<float>(items.value()["file"]);
  std::size_t compared = 0, cases = 0;
  vectors.each("quant", true, [&](json::Value item, const BlockFormat& format) {
    const Floats& values = inputs.at(std::string(item["input"].string()));
    CAPTURE(format.name, item["input"].string());
    CHECK(differing(format, item, quantized(format, values, values.size()), compared) == 0);
    ++cases;
  });
  vectors.each("imatrix", true, [&](json::Value item, const BlockFormat& format) {
    const auto values = read_vector<float>("ggml/inputs/" + std::string(item["input"].string()) + ".f32");
    const auto row = file_of<float>(item["imatrix"]);
    Floats importance;
    while (importance.size() < values.size()) importance.insert(importance.end(), row.begin(), row.end());
    CAPTURE(format.name, item["input"].string());
    CHECK(differing(format, item, quantized(format, values, row.size(), importance), compared) == 0);
    ++cases;
  });
  std::printf("ggml kernels: %zu blocks in %zu cases are ggml's\n", compared, cases);
  CHECK(cases > 100);
}

TEST_CASE("ggml kernels: ggml's numbers") {
  const Vectors vectors;
  std::size_t cases = 0;
  vectors.each("decode", false, [&](json::Value item, const BlockFormat& format) {
    CAPTURE(format.name);
    CHECK(same(restored(format, bytes_of(item)), file_of<float>(item["expected"])));
    ++cases;
  });
  CHECK(cases + 3 >= simple_formats(false).size());
}
