// SHA-256 (FIPS 180-4) as hexadecimal text: the vectors' manifests name their files and results by it.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace sha256_detail {

// The first 32 fractional bits of a root: of a prime's square root or cube root.
inline std::uint32_t fraction_bits(long double root) {
  return static_cast<std::uint32_t>((root - std::floor(root)) * 4294967296.0L);
}

inline std::vector<int> primes(std::size_t count) {
  std::vector<int> found;
  for (int n = 2; found.size() < count; ++n) {
    bool prime = true;
    for (const int p : found) prime &= n % p != 0;
    if (prime) found.push_back(n);
  }
  return found;
}

inline void add_chunk(std::array<std::uint32_t, 8>& state, const std::uint8_t* chunk,
                      const std::array<std::uint32_t, 64>& k) {
  std::array<std::uint32_t, 64> w{};
  for (std::size_t i = 0; i < 16; ++i)
    w[i] = std::uint32_t{chunk[4 * i]} << 24 | std::uint32_t{chunk[4 * i + 1]} << 16 |
           std::uint32_t{chunk[4 * i + 2]} << 8 | chunk[4 * i + 3];
  for (std::size_t i = 16; i < 64; ++i)
    w[i] = w[i - 16] + w[i - 7] + (std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ w[i - 15] >> 3) +
           (std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ w[i - 2] >> 10);
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::uint32_t one =
        h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
    const std::uint32_t two = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
  }
  const std::array<std::uint32_t, 8> added = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state[i] += added[i];
}

}  // namespace sha256_detail

inline std::string sha256(const void* data, std::size_t size) {
  std::array<std::uint32_t, 8> state{};
  std::array<std::uint32_t, 64> k{};
  const auto primes = sha256_detail::primes(64);
  for (std::size_t i = 0; i < 8; ++i)
    state[i] = sha256_detail::fraction_bits(std::sqrt(static_cast<long double>(primes[i])));
  for (std::size_t i = 0; i < 64; ++i)
    k[i] = sha256_detail::fraction_bits(std::cbrt(static_cast<long double>(primes[i])));

  std::vector<std::uint8_t> message(size);
  if (size > 0) std::memcpy(message.data(), data, size);
  message.push_back(0x80);
  while (message.size() % 64 != 56) message.push_back(0);
  for (int shift = 56; shift >= 0; shift -= 8)
    message.push_back(static_cast<std::uint8_t>(std::uint64_t{size} * 8 >> shift));
  for (std::size_t i = 0; i < message.size(); i += 64) sha256_detail::add_chunk(state, message.data() + i, k);

  std::string text;
  for (const std::uint32_t word : state)
    for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[word >> shift & 15];
  return text;
}
