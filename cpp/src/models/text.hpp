// Sentences, put together piece by piece.
#pragma once

#include <string>
#include <string_view>

namespace fewbits {

class Text {
 public:
  Text& operator<<(const char* literal);  // the cheapest to call
  Text& operator<<(const std::string_view& part);
  // A whole number from 0 to 2^63, with commas between thousands.
  Text& operator<<(double number);
  // Its digits alone.
  Text& digits(double number);

  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] const char* c_str() const { return text_.c_str(); }
  [[nodiscard]] std::string& string() { return text_; }

 private:
  std::string text_;
};

// The first `characters` of UTF-8 text.
std::string_view first_characters(std::string_view text, int characters);

}  // namespace fewbits
