// A matrix view: rows of `columns` elements, row_stride elements apart.
#pragma once

#include <cstddef>

namespace fewbits {

template <class T>
struct Matrix {
  T* data;
  std::size_t rows;
  std::size_t columns;
  std::size_t row_stride;

  [[nodiscard]] constexpr T* row(std::size_t index) const { return data + index * row_stride; }
};

}  // namespace fewbits
