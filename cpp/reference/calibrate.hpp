// Calibration as its definitions: all values at once, sorted or counted, no SIMD. For tests.
#pragma once

#include <cstdint>
#include <vector>

#include "fewbits/calibrate.hpp"

namespace fewbits::reference {

Range minmax(const std::vector<float>& values);

// numpy.percentile(values, percent, method='linear') in double.
double percentile(std::vector<double> values, double percent);

// The sum of squared errors of `values` in the range's quantization.
double squared_error(const std::vector<float>& values, const AffineRule& rule, Range range);

// The ranges that LeastSquares compares, in its order.
std::vector<Range> least_squares_grid(const AffineRule& rule, Range range);

// onnxruntime's get_entropy_threshold on a histogram of counts: one divergence for each candidate, the first for the
// smallest window.
std::vector<double> entropy_divergences(const std::vector<double>& counts, std::size_t quantized_bins);

}  // namespace fewbits::reference
