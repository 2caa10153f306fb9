// A GGUF's metadata in the words of the config.json that its model had, as far as memory asks for it. Keys are llama.cpp's
// (gguf-py/gguf/constants.py), families are the core's.
import type { ModelConfig } from '../types.ts';
import type { Model } from './types.ts';

/** What config.json calls a value, and where a GGUF has it: a key without the architecture, or a value out of several. */
type Words = Readonly<Record<string, string | ((metadata: Metadata) => unknown)>>;

interface Family {
  /** config.json's model_type. */
  type: string;
  words?: Words;
}

/** Values of an architecture; the first of a list. */
class Metadata {
  constructor(
    private readonly values: ReadonlyMap<string, unknown>,
    private readonly architecture: string,
  ) {}

  get(key: string): unknown {
    return this.values.get(`${this.architecture}.${key}`);
  }

  first(key: string): unknown {
    const value = this.get(key);
    return isList(value) ? value[0] : value;
  }

  number(key: string): number | undefined {
    const value = this.first(key);
    return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
  }
}

const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || ArrayBuffer.isView(value);

const COMMON: Words = {
  hidden_size: 'embedding_length',
  num_attention_heads: 'attention.head_count',
  num_key_value_heads: mostKvHeads,
  head_dim: 'attention.key_length',
  intermediate_size: 'feed_forward_length',
  sliding_window: 'attention.sliding_window',
  // Layers that only predict further tokens have no part in the cache.
  num_hidden_layers: (metadata) => without(metadata.number('block_count'), metadata.number('nextn_predict_layers')),
};

const EXPERTS: Words = { num_experts: 'expert_count', moe_intermediate_size: 'expert_feed_forward_length' };

const DELTA_NET: Words = {
  full_attention_interval: 'full_attention_interval',
  linear_conv_kernel_dim: 'ssm.conv_kernel',
  linear_num_key_heads: 'ssm.group_count',
  linear_key_head_dim: 'ssm.state_size',
  linear_num_value_heads: 'ssm.time_step_rank',
  linear_value_head_dim: (metadata) => ratio(metadata.number('ssm.inner_size'), metadata.number('ssm.time_step_rank')),
};

const SHARED: Words = { ...EXPERTS, shared_expert_intermediate_size: 'expert_shared_feed_forward_length' };

const LATENT: Words = {
  num_key_value_heads: () => undefined,
  head_dim: () => undefined,
  q_lora_rank: 'attention.q_lora_rank',
  kv_lora_rank: 'attention.kv_lora_rank',
  qk_rope_head_dim: 'rope.dimension_count',
  // Since latent attention is cached as such, the lengths of whole heads have keys of their own.
  qk_nope_head_dim: (metadata) =>
    without(
      metadata.number('attention.key_length_mla') ?? metadata.number('attention.key_length'),
      metadata.number('rope.dimension_count'),
    ),
  v_head_dim: (metadata) => metadata.number('attention.value_length_mla') ?? metadata.number('attention.value_length'),
  n_routed_experts: 'expert_count',
  moe_intermediate_size: 'expert_feed_forward_length',
  n_shared_experts: 'expert_shared_count',
  first_k_dense_replace: 'leading_dense_block_count',
};

const JAMBA: Words = {
  num_experts: 'expert_count',
  mamba_d_conv: 'ssm.conv_kernel',
  mamba_d_state: 'ssm.state_size',
  mamba_dt_rank: 'ssm.time_step_rank',
  mamba_expand: (metadata) => ratio(metadata.number('ssm.inner_size'), metadata.number('embedding_length')),
  attn_layer_offset: (metadata) => attentionLayers(metadata)[0],
  attn_layer_period: (metadata) => {
    const [first, second] = attentionLayers(metadata);
    return second === undefined ? metadata.number('block_count') : without(second, first);
  },
};

const MAMBA: Words = {
  num_attention_heads: () => undefined,
  num_key_value_heads: () => undefined,
  conv_kernel: 'ssm.conv_kernel',
  state_size: 'ssm.state_size',
  time_step_rank: 'ssm.time_step_rank',
  intermediate_size: 'ssm.inner_size',
  expand: (metadata) => ratio(metadata.number('ssm.inner_size'), metadata.number('embedding_length')),
};

/** By general.architecture. */
const FAMILIES: Readonly<Record<string, Family>> = {
  llama: { type: 'llama' },
  qwen2: { type: 'qwen2' },
  qwen3: { type: 'qwen3' },
  gemma: { type: 'gemma' },
  gemma2: { type: 'gemma2' },
  gemma3: { type: 'gemma3_text' },
  phi2: { type: 'phi' },
  phi3: { type: 'phi3', words: { sliding_window: () => undefined } },
  olmo: { type: 'olmo' },
  olmo2: { type: 'olmo2' },
  gpt2: {
    type: 'gpt2',
    words: {
      n_embd: 'embedding_length',
      n_layer: 'block_count',
      n_head: 'attention.head_count',
      n_inner: 'feed_forward_length',
      n_positions: 'context_length',
    },
  },
  olmoe: { type: 'olmoe', words: { num_experts: 'expert_count' } },
  qwen2moe: { type: 'qwen2_moe', words: SHARED },
  qwen3moe: { type: 'qwen3_moe', words: EXPERTS },
  qwen3next: { type: 'qwen3_next', words: { ...SHARED, ...DELTA_NET } },
  qwen35: { type: 'qwen3_5', words: DELTA_NET },
  'gpt-oss': {
    type: 'gpt_oss',
    words: { num_local_experts: 'expert_count', intermediate_size: 'expert_feed_forward_length' },
  },
  deepseek2: { type: 'deepseek_v3', words: LATENT },
  jamba: { type: 'jamba', words: JAMBA },
  mamba: { type: 'mamba', words: MAMBA },
};

/** Mixtral's layout goes by Llama's name. */
const MIXTRAL: Family = { type: 'mixtral', words: { num_local_experts: 'expert_count' } };

/**
 * What `modelMemory` asks of a model, out of a GGUF's metadata and tensors, in config.json's words; undefined for other
 * files, and for an architecture whose layers are not known here.
 */
export function modelConfig({ format, metadata, tensors }: Model): ModelConfig | undefined {
  const architecture = metadata.get('general.architecture');
  if (format !== 'gguf' || typeof architecture !== 'string') return undefined;
  const values = new Metadata(metadata, architecture);
  const isMixtral = architecture === 'llama' && (values.number('expert_count') ?? 0) > 0;
  const family = isMixtral ? MIXTRAL : Object.hasOwn(FAMILIES, architecture) ? FAMILIES[architecture] : undefined;
  if (!family) return undefined;
  const config: Record<string, unknown> = {
    model_type: family.type,
    // Its rows are the words that the model knows, whether the tokenizer came with it or not.
    vocab_size: tensors.find(({ name }) => name === 'token_embd.weight')?.shape[0],
    tie_word_embeddings: !tensors.some(({ name }) => name === 'output.weight'),
  };
  for (const [word, from] of Object.entries({ ...COMMON, ...family.words }))
    config[word] = typeof from === 'string' ? values.first(from) : from(values);
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

const without = (all: number | undefined, part: number | undefined): number | undefined =>
  all === undefined ? undefined : all - (part ?? 0);

const ratio = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined || b === 0 ? undefined : a / b;

/** Hybrids have a list, with 0 for layers that have none. */
function mostKvHeads(metadata: Metadata): unknown {
  const value = metadata.get('attention.head_count_kv');
  return isList(value) ? Array.from(value, Number).reduce((most, one) => Math.max(most, one), 0) || undefined : value;
}

function attentionLayers(metadata: Metadata): number[] {
  const heads = metadata.get('attention.head_count_kv');
  return isList(heads) ? Array.from(heads, Number).flatMap((count, layer) => (count > 0 ? [layer] : [])) : [];
}
