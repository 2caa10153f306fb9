// How every kernel walks over its elements.
#pragma once

#include <cstddef>
#include <cstring>

namespace fewbits {

inline constexpr std::size_t kBatch = 16;

// Calls step(in, out) for 16 elements at a time. What is left goes through a padded copy and the same step, so that no
// second loop can come to differ from the first.
template <class In, class Out, class Step>
inline void for_each_batch(const In* in, std::size_t count, Out* out, Step step) {
  for (; count >= kBatch; count -= kBatch, in += kBatch, out += kBatch) step(in, out);
  if (count == 0) return;
  In padded_in[kBatch] = {};
  Out padded_out[kBatch];
  std::memcpy(padded_in, in, count * sizeof(In));
  step(padded_in, padded_out);
  std::memcpy(out, padded_out, count * sizeof(Out));
}

}  // namespace fewbits
