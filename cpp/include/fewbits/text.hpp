// Sentences, put together piece by piece.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

namespace fewbits {

// Grows at its end and does nothing else: std::string's ways to grow are a kilobyte of the module.
class Text {
 public:
  Text() = default;
  Text(Text&& other) noexcept { swap(other); }
  Text& operator=(Text&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Text() { ::operator delete(letters_); }

  Text& operator<<(const char* literal);           // the cheapest to call
  Text& operator<<(const std::string_view& part);  // none of its own
  // A whole number from 0 to 2^63, with commas between thousands.
  Text& operator<<(double number) { return digits(number, ','); }
  // Its digits, with `separator` between thousands where there is one.
  Text& digits(double number, char separator = '\0');
  Text& put(char letter);

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] const char* c_str() const { return letters_ != nullptr ? letters_ : ""; }
  [[nodiscard]] std::string_view view() const { return {letters_, size_}; }
  operator std::string_view() const { return view(); }
  friend bool operator==(const Text& text, std::string_view other) { return text.view() == other; }

  void swap(Text& other) noexcept {
    std::swap(letters_, other.letters_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  // Room for so many more letters: where they go.
  char* extend(std::size_t more);

  char* letters_ = nullptr;  // with a zero behind
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace fewbits
