// Parameters and memory of language models, from a Hugging Face config.json.
//
//   const auto model = read_model(config);  // the text of the file
//   if (!model.problem) use(model_parameters(model.value).parameters);
//
// Counts and bytes are doubles: whole numbers, exact below 2^53.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fewbits {

// What is wrong, as FewbitsError has it: a code, a sentence for people, and the same for programs as a JSON object.
// Without a code nothing is.
struct Problem {
  std::string_view code;
  std::string message;
  std::string details;

  explicit operator bool() const { return !code.empty(); }
};

// The value means something only where there is no problem.
template <class T>
struct Outcome {
  T value;
  Problem problem;
};

// The sizes of a model that config.json has.
enum class Size : std::uint8_t {
  Hidden,
  Layers,
  Heads,
  KvHeads,
  HeadDim,
  Intermediate,
  Vocabulary,
  Positions,
  Experts
};
inline constexpr std::size_t kSizes = 9;
using SizeKeys = std::array<const char*, kSizes>;
using SizeDefaults = std::array<std::uint32_t, kSizes>;

// The keys under which config.json usually has them; empty where most families have no such size.
inline constexpr SizeKeys kUsualKeys{"hidden_size",
                                     "num_hidden_layers",
                                     "num_attention_heads",
                                     "num_key_value_heads",
                                     "head_dim",
                                     "intermediate_size",
                                     "vocab_size",
                                     "",
                                     ""};

// Gated has gate, up and down; Fused has gate and up in one tensor; Plain has no gate.
enum class Mlp : std::uint8_t { Gated, Fused, Plain };

// Norms of queries and keys: one head wide, or as wide as the projection.
enum class QueryKeyNorm : std::uint8_t { None, Head, Full };

// What sets a family apart from Llama's layout. The table has a row for each; nothing else knows a family's name.
struct Family {
  const char* name;  // model_type
  SizeKeys keys = kUsualKeys;
  SizeDefaults defaults = {};        // what its config.json may leave out; 0: nothing
  std::uint32_t default_window = 0;  // of sliding_window
  bool tied = false;                 // default of tie_word_embeddings
  const char* bias = nullptr;        // projections that have one: q k v o of attention, m of the MLP, h of the
                                     // head; null: as config.json says
  std::uint8_t norm = 1;             // numbers in a norm, per element: 1 the weight, 2 with a bias, 0 none
  std::array<const char*, 4> norms{"attn_norm", "ffn_norm"};  // of a layer
  QueryKeyNorm query_key_norm = QueryKeyNorm::None;
  bool fused_qkv = false;  // one tensor for queries, keys and values
  Mlp mlp = Mlp::Gated;
  std::uint32_t widening = 0;    // how many times wider the MLP is than the model where config.json does not say
  std::uint32_t full_every = 0;  // every n-th layer sees all tokens, the others a sliding window
};
std::span<const Family> families();

// A configuration in one vocabulary, whatever its family calls things. Sizes that the family does not have are 0.
struct Model {
  const Family* family = nullptr;
  double hidden = 0, layers = 0, heads = 0, kv_heads = 0, head_dim = 0;
  double intermediate = 0, vocabulary = 0, positions = 0, experts = 0;
  bool tied = false;      // the head is the embedding
  const char* bias = "";  // as Family::bias
  QueryKeyNorm query_key_norm = QueryKeyNorm::None;
  double window = 0;              // how far a windowed layer looks back, in tokens; 0: no window is set
  double windowed_layers = 0;     // how many layers do
  bool assumed_kv_heads = false;  // config.json does not say how many: taken to be `heads`
  bool language_only = false;     // what reads images is left out
};

// Reads the text of a config.json: what is missing has the family's default, nonsense is named. A family that is not
// known is UNSUPPORTED, a missing or senseless field BAD_ARGUMENT, a model of 2^53 parameters or more TOO_LARGE, and
// what is no JSON BAD_DATA.
Outcome<Model> read_model(std::string_view config);

// One kind of tensor, in GGUF's names ("attn_q", "weight"), with its row-major shape.
struct ParameterTerm {
  const char* name;
  const char* part;             // "weight" or "bias"
  std::array<double, 3> shape;  // the first `rank`
  int rank;
  double count, total;  // total = product of shape times count

  [[nodiscard]] double columns() const { return shape[rank - 1]; }
};

struct ModelParameters {
  double parameters = 0;
  std::vector<ParameterTerm> terms;
};
ModelParameters model_parameters(const Model& model);

enum class Engine : std::uint8_t { LlamaCpp, Vllm };

struct MemoryOptions {
  std::string_view format = {};  // one format for all weights ...
  std::string_view recipe = {};  // ... or one of llama.cpp's: q8_0, q4_k_m, q5_k_m
  double context = 0;            // tokens
  double batch = 1;
  std::string_view kv_format = "float16";
  std::string_view kv_format_v = {};  // the values'; empty: as the keys'
  Engine engine = Engine::LlamaCpp;
};

struct MemoryTerm {
  std::string name;
  double bytes;
  std::string formula;  // how it was reckoned, in words and numbers
};

struct ModelMemory {
  double parameters = 0;
  double weights = 0, kv_cache = 0, compute = 0, total = 0;  // bytes; total is the sum of the three
  std::vector<MemoryTerm> terms;
  std::vector<std::string> assumptions;
};

// What a model needs to run, tensor by tensor. A format that is not known is UNKNOWN_FORMAT, a recipe that is not, or
// rows that no block divides, UNSUPPORTED.
Outcome<ModelMemory> model_memory(const Model& model, const MemoryOptions& options);

}  // namespace fewbits
