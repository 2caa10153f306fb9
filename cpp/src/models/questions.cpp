#include "models/questions.hpp"

#include "fewbits/memory.hpp"
#include "models/block_questions.hpp"
#include "models/models.hpp"

namespace fewbits {
namespace {

using json::Type;
using json::Value;
using json::Writer;

// --- what is asked with ------------------------------------------------------------------------------------------

// A format's name out of the options; empty where there is none.
std::string_view format_name(Value value, Checker& checker) {
  if (value.is(Type::Absent)) return {};
  if (value.is(Type::String) && !value.string().empty()) return value.string();
  checker.nameless_format(value);
  return {};
}

AnyFormat named_format(Value value, Checker& checker) {
  if (value.is(Type::String)) return checker.format(value.string());
  checker.nameless_format(value);
  return {};
}

Engine engine_named(Value value, Checker& checker) {
  if (value.says("vllm")) return Engine::Vllm;
  if (!value.is(Type::Absent) && !value.says("llama.cpp"))
    checker.bad_argument("engine", value, "'llama.cpp' or 'vllm'");
  return Engine::LlamaCpp;
}

double batch_of(Value options, Checker& checker, double least) {
  const Value batch = options["batch"];
  return batch.is(Type::Absent) ? 1 : checker.whole("batch", batch, least);
}

MemoryOptions memory_options(Value given, Checker& checker) {
  const Value options = checker.object("options", given);
  const Value format = options["format"], recipe = options["recipe"], keys = options["kvFormat"];
  const bool has_recipe = !recipe.is(Type::Absent);
  if (format.is(Type::Absent) != has_recipe)
    checker.bad_argument("format", format, has_recipe ? "absent where there is a recipe" : "given, or else a recipe");
  MemoryOptions read;
  read.engine = engine_named(options["engine"], checker);
  read.context = checker.whole("context", options["context"]);
  read.batch = batch_of(options, checker, 1);
  read.format = format_name(format, checker);
  read.recipe = recipe.is(Type::String) ? recipe.string() : recipe.text();
  if (!keys.is(Type::Absent)) read.kv_format = format_name(keys, checker);
  read.kv_format_v = format_name(options["kvFormatV"], checker);
  return read;
}

// --- what is answered ----------------------------------------------------------------------------------------------

void write_number(Writer& writer, const char* name, double value) {
  writer.name(name).number(value);
}
void write_text(Writer& writer, const char* name, const std::string_view& text) {
  writer.name(name).string(text);
}

void write_parameters(Writer& writer, const ModelParameters& model) {
  writer.open('{');
  write_number(writer, "parameters", model.parameters);
  writer.name("terms").open('[');
  for (const ParameterTerm& term : model.terms) {
    Text name;
    name << term.name << "." << term.part;
    write_text(writer.open('{'), "name", name);
    writer.name("shape").open('[');
    for (int i = 0; i < term.rank; ++i) writer.number(term.shape[i]);
    write_number(writer.close(']'), "count", term.count);
    write_number(writer, "total", term.total);
    writer.close('}');
  }
  writer.close(']').close('}');
}

void write_memory(Writer& writer, const ModelMemory& memory) {
  writer.open('{');
  write_number(writer, "parameters", memory.parameters);
  write_number(writer, "weights", memory.weights);
  write_number(writer, "kvCache", memory.kv_cache);
  write_number(writer, "compute", memory.compute);
  write_number(writer, "total", memory.total);
  writer.name("terms").open('[');
  for (const MemoryTerm& term : memory.terms) {
    write_text(writer.open('{'), "name", term.name);
    write_number(writer, "bytes", term.bytes);
    write_text(writer, "formula", term.formula);
    writer.close('}');
  }
  writer.close(']').name("assumptions").open('[');
  for (const Text& sentence : memory.assumptions) writer.string(sentence.view());
  writer.close(']').close('}');
}

// --- the questions ---------------------------------------------------------------------------------------------------

void answer_parameters(Value asked, Writer& writer, Checker& checker) {
  Model model;
  read_model(asked["config"], model, checker);
  if (!checker.failed()) write_parameters(writer, model_parameters(model));
}

void answer_memory(Value asked, Writer& writer, Checker& checker) {
  Model model;
  read_model(asked["config"], model, checker);
  const MemoryOptions options = memory_options(asked["options"], checker);
  if (checker.failed()) return;
  ModelMemory memory;
  reckon_memory(model, options, memory, checker);
  if (!checker.failed()) write_memory(writer, memory);
}

void answer_weights(Value asked, Writer& writer, Checker& checker) {
  const double parameters = checker.whole("parameters", asked["parameters"], 0);
  double bytes = 0;
  if (const Value given = asked["bits"]; given.is(Type::Absent)) {
    const AnyFormat format = named_format(asked["format"], checker);
    if (format) bytes = tensor_bytes(format, parameters);
  } else {
    const double bits = given.is(Type::Number) ? given.number() : 0;
    if (!(bits > 0 && bits <= 64)) checker.bad_argument("bits", given, "above 0 and at most 64");
    bytes = storage_bytes(bits, parameters);
  }
  writer.number(bytes);
}

void answer_cache(Value asked, Writer& writer, Checker& checker) {
  const Value options = checker.object("options", asked["options"]);
  const Value other = options["formatV"];
  KvCache cache{};
  cache.layers = checker.whole("layers", options["layers"], 0);
  cache.kv_heads = checker.whole("kvHeads", options["kvHeads"], 0);
  cache.head_dim = checker.whole("headDim", options["headDim"], 0);
  cache.context = checker.whole("context", options["context"], 0);
  cache.batch = batch_of(options, checker, 0);
  const AnyFormat keys = named_format(options["format"], checker);
  const AnyFormat values = other.is(Type::Absent) ? keys : named_format(other, checker);
  if (checker.failed()) return;
  const double bytes = kv_cache_bytes(cache, keys, values);
  if (bytes <= kMaxWhole)
    writer.number(bytes);
  else
    checker.too_large();
}

constexpr void (*kAnswers[kQuestions])(Value, Writer&, Checker&){answer_parameters, answer_memory, answer_weights,
                                                                 answer_cache,      plan_quantize, plan_dequantize,
                                                                 describe_block,    list_formats};

}  // namespace

Text answer(Question question, std::string_view text) {
  Checker checker;
  Writer value;
  const Value asked = read_json("This call", text, checker);
  if (!checker.failed()) kAnswers[static_cast<int>(question)](asked, value, checker);
  Writer writer;
  writer.open('{');
  if (checker.failed()) {
    const Problem& problem = checker.problem();
    write_text(writer.name("error").open('{'), "code", problem.code);
    write_text(writer, "message", problem.message);
    writer.name("details").raw(problem.details).close('}');
  } else {
    writer.name("value").raw(value.text());
  }
  return std::move(writer.close('}').text());
}

}  // namespace fewbits
