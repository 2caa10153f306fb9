// Kernels against definitions over all 2^32 floats: a stride of them in every run, all of them under [.slow].
#include <algorithm>

#include "catch.hpp"
#include "codes.hpp"
#include "numbers.hpp"

using namespace fewbits;

namespace {

constexpr std::uint64_t kFloats = std::uint64_t{1} << 32;

bool is_swept(const NumberFormat& format) {
  return format.bits() <= 32 && format.name != "float32";
}

void require_code(const NumberFormat& format, Overflow overflow, std::uint32_t bits, std::uint32_t code) {
  const std::uint32_t expected = reference::encode(format, float_of(bits), overflow);
  if (code != expected)
    FAIL(format.name << ", overflow " << static_cast<int>(overflow) << ": " << bits << " became " << code << ", not "
                     << expected);
}

// Definitions are monotone where neither the sign nor the kind of number changes. So where a run of equal codes begins
// and ends, and where a part ends, is all that there is to ask for.
struct Part {
  std::uint64_t begin, end;
};
constexpr Part kParts[] = {{0, 1},
                           {1, 0x7F800000},
                           {0x7F800000, 0x7F800001},
                           {0x7F800001, 0x80000000},
                           {0x80000000, 0x80000001},
                           {0x80000001, 0xFF800000},
                           {0xFF800000, 0xFF800001},
                           {0xFF800001, kFloats}};

template <class Code>
void sweep(const NumberFormat& format, Overflow overflow, Part part) {
  constexpr std::uint64_t kChunk = 1 << 16;
  std::vector<float> values(kChunk);
  std::vector<Code> codes(kChunk);
  for (std::uint64_t begin = part.begin; begin < part.end; begin += kChunk) {
    const std::size_t size = std::min(kChunk, part.end - begin);
    for (std::size_t i = 0; i < size; ++i) values[i] = float_of(static_cast<std::uint32_t>(begin + i));
    encode(format, std::span<const float>(values).first(size), codes.data(), overflow);
    const auto require = [&](std::size_t i) {
      require_code(format, overflow, static_cast<std::uint32_t>(begin + i), codes[i]);
    };
    require(0);
    for (std::size_t i = 1; i < size; ++i) {
      if (codes[i] == codes[i - 1]) continue;
      require(i - 1);
      require(i);
    }
    require(size - 1);
  }
}

void sweep(const NumberFormat& format, Overflow overflow) {
  for (const Part& part : kParts) {
    if (format.code_bytes() == 1) sweep<std::uint8_t>(format, overflow, part);
    if (format.code_bytes() == 2) sweep<std::uint16_t>(format, overflow, part);
    if (format.code_bytes() == 4) sweep<std::uint32_t>(format, overflow, part);
  }
}

}  // namespace

TEST_CASE("kernels and definitions agree on a stride over all floats") {
  constexpr std::uint64_t kStride = 40009;  // prime
  std::vector<float> values;
  for (std::uint64_t bits = 0; bits < kFloats; bits += kStride)
    values.push_back(float_of(static_cast<std::uint32_t>(bits)));
  REQUIRE(values.size() > 100000);
  for (const NumberFormat& format : kNumberFormats) {
    if (!is_swept(format)) continue;
    for (const Overflow overflow : {Overflow::Standard, Overflow::Saturate}) {
      const auto codes = encoded(format, values, overflow);
      for (std::size_t i = 0; i < values.size(); ++i)
        require_code(format, overflow, std::bit_cast<std::uint32_t>(values[i]), codes[i]);
    }
  }
}

TEST_CASE("kernels and definitions agree on all floats", "[.slow]") {
  int swept = 0;
  for (const NumberFormat& format : kNumberFormats) {
    // Integers share their kernel: the widest of each size stands for all.
    if (!is_swept(format) || (format.kind == Kind::Integer && format.bits() % 8 != 0)) continue;
    for (const Overflow overflow : {Overflow::Standard, Overflow::Saturate}) sweep(format, overflow);
    ++swept;
  }
  REQUIRE(swept == 11 + 6);  // floats and E8M0; three sizes of integers, with and without sign
}
