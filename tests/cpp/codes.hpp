// Encoding and decoding in the tests' terms: vectors in, codes of every size as 32-bit numbers out.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "fewbits/codec.hpp"

inline std::vector<std::uint32_t> widened(const std::vector<std::uint8_t>& bytes, std::size_t code_bytes) {
  std::vector<std::uint32_t> codes(bytes.size() / code_bytes);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    codes[i / code_bytes] |= std::uint32_t{bytes[i]} << (8 * (i % code_bytes));
  return codes;
}

template <class Value>
std::vector<std::uint32_t> encoded(const fewbits::NumberFormat& format, const std::vector<Value>& values,
                                   fewbits::Overflow overflow = fewbits::Overflow::Standard) {
  // Codes of 2 and 4 bytes are stored at addresses that suit them: a vector of bytes is aligned for all.
  std::vector<std::uint8_t> bytes(values.size() * format.code_bytes());
  fewbits::encode(format, std::span<const Value>(values), bytes.data(), overflow);
  return widened(bytes, format.code_bytes());
}

inline std::vector<double> decoded(const fewbits::NumberFormat& format, const std::vector<std::uint32_t>& codes) {
  std::vector<std::uint8_t> bytes(codes.size() * format.code_bytes());
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(codes[i / format.code_bytes()] >> (8 * (i % format.code_bytes())));
  std::vector<double> values(codes.size());
  if (format.decodes_to_double()) {
    fewbits::decode(format, bytes.data(), codes.size(), values.data());
  } else {
    std::vector<float> narrow(codes.size());
    fewbits::decode(format, bytes.data(), codes.size(), narrow.data());
    values.assign(narrow.begin(), narrow.end());
  }
  return values;
}

// The same number, -0 and 0 told apart, every NaN like every other.
inline bool same_number(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

inline float float_of(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}

// Every code of a format of at most 16 bits.
inline std::vector<std::uint32_t> all_codes(const fewbits::NumberFormat& format) {
  std::vector<std::uint32_t> codes(std::size_t{1} << format.bits());
  for (std::size_t code = 0; code < codes.size(); ++code) codes[code] = static_cast<std::uint32_t>(code);
  return codes;
}
