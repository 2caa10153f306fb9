// The families of models that are known, and what sets each apart from Llama's layout.
#include <initializer_list>
#include <utility>

#include "fewbits/models.hpp"

namespace fewbits {
namespace {

using enum Size;

constexpr SizeKeys keys(std::initializer_list<std::pair<Size, const char*>> own) {
  SizeKeys all = kUsualKeys;
  for (const auto& [size, key] : own) all[static_cast<std::size_t>(size)] = key;
  return all;
}

constexpr SizeDefaults defaults(std::initializer_list<std::pair<Size, std::uint32_t>> known) {
  SizeDefaults all{};
  for (const auto& [size, value] : known) all[static_cast<std::size_t>(size)] = value;
  return all;
}

// Published text_config's leave out what equals transformers' own defaults.
constexpr Family gemma3(const char* name) {
  return {.name = name,
          .defaults = defaults({{Heads, 8}, {KvHeads, 4}, {HeadDim, 256}, {Vocabulary, 262208}}),
          .default_window = 4096,
          .tied = true,
          .norms = {"attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm"},
          .query_key_norm = QueryKeyNorm::Head,
          .full_every = 6};
}

constexpr std::array kFamilies{
    Family{.name = "llama"},
    Family{.name = "mistral", .bias = ""},
    Family{.name = "qwen2", .bias = "qkv"},
    Family{.name = "qwen3", .defaults = defaults({{HeadDim, 128}}), .query_key_norm = QueryKeyNorm::Head},
    Family{.name = "gemma", .defaults = defaults({{HeadDim, 256}}), .tied = true},
    Family{.name = "gemma2",
           .defaults = defaults({{HeadDim, 256}}),
           .default_window = 4096,
           .tied = true,
           .norms = {"attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm"},
           .full_every = 2},
    gemma3("gemma3"),
    gemma3("gemma3_text"),
    Family{.name = "phi", .bias = "qkvomh", .norm = 2, .norms = {"attn_norm"}, .mlp = Mlp::Plain},
    Family{.name = "phi3", .bias = "", .fused_qkv = true, .mlp = Mlp::Fused},
    Family{.name = "olmo", .norm = 0},
    Family{.name = "olmo2", .norms = {"post_attention_norm", "post_ffw_norm"}, .query_key_norm = QueryKeyNorm::Full},
    Family{.name = "gpt2",
           .keys = keys({{Hidden, "n_embd"},
                         {Layers, "n_layer"},
                         {Heads, "n_head"},
                         {KvHeads, "n_head"},
                         {Intermediate, "n_inner"},
                         {Positions, "n_positions"}}),
           .tied = true,
           .bias = "qkvom",
           .norm = 2,
           .fused_qkv = true,
           .mlp = Mlp::Plain,
           .widening = 4},
    Family{.name = "mixtral", .keys = keys({{Experts, "num_local_experts"}}), .bias = ""},
    Family{.name = "olmoe", .keys = keys({{Experts, "num_experts"}}), .query_key_norm = QueryKeyNorm::Full},
    Family{.name = "qwen3_moe",
           .keys = keys({{Experts, "num_experts"}, {Intermediate, "moe_intermediate_size"}}),
           .query_key_norm = QueryKeyNorm::Head},
};

}  // namespace

std::span<const Family> families() {
  return kFamilies;
}

}  // namespace fewbits
