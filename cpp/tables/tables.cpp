// Writes the tables out as TypeScript, for its types and for what asks no core:
//   fewbits_tables > web/lib/formats.generated.ts
#include <array>
#include <charconv>
#include <cstdio>
#include <string>

#include "fewbits/block_format.hpp"
#include "fewbits/number_format.hpp"

using namespace fewbits;

namespace {

// A row of TypeScript, one item after another.
class Row {
 public:
  void text(std::string_view value) { item("'" + std::string(value) + "'"); }
  void text_or_null(std::string_view value) { value.empty() ? item("null") : text(value); }
  void flag(bool value) { item(value ? "true" : "false"); }
  void raw(std::string_view value) { item(value); }
  // The shortest digits that read back as the same double.
  void number(double value) {
    std::array<char, 32> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    item({digits.data(), end});
  }
  [[nodiscard]] std::string in_brackets() const { return "[" + items_ + "]"; }

 private:
  void item(std::string_view value) {
    if (!items_.empty()) items_ += ", ";
    items_ += value;
  }
  std::string items_;
};

std::string row(const NumberFormat& format) {
  const NumberFacts facts = number_facts(format);
  Row row;
  row.text(format.name);
  row.text(word(format.kind));
  for (const int field :
       {format.bits(), int{format.sign_bits}, int{format.exponent_bits}, int{format.mantissa_bits}, int{format.bias}})
    row.number(field);
  row.text(word(format.specials));
  for (const double fact : {facts.min, facts.max, facts.smallest_normal, facts.smallest_subnormal, facts.epsilon})
    row.number(fact);
  row.number(facts.decimal_digits);
  row.number(facts.values);
  row.flag(format.has_infinity());
  row.flag(format.has_nan());
  for (const auto name : {format.safetensors, format.gguf, format.npy}) row.text_or_null(name);
  return row.in_brackets();
}

std::string row(const Field& field) {
  Row row;
  row.text(field.name);
  row.text(word(field.role));
  for (const std::uint32_t number :
       {std::uint32_t{field.bit_offset}, std::uint32_t{field.bits}, std::uint32_t{field.count}})
    row.number(number);
  return row.in_brackets();
}

std::string row(const BlockFormat& format) {
  Row fields;
  for (const Field& field : format.fields) fields.raw(row(field));
  Row row;
  row.text(format.name);
  row.text(format.family);
  row.number(format.block_size);
  row.number(format.block_bytes);
  row.number(format.bits_per_weight());
  for (const bool flag : {format.needs_importance, format.uses_importance, format.can_quantize}) row.flag(flag);
  row.raw(fields.in_brackets());
  return row.in_brackets();
}

void print_keys(const char* name, std::initializer_list<const char*> keys) {
  Row row;
  for (const char* const key : keys) row.text(key);
  std::printf("export const %s = %s;\n", name, row.in_brackets().c_str());
}

void print_rows(const char* name, const auto& formats) {
  std::printf("export const %s = [\n", name);
  for (const auto& format : formats) std::printf("  %s,\n", row(format).c_str());
  std::printf("] as const;\n\n");
}

}  // namespace

int main() {
  std::printf(
      "// Written by cpp/tables/tables.cpp from the tables in cpp/include/fewbits. Change those, then run the program "
      "again.\n\n");
  print_keys("numberFormatKeys", {"name",         "kind",          "bits",           "signBits",
                                  "exponentBits", "mantissaBits",  "bias",           "specials",
                                  "min",          "max",           "smallestNormal", "smallestSubnormal",
                                  "epsilon",      "decimalDigits", "values",         "hasInfinity",
                                  "hasNaN",       "safetensors",   "gguf",           "npy"});
  print_rows("numberFormatRows", kNumberFormats);
  print_keys("blockFormatKeys", {"name", "family", "blockSize", "blockBytes", "bitsPerWeight", "needsImportance",
                                 "usesImportance", "canQuantize", "fields"});
  print_keys("fieldKeys", {"name", "role", "bitOffset", "bits", "count"});
  print_rows("blockFormatRows", kBlockFormats);
  std::printf(
      "export type NumberFormatName = (typeof numberFormatRows)[number][0];\n"
      "export type BlockFormatName = (typeof blockFormatRows)[number][0];\n");
}
