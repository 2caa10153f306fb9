#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "catch.hpp"
#include "fewbits/codec.hpp"
#include "shared_scales.hpp"

using namespace fewbits;

namespace {

std::vector<float> weights(std::size_t count) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

}  // namespace

TEST_CASE("absmean: magnitudes are summed in order, however the values are cut") {
  const std::vector<float> values = weights(1000);
  double expected = 0;
  for (const float value : values) expected += value < 0 ? -static_cast<double>(value) : value;
  CHECK(sum_of_magnitudes(values, 0) == expected);
  CHECK(sum_of_magnitudes(std::span(values).subspan(333), sum_of_magnitudes(std::span(values).first(333), 0)) ==
        expected);
  CHECK(sum_of_magnitudes({}, 2.5) == 2.5);
}

TEST_CASE("absmean: ternary codes are clamp(rint(w / scale), -1, 1) + 1") {
  std::vector<float> values = weights(100);
  constexpr float kScale = 0.8f, kLeast = std::numeric_limits<float>::denorm_min();
  for (float near : {0.4f, 0.8f, 1.2f, 0.0f, kLeast, 1e38f})
    for (int k = 0; k < 5; ++k, near = std::nextafter(near, 0.0f)) {
      values.push_back(near);
      values.push_back(-near);
    }
  for (std::size_t length = 0; length <= values.size(); ++length) {
    std::vector<std::uint8_t> codes(length + 1, 77);
    std::vector<float> restored(length);
    ternary_quantize(std::span(values).first(length), kScale, codes.data());
    ternary_dequantize(std::span(codes).first(length), kScale, restored.data());
    for (std::size_t i = 0; i < length; ++i) {
      const float clamped = std::fmax(-1.0f, std::fmin(1.0f, std::nearbyint(values[i] / kScale)));
      REQUIRE(codes[i] == static_cast<int>(clamped) + 1);
      REQUIRE(restored[i] == clamped * kScale);
    }
    REQUIRE(codes[length] == 77);
  }
}

TEST_CASE("absmean: binary codes are the sign, and -0 is positive") {
  std::vector<float> values = weights(60);
  for (const float odd : {0.0f, -0.0f, 1e-45f, -1e-45f, 3e38f, -3e38f}) values.push_back(odd);
  for (std::size_t length = 0; length <= values.size(); ++length) {
    std::vector<std::uint8_t> codes(length + 1, 77);
    std::vector<float> restored(length);
    binary_quantize(std::span(values).first(length), codes.data());
    binary_dequantize(std::span(codes).first(length), 0.25f, restored.data());
    for (std::size_t i = 0; i < length; ++i) {
      REQUIRE(codes[i] == (values[i] >= 0 ? 1 : 0));
      REQUIRE(restored[i] == (values[i] >= 0 ? 0.25f : -0.25f));
    }
    REQUIRE(codes[length] == 77);
  }
}

TEST_CASE("absmean: a tensor's bytes and numbers are the definition's, whatever its length") {
  for (const char* name : {"ternary_absmean", "binary_absmean"})
    for (const std::size_t count : {0, 1, 7, 8, 1023, 1024, 1025, 3000}) {
      CAPTURE(name, count);
      const BlockFormat& format = *find_block_format(name);
      const std::vector<float> values = weights(count);
      const float scale =
          tensor_scale(format, observe(observed_of_tensor(format), values, 0), static_cast<double>(count));
      REQUIRE(scale == reference::absmean_scale(format, values));
      const auto expected = reference::absmean_quantize(format, values, scale);
      reference::Bytes bytes(expected.size());
      quantize_tensor(format, values, scale, bytes.data());
      REQUIRE(bytes == expected);
      auto restored = reference::absmean_dequantize(format, bytes, scale);
      restored.resize(count);
      std::vector<float> ours(count);
      dequantize_tensor(format, bytes.data(), scale, ours);
      REQUIRE(ours == restored);
    }
}
