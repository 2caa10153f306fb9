// The code books of ggml's IQ1, IQ2 and IQ3: lists of points of small lattices, in ascending order. No rule makes them,
// but points of a book tend to share their sum and how many of their digits are odd, or to keep away from each other.
// So they are carried as what an adaptive arithmetic coder, which learns that, leaves of them: 1.1 kB for 4,608 points.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fewbits::ggml {

struct Book {
  std::uint16_t points;
  std::uint8_t digits;  // of a point: the levels of so many elements
  std::uint8_t base;
};
enum BookName : std::uint8_t { kIq1, kIq2xxs, kIq2xs, kIq2s, kIq3xxs, kIq3s };
inline constexpr std::array<Book, 6> kBooks{
    {{2048, 8, 3}, {256, 8, 3}, {512, 8, 3}, {1024, 8, 3}, {256, 4, 8}, {512, 4, 8}}};

// One byte for each digit, the first element's first, point after point; eight can be read from every point on. Made
// out of packed_books() when the first book is asked for.
const std::uint8_t* book(BookName name);

std::span<const std::uint8_t> packed_books();

// How many of a lattice's cells belong to the book, `ones` of `total`, three for each that has been seen: of those with
// the same sum that have as many odd digits (base 3), or that have a neighbour in the book, one digit less by one, as
// well or have none (base 8).
struct Odds {
  std::uint16_t ones = 1, total = 2;
};

// Goes through all cells in order, that of the first digit first: is_point(odds, digits) says which belong to the book.
template <class IsPoint>
void for_each_cell(const Book& book, IsPoint is_point) {
  constexpr std::size_t kMostCells = 6561, kSums = 29, kKinds = 9;
  std::array<bool, kMostCells> in_book;
  std::array<Odds, kSums * kKinds> odds{};
  for (std::size_t cell = 0;; ++cell) {
    std::array<std::uint8_t, 8> digits;
    std::size_t rest = cell, sum = 0, odd = 0, near = 0, power = 1;
    for (std::size_t i = 0; i < book.digits; ++i, power *= book.base, rest /= book.base) {
      const std::size_t digit = rest % book.base;
      digits[i] = static_cast<std::uint8_t>(digit);
      sum += digit;
      odd += digit % 2;
      if (digit > 0 && in_book[cell - power]) near = 1;
    }
    if (rest != 0) return;
    Odds& own = odds[sum * kKinds + (book.base == 3 ? odd : near)];
    in_book[cell] = is_point(own, digits.data());
    own.total += 3;
    if (in_book[cell]) own.ones += 3;
  }
}

}  // namespace fewbits::ggml
