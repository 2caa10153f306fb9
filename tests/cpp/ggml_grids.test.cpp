// The packed code books of IQ1, IQ2 and IQ3: they are those of the definition, and here is how they were packed.
#include "blocks/ggml_grids.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <set>
#include <span>
#include <vector>

#include "catch.hpp"
#include "reference/ggml_grids.hpp"

using namespace fewbits;
using ggml::Book, ggml::kBooks, ggml::Odds;

namespace {

namespace definition = reference::ggml;
const std::span<const std::uint16_t> kDefined[] = {definition::kIq1Codebook,    definition::kIq2xxsCodebook,
                                                   definition::kIq2xsCodebook,  definition::kIq2sCodebook,
                                                   definition::kIq3xxsCodebook, definition::kIq3sCodebook};

// The point's number in the definition: two or three bits for each digit.
unsigned number_of(const Book& book, const std::uint8_t* digits) {
  unsigned number = 0;
  for (unsigned i = 0; i < book.digits; ++i) number |= unsigned{digits[i]} << i * (book.base == 3 ? 2 : 3);
  return number;
}

// A range encoder. Numbers of 32 bits are written from the top as soon as their upper byte is sure but for a carry.
class Encoder {
 public:
  void put(bool is_point, const Odds& odds) {
    const std::uint32_t bound = range_ / odds.total * odds.ones;
    if (!is_point) add(bound);
    range_ = is_point ? bound : range_ - bound;
    for (; range_ < 1u << 24; range_ <<= 8) shift();
  }
  // The shortest number in the range.
  std::vector<std::uint8_t> end() {
    for (int bytes = 1; bytes <= 4; ++bytes) {
      const auto below = static_cast<std::uint32_t>((std::uint64_t{1} << (32 - 8 * bytes)) - 1);
      const std::uint64_t number = (std::uint64_t{low_} + below) & ~std::uint64_t{below};
      if (number + below >= std::uint64_t{low_} + range_) continue;
      add(static_cast<std::uint32_t>(number - low_));
      for (int i = 0; i < bytes; ++i) shift();
      break;
    }
    return bytes_;
  }

 private:
  void add(std::uint32_t number) {
    const std::uint64_t sum = std::uint64_t{low_} + number;
    low_ = static_cast<std::uint32_t>(sum);
    if (sum >> 32 != 0)
      for (auto byte = bytes_.rbegin(); ++*byte == 0;) ++byte;
  }
  void shift() {
    bytes_.push_back(static_cast<std::uint8_t>(low_ >> 24));
    low_ <<= 8;
  }

  std::uint32_t low_ = 0, range_ = 0xFFFFFFFF;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace

TEST_CASE("ggml grids: every point of every code book, in order") {
  for (std::size_t i = 0; i < kBooks.size(); ++i) {
    const Book& book = kBooks[i];
    CAPTURE(i);
    REQUIRE(kDefined[i].size() == book.points);
    const std::uint8_t* const digits = ggml::book(static_cast<ggml::BookName>(i));
    for (std::size_t point = 0; point < book.points; ++point)
      REQUIRE(number_of(book, digits + point * book.digits) == kDefined[i][point]);
  }
}

TEST_CASE("ggml grids: the packed bytes are what packing the definition gives") {
  Encoder encoder;
  for (std::size_t i = 0; i < kBooks.size(); ++i) {
    const std::set<unsigned> points(kDefined[i].begin(), kDefined[i].end());
    ggml::for_each_cell(kBooks[i], [&](const Odds& odds, const std::uint8_t* digits) {
      const bool is_point = points.contains(number_of(kBooks[i], digits));
      encoder.put(is_point, odds);
      return is_point;
    });
  }
  const auto packed = encoder.end();
  const auto carried = ggml::packed_books();
  if (!std::ranges::equal(packed, carried))
    for (std::size_t i = 0; i < packed.size(); ++i) std::printf("0x%02x,%c", packed[i], i % 19 == 18 ? '\n' : ' ');
  CHECK(std::ranges::equal(packed, carried));
}
