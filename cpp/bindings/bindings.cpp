// The boundary: few, coarse functions over one arena. JavaScript stages slices in the arena, calls, and reads the
// result. Every pointer is checked against the arena, every id against its table; what is wrong comes back as a Status.
#include <emscripten/bind.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <span>
#include <type_traits>

#include "fewbits/affine.hpp"
#include "fewbits/block_format.hpp"
#include "fewbits/calibrate.hpp"
#include "fewbits/codec.hpp"
#include "fewbits/memory.hpp"
#include "fewbits/metrics.hpp"
#include "fewbits/number_format.hpp"
#include "fewbits/status.hpp"
#include "models/questions.hpp"

namespace {

using namespace fewbits;
using Pointer = std::uintptr_t;

constexpr std::size_t kArenaBytes = 12u << 20;
alignas(64) std::array<std::uint8_t, kArenaBytes> arena;

Pointer arena_address() {
  return reinterpret_cast<Pointer>(arena.data());
}
std::size_t arena_bytes() {
  return kArenaBytes;
}

// --- checks ------------------------------------------------------------------------------------------------------

struct Region {
  Pointer address;
  double bytes;  // a count from JavaScript times a size: may be beyond what size_t holds
  std::size_t alignment;
};

bool inside(const Region& region) {
  return region.address >= arena_address() && region.address % region.alignment == 0 && region.bytes >= 0 &&
         static_cast<double>(region.address - arena_address()) + region.bytes <= kArenaBytes;
}

bool overlap(const Region& a, const Region& b) {
  return static_cast<double>(a.address) < static_cast<double>(b.address) + b.bytes &&
         static_cast<double>(b.address) < static_cast<double>(a.address) + a.bytes;
}

// All regions lie in the arena; the first, which is written, overlaps none of the others.
bool usable(std::initializer_list<Region> regions) {
  const Region* written = regions.begin();
  for (const Region* region = regions.begin(); region != regions.end(); ++region)
    if (!inside(*region) || (region != written && overlap(*written, *region))) return false;
  return true;
}

template <class T>
Region region(Pointer address, double count) {
  return {address, count * sizeof(T), alignof(T)};
}

template <class T>
std::span<T> view(Pointer address, std::size_t count) {
  return {reinterpret_cast<T*>(address), count};
}

int answer(Status status) {
  return static_cast<int>(status);
}

// --- number formats ------------------------------------------------------------------------------------------------

// A format as JavaScript states it: a row of the table, or with id -1 one that the caller made up.
struct FormatRecord {
  std::int32_t id, sign_bits, exponent_bits, mantissa_bits, bias, specials;

  [[nodiscard]] MadeFormat made() const {
    return {sign_bits, exponent_bits, mantissa_bits, bias, static_cast<Specials>(specials)};
  }
};

std::optional<NumberFormat> format_at(Pointer address) {
  if (!inside(region<FormatRecord>(address, 1))) return {};
  const auto& record = view<const FormatRecord>(address, 1)[0];
  if (record.id >= 0 && record.id < static_cast<int>(kNumberFormats.size())) return kNumberFormats[record.id];
  if (record.id != -1 || record.specials < 0 || record.specials > static_cast<int>(Specials::None)) return {};
  if (check(record.made()) != MadeFormatFault::None) return {};
  return number_format(record.made());
}

// What is wrong with the made-up format at that address, as MadeFormatFault.
int check_format(Pointer format) {
  if (!inside(region<FormatRecord>(format, 1))) return -1;
  return static_cast<int>(check(view<const FormatRecord>(format, 1)[0].made()));
}

int number_facts_of(Pointer format_address, Pointer facts) {
  const auto format = format_at(format_address);
  if (!format) return answer(Status::UnknownFormat);
  if (!inside(region<double>(facts, 9))) return answer(Status::BadPointer);
  const NumberFacts found = number_facts(*format);
  const std::array<double, 9> list{found.min,
                                   found.max,
                                   found.smallest_normal,
                                   found.smallest_subnormal,
                                   found.epsilon,
                                   static_cast<double>(found.decimal_digits),
                                   found.values,
                                   static_cast<double>(format->has_infinity()),
                                   static_cast<double>(format->has_nan())};
  std::copy(list.begin(), list.end(), view<double>(facts, 9).begin());
  return answer(Status::Ok);
}

int encode_slice(Pointer format_address, Pointer values, bool doubles, std::size_t count, Pointer codes,
                 bool saturate) {
  const auto format = format_at(format_address);
  if (!format) return answer(Status::UnknownFormat);
  const Region output{codes, static_cast<double>(count) * format->code_bytes(), format->code_bytes()};
  if (!usable({output, doubles ? region<double>(values, count) : region<float>(values, count)}))
    return answer(Status::BadPointer);
  const Overflow overflow = saturate ? Overflow::Saturate : Overflow::Standard;
  if (doubles)
    encode(*format, view<const double>(values, count), reinterpret_cast<void*>(codes), overflow);
  else
    encode(*format, view<const float>(values, count), reinterpret_cast<void*>(codes), overflow);
  return answer(Status::Ok);
}

int decode_slice(Pointer format_address, Pointer codes, std::size_t count, Pointer values) {
  const auto format = format_at(format_address);
  if (!format) return answer(Status::UnknownFormat);
  const Region input{codes, static_cast<double>(count) * format->code_bytes(), format->code_bytes()};
  if (!usable({format->decodes_to_double() ? region<double>(values, count) : region<float>(values, count), input}))
    return answer(Status::BadPointer);
  decode(*format, reinterpret_cast<const void*>(codes), count, reinterpret_cast<void*>(values));
  return answer(Status::Ok);
}

int cast_slice(Pointer format_address, Pointer values, bool doubles, std::size_t count, Pointer kept, bool saturate) {
  const auto format = format_at(format_address);
  if (!format) return answer(Status::UnknownFormat);
  if (!usable({region<float>(kept, count), doubles ? region<double>(values, count) : region<float>(values, count)}))
    return answer(Status::BadPointer);
  const Overflow overflow = saturate ? Overflow::Saturate : Overflow::Standard;
  if (doubles)
    cast(*format, view<const double>(values, count), reinterpret_cast<float*>(kept), overflow);
  else
    cast(*format, view<const float>(values, count), reinterpret_cast<float*>(kept), overflow);
  return answer(Status::Ok);
}

int pack_slice(Pointer codes, std::size_t count, int bits, Pointer bytes) {
  if (bits < 1 || bits > 8) return answer(Status::BadArgument);
  if (!usable({region<std::uint8_t>(bytes, packed_bytes(count, bits)), region<std::uint8_t>(codes, count)}))
    return answer(Status::BadPointer);
  pack_bits(view<const std::uint8_t>(codes, count), bits, reinterpret_cast<std::uint8_t*>(bytes));
  return answer(Status::Ok);
}

int unpack_slice(Pointer bytes, int bits, std::size_t count, Pointer codes) {
  if (bits < 1 || bits > 8) return answer(Status::BadArgument);
  if (!usable({region<std::uint8_t>(codes, count), region<std::uint8_t>(bytes, packed_bytes(count, bits))}))
    return answer(Status::BadPointer);
  unpack_bits(reinterpret_cast<const std::uint8_t*>(bytes), bits, view<std::uint8_t>(codes, count));
  return answer(Status::Ok);
}

// --- affine ------------------------------------------------------------------------------------------------------

struct RuleRecord {
  std::int32_t bits, is_signed, symmetric, narrow_range, include_zero, rounding;
};

std::optional<AffineRule> rule_at(Pointer address) {
  if (!inside(region<RuleRecord>(address, 1))) return {};
  const auto& record = view<const RuleRecord>(address, 1)[0];
  if ((record.bits < 2 || record.bits > 8) && record.bits != 16) return {};
  if (record.rounding < 0 || record.rounding > 1) return {};
  return AffineRule{.bits = record.bits,
                    .is_signed = record.is_signed != 0,
                    .symmetric = record.symmetric != 0,
                    .narrow_range = record.narrow_range != 0,
                    .include_zero = record.include_zero != 0,
                    .rounding = static_cast<Rounding>(record.rounding)};
}

// The staged rows or runs of a slice: `rows` x `width` values. Row scales: one per column. Run scales: one per row.
struct Panel {
  std::size_t rows, width;
  [[nodiscard]] double values() const { return static_cast<double>(rows) * width; }
};

int find_bad(Pointer values, std::size_t count) {
  if (!inside(region<float>(values, count))) return -1;
  return static_cast<int>(find_non_finite(view<const float>(values, count)));
}

// Folds each row's range into minimum[row], maximum[row].
int range_runs(Pointer values, std::size_t rows, std::size_t width, Pointer minimum, Pointer maximum) {
  if (!usable({region<float>(minimum, rows), region<float>(maximum, rows),
               region<float>(values, Panel{rows, width}.values())}))
    return answer(Status::BadPointer);
  const auto lowest = view<float>(minimum, rows);
  const auto highest = view<float>(maximum, rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const Range range = minmax({reinterpret_cast<const float*>(values) + row * width, width});
    lowest[row] = std::min(lowest[row], range.min);
    highest[row] = std::max(highest[row], range.max);
  }
  return answer(Status::Ok);
}

// Folds each column's range into minimum[column], maximum[column].
int range_rows(Pointer values, std::size_t rows, std::size_t width, Pointer minimum, Pointer maximum) {
  if (!usable({region<float>(minimum, width), region<float>(maximum, width),
               region<float>(values, Panel{rows, width}.values())}))
    return answer(Status::BadPointer);
  for (std::size_t row = 0; row < rows; ++row)
    minmax_rows({reinterpret_cast<const float*>(values) + row * width, width}, reinterpret_cast<float*>(minimum),
                reinterpret_cast<float*>(maximum));
  return answer(Status::Ok);
}

int affine_from_ranges(Pointer rule_address, Pointer minimum, Pointer maximum, std::size_t count, Pointer scale,
                       Pointer zero_point) {
  const auto rule = rule_at(rule_address);
  if (!rule) return answer(Status::BadArgument);
  if (!usable({region<float>(scale, count), region<std::int32_t>(zero_point, count), region<float>(minimum, count),
               region<float>(maximum, count)}))
    return answer(Status::BadPointer);
  for (std::size_t i = 0; i < count; ++i) {
    const Affine found =
        affine_from_range(*rule, view<const float>(minimum, count)[i], view<const float>(maximum, count)[i]);
    view<float>(scale, count)[i] = found.scale;
    view<std::int32_t>(zero_point, count)[i] = found.zero_point;
  }
  return answer(Status::Ok);
}

bool scales_usable(const Region& written, const Region& read, Pointer scale, Pointer zero_point, std::size_t groups) {
  return usable({written, read, region<float>(scale, groups), region<std::int32_t>(zero_point, groups)});
}

template <class Code>
void quantize_panel(const AffineRule& rule, const float* values, Panel panel, bool per_row, const float* scale,
                    const std::int32_t* zero_point, Code* codes) {
  const CodeRange range = code_range(rule);
  for (std::size_t row = 0; row < panel.rows; ++row, values += panel.width, codes += panel.width) {
    if (per_row)
      quantize_run({values, panel.width}, {scale[row], zero_point[row]}, range, rule.rounding, codes);
    else
      quantize_row({values, panel.width}, scale, zero_point, range, rule.rounding, codes);
  }
}

// per_row: scale[row] for every row; otherwise scale[column] for every column.
int quantize_slice(Pointer rule_address, Pointer values, std::size_t rows, std::size_t width, bool per_row,
                   Pointer scale, Pointer zero_point, Pointer codes) {
  const auto rule = rule_at(rule_address);
  if (!rule) return answer(Status::BadArgument);
  const Panel panel{rows, width};
  const bool wide = rule->bits == 16;
  const Region written =
      wide ? region<std::uint16_t>(codes, panel.values()) : region<std::uint8_t>(codes, panel.values());
  if (!scales_usable(written, region<float>(values, panel.values()), scale, zero_point, per_row ? rows : width))
    return answer(Status::BadPointer);
  const auto* from = reinterpret_cast<const float*>(values);
  const auto* scales = reinterpret_cast<const float*>(scale);
  const auto* zero_points = reinterpret_cast<const std::int32_t*>(zero_point);
  if (wide)
    quantize_panel(*rule, from, panel, per_row, scales, zero_points, reinterpret_cast<std::uint16_t*>(codes));
  else
    quantize_panel(*rule, from, panel, per_row, scales, zero_points, reinterpret_cast<std::uint8_t*>(codes));
  return answer(Status::Ok);
}

template <class Code>
void dequantize_panel(const Code* codes, Panel panel, bool per_row, const float* scale, const std::int32_t* zero_point,
                      float* values) {
  for (std::size_t row = 0; row < panel.rows; ++row, values += panel.width, codes += panel.width) {
    const std::span<const Code> line{codes, panel.width};
    if (per_row)
      dequantize_run<Code>(line, {scale[row], zero_point[row]}, values);
    else
      dequantize_row<Code>(line, scale, zero_point, values);
  }
}

// Codes narrower than a byte come as unpackBits leaves them; their sign is spread over the byte in place.
void extend_sign(std::span<std::uint8_t> codes, int bits) {
  const int shift = 8 - bits;
#pragma clang loop vectorize(enable)
  for (auto& code : codes) code = static_cast<std::uint8_t>(static_cast<std::int8_t>(code << shift) >> shift);
}

int dequantize_slice(Pointer rule_address, Pointer codes, std::size_t rows, std::size_t width, bool per_row,
                     Pointer scale, Pointer zero_point, Pointer values) {
  const auto rule = rule_at(rule_address);
  if (!rule) return answer(Status::BadArgument);
  const Panel panel{rows, width};
  const bool wide = rule->bits == 16;
  const Region read = wide ? region<std::uint16_t>(codes, panel.values()) : region<std::uint8_t>(codes, panel.values());
  if (!scales_usable(region<float>(values, panel.values()), read, scale, zero_point, per_row ? rows : width))
    return answer(Status::BadPointer);
  const auto run = [&]<class Code>(Code) {
    dequantize_panel(reinterpret_cast<const Code*>(codes), panel, per_row, reinterpret_cast<const float*>(scale),
                     reinterpret_cast<const std::int32_t*>(zero_point), reinterpret_cast<float*>(values));
  };
  if (rule->is_signed && rule->bits < 8) extend_sign(view<std::uint8_t>(codes, rows * width), rule->bits);
  if (wide)
    rule->is_signed ? run(std::int16_t{}) : run(std::uint16_t{});
  else
    rule->is_signed ? run(std::int8_t{}) : run(std::uint8_t{});
  return answer(Status::Ok);
}

// --- calibration: one group at a time, in slices --------------------------------------------------------------------

std::optional<Percentile> percentile;
std::optional<LeastSquares> least_squares;
std::optional<Entropy> entropy;

int percentile_begin(double percent, bool magnitudes, double count) {
  if (!(percent >= 0 && percent <= 100)) return answer(Status::BadArgument);
  if (!(count >= 1)) return answer(Status::Empty);
  percentile.emplace(percent, magnitudes, static_cast<std::uint64_t>(count));
  return answer(Status::Ok);
}

template <class Accumulator>
int add_to(std::optional<Accumulator>& accumulator, Pointer values, std::size_t count) {
  if (!accumulator) return answer(Status::BadArgument);
  if (!inside(region<float>(values, count))) return answer(Status::BadPointer);
  accumulator->add(view<const float>(values, count));
  return answer(Status::Ok);
}

int percentile_add(Pointer values, std::size_t count) {
  return add_to(percentile, values, count);
}
bool percentile_end_pass() {
  if (percentile) percentile->end_pass();
  return percentile && percentile->needs_pass();
}
double percentile_value() {
  return percentile ? percentile->value() : 0;
}

int least_squares_begin(Pointer rule_address, float minimum, float maximum) {
  const auto rule = rule_at(rule_address);
  if (!rule) return answer(Status::BadArgument);
  least_squares.emplace(*rule, Range{minimum, maximum});
  return answer(Status::Ok);
}
int least_squares_add(Pointer values, std::size_t count) {
  return add_to(least_squares, values, count);
}

int entropy_begin(Pointer rule_address, float minimum, float maximum) {
  const auto rule = rule_at(rule_address);
  if (!rule) return answer(Status::BadArgument);
  entropy.emplace(*rule, Range{minimum, maximum});
  return answer(Status::Ok);
}
int entropy_add(Pointer values, std::size_t count) {
  return add_to(entropy, values, count);
}

template <class Accumulator>
int best_of(const std::optional<Accumulator>& accumulator, Pointer range) {
  if (!accumulator) return answer(Status::BadArgument);
  if (!inside(region<float>(range, 2))) return answer(Status::BadPointer);
  const Range best = accumulator->best();
  view<float>(range, 2)[0] = best.min;
  view<float>(range, 2)[1] = best.max;
  return answer(Status::Ok);
}
int least_squares_best(Pointer range) {
  return best_of(least_squares, range);
}
int entropy_best(Pointer range) {
  return best_of(entropy, range);
}

// --- measures: states are records of doubles in the arena, all of them zero or as their structs begin ----------------

// Calls measure(span of float or double) when values and state lie in the arena.
template <class State, class Measure>
int measured(Pointer values, bool doubles, std::size_t count, Pointer state, Measure measure) {
  if (!usable({region<State>(state, 1), doubles ? region<double>(values, count) : region<float>(values, count)}))
    return answer(Status::BadPointer);
  auto& record = view<State>(state, 1)[0];
  if (doubles)
    measure(view<const double>(values, count), record);
  else
    measure(view<const float>(values, count), record);
  return answer(Status::Ok);
}

int compare_slice(Pointer original, Pointer restored, bool doubles, std::size_t count, Pointer state) {
  if (!inside(doubles ? region<double>(restored, count) : region<float>(restored, count)))
    return answer(Status::BadPointer);
  return measured<Comparison>(original, doubles, count, state,
                              [&]<class T>(std::span<const T> values, Comparison& record) {
                                compare(values, view<const T>(restored, count), record);
                              });
}

int summarize_slice(Pointer values, bool doubles, std::size_t count, Pointer state) {
  return measured<Summary>(values, doubles, count, state,
                           [](auto slice, Summary& record) { summarize(slice, record); });
}

int squared_deviation_slice(Pointer values, bool doubles, std::size_t count, double mean, Pointer state) {
  return measured<Spread>(values, doubles, count, state,
                          [&](auto slice, Spread& record) { squared_deviation(slice, mean, record); });
}

int outliers_slice(Pointer values, bool doubles, std::size_t count, double mean, double limit, Pointer state) {
  return measured<Spread>(values, doubles, count, state,
                          [&](auto slice, Spread& record) { count_outliers(slice, mean, limit, record); });
}

bool rule_usable(const HistogramRule& rule, Pointer edges) {
  return rule.bins >= 1 && rule.bins <= 65536 && inside(region<double>(edges, rule.bins + 1.0));
}

int histogram_begin(double minimum, double maximum, unsigned bins, bool log, Pointer edges) {
  const HistogramRule rule{minimum, maximum, bins, log};
  if (!rule_usable(rule, edges)) return answer(Status::BadArgument);
  histogram_edges(rule, reinterpret_cast<double*>(edges));
  return answer(Status::Ok);
}

// counts: `bins` doubles, then those below, above and NaN.
int histogram_slice(Pointer values, bool doubles, std::size_t count, double minimum, double maximum, unsigned bins,
                    bool log, Pointer edges, Pointer counts) {
  const HistogramRule rule{minimum, maximum, bins, log};
  if (!rule_usable(rule, edges)) return answer(Status::BadArgument);
  if (!inside(region<double>(counts, bins + 3.0))) return answer(Status::BadPointer);
  auto* bin = reinterpret_cast<double*>(counts);
  return measured<HistogramRest>(values, doubles, count, counts + bins * sizeof(double),
                                 [&](auto slice, HistogramRest& rest) {
                                   histogram(slice, rule, reinterpret_cast<const double*>(edges), bin, rest);
                                 });
}

// --- blocks ------------------------------------------------------------------------------------------------------

const BlockFormat* block_format_at(unsigned row) {
  return row < kBlockFormats.size() ? &kBlockFormats[row] : nullptr;
}

// A slice of blocks: how many there are, and their bytes. Where the tensor is one block, any number of elements.
struct BlockSlice {
  BlockSlice(const BlockFormat& format, std::size_t count, unsigned given_size) {
    if (format.block_size == 0) {
      bytes = storage_bytes(format, static_cast<double>(count));
      return;
    }
    const unsigned size = given_size != 0 ? given_size : format.block_size;
    const bool known = size == format.block_size || (takes_block_size(format) && is_block_size(size));
    status = !known ? Status::BadArgument : count % size != 0 ? Status::BadLength : Status::Ok;
    blocks = count / size;
    bytes = static_cast<double>(blocks) * fewbits::block_bytes(format, size);
  }

  [[nodiscard]] std::size_t block_bytes() const { return static_cast<std::size_t>(bytes) / blocks; }
  // Whether the absmax of every block may stand at that address.
  [[nodiscard]] bool may_be_apart(const BlockFormat& format, Pointer absmax, const Region& region_of_bytes) const {
    return absmax == 0 || (takes_block_size(format) && usable({region_of_bytes, region<float>(absmax, blocks)}));
  }

  Status status = Status::Ok;
  std::size_t blocks = 0;
  double bytes = 0;
};

// Takes the absmax out of blocks that begin with it, or puts it back, where it stands apart.
void take_apart(const BlockSlice& slice, std::uint8_t* bytes, float* absmax) {
  const std::size_t code_bytes = slice.block_bytes() - sizeof *absmax;
  const std::uint8_t* from = bytes;
  for (std::size_t i = 0; i < slice.blocks; ++i, bytes += code_bytes, from += code_bytes) {
    std::memcpy(absmax + i, from, sizeof *absmax);
    from += sizeof *absmax;
    std::memmove(bytes, from, code_bytes);
  }
}
void put_together(const BlockSlice& slice, std::uint8_t* bytes, const float* absmax) {
  const std::size_t code_bytes = slice.block_bytes() - sizeof *absmax;
  for (std::size_t i = slice.blocks; i-- > 0;) {
    std::uint8_t* const to = bytes + i * slice.block_bytes();
    std::memmove(to + sizeof *absmax, bytes + i * code_bytes, code_bytes);
    std::memcpy(to, absmax + i, sizeof *absmax);
  }
}

double observe_slice(int what, Pointer values, std::size_t count, double running) {
  if (!inside(region<float>(values, count))) return running;
  return observe(static_cast<Observed>(what), view<const float>(values, count), running);
}

float tensor_scale_of(unsigned row, double observed, double count) {
  const BlockFormat* format = block_format_at(row);
  return format ? tensor_scale(*format, observed, count) : 1;
}

// importance: as many floats as values, or 0 for none. absmax: where every block's goes, or 0 for into the block.
int quantize_blocks_slice(unsigned row, Pointer values, std::size_t count, unsigned block_size, int scale_rule,
                          float tensor_scale, Pointer importance, float sigma2, Pointer bytes, Pointer absmax) {
  const BlockFormat* format = block_format_at(row);
  if (!format) return answer(Status::UnknownFormat);
  if (scale_rule < 0 || scale_rule > static_cast<int>(ScaleRule::Even)) return answer(Status::BadArgument);
  const BlockSlice slice(*format, count, block_size);
  if (slice.status != Status::Ok) return answer(slice.status);
  const Region written{bytes, slice.bytes, 1};
  if (!usable({written, region<float>(values, count), region<float>(importance != 0 ? importance : values, count)}) ||
      !slice.may_be_apart(*format, absmax, written))
    return answer(Status::BadPointer);
  auto* to = reinterpret_cast<std::uint8_t*>(bytes);
  if (format->block_size == 0) {
    quantize_tensor(*format, view<const float>(values, count), tensor_scale, to);
    return answer(Status::Ok);
  }
  const BlockOptions options{.scale_rule = static_cast<ScaleRule>(scale_rule),
                             .block_size = block_size,
                             .tensor_scale = tensor_scale,
                             .importance = reinterpret_cast<const float*>(importance),
                             .sigma2 = sigma2};
  const bool done = quantize(*format, reinterpret_cast<const float*>(values), slice.blocks, options, to);
  if (absmax != 0 && slice.blocks != 0) take_apart(slice, to, reinterpret_cast<float*>(absmax));
  return answer(done ? Status::Ok : Status::Unsupported);
}

int dequantize_blocks_slice(unsigned row, Pointer bytes, std::size_t count, unsigned block_size, float tensor_scale,
                            Pointer values, Pointer absmax) {
  const BlockFormat* format = block_format_at(row);
  if (!format) return answer(Status::UnknownFormat);
  const BlockSlice slice(*format, count, block_size);
  if (slice.status != Status::Ok) return answer(slice.status);
  const Region read{bytes, slice.bytes, 1};
  if (!usable({region<float>(values, count), read}) || !slice.may_be_apart(*format, absmax, read))
    return answer(Status::BadPointer);
  auto* from = reinterpret_cast<std::uint8_t*>(bytes);
  if (absmax != 0 && slice.blocks != 0) put_together(slice, from, reinterpret_cast<const float*>(absmax));
  if (format->block_size == 0) {
    dequantize_tensor(*format, from, tensor_scale, view<float>(values, count));
    return answer(Status::Ok);
  }
  const BlockOptions options{.block_size = block_size, .tensor_scale = tensor_scale};
  const bool done = dequantize(*format, from, slice.blocks, options, reinterpret_cast<float*>(values));
  return answer(done ? Status::Ok : Status::Unsupported);
}

// bitsandbytes' double quantization: `count` floats as codes, and a scale for every 256 of them, or back.
int nest_slice(Pointer absmax, std::size_t count, float offset, Pointer codes, Pointer scales, bool back) {
  const Region floats = region<float>(absmax, count), bytes = region<std::uint8_t>(codes, count),
               shared = region<float>(scales, (count + 255) / 256);
  if (!usable({floats, bytes, shared}) || !usable({bytes, shared})) return answer(Status::BadPointer);
  if (back)
    unnest_absmax(view<const std::uint8_t>(codes, count), reinterpret_cast<const float*>(scales), offset,
                  reinterpret_cast<float*>(absmax));
  else
    nest_absmax(view<const float>(absmax, count), offset, reinterpret_cast<std::uint8_t*>(codes),
                reinterpret_cast<float*>(scales));
  return answer(Status::Ok);
}

// --- models ------------------------------------------------------------------------------------------------------

// Answers JSON text with JSON text, of the length that is returned; a negative Status where that cannot be.
int ask(int question, Pointer text, std::size_t length, Pointer reply, std::size_t capacity) {
  if (question < 0 || question >= kQuestions) return -answer(Status::BadArgument);
  if (!usable({region<char>(reply, static_cast<double>(capacity)), region<char>(text, static_cast<double>(length))}))
    return -answer(Status::BadPointer);
  const Text answered = fewbits::answer(static_cast<Question>(question), {reinterpret_cast<const char*>(text), length});
  const auto found = answered.view();
  if (found.size() > capacity) return -answer(Status::BadLength);
  std::copy(found.begin(), found.end(), view<char>(reply, capacity).begin());
  return static_cast<int>(found.size());
}

}  // namespace

EMSCRIPTEN_BINDINGS(fewbits) {
  using emscripten::function;
  function("arena", &arena_address);
  function("arenaBytes", &arena_bytes);

  function("checkFormat", &check_format);
  function("numberFacts", &number_facts_of);
  function("encode", &encode_slice);
  function("decode", &decode_slice);
  function("cast", &cast_slice);
  function("packBits", &pack_slice);
  function("unpackBits", &unpack_slice);

  function("findNonFinite", &find_bad);
  function("rangeRuns", &range_runs);
  function("rangeRows", &range_rows);
  function("affineFromRanges", &affine_from_ranges);
  function("quantize", &quantize_slice);
  function("dequantize", &dequantize_slice);

  function("percentileBegin", &percentile_begin);
  function("percentileAdd", &percentile_add);
  function("percentileEndPass", &percentile_end_pass);
  function("percentileValue", &percentile_value);
  function("leastSquaresBegin", &least_squares_begin);
  function("leastSquaresAdd", &least_squares_add);
  function("leastSquaresBest", &least_squares_best);
  function("entropyBegin", &entropy_begin);
  function("entropyAdd", &entropy_add);
  function("entropyBest", &entropy_best);

  function("compare", &compare_slice);
  function("summarize", &summarize_slice);
  function("squaredDeviation", &squared_deviation_slice);
  function("countOutliers", &outliers_slice);
  function("histogramEdges", &histogram_begin);
  function("histogram", &histogram_slice);

  function("observe", &observe_slice);
  function("tensorScale", &tensor_scale_of);
  function("quantizeBlocks", &quantize_blocks_slice);
  function("dequantizeBlocks", &dequantize_blocks_slice);
  function("nest", &nest_slice);

  function("ask", &ask);
}
