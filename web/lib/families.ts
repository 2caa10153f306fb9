// The families of models that are known, and what sets each apart from Llama's layout.

/** What a family does differently. The table has a row for each; nothing else knows a family's name. */
export interface Family {
  /** Its own names for the usual keys of config.json. */
  keys?: Partial<Record<Size, string>>;
  /** What its config.json may leave out, by the key's name there. */
  defaults?: Readonly<Record<string, number | boolean>>;
  /** Projections that have a bias: q k v o of attention, m of the MLP, h of the head. Absent: as config.json says. */
  bias?: string;
  /** Numbers in a norm, per element: 1 the weight, 2 with a bias, 0 none. */
  norm?: 0 | 1 | 2;
  /** The norms of a layer. */
  norms?: readonly string[];
  /** Norms of queries and keys: one head wide, or as wide as the projection. */
  queryKeyNorm?: 'head' | 'full';
  /** One tensor for queries, keys and values. */
  fusedQkv?: boolean;
  /** 'gated' has gate, up and down; 'fused' has gate and up in one tensor; 'plain' has no gate. */
  mlp?: 'gated' | 'fused' | 'plain';
  /** How many times wider the MLP is than the model where config.json does not say. */
  widening?: number;
  /** Every n-th layer sees all tokens, the others a sliding window. */
  fullEvery?: number;
}

/** The sizes of a model, and the keys under which config.json usually has them; '' where most families have none. */
export const usualKeys = {
  hidden: 'hidden_size',
  layers: 'num_hidden_layers',
  heads: 'num_attention_heads',
  kvHeads: 'num_key_value_heads',
  headDim: 'head_dim',
  intermediate: 'intermediate_size',
  vocabulary: 'vocab_size',
  positions: '',
  experts: '',
};
export type Size = keyof typeof usualKeys;

const twoNorms = ['attn_norm', 'ffn_norm'];
const afterNorms = ['post_attention_norm', 'post_ffw_norm'];
const tied = { tie_word_embeddings: true };
const gemma = { head_dim: 256, ...tied };
const gemma3: Family = {
  // Published text_config's leave out what equals transformers' own defaults.
  defaults: { num_attention_heads: 8, num_key_value_heads: 4, vocab_size: 262208, sliding_window: 4096, ...gemma },
  norms: [...twoNorms, ...afterNorms],
  queryKeyNorm: 'head',
  fullEvery: 6,
};

export const families: Readonly<Record<string, Family>> = {
  llama: {},
  mistral: { bias: '' },
  qwen2: { bias: 'qkv' },
  qwen3: { defaults: { head_dim: 128 }, queryKeyNorm: 'head' },
  gemma: { defaults: gemma },
  gemma2: { defaults: { sliding_window: 4096, ...gemma }, norms: [...twoNorms, ...afterNorms], fullEvery: 2 },
  gemma3,
  gemma3_text: gemma3,
  phi: { bias: 'qkvomh', norm: 2, norms: ['attn_norm'], mlp: 'plain' },
  phi3: { bias: '', fusedQkv: true, mlp: 'fused' },
  olmo: { norm: 0 },
  olmo2: { norms: afterNorms, queryKeyNorm: 'full' },
  gpt2: {
    keys: {
      hidden: 'n_embd',
      layers: 'n_layer',
      heads: 'n_head',
      kvHeads: 'n_head',
      intermediate: 'n_inner',
      positions: 'n_positions',
    },
    defaults: tied,
    bias: 'qkvom',
    norm: 2,
    fusedQkv: true,
    mlp: 'plain',
    widening: 4,
  },
  mixtral: { keys: { experts: 'num_local_experts' }, bias: '' },
  olmoe: { keys: { experts: 'num_experts' }, queryKeyNorm: 'full' },
  qwen3_moe: { keys: { experts: 'num_experts', intermediate: 'moe_intermediate_size' }, queryKeyNorm: 'head' },
};

/** Keys of layouts unlike all of these, and what to call them. */
export const strangers: Readonly<Record<string, string>> = {
  kv_lora_rank: 'multi-head latent attention',
  linear_conv_kernel_dim: 'linear attention',
  mamba_d_state: 'state-space layers',
  state_size: 'state-space layers',
  decoder_sparse_step: 'dense layers between mixtures',
  mlp_only_layers: 'dense layers between mixtures',
};
