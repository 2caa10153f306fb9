#include <random>
#include <vector>

#include "catch.hpp"
#include "fewbits/codec.hpp"

using namespace fewbits;

namespace {

std::vector<std::uint8_t> random_codes(std::size_t count) {
  std::mt19937 random(3);
  std::vector<std::uint8_t> codes(count);
  for (auto& code : codes) code = static_cast<std::uint8_t>(random());
  return codes;
}

std::vector<std::uint8_t> packed(const std::vector<std::uint8_t>& codes, int bits) {
  std::vector<std::uint8_t> bytes(packed_bytes(codes.size(), bits));
  pack_bits(codes, bits, bytes.data());
  return bytes;
}

// Bit by bit, as the definition has it.
std::vector<std::uint8_t> defined(const std::vector<std::uint8_t>& codes, int bits) {
  std::vector<std::uint8_t> bytes(packed_bytes(codes.size(), bits));
  for (std::size_t i = 0; i < codes.size(); ++i)
    for (int bit = 0; bit < bits; ++bit) {
      const std::size_t position = i * static_cast<std::size_t>(bits) + static_cast<std::size_t>(bit);
      if (codes[i] >> bit & 1) bytes[position / 8] |= static_cast<std::uint8_t>(1 << position % 8);
    }
  return bytes;
}

constexpr std::size_t kCounts[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 1000};

}  // namespace

TEST_CASE("element i takes bits i * b to (i + 1) * b, least significant first") {
  CHECK(packed({1, 0, 1, 1}, 1) == std::vector<std::uint8_t>{0b1101});
  CHECK(packed({1, 2, 3}, 4) == std::vector<std::uint8_t>{0x21, 0x03});
  CHECK(packed({1, 2, 3}, 3) == std::vector<std::uint8_t>{0b11010001, 0b0});
  for (int bits = 1; bits <= 8; ++bits)
    for (const std::size_t count : kCounts) {
      CAPTURE(bits, count);
      REQUIRE(packed(random_codes(count), bits) == defined(random_codes(count), bits));
    }
}

TEST_CASE("packing ignores a code's higher bits") {
  for (int bits = 1; bits < 8; ++bits) {
    auto codes = random_codes(100);
    const auto bytes = packed(codes, bits);
    for (auto& code : codes) code &= static_cast<std::uint8_t>((1 << bits) - 1);
    REQUIRE(packed(codes, bits) == bytes);
  }
}

TEST_CASE("unpacking gives the codes back") {
  for (int bits = 1; bits <= 8; ++bits)
    for (const std::size_t count : kCounts) {
      auto codes = random_codes(count);
      const auto bytes = packed(codes, bits);
      std::vector<std::uint8_t> unpacked(count);
      unpack_bits(bytes.data(), bits, unpacked);
      for (auto& code : codes) code &= static_cast<std::uint8_t>((1 << bits) - 1);
      CAPTURE(bits, count);
      REQUIRE(unpacked == codes);
    }
}

TEST_CASE("packing and unpacking write no more than their bytes") {
  for (int bits = 1; bits <= 8; ++bits)
    for (const std::size_t count : {0, 1, 7, 63, 65}) {
      const auto codes = random_codes(count);
      std::vector<std::uint8_t> bytes(packed_bytes(count, bits) + 1, 0xA5);
      pack_bits(codes, bits, bytes.data());
      REQUIRE(bytes.back() == 0xA5);
      std::vector<std::uint8_t> unpacked(count + 1, 0xA5);
      unpack_bits(bytes.data(), bits, std::span(unpacked).first(count));
      REQUIRE(unpacked.back() == 0xA5);
    }
}

TEST_CASE("packed bytes are counted with the last one's padding") {
  CHECK(packed_bytes(0, 5) == 0);
  CHECK(packed_bytes(1, 1) == 1);
  CHECK(packed_bytes(8, 3) == 3);
  CHECK(packed_bytes(9, 3) == 4);
  CHECK(packed_bytes(3, 8) == 3);
}
