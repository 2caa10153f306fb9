// Any finite floats to any format, with any importance: written within bounds, and the definitions' bytes.
#include "blocks.hpp"
#include "fewbits/codec.hpp"
#include "input.hpp"
#include "shared_scales.hpp"

using namespace fewbits;
using namespace fuzz;

namespace {

// A NaN's sign is not the same on every machine.
void forget_signs_of_nan(const BlockFormat& format, Bytes& blocks) {
  for (std::size_t block = 0; block + format.block_bytes <= blocks.size(); block += format.block_bytes)
    for (const Field& field : format.fields) {
      if (field.role == FieldRole::Code || field.bits != 16 || field.count != 1) continue;
      std::uint8_t* const half = &blocks[block + field.bit_offset / 8];
      if ((half[1] & 0x7F) > 0x7C || ((half[1] & 0x7F) == 0x7C && half[0] != 0)) half[1] &= 0x7F;
    }
}

Bytes defined(const BlockFormat& format, const Floats& values, const Options& options) {
  if (format.family == "mx") return reference::mx_quantize(format, values, options.block.scale_rule);
  if (format.family == "nvfp4") return reference::nvfp4_quantize(values, options.block.tensor_scale);
  if (format.family == "bitsandbytes") return reference::bitsandbytes_quantize(format, values, options.size);
  Bytes bytes(values.size() / options.size * options.bytes);
  reference::ggml_quantize(format.name, values, values.size(), options.block.importance, bytes.data());
  return bytes;
}

// The scale that a tensor of these values has.
float own_scale(const BlockFormat& format, const Floats& values) {
  const double observed = observe(observed_of_tensor(format), values, 0);
  return tensor_scale(format, observed, static_cast<double>(values.size()));
}

// One row. With an importance, the second half of the floats is that of the first.
void quantize_blocks(const BlockFormat& format, const Floats& floats, Options options) {
  const bool weighed = options.importance && format.uses_importance;
  const std::size_t blocks = floats.size() / (weighed ? 2 : 1) / options.size, count = blocks * options.size;
  const auto middle = floats.begin() + static_cast<std::ptrdiff_t>(count);
  const Floats values(floats.begin(), middle);
  Floats importance(weighed ? count : 0);
  if (weighed) {
    std::transform(middle, middle + static_cast<std::ptrdiff_t>(count), importance.begin(),
                   [](float weight) { return std::fabs(weight); });
    options.block.importance = importance.data();
    options.block.sigma2 = count == 0 ? 0 : sum_of_squares(values, 0) / static_cast<float>(count);
  }
  if (options.block.tensor_scale == 0) options.block.tensor_scale = own_scale(format, values);
  Bytes bytes(blocks * options.bytes);
  if (count == 0 || !quantize(format, values.data(), blocks, options.block, bytes.data())) return;
  Bytes expected = defined(format, values, options);
  forget_signs_of_nan(format, bytes);
  forget_signs_of_nan(format, expected);
  expect_same(format, bytes, expected);
}

void quantize_whole(const BlockFormat& format, const Floats& values, const Options& options) {
  Bytes bytes(packed_bytes(values.size(), static_cast<int>(format.element_bits)));
  const float given = options.block.tensor_scale;
  const float scale = given == 0 ? own_scale(format, values) : given;
  quantize_tensor(format, values, scale, bytes.data());
  expect_same(format, bytes, reference::absmean_quantize(format, values, scale));
}

void nest(const Floats& values, float offset) {
  Floats absmax = values;
  for (float& value : absmax) value = std::fabs(value);
  Bytes codes(absmax.size());
  Floats scales((absmax.size() + 255) / 256);
  nest_absmax(absmax, offset, codes.data(), scales.data());
  const auto expected = reference::nest(absmax, offset);
  expect_same(*find_block_format("nf4"), codes, expected.absmax);
  expect_same(*find_block_format("nf4"), scales, expected.scale);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const BlockFormat& format = input.format();
  const Options options(input, format);
  if (format.block_size == 0)
    quantize_whole(format, input.finite_floats(), options);
  else
    quantize_blocks(format, input.finite_floats(), options);
  if (takes_block_size(format) && options.importance) {
    const float offset = input.finite_float();
    nest(input.finite_floats(), offset);
  }
  return 0;
}
