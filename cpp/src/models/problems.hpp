// What is wrong with an argument, in one shape: what it is and what it must be.
#pragma once

#include <cmath>
#include <iterator>
#include <string_view>

#include "fewbits/memory.hpp"
#include "fewbits/models.hpp"
#include "models/json.hpp"

namespace fewbits {

// Exact for whole numbers below 2^53.
inline bool divides(double divisor, double value) {
  return std::floor(value / divisor) * divisor == value;
}

// Whole numbers are exact in a double up to here.
inline constexpr double kMaxWhole = 9007199254740991;

// Checks one value after the other and keeps the first problem, so that readers need not stop at each. What it answers
// after a problem is harmless.
class Checker {
 public:
  [[nodiscard]] bool failed() const { return static_cast<bool>(problem_); }
  [[nodiscard]] Problem& problem() { return problem_; }

  // A whole number from `least` on, exact in a double.
  double whole(const char* name, json::Value value, double least = 1);
  // True or false; false where it is absent or null.
  bool flag(const char* name, json::Value value);
  // An object with members.
  json::Value object(const char* name, json::Value value);
  // The row of that name.
  AnyFormat format(const std::string_view& name);
  // The row of that name among the block formats; nullptr where there is none.
  const BlockFormat* block_format(json::Value name);

  void bad_argument(const char* name, json::Value value, const char* must);
  // With another code.
  void wrong(const char* code, const char* name, json::Value value, const std::string_view& must);
  // `what` says that `asked` is not known; the rows of a table are, by their names.
  template <class Rows>
  void not_known(const char* name, const std::string_view& asked, Text& what, const Rows& rows) {
    json::Writer known;
    known.open('[');
    what << " Known are ";
    for (const auto& row : rows) {
      what << (&row == &*std::begin(rows) ? "" : ", ") << row.name;
      known.string(row.name);
    }
    unsupported(name, asked, what << ".", known.close(']').text());
  }
  // A format is not even given by a name.
  void nameless_format(json::Value value);
  // An answer is beyond kMaxWhole.
  void too_large();
  void report(const char* code, Text& message, const std::string_view& details = "{}");

 private:
  void unknown_format(const std::string_view& name, bool only_blocks);
  void unsupported(const char* name, const std::string_view& asked, Text& message, const std::string_view& known);

  Problem problem_;
};

}  // namespace fewbits
