#include "calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "affine.hpp"

namespace fewbits::reference {

Range minmax(const std::vector<float>& values) {
  Range range;
  for (const float value : values) range = {std::fmin(range.min, value), std::fmax(range.max, value)};
  return range;
}

double percentile(std::vector<double> values, double percent) {
  std::sort(values.begin(), values.end());
  const double position = static_cast<double>(values.size() - 1) * (percent / 100);
  const auto below = static_cast<std::size_t>(position);
  const double lower = values[below], upper = values[std::min(below + 1, values.size() - 1)];
  const double part = position - static_cast<double>(below);
  return part < 0.5 ? lower + (upper - lower) * part : upper - (upper - lower) * (1 - part);
}

double squared_error(const std::vector<float>& values, const AffineRule& rule, Range range) {
  const Affine affine = reference::affine_from_range(rule, range.min, range.max);
  double sum = 0;
  for (const float value : values) {
    const float restored = dequantize(quantize(value, affine, reference::code_range(rule), rule.rounding), affine);
    const double error = value - restored;
    sum += error * error;
  }
  return sum;
}

std::vector<Range> least_squares_grid(const AffineRule& rule, Range range) {
  const double min = range.min, max = range.max;
  const double centre = rule.include_zero ? 0 : (min + max) / 2;
  const double low = std::fmin(min, centre), high = std::fmax(max, centre);
  const auto between = [](double from, double to, int k, int steps) {
    return static_cast<float>(k == steps ? to : from + (to - from) * k / steps);
  };
  std::vector<Range> grid;
  if (rule.symmetric) {
    const double absmax = std::fmax(std::fabs(min), std::fabs(max));
    for (int k = 128; k >= 1; --k) grid.push_back({between(0, -absmax, k, 128), between(0, absmax, k, 128)});
  } else if (low == centre || high == centre) {
    for (int k = 128; k >= 1; --k) grid.push_back({between(centre, low, k, 128), between(centre, high, k, 128)});
  } else {
    for (int i = 32; i >= 1; --i)
      for (int j = 32; j >= 1; --j) grid.push_back({between(centre, low, i, 32), between(centre, high, j, 32)});
  }
  return grid;
}

namespace {

// onnxruntime's smooth_distribution.
bool smooth(std::vector<double>& distribution) {
  double zeros = 0;
  for (const double x : distribution) zeros += x == 0;
  const double nonzeros = static_cast<double>(distribution.size()) - zeros;
  if (nonzeros == 0) return false;
  for (double& x : distribution) x += x == 0 ? 0.0001 : -0.0001 * zeros / nonzeros;
  return true;
}

// scipy.stats.entropy(p, q).
double relative_entropy(const std::vector<double>& p, const std::vector<double>& q) {
  const double p_sum = std::accumulate(p.begin(), p.end(), 0.0), q_sum = std::accumulate(q.begin(), q.end(), 0.0);
  double sum = 0;
  for (std::size_t k = 0; k < p.size(); ++k) sum += p[k] / p_sum * std::log(p[k] / p_sum / (q[k] / q_sum));
  return sum;
}

}  // namespace

std::vector<double> entropy_divergences(const std::vector<double>& counts, std::size_t quantized_bins) {
  const std::size_t zero_bin = counts.size() / 2;
  std::vector<double> divergences;
  for (std::size_t i = quantized_bins / 2; i <= zero_bin; ++i) {
    const auto start = counts.begin() + static_cast<std::ptrdiff_t>(zero_bin - i);
    const auto end = counts.begin() + static_cast<std::ptrdiff_t>(std::min(zero_bin + i + 1, counts.size()));
    const std::vector<double> sliced(start, end);
    std::vector<double> p = sliced, q(sliced.size(), 0);
    p.front() += std::accumulate(counts.begin(), start, 0.0);
    p.back() += std::accumulate(end, counts.end(), 0.0);

    std::vector<double> merged(quantized_bins, 0);
    const std::size_t run = sliced.size() / quantized_bins;
    for (std::size_t k = 0; k < sliced.size(); ++k) merged[std::min(k / run, quantized_bins - 1)] += sliced[k];
    for (std::size_t bin = 0; bin < quantized_bins; ++bin) {
      double nonzeros = 0;
      for (std::size_t k = bin * run; k < (bin + 1) * run; ++k) nonzeros += p[k] != 0;
      for (std::size_t k = bin * run; k < (bin + 1) * run && nonzeros > 0; ++k)
        q[k] = std::floor(merged[bin] / nonzeros);
    }
    const bool usable = smooth(p) && smooth(q);
    divergences.push_back(usable ? relative_entropy(p, q) : std::numeric_limits<double>::infinity());
  }
  return divergences;
}

}  // namespace fewbits::reference
