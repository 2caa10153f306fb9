#include "metrics.hpp"

#include <cmath>

namespace fewbits::reference {

Comparison compare(const std::vector<double>& original, const std::vector<double>& restored) {
  long double squared_error = 0, absolute_error = 0, original_squared = 0, restored_squared = 0, product = 0;
  Comparison result;
  for (std::size_t i = 0; i < original.size(); ++i) {
    const long double a = original[i], b = restored[i];
    squared_error += (a - b) * (a - b);
    absolute_error += std::fabs(a - b);
    original_squared += a * a;
    restored_squared += b * b;
    product += a * b;
    const double error = std::fabs(original[i] - restored[i]);
    if (error <= result.max_absolute_error) continue;
    result.max_absolute_error = error;
    result.max_absolute_error_index = static_cast<double>(i);
  }
  result.count = static_cast<double>(original.size());
  result.squared_error = static_cast<double>(squared_error);
  result.absolute_error = static_cast<double>(absolute_error);
  result.original_squared = static_cast<double>(original_squared);
  result.restored_squared = static_cast<double>(restored_squared);
  result.product = static_cast<double>(product);
  return result;
}

Summary summarize(const std::vector<double>& values) {
  Summary result;
  long double sum = 0, sum_of_squares = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    result.count += 1;
    if (std::isnan(value) || std::isinf(value)) {
      if (result.first_non_finite < 0) result.first_non_finite = static_cast<double>(i);
      result.nan += std::isnan(value);
      result.infinite += std::isinf(value);
      continue;
    }
    result.min = result.finite == 0 ? value : std::fmin(result.min, value);
    result.max = result.finite == 0 ? value : std::fmax(result.max, value);
    result.absmax = std::fmax(result.absmax, std::fabs(value));
    result.finite += 1;
    result.zeros += value == 0;
    sum += value;
    sum_of_squares += static_cast<long double>(value) * value;
  }
  result.sum = static_cast<double>(sum);
  result.sum_of_squares = static_cast<double>(sum_of_squares);
  return result;
}

std::vector<double> histogram(const std::vector<double>& values, const std::vector<double>& edges) {
  std::vector<double> counts(edges.size() - 1, 0);
  for (const double value : values)
    for (std::size_t k = 0; k < counts.size(); ++k) {
      const bool last = k + 1 == counts.size();
      if (value >= edges[k] && (value < edges[k + 1] || (last && value == edges[k + 1]))) counts[k] += 1;
    }
  return counts;
}

}  // namespace fewbits::reference
