#include "blocks/k_search.hpp"

#include <concepts>

namespace fewbits::k {
namespace {

#define FEWBITS_LANES [[gnu::always_inline]] inline

// Eight lanes: two registers, so that one's additions go on while the other's wait for their sums. What is not in a hot
// loop takes four at a time, which is half the code.
struct Lanes {
  v128_t a, b;
};
struct Four {
  v128_t a;
};

template <class F>
FEWBITS_LANES Four each(F f, Four x, Four y) {
  return {f(x.a, y.a)};
}
template <class F>
FEWBITS_LANES Lanes each(F f, Lanes x, Lanes y) {
  return {f(x.a, y.a), f(x.b, y.b)};
}
template <class T>
concept Register = std::same_as<T, Lanes> || std::same_as<T, Four>;

template <Register T>
FEWBITS_LANES T all(float value) {
  const v128_t x = simd::splat(value);
  if constexpr (std::same_as<T, Four>)
    return {x};
  else
    return {x, x};
}
template <Register T>
FEWBITS_LANES T load(const float* from) {
  if constexpr (std::same_as<T, Four>)
    return {simd::load(from)};
  else
    return {simd::load(from), simd::load(from + 4)};
}
FEWBITS_LANES void store(float* to, Four x) {
  simd::store(to, x.a);
}
FEWBITS_LANES void store(float* to, Lanes x) {
  simd::store(to, x.a);
  simd::store(to + 4, x.b);
}

#define FEWBITS_OPERATION(name, instruction)                                                \
  template <Register T>                                                                     \
  FEWBITS_LANES T name(T x, T y) {                                                          \
    return each([](v128_t p, v128_t q) FEWBITS_INLINE { return instruction(p, q); }, x, y); \
  }
FEWBITS_OPERATION(operator+, wasm_f32x4_add)
FEWBITS_OPERATION(operator-, wasm_f32x4_sub)
FEWBITS_OPERATION(operator*, wasm_f32x4_mul)
FEWBITS_OPERATION(operator/, wasm_f32x4_div)
// Masks: all ones, or zeros.
FEWBITS_OPERATION(operator<, wasm_f32x4_lt)
FEWBITS_OPERATION(operator==, wasm_f32x4_eq)
FEWBITS_OPERATION(operator!=, wasm_f32x4_ne)
FEWBITS_OPERATION(operator&, wasm_v128_and)
FEWBITS_OPERATION(operator|, wasm_v128_or)
// y < x ? y : x and x < y ? y : x
FEWBITS_OPERATION(smaller, wasm_f32x4_pmin)
FEWBITS_OPERATION(larger, wasm_f32x4_pmax)
FEWBITS_OPERATION(larger_integer, wasm_i32x4_max)
FEWBITS_OPERATION(smaller_integer, wasm_i32x4_min)
#undef FEWBITS_OPERATION

template <Register T>
FEWBITS_LANES T all_bits(std::int32_t bits) {
  const v128_t x = simd::splat(bits);
  if constexpr (std::same_as<T, Four>)
    return {x};
  else
    return {x, x};
}
template <Register T>
FEWBITS_LANES T magnitude(T x) {
  return x & all_bits<T>(0x7FFFFFFF);
}
FEWBITS_LANES Four root(Four x) {
  return {wasm_f32x4_sqrt(x.a)};
}
FEWBITS_LANES Four select(Four mask, Four yes, Four no) {
  return {simd::select(mask.a, yes.a, no.a)};
}
FEWBITS_LANES Lanes select(Lanes mask, Lanes yes, Lanes no) {
  return {simd::select(mask.a, yes.a, no.a), simd::select(mask.b, yes.b, no.b)};
}
FEWBITS_LANES bool any(Lanes mask) {
  return wasm_v128_any_true(wasm_v128_or(mask.a, mask.b));
}

constexpr std::int32_t kMantissa = 0x7FFFFF, kExponent = 0x4B000000;
constexpr Range kAnyInteger{-0x400000, 0x3FFFFF};

// x rounded to an integer of the range, ties to even. Where |x| may reach 2^22, or be NaN, it is `wild`: the sum's
// mantissa is taken as an integer all the same, as the reference does.
template <bool wild, Register T>
FEWBITS_LANES T nearest(T x, Range range) {
  const T magic = all<T>(simd::kRoundingMagic);
  T sum = x + magic;
  if constexpr (wild) sum = (sum & all_bits<T>(kMantissa)) | all_bits<T>(kExponent);
  sum = larger_integer(sum, all_bits<T>(simd::kRoundingMagicBits + range.lowest));
  return smaller_integer(sum, all_bits<T>(simd::kRoundingMagicBits + range.highest)) - magic;
}

// An integer as a byte holds it.
template <Register T>
FEWBITS_LANES T as_byte(T q) {
  const T bits = (q + all<T>(simd::kRoundingMagic)) & all_bits<T>(0xFF);
  return (bits | all_bits<T>(kExponent)) - all_bits<T>(kExponent);
}

// Both halves of eight lanes, one after the other: step(where a half begins).
template <class Step>
FEWBITS_LANES void for_halves(Step step) {
  for (std::size_t half = 0; half < kLanes; half += 4) step(half);
}

// --- symmetric -------------------------------------------------------------------------------------------------------

// sum(w x q) and sum(w q^2)
struct Fit {
  float xq[kLanes], qq[kLanes];
};

// Leaves the integers in lanes.q.
template <bool wild>
[[gnu::noinline]] void fit_of(SubBlocks& lanes, const float* inverses, Range range, Fit& fit) {
  const Lanes inverse = load<Lanes>(inverses);
  Lanes sum_xq = all<Lanes>(0.0f), sum_qq = sum_xq;
  for (Row& row : lanes) {
    const Lanes x = load<Lanes>(row.values), w = load<Lanes>(row.weights);
    const Lanes q = nearest<wild>(inverse * x, range);
    store(row.q, q);
    sum_xq = sum_xq + w * x * q;
    sum_qq = sum_qq + w * q * q;
  }
  store(fit.xq, sum_xq);
  store(fit.qq, sum_qq);
}

[[gnu::noinline]] void largest_by_magnitude(SubBlocks& lanes, float* to) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    Four largest = all<Four>(0.0f);
    for (Row& row : lanes) {
      const Four x = load<Four>(row.values + half);
      largest = select(magnitude(largest) < magnitude(x), x, largest);
    }
    store(to + half, largest);
  });
}

// scales = xq / qq, or 0 where there is nothing to divide by, or no magnitude.
void store_scales(const Fit& fit, const float* magnitudes, SubBlocks& lanes) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const Four zero = all<Four>(0.0f), qq = load<Four>(fit.qq + half);
    const Four none = magnitude(load<Four>(magnitudes + half)) < all<Four>(kNoMagnitude);
    const Four scale = select(zero < qq, load<Four>(fit.xq + half) / qq, zero);
    store(lanes.found->scales + lanes.first + half, select(none, zero, scale));
  });
}

[[gnu::noinline]] void descend(SubBlocks& lanes, Range range, bool bytes, Fit& fit) {
  Lanes fit_xq = load<Lanes>(fit.xq), fit_qq = load<Lanes>(fit.qq);
  const Lanes zero = all<Lanes>(0.0f);
  // Where no code changed, none would in another pass.
  bool changed = true;
  for (int pass = 0; pass < 5 && changed; ++pass) {
    changed = false;
    for (Row& row : lanes) {
      const Lanes x = load<Lanes>(row.values), w = load<Lanes>(row.weights), q = load<Lanes>(row.q);
      const Lanes wx = w * x;
      const Lanes xq = fit_xq - wx * q, qq = fit_qq - w * q * q;
      const Lanes new_q = nearest<true>(x * qq / xq, range);
      const Lanes new_xq = xq + wx * new_q, new_qq = qq + w * new_q * new_q;
      const Lanes gains = fit_xq * fit_xq * new_qq < new_xq * new_xq * fit_qq;
      const Lanes taken = (zero < xq) & (zero < qq) & (new_q != q) & gains;
      if (!any(taken)) continue;
      changed = true;
      fit_xq = select(taken, new_xq, fit_xq);
      fit_qq = select(taken, new_qq, fit_qq);
      store(row.q, select(taken, bytes ? as_byte(new_q) : new_q, q));
    }
  }
  store(fit.xq, fit_xq);
  store(fit.qq, fit_qq);
}

// The integers where there is a magnitude, `otherwise` where not.
[[gnu::noinline]] void settle(SubBlocks& lanes, const float* magnitudes, float otherwise, bool bytes) {
  for (Row& row : lanes)
    for_halves([&](std::size_t half) FEWBITS_INLINE {
      const Four none = magnitude(load<Four>(magnitudes + half)) < all<Four>(kNoMagnitude);
      const Four q = load<Four>(row.q + half);
      store(row.q + half, select(none, all<Four>(otherwise), bytes ? as_byte(q) : q));
    });
}

}  // namespace

void fit_scale(SubBlocks& lanes, Range range, bool given) {
  float largest[kLanes], best[kLanes] = {}, inverses[kLanes];
  largest_by_magnitude(lanes, largest);
  Found& found = *lanes.found;
  const auto limit = static_cast<float>(-range.lowest);
  for (int n = 0; n < 19; ++n) {
    const int k = n == 0 ? 0 : n < 10 ? n - 10 : n - 9;
    for_halves([&](std::size_t half) FEWBITS_INLINE {
      store(inverses + half, all<Four>(-(limit + 0.1f * static_cast<float>(k))) / load<Four>(largest + half));
    });
    Fit fit;
    if (given)
      fit_of<true>(lanes, inverses, range, fit);
    else
      fit_of<false>(lanes, inverses, range, fit);
    for_halves([&](std::size_t half) FEWBITS_INLINE {
      const std::size_t at = lanes.first + half;
      const Four zero = all<Four>(0.0f), xq = load<Four>(fit.xq + half), qq = load<Four>(fit.qq + half);
      const Four old = load<Four>(best + half);
      const Four better = n == 0 ? zero == zero : (zero < qq) & (old * qq < xq * xq);
      const Four scale = select(qq != zero, xq / qq, zero);
      store(found.scales + at, select(better, scale, load<Four>(found.scales + at)));
      store(found.inverses + at, select(better, load<Four>(inverses + half), load<Four>(found.inverses + at)));
      store(best + half, select(better, scale * xq, old));
    });
  }
  // Without magnitude, code 0.
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const std::size_t at = lanes.first + half;
    const Four zero = all<Four>(0.0f);
    const Four none = magnitude(load<Four>(largest + half)) < all<Four>(kNoMagnitude);
    store(found.scales + at, select(none, zero, load<Four>(found.scales + at)));
    store(found.inverses + at, select(none, all<Four>(1.0f), load<Four>(found.inverses + at)));
    store(found.origins + at, none & all<Four>(limit));
  });
}

void fit_scale_by_descent(SubBlocks& lanes, Range range) {
  const auto lowest = static_cast<float>(range.lowest);
  float largest[kLanes], inverses[kLanes];
  largest_by_magnitude(lanes, largest);
  for (std::size_t i = 0; i < kLanes; ++i) inverses[i] = lowest / largest[i];
  Fit fit;
  fit_of<true>(lanes, inverses, range, fit);
  descend(lanes, range, false, fit);
  store_scales(fit, largest, lanes);
  settle(lanes, largest, lowest, false);
}

// --- asymmetric ------------------------------------------------------------------------------------------------------

namespace {

struct State {
  float low[kLanes], high[kLanes], w_sum[kLanes], x_sum[kLanes];
  float scale[kLanes], min[kLanes], error[kLanes], inverse[kLanes], origin[kLanes];  // of the best trial
  float trial_inverse[kLanes], trial_scale[kLanes], trial_min[kLanes], trial_error[kLanes], valid[kLanes];
  float q[kLanes], qq[kLanes], xq[kLanes];  // weighed sums of the trial
};

template <bool wild>
[[gnu::noinline]] void try_codes(SubBlocks& lanes, Range range, State& state) {
  const Lanes inverse = load<Lanes>(state.trial_inverse), min = load<Lanes>(state.min);
  Lanes sum_q = all<Lanes>(0.0f), sum_qq = sum_q, sum_xq = sum_q;
  for (Row& row : lanes) {
    const Lanes x = load<Lanes>(row.values), w = load<Lanes>(row.weights);
    const Lanes q = nearest<wild>(inverse * (x - min), range);
    store(row.q, q);
    const Lanes wq = w * q;
    sum_q = sum_q + wq;
    sum_qq = sum_qq + wq * q;
    sum_xq = sum_xq + wq * x;
  }
  store(state.q, sum_q);
  store(state.qq, sum_qq);
  store(state.xq, sum_xq);
}

template <bool absolute>
[[gnu::noinline]] void find_error(SubBlocks& lanes, State& state) {
  const Lanes scale = load<Lanes>(state.trial_scale), min = load<Lanes>(state.trial_min);
  Lanes sum = all<Lanes>(0.0f);
  for (Row& row : lanes) {
    const Lanes error = scale * load<Lanes>(row.q) + min - load<Lanes>(row.values);
    sum = sum + load<Lanes>(row.weights) * (absolute ? magnitude(error) : error * error);
  }
  store(state.trial_error, sum);
}

void begin(SubBlocks& lanes, State& state) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const Four zero = all<Four>(0.0f);
    Four low = load<Four>(lanes.rows[0].values + half), high = low, w_sum = zero, x_sum = zero;
    for (Row& row : lanes) {
      const Four x = load<Four>(row.values + half), w = load<Four>(row.weights + half);
      low = smaller(low, x);
      high = larger(high, x);
      w_sum = w_sum + w;
      x_sum = x_sum + w * x;
    }
    low = smaller(low, zero);  // a -0 keeps its sign: Q4_1 stores it
    store(state.low + half, low);
    store(state.min + half, low);
    store(state.high + half, high);
    store(state.w_sum + half, w_sum);
    store(state.x_sum + half, x_sum);
  });
}

void try_scale(SubBlocks& lanes, float steps, Range range, State& state) {
  bool wild = false;
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    // The best minimum so far moves the range.
    const Four min = load<Four>(state.min + half), width = load<Four>(state.high + half) - min;
    const Four inverse = all<Four>(steps) / width, least = load<Four>(state.low + half) - min;
    const Four limit = all<Four>(0x1p21f);
    const Four tame = (magnitude(inverse * width) < limit) & (magnitude(inverse * least) < limit);
    wild = wild || !wasm_i32x4_all_true(tame.a);
    store(state.trial_inverse + half, inverse);
  });
  if (wild)
    try_codes<true>(lanes, range, state);
  else
    try_codes<false>(lanes, range, state);
}

void solve(bool first, State& state) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const Four zero = all<Four>(0.0f);
    const Four w = load<Four>(state.w_sum + half), x = load<Four>(state.x_sum + half);
    const Four q = load<Four>(state.q + half), qq = load<Four>(state.qq + half), xq = load<Four>(state.xq + half);
    const Four determinant = w * qq - q * q;
    Four min = (qq * x - q * xq) / determinant;
    Four scale = select(zero < min, xq / qq, (w * xq - x * q) / determinant);
    min = select(zero < min, zero, min);
    if (first) {
      scale = all<Four>(1.0f) / load<Four>(state.trial_inverse + half);
      min = load<Four>(state.min + half);
    }
    store(state.trial_min + half, min);
    store(state.trial_scale + half, scale);
    store(state.valid + half, zero < determinant);
  });
}

void keep_if_better(SubBlocks& lanes, bool absolute, bool first, State& state) {
  if (absolute)
    find_error<true>(lanes, state);
  else
    find_error<false>(lanes, state);
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const Four error = load<Four>(state.trial_error + half), old = load<Four>(state.error + half);
    const Four better = first ? all_bits<Four>(-1) : load<Four>(state.valid + half) & (error < old);
    const auto keep = [&](const float* trial, float* best) FEWBITS_INLINE {
      store(best + half, select(better, load<Four>(trial + half), load<Four>(best + half)));
    };
    keep(state.trial_error, state.error);
    keep(state.trial_scale, state.scale);
    keep(state.trial_inverse, state.inverse);
    keep(state.min, state.origin);
    keep(state.trial_min, state.min);
  });
}

}  // namespace

void fit_scales_and_mins(std::span<SubBlocks> groups, int limit, const Trials& trials) {
  State states[kMostGroups] = {};
  const auto limit_f = static_cast<float>(limit);
  const auto for_groups = [&](auto step) FEWBITS_INLINE {
    for (std::size_t i = 0; i < groups.size(); ++i) step(groups[i], states[i]);
  };
  for_groups(begin);
  // Group after group, so that one's sums are ready when the others have been added up.
  for (int k = -1; k <= trials.last; ++k) {
    const bool first = k < 0;
    const float steps = first ? limit_f : trials.first + trials.step * static_cast<float>(k) + limit_f;
    for_groups([&](SubBlocks& lanes, State& state) { try_scale(lanes, steps, {0, limit}, state); });
    for_groups([&](SubBlocks&, State& state) { solve(first, state); });
    for_groups([&](SubBlocks& lanes, State& state) { keep_if_better(lanes, trials.absolute_error, first, state); });
  }
  for_groups([&](SubBlocks& lanes, State& state) {
    for_halves([&](std::size_t half) FEWBITS_INLINE {
      const Four zero = all<Four>(0.0f), low = load<Four>(state.low + half);
      const Four constant = load<Four>(state.high + half) == low;
      const auto give = [&](Four instead, const float* best, float* to) FEWBITS_INLINE {
        store(to + lanes.first + half, select(constant, instead, load<Four>(best + half)));
      };
      give(zero, state.scale, lanes.found->scales);
      give(low, state.min, lanes.found->mins);
      give(zero, state.inverse, lanes.found->inverses);
      give(zero, state.origin, lanes.found->origins);
      float* const mins = lanes.found->mins + lanes.first + half;
      store(mins, Four{wasm_f32x4_neg(simd::load(mins))});
    });
  });
}

// --- not negative ----------------------------------------------------------------------------------------------------

void fit_positive_scale(SubBlocks& lanes, int limit) {
  const Range range{kAnyInteger.lowest, limit};
  float max[kLanes], inverses[kLanes];
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const Four zero = all<Four>(0.0f);
    Four largest = zero, best_inverse = zero, best_error = zero;
    for (Row& row : lanes) largest = larger(load<Four>(row.values + half), largest);
    for (int n = 0; n < 9; ++n) {
      const int k = n == 0 ? 0 : n < 5 ? n - 5 : n - 4;
      const Four inverse = all<Four>(0.1f * static_cast<float>(k) + static_cast<float>(limit)) / largest;
      const Four scale = all<Four>(1.0f) / inverse;
      Four error = zero;
      for (Row& row : lanes) {
        const Four x = load<Four>(row.values + half);
        Four q = nearest<true>(inverse * x, n == 0 ? kAnyInteger : range);
        if (n == 0) q = as_byte(q);
        const Four difference = x - scale * q;
        error = error + load<Four>(row.weights + half) * difference * difference;
      }
      const Four better = n == 0 ? all_bits<Four>(-1) : error < best_error;
      best_error = select(better, error, best_error);
      best_inverse = select(better, inverse, best_inverse);
    }
    store(max + half, largest);
    store(inverses + half, best_inverse);
  });
  Fit fit;
  fit_of<true>(lanes, inverses, range, fit);
  settle(lanes, max, 0, true);
  descend(lanes, range, true, fit);
  store_scales(fit, max, lanes);
  settle(lanes, max, 0, false);
}

// --- weights ---------------------------------------------------------------------------------------------------------

void weigh_importance(SubBlocks& lanes, float spread) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    Four sum = all<Four>(0.0f);
    for (Row& row : lanes) {
      const Four x = load<Four>(row.values + half);
      const Four w = load<Four>(row.weights + half) * root(all<Four>(spread) + x * x);
      store(row.weights + half, w);
      sum = sum + w;
    }
    store(lanes.found->weights + lanes.first + half, sum);
  });
}

void weigh_squares(SubBlocks& lanes) {
  for (Row& row : lanes)
    for_halves([&](std::size_t half) FEWBITS_INLINE {
      const Four x = load<Four>(row.values + half);
      store(row.weights + half, x * x);
    });
}

void weigh_magnitudes(SubBlocks& lanes, bool with_mean) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    Four spread = all<Four>(0.0f);
    if (with_mean) {
      for (Row& row : lanes) {
        const Four x = load<Four>(row.values + half);
        spread = spread + x * x;
      }
      spread = root(spread / all<Four>(static_cast<float>(lanes.size)));
    }
    for (Row& row : lanes) store(row.weights + half, spread + magnitude(load<Four>(row.values + half)));
  });
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
