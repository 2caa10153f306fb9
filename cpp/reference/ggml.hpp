// What the families of ggml's block formats share: numbers in a block, roundings, and how a format is told of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace fewbits::reference::ggml {

// --- a block's numbers -------------------------------------------------------------------------------------------

// A block's layout is a struct of bytes, so that it has no padding and no byte order but the one that is written here.

// float16, little-endian.
struct Half {
  std::uint8_t bytes[2];
};
Half to_half(float value);
float to_float(Half half);

struct Word16 {
  std::uint8_t bytes[2];
};
constexpr Word16 to_word16(unsigned value) {
  return {{static_cast<std::uint8_t>(value), static_cast<std::uint8_t>(value >> 8)}};
}
constexpr unsigned to_unsigned(Word16 word) {
  return word.bytes[0] | unsigned{word.bytes[1]} << 8;
}

// Codes of fewer bits than a byte, interleaved so that `run` elements in a row lie in `run` bytes in a row: element i
// is in byte i % run of its group, above the elements i - run, i - 2 run, ... A SIMD register of `run` bytes then gives
// the elements of a run by one shift and one mask. Run 1 is a plain bit stream. `put` expects bytes that are zero.
struct Interleaved {
  std::size_t bits, run;

  void put(std::uint8_t* bytes, std::size_t i, unsigned code) const {
    bytes[byte(i)] = static_cast<std::uint8_t>(bytes[byte(i)] | (code & mask()) << shift(i));
  }
  [[nodiscard]] unsigned get(const std::uint8_t* bytes, std::size_t i) const {
    return bytes[byte(i)] >> shift(i) & mask();
  }

 private:
  [[nodiscard]] std::size_t runs() const { return 8 / bits; }
  [[nodiscard]] std::size_t byte(std::size_t i) const { return i / (run * runs()) * run + i % run; }
  [[nodiscard]] std::size_t shift(std::size_t i) const { return i / run % runs() * bits; }
  [[nodiscard]] unsigned mask() const { return (1u << bits) - 1; }
};

// --- roundings ---------------------------------------------------------------------------------------------------

// To the nearest integer, ties to even, by ggml's trick: adding 1.5 * 2^23 leaves the integer in the low 23 bits of the
// float32. Beyond +-2^22 those bits say something else, and ggml takes them all the same: so does this. NaN gives 0.
int nearest_even(float value);
// To the nearest integer, ties away from zero, clamped to [min, max]. NaN gives 0.
int nearest_away(float value, int min, int max);
// Towards zero, clamped to [min, max]. NaN gives 0.
int truncated(float value, int min, int max);

// --- formats -----------------------------------------------------------------------------------------------------

// One block to quantize.
struct Input {
  std::span<const float> values;
  const float* importance;  // of the same elements; nullptr: none
  float row_mean_square;    // of the row that the block lies in; looked at only where there is an importance
};

struct Codec {
  std::string_view format;
  std::size_t block_bytes;
  void (*quantize)(const Input& input, std::uint8_t* block);  // nullptr: no encoder here
  void (*dequantize)(const std::uint8_t* block, std::span<float> values);
};

namespace detail {
template <class Block, Block quantize(const Input&)>
void quantize_bytes(const Input& input, std::uint8_t* bytes) {
  const Block block = quantize(input);
  std::memcpy(bytes, &block, sizeof block);
}
template <class Block, void dequantize(const Block&, std::span<float>)>
void dequantize_bytes(const std::uint8_t* bytes, std::span<float> values) {
  Block block;
  std::memcpy(&block, bytes, sizeof block);
  dequantize(block, values);
}
}  // namespace detail

template <class Block, Block quantize(const Input&), void dequantize(const Block&, std::span<float>)>
constexpr Codec codec(std::string_view format) {
  static_assert(alignof(Block) == 1);
  return {format, sizeof(Block), detail::quantize_bytes<Block, quantize>, detail::dequantize_bytes<Block, dequantize>};
}
template <class Block, void dequantize(const Block&, std::span<float>)>
constexpr Codec decoder(std::string_view format) {
  static_assert(alignof(Block) == 1);
  return {format, sizeof(Block), nullptr, detail::dequantize_bytes<Block, dequantize>};
}

std::span<const Codec> simple_codecs();   // Q4_0 .. Q8_1, Q1_0, Q2_0
std::span<const Codec> k_codecs();        // Q2_K .. Q8_K
std::span<const Codec> iq4_codecs();      // IQ4_NL, IQ4_XS
std::span<const Codec> ternary_codecs();  // TQ1_0, TQ2_0
std::span<const Codec> float4_codecs();   // MXFP4, NVFP4
std::span<const Codec> iq_codecs();       // IQ1_S .. IQ3_S: decoding only

// --- what many quantizers look for -------------------------------------------------------------------------------

// The value of largest magnitude with its sign; the first where several have it; 0 among zeros.
float largest_by_magnitude(std::span<const float> values);
// The largest magnitude.
float absmax(std::span<const float> values);
// 1 / x in float32, and 0 for 0: a block of zeros gets codes of zero.
float inverse_or_zero(float x);
// The sum of x^2, in order, in float32.
float sum_of_squares(std::span<const float> values);

}  // namespace fewbits::reference::ggml
