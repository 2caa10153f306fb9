// The kernels of ggml's K-quants against their definitions, byte for byte.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <set>

#include "blocks.hpp"
#include "blocks/half.hpp"
#include "catch.hpp"
#include "fewbits/codec.hpp"
#include "reference/blocks.hpp"

using namespace fewbits;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Floats = std::vector<float>;

constexpr std::size_t kSuperblock = 256;
constexpr const char* kNames[] = {"q2_k", "q3_k", "q4_k", "q5_k", "q6_k", "q8_k"};

std::mt19937& random_bits() {
  static std::mt19937 generator(11);
  return generator;
}

Bytes any_bytes(std::size_t count) {
  Bytes bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_bits()());
  return bytes;
}

void check_restored(const BlockFormat& format, const Bytes& bytes) {
  const std::size_t blocks = bytes.size() / format.block_bytes;
  Floats expected(blocks * kSuperblock), values(blocks * kSuperblock + 1, 77.0f);
  reference::ggml_dequantize(format.name, bytes.data(), expected);
  REQUIRE(dequantize(format, bytes.data(), blocks, {}, values.data()));
  REQUIRE(values.back() == 77.0f);
  REQUIRE(std::equal(expected.begin(), expected.end(), values.begin(), same_bits));
}

// Rows of row_length elements, with one importance for each row, or none.
Bytes quantized(const BlockFormat& format, const Floats& values, const Floats& importance, std::size_t row_length) {
  const std::size_t blocks = values.size() / kSuperblock;
  Bytes bytes(blocks * format.block_bytes + 1, 0xA5);
  Floats repeated;
  for (std::size_t i = 0; i < values.size() && !importance.empty(); i += row_length)
    repeated.insert(repeated.end(), importance.begin(), importance.end());
  REQUIRE(quantize(format, values.data(), blocks, {.importance = importance.empty() ? nullptr : repeated.data()},
                   bytes.data()));
  REQUIRE(bytes.back() == 0xA5);
  bytes.pop_back();
  return bytes;
}

// A NaN's sign is not the same on every machine.
void forget_signs_of_nan(const BlockFormat& format, Bytes& blocks) {
  for (std::size_t i = 0; i < blocks.size(); i += format.block_bytes)
    for (const Field& field : format.fields)
      if (field.bits == 16 && field.count == 1) {
        std::uint8_t* half = &blocks[i + field.bit_offset / 8];
        if (std::isnan(load_half(half))) half[1] &= 0x7F;
      }
}

std::size_t blocks_compared = 0;

void check_quantized(const BlockFormat& format, const Floats& values, const Floats& importance,
                     std::size_t row_length) {
  Bytes bytes = quantized(format, values, importance, row_length), expected(bytes.size());
  reference::ggml_quantize(format.name, values, row_length, importance.empty() ? nullptr : importance.data(),
                           expected.data());
  forget_signs_of_nan(format, bytes);
  forget_signs_of_nan(format, expected);
  for (std::size_t i = 0; i < bytes.size(); i += format.block_bytes, ++blocks_compared) {
    CAPTURE(i / format.block_bytes);
    REQUIRE(std::equal(&bytes[i], &bytes[i] + format.block_bytes, &expected[i]));
  }
}

Floats generated(std::size_t count, const std::function<float(std::size_t)>& value) {
  Floats values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = value(i);
  return values;
}

float normal() {
  static std::normal_distribution<float> distribution;
  return distribution(random_bits());
}
float uniform() {
  return std::uniform_real_distribution<float>()(random_bits());
}
float any_finite() {
  for (;;) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(random_bits()()));
    if (std::isfinite(value)) return value;
  }
}

struct Trial {
  const char* name;
  std::function<float(std::size_t)> value;
};

const Trial kTrials[] = {
    {"normal", [](std::size_t) { return normal(); }},
    {"small", [](std::size_t) { return normal() * 0.02f; }},
    {"heavy tails", [](std::size_t) { return normal() / (0.01f + uniform()); }},
    {"shifted", [](std::size_t) { return 3 + normal(); }},
    {"negative", [](std::size_t) { return -std::fabs(normal()) - 0.5f; }},
    {"one outlier in a sub-block", [](std::size_t i) { return normal() * (i % 16 == 5 ? 1e4f : 1.0f); }},
    {"one outlier in a superblock", [](std::size_t i) { return normal() * (i % 256 == 77 ? 1e6f : 1.0f); }},
    {"sparse", [](std::size_t) { return random_bits()() % 8 == 0 ? normal() : 0.0f; }},
    {"few levels", [](std::size_t) { return static_cast<float>(random_bits()() % 5) - 2; }},
    {"ties", [](std::size_t) { return (static_cast<float>(random_bits()() % 64) - 31.5f) * 0.25f; }},
    {"ramp", [](std::size_t i) { return static_cast<float>(i % 256) - 100; }},
    {"constants of sub-blocks", [](std::size_t i) { return static_cast<float>(i / 16 % 7) - 3; }},
    {"ones", [](std::size_t) { return 1.0f; }},
    {"minus ones", [](std::size_t) { return -1.0f; }},
    {"zeros", [](std::size_t i) { return i % 2 == 0 ? 0.0f : -0.0f; }},
    {"zeros but one", [](std::size_t i) { return i % 256 == 200 ? -0.7f : 0.0f; }},
    {"zeros in every second sub-block", [](std::size_t i) { return i / 16 % 2 == 0 ? normal() : -0.0f; }},
    {"scales far apart", [](std::size_t i) { return std::ldexp(normal(), -static_cast<int>(i / 16 % 16)); }},
    {"scales very far apart", [](std::size_t i) { return std::ldexp(normal(), -4 * static_cast<int>(i / 16 % 16)); }},
    {"around 1e-15", [](std::size_t) { return normal() * 1e-15f; }},
    {"around float16's subnormal numbers",
     [](std::size_t i) { return normal() * std::ldexp(1.0f, -8 - int(i / 256 % 20)); }},
    {"tiny", [](std::size_t) { return normal() * 1e-30f; }},
    {"subnormal", [](std::size_t) { return normal() * 1e-40f; }},
    {"the smallest",
     [](std::size_t) { return std::numeric_limits<float>::denorm_min() * static_cast<float>(random_bits()() % 3); }},
    {"large", [](std::size_t) { return normal() * 1e5f; }},
    {"beyond float16", [](std::size_t) { return normal() * 1e9f; }},
    {"squares overflow", [](std::size_t) { return normal() * 1e19f; }},
    {"huge", [](std::size_t) { return std::clamp(normal(), -3.0f, 3.0f) * 1e38f; }},
    {"the largest",
     [](std::size_t i) { return i % 3 == 0 ? std::numeric_limits<float>::max() : -std::numeric_limits<float>::max(); }},
    {"any", [](std::size_t) { return any_finite(); }},
    {"any, block by block",
     [](std::size_t i) { return std::ldexp(normal(), static_cast<int>(i / 256 * 7 % 250) - 130); }},
};

const Trial kImportances[] = {
    {"uniform", [](std::size_t) { return uniform(); }},
    {"heavy tails", [](std::size_t) { return std::exp(3 * normal()); }},
    {"nearly all vanish", [](std::size_t) { return random_bits()() % 16 == 0 ? uniform() : 1e-20f * uniform(); }},
    {"zeros", [](std::size_t) { return random_bits()() % 2 == 0 ? uniform() : 0.0f; }},
    {"zeros in sub-blocks", [](std::size_t i) { return i / 16 % 3 == 0 ? 0.0f : uniform(); }},
    {"nearly all are zeros", [](std::size_t) { return random_bits()() % 20 == 0 ? uniform() : 0.0f; }},
    {"all zeros", [](std::size_t) { return 0.0f; }},
    {"ones", [](std::size_t) { return 1.0f; }},
    {"tiny", [](std::size_t) { return 1e-38f * uniform(); }},
    {"huge", [](std::size_t) { return 1e30f * uniform(); }},
};

}  // namespace

TEST_CASE("half: the codes and numbers of the table's float16") {
  const NumberFormat& format = *find_number_format("float16");
  for (std::uint32_t code = 0; code < 0x10000; ++code) {
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(code >> 8)};
    float expected;
    decode(format, bytes, 1, &expected);
    REQUIRE(same_bits(load_half(bytes), expected));
  }
  const auto check = [&](float value) {
    if (std::isnan(value)) return;
    std::uint8_t expected[2], bytes[2];
    encode(format, std::span<const float>(&value, 1), expected, Overflow::Standard);
    store_half(value, bytes);
    REQUIRE(std::memcmp(expected, bytes, 2) == 0);
  };
  for (std::uint64_t bits = 0; bits <= 0xFFFFFFFF; bits += 4093) check(std::bit_cast<float>(std::uint32_t(bits)));
  for (std::uint32_t code = 0; code < 0x10000; ++code) {
    const std::uint8_t bytes[] = {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(code >> 8)};
    const auto value = std::bit_cast<std::uint32_t>(load_half(bytes));
    for (const std::uint32_t offset : {0u, 0xFFFu, 0x1000u, 0x1001u}) check(std::bit_cast<float>(value + offset));
  }
}

TEST_CASE("k-quants: the kernels restore the definitions' numbers, from any bytes") {
  for (const char* name : kNames)
    for (const std::size_t blocks : {1, 2, 500}) {
      CAPTURE(name, blocks);
      const BlockFormat& format = *find_block_format(name);
      check_restored(format, any_bytes(blocks * format.block_bytes));
    }
}

TEST_CASE("k-quants: the kernels restore the definitions' numbers from every kind of scale") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kSpecial[] = {0.0f,     -0.0f,     0x1p-24f,  -0x1.ff8p-15f, 0x1p-14f,
                                65504.0f, -65504.0f, kInfinity, -kInfinity,    std::numeric_limits<float>::quiet_NaN()};
  for (const char* name : kNames)
    for (const float first : kSpecial)
      for (const float second : kSpecial) {
        CAPTURE(name, first, second);
        const BlockFormat& format = *find_block_format(name);
        Bytes bytes = any_bytes(2 * format.block_bytes);
        float scale = first;
        for (const Field& field : format.fields) {
          if (field.bits < 16 || field.count != 1) continue;
          std::uint8_t* const place = &bytes[field.bit_offset / 8];
          if (field.bits == 16)
            store_half(scale, place);
          else
            std::memcpy(place, &scale, sizeof scale);
          scale = second;
        }
        check_restored(format, bytes);
      }
}

TEST_CASE("k-quants: the kernels give the definitions' bytes") {
  blocks_compared = 0;
  for (const char* name : kNames)
    for (const Trial& trial : kTrials)
      for (const std::size_t blocks : {1, 3, 40}) {
        CAPTURE(name, trial.name, blocks);
        const Floats values = generated(blocks * kSuperblock, trial.value);
        check_quantized(*find_block_format(name), values, {}, values.size());
      }
  std::printf("k-quants: %zu superblocks\n", blocks_compared);
  CHECK(blocks_compared == std::size(kNames) * std::size(kTrials) * 44);
}

TEST_CASE("k-quants: the kernels give the definitions' bytes, few superblocks at a time") {
  for (const char* name : kNames)
    for (std::size_t blocks = 1; blocks <= 17; ++blocks) {
      CAPTURE(name, blocks);
      const Floats values = generated(blocks * kSuperblock, [](std::size_t) { return normal(); });
      const Floats importance = generated(values.size(), [](std::size_t) { return uniform(); });
      check_quantized(*find_block_format(name), values, {}, values.size());
      check_quantized(*find_block_format(name), values, importance, values.size());
    }
}

TEST_CASE("k-quants: the kernels give the definitions' bytes with an importance") {
  blocks_compared = 0;
  constexpr std::size_t kRow = 2 * kSuperblock;
  for (const char* name : kNames)
    for (const Trial& trial : kTrials)
      for (const Trial& importance : kImportances) {
        CAPTURE(name, trial.name, importance.name);
        check_quantized(*find_block_format(name), generated(3 * kRow, trial.value), generated(kRow, importance.value),
                        kRow);
      }
  std::printf("k-quants: %zu superblocks with an importance\n", blocks_compared);
  CHECK(blocks_compared == std::size(kNames) * std::size(kTrials) * std::size(kImportances) * 6);
}

TEST_CASE("k-quants: the kernels let negative scales spill as ggml's do") {
  constexpr std::size_t kFloatBytes = kSuperblock * sizeof(float);
  for (const char* name : {"q2_k", "q4_k", "q5_k"}) {
    CAPTURE(name);
    const BlockFormat& format = *find_block_format(name);
    const auto file = read_vector<std::uint8_t>("ggml-negative-scales/" + std::string(name) + ".bin");
    const std::size_t record = 2 * kFloatBytes + format.block_bytes;
    REQUIRE(file.size() == 4 * record);
    for (std::size_t i = 0; i < file.size(); i += record) {
      Floats values(kSuperblock), importance(kSuperblock);
      std::memcpy(values.data(), &file[i], kFloatBytes);
      std::memcpy(importance.data(), &file[i + kFloatBytes], kFloatBytes);
      CHECK(quantized(format, values, importance, kSuperblock) == Bytes(&file[i + 2 * kFloatBytes], &file[i] + record));
    }
  }
}
