// What a model needs to run: weights, KV cache and compute buffer, tensor by tensor.
#include <algorithm>
#include <cmath>
#include <utility>

#include "fewbits/memory.hpp"
#include "models/models.hpp"

namespace fewbits {
namespace {

// Tokens that are computed at once, by llama.cpp's default.
constexpr double kMicroBatch = 512;

constexpr const char* kTimes = " × ";

// What llama.cpp takes where a row does not divide into a format's blocks; all of these have blocks of 32.
struct Substitute {
  char format[8], instead[8];
};
constexpr Substitute kSubstitutes[]{
    {"q2_k", "q4_0"}, {"q3_k", "q4_0"}, {"tq1_0", "q4_0"}, {"tq2_0", "q4_0"},
    {"q2_0", "q4_0"}, {"q4_k", "q5_0"}, {"q5_k", "q5_1"},  {"q6_k", "q8_0"},
};

// llama.cpp's mixtures that are known: the head has `output`, some of the layers `more` for values and down projection.
struct Recipe {
  char name[8], base[8], output[8], more[8];
};
constexpr Recipe kRecipes[]{
    {"q8_0", "q8_0", "q8_0", "q8_0"},
    {"q4_k_m", "q4_k", "q6_k", "q6_k"},
    {"q5_k_m", "q5_k", "q6_k", "q6_k"},
};

// A format and how many tensors of one kind have it.
struct Share {
  AnyFormat format;
  double count;
};
using Shares = std::array<Share, 2>;

double round_up(double value, double step) {
  return std::ceil(value / step) * step;
}

bool fits(double columns, AnyFormat format) {
  const BlockFormat* block = format.block();
  return !block || block->family != "ggml" || divides(block->block_size, columns);
}

const char* substitute(const std::string_view& format) {
  if (format.starts_with("iq")) return "iq4_nl";
  for (const Substitute& row : kSubstitutes)
    if (row.format == format) return row.instead;
  return nullptr;
}

// llama.cpp's `use_more_bits`, for how many layers of a set: the first and last eighth of those that have such a
// tensor, and every third between.
double layers_with_more(const Model& model, LayerSet set, LayerSet having) {
  const auto count = static_cast<int>(model.count(having));
  const int eighth = count / 8;
  double more = 0;
  for (int layer = 0, i = 0; i < count; ++layer) {
    if (!model.is(layer, having)) continue;
    if (model.is(layer, set)) more += i < eighth || i >= 7 * count / 8 || (i - eighth) % 3 == 2;
    ++i;
  }
  return more;
}

// Tensors that stay in float32 though they are no vectors.
constexpr char kUnquantized[][16]{"ffn_gate_inp", "position_embd", "ssm_conv1d", "ssm_a"};

class Reckoner {
 public:
  Reckoner(const Model& model, const MemoryOptions& options, ModelMemory& memory, Checker& checker)
      : model_(model), options_(options), memory_(memory), checker_(checker) {}

  void reckon() {
    check_options();
    if (checker_.failed()) return;
    state_assumptions();
    const ModelParameters list = model_parameters(model_);
    memory_.parameters = list.parameters;
    for (const ParameterTerm& term : list.terms) memory_.weights += add_weights(term);
    memory_.kv_cache = add_cache();
    memory_.compute = add_compute();
    memory_.total = memory_.weights + memory_.kv_cache + memory_.compute;
    assume() << "The compute buffer is an estimate, for " << kMicroBatch << " tokens at a time.";
    if (!(memory_.total <= kMaxWhole)) checker_.too_large();
  }

 private:
  void check_options() {
    for (const Recipe& recipe : kRecipes)
      if (recipe.name == options_.recipe) recipe_ = &recipe;
    if (!options_.format.empty()) {
      format_ = checker_.format(options_.format);
    } else if (!recipe_) {
      const auto asked = first_characters(options_.recipe, 64);
      Text what;
      checker_.not_known("recipe", asked, what << "The recipe '" << asked << "' is not known.", kRecipes);
    }
    keys_ = checker_.format(options_.kv_format);
    values_ = options_.kv_format_v.empty() ? keys_ : checker_.format(options_.kv_format_v);
  }

  void state_assumptions() {
    const bool pages = options_.engine == Engine::Vllm;
    cells_ = round_up(options_.context, pages ? 16 : 256);
    if (model_.language_only) assume() << "Only the language model is counted, not what reads images.";
    if (model_.assumed_kv_heads)
      assume() << "num_key_value_heads is missing: taken to be num_attention_heads, " << model_[Size::Heads] << ".";
    if (cells_ > options_.context)
      assume() << (pages ? "vllm" : "llama.cpp") << " rounds " << options_.context << " tokens up to " << cells_ << ".";
    if (options_.format != "float32") assume() << "Norms, biases and routers stay in float32.";
  }

  // What is taken for granted besides, to be said.
  Text& assume() { return memory_.assumptions.emplace_back(); }

  // A term more, to be reckoned.
  MemoryTerm& add_term(const char* name, const char* part) {
    MemoryTerm& term = memory_.terms.emplace_back();
    term.name << name << part;
    return term;
  }

  // The format, or what llama.cpp puts in its place; formats that are not GGML's pad their last block instead.
  AnyFormat fitting(double columns, AnyFormat format) {
    if (fits(columns, format)) return format;
    Text problem;
    problem << "Rows of " << columns << " do not divide into blocks of " << format.name();
    if (const char* instead = substitute(format.name())) {
      const char* found = divides(32, columns) ? instead : "float16";
      problem << ": they are in " << found << ", as in llama.cpp.";
      const auto& known = memory_.assumptions;
      if (std::find(known.begin(), known.end(), problem.view()) == known.end()) assume().swap(problem);
      return find_format(found);
    }
    json::Writer details;
    details.open('{').name("format").string(format.name()).name("columns").number(columns).close('}');
    checker_.report("UNSUPPORTED", problem << ". Choose another format.", details.text());
    return format;
  }

  // The formats that the tensors of one kind are in: vectors, biases, routers and the like stay in float32.
  [[nodiscard]] Shares shares(const ParameterTerm& term) const {
    bool unquantized = term.rank == 1 || *term.part == 'b';
    for (const char* name : kUnquantized) unquantized |= is(term, name);
    if (!unquantized && !format_) return recipe_shares(term);
    return {{{unquantized ? find_format("float32") : format_, term.count}}};
  }

  [[nodiscard]] static bool is(const ParameterTerm& term, const char* name) {
    return std::string_view(name) == term.name;
  }

  [[nodiscard]] Shares recipe_shares(const ParameterTerm& term) const {
    const Recipe& recipe = *recipe_;
    const bool eight_experts = model_[Size::Experts] == 8;
    const bool seventy_billion = model_[Size::Layers] == 80 && (model_[Size::Heads] > model_[Size::KvHeads] ||
                                                                model_.family->name == std::string_view("qwen2"));
    const bool q4 = recipe.base == std::string_view("q4_k");
    const char* format = recipe.base;
    double with_more = 0;
    if (is(term, model_.has(kUntied) ? "output" : "token_embd")) {
      format = fits(term.columns(), find_format(recipe.base)) ? recipe.output : "q8_0";
    } else if (is(term, "attn_v") || is(term, "attn_qkv")) {
      if (seventy_billion && q4) format = "q5_k";
      if (eight_experts)
        format = "q8_0";
      else  // Mamba's layers have no such tensor.
        with_more = layers_with_more(model_, term.layers, model_.has(kMamba) ? kAttentionLayers : kEveryLayer);
    } else if (is(term, "attn_k")) {
      if (eight_experts) format = "q8_0";
    } else if (is(term, "attn_output")) {
      if (eight_experts && q4) format = "q5_k";
    } else if (std::string_view(term.name).starts_with("ffn_down")) {
      with_more = layers_with_more(model_, term.layers, kEveryLayer);
    }
    return {{{find_format(recipe.more), with_more}, {find_format(format), term.count - with_more}}};
  }

  // One kind of tensor: tensors x rows x bytes of a row, for each format that some of them are in.
  double add_weights(const ParameterTerm& term) {
    const double columns = term.columns();
    const double rows = term.total / term.count / columns;
    double bytes = 0;
    MemoryTerm& weights = add_term(term.name, *term.part == 'b' ? ".bias" : ".weight");
    Text& formula = weights.formula;
    for (const auto& [wanted, count] : shares(term)) {
      if (count == 0) continue;
      const AnyFormat format = fitting(columns, wanted);
      const bool one_scale = format.block() && format.block()->block_size == 0;  // per tensor, which then has one row
      const double lines = one_scale ? 1 : rows;
      const double line = tensor_bytes(format, one_scale ? rows * columns : columns);
      bytes += count * lines * line;
      formula << (formula.empty() ? "" : " + ") << count << kTimes << lines << kTimes << line << " (" << format.name()
              << ")";
    }
    return weights.bytes = bytes;
  }

  // Layers whose cache holds so many tokens: keys and values of every head, or latent rows, of which there are no
  // values.
  double add_layers(const char* part, double layers, double context) {
    const double batch = options_.batch;
    const KvCache cache{layers, model_[Size::KvHeads], model_[Size::HeadDim], context, batch};
    const double row = model_[Size::LatentRank] + model_[Size::RopeDim];
    MemoryTerm& term = add_term("KV cache", row > 0 ? ", latent" : part);
    Text& formula = term.formula;
    if (row > 0) {
      assume() << "Latent attention keeps " << row << " numbers per token and layer for all heads.";
      formula << layers << kTimes << row << kTimes << context << kTimes << batch << " (" << keys_.name() << ")";
      return term.bytes = layers * context * batch * tensor_bytes(keys_, row);
    }
    formula << "2";
    for (const double factor : {layers, cache.kv_heads, cache.head_dim, context, batch}) formula << kTimes << factor;
    formula << " (" << keys_.name() << ", " << values_.name() << ")";
    return term.bytes = kv_cache_bytes(cache, keys_, values_);
  }

  // Recurrent layers keep the convolution's last inputs and their state, in float32, however long the context.
  double add_states() {
    const double layers = model_.count(kRecurrentLayers);
    if (layers == 0) return 0;
    // (convolution - 1) x channels + state
    const char* formula = model_.has(kMamba) ? "Ci-i+is" : "2CGK+CHU-2GK-HU+HUK";
    const double state = evaluate(model_, formula);
    assume() << layers << " of " << model_[Size::Layers] << " layers are recurrent: " << state
             << " numbers each, whatever the context.";
    MemoryTerm& term = add_term("Recurrent state", "");
    term.formula << layers << kTimes << state << kTimes << options_.batch << kTimes << "4";
    return term.bytes = layers * state * options_.batch * 4;
  }

  // Layers with a sliding window keep fewer tokens in llama.cpp; vLLM reserves the same for all.
  double add_cache() {
    const double states = add_states();
    const double layers = model_.count(kAttentionLayers), window = model_[Size::Window];
    const double windowed = model_.count({kWindowedLayer, kWindowedLayer});
    const double kept = round_up(window + kMicroBatch, 256);
    if (layers == 0) return states;
    if (windowed > 0 && kept < cells_ && options_.engine != Engine::Vllm) {
      assume() << windowed << " of " << layers << " layers keep " << kept << " tokens, their window and " << kMicroBatch
               << " more.";
      const double full = add_layers("", layers - windowed, cells_);
      return states + full + add_layers(", windowed", windowed, kept);
    }
    if (window > 0 && window < cells_)
      assume() << "A sliding window of " << window << " saves nothing: all layers keep all tokens.";
    return states + add_layers("", layers, cells_);
  }

  // llama.cpp's scratch space: the larger of what it takes with and without flash attention.
  double add_compute() {
    const double hidden = model_[Size::Hidden], vocabulary = model_[Size::Vocabulary], heads = model_[Size::Heads];
    const double flash = kMicroBatch * (vocabulary + hidden) * 4;
    const double plain = kMicroBatch * (heads * cells_ + 5 * hidden) * 4;
    MemoryTerm& term = add_term("Compute buffer", "");
    term.formula << kMicroBatch << kTimes << "(";
    if (flash > plain)
      term.formula << vocabulary << " + ";
    else
      term.formula << heads << kTimes << cells_ << " + 5" << kTimes;
    term.formula << hidden << ")" << kTimes << "4";
    return term.bytes = std::max(flash, plain);
  }

  const Model& model_;
  const MemoryOptions& options_;
  ModelMemory& memory_;
  Checker& checker_;
  const Recipe* recipe_ = nullptr;
  AnyFormat format_, keys_, values_;
  double cells_ = 0;
};

}  // namespace

void reckon_memory(const Model& model, const MemoryOptions& options, ModelMemory& memory, Checker& checker) {
  Reckoner(model, options, memory, checker).reckon();
}

Outcome<ModelMemory> model_memory(const Model& model, const MemoryOptions& options) {
  ModelMemory memory;
  Checker checker;
  reckon_memory(model, options, memory, checker);
  return {std::move(memory), std::move(checker.problem())};
}

}  // namespace fewbits
