// The tables, as the package shows them.
#include <utility>

#include "models/block_questions.hpp"

namespace fewbits {
namespace {

using json::Value;
using json::Writer;

using Name = std::pair<const char*, std::string_view>;
using Number = std::pair<const char*, double>;
using Flag = std::pair<const char*, bool>;

void write_names(Writer& writer, std::initializer_list<Name> names) {
  for (const auto& [key, name] : names)
    if (name.empty())
      writer.name(key).raw("null");
    else
      writer.name(key).string(name);
}

void write_numbers(Writer& writer, std::initializer_list<Number> numbers) {
  for (const auto& [key, number] : numbers) writer.name(key).number(number);
}

void write_flags(Writer& writer, std::initializer_list<Flag> flags) {
  for (const auto& [key, flag] : flags) writer.name(key).flag(flag);
}

void write(Writer& writer, const NumberFormat& format) {
  write_names(writer, {{"name", format.name}, {"kind", word(format.kind)}});
  write_numbers(writer, {{"bits", format.bits()},
                         {"signBits", format.sign_bits},
                         {"exponentBits", format.exponent_bits},
                         {"mantissaBits", format.mantissa_bits},
                         {"bias", format.bias}});
  write_names(writer, {{"specials", word(format.specials)},
                       {"safetensors", format.safetensors},
                       {"gguf", format.gguf},
                       {"npy", format.npy}});
}

void write(Writer& writer, const Field& field) {
  write_names(writer, {{"name", field.name}, {"role", word(field.role)}});
  write_numbers(writer, {{"bitOffset", field.bit_offset}, {"bits", field.bits}, {"count", field.count}});
}

void write_list(Writer& writer, const auto& rows);

void write(Writer& writer, const BlockFormat& format) {
  write_names(writer, {{"name", format.name}, {"family", format.family}});
  write_numbers(writer, {{"blockSize", format.block_size}, {"blockBytes", format.block_bytes}});
  writer.name("bitsPerWeight").float32(static_cast<float>(format.bits_per_weight()));
  write_flags(writer, {{"needsImportance", format.needs_importance},
                       {"usesImportance", format.uses_importance},
                       {"canQuantize", format.can_quantize}});
  write_list(writer.name("fields"), format.fields);
}

void write_list(Writer& writer, const auto& rows) {
  writer.open('[');
  for (const auto& row : rows) {
    write(writer.open('{'), row);
    writer.close('}');
  }
  writer.close(']');
}

}  // namespace

void list_formats(Value, Writer& writer, Checker&) {
  write_list(writer.open('['), kNumberFormats);
  write_list(writer, kBlockFormats);
  writer.close(']');
}

}  // namespace fewbits
