#include "models/problems.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace fewbits {
namespace {

using json::Type;
using json::Value;

constexpr int kShownCharacters = 40;

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter;
}

// How many letters to insert, remove or replace (Levenshtein).
int distance(const std::string_view& a, const std::string_view& b) {
  std::array<int, 4 * kShownCharacters + 1> row;
  for (std::size_t j = 0; j <= a.size(); ++j) row[j] = static_cast<int>(j);
  for (const char letter : b) {
    int diagonal = row[0]++;
    for (std::size_t j = 0; j < a.size(); ++j) {
      const int replaced = diagonal + (lower(a[j]) != letter);
      diagonal = row[j + 1];
      row[j + 1] = std::min({diagonal + 1, row[j] + 1, replaced});
    }
  }
  return row[a.size()];
}

std::string_view nearest_format(const std::string_view& name, bool only_blocks) {
  std::string_view best;
  int least = 1 << 20;
  const auto consider = [&](const std::string_view& candidate) {
    const int found = distance(name, candidate);
    if (found >= least) return;
    least = found;
    best = candidate;
  };
  if (!only_blocks)
    for (const auto& format : kNumberFormats) consider(format.name);
  for (const auto& format : kBlockFormats) consider(format.name);
  return best;
}

// A value in a few words. What JSON has no words for comes as { "$unusual": "NaN" }.
void describe(Text& text, Value value) {
  switch (value.type()) {
    case Type::Absent:
      text << "missing";
      break;
    case Type::Array:
      text << "an array";
      break;
    case Type::Object: {
      const Value unusual = value["$unusual"];
      unusual.is(Type::String) ? text << unusual.string() : text << "an object";
      break;
    }
    case Type::String:
      text << "the string '" << first_characters(value.string(), kShownCharacters) << "'";
      break;
    default:
      text << first_characters(value.text(), kShownCharacters);
  }
}

bool is_short(Value value) {
  return value.type() != Type::Array && value.type() != Type::Object && value.text().size() <= 256;
}

}  // namespace

void Checker::report(const char* code, Text& message, const std::string_view& details) {
  if (problem_) return;
  problem_.code = code;
  problem_.message.swap(message);
  problem_.details << details;
}

double Checker::whole(const char* name, Value value, double least) {
  if (value.is(Type::Number)) {
    const double number = value.number();
    if (number >= least && number <= kMaxWhole && number == std::floor(number)) return number;
  }
  bad_argument(name, value, least > 0 ? "a whole number, 1 or more" : "a whole number, 0 or more");
  return 1;
}

bool Checker::flag(const char* name, Value value) {
  if (!value.empty() && !value.is(Type::Boolean)) bad_argument(name, value, "true or false");
  return value.is_true();
}

Value Checker::object(const char* name, Value value) {
  if (value.is(Type::Object) && value["$unusual"].is(Type::Absent)) return value;
  bad_argument(name, value, "an object");
  return {};
}

AnyFormat Checker::format(const std::string_view& name) {
  if (const AnyFormat format = find_format(name)) return format;
  unknown_format(name, false);
  return {};
}

const BlockFormat* Checker::block_format(Value name) {
  if (!name.is(Type::String)) {
    nameless_format(name);
    return nullptr;
  }
  const AnyFormat format = find_format(name.string());
  if (format && format.block()) return format.block();
  unknown_format(name.string(), true);
  return nullptr;
}

void Checker::unknown_format(const std::string_view& name, bool only_blocks) {
  const auto shown = first_characters(name, kShownCharacters);
  const auto nearest = nearest_format(shown, only_blocks);
  Text message;
  json::Writer details;
  report("UNKNOWN_FORMAT", message << "There is no format '" << shown << "' here. Did you mean '" << nearest << "'?",
         details.open('{').name("format").string(shown).name("nearest").string(nearest).close('}').text());
}

void Checker::bad_argument(const char* name, Value value, const char* must) {
  wrong("BAD_ARGUMENT", name, value, must);
}

void Checker::wrong(const char* code, const char* name, Value value, const std::string_view& must) {
  Text message;
  message << name << " is ";
  describe(message, value);
  json::Writer details;
  details.open('{').name("name").string(name);
  if (is_short(value) && !value.is(Type::Absent)) details.name("value").raw(value.text());
  report(code, message << "; it must be " << must << ".", details.close('}').text());
}

void Checker::unsupported(const char* name, const std::string_view& asked, Text& message,
                          const std::string_view& known) {
  json::Writer details;
  report("UNSUPPORTED", message, details.open('{').name(name).string(asked).name("known").raw(known).close('}').text());
}

void Checker::nameless_format(Value value) {
  Text message;
  message << "A format is given by its name, such as '" << kNumberFormats[0].name << "', not by ";
  if (value.is(Type::Absent))
    message << "undefined";
  else
    describe(message, value);
  report("UNKNOWN_FORMAT", message << ".");
}

void Checker::too_large() {
  Text message;
  report("TOO_LARGE", message << "This comes to more than " << kMaxWhole
                              << ", beyond which numbers are not exact. Check the sizes that you gave.");
}

}  // namespace fewbits
