#include "fewbits/calibrate.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "calibrate.hpp"
#include "catch.hpp"

using namespace fewbits;

namespace {

constexpr AffineRule kSymmetric{8, true, true, true, true, Rounding::Divide};
constexpr AffineRule kAsymmetric{8, false, false, false, true, Rounding::Divide};

constexpr float kLeast = std::numeric_limits<float>::denorm_min();
constexpr float kLargest = std::numeric_limits<float>::max();

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

std::vector<float> normal_values(std::size_t count, unsigned seed, float shift = 0, float size = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(shift, size);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

// Arrays that trouble a range or an order statistic.
std::vector<std::vector<float>> awkward_arrays() {
  return {{0},
          {-0.0f},
          {0, -0.0f},
          {-0.0f, -1},
          {-0.0f, 1},
          {kLeast},
          {-kLeast},
          {kLeast, -kLeast, 0},
          {kLargest, -kLargest},
          {1, 2, 3},
          {-3, -2, -1},
          {5, 5, 5, 5},
          {-5, -5, -5},
          {1e-40f, 2e-40f, -3e-40f, 1e30f},
          std::vector<float>(1000, 1.5f),
          normal_values(1, 1),
          normal_values(17, 2),
          normal_values(1000, 3),
          normal_values(5000, 4, 100),
          normal_values(5000, 5, -1, 1e-20f),
          normal_values(4096, 6, 0, 1e30f)};
}

// Feeds an accumulator slices of the given length.
template <class Accumulator>
void add_in_slices(Accumulator& accumulator, std::span<const float> values, std::size_t slice) {
  for (std::size_t i = 0; i < values.size(); i += slice)
    accumulator.add(values.subspan(i, std::min(slice, values.size() - i)));
}

}  // namespace

TEST_CASE("calibrate: the first non-finite value is found wherever it is") {
  for (std::size_t length = 0; length < 70; ++length) {
    std::vector<float> values(length, kLargest);
    CHECK(find_non_finite(values) == length);
    for (std::size_t at = 0; at < length; ++at)
      for (const float bad : {NAN, -NAN, INFINITY, -INFINITY}) {
        std::fill(values.begin(), values.end(), -kLargest);
        values[at] = bad;
        values.back() = NAN;
        REQUIRE(find_non_finite(values) == at);
      }
  }
}

TEST_CASE("calibrate: absmax and minmax equal the definition, at any length and address") {
  for (const auto& values : awkward_arrays()) {
    const Range expected = reference::minmax(values), range = minmax(values);
    CHECK(same_bits(range.min, expected.min + 0.0f));
    CHECK(same_bits(range.max, expected.max + 0.0f));
    CHECK(same_bits(absmax(values), std::fmax(std::fabs(expected.min), std::fabs(expected.max))));
  }
  for (const float shift : {0.0f, 10.0f, -10.0f}) {
    const auto values = normal_values(150, 7, shift);
    for (std::size_t begin = 0; begin < 5; ++begin)
      for (std::size_t length = 1; length < 140; ++length) {
        const std::vector<float> part(values.begin() + static_cast<std::ptrdiff_t>(begin),
                                      values.begin() + static_cast<std::ptrdiff_t>(begin + length));
        const std::span slice(values.data() + begin, length);
        const Range expected = reference::minmax(part), range = minmax(slice);
        REQUIRE(range.min == expected.min);
        REQUIRE(range.max == expected.max);
        REQUIRE(absmax(slice) == std::fmax(-expected.min, expected.max));
      }
  }
  CHECK(absmax({}) == 0);
  CHECK(minmax({}).min > minmax({}).max);
}

TEST_CASE("calibrate: rows keep each column's range") {
  for (std::size_t columns = 0; columns < 22; ++columns) {
    std::vector<float> min(columns + 1, Range{}.min), max(columns + 1, Range{}.max);
    std::vector<std::vector<float>> rows;
    for (unsigned row = 0; row < 5; ++row) {
      rows.push_back(normal_values(columns, 8 + row, static_cast<float>(row) - 2));
      minmax_rows(rows.back(), min.data(), max.data());
    }
    for (std::size_t column = 0; column < columns; ++column) {
      std::vector<float> values;
      for (const auto& row : rows) values.push_back(row[column]);
      const Range expected = reference::minmax(values);
      REQUIRE(min[column] == expected.min);
      REQUIRE(max[column] == expected.max);
    }
    CHECK(min[columns] == Range{}.min);
    CHECK(max[columns] == Range{}.max);
  }
}

namespace {

double percentile_of(std::span<const float> values, double percent, bool magnitudes, std::size_t slice) {
  Percentile percentile(percent, magnitudes, values.size());
  while (percentile.needs_pass()) {
    add_in_slices(percentile, values, slice);
    percentile.end_pass();
  }
  return percentile.value();
}

}  // namespace

TEST_CASE("calibrate: percentiles are NumPy's linear ones, however the values are cut") {
  for (const auto& values : awkward_arrays())
    for (const bool magnitudes : {false, true}) {
      std::vector<double> sorted(values.begin(), values.end());
      if (magnitudes)
        for (double& value : sorted) value = std::fabs(value);
      for (const double percent : {1e-9, 0.1, 1.0, 12.5, 33.3, 50.0, 66.6, 75.0, 99.0, 99.9, 99.999, 100.0})
        for (const std::size_t slice : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, values.size()}) {
          CAPTURE(values.size(), percent, magnitudes, slice);
          REQUIRE(percentile_of(values, percent, magnitudes, slice) == reference::percentile(sorted, percent));
        }
    }
}

TEST_CASE("calibrate: percentiles as NumPy computes them") {
  // numpy.percentile([1, 2, 4, 8], ...) and of magnitudes.
  const std::vector<float> values = {4, 1, 8, 2};
  CHECK(percentile_of(values, 50, false, 4) == 3);
  CHECK(percentile_of(values, 25, false, 4) == 1.75);
  CHECK(percentile_of(values, 90, false, 4) == Approx(6.8).epsilon(1e-15));
  CHECK(percentile_of(values, 100, false, 4) == 8);
  CHECK(percentile_of(std::vector<float>{-4, 1, -8, 2}, 100, true, 4) == 8);
}

namespace {

std::vector<AffineRule> search_rules() {
  std::vector<AffineRule> rules;
  for (const int bits : {2, 4, 8, 16})
    for (const Rounding rounding : {Rounding::Divide, Rounding::Multiply}) {
      rules.push_back({bits, true, true, true, true, rounding});
      rules.push_back({bits, false, true, false, true, rounding});
      rules.push_back({bits, true, false, false, true, rounding});
      rules.push_back({bits, false, false, false, false, rounding});
    }
  return rules;
}

}  // namespace

TEST_CASE("calibrate: least squares finds the best point of its grid") {
  auto arrays = awkward_arrays();
  arrays.push_back(normal_values(9001, 20));
  arrays.back()[5] = 30;
  for (const auto& values : arrays)
    for (const AffineRule& rule : search_rules()) {
      if (values.size() > 2000 && rule.bits != 4) continue;  // brute force is slow
      const Range range = minmax(values);
      LeastSquares search(rule, range);
      add_in_slices(search, values, kPartialSum);
      double least = std::numeric_limits<double>::infinity(), at_best = least;
      for (const Range& point : reference::least_squares_grid(rule, range)) {
        const double error = reference::squared_error(values, rule, point);
        least = std::min(least, error);
        if (point.min == search.best().min && point.max == search.best().max) at_best = error;
      }
      CAPTURE(values.size(), values[0], rule.bits, rule.is_signed, rule.symmetric, rule.include_zero, search.best().min,
              search.best().max);
      REQUIRE(at_best <= least * (1 + 1e-12));
      REQUIRE(search.error() == Approx(at_best).epsilon(1e-12));
    }
}

TEST_CASE("calibrate: least squares is the same however the values are cut") {
  const auto values = normal_values(3 * kPartialSum + 77, 21, 0.3f);
  for (const AffineRule& rule : search_rules()) {
    LeastSquares whole(rule, minmax(values)), cut(rule, minmax(values));
    add_in_slices(whole, values, values.size());
    add_in_slices(cut, values, kPartialSum);
    REQUIRE(whole.error() == cut.error());
    REQUIRE(whole.best().min == cut.best().min);
    REQUIRE(whole.best().max == cut.best().max);
  }
}

TEST_CASE("calibrate: least squares keeps the whole range where that is best") {
  const std::vector<float> exact = {-127, -64, 0, 1, 2, 3, 127};
  LeastSquares search(kSymmetric, minmax(exact));
  search.add(exact);
  CHECK(search.best().max == 127);
  CHECK(search.error() == 0);
}

namespace {

Range entropy_range(std::span<const float> values, const AffineRule& rule, std::size_t slice) {
  Entropy entropy(rule, minmax(values));
  add_in_slices(entropy, values, slice);
  return entropy.best();
}

std::vector<double> signed_histogram(const std::vector<float>& values, std::vector<double>& edges) {
  const double limit = absmax(values);
  edges.resize(Entropy::kBins + 1);
  for (std::size_t k = 0; k < edges.size(); ++k)
    edges[k] = static_cast<double>(k) * (2 * limit / Entropy::kBins) - limit;
  edges.back() = limit;
  std::vector<double> counts(Entropy::kBins, 0);
  for (const float value : values) {
    const auto above = std::upper_bound(edges.begin(), edges.end(), value) - edges.begin();
    counts[static_cast<std::size_t>(std::min<std::ptrdiff_t>(above - 1, Entropy::kBins - 1))] += 1;
  }
  return counts;
}

}  // namespace

TEST_CASE("calibrate: entropy takes the window that onnxruntime's algorithm takes") {
  auto arrays = awkward_arrays();
  arrays.push_back(normal_values(30000, 30));
  arrays.back()[5] = 40;
  arrays.push_back(normal_values(3000, 31, 2));
  for (const auto& values : arrays)
    for (const int bits : {2, 4, 8}) {
      if (absmax(values) < 1e-38f) continue;  // all one bin, of no width
      AffineRule rule = bits == 4 ? kAsymmetric : kSymmetric;
      rule.bits = bits;
      std::vector<double> edges;
      const auto counts = signed_histogram(values, edges);
      const std::size_t levels = std::size_t{1} << bits;
      const auto divergences = reference::entropy_divergences(counts, levels);
      const double least = *std::min_element(divergences.begin(), divergences.end());

      const Range found = entropy_range(values, rule, values.size()), range = minmax(values);
      double at_found = std::numeric_limits<double>::infinity();
      for (std::size_t i = 0; i < divergences.size(); ++i) {
        const std::size_t half = i + levels / 2;
        const auto low = static_cast<float>(edges[Entropy::kBins / 2 - half]);
        const auto high =
            static_cast<float>(edges[std::min<std::size_t>(Entropy::kBins / 2 + half + 1, Entropy::kBins)]);
        if (std::max(low, range.min) == found.min && std::min(high, range.max) == found.max)
          at_found = std::min(at_found, divergences[i]);
      }
      CAPTURE(values.size(), values[0], bits, found.min, found.max);
      REQUIRE(at_found <= least + 1e-9);
    }
}

TEST_CASE("calibrate: entropy clips a lone outlier, and is the same however the values are cut") {
  auto values = normal_values(20000, 32);
  values[77] = 40;
  const Range range = entropy_range(values, kSymmetric, values.size());
  CHECK(range.max > 3);
  CHECK(range.max < 20);
  for (const std::size_t slice : {1, 100, 4096}) {
    const Range cut = entropy_range(values, kSymmetric, slice);
    CHECK(cut.min == range.min);
    CHECK(cut.max == range.max);
  }
}

TEST_CASE("calibrate: entropy leaves what it cannot search") {
  AffineRule wide = kSymmetric;
  wide.bits = 16;
  const auto values = normal_values(500, 33);
  CHECK(entropy_range(values, wide, 500).max == minmax(values).max);
  const std::vector<float> zeros(100, 0.0f), least(100, kLeast);
  CHECK(entropy_range(zeros, kSymmetric, 100).max == 0);
  CHECK(entropy_range(least, kSymmetric, 100).max == kLeast);
}
