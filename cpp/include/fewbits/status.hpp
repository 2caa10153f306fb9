// What a call across the boundary can answer. The core never throws; TypeScript turns these into FewbitsError.
#pragma once

#include <cstdint>

namespace fewbits {

enum class Status : std::int32_t {
  Ok = 0,
  UnknownFormat,  // no row with that id
  Unsupported,    // the row exists, the operation does not
  BadLength,      // a count does not fit the block or the group
  BadArgument,    // an option is out of its range
  BadPointer,     // misaligned, overlapping, or outside of the memory
  NonFinite,      // NaN or infinity where numbers are needed
  Empty,          // nothing to look at
};

}  // namespace fewbits
