// Measures of what quantization changed. Sums are doubles, in partial sums of 4,096 elements that are added in order:
// any slicing at multiples of 4,096 gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace fewbits {

inline constexpr std::size_t kPartialSum = 4096;

// Values may be NaN or infinite: the sums then are, and NaN errors are passed over in the search for the largest.
struct Comparison {
  double count = 0;
  double squared_error = 0;   // sum (a - b)^2
  double absolute_error = 0;  // sum |a - b|
  double max_absolute_error = -1;
  double max_absolute_error_index = 0;  // the first one
  double original_squared = 0;          // sum a^2
  double restored_squared = 0;          // sum b^2
  double product = 0;                   // sum a * b
};
// Adds the elements [state.count, state.count + n). Every call but the last: a multiple of kPartialSum elements.
void compare(std::span<const float> original, std::span<const float> restored, Comparison& state);
void compare(std::span<const double> original, std::span<const double> restored, Comparison& state);

struct Summary {
  double count = 0;
  double finite = 0;
  double min = 0, max = 0, absmax = 0;  // of the finite values
  double sum = 0, sum_of_squares = 0;   // first pass: of the finite values
  double zeros = 0, nan = 0, infinite = 0;
  double first_non_finite = -1;
};
void summarize(std::span<const float> values, Summary& state);
void summarize(std::span<const double> values, Summary& state);

// Second pass, with the mean and the standard deviation known: sum (x - mean)^2, and how many finite x have
// |x - mean| > 3 * std.
struct Spread {
  double squared_deviation = 0;
  double outliers = 0;
};
void squared_deviation(std::span<const float> values, double mean, Spread& state);
void squared_deviation(std::span<const double> values, double mean, Spread& state);
void count_outliers(std::span<const float> values, double mean, double limit, Spread& state);
void count_outliers(std::span<const double> values, double mean, double limit, Spread& state);

// counts[k] += values in [edge_k, edge_k+1), the last bin closed on both sides, as numpy.histogram: bins of equal width
// over [min, max] (numpy.linspace's edges), or of equal ratio over [min, max] of |x| where `log` (min > 0). A range of
// no width is widened: by 1/2 on both sides as numpy's, or by a factor of 2. NaN is in no bin.
struct HistogramRule {
  double min, max;
  std::uint32_t bins;
  bool log;
};
struct HistogramRest {
  double below = 0, above = 0, nan = 0;
};
void histogram_edges(const HistogramRule& rule, double* edges);  // bins + 1
void histogram(std::span<const float> values, const HistogramRule& rule, const double* edges, double* counts,
               HistogramRest& rest);
void histogram(std::span<const double> values, const HistogramRule& rule, const double* edges, double* counts,
               HistogramRest& rest);

}  // namespace fewbits
