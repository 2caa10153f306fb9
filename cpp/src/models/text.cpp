#include "models/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <new>

namespace fewbits {

char* Text::extend(std::size_t more) {
  const std::size_t before = size_;
  size_ += more;
  if (size_ >= capacity_) {
    capacity_ = 2 * size_ + 64;
    auto* const letters = static_cast<char*>(::operator new(capacity_));
    std::copy_n(letters_, before, letters);
    ::operator delete(letters_);
    letters_ = letters;
  }
  letters_[size_] = '\0';
  return letters_ + before;
}

Text& Text::put(char letter) {
  *extend(1) = letter;
  return *this;
}

Text& Text::operator<<(const char* literal) {
  return *this << std::string_view(literal);
}

Text& Text::operator<<(const std::string_view& part) {
  std::copy(part.begin(), part.end(), extend(part.size()));
  return *this;
}

Text& Text::digits(double number, char separator) {
  std::array<char, 28> buffer;
  char* const end = buffer.data() + buffer.size();
  char* first = end;
  auto rest = static_cast<std::uint64_t>(number);
  for (int written = 0; rest || !written; rest /= 10, ++written) {
    if (separator && written && written % 3 == 0) *--first = separator;
    *--first = static_cast<char>('0' + rest % 10);
  }
  return *this << std::string_view(first, static_cast<std::size_t>(end - first));
}

std::string_view first_characters(std::string_view text, int characters) {
  std::size_t end = 0;
  for (; end < text.size(); ++end)
    if ((text[end] & 0xC0) != 0x80 && characters-- == 0) break;
  return text.substr(0, end);
}

}  // namespace fewbits
