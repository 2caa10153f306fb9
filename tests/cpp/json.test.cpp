// The reader and writer of JSON at the boundary: good, strange and hostile texts.
#include "models/json.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"
#include "models/questions.hpp"

using namespace fewbits;
using namespace fewbits::json;

namespace {

Value first_of(const std::string& array) {
  const Reading reading = read(array);
  REQUIRE(reading.fault == Fault::None);
  Items items(reading.value);
  REQUIRE(items.next());
  return items.value();
}

double number(const std::string& text) {
  return first_of("[" + text + "]").number();
}

std::string nested(int depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("json: members and items") {
  const std::string text =
      " { \"a\" : [ 1 , \"two\" , [ ] , { } , null , true ] , \"b\":{\"a\":-2}, \"a\\\"b\" : false } ";
  const Value root = read(text).value;
  CHECK(root["b"]["a"].number() == -2);
  CHECK(root["c"].is(Type::Absent));
  CHECK(root["a"]["b"].is(Type::Absent));
  CHECK(root["b"].text() == "{\"a\":-2}");
  const Type expected[]{Type::Number, Type::String, Type::Array, Type::Object, Type::Null, Type::Boolean};
  int count = 0;
  for (Items items(root["a"]); items.next(); ++count) CHECK(items.value().type() == expected[count]);
  CHECK(count == 6);
  CHECK(first_of("[\"tw\\\"o\"]").string() == "tw\\\"o");
  CHECK(first_of("[\"two\"]").says("two"));
  CHECK(!first_of("[2]").says("2"));
}

TEST_CASE("json: what RFC 8259 allows") {
  const auto* text =
      GENERATE("[]", "{}", "[0]", "[-0]", "[1e5,1E+5,1.25e-5,0.5]", "[\"\"]", "[\"\\u00e9\\ud83d\\ude00\"]",
               "[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"]", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "\t\r\n []");
  CHECK(read(text).fault == Fault::None);
}

TEST_CASE("json: what it forbids") {
  const auto* text =
      GENERATE("", " ", "1", "\"a\"", "null", "[", "]", "[1", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}",
               "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\":1 \"b\":2}", "[01]", "[-]", "[+1]", "[.5]", "[1.]", "[1e]",
               "[1e+]", "[0x1]", "[NaN]", "[Infinity]", "[tru]", "[True]", "[nul]", "['a']", "[\"a]", "[\"\\x\"]",
               "[\"\\u12g4\"]", "[\"\\u12\"]", "[\"a\nb\"]", "[] []", "[]x", "{]", "[}", "[\"\xff\"]", "[\"\xc0\x80\"]",
               "[\"\xed\xa0\x80\"]", "[\"\xf4\x90\x80\x80\"]", "[\"\xe2\x82\"]", "/**/[]", "\xef\xbb\xbf[]");
  INFO(text);
  CHECK(read(text).fault == Fault::NotJson);
}

TEST_CASE("json: NUL is no end") {
  CHECK(read(std::string_view("[]\0", 3)).fault == Fault::NotJson);
  CHECK(read(std::string_view("[\"\0\"]", 5)).fault == Fault::NotJson);
}

TEST_CASE("json: nesting and length have limits") {
  CHECK(read(nested(kMaxDepth)).fault == Fault::None);
  CHECK(read(nested(kMaxDepth + 1)).fault == Fault::TooDeep);
  CHECK(read(std::string(1'000'000, '[')).fault == Fault::TooDeep);
  const std::string longest = "[" + std::string(kMaxBytes - 2, ' ') + "]";
  CHECK(read(longest).fault == Fault::None);
  CHECK(read(longest + " ").fault == Fault::TooLong);
}

TEST_CASE("json: a text cut anywhere is none, and is not read past its end") {
  const std::string text = R"({"a":[1.5e-3,"\u00e9\\",true,{"b":null}],"c":-0})";
  REQUIRE(read(text).fault == Fault::None);
  for (std::size_t length = 0; length < text.size(); ++length) {
    const std::vector<char> part(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(length));  // with no end mark
    const Reading reading = read({part.data(), part.size()});
    INFO(length);
    CHECK(reading.fault == Fault::NotJson);
    CHECK(reading.offset <= length);
  }
}

TEST_CASE("json: whole numbers are exact") {
  CHECK(number("9007199254740991") == 9007199254740991.0);
  CHECK(number("-9007199254740991") == -9007199254740991.0);
  CHECK(number("9007199254740993.0") == 9007199254740992.0);
  CHECK(number("1.5e3") == 1500);
  CHECK(number("1200000e-5") == 12);
  CHECK(number("1.0000000000000000000000000000") == 1);
  CHECK(number("0e999999999999") == 0);
  CHECK(std::isinf(number("1e999999999999")));
  CHECK(number("1e-999999999999") == 0);
  CHECK(number("100000000000000000000") == 1e20);
  CHECK(std::signbit(number("-0")));
}

TEST_CASE("json: fractions are the nearest double, as 17 digits say them") {
  std::mt19937_64 random(2024);
  std::uniform_real_distribution<double> exponent(-20, 40);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::exp2(exponent(random));
    char text[40];
    std::snprintf(text, sizeof text, i % 2 ? "%.17g" : "%.6g", value);
    INFO(text);
    if (value >= 1e-2) CHECK(number(text) == std::strtod(text, nullptr));
    CHECK(std::abs(number(text) / std::strtod(text, nullptr) - 1) < 1e-15);
  }
}

TEST_CASE("json: what is written is read") {
  Writer writer;
  writer.open('{').name("a").open('[').number(0).number(9007199254740991).close(']');
  writer.name("b").string("\"\\\n\x1f×").name("c").raw("null").close('}');
  CHECK(writer.text().view() == "{\"a\":[0,9007199254740991],\"b\":\"\\\"\\\\\\u000a\\u001f×\",\"c\":null}");
  CHECK(read(writer.text()).fault == Fault::None);
}

TEST_CASE("questions: answers are JSON, whatever is asked") {
  const std::string config =
      R"({"model_type":"gpt2","n_embd":768,"n_layer":12,"n_head":12,"n_positions":1024,"vocab_size":9})";
  const std::string text =
      R"({"config":)" + config + R"(,"options":{"format":"q4_0","context":512},"parameters":3,"bits":4})";
  const auto member = [&](Question question, const std::string& asked, const char* name) {
    const Text reply = answer(question, asked);
    const Reading reading = read(reply);
    REQUIRE(reading.fault == Fault::None);
    return std::string(reading.value[name].text());
  };
  CHECK(member(Question::WeightBytes, text, "value") == "2");
  for (int question = 0; question < kQuestions; ++question) {
    for (std::size_t length = 0; length < text.size(); ++length)
      CHECK(!member(static_cast<Question>(question), text.substr(0, length), "error").empty());
    CHECK(!member(static_cast<Question>(question), nested(65), "error").empty());
    // The list of formats asks for nothing, so nothing is missing.
    const bool asks = static_cast<Question>(question) != Question::Formats;
    CHECK(member(static_cast<Question>(question), "[]", asks ? "error" : "value").size() > 2);
  }
  for (const auto question : {Question::ModelParameters, Question::ModelMemory})
    CHECK(read(member(question, text, "value")).value["parameters"].number() > 85'000'000);
}

TEST_CASE("questions: a value is repeated as it was written") {
  const Text reply = answer(Question::WeightBytes, R"({"parameters":{"$unusual":"NaN"},"bits":8})");
  CHECK(read(reply).value["error"]["message"].says("parameters is NaN; it must be a whole number, 0 or more."));
  const Text other = answer(Question::WeightBytes, R"({"parameters":-1.50,"bits":8})");
  CHECK(read(other).value["error"]["details"].text() == R"({"name":"parameters","value":-1.50})");
  const Text huge = answer(Question::KvCacheBytes,
                           R"({"options":{"layers":9e15,"kvHeads":9e15,"headDim":1,"context":1,"format":"float16"}})");
  CHECK(read(huge).value["error"]["code"].says("TOO_LARGE"));
}
