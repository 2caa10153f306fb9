#include "blocks/k_search.hpp"

namespace fewbits::k {
namespace {

#define FEWBITS_LANES [[gnu::always_inline]] inline

// Eight lanes: two registers, so that one's additions go on while the other's wait for their sums.
struct Lanes {
  v128_t a, b;
};

FEWBITS_LANES Lanes all(float value) {
  return {simd::splat(value), simd::splat(value)};
}
FEWBITS_LANES Lanes all(std::int32_t value) {
  return {simd::splat(value), simd::splat(value)};
}
FEWBITS_LANES Lanes load(const float* from) {
  return {simd::load(from), simd::load(from + 4)};
}
FEWBITS_LANES void store(float* to, Lanes x) {
  simd::store(to, x.a);
  simd::store(to + 4, x.b);
}

FEWBITS_LANES Lanes operator+(Lanes x, Lanes y) {
  return {wasm_f32x4_add(x.a, y.a), wasm_f32x4_add(x.b, y.b)};
}
FEWBITS_LANES Lanes operator-(Lanes x, Lanes y) {
  return {wasm_f32x4_sub(x.a, y.a), wasm_f32x4_sub(x.b, y.b)};
}
FEWBITS_LANES Lanes operator*(Lanes x, Lanes y) {
  return {wasm_f32x4_mul(x.a, y.a), wasm_f32x4_mul(x.b, y.b)};
}
FEWBITS_LANES Lanes operator/(Lanes x, Lanes y) {
  return {wasm_f32x4_div(x.a, y.a), wasm_f32x4_div(x.b, y.b)};
}
FEWBITS_LANES Lanes operator-(Lanes x) {
  return {wasm_f32x4_neg(x.a), wasm_f32x4_neg(x.b)};
}
FEWBITS_LANES Lanes root(Lanes x) {
  return {wasm_f32x4_sqrt(x.a), wasm_f32x4_sqrt(x.b)};
}
FEWBITS_LANES Lanes magnitude(Lanes x) {
  return {wasm_f32x4_abs(x.a), wasm_f32x4_abs(x.b)};
}

// Masks: all ones, or zeros.
FEWBITS_LANES Lanes operator<(Lanes x, Lanes y) {
  return {wasm_f32x4_lt(x.a, y.a), wasm_f32x4_lt(x.b, y.b)};
}
FEWBITS_LANES Lanes operator==(Lanes x, Lanes y) {
  return {wasm_f32x4_eq(x.a, y.a), wasm_f32x4_eq(x.b, y.b)};
}
FEWBITS_LANES Lanes operator!=(Lanes x, Lanes y) {
  return {wasm_f32x4_ne(x.a, y.a), wasm_f32x4_ne(x.b, y.b)};
}
FEWBITS_LANES Lanes operator&(Lanes x, Lanes y) {
  return {wasm_v128_and(x.a, y.a), wasm_v128_and(x.b, y.b)};
}
FEWBITS_LANES Lanes operator|(Lanes x, Lanes y) {
  return {wasm_v128_or(x.a, y.a), wasm_v128_or(x.b, y.b)};
}
FEWBITS_LANES Lanes select(Lanes mask, Lanes yes, Lanes no) {
  return {simd::select(mask.a, yes.a, no.a), simd::select(mask.b, yes.b, no.b)};
}
FEWBITS_LANES bool any(Lanes mask) {
  return wasm_v128_any_true(wasm_v128_or(mask.a, mask.b));
}

// y < x ? y : x and x < y ? y : x
FEWBITS_LANES Lanes smaller(Lanes x, Lanes y) {
  return {wasm_f32x4_pmin(x.a, y.a), wasm_f32x4_pmin(x.b, y.b)};
}
FEWBITS_LANES Lanes larger(Lanes x, Lanes y) {
  return {wasm_f32x4_pmax(x.a, y.a), wasm_f32x4_pmax(x.b, y.b)};
}

constexpr std::int32_t kMantissa = 0x7FFFFF, kExponent = 0x4B000000;
constexpr Range kAnyInteger{-0x400000, 0x3FFFFF};

// x rounded to an integer of the range, ties to even. Where |x| may reach 2^22, or be NaN, it is `wild`: the sum's
// mantissa is taken as an integer all the same, as the reference does.
template <bool wild>
FEWBITS_LANES Lanes nearest(Lanes x, Range range) {
  const Lanes magic = all(simd::kRoundingMagic);
  Lanes sum = x + magic;
  if constexpr (wild) sum = (sum & all(kMantissa)) | all(kExponent);
  const v128_t lowest = simd::splat(simd::kRoundingMagicBits + range.lowest);
  const v128_t highest = simd::splat(simd::kRoundingMagicBits + range.highest);
  const Lanes clamped{wasm_i32x4_min(wasm_i32x4_max(sum.a, lowest), highest),
                      wasm_i32x4_min(wasm_i32x4_max(sum.b, lowest), highest)};
  return clamped - magic;
}

// An integer as a byte holds it.
FEWBITS_LANES Lanes as_byte(Lanes q) {
  const Lanes bits = (q + all(simd::kRoundingMagic)) & all(0xFF);
  return {wasm_f32x4_convert_i32x4(bits.a), wasm_f32x4_convert_i32x4(bits.b)};
}

// --- symmetric -------------------------------------------------------------------------------------------------------

// sum(w x q) and sum(w q^2)
struct Fit {
  Lanes xq, qq;
};

// Leaves the integers in lanes.q.
template <bool wild>
[[gnu::noinline]] Fit fit_of(SubBlocks& lanes, Lanes inverse, Range range) {
  Fit fit{all(0.0f), all(0.0f)};
  for (Row& row : lanes) {
    const Lanes x = load(row.values), w = load(row.weights);
    const Lanes q = nearest<wild>(inverse * x, range);
    store(row.q, q);
    fit.xq = fit.xq + w * x * q;
    fit.qq = fit.qq + w * q * q;
  }
  return fit;
}

[[gnu::noinline]] Lanes largest_by_magnitude(SubBlocks& lanes) {
  Lanes largest = all(0.0f);
  for (Row& row : lanes) {
    const Lanes x = load(row.values);
    largest = select(magnitude(largest) < magnitude(x), x, largest);
  }
  return largest;
}

[[gnu::noinline]] Fit descend(SubBlocks& lanes, Range range, bool bytes, Fit fit) {
  // Where no code changed, none would in another pass.
  bool changed = true;
  for (int pass = 0; pass < 5 && changed; ++pass) {
    changed = false;
    for (Row& row : lanes) {
      const Lanes x = load(row.values), w = load(row.weights), q = load(row.q);
      const Lanes wx = w * x;
      const Lanes xq = fit.xq - wx * q, qq = fit.qq - w * q * q;
      const Lanes new_q = nearest<true>(x * qq / xq, range);
      const Lanes new_xq = xq + wx * new_q, new_qq = qq + w * new_q * new_q;
      const Lanes gains = fit.xq * fit.xq * new_qq < new_xq * new_xq * fit.qq;
      const Lanes taken = (all(0.0f) < xq) & (all(0.0f) < qq) & (new_q != q) & gains;
      if (!any(taken)) continue;
      changed = true;
      fit = {select(taken, new_xq, fit.xq), select(taken, new_qq, fit.qq)};
      store(row.q, select(taken, bytes ? as_byte(new_q) : new_q, q));
    }
  }
  return fit;
}

}  // namespace

void fit_scale(SubBlocks& lanes, Range range, bool given, Found& found) {
  const Lanes largest = largest_by_magnitude(lanes);
  const auto limit = static_cast<float>(-range.lowest);
  Lanes scale = all(0.0f), best = scale, best_inverse = scale;
  for (int n = 0; n < 19; ++n) {
    const int k = n == 0 ? 0 : n < 10 ? n - 10 : n - 9;
    const Lanes inverse = all(-(limit + 0.1f * static_cast<float>(k))) / largest;
    const Fit fit = given ? fit_of<true>(lanes, inverse, range) : fit_of<false>(lanes, inverse, range);
    const Lanes zero = all(0.0f);
    const Lanes better = n == 0 ? all(-1) : (zero < fit.qq) & (best * fit.qq < fit.xq * fit.xq);
    const Lanes trial = select(fit.qq != zero, fit.xq / fit.qq, zero);
    scale = select(better, trial, scale);
    best = select(better, trial * fit.xq, best);
    best_inverse = select(better, inverse, best_inverse);
  }
  // Without magnitude, code 0.
  const Lanes none = magnitude(largest) < all(kNoMagnitude);
  store(found.scales + lanes.first, select(none, all(0.0f), scale));
  store(found.inverses + lanes.first, select(none, all(1.0f), best_inverse));
  store(found.origins + lanes.first, select(none, all(limit), all(0.0f)));
}

void fit_scale_by_descent(SubBlocks& lanes, Range range, Found& found) {
  const Lanes largest = largest_by_magnitude(lanes), none = magnitude(largest) < all(kNoMagnitude);
  const Fit fit =
      descend(lanes, range, false, fit_of<true>(lanes, all(static_cast<float>(range.lowest)) / largest, range));
  const Lanes scale = select(all(0.0f) < fit.qq, fit.xq / fit.qq, all(0.0f));
  store(found.scales + lanes.first, select(none, all(0.0f), scale));
  for (Row& row : lanes) store(row.q, select(none, all(static_cast<float>(range.lowest)), load(row.q)));
}

// --- asymmetric ------------------------------------------------------------------------------------------------------

namespace {

struct Moments {
  Lanes q, qq, xq;
};

template <bool wild>
[[gnu::noinline]] Moments try_codes(SubBlocks& lanes, Lanes inverse, Lanes min, Range range) {
  Moments sum{all(0.0f), all(0.0f), all(0.0f)};
  for (Row& row : lanes) {
    const Lanes x = load(row.values), w = load(row.weights);
    const Lanes q = nearest<wild>(inverse * (x - min), range);
    store(row.q, q);
    const Lanes wq = w * q;
    sum.q = sum.q + wq;
    sum.qq = sum.qq + wq * q;
    sum.xq = sum.xq + wq * x;
  }
  return sum;
}

template <bool absolute>
[[gnu::noinline]] Lanes error_of(SubBlocks& lanes, Lanes scale, Lanes min) {
  Lanes sum = all(0.0f);
  for (Row& row : lanes) {
    const Lanes error = scale * load(row.q) + min - load(row.values);
    sum = sum + load(row.weights) * (absolute ? magnitude(error) : error * error);
  }
  return sum;
}

}  // namespace

void fit_scale_and_min(SubBlocks& lanes, int limit, const Trials& trials, Found& found) {
  const Lanes zero = all(0.0f);
  Lanes low = load(lanes.rows[0].values), high = low, w_sum = zero, x_sum = zero;
  for (Row& row : lanes) {
    const Lanes x = load(row.values), w = load(row.weights);
    low = smaller(low, x);
    high = larger(high, x);
    w_sum = w_sum + w;
    x_sum = x_sum + w * x;
  }
  low = smaller(low, zero);
  const Lanes constant = high == low;

  const auto limit_f = static_cast<float>(limit);
  Lanes scale = zero, min = low, best_error = zero, best_inverse = zero, origin = zero;
  for (int k = -1; k <= trials.last; ++k) {
    const float steps = k < 0 ? limit_f : trials.first + trials.step * static_cast<float>(k) + limit_f;
    // The best minimum so far moves the range.
    const Lanes width = high - min, inverse = all(steps) / width;
    const Lanes tame = (magnitude(inverse * width) < all(0x1p21f)) & (magnitude(inverse * (low - min)) < all(0x1p21f));
    const bool wild = !wasm_i32x4_all_true(wasm_v128_and(tame.a, tame.b));
    const Moments sum =
        wild ? try_codes<true>(lanes, inverse, min, {0, limit}) : try_codes<false>(lanes, inverse, min, {0, limit});
    Lanes trial_scale = all(1.0f) / inverse, trial_min = min, better = all(-1);
    if (k >= 0) {
      const Lanes determinant = w_sum * sum.qq - sum.q * sum.q;
      trial_scale = (w_sum * sum.xq - x_sum * sum.q) / determinant;
      trial_min = (sum.qq * x_sum - sum.q * sum.xq) / determinant;
      const Lanes above = zero < trial_min;
      trial_min = select(above, zero, trial_min);
      trial_scale = select(above, sum.xq / sum.qq, trial_scale);
      better = zero < determinant;
    }
    const Lanes error = trials.absolute_error ? error_of<true>(lanes, trial_scale, trial_min)
                                              : error_of<false>(lanes, trial_scale, trial_min);
    if (k >= 0) better = better & (error < best_error);
    best_error = select(better, error, best_error);
    scale = select(better, trial_scale, scale);
    best_inverse = select(better, inverse, best_inverse);
    origin = select(better, min, origin);
    min = select(better, trial_min, min);
  }
  store(found.scales + lanes.first, select(constant, zero, scale));
  store(found.mins + lanes.first, -select(constant, low, min));
  store(found.inverses + lanes.first, select(constant, zero, best_inverse));
  store(found.origins + lanes.first, select(constant, zero, origin));
}

// --- not negative ----------------------------------------------------------------------------------------------------

void fit_positive_scale(SubBlocks& lanes, int limit, Found& found) {
  const Range range{kAnyInteger.lowest, limit};
  const Lanes zero = all(0.0f);
  Lanes max = zero;
  for (Row& row : lanes) max = larger(load(row.values), max);
  const Lanes none = max < all(kNoMagnitude);

  Lanes best_inverse = zero, best_error = zero;
  for (int n = 0; n < 9; ++n) {
    const int k = n == 0 ? 0 : n < 5 ? n - 5 : n - 4;
    const Lanes inverse = all(0.1f * static_cast<float>(k) + static_cast<float>(limit)) / max;
    const Lanes scale = all(1.0f) / inverse;
    Lanes error = zero;
    for (Row& row : lanes) {
      const Lanes x = load(row.values);
      const Lanes q = n == 0 ? as_byte(nearest<true>(inverse * x, kAnyInteger)) : nearest<true>(inverse * x, range);
      const Lanes difference = x - scale * q;
      error = error + load(row.weights) * difference * difference;
    }
    const Lanes better = n == 0 ? all(-1) : error < best_error;
    best_error = select(better, error, best_error);
    best_inverse = select(better, inverse, best_inverse);
  }

  Fit fit = fit_of<true>(lanes, best_inverse, range);
  for (Row& row : lanes) store(row.q, select(none, zero, as_byte(load(row.q))));
  fit = descend(lanes, range, true, fit);
  const Lanes scale = select(zero < fit.qq, fit.xq / fit.qq, zero);
  store(found.scales + lanes.first, select(none, zero, scale));
  for (Row& row : lanes) store(row.q, select(none, zero, load(row.q)));
}

// --- weights ---------------------------------------------------------------------------------------------------------

void weigh_importance(SubBlocks& lanes, float spread, Found& found) {
  Lanes sum = all(0.0f);
  for (Row& row : lanes) {
    const Lanes x = load(row.values);
    const Lanes w = load(row.weights) * root(all(spread) + x * x);
    store(row.weights, w);
    sum = sum + w;
  }
  store(found.weights + lanes.first, sum);
}

void weigh_squares(SubBlocks& lanes) {
  for (Row& row : lanes) {
    const Lanes x = load(row.values);
    store(row.weights, x * x);
  }
}

void weigh_magnitudes(SubBlocks& lanes, bool with_mean) {
  Lanes spread = all(0.0f);
  if (with_mean) {
    for (Row& row : lanes) {
      const Lanes x = load(row.values);
      spread = spread + x * x;
    }
    spread = root(spread / all(static_cast<float>(lanes.size)));
  }
  for (Row& row : lanes) store(row.weights, spread + magnitude(load(row.values)));
}

void to_lanes(const float* numbers, std::size_t size, float* lanes) {
  constexpr std::size_t kRow = sizeof(Row) / sizeof(float);
  for (std::size_t half = 0; half < kLanes; half += 4, numbers += 4 * size)
    for (std::size_t i = 0; i < size; i += 4) {
      const float* from = numbers + i;
      float* to = lanes + i * kRow + half;
      const v128_t a = simd::load(from), b = simd::load(from + size), c = simd::load(from + 2 * size),
                   d = simd::load(from + 3 * size);
      const v128_t ab_low = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), ab_high = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
      const v128_t cd_low = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), cd_high = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
      simd::store(to, wasm_i64x2_shuffle(ab_low, cd_low, 0, 2));
      simd::store(to + kRow, wasm_i64x2_shuffle(ab_low, cd_low, 1, 3));
      simd::store(to + 2 * kRow, wasm_i64x2_shuffle(ab_high, cd_high, 0, 2));
      simd::store(to + 3 * kRow, wasm_i64x2_shuffle(ab_high, cd_high, 1, 3));
    }
}

}  // namespace fewbits::k
