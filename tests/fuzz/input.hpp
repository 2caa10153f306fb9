// How a fuzzer's bytes become a call: a format and options from the first ones, then the data. Every buffer is an
// allocation of exactly its size, so that one byte too many is an error.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "fewbits/block_format.hpp"

namespace fuzz {

using Bytes = std::vector<std::uint8_t>;
using Floats = std::vector<float>;

// The nearest thing that the boundary lets through: NaN and infinities become finite.
inline float finite(float value) {
  return std::isfinite(value) ? value : std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & ~0x00800000u);
}

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  std::uint8_t byte() {
    if (size_ == 0) return 0;
    --size_;
    return *data_++;
  }
  float finite_float() {
    std::uint8_t bytes[sizeof(float)];
    for (auto& next : bytes) next = byte();
    return finite(std::bit_cast<float>(bytes));
  }
  const fewbits::BlockFormat& format() { return fewbits::kBlockFormats[byte() % fewbits::kBlockFormats.size()]; }

  [[nodiscard]] Bytes bytes() const { return {data_, data_ + size_}; }
  [[nodiscard]] Floats finite_floats() const {
    Floats values(size_ / sizeof(float));
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::memcpy(&values[i], data_ + i * sizeof(float), sizeof(float));
      values[i] = finite(values[i]);
    }
    return values;
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
};

// One byte of options, and a scale where a format has one beside its blocks.
struct Options {
  fewbits::BlockOptions block;
  bool importance;
  std::size_t size, bytes;  // of a block

  Options(Input& input, const fewbits::BlockFormat& format) {
    const unsigned bits = input.byte();
    importance = (bits & 4) != 0;
    block.scale_rule = static_cast<fewbits::ScaleRule>(bits % 4 % 3);
    if (fewbits::takes_block_size(format) && bits / 8 % 8 != 0) block.block_size = 32u << (bits / 8 % 8);
    if (fewbits::observed_of_tensor(format) != fewbits::Observed::Nothing)
      block.tensor_scale = std::fabs(input.finite_float());
    size = block.block_size != 0 ? block.block_size : format.block_size;
    bytes = fewbits::block_bytes(format, static_cast<std::uint32_t>(size));
  }
};

// Ends the run. What is wrong goes to the log, with the place.
[[noreturn]] inline void fail(const fewbits::BlockFormat& format, const char* what, std::size_t at) {
  std::fprintf(stderr, "%.*s: %s differ from the definition's, first at %zu\n", static_cast<int>(format.name.size()),
               format.name.data(), what, at);
  std::abort();
}

inline void expect_same(const fewbits::BlockFormat& format, std::span<const std::uint8_t> ours,
                        std::span<const std::uint8_t> defined) {
  const auto found = std::mismatch(ours.begin(), ours.end(), defined.begin(), defined.end());
  if (found.first != ours.end() || found.second != defined.end())
    fail(format, "bytes", static_cast<std::size_t>(found.first - ours.begin()));
}

inline void expect_same(const fewbits::BlockFormat& format, std::span<const float> ours,
                        std::span<const float> defined) {
  if (ours.size() != defined.size()) fail(format, "numbers", std::min(ours.size(), defined.size()));
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const bool same = std::isnan(defined[i])
                          ? std::isnan(ours[i])
                          : std::bit_cast<std::uint32_t>(ours[i]) == std::bit_cast<std::uint32_t>(defined[i]);
    if (!same) fail(format, "numbers", i);
  }
}

}  // namespace fuzz
