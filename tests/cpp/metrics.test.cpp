#include "fewbits/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "catch.hpp"
#include "metrics.hpp"

using namespace fewbits;

namespace {

std::vector<double> normal_values(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(count);
  for (double& value : values) value = normal(random);
  return values;
}

std::vector<float> narrowed(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}
std::vector<double> widened(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

void check_close(const Comparison& a, const Comparison& b) {
  CHECK(a.count == b.count);
  CHECK(a.squared_error == Approx(b.squared_error).epsilon(1e-12));
  CHECK(a.absolute_error == Approx(b.absolute_error).epsilon(1e-12));
  CHECK(a.max_absolute_error == b.max_absolute_error);
  CHECK(a.max_absolute_error_index == b.max_absolute_error_index);
  CHECK(a.original_squared == Approx(b.original_squared).epsilon(1e-12));
  CHECK(a.restored_squared == Approx(b.restored_squared).epsilon(1e-12));
  CHECK(a.product == Approx(b.product).epsilon(1e-12));
}

}  // namespace

TEST_CASE("metrics: compare equals its formulas, for floats and doubles") {
  for (const std::size_t count : {0, 1, 5, 4095, 4096, 4097, 20000}) {
    const auto original = narrowed(normal_values(count, 1));
    auto restored = narrowed(normal_values(count, 2));
    for (std::size_t i = 0; i < count; ++i) restored[i] = original[i] + 0.01f * restored[i];
    Comparison floats, doubles;
    compare(std::span<const float>(original), restored, floats);
    compare(std::span<const double>(widened(original)), widened(restored), doubles);
    check_close(floats, reference::compare(widened(original), widened(restored)));
    CHECK(floats.squared_error == doubles.squared_error);
    CHECK(floats.product == doubles.product);
    CHECK(floats.max_absolute_error_index == doubles.max_absolute_error_index);
  }
}

TEST_CASE("metrics: the first of equal errors is the largest, and NaN is passed over") {
  const std::vector<float> original = {0, 1, 2, 3, 4}, restored = {0, 3, NAN, 1, 4};
  Comparison state;
  compare(original, restored, state);
  CHECK(state.max_absolute_error == 2);
  CHECK(state.max_absolute_error_index == 1);
  CHECK(std::isnan(state.squared_error));
}

TEST_CASE("metrics: any slicing at 4,096 gives the same bits") {
  const auto original = narrowed(normal_values(3 * kPartialSum + 100, 3));
  const auto restored = narrowed(normal_values(3 * kPartialSum + 100, 4));
  Comparison whole, cut;
  Summary summary, cut_summary;
  Spread spread, cut_spread;
  const auto add = [&](std::size_t begin, std::size_t count, Comparison& comparison, Summary& sums, Spread& spreads) {
    const auto part = std::span(original).subspan(begin, count);
    compare(part, std::span(restored).subspan(begin, count), comparison);
    summarize(part, sums);
    squared_deviation(part, 0.1, spreads);
    count_outliers(part, 0.1, 2.5, spreads);
  };
  add(0, original.size(), whole, summary, spread);
  add(0, kPartialSum, cut, cut_summary, cut_spread);
  add(kPartialSum, 2 * kPartialSum, cut, cut_summary, cut_spread);
  add(3 * kPartialSum, 100, cut, cut_summary, cut_spread);
  CHECK(whole.squared_error == cut.squared_error);
  CHECK(whole.absolute_error == cut.absolute_error);
  CHECK(whole.product == cut.product);
  CHECK(whole.max_absolute_error_index == cut.max_absolute_error_index);
  CHECK(summary.sum == cut_summary.sum);
  CHECK(summary.sum_of_squares == cut_summary.sum_of_squares);
  CHECK(summary.count == cut_summary.count);
  CHECK(spread.squared_deviation == cut_spread.squared_deviation);
  CHECK(spread.outliers == cut_spread.outliers);
}

TEST_CASE("metrics: a summary counts what is finite and where it stops being so") {
  auto values = normal_values(9000, 5);
  for (const std::size_t i : {3000, 5000}) values[i] = 0;
  values[100] = -0.0;
  values[4097] = NAN;
  values[5001] = INFINITY;
  values[8999] = -INFINITY;
  Summary found;
  summarize(std::span<const double>(values), found);
  const Summary expected = reference::summarize(values);
  CHECK(found.count == 9000);
  CHECK(found.finite == 8997);
  CHECK(found.nan == 1);
  CHECK(found.infinite == 2);
  CHECK(found.zeros == 3);
  CHECK(found.first_non_finite == 4097);
  CHECK(found.min == expected.min);
  CHECK(found.max == expected.max);
  CHECK(found.absmax == expected.absmax);
  CHECK(found.sum == Approx(expected.sum).epsilon(1e-12));
  CHECK(found.sum_of_squares == Approx(expected.sum_of_squares).epsilon(1e-12));
}

TEST_CASE("metrics: a summary of positive, negative and no values") {
  Summary positive, negative, none;
  summarize(std::vector<float>{3, 1, 2}, positive);
  summarize(std::vector<float>{-3, -1, -2}, negative);
  summarize(std::vector<float>{NAN}, none);
  CHECK((positive.min == 1 && positive.max == 3 && positive.absmax == 3));
  CHECK((negative.min == -3 && negative.max == -1 && negative.absmax == 3));
  CHECK((none.min == 0 && none.max == 0 && none.finite == 0 && none.first_non_finite == 0));
}

TEST_CASE("metrics: spread and outliers of finite values") {
  const std::vector<float> values = {1, 2, 3, NAN, INFINITY, 12, -8};
  Spread spread;
  squared_deviation(values, 2, spread);
  count_outliers(values, 2, 10, spread);
  CHECK(spread.squared_deviation == 1 + 0 + 1 + 100 + 100);
  CHECK(spread.outliers == 0);  // at the limit is not beyond it
  count_outliers(values, 2, 9.999, spread);
  CHECK(spread.outliers == 2);
}

namespace {

struct Histogram {
  std::vector<double> edges, counts;
  HistogramRest rest;
};

template <class T>
Histogram histogram_of(const std::vector<T>& values, const HistogramRule& rule, std::size_t slice) {
  Histogram result{std::vector<double>(rule.bins + 1), std::vector<double>(rule.bins, 0), {}};
  histogram_edges(rule, result.edges.data());
  for (std::size_t i = 0; i < values.size(); i += slice)
    histogram(std::span(values).subspan(i, std::min(slice, values.size() - i)), rule, result.edges.data(),
              result.counts.data(), result.rest);
  return result;
}

}  // namespace

TEST_CASE("metrics: a histogram is numpy.histogram's") {
  const auto found = histogram_of<float>({0, 1, 1.5f, 2, 3, 4, -1, 5, NAN, INFINITY, -INFINITY}, {0, 4, 4, false}, 3);
  CHECK(found.edges == std::vector<double>{0, 1, 2, 3, 4});
  CHECK(found.counts == std::vector<double>{1, 2, 1, 2});  // the last bin is closed
  CHECK(found.rest.below == 2);
  CHECK(found.rest.above == 2);
  CHECK(found.rest.nan == 1);
}

TEST_CASE("metrics: every value is between its bin's edges, also where bins are as narrow as the values' steps") {
  struct Setting {
    double min, max;
    std::uint32_t bins;
    bool log;
  };
  for (const auto& s : std::vector<Setting>{{-3, 3, 10, false},
                                            {0.1, 0.7, 7, false},
                                            {-1e-300, 1e-300, 33, false},
                                            {1, 1 + 1e-14, 65, false},
                                            {-3e38, 3e38, 2048, false},
                                            {-1.7e308, 1.7e308, 100, false},
                                            {1e-3, 10, 12, true},
                                            {1, 1 + 1e-14, 65, true},
                                            {1e-300, 1e300, 500, true},
                                            {0.5, 0.5, 3, true},
                                            {2, 2, 4, false}}) {
    const HistogramRule rule{s.min, s.max, s.bins, s.log};
    auto values = normal_values(500, 6);
    std::vector<double> edges(rule.bins + 1);
    histogram_edges(rule, edges.data());
    for (double& value : values) value = s.min * ((2 - value) / 4) + s.max * ((value + 2) / 4);
    for (const double edge : edges)
      for (const double near : {edge, std::nextafter(edge, -INFINITY), std::nextafter(edge, INFINITY)})
        values.push_back(near);
    const auto found = histogram_of(values, rule, 64);
    auto seen = values;
    if (s.log)
      for (double& value : seen) value = std::fabs(value);
    CAPTURE(s.min, s.max, s.bins, s.log);
    CHECK(std::is_sorted(found.edges.begin(), found.edges.end()));
    CHECK(found.counts == reference::histogram(seen, found.edges));
    double total = found.rest.below + found.rest.above;
    for (const double count : found.counts) total += count;
    CHECK(total == static_cast<double>(values.size()));
  }
}

TEST_CASE("metrics: logarithmic edges have equal ratios and exact ends") {
  const HistogramRule rule{1e-4, 1e4, 8, true};
  std::vector<double> edges(9);
  histogram_edges(rule, edges.data());
  CHECK(edges.front() == 1e-4);
  CHECK(edges.back() == 1e4);
  for (std::size_t k = 0; k <= 8; ++k)
    CHECK(edges[k] == Approx(std::pow(10.0, static_cast<double>(k) - 4)).epsilon(1e-13));
}

TEST_CASE("metrics: logarithmic bins look at magnitudes") {
  const auto found = histogram_of<float>({-2, 2, 0, 5, -0.5f, 200}, {1, 100, 2, true}, 6);
  CHECK(found.counts == std::vector<double>{3, 0});
  CHECK(found.rest.below == 2);
  CHECK(found.rest.above == 1);
}
