// A fingerprint of the tables. formats.generated.ts and the wasm both carry it, so that a page that loads one with the
// other's older version finds out at once.
#pragma once

#include <cstdint>
#include <string_view>

#include "fewbits/block_format.hpp"
#include "fewbits/number_format.hpp"

namespace fewbits {
namespace detail {

// FNV-1a, 32 bits. A string goes in with its end marked, so that two rows never run into each other.
class Fnv1a {
 public:
  constexpr void add(std::string_view text) {
    for (const char letter : text) add_byte(static_cast<unsigned char>(letter));
    add_byte(0xFF);
  }
  constexpr void add(std::uint32_t number) {
    for (int shift = 0; shift < 32; shift += 8) add_byte((number >> shift) & 0xFF);
  }
  [[nodiscard]] constexpr std::uint32_t value() const { return value_; }

 private:
  constexpr void add_byte(std::uint32_t byte) { value_ = (value_ ^ byte) * 16777619u; }
  std::uint32_t value_ = 2166136261u;
};

constexpr void add(Fnv1a& hash, const NumberFormat& format) {
  hash.add(format.name);
  for (const int number : {static_cast<int>(format.kind), int{format.sign_bits}, int{format.exponent_bits},
                           int{format.mantissa_bits}, int{format.bias}, static_cast<int>(format.specials)})
    hash.add(static_cast<std::uint32_t>(number));
  for (const auto name : {format.safetensors, format.gguf, format.npy}) hash.add(name);
}

constexpr void add(Fnv1a& hash, const BlockFormat& format) {
  hash.add(format.name);
  hash.add(format.family);
  for (const std::uint32_t number : {format.block_size, format.block_bytes, std::uint32_t{format.needs_importance},
                                     std::uint32_t{format.uses_importance}, std::uint32_t{format.can_quantize},
                                     format.element_bits, format.tensor_bytes})
    hash.add(number);
  for (const Field& field : format.fields) {
    hash.add(field.name);
    for (const std::uint32_t number : {static_cast<std::uint32_t>(field.role), std::uint32_t{field.bit_offset},
                                       std::uint32_t{field.bits}, std::uint32_t{field.count}})
      hash.add(number);
  }
}

}  // namespace detail

constexpr std::uint32_t table_hash() {
  detail::Fnv1a hash;
  for (const NumberFormat& format : kNumberFormats) detail::add(hash, format);
  for (const BlockFormat& format : kBlockFormats) detail::add(hash, format);
  return hash.value();
}

}  // namespace fewbits
