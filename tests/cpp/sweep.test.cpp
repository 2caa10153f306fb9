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

void sweep(const NumberFormat& format, Overflow overflow, Part part) {
  constexpr std::uint64_t kChunk = 1 << 20;
  std::vector<float> values;
  for (std::uint64_t begin = part.begin; begin < part.end; begin += kChunk) {
    values.resize(std::min(kChunk, part.end - begin));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = float_of(static_cast<std::uint32_t>(begin + i));
    const auto codes = encoded(format, values, overflow);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const bool is_edge = i == 0 || i + 1 == codes.size() || codes[i] != codes[i - 1] || codes[i] != codes[i + 1];
      if (is_edge) require_code(format, overflow, static_cast<std::uint32_t>(begin + i), codes[i]);
    }
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
  for (const NumberFormat& format : kNumberFormats) {
    if (!is_swept(format) || (format.kind == Kind::Integer && format.bits() > 8)) continue;
    for (const Overflow overflow : {Overflow::Standard, Overflow::Saturate})
      for (const Part& part : kParts) sweep(format, overflow, part);
  }
}
