#include "blocks/k_search.hpp"

#include <algorithm>
#include <cstddef>

namespace fewbits::k {
namespace {

#define FEWBITS_LANES [[gnu::always_inline]] inline

// Four lanes of a register.
struct Four {
  v128_t a;
};

FEWBITS_LANES Four all(float value) {
  return {simd::splat(value)};
}
FEWBITS_LANES Four all_bits(std::int32_t bits) {
  return {simd::splat(bits)};
}
FEWBITS_LANES Four load(const float* from) {
  return {simd::load(from)};
}
FEWBITS_LANES void store(float* to, Four x) {
  simd::store(to, x.a);
}

#define FEWBITS_OPERATION(name, instruction) \
  FEWBITS_LANES Four name(Four x, Four y) {  \
    return {instruction(x.a, y.a)};          \
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

FEWBITS_LANES Four magnitude(Four x) {
  return x & all_bits(0x7FFFFFFF);
}
FEWBITS_LANES Four root(Four x) {
  return {wasm_f32x4_sqrt(x.a)};
}
FEWBITS_LANES Four select(Four mask, Four yes, Four no) {
  return {simd::select(mask.a, yes.a, no.a)};
}

constexpr std::int32_t kMantissa = 0x7FFFFF, kExponent = 0x4B000000;
constexpr Range kAnyInteger{-0x400000, 0x3FFFFF};

// x rounded to an integer of a range, ties to even. Where |x| may reach 2^22, or be NaN, it is `wild`: the sum's
// mantissa is taken as an integer all the same, as the reference does.
//
// Hot loops take the three from memory: V8 fills constants again in every pass, but keeps what was loaded.
struct Rounding {
  float magic[4], lowest[4], highest[4];

  explicit Rounding(Range range) {
    store(magic, all(simd::kRoundingMagic));
    store(lowest, all_bits(simd::kRoundingMagicBits + range.lowest));
    store(highest, all_bits(simd::kRoundingMagicBits + range.highest));
  }
};
struct Nearest {
  Four magic, lowest, highest;

  explicit Nearest(const Rounding& rounding)
      : magic(load(rounding.magic)),
        lowest(load(rounding.lowest)),
        highest(load(rounding.highest)) {}

  template <bool wild>
  FEWBITS_LANES Four of(Four x) const {
    Four sum = x + magic;
    if constexpr (wild) sum = (sum & all_bits(kMantissa)) | all_bits(kExponent);
    return smaller_integer(larger_integer(sum, lowest), highest) - magic;
  }
};
// An integer as a byte holds it.
FEWBITS_LANES Four as_byte(Four q) {
  const Four bits = (q + all(simd::kRoundingMagic)) & all_bits(0xFF);
  return (bits | all_bits(kExponent)) - all_bits(kExponent);
}

// Both halves of eight lanes, one after the other: step(where a half begins).
template <class Step>
FEWBITS_LANES void for_halves(Step step) {
  for (std::size_t half = 0; half < kLanes; half += 4) step(half);
}

// step(element) for the elements of a half: where its four values are. Weights and integers follow them.
constexpr std::size_t kWeights = offsetof(Row, weights) / sizeof(float), kIntegers = offsetof(Row, q) / sizeof(float);
template <class Step>
FEWBITS_LANES void for_elements(SubBlocks& lanes, std::size_t half, Step step) {
  constexpr std::size_t kRow = sizeof(Row) / sizeof(float);
  float* element = lanes.rows[0].values + half;
  const float* const end = element + lanes.size * kRow;
  do {
    step(element);
    element += kRow;
  } while (element != end);
}

// --- symmetric -------------------------------------------------------------------------------------------------------

// sum(w x q) and sum(w q^2)
struct Fit {
  float xq[kLanes], qq[kLanes];
};

// Leaves the integers in lanes.q.
[[gnu::noinline]] void fit_of(SubBlocks& lanes, const float* inverses, const Rounding& rounding, Fit& fit) {
  const Nearest nearest(rounding);
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const Four inverse = load(inverses + half);
    Four sum_xq = all(0.0f), sum_qq = sum_xq;
    for_elements(lanes, half, [&](float* element) FEWBITS_INLINE {
      const Four x = load(element), w = load(element + kWeights);
      const Four q = nearest.of<true>(inverse * x);
      store(element + kIntegers, q);
      sum_xq = sum_xq + w * x * q;
      sum_qq = sum_qq + w * q * q;
    });
    store(fit.xq + half, sum_xq);
    store(fit.qq + half, sum_qq);
  });
}

[[gnu::noinline]] void largest_by_magnitude(SubBlocks& lanes, float* to) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    Four largest = all(0.0f);
    for (Row& row : lanes) {
      const Four x = load(row.values + half);
      largest = select(magnitude(largest) < magnitude(x), x, largest);
    }
    store(to + half, largest);
  });
}

// scales = xq / qq, or 0 where there is nothing to divide by, or no magnitude.
void store_scales(const Fit& fit, const float* magnitudes, SubBlocks& lanes) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const Four zero = all(0.0f), qq = load(fit.qq + half);
    const Four none = magnitude(load(magnitudes + half)) < all(kNoMagnitude);
    const Four scale = select(zero < qq, load(fit.xq + half) / qq, zero);
    store(lanes.found->scales + lanes.first + half, select(none, zero, scale));
  });
}

[[gnu::noinline]] void descend(SubBlocks& lanes, const Rounding& rounding, bool bytes, Fit& fit) {
  const Nearest nearest(rounding);
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    Four fit_xq = load(fit.xq + half), fit_qq = load(fit.qq + half);
    const Four zero = all(0.0f);
    // Where no code changed, none would in another pass.
    bool changed = true;
    for (int pass = 0; pass < 5 && changed; ++pass) {
      changed = false;
      for_elements(lanes, half, [&](float* element) FEWBITS_INLINE {
        const Four x = load(element), w = load(element + kWeights), q = load(element + kIntegers);
        const Four wx = w * x;
        const Four xq = fit_xq - wx * q, qq = fit_qq - w * q * q;
        const Four new_q = nearest.of<true>(x * qq / xq);
        const Four new_xq = xq + wx * new_q, new_qq = qq + w * new_q * new_q;
        const Four gains = fit_xq * fit_xq * new_qq < new_xq * new_xq * fit_qq;
        const Four taken = (zero < xq) & (zero < qq) & (new_q != q) & gains;
        if (!wasm_v128_any_true(taken.a)) return;
        changed = true;
        fit_xq = select(taken, new_xq, fit_xq);
        fit_qq = select(taken, new_qq, fit_qq);
        store(element + kIntegers, select(taken, bytes ? as_byte(new_q) : new_q, q));
      });
    }
    store(fit.xq + half, fit_xq);
    store(fit.qq + half, fit_qq);
  });
}

// The integers where there is a magnitude, `otherwise` where not.
[[gnu::noinline]] void settle(SubBlocks& lanes, const float* magnitudes, float otherwise, bool bytes) {
  for (Row& row : lanes)
    for_halves([&](std::size_t half) FEWBITS_INLINE {
      const Four none = magnitude(load(magnitudes + half)) < all(kNoMagnitude);
      const Four q = load(row.q + half);
      store(row.q + half, select(none, all(otherwise), bytes ? as_byte(q) : q));
    });
}

}  // namespace

namespace {

// 1 / scale = -(limit + k / 10) / largest, k = 0, -9 .. -1, 1 .. 9; the last twice, since two trials share what they
// load.
constexpr int kTrials = 20;
struct Trial {
  Four inverse, xq, qq;
};

template <bool wild>
[[gnu::noinline]] void try_two(SubBlocks& lanes, std::size_t half, const Rounding& rounding, Trial* trials) {
  const Nearest nearest(rounding);
  const Four inverse = trials[0].inverse, other_inverse = trials[1].inverse;
  Four xq = all(0.0f), qq = xq, other_xq = xq, other_qq = xq;
  for_elements(lanes, half, [&](const float* element) FEWBITS_INLINE {
    const Four x = load(element), w = load(element + kWeights), wx = w * x;
    const Four q = nearest.of<wild>(inverse * x), other_q = nearest.of<wild>(other_inverse * x);
    xq = xq + wx * q;
    qq = qq + w * q * q;
    other_xq = other_xq + wx * other_q;
    other_qq = other_qq + w * other_q * other_q;
  });
  trials[0].xq = xq;
  trials[0].qq = qq;
  trials[1].xq = other_xq;
  trials[1].qq = other_qq;
}

// All trials are set up, made and compared in three turns: none waits for another's divisions.
void try_scales(SubBlocks& lanes, std::size_t half, const Rounding& rounding, float limit, Four largest, bool wild) {
  Trial trials[kTrials];
  for (int n = 0; n < kTrials; ++n) {
    const int trial = std::min(n, kTrials - 2), k = trial == 0 ? 0 : trial < 10 ? trial - 10 : trial - 9;
    trials[n].inverse = all(-(limit + 0.1f * static_cast<float>(k))) / largest;
  }
  const auto try_both = wild ? try_two<true> : try_two<false>;
  for (int n = 0; n < kTrials; n += 2) try_both(lanes, half, rounding, trials + n);
  const Four zero = all(0.0f);
  Four best = zero, best_scale = zero, best_inverse = zero;
  for (const Trial& trial : trials) {
    const bool first = &trial == trials;
    const Four better = first ? zero == zero : (zero < trial.qq) & (best * trial.qq < trial.xq * trial.xq);
    const Four scale = select(trial.qq != zero, trial.xq / trial.qq, zero);
    best_scale = select(better, scale, best_scale);
    best_inverse = select(better, trial.inverse, best_inverse);
    best = select(better, scale * trial.xq, best);
  }
  // Without magnitude, code 0.
  const std::size_t at = lanes.first + half;
  const Four none = magnitude(largest) < all(kNoMagnitude);
  store(lanes.found->scales + at, select(none, zero, best_scale));
  store(lanes.found->inverses + at, select(none, all(1.0f), best_inverse));
  store(lanes.found->origins + at, none & all(limit));
}

}  // namespace

void fit_scale(SubBlocks& lanes, Range range, bool given) {
  float largest[kLanes];
  largest_by_magnitude(lanes, largest);
  const Rounding rounding(range);
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    try_scales(lanes, half, rounding, static_cast<float>(-range.lowest), load(largest + half), given);
  });
}

void fit_scale_by_descent(SubBlocks& lanes, Range range) {
  const auto lowest = static_cast<float>(range.lowest);
  float largest[kLanes], inverses[kLanes];
  largest_by_magnitude(lanes, largest);
  for (std::size_t i = 0; i < kLanes; ++i) inverses[i] = lowest / largest[i];
  Fit fit;
  const Rounding rounding(range);
  fit_of(lanes, inverses, rounding, fit);
  descend(lanes, rounding, false, fit);
  store_scales(fit, largest, lanes);
  settle(lanes, largest, lowest, false);
}

// --- asymmetric ------------------------------------------------------------------------------------------------------

namespace {

struct alignas(16) State {
  float low[kLanes], high[kLanes], w_sum[kLanes], x_sum[kLanes];
  float scale[kLanes], min[kLanes], error[kLanes], inverse[kLanes], origin[kLanes];  // of the best trial
  float trial_inverse[kLanes], trial_scale[kLanes], trial_min[kLanes], trial_error[kLanes], valid[kLanes];
  float q[kLanes], qq[kLanes], xq[kLanes];  // weighed sums of the trial
};

template <bool wild>
[[gnu::noinline]] void try_codes(SubBlocks& lanes, const Rounding& rounding, State& state) {
  const Nearest nearest(rounding);
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const Four inverse = load(state.trial_inverse + half), min = load(state.min + half);
    Four sum_q = all(0.0f), sum_qq = sum_q, sum_xq = sum_q;
    for_elements(lanes, half, [&](float* element) FEWBITS_INLINE {
      const Four x = load(element), w = load(element + kWeights);
      const Four q = nearest.of<wild>(inverse * (x - min));
      store(element + kIntegers, q);
      const Four wq = w * q;
      sum_q = sum_q + wq;
      sum_qq = sum_qq + wq * q;
      sum_xq = sum_xq + wq * x;
    });
    store(state.q + half, sum_q);
    store(state.qq + half, sum_qq);
    store(state.xq + half, sum_xq);
  });
}

template <bool absolute>
[[gnu::noinline]] void find_error(SubBlocks& lanes, State& state) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const Four scale = load(state.trial_scale + half), min = load(state.trial_min + half);
    Four sum = all(0.0f);
    for_elements(lanes, half, [&](const float* element) FEWBITS_INLINE {
      const Four error = scale * load(element + kIntegers) + min - load(element);
      sum = sum + load(element + kWeights) * (absolute ? magnitude(error) : error * error);
    });
    store(state.trial_error + half, sum);
  });
}

void begin(SubBlocks& lanes, State& state) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const Four zero = all(0.0f);
    Four low = load(lanes.rows[0].values + half), high = low, w_sum = zero, x_sum = zero;
    for (Row& row : lanes) {
      const Four x = load(row.values + half), w = load(row.weights + half);
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

void try_scale(SubBlocks& lanes, float steps, const Rounding& rounding, State& state) {
  bool wild = false;
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    // The best minimum so far moves the range.
    const Four min = load(state.min + half), width = load(state.high + half) - min;
    const Four inverse = all(steps) / width, least = load(state.low + half) - min;
    const Four limit = all(0x1p21f);
    const Four tame = (magnitude(inverse * width) < limit) & (magnitude(inverse * least) < limit);
    wild = wild || !wasm_i32x4_all_true(tame.a);
    store(state.trial_inverse + half, inverse);
  });
  if (wild)
    try_codes<true>(lanes, rounding, state);
  else
    try_codes<false>(lanes, rounding, state);
}

void solve(bool first, State& state) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const Four zero = all(0.0f);
    const Four w = load(state.w_sum + half), x = load(state.x_sum + half);
    const Four q = load(state.q + half), qq = load(state.qq + half), xq = load(state.xq + half);
    const Four determinant = w * qq - q * q;
    Four min = (qq * x - q * xq) / determinant;
    Four scale = select(zero < min, xq / qq, (w * xq - x * q) / determinant);
    min = select(zero < min, zero, min);
    if (first) {
      scale = all(1.0f) / load(state.trial_inverse + half);
      min = load(state.min + half);
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
    const Four error = load(state.trial_error + half), old = load(state.error + half);
    const Four better = first ? all_bits(-1) : load(state.valid + half) & (error < old);
    const auto keep = [&](const float* trial, float* best) FEWBITS_INLINE {
      store(best + half, select(better, load(trial + half), load(best + half)));
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
  const Rounding rounding({0, limit});
  const auto for_groups = [&](auto step) FEWBITS_INLINE {
    for (std::size_t i = 0; i < groups.size(); ++i) step(groups[i], states[i]);
  };
  for_groups(begin);
  // Group after group, so that one's sums are ready when the others have been added up.
  for (int k = -1; k <= trials.last; ++k) {
    const bool first = k < 0;
    const float steps = first ? limit_f : trials.first + trials.step * static_cast<float>(k) + limit_f;
    for_groups([&](SubBlocks& lanes, State& state) { try_scale(lanes, steps, rounding, state); });
    for_groups([&](SubBlocks&, State& state) { solve(first, state); });
    for_groups([&](SubBlocks& lanes, State& state) { keep_if_better(lanes, trials.absolute_error, first, state); });
  }
  for_groups([&](SubBlocks& lanes, State& state) {
    for_halves([&](std::size_t half) FEWBITS_INLINE {
      const Four zero = all(0.0f), low = load(state.low + half);
      const Four constant = load(state.high + half) == low;
      const auto give = [&](Four instead, const float* best, float* to) FEWBITS_INLINE {
        store(to + lanes.first + half, select(constant, instead, load(best + half)));
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
  const Rounding rounding({kAnyInteger.lowest, limit});
  const Nearest any_integer{Rounding(kAnyInteger)}, nearest(rounding);
  float max[kLanes], inverses[kLanes];
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    const Four zero = all(0.0f);
    Four largest = zero, best_inverse = zero, best_error = zero;
    for (Row& row : lanes) largest = larger(load(row.values + half), largest);
    for (int n = 0; n < 9; ++n) {
      const int k = n == 0 ? 0 : n < 5 ? n - 5 : n - 4;
      const Four inverse = all(0.1f * static_cast<float>(k) + static_cast<float>(limit)) / largest;
      const Four scale = all(1.0f) / inverse;
      Four error = zero;
      for (Row& row : lanes) {
        const Four x = load(row.values + half);
        Four q = (n == 0 ? any_integer : nearest).of<true>(inverse * x);
        if (n == 0) q = as_byte(q);
        const Four difference = x - scale * q;
        error = error + load(row.weights + half) * difference * difference;
      }
      const Four better = n == 0 ? all_bits(-1) : error < best_error;
      best_error = select(better, error, best_error);
      best_inverse = select(better, inverse, best_inverse);
    }
    store(max + half, largest);
    store(inverses + half, best_inverse);
  });
  Fit fit;
  fit_of(lanes, inverses, rounding, fit);
  settle(lanes, max, 0, true);
  descend(lanes, rounding, true, fit);
  store_scales(fit, max, lanes);
  settle(lanes, max, 0, false);
}

// --- weights ---------------------------------------------------------------------------------------------------------

void weigh_importance(SubBlocks& lanes, float spread) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    Four sum = all(0.0f);
    for (Row& row : lanes) {
      const Four x = load(row.values + half);
      const Four w = load(row.weights + half) * root(all(spread) + x * x);
      store(row.weights + half, w);
      sum = sum + w;
    }
    store(lanes.found->weights + lanes.first + half, sum);
  });
}

void weigh_squares(SubBlocks& lanes) {
  for (Row& row : lanes)
    for_halves([&](std::size_t half) FEWBITS_INLINE {
      const Four x = load(row.values + half);
      store(row.weights + half, x * x);
    });
}

void weigh_magnitudes(SubBlocks& lanes, bool with_mean) {
  for_halves([&](std::size_t half) FEWBITS_INLINE {
    Four spread = all(0.0f);
    if (with_mean) {
      for (Row& row : lanes) {
        const Four x = load(row.values + half);
        spread = spread + x * x;
      }
      spread = root(spread / all(static_cast<float>(lanes.size)));
    }
    for (Row& row : lanes) store(row.weights + half, spread + magnitude(load(row.values + half)));
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
