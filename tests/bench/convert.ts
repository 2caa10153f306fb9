// Whole files: the package's conversion beside llama.cpp's own, with as many threads, and with two workers beside one.
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createPool, type Pool } from 'fewbits';
import { convertModel, openModel } from 'fewbits/files';
import { recipeFileType } from '../../web/lib/files/recipes.ts';
import { Llama } from '../oracle/llama.ts';
import { llamaOf, makeModel } from '../oracle/models.ts';
import { median } from './statistics.ts';

interface Goals {
  /** Our time, as a part of theirs with the same number of threads: at most. */
  part: number;
  /** How often faster two workers are than one, at least. What does little but move bytes is not asked. */
  scaling?: number;
}
const SEARCHED: Goals = { part: 0.5, scaling: 1.8 };
const RECIPES: Readonly<Record<string, Goals>> = {
  q4_k_m: SEARCHED,
  q5_k_m: SEARCHED,
  q6_k: SEARCHED,
  q8_0: { part: 1 },
};
const THREADS = [1, 2];
/** Two blocks of a model of a billion weights: 176 MB of float16; to see whether it runs, much less. */
const SIZES = { width: 2048, inner: 5632, heads: 32, kvHeads: 4, head: 64 };
const SMALL_SIZES = { width: 256, inner: 512, heads: 4, kvHeads: 1, head: 64 };
const ROUNDS = 5;

/** A ratio of paired rounds: too few for bounds, so all of them are told. */
export interface Rounds {
  count: number;
  median: number;
  least: number;
  most: number;
}

export interface ConversionResult {
  recipe: string;
  /** Of float16. */
  bytes: number;
  /** By the number of threads: seconds, medians, and our time as a part of theirs. */
  threads: { count: number; ours: number; llama: number; ratio: Rounds }[];
  goals: Goals;
  /** One worker's time as a multiple of two workers'; nothing on one processor. */
  scaling?: Rounds;
}

type Report = (doing: string, done: number, of: number) => void;

interface Contestant {
  name: string;
  convert(recipe: string): Promise<unknown>;
}

/** Milliseconds of every round, by contestant. */
type Times = Record<string, number[]>;

const paired = (a: readonly number[], b: readonly number[]): Rounds => {
  const ratios = a.map((time, round) => time / b[round]!);
  return { count: ratios.length, median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
};

/** The results, or the sentence that says why there are none. `running` holds what ends it before its time. */
export async function benchConversions(
  quick: boolean,
  report: Report,
  running: Set<() => Promise<void>>,
): Promise<ConversionResult[] | string> {
  const llama = await Llama.start();
  if (typeof llama === 'string') return llama;
  // In memory where that can be: it is not the disk that is measured.
  const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'fewbits-bench-'));
  const threads = THREADS.filter((count) => count <= os.availableParallelism());
  const pools = await Promise.all(threads.map((size) => createPool({ size })));
  const end = async () => {
    await Promise.all([llama.end(), ...pools.map((pool) => pool.terminate())]);
    rmSync(folder, { recursive: true, force: true });
  };
  running.add(end);
  try {
    const source = path.join(folder, 'source.gguf');
    writeFileSync(source, (await makeModel(llamaOf(quick ? SMALL_SIZES : SIZES, 2, 'float16'), 1, true)).bytes);
    const contestants = [
      ...pools.map((pool) => ours(pool, source, folder)),
      ...threads.map((count) => theirs(llama, count, source, folder)),
    ];
    const results: ConversionResult[] = [];
    for (const [done, recipe] of Object.keys(RECIPES).entries()) {
      report(`files: ${recipe}`, done, Object.keys(RECIPES).length);
      const times = await takeRounds(contestants, recipe, quick ? 1 : ROUNDS);
      results.push(summarize(recipe, statSync(source).size, threads, times));
    }
    return results;
  } finally {
    running.delete(end);
    await end();
  }
}

const ours = (pool: Pool, source: string, folder: string): Contestant => ({
  name: `ours ${pool.size}`,
  convert: async (recipe) =>
    convertModel(await openModel(source), path.join(folder, 'ours.gguf'), { to: 'gguf', recipe, pool }),
});

const theirs = (llama: Llama, threads: number, input: string, folder: string): Contestant => ({
  name: `llama ${threads}`,
  convert: (recipe) =>
    llama.quantize({ input, output: path.join(folder, 'llama.gguf'), fileType: recipeFileType(recipe), threads }),
});

/** All in turn, and the order rotates; the first round only warms up. */
async function takeRounds(contestants: readonly Contestant[], recipe: string, rounds: number): Promise<Times> {
  const times: Times = Object.fromEntries(contestants.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++)
    for (let place = 0; place < contestants.length; place++) {
      const { name, convert } = contestants[(round + 1 + place) % contestants.length]!;
      const begin = performance.now();
      await convert(recipe);
      if (round >= 0) times[name]!.push(performance.now() - begin);
    }
  return times;
}

function summarize(recipe: string, bytes: number, threads: readonly number[], times: Times): ConversionResult {
  const seconds = (name: string) => median(times[name]!) / 1000;
  const result = {
    ...{ recipe, bytes, goals: RECIPES[recipe]! },
    threads: threads.map((count) => ({
      ...{ count, ours: seconds(`ours ${count}`), llama: seconds(`llama ${count}`) },
      ratio: paired(times[`ours ${count}`]!, times[`llama ${count}`]!),
    })),
  };
  return threads.length > 1 ? { ...result, scaling: paired(times['ours 1']!, times['ours 2']!) } : result;
}

// --- tables ----------------------------------------------------------------------------------------------------------

const text = ({ median: middle, least, most }: Rounds) =>
  `${middle.toFixed(2)} (${least.toFixed(2)}..${most.toFixed(2)})`;
/** All rounds, or not all of them: no more can be said of so few, and nothing of one. */
const verdict = ({ count }: Rounds, all: boolean, none: boolean) =>
  count < 2 ? '' : all ? ' met' : none ? ' missed' : ' open';

const HEAD = ['recipe', 'threads', 'fewbits, s', 'llama.cpp, s', 'part of its time', 'goal', '1 worker / 2', 'goal'];

function rowsOf(results: readonly ConversionResult[]): string[][] {
  return results.flatMap(({ recipe, threads, goals, scaling }) =>
    threads.map(({ count, ours, llama, ratio }) => [
      ...[recipe, String(count), ours.toFixed(2), llama.toFixed(2), text(ratio)],
      `${goals.part}${verdict(ratio, ratio.most <= goals.part, ratio.least > goals.part)}`,
      ...(count === 2 && scaling ? scalingCells(scaling, goals.scaling) : ['', '']),
    ]),
  );
}

const scalingCells = (scaling: Rounds, goal: number | undefined): [string, string] => [
  text(scaling),
  goal ? `${goal}${verdict(scaling, scaling.least >= goal, scaling.most < goal)}` : '',
];

const title = (results: readonly ConversionResult[]) =>
  `Files: ${Math.round((results[0]?.bytes ?? 0) / 1e6)} MB of float16 to each recipe, from and to memory; llama.cpp is llama_model_quantize with as many threads`;

/** For a terminal. */
export function conversionTable(results: readonly ConversionResult[]): string {
  const rows = [HEAD, ...rowsOf(results)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) => row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ');
  return [title(results), '', ...rows.map((row) => line(row).trimEnd())].join('\n');
}

/** For a document. */
export function conversionDocument(results: readonly ConversionResult[]): string {
  const line = (row: string[]) => `| ${row.join(' | ')} |`;
  return [
    '## Files',
    '',
    `${title(results)}.`,
    '',
    line(HEAD),
    line(HEAD.map(() => '---')),
    ...rowsOf(results).map(line),
    '',
  ].join('\n');
}
