// How every kernel walks over its elements.
#pragma once

#include <algorithm>
#include <cstddef>

namespace fewbits {

inline constexpr std::size_t kBatch = 16;

// For the steps below: a call in a hot loop spills every vector register.
#define FEWBITS_INLINE __attribute__((always_inline))
// For loops over a few vectors: written out, whatever the file is compiled for, they stay in registers.
#define FEWBITS_UNROLL _Pragma("GCC unroll 16")

// Calls step(in, out) for 16 elements at a time. What is left goes through a padded copy and the same step, so that no
// second loop can come to differ from the first; one place calls it, so that its code is there once.
template <class In, class Out, class Step>
inline void for_each_batch(const In* in, std::size_t count, Out* out, Step step) {
  const std::size_t rest = count % kBatch;
  In padded_in[kBatch];
  Out padded_out[kBatch];
  if (rest > 0) std::fill(std::copy_n(in + (count - rest), rest, padded_in), padded_in + kBatch, In{});
  Out* const rest_out = out + (count - rest);
  bool is_last = rest == 0;
  for (std::size_t batches = count / kBatch;; batches = 1) {
    for (; batches > 0; --batches, in += kBatch, out += kBatch) step(in, out);
    if (is_last) break;
    is_last = true;
    in = padded_in;
    out = padded_out;
  }
  if (rest > 0) std::copy_n(padded_out, rest, rest_out);
}

// Between two passes over the same elements they stay in the first cache.
inline constexpr std::size_t kSlice = 512;

// Calls step(offset, size) for slices of at most kSlice elements.
template <class Step>
inline void for_each_slice(std::size_t count, Step step) {
  for (std::size_t offset = 0; offset < count; offset += kSlice) step(offset, std::min(kSlice, count - offset));
}

}  // namespace fewbits
