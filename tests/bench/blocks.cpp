// Block formats by their row in kBlockFormats: the kernels as the module calls them, their definitions in scalar code
// compiled the same way, and probes that move a format's bytes and do next to nothing else.
#include "reference/blocks.hpp"

#include <emscripten/emscripten.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "fewbits/block_format.hpp"
#include "fewbits/codec.hpp"
#include "reference/shared_scales.hpp"
#include "repeat.hpp"
#include "simd.hpp"

namespace {

using namespace fewbits;
using bench::repeat;
using simd::load, simd::store;
using Floats = std::span<const float>;

// --- kernels -----------------------------------------------------------------------------------------------------

float scale_of(const BlockFormat& format, Floats values) {
  const double observed = observe(observed_of_tensor(format), values, 0);
  return tensor_scale(format, observed, static_cast<double>(values.size()));
}

// Row by row where there are weights, since they are a row's, and what they want to know of the values too.
bool encode(const BlockFormat& format, Floats values, std::size_t row_length, const float* weights, std::uint8_t* to) {
  BlockOptions options{.tensor_scale = scale_of(format, values), .importance = weights};
  if (format.block_size == 0) {
    quantize_tensor(format, values, options.tensor_scale, to);
    return true;
  }
  const std::size_t blocks = row_length / format.block_size;
  for (; !values.empty(); values = values.subspan(row_length), to += blocks * format.block_bytes) {
    const Floats row = values.first(row_length);
    if (weights != nullptr)
      options.sigma2 = static_cast<float>(observe(observed_of_row(format), row, 0)) / static_cast<float>(row_length);
    if (!quantize(format, row.data(), blocks, options, to)) return false;
  }
  return true;
}

bool decode(const BlockFormat& format, const std::uint8_t* from, float scale, std::span<float> values) {
  if (format.block_size == 0) {
    dequantize_tensor(format, from, scale, values);
    return true;
  }
  return dequantize(format, from, values.size() / format.block_size, {.tensor_scale = scale}, values.data());
}

// --- definitions -------------------------------------------------------------------------------------------------

float reference_scale(const BlockFormat& format, Floats values) {
  if (format.family == "bitnet") return reference::absmean_scale(format, values);
  return format.family == "nvfp4" ? reference::nvfp4_tensor_scale(values) : 1;
}

void reference_encode(const BlockFormat& format, Floats values, std::size_t row_length, const float* weights,
                      std::uint8_t* to) {
  if (format.family == "ggml") return reference::ggml_quantize(format.name, values, row_length, weights, to);
  const float scale = reference_scale(format, values);
  const auto bytes = format.family == "mx"       ? reference::mx_quantize(format, values, ScaleRule::Floor)
                     : format.family == "nvfp4"  ? reference::nvfp4_quantize(values, scale)
                     : format.family == "bitnet" ? reference::absmean_quantize(format, values, scale)
                                                 : reference::bitsandbytes_quantize(format, values, format.block_size);
  std::copy(bytes.begin(), bytes.end(), to);
}

void reference_decode(const BlockFormat& format, std::span<const std::uint8_t> from, float scale,
                      std::span<float> values) {
  if (format.family == "ggml") return reference::ggml_dequantize(format.name, from.data(), values);
  const auto restored = format.family == "mx"      ? reference::mx_dequantize(format, from)
                        : format.family == "nvfp4" ? reference::nvfp4_dequantize(from, scale)
                        : format.family == "bitnet"
                            ? reference::absmean_dequantize(format, from, scale)
                            : reference::bitsandbytes_dequantize(format, from, format.block_size);
  std::copy(restored.begin(), restored.end(), values.begin());
}

// --- probes ------------------------------------------------------------------------------------------------------

// Some elements and their bytes, at least a vector of them: blocks, or whole bytes where the whole tensor is one.
struct Shape {
  std::size_t elements, bytes;
};
Shape shape_of(const BlockFormat& format) {
  Shape shape{format.block_size, format.block_bytes};
  if (format.block_size == 0) shape = {8, format.element_bits};
  while (shape.bytes < 16) shape = {2 * shape.elements, 2 * shape.bytes};
  return shape;
}
std::size_t bytes_of(const BlockFormat& format, std::size_t count) {
  const Shape shape = shape_of(format);
  return count / shape.elements * shape.bytes;
}

// The last vector overlaps the one before.
void write_block(std::uint8_t* to, std::size_t bytes, v128_t value) {
  for (std::size_t at = 0; at + 16 <= bytes; at += 16) store(to + at, value);
  if (bytes % 16 != 0) store(to + bytes - 16, value);
}
v128_t read_block(const std::uint8_t* from, std::size_t bytes) {
  v128_t all = load(from + bytes - 16);
  for (std::size_t at = 0; at + 16 <= bytes; at += 16) all = wasm_v128_or(all, load(from + at));
  return all;
}

void probe_encode(Shape shape, const float* from, std::size_t count, std::uint8_t* to) {
  for (std::size_t i = 0; i < count; i += shape.elements, to += shape.bytes) {
    v128_t even = load(from + i), odd = load(from + i + 4);
    for (std::size_t k = 8; k < shape.elements; k += 8) {
      even = wasm_v128_or(even, load(from + i + k));
      odd = wasm_v128_or(odd, load(from + i + k + 4));
    }
    write_block(to, shape.bytes, wasm_v128_or(even, odd));
  }
}

void probe_decode(Shape shape, const std::uint8_t* from, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; i += shape.elements, from += shape.bytes) {
    const v128_t block = read_block(from, shape.bytes);
    for (std::size_t k = 0; k < shape.elements; k += 4) store(to + i + k, block);
  }
}

}  // namespace

#define ENCODER(name)                                                                                            \
  EMSCRIPTEN_KEEPALIVE bool name(unsigned row, const float* from, std::uint8_t* to, std::size_t count,           \
                                 [[maybe_unused]] std::size_t row_length, [[maybe_unused]] const float* weights, \
                                 int times)
#define DECODER(name)                                                                                  \
  EMSCRIPTEN_KEEPALIVE bool name(unsigned row, const std::uint8_t* from, float* to, std::size_t count, \
                                 [[maybe_unused]] float scale, int times)

extern "C" {

EMSCRIPTEN_KEEPALIVE std::size_t block_bytes_of(unsigned row, std::size_t count) {
  return bytes_of(kBlockFormats[row], count);
}
EMSCRIPTEN_KEEPALIVE float block_scale(unsigned row, const float* values, std::size_t count) {
  return reference_scale(kBlockFormats[row], {values, count});
}

// False where there is no kernel.
ENCODER(block_encode) {
  bool done = true;
  repeat(times, [&] { done = encode(kBlockFormats[row], {from, count}, row_length, weights, to); });
  return done;
}
DECODER(block_decode) {
  bool done = true;
  repeat(times, [&] { done = decode(kBlockFormats[row], from, scale, {to, count}); });
  return done;
}

ENCODER(block_reference_encode) {
  repeat(times, [&] { reference_encode(kBlockFormats[row], {from, count}, row_length, weights, to); });
  return true;
}
DECODER(block_reference_decode) {
  const BlockFormat& format = kBlockFormats[row];
  repeat(times, [&] { reference_decode(format, {from, bytes_of(format, count)}, scale, {to, count}); });
  return true;
}

ENCODER(block_probe_encode) {
  repeat(times, [&] { probe_encode(shape_of(kBlockFormats[row]), from, count, to); });
  return true;
}
DECODER(block_probe_decode) {
  repeat(times, [&] { probe_decode(shape_of(kBlockFormats[row]), from, count, to); });
  return true;
}

}  // extern "C"
