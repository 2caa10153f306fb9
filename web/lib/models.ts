// A Hugging Face config.json, read as the list of a model's tensors.
import { FewbitsError } from './errors.ts';
import { type Family, families, type Size, strangers, usualKeys } from './families.ts';
import { badArgument, keyed, whole } from './memory.ts';
import type { ModelConfig, ModelParameters, ParameterTerm } from './types.ts';

/** A configuration in one vocabulary, whatever its family calls things. Sizes that the family does not have are 0. */
export interface Model extends Record<Size, number> {
  family: Family;
  /** The head is the embedding. */
  tied: boolean;
  /** Projections with a bias, as in {@link Family.bias}. */
  bias: string;
  queryKeyNorm: Family['queryKeyNorm'];
  /** How far a windowed layer looks back, in tokens (0: no window is set), and how many layers do. */
  window: number;
  windowedLayers: number;
  /** Sentences about what was taken for granted. */
  assumptions: Set<string>;
}

const isSet = (value: unknown): boolean => value != null && value !== 1 && !(Array.isArray(value) && !value.length);

function findFamily(config: ModelConfig): Family {
  const type = keyed('config', config)['model_type'];
  if (typeof type !== 'string') throw badArgument('model_type', type, "a family's name, such as 'llama'");
  const family = Object.hasOwn(families, type) && families[type];
  const stranger = Object.keys(strangers).find((key) => isSet(config[key]));
  if (family && !stranger) return family;
  const known = Object.keys(families);
  const what = stranger ? `'${type}' (${strangers[stranger]})` : `'${type}'`;
  throw new FewbitsError('UNSUPPORTED', `Models of type ${what} are not known yet. Known are ${known.join(', ')}.`, {
    family: type,
    known,
  });
}

/** Reads a configuration: what is missing has the family's default, nonsense is named. */
export function readModel(source: ModelConfig): Model {
  const family = findFamily(source);
  const config = keyed('text_config', (source['text_config'] ?? source) as ModelConfig);
  const keys = { ...usualKeys, ...family.keys };
  const value = (key: string): unknown => config[key] ?? family.defaults?.[key];
  const size = (name: Size, otherwise?: number): number => whole(keys[name], value(keys[name]) ?? otherwise);
  const flag = (key: string): boolean => {
    const found = value(key) ?? false;
    if (typeof found === 'boolean') return found;
    throw badArgument(key, found, 'true or false');
  };

  const assumptions = new Set<string>();
  if (config !== source) assumptions.add('Only the language model is counted, not what reads images.');
  const hidden = size('hidden');
  const layers = size('layers');
  const heads = size('heads');
  const kvHeads = size('kvHeads', heads);
  if (value(keys.kvHeads) == null) assumptions.add(`${keys.kvHeads} is missing: taken to be ${keys.heads}, ${heads}.`);
  if (heads % kvHeads) throw badArgument(keys.kvHeads, kvHeads, `a divisor of ${keys.heads}, ${heads}`);
  if (value(keys.headDim) == null && hidden % heads)
    throw badArgument(keys.hidden, hidden, `a multiple of ${keys.heads}, ${heads}, as there is no ${keys.headDim}`);

  const window = config['use_sliding_window'] === false ? null : value('sliding_window');
  return {
    family,
    hidden,
    layers,
    heads,
    kvHeads,
    headDim: size('headDim', hidden / heads),
    intermediate: size('intermediate', family.widening && family.widening * hidden),
    vocabulary: size('vocabulary'),
    positions: keys.positions ? size('positions') : 0,
    experts: keys.experts ? size('experts') : 0,
    tied: flag('tie_word_embeddings'),
    bias: family.bias ?? (flag('attention_bias') ? 'qkvo' : '') + (flag('mlp_bias') ? 'm' : ''),
    queryKeyNorm: flag('qk_layernorm') ? 'head' : family.queryKeyNorm,
    window: window == null ? 0 : whole('sliding_window', window),
    windowedLayers: window == null ? 0 : windowedLayers(layers, config, family),
    assumptions,
  };
}

function windowedLayers(layers: number, config: ModelConfig, family: Family): number {
  const types = config['layer_types'];
  if (Array.isArray(types)) return types.filter((type) => type === 'sliding_attention').length;
  const every = config['sliding_window_pattern'] ?? config['_sliding_window_pattern'] ?? family.fullEvery;
  return every ? layers - Math.floor(layers / whole('sliding_window_pattern', every)) : 0;
}

/** Every kind of tensor that the model has, in GGUF's names, with its row-major shape. */
export function tensorsOf(model: Model): ParameterTerm[] {
  const { family, hidden, layers, heads, kvHeads, headDim, intermediate, vocabulary, experts, bias } = model;
  const { norm = 1, norms = ['attn_norm', 'ffn_norm'], mlp = 'gated' } = family;
  const terms: ParameterTerm[] = [];
  const add = (name: string, count: number, ...shape: number[]) =>
    terms.push({ name, shape, count, total: shape.reduce((product, size) => product * size, count) });
  const addMatrix = (name: string, rows: number, columns: number, letter = '-', count = layers) => {
    add(`${name}.weight`, count, rows, columns);
    if (bias.includes(letter)) add(`${name}.bias`, count, rows);
  };
  const addNorm = (name: string, size: number, count = layers) => {
    if (norm) add(`${name}.weight`, count, size);
    if (norm === 2) add(`${name}.bias`, count, size);
  };

  const queries = heads * headDim;
  const keys = kvHeads * headDim;
  addMatrix('token_embd', vocabulary, hidden, '-', 1);
  if (model.positions) addMatrix('position_embd', model.positions, hidden, '-', 1);
  for (const name of norms) addNorm(name, hidden);
  if (family.fusedQkv) addMatrix('attn_qkv', queries + 2 * keys, hidden, 'q');
  else {
    addMatrix('attn_q', queries, hidden, 'q');
    addMatrix('attn_k', keys, hidden, 'k');
    addMatrix('attn_v', keys, hidden, 'v');
  }
  if (model.queryKeyNorm) {
    addNorm('attn_q_norm', model.queryKeyNorm === 'head' ? headDim : queries);
    addNorm('attn_k_norm', model.queryKeyNorm === 'head' ? headDim : keys);
  }
  addMatrix('attn_output', hidden, queries, 'o');
  if (experts) {
    add('ffn_gate_inp.weight', layers, experts, hidden);
    for (const name of ['gate', 'up']) add(`ffn_${name}_exps.weight`, layers, experts, intermediate, hidden);
    add('ffn_down_exps.weight', layers, experts, hidden, intermediate);
  } else {
    if (mlp === 'gated') addMatrix('ffn_gate', intermediate, hidden, 'm');
    addMatrix('ffn_up', mlp === 'fused' ? 2 * intermediate : intermediate, hidden, 'm');
    addMatrix('ffn_down', hidden, intermediate, 'm');
  }
  addNorm('output_norm', hidden, 1);
  if (!model.tied) addMatrix('output', vocabulary, hidden, 'h', 1);
  return terms;
}

export function modelParameters(config: ModelConfig): ModelParameters {
  const terms = tensorsOf(readModel(config));
  return { parameters: terms.reduce((sum, { total }) => sum + total, 0), terms };
}
