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
#include <string_view>

#include "fewbits/inplace_vector.hpp"
#include "fewbits/text.hpp"

namespace fewbits {

// What is wrong, as FewbitsError has it: a code, a sentence for people, and the same for programs as a JSON object.
// Without a code nothing is.
struct Problem {
  std::string_view code;
  Text message, details;

  explicit operator bool() const { return !code.empty(); }
};

// The value means something only where there is no problem.
template <class T>
struct Outcome {
  T value;
  Problem problem;
};

// The sizes of a model that config.json has. What another follows from comes before it.
enum class Size : std::uint8_t {
  Hidden,
  Layers,
  Heads,
  KvHeads,
  HeadDim,
  QueryGate,  // 2 where queries come with a gate as wide as they are, else 1
  Vocabulary,
  Positions,
  Window,     // how far a windowed layer looks back, in tokens; 0: no window
  FullEvery,  // every n-th layer sees all tokens, the others a window
  Experts,
  ExpertWidth,  // of an expert's MLP
  SharedExperts,
  SharedWidth,   // of all shared experts together
  FirstMixture,  // layers i from here on with i % every == offset are mixtures
  MixtureEvery,
  MixtureOffset,
  AttentionEvery,  // the same for layers with attention, where others are recurrent
  AttentionOffset,
  QueryRank,  // latent attention: 0 where queries are not compressed
  LatentRank,
  NopeDim,
  RopeDim,
  ValueDim,
  LinearKeyHeads,  // gated delta net
  LinearKeyDim,
  LinearValueHeads,
  LinearValueDim,
  Convolution,
  State,  // Mamba
  TimeStepRank,
  Expansion,
  Inner,
  UpMatrices,   // 2 where gate and up are one tensor, else 1
  Intermediate  // of a dense MLP
};
inline constexpr std::size_t kSizes = static_cast<std::size_t>(Size::Intermediate) + 1;

// What a model can have.
enum Part : std::uint32_t {
  kAnyModel = 1 << 0,
  kHeads = 1 << 1,   // attention over groups of heads
  kLatent = 1 << 2,  // multi-head latent attention (DeepSeek)
  kMlp = 1 << 3,
  kMixtures = 1 << 4,
  kDeltaNet = 1 << 5,  // recurrent layers: gated delta net (Qwen3-Next)
  kMamba = 1 << 6,     // recurrent layers: Mamba-1
  kPositions = 1 << 7,
  kSeparateQkv = 1 << 8,
  kFusedQkv = 1 << 9,
  kHeadNorm = 1 << 10,  // norms of queries and keys, one head wide
  kFullNorm = 1 << 11,  // or as wide as the projection
  kSinks = 1 << 12,     // a learned logit per head
  kPlainQueries = 1 << 13,
  kInnerNorms = 1 << 14,  // Jamba's, inside Mamba
  kGatedMlp = 1 << 15,
  kSharedGate = 1 << 16,  // a gate before the shared experts
  kChoiceBias = 1 << 17,  // DeepSeek's, for the choice of experts
  kAttentionNorm = 1 << 18,
  kMlpNorm = 1 << 19,
  kPostAttentionNorm = 1 << 20,
  kPostMlpNorm = 1 << 21,
  kOutputNorm = 1 << 22,
  kTied = 1 << 23,    // by default, the head is the embedding
  kUntied = 1 << 24,  // it is not
};

// A size that a family has under a key of its own, or with a default of its own; empty: as other families do. A default
// is a formula over other sizes, as models.cpp has them.
struct OwnSize {
  Size size;
  char key[24], otherwise[8] = "";
};

// What sets a family apart from others. The table has a row for each; nothing else knows a family's name.
struct Family {
  char name[16];        // model_type
  std::uint32_t parts;  // without kUntied, kPlainQueries
  std::span<const OwnSize> own = {};
  const char* bias = nullptr;  // what has one: q k v o of attention, m of the MLP, h the head, n norms, r the router,
                               // e the experts; null: as config.json says
};
std::span<const Family> families();

// What a layer is, beyond attention to all tokens and a dense MLP.
enum LayerKind : std::uint8_t { kWindowedLayer = 1, kRecurrentLayer = 2, kMixtureLayer = 4 };

// Layers that have exactly these kinds among those that are looked at.
struct LayerSet {
  std::uint8_t looked_at = 0, kinds = 0;
};
inline constexpr LayerSet kEveryLayer{};
inline constexpr LayerSet kAttentionLayers{kRecurrentLayer, 0};
inline constexpr LayerSet kRecurrentLayers{kRecurrentLayer, kRecurrentLayer};
inline constexpr LayerSet kDenseLayers{kMixtureLayer, 0};
inline constexpr LayerSet kMixtureLayers{kMixtureLayer, kMixtureLayer};
inline constexpr LayerSet kNoLayer{0, 1};  // for tensors that a model has once

inline constexpr std::size_t kMaxLayers = 1024;

// A configuration in one vocabulary, whatever its family calls things. Sizes that the family does not have are 0.
struct Model {
  const Family* family = nullptr;
  std::uint32_t parts = 0;
  const char* bias = "";  // as Family::bias
  std::array<double, kSizes> sizes{};
  std::array<std::uint8_t, kMaxLayers> layers{};  // each one's kinds
  bool assumed_kv_heads = false;                  // config.json does not say how many: taken to be the heads
  bool language_only = false;                     // what reads images is left out

  [[nodiscard]] double operator[](Size size) const { return sizes[static_cast<std::size_t>(size)]; }
  [[nodiscard]] double& operator[](Size size) { return sizes[static_cast<std::size_t>(size)]; }
  [[nodiscard]] bool has(std::uint32_t any_part) const { return (parts & any_part) != 0; }
  [[nodiscard]] bool is(std::size_t layer, LayerSet set) const { return (layers[layer] & set.looked_at) == set.kinds; }
  // How many layers of that set there are.
  [[nodiscard]] double count(LayerSet set) const;
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
  LayerSet layers;      // that have one; of no layer: one in all

  [[nodiscard]] double columns() const { return shape[rank - 1]; }
};

// Kinds of tensors.
inline constexpr std::size_t kMaxTerms = 128;

struct ModelParameters {
  double parameters = 0;
  InplaceVector<ParameterTerm, kMaxTerms> terms;
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
  Text name;
  double bytes;
  Text formula;  // how it was reckoned, in words and numbers
};

struct ModelMemory {
  double parameters = 0;
  double weights = 0, kv_cache = 0, compute = 0, total = 0;  // bytes; total is the sum of the three
  InplaceVector<MemoryTerm, kMaxTerms + 4> terms;
  InplaceVector<Text, 2 * kMaxTerms + 8> assumptions;
};

// What a model needs to run, tensor by tensor. A format that is not known is UNKNOWN_FORMAT, a recipe that is not, or
// rows that no block divides, UNSUPPORTED.
Outcome<ModelMemory> model_memory(const Model& model, const MemoryOptions& options);

}  // namespace fewbits
