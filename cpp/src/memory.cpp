#include "fewbits/memory.hpp"

#include <cmath>

namespace fewbits {

double storage_bytes(const BlockFormat& format, double elements) {
  if (format.block_size == 0) return storage_bytes(static_cast<double>(format.element_bits), elements);
  return std::ceil(elements / format.block_size) * format.block_bytes;
}

double storage_bytes(double bits, double elements) {
  return std::ceil(elements * bits / 8);
}

namespace {
constexpr int kNumbers = static_cast<int>(kNumberFormats.size());
constexpr int kFormats = kNumbers + static_cast<int>(kBlockFormats.size());
}  // namespace

const NumberFormat* AnyFormat::number() const {
  return row_ < kNumbers ? &kNumberFormats[row_] : nullptr;
}
const BlockFormat* AnyFormat::block() const {
  return row_ < kNumbers ? nullptr : &kBlockFormats[row_ - kNumbers];
}
const std::string_view& AnyFormat::name() const {
  return row_ < kNumbers ? number()->name : block()->name;
}

AnyFormat find_format(const std::string_view& name) {
  for (int row = 0; row < kFormats; ++row)
    if (AnyFormat(row).name() == name) return AnyFormat(row);
  return {};
}

double tensor_bytes(AnyFormat format, double elements) {
  if (const NumberFormat* number = format.number()) return storage_bytes(number->bits(), elements);
  return storage_bytes(*format.block(), elements) + format.block()->tensor_bytes;
}

double kv_cache_bytes(const KvCache& cache, AnyFormat keys, AnyFormat values) {
  const double row = cache.kv_heads * cache.head_dim;
  return cache.layers * cache.context * cache.batch * (tensor_bytes(keys, row) + tensor_bytes(values, row));
}

}  // namespace fewbits
