// Any bytes as blocks of any format: read within their bounds, and as the definitions read them.
#include "blocks.hpp"
#include "fewbits/codec.hpp"
#include "input.hpp"
#include "shared_scales.hpp"

using namespace fewbits;
using namespace fuzz;

namespace {

Floats defined(const BlockFormat& format, const Bytes& bytes, const Options& options, std::size_t count) {
  if (format.family == "mx") return reference::mx_dequantize(format, bytes);
  if (format.family == "nvfp4") return reference::nvfp4_dequantize(bytes, options.block.tensor_scale);
  if (format.family == "bitsandbytes") return reference::bitsandbytes_dequantize(format, bytes, options.size);
  Floats values(count);
  reference::ggml_dequantize(format.name, bytes.data(), values);
  return values;
}

void dequantize_blocks(const BlockFormat& format, Bytes bytes, const Options& options) {
  const std::size_t blocks = bytes.size() / options.bytes;
  bytes = Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(blocks * options.bytes));
  Floats values(blocks * options.size);
  if (dequantize(format, bytes.data(), blocks, options.block, values.data()))
    expect_same(format, values, defined(format, bytes, options, values.size()));
}

// The tensor ends anywhere in its last byte.
void dequantize_whole(const BlockFormat& format, const Bytes& bytes, const Options& options) {
  const std::size_t per_byte = 8 / format.element_bits, most = bytes.size() * per_byte;
  for (std::size_t missing = 0; missing < per_byte && missing <= most; ++missing) {
    Floats values(most - missing);
    dequantize_tensor(format, bytes.data(), options.block.tensor_scale, values);
    Floats expected = reference::absmean_dequantize(format, bytes, options.block.tensor_scale);
    expected.resize(values.size());
    expect_same(format, values, expected);
  }
}

// The absmax of every block, as double quantization stores them.
void unnest(const Bytes& codes, float offset) {
  Floats scales((codes.size() + 255) / 256), absmax(codes.size());
  for (std::size_t i = 0; i < scales.size(); ++i) scales[i] = std::ldexp(1.0f, static_cast<int>(codes[i]) - 127);
  unnest_absmax(codes, scales.data(), offset, absmax.data());
  expect_same(*find_block_format("nf4"), absmax, reference::unnest({codes, scales, offset}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const BlockFormat& format = input.format();
  const Options options(input, format);
  if (format.block_size == 0)
    dequantize_whole(format, input.bytes(), options);
  else
    dequantize_blocks(format, input.bytes(), options);
  if (takes_block_size(format) && options.importance) {
    const float offset = input.finite_float();
    unnest(input.bytes(), offset);
  }
  return 0;
}
