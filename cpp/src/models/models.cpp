// A Hugging Face config.json, read as the list of a model's tensors.
#include "models/models.hpp"

#include <cmath>
#include <utility>

namespace fewbits {
namespace {

using json::Type;

// Keys of layouts that only some families have, and what to call them.
struct Stranger {
  char key[24], layout[32];
  int part;
};
constexpr Stranger kStrangers[]{
    {"kv_lora_rank", "multi-head latent attention", kLatent},
    {"linear_conv_kernel_dim", "linear attention", kDeltaNet},
    {"mamba_d_state", "state-space layers", kMamba},
    {"state_size", "state-space layers", kMamba},
    {"decoder_sparse_step", "dense layers between mixtures", kMixtures},
    {"mlp_only_layers", "dense layers between mixtures", kMixtures},
};

// A size's letter in formulas, the key under which config.json usually has it, which parts of a model it comes with,
// and what it is where config.json does not say: a formula, a sum of products of letters and numbers. Without one,
// config.json must say; a formula that begins with 0 stands for a size that may be 0.
struct SizeRow {
  char letter, key[32];
  std::uint8_t parts;
  char otherwise[8] = "";
};
constexpr std::uint8_t kRecurrent = kDeltaNet | kMamba;
constexpr std::array<SizeRow, kSizes> kSizeRows{{
    {'h', "hidden_size", kAnyModel},
    {'L', "num_hidden_layers", kAnyModel},
    {'a', "num_attention_heads", kHeads | kLatent},
    {'k', "num_key_value_heads", kHeads, "a"},
    {'d', "head_dim", kHeads, "h/a"},
    {'g', "", kHeads, "1"},
    {'V', "vocab_size", kAnyModel},
    {'n', "n_positions", kPositions},
    {'W', "sliding_window", kAnyModel, "0"},
    {'F', "_sliding_window_pattern", kAnyModel, "0"},
    {'E', "num_experts", kMixtures},
    {'m', "moe_intermediate_size", kMixtures},
    {'S', "n_shared_experts", kMixtures, "0"},
    {'w', "shared_expert_intermediate_size", kMixtures, "0+Sm"},
    {'D', "first_k_dense_replace", kMixtures, "0"},
    {'P', "decoder_sparse_step", kMixtures, "1"},
    {'O', "", kMixtures, "0+P-1"},
    {'Q', "full_attention_interval", kRecurrent, "4"},
    {'A', "", kRecurrent, "0+Q-1"},
    {'c', "q_lora_rank", kLatent, "0"},
    {'r', "kv_lora_rank", kLatent},
    {'N', "qk_nope_head_dim", kLatent},
    {'R', "qk_rope_head_dim", kLatent},
    {'v', "v_head_dim", kLatent},
    {'G', "linear_num_key_heads", kDeltaNet},
    {'K', "linear_key_head_dim", kDeltaNet},
    {'H', "linear_num_value_heads", kDeltaNet},
    {'U', "linear_value_head_dim", kDeltaNet},
    {'C', "linear_conv_kernel_dim", kRecurrent},
    {'s', "mamba_d_state", kMamba},
    {'t', "mamba_dt_rank", kMamba, "h/16"},
    {'x', "mamba_expand", kMamba, "2"},
    {'i', "", kMamba, "xh"},
    {'u', "", kMlp, "1"},
    {'f', "intermediate_size", 0},  // read where there are dense layers
}};

constexpr const SizeRow& row_of(Size size) {
  return kSizeRows[static_cast<std::size_t>(size)];
}

// A kind of tensor, in GGUF's name: its row-major shape, the part of a model that it comes with, the layers that have
// one, and under which letter of Family::bias it has a bias: always for *; for = it is nothing else.
struct TensorRow {
  char name[20], shape[12];
  char bias;
  LayerSet layers;
  Part part;
};
constexpr TensorRow kTensorRows[]{
    {"token_embd", "V,h", '-', kNoLayer, kAnyModel},
    {"position_embd", "n,h", '-', kNoLayer, kPositions},
    {"attn_norm", "h", 'n', kEveryLayer, kAttentionNorm},
    {"ffn_norm", "h", 'n', kEveryLayer, kMlpNorm},
    {"post_attention_norm", "h", '-', kEveryLayer, kPostAttentionNorm},
    {"post_ffw_norm", "h", '-', kEveryLayer, kPostMlpNorm},

    {"attn_qkv", "ad+2kd,h", 'q', kAttentionLayers, kFusedQkv},
    {"attn_q", "gad,h", 'q', kAttentionLayers, kSeparateQkv},
    {"attn_k", "kd,h", 'k', kAttentionLayers, kSeparateQkv},
    {"attn_v", "kd,h", 'v', kAttentionLayers, kSeparateQkv},
    {"attn_q_norm", "d", 'n', kAttentionLayers, kHeadNorm},
    {"attn_k_norm", "d", 'n', kAttentionLayers, kHeadNorm},
    {"attn_q_norm", "ad", '-', kAttentionLayers, kFullNorm},
    {"attn_k_norm", "kd", '-', kAttentionLayers, kFullNorm},
    {"attn_sinks", "a", '-', kAttentionLayers, kSinks},
    {"attn_output", "h,ad", 'o', kAttentionLayers, kHeads},

    // Keys and values of all heads out of one short row; queries too where they are compressed.
    {"attn_q", "aN+aR,h", '-', kAttentionLayers, kPlainQueries},
    {"attn_q_a", "c,h", '-', kAttentionLayers, kLatent},
    {"attn_q_a_norm", "c", '-', kAttentionLayers, kLatent},
    {"attn_q_b", "aN+aR,c", '-', kAttentionLayers, kLatent},
    {"attn_kv_a_mqa", "r+R,h", '-', kAttentionLayers, kLatent},
    {"attn_kv_a_norm", "r", '-', kAttentionLayers, kLatent},
    {"attn_k_b", "a,r,N", '-', kAttentionLayers, kLatent},
    {"attn_v_b", "a,v,r", '-', kAttentionLayers, kLatent},
    {"attn_output", "h,av", '-', kAttentionLayers, kLatent},

    {"attn_qkv", "2GK+HU,h", '-', kRecurrentLayers, kDeltaNet},
    {"attn_gate", "HU,h", '-', kRecurrentLayers, kDeltaNet},
    {"ssm_ba", "2H,h", '-', kRecurrentLayers, kDeltaNet},
    {"ssm_conv1d", "2GK+HU,C", '-', kRecurrentLayers, kDeltaNet},
    {"ssm_a", "H", '-', kRecurrentLayers, kDeltaNet},
    {"ssm_dt", "H", '=', kRecurrentLayers, kDeltaNet},
    {"ssm_norm", "U", '-', kRecurrentLayers, kDeltaNet},
    {"ssm_out", "h,HU", '-', kRecurrentLayers, kDeltaNet},

    {"ssm_in", "2i,h", '-', kRecurrentLayers, kMamba},
    {"ssm_conv1d", "i,C", '*', kRecurrentLayers, kMamba},
    {"ssm_x", "t+2s,i", '-', kRecurrentLayers, kMamba},
    {"ssm_dt", "i,t", '*', kRecurrentLayers, kMamba},
    {"ssm_dt_norm", "t", '-', kRecurrentLayers, kInnerNorms},
    {"ssm_b_norm", "s", '-', kRecurrentLayers, kInnerNorms},
    {"ssm_c_norm", "s", '-', kRecurrentLayers, kInnerNorms},
    {"ssm_a", "i,s", '-', kRecurrentLayers, kMamba},
    {"ssm_d", "i", '-', kRecurrentLayers, kMamba},
    {"ssm_out", "h,i", '-', kRecurrentLayers, kMamba},

    {"ffn_gate_inp", "E,h", 'r', kMixtureLayers, kMixtures},
    {"exp_probs_b", "E", '=', kMixtureLayers, kChoiceBias},
    {"ffn_gate_exps", "E,m,h", 'e', kMixtureLayers, kMixtures},
    {"ffn_up_exps", "E,m,h", 'e', kMixtureLayers, kMixtures},
    {"ffn_down_exps", "E,h,m", 'e', kMixtureLayers, kMixtures},
    {"ffn_gate_inp_shexp", "h", '-', kMixtureLayers, kSharedGate},
    {"ffn_gate_shexp", "w,h", '-', kMixtureLayers, kMixtures},
    {"ffn_up_shexp", "w,h", '-', kMixtureLayers, kMixtures},
    {"ffn_down_shexp", "h,w", '-', kMixtureLayers, kMixtures},

    {"ffn_gate", "f,h", 'm', kDenseLayers, kGatedMlp},
    {"ffn_up", "uf,h", 'm', kDenseLayers, kMlp},
    {"ffn_down", "h,f", 'm', kDenseLayers, kMlp},

    {"output_norm", "h", 'n', kNoLayer, kOutputNorm},
    {"output", "V,h", 'h', kNoLayer, kUntied},
};
static_assert(2 * std::size(kTensorRows) <= kMaxTerms);  // weights and biases

// 1 and an empty list say that there is nothing strange.
bool is_set(json::Value value) {
  if (value.is(Type::Number)) return value.number() != 1;
  return value.is(Type::Array) ? json::Items(value).next() : !value.empty();
}

// Of a layout that the family, null where it is not known, does not have.
const Stranger* find_stranger(json::Value config, const Family* family) {
  for (const Stranger& stranger : kStrangers)
    if (!(family && family->parts & stranger.part) && is_set(config[stranger.key])) return &stranger;
  return nullptr;
}

const Family* find_family(json::Value config, Checker& checker) {
  const json::Value type = config["model_type"];
  if (!type.is(Type::String)) {
    checker.bad_argument("model_type", type, "a family's name, such as 'llama'");
    return nullptr;
  }
  const Family* found = nullptr;
  for (const Family& family : families())
    if (type.says(family.name)) found = &family;
  const Stranger* stranger = find_stranger(config, found);
  if (found && !stranger) return found;
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

  [[nodiscard]] const char* key(Size size) const {
    const OwnSize* own = own_size(size);
    return own && *own->key ? own->key : row_of(size).key;
  }
  [[nodiscard]] json::Value value(Size size) const {
    const char* name = key(size);
    if (!*name) return {};
    const json::Value value = config_[name];
    // Newer files have an underscore before.
    return value.empty() && *name == '_' ? config_[name + 1] : value;
  }

  // What config.json has, or else what the family's or the usual formula gives, rounded up.
  [[nodiscard]] double size(Size size, const Model& model) const {
    const char* otherwise = formula(size);
    const json::Value given = value(size);
    if (*otherwise && (given.empty() || given.says("auto"))) return std::ceil(evaluate(model, otherwise));
    return checker_.whole(key(size), given.empty() ? json::Value() : given, *otherwise == '0' ? 0 : 1);
  }

  // Whether config.json or the family has a size of its own.
  [[nodiscard]] bool says(Size size) const { return !value(size).empty() || formula(size) != row_of(size).otherwise; }

  [[nodiscard]] bool flag(const char* key) const { return checker_.flag(key, config_[key]); }

  [[nodiscard]] bool tied() const {
    constexpr const char* kKey = "tie_word_embeddings";
    return config_[kKey].empty() ? family_.parts & kTied : flag(kKey);
  }

  // A configuration may have a window that it does not use.
  [[nodiscard]] bool has_window() const {
    const json::Value used = config_["use_sliding_window"];
    return !used.is(Type::Boolean) || used.is_true();
  }

  // A list's items; none where there is no list.
  [[nodiscard]] json::Items items(const char* key) const {
    const json::Value list = config_[key];
    return json::Items(list.is(Type::Array) ? list : json::Value("[]"));
  }

 private:
  [[nodiscard]] const OwnSize* own_size(Size size) const {
    for (const OwnSize& own : family_.own)
      if (own.size == size) return &own;
    return nullptr;
  }
  [[nodiscard]] const char* formula(Size size) const {
    const OwnSize* own = own_size(size);
    return own && *own->otherwise ? own->otherwise : row_of(size).otherwise;
  }

  json::Value config_;
  const Family& family_;
  Checker& checker_;
};

void check_heads(const Configuration& config, const Model& model, Checker& checker) {
  const double heads = model[Size::Heads];
  Text must;
  if (!divides(model[Size::KvHeads], heads)) {
    Text own;
    must << "a divisor of " << config.key(Size::Heads) << ", " << heads;
    checker.bad_argument(config.key(Size::KvHeads), json::Value(own.digits(model[Size::KvHeads]).c_str()),
                         must.c_str());
  } else if (!config.says(Size::HeadDim) && !divides(heads, model[Size::Hidden])) {
    must << "a multiple of " << config.key(Size::Heads) << ", " << heads << ", as there is no "
         << config.key(Size::HeadDim);
    checker.bad_argument(config.key(Size::Hidden), config.value(Size::Hidden), must.c_str());
  }
}

// Whether a layer is the one of `every` at that offset.
bool falls_on(std::size_t layer, double every, double offset) {
  return divides(every, static_cast<double>(layer) - offset);
}

// Periods first; lists, where there are any, know better.
void read_layers(const Configuration& config, Model& model) {
  const double window = model[Size::Window], every = model[Size::FullEvery];
  const auto count = static_cast<std::size_t>(model[Size::Layers]);
  for (std::size_t i = 0; i < count; ++i) {
    int kinds = 0;
    if (window > 0 && every > 0 && !falls_on(i, every, every - 1)) kinds |= kWindowedLayer;
    if (model.has(kRecurrent) &&
        !(model.has(kHeads) && falls_on(i, model[Size::AttentionEvery], model[Size::AttentionOffset])))
      kinds |= kRecurrentLayer;
    if (model.has(kMixtures) && static_cast<double>(i) >= model[Size::FirstMixture] &&
        falls_on(i, model[Size::MixtureEvery], model[Size::MixtureOffset]))
      kinds |= kMixtureLayer;
    model.layers[i] = static_cast<std::uint8_t>(kinds);
  }
  json::Items types = config.items("layer_types");
  for (std::size_t i = 0; i < count && types.next(); ++i) {
    int kinds = model.layers[i] & kMixtureLayer;
    if (window > 0 && types.value().says("sliding_attention")) kinds |= kWindowedLayer;
    if (model.has(kDeltaNet) && types.value().says("linear_attention")) kinds |= kRecurrentLayer;
    model.layers[i] = static_cast<std::uint8_t>(kinds);
  }
  for (json::Items dense = config.items("mlp_only_layers"); dense.next();) {
    const json::Value value = dense.value();
    const double i = value.is(Type::Number) ? value.number() : kMaxLayers;
    if (i >= 0 && i < kMaxLayers) model.layers[static_cast<std::size_t>(i)] &= ~kMixtureLayer;
  }
}

const char* biased(const Configuration& config, const Family& family) {
  if (family.bias) return family.bias;
  const bool attention = config.flag("attention_bias");
  return config.flag("mlp_bias") ? (attention ? "qkvom" : "m") : (attention ? "qkvo" : "");
}

void read_fields(const Configuration& config, Model& model, Checker& checker) {
  model.parts = model.family->parts;
  if (!config.tied()) model.parts |= kUntied;
  if (config.flag("qk_layernorm")) model.parts |= kHeadNorm;
  for (std::size_t i = 0; i < kSizes; ++i)
    if (model.has(kSizeRows[i].parts)) model.sizes[i] = config.size(static_cast<Size>(i), model);
  if (model[Size::Layers] > kMaxLayers) {
    checker.bad_argument(config.key(Size::Layers), config.value(Size::Layers), "at most 1,024");
    return;
  }
  if (model.has(kHeads)) check_heads(config, model, checker);
  model.assumed_kv_heads = model.has(kHeads) && !config.says(Size::KvHeads);
  if (model.has(kLatent) && model[Size::QueryRank] == 0) model.parts |= kPlainQueries;
  if (!config.has_window()) model[Size::Window] = 0;
  model.bias = biased(config, *model.family);
  read_layers(config, model);
  if (model.has(kMlp) && model.count(kDenseLayers) > 0)
    model[Size::Intermediate] = config.size(Size::Intermediate, model);
}

// Adds a tensor of so many dimensions at most; none where one of them is 0: the model does without.
void add_tensor(ModelParameters& list, const Model& model, const TensorRow& row, const char* part, int dimensions) {
  const double count = row.layers.kinds > row.layers.looked_at ? 1 : model.count(row.layers);
  ParameterTerm term{row.name, part, {}, 0, count, count, row.layers};
  const char* shape = row.shape;
  do {
    const double size = evaluate(model, shape);
    term.shape[term.rank++] = size;
    term.total *= size;
  } while (*shape++ && term.rank < dimensions);
  if (term.total == 0) return;
  list.parameters += term.total;
  list.terms.emplace_back() = term;
}

// A bias is a tensor's shape without its columns; a vector's is as long.
int bias_dimensions(const char* shape) {
  const std::string_view sizes(shape);
  return sizes.find(',') != sizes.rfind(',') ? 2 : 1;
}

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
      checker.report("BAD_DATA", message << " is not JSON: byte " << offset << " is wrong.", details);
      break;
    case json::Fault::TooDeep:
      checker.report("BAD_INPUT", message << " is nested more than " << double{json::kMaxDepth} << " deep.", details);
      break;
    case json::Fault::TooLong:
      checker.report("BAD_INPUT", message << " is longer than " << double{json::kMaxBytes} << " bytes of JSON.");
  }
  return reading.value;
}

double evaluate(const Model& model, const char*& formula) {
  double sum = 0, product = 1;
  bool divides = false;
  for (;; ++formula) {
    double factor = 0;
    if (*formula >= 'A') {
      for (std::size_t i = 0; i < kSizes; ++i)
        if (kSizeRows[i].letter == *formula) factor = model.sizes[i];
    } else if (*formula >= '0') {
      for (; *formula >= '0' && *formula <= '9'; ++formula) factor = 10 * factor + (*formula - '0');
      --formula;
    } else if (*formula == '/') {
      divides = true;
      continue;
    } else {
      sum += product;
      if (*formula != '+' && *formula != '-') return sum;
      product = *formula == '-' ? -1 : 1;
      continue;
    }
    product = divides ? product / factor : product * factor;
    divides = false;
  }
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

double Model::count(LayerSet set) const {
  double found = 0;
  for (std::size_t i = 0; i < (*this)[Size::Layers]; ++i) found += is(i, set);
  return found;
}

ModelParameters model_parameters(const Model& model) {
  ModelParameters list;
  for (const TensorRow& row : kTensorRows) {
    if (!model.has(row.part)) continue;
    if (row.bias != '=') add_tensor(list, model, row, "weight", 3);
    if (row.bias == '=' || row.bias == '*' || std::string_view(model.bias).find(row.bias) != std::string_view::npos)
      add_tensor(list, model, row, "bias", bias_dimensions(row.shape));
  }
  return list;
}

}  // namespace fewbits
