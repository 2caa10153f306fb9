// Every family of block formats, each a file of its own.
#pragma once

#include <array>
#include <span>

#include "blocks/block_codec.hpp"

namespace fewbits {

extern const std::array<BlockKernels, 6> kGgmlSimple;
extern const std::array<BlockKernels, 4> kGgmlFewBits;
extern const std::array<BlockKernels, 2> kGgmlFloat4;
extern const std::array<BlockKernels, 7> kGgmlIq;
extern const std::array<BlockKernels, 2> kGgmlIq4;
extern const std::array<BlockKernels, 6> kMx;
extern const std::array<BlockKernels, 1> kNvfp4Tensor;
extern const std::array<BlockKernels, 3> kBitsandbytes;
extern const std::array<BlockKernels, 6> kKQuants;

inline constexpr std::span<const BlockKernels> kBlockFamilies[] = {
    kGgmlSimple, kGgmlFewBits, kGgmlFloat4, kGgmlIq, kGgmlIq4, kMx, kNvfp4Tensor, kBitsandbytes, kKQuants};

}  // namespace fewbits
