// A Hugging Face config.json, read as the list of a model's tensors.
#include "models/models.hpp"

#include <cmath>
#include <cstring>
#include <utility>

namespace fewbits {
namespace {

using json::Type;

// Keys of layouts unlike all that are known, and what to call them.
struct Stranger {
  const char *key, *layout;
};
constexpr Stranger kStrangers[]{
    {"kv_lora_rank", "multi-head latent attention"},
    {"linear_conv_kernel_dim", "linear attention"},
    {"mamba_d_state", "state-space layers"},
    {"state_size", "state-space layers"},
    {"decoder_sparse_step", "dense layers between mixtures"},
    {"mlp_only_layers", "dense layers between mixtures"},
};

// 1 and an empty list say that there is nothing strange.
bool is_set(json::Value value) {
  if (value.is(Type::Number)) return value.number() != 1;
  return value.is(Type::Array) ? json::Items(value).next() : !value.empty();
}

const Stranger* find_stranger(json::Value config) {
  for (const Stranger& stranger : kStrangers)
    if (is_set(config[stranger.key])) return &stranger;
  return nullptr;
}

const Family* find_family(json::Value config, Checker& checker) {
  const json::Value type = config["model_type"];
  if (!type.is(Type::String)) {
    checker.bad_argument("model_type", type, "a family's name, such as 'llama'");
    return nullptr;
  }
  const Stranger* stranger = find_stranger(config);
  for (const Family& family : families())
    if (!stranger && type.says(family.name)) return &family;
  const auto shown = first_characters(type.string(), 64);
  Text what;
  what << "Models of type '" << shown << "'";
  if (stranger) what << " (" << stranger->layout << ")";
  checker.not_known("family", shown, what << " are not known yet.", families());
  return nullptr;
}

// Looks into a configuration with its family's keys and defaults.
class Configuration {
 public:
  Configuration(json::Value config, const Family& family, Checker& checker)
      : config_(config), family_(family), checker_(checker) {}

  [[nodiscard]] const char* key(Size size) const { return family_.keys[static_cast<std::size_t>(size)]; }
  [[nodiscard]] json::Value value(Size size) const { return config_[key(size)]; }
  [[nodiscard]] bool says(Size size) const { return !value(size).empty() || fallback(size) > 0; }

  // What config.json has, or the family's default, or `otherwise` where that is above 0.
  [[nodiscard]] double size(Size size, double otherwise = 0) const {
    if (!*key(size)) return 0;
    const double known = fallback(size) > 0 ? fallback(size) : otherwise;
    if (value(size).empty() && known > 0) return known;
    return checker_.whole(key(size), value(size).empty() ? json::Value() : value(size));
  }

  [[nodiscard]] bool flag(const char* key) const { return checker_.flag(key, config_[key]); }

  [[nodiscard]] bool tied() const {
    constexpr const char* kKey = "tie_word_embeddings";
    return config_[kKey].empty() ? family_.tied : flag(kKey);
  }

  [[nodiscard]] double window() const {
    const json::Value used = config_["use_sliding_window"];
    if (used.is(Type::Boolean) && !used.is_true()) return 0;
    const json::Value window = config_["sliding_window"];
    return window.empty() ? family_.default_window : checker_.whole("sliding_window", window);
  }

  [[nodiscard]] double windowed_layers(double layers) const {
    if (const json::Value types = config_["layer_types"]; types.is(Type::Array)) {
      double windowed = 0;
      for (json::Items items(types); items.next();) windowed += items.value().says("sliding_attention");
      return windowed;
    }
    const double every = full_every();
    return every > 0 ? layers - std::floor(layers / every) : 0;
  }

 private:
  [[nodiscard]] double fallback(Size size) const { return family_.defaults[static_cast<std::size_t>(size)]; }

  [[nodiscard]] double full_every() const {
    json::Value pattern = config_["sliding_window_pattern"];
    if (pattern.empty()) pattern = config_["_sliding_window_pattern"];
    return pattern.empty() ? family_.full_every : checker_.whole("sliding_window_pattern", pattern, 0);
  }

  json::Value config_;
  const Family& family_;
  Checker& checker_;
};

void read_heads(const Configuration& config, Model& model, Checker& checker) {
  const auto key = config.key(Size::KvHeads);
  model.assumed_kv_heads = !config.says(Size::KvHeads);
  model.kv_heads = config.size(Size::KvHeads, model.heads);
  Text must;
  if (!divides(model.kv_heads, model.heads)) {
    Text heads;
    must << "a divisor of " << config.key(Size::Heads) << ", " << model.heads;
    checker.bad_argument(key, json::Value(heads.digits(model.kv_heads).c_str()), must.c_str());
  } else if (!config.says(Size::HeadDim) && !divides(model.heads, model.hidden)) {
    must << "a multiple of " << config.key(Size::Heads) << ", " << model.heads << ", as there is no "
         << config.key(Size::HeadDim);
    checker.bad_argument(config.key(Size::Hidden), config.value(Size::Hidden), must.c_str());
  }
  model.head_dim = config.size(Size::HeadDim, model.hidden / model.heads);
}

const char* biased(const Configuration& config, const Family& family) {
  if (family.bias) return family.bias;
  const bool attention = config.flag("attention_bias");
  return config.flag("mlp_bias") ? (attention ? "qkvom" : "m") : (attention ? "qkvo" : "");
}

void read_fields(const Configuration& config, Model& model, Checker& checker) {
  model.hidden = config.size(Size::Hidden);
  model.layers = config.size(Size::Layers);
  model.heads = config.size(Size::Heads);
  read_heads(config, model, checker);
  model.intermediate = config.size(Size::Intermediate, model.family->widening * model.hidden);
  model.vocabulary = config.size(Size::Vocabulary);
  model.positions = config.size(Size::Positions);
  model.experts = config.size(Size::Experts);
  model.tied = config.tied();
  model.bias = biased(config, *model.family);
  model.query_key_norm = config.flag("qk_layernorm") ? QueryKeyNorm::Head : model.family->query_key_norm;
  model.window = config.window();
  model.windowed_layers = model.window > 0 ? config.windowed_layers(model.layers) : 0;
}

// Collects the tensors of a model, each kind once.
class TensorList {
 public:
  TensorList(const Model& model, ModelParameters& list) : model_(model), list_(list) {}

  void add(const char* name, double count, const std::array<double, 3>& shape, const char* part = "weight") {
    ParameterTerm term{name, part, shape, 0, count, count};
    while (term.rank < 3 && shape[term.rank] > 0) term.total *= shape[term.rank++];
    list_.parameters += term.total;
    list_.terms.push_back(term);
  }

  // A projection, with its bias where the model has one under that letter.
  void add_matrix(const char* name, double rows, double columns, char letter, double count) {
    add(name, count, {rows, columns});
    if (std::strchr(model_.bias, letter)) add(name, count, {rows}, "bias");
  }
  void add_matrix(const char* name, double rows, double columns, char letter) {
    add_matrix(name, rows, columns, letter, model_.layers);
  }

  void add_norm(const char* name, double size, double count) {
    if (model_.family->norm >= 1) add(name, count, {size});
    if (model_.family->norm == 2) add(name, count, {size}, "bias");
  }

 private:
  const Model& model_;
  ModelParameters& list_;
};

void add_attention(const Model& model, TensorList& list) {
  const double queries = model.heads * model.head_dim;
  const double keys = model.kv_heads * model.head_dim;
  if (model.family->fused_qkv) {
    list.add_matrix("attn_qkv", queries + 2 * keys, model.hidden, 'q');
  } else {
    list.add_matrix("attn_q", queries, model.hidden, 'q');
    list.add_matrix("attn_k", keys, model.hidden, 'k');
    list.add_matrix("attn_v", keys, model.hidden, 'v');
  }
  if (model.query_key_norm != QueryKeyNorm::None) {
    const bool per_head = model.query_key_norm == QueryKeyNorm::Head;
    list.add_norm("attn_q_norm", per_head ? model.head_dim : queries, model.layers);
    list.add_norm("attn_k_norm", per_head ? model.head_dim : keys, model.layers);
  }
  list.add_matrix("attn_output", model.hidden, queries, 'o');
}

void add_mlp(const Model& model, TensorList& list) {
  const auto [layers, hidden, intermediate, experts] =
      std::array{model.layers, model.hidden, model.intermediate, model.experts};
  if (experts > 0) {
    list.add("ffn_gate_inp", layers, {experts, hidden});
    list.add("ffn_gate_exps", layers, {experts, intermediate, hidden});
    list.add("ffn_up_exps", layers, {experts, intermediate, hidden});
    list.add("ffn_down_exps", layers, {experts, hidden, intermediate});
    return;
  }
  if (model.family->mlp == Mlp::Gated) list.add_matrix("ffn_gate", intermediate, hidden, 'm');
  list.add_matrix("ffn_up", model.family->mlp == Mlp::Fused ? 2 * intermediate : intermediate, hidden, 'm');
  list.add_matrix("ffn_down", hidden, intermediate, 'm');
}

constexpr char kNoBias = '-';

}  // namespace

json::Value read_json(const char* what, std::string_view text, Checker& checker) {
  const json::Reading reading = json::read(text);
  Text message;
  Text details;
  message << what;
  const auto offset = static_cast<double>(reading.offset);
  (details << "{\"byteOffset\":").digits(offset) << "}";
  switch (reading.fault) {
    case json::Fault::None:
      break;
    case json::Fault::NotJson:
      checker.report("BAD_DATA", message << " is not JSON: byte " << offset << " is wrong.", details.string());
      break;
    case json::Fault::TooDeep:
      checker.report("BAD_INPUT", message << " is nested more than " << double{json::kMaxDepth} << " deep.",
                     details.string());
      break;
    case json::Fault::TooLong:
      checker.report("BAD_INPUT", message << " is longer than " << double{json::kMaxBytes} << " bytes of JSON.");
  }
  return reading.value;
}

void read_model(json::Value source, Model& model, Checker& checker) {
  const json::Value outer = checker.object("config", source);
  if (checker.failed()) return;
  model.family = find_family(outer, checker);
  if (!model.family) return;
  const json::Value inner = outer["text_config"];
  model.language_only = !inner.empty();
  const json::Value config = inner.empty() ? outer : checker.object("text_config", inner);
  read_fields({config, *model.family, checker}, model, checker);
  if (!checker.failed() && !(model_parameters(model).parameters <= kMaxWhole)) checker.too_large();
}

Outcome<Model> read_model(std::string_view config) {
  Model model;
  Checker checker;
  const json::Value value = read_json("config", config, checker);
  if (!checker.failed()) read_model(value, model, checker);
  return {model, std::move(checker.problem())};
}

ModelParameters model_parameters(const Model& model) {
  ModelParameters parameters;
  TensorList list(model, parameters);
  list.add_matrix("token_embd", model.vocabulary, model.hidden, kNoBias, 1);
  if (model.positions > 0) list.add_matrix("position_embd", model.positions, model.hidden, kNoBias, 1);
  for (const auto name : model.family->norms)
    if (name) list.add_norm(name, model.hidden, model.layers);
  add_attention(model, list);
  add_mlp(model, list);
  list.add_norm("output_norm", model.hidden, 1);
  if (!model.tied) list.add_matrix("output", model.vocabulary, model.hidden, 'h', 1);
  return parameters;
}

}  // namespace fewbits
