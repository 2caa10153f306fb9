// Numbers to codes and back, and blocks of numbers to bytes and back, by format.
#pragma once

#include <cstddef>
#include <span>

#include "fewbits/block_format.hpp"
#include "fewbits/number_format.hpp"

namespace fewbits {

// One code per element: codes holds values.size() unsigned integers of format.code_bytes() bytes each.
// Rounds to nearest, ties to even. Doubles round once. The spans must not overlap; any alignment of the element type.
void encode(const NumberFormat& format, std::span<const float> values, void* codes, Overflow overflow);
void encode(const NumberFormat& format, std::span<const double> values, void* codes, Overflow overflow);

// values receives count floats, or doubles where format.decodes_to_double(). Bits of a code above format.bits() are
// ignored. NaN decodes to 7FC00000, whatever its sign and payload, but for float32 and float64, whose codes are their
// bits.
void decode(const NumberFormat& format, const void* codes, std::size_t count, void* values);

// decode(encode(x)) as float32: what the format keeps.
void cast(const NumberFormat& format, std::span<const float> values, float* kept, Overflow overflow);
void cast(const NumberFormat& format, std::span<const double> values, float* kept, Overflow overflow);

// Codes of `bits` bits (1 to 8) side by side: element i takes bits [i * bits, (i + 1) * bits), least significant first.
// The last byte is padded with zeros; bits of a code above `bits` are ignored.
constexpr std::size_t packed_bytes(std::size_t count, int bits) {
  return (count * static_cast<std::size_t>(bits) + 7) / 8;
}
void pack_bits(std::span<const std::uint8_t> codes, int bits, std::uint8_t* bytes);
void unpack_bits(const std::uint8_t* bytes, int bits, std::span<std::uint8_t> codes);

// Whole blocks of finite values to a format's bytes, and any bytes back; where options.block_size is given, of blocks
// of that size. The format is a row of kBlockFormats. False where it has no codec, or none in that direction.
bool quantize(const BlockFormat& format, const float* values, std::size_t blocks, const BlockOptions& options,
              std::uint8_t* bytes);
bool dequantize(const BlockFormat& format, const std::uint8_t* bytes, std::size_t blocks, const BlockOptions& options,
                float* values);

// The same for the formats whose block is the whole tensor: any number of values, their codes as pack_bits leaves them.
void quantize_tensor(const BlockFormat& format, std::span<const float> values, float scale, std::uint8_t* bytes);
void dequantize_tensor(const BlockFormat& format, const std::uint8_t* bytes, float scale, std::span<float> values);

}  // namespace fewbits
