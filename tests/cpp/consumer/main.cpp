// The guide's seven numbers through the core of another project: codes 64 36 -89 0 -23 -54 127.
#include <array>
#include <cstdint>
#include <cstdio>

#include "fewbits/affine.hpp"
#include "fewbits/calibrate.hpp"

int main() {
  using namespace fewbits;
  const std::array<float, 7> values{5.47f, 3.08f, -7.59f, 0, -1.95f, -4.57f, 10.8f};
  const AffineRule rule{.bits = 8,
                        .is_signed = true,
                        .symmetric = true,
                        .narrow_range = true,
                        .include_zero = true,
                        .rounding = Rounding::Divide};
  const Range range = minmax(values);
  std::array<std::uint8_t, 7> codes{};
  quantize_run(values, affine_from_range(rule, range.min, range.max), code_range(rule), rule.rounding, codes.data());
  const std::array<int, 7> expected{64, 36, -89, 0, -23, -54, 127};
  for (std::size_t i = 0; i < codes.size(); ++i)
    if (static_cast<std::int8_t>(codes[i]) != expected[i]) return std::printf("element %zu differs\n", i), 1;
  return 0;
}
