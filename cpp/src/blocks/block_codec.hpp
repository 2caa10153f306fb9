// What a block format is as code: one struct, whose `format` is its row of kBlockFormats.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

#include "fewbits/block_format.hpp"

namespace fewbits {

using QuantizeBlocks = void (*)(const float* values, std::size_t blocks, const BlockOptions& options,
                                std::uint8_t* bytes);
using DequantizeBlocks = void (*)(const std::uint8_t* bytes, std::size_t blocks, const BlockOptions& options,
                                  float* values);

// quantize() is there unless the row says that it cannot be. Both take whole blocks, any number of them; values are
// finite, bytes may be any.
template <class Codec>
concept BlockCodec = fields_tile(Codec::format) && requires { static_cast<DequantizeBlocks>(Codec::dequantize); } &&
                     (!Codec::format.can_quantize || requires { static_cast<QuantizeBlocks>(Codec::quantize); });

// The same at run time.
struct BlockKernels {
  const BlockFormat* format;
  QuantizeBlocks quantize;  // nullptr where there is none
  DequantizeBlocks dequantize;
};

template <BlockCodec Codec>
constexpr BlockKernels kernels_of() {
  QuantizeBlocks quantize = nullptr;
  if constexpr (Codec::format.can_quantize) quantize = Codec::quantize;
  return {find_block_format(Codec::format.name), quantize, Codec::dequantize};
}

// The row of a table, for templates that take a format: a name that has none does not compile.
template <class Table>
constexpr std::size_t row_of(const Table& table, std::string_view name) {
  std::size_t row = 0;
  while (table[row].name != name) ++row;
  return row;
}

}  // namespace fewbits
