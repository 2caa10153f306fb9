// What a model needs in every width and every block format, and whether that fits.
import type { FewbitsError } from '../../../lib/errors.ts';
import type { BlockFormatName, Fewbits, ModelConfig, ModelMemory } from '../../../lib/types.ts';
import type { Dataset, Model } from '../../kit/contract.ts';
import { whole } from '../../kit/numbers.ts';
import { catalog } from './catalog.ts';
import { COUNT, idOf, type Options } from './options.ts';

export { options } from './options.ts';

export interface Bar {
  /** A number of bits, a block format or a recipe. */
  key: string;
  /** What is stored in that width. */
  detail: string;
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
  /** What the KV cache is made of. */
  cacheParts: CachePart[];
  widths: Bar[];
  blocks: Bar[];
  /** What was taken for granted, for the bar that is looked at. */
  assumptions: string[];
}

/** What layers of one kind keep: keys and values, latent rows instead, or a state that no token adds to. */
export interface CachePart {
  kind: 'cache' | 'latent' | 'state';
  /** '2 × 80 × 8 × 128 × 8,192 × 1 × 2'; a second one where some layers have a window. */
  products: string[];
  bytes: number;
}

/** What the bars are about. */
export interface Subject {
  name: string;
  config?: ModelConfig;
  parameters?: number;
}

function subjectOf({ model, parameters }: Options): Subject {
  if (model === COUNT) return { name: `A model of ${whole(parameters)} weights`, parameters };
  return catalog.find(({ name }) => idOf(name) === model) ?? catalog[0]!;
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
/** What most files are in. */
const USUAL = [...['q8_0', 'q6_k', 'q4_k', 'q4_0', 'q3_k', 'q2_k', 'iq4_xs', 'iq2_xs', 'nf4', 'mxfp4'], ...RECIPES];

function viewOf(fewbits: Fewbits, { name, config, parameters: given }: Subject, options: Options): View {
  const { context, batch, type, all } = options;
  const known = config && fewbits.modelMemory(config, { format: 'float32', context, batch });
  const parameters = known ? known.parameters : given!;
  const widths = WIDTHS.map(([bits, detail]) => ({
    key: String(bits),
    detail,
    weights: fewbits.weightBytes(parameters, bits),
    problem: '',
  }));
  const bar = (key: string, detail: string, reckon: () => number): Bar => {
    const { result: weights = 0, problem } = attempt(reckon);
    return { key, detail, weights, problem };
  };
  const isShown = (key: string) => all || key === type || USUAL.includes(key);
  const formats = fewbits.blockFormats
    .filter(({ name: format }) => isShown(format))
    .map(({ name: format, family }) =>
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
    cacheParts: known ? cachePartsOf(known) : [],
    widths,
    blocks: [...recipes, ...formats].sort((a, b) => Number(!!a.problem) - Number(!!b.problem) || b.weights - a.weights),
    assumptions: config ? memoryIn(fewbits, config, type, options).assumptions : [],
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

/** The names of the terms that are kept beside the weights. */
const KINDS: readonly [kind: CachePart['kind'], names: readonly string[]][] = [
  ['cache', ['KV cache', 'KV cache, windowed']],
  ['latent', ['KV cache, latent']],
  ['state', ['Recurrent state']],
];

/** The cache's terms as products, without the formats' names but with their two bytes. */
function cachePartsOf({ terms }: ModelMemory): CachePart[] {
  return KINDS.map(([kind, names]) => {
    const own = terms.filter(({ name }) => names.includes(name));
    return {
      kind,
      products: own.map(({ formula }) => formula.replace(/ \(.*\)/, ' × 2')),
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }).filter(({ products }) => products.length > 0);
}
