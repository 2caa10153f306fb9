#include "models/json.hpp"

#include <bit>
#include <cstdint>
#include <limits>

namespace fewbits::json {
namespace {

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}
bool is_space(char letter) {
  return letter == ' ' || letter == '\n' || letter == '\r' || letter == '\t';
}

int hex_digit(char letter) {
  if (is_digit(letter)) return letter - '0';
  const char lower = static_cast<char>(letter | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Steps over what it is asked for, or says no and stays near the byte that is wrong. What is known to be well-formed
// needs no end.
class Scanner {
 public:
  explicit Scanner(const char* at) : at_(at), end_(nullptr) {}
  explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  [[nodiscard]] const char* at() const { return at_; }
  [[nodiscard]] bool at_end() const { return at_ == end_; }
  [[nodiscard]] bool too_deep() const { return too_deep_; }
  [[nodiscard]] char peek() const { return at_ == end_ ? '\0' : *at_; }

  void space() {
    while (at_ != end_ && is_space(*at_)) ++at_;
  }

  bool take(char letter) {
    if (at_ == end_ || *at_ != letter) return false;
    ++at_;
    return true;
  }

  bool value(int depth = 0) {
    switch (peek()) {
      case '{':
      case '[':
        return container(depth);
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool string() {
    if (!take('"')) return false;
    while (at_ != end_ && *at_ != '"')
      if (!character()) return false;
    return take('"');
  }

  bool colon() {
    space();
    if (!take(':')) return false;
    space();
    return true;
  }

 private:
  bool container(int depth) {
    if (depth == kMaxDepth) {
      too_deep_ = true;
      return false;
    }
    const bool named = *at_++ == '{';
    const char close = named ? '}' : ']';
    space();
    if (take(close)) return true;
    do {
      space();
      if (named && !(string() && colon())) return false;
      if (!value(depth + 1)) return false;
      space();
    } while (take(','));
    return take(close);
  }

  bool word(std::string_view letters) {
    for (const char letter : letters)
      if (!take(letter)) return false;
    return true;
  }

  bool digits() {
    if (!is_digit(peek())) return false;
    while (is_digit(peek())) ++at_;
    return true;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if ((peek() | 0x20) != 'e') return true;
    ++at_;
    if (!take('+')) take('-');
    return digits();
  }

  bool character() {
    const auto letter = static_cast<unsigned char>(*at_);
    if (letter < 0x20) return false;
    if (letter >= 0x80) return sequence(letter);
    ++at_;
    return letter != '\\' || escape();
  }

  bool escape() {
    const char letter = peek();
    if (std::string_view("\"\\/bfnrtu").find(letter) == std::string_view::npos) return false;
    ++at_;
    for (int i = 0; letter == 'u' && i < 4; ++i, ++at_)
      if (hex_digit(peek()) < 0) return false;
    return true;
  }

  // UTF-8 of two to four bytes: no overlong form, no surrogate, nothing beyond U+10FFFF.
  bool sequence(unsigned lead) {
    const int more = lead < 0xC2 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : lead < 0xF5 ? 3 : 0;
    unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (!more) return false;
    ++at_;
    for (int i = 0; i < more; ++i, ++at_, least = 0x80, most = 0xBF) {
      const auto byte = static_cast<unsigned char>(peek());
      if (byte < least || byte > most) return false;
    }
    return true;
  }

  const char* at_;
  const char* end_;
  bool too_deep_ = false;
};

// digits / 10^zeros to the nearest double, ties to even: long division until 62 bits are there, a last one for the
// rest.
double quotient(std::uint64_t digits, std::uint64_t power) {
  if (!digits) return 0;
  std::uint64_t bits = digits / power;
  std::uint64_t rest = digits % power;
  double unit = 1;
  for (; bits < std::uint64_t{1} << 62; unit /= 2) {
    rest *= 2;
    bits = bits * 2 + (rest >= power);
    if (rest >= power) rest -= power;
  }
  return static_cast<double>(bits | (rest != 0)) * unit;
}

double scaled(std::uint64_t digits, int exponent) {
  if (exponent >= 0) {
    auto value = static_cast<double>(digits);
    for (; exponent > 0 && value != 0 && value < 1e308; --exponent) value *= 10;
    return exponent > 0 && value != 0 ? std::numeric_limits<double>::infinity() : value;
  }
  std::uint64_t power = 1;
  for (; exponent < 0 && power < 1'000'000'000'000'000'000; ++exponent) power *= 10;
  double value = quotient(digits, power);
  for (; exponent < 0 && value != 0; ++exponent) value /= 10;
  return value;
}

}  // namespace

Type Value::type() const {
  switch (at_ ? *at_ : '\0') {
    case '\0':
      return Type::Absent;
    case '{':
      return Type::Object;
    case '[':
      return Type::Array;
    case '"':
      return Type::String;
    case 't':
    case 'f':
      return Type::Boolean;
    case 'n':
      return Type::Null;
    default:
      return Type::Number;
  }
}

bool Value::empty() const {
  return is(Type::Absent) || is(Type::Null);
}

bool Value::says(const char* letters) const {
  return is(Type::String) && string() == letters;
}

std::string_view Value::text() const {
  if (!at_) return {};
  Scanner scanner(at_);
  scanner.value();
  return {at_, scanner.at()};
}

std::string_view Value::string() const {
  const auto written = text();
  return written.substr(1, written.size() - 2);
}

double Value::number() const {
  const char* at = at_;
  const bool negative = *at == '-';
  std::uint64_t digits = 0;
  int exponent = 0;
  bool fraction = false;
  for (at += negative; is_digit(*at) || *at == '.'; ++at) {
    if (*at == '.') {
      fraction = true;
      continue;
    }
    const bool fits = digits < 1'000'000'000'000'000'000;
    if (fits) digits = digits * 10 + static_cast<unsigned>(*at - '0');
    exponent += !fits - fraction;
  }
  if ((*at | 0x20) == 'e') {
    const bool down = *++at == '-';
    if (!is_digit(*at)) ++at;
    int written = 0;
    for (; is_digit(*at) && written < 100'000'000; ++at) written = written * 10 + (*at - '0');
    exponent += down ? -written : written;
  }
  const double value = scaled(digits, exponent);
  return negative ? -value : value;
}

Value Value::operator[](const char* name) const {
  Value found;
  if (!is(Type::Object)) return found;
  for (Items members(*this); members.next();)
    if (members.name().says(name)) found = members.value();
  return found;
}

bool Items::next() {
  Scanner scanner(at_);
  scanner.space();
  scanner.take(',');
  scanner.space();
  if (scanner.peek() == ']' || scanner.peek() == '}') return false;
  if (named_) {
    name_ = Value(scanner.at());
    scanner.string();
    scanner.colon();
  }
  value_ = Value(scanner.at());
  scanner.value();
  at_ = scanner.at();
  return true;
}

Reading read(std::string_view text) {
  if (text.size() > kMaxBytes) return {{}, Fault::TooLong, kMaxBytes};
  Scanner scanner(text);
  scanner.space();
  const Value value(scanner.at());
  const bool container = scanner.peek() == '{' || scanner.peek() == '[';
  if (container && scanner.value()) {
    scanner.space();
    if (scanner.at_end()) return {value, Fault::None, 0};
  }
  const auto offset = static_cast<std::size_t>(scanner.at() - text.data());
  return {{}, scanner.too_deep() ? Fault::TooDeep : Fault::NotJson, offset};
}

void Writer::separate() {
  const char last = text_.empty() ? '[' : text_.view().back();
  if (last != '[' && last != '{' && last != ':') text_.put(',');
}

Writer& Writer::open(char bracket) {
  return raw({&bracket, 1});
}

Writer& Writer::close(char bracket) {
  text_.put(bracket);
  return *this;
}

Writer& Writer::name(const char* text) {
  string(text);
  return close(':');
}

Writer& Writer::string(const char* text) {
  return string(std::string_view(text));
}

Writer& Writer::string(const std::string_view& text) {
  separate();
  text_.put('"');
  for (const char letter : text) {
    const bool control = static_cast<unsigned char>(letter) < 0x20;  // as \u0009
    if (control) text_ << (letter < 0x10 ? "\\u000" : "\\u001");
    if (letter == '"' || letter == '\\') text_.put('\\');
    text_.put(control ? "0123456789abcdef"[letter & 15] : letter);
  }
  text_.put('"');
  return *this;
}

Writer& Writer::number(double value) {
  separate();
  text_.digits(value);
  return *this;
}

Writer& Writer::float32(float value) {
  Text text;
  return string(text.put('~').digits(std::bit_cast<std::uint32_t>(value)));
}

Writer& Writer::flag(bool value) {
  return raw(value ? "true" : "false");
}

Writer& Writer::raw(const std::string_view& json) {
  separate();
  text_ << json;
  return *this;
}

}  // namespace fewbits::json
