// bitsandbytes (backends/default/ops.py; functional.py): a block is divided by its absmax, and every element becomes
// the nearest number of a list. quantize_4bit has NF4's and FP4's lists of 16, quantize_blockwise the dynamic map of
// 256. Half between two numbers of the list, a point rounded to float32, the lower one is taken.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "fewbits/codebooks.hpp"
#include "shared_scales.hpp"

namespace fewbits::reference {
namespace {

// Below it an absmax is not divided by: its reciprocal would be infinite.
constexpr float kSmallestAbsmax = 1e-38f;
constexpr std::size_t kNestedBlock = 256;

Floats list_of(const BlockFormat& format) {
  if (format.name == "nf4") return {kNf4.begin(), kNf4.end()};
  if (format.name == "fp4") return {kBitsandbytesFp4.begin(), kBitsandbytesFp4.end()};
  constexpr auto map = dynamic_map();
  return {map.begin(), map.end()};
}

// A list of numbers in any order. Two equal ones stay two, the one with the smaller code first.
class Nearest {
 public:
  explicit Nearest(const Floats& list) : list_(list), ascending_(list.size()) {
    std::iota(ascending_.begin(), ascending_.end(), 0);
    std::stable_sort(ascending_.begin(), ascending_.end(), [&](auto a, auto b) { return list[a] < list[b]; });
  }
  [[nodiscard]] std::uint8_t code(float x) const {
    std::size_t rank = 0;
    while (rank + 1 < list_.size() && x > (list_[ascending_[rank]] + list_[ascending_[rank + 1]]) / 2) ++rank;
    return static_cast<std::uint8_t>(ascending_[rank]);
  }

 private:
  Floats list_;
  std::vector<std::size_t> ascending_;
};

float absmax_of(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) largest = std::fmax(largest, std::fabs(value));
  return largest;
}

float scaled(float value, float absmax) {
  return std::clamp(value * (1 / std::fmax(absmax, kSmallestAbsmax)), -1.0f, 1.0f);
}

}  // namespace

Bytes bitsandbytes_quantize(const BlockFormat& format, std::span<const float> values, std::size_t block_size) {
  const Nearest nearest(list_of(format));
  const bool is_4bit = format.name != "bnb_int8_blockwise";
  Bytes bytes;
  for (; !values.empty(); values = values.subspan(block_size)) {
    const auto block = values.first(block_size);
    const float absmax = absmax_of(block);
    std::uint8_t absmax_bytes[sizeof absmax];
    std::memcpy(absmax_bytes, &absmax, sizeof absmax);
    bytes.insert(bytes.end(), absmax_bytes, absmax_bytes + sizeof absmax);
    for (std::size_t i = 0; i < block_size; ++i) {
      const std::uint8_t code = nearest.code(scaled(block[i], absmax));
      if (is_4bit && i % 2 == 1)
        bytes.back() |= code;
      else
        bytes.push_back(is_4bit ? static_cast<std::uint8_t>(code << 4) : code);
    }
  }
  return bytes;
}

Floats bitsandbytes_dequantize(const BlockFormat& format, std::span<const std::uint8_t> bytes, std::size_t block_size) {
  const Floats list = list_of(format);
  const bool is_4bit = format.name != "bnb_int8_blockwise";
  Floats values;
  while (!bytes.empty()) {
    float absmax;
    std::memcpy(&absmax, bytes.data(), sizeof absmax);
    bytes = bytes.subspan(sizeof absmax);
    for (std::size_t i = 0; i < block_size; ++i) {
      const int code = is_4bit ? bytes[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15 : bytes[i];
      values.push_back(list[static_cast<std::size_t>(code)] * absmax);
    }
    bytes = bytes.subspan(is_4bit ? block_size / 2 : block_size);
  }
  return values;
}

Nested nest(std::span<const float> absmax, float offset) {
  constexpr auto map = dynamic_map();
  const Nearest nearest({map.begin(), map.end()});
  Nested nested{.absmax = {}, .scale = {}, .offset = offset};
  for (std::size_t begin = 0; begin < absmax.size(); begin += kNestedBlock) {
    const auto block = absmax.subspan(begin, std::min(kNestedBlock, absmax.size() - begin));
    Floats centred;
    for (const float x : block) centred.push_back(x - offset);
    // The last block, where it is short, has the limit in its scale: bitsandbytes divides by that very number.
    const float scale = absmax_of(centred);
    nested.scale.push_back(block.size() == kNestedBlock ? scale : std::fmax(scale, kSmallestAbsmax));
    for (const float x : centred) nested.absmax.push_back(nearest.code(scaled(x, scale)));
  }
  return nested;
}

Floats unnest(const Nested& nested) {
  constexpr auto map = dynamic_map();
  Floats absmax;
  for (std::size_t i = 0; i < nested.absmax.size(); ++i)
    absmax.push_back(map[nested.absmax[i]] * nested.scale[i / kNestedBlock] + nested.offset);
  return absmax;
}

}  // namespace fewbits::reference
