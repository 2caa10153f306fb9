// The benchmark, the same in Node and in a page. A host gives it the package and the wasm of the probes.
import type { Fewbits } from '../../web/lib/types.ts';
import { int8Scale, type Job, jobs, type Numbers } from './jobs.ts';
import { type Contestant, type Schedule, takeTurns, warmUp } from './measure.ts';
import { median, type Ratio, ratioOf, type Verdict, verdictOn } from './statistics.ts';

export interface Options {
  /** Names of jobs; all if there are none. */
  jobs: string[];
  quick: boolean;
}

export interface Result {
  name: string;
  title: string;
  elements: number;
  /** Million elements a second: medians. */
  rates: { probe: number; kernel: number; call: number; plain?: number };
  /** Each of ours to the probe; and the call to plain JavaScript. */
  kernel: Ratio;
  call: Ratio;
  overPlain?: Ratio;
  goal?: number;
  verdict?: Verdict;
}

/** Milliseconds from nothing: the package's script, compiled wasm, and then the first call. */
export interface Cold {
  init: number;
  call: number;
}

export const SMALL = 65536;
export const LARGE = 16 * 1024 * 1024;

/** Roughly normal, mean 0, variance 1: 12 uniform numbers added. The same everywhere. */
export function sample(count: number): Float32Array {
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  });
}

/** The array again and again, up to that length. */
function tiled<T extends Numbers>(tile: T, length: number): T {
  const all = new (tile.constructor as new (length: number) => T)(length);
  for (let from = 0; from < length; from += tile.length) all.set(tile, from);
  return all;
}

type Export = (from: number, to: number, count: number, times: number, scale: number) => void;

/**
 * One job's arrays in the wasm's memory, which holds the largest from the beginning: growing would detach a buffer, and
 * from then on V8 has all code, plain JavaScript's too, check for that.
 */
class Arena {
  readonly #exports: Record<string, Export>;
  readonly #memory: WebAssembly.Memory;
  readonly #from: number;

  constructor(instance: WebAssembly.Instance) {
    this.#exports = instance.exports as Record<string, Export>;
    this.#memory = instance.exports['memory'] as WebAssembly.Memory;
    this.#from = ((instance.exports['__heap_base'] as WebAssembly.Global).value + 63) & ~63;
  }

  /** Puts the input in, and gives the wasm's functions as contestants, with what they write. */
  hold(input: Numbers, output: Numbers, count: number, scale: number) {
    // Input and output are not apart by a multiple of a page: some processors would confuse their addresses.
    const to = this.#from + ((input.byteLength + 63) & ~63) + 33 * 64;
    const view = (array: Numbers, address: number): Numbers =>
      new (array.constructor as Uint8ArrayConstructor)(this.#memory.buffer as ArrayBuffer, address, array.length);
    view(input, this.#from).set(input);
    const contestant = (name: string): Contestant => ({
      run: (times) => this.#exports[name]!(this.#from, to, count, times, scale),
    });
    return { contestant, output: view(output, to) };
  }
}

const repeated = (once: () => void): Contestant => ({
  run(times) {
    for (let i = 0; i < times; i++) once();
  },
});

interface Setting {
  contestants: { probe: Contestant; kernel: Contestant; call: Contestant; plain: Contestant };
  /** What each of them answers. */
  answers: { kernel(): Numbers; call(): Numbers; plain(): Numbers };
}

function set(job: Job, count: number, values: Float32Array, arena: Arena, fewbits: Fewbits): Setting {
  const scale = int8Scale(values);
  const input = tiled(job.input(values), count);
  const output = job.output(count);
  const held = arena.hold(input, output, count, scale);
  const [probe, kernel] = [held.contestant(job.probe), held.contestant(job.kernel)];
  let answer: Numbers = output;
  const call = repeated(() => {
    answer = job.call(fewbits, input, scale);
  });
  const plain = repeated(() => job.plain(input, scale, output));
  const after = (contestant: Contestant, read: () => Numbers) => () => {
    contestant.run(1);
    return read();
  };
  const answers = {
    kernel: after(kernel, () => held.output),
    call: after(call, () => answer),
    plain: after(plain, () => output),
  };
  return { contestants: { probe, kernel, call, plain }, answers };
}

const bytes = (array: Numbers) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** Fails unless both arrays have the same bits. */
export function compare(what: string, found: Numbers, expected: Numbers): void {
  const [a, b] = [bytes(found), bytes(expected)];
  if (a.length !== b.length) throw new Error(`${what} gives ${a.length} bytes, plain JavaScript ${b.length}.`);
  const at = a.findIndex((byte, i) => byte !== b[i]);
  if (at < 0) return;
  const index = Math.floor(at / expected.BYTES_PER_ELEMENT);
  throw new Error(`${what} gives ${found[index]} at index ${index}, plain JavaScript ${expected[index]}.`);
}

function check(job: Job, { answers }: Setting): void {
  const expected = answers.plain();
  compare(`${job.name}: the kernel`, answers.kernel(), expected);
  compare(`${job.name}: the call`, answers.call(), expected);
}

function summarize(job: Job, elements: number, rates: Record<string, number[]>): Result {
  const millions = (list: number[]) => (median(list) * elements) / 1000;
  const [probe, kernel, call, plain] = [rates['probe']!, rates['kernel']!, rates['call']!, rates['plain']];
  const ratio = ratioOf(kernel, probe);
  return {
    name: job.name,
    title: job.title,
    elements,
    rates: {
      probe: millions(probe),
      kernel: millions(kernel),
      call: millions(call),
      ...(plain && { plain: millions(plain) }),
    },
    kernel: ratio,
    call: ratioOf(call, probe),
    ...(plain && { overPlain: ratioOf(call, plain) }),
    ...(job.goal && elements === SMALL && { goal: job.goal, verdict: verdictOn(ratio, job.goal) }),
  };
}

/** The jobs of that name, in the table's order. */
export function chosen(names: readonly string[]): readonly Job[] {
  const unknown = names.find((name) => !jobs.some((job) => job.name === name));
  if (unknown !== undefined)
    throw new Error(`There is no job '${unknown}'. The jobs are ${jobs.map(({ name }) => name).join(', ')}.`);
  return names.length ? jobs.filter(({ name }) => names.includes(name)) : jobs;
}

export async function run(
  fewbits: Fewbits,
  wasm: BufferSource,
  { jobs: names, quick }: Options,
  report: (done: string) => void = () => {},
): Promise<Result[]> {
  const { instance } = await WebAssembly.instantiate(wasm);
  (instance.exports as Record<string, () => void>)['_initialize']!();
  const [arena, values, list] = [new Arena(instance), sample(SMALL), chosen(names)];
  for (const job of list) check(job, set(job, SMALL, values, arena, fewbits));

  const results: Result[] = [];
  for (const job of list) {
    const { contestants } = set(job, SMALL, values, arena, fewbits);
    await warmUp(Object.values(contestants), quick ? 20 : 100);
    const schedule: Schedule = quick ? { rounds: 7, turn: 1 } : { rounds: 101, turn: 2 };
    results.push(summarize(job, SMALL, await takeTurns(contestants, schedule)));
    report(job.title);
    if (quick || !job.large) continue;
    const large = set(job, LARGE, values, arena, fewbits);
    check(job, large);
    const { plain: _, ...ours } = large.contestants; // its rate hardly changes, and it takes long
    results.push(summarize(job, LARGE, await takeTurns(ours, { rounds: 31, turn: 1 })));
    report(`${job.title}, from memory`);
  }
  return results;
}

/** Loads the package and calls it once, in a process where nobody did before. */
export async function cold(name: string, load: () => Promise<Fewbits>): Promise<Cold> {
  const [job] = chosen([name]);
  const values = sample(SMALL);
  const [input, scale] = [job!.input(values), int8Scale(values)];
  const begin = performance.now();
  const fewbits = await load();
  const loaded = performance.now();
  job!.call(fewbits, input, scale);
  return { init: loaded - begin, call: performance.now() - loaded };
}

export { markdown, table } from './report.ts';
export { median } from './statistics.ts';
