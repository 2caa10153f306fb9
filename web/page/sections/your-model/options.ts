// What the reader chooses about a model, and what is shown of it: page and worker share these.
import type { TableData } from '../../kit/controls/table.tsx';
import { MINUS, whole } from '../../kit/numbers.ts';
import { choice, flag, number, type OptionsOf, text } from '../../kit/options.ts';

/** Types that a tensor of a GGUF can get, from few bits to many; those that need an importance matrix are not among them. */
export const TYPES = [
  ...['tq1_0', 'tq2_0', 'q2_k', 'q3_k', 'iq4_xs', 'iq4_nl', 'mxfp4', 'q4_0', 'q4_k', 'q4_1'],
  ...['q5_0', 'q5_k', 'q5_1', 'q6_k', 'q8_0', 'float16', 'bfloat16', 'float32'],
];
/** Those of safetensors. */
export const PLAIN_TYPES = ['float16', 'bfloat16', 'float32', 'float8_e4m3fn', 'float8_e5m2'];
/** llama.cpp's recipes that do without an importance matrix. */
export const RECIPES = [
  ...['q2_k', 'q3_k_s', 'q3_k_m', 'q3_k_l', 'iq4_xs', 'iq4_nl', 'q4_0', 'q4_k_s', 'q4_k_m'],
  ...['q5_k_s', 'q5_k_m', 'q6_k', 'q8_0', 'f16', 'bf16'],
];

export const options = {
  /** What decides about types: one for all, one of llama.cpp's recipes, or a size to meet. */
  by: choice(['type', 'recipe', 'size'], 'type'),
  type: text('q4_k', { maxLength: 20 }),
  recipe: text('q4_k_m', { maxLength: 20 }),
  /** Of the whole file, in bits per weight: a link must not tell how large a model of the reader's is. */
  size: number(6, { min: 0.5, max: 64 }),
  to: choice(['gguf', 'safetensors'], 'gguf'),
  plain: text('float16', { maxLength: 20 }),
  /** Measure every weight, also of large tensors. */
  every: flag(false),
  context: number(4096, { min: 1, max: 2 ** 24, whole: true }),
};
export type Options = OptionsOf<typeof options>;

/** The columns that the table can be sorted by; '-bytes' for the largest first. */
export type SortKey = 'index' | 'name' | 'bytes' | 'newBytes' | 'sqnrDb';
export interface Sort {
  key: SortKey;
  descending: boolean;
}

/** One tensor and what becomes of it. */
export interface Row {
  /** Its place in the file. */
  index: number;
  name: string;
  shape: readonly number[];
  /** The file's own word. */
  storedType: string;
  bytes: number;
  type: string;
  newBytes: number;
  /** Why it gets that type, in words; '' where it is what was asked for. */
  reason: string;
  /** What its new type keeps, in dB: Infinity for all; null as long as it is not measured. */
  sqnrDb: number | null;
  /** Measured on a sample. */
  approximate: boolean;
  /** The reader's own choice for it; '' for none. */
  chosen: string;
  /** What its rows allow; none for a tensor that keeps its type. */
  choices: string[];
}

/** The treemap: the largest tensors, and the sum of the others. */
export interface Tiles {
  index: number[];
  bytes: number[];
  /** How much is lost, from 0 to LEVELS; −1 as long as it is not measured. */
  heat: number[];
  /** Of the first LABELLED; what is left of them, written. */
  names: string[];
  decibels: string[];
  others: { count: number; bytes: number };
}

/** Steps of heat: what loses BEST dB or less has none, WORST or more has all of it. */
export const LEVELS = 10;
export const BEST = 50;
export const WORST = 5;
/** So many tensors are marks to focus; of more, the largest have their names on them. */
export const LABELLED = 64;

export interface View {
  /** Another for each model that is opened. */
  id: number;
  /** The guide's own. */
  isExample: boolean;
  name: string;
  /** 'safetensors', 'gguf' ...; how many files. */
  format: string;
  files: number;
  tensors: number;
  weights: number;
  /** Of all tensors, as they are stored. */
  bytes: number;
  /** What one should know about the file, in sentences. */
  notes: string[];
  /** The file to be written; null where it cannot be planned, and then why. */
  newName: string;
  newBytes: number | null;
  problem: string;
  /** Rows that do not fit and the like: a sentence, and of how many tensors it is true. */
  reasons: { reason: string; count: number }[];
  /** Whether recipes and target sizes can be asked for here, and why not. */
  recipeProblem: string;
  /** What a target size can be, in bytes; null where types are chosen another way. */
  reach: { least: number; most: number; target: number } | null;
  /** How many tensors the reader chose a type for. */
  chosen: number;
  measured: { done: number; of: number; approximate: boolean };
  /** The tensor that loses most, of those that are measured: the one looked at, until the reader picks another. */
  worst: (Row & { sqnrDb: number }) | null;
  tiles: Tiles;
  rows: Row[];
  memory: MemoryView | null;
}

export interface MemoryView {
  terms: { name: string; formula: string; bytes: number }[];
  total: number;
  /** Whether the layers are known, so that a context makes a difference. */
  hasCache: boolean;
  notes: string[];
}

/** Of a larger tensor so many weights are measured. */
export const SAMPLE = 2 ** 18;

/** Level of heat for an error of so many dB. */
export const heatOf = (sqnrDb: number): number =>
  Math.round(LEVELS * Math.min(1, Math.max(0, (BEST - sqnrDb) / (BEST - WORST))));

/** '26.9 dB', '≈ 26.9 dB'; 'exact' where nothing is lost. */
export function sayDecibels({ sqnrDb, approximate }: Pick<Row, 'sqnrDb' | 'approximate'>): string {
  if (sqnrDb === null) return '…';
  if (sqnrDb === Number.POSITIVE_INFINITY) return 'exact';
  return `${approximate ? '≈ ' : ''}${sqnrDb.toFixed(1).replace('-', MINUS)} dB`;
}

/** The largest tensors as a table beside the drawing. */
export const tableOf = ({ tiles }: View): TableData => ({
  caption: 'The largest tensors and the heat of their tiles',
  columns: ['Tensor', 'Bytes', `Heat, 0 to ${LEVELS}`],
  rows: tiles.names.map((name, i) => [
    name || 'array',
    whole(tiles.bytes[i]!),
    tiles.heat[i]! < 0 ? '…' : String(tiles.heat[i]),
  ]),
});

/** What the converted file is called. */
export function newName(name: string, { by, type, recipe, to, plain }: Options): string {
  const base = name.replace(/\.[^.]*$/, '');
  const what = to === 'safetensors' ? plain : by === 'recipe' ? recipe : by === 'size' ? 'mixed' : type;
  return `${base}-${what}.${to}`;
}
