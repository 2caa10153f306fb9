// The searches behind ggml's quantizers: given values x and weights w, which scale (and minimum), and which codes?
//
// All of them minimize a weighted squared error over few candidates. Sums run in order in float32 and products are
// taken from the left: another order may round another way and let another candidate win.
#pragma once

#include <cstdint>
#include <span>

namespace fewbits::reference::ggml {

// Below this magnitude a block counts as zeros.
inline constexpr float kNoMagnitude = 1e-15f;

// Symmetric: x ~ scale * (code - limit), codes 0 .. 2 limit - 1 (make_qx_quants).
//
// Minimizes E(s, q) = sum w (x - s q)^2 over s and q = code - limit in [-limit, limit - 1]. With the q fixed, the best
// scale and what it leaves are
//
//   s = sum(w x q) / sum(w q^2),    E = sum(w x^2) - sum(w x q)^2 / sum(w q^2),
//
// so the candidate with the largest sum(w x q)^2 / sum(w q^2) wins; cross-multiplied, the comparison needs no division.
// The candidates for q are round(x / s') for 19 trial scales around the one that maps the largest magnitude to -limit,
// the end of the range that reaches further: 1 / s' = -(limit + k / 10) / x_max, k = 0, then -9 .. 9.
// The first candidate with the largest gain wins. Returns the scale, 0 for a block without magnitude, whose codes are
// 0. Without weights, w = x^2: what counts is the error of large values.
float fit_scale(std::span<const float> values, std::span<const float> weights, int limit, std::uint8_t* codes);

// Symmetric as above, but with w = x^2 and one trial scale; then coordinate descent (make_q3_quants).
//
// Starting from q = round(-limit x / x_max), the codes are visited in turn, at most five times. With x_i left out, the
// others want the scale s_i = sum(w x q) / sum(w q^2) over j != i; x_i's best code for that scale is
// round(x_i / s_i), and it is taken when sum(w x q)^2 / sum(w q^2) over all rises.
float fit_scale_by_descent(std::span<const float> values, int limit, std::uint8_t* codes);

// Which trial scales `fit_scale_and_min` goes through, and what it minimizes.
struct AsymmetricSearch {
  float first, step;  // 1 / s' = (first + step k + limit) / (max - min), k = 0 .. last
  int last;
  bool absolute_error = false;  // sum w |e| instead of sum w e^2 decides between candidates
};

struct ScaleAndMin {
  float scale, min;  // min as a magnitude: x ~ scale * code - min
};

// Asymmetric: x ~ scale * code + m, codes 0 .. limit, m <= 0 (make_qkx2_quants, make_qkx3_quants).
//
// Minimizes E(s, m, q) = sum w (s q + m - x)^2. With the q fixed, the normal equations give
//
//   s = (W sum(w x q) - sum(w x) sum(w q)) / D,   m = (sum(w q^2) sum(w x) - sum(w q) sum(w x q)) / D,
//   D = W sum(w q^2) - sum(w q)^2,                W = sum w,
//
// and where m comes out positive it is 0, with s = sum(w x q) / sum(w q^2), for a stored minimum has no sign.
// Candidates for q are round((x - min) / s') for the trial scales of `search`. `min` is the best one so far: as in
// ggml, each success moves the range that the next candidates are taken from.
ScaleAndMin fit_scale_and_min(std::span<const float> values, std::span<const float> weights, int limit,
                              const AsymmetricSearch& search, std::uint8_t* codes);

// Not negative: x ~ scale * code, codes 0 .. limit (make_qp_quants). For a superblock's scales and minima.
//
// First the best of nine trial scales, x_max / (limit + k / 10), k = 0, then -4 .. 4, by sum w (x - s' q)^2 with the
// trial scale itself; then coordinate descent as in `fit_scale_by_descent`, with weights that are given.
float fit_positive_scale(std::span<const float> values, std::span<const float> weights, int limit, std::uint8_t* codes);

// Symmetric, over a code book of ascending levels v: x ~ scale * v[code] (quantize_row_iq4_nl_impl).
//
// As `fit_scale`, with q = v[code] of the nearest level, ties to the upper one. The first trial scale puts the largest
// magnitude at -v[0], the others around the lowest level itself: 1 / s' = (v[0] + k) / x_max, k = -7 .. 7.
// Returns the scale alone: the codes are found again once it is rounded.
float fit_codebook_scale(std::span<const float> values, std::span<const float> weights,
                         std::span<const std::int8_t> levels);
unsigned nearest_level(std::span<const std::int8_t> levels, float x);

// --- weights -----------------------------------------------------------------------------------------------------

// importance * sqrt(spread + x^2): what matters to the model, and more so where the value is large. `spread` is the
// mean square of the surroundings, or twice that.
void importance_weights(std::span<const float> values, const float* importance, float spread, float* weights);

}  // namespace fewbits::reference::ggml
