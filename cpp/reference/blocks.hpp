// Block formats as their definitions: one block at a time in plain float32, every rule with its formula. For tests and
// for who wants to know how the formats work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fewbits::reference {

// --- ggml --------------------------------------------------------------------------------------------------------
// The bytes of ggml (commit d99724f2, x86-64, no fused multiply-add). Where ggml's behaviour is undefined, a float
// out of the integer's range, the integer is the nearest one in range, and NaN gives 0.
//
// `values` are rows of row_length elements, a multiple of the format's block. `importance`, one weight >= 0 for each
// element of a row, serves every row; nullptr: none. Formats that take none ignore it. Throws std::invalid_argument
// for a format that is not ggml's, or has no encoder here (IQ1, IQ2, IQ3).
void ggml_quantize(std::string_view format, std::span<const float> values, std::size_t row_length,
                   const float* importance, std::uint8_t* blocks);
void ggml_dequantize(std::string_view format, const std::uint8_t* blocks, std::span<float> values);

}  // namespace fewbits::reference
