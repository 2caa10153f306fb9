#include "models/block_questions.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string_view>

#include "fewbits/codec.hpp"
#include "fewbits/memory.hpp"
#include "grid.hpp"

namespace fewbits {
namespace {

using json::Items;
using json::Type;
using json::Value;
using json::Writer;

// --- which formats there are -----------------------------------------------------------------------------------------

// The format that is asked for, to be made, where that can be, or read. `alone`: its bytes have to say everything.
const BlockFormat* usable_format(Value asked, bool make, bool alone, Checker& checker) {
  const BlockFormat* format = checker.block_format(asked["format"]);
  if (!format) return nullptr;
  const auto usable = [&](const BlockFormat& row) { return !make || row.can_quantize; };
  const auto whole = [&](const BlockFormat& row) { return !alone || observed_of_tensor(row) == Observed::Nothing; };
  if (usable(*format) && whole(*format)) return format;
  Text message;
  Writer known;
  known.open('{').name("format").string(format->name).name("known").open('[');
  if (!whole(*format))
    message << format->name << " has one scale for the whole tensor, beside its codes: use quantize and dequantize. ";
  else
    message << format->name << " is only read so far: its encoder comes later. ";
  message << (make ? "What can be made: " : "What can be read: ");
  bool first = true;
  for (const BlockFormat& row : kBlockFormats) {
    if (!usable(row) || !whole(row)) continue;
    message << (first ? "" : ", ") << row.name;
    known.string(row.name);
    first = false;
  }
  checker.report("UNSUPPORTED", message << ".", known.close(']').close('}').text());
  return nullptr;
}

void write_list(Writer& writer, std::initializer_list<double> numbers) {
  writer.open('[');
  for (const double number : numbers) writer.number(number);
  writer.close(']');
}

double row_of_table(const BlockFormat& format) {
  return static_cast<double>(&format - kBlockFormats.data());
}

constexpr double kAbsmaxBytes = sizeof(float);

// Elements and bytes that belong together; a format whose block is the tensor has as many as fill a byte.
struct Block {
  explicit Block(const BlockFormat& format)
      : size(format.block_size != 0 ? format.block_size : 8 / format.element_bits),
        bytes(format.block_size != 0 ? format.block_bytes : 1) {}
  double size, bytes;
};

bool is_finite_float(Value value) {
  return value.is(Type::Number) && std::isfinite(static_cast<float>(value.number()));
}

bool is_count(Value value) {
  return value.is(Type::Number) && value.number() >= 0 && value.number() == std::floor(value.number());
}

// --- to blocks -------------------------------------------------------------------------------------------------------

double scale_rule(Value given, Checker& checker) {
  int rule = 0;
  for (const char* const name : {"floor", "rceil", "even"}) {
    if (given.says(name) || given.is(Type::Absent)) return rule;
    ++rule;
  }
  checker.bad_argument("scaleRule", given, "'floor', 'rceil' or 'even'");
  return 0;
}

void read_block_size(const BlockFormat& format, Value given, Block& block, Checker& checker) {
  if (given.is(Type::Absent)) return;
  const double size = given.is(Type::Number) ? given.number() : 0;
  if (!is_block_size(size)) {
    checker.bad_argument("blockSize", given, "64, 128, 256, 512, 1024, 2048 or 4096");
    return;
  }
  block.size = size;
  block.bytes = block_bytes(format, static_cast<std::uint32_t>(size));
}

// The length of a row: whole blocks, and the tensor is whole rows.
double row_length(Value asked, const Block& block, bool whole_tensor, Checker& checker) {
  const double length = asked["length"].number();
  const Value given = asked["options"]["rowLength"];
  if (given.is(Type::Absent) && length == 0) return 0;
  const Value row = given.is(Type::Absent) ? asked["row"] : given;
  const double multiple = whole_tensor ? 1 : block.size;
  if (is_count(row) && row.number() > 0 && divides(multiple, row.number()) && divides(row.number(), length))
    return row.number();
  Text must;
  must << "a whole number above 0 that divides the length, " << length << ", and is itself a multiple of the block, "
       << multiple << " elements";
  checker.wrong("BAD_LENGTH", given.is(Type::Absent) ? "The length of a row" : "rowLength", row, must);
  return 0;
}

bool reads_importance(const BlockFormat& format, Value weights, double row, Checker& checker) {
  Text text;
  if (weights.is(Type::Absent)) {
    if (format.needs_importance)
      checker.report("NEEDS_IMPORTANCE", text << format.name
                                              << " cannot be made without importance: pass { importance }, with one "
                                                 "weight for each of the "
                                              << row << " elements of a row.");
    return false;
  }
  if (!format.uses_importance) return false;
  if (row > 0 && weights.number() != row)
    checker.wrong("BAD_LENGTH", "The number of weights in importance", weights, text << "the length of a row, " << row);
  return true;
}

}  // namespace

void plan_quantize(Value asked, Writer& writer, Checker& checker) {
  const bool alone = asked["alone"].is_true();
  const BlockFormat* const format = usable_format(asked, true, alone, checker);
  if (!format) return;
  const Value options = asked["options"], offset = options["offset"];
  Block block(*format);
  bool nests = false;
  if (takes_block_size(*format)) {
    const char* const only = "left out here: the bytes alone do not tell it. Use quantize";
    for (const char* const name : {"blockSize", "doubleQuantize"})
      if (alone && !options[name].is(Type::Absent)) checker.bad_argument(name, options[name], only);
    read_block_size(*format, options["blockSize"], block, checker);
    nests = checker.flag("doubleQuantize", options["doubleQuantize"]);
    if (nests && !offset.is(Type::Absent) && !is_finite_float(offset))
      checker.bad_argument("offset", offset, "a finite number in float32");
  }
  const double rule = format->family == "mx" ? scale_rule(options["scaleRule"], checker) : 0;
  const double row = row_length(asked, block, format->block_size == 0, checker);
  const bool weighted = reads_importance(*format, options["importance"], row, checker);
  const double length = asked["length"].number(), blocks = std::ceil(length / block.size);
  const Observed of_tensor = observed_of_tensor(*format);
  double bytes = blocks * block.bytes + (of_tensor != Observed::Nothing ? sizeof(float) : 0);
  if (nests) {
    // A byte for an absmax, a scale for 256 of them, and the offset.
    bytes += blocks * (1.0 - kAbsmaxBytes) + (std::ceil(blocks / 256) + 1) * sizeof(float);
    block.bytes -= kAbsmaxBytes;
  }
  write_list(writer, {row_of_table(*format), block.size, block.bytes, static_cast<double>(nests),
                      weighted ? row : length, bytes, rule, static_cast<double>(of_tensor),
                      weighted ? static_cast<double>(observed_of_row(*format)) : 0, static_cast<double>(weighted)});
}

// --- and back --------------------------------------------------------------------------------------------------------

namespace {

void wrong_length(const char* name, Value length, double must, double elements, Checker& checker) {
  Text text;
  text << must << ", which " << elements << " elements take";
  checker.wrong("BAD_LENGTH", name, length, text);
}

// dequantizeBlocks: whole blocks, of which the first `count` elements are wanted.
double count_alone(Value asked, const Block& block, Checker& checker) {
  const Value length = asked["length"], count = asked["count"];
  Text must;
  if (!divides(block.bytes, length.number()))
    checker.wrong("BAD_LENGTH", "bytes.length", length,
                  must << "a multiple of the block's " << block.bytes << " bytes");
  const double held = std::floor(length.number() / block.bytes) * block.size;
  if (count.is(Type::Absent)) return held;
  if (is_count(count) && count.number() <= held) return count.number();
  must << "a whole number from 0 to what the bytes hold, " << held;
  checker.wrong("BAD_LENGTH", "count", count, must);
  return 0;
}

// The block size of a bitsandbytes tensor follows from how many absmax there are.
void find_block_size(const BlockFormat& format, double blocks, double elements, Block& block) {
  if (!takes_block_size(format) || !(blocks > 0) || !is_block_size(elements / blocks)) return;
  block.size = elements / blocks;
  block.bytes = block_bytes(format, static_cast<std::uint32_t>(block.size));
}

void check_nested(const BlockFormat& format, Value nested, Value length, double elements, Block& block,
                  Checker& checker) {
  std::array<Value, 3> parts;
  Items items(nested);
  for (Value& part : parts)
    if (items.next()) part = items.value();
  const auto& [codes, scales, offset] = parts;
  find_block_size(format, codes.number(), elements, block);
  const double blocks = std::ceil(elements / block.size);
  if (codes.number() != blocks) wrong_length("nested.absmax.length", codes, blocks, elements, checker);
  if (scales.number() != std::ceil(blocks / 256))
    wrong_length("nested.scale.length", scales, std::ceil(blocks / 256), elements, checker);
  if (!is_finite_float(offset)) checker.bad_argument("nested.offset", offset, "a finite number in float32");
  block.bytes -= kAbsmaxBytes;
  const double bytes = blocks * block.bytes;
  if (length.number() != bytes) wrong_length("data.length", length, bytes, elements, checker);
}

}  // namespace

void plan_dequantize(Value asked, Writer& writer, Checker& checker) {
  const bool alone = asked["alone"].is_true();
  const BlockFormat* const format = usable_format(asked, false, alone, checker);
  if (!format) return;
  Block block(*format);
  const Value length = asked["length"], nested = asked["nested"], scale = asked["scale"];
  double elements = 0;
  bool nests = false;
  if (alone) {
    elements = count_alone(asked, block, checker);
  } else {
    elements = asked["count"].number();
    nests = takes_block_size(*format) && nested.is(Type::Array);
    if (takes_block_size(*format) && !nests) {
      const Field& codes = format->fields.back();
      find_block_size(*format, (length.number() - elements * codes.bits / 8) / kAbsmaxBytes, elements, block);
    }
    if (format->block_size != 0 && !divides(block.size, elements)) {
      Text must;
      must << "a multiple of the block, " << block.size << " elements";
      checker.wrong("BAD_LENGTH", "The number of elements of the shape", asked["count"], must);
    }
    const double bytes = std::ceil(elements / block.size) * block.bytes;
    if (nests)
      check_nested(*format, nested, length, elements, block, checker);
    else if (length.number() != bytes)
      wrong_length("data.length", length, bytes, elements, checker);
    if (observed_of_tensor(*format) != Observed::Nothing && !(is_finite_float(scale) && scale.number() >= 0))
      checker.bad_argument("scale[0]", scale, "the tensor's scale, finite and not negative");
  }
  write_list(writer, {row_of_table(*format), block.size, block.bytes, static_cast<double>(nests), elements});
}

// --- one block -------------------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t kMostBytes = 512, kMostElements = 256;
static_assert([] {
  for (const BlockFormat& format : kBlockFormats)
    if (format.block_bytes > kMostBytes || format.block_size > kMostElements) return false;
  return true;
}());

using Bytes = std::array<std::uint8_t, kMostBytes>;
using Floats = std::array<float, kMostElements>;

// The terms of an element's formula: value = d * scale * q - dmin * min, or less than that.
enum class Term : std::uint8_t { D, Scale, Q, DMin, Min, None };

std::uint32_t code_of(const Bytes& bytes, const Field& field, std::uint32_t entry) {
  std::uint32_t code = 0;
  for (std::uint32_t bit = 0, at = bit_of(field, entry); bit < field.bits; ++bit, ++at)
    code |= (bytes[at / 8] >> (at % 8) & 1u) << bit;
  return code;
}

Term term_of(const Field& field) {
  const bool is_integer = field.number == nullptr || field.number->kind == Kind::Integer;
  switch (field.role) {
    case FieldRole::Scale:
      return is_integer ? Term::Scale : Term::D;
    case FieldRole::Minimum:
      return is_integer ? Term::Min : Term::DMin;
    case FieldRole::Sum:
      return Term::None;
    default:
      return Term::Q;
  }
}

// As the kernels read it.
double number_from(const Field& field, std::uint32_t code) {
  if (field.number == nullptr) return code;
  if (field.finite)
    return field.number->kind == Kind::Exponent ? grid::power_of_two(static_cast<int>(code) - 127)
           : code == 0x7F                       ? 0
                                                : std::bit_cast<float>((code & 0x7F) << 20) * 0x1p120f;
  float value = 0;
  decode(*field.number, &code, 1, &value);
  return value;
}

// Bit for bit, infinities and NaN too. 2^128 alone goes beyond: the largest E8M0 where it is finite.
void write_float(Writer& writer, const char* name, double value) {
  writer.name(name);
  if (value == 0x1p128) {
    writer.raw("340282366920938463463374607431768211456");
    return;
  }
  writer.float32(static_cast<float>(value));
}

// A block taken apart. Its fields say where every number is; what a code stands for is asked of the kernel, by giving
// it the block with scales that multiply to 1.
class Anatomy {
 public:
  Anatomy(const BlockFormat& format, const Bytes& bytes) : format_(format), bytes_(bytes) {
    dequantize(format, bytes.data(), 1, {}, values_.data());
    Bytes plain = bytes;
    for (const Field& field : format.fields) {
      const Term term = term_of(field);
      if (term == Term::Scale) set(plain, field, one_of_scales());
      if (term != Term::D && term != Term::DMin) continue;
      const float number = term == Term::D ? unit() : 0;
      std::uint32_t code = 0;
      encode(*field.number, std::span(&number, 1), &code, Overflow::Saturate);
      set(plain, field, code);
    }
    dequantize(format, plain.data(), 1, {}, multiples_.data());
  }

  void write(Writer& writer) const {
    writer.open('{').name("fields").open('[');
    for (const Field& field : format_.fields)
      for (std::uint32_t entry = 0; entry < field.count; ++entry) write_entry(writer, field, entry);
    writer.close(']').name("elements").open('[');
    for (std::uint32_t i = 0; i < format_.block_size; ++i) write_element(writer, i);
    writer.close(']').close('}');
  }

 private:
  // All entries, each that part of the code which is theirs.
  static void set(Bytes& bytes, const Field& field, std::uint32_t code) {
    for (std::uint32_t entry = 0; entry < field.count; ++entry)
      for (std::uint32_t bit = 0, at = bit_of(field, entry); bit < field.bits; ++bit, ++at) {
        const auto mask = static_cast<std::uint8_t>(1u << (at % 8));
        const bool is_set = (code >> (field.place + bit) & 1) != 0;
        bytes[at / 8] = static_cast<std::uint8_t>(is_set ? bytes[at / 8] | mask : bytes[at / 8] & ~mask);
      }
  }

  // The code of an integer scale that is used as 1, or the least, in eighths.
  [[nodiscard]] std::uint32_t one_of_scales() const {
    int code = 1;
    for (const Field& field : format_.fields) code = field.eighths != 0 ? 0 : code - field.offset;
    return static_cast<std::uint32_t>(code);
  }
  // What makes 1 of it.
  [[nodiscard]] float unit() const {
    for (const Field& field : format_.fields)
      if (field.eighths != 0) return 8.0f / static_cast<float>(field.eighths);
    return 1;
  }

  [[nodiscard]] std::uint32_t each(const Field& field) const {
    return field.each != 0 ? field.each : format_.block_size / field.count;
  }

  // The entry that an element has a part in; a field's count where it has none.
  [[nodiscard]] std::uint32_t entry_of(const Field& field, std::uint32_t element) const {
    const std::uint32_t i = element - field.first;  // large before the first
    if (i >= field.count * each(field)) return field.count;
    return field.in_turn ? i % field.count : i / each(field);
  }

  // Of all fields that make the term, the element's entries.
  template <class Use>
  void for_entries(Term term, std::uint32_t element, const Use& use) const {
    for (const Field& field : format_.fields)
      if (term_of(field) == term)
        if (const std::uint32_t entry = entry_of(field, element); entry < field.count) use(field, entry);
  }

  [[nodiscard]] std::uint32_t code(Term term, std::uint32_t element) const {
    std::uint32_t code = 0;
    for_entries(term, element,
                [&](const Field& field, std::uint32_t entry) { code |= code_of(bytes_, field, entry) << field.place; });
    return code;
  }

  // As it is used.
  [[nodiscard]] double number(Term term, std::uint32_t element) const {
    if (term == Term::Q) return multiples_[element];
    double number = 0;
    int offset = 0;
    for_entries(term, element, [&](const Field& field, std::uint32_t) {
      number = number_from(field, code(term, element));
      if (field.eighths != 0) number = (2 * number + 1) * field.eighths / 8;
      offset += field.offset;
    });
    return number + offset;
  }

  void write_entry(Writer& writer, const Field& field, std::uint32_t entry) const {
    const std::uint32_t stored = code_of(bytes_, field, entry);
    const std::uint32_t element = field.first + (field.in_turn ? entry : entry * each(field));
    const Term term = term_of(field);
    double value = 0;
    if (term == Term::None)
      value = number_from(field, stored);
    else if (term == Term::Q && each(field) > 1)
      value = code(term, element);
    else
      value = number(term, element);
    writer.open('{').name("name").string(field.name).name("role").string(word(field.role));
    writer.name("bitOffset").number(bit_of(field, entry));
    writer.name("bits").number(field.bits).name("code").number(stored);
    write_float(writer, "value", value);
    writer.close('}');
  }

  void write_element(Writer& writer, std::uint32_t element) const {
    writer.open('{').name("code").number(code(Term::Q, element));
    write_float(writer, "value", values_[element]);
    writer.name("terms").open('{');
    for (const Term term : {Term::D, Term::Scale, Term::Q, Term::DMin, Term::Min}) write_term(writer, term, element);
    writer.close('}').name("bits").open('[');
    std::array<std::uint32_t, 32> places;
    std::size_t bits = 0;
    for_entries(Term::Q, element, [&](const Field& field, std::uint32_t entry) {
      for (std::uint32_t bit = 0; bit < field.bits; ++bit, ++bits)
        places[field.place + bit] = bit_of(field, entry) + bit;
    });
    for (std::size_t i = 0; i < bits; ++i) writer.number(places[i]);
    writer.close(']').name("entries").open('[');
    std::uint32_t first = 0;
    for (const Field& field : format_.fields) {
      const std::uint32_t entry = entry_of(field, element);
      if (entry < field.count && term_of(field) != Term::None) writer.number(first + entry);
      first += field.count;
    }
    writer.close(']').close('}');
  }

  void write_term(Writer& writer, Term term, std::uint32_t element) const {
    Text name;
    for_entries(term, element, [&](const Field& field, std::uint32_t) {
      if (name.empty()) name << field.name;
    });
    if (name.empty()) return;
    const char* const said = term == Term::Scale ? "sc"
                             : term == Term::Q   ? "q"
                             : term == Term::Min ? "m"
                                                 : name.c_str();
    write_float(writer, said, number(term, element));
  }

  const BlockFormat& format_;
  const Bytes& bytes_;
  Floats values_{}, multiples_{};
};

}  // namespace

void describe_block(Value asked, Writer& writer, Checker& checker) {
  const BlockFormat* const format = usable_format(asked, false, true, checker);
  if (!format) return;
  if (asked["length"].number() != format->block_bytes) {
    Text must;
    must << static_cast<double>(format->block_bytes) << ", one block of " << format->name;
    checker.wrong("BAD_LENGTH", "bytes.length", asked["length"], must);
    return;
  }
  Bytes bytes{};
  std::size_t i = 0;
  for (Items items(asked["bytes"]); i < format->block_bytes && items.next(); ++i)
    bytes[i] = static_cast<std::uint8_t>(items.value().number());
  Anatomy(*format, bytes).write(writer);
}

}  // namespace fewbits
