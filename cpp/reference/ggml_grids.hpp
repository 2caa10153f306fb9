// The code books of the IQ1, IQ2 and IQ3 formats. An entry says the levels of a group of elements, the first element in
// the lowest bits: eight of 2 bits (IQ1, IQ2) or four of 3 bits (IQ3). What a level is worth stands in ggml_iq.cpp.
#pragma once

#include <array>
#include <cstdint>

namespace fewbits::reference::ggml {

extern const std::array<std::uint16_t, 2048> kIq1Codebook;
extern const std::array<std::uint16_t, 256> kIq2xxsCodebook;
extern const std::array<std::uint16_t, 512> kIq2xsCodebook;
extern const std::array<std::uint16_t, 1024> kIq2sCodebook;
extern const std::array<std::uint16_t, 256> kIq3xxsCodebook;
extern const std::array<std::uint16_t, 512> kIq3sCodebook;

}  // namespace fewbits::reference::ggml
