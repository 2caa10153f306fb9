#include "models/text.hpp"

#include <array>
#include <cstdint>

namespace fewbits {
namespace {

// The digits of a number, with `separator` between thousands where there is one.
void add_digits(std::string& text, double number, char separator) {
  std::array<char, 28> buffer;
  char* const end = buffer.data() + buffer.size();
  char* first = end;
  auto rest = static_cast<std::uint64_t>(number);
  for (int written = 0; rest || !written; rest /= 10, ++written) {
    if (separator && written && written % 3 == 0) *--first = separator;
    *--first = static_cast<char>('0' + rest % 10);
  }
  text.append(first, static_cast<std::size_t>(end - first));
}

}  // namespace

Text& Text::operator<<(const char* literal) {
  return *this << std::string_view(literal);
}

Text& Text::operator<<(const std::string_view& part) {
  text_.append(part.data(), part.size());
  return *this;
}

Text& Text::operator<<(double number) {
  add_digits(text_, number, ',');
  return *this;
}

Text& Text::digits(double number) {
  add_digits(text_, number, '\0');
  return *this;
}

std::string_view first_characters(std::string_view text, int characters) {
  std::size_t end = 0;
  for (; end < text.size(); ++end)
    if ((text[end] & 0xC0) != 0x80 && characters-- == 0) break;
  return text.substr(0, end);
}

}  // namespace fewbits
