// Bytes of weights and of a KV cache. Counts and bytes are doubles: whole numbers, exact below 2^53.
#pragma once

#include <string_view>

#include "fewbits/block_format.hpp"
#include "fewbits/number_format.hpp"

namespace fewbits {

// ceil(elements / block_size) * block_bytes; for bits: ceil(elements * bits / 8).
double storage_bytes(const BlockFormat& format, double elements);
double storage_bytes(double bits, double elements);

// A row of either table: of number formats, then of block formats.
class AnyFormat {
 public:
  constexpr AnyFormat() = default;
  [[nodiscard]] explicit constexpr operator bool() const { return row_ >= 0; }
  [[nodiscard]] const std::string_view& name() const;
  [[nodiscard]] const NumberFormat* number() const;  // null where it is the other
  [[nodiscard]] const BlockFormat* block() const;

 private:
  friend AnyFormat find_format(const std::string_view& name);
  explicit constexpr AnyFormat(int row) : row_(row) {}
  int row_ = -1;
};
AnyFormat find_format(const std::string_view& name);

// The same for a tensor, or a row of one, with what its format stores once per tensor.
double tensor_bytes(AnyFormat format, double elements);

// What a transformer remembers of `context` tokens in each of `batch` sequences.
struct KvCache {
  double layers, kv_heads, head_dim, context;
  double batch = 1;
};
// layers * context * batch * (row of keys + row of values); a row is kv_heads * head_dim elements.
double kv_cache_bytes(const KvCache& cache, AnyFormat keys, AnyFormat values);

}  // namespace fewbits
