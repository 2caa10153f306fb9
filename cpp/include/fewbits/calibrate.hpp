// Calibration: from values to the range that a scheme uses. Every accumulator takes the values of one group in order, in
// slices of any length, so that arrays of any size pass through a small memory. What a slice is cut into never changes
// the answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "fewbits/affine.hpp"

namespace fewbits {

// The index of the first NaN or infinity, or values.size().
std::size_t find_non_finite(std::span<const float> values);

struct Range {
  float min = std::numeric_limits<float>::infinity();
  float max = -std::numeric_limits<float>::infinity();
};

float absmax(std::span<const float> values);                 // 0 for no values
Range minmax(std::span<const float> values);                 // the empty Range for no values
void minmax_rows(std::span<const float> row, float* min, float* max);  // min[i] = min(min[i], row[i]), and max

// Percentile of finite values, or of their magnitudes, exactly as numpy.percentile(method='linear') in double, by radix
// selection on the bits: three passes over the values, whatever their number (11, 11 and 10 bits of the ordered key).
//   Percentile p(99.9, magnitudes); while (p.pass()) { for each slice: p.add(slice); p.end_pass(); } p.value()
class Percentile {
 public:
  Percentile(double percent, bool magnitudes, std::uint64_t count);
  [[nodiscard]] bool needs_pass() const { return pass_ < 3; }
  void add(std::span<const float> values);
  void end_pass();
  [[nodiscard]] double value() const;

 private:
  static constexpr int kBins = 2048;
  void select(int which);
  bool magnitudes_;
  int pass_ = 0;
  double fraction_;                      // between the two order statistics
  std::array<std::uint64_t, 2> rank_;    // of the two neighbours, within the chosen prefix
  std::array<std::uint32_t, 2> prefix_{};
  std::array<std::array<std::uint64_t, kBins>, 2> bins_{};
};

// Least squared error. The grid is stated, every point of it is compared (a point is left only once its partial sum is
// above the best whole one), so the answer is the grid's optimum; ties go to the larger range.
//   symmetric:  clip = absmax * k / 128, k = 1 .. 128
//   asymmetric: [min * i / 32, max * j / 32], i, j = 1 .. 32 about `centre` (0 with include_zero, otherwise the middle of the
//               range); one-sided ranges need one side only
// Errors are squared and summed in double, in partial sums of 4,096 elements.
class LeastSquares {
 public:
  LeastSquares(const AffineRule& rule, Range range);
  void add(std::span<const float> values);  // every slice but the last a multiple of 4,096 elements
  [[nodiscard]] Range best() const;         // the range whose affine_from_range has the least error
  [[nodiscard]] double error() const;

  static constexpr int kSymmetricSteps = 128;
  static constexpr int kSideSteps = 32;

 private:
  struct Candidate {
    Range range;
    Affine affine;
    double sum;
  };
  AffineRule rule_;
  std::array<Candidate, kSideSteps * kSideSteps> candidates_;
  int count_ = 0;
};

// Entropy calibration, after NVIDIA's "8-bit Inference with TensorRT" (Migacz, GTC 2017), as onnxruntime's
// quantization tool carries it out: a histogram of 2,048 equal bins, the clip whose clipped distribution P and its
// quantized image Q have the least Kullback-Leibler divergence.
class Entropy {
 public:
  static constexpr int kBins = 2048;
  Entropy(const AffineRule& rule, Range range);
  void add(std::span<const float> values);
  [[nodiscard]] Range best() const;

 private:
  AffineRule rule_;
  Range range_;
  std::array<std::uint64_t, kBins> bins_{};
};

}  // namespace fewbits
