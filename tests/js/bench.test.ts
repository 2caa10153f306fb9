// The benchmark's own parts: its statistics, its peers, and one quick pass that compares all outputs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { init } from 'fewbits';
import * as onnx from 'onnxruntime-web';
import { build, root } from '../../web/build/cmake.mjs';
import { blockRows } from '../bench/blocks.ts';
import { goals } from '../bench/goals.ts';
import { chosen, compare, compareAll, headline, judged, markdown, run, stageOf, table } from '../bench/harness.ts';
import { loadGgml } from '../bench/hosts/ggml.mjs';
import { LARGE, SMALL, sample } from '../bench/job.ts';
import { jobs } from '../bench/jobs.ts';
import { roundsWithin, shortened, takeTurns } from '../bench/measure.ts';
import { usualScripts } from '../bench/numbers.ts';
import { e4m3, encodeMinifloat, float16, minifloatTable } from '../bench/peers/plain.ts';
import { lowerBound, median, quantile, ratioOf, upperBound, verdictOn } from '../bench/statistics.ts';

build('module', ['fewbits_bench']);
const host = {
  fewbits: await init(),
  wasm: readFileSync(path.join(root, 'build/module/fewbits_bench.wasm')),
  peers: {},
};

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test('quantiles lie between ranks', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(quantile([10, 0], 0.1), 1);
  assert.equal(quantile([7], 0.9), 7);
});

test('the bounds of a median are those of the sign test', () => {
  // Binomial(30, 1/2): P(<= 9) = 0.0214, P(<= 10) = 0.0494, P(<= 11) = 0.1002.
  assert.equal(lowerBound(upTo(30)), 11);
  assert.equal(upperBound(upTo(30)), 20);
  assert.equal(lowerBound(upTo(5)), 1); // 1/32
  assert.equal(lowerBound(upTo(4)), Number.NEGATIVE_INFINITY); // 1/16
});

test('a verdict needs enough rounds that agree, and a bound beyond the goal', () => {
  const ratio = (values: number[]) => ratioOf(values, new Array(values.length).fill(10));
  const near = (value: number, count = 40) => ratio(upTo(count).map((i) => value + (i % 5) / 10));
  assert.equal(verdictOn(near(6), 0.6), 'met');
  assert.equal(verdictOn(near(6), 0.65), 'missed');
  assert.equal(verdictOn(near(6), 0.62), 'open');
  assert.equal(verdictOn(near(6, 29), 0.6), 'noisy');
  assert.equal(verdictOn(ratio(upTo(40)), 0.1), 'noisy');
});

/** Takes 0.2 ms each time. */
const slow = (began: () => void = () => {}) => ({
  run(times: number) {
    began();
    const end = performance.now() + 0.2 * times;
    while (performance.now() < end);
  },
});

test('every contestant has a turn in every round, and the order rotates', async () => {
  const order: string[] = [];
  const contestant = (name: string) => slow(() => order.push(name));
  const schedule = { rounds: 4, leastRounds: 4, turn: 3, budget: 1 };
  const rates = await takeTurns({ a: contestant('a'), b: contestant('b'), c: contestant('c') }, schedule);
  // A turn has several tries.
  assert.equal(
    order
      .join('')
      .replace(/(.)\1+/g, '$1')
      .slice(-12),
    'abcbcacababc',
  );
  for (const list of Object.values(rates)) {
    assert.equal(list.length, 4);
    for (const rate of list) assert.ok(rate > 0 && rate <= 5.001, `${rate} a millisecond`);
  }
});

test('who does a job many times in one run has a rate of so many', async () => {
  const schedule = { rounds: 3, leastRounds: 3, turn: 0.1, budget: 1 };
  const waiting = { jobs: 100, run: async (times: number) => slow().run(times) };
  const { many } = await takeTurns({ many: waiting }, schedule);
  for (const rate of many!) assert.ok(rate > 5.001 && rate <= 500.1, `${rate} a millisecond`);
});

test('who takes longer than a turn does a part of the job, and no smaller one than there is', async () => {
  const taken: number[] = [];
  const take = (of: number) => {
    taken.push(of);
    return { jobs: 1 / of, run() {} };
  };
  const contestant = { ...slow(), parts: { most: 16, take } };
  assert.equal(await shortened(contestant, 1000), contestant);
  assert.equal((await shortened(contestant, 0.001)).jobs, 1 / 16);
  assert.ok(((await shortened(contestant, 0.15)).jobs ?? 1) < 1);
  assert.equal(taken[0], 16);
  const whole = slow();
  assert.equal(await shortened(whole, 0.001), whole);
});

test('rounds are as many as fit, within their bounds', () => {
  const schedule = { rounds: 101, leastRounds: 31, turn: 2, budget: 800 };
  assert.equal(roundsWithin(schedule, 1), 101);
  assert.equal(roundsWithin(schedule, 10), 80);
  assert.equal(roundsWithin(schedule, 1000), 31);
});

test("plain JavaScript's minifloats keep every number of their format", () => {
  for (const [format, codes] of [
    [float16, new Uint16Array(0x10000)],
    [e4m3, new Uint8Array(0x100)],
  ] as const) {
    const numbers = minifloatTable(format);
    encodeMinifloat(numbers, format, codes);
    for (let code = 0; code < codes.length; code++)
      if (!Number.isNaN(numbers[code])) assert.equal(codes[code], code, `code ${code} is ${numbers[code]}`);
  }
});

test('outputs that differ in one bit are told apart', () => {
  compare('it', Float32Array.of(1, 0), Float32Array.of(1, 0));
  assert.throws(() => compare('it', Float32Array.of(1, -0), Float32Array.of(1, 0)), /it gives 0 at index 1/);
  assert.throws(() => compare('it', Float32Array.of(1), Float32Array.of(1, 0)), /it gives 4 bytes/);
});

test('the sample is near normal, the same everywhere', () => {
  const values = sample(65536);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  assert.ok(Math.abs(mean) < 0.02 && Math.abs(variance - 1) < 0.02, `mean ${mean}, variance ${variance}`);
  assert.deepEqual(values.slice(0, 3), sample(3));
});

test('Math.round and Math.floor may differ at ties upwards, and nowhere else', () => {
  const scale = 0.5;
  const values = Float32Array.of(0.25, -0.25, 0.75, 1, -63.25, 0.2, 40);
  for (const contestant of Object.values(usualScripts(values, scale))) {
    contestant.run(1);
    const codes = contestant.answer!() as Int8Array;
    // To even: 0, -0, 2, 2, -126, 0, 80.
    assert.deepEqual([...codes], [1, 0, 2, 2, -126, 0, 80]);
    assert.equal(contestant.fault!(codes), undefined);
    for (const [at, wrong] of [
      [0, -1], // a tie, downwards
      [3, 3], // no tie
      [5, 1],
    ] as const)
      assert.match(contestant.fault!(codes.with(at, wrong))!, new RegExp(`gives ${wrong} at index ${at}`));
  }
});

test('goals name jobs that there are, and the more that is wished, the more', () => {
  for (const { jobs: names, least, wished = Number.POSITIVE_INFINITY, elements } of goals) {
    for (const name of names) assert.equal(chosen([name]).length, 1);
    assert.ok(names.length > 0 && least > 0 && wished > least);
    assert.ok(elements === SMALL || elements === LARGE);
  }
  const aimed = (over: string) => new Set(goals.filter((goal) => goal.over === over).flatMap((goal) => goal.jobs));
  const ggml = blockRows.filter(({ family }) => family === 'ggml').map((row): string => row.name);
  const asked = jobs.filter(({ name }) => ggml.includes(name.replace(/-\w+$/, '')));
  assert.ok(asked.length >= 50);
  for (const { name } of asked) assert.ok(aimed('ggml').has(name), `${name} is to beat ggml`);
});

test('a goal is judged by the kernel, where its opponent is there', () => {
  const goal = { jobs: ['q4_k'], elements: SMALL, over: 'ggml', least: 2, wished: 4 } as const;
  const rates = { kernel: new Array<number>(40).fill(30), ggml: new Array<number>(40).fill(10) };
  const [result] = judged(goal, rates);
  assert.equal(result!.ratio.median, 3);
  assert.equal(result!.verdict, 'met');
  assert.deepEqual(result!.wished, { ratio: 4, verdict: 'missed' });
  assert.deepEqual(judged(goal, { kernel: rates.kernel }), []);
});

test("probes of block formats write all of a job's bytes, and none beyond", async () => {
  const { wasm } = await stageOf(host);
  const count = 512;
  const check = (name: string, output: Uint8Array, length: number) => {
    assert.equal(output.indexOf(0xa5), length, `${name}: the first byte that was not written`);
    assert.ok(
      output.subarray(length).every((byte) => byte === 0xa5),
      `${name}: bytes beyond the end`,
    );
  };
  for (const { index, name } of blockRows) {
    const length = wasm.function('block_bytes_of')(index, count);
    wasm.clear();
    const values = wasm.place(new Float32Array(count).fill(1));
    const bytes = wasm.place(new Uint8Array(length + 32).fill(0xa5));
    const places = [values.byteOffset, bytes.byteOffset, count, count, 0, 1];
    wasm.function('block_probe_encode')(index, ...places);
    check(name, bytes, length);
    bytes.fill(0x11, 0, length);
    const restored = wasm.place(new Uint8Array(4 * count + 32).fill(0xa5));
    wasm.function('block_probe_decode')(index, bytes.byteOffset, restored.byteOffset, count, 1, 1);
    check(`${name}, back`, restored, 4 * count);
  }
});

test('an unknown job is named, with those there are', () => {
  assert.throws(() => chosen(['int9']), /no job 'int9'.*absmax, minmax, int8/);
});

test("all outputs are equal: kernels', calls', definitions' and peers'", async () => {
  onnx.env.wasm.numThreads = 1;
  const ggml = await loadGgml();
  const peers = { onnx, ...(ggml && { ggml }) };
  const stage = await stageOf({ ...host, peers });
  assert.equal(await compareAll(stage, host, { jobs: [], quick: true }), jobs.length);
  assert.ok(jobs.length >= 70);
});

const SOME = ['absmax', 'int8', 'float16', 'q8_0', 'q4_k', 'q4_k-decode', 'nf4', 'ternary_absmean-decode'];

test('a quick pass has a rate for everyone, and its tables fit', async () => {
  const results = await run(host, { jobs: SOME, quick: true });
  assert.deepEqual(
    results.map(({ name }) => name),
    SOME,
  );
  for (const { name, rates, goals: judgements } of results) {
    assert.ok(rates.probe && rates.kernel && rates.call && (rates.plain || rates.reference), name);
    for (const [contestant, rate] of Object.entries(rates)) assert.ok(rate > 0, `${name}: ${contestant}`);
    for (const { verdict } of judgements) assert.equal(verdict, 'noisy', `${name}: no verdict on so few rounds`);
  }
  const cold = Object.fromEntries(results.map(({ name }) => [name, { init: 10, call: 12.34 }]));
  const engine = { engine: 'Node', results, cold };
  for (const line of table(engine).split('\n')) assert.ok(line.length <= 120, line);
  const report = { date: '2026-01-02', machine: 'a machine', load: '0.1', peers: 'none', engines: [engine] };
  const rows = (document: string) => document.split('\n').filter((line) => line.startsWith('| '));
  const judgements = results.flatMap((result) => result.goals);
  assert.equal(rows(markdown(report)).length, results.length + judgements.length + 3 * 2);
  for (const document of [markdown(report), headline(report)])
    for (const line of rows(document)) assert.doesNotMatch(line, /undefined|NaN|Infinity/);
  assert.match(headline(report), /a machine, others' load 0.1, 2026-01-02:/);
});
