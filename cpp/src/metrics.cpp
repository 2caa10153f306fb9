#include "fewbits/metrics.hpp"

#include <algorithm>
#include <cmath>

namespace fewbits {
namespace {

// Calls part(begin, end) for consecutive parts of kPartialSum elements, the last one shorter.
template <class Part>
void each_part(std::size_t count, Part part) {
  for (std::size_t begin = 0; begin < count; begin += kPartialSum) part(begin, std::min(begin + kPartialSum, count));
}

template <class T>
void compare_any(std::span<const T> original, std::span<const T> restored, Comparison& state) {
  each_part(original.size(), [&](std::size_t begin, std::size_t end) {
    double squared_error = 0, absolute_error = 0, original_squared = 0, restored_squared = 0, product = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const double a = original[i], b = restored[i], error = std::fabs(a - b);
      squared_error += error * error;
      absolute_error += error;
      original_squared += a * a;
      restored_squared += b * b;
      product += a * b;
      if (error > state.max_absolute_error) {
        state.max_absolute_error = error;
        state.max_absolute_error_index = state.count + static_cast<double>(i);
      }
    }
    state.squared_error += squared_error;
    state.absolute_error += absolute_error;
    state.original_squared += original_squared;
    state.restored_squared += restored_squared;
    state.product += product;
  });
  state.count += static_cast<double>(original.size());
}

void note_non_finite(double value, double index, Summary& state) {
  (std::isnan(value) ? state.nan : state.infinite) += 1;
  if (state.first_non_finite < 0) state.first_non_finite = index;
}

[[gnu::always_inline]] inline void note_finite(double value, Summary& state) {
  const bool first = state.finite == 0;
  if (first || value < state.min) state.min = value;
  if (first || value > state.max) state.max = value;
  state.absmax = std::max(state.absmax, std::fabs(value));
  state.finite += 1;
  state.zeros += value == 0;
}

template <class T>
void summarize_any(std::span<const T> values, Summary& state) {
  each_part(values.size(), [&](std::size_t begin, std::size_t end) {
    double sum = 0, sum_of_squares = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const double value = values[i];
      if (!std::isfinite(value)) {
        note_non_finite(value, state.count + static_cast<double>(i), state);
        continue;
      }
      note_finite(value, state);
      sum += value;
      sum_of_squares += value * value;
    }
    state.sum += sum;
    state.sum_of_squares += sum_of_squares;
  });
  state.count += static_cast<double>(values.size());
}

template <class T>
void squared_deviation_any(std::span<const T> values, double mean, Spread& state) {
  each_part(values.size(), [&](std::size_t begin, std::size_t end) {
    double sum = 0;
    for (const double value : values.subspan(begin, end - begin))
      if (std::isfinite(value)) sum += (value - mean) * (value - mean);
    state.squared_deviation += sum;
  });
}

template <class T>
void count_outliers_any(std::span<const T> values, double mean, double limit, Spread& state) {
  for (const double value : values) state.outliers += std::isfinite(value) && std::fabs(value - mean) > limit;
}

HistogramRule widened(HistogramRule rule) {
  if (rule.min < rule.max) return rule;
  rule.min = rule.log ? rule.min / 2 : rule.min - 0.5;
  rule.max = rule.log ? rule.max * 2 : rule.max + 0.5;
  return rule;
}

// x^t for x > 0 and 0 <= t < 1, within a few ulp, by square roots alone: those are rounded alike everywhere, pow is
// not.
double power(double x, double t) {
  double result = 1;
  for (double root = x; t > 0;) {
    root = std::sqrt(root);
    t *= 2;
    if (t < 1) continue;
    result *= root;
    t -= 1;
  }
  return result;
}

// The bin of a value within the edges: a guess (NaN or infinite where the range is beyond a double), then the edges
// decide.
std::size_t linear_bin(double value, const HistogramRule& rule, const double* edges) {
  const double guess = (value - edges[0]) / (edges[rule.bins] - edges[0]) * rule.bins;
  std::size_t bin = guess >= 0 && guess < rule.bins ? static_cast<std::size_t>(guess) : rule.bins - 1;
  while (bin > 0 && value < edges[bin]) --bin;
  while (bin + 1 < rule.bins && value >= edges[bin + 1]) ++bin;
  return bin;
}

std::size_t log_bin(double value, const HistogramRule& rule, const double* edges) {
  return static_cast<std::size_t>(std::upper_bound(edges + 1, edges + rule.bins, value) - (edges + 1));
}

template <class T>
void histogram_any(std::span<const T> values, const HistogramRule& rule, const double* edges, double* counts,
                   HistogramRest& rest) {
  for (double value : values) {
    if (rule.log) value = std::fabs(value);
    if (std::isnan(value)) {
      rest.nan += 1;
    } else if (value < edges[0]) {
      rest.below += 1;
    } else if (value > edges[rule.bins]) {
      rest.above += 1;
    } else {
      counts[rule.log ? log_bin(value, rule, edges) : linear_bin(value, rule, edges)] += 1;
    }
  }
}

}  // namespace

void compare(std::span<const float> original, std::span<const float> restored, Comparison& state) {
  compare_any(original, restored, state);
}
void compare(std::span<const double> original, std::span<const double> restored, Comparison& state) {
  compare_any(original, restored, state);
}

void summarize(std::span<const float> values, Summary& state) {
  summarize_any(values, state);
}
void summarize(std::span<const double> values, Summary& state) {
  summarize_any(values, state);
}

void squared_deviation(std::span<const float> values, double mean, Spread& state) {
  squared_deviation_any(values, mean, state);
}
void squared_deviation(std::span<const double> values, double mean, Spread& state) {
  squared_deviation_any(values, mean, state);
}
void count_outliers(std::span<const float> values, double mean, double limit, Spread& state) {
  count_outliers_any(values, mean, limit, state);
}
void count_outliers(std::span<const double> values, double mean, double limit, Spread& state) {
  count_outliers_any(values, mean, limit, state);
}

void histogram_edges(const HistogramRule& rule, double* edges) {
  const auto [min, max, bins, log] = widened(rule);
  const double step = std::isfinite(max - min) ? (max - min) / bins : max / bins - min / bins;
  edges[0] = min;
  for (std::uint32_t k = 1; k < bins; ++k) {
    const double part = static_cast<double>(k) / bins;
    const double edge = log ? power(min, 1 - part) * power(max, part) : k * step + min;
    edges[k] = std::clamp(edge, edges[k - 1], max);  // rounding may not turn edges around
  }
  edges[bins] = max;
}

void histogram(std::span<const float> values, const HistogramRule& rule, const double* edges, double* counts,
               HistogramRest& rest) {
  histogram_any(values, rule, edges, counts, rest);
}
void histogram(std::span<const double> values, const HistogramRule& rule, const double* edges, double* counts,
               HistogramRest& rest) {
  histogram_any(values, rule, edges, counts, rest);
}

}  // namespace fewbits
