// What a model needs in every width and every block format, and whether that fits.
import type { FewbitsError } from '../../../lib/errors.ts';
import type { BlockFormatName, Fewbits, ModelConfig, ModelMemory } from '../../../lib/types.ts';
import type { Dataset, Model } from '../../kit/contract.ts';
import { whole } from '../../kit/numbers.ts';
import { flag, number, type Option, type OptionsOf, text } from '../../kit/options.ts';
import { catalog } from './catalog.ts';

/** In `options.model`: a config.json of the reader's own, which never travels in a link, or nothing but a count. */
export const OWN = 'own';
export const COUNT = 'count';

const modelOption: Option<string> = {
  default: catalog[0]!.id,
  parse: (id) => (id === COUNT || catalog.some((known) => known.id === id) ? id : undefined),
  format: (id) => id,
};

export const options = {
  model: modelOption,
  /** Where `model` is COUNT. */
  parameters: number(70e9, { min: 1, max: 1e15, whole: true }),
  context: number(8192, { min: 1, max: 2 ** 24, whole: true }),
  batch: number(1, { min: 1, max: 4096, whole: true }),
  /** The bar that is looked at: bits, a block format, or a recipe. */
  type: text('q4_k', { maxLength: 24 }),
  /** In GB. */
  memory: number(48, { min: 0, max: 1e6 }),
  log: flag(false),
};
export type Options = OptionsOf<typeof options>;

export interface Bar {
  key: string;
  label: string;
  /** What is stored in that width. */
  detail: string;
  /** Floats of 16 bits and more, or fewer bits: quantized. */
  kind: 'original' | 'code';
  bitsPerWeight: number;
  weights: number;
  /** Why the model cannot be stored so; '' where it can. */
  problem: string;
}

export interface View {
  name: string;
  parameters: number;
  /** Bytes; null where only a count is known. */
  kvCache: number | null;
  compute: number | null;
  /** '2 × 80 × 8 × 128 × 8,192 × 1 × 2'; a second one where some layers have a window. */
  cacheProducts: string[];
  widths: Bar[];
  blocks: Bar[];
  /** What was taken for granted, for the bar that is looked at. */
  assumptions: string[];
}

/** What the bars are about. */
export interface Subject {
  name: string;
  config?: ModelConfig;
  parameters?: number;
}

function subjectOf({ model, parameters }: Options): Subject {
  if (model === COUNT) return { name: `A model of ${whole(parameters)} weights`, parameters };
  const known = catalog.find(({ id }) => id === model) ?? catalog[0]!;
  return { name: known.label, config: known.config };
}

export const model: Model<Options, View> = (fewbits, _dataset, given) => viewOf(fewbits, subjectOf(given), given);

/** The same for a config.json of the reader's own. */
export const own = (
  fewbits: Fewbits,
  _dataset: Dataset,
  { subject, options }: { subject: Subject; options: Options },
) => viewOf(fewbits, subject, options);

const WIDTHS: readonly [bits: number, detail: string][] = [
  [64, 'float64'],
  [32, 'float32'],
  [16, 'float16, bfloat16'],
  [8, 'int8, float8'],
  [4, 'int4, float4'],
];
/** Those that mix formats; Q8_0 has one, which stands among the formats. */
const RECIPES = ['Q5_K_M', 'Q4_K_M'];

function viewOf(fewbits: Fewbits, { name, config, parameters: given }: Subject, options: Options): View {
  const { context, batch } = options;
  const known = config && fewbits.modelMemory(config, { format: 'float32', context, batch });
  const parameters = known ? known.parameters : given!;
  const widths = WIDTHS.map(
    ([bits, detail]): Bar => ({
      key: String(bits),
      label: `${bits} bits`,
      detail,
      kind: bits >= 16 ? 'original' : 'code',
      bitsPerWeight: bits,
      weights: fewbits.weightBytes(parameters, bits),
      problem: '',
    }),
  );
  const bar = (key: string, detail: string, reckon: () => number): Bar => {
    const { result: weights = 0, problem } = attempt(reckon);
    return { key, label: key, detail, kind: 'code', bitsPerWeight: (8 * weights) / parameters, weights, problem };
  };
  const formats = fewbits.blockFormats.map(({ name: format, family }) =>
    bar(format, family, () =>
      config ? fewbits.modelMemory(config, { format, context }).weights : fewbits.weightBytes(parameters, format),
    ),
  );
  const recipes = config
    ? RECIPES.map((key) => bar(key, 'recipe', () => memoryIn(fewbits, config, key, options).weights))
    : [];
  return {
    name,
    parameters,
    kvCache: known?.kvCache ?? null,
    compute: known?.compute ?? null,
    cacheProducts: known ? cacheProductsOf(known) : [],
    widths,
    blocks: [...recipes, ...formats].sort((a, b) => Number(!!a.problem) - Number(!!b.problem) || b.weights - a.weights),
    assumptions: config ? memoryIn(fewbits, config, options.type, options).assumptions : [],
  };
}

/** Everything for one bar; where its rows do not divide, and for a plain width, what float32 would need. */
function memoryIn(fewbits: Fewbits, config: ModelConfig, key: string, { context, batch }: Options): ModelMemory {
  const format = fewbits.blockFormats.find(({ name }) => name === key)?.name;
  const reckon = (what: { format: BlockFormatName | 'float32' } | { recipe: string }) =>
    fewbits.modelMemory(config, { ...what, context, batch });
  if (RECIPES.includes(key)) return reckon({ recipe: key.toLowerCase() });
  return (format && attempt(() => reckon({ format })).result) ?? reckon({ format: 'float32' });
}

/** Rows that do not divide into a format's blocks: the one thing that can be wrong with a bar and not with the model. */
function attempt<T>(reckon: () => T): { result?: T; problem: string } {
  try {
    return { result: reckon(), problem: '' };
  } catch (error) {
    const { details, message } = error as FewbitsError;
    if (details?.['columns']) return { problem: message };
    throw error;
  }
}

/** The KV cache's terms as products, without the formats' names but with their two bytes. */
const cacheProductsOf = ({ terms }: ModelMemory): string[] =>
  terms.filter(({ name }) => name.startsWith('KV cache')).map(({ formula }) => formula.replace(/ \(.*\)/, ' × 2'));
