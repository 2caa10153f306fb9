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

// Masks and shifts between eight codes, a byte each in a lane of 64 bits, and the same side by side: pairs of codes come
// together in lanes of 16 bits, pairs of pairs in lanes of 32, and so on, or come apart.
struct Pairs {
  explicit Pairs(int bits)
      : shift8(8 - bits),
        shift16(2 * shift8),
        shift32(4 * shift8),
        code(wasm_i8x16_splat(static_cast<std::int8_t>((1 << bits) - 1))),
        in16(wasm_i16x8_splat(static_cast<std::int16_t>((1 << bits) - 1))),
        in32(simd::splat((1u << (2 * bits)) - 1)),
        in64(wasm_i64x2_splat((std::int64_t{1} << (4 * bits)) - 1)) {}

  [[nodiscard]] v128_t join(v128_t x) const {
    x = wasm_v128_and(x, code);
    x = simd::select(in16, x, wasm_u16x8_shr(x, shift8));
    x = simd::select(in32, x, wasm_u32x4_shr(x, shift16));
    return simd::select(in64, x, wasm_u64x2_shr(x, shift32));
  }
  // What is above the codes in their lane stays above them until the end.
  [[nodiscard]] v128_t part(v128_t x) const {
    x = simd::select(in64, x, wasm_i64x2_shl(x, shift32));
    x = simd::select(in32, x, wasm_i32x4_shl(x, shift16));
    x = simd::select(in16, x, wasm_i16x8_shl(x, shift8));
    return wasm_v128_and(x, code);
  }

 private:
  std::uint32_t shift8, shift16, shift32;
  v128_t code, in16, in32, in64;
};

void pack_any(const std::uint8_t* codes, std::size_t groups, int bits, std::uint8_t* bytes) {
  const Pairs pairs(bits);
  for (const std::uint8_t* const end = codes + groups * kGroup; codes != end; codes += 16, bytes += 2 * bits) {
    const v128_t joined = pairs.join(load(codes));
    wasm_v128_store64_lane(bytes, joined, 0);
    wasm_v128_store64_lane(bytes + bits, joined, 1);
  }
}

void unpack_any(const std::uint8_t* bytes, std::size_t groups, int bits, std::uint8_t* codes) {
  const Pairs pairs(bits);
  for (const std::uint8_t* const end = codes + groups * kGroup; codes != end; codes += 16, bytes += 2 * bits)
    store(codes, pairs.part(wasm_v128_load64_lane(bytes + bits, wasm_v128_load64_zero(bytes), 1)));
}

void pack_1(const std::uint8_t* codes, std::size_t groups, int, std::uint8_t* bytes) {
  const v128_t one = wasm_i8x16_splat(1);
  for (std::size_t i = 0; i < groups * kGroup; i += 16, bytes += 2) {
    const v128_t is_set = wasm_i8x16_eq(wasm_v128_and(load(codes + i), one), one);
    const auto word = static_cast<std::uint16_t>(wasm_i8x16_bitmask(is_set));
    std::memcpy(bytes, &word, sizeof word);
  }
}

void unpack_1(const std::uint8_t* bytes, std::size_t groups, int, std::uint8_t* codes) {
  const v128_t bit = wasm_i64x2_splat(static_cast<std::int64_t>(0x8040201008040201));
  for (std::size_t i = 0; i < groups * kGroup; i += 16, bytes += 2) {
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

void pack_4(const std::uint8_t* codes, std::size_t groups, int, std::uint8_t* bytes) {
  for (std::size_t i = 0; i < groups * kGroup; i += 32)
    store(bytes + i / 2, wasm_u8x16_narrow_i16x8(join_pairs(load(codes + i), 4), join_pairs(load(codes + i + 16), 4)));
}

void pack_2(const std::uint8_t* codes, std::size_t groups, int, std::uint8_t* bytes) {
  for (; groups > 0; --groups, codes += kGroup, bytes += 16) {
    const auto nibbles = [codes](std::size_t i) {
      return wasm_u8x16_narrow_i16x8(join_pairs(load(codes + i), 2), join_pairs(load(codes + i + 16), 2));
    };
    store(bytes, wasm_u8x16_narrow_i16x8(join_pairs(nibbles(0), 4), join_pairs(nibbles(32), 4)));
  }
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

void unpack_4(const std::uint8_t* bytes, std::size_t groups, int, std::uint8_t* codes) {
  for (std::size_t i = 0; i < groups * kGroup; i += 32) {
    v128_t low, high;
    split_bytes(load(bytes + i / 2), 4, low, high);
    store(codes + i, low);
    store(codes + i + 16, high);
  }
}

void unpack_2(const std::uint8_t* bytes, std::size_t groups, int, std::uint8_t* codes) {
  for (; groups > 0; --groups, bytes += 16) {
    v128_t nibbles[2];
    split_bytes(load(bytes), 4, nibbles[0], nibbles[1]);
    for (const v128_t half : nibbles) {
      v128_t low, high;
      split_bytes(half, 2, low, high);
      store(codes, low);
      store(codes + 16, high);
      codes += 32;
    }
  }
}

using Pack = void (*)(const std::uint8_t* codes, std::size_t groups, int bits, std::uint8_t* bytes);
using Unpack = void (*)(const std::uint8_t* bytes, std::size_t groups, int bits, std::uint8_t* codes);

Pack pack_for(int bits) {
  return bits == 1 ? pack_1 : bits == 2 ? pack_2 : bits == 4 ? pack_4 : pack_any;
}
Unpack unpack_for(int bits) {
  return bits == 1 ? unpack_1 : bits == 2 ? unpack_2 : bits == 4 ? unpack_4 : unpack_any;
}

// pack_any and unpack_any take eight bytes at a time: up to kReach bytes beyond the last group, which must be there. All
// but the last of many groups have another behind them; what is left goes through padded copies.
constexpr std::size_t kReach = 7;

std::size_t groups_at_once(std::size_t codes, bool reaches) {
  const std::size_t whole = codes / kGroup;
  return reaches && whole > 0 ? whole - 1 : whole;
}

}  // namespace

void pack_bits(std::span<const std::uint8_t> codes, int bits, std::uint8_t* bytes) {
  if (bits == 8) {
    std::copy(codes.begin(), codes.end(), bytes);
    return;
  }
  const Pack pack = pack_for(bits);
  std::size_t groups = groups_at_once(codes.size(), pack == pack_any);
  pack(codes.data(), groups, bits, bytes);
  for (; groups * kGroup < codes.size(); ++groups) {
    const auto rest = codes.subspan(groups * kGroup, std::min(kGroup, codes.size() - groups * kGroup));
    std::uint8_t padded_codes[kGroup] = {};
    std::uint8_t padded_bytes[kGroup + kReach];
    std::copy(rest.begin(), rest.end(), padded_codes);
    pack(padded_codes, 1, bits, padded_bytes);
    std::copy_n(padded_bytes, packed_bytes(rest.size(), bits), bytes + packed_bytes(groups * kGroup, bits));
  }
}

void unpack_bits(const std::uint8_t* bytes, int bits, std::span<std::uint8_t> codes) {
  if (bits == 8) {
    std::copy_n(bytes, codes.size(), codes.data());
    return;
  }
  const Unpack unpack = unpack_for(bits);
  std::size_t groups = groups_at_once(codes.size(), unpack == unpack_any);
  unpack(bytes, groups, bits, codes.data());
  for (; groups * kGroup < codes.size(); ++groups) {
    const auto rest = codes.subspan(groups * kGroup, std::min(kGroup, codes.size() - groups * kGroup));
    std::uint8_t padded_bytes[kGroup + kReach] = {};
    std::uint8_t padded_codes[kGroup];
    std::copy_n(bytes + packed_bytes(groups * kGroup, bits), packed_bytes(rest.size(), bits), padded_bytes);
    unpack(padded_bytes, 1, bits, padded_codes);
    std::copy_n(padded_codes, rest.size(), rest.data());
  }
}

}  // namespace fewbits
