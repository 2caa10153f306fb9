// The searches of ggml's K-quants, for eight sub-blocks at once: each has a lane, so that its sums run in the
// reference's order. What they look for and why is said in cpp/reference/ggml_search.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "numbers/batches.hpp"
#include "simd.hpp"

namespace fewbits::k {

inline constexpr std::size_t kLanes = 8;
inline constexpr std::size_t kMostElements = 32;  // of a sub-block
inline constexpr std::size_t kMostGroups = 8;
inline constexpr float kNoMagnitude = 1e-15f;  // a block below counts as zeros

// The integers that codes stand for.
struct Range {
  int lowest, highest;
};

// What searches found, for each sub-block of a superblock. Unless it was a descent, their codes are
// round((value - origin) * inverse).
struct alignas(16) Found {
  float scales[16], mins[16];
  float weights[16];  // together
  float inverses[16], origins[16];
};

// Element i of eight sub-blocks side by side, and what a kernel needs beside them: one pointer leads to all.
struct alignas(16) Row {
  float values[kLanes], weights[kLanes];
  float q[kLanes];  // integers: of a trial, or what a descent arrived at
};
struct SubBlocks {
  std::size_t size;
  Found* found;
  std::size_t first;  // where in `found` the one in lane 0 goes
  Row rows[kMostElements];

  Row* begin() { return rows; }
  Row* end() { return rows + size; }
};

// Trial scales: 1 / scale = (first + step * k + limit) / (max - min), k = 0 .. last.
struct Trials {
  float first, step;
  int last;
  bool absolute_error;
};

// To the values or weights of rows; `lanes` is the first row's.
void to_lanes(const float* numbers, std::size_t size, float* lanes);

// At most kMostGroups, all of one size.
void fit_scales_and_mins(std::span<SubBlocks> groups, int limit, const Trials& trials);
// `given`: values and weights may be anything, as scales are that come from a search.
void fit_scale(SubBlocks& lanes, Range range, bool given);
void fit_scale_by_descent(SubBlocks& lanes, Range range);
// Codes in lanes.q, as bytes hold them.
void fit_positive_scale(SubBlocks& lanes, int limit);

// The weights, an importance so far, become importance * sqrt(spread + x^2).
void weigh_importance(SubBlocks& lanes, float spread);
void weigh_squares(SubBlocks& lanes);
// |x|, and where asked the root of the mean square beside it.
void weigh_magnitudes(SubBlocks& lanes, bool with_mean);

}  // namespace fewbits::k
