// The kernels of block formats against their definitions, byte for byte.
#include <algorithm>
#include <functional>
#include <limits>
#include <random>

#include "blocks.hpp"
#include "blocks/all.hpp"
#include "catch.hpp"
#include "fewbits/codebooks.hpp"
#include "fewbits/codec.hpp"
#include "shared_scales.hpp"

using namespace fewbits;

namespace {

using Bytes = std::vector<std::uint8_t>;
using Floats = std::vector<float>;

constexpr float kLeast = std::numeric_limits<float>::denorm_min();
constexpr float kLargest = std::numeric_limits<float>::max();

std::mt19937& random_bits() {
  static std::mt19937 generator(7);
  return generator;
}

Floats generated(std::size_t count, const std::function<float(std::size_t)>& value) {
  Floats values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = value(i);
  return values;
}

// Any finite float, each pattern as likely as every other.
float any_finite() {
  for (;;) {
    const float value = std::bit_cast<float>(static_cast<std::uint32_t>(random_bits()()));
    if (std::isfinite(value)) return value;
  }
}

// What blocks are tried with. `count` elements each.
std::vector<Floats> trials(std::size_t count) {
  std::normal_distribution<float> normal;
  const auto gauss = [&] { return normal(random_bits()); };
  std::vector<Floats> trials;
  for (const int exponent : {-149, -140, -133, -127, -126, -120, -20, 0, 7, 60, 125})
    trials.push_back(
        generated(count, [&](std::size_t) { return std::clamp(std::ldexp(gauss(), exponent), -kLargest, kLargest); }));
  trials.push_back(generated(count, [](std::size_t) { return any_finite(); }));
  // Magnitudes from one power of two to the next, block by block.
  trials.push_back(
      generated(count, [&](std::size_t i) { return std::ldexp(gauss(), static_cast<int>(i / 16 * 5 % 250) - 135); }));
  // Ties and their neighbours: few significant bits, and one unit more or less.
  trials.push_back(generated(count, [](std::size_t) {
    const float tie = std::ldexp(static_cast<float>(random_bits()() % 64), static_cast<int>(random_bits()() % 12) - 6);
    const int side = static_cast<int>(random_bits()() % 3) - 1;
    const float near = side == 0 ? tie : std::nextafter(tie, side < 0 ? -kLargest : kLargest);
    return random_bits()() % 2 == 0 ? near : -near;
  }));
  for (const float constant : {0.0f, -0.0f, 1.0f, -1.0f, kLeast, -3 * kLeast, kLargest, -kLargest, 448.0f,
                               0x1.fc0002p0f, 0x1.fffffep-127f, 0x1p-127f})
    trials.push_back(Floats(count, constant));
  // One outlier in zeros of both signs, and in tiny numbers.
  trials.push_back(generated(count, [](std::size_t i) { return i % 16 == 5 ? kLargest : i % 2 == 0 ? 0.0f : -0.0f; }));
  trials.push_back(generated(count, [](std::size_t i) { return i % 64 == 3 ? -1e-30f : kLeast; }));
  trials.push_back(generated(count, [](std::size_t i) { return static_cast<float>(i) - 100; }));
  return trials;
}

Bytes any_bytes(std::size_t count) {
  Bytes bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_bits()());
  return bytes;
}

Bytes quantized(const BlockFormat& format, const Floats& values, const BlockOptions& options, std::size_t block_size,
                std::size_t block_bytes) {
  const std::size_t blocks = values.size() / block_size;
  Bytes bytes(blocks * block_bytes + 1, 0xA5);
  REQUIRE(quantize(format, values.data(), blocks, options, bytes.data()));
  REQUIRE(bytes.back() == 0xA5);
  bytes.pop_back();
  return bytes;
}

Floats restored(const BlockFormat& format, const Bytes& bytes, const BlockOptions& options, std::size_t block_size,
                std::size_t block_bytes) {
  const std::size_t blocks = bytes.size() / block_bytes;
  Floats values(blocks * block_size + 1, 77.0f);
  REQUIRE(dequantize(format, bytes.data(), blocks, options, values.data()));
  REQUIRE(values.back() == 77.0f);
  values.pop_back();
  return values;
}

bool same(const Floats& a, const Floats& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same_bits);
}

std::vector<const BlockFormat*> family(std::string_view name) {
  std::vector<const BlockFormat*> formats;
  for (const BlockFormat& format : kBlockFormats)
    if (format.family == name) formats.push_back(&format);
  return formats;
}

}  // namespace

TEST_CASE("blocks: every format can be read, and has an encoder where its row says so") {
  std::size_t codecs = 0;
  for (const auto kernels : kBlockFamilies)
    for (const BlockKernels& kernel : kernels) {
      CAPTURE(kernel.format->name);
      CHECK(find_block_format(kernel.format->name) == kernel.format);
      CHECK((kernel.quantize != nullptr) == kernel.format->can_quantize);
      ++codecs;
    }
  std::size_t expected = 0;
  for (const BlockFormat& format : kBlockFormats) {
    CAPTURE(format.name);
    if (format.block_size == 0) continue;
    CHECK(quantize(format, nullptr, 0, {}, nullptr) == format.can_quantize);
    CHECK(dequantize(format, nullptr, 0, {}, nullptr));
    ++expected;
  }
  CHECK(codecs == expected);
  CHECK_FALSE(quantize(*find_block_format("ternary_absmean"), nullptr, 0, {}, nullptr));
  CHECK_FALSE(dequantize(*find_block_format("ternary_absmean"), nullptr, 0, {}, nullptr));
}

TEST_CASE("mx: the kernels give the definitions' bytes") {
  REQUIRE(family("mx").size() == 6);
  for (const std::size_t blocks : {1, 2, 63, 64, 150})
    for (const Floats& values : trials(32 * blocks))
      for (const BlockFormat* format : family("mx"))
        for (const ScaleRule rule : {ScaleRule::Floor, ScaleRule::Rceil, ScaleRule::Even}) {
          CAPTURE(format->name, blocks, rule, values[0]);
          REQUIRE(quantized(*format, values, {.scale_rule = rule}, 32, format->block_bytes) ==
                  reference::mx_quantize(*format, values, rule));
        }
}

TEST_CASE("mx: the kernels restore the definitions' numbers, from any bytes") {
  for (const BlockFormat* format : family("mx"))
    for (const std::size_t blocks : {1, 65, 300}) {
      auto bytes = any_bytes(blocks * format->block_bytes);
      for (std::size_t block = 0; block < blocks; ++block)
        if (blocks == 300) bytes[block * format->block_bytes] = static_cast<std::uint8_t>(block);
      CAPTURE(format->name, blocks);
      REQUIRE(same(restored(*format, bytes, {}, 32, format->block_bytes), reference::mx_dequantize(*format, bytes)));
    }
}

// Rounding up may lead beyond float32 there, as in any format; the floor rule saturates.
TEST_CASE("mx: float32's largest number leaves a block that can be read") {
  const Floats values(32, kLargest);
  for (const BlockFormat* format : family("mx"))
    for (const ScaleRule rule : {ScaleRule::Floor, ScaleRule::Rceil, ScaleRule::Even}) {
      const auto bytes = quantized(*format, values, {.scale_rule = rule}, 32, format->block_bytes);
      const float back = restored(*format, bytes, {}, 32, format->block_bytes)[0];
      CAPTURE(format->name, rule);
      CHECK(bytes[0] != 255);
      CHECK(back >= kLargest / 2);
      if (rule == ScaleRule::Floor) CHECK(back <= kLargest);
    }
}

TEST_CASE("nvfp4_tensor: the kernels give the definitions' bytes and numbers") {
  const BlockFormat& format = *find_block_format("nvfp4_tensor");
  for (const std::size_t blocks : {1, 2, 127, 128, 300})
    for (const Floats& values : trials(16 * blocks)) {
      float absmax = 0;
      for (const float value : values) absmax = std::max(absmax, std::fabs(value));
      const float own = nvfp4_tensor_scale(absmax);
      REQUIRE(own == reference::nvfp4_tensor_scale(values));
      for (const float scale : {own, 1.0f, 1e-40f, 1e30f}) {
        CAPTURE(blocks, scale, values[0]);
        const auto bytes = quantized(format, values, {.tensor_scale = scale}, 16, 9);
        REQUIRE(bytes == reference::nvfp4_quantize(values, scale));
        REQUIRE(
            same(restored(format, bytes, {.tensor_scale = scale}, 16, 9), reference::nvfp4_dequantize(bytes, scale)));
      }
    }
  const auto bytes = any_bytes(9 * 300);
  for (const float scale : {1.0f, 0.37f, 1e-40f, 1e37f})
    REQUIRE(same(restored(format, bytes, {.tensor_scale = scale}, 16, 9), reference::nvfp4_dequantize(bytes, scale)));
}

TEST_CASE("bitsandbytes: the kernels give the definitions' bytes and numbers, at every block size") {
  REQUIRE(family("bitsandbytes").size() == 3);
  for (const Floats& values : trials(8192))
    for (const BlockFormat* format : family("bitsandbytes"))
      for (const std::uint32_t block_size : {0u, 64u, 128u, 256u, 512u, 1024u, 2048u, 4096u}) {
        const std::size_t size = block_size == 0 ? format->block_size : block_size;
        const std::size_t block_bytes = 4 + size * format->fields.back().bits / 8;
        CAPTURE(format->name, block_size, values[0]);
        const auto bytes = quantized(*format, values, {.block_size = block_size}, size, block_bytes);
        REQUIRE(bytes == reference::bitsandbytes_quantize(*format, values, size));
        REQUIRE(same(restored(*format, bytes, {.block_size = block_size}, size, block_bytes),
                     reference::bitsandbytes_dequantize(*format, bytes, size)));
      }
}

TEST_CASE("bitsandbytes: numbers around every midpoint, in single blocks") {
  const auto around = [](auto numbers) {
    std::sort(numbers.begin(), numbers.end());
    Floats values;
    for (std::size_t i = 0; i + 1 < numbers.size(); ++i) {
      float near = (numbers[i] + numbers[i + 1]) / 2;
      for (int k = 0; k < 4; ++k) near = std::nextafter(near, -2.0f);
      for (int k = 0; k < 9; ++k, near = std::nextafter(near, 2.0f)) values.push_back(near);
    }
    return values;
  };
  const auto check = [](const BlockFormat& format, Floats values) {
    while (values.size() % (format.block_size - 1) != 0) values.push_back(0);
    for (std::size_t begin = 0; begin < values.size(); begin += format.block_size - 1) {
      Floats block(values.begin() + static_cast<std::ptrdiff_t>(begin),
                   values.begin() + static_cast<std::ptrdiff_t>(begin + format.block_size - 1));
      block.push_back(1);  // the absmax
      REQUIRE(quantized(format, block, {}, format.block_size, format.block_bytes) ==
              reference::bitsandbytes_quantize(format, block, format.block_size));
    }
  };
  check(*find_block_format("nf4"), around(kNf4));
  check(*find_block_format("fp4"), around(kBitsandbytesFp4));
  check(*find_block_format("bnb_int8_blockwise"), around(dynamic_map()));
}

TEST_CASE("bitsandbytes: double quantization, whole and short blocks") {
  for (const std::size_t count : {0, 1, 8, 255, 256, 257, 1000}) {
    std::vector<Floats> inputs = trials(1008);
    for (Floats& values : inputs) {
      values.resize(count);
      for (float& value : values) value = std::fabs(value);
      for (const float offset : {0.0f, 0.5f, count == 0 ? 0.0f : values[0], 1e-39f}) {
        CAPTURE(count, offset);
        const auto expected = reference::nest(values, offset);
        Bytes codes(count + 1, 0xA5);
        Floats scales((count + 255) / 256 + 1, 77.0f), back(count + 1, 77.0f);
        nest_absmax(values, offset, codes.data(), scales.data());
        REQUIRE(codes.back() == 0xA5);
        REQUIRE(scales.back() == 77.0f);
        codes.pop_back();
        scales.pop_back();
        REQUIRE(codes == expected.absmax);
        REQUIRE(same(scales, expected.scale));
        unnest_absmax(codes, scales.data(), offset, back.data());
        REQUIRE(back.back() == 77.0f);
        back.pop_back();
        REQUIRE(same(back, reference::unnest(expected)));
      }
    }
  }
}
