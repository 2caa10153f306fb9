// float32 and float64 themselves, and the way of a double to a narrower format.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "fewbits/number_format.hpp"
#include "grid.hpp"
#include "numbers/batches.hpp"
#include "simd.hpp"

namespace fewbits {

// Infinities become the largest number.
template <class Float>
inline void saturate(Float* values, std::size_t count) {
  constexpr Float kMax = std::numeric_limits<Float>::max();
  for (std::size_t i = 0; i < count; ++i)
    if (std::isinf(values[i])) values[i] = std::copysign(kMax, values[i]);
}

namespace detail {

// The sign bits of four doubles, as float32 has them.
inline v128_t signs_of(v128_t low_f64x2, v128_t high_f64x2) {
  const v128_t upper_words = wasm_i32x4_shuffle(low_f64x2, high_f64x2, 1, 3, 5, 7);
  return wasm_v128_and(upper_words, simd::splat(std::int32_t{-0x7FFFFFFF - 1}));
}

struct Demoted {
  v128_t magnitude_f32x4;
  v128_t rounded_up, rounded_down;  // masks: away from zero, towards it
};

inline Demoted demote_magnitudes(v128_t low_f64x2, v128_t high_f64x2) {
  const v128_t low = wasm_f64x2_abs(low_f64x2);
  const v128_t high = wasm_f64x2_abs(high_f64x2);
  const v128_t low_f32x4 = wasm_f32x4_demote_f64x2_zero(low);
  const v128_t high_f32x4 = wasm_f32x4_demote_f64x2_zero(high);
  const v128_t low_back = wasm_f64x2_promote_low_f32x4(low_f32x4);
  const v128_t high_back = wasm_f64x2_promote_low_f32x4(high_f32x4);
  const auto join = [](v128_t a, v128_t b) { return wasm_i32x4_shuffle(a, b, 0, 2, 4, 6); };
  // The sign that a NaN gets is the machine's choice.
  const v128_t magnitude = wasm_f32x4_abs(wasm_i32x4_shuffle(low_f32x4, high_f32x4, 0, 1, 4, 5));
  return {magnitude, join(wasm_f64x2_gt(low_back, low), wasm_f64x2_gt(high_back, high)),
          join(wasm_f64x2_lt(low_back, low), wasm_f64x2_lt(high_back, high))};
}

}  // namespace detail

// Rounds to odd: of the two neighbours of a number that float32 does not hold, the one whose last bit is set. Whoever
// rounds again, to a format with two bits less or more, gets what a single rounding would have given
// (Boldo, Melquiond: "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd").
[[gnu::noinline]] inline void round_to_odd(const double* values, std::size_t count, float* odd) {
  for_each_batch(values, count, odd, [](const double* in, float* out) FEWBITS_INLINE {
    for (std::size_t i = 0; i < kBatch; i += 4) {
      const v128_t low = simd::load(in + i);
      const v128_t high = simd::load(in + i + 2);
      const auto demoted = detail::demote_magnitudes(low, high);
      // To nearest came out even: the other neighbour is the odd one. A mask is -1 where it holds.
      const v128_t is_even = wasm_i32x4_sub(wasm_v128_and(demoted.magnitude_f32x4, simd::splat(1)), simd::splat(1));
      const v128_t step = wasm_v128_and(wasm_i32x4_sub(demoted.rounded_up, demoted.rounded_down), is_even);
      simd::store(out + i, wasm_v128_or(wasm_i32x4_add(demoted.magnitude_f32x4, step), detail::signs_of(low, high)));
    }
  });
}

// A double on the grid of a format that is too near to float32 for rounding to odd. Numbers that float32 does not hold
// come out as `beyond`.
inline double round_to_grid(const NumberFormat& format, double value, double beyond) {
  constexpr int kDoubleMantissaBits = 52, kDoubleBias = 1023;
  const double magnitude = std::fabs(value);
  if (!(magnitude <= std::numeric_limits<double>::max())) return value;
  if (format.sign_bits == 0 && value < 0) return -1;  // as far below zero as any: it must not come to be -0
  const double smallest_normal = grid::power_of_two(1 - format.bias);
  double rounded;
  if (magnitude < smallest_normal || format.exponent_bits == 0) {
    const double power = grid::power_of_two(kDoubleMantissaBits + 1 - format.bias - format.mantissa_bits);
    rounded = magnitude < power ? (magnitude + power) - power : magnitude;
  } else {
    const int dropped = kDoubleMantissaBits - format.mantissa_bits;
    const auto bits = std::bit_cast<std::uint64_t>(magnitude);
    const auto offset = static_cast<std::uint64_t>(kDoubleBias - format.bias) << format.mantissa_bits;
    const std::uint64_t odd = ((bits >> dropped) - offset) & 1;
    const std::uint64_t half_less_one = (std::uint64_t{1} << (dropped - 1)) - 1;
    rounded = std::bit_cast<double>((bits + half_less_one + odd) >> dropped << dropped);
  }
  return std::copysign(rounded <= std::numeric_limits<float>::max() ? rounded : beyond, value);
}

// To nearest. NaN becomes the default NaN with its sign, here and in promote: payloads are the machine's choice.
[[gnu::noinline]] inline void demote(const double* values, std::size_t count, float* nearest) {
  for_each_batch(values, count, nearest, [](const double* in, float* out) FEWBITS_INLINE {
    for (std::size_t i = 0; i < kBatch; i += 4) {
      const v128_t low = simd::load(in + i);
      const v128_t high = simd::load(in + i + 2);
      const v128_t magnitude = detail::demote_magnitudes(low, high).magnitude_f32x4;
      const v128_t number = simd::select(wasm_f32x4_eq(magnitude, magnitude), magnitude, simd::splat(0x7FC00000));
      simd::store(out + i, wasm_v128_or(number, detail::signs_of(low, high)));
    }
  });
}

[[gnu::noinline]] inline void promote(const float* values, std::size_t count, double* same) {
  const auto widen = [&](v128_t magnitude_f32x4, v128_t sign) {
    const v128_t value = wasm_f64x2_promote_low_f32x4(magnitude_f32x4);
    const v128_t number = simd::select(wasm_f64x2_eq(value, value), value, wasm_i64x2_splat(0x7FF8000000000000));
    return wasm_v128_or(number, wasm_i32x4_shuffle(simd::splat(0), sign, 0, 4, 0, 5));
  };
  for_each_batch(values, count, same, [&](const float* in, double* out) FEWBITS_INLINE {
    for (std::size_t i = 0; i < kBatch; i += 2) {
      const v128_t value = wasm_v128_load64_zero(in + i);
      const v128_t magnitude = wasm_f32x4_abs(value);
      simd::store(out + i, widen(magnitude, wasm_v128_xor(value, magnitude)));
    }
  });
}

}  // namespace fewbits
