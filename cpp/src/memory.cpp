#include "fewbits/memory.hpp"

#include <cmath>

namespace fewbits {

double storage_bytes(const BlockFormat& format, double elements) {
  if (format.block_size == 0) return storage_bytes(static_cast<double>(format.element_bits), elements);
  return std::ceil(elements / format.block_size) * format.block_bytes;
}

double storage_bytes(double bits, double elements) {
  return std::ceil(elements * bits / 8);
}

}  // namespace fewbits
