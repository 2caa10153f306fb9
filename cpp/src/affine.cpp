#include "fewbits/affine.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "fewbits/calibrate.hpp"
#include "simd.hpp"

namespace fewbits {
namespace {

using simd::load, simd::splat, simd::store;

constexpr float kSmallest = std::numeric_limits<float>::denorm_min();

// In float32, as onnxruntime and PyTorch compute it; in double only where max - min is beyond float32.
float asymmetric_step(float min, float max, float steps) {
  const float width = max - min;
  return std::isinf(width) ? static_cast<float>((static_cast<double>(max) - min) / steps) : width / steps;
}

float symmetric_step(const AffineRule& rule, CodeRange range, float min, float max) {
  const float absmax = std::max(-min, max);
  const bool narrow = rule.is_signed && rule.narrow_range;
  return absmax / (narrow ? static_cast<float>(range.max) : static_cast<float>((1 << rule.bits) - 1) / 2);
}

float usable_scale(float step, Rounding rounding, bool all_zero) {
  if (rounding == Rounding::Multiply) return std::max(step, std::numeric_limits<float>::epsilon());
  return all_zero ? 1.0f : std::max(step, kSmallest);
}

// 1 / scale overflows up to here, and PyTorch's product is then undefined: those scales divide.
constexpr float kNoReciprocal = 0x1p-128f;

bool multiplies(Rounding rounding, float scale) {
  return rounding == Rounding::Multiply && scale > kNoReciprocal;
}

// Any zero point: float32 has no integers around a large one, so the code is found in double.
std::int32_t wide_code(float value, const Affine& affine, CodeRange range, Rounding rounding) {
  const float quotient = multiplies(rounding, affine.scale) ? value * (1 / affine.scale) : value / affine.scale;
  const double code = std::nearbyint(static_cast<double>(quotient)) + affine.zero_point;
  return static_cast<std::int32_t>(std::fmin(std::fmax(code, range.min), range.max));
}

// The kernels below find codes as 32-bit integers, c = rint(quotient) + zero_point, by adding a magic number whose last
// mantissa bit is worth 1. That is exact for |quotient| <= 2^22. Beyond, the sum as an integer is still monotone in the
// quotient (infinity too, and a negative sum is a negative integer), so it only has to stay beyond every bound:
//   below  the sum is not let fall under the bits that stand for range.min (max, in integers);
//   above  the saturating narrowing and one min of narrow codes end at range.max.
// Both bounds, seen from the zero point, must lie within the exact part: hence kZeroPointLimit.
constexpr std::int32_t kZeroPointLimit = 1 << 21;

bool is_small(std::int32_t zero_point) {
  return zero_point >= -kZeroPointLimit && zero_point <= kZeroPointLimit;
}

template <Rounding rounding>
v128_t codes_of(v128_t value, v128_t factor, v128_t lowest, v128_t offset) {
  const v128_t quotient = rounding == Rounding::Divide ? wasm_f32x4_div(value, factor) : wasm_f32x4_mul(value, factor);
  const v128_t sum = wasm_f32x4_add(quotient, splat(simd::kRoundingMagic));
  return wasm_i32x4_sub(wasm_i32x4_max(sum, lowest), offset);
}

// Kernels know unsigned codes alone, counted from the smallest of their type. The codes of a signed type begin half its
// range lower: the same bits with the first one turned.
template <class Code>
class Packer {
  static constexpr Code kSignBit = 1 << (8 * sizeof(Code) - 1);

 public:
  explicit Packer(CodeRange range)
      : base(range.min < 0 ? -kSignBit : 0),
        largest_(splat_codes(static_cast<Code>(range.max - base))),
        turned_(splat_codes(range.min < 0 ? kSignBit : 0)) {}

  // 16 codes from four vectors of integers that are not below the range, ended at the largest code.
  void operator()(v128_t a, v128_t b, v128_t c, v128_t d, std::uint8_t* codes) const {
    const v128_t low = wasm_i16x8_narrow_i32x4(a, b), high = wasm_i16x8_narrow_i32x4(c, d);
    store(codes, wasm_v128_xor(wasm_u8x16_min(wasm_u8x16_narrow_i16x8(low, high), largest_), turned_));
  }
  void operator()(v128_t a, v128_t b, v128_t c, v128_t d, std::uint16_t* codes) const {
    store(codes, pair(a, b));
    store(codes + 8, pair(c, d));
  }

  // The smallest number of the type.
  const std::int32_t base;

 private:
  static v128_t splat_codes(Code code) {
    return sizeof(Code) == 1 ? wasm_i8x16_splat(static_cast<std::int8_t>(code))
                             : wasm_i16x8_splat(static_cast<std::int16_t>(code));
  }
  v128_t pair(v128_t a, v128_t b) const {
    return wasm_v128_xor(wasm_u16x8_min(wasm_u16x8_narrow_i32x4(a, b), largest_), turned_);
  }
  v128_t largest_, turned_;
};

template <class Code, Rounding rounding>
class RunKernel {
 public:
  RunKernel(const Affine& affine, CodeRange range)
      : pack_(range),
        factor_(splat(rounding == Rounding::Divide ? affine.scale : 1 / affine.scale)),
        lowest_(splat(simd::kRoundingMagicBits + range.min - affine.zero_point)),
        offset_(splat(simd::kRoundingMagicBits - affine.zero_point + pack_.base)) {}

  void operator()(const float* values, Code* codes) const {
    pack_(at(values), at(values + 4), at(values + 8), at(values + 12), codes);
  }

 private:
  v128_t at(const float* values) const { return codes_of<rounding>(load(values), factor_, lowest_, offset_); }
  Packer<Code> pack_;
  v128_t factor_, lowest_, offset_;
};

// x / scale nearly at the price of a product, for 8-bit codes whose zero point is one of them.
//
// Let c = quotient + zero_point - (the type's smallest code): codes are 0 to 255. The magic number 256 puts the sum
// 256 + c + 1/2 into [256, 512), whose float32 bits are, from the top: exponent, code in 8 bits, fraction in 15. What
// lies outside becomes a smaller or larger integer (negative sums negative ones) and saturates. p = x * (1 / scale)
// differs from q = x / scale by at most 3 * 2^-24 * 256 = 1.5 units of 2^-15, and the sum rounds by at most half a unit
// more: unless the fraction is within two units of 0, which is a tie, q rounds to the same code. Stretches with a
// closer value are divided.
class ReciprocalKernel {
  static constexpr int kFraction = 15;
  static constexpr float kUnit = 1.0f / (1 << kFraction);
  static constexpr std::int32_t kFirst = 0x43800000 >> kFraction;  // the bits of 256

  static std::int32_t base(CodeRange range) { return range.min < 0 ? -128 : 0; }

 public:
  static constexpr std::int32_t kTooClose = 5;  // fractions 0 to 4, with the two units of margin in magic_

  static bool serves(const Affine& affine, CodeRange range) {
    const bool normal = affine.scale >= 0x1p-126f && affine.scale <= 0x1p126f;
    return normal && affine.zero_point >= base(range) && affine.zero_point <= base(range) + 255;
  }

  ReciprocalKernel(const Affine& affine, CodeRange range)
      : factor_(splat(1 / affine.scale)),
        magic_(splat(256.5f + static_cast<float>(affine.zero_point - base(range)) + 2 * kUnit)),
        first_(wasm_i16x8_splat(static_cast<std::int16_t>(kFirst + range.min - base(range)))),
        span_(wasm_i8x16_splat(static_cast<std::int8_t>(range.max - range.min))),
        smallest_(wasm_i8x16_splat(static_cast<std::int8_t>(range.min))) {}

  // 16 codes; returns the least of `closest` and their fractions.
  v128_t operator()(const float* values, std::uint8_t* codes, v128_t closest) const {
    const v128_t low = eight(values, closest), high = eight(values + 8, closest);
    store(codes, wasm_i8x16_add(wasm_u8x16_min(wasm_u8x16_narrow_i16x8(low, high), span_), smallest_));
    return closest;
  }

 private:
  v128_t eight(const float* values, v128_t& closest) const {
    const v128_t a = sum(values), b = sum(values + 4);
    closest = wasm_i32x4_min(closest, wasm_i32x4_min(fraction(a), fraction(b)));
    return wasm_u16x8_sub_sat(wasm_u16x8_narrow_i32x4(wasm_i32x4_shr(a, kFraction), wasm_i32x4_shr(b, kFraction)),
                              first_);
  }
  v128_t sum(const float* values) const { return wasm_f32x4_add(wasm_f32x4_mul(load(values), factor_), magic_); }
  static v128_t fraction(v128_t sum) { return wasm_v128_and(sum, splat((1 << kFraction) - 1)); }

  v128_t factor_, magic_, first_, span_, smallest_;
};

constexpr std::size_t kBlock = 16;

// Calls kernel(from, to) for 16 elements at a time; what is left goes through padded copies. The kernel is a copy, so
// that no byte that is written can be taken for one of its constants.
template <class In, class Kernel, class Out>
void run(std::span<const In> values, Kernel kernel, Out* to) {
  const In* from = values.data();
  std::size_t left = values.size();
  for (; left >= kBlock; left -= kBlock, from += kBlock, to += kBlock) kernel(from, to);
  if (left == 0) return;
  In padded[kBlock] = {};
  Out last[kBlock];
  std::copy_n(from, left, padded);
  kernel(padded, last);
  std::copy_n(last, left, to);
}

void run_by_reciprocal(std::span<const float> values, const Affine& affine, CodeRange range, std::uint8_t* codes) {
  constexpr std::size_t kStretch = 128;
  const ReciprocalKernel kernel(affine, range);
  const RunKernel<std::uint8_t, Rounding::Divide> exact(affine, range);
  const v128_t too_close = splat(kernel.kTooClose);
  const float* from = values.data();
  std::size_t left = values.size();
  for (; left >= kStretch; left -= kStretch, from += kStretch, codes += kStretch) {
    v128_t closest = too_close;
    // Unrolled, it would hold more sums at a time than there are registers.
#pragma GCC unroll 1
    for (std::size_t i = 0; i < kStretch; i += kBlock) closest = kernel(from + i, codes + i, closest);
    if (wasm_v128_any_true(wasm_i32x4_lt(closest, too_close))) [[unlikely]]
      run(std::span(from, kStretch), exact, codes);
  }
  run(std::span(from, left), exact, codes);
}

template <class Code>
[[gnu::noinline]] void quantize_wide(std::span<const float> values, const Affine& affine, CodeRange range,
                                     Rounding rounding, Code* codes) {
  for (const float value : values) *codes++ = static_cast<Code>(wide_code(value, affine, range, rounding));
}

template <class Code>
void quantize_run_any(std::span<const float> values, const Affine& affine, CodeRange range, Rounding rounding,
                      Code* codes) {
  if (!is_small(affine.zero_point)) return quantize_wide(values, affine, range, rounding, codes);
  if (multiplies(rounding, affine.scale)) return run(values, RunKernel<Code, Rounding::Multiply>(affine, range), codes);
  if constexpr (sizeof(Code) == 1)
    if (ReciprocalKernel::serves(affine, range)) return run_by_reciprocal(values, affine, range, codes);
  run(values, RunKernel<Code, Rounding::Divide>(affine, range), codes);
}

struct Columns {
  const float* scale;
  const std::int32_t* zero_point;
};

// Four zero points as is_small: shifted by the limit, they are at most twice the limit, unsigned.
v128_t beyond_limit(const std::int32_t* zero_point) {
  return wasm_u32x4_gt(wasm_i32x4_add(load(zero_point), splat(kZeroPointLimit)), splat(2 * kZeroPointLimit));
}

bool are_small(const std::int32_t* zero_point) {
  const v128_t low = wasm_v128_or(beyond_limit(zero_point), beyond_limit(zero_point + 4));
  const v128_t high = wasm_v128_or(beyond_limit(zero_point + 8), beyond_limit(zero_point + 12));
  return !wasm_v128_any_true(wasm_v128_or(low, high));
}

bool all_multiply(const float* scale) {
  const v128_t least = wasm_f32x4_pmin(wasm_f32x4_pmin(load(scale), load(scale + 4)),
                                       wasm_f32x4_pmin(load(scale + 8), load(scale + 12)));
  return !wasm_v128_any_true(wasm_f32x4_le(least, splat(kNoReciprocal)));
}

template <class Code, Rounding rounding>
class RowKernel {
 public:
  explicit RowKernel(CodeRange range) : range_(range), pack_(range) {}

  void operator()(const float* values, Columns columns, Code* codes) const {
    if (needs_care(columns)) [[unlikely]] {
      for (std::size_t i = 0; i < kBlock; ++i)
        quantize_wide({values + i, 1}, {columns.scale[i], columns.zero_point[i]}, range_, rounding, codes + i);
      return;
    }
    pack_(at(values, columns, 0), at(values, columns, 4), at(values, columns, 8), at(values, columns, 12), codes);
  }

 private:
  static bool needs_care(Columns columns) {
    return !are_small(columns.zero_point) || (rounding == Rounding::Multiply && !all_multiply(columns.scale));
  }
  v128_t at(const float* values, Columns columns, std::size_t i) const {
    const v128_t scale = load(columns.scale + i);
    const v128_t factor = rounding == Rounding::Divide ? scale : wasm_f32x4_div(splat(1.0f), scale);
    const v128_t offset = wasm_i32x4_sub(splat(simd::kRoundingMagicBits), load(columns.zero_point + i));
    const v128_t lowest = wasm_i32x4_add(offset, splat(range_.min));
    return codes_of<rounding>(load(values + i), factor, lowest, wasm_i32x4_add(offset, splat(pack_.base)));
  }
  CodeRange range_;
  Packer<Code> pack_;
};

template <Rounding rounding, class Code>
void quantize_row_as(std::span<const float> values, Columns columns, CodeRange range, Code* codes) {
  const RowKernel<Code, rounding> kernel(range);
  const std::size_t whole = values.size() - values.size() % kBlock, left = values.size() - whole;
  for (std::size_t i = 0; i < whole; i += kBlock)
    kernel(values.data() + i, {columns.scale + i, columns.zero_point + i}, codes + i);
  if (left == 0) return;
  float padded[kBlock] = {}, scale[kBlock];
  std::int32_t zero_point[kBlock] = {};
  Code last[kBlock];
  std::fill_n(scale, kBlock, 1.0f);
  std::copy_n(values.data() + whole, left, padded);
  std::copy_n(columns.scale + whole, left, scale);
  std::copy_n(columns.zero_point + whole, left, zero_point);
  kernel(padded, {scale, zero_point}, last);
  std::copy_n(last, left, codes + whole);
}

template <class Code>
void quantize_row_any(std::span<const float> values, Columns columns, CodeRange range, Rounding rounding, Code* codes) {
  if (rounding == Rounding::Divide) return quantize_row_as<Rounding::Divide>(values, columns, range, codes);
  quantize_row_as<Rounding::Multiply>(values, columns, range, codes);
}

template <class Code>
float wide_value(Code code, const Affine& affine) {
  return static_cast<float>(static_cast<double>(code) - affine.zero_point) * affine.scale;
}

// Float32 bits of 2^23 + u are 0x4B000000 + u: a 16-bit u between 0x4B00s is already a float, without a conversion.
// u = code + bias is never negative; 2^23 + bias + zero_point is taken off again, exactly.
template <class Code>
constexpr std::int32_t kBias = std::is_signed_v<Code> ? 1 << (8 * sizeof(Code) - 1) : 0;

template <class Code>
v128_t taken_off(v128_t zero_point) {
  return wasm_f32x4_convert_i32x4(wasm_i32x4_add(zero_point, splat((1 << 23) + kBias<Code>)));
}

v128_t as_float_low(v128_t u16) {
  return wasm_i16x8_shuffle(u16, wasm_i16x8_splat(0x4B00), 0, 8, 1, 9, 2, 10, 3, 11);
}
v128_t as_float_high(v128_t u16) {
  return wasm_i16x8_shuffle(u16, wasm_i16x8_splat(0x4B00), 4, 12, 5, 13, 6, 14, 7, 15);
}

// Calls use(vector, index) with the four floats 2^23 + bias + code, for 16 codes.
template <class Code, class Use>
void each_four(const Code* codes, Use use) {
  const auto use_eight = [&](v128_t u16, std::size_t index) {
    use(as_float_low(u16), index);
    use(as_float_high(u16), index + 4);
  };
  if constexpr (sizeof(Code) == 1) {
    const v128_t u8 = wasm_v128_xor(load(codes), wasm_i8x16_splat(static_cast<std::int8_t>(kBias<Code>)));
    use_eight(wasm_u16x8_extend_low_u8x16(u8), 0);
    use_eight(wasm_u16x8_extend_high_u8x16(u8), 8);
  } else {
    const v128_t flip = wasm_i16x8_splat(static_cast<std::int16_t>(kBias<Code>));
    use_eight(wasm_v128_xor(load(codes), flip), 0);
    use_eight(wasm_v128_xor(load(codes + 8), flip), 8);
  }
}

template <class Code>
void dequantize_block(const Code* codes, v128_t scale, v128_t off, float* values) {
  each_four(codes,
            [&](v128_t code, std::size_t i) { store(values + i, wasm_f32x4_mul(wasm_f32x4_sub(code, off), scale)); });
}

// Codes of one byte around zero: moved to the top of a 32-bit lane (unsigned ones below the sign), a byte is code *
// 2^k, an integer that float32 holds. The scale takes 2^-k.
template <class Code>
class CentredKernel {
  static constexpr int kByte = std::is_signed_v<Code> ? 3 : 2;
  static constexpr float kPower = 1.0f / (1 << 8 * kByte);

 public:
  static bool serves(const Affine& affine) {
    return affine.zero_point == 0 && affine.scale >= std::numeric_limits<float>::min() / kPower;
  }
  explicit CentredKernel(float scale) : scale_(splat(scale * kPower)) {}

  void operator()(const Code* codes, float* values) const {
    const v128_t all = load(codes);
    store(values, four<0>(all));
    store(values + 4, four<4>(all));
    store(values + 8, four<8>(all));
    store(values + 12, four<12>(all));
  }

 private:
  // The bytes of a lane that moves this code; an index beyond the 16 codes gives 0.
  static constexpr std::int32_t moving(std::uint32_t code) {
    constexpr int kBits = 8 * kByte;
    return static_cast<std::int32_t>((0x80808080u & ~(0xFFu << kBits)) | code << kBits);
  }
  template <std::uint32_t kFirst>
  v128_t four(v128_t codes) const {
    const v128_t moved = wasm_i8x16_swizzle(
        codes, wasm_i32x4_make(moving(kFirst), moving(kFirst + 1), moving(kFirst + 2), moving(kFirst + 3)));
    return wasm_f32x4_mul(wasm_f32x4_convert_i32x4(moved), scale_);
  }
  v128_t scale_;
};

template <class Code>
void dequantize_block(const Code* codes, Columns columns, float* values) {
  each_four(codes, [&](v128_t code, std::size_t i) {
    const v128_t off = taken_off<Code>(load(columns.zero_point + i));
    store(values + i, wasm_f32x4_mul(wasm_f32x4_sub(code, off), load(columns.scale + i)));
  });
}

}  // namespace

CodeRange code_range(const AffineRule& rule) {
  const std::int32_t half = 1 << (rule.bits - 1);
  if (!rule.is_signed) return {0, 2 * half - 1};
  return {rule.symmetric && rule.narrow_range ? 1 - half : -half, half - 1};
}

Affine affine_from_range(const AffineRule& rule, float min, float max) {
  const CodeRange range = code_range(rule);
  if (rule.symmetric) {
    const float step = symmetric_step(rule, range, min, max);
    return {usable_scale(step, rule.rounding, min == 0 && max == 0), rule.is_signed ? 0 : 1 << (rule.bits - 1)};
  }
  if (rule.include_zero) {
    min = std::min(min, 0.0f);
    max = std::max(max, 0.0f);
  }
  float step = asymmetric_step(min, max, static_cast<float>((1 << rule.bits) - 1));
  if (!rule.include_zero) step = std::max(step, std::max(-min, max) * 0x1p-24f);
  const float scale = usable_scale(step, rule.rounding, min == 0 && max == 0);
  const std::int32_t zero_point = range.min - static_cast<std::int32_t>(std::nearbyint(min / scale));
  return {scale, rule.include_zero ? std::clamp(zero_point, range.min, range.max) : zero_point};
}

void quantize_run(std::span<const float> values, const Affine& affine, CodeRange range, Rounding rounding,
                  std::uint8_t* codes) {
  quantize_run_any(values, affine, range, rounding, codes);
}
void quantize_run(std::span<const float> values, const Affine& affine, CodeRange range, Rounding rounding,
                  std::uint16_t* codes) {
  quantize_run_any(values, affine, range, rounding, codes);
}
void quantize_row(std::span<const float> values, const float* scale, const std::int32_t* zero_point, CodeRange range,
                  Rounding rounding, std::uint8_t* codes) {
  quantize_row_any(values, {scale, zero_point}, range, rounding, codes);
}
void quantize_row(std::span<const float> values, const float* scale, const std::int32_t* zero_point, CodeRange range,
                  Rounding rounding, std::uint16_t* codes) {
  quantize_row_any(values, {scale, zero_point}, range, rounding, codes);
}

template <class Code>
void dequantize_run(std::span<const Code> codes, const Affine& affine, float* values) {
  if (!is_small(affine.zero_point)) {
    for (const Code code : codes) *values++ = wide_value(code, affine);
    return;
  }
  if constexpr (sizeof(Code) == 1)
    if (CentredKernel<Code>::serves(affine)) return run(codes, CentredKernel<Code>(affine.scale), values);
  const v128_t scale = splat(affine.scale), off = taken_off<Code>(splat(affine.zero_point));
  run(codes, [=](const Code* from, float* to) { dequantize_block(from, scale, off, to); }, values);
}

template <class Code>
void dequantize_row(std::span<const Code> codes, const float* scale, const std::int32_t* zero_point, float* values) {
  const std::size_t whole = codes.size() - codes.size() % kBlock;
  for (std::size_t i = 0; i < codes.size(); i += kBlock) {
    if (i < whole && are_small(zero_point + i)) {
      dequantize_block(codes.data() + i, Columns{scale + i, zero_point + i}, values + i);
      continue;
    }
    for (std::size_t k = i; k < std::min(i + kBlock, codes.size()); ++k)
      values[k] = wide_value(codes[k], {scale[k], zero_point[k]});
  }
}

template void dequantize_run(std::span<const std::int8_t>, const Affine&, float*);
template void dequantize_run(std::span<const std::uint8_t>, const Affine&, float*);
template void dequantize_run(std::span<const std::int16_t>, const Affine&, float*);
template void dequantize_run(std::span<const std::uint16_t>, const Affine&, float*);
template void dequantize_row(std::span<const std::int8_t>, const float*, const std::int32_t*, float*);
template void dequantize_row(std::span<const std::uint8_t>, const float*, const std::int32_t*, float*);
template void dequantize_row(std::span<const std::int16_t>, const float*, const std::int32_t*, float*);
template void dequantize_row(std::span<const std::uint16_t>, const float*, const std::int32_t*, float*);

Affine dynamic_quantize(std::span<const float> values, std::uint8_t* codes) {
  constexpr AffineRule rule{.bits = 8,
                            .is_signed = false,
                            .symmetric = false,
                            .narrow_range = false,
                            .include_zero = true,
                            .rounding = Rounding::Divide};
  const Range range = values.empty() ? Range{0, 0} : minmax(values);
  const Affine affine = affine_from_range(rule, range.min, range.max);
  quantize_run(values, affine, code_range(rule), rule.rounding, codes);
  return affine;
}

}  // namespace fewbits
