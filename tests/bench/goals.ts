// What speed is asked for, as ratios of two rates that are measured side by side.
import { blockRows } from './blocks.ts';
import { type ContestantName, LARGE, SMALL } from './job.ts';
import { jobs } from './jobs.ts';

export interface Goal {
  jobs: readonly string[];
  elements: number;
  /** The kernel's rate to whose. */
  over: ContestantName;
  /** What must be, and what is wished for beyond that. */
  least: number;
  wished?: number;
}

const ggml = blockRows.filter(({ family }) => family === 'ggml');
const encoders = ggml.filter(({ canQuantize }) => canQuantize);
const decoders = ggml.map(({ name }) => `${name}-decode`).filter((name) => jobs.some((job) => job.name === name));
/** Those whose encoders search: the rest of q8_k's name says how it is used. */
const kQuants = encoders.filter(({ name, usesImportance }) => /^q\d_k$/.test(name) && usesImportance);
const names = (rows: typeof ggml) => rows.map(({ name }) => name);
const others = encoders.filter((row) => !kQuants.includes(row));
const weighted = (rows: typeof ggml) =>
  names(rows.filter(({ usesImportance }) => usesImportance)).map((name) => `${name}-importance`);

type Ratios = [jobs: readonly string[], over: ContestantName, least: number, wished?: number];

const inCache: Ratios[] = [
  [['absmax'], 'probe', 0.95],
  [['minmax'], 'probe', 0.8],
  [['int8', 'int8-product'], 'probe', 0.46],
  [['dynamic', 'int8-decode'], 'probe', 0.55],
  [['float16', 'e4m3'], 'probe', 0.18],
  [['float16-decode'], 'probe', 0.4],
  [['int8'], 'onnxKernel', 4],
  [['dynamic'], 'onnxKernel', 4.5],
  // A prototype's ratios first.
  [['q8_0', 'q4_0'], 'reference', 11, 14],
  [['q4_k'], 'reference', 5.3, 8],
  [['q6_k'], 'reference', 4.6, 7],
  // The other searches are asked for as much as the less of these two.
  [names(kQuants).filter((name) => name !== 'q4_k' && name !== 'q6_k'), 'reference', 4.6, 7],
  [['iq4_nl', 'iq4_xs'], 'reference', 4.6, 7],
  // What the prototype's decoders were to ggml's, compiled to wasm.
  [['q8_0-decode'], 'reference', 4.2],
  [['q4_0-decode'], 'reference', 1.1],
  [['q4_k-decode'], 'reference', 2.4],
  [['q6_k-decode'], 'reference', 8.2],
  // A thread in a tab does what a thread of llama.cpp's quantizer does, and twice that where there is a search.
  [[...names(kQuants), ...weighted(kQuants)], 'ggml', 2],
  [[...names(others), ...weighted(others)], 'ggml', 1],
  [decoders, 'ggml', 1],
];

/** The memory wall: whatever is done, moving the bytes takes as long. */
const fromMemory: Ratios = [jobs.filter(({ large }) => large).map(({ name }) => name), 'probe', 0.9];

const goal = ([of, over, least, wished]: Ratios, elements: number): Goal => ({
  jobs: of,
  elements,
  over,
  least,
  ...(wished && { wished }),
});

export const goals: readonly Goal[] = [...inCache.map((ratios) => goal(ratios, SMALL)), goal(fromMemory, LARGE)];
