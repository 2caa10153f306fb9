// Bytes of weights and of a KV cache. Counts and bytes are doubles: whole numbers, exact below 2^53.
#pragma once

#include "fewbits/block_format.hpp"

namespace fewbits {

// ceil(elements / block_size) * block_bytes; for bits: ceil(elements * bits / 8).
double storage_bytes(const BlockFormat& format, double elements);
double storage_bytes(double bits, double elements);

}  // namespace fewbits
