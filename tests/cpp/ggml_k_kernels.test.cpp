// The kernels of ggml's K-quants against their definitions, byte for byte, and against ggml's own outputs.
#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <random>

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
