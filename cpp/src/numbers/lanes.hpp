// Sixteen codes of 1, 2 or 4 bytes, and the way between them and four vectors of 32-bit lanes.
#pragma once

#include "numbers/batches.hpp"
#include "simd.hpp"

namespace fewbits {

// What is left to do to a lane that holds a code: (lane - offset) >> extra_bits. It costs least where lanes are narrow.
struct Finish {
  std::int32_t offset;
  int extra_bits;
};

template <class Code>
struct Lanes;

template <>
struct Lanes<std::uint8_t> {
  static constexpr int kVectors = 1;
  struct Batch {
    v128_t part[kVectors];
  };

  // Lanes hold 0 .. 32767, and the codes in them 0 .. 255.
  static Batch narrow(v128_t a, v128_t b, v128_t c, v128_t d, Finish finish = {}) {
    const v128_t offset = wasm_i16x8_splat(static_cast<std::int16_t>(finish.offset));
    const auto join = [&](v128_t low, v128_t high) {
      return wasm_i16x8_shr(wasm_i16x8_sub(wasm_i16x8_narrow_i32x4(low, high), offset), finish.extra_bits);
    };
    return {{wasm_u8x16_narrow_i16x8(join(a, b), join(c, d))}};
  }
  // Lanes are all ones, all zeros, or anything whose sign alone is looked at.
  static Batch narrow_signs(v128_t a, v128_t b, v128_t c, v128_t d) {
    return {{wasm_i8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(a, b), wasm_i16x8_narrow_i32x4(c, d))}};
  }
  // A lane's upper bits are copies of its code's first one.
  static void widen(const std::uint8_t* codes, v128_t (&lanes)[4]) {
    const v128_t all = simd::load(codes);
    const v128_t low = wasm_i16x8_extend_low_i8x16(all);
    const v128_t high = wasm_i16x8_extend_high_i8x16(all);
    lanes[0] = wasm_i32x4_extend_low_i16x8(low);
    lanes[1] = wasm_i32x4_extend_high_i16x8(low);
    lanes[2] = wasm_i32x4_extend_low_i16x8(high);
    lanes[3] = wasm_i32x4_extend_high_i16x8(high);
  }
  static void store(std::uint8_t* to, const Batch& codes) { simd::store(to, codes.part[0]); }
  static v128_t splat(std::uint32_t value) { return wasm_i8x16_splat(static_cast<std::int8_t>(value)); }
  static v128_t is_negative(v128_t value) { return wasm_i8x16_lt(value, wasm_i8x16_splat(0)); }
  static v128_t equal(v128_t a, v128_t b) { return wasm_i8x16_eq(a, b); }
  static v128_t greater(v128_t a, v128_t b) { return wasm_u8x16_gt(a, b); }
  static v128_t max(v128_t a, v128_t b) { return wasm_u8x16_max(a, b); }
};

template <>
struct Lanes<std::uint16_t> {
  static constexpr int kVectors = 2;
  struct Batch {
    v128_t part[kVectors];
  };

  static Batch narrow(v128_t a, v128_t b, v128_t c, v128_t d, Finish finish = {}) {
    const auto code = [&](v128_t lane) {
      return wasm_i32x4_shr(wasm_i32x4_sub(lane, simd::splat(finish.offset)), finish.extra_bits);
    };
    return {{wasm_u16x8_narrow_i32x4(code(a), code(b)), wasm_u16x8_narrow_i32x4(code(c), code(d))}};
  }
  static Batch narrow_signs(v128_t a, v128_t b, v128_t c, v128_t d) {
    return {{wasm_i16x8_narrow_i32x4(a, b), wasm_i16x8_narrow_i32x4(c, d)}};
  }
  static void widen(const std::uint16_t* codes, v128_t (&lanes)[4]) {
    const v128_t low = simd::load(codes);
    const v128_t high = simd::load(codes + 8);
    lanes[0] = wasm_i32x4_extend_low_i16x8(low);
    lanes[1] = wasm_i32x4_extend_high_i16x8(low);
    lanes[2] = wasm_i32x4_extend_low_i16x8(high);
    lanes[3] = wasm_i32x4_extend_high_i16x8(high);
  }
  static void store(std::uint16_t* to, const Batch& codes) {
    FEWBITS_UNROLL
    for (int i = 0; i < kVectors; ++i) simd::store(to + 8 * i, codes.part[i]);
  }
  static v128_t splat(std::uint32_t value) { return wasm_i16x8_splat(static_cast<std::int16_t>(value)); }
  static v128_t is_negative(v128_t value) { return wasm_i16x8_lt(value, wasm_i16x8_splat(0)); }
  static v128_t equal(v128_t a, v128_t b) { return wasm_i16x8_eq(a, b); }
  static v128_t greater(v128_t a, v128_t b) { return wasm_u16x8_gt(a, b); }
  static v128_t max(v128_t a, v128_t b) { return wasm_u16x8_max(a, b); }
};

template <>
struct Lanes<std::uint32_t> {
  static constexpr int kVectors = 4;
  struct Batch {
    v128_t part[kVectors];
  };

  static Batch narrow(v128_t a, v128_t b, v128_t c, v128_t d, Finish finish = {}) {
    const auto code = [&](v128_t lane) {
      return wasm_i32x4_shr(wasm_i32x4_sub(lane, simd::splat(finish.offset)), finish.extra_bits);
    };
    return {{code(a), code(b), code(c), code(d)}};
  }
  static Batch narrow_signs(v128_t a, v128_t b, v128_t c, v128_t d) { return {{a, b, c, d}}; }
  static void widen(const std::uint32_t* codes, v128_t (&lanes)[4]) {
    FEWBITS_UNROLL
    for (int i = 0; i < 4; ++i) lanes[i] = simd::load(codes + 4 * i);
  }
  static void store(std::uint32_t* to, const Batch& codes) {
    FEWBITS_UNROLL
    for (int i = 0; i < kVectors; ++i) simd::store(to + 4 * i, codes.part[i]);
  }
  static v128_t splat(std::uint32_t value) { return simd::splat(value); }
  static v128_t is_negative(v128_t value) { return wasm_i32x4_lt(value, wasm_i32x4_splat(0)); }
  static v128_t equal(v128_t a, v128_t b) { return wasm_i32x4_eq(a, b); }
  static v128_t greater(v128_t a, v128_t b) { return wasm_u32x4_gt(a, b); }
  static v128_t max(v128_t a, v128_t b) { return wasm_u32x4_max(a, b); }
};

}  // namespace fewbits
