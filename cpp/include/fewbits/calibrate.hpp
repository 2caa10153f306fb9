// Calibration: from values to the range that a scheme uses. Every accumulator takes the values of one group in order,
// in slices of any length, so that arrays of any size pass through a small memory. What a slice is cut into never
// changes the answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "fewbits/affine.hpp"
#include "fewbits/metrics.hpp"

namespace fewbits {

// The index of the first NaN or infinity, or values.size().
std::size_t find_non_finite(std::span<const float> values);

struct Range {
  float min = std::numeric_limits<float>::infinity();
  float max = -std::numeric_limits<float>::infinity();
};

// Of finite values; a zero comes back as +0.
float absmax(std::span<const float> values);                           // 0 for no values
Range minmax(std::span<const float> values);                           // the empty Range for no values
void minmax_rows(std::span<const float> row, float* min, float* max);  // min[i] = min(min[i], row[i]), and max

// Percentile of finite values, or of their magnitudes, exactly as numpy.percentile(method='linear') in double, by radix
// selection on the bits: three passes over the values, whatever their number (11, 11 and 10 bits of the ordered key).
//   Percentile p(99.9, magnitudes, count);
//   while (p.needs_pass()) { for (each slice) p.add(slice); p.end_pass(); }
//   p.value()
class Percentile {
 public:
  Percentile(double percent, bool magnitudes, std::uint64_t count);
  [[nodiscard]] bool needs_pass() const { return pass_ < 3; }
  void add(std::span<const float> values);
  void end_pass();
  [[nodiscard]] double value() const;

 private:
  static constexpr std::size_t kBins = 2048;
  // One of the two neighbours, in sorted order: the bits of its key found so far, and its rank among the values that
  // share them.
  struct Neighbour {
    std::uint64_t rank;
    std::uint32_t prefix = 0;
    std::array<std::uint64_t, kBins> bins{};
  };
  [[nodiscard]] float value_at(const Neighbour& neighbour) const;

  bool magnitudes_;
  int pass_ = 0;
  double fraction_;  // of the way from the lower to the upper neighbour
  Neighbour lower_, upper_;
};

// Least squared error over a stated grid: every point is tried on every value, so the answer is the grid's optimum.
// Points stand from larger to smaller ranges, and the first of equals is taken. The range given is among them.
//   symmetric:  clip = absmax * k / 128, k = 128 .. 1
//   asymmetric: [c + (min - c) * i / 32, c + (max - c) * j / 32], i, j = 32 .. 1, i outside; c = 0 with include_zero,
//   else
//               the middle of the range. Where min or max is c, the other side alone, by 128ths.
// The error of a value is its distance from its restored value in float32, squared and summed in double, in partial
// sums of 4,096 elements.
class LeastSquares {
 public:
  LeastSquares(const AffineRule& rule, Range range);
  void add(std::span<const float> values);  // every slice but the last: a multiple of 4,096 elements
  [[nodiscard]] Range best() const;         // the range whose affine_from_range has the least error
  [[nodiscard]] double error() const;       // and that error, summed

  static constexpr int kSteps = 128;
  static constexpr int kSideSteps = 32;

 private:
  struct Candidate {
    Range range;
    Affine affine;
    double sum;
  };
  void try_range(double min, double max);
  [[nodiscard]] const Candidate& winner() const;

  AffineRule rule_;
  std::array<Candidate, kSideSteps * kSideSteps> candidates_;
  std::size_t count_ = 0;
};

// Entropy calibration: NVIDIA's "8-bit Inference with TensorRT" (Migacz, GTC 2017) as onnxruntime's quantization tool
// carries it out (HistogramCollector.get_entropy_threshold in calibrate.py), with 2,048 bins and 2^bits quantized bins.
//   - numpy.histogram of the values over [-absmax, absmax], 2,048 bins; bin 1,024 begins at zero.
//   - Windows of bins 1,024 - i to 1,024 + i, for i from 2^bits / 2 to 1,024 (the last one ends with bin 2,047).
//   - P: the window's counts, those outside added to its first and last bin.
//   - Q: the window's own counts in 2^bits runs of equally many bins, the remainder counted in the last run; each run's
//     sum divided by how many bins of P in it are not zero, in whole numbers; the remainder's bins stay 0.
//   - Both smoothed: 0 becomes 0.0001, and what that adds is taken evenly from the others.
//   - The first window with the least Kullback-Leibler divergence of the normalised P from Q; its edges, where they are
//     inside of the values' range.
// Asymmetric rules take the same window: it is centred on zero, and only cut to the range of the values. Types of more
// than 11 bits have more codes than there are bins: their range stays. Costs about a million logarithms, ours, since
// those of C libraries differ.
class Entropy {
 public:
  static constexpr std::uint32_t kBins = 2048;
  Entropy(const AffineRule& rule, Range range);
  void add(std::span<const float> values);
  [[nodiscard]] Range best() const;

 private:
  int bits_;
  Range range_;
  HistogramRule rule_;
  std::array<double, kBins + 1> edges_;
  std::array<double, kBins> counts_{};
};

}  // namespace fewbits
