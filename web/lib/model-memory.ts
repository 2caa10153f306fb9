// What a model needs to run: weights, KV cache and compute buffer, tensor by tensor.
import { FewbitsError } from './errors.ts';
import { families } from './families.ts';
import { findFormat } from './formats.ts';
import { badArgument, type FormatName, keyed, kvCacheBytes, rowBytes, whole } from './memory.ts';
import { type Model, readModel, tensorsOf } from './models.ts';
import type { MemoryTerm, ModelConfig, ModelMemory, ModelMemoryOptions, ParameterTerm } from './types.ts';

/** A format and how many tensors of one kind have it. */
type Share = [format: FormatName, count: number];

/** Tokens that are computed at once, by llama.cpp's default. */
const microBatch = 512;

/** What llama.cpp takes where a row does not divide into a format's blocks; all of these have blocks of 32. */
const substitutes: Partial<Record<string, FormatName>> = {
  q2_k: 'q4_0',
  q3_k: 'q4_0',
  tq1_0: 'q4_0',
  tq2_0: 'q4_0',
  q2_0: 'q4_0',
  q4_k: 'q5_0',
  q5_k: 'q5_1',
  q6_k: 'q8_0',
};

/** llama.cpp's mixtures that are known: the head has `output`, some of the layers `more` for values and down projection. */
interface Recipe {
  base: FormatName;
  output: FormatName;
  more: FormatName;
}
export const recipes: Readonly<Record<string, Recipe>> = {
  q8_0: { base: 'q8_0', output: 'q8_0', more: 'q8_0' },
  q4_k_m: { base: 'q4_k', output: 'q6_k', more: 'q6_k' },
  q5_k_m: { base: 'q5_k', output: 'q6_k', more: 'q6_k' },
};

/** Tensors of two dimensions that stay in float32, as do all of one. */
const unquantized = ['ffn_gate_inp.weight', 'position_embd.weight'];

const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;
const sumOf = (terms: readonly MemoryTerm[]): number => terms.reduce((sum, { bytes }) => sum + bytes, 0);
const digits = (value: number): string => value.toLocaleString('en');

function fits(columns: number, name: FormatName): boolean {
  const format = findFormat(name);
  return 'bits' in format || format.family !== 'ggml' || columns % format.blockSize === 0;
}

/** The format, or what llama.cpp puts in its place; formats that are not GGML's pad their last block instead. */
function fitting(columns: number, name: FormatName, assumptions: Set<string>): FormatName {
  if (fits(columns, name)) return name;
  const instead = name.startsWith('iq') ? 'iq4_nl' : substitutes[name];
  const problem = `Rows of ${digits(columns)} do not divide into blocks of ${name}`;
  if (!instead) throw new FewbitsError('UNSUPPORTED', `${problem}. Choose another format.`, { format: name, columns });
  const found = columns % 32 ? 'float16' : instead;
  assumptions.add(`${problem}: they are in ${found}, as in llama.cpp.`);
  return found;
}

/** llama.cpp's `use_more_bits`: the first and last eighth of the layers, and every third between. */
function layersWithMore(layers: number): number {
  const eighth = Math.floor(layers / 8);
  const isMore = (i: number) => i < eighth || i >= Math.floor((7 * layers) / 8) || (i - eighth) % 3 === 2;
  return Array.from({ length: layers }, (_, i) => i).filter(isMore).length;
}

function recipeShares({ base, output, more }: Recipe, { name, shape, count }: ParameterTerm, model: Model): Share[] {
  const all = (format: FormatName): Share[] => [[format, count]];
  const some = (rest: FormatName): Share[] => {
    const first = layersWithMore(count);
    return [
      [more, first],
      [rest, count - first],
    ];
  };
  const eightExperts = model.experts === 8;
  const seventyBillion = model.layers === 80 && (model.heads > model.kvHeads || model.family === families['qwen2']);
  switch (name) {
    case model.tied ? 'token_embd.weight' : 'output.weight':
      return all(fits(shape.at(-1)!, base) ? output : 'q8_0');
    case 'attn_v.weight':
    case 'attn_qkv.weight':
      return eightExperts ? all('q8_0') : some(seventyBillion && base === 'q4_k' ? 'q5_k' : base);
    case 'attn_k.weight':
      return all(eightExperts ? 'q8_0' : base);
    case 'attn_output.weight':
      return all(eightExperts && base === 'q4_k' ? 'q5_k' : base);
    case 'ffn_down.weight':
    case 'ffn_down_exps.weight':
      return some(base);
    default:
      return all(base);
  }
}

/** The formats that the tensors of one kind are in. */
function shares(term: ParameterTerm, model: Model, { format, recipe }: ModelMemoryOptions): Share[] {
  if (term.shape.length === 1 || unquantized.includes(term.name)) return [['float32', term.count]];
  if (format !== undefined) return [[format, term.count]];
  if (Object.hasOwn(recipes, recipe!)) return recipeShares(recipes[recipe!]!, term, model);
  const known = Object.keys(recipes);
  throw new FewbitsError('UNSUPPORTED', `The recipe '${recipe}' is not known. Known are ${known.join(', ')}.`, {
    recipe,
    known,
  });
}

/** One kind of tensor: tensors x rows x bytes of a row, for each format that some of them are in. */
function weightTerm(term: ParameterTerm, model: Model, options: ModelMemoryOptions): MemoryTerm {
  const columns = term.shape.at(-1)!;
  const rows = term.total / term.count / columns;
  let bytes = 0;
  const formulas: string[] = [];
  for (const [wanted, count] of shares(term, model, options)) {
    if (!count) continue;
    const format = fitting(columns, wanted, model.assumptions);
    const found = findFormat(format);
    // A format with one scale per tensor has one row.
    const parts =
      'blockSize' in found && !found.blockSize
        ? [count, 1, rowBytes(rows * columns, format)]
        : [count, rows, rowBytes(columns, format)];
    bytes += parts.reduce((product, part) => product * part);
    formulas.push(`${parts.map(digits).join(' × ')} (${format})`);
  }
  return { name: term.name, bytes, formula: formulas.join(' + ') };
}

/** The KV cache: layers with a sliding window keep fewer tokens in llama.cpp; vLLM reserves the same for all. */
function cacheTerms(model: Model, options: ModelMemoryOptions, cells: number): MemoryTerm[] {
  const { batch = 1, kvFormat = 'float16', kvFormatV = kvFormat, engine } = options;
  const { kvHeads, headDim, layers, window, windowedLayers, assumptions } = model;
  whole('batch', batch);
  const term = (name: string, layers: number, context: number): MemoryTerm => ({
    name,
    bytes: kvCacheBytes({ layers, kvHeads, headDim, context, batch, format: kvFormat, formatV: kvFormatV }),
    formula: `2 × ${[layers, kvHeads, headDim, context, batch].map(digits).join(' × ')} (${kvFormat}, ${kvFormatV})`,
  });
  const kept = Math.min(cells, roundUp(window + microBatch, 256));
  if (windowedLayers && kept < cells && engine !== 'vllm') {
    assumptions.add(
      `${windowedLayers} of ${layers} layers keep ${digits(kept)} tokens, their window and ${microBatch} more.`,
    );
    return [term('KV cache', layers - windowedLayers, cells), term('KV cache, windowed', windowedLayers, kept)];
  }
  if (window && window < cells)
    assumptions.add(`A sliding window of ${digits(window)} saves nothing: all layers keep all tokens.`);
  return [term('KV cache', layers, cells)];
}

/** llama.cpp's scratch space: the larger of what it takes with and without flash attention. */
function computeTerm({ vocabulary, hidden, heads }: Model, cells: number): MemoryTerm {
  const flash = microBatch * (vocabulary + hidden) * 4;
  const plain = microBatch * (heads * cells + 5 * hidden) * 4;
  return {
    name: 'Compute buffer',
    bytes: Math.max(flash, plain),
    formula:
      flash > plain
        ? `${microBatch} × (${digits(vocabulary)} + ${digits(hidden)}) × 4`
        : `${microBatch} × (${digits(heads)} × ${digits(cells)} + 5 × ${digits(hidden)}) × 4`,
  };
}

export function modelMemory(config: ModelConfig, options: ModelMemoryOptions): ModelMemory {
  const model = readModel(config);
  const { format, recipe, context, engine = 'llama.cpp' } = keyed('options', options);
  if ((format === undefined) === (recipe === undefined))
    throw badArgument(
      'format',
      format,
      recipe === undefined ? 'given, or else a recipe' : 'absent where there is a recipe',
    );
  if (engine !== 'llama.cpp' && engine !== 'vllm') throw badArgument('engine', engine, "'llama.cpp' or 'vllm'");
  const { assumptions } = model;
  const cells = roundUp(whole('context', context), engine === 'vllm' ? 16 : 256);
  if (cells > context) assumptions.add(`${engine} rounds ${digits(context)} tokens up to ${digits(cells)}.`);
  if (format !== 'float32') assumptions.add('Norms, biases and routers stay in float32.');

  const tensors = tensorsOf(model);
  const weights = tensors.map((term) => weightTerm(term, model, options));
  const cache = cacheTerms(model, options, cells);
  const compute = computeTerm(model, cells);
  assumptions.add(`The compute buffer is an estimate, for ${microBatch} tokens at a time.`);
  return {
    parameters: tensors.reduce((sum, { total }) => sum + total, 0),
    weights: sumOf(weights),
    kvCache: sumOf(cache),
    compute: compute.bytes,
    total: sumOf([...weights, ...cache, compute]),
    terms: [...weights, ...cache, compute],
    assumptions: [...assumptions],
  };
}
