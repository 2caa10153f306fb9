// Codes of a few bits, side by side. 64 codes fill 8 * bits whole bytes, whatever the width; every step below does so
// many. Machines that keep the most significant byte first would need another generic step: WebAssembly and its hosts
// do not.
#include <algorithm>

#include "fewbits/codec.hpp"
#include "simd.hpp"

namespace fewbits {
namespace {

constexpr std::size_t kGroup = 64;

using simd::load, simd::store;

void pack_any(const std::uint8_t* codes, int bits, std::uint8_t* bytes) {
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  for (std::size_t eight = 0; eight < kGroup; eight += 8, codes += 8, bytes += bits) {
    std::uint64_t word = 0;
    for (int i = 0; i < 8; ++i) word |= (codes[i] & mask) << (i * bits);
    std::memcpy(bytes, &word, static_cast<std::size_t>(bits));
  }
}

void unpack_any(const std::uint8_t* bytes, int bits, std::uint8_t* codes) {
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1;
  for (std::size_t eight = 0; eight < kGroup; eight += 8, codes += 8, bytes += bits) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, static_cast<std::size_t>(bits));
    for (int i = 0; i < 8; ++i) codes[i] = static_cast<std::uint8_t>((word >> (i * bits)) & mask);
  }
}

void pack_1(const std::uint8_t* codes, int, std::uint8_t* bytes) {
  const v128_t one = wasm_i8x16_splat(1);
  for (std::size_t i = 0; i < kGroup; i += 16, bytes += 2) {
    const v128_t is_set = wasm_i8x16_eq(wasm_v128_and(load(codes + i), one), one);
    const auto word = static_cast<std::uint16_t>(wasm_i8x16_bitmask(is_set));
    std::memcpy(bytes, &word, sizeof word);
  }
}

void unpack_1(const std::uint8_t* bytes, int, std::uint8_t* codes) {
  const v128_t bit = wasm_i64x2_splat(static_cast<std::int64_t>(0x8040201008040201));
  for (std::size_t i = 0; i < kGroup; i += 16, bytes += 2) {
    std::uint16_t word;
    std::memcpy(&word, bytes, sizeof word);
    const v128_t both = wasm_i16x8_splat(static_cast<std::int16_t>(word));
    const v128_t each = wasm_i8x16_shuffle(both, both, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
    const v128_t is_set = wasm_i8x16_eq(wasm_v128_and(each, bit), bit);
    store(codes + i, wasm_v128_and(is_set, wasm_i8x16_splat(1)));
  }
}

// Two codes in the bytes of a 16-bit lane come together in its low byte.
v128_t join_pairs(v128_t codes, int bits) {
  const v128_t kept = wasm_v128_and(codes, wasm_i8x16_splat(static_cast<std::int8_t>((1 << bits) - 1)));
  const v128_t joined = wasm_v128_or(kept, wasm_u16x8_shr(kept, 8 - bits));
  return wasm_v128_and(joined, wasm_i16x8_splat(0xFF));
}

void pack_4(const std::uint8_t* codes, int, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < kGroup; i += 32)
    store(bytes + i / 2, wasm_u8x16_narrow_i16x8(join_pairs(load(codes + i), 4), join_pairs(load(codes + i + 16), 4)));
}

void pack_2(const std::uint8_t* codes, int, std::uint8_t* bytes) {
  const auto nibbles = [codes](std::size_t i) {
    return wasm_u8x16_narrow_i16x8(join_pairs(load(codes + i), 2), join_pairs(load(codes + i + 16), 2));
  };
  store(bytes, wasm_u8x16_narrow_i16x8(join_pairs(nibbles(0), 4), join_pairs(nibbles(32), 4)));
}

v128_t interleave_low(v128_t a, v128_t b) {
  return wasm_i8x16_shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

v128_t interleave_high(v128_t a, v128_t b) {
  return wasm_i8x16_shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// Every byte becomes two: its low bits, then what stands above them.
void split_bytes(v128_t bytes, int bits, v128_t& low, v128_t& high) {
  const v128_t mask = wasm_i8x16_splat(static_cast<std::int8_t>((1 << bits) - 1));
  const v128_t first = wasm_v128_and(bytes, mask);
  const v128_t second = wasm_v128_and(wasm_u16x8_shr(bytes, bits), mask);
  low = interleave_low(first, second);
  high = interleave_high(first, second);
}

void unpack_4(const std::uint8_t* bytes, int, std::uint8_t* codes) {
  for (std::size_t i = 0; i < kGroup; i += 32) {
    v128_t low, high;
    split_bytes(load(bytes + i / 2), 4, low, high);
    store(codes + i, low);
    store(codes + i + 16, high);
  }
}

void unpack_2(const std::uint8_t* bytes, int, std::uint8_t* codes) {
  v128_t nibbles[2];
  split_bytes(load(bytes), 4, nibbles[0], nibbles[1]);
  for (std::size_t i = 0; i < 2; ++i) {
    v128_t low, high;
    split_bytes(nibbles[i], 2, low, high);
    store(codes + 32 * i, low);
    store(codes + 32 * i + 16, high);
  }
}

using Pack = void (*)(const std::uint8_t* codes, int bits, std::uint8_t* bytes);
using Unpack = void (*)(const std::uint8_t* bytes, int bits, std::uint8_t* codes);

Pack pack_for(int bits) {
  return bits == 1 ? pack_1 : bits == 2 ? pack_2 : bits == 4 ? pack_4 : pack_any;
}
Unpack unpack_for(int bits) {
  return bits == 1 ? unpack_1 : bits == 2 ? unpack_2 : bits == 4 ? unpack_4 : unpack_any;
}

}  // namespace

void pack_bits(std::span<const std::uint8_t> codes, int bits, std::uint8_t* bytes) {
  if (bits == 8) {
    std::copy(codes.begin(), codes.end(), bytes);
    return;
  }
  const Pack pack = pack_for(bits);
  const std::size_t group_bytes = packed_bytes(kGroup, bits);
  for (; codes.size() >= kGroup; codes = codes.subspan(kGroup), bytes += group_bytes) pack(codes.data(), bits, bytes);
  std::uint8_t padded_codes[kGroup] = {};
  std::uint8_t padded_bytes[kGroup];
  std::copy(codes.begin(), codes.end(), padded_codes);
  pack(padded_codes, bits, padded_bytes);
  std::copy_n(padded_bytes, packed_bytes(codes.size(), bits), bytes);
}

void unpack_bits(const std::uint8_t* bytes, int bits, std::span<std::uint8_t> codes) {
  if (bits == 8) {
    std::copy_n(bytes, codes.size(), codes.data());
    return;
  }
  const Unpack unpack = unpack_for(bits);
  const std::size_t group_bytes = packed_bytes(kGroup, bits);
  for (; codes.size() >= kGroup; codes = codes.subspan(kGroup), bytes += group_bytes) unpack(bytes, bits, codes.data());
  std::uint8_t padded_bytes[kGroup] = {};
  std::uint8_t padded_codes[kGroup];
  std::copy_n(bytes, packed_bytes(codes.size(), bits), padded_bytes);
  unpack(padded_bytes, bits, padded_codes);
  std::copy_n(padded_codes, codes.size(), codes.data());
}

}  // namespace fewbits
