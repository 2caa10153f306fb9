// The benchmark's own parts: its statistics, its plain JavaScript, and one quick pass that compares all outputs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { init } from 'fewbits';
import { build, root } from '../../web/build/cmake.mjs';
import { chosen, compare, markdown, run, sample, table } from '../bench/harness.ts';
import { jobs } from '../bench/jobs.ts';
import { takeTurns } from '../bench/measure.ts';
import { e4m3, encodeMinifloat, float16, minifloatTable } from '../bench/plain.ts';
import { lowerBound, median, quantile, ratioOf, upperBound, verdictOn } from '../bench/statistics.ts';

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

test('every contestant has a turn in every round, and the order rotates', async () => {
  const order: string[] = [];
  const contestant = (name: string) => ({
    run(times: number) {
      order.push(name);
      const end = performance.now() + 0.2 * times;
      while (performance.now() < end);
    },
  });
  const rates = await takeTurns(
    { a: contestant('a'), b: contestant('b'), c: contestant('c') },
    { rounds: 4, turn: 0.1 },
  );
  assert.deepEqual(order.slice(-12).join(''), 'abcbcacababc');
  for (const list of Object.values(rates)) {
    assert.equal(list.length, 4);
    for (const rate of list) assert.ok(rate > 0 && rate <= 5.001, `${rate} a millisecond`);
  }
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

test('an unknown job is named, with those there are', () => {
  assert.throws(() => chosen(['int9']), /no job 'int9'.*absmax, minmax, int8/);
});

test('a quick pass finds all outputs equal, and its table fits a terminal', async () => {
  build('module', ['fewbits_bench']);
  const wasm = readFileSync(path.join(root, 'build/module/fewbits_bench.wasm'));
  const results = await run(await init(), wasm, { jobs: [], quick: true });
  assert.deepEqual(
    results.map(({ name }) => name),
    jobs.map(({ name }) => name),
  );
  for (const { name, rates, verdict } of results) {
    for (const [contestant, rate] of Object.entries(rates)) assert.ok(rate > 0, `${name}: ${contestant}`);
    assert.ok(verdict === undefined || verdict === 'noisy', `${name}: no verdict on so few rounds`);
  }
  const cold = Object.fromEntries(results.map(({ name }) => [name, { init: 10, call: 12.34 }]));
  const engine = { engine: 'Node', results, cold };
  for (const line of table(engine).split('\n')) assert.ok(line.length <= 100, line);
  const document = markdown({ date: '2026-01-02', machine: 'a machine', load: '0.1', engines: [engine] });
  assert.equal(document.split('\n').filter((line) => line.startsWith('| ')).length, results.length + 2);
});
