// Ternary formats for models trained to be so: x ~ d * (t - 1), t in 0, 1, 2, in superblocks of 256 with d = absmax.
// TQ2_0 spends 2 bits on a t; TQ1_0 puts five into a byte, for 3^5 = 243 <= 256.
#include <array>

#include "ggml.hpp"

namespace fewbits::reference::ggml {
namespace {

constexpr std::size_t kSuperblock = 256;

// t = round(x / d) + 1, ties away from zero.
std::array<std::uint8_t, kSuperblock> trits(const Input& input) {
  const float inverse = inverse_or_zero(absmax(input.values));
  std::array<std::uint8_t, kSuperblock> result;
  for (std::size_t i = 0; i < kSuperblock; ++i)
    result[i] = static_cast<std::uint8_t>(nearest_away(input.values[i] * inverse, -1, 1) + 1);
  return result;
}

struct TQ2_0 {
  std::uint8_t qs[64];
  Half d;
};
constexpr Interleaved kPairs{.bits = 2, .run = 32};

TQ2_0 quantize_tq2_0(const Input& input) {
  const auto t = trits(input);
  TQ2_0 block{.qs = {}, .d = to_half(absmax(input.values))};
  for (std::size_t i = 0; i < kSuperblock; ++i) kPairs.put(block.qs, i, t[i]);
  return block;
}

void dequantize_tq2_0(const TQ2_0& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t i = 0; i < kSuperblock; ++i) values[i] = static_cast<float>(int(kPairs.get(block.qs, i)) - 1) * d;
}

struct TQ1_0 {
  std::uint8_t qs[48];  // five trits a byte: the first 32 bytes hold 160 elements, the next 16 hold 80
  std::uint8_t qh[4];   // four trits a byte: the last 16
  Half d;
};

// Where an element's trit is. Like bits elsewhere, trits are interleaved: a group of `run` bytes holds its elements in
// runs of that length, the first run in the leading digits.
struct TritPlace {
  std::size_t byte;  // counted from qs on
  int digit;         // 0: the leading one of five
};
constexpr TritPlace place(std::size_t i) {
  const auto within = [i](std::size_t first_element, std::size_t first_byte, std::size_t run) {
    return TritPlace{first_byte + (i - first_element) % run, static_cast<int>((i - first_element) / run)};
  };
  return i < 160 ? within(0, 0, 32) : i < 240 ? within(160, 32, 16) : within(240, 48, 4);
}

constexpr unsigned kPowersOf3[] = {1, 3, 9, 27, 81, 243};

// The five digits t of a byte are the fraction n / 243, n = sum of t * 3^(4 - digit), in 256ths, rounded up:
// q = ceil(256 n / 243). Multiplying the fraction by 3 then brings one digit after the other before the point, with no
// division: t = (3 (q * 3^digit mod 256)) div 256. Rounding up is what makes the product not fall short.
TQ1_0 quantize_tq1_0(const Input& input) {
  const auto t = trits(input);
  std::array<unsigned, 52> numbers{};
  for (std::size_t i = 0; i < kSuperblock; ++i) numbers[place(i).byte] += t[i] * kPowersOf3[4 - place(i).digit];
  TQ1_0 block{.qs = {}, .qh = {}, .d = to_half(absmax(input.values))};
  for (std::size_t k = 0; k < numbers.size(); ++k)
    (k < 48 ? block.qs[k] : block.qh[k - 48]) = static_cast<std::uint8_t>((numbers[k] * 256 + 242) / 243);
  return block;
}

void dequantize_tq1_0(const TQ1_0& block, std::span<float> values) {
  const float d = to_float(block.d);
  for (std::size_t i = 0; i < kSuperblock; ++i) {
    const auto [byte, digit] = place(i);
    const unsigned q = byte < 48 ? block.qs[byte] : block.qh[byte - 48];
    const unsigned trit = (q * kPowersOf3[digit] % 256) * 3 / 256;
    values[i] = static_cast<float>(static_cast<int>(trit) - 1) * d;
  }
}

}  // namespace

std::span<const Codec> ternary_codecs() {
  static constexpr Codec kCodecs[] = {codec<TQ1_0, quantize_tq1_0, dequantize_tq1_0>("tq1_0"),
                                      codec<TQ2_0, quantize_tq2_0, dequantize_tq2_0>("tq2_0")};
  return kCodecs;
}

}  // namespace fewbits::reference::ggml
