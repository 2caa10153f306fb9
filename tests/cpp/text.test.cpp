#include "models/text.hpp"

#include <string>

#include "catch.hpp"
#include "fewbits/inplace_vector.hpp"

using namespace fewbits;

TEST_CASE("text: grows piece by piece, and ends with a zero") {
  Text text;
  CHECK(text.empty());
  CHECK(std::string(text.c_str()).empty());
  std::string same;
  for (int i = 0; i < 300; ++i) {
    text << "ab" << std::string_view("\0c", 2);
    same.append("ab").append("\0c", 2);
    REQUIRE(text.view() == same);
    REQUIRE(text.c_str()[same.size()] == '\0');
  }
}

TEST_CASE("text: numbers with and without commas") {
  const auto written = [](double number) { return std::string((Text() << number).view()); };
  CHECK(written(0) == "0");
  CHECK(written(999) == "999");
  CHECK(written(1000) == "1,000");
  CHECK(written(9007199254740991) == "9,007,199,254,740,991");
  CHECK(Text().digits(9007199254740991).view() == "9007199254740991");
}

TEST_CASE("text: moves with what it says") {
  Text from;
  from << "said";
  Text to = std::move(from);
  CHECK(to == "said");
  Text other;
  other << "something else";
  other = std::move(to);
  CHECK(other == "said");
}

TEST_CASE("an in-place vector goes through what was put in") {
  InplaceVector<int, 4> few;
  CHECK(few.begin() == few.end());
  few.emplace_back() = 7;
  few.emplace_back() = 8;
  CHECK(few.size() == 2);
  CHECK(few[1] == 8);
  int sum = 0;
  for (const int item : few) sum += item;
  CHECK(sum == 15);
}
