// Well-known models by the sizes in their config.json. Only the worker needs them.
import type { ModelConfig } from '../../../lib/types.ts';

type Row = [
  name: string,
  family: string,
  hidden: number,
  layers: number,
  heads: number,
  kvHeads: number,
  intermediate: number,
  vocabulary: number,
  more?: ModelConfig,
];

const rows: readonly Row[] = [
  ['Llama 3 70B', 'llama', 8192, 80, 64, 8, 28672, 128256],
  ['Llama 3 8B', 'llama', 4096, 32, 32, 8, 14336, 128256],
  ['Llama 3.1 405B', 'llama', 16384, 126, 128, 8, 53248, 128256],
  ['Llama 3.2 1B', 'llama', 2048, 16, 32, 8, 8192, 128256, { tie_word_embeddings: true }],
  ['Llama 2 7B', 'llama', 4096, 32, 32, 32, 11008, 32000],
  ['Llama 2 13B', 'llama', 5120, 40, 40, 40, 13824, 32000],
  ['Llama 2 70B', 'llama', 8192, 80, 64, 8, 28672, 32000],
  ['Mistral 7B v0.3', 'mistral', 4096, 32, 32, 8, 14336, 32768],
  ['Mistral Nemo 12B', 'mistral', 5120, 40, 32, 8, 14336, 131072, { head_dim: 128 }],
  ['Mixtral 8x7B', 'mixtral', 4096, 32, 32, 8, 14336, 32000, { num_local_experts: 8 }],
  ['Qwen2.5 0.5B', 'qwen2', 896, 24, 14, 2, 4864, 151936, { tie_word_embeddings: true }],
  ['Qwen2.5 7B', 'qwen2', 3584, 28, 28, 4, 18944, 152064],
  ['Qwen2.5 32B', 'qwen2', 5120, 64, 40, 8, 27648, 152064],
  ['Qwen2.5 72B', 'qwen2', 8192, 80, 64, 8, 29568, 152064],
  ['Qwen3 0.6B', 'qwen3', 1024, 28, 16, 8, 3072, 151936, { head_dim: 128, tie_word_embeddings: true }],
  ['Qwen3 4B', 'qwen3', 2560, 36, 32, 8, 9728, 151936, { head_dim: 128, tie_word_embeddings: true }],
  ['Qwen3 8B', 'qwen3', 4096, 36, 32, 8, 12288, 151936, { head_dim: 128 }],
  ['Qwen3 14B', 'qwen3', 5120, 40, 40, 8, 17408, 151936, { head_dim: 128 }],
  [
    'Qwen3 30B-A3B',
    'qwen3_moe',
    2048,
    48,
    32,
    4,
    768,
    151936,
    { head_dim: 128, num_experts: 128, moe_intermediate_size: 768 },
  ],
  ['Gemma 7B', 'gemma', 3072, 28, 16, 16, 24576, 256000, { head_dim: 256 }],
  ['Gemma 2 2B', 'gemma2', 2304, 26, 8, 4, 9216, 256000, { head_dim: 256, sliding_window: 4096 }],
  ['Gemma 2 27B', 'gemma2', 4608, 46, 32, 16, 36864, 256000, { head_dim: 128, sliding_window: 4096 }],
  ['Gemma 3 1B', 'gemma3_text', 1152, 26, 4, 1, 6912, 262144, { head_dim: 256, sliding_window: 512 }],
  ['Gemma 3 4B', 'gemma3_text', 2560, 34, 8, 4, 10240, 262208, { head_dim: 256, sliding_window: 1024 }],
  ['Phi-2', 'phi', 2560, 32, 32, 32, 10240, 51200],
  ['Phi-3.5 mini', 'phi3', 3072, 32, 32, 32, 8192, 32064],
  ['Phi-4 14B', 'phi3', 5120, 40, 40, 10, 17920, 100352],
  ['OLMo 2 7B', 'olmo2', 4096, 32, 32, 32, 11008, 100352],
  ['OLMoE 1B-7B', 'olmoe', 2048, 16, 16, 16, 1024, 50304, { num_experts: 64 }],
  ['SmolLM2 135M', 'llama', 576, 30, 9, 3, 1536, 49152, { tie_word_embeddings: true }],
  ['TinyLlama 1.1B', 'llama', 2048, 22, 32, 4, 5632, 32000],
  ['GPT-2 small', 'gpt2', 768, 12, 12, 12, 3072, 50257],
];

function configOf([, family, hidden, layers, heads, kvHeads, intermediate, vocabulary, more]: Row): ModelConfig {
  if (family === 'gpt2')
    return {
      model_type: family,
      n_embd: hidden,
      n_layer: layers,
      n_head: heads,
      n_positions: 1024,
      vocab_size: vocabulary,
    };
  return {
    model_type: family,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    intermediate_size: intermediate,
    vocab_size: vocabulary,
    ...more,
  };
}

/** In the order of NAMES in options.ts. */
export const catalog = rows.map((row) => ({ name: row[0], config: configOf(row) }));
