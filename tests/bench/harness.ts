// The benchmark, the same in Node and in a page. A host gives it the package, the wasm of the probes, and peers.
import type { Fewbits } from '../../web/lib/types.ts';
import { type Goal, goals } from './goals.ts';
import { type ContestantName, callContestant, type Job, LARGE, type Peers, SMALL, type Stage, sample } from './job.ts';
import { chosen } from './jobs.ts';
import { type Contestant, type Schedule, shortened, takeTurns, type Warming, warmUp } from './measure.ts';
import { median, type Ratio, ratioOf, type Verdict, verdictOn } from './statistics.ts';
import { BenchWasm, type Numbers } from './wasm.ts';

export interface Options {
  /** Names of jobs; all if there are none. */
  jobs: string[];
  quick: boolean;
}

/** One rate to another, side by side in every round. */
export interface Comparison {
  of: 'kernel' | 'call';
  over: ContestantName;
  ratio: Ratio;
}

export interface GoalResult {
  over: ContestantName;
  ratio: Ratio;
  least: number;
  verdict: Verdict;
  wished?: { ratio: number; verdict: Verdict };
}

export interface Result {
  name: string;
  title: string;
  group: Job['group'];
  elements: number;
  /** Million elements a second: medians. */
  rates: Partial<Record<ContestantName, number>>;
  comparisons: Comparison[];
  goals: GoalResult[];
}

/** Milliseconds from nothing: the package's script, compiled wasm, and then the first call. */
export interface Cold {
  init: number;
  call: number;
}

const QUICK: Schedule = { rounds: 7, leastRounds: 2, turn: 1, budget: 20 };
const FULL: Schedule = { rounds: 101, leastRounds: 31, turn: 2, budget: 700 };
const CALLS_FROM_MEMORY: Schedule = { rounds: 5, leastRounds: 5, turn: 1, budget: 1 };
/** Parts of a job from memory. */
const WINDOWS = 16;
const WARMING: Record<'quick' | 'full', Warming> = {
  quick: { lap: 4, leastLaps: 1, mostLaps: 1 },
  full: { lap: 24, leastLaps: 3, mostLaps: 8 },
};

/** Everyone; from memory only ours, since others' rates hardly change, and take long. */
async function contestantsOf(job: Job, stage: Stage, fewbits: Fewbits, count: number) {
  const work = await job.prepare(stage, count);
  const { probe, kernel, ...others } = work.contestants;
  const ours = { probe: probe!, kernel: kernel!, call: callContestant(work, fewbits) };
  return { expected: work.expected, contestants: count === SMALL ? { ...ours, ...others } : ours };
}

const bytes = (array: Numbers) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Fails unless both arrays have the same bits. */
export function compare(what: string, found: Numbers, expected: Numbers): void {
  const [a, b] = [bytes(found), bytes(expected)];
  if (a.length !== b.length) throw new Error(`${what} gives ${a.length} bytes, by definition ${b.length}.`);
  const at = a.findIndex((byte, i) => byte !== b[i]);
  if (at < 0) return;
  const index = Math.floor(at / expected.BYTES_PER_ELEMENT);
  throw new Error(`${what} gives ${found[index]} at index ${index}, by definition ${expected[index]}.`);
}

/** Everyone's answer is the definition's, or another one by a definition of its own. */
export async function check(
  job: string,
  contestants: Record<string, Contestant>,
  expected: () => Numbers,
): Promise<void> {
  const definition = expected();
  for (const [name, contestant] of Object.entries(contestants)) {
    await contestant.run(1);
    if (!contestant.answer) continue;
    const what = `${job}, ${name}:`;
    const answer = contestant.answer();
    if (!contestant.fault) compare(what, answer, definition);
    const fault = contestant.fault?.(answer);
    if (fault) throw new Error(`${what} ${fault}.`);
  }
}

type Rates = Partial<Record<ContestantName, number[]>>;

/** Ours to what limits them, to what defines them, and to what others do in the same way. */
const COMPARED: [Comparison['of'], ContestantName][] = [
  ['kernel', 'probe'],
  ['kernel', 'reference'],
  ['kernel', 'ggml'],
  ['kernel', 'onnxKernel'],
  ['call', 'onnx'],
  ['call', 'plain'],
  ['call', 'round'],
];

/** What a goal says of these rates; nothing where its opponent is not there. */
export function judged({ over, least, wished }: Goal, rates: Rates): GoalResult[] {
  if (!rates.kernel || !rates[over]) return [];
  const ratio = ratioOf(rates.kernel, rates[over]);
  const beyond = wished && { wished: { ratio: wished, verdict: verdictOn(ratio, wished) } };
  return [{ over, ratio, least, verdict: verdictOn(ratio, least), ...beyond }];
}

function summarize({ name, title, group }: Job, elements: number, rates: Rates): Result {
  const millions = (list: number[]) => (median(list) * elements) / 1000;
  const ofJob = goals.filter((goal) => goal.elements === elements && goal.jobs.includes(name));
  return {
    name,
    title,
    group,
    elements,
    rates: Object.fromEntries(Object.entries(rates).map(([contestant, list]) => [contestant, millions(list)])),
    comparisons: COMPARED.flatMap(([of, over]) => {
      const [ours, theirs] = [rates[of], rates[over]];
      return ours && theirs ? [{ of, over, ratio: ratioOf(ours, theirs) }] : [];
    }),
    goals: ofJob.flatMap((goal) => judged(goal, rates)),
  };
}

export interface Host {
  fewbits: Fewbits;
  wasm: BufferSource;
  peers: Peers;
  /** Where the run is: what is being done, and how much of all is done. */
  report?(doing: string, done: number, of: number): void;
}

export const stageOf = async ({ wasm, peers }: Pick<Host, 'wasm' | 'peers'>): Promise<Stage> => ({
  wasm: await BenchWasm.load(wasm),
  values: sample(SMALL),
  peers,
});

/** Work of one size. */
interface Entry {
  job: Job;
  count: number;
  title: string;
}

const entriesOf = ({ jobs, quick }: Options): Entry[] =>
  chosen(jobs).flatMap((job) => [
    { job, count: SMALL, title: job.title },
    ...(job.large && !quick ? [{ job, count: LARGE, title: `${job.title}, from memory` }] : []),
  ]);

/** Fails where anyone's output is not what it should be. Gives how many jobs were compared. */
export async function compareAll(stage: Stage, { fewbits, report }: Host, options: Options): Promise<number> {
  const entries = entriesOf(options);
  for (const [done, { job, count, title }] of entries.entries()) {
    report?.(`comparing ${title}`, done, 2 * entries.length);
    const { contestants, expected } = await contestantsOf(job, stage, fewbits, count);
    await check(job.name, contestants, expected);
  }
  return entries.length;
}

type All = Partial<Record<ContestantName, Contestant>>;

async function inCache(whole: All, { quick }: Options): Promise<Rates> {
  const schedule = quick ? QUICK : FULL;
  const contestants: All = {};
  for (const [name, contestant] of Object.entries(whole) as [ContestantName, Contestant][])
    contestants[name] = await shortened(contestant, schedule.turn);
  await warmUp(Object.values(contestants), WARMING[quick ? 'quick' : 'full']);
  return takeTurns(contestants as Record<ContestantName, Contestant>, schedule);
}

/** Part by part, so that a try is short; all parts together are larger than any cache. A call is the whole job. */
async function fromMemory({ probe, kernel, call }: All): Promise<Rates> {
  const ours = { probe: probe!.parts!.take(WINDOWS), kernel: kernel!.parts!.take(WINDOWS) };
  return { ...(await takeTurns(ours, FULL)), ...(await takeTurns({ call: call! }, CALLS_FROM_MEMORY)) };
}

async function measureAll(stage: Stage, { fewbits, report }: Host, options: Options): Promise<Result[]> {
  const entries = entriesOf(options);
  const results: Result[] = [];
  for (const [done, { job, count, title }] of entries.entries()) {
    report?.(title, entries.length + done, 2 * entries.length);
    const { contestants } = await contestantsOf(job, stage, fewbits, count);
    const rates = count === SMALL ? await inCache(contestants, options) : await fromMemory(contestants);
    results.push(summarize(job, count, rates));
  }
  return results;
}

/** All outputs are compared before anything is timed. */
export async function run(host: Host, options: Options): Promise<Result[]> {
  const stage = await stageOf(host);
  await compareAll(stage, host, options);
  return measureAll(stage, host, options);
}

/** Loads the package and calls it once, in a process where nobody did before. */
export async function cold(name: string, wasm: BufferSource, load: () => Promise<Fewbits>): Promise<Cold> {
  const [job] = chosen([name]);
  const { call } = await job!.prepare(await stageOf({ wasm, peers: {} }), SMALL);
  const begin = performance.now();
  const fewbits = await load();
  const loaded = performance.now();
  call(fewbits);
  return { init: loaded - begin, call: performance.now() - loaded };
}

export { chosen } from './jobs.ts';
export { headline, markdown, table } from './report.ts';
export { median } from './statistics.ts';
