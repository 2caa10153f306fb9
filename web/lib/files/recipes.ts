// Which type each tensor of a model gets: llama.cpp's recipes ("file types") as tables, and what happens where rows do not
// fit. The rules are src/llama-quant.cpp's at commit 3af988fa (2026-08-21).
import { FewbitsError } from '../errors.ts';
import { blockFormatRows } from '../formats.generated.ts';
import { describe, nearest } from '../formats.ts';
import type { BlockFormatName } from '../types.ts';

/** A type that a GGUF tensor can be converted to. */
export type TensorType = BlockFormatName | 'float32' | 'float16' | 'bfloat16';

/** What the recipes ask about a model. */
export interface RecipeModel {
  /** GGUF's general.architecture: 'llama', 'qwen3moe'. */
  architecture: string;
  /** Blocks, those that predict further tokens (MTP) included. */
  layers: number;
  /** Attention heads and key/value heads of block 0; no key/value heads: 0. */
  heads: number;
  kvHeads: number;
  /** Experts of a mixture; none: 0. */
  experts?: number;
  /** GGUF's names; shapes slowest first, so that the last size is the length of a row. */
  tensors: readonly { name: string; shape: readonly number[] }[];
}

/** Sets the type of the tensors whose name has the pattern; a string is a regular expression, lower-cased as llama.cpp does. */
export interface TypeOverride {
  pattern: RegExp | string;
  type: TensorType;
}

export interface RecipeOptions {
  /** Whether an importance matrix will be used: some recipes choose other types with one. Default false. */
  importance?: boolean;
  /** The first whose pattern is found in a name decides, before the recipe does. */
  overrides?: readonly TypeOverride[];
}

export interface UniformOptions extends RecipeOptions {
  /**
   * Every tensor given gets the type, whatever its name; where no type fits its rows, float16. For models whose names are
   * not llama.cpp's.
   */
  anyName?: boolean;
}

/** The type of one tensor. */
export interface TypeChoice {
  name: string;
  type: TensorType;
  /** In words. */
  reason: string;
  /** llama.cpp refuses to make this without an importance matrix. */
  needsImportance: boolean;
}

// --- the tables ------------------------------------------------------------------------------------------------------

/** Where a tensor stands: what the conditions of a recipe look at. */
interface Place {
  /** Which one of how many: of those of its kind, or its block of all blocks. */
  index: number;
  count: number;
  /** Attention heads per key/value head, rounded down. */
  grouping: number;
  experts: number;
  importance: boolean;
}
type Condition = (place: Place) => boolean;
/** One type, or the first whose condition holds. */
type Rule = TensorType | readonly (readonly [Condition, TensorType])[];

const upTo = (place: Place, part: number) => place.index < Math.floor(place.count / part);
const firstEighth: Condition = (place) => upTo(place, 8);
const firstSixteenth: Condition = (place) => upTo(place, 16);
const inLastEighth: Condition = ({ index, count }) => index >= Math.floor((7 * count) / 8);
const middle: Condition = (place) => !firstEighth(place) && !inLastEighth(place);
/** llama.cpp's `use_more_bits`: the first and the last eighth, and every third between. */
const more: Condition = (place) => !middle(place) || (place.index - Math.floor(place.count / 8)) % 3 === 2;
const among =
  (first: number): Condition =>
  ({ index }) =>
    index < first;
const grouped: Condition = ({ grouping }) => grouping >= 4;
const groupedOrMixture: Condition = ({ grouping, experts }) => grouping >= 4 || experts >= 4;
const eightExperts: Condition = ({ experts }) => experts === 8;
const withImportance: Condition = ({ importance }) => importance;
const otherwise: Condition = () => true;
const not =
  (condition: Condition): Condition =>
  (place) =>
    !condition(place);
const both =
  (a: Condition, b: Condition): Condition =>
  (place) =>
    a(place) && b(place);

/** Kinds of tensors that recipes treat apart, by what their names contain; the first that is found counts. */
const KINDS = {
  value: ['attn_qkv.weight', 'attn_kv_b.weight', 'attn_v.weight'],
  key: ['attn_k.weight'],
  query: ['attn_q.weight'],
  attentionOutput: ['attn_output.weight'],
  up: ['ffn_up'],
  gate: ['ffn_gate'],
  down: ['ffn_down'],
} as const;
type Kind = keyof typeof KINDS;

interface Recipe extends Partial<Record<Kind, Rule>> {
  name: string;
  /** What general.file_type says of such a file: llama.h's llama_ftype. */
  fileType: number;
  base: TensorType;
  /** Of the output matrix, or of the embedding where that is both; default q6_k. */
  output?: TensorType;
  /** Of an embedding that is not the output as well; default the base type. */
  embedding?: TensorType;
  /** Below three bits: positions count tensors, and the rules for all recipes do not apply. */
  fewBits?: boolean;
  /** Plain numbers: nothing but the type is decided. */
  plain?: boolean;
}

const EIGHT_TO_Q5: readonly [Condition, TensorType] = [eightExperts, 'q5_k'];

const veryFewBits = (name: string, fileType: number, base: TensorType, own: Partial<Recipe> = {}): Recipe => ({
  ...{ name, fileType, base, fewBits: true, output: 'q5_k', embedding: 'q2_k' },
  value: [
    [groupedOrMixture, 'q4_k'],
    [otherwise, 'q2_k'],
  ],
  key: [[eightExperts, 'q4_k']],
  down: [[firstEighth, 'q2_k']],
  attentionOutput: [EIGHT_TO_Q5],
  ...own,
});

const iq1: Partial<Recipe> = { attentionOutput: [EIGHT_TO_Q5, [otherwise, 'iq2_xxs']] };
const iq2Larger: Partial<Recipe> = {
  embedding: 'iq3_s',
  value: [
    [groupedOrMixture, 'q4_k'],
    [otherwise, 'iq3_s'],
  ],
  down: [[firstEighth, 'iq3_s']],
  attentionOutput: [EIGHT_TO_Q5, [otherwise, 'iq3_s']],
};
const iq3Larger: Partial<Recipe> = { value: [[grouped, 'q4_k']], attentionOutput: [EIGHT_TO_Q5] };
const iq4: Partial<Recipe> = {
  value: [[grouped, 'q5_k']],
  down: [[both(firstEighth, not(withImportance)), 'q5_k']],
  attentionOutput: [EIGHT_TO_Q5],
};
const moreBits: Partial<Recipe> = { value: [[more, 'q6_k']], down: [[more, 'q6_k']] };
const ternary: Partial<Recipe> = { embedding: 'q4_k' };

const RECIPES: readonly Recipe[] = [
  { name: 'f32', fileType: 0, base: 'float32', plain: true },
  { name: 'f16', fileType: 1, base: 'float16', plain: true },
  { name: 'bf16', fileType: 32, base: 'bfloat16', plain: true },
  {
    ...{ name: 'q4_0', fileType: 2, base: 'q4_0' },
    down: [[both(withImportance, firstEighth), 'q4_1']],
  },
  { name: 'q4_1', fileType: 3, base: 'q4_1' },
  {
    ...{ name: 'q5_0', fileType: 8, base: 'q5_0' },
    down: [[both(withImportance, firstEighth), 'q5_1']],
  },
  { name: 'q5_1', fileType: 9, base: 'q5_1' },
  { name: 'q8_0', fileType: 7, base: 'q8_0', output: 'q8_0' },
  {
    ...{ name: 'q2_k', fileType: 10, base: 'q2_k', down: 'q3_k' },
    value: [
      [grouped, 'q4_k'],
      [otherwise, 'q3_k'],
    ],
    attentionOutput: [EIGHT_TO_Q5, [otherwise, 'q3_k']],
  },
  {
    ...{ name: 'q2_k_s', fileType: 21, base: 'q2_k' },
    value: [[grouped, 'q4_k']],
    down: [[firstEighth, 'q4_k']],
  },
  { name: 'q3_k_s', fileType: 11, base: 'q3_k', attentionOutput: [EIGHT_TO_Q5] },
  {
    ...{ name: 'q3_k_m', fileType: 12, base: 'q3_k' },
    value: [
      [among(2), 'q5_k'],
      [otherwise, 'q4_k'],
    ],
    down: [
      [firstSixteenth, 'q5_k'],
      [otherwise, 'q4_k'],
    ],
    attentionOutput: [EIGHT_TO_Q5, [otherwise, 'q4_k']],
  },
  {
    ...{ name: 'q3_k_l', fileType: 13, base: 'q3_k', value: 'q5_k', down: 'q5_k' },
    attentionOutput: [[not(eightExperts), 'q5_k']],
  },
  {
    ...{ name: 'q4_k_s', fileType: 14, base: 'q4_k' },
    value: [[among(4), 'q5_k']],
    down: [[firstEighth, 'q5_k']],
    attentionOutput: [EIGHT_TO_Q5],
  },
  { name: 'q4_k_m', fileType: 15, base: 'q4_k', ...moreBits, attentionOutput: [EIGHT_TO_Q5] },
  { name: 'q5_k_s', fileType: 16, base: 'q5_k' },
  { name: 'q5_k_m', fileType: 17, base: 'q5_k', ...moreBits },
  { name: 'q6_k', fileType: 18, base: 'q6_k' },
  veryFewBits('iq1_s', 24, 'iq1_s', iq1),
  veryFewBits('iq1_m', 31, 'iq1_m', iq1),
  veryFewBits('iq2_xxs', 19, 'iq2_xxs'),
  veryFewBits('iq2_xs', 20, 'iq2_xs'),
  veryFewBits('iq2_s', 28, 'iq2_xs', iq2Larger),
  veryFewBits('iq2_m', 29, 'iq2_s', iq2Larger),
  {
    ...{ name: 'iq3_xxs', fileType: 23, base: 'iq3_xxs', output: 'q5_k', embedding: 'iq3_s' },
    value: [
      [grouped, 'q4_k'],
      [withImportance, 'iq3_xxs'],
      [otherwise, 'iq3_s'],
    ],
    ...{ key: 'iq2_s', query: 'iq2_s' },
    down: [
      [withImportance, 'iq3_xxs'],
      [firstEighth, 'q4_k'],
      [otherwise, 'q3_k'],
    ],
    attentionOutput: [EIGHT_TO_Q5, [otherwise, 'iq3_s']],
  },
  {
    ...{ name: 'iq3_xs', fileType: 22, base: 'iq3_s', ...iq3Larger, key: 'iq3_xxs', query: 'iq3_xxs' },
    gate: [[middle, 'iq3_xxs']],
    up: [[middle, 'iq3_xxs']],
  },
  { name: 'iq3_s', fileType: 26, base: 'iq3_s', ...iq3Larger },
  {
    ...{ name: 'iq3_m', fileType: 27, base: 'iq3_s', value: 'q4_k' },
    down: [
      [firstEighth, 'q4_k'],
      [both(eightExperts, more), 'q4_k'],
    ],
    attentionOutput: [EIGHT_TO_Q5, [otherwise, 'q4_k']],
  },
  { name: 'iq4_nl', fileType: 25, base: 'iq4_nl', ...iq4 },
  { name: 'iq4_xs', fileType: 30, base: 'iq4_xs', ...iq4 },
  { name: 'tq1_0', fileType: 36, base: 'tq1_0', ...ternary },
  { name: 'tq2_0', fileType: 37, base: 'tq2_0', ...ternary },
  { name: 'q1_0', fileType: 40, base: 'q1_0' },
  { name: 'q2_0', fileType: 41, base: 'q2_0', ...ternary },
  { name: 'mxfp4_moe', fileType: 38, base: 'mxfp4', output: 'q8_0' },
];

/** llama-quantize's short names. */
const ALIASES: Readonly<Record<string, string>> = { q3_k: 'q3_k_m', q4_k: 'q4_k_m', q5_k: 'q5_k_m' };

/** Falcon's own rules for down projections; where there is none, the recipe's. */
const FALCON_DOWN: Readonly<Record<string, Rule>> = {
  q3_k_m: [
    [firstSixteenth, 'q5_k'],
    [more, 'q4_k'],
    [otherwise, 'q3_k'],
  ],
  q3_k_l: 'q4_k',
  q4_k_m: [
    [firstSixteenth, 'q6_k'],
    [more, 'q5_k'],
  ],
  q4_k_s: [],
};
/** Falcon's rules for attention outputs; where there is none, the base type. */
const FALCON_ATTENTION_OUTPUT: Readonly<Record<string, Rule>> = { q3_k_l: 'q4_k' };

/** Models that llama.cpp calls 70B: so many layers, and a share of key/value heads where one is asked for. */
const SEVENTY_BILLION: Readonly<Record<string, { layers: number; grouped?: boolean }>> = {
  llama: { layers: 80, grouped: true },
  qwen2: { layers: 80 },
  deci: { layers: 80 },
  olmo: { layers: 80 },
  jais2: { layers: 68 },
};

/** What llama.cpp takes where a row is no multiple of a type's block. */
const SUBSTITUTES: Readonly<Record<string, TensorType>> = {
  ...Object.fromEntries(
    ['iq1_s', 'iq1_m', 'iq2_xxs', 'iq2_xs', 'iq2_s', 'iq3_xxs', 'iq3_s', 'iq4_xs'].map((type) => [type, 'iq4_nl']),
  ),
  ...Object.fromEntries(['q2_k', 'q3_k', 'tq1_0', 'tq2_0', 'q2_0'].map((type) => [type, 'q4_0'])),
  ...{ q4_k: 'q5_0', q5_k: 'q5_1', q6_k: 'q8_0' },
};

/** Tensors that llama.cpp never quantizes: small, or sensitive. Found anywhere in a name ... */
const KEPT =
  /_norm\.weight|ffn_gate_inp\.weight|ffn_gate_tid2eid\.weight|altup|laurel|per_layer_model_proj|ssm_conv1d|shortconv\.conv\.weight|indexer\.[kq]_proj\.weight|time_mix_(?:first|w[012]|v[012]|a[012]|g[12]|decay_w[12]|lerp_fused)\.weight|attn_rel_b\.weight|\.position_embd|sam\.pos_embd|sam\.neck\.|sam\.net_|\.rel_pos|\.patch_embd|\.patch_merger|a\.rvq\.codebook|mm\.a\.code_embd/;
/** ... or the whole name: learned positions and token types. */
const KEPT_WHOLE: readonly string[] = ['position_embd.weight', 'token_types.weight'];

const OUTPUT = 'output.weight';
const EMBEDDINGS: readonly string[] = ['token_embd.weight', 'per_layer_token_embd.weight'];

/** Types that are made with an importance matrix only; q2_k only inside a q2_k_s file. */
const NEEDS_IMPORTANCE: readonly TensorType[] = ['iq1_s', 'iq1_m', 'iq2_xxs', 'iq2_xs', 'iq2_s', 'iq3_xxs'];

/** Intermediate results of ggml, never a tensor's type in a file. */
const INTERNAL: readonly string[] = ['q8_1', 'q8_k'];

// --- finding rows ----------------------------------------------------------------------------------------------------

/** The names of all recipes, as `recipeTypes` takes them. */
export const recipeNames: readonly string[] = RECIPES.map(({ name }) => name);

/** What general.file_type says of a file made by that recipe. @throws UNKNOWN_FORMAT */
export const recipeFileType = (recipe: string): number => findRecipe(recipe).fileType;

function unknown(what: string, asked: unknown, names: readonly string[]): FewbitsError {
  if (typeof asked !== 'string')
    return new FewbitsError(
      'UNKNOWN_FORMAT',
      `A ${what} is given by its name, such as '${names.at(-1)}', not by ${describe(asked)}.`,
    );
  const suggestion = nearest(asked, names);
  const message = `There is no ${what} '${asked.slice(0, 64)}' here. Did you mean '${suggestion}'?`;
  return new FewbitsError('UNKNOWN_FORMAT', message, { [what]: asked, nearest: suggestion });
}

function findRecipe(asked: unknown): Recipe {
  const name = typeof asked === 'string' && Object.hasOwn(ALIASES, asked) ? ALIASES[asked] : asked;
  const found = RECIPES.find((recipe) => recipe.name === name);
  if (found) return found;
  throw unknown('recipe', asked, recipeNames);
}

/** ggml's formats: how many values a block has. */
const BLOCK_SIZES = new Map<TensorType, number>(
  blockFormatRows.flatMap(([name, family, size]) =>
    family === 'ggml' && !INTERNAL.includes(name) ? [[name, size]] : [],
  ),
);

/** The types that tensors of a GGUF can be converted to. */
export const tensorTypes = (): TensorType[] => ['float32', 'float16', 'bfloat16', ...BLOCK_SIZES.keys()];

/** That type, once it is known to be one. @throws UNKNOWN_FORMAT */
export function findTensorType(asked: unknown): TensorType {
  const types = tensorTypes();
  if (types.includes(asked as TensorType)) return asked as TensorType;
  throw unknown('type', asked, types);
}

/** How many values a block has; 1 for plain numbers. */
const blockSize = (type: TensorType): number => BLOCK_SIZES.get(type) ?? 1;

// --- choosing --------------------------------------------------------------------------------------------------------

interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
}

const rowLength = ({ shape }: Tensor): number => shape.at(-1) ?? 1;

/** Sizes of 1 that come first do not count as dimensions. */
function dimensions({ shape }: Tensor): number {
  const first = shape.findIndex((size) => size !== 1);
  return first < 0 ? 1 : shape.length - first;
}

/** Whether llama.cpp quantizes such a tensor at all. */
export const isQuantizable = (tensor: Tensor): boolean =>
  dimensions(tensor) >= 2 &&
  tensor.name.endsWith('weight') &&
  !KEPT.test(tensor.name) &&
  !KEPT_WHOLE.includes(tensor.name);

/** The block that a tensor belongs to; -1 for those of no block. */
const blockOf = ({ name }: { name: string }): number => Number(/^blk\.(\d+)/.exec(name)?.[1] ?? -1);

const kindOf = ({ name }: Tensor): Kind | undefined => {
  if (name === OUTPUT || EMBEDDINGS.includes(name)) return undefined;
  return (Object.keys(KINDS) as Kind[]).find((kind) => KINDS[kind].some((part) => name.includes(part)));
};

/** llama.cpp's order: those of no block, then block by block, by name. */
export const inOrder = <T extends { name: string }>(tensors: readonly T[]): T[] =>
  [...tensors].sort((a, b) => blockOf(a) - blockOf(b) || (a.name < b.name ? -1 : Number(a.name > b.name)));

/** Goes through a model's tensors in order and keeps count of how many of each kind came before. */
class Chooser {
  private readonly seen = new Map<Kind, number>();
  private readonly values: number;
  private readonly tied: boolean;
  private readonly grouping: number;
  private readonly experts: number;
  private readonly falcon: boolean;

  constructor(
    private readonly model: RecipeModel,
    private readonly recipe: Recipe,
    private readonly importance: boolean,
  ) {
    this.values = model.tensors.filter((tensor) => kindOf(tensor) === 'value').length;
    this.tied = model.tensors.every(({ name }) => name !== OUTPUT);
    this.grouping = model.kvHeads > 0 ? Math.floor(model.heads / model.kvHeads) : 0;
    this.experts = model.experts ?? 0;
    this.falcon = model.architecture === 'falcon';
  }

  /** The type before anyone asks whether rows fit, and why. */
  choose(tensor: Tensor): [type: TensorType, reason: string] {
    const { name, base, output = 'q6_k', embedding = base } = this.recipe;
    const isEmbedding = EMBEDDINGS.includes(tensor.name);
    if (tensor.name === OUTPUT || (this.tied && isEmbedding)) {
      const fits = rowLength(tensor) % blockSize(base) === 0 && !this.falcon;
      const type = fits || name === 'mxfp4_moe' ? output : 'q8_0';
      return [type, `${name}'s type for the output${isEmbedding ? ', which the embedding is too' : ''}`];
    }
    if (name === 'mxfp4_moe') return this.mixture(tensor);
    if (isEmbedding) return [embedding, `${name}'s type for embeddings`];
    const kind = kindOf(tensor);
    const type = kind && this.ofKind(kind, tensor);
    return type
      ? [type, `${name}'s type for ${tensor.name.replace(/^blk\.\d+\./, '')}`]
      : [base, `${name}'s base type`];
  }

  /** Three dimensions are experts, but in bailingmoe3 not all of them. */
  private mixture(tensor: Tensor): [type: TensorType, reason: string] {
    const kind = kindOf(tensor);
    const isExpert = kind === 'up' || kind === 'gate' || kind === 'down';
    return (tensor.shape.at(-3) ?? 1) > 1 && (this.model.architecture !== 'bailingmoe3' || isExpert)
      ? ['mxfp4', "mxfp4_moe's type for experts"]
      : ['q8_0', "mxfp4_moe's type for all but experts"];
  }

  private ofKind(kind: Kind, tensor: Tensor): TensorType | undefined {
    const type = this.follow(this.ruleFor(kind), this.place(kind, tensor));
    if (this.recipe.fewBits) return type;
    if (kind === 'key' || kind === 'value') {
      if (this.experts === 8) return 'q8_0';
      const used = type ?? this.recipe.base;
      if (kind === 'value' && this.isSeventyBillion() && (used === 'q3_k' || used === 'q4_k')) return 'q5_k';
    }
    return type;
  }

  private ruleFor(kind: Kind): Rule | undefined {
    const { name, fewBits } = this.recipe;
    if (this.falcon && !fewBits) {
      if (kind === 'attentionOutput') return FALCON_ATTENTION_OUTPUT[name];
      if (kind === 'down') return FALCON_DOWN[name] ?? this.recipe.down;
    }
    return this.recipe[kind];
  }

  private follow(rule: Rule | undefined, place: Place): TensorType | undefined {
    return typeof rule === 'string' ? rule : rule?.find(([condition]) => condition(place))?.[1];
  }

  private place(kind: Kind, tensor: Tensor): Place {
    const { grouping, experts, importance } = this;
    const before = this.seen.get(kind) ?? 0;
    this.seen.set(kind, before + 1);
    const place = { index: before, count: this.model.layers, grouping, experts, importance };
    if (kind === 'value') place.count = this.values;
    else if (/^(down|gate|up)$/.test(kind) && experts > 1 && !this.recipe.fewBits) place.index = this.block(tensor);
    return place;
  }

  /** Experts need not come in order, so that their block's number counts. */
  private block(tensor: Tensor): number {
    const block = blockOf(tensor);
    if (block >= 0 && block < this.model.layers) return block;
    throw new FewbitsError(
      'BAD_ARGUMENT',
      `Tensor '${tensor.name.slice(0, 80)}' should be in a block from 0 to ${this.model.layers - 1} (blk.0. ...), which ` +
        'recipes for mixtures look at. Check layers and the names.',
      { tensor: tensor.name, layers: this.model.layers },
    );
  }

  private isSeventyBillion(): boolean {
    const { architecture, layers } = this.model;
    if (!Object.hasOwn(SEVENTY_BILLION, architecture)) return false;
    const row = SEVENTY_BILLION[architecture]!;
    return layers === row.layers && (!row.grouped || this.model.heads !== this.model.kvHeads);
  }
}

/**
 * The type, or what llama.cpp takes where rows are no multiple of its block.
 * @throws UNSUPPORTED where nothing is taken instead
 */
export function fittingType(tensor: Tensor, type: TensorType): { type: TensorType; reason?: string } {
  const columns = rowLength(tensor);
  if (columns % blockSize(type) === 0) return { type };
  const problem = unfit(columns, type);
  const instead = Object.hasOwn(SUBSTITUTES, type) ? SUBSTITUTES[type]! : undefined;
  if (!instead)
    throw new FewbitsError(
      'UNSUPPORTED',
      `Tensor '${tensor.name.slice(0, 80)}': ${problem}, and llama.cpp knows no type instead. Choose another type for it.`,
      { tensor: tensor.name, type, columns },
    );
  if (columns % blockSize(instead) === 0) return { type: instead, reason: `${problem}: ${instead} instead` };
  return { type: 'float16', reason: `${problem}, nor into ${instead}'s of ${blockSize(instead)}: float16 instead` };
}

/** The same, but float16 where llama.cpp would refuse: what is not its model need not stop for one tensor. */
function fittingOrPlain(tensor: Tensor, type: TensorType): { type: TensorType; reason?: string } {
  const columns = rowLength(tensor);
  if (columns % blockSize(type) === 0 || Object.hasOwn(SUBSTITUTES, type)) return fittingType(tensor, type);
  return { type: 'float16', reason: `${unfit(columns, type)}: float16 instead` };
}

const unfit = (columns: number, type: TensorType): string =>
  `rows of ${columns} do not divide into ${type}'s blocks of ${blockSize(type)}`;

const badArgument = (name: string, value: unknown, must: string): FewbitsError =>
  new FewbitsError('BAD_ARGUMENT', `${name} is ${describe(value)}; it must be ${must}.`, { name });

function checkModel(model: RecipeModel): void {
  if (typeof model !== 'object' || model === null) throw badArgument('model', model, 'an object');
  if (typeof model.architecture !== 'string')
    throw badArgument('architecture', model.architecture, "general.architecture's word, such as 'llama'");
  for (const name of ['layers', 'heads', 'kvHeads', 'experts'] as const) {
    const value = model[name] ?? (name === 'experts' ? 0 : undefined);
    if (!Number.isSafeInteger(value) || value! < 0) throw badArgument(name, value, 'a whole number, 0 or more');
  }
  if (!Array.isArray(model.tensors)) throw badArgument('tensors', model.tensors, 'a list of { name, shape }');
  model.tensors.forEach((tensor: Partial<Tensor> | null, i) => {
    if (typeof tensor?.name !== 'string') throw badArgument(`tensors[${i}].name`, tensor?.name, 'a string');
    if (!Array.isArray(tensor.shape) || !tensor.shape.every((size) => Number.isSafeInteger(size) && size >= 0))
      throw badArgument(`tensors[${i}].shape`, tensor.shape, 'a list of whole numbers');
  });
}

/** Patterns that can be searched for. A string is a regular expression, in lower case as llama-quantize has it. */
function compileOverrides(overrides: readonly TypeOverride[] = []): { pattern: RegExp; type: TensorType }[] {
  return overrides.map(({ pattern, type }, i) => {
    const known = findTensorType(type);
    if (pattern instanceof RegExp)
      return { pattern: new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')), type: known };
    if (typeof pattern !== 'string') throw badArgument(`overrides[${i}].pattern`, pattern, 'a RegExp or a string');
    try {
      return { pattern: new RegExp(pattern.toLowerCase()), type: known };
    } catch (error) {
      const message = `overrides[${i}].pattern is no regular expression: ${(error as Error).message}.`;
      throw new FewbitsError('BAD_ARGUMENT', message, { name: `overrides[${i}].pattern` });
    }
  });
}

/** Every quantizable tensor with its type, in llama.cpp's order; `first` decides before rows are looked at. */
function choose(
  model: RecipeModel,
  { overrides: given, anyName = false }: UniformOptions,
  recipe: Recipe,
  first: (tensor: Tensor) => [type: TensorType, reason: string],
): TypeChoice[] {
  const overrides = compileOverrides(given);
  const fit = anyName ? fittingOrPlain : fittingType;
  return inOrder(model.tensors)
    .filter((tensor) => anyName || isQuantizable(tensor))
    .map((tensor) => {
      const override = recipe.plain ? undefined : overrides.find(({ pattern }) => pattern.test(tensor.name));
      const [wanted, why] = override ? [override.type, `override ${override.pattern}`] : first(tensor);
      const { type, reason = why } = fit(tensor, wanted);
      return { name: tensor.name, type, reason, needsImportance: needsImportance(tensor.name, type, recipe) };
    });
}

const needsImportance = (name: string, type: TensorType, recipe: Recipe): boolean =>
  name !== OUTPUT &&
  !EMBEDDINGS.includes(name) &&
  (NEEDS_IMPORTANCE.includes(type) || (type === 'q2_k' && recipe.name === 'q2_k_s'));

/**
 * Every tensor that a recipe quantizes, with its type and the reason for it, in llama.cpp's order. Tensors that keep their
 * type are absent.
 * @param recipe llama.cpp's file type in lower case: 'q4_k_m', 'iq4_xs', 'mxfp4_moe', 'f16'.
 * @throws UNKNOWN_FORMAT, BAD_ARGUMENT, UNSUPPORTED (rows that no type fits)
 */
export function chooseTypes(model: RecipeModel, recipe: string, options: RecipeOptions = {}): TypeChoice[] {
  checkModel(model);
  const row = findRecipe(recipe);
  const chooser = new Chooser(model, row, options.importance ?? false);
  return choose(model, options, row, (tensor) =>
    row.plain ? [row.base, `${row.name}'s type`] : chooser.choose(tensor),
  );
}

/**
 * One type for all tensors that can be quantized, as llama-quantize's --pure. Where rows do not fit it, another.
 * @throws UNKNOWN_FORMAT, BAD_ARGUMENT, UNSUPPORTED
 */
export function uniformTypes(
  model: Pick<RecipeModel, 'tensors'>,
  type: TensorType,
  options: UniformOptions = {},
): TypeChoice[] {
  const whole: RecipeModel = { architecture: '', layers: 0, heads: 0, kvHeads: 0, ...model };
  checkModel(whole);
  const base = findTensorType(type);
  return choose(whole, options, { name: type, fileType: 0, base }, () => [base, 'the type for all']);
}

/**
 * Which type every tensor gets by one of llama.cpp's recipes. Tensors that keep their type are absent.
 * @param recipe llama.cpp's file type in lower case: 'q4_k_m', 'iq4_xs', 'mxfp4_moe', 'f16'.
 * @throws UNKNOWN_FORMAT, BAD_ARGUMENT, UNSUPPORTED (rows that no type fits)
 */
export function recipeTypes(model: RecipeModel, recipe: string, options: RecipeOptions = {}): Map<string, TensorType> {
  return new Map(chooseTypes(model, recipe, options).map(({ name, type }) => [name, type]));
}
