// What the tests of block formats share.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "fewbits/block_format.hpp"
#include "models/json.hpp"
#include "vectors.hpp"

// A manifest of tests/vectors/<folder>, with the sets of numbers that all of its cases were made from, in order.
class Manifest {
 public:
  explicit Manifest(const std::string& folder)
      : folder_(folder + "/"), text_(read_vector<char>(folder_ + "manifest.json")) {
    for (fewbits::json::Items items((*this)["sets"]); items.next();) {
      const auto size = static_cast<std::size_t>(items.value()["n"].number());
      const auto file = read_vector<float>(folder_ + std::string(items.value()["input"].string()));
      if (file.size() < size) throw std::runtime_error(folder_ + " asks for more numbers than there are");
      sets_.emplace_back(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    }
  }

  [[nodiscard]] fewbits::json::Value operator[](const char* name) const {
    return fewbits::json::read({text_.data(), text_.size()}).value[name];
  }
  [[nodiscard]] const std::vector<std::vector<float>>& sets() const { return sets_; }
  [[nodiscard]] std::vector<float> values() const {
    std::vector<float> all;
    for (const auto& set : sets_) all.insert(all.end(), set.begin(), set.end());
    return all;
  }
  template <class T>
  [[nodiscard]] std::vector<T> read(fewbits::json::Value file) const {
    return read_vector<T>(folder_ + std::string(file.string()));
  }

 private:
  std::string folder_;
  std::vector<char> text_;
  std::vector<std::vector<float>> sets_;
};

inline bool same_bits(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

// Element i of codes that lie side by side, least significant bit first.
inline std::uint32_t code_at(std::span<const std::uint8_t> packed, std::size_t i, std::size_t bits) {
  std::uint32_t code = 0;
  for (std::size_t bit = 0; bit < bits; ++bit)
    code |= (packed[(i * bits + bit) / 8] >> ((i * bits + bit) % 8) & 1u) << bit;
  return code;
}

// Codes of one byte each, behind their blocks' scales, as a format stores them.
inline std::vector<std::uint8_t> assembled(const fewbits::BlockFormat& format, std::span<const std::uint8_t> scales,
                                           std::span<const std::uint8_t> codes) {
  const fewbits::Field& field = format.fields.back();
  std::vector<std::uint8_t> bytes(scales.size() * format.block_bytes);
  for (std::size_t block = 0; block < scales.size(); ++block) {
    std::uint8_t* at = bytes.data() + block * format.block_bytes;
    at[0] = scales[block];
    for (std::size_t i = 0; i < format.block_size * field.bits; ++i)
      at[1 + i / 8] |= (codes[block * format.block_size + i / field.bits] >> (i % field.bits) & 1) << (i % 8);
  }
  return bytes;
}
