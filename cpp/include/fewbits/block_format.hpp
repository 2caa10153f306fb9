// Block formats: a block of weights shares one or more scales and is stored in a fixed number of bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fewbits {

// What a run of bits in a block is for. A format's fields tile its block.
enum class FieldRole : std::uint8_t { Scale, Minimum, Code, Sign, Sum };

struct Field {
  std::string_view name;
  FieldRole role;
  std::uint32_t bit_offset;  // from the block's first bit, least significant bit of a byte first
  std::uint16_t bits;        // of one element
  std::uint16_t count;       // how many of them, side by side
  std::string_view number =
      {};  // the number format of scales and the like; by default float16 and float32 by their bits
};

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
constexpr BlockFormat block(std::string_view name, std::string_view family, std::uint32_t size, std::uint32_t bytes,
                            Importance importance = Ignored, std::span<const Field> fields = {}) {
  return {.name = name,
          .family = family,
          .block_size = size,
          .block_bytes = bytes,
          .needs_importance = importance == Needed,
          .uses_importance = importance != Ignored,
          .can_quantize = !fields.empty(),
          .fields = fields};
}

// Fields one after the other.
struct Part {
  std::string_view name;
  FieldRole role;
  std::uint16_t bits, count;
  std::string_view number = {};
};
template <std::size_t n>
constexpr std::array<Field, n> in_a_row(const Part (&parts)[n]) {
  std::array<Field, n> fields{};
  std::uint32_t offset = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Part& part = parts[i];
    fields[i] = {part.name, part.role, offset, part.bits, part.count, part.number};
    offset += part.bits * part.count;
  }
  return fields;
}

constexpr Part kD{"d", FieldRole::Scale, 16, 1}, kM{"m", FieldRole::Minimum, 16, 1}, kSum{"s", FieldRole::Sum, 16, 1};
constexpr Part codes(std::string_view name, std::uint16_t bits, std::uint16_t count) {
  return {name, FieldRole::Code, bits, count};
}
// ggml's names and order. How codes are interleaved and scales packed is said in cpp/reference/ggml_k.cpp.
constexpr Part kDMin{"dmin", FieldRole::Minimum, 16, 1};
constexpr Part scales(std::uint16_t bits, std::uint16_t count) {
  return {"scales", FieldRole::Scale, bits, count};
}
inline constexpr auto kQ2_K = in_a_row({scales(8, 16), codes("qs", 2, 256), kD, kDMin});
inline constexpr auto kQ3_K = in_a_row({codes("hmask", 1, 256), codes("qs", 2, 256), scales(6, 16), kD});
inline constexpr auto kQ4_K = in_a_row({kD, kDMin, scales(12, 8), codes("qs", 4, 256)});
inline constexpr auto kQ5_K = in_a_row({kD, kDMin, scales(12, 8), codes("qh", 1, 256), codes("qs", 4, 256)});
inline constexpr auto kQ6_K = in_a_row({codes("ql", 4, 256), codes("qh", 2, 256), scales(8, 16), kD});
inline constexpr auto kQ8_K =
    in_a_row({{"d", FieldRole::Scale, 32, 1}, codes("qs", 8, 256), {"bsums", FieldRole::Sum, 16, 16, "int16"}});

// In qh stand fifth bits, or trits.
inline constexpr auto kQ4_0 = in_a_row({kD, codes("qs", 4, 32)});
inline constexpr auto kQ4_1 = in_a_row({kD, kM, codes("qs", 4, 32)});
inline constexpr auto kQ5_0 = in_a_row({kD, codes("qh", 1, 32), codes("qs", 4, 32)});
inline constexpr auto kQ5_1 = in_a_row({kD, kM, codes("qh", 1, 32), codes("qs", 4, 32)});
inline constexpr auto kQ8_0 = in_a_row({kD, codes("qs", 8, 32)});
inline constexpr auto kQ8_1 = in_a_row({kD, kSum, codes("qs", 8, 32)});
inline constexpr auto kQ1_0 = in_a_row({kD, codes("qs", 1, 128)});
inline constexpr auto kQ2_0 = in_a_row({kD, codes("qs", 2, 64)});
inline constexpr auto kTq1_0 = in_a_row({codes("qs", 8, 48), codes("qh", 8, 4), kD});
inline constexpr auto kTq2_0 = in_a_row({codes("qs", 2, 256), kD});
inline constexpr auto kMxfp4 = in_a_row({{"e", FieldRole::Scale, 8, 1, "float8_e8m0fnu"}, codes("qs", 4, 32)});
inline constexpr auto kNvfp4 = in_a_row({{"d", FieldRole::Scale, 8, 4, "float8_e4m3fn"}, codes("qs", 4, 64)});
inline constexpr auto kIq4Xs =
    in_a_row({kD, {"scales_h", FieldRole::Scale, 2, 8}, {"scales_l", FieldRole::Scale, 4, 8}, codes("qs", 4, 256)});

// A scale, then one code per element.
template <std::uint16_t scale_bits, std::uint16_t bits, std::uint16_t count>
inline constexpr std::array<Field, 2> kScaleAndCodes{
    {{.name = scale_bits == 32 ? "absmax" : "scale",
      .role = FieldRole::Scale,
      .bit_offset = 0,
      .bits = scale_bits,
      .count = 1,
      .number = scale_bits == 32 ? "float32"
                : count == 16    ? "float8_e4m3fn"
                                 : "float8_e8m0fnu"},
     {.name = "q", .role = FieldRole::Code, .bit_offset = scale_bits, .bits = bits, .count = count}}};

template <std::uint16_t scale_bits, std::uint16_t bits, std::uint16_t count>
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
template <std::uint16_t bits>
inline constexpr std::array<Field, 1> kCode{
    {{.name = "q", .role = FieldRole::Code, .bit_offset = 0, .bits = bits, .count = 1}}};

template <std::uint16_t bits>
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
      block("iq1_s", "ggml", 256, 50, Needed), block("iq1_m", "ggml", 256, 56, Used),
      block("iq2_xxs", "ggml", 256, 66, Needed), block("iq2_xs", "ggml", 256, 74, Needed), block("iq2_s", "ggml", 256, 82, Used),
      block("iq3_xxs", "ggml", 256, 98, Used), block("iq3_s", "ggml", 256, 110, Used),
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

// Whether the fields cover every bit of a block, or of an element where there are no blocks, exactly once and in order.
constexpr bool fields_tile(const BlockFormat& format) {
  std::uint32_t covered = 0;
  for (const Field& field : format.fields) {
    if (field.bit_offset != covered) return false;
    covered += field.bits * field.count;
  }
  return covered == (format.block_size == 0 ? format.element_bits : 8 * format.block_bytes);
}
static_assert([] {
  for (const BlockFormat& format : kBlockFormats)
    if ((format.can_quantize || !format.fields.empty()) && !fields_tile(format)) return false;
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
