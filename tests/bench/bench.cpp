// Limit probes, which move a kernel's bytes and do next to nothing else, and the kernels themselves.
// All exports are alike: `times` passes over `count` elements. Callers put the arrays into the arena, in whole blocks
// of 64 elements.
#include <emscripten/emscripten.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fewbits/affine.hpp"
#include "fewbits/calibrate.hpp"
#include "fewbits/codec.hpp"
#include "repeat.hpp"
#include "simd.hpp"

namespace {

using namespace fewbits;
using bench::finish_pass, bench::repeat;
using simd::load, simd::store;

// Reads 4 vectors, `writes` of which it writes: of float32, with every 16 elements.
template <int writes>
void read_4(const std::uint8_t* from, std::uint8_t* to, std::size_t count) {
  for (std::size_t blocks = count / 16; blocks > 0; --blocks, from += 64, to += 16 * writes) {
    const v128_t low = wasm_v128_or(load(from), load(from + 16)), high = wasm_v128_or(load(from + 32), load(from + 48));
    if constexpr (writes == 1) {
      store(to, wasm_v128_or(low, high));
    } else {
      store(to, low);
      store(to + 16, high);
    }
  }
}

// Reads `reads` vectors and writes 4.
template <int reads>
void write_4(const std::uint8_t* from, std::uint8_t* to, std::size_t count) {
  for (std::size_t blocks = count / 16; blocks > 0; --blocks, from += 16 * reads, to += 64) {
    const v128_t first = load(from), last = load(from + 16 * (reads - 1));
    store(to, first);
    store(to + 16, first);
    store(to + 32, last);
    store(to + 48, last);
  }
}

void load_all(const std::uint8_t* from, std::uint8_t* to, std::size_t count) {
  std::array<v128_t, 4> sums{};
  for (std::size_t blocks = count / 16; blocks > 0; --blocks, from += 64)
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = wasm_v128_or(sums[i], load(from + 16 * i));
  store(to, wasm_v128_or(wasm_v128_or(sums[0], sums[1]), wasm_v128_or(sums[2], sums[3])));
}

// The caller's arrays: 16 Mi floats, half as many bytes, and some room between them.
constexpr std::size_t kArenaBytes = 104u << 20;
alignas(64) std::uint8_t arena[kArenaBytes];

constexpr CodeRange kNarrowInt8{-127, 127};

void quantize(const float* from, std::uint8_t* to, std::size_t count, int times, float scale, Rounding rounding) {
  repeat(times, [&] { quantize_run({from, count}, {scale, 0}, kNarrowInt8, rounding, to); });
}

void encode_as(std::string_view name, const float* from, void* to, std::size_t count, int times) {
  const NumberFormat& format = *find_number_format(name);
  repeat(times, [&] { encode(format, std::span(from, count), to, Overflow::Standard); });
}

void decode_from(std::string_view name, const void* from, float* to, std::size_t count, int times) {
  const NumberFormat& format = *find_number_format(name);
  repeat(times, [&] { decode(format, from, count, to); });
}

}  // namespace

#define PROBE(name, pass)                                                                                           \
  EMSCRIPTEN_KEEPALIVE void name(const std::uint8_t* from, std::uint8_t* to, std::size_t count, int times, float) { \
    repeat(times, [&] { pass; });                                                                                   \
  }
#define KERNEL(name, From, To) \
  EMSCRIPTEN_KEEPALIVE void name(const From* from, To* to, std::size_t count, int times, [[maybe_unused]] float scale)

extern "C" {

EMSCRIPTEN_KEEPALIVE std::uint8_t* arena_begin() {
  return arena;
}
EMSCRIPTEN_KEEPALIVE std::size_t arena_bytes() {
  return kArenaBytes;
}

PROBE(probe_load, load_all(from, to, count))
PROBE(probe_read4_write1, read_4<1>(from, to, count))
PROBE(probe_read4_write2, read_4<2>(from, to, count))
PROBE(probe_read1_write4, write_4<1>(from, to, count))
PROBE(probe_read2_write4, write_4<2>(from, to, count))
PROBE(probe_load_then_read4_write1, (load_all(from, to, count), finish_pass(), read_4<1>(from, to, count)))

KERNEL(kernel_absmax, float, float) {
  repeat(times, [&] { *to = absmax({from, count}); });
}
KERNEL(kernel_minmax, float, Range) {
  repeat(times, [&] { *to = minmax({from, count}); });
}
KERNEL(kernel_int8_divide, float, std::uint8_t) {
  quantize(from, to, count, times, scale, Rounding::Divide);
}
KERNEL(kernel_int8_multiply, float, std::uint8_t) {
  quantize(from, to, count, times, scale, Rounding::Multiply);
}
KERNEL(kernel_dynamic, float, std::uint8_t) {
  repeat(times, [&] { dynamic_quantize({from, count}, to); });
}
KERNEL(kernel_int8_decode, std::int8_t, float) {
  repeat(times, [&] { dequantize_run(std::span(from, count), {scale, 0}, to); });
}
KERNEL(kernel_float16_encode, float, void) {
  encode_as("float16", from, to, count, times);
}
KERNEL(kernel_float16_decode, void, float) {
  decode_from("float16", from, to, count, times);
}
KERNEL(kernel_e4m3_encode, float, void) {
  encode_as("float8_e4m3fn", from, to, count, times);
}
KERNEL(kernel_e4m3_decode, void, float) {
  decode_from("float8_e4m3fn", from, to, count, times);
}

}  // extern "C"
