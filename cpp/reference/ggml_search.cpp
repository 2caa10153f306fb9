#include "ggml_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ggml.hpp"

namespace fewbits::reference::ggml {
namespace {

// sum(w x q) and sum(w q^2): all that the best scale for given q depends on.
struct Fit {
  float xq = 0, qq = 0;

  void add(float w, float x, float q) {
    xq += w * x * q;
    qq += w * q * q;
  }
  [[nodiscard]] Fit without(float w, float x, float q) const { return {xq - w * x * q, qq - w * q * q}; }
  [[nodiscard]] bool better_than(const Fit& other) const { return xq * xq * other.qq > other.xq * other.xq * qq; }
};

int symmetric_code(float x, int limit) {
  return std::clamp(nearest_even(x), -limit, limit - 1);
}

Fit fit_of(std::span<const float> values, std::span<const float> weights, int limit, float inverse_scale) {
  Fit fit;
  for (std::size_t i = 0; i < values.size(); ++i)
    fit.add(weights[i], values[i], static_cast<float>(symmetric_code(inverse_scale * values[i], limit)));
  return fit;
}

void store_codes(std::span<const float> values, int limit, float inverse_scale, std::uint8_t* codes) {
  for (std::size_t i = 0; i < values.size(); ++i)
    codes[i] = static_cast<std::uint8_t>(symmetric_code(inverse_scale * values[i], limit) + limit);
}

struct CodeRange {
  int min, max;
};

// Coordinate descent: codes in turn become what the scale of the others asks for, while the fit gains by it. A code is
// stored as q + offset.
Fit descend(std::span<const float> values, std::span<const float> weights, CodeRange range, int offset, Fit fit,
            std::uint8_t* codes) {
  bool changed = true;
  for (int pass = 0; pass < 5 && changed; ++pass) {
    changed = false;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float x = values[i], w = weights[i];
      const int q = codes[i] - offset;
      Fit trial = fit.without(w, x, static_cast<float>(q));
      if (!(trial.xq > 0 && trial.qq > 0)) continue;
      const int new_q = std::clamp(nearest_even(x * trial.qq / trial.xq), range.min, range.max);
      if (new_q == q) continue;
      trial.add(w, x, static_cast<float>(new_q));
      if (!trial.better_than(fit)) continue;
      codes[i] = static_cast<std::uint8_t>(new_q + offset);
      fit = trial;
      changed = true;
    }
  }
  return fit;
}

std::vector<float> squares(std::span<const float> values) {
  std::vector<float> result;
  for (const float x : values) result.push_back(x * x);
  return result;
}

}  // namespace

float fit_scale(std::span<const float> values, std::span<const float> weights, int limit, std::uint8_t* codes) {
  const std::vector<float> own_weights = weights.empty() ? squares(values) : std::vector<float>{};
  if (weights.empty()) weights = own_weights;

  const float largest = largest_by_magnitude(values);
  std::fill_n(codes, values.size(), std::uint8_t{0});
  if (std::fabs(largest) < kNoMagnitude) return 0;

  const float first = static_cast<float>(-limit) / largest;
  const Fit fit = fit_of(values, weights, limit, first);
  store_codes(values, limit, first, codes);
  float scale = fit.qq != 0 ? fit.xq / fit.qq : 0.0f;
  float best = scale * fit.xq;  // sum(w x q)^2 / sum(w q^2)
  for (int k = -9; k <= 9; ++k) {
    if (k == 0) continue;
    const float inverse_scale = -(static_cast<float>(limit) + 0.1f * static_cast<float>(k)) / largest;
    const Fit trial = fit_of(values, weights, limit, inverse_scale);
    if (!(trial.qq > 0 && trial.xq * trial.xq > best * trial.qq)) continue;
    store_codes(values, limit, inverse_scale, codes);
    scale = trial.xq / trial.qq;
    best = scale * trial.xq;
  }
  return scale;
}

float fit_scale_by_descent(std::span<const float> values, int limit, std::uint8_t* codes) {
  const float largest = largest_by_magnitude(values);
  std::fill_n(codes, values.size(), std::uint8_t{0});
  if (std::fabs(largest) < kNoMagnitude) return 0;

  const float inverse_scale = static_cast<float>(-limit) / largest;
  const std::vector<float> weights = squares(values);
  Fit fit = fit_of(values, weights, limit, inverse_scale);
  store_codes(values, limit, inverse_scale, codes);

  fit = descend(values, weights, {-limit, limit - 1}, limit, fit, codes);
  return fit.qq > 0 ? fit.xq / fit.qq : 0.0f;
}

// --- asymmetric ------------------------------------------------------------------------------------------------------

namespace {

// Codes for a trial scale, and the sums of the normal equations over them.
struct Moments {
  float q = 0, qq = 0, xq = 0;
};

Moments try_codes(std::span<const float> values, std::span<const float> weights, int limit, float inverse_scale,
                  float min, std::uint8_t* codes) {
  Moments sum;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int code = std::clamp(nearest_even(inverse_scale * (values[i] - min)), 0, limit);
    const auto q = static_cast<float>(code);
    codes[i] = static_cast<std::uint8_t>(code);
    sum.q += weights[i] * q;
    sum.qq += weights[i] * q * q;
    sum.xq += weights[i] * q * values[i];
  }
  return sum;
}

float error_of(std::span<const float> values, std::span<const float> weights, const std::uint8_t* codes, float scale,
               float min, bool absolute) {
  float sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float error = scale * codes[i] + min - values[i];
    sum += weights[i] * (absolute ? std::fabs(error) : error * error);
  }
  return sum;
}

}  // namespace

ScaleAndMin fit_scale_and_min(std::span<const float> values, std::span<const float> weights, int limit,
                              const AsymmetricSearch& search, std::uint8_t* codes) {
  float min = values[0], max = values[0], w_sum = weights[0], x_sum = weights[0] * values[0];
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] < min) min = values[i];
    if (values[i] > max) max = values[i];
    w_sum += weights[i];
    x_sum += weights[i] * values[i];
  }
  if (min > 0) min = 0;
  if (max == min) {
    std::fill_n(codes, values.size(), std::uint8_t{0});
    return {0, -min};
  }

  const float limit_f = static_cast<float>(limit);
  float scale = 1 / (limit_f / (max - min));
  try_codes(values, weights, limit, limit_f / (max - min), min, codes);
  float best_error = error_of(values, weights, codes, scale, min, search.absolute_error);
  std::vector<std::uint8_t> trial_codes(values.size());
  for (int k = 0; k <= search.last; ++k) {
    const float inverse_scale = (search.first + search.step * static_cast<float>(k) + limit_f) / (max - min);
    const Moments sum = try_codes(values, weights, limit, inverse_scale, min, trial_codes.data());
    const float determinant = w_sum * sum.qq - sum.q * sum.q;
    if (!(determinant > 0)) continue;
    float trial_scale = (w_sum * sum.xq - x_sum * sum.q) / determinant;
    float trial_min = (sum.qq * x_sum - sum.q * sum.xq) / determinant;
    if (trial_min > 0) {
      trial_min = 0;
      trial_scale = sum.xq / sum.qq;
    }
    const float error = error_of(values, weights, trial_codes.data(), trial_scale, trial_min, search.absolute_error);
    if (!(error < best_error)) continue;
    std::copy(trial_codes.begin(), trial_codes.end(), codes);
    best_error = error;
    scale = trial_scale;
    min = trial_min;
  }
  return {scale, -min};
}

// --- not negative ----------------------------------------------------------------------------------------------------

namespace {

// The trial scale's inverse with the least squared error. The first trial, k = 0, takes codes as they come: x_max /
// x_max
// * limit cannot pass the limit. A code is a byte there.
float best_positive_inverse(std::span<const float> values, std::span<const float> weights, int limit, float max) {
  float best_inverse = static_cast<float>(limit) / max, best_error = 0;
  for (const int k : {0, -4, -3, -2, -1, 1, 2, 3, 4}) {
    const float inverse = (0.1f * static_cast<float>(k) + static_cast<float>(limit)) / max;
    const float scale = 1 / inverse;
    float error = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int nearest = nearest_even(inverse * values[i]);
      const int code = k == 0 ? static_cast<std::uint8_t>(nearest) : std::min(nearest, limit);
      const float difference = values[i] - scale * static_cast<float>(code);
      error += weights[i] * difference * difference;
    }
    if (k != 0 && !(error < best_error)) continue;
    best_error = error;
    best_inverse = inverse;
  }
  return best_inverse;
}

}  // namespace

float fit_positive_scale(std::span<const float> values, std::span<const float> weights, int limit,
                         std::uint8_t* codes) {
  float max = 0;
  for (const float x : values) max = max > x ? max : x;
  std::fill_n(codes, values.size(), std::uint8_t{0});
  if (max < kNoMagnitude) return 0;

  const float inverse_scale = best_positive_inverse(values, weights, limit, max);
  Fit fit;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int code = std::min(nearest_even(inverse_scale * values[i]), limit);
    codes[i] = static_cast<std::uint8_t>(code);
    fit.add(weights[i], values[i], static_cast<float>(code));
  }

  fit = descend(values, weights, {std::numeric_limits<int>::min(), limit}, 0, fit, codes);
  return fit.qq > 0 ? fit.xq / fit.qq : 0.0f;
}

// --- code books ------------------------------------------------------------------------------------------------------

// How many midpoints between levels x does not stay below.
unsigned nearest_level(std::span<const std::int8_t> levels, float x) {
  unsigned code = 0;
  for (std::size_t i = 1; i < levels.size(); ++i) {
    const float midpoint = static_cast<float>(levels[i - 1] + levels[i]) / 2;
    code += !(x < midpoint);
  }
  return code;
}

float fit_codebook_scale(std::span<const float> values, std::span<const float> weights,
                         std::span<const std::int8_t> levels) {
  const float largest = largest_by_magnitude(values);
  if (std::fabs(largest) < kNoMagnitude) return 0;
  const auto fit_of_levels = [&](float inverse_scale) {
    Fit fit;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const float q = levels[nearest_level(levels, inverse_scale * values[i])];
      fit.xq += weights[i] * q * values[i];
      fit.qq += weights[i] * q * q;
    }
    return fit;
  };
  const Fit first = fit_of_levels(1 / (-largest / static_cast<float>(levels[0])));
  float scale = first.qq > 0 ? first.xq / first.qq : 0.0f;
  float best = scale * first.xq;
  for (int k = -7; k <= 7; ++k) {
    const Fit trial = fit_of_levels(static_cast<float>(k + levels[0]) / largest);
    if (!(trial.qq > 0 && trial.xq * trial.xq > best * trial.qq)) continue;
    scale = trial.xq / trial.qq;
    best = scale * trial.xq;
  }
  return scale;
}

void importance_weights(std::span<const float> values, const float* importance, float spread, float* weights) {
  for (std::size_t i = 0; i < values.size(); ++i)
    weights[i] = importance[i] * std::sqrt(spread + values[i] * values[i]);
}

}  // namespace fewbits::reference::ggml
