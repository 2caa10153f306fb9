// At most N things in a row, in place: what is known to be few needs no memory of its own.
#pragma once

#include <array>
#include <cstddef>

namespace fewbits {

template <class T, std::size_t N>
class InplaceVector {
 public:
  // One more, which there has to be room for.
  T& emplace_back() { return items_[size_++]; }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const T* begin() const { return items_.data(); }
  [[nodiscard]] const T* end() const { return items_.data() + size_; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return items_[i]; }

 private:
  std::array<T, N> items_{};
  std::size_t size_ = 0;
};

}  // namespace fewbits
