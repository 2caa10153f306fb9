// Block formats: a block of weights shares one or more scales and is stored in a fixed number of bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "fewbits/number_format.hpp"

namespace fewbits {

// What a run of bits in a block is for. A format's fields tile its block.
enum class FieldRole : std::uint8_t { Scale, Minimum, Code, Sign, Sum };

// A run of entries of the same kind. Entries need not lie side by side, and one number may be made of entries of
// several fields: a code of five bits has four in one field and one in another, and scales of six bits fill what others
// leave.
struct Field {
  std::string_view name;
  // What scales and the like are written in; nullptr: integers without sign. A scale or minimum that is an integer is
  // itself in units of one that is not.
  const NumberFormat* number;
  FieldRole role;
  std::uint8_t bits;         // of an entry
  std::uint16_t count;       // of entries
  std::uint16_t bit_offset;  // from the block's first bit, least significant bit of a byte first

  // Where they lie. 0: one after the other. Else `run` entries stand `step` bits apart, from the last to the first
  // where that is negative, and the next run `next` bits behind the beginning of this one. Where `next` is 0, runs are
  // interleaved: above the bits of the run before, in the same bytes, as long as there is room.
  std::uint8_t run = 0;
  std::int8_t step = 8;
  std::uint8_t next = 0;

  // Whose they are: `each` elements in a row have an entry, beginning with element `first`. `in_turn`: every count-th
  // element has the same entry. 0: all elements of the block share alike.
  std::uint8_t first = 0, each = 0;
  bool in_turn = false;

  std::uint8_t place = 0;  // of the entry's lowest bit in the number that it is a part of
  bool finite = false;     // its number has no NaN and no sign, as ggml reads E8M0 and E4M3
  // An integer scale is used as code + offset, or, where it has eighths, as (2 code + 1) * eighths / 8.
  std::int8_t offset = 0;
  std::uint8_t eighths = 0;
};

// The first bit of an entry.
constexpr std::uint32_t bit_of(const Field& field, std::uint32_t entry) {
  if (field.run == 0) return field.bit_offset + entry * field.bits;
  const std::uint32_t turn = entry / field.run, above = turn * field.bits;
  const std::uint32_t skip = field.next != 0 ? turn * field.next : above % 8 + above / 8 * 8 * field.run;
  const int at = static_cast<int>(entry % field.run) - (field.step < 0 ? field.run - 1 : 0);
  return field.bit_offset + static_cast<std::uint32_t>(at * field.step) + skip;
}

struct BlockFormat {
  std::string_view name;
  std::string_view family;   // "ggml", "mx", "nvfp4", "bitsandbytes", "bitnet"
  std::uint32_t block_size;  // elements; 0: the whole tensor is one block and block_bits is for one element
  std::uint32_t block_bytes;
  bool needs_importance;  // cannot be made without an importance row
  bool uses_importance;   // is made better by one
  bool can_quantize;
  std::span<const Field> fields;
  std::uint32_t element_bits = 0;  // where block_size is 0
  std::uint32_t tensor_bytes = 0;  // stored once per tensor, beside the blocks

  [[nodiscard]] constexpr double bits_per_weight() const {
    return block_size == 0 ? element_bits : 8.0 * block_bytes / block_size;
  }
};

namespace detail {
enum Importance : std::uint8_t { Ignored, Used, Needed };
enum Ability : std::uint8_t { ReadAlone, Made };
constexpr BlockFormat block(std::string_view name, std::string_view family, std::uint32_t size, std::uint32_t bytes,
                            Importance importance, std::span<const Field> fields, Ability ability = Made) {
  return {.name = name,
          .family = family,
          .block_size = size,
          .block_bytes = bytes,
          .needs_importance = importance == Needed,
          .uses_importance = importance != Ignored,
          .can_quantize = ability == Made,
          .fields = fields};
}

// Fields are told in the order of their bits: one that says nothing else begins where those before it would end.
inline constexpr std::uint16_t kFollows = 0xFFFF;
struct Part : Field {
  [[nodiscard]] constexpr Part at(std::uint16_t offset_of_first) const {
    Part part = *this;
    part.bit_offset = offset_of_first;
    return part;
  }
  [[nodiscard]] constexpr Part interleaved(std::uint8_t entries) const { return spaced(entries, 8, 0); }
  [[nodiscard]] constexpr Part spaced(std::uint8_t entries, std::int8_t apart, std::uint8_t runs_apart) const {
    Part part = *this;
    part.run = entries;
    part.step = apart;
    part.next = runs_apart;
    return part;
  }
  [[nodiscard]] constexpr Part from(std::uint8_t element, std::uint8_t elements_each) const {
    Part part = *this;
    part.first = element;
    part.each = elements_each;
    return part;
  }
  [[nodiscard]] constexpr Part taken_in_turn() const {
    Part part = *this;
    part.in_turn = true;
    return part;
  }
  [[nodiscard]] constexpr Part above(std::uint8_t bits_below) const {
    Part part = *this;
    part.place = bits_below;
    return part;
  }
  [[nodiscard]] constexpr Part less(std::int8_t stored_more) const {
    Part part = *this;
    part.offset = static_cast<std::int8_t>(-stored_more);
    return part;
  }
  [[nodiscard]] constexpr Part in_odd(std::uint8_t eighths_of_one) const {
    Part part = *this;
    part.eighths = eighths_of_one;
    return part;
  }
  [[nodiscard]] constexpr Part always_finite() const {
    Part part = *this;
    part.finite = true;
    return part;
  }
};
// A number of 16 or 32 bits is a float16 or a float32 where nothing else is said.
constexpr Part part(std::string_view name, FieldRole role, std::uint8_t bits, std::uint16_t count,
                    std::string_view number = {}) {
  const bool is_code = role == FieldRole::Code || role == FieldRole::Sign;
  if (!is_code && number.empty()) number = bits == 16 ? "float16" : bits == 32 ? "float32" : "";
  return {{.name = name,
           .number = find_number_format(number),
           .role = role,
           .bits = bits,
           .count = count,
           .bit_offset = kFollows}};
}
template <std::size_t n>
constexpr std::array<Field, n> in_a_row(const Part (&parts)[n]) {
  std::array<Field, n> fields{};
  std::uint16_t offset = 0;
  for (std::size_t i = 0; i < n; ++i) {
    fields[i] = parts[i];
    if (parts[i].bit_offset == kFollows) fields[i].bit_offset = offset;
    offset = static_cast<std::uint16_t>(offset + parts[i].bits * parts[i].count);
  }
  return fields;
}

constexpr Part scales(std::string_view name, std::uint8_t bits, std::uint16_t count, std::string_view number = {}) {
  return part(name, FieldRole::Scale, bits, count, number);
}
constexpr Part minima(std::string_view name, std::uint8_t bits, std::uint16_t count) {
  return part(name, FieldRole::Minimum, bits, count);
}
constexpr Part codes(std::string_view name, std::uint8_t bits, std::uint16_t count) {
  return part(name, FieldRole::Code, bits, count);
}
constexpr Part signs(std::string_view name, std::uint8_t bits, std::uint16_t count) {
  return part(name, FieldRole::Sign, bits, count);
}
inline constexpr Part kD = scales("d", 16, 1), kM = minima("m", 16, 1), kDMin = minima("dmin", 16, 1);

// ggml's names and order. In qh stand the upper bits of codes.
inline constexpr auto kQ4_0 = in_a_row({kD, codes("qs", 4, 32).interleaved(16)});
inline constexpr auto kQ4_1 = in_a_row({kD, kM, codes("qs", 4, 32).interleaved(16)});
inline constexpr auto kQ5_0 = in_a_row({kD, codes("qh", 1, 32).above(4), codes("qs", 4, 32).interleaved(16)});
inline constexpr auto kQ5_1 = in_a_row({kD, kM, codes("qh", 1, 32).above(4), codes("qs", 4, 32).interleaved(16)});
inline constexpr auto kQ8_0 = in_a_row({kD, codes("qs", 8, 32)});
inline constexpr auto kQ8_1 = in_a_row({kD, part("s", FieldRole::Sum, 16, 1), codes("qs", 8, 32)});
inline constexpr auto kQ1_0 = in_a_row({kD, codes("qs", 1, 128)});
inline constexpr auto kQ2_0 = in_a_row({kD, codes("qs", 2, 64)});
inline constexpr auto kMxfp4 =
    in_a_row({scales("e", 8, 1, "float8_e8m0fnu").always_finite(), codes("qs", 4, 32).interleaved(16)});
inline constexpr auto kNvfp4 =
    in_a_row({scales("d", 8, 4, "float8_e4m3fn").always_finite(), codes("qs", 4, 64).interleaved(8)});
inline constexpr auto kTq2_0 = in_a_row({codes("qs", 2, 256).interleaved(32), kD});
// Five trits in a byte, of elements 32, 16 or 4 apart; the last bytes have four.
inline constexpr auto kTq1_0 =
    in_a_row({codes("qs", 8, 32).from(0, 5).taken_in_turn(), codes("qs", 8, 16).from(160, 5).taken_in_turn(),
              codes("qh", 8, 4).from(240, 4).taken_in_turn(), kD});

inline constexpr auto kQ2_K =
    in_a_row({scales("scales", 4, 16).interleaved(16), minima("mins", 4, 16).at(4).interleaved(16),
              codes("qs", 2, 256).interleaved(32), kD, kDMin});
inline constexpr auto kQ3_K = in_a_row(
    {codes("hmask", 1, 256).interleaved(32).above(2), codes("qs", 2, 256).interleaved(32),
     scales("scales_l", 4, 16).interleaved(8).less(32), scales("scales_h", 2, 16).interleaved(4).above(4), kD});
// Six bits each: eight scales and eight minima. The upper bits of the last four lie above the first four.
constexpr Part first_four(Part part, std::uint16_t offset) {
  return part.at(offset).interleaved(4).from(0, 32);
}
constexpr Part last_four(Part part, std::uint16_t offset) {
  return part.at(offset).interleaved(4).from(128, 32);
}
template <class... Codes>
constexpr auto six_bit_scales(Codes... codes) {
  return in_a_row({kD, kDMin, first_four(scales("scales", 6, 4), 32), last_four(scales("scales_h", 2, 4), 38).above(4),
                   first_four(minima("mins", 6, 4), 64), last_four(minima("mins_h", 2, 4), 70).above(4),
                   last_four(scales("scales_l", 4, 4), 96), last_four(minima("mins_l", 4, 4), 100), codes...});
}
inline constexpr auto kQ4_K = six_bit_scales(codes("qs", 4, 256).interleaved(32));
inline constexpr auto kQ5_K =
    six_bit_scales(codes("qh", 1, 256).interleaved(32).above(4), codes("qs", 4, 256).interleaved(32));
inline constexpr auto kQ6_K =
    in_a_row({codes("ql", 4, 256).interleaved(64), codes("qh", 2, 256).interleaved(32).above(4),
              scales("scales", 8, 16, "int8"), kD});
inline constexpr auto kQ8_K =
    in_a_row({scales("d", 32, 1), codes("qs", 8, 256), part("bsums", FieldRole::Sum, 16, 16, "int16")});
inline constexpr auto kIq4Xs = in_a_row(
    {kD, scales("scales_h", 2, 8).above(4), scales("scales_l", 4, 8).less(32), codes("qs", 4, 256).interleaved(16)});

// A code is a point of a code book for eight or four elements; their signs are a part of it, as is that of IQ1's shift.
// Where eight signs have seven bits, the last is their parity.
inline constexpr auto kIq2Xxs =
    in_a_row({kD, codes("qs", 8, 32).spaced(4, 8, 64), signs("signs", 7, 32).at(48).spaced(4, 7, 64).above(8),
              scales("scales", 4, 8).at(76).spaced(1, 0, 64).in_odd(1)});
inline constexpr auto kIq2Xs =
    in_a_row({kD, codes("qs", 9, 32).spaced(1, 0, 16), signs("signs", 7, 32).at(25).spaced(1, 0, 16).above(9),
              scales("scales", 4, 16).in_odd(1)});
inline constexpr auto kIq2S = in_a_row({kD, codes("qs", 8, 32), signs("signs", 1, 256).above(10),
                                        codes("qh", 2, 32).above(8), scales("scales", 4, 16).in_odd(1)});
inline constexpr auto kIq3Xxs = in_a_row({kD, codes("qs", 8, 64), signs("signs", 7, 32).spaced(4, 7, 32).above(8),
                                          scales("scales", 4, 8).at(556).spaced(1, 0, 32).in_odd(2)});
inline constexpr auto kIq3S = in_a_row({kD, codes("qs", 8, 64), codes("qh", 1, 64).above(8),
                                        signs("signs", 1, 256).above(9), scales("scales", 4, 8).in_odd(8)});
inline constexpr auto kIq1S = in_a_row({kD, codes("qs", 8, 32), codes("qh", 3, 32).spaced(4, 3, 16).above(8),
                                        scales("scales", 3, 8).at(284).spaced(1, 0, 16).in_odd(8),
                                        signs("delta", 1, 8).at(287).spaced(1, 0, 16).above(11)});
// Four bits of d are above the scales of each word.
constexpr Part nibble_of_d(std::uint8_t i) {
  return scales("d", 4, 1, "float16")
      .at(static_cast<std::uint16_t>(396 + 16 * i))
      .above(static_cast<std::uint8_t>(4 * i));
}
inline constexpr auto kIq1M = in_a_row({codes("qs", 8, 32), codes("qh", 3, 32).spaced(1, 0, 4).above(8),
                                        signs("delta", 1, 32).at(259).spaced(1, 0, 4).above(11),
                                        scales("scales", 3, 16).spaced(4, 3, 16).in_odd(8), nibble_of_d(0),
                                        nibble_of_d(1), nibble_of_d(2), nibble_of_d(3)});

// A scale, then one code per element. bitsandbytes' come in pairs, the first of two in the upper half of a byte.
template <std::uint8_t scale_bits, std::uint8_t bits, std::uint16_t count>
inline constexpr auto kScaleAndCodes = [] {
  const Part scale = scale_bits == 32 ? scales("absmax", 32, 1, "float32")
                                      : scales("scale", 8, 1, count == 16 ? "float8_e4m3fn" : "float8_e8m0fnu");
  const Part plain = codes("q", bits, count);
  return in_a_row({scale, scale_bits == 32 && bits == 4 ? plain.spaced(2, -4, 8) : plain});
}();

template <std::uint8_t scale_bits, std::uint8_t bits, std::uint16_t count>
constexpr BlockFormat scale_and_codes(std::string_view name, std::string_view family) {
  return {.name = name,
          .family = family,
          .block_size = count,
          .block_bytes = (scale_bits + bits * count) / 8,
          .needs_importance = false,
          .uses_importance = false,
          .can_quantize = true,
          .fields = kScaleAndCodes<scale_bits, bits, count>};
}

// One code per element and nothing else: the scale stands beside the codes.
template <std::uint8_t bits>
inline constexpr auto kCode = in_a_row({codes("q", bits, 1)});

template <std::uint8_t bits>
constexpr BlockFormat whole_tensor(std::string_view name, std::string_view family) {
  return {.name = name,
          .family = family,
          .block_size = 0,
          .block_bytes = 0,
          .needs_importance = false,
          .uses_importance = false,
          .can_quantize = true,
          .fields = kCode<bits>,
          .element_bits = bits,
          .tensor_bytes = 4};
}
}  // namespace detail

// clang-format off
inline constexpr auto kBlockFormats = [] {
  using namespace detail;
  return std::array{
      block("q4_0", "ggml", 32, 18, Used, kQ4_0), block("q4_1", "ggml", 32, 20, Used, kQ4_1),
      block("q5_0", "ggml", 32, 22, Used, kQ5_0), block("q5_1", "ggml", 32, 24, Used, kQ5_1),
      block("q8_0", "ggml", 32, 34, Ignored, kQ8_0), block("q8_1", "ggml", 32, 36, Ignored, kQ8_1),
      block("q2_k", "ggml", 256, 84, Used, kQ2_K), block("q3_k", "ggml", 256, 110, Used, kQ3_K),
      block("q4_k", "ggml", 256, 144, Used, kQ4_K), block("q5_k", "ggml", 256, 176, Used, kQ5_K),
      block("q6_k", "ggml", 256, 210, Used, kQ6_K), block("q8_k", "ggml", 256, 292, Ignored, kQ8_K),
      block("iq4_nl", "ggml", 32, 18, Used, kQ4_0), block("iq4_xs", "ggml", 256, 136, Used, kIq4Xs),
      block("tq1_0", "ggml", 256, 54, Ignored, kTq1_0), block("tq2_0", "ggml", 256, 66, Ignored, kTq2_0),
      block("q1_0", "ggml", 128, 18, Ignored, kQ1_0), block("q2_0", "ggml", 64, 18, Ignored, kQ2_0),
      block("mxfp4", "ggml", 32, 17, Ignored, kMxfp4), block("nvfp4", "ggml", 64, 36, Ignored, kNvfp4),
      block("iq1_s", "ggml", 256, 50, Needed, kIq1S, ReadAlone), block("iq1_m", "ggml", 256, 56, Used, kIq1M, ReadAlone),
      block("iq2_xxs", "ggml", 256, 66, Needed, kIq2Xxs, ReadAlone), block("iq2_xs", "ggml", 256, 74, Needed, kIq2Xs, ReadAlone),
      block("iq2_s", "ggml", 256, 82, Used, kIq2S, ReadAlone),
      block("iq3_xxs", "ggml", 256, 98, Used, kIq3Xxs, ReadAlone), block("iq3_s", "ggml", 256, 110, Used, kIq3S, ReadAlone),
      scale_and_codes<8, 8, 32>("mxfp8_e4m3", "mx"), scale_and_codes<8, 8, 32>("mxfp8_e5m2", "mx"),
      scale_and_codes<8, 6, 32>("mxfp6_e2m3", "mx"), scale_and_codes<8, 6, 32>("mxfp6_e3m2", "mx"),
      scale_and_codes<8, 4, 32>("mxfp4_ocp", "mx"), scale_and_codes<8, 8, 32>("mxint8", "mx"),
      scale_and_codes<8, 4, 16>("nvfp4_tensor", "nvfp4"),
      scale_and_codes<32, 4, 64>("nf4", "bitsandbytes"), scale_and_codes<32, 4, 64>("fp4", "bitsandbytes"),
      scale_and_codes<32, 8, 256>("bnb_int8_blockwise", "bitsandbytes"),
      whole_tensor<2>("ternary_absmean", "bitnet"), whole_tensor<1>("binary_absmean", "bitnet"),
  };
}();
// clang-format on

constexpr const BlockFormat* find_block_format(std::string_view name) {
  for (const auto& format : kBlockFormats)
    if (format.name == name) return &format;
  return nullptr;
}

// bitsandbytes' blocks may be of other sizes: 64, 128 ... 4096. An absmax, and so many codes.
constexpr bool takes_block_size(const BlockFormat& format) {
  return format.family == "bitsandbytes";
}
constexpr bool is_block_size(double size) {
  for (double allowed = 64; allowed <= 4096; allowed *= 2)
    if (size == allowed) return true;
  return false;
}
constexpr std::uint32_t block_bytes(const BlockFormat& format, std::uint32_t block_size) {
  if (!takes_block_size(format)) return format.block_bytes;
  const Field& codes = format.fields.back();
  return (codes.bit_offset + block_size * codes.bits) / 8;
}

// Whether the fields cover every bit of a block, or of an element where there are no blocks, exactly once.
constexpr bool fields_tile(const BlockFormat& format) {
  constexpr std::size_t kMostBytes = 512;
  std::array<std::uint8_t, kMostBytes> covered{};
  const std::uint32_t size = format.block_size == 0 ? format.element_bits : 8 * format.block_bytes;
  std::uint32_t sum = 0;
  for (const Field& field : format.fields)
    for (std::uint32_t entry = 0; entry < field.count; ++entry)
      for (std::uint32_t at = bit_of(field, entry), end = at + field.bits; at < end; ++at, ++sum) {
        if (at >= size || (covered[at / 8] >> at % 8 & 1) != 0) return false;
        covered[at / 8] = static_cast<std::uint8_t>(covered[at / 8] | 1u << at % 8);
      }
  return sum == size;
}
static_assert([] {
  for (const BlockFormat& format : kBlockFormats)
    if (!fields_tile(format)) return false;
  return true;
}());

// How the exponent that a block of an OCP MX format shares follows from its largest magnitude. 2^emax is the largest
// power of two of the element's format.
enum class ScaleRule : std::uint8_t {
  Floor,  // floor(log2(absmax)) - emax: the largest numbers of a block may saturate
  Rceil,  // ceil(log2(absmax / largest element)): nothing saturates
  Even,   // as Floor, of the absmax rounded to the element's mantissa
};

// What a caller may choose. A format looks at what concerns it and at nothing else.
struct BlockOptions {
  ScaleRule scale_rule = ScaleRule::Floor;  // OCP MX
  std::uint32_t block_size = 0;             // bitsandbytes: 64, 128 ... 4096; 0 is the format's own
  float tensor_scale = 1;                   // nvfp4_tensor: above 0
  // One weight >= 0 for each of the values, where the format uses any; nullptr: none, which is not the same as ones.
  const float* importance = nullptr;
  float sigma2 = 0;  // q4_0 .. q5_1 with an importance: the mean square of the row, sum_of_squares / its length
};

// Sum of x^2 in order, in float32, as ggml adds a row: running sum over slices.
float sum_of_squares(std::span<const float> values, float running);

// The scale of an nvfp4_tensor whose largest magnitude is that: absmax / (6 * 448), or 1 where that is 0.
float nvfp4_tensor_scale(float absmax);

// --- bitsandbytes' double quantization ---------------------------------------------------------------------------
// The absmax of every block, less an offset (their mean), as 8-bit codes with a scale for every 256 of them.
void nest_absmax(std::span<const float> absmax, float offset, std::uint8_t* codes, float* scales);
void unnest_absmax(std::span<const std::uint8_t> codes, const float* scales, float offset, float* absmax);

// --- absmean, the rules of BitNet b1.58 and XNOR-Net -------------------------------------------------------------
// mean |w| over the tensor, summed in order in double: running sum over slices.
double sum_of_magnitudes(std::span<const float> values, double sum);
// q = clamp(rint(w / scale), -1, 1), stored as q + 1 (0, 1, 2), one per byte, to be packed in 2 bits.
void ternary_quantize(std::span<const float> values, float scale, std::uint8_t* codes);
void ternary_dequantize(std::span<const std::uint8_t> codes, float scale, float* values);
// 1 for w >= 0 (-0 included), else 0; restored to +scale and -scale.
void binary_quantize(std::span<const float> values, std::uint8_t* codes);
void binary_dequantize(std::span<const std::uint8_t> codes, float scale, float* values);

// --- the scale beside the blocks ---------------------------------------------------------------------------------
// Of formats where the whole tensor shares one: what is observed of the values, running over slices in order, and the
// scale that follows. Any other format observes nothing, and its scale is 1.
enum class Observed : std::uint8_t { Nothing, Magnitudes, Absmax, Squares };
constexpr Observed observed_of_tensor(const BlockFormat& format) {
  if (format.block_size == 0) return Observed::Magnitudes;
  return format.family == "nvfp4" ? Observed::Absmax : Observed::Nothing;
}
// What importance wants to know of every row. (Of 32-element blocks; iq4_nl, which asks its block alone, ignores it.)
constexpr Observed observed_of_row(const BlockFormat& format) {
  return format.uses_importance && format.block_size == 32 ? Observed::Squares : Observed::Nothing;
}
double observe(Observed what, std::span<const float> values, double running);
float tensor_scale(const BlockFormat& format, double observed, double count);

}  // namespace fewbits
