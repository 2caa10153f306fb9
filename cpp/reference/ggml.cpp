#include "ggml.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>

#include "blocks.hpp"
#include "fewbits/block_format.hpp"
#include "fewbits/number_format.hpp"
#include "numbers.hpp"

namespace fewbits::reference {
namespace ggml {
namespace {

const NumberFormat& float16() {
  static const NumberFormat& format = *find_number_format("float16");
  return format;
}

const Codec& codec_of(std::string_view format) {
  for (const auto codecs : {simple_codecs(), k_codecs(), iq4_codecs(), ternary_codecs(), float4_codecs(), iq_codecs()})
    for (const Codec& codec : codecs)
      if (codec.format == format) return codec;
  throw std::invalid_argument(std::string(format) + " is no block format of ggml");
}

std::size_t block_size(const Codec& codec) {
  const BlockFormat* format = find_block_format(codec.format);
  if (format == nullptr || format->block_bytes != codec.block_bytes)
    throw std::invalid_argument(std::string(codec.format) + " is not as the table has it");
  return format->block_size;
}

float mean_square(std::span<const float> row) {
  return sum_of_squares(row) / static_cast<float>(row.size());
}

}  // namespace

Half to_half(float value) {
  const std::uint32_t code = encode(float16(), value, Overflow::Standard);
  return {{static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(code >> 8)}};
}

float to_float(Half half) {
  return static_cast<float>(decode(float16(), half.bytes[0] | std::uint32_t{half.bytes[1]} << 8));
}

int nearest_even(float value) {
  if (std::isnan(value)) return 0;
  const auto bits = std::bit_cast<std::uint32_t>(value + 12582912.0f);
  return static_cast<int>(bits & 0x7FFFFF) - 0x400000;
}

int nearest_away(float value, int min, int max) {
  return truncated(std::round(value), min, max);
}

int truncated(float value, int min, int max) {
  if (std::isnan(value)) return 0;
  return static_cast<int>(std::clamp(value, static_cast<float>(min), static_cast<float>(max)));
}

float largest_by_magnitude(std::span<const float> values) {
  float largest = 0;
  for (const float x : values)
    if (std::fabs(x) > std::fabs(largest)) largest = x;
  return largest;
}

float absmax(std::span<const float> values) {
  return std::fabs(largest_by_magnitude(values));
}

float inverse_or_zero(float x) {
  return x != 0 ? 1.0f / x : 0.0f;
}

float sum_of_squares(std::span<const float> values) {
  float sum = 0;
  for (const float x : values) sum += x * x;
  return sum;
}

}  // namespace ggml

void ggml_quantize(std::string_view format, std::span<const float> values, std::size_t row_length,
                   const float* importance, std::uint8_t* blocks) {
  const ggml::Codec& codec = ggml::codec_of(format);
  if (codec.quantize == nullptr) throw std::invalid_argument(std::string(format) + " has no encoder here");
  const std::size_t size = ggml::block_size(codec);
  for (std::size_t row = 0; row < values.size(); row += row_length) {
    const auto row_values = values.subspan(row, row_length);
    const float row_mean_square = importance != nullptr ? ggml::mean_square(row_values) : 0;
    for (std::size_t i = 0; i < row_length; i += size, blocks += codec.block_bytes)
      codec.quantize({row_values.subspan(i, size), importance != nullptr ? importance + i : nullptr, row_mean_square},
                     blocks);
  }
}

void ggml_dequantize(std::string_view format, const std::uint8_t* blocks, std::span<float> values) {
  const ggml::Codec& codec = ggml::codec_of(format);
  const std::size_t size = ggml::block_size(codec);
  for (std::size_t i = 0; i < values.size(); i += size, blocks += codec.block_bytes)
    codec.dequantize(blocks, values.subspan(i, size));
}

}  // namespace fewbits::reference
