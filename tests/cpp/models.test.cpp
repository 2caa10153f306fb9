#include "fewbits/models.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "fewbits/memory.hpp"

using namespace fewbits;

namespace {

const std::string kLlama8b = R"({
  "model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32,
  "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256, "rms_norm_eps": 1e-05 })";
const std::string kMixtral = R"({ "model_type": "mixtral", "hidden_size": 4096, "num_hidden_layers": 32,
  "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "num_local_experts": 8,
  "vocab_size": 32000, "sliding_window": null })";
const std::string kGpt2 = R"({ "model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "n_positions": 1024,
  "vocab_size": 50257, "n_inner": null })";
const std::string kGemma3 = R"({ "model_type": "gemma3", "text_config": { "hidden_size": 2560,
  "intermediate_size": 10240, "num_hidden_layers": 34, "sliding_window": 1024 } })";
const std::string kDeepSeekV3 = R"({ "model_type": "deepseek_v3", "hidden_size": 7168, "num_hidden_layers": 61,
  "num_attention_heads": 128, "intermediate_size": 18432, "moe_intermediate_size": 2048, "n_routed_experts": 256,
  "n_shared_experts": 1, "first_k_dense_replace": 3, "q_lora_rank": 1536, "kv_lora_rank": 512,
  "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "vocab_size": 129280 })";
const std::string kQwen3Next = R"({ "model_type": "qwen3_next", "hidden_size": 2048, "num_hidden_layers": 48,
  "num_attention_heads": 16, "num_key_value_heads": 2, "num_experts": 512, "moe_intermediate_size": 512,
  "shared_expert_intermediate_size": 512, "linear_num_key_heads": 16, "linear_key_head_dim": 128,
  "linear_num_value_heads": 32, "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4, "vocab_size": 151936,
  "note": 0 })";
const std::string kJamba = R"({ "model_type": "jamba", "hidden_size": 4096, "num_hidden_layers": 32,
  "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "num_experts": 16,
  "mamba_d_state": 16, "mamba_dt_rank": "auto", "vocab_size": 65536 })";
const std::string kMamba130m = R"({ "model_type": "mamba", "hidden_size": 768, "num_hidden_layers": 24,
  "vocab_size": 50280, "intermediate_size": 1536 })";

std::string changed(std::string config, const std::string& from, const std::string& to) {
  REQUIRE(config.find(from) != std::string::npos);
  return config.replace(config.find(from), from.size(), to);
}

double parameters_of(const std::string& config) {
  const auto [model, problem] = read_model(config);
  INFO(problem.message.view());
  REQUIRE(!problem);
  return model_parameters(model).parameters;
}

ModelMemory memory_of(const std::string& config, const MemoryOptions& options) {
  const auto model = read_model(config);
  REQUIRE(!model.problem);
  auto memory = model_memory(model.value, options);
  INFO(memory.problem.message.view());
  REQUIRE(!memory.problem);
  return std::move(memory.value);
}

}  // namespace

TEST_CASE("models: published counts") {
  CHECK(parameters_of(kLlama8b) == 8030261248);
  CHECK(parameters_of(kMixtral) == 46702792704);
  CHECK(parameters_of(kGpt2) == 124439808);
  CHECK(parameters_of(kGemma3) == 3880263168);
  CHECK(parameters_of(kDeepSeekV3) == 671026419200);
  CHECK(parameters_of(kQwen3Next) == 79674391296);
  CHECK(parameters_of(kJamba) == 51570323328);
  CHECK(parameters_of(kMamba130m) == 129135360);
}

TEST_CASE("models: terms multiply and add up") {
  const auto model = read_model(kMixtral);
  const auto [parameters, terms] = model_parameters(model.value);
  double sum = 0;
  for (const auto& term : terms) {
    double product = term.count;
    for (int i = 0; i < term.rank; ++i) product *= term.shape[i];
    CHECK(product == term.total);
    sum += term.total;
  }
  CHECK(sum == parameters);
}

TEST_CASE("models: what config.json leaves out") {
  const auto without = read_model(changed(kLlama8b, "num_key_value_heads", "other"));
  CHECK(without.value.assumed_kv_heads);
  CHECK(without.value[Size::KvHeads] == 32);
  const auto gemma = read_model(kGemma3);
  CHECK(gemma.value.language_only);
  CHECK(gemma.value[Size::Heads] == 8);
  CHECK(!gemma.value.has(kUntied));
  CHECK(gemma.value.count({kWindowedLayer, kWindowedLayer}) == 29);
}

TEST_CASE("models: layers by period, by list, and how many there may be") {
  const auto next = read_model(kQwen3Next).value;
  CHECK(next.count(kAttentionLayers) == 12);
  CHECK(!next.is(3, kRecurrentLayers));
  CHECK(next.count(kMixtureLayers) == 48);
  const auto listed = read_model(changed(kQwen3Next, R"("note": 0)", R"("layer_types": ["full_attention", 7])")).value;
  CHECK(listed.count(kAttentionLayers) == 14);  // what is not listed goes by period
  const auto jamba = read_model(kJamba).value;
  CHECK(jamba.count(kAttentionLayers) == 4);
  CHECK(jamba.is(12, kAttentionLayers));
  CHECK(jamba.count(kMixtureLayers) == 16);
  CHECK(jamba.is(0, kDenseLayers));
  CHECK(read_model(kMamba130m).value.count(kRecurrentLayers) == 24);
  CHECK(read_model(kDeepSeekV3).value.count(kDenseLayers) == 3);
  const std::string dense = changed(kQwen3Next, R"("note": 0)", R"("mlp_only_layers": [0, "1", 2, 99999, -1])");
  CHECK(read_model(dense).problem.message.view() ==
        "intermediate_size is missing; it must be a whole number, 1 or more.");
  CHECK(read_model(changed(dense, R"("vocab_size")", R"("intermediate_size": 5120, "vocab_size")"))
            .value.count(kDenseLayers) == 2);
  const auto many = read_model(changed(kLlama8b, "layers\": 32", "layers\": 1025")).problem;
  CHECK(many.message.view() == "num_hidden_layers is 1025; it must be at most 1,024.");
  CHECK(!read_model(changed(kLlama8b, "layers\": 32", "layers\": 1024")).problem);
}

TEST_CASE("models: the last of two members of one name counts, as in JSON.parse") {
  CHECK(parameters_of(changed(kLlama8b, "\"hidden_size\": 4096", "\"hidden_size\": 7, \"hidden_size\": 4096")) ==
        8030261248);
}

TEST_CASE("models: what is wrong is named") {
  const auto [config, code, message] = GENERATE(table<std::string, std::string, std::string>({
      {"{", "BAD_DATA", "config is not JSON: byte 1 is wrong."},
      {"{}", "BAD_ARGUMENT", "model_type is missing; it must be a family's name, such as 'llama'."},
      {"[]", "BAD_ARGUMENT", "config is an array; it must be an object."},
      {R"({"model_type":"llama","text_config":[]})", "BAD_ARGUMENT", "text_config is an array; it must be an object."},
      {changed(kLlama8b, "14336", "1.5"), "BAD_ARGUMENT",
       "intermediate_size is 1.5; it must be a whole number, 1 or more."},
      {changed(kLlama8b, "4096", "null"), "BAD_ARGUMENT",
       "hidden_size is missing; it must be a whole number, 1 or more."},
      {changed(kLlama8b, "128256", "\"128256\""), "BAD_ARGUMENT",
       "vocab_size is the string '128256'; it must be a whole number, 1 or more."},
      {changed(kLlama8b, "128256", "9007199254740992"), "BAD_ARGUMENT",
       "vocab_size is 9007199254740992; it must be a whole number, 1 or more."},
      {changed(kLlama8b, "128256", "9007199254740991"), "TOO_LARGE",
       "This comes to more than 9,007,199,254,740,991, beyond which numbers are not exact. Check the sizes that you "
       "gave."},
      {changed(kLlama8b, "8, \"inter", "7, \"inter"), "BAD_ARGUMENT",
       "num_key_value_heads is 7; it must be a divisor of num_attention_heads, 32."},
      {changed(kLlama8b, "4096", "4100"), "BAD_ARGUMENT",
       "hidden_size is 4100; it must be a multiple of num_attention_heads, 32, as there is no head_dim."},
      {changed(kLlama8b, "rms_norm_eps\": 1e-05", "attention_bias\": 1"), "BAD_ARGUMENT",
       "attention_bias is 1; it must be true or false."},
  }));
  const auto [_, problem] = read_model(config);
  CHECK(problem.code == code);
  CHECK(problem.message.view() == message);
}

TEST_CASE("models: families and layouts that are not known") {
  const auto unknown = read_model(R"({"model_type":"bert"})").problem;
  CHECK(unknown.code == "UNSUPPORTED");
  CHECK(unknown.message.view().starts_with("Models of type 'bert' are not known yet. Known are llama, mistral, "));
  CHECK(unknown.details.view().starts_with(R"({"family":"bert","known":["llama",)"));
  const auto strange = read_model(R"({"model_type":"llama","kv_lora_rank":512})").problem;
  CHECK(strange.message.view().starts_with("Models of type 'llama' (multi-head latent attention) are"));
  CHECK(!read_model(changed(kLlama8b, "rms_norm_eps\": 1e-05", "mlp_only_layers\": []")).problem);
}

TEST_CASE("model memory: a recipe to the byte, the cache, the sum") {
  const ModelMemory memory = memory_of(kLlama8b, {.recipe = "q4_k_m", .context = 4000});
  CHECK(memory.weights == 4912898048);
  CHECK(memory.kv_cache == 512 * 1048576.0);
  CHECK(memory.compute == 296 * 1048576.0);
  CHECK(memory.total == memory.weights + memory.kv_cache + memory.compute);
  CHECK(memory.terms[0].name.view() == "token_embd.weight");
  CHECK(memory.terms[0].formula.view() == "1 × 128,256 × 2,304 (q4_k)");
  const std::vector<std::string_view> said(memory.assumptions.begin(), memory.assumptions.end());
  CHECK(said == std::vector<std::string_view>{
                    "llama.cpp rounds 4,000 tokens up to 4,096.",
                    "Norms, biases and routers stay in float32.",
                    "The compute buffer is an estimate, for 512 tokens at a time.",
                });
}

TEST_CASE("model memory: windows") {
  const MemoryOptions options{.format = "float32", .context = 8192};
  const double token = 2 * 2 * 4 * 256;  // keys and values, two bytes, heads, size
  CHECK(memory_of(kGemma3, options).kv_cache == token * (5 * 8192 + 29 * 1536));
  MemoryOptions pages = options;
  pages.engine = Engine::Vllm;
  CHECK(memory_of(kGemma3, pages).kv_cache == token * 34 * 8192);
}

TEST_CASE("model memory: latent rows, recurrent states") {
  const ModelMemory latent = memory_of(kDeepSeekV3, {.recipe = "q4_k_m", .context = 163840});
  CHECK(latent.weights == 404488847360);
  CHECK(latent.kv_cache == 61.0 * 576 * 163840 * 2);
  const ModelMemory hybrid = memory_of(kQwen3Next, {.format = "float32", .context = 256, .batch = 2});
  const double state = 36.0 * (3 * (2 * 16 * 128 + 32 * 128) + 32 * 128 * 128) * 2 * 4;
  CHECK(hybrid.kv_cache == state + 12.0 * 256 * 2 * (2 * 256 * 2) * 2);
  const ModelMemory mamba = memory_of(kMamba130m, {.format = "float32", .context = 256});
  CHECK(mamba.kv_cache == 24.0 * (3 * 1536 + 1536 * 16) * 4);
  CHECK(mamba.weights == 4.0 * 129135360);
}

TEST_CASE("model memory: what is wrong is named") {
  const auto model = read_model(kLlama8b).value;
  const auto refused = [&](const MemoryOptions& options) { return model_memory(model, options).problem; };
  CHECK(refused({.format = "Q4K"}).message.view() == "There is no format 'Q4K' here. Did you mean 'q4_k'?");
  CHECK(refused({.format = "q4_k", .kv_format = "f16"}).code == "UNKNOWN_FORMAT");
  CHECK(refused({.recipe = "q9"}).message.view() == "The recipe 'q9' is not known. Known are q8_0, q4_k_m, q5_k_m.");
  const auto narrow = read_model(changed(changed(kLlama8b, "4096", "576"), "_heads\": 32", "_heads\": 8")).value;
  const auto problem = model_memory(narrow, {.format = "q1_0"}).problem;
  CHECK(problem.message.view() == "Rows of 576 do not divide into blocks of q1_0. Choose another format.");
  CHECK(problem.details.view() == R"({"format":"q1_0","columns":576})");
}

TEST_CASE("memory: rows of any format, and the KV cache") {
  CHECK(!find_format("q4k"));
  CHECK(tensor_bytes(find_format("int4"), 3) == 2);
  CHECK(tensor_bytes(find_format("q4_k"), 257) == 288);
  CHECK(tensor_bytes(find_format("ternary_absmean"), 9) == 3 + 4);
  const KvCache cache{.layers = 2, .kv_heads = 4, .head_dim = 64, .context = 10, .batch = 3};
  CHECK(kv_cache_bytes(cache, find_format("q8_0"), find_format("q4_0")) == 2 * 10 * 3 * (8 * 34 + 8 * 18));
}
