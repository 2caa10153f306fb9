// JSON, read in place and written piece by piece. Reading is strict (RFC 8259, UTF-8) and takes no memory: a value is a
// view of its text, found again at every look, which is what small texts such as a config.json want.
#pragma once

#include <cstddef>
#include <string_view>

#include "models/text.hpp"

namespace fewbits::json {

inline constexpr std::size_t kMaxBytes = 4u << 20;
inline constexpr int kMaxDepth = 64;

enum class Type : unsigned char { Absent, Null, Boolean, Number, String, Array, Object };

// One value of a text that `read` found well-formed: where it begins, for it says itself where it ends.
class Value {
 public:
  constexpr Value() = default;
  explicit constexpr Value(const char* at) : at_(at) {}

  [[nodiscard]] Type type() const;
  [[nodiscard]] bool is(Type type) const { return this->type() == type; }
  // Absent or null: what says nothing.
  [[nodiscard]] bool empty() const;
  [[nodiscard]] bool is_true() const { return at_ && *at_ == 't'; }
  // A string of these letters.
  [[nodiscard]] bool says(const char* letters) const;

  // As it is written; empty where it is absent.
  [[nodiscard]] std::string_view text() const;
  // What stands between the quotes of a string. Escapes stay as they are: no name that is looked for has any.
  [[nodiscard]] std::string_view string() const;
  // To the nearest double, from 19 significant digits.
  [[nodiscard]] double number() const;
  // The object's member of that name, the last where there are several; absent where there is none.
  [[nodiscard]] Value operator[](const char* name) const;

 private:
  friend class Items;
  const char* at_ = nullptr;
};

// Goes through the items of an array or the members of an object:   for (Items items(array); items.next();)
// items.value()
class Items {
 public:
  explicit Items(Value container) : at_(container.at_ + 1), named_(container.is(Type::Object)) {}
  bool next();
  [[nodiscard]] Value value() const { return value_; }
  // The member's name, a string; absent in arrays.
  [[nodiscard]] Value name() const { return name_; }

 private:
  const char* at_;
  bool named_;
  Value name_, value_;
};

enum class Fault : unsigned char { None, NotJson, TooDeep, TooLong };

struct Reading {
  Value value;
  Fault fault;
  std::size_t offset;  // of the first byte that is wrong
};
// A text is an object or an array.
Reading read(std::string_view text);

// Writes one value after another; commas come by themselves.
class Writer {
 public:
  Writer& open(char bracket);  // { or [
  Writer& close(char bracket);
  Writer& name(const char* text);
  Writer& string(const char* text);
  Writer& string(const std::string_view& text);
  Writer& number(double value);  // whole, from 0 to 2^63
  // A tilde and its bits: JSON has no NaN, and no two programs write one number alike.
  Writer& float32(float value);
  Writer& flag(bool value);
  Writer& raw(const std::string_view& json);
  [[nodiscard]] Text& text() { return text_; }

 private:
  void separate();
  Text text_;
};

}  // namespace fewbits::json
