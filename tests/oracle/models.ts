// Small models as llama.cpp knows them, of made weights: GGUF files with metadata of an architecture, and importances.
import { init, type NumberFormatName } from 'fewbits';
import { ggmlType } from '../../web/lib/containers/gguf.ts';
import { ByteWriter } from '../../web/lib/containers/write.ts';
import { planGguf, textKey, u32Key } from '../../web/lib/containers/write-gguf.ts';
import { Random } from './inputs.ts';

type Shape = readonly number[];

export interface Design {
  architecture: string;
  /** What the weights are stored in; vectors are float32. */
  stored: 'float32' | 'float16' | 'bfloat16';
  /** After the architecture's name. */
  keys: Readonly<Record<string, number>>;
  layers: number;
  /** Slowest dimension first, as everywhere; of a block, and of none. */
  block: Readonly<Record<string, Shape>>;
  others: Readonly<Record<string, Shape>>;
}

/** A design's sizes: width, feed-forward width, heads and how many of them have keys of their own, each so wide. */
interface Sizes {
  width: number;
  inner: number;
  heads: number;
  kvHeads: number;
  head: number;
}

const VOCABULARY = 96;

const attention = ({ width, heads, kvHeads, head }: Sizes) => ({
  'attn_norm.weight': [width],
  'attn_q.weight': [heads * head, width],
  'attn_k.weight': [kvHeads * head, width],
  'attn_v.weight': [kvHeads * head, width],
  'attn_output.weight': [width, heads * head],
});
const gatedFeedForward = ({ width, inner }: Sizes) => ({
  'ffn_norm.weight': [width],
  'ffn_gate.weight': [inner, width],
  'ffn_up.weight': [inner, width],
  'ffn_down.weight': [width, inner],
});
const experts = ({ width, inner }: Sizes, count: number) => ({
  'ffn_norm.weight': [width],
  'ffn_gate_inp.weight': [count, width],
  'ffn_gate_exps.weight': [count, inner, width],
  'ffn_up_exps.weight': [count, inner, width],
  'ffn_down_exps.weight': [count, width, inner],
});
const ends = (width: number) => ({ 'token_embd.weight': [VOCABULARY, width], 'output_norm.weight': [width] });
const output = (width: number) => ({ 'output.weight': [VOCABULARY, width] });
const sizeKeys = ({ width, inner, heads, kvHeads, head }: Sizes) => ({
  ...{ context_length: 512, embedding_length: width, feed_forward_length: inner },
  ...{ 'attention.head_count': heads, 'attention.head_count_kv': kvHeads },
  ...{ 'attention.key_length': head, 'attention.value_length': head },
});

export const llamaOf = (sizes: Sizes, layers: number, stored: Design['stored']): Design => ({
  ...{ architecture: 'llama', stored, layers, keys: sizeKeys(sizes) },
  block: { ...attention(sizes), ...gatedFeedForward(sizes) },
  others: { ...ends(sizes.width), ...output(sizes.width) },
});
const llama = () => llamaOf({ width: 256, inner: 512, heads: 4, kvHeads: 1, head: 64 }, 8, 'float32');

/** Rows of 320, 32 and 576 values: K-quants do not fit, blocks of 32 do. The embedding is the output too. */
function qwen2(): Design {
  const sizes: Sizes = { width: 320, inner: 576, heads: 5, kvHeads: 5, head: 64 };
  return {
    ...{ architecture: 'qwen2', stored: 'bfloat16', layers: 3, keys: sizeKeys(sizes) },
    block: { ...attention(sizes), 'attn_q.bias': [320], 'attn_v.bias': [320], ...gatedFeedForward(sizes) },
    others: ends(320),
  };
}

/** Some rows have 360 values, into which no block divides. */
function gemma2(): Design {
  const sizes: Sizes = { width: 256, inner: 360, heads: 4, kvHeads: 2, head: 64 };
  return {
    ...{ architecture: 'gemma2', stored: 'float16', layers: 3 },
    keys: { ...sizeKeys(sizes), 'attention.sliding_window': 128 },
    block: { ...attention(sizes), ...gatedFeedForward(sizes), 'post_ffw_norm.weight': [256] },
    others: ends(256),
  };
}

/** Eight experts, which have rules of their own. */
function mixture(): Design {
  const sizes: Sizes = { width: 256, inner: 256, heads: 4, kvHeads: 2, head: 64 };
  return {
    ...{ architecture: 'qwen3moe', stored: 'float16', layers: 3 },
    keys: { ...sizeKeys(sizes), expert_count: 8, expert_used_count: 2, expert_feed_forward_length: 256 },
    block: { ...attention(sizes), ...experts(sizes, 8) },
    others: { ...ends(256), ...output(256) },
  };
}

/** Fused attention, and rules of its own; heads for keys as many as make groups of four. */
function falcon(): Design {
  return {
    ...{ architecture: 'falcon', stored: 'float32', layers: 9 },
    keys: sizeKeys({ width: 256, inner: 512, heads: 4, kvHeads: 1, head: 64 }),
    block: {
      'attn_norm.weight': [256],
      'attn_norm.bias': [256],
      'attn_qkv.weight': [384, 256],
      'attn_output.weight': [256, 256],
      'ffn_up.weight': [512, 256],
      'ffn_down.weight': [256, 512],
    },
    others: { ...ends(256), ...output(256) },
  };
}

export const DESIGNS: Readonly<Record<string, () => Design>> = { llama, qwen2, gemma2, mixture, falcon };

interface Tensor {
  name: string;
  shape: Shape;
}

/** Embeddings first, as converters write them. */
function tensorsOf({ layers, block, others }: Design): Tensor[] {
  const entries = Object.entries(others).map(([name, shape]) => ({ name, shape }));
  for (let layer = 0; layer < layers; layer++)
    for (const [name, shape] of Object.entries(block)) entries.push({ name: `blk.${layer}.${name}`, shape });
  return entries;
}

const layerOf = (name: string) => Number(/^blk\.(\d+)/.exec(name)?.[1] ?? -1);
/** As llama.cpp writes files, so that a converted one can be the same from beginning to end. */
const inOrder = (tensors: Tensor[]) =>
  tensors.sort((a, b) => layerOf(a.name) - layerOf(b.name) || (a.name < b.name ? -1 : 1));

const product = (shape: Shape) => shape.reduce((count, size) => count * size, 1);

function f32Key(key: string, value: number): Uint8Array {
  const name = new TextEncoder().encode(key);
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  return new ByteWriter().u64(name.length).add(name).u32(6).u32(bits[0]!).finish();
}

/** What says nothing to the quantizer stands among the rest, to be carried over. */
function keysOf({ architecture, layers, keys }: Design): Uint8Array[] {
  const own = Object.entries({ block_count: layers, ...keys });
  return [
    textKey('general.architecture', architecture),
    textKey('general.name', 'Made of nothing'),
    u32Key('general.file_type', 1),
    ...own.map(([key, value]) => u32Key(`${architecture}.${key}`, value)),
    f32Key(`${architecture}.attention.layer_norm_rms_epsilon`, 1e-6),
    f32Key(`${architecture}.attention.layer_norm_epsilon`, 1e-5),
    textKey('tokenizer.chat_template', '{{ messages }}'),
  ];
}

/** Weights with a few outliers, of a spread that differs from row to row. */
function fillWeights(values: Float32Array, row: number, random: Random): void {
  let spread = 0;
  for (let i = 0; i < values.length; i++) {
    if (i % row === 0) spread = 0.01 + 0.05 * random.uniform();
    values[i] = spread * random.normal() * (random.below(200) ? 1 : 8);
  }
}

export interface MadeModel {
  bytes: Uint8Array;
  /** For all but one tensor, the values of the last block's attention, which goes without. */
  importance: Map<string, Float32Array>;
}

const STORED = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' } as const;

/** The GGUF of a design; `ordered`: with its tensors in llama.cpp's order. */
export async function makeModel(design: Design, seed: number, ordered: boolean): Promise<MadeModel> {
  const fewbits = await init();
  const random = new Random(seed, design.layers, 1);
  const made = ordered ? inOrder(tensorsOf(design)) : tensorsOf(design);
  const importance = new Map<string, Float32Array>();
  const data: Uint8Array[] = [];
  const infos = made.map(({ name, shape }) => {
    const values = new Float32Array(product(shape));
    fillWeights(values, shape.at(-1)!, random);
    const stored: keyof typeof STORED & NumberFormatName = shape.length > 1 ? design.stored : 'float32';
    const codes = fewbits.encode(values, stored);
    data.push(new Uint8Array(codes.buffer));
    const weights = new Float32Array(shape.at(-1)! * (shape.length > 2 ? shape[0]! : 1));
    if (shape.length > 1)
      importance.set(
        name,
        weights.map(() => random.uniform() ** 4),
      );
    return { name, shape, type: ggmlType(STORED[stored]), byteLength: codes.byteLength };
  });
  importance.delete([...importance.keys()].findLast((key) => /attn_(v|qkv)\.weight$/.test(key))!);
  const plan = planGguf(design.architecture, infos, keysOf(design), 32);
  const bytes = new Uint8Array(plan.byteLength);
  bytes.set(plan.head);
  for (const { index, byteOffset } of plan.placed) bytes.set(data[index]!, byteOffset);
  return { bytes, importance };
}
