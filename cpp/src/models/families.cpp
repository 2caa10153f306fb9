// The families of models that are known, and what sets each apart from Llama's layout.
#include "fewbits/models.hpp"

namespace fewbits {
namespace {

using enum Size;

constexpr std::uint32_t kNorms = kAttentionNorm | kMlpNorm | kOutputNorm;
constexpr std::uint32_t kLlama = kAnyModel | kHeads | kSeparateQkv | kMlp | kGatedMlp | kNorms;
constexpr std::uint32_t kMoe = kLlama | kMixtures;
constexpr std::uint32_t kGemma2 = kLlama | kTied | kPostAttentionNorm | kPostMlpNorm;
constexpr std::uint32_t kDeepSeek = kAnyModel | kLatent | kMlp | kGatedMlp | kMixtures | kNorms;
constexpr std::uint32_t kPostNorms = kPostAttentionNorm | kOutputNorm;
constexpr std::uint32_t kQwenNext = (kLlama & ~kNorms) | kAttentionNorm | kPostNorms | kDeltaNet | kHeadNorm;
constexpr std::uint32_t kPureMamba = kAnyModel | kMamba | kAttentionNorm | kOutputNorm | kTied;

constexpr OwnSize kHeadDim128[]{{HeadDim, "", "128"}};
constexpr OwnSize kHeadDim256[]{{HeadDim, "", "256"}};
constexpr OwnSize kGemma2Sizes[]{{HeadDim, "", "256"}, {Window, "", "4096"}, {FullEvery, "", "2"}};
// Published text_config's leave out what equals transformers' own defaults.
constexpr OwnSize kGemma3Sizes[]{{Heads, "", "8"},           {KvHeads, "", "4"},   {HeadDim, "", "256"},
                                 {Vocabulary, "", "262208"}, {Window, "", "4096"}, {FullEvery, "", "6"}};
constexpr OwnSize kFusedUp[]{{UpMatrices, "", "2"}};
constexpr OwnSize kGpt2Sizes[]{
    {Hidden, "n_embd"}, {Layers, "n_layer"}, {Heads, "n_head"}, {KvHeads, "n_head"}, {Intermediate, "n_inner", "4h"}};
constexpr OwnSize kMixtralSizes[]{{Experts, "num_local_experts"}, {ExpertWidth, "intermediate_size"}};
constexpr OwnSize kGptOssSizes[]{
    {Experts, "num_local_experts"}, {ExpertWidth, "intermediate_size"}, {Window, "", "128"}, {FullEvery, "", "2"}};
constexpr OwnSize kOlmoeSizes[]{{ExpertWidth, "intermediate_size"}};
constexpr OwnSize kDeepSeekSizes[]{{Experts, "n_routed_experts"}, {MixtureEvery, "moe_layer_freq"}};
constexpr OwnSize kQwenNextSizes[]{{HeadDim, "", "256"}, {QueryGate, "", "2"}};
constexpr OwnSize kJambaSizes[]{{ExpertWidth, "intermediate_size"},          {MixtureEvery, "expert_layer_period", "2"},
                                {MixtureOffset, "expert_layer_offset"},      {AttentionEvery, "attn_layer_period", "8"},
                                {AttentionOffset, "attn_layer_offset", "4"}, {Convolution, "mamba_d_conv", "4"}};
constexpr OwnSize kMambaSizes[]{{Convolution, "conv_kernel", "4"},
                                {State, "state_size", "16"},
                                {TimeStepRank, "time_step_rank"},
                                {Expansion, "expand"},
                                {Inner, "intermediate_size"}};

constexpr std::array kFamilies{
    Family{"llama", kLlama},
    Family{"mistral", kLlama, {}, ""},
    Family{"qwen2", kLlama, {}, "qkv"},
    Family{"qwen3", kLlama | kHeadNorm, kHeadDim128},
    Family{"gemma", kLlama | kTied, kHeadDim256},
    Family{"gemma2", kGemma2, kGemma2Sizes},
    Family{"gemma3", kGemma2 | kHeadNorm, kGemma3Sizes},
    Family{"gemma3_text", kGemma2 | kHeadNorm, kGemma3Sizes},
    Family{"phi", kLlama & ~(kMlpNorm | kGatedMlp), {}, "qkvomhn"},
    Family{"phi3", (kLlama & ~(kSeparateQkv | kGatedMlp)) | kFusedQkv, kFusedUp, ""},
    Family{"olmo", kLlama & ~kNorms},
    Family{"olmo2", (kLlama & ~kNorms) | kPostNorms | kPostMlpNorm | kFullNorm},
    Family{"gpt2", (kLlama & ~(kSeparateQkv | kGatedMlp)) | kFusedQkv | kPositions | kTied, kGpt2Sizes, "qkvomn"},
    Family{"mixtral", kMoe, kMixtralSizes, ""},
    Family{"olmoe", kMoe | kFullNorm, kOlmoeSizes},
    Family{"qwen2_moe", kMoe | kSharedGate, {}, "qkv"},
    Family{"qwen3_moe", kMoe | kHeadNorm},
    Family{"gpt_oss", (kMoe & ~kMlpNorm) | kPostNorms | kSinks, kGptOssSizes, "qkvore"},
    Family{"deepseek_v2", kDeepSeek, kDeepSeekSizes, ""},
    Family{"deepseek_v3", kDeepSeek | kChoiceBias, kDeepSeekSizes, ""},
    Family{"kimi_k2", kDeepSeek | kChoiceBias, kDeepSeekSizes, ""},
    Family{"qwen3_next", kQwenNext | kMixtures | kSharedGate, kQwenNextSizes},
    Family{"qwen3_5", kQwenNext, kQwenNextSizes},
    Family{"qwen3_5_text", kQwenNext, kQwenNextSizes},
    Family{"jamba", kMoe | kMamba | kInnerNorms, kJambaSizes},
    Family{"mamba", kPureMamba, kMambaSizes},
    Family{"falcon_mamba", kPureMamba, kMambaSizes},
};

}  // namespace

std::span<const Family> families() {
  return kFamilies;
}

}  // namespace fewbits
