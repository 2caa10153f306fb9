#include "fewbits/calibrate.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <type_traits>

#include "simd.hpp"

namespace fewbits {
namespace {

using simd::load, simd::splat, simd::store;

constexpr std::size_t kBlock = 16;
constexpr std::uint32_t kSignBit = 0x80000000u;
constexpr std::uint32_t kMagnitude = 0x7FFFFFFFu;
constexpr std::uint32_t kInfinity = 0x7F800000u;

// Feeds `kernel` blocks of 16 values; the last is filled up with `filler`, which must not change the answer.
template <class Kernel>
void each_block(std::span<const float> values, float filler, Kernel& kernel) {
  const float* from = values.data();
  std::size_t left = values.size();
  for (; left >= kBlock; left -= kBlock, from += kBlock) kernel(from);
  if (left == 0) return;
  float padded[kBlock];
  std::copy_n(from, left, padded);
  std::fill_n(padded + left, kBlock - left, filler);
  kernel(padded);
}

// Four accumulators for a reduction by `combine`, which is a lane-wise operation on 32-bit integers.
template <class Combine>
class Reduction {
 public:
  explicit Reduction(v128_t first) : a_(first), b_(first), c_(first), d_(first) {}
  void add(v128_t a, v128_t b, v128_t c, v128_t d) {
    a_ = Combine()(a_, a);
    b_ = Combine()(b_, b);
    c_ = Combine()(c_, c);
    d_ = Combine()(d_, d);
  }
  [[nodiscard]] std::uint32_t result() const {
    const Combine combine;
    v128_t all = combine(combine(a_, b_), combine(c_, d_));
    all = combine(all, wasm_i32x4_shuffle(all, all, 2, 3, 0, 1));
    all = combine(all, wasm_i32x4_shuffle(all, all, 1, 0, 3, 2));
    return static_cast<std::uint32_t>(wasm_i32x4_extract_lane(all, 0));
  }

 private:
  v128_t a_, b_, c_, d_;
};

struct SignedMax {
  v128_t operator()(v128_t a, v128_t b) const { return wasm_i32x4_max(a, b); }
};
struct UnsignedMax {
  v128_t operator()(v128_t a, v128_t b) const { return wasm_u32x4_max(a, b); }
};
struct UnsignedMin {
  v128_t operator()(v128_t a, v128_t b) const { return wasm_u32x4_min(a, b); }
};

struct LargestMagnitude {
  Reduction<SignedMax> reduction{splat(0)};
  void operator()(const float* x) {
    reduction.add(magnitude(x), magnitude(x + 4), magnitude(x + 8), magnitude(x + 12));
  }
  static v128_t magnitude(const float* x) { return wasm_v128_and(load(x), splat(kMagnitude)); }
};

// Floats as integers: positive ones grow with the value; negative ones are signed below and unsigned above all positive
// ones, and grow, unsigned, with the magnitude. So the largest signed integer is the maximum if there is any value >=
// 0, and the largest unsigned one the minimum if there is any value with a minus sign: two integer operations for each
// vector.
struct Extremes {
  Reduction<SignedMax> largest;
  Reduction<UnsignedMax> lowest;
  explicit Extremes(v128_t first) : largest(first), lowest(first) {}
  void operator()(const float* x) {
    const v128_t a = load(x), b = load(x + 4), c = load(x + 8), d = load(x + 12);
    largest.add(a, b, c, d);
    lowest.add(a, b, c, d);
  }
};

// For values of one sign: the one nearest to zero.
struct SmallestMagnitude {
  Reduction<UnsignedMin> reduction;
  explicit SmallestMagnitude(v128_t first) : reduction(first) {}
  void operator()(const float* x) { reduction.add(load(x), load(x + 4), load(x + 8), load(x + 12)); }
};

float number(std::uint32_t bits) {
  return std::bit_cast<float>(bits) + 0.0f;
}  // -0 becomes 0

// The bits of the largest magnitude, NaN's above all. One function for all callers: compiled for size, the loop would be
// shared all the same, with its sums in memory.
std::uint32_t largest_magnitude(std::span<const float> values) {
  LargestMagnitude largest;
  each_block(values, 0, largest);
  return largest.reduction.result();
}

std::uint32_t nearest_to_zero(std::span<const float> values) {
  SmallestMagnitude nearest(splat(values[0]));
  each_block(values, values[0], nearest);
  return nearest.reduction.result();
}

}  // namespace

std::size_t find_non_finite(std::span<const float> values) {
  constexpr std::size_t kStretch = 1024;
  for (std::size_t i = 0; i < values.size(); i += kStretch) {
    const auto stretch = values.subspan(i, std::min(kStretch, values.size() - i));
    if (largest_magnitude(stretch) < kInfinity) continue;
    const auto found = std::find_if(stretch.begin(), stretch.end(), [](float x) { return !std::isfinite(x); });
    return i + static_cast<std::size_t>(found - stretch.begin());
  }
  return values.size();
}

float absmax(std::span<const float> values) {
  return number(largest_magnitude(values));
}

Range minmax(std::span<const float> values) {
  if (values.empty()) return {};
  Extremes extremes(splat(values[0]));
  each_block(values, values[0], extremes);
  const std::uint32_t largest = extremes.largest.result(), lowest = extremes.lowest.result();
  const bool any_positive = (largest & kSignBit) == 0, any_negative = (lowest & kSignBit) != 0;
  return {number(any_negative ? lowest : nearest_to_zero(values)),
          number(any_positive ? largest : nearest_to_zero(values))};
}

void minmax_rows(std::span<const float> row, float* min, float* max) {
  const auto four = [](const float* x, float* low, float* high) {
    store(low, wasm_f32x4_pmin(load(low), load(x)));
    store(high, wasm_f32x4_pmax(load(high), load(x)));
  };
  const std::size_t whole = row.size() - row.size() % simd::kLanes, left = row.size() - whole;
  for (std::size_t i = 0; i < whole; i += simd::kLanes) four(row.data() + i, min + i, max + i);
  float x[simd::kLanes] = {}, low[simd::kLanes] = {}, high[simd::kLanes] = {};
  std::copy_n(row.data() + whole, left, x);
  std::copy_n(min + whole, left, low);
  std::copy_n(max + whole, left, high);
  four(x, low, high);
  std::copy_n(low, left, min + whole);
  std::copy_n(high, left, max + whole);
}

namespace {

// Pass 0 sorts by the key's upper 11 bits, pass 1 by the next 11, pass 2 by the last 10.
constexpr int kShift[] = {21, 10, 0};
constexpr int kWidth[] = {11, 11, 10};

// Unsigned keys in the order of the values, and back.
std::uint32_t key_of(float value, bool magnitudes) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (magnitudes) return bits & kMagnitude;
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}
float value_of(std::uint32_t key, bool magnitudes) {
  if (magnitudes) return std::bit_cast<float>(key);
  return number((key & kSignBit) != 0 ? key & kMagnitude : ~key);
}

}  // namespace

Percentile::Percentile(double percent, bool magnitudes, std::uint64_t count) : magnitudes_(magnitudes) {
  const double last = count == 0 ? 0 : static_cast<double>(count - 1);
  const double position = std::min(last * (percent / 100), last);
  fraction_ = position - std::floor(position);
  lower_.rank = static_cast<std::uint64_t>(position);
  upper_.rank = std::min(lower_.rank + 1, static_cast<std::uint64_t>(last));
}

void Percentile::add(std::span<const float> values) {
  const int shift = kShift[pass_], width = kWidth[pass_];
  const std::uint32_t mask = (1u << width) - 1;
  for (const float value : values) {
    const std::uint32_t key = key_of(value, magnitudes_) >> shift;
    if (key >> width == lower_.prefix) ++lower_.bins[key & mask];  // in the first pass all share the empty prefix
    if (key >> width == upper_.prefix) ++upper_.bins[key & mask];
  }
}

void Percentile::end_pass() {
  for (Neighbour* neighbour : {&lower_, &upper_}) {
    std::uint32_t bin = 0;
    while (bin + 1 < kBins && neighbour->rank >= neighbour->bins[bin]) neighbour->rank -= neighbour->bins[bin++];
    neighbour->prefix = neighbour->prefix << kWidth[pass_] | bin;
    neighbour->bins.fill(0);
  }
  ++pass_;
}

float Percentile::value_at(const Neighbour& neighbour) const {
  return value_of(neighbour.prefix, magnitudes_);
}

// numpy's _lerp: from the nearer end, so that neither end is missed.
double Percentile::value() const {
  const double lower = value_at(lower_), upper = value_at(upper_), width = upper - lower;
  return fraction_ >= 0.5 ? upper - width * (1 - fraction_) : lower + width * fraction_;
}

namespace {

// x - restored(x) in four lanes. The quotient is rounded and kept between the codes as seen from the zero point, all in
// float32: that number is the restored code minus the zero point, whatever the zero point is.
template <Rounding rounding>
class ErrorKernel {
 public:
  ErrorKernel(const Affine& affine, CodeRange range)
      : scale_(splat(affine.scale)),
        inverse_(splat(1 / affine.scale)),
        low_(splat(static_cast<float>(static_cast<double>(range.min) - affine.zero_point))),
        high_(splat(static_cast<float>(static_cast<double>(range.max) - affine.zero_point))) {}

  v128_t operator()(v128_t x) const {
    const v128_t quotient = rounding == Rounding::Divide ? wasm_f32x4_div(x, scale_) : wasm_f32x4_mul(x, inverse_);
    const v128_t code = wasm_f32x4_pmin(high_, wasm_f32x4_pmax(low_, wasm_f32x4_nearest(quotient)));
    return wasm_f32x4_sub(x, wasm_f32x4_mul(code, scale_));
  }

 private:
  v128_t scale_, inverse_, low_, high_;
};

class SquareSum {
 public:
  void add(v128_t error) {
    const v128_t low = wasm_f64x2_promote_low_f32x4(error);
    const v128_t high = wasm_f64x2_promote_low_f32x4(wasm_i32x4_shuffle(error, error, 2, 3, 2, 3));
    low_ = wasm_f64x2_add(low_, wasm_f64x2_mul(low, low));
    high_ = wasm_f64x2_add(high_, wasm_f64x2_mul(high, high));
  }
  [[nodiscard]] double total() const {
    const v128_t sum = wasm_f64x2_add(low_, high_);
    return wasm_f64x2_extract_lane(sum, 0) + wasm_f64x2_extract_lane(sum, 1);
  }

 private:
  v128_t low_ = wasm_f64x2_splat(0), high_ = wasm_f64x2_splat(0);
};

template <Rounding rounding>
double squared_error(std::span<const float> part, const Affine& affine, CodeRange range) {
  const ErrorKernel<rounding> kernel(affine, range);
  SquareSum sum;
  const std::size_t whole = part.size() - part.size() % simd::kLanes;
  for (std::size_t i = 0; i < whole; i += simd::kLanes) sum.add(kernel(load(part.data() + i)));
  if (whole < part.size()) {
    float padded[simd::kLanes] = {};
    std::uint32_t used[simd::kLanes] = {};
    std::copy(part.begin() + static_cast<std::ptrdiff_t>(whole), part.end(), padded);
    std::fill_n(used, part.size() - whole, ~0u);
    sum.add(wasm_v128_and(kernel(load(padded)), load(used)));
  }
  return sum.total();
}

}  // namespace

LeastSquares::LeastSquares(const AffineRule& rule, Range range) : rule_(rule) {
  const double min = range.min, max = range.max;
  const auto part = [](double from, double to, int step, int steps) {
    return step == steps ? to : from + (to - from) * step / steps;
  };
  if (rule.symmetric) {
    const double absmax = std::max(-min, max);
    for (int k = kSteps; k > 0; --k) try_range(-part(0, absmax, k, kSteps), part(0, absmax, k, kSteps));
    return;
  }
  const double centre = rule.include_zero ? 0 : (min + max) / 2;
  const double low = std::min(min, centre), high = std::max(max, centre);
  if (low == centre || high == centre) {
    for (int k = kSteps; k > 0; --k) try_range(part(centre, low, k, kSteps), part(centre, high, k, kSteps));
    return;
  }
  for (int i = kSideSteps; i > 0; --i)
    for (int j = kSideSteps; j > 0; --j) try_range(part(centre, low, i, kSideSteps), part(centre, high, j, kSideSteps));
}

void LeastSquares::try_range(double min, double max) {
  const Range range{static_cast<float>(min), static_cast<float>(max)};
  candidates_[count_++] = {range, affine_from_range(rule_, range.min, range.max), 0};
}

void LeastSquares::add(std::span<const float> values) {
  const CodeRange codes = code_range(rule_);
  for (std::size_t i = 0; i < values.size(); i += kPartialSum) {
    const auto part = values.subspan(i, std::min(kPartialSum, values.size() - i));
    for (Candidate& candidate : std::span(candidates_).first(count_)) {
      const bool multiply = rule_.rounding == Rounding::Multiply;  // such scales are at least 2^-23
      candidate.sum += multiply ? squared_error<Rounding::Multiply>(part, candidate.affine, codes)
                                : squared_error<Rounding::Divide>(part, candidate.affine, codes);
    }
  }
}

const LeastSquares::Candidate& LeastSquares::winner() const {
  const auto tried = std::span(candidates_).first(count_);
  return *std::min_element(tried.begin(), tried.end(), [](const auto& a, const auto& b) { return a.sum < b.sum; });
}
Range LeastSquares::best() const {
  return winner().range;
}
double LeastSquares::error() const {
  return winner().sum;
}

namespace {

// log2 for normal x > 0, within about an ulp, from operations that every machine rounds alike:
// x = 2^e * m with m near 1; ln m = 2 (s + s^3/3 + s^5/5 + ...), s = (m - 1) / (m + 1).
double log2_of(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000);
  if (m > 1.4142135623730951) {
    m /= 2;
    ++exponent;
  }
  const double s = (m - 1) / (m + 1), t = s * s;
  double series = 0;
  for (int k = 21; k >= 1; k -= 2) series = series * t + 1.0 / k;
  return exponent + 2.8853900817779268 * s * series;
}

using Bins = std::array<double, Entropy::kBins>;

// What a candidate window keeps: its own counts, and the counts outside moved to its ends.
std::span<double> clipped(std::span<const double> counts, std::size_t begin, std::size_t end, Bins& storage) {
  const auto p = std::span(storage).first(end - begin);
  std::copy_n(counts.begin() + static_cast<std::ptrdiff_t>(begin), p.size(), p.begin());
  for (const double count : counts.first(begin)) p.front() += count;
  for (const double count : counts.subspan(end)) p.back() += count;
  return p;
}

// The window after quantization to `levels` codes and back: each run's sum shared by the bins that P has something in.
std::span<double> quantized(std::span<const double> own, std::span<const double> p, std::size_t levels, Bins& storage) {
  const auto q = std::span(storage).first(own.size());
  std::fill(q.begin(), q.end(), 0);
  const std::size_t merged = own.size() / levels;
  for (std::size_t level = 0; level < levels; ++level) {
    const std::size_t begin = level * merged, end = begin + merged;
    double sum = 0, nonzero = 0;
    for (std::size_t k = begin; k < (level + 1 == levels ? own.size() : end); ++k) sum += own[k];
    for (std::size_t k = begin; k < end; ++k) nonzero += p[k] != 0;
    if (nonzero != 0) std::fill_n(q.begin() + static_cast<std::ptrdiff_t>(begin), merged, std::floor(sum / nonzero));
  }
  return q;
}

// No zeros, and the same sum. False for a distribution that is all zero.
bool smooth(std::span<double> distribution) {
  constexpr double kLeast = 0.0001;
  const auto zeros = static_cast<double>(std::count(distribution.begin(), distribution.end(), 0.0));
  const double others = static_cast<double>(distribution.size()) - zeros;
  if (others == 0) return false;
  for (double& x : distribution) x = x == 0 ? kLeast : x - kLeast * zeros / others;
  return true;
}

double sum_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum;
}

// Kullback-Leibler divergence of p from q, both normalised, in bits.
double divergence(std::span<const double> p, std::span<const double> q) {
  const double p_sum = sum_of(p), q_sum = sum_of(q);
  double sum = 0, term = 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    const bool same_again = k > 0 && p[k] == p[k - 1] && q[k] == q[k - 1];  // common: most bins of a tail are empty
    if (!same_again) term = p[k] / p_sum * log2_of((p[k] / p_sum) / (q[k] / q_sum));
    sum += term;
  }
  return sum;
}

double window_divergence(std::span<const double> counts, std::size_t begin, std::size_t end, std::size_t levels) {
  Bins p_storage, q_storage;
  const auto p = clipped(counts, begin, end, p_storage);
  const auto q = quantized(counts.subspan(begin, end - begin), p, levels, q_storage);
  return smooth(p) && smooth(q) ? divergence(p, q) : std::numeric_limits<double>::infinity();
}

}  // namespace

Entropy::Entropy(const AffineRule& rule, Range range) : bits_(rule.bits), range_(range) {
  const double absmax = std::max(-static_cast<double>(range.min), static_cast<double>(range.max));
  rule_ = {.min = -absmax, .max = absmax, .bins = kBins, .log = false};
  histogram_edges(rule_, edges_.data());
}

void Entropy::add(std::span<const float> values) {
  HistogramRest none;
  histogram(values, rule_, edges_.data(), counts_.data(), none);
}

Range Entropy::best() const {
  constexpr std::size_t kZero = kBins / 2;
  const std::size_t levels = std::size_t{1} << bits_;
  Range best = range_;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t half = levels / 2; half <= kZero; ++half) {
    const std::size_t begin = kZero - half, end = std::min<std::size_t>(kZero + half + 1, kBins);
    const double found = window_divergence(counts_, begin, end, levels);
    if (found >= least) continue;
    least = found;
    best = {std::max(static_cast<float>(edges_[begin]), range_.min),
            std::min(static_cast<float>(edges_[end]), range_.max)};
  }
  return best;
}

}  // namespace fewbits
