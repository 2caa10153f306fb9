// The boundary's questions about models and blocks: JSON in, JSON out.
#pragma once

#include <cstdint>
#include <string_view>

#include "fewbits/text.hpp"

namespace fewbits {

// What it is asked with, as a JSON object.
enum class Question : std::uint8_t {
  ModelParameters,  // { config }
  ModelMemory,      // { config, options }
  WeightBytes,      // { parameters, format } or { parameters, bits }
  KvCacheBytes,     // { options }
  // How a tensor goes to blocks: { format, length, row, options, alone }. `row` is the row's length where
  // options.rowLength does not say it, options.importance the number of weights, `alone`: there are bytes and nothing
  // else.
  // Answers [row of the table, block size, block bytes, whether the absmax stands apart (and is not in the bytes), row
  // length, bytes in all, scale rule, Observed of the tensor, Observed of the rows, whether importance is used].
  QuantizeBlocks,
  // And back: { format, length, alone, count } with `length` bytes, or { format, length, count, scale, nested }, nested
  // as [number of codes, number of scales, offset]. Answers as before, as far as `apart`, and the number of elements.
  DequantizeBlocks,
  // { format, length, bytes }. Answers with BlockDescription as the package has it; a float32 is "~" and its bits.
  DescribeBlock,
  // {}. Answers [numberFormats, blockFormats], as the package has them but for what numberFacts tells.
  Formats,
};
inline constexpr int kQuestions = 8;

// { "value": ... } or { "error": { "code", "message", "details" } }
Text answer(Question question, std::string_view text);

}  // namespace fewbits
