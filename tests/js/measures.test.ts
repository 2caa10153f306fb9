import assert from 'node:assert/strict';
import test from 'node:test';
import { FewbitsError, init } from 'fewbits';

const fewbits = await init();
const throws = (call: () => unknown, code: string) =>
  assert.throws(call, (error) => error instanceof FewbitsError && error.code === code);

test('compare gives the usual measures, with the first largest error', () => {
  const found = fewbits.compare([1, 2, 3, 4], [1, 2.5, 3, 3.5]);
  assert.deepEqual([found.mse, found.meanAbsError, found.maxAbsError, found.maxAbsErrorIndex], [0.125, 0.25, 0.5, 1]);
  assert.equal(found.rmse, Math.sqrt(0.125));
  assert.ok(Math.abs(found.sqnrDb - 10 * Math.log10(30 / 0.5)) < 1e-12);
  assert.equal(fewbits.compare([1, 2], [1, 2]).sqnrDb, Number.POSITIVE_INFINITY);
  assert.equal(fewbits.compare([0, 0], [0, 0]).cosine, 1);
  assert.equal(fewbits.compare([1, 0], [0, 1]).cosine, 0);
});

test('compare keeps doubles: errors that float32 cannot hold', () => {
  assert.ok(
    Math.abs(fewbits.compare(new Float64Array([1]), new Float64Array([1 + 1e-12])).maxAbsError - 1e-12) < 1e-15,
  );
  assert.ok(Number.isFinite(fewbits.compare(new Float32Array([3e38]), new Float32Array([-3e38])).mse));
});

test('sums do not depend on how an array is sliced', () => {
  const values = Float32Array.from({ length: 300_001 }, (_, i) => Math.sin(i) * 10 ** (i % 7));
  const rounded = values.map((value) => Math.round(value * 8) / 8);
  let squares = 0;
  for (let from = 0; from < values.length; from += 4096) {
    let part = 0;
    for (let i = from; i < Math.min(from + 4096, values.length); i++) part += (values[i]! - rounded[i]!) ** 2;
    squares += part;
  }
  const { mse } = fewbits.compare(values, rounded);
  assert.ok(Math.abs(mse - squares / values.length) <= 1e-12 * mse);
});

test('summarize leaves NaN and infinity out and says where the first is', () => {
  const found = fewbits.summarize([1, -3, 0, Number.NaN, Number.POSITIVE_INFINITY]);
  assert.deepEqual(
    [found.count, found.min, found.max, found.absmax, found.zeros, found.nonFinite, found.firstNonFinite],
    [5, -3, 1, 3, 1, 2, 3],
  );
  assert.ok(Math.abs(found.mean + 2 / 3) < 1e-15);
  const plain = fewbits.summarize([...new Array(99).fill(0.5), 30]);
  assert.equal(plain.outliers, 1);
  assert.equal(fewbits.summarize([]).count, 0);
});

test('histogram counts as numpy does', () => {
  const found = fewbits.histogram([0, 1, 2, 3, 4, 4, -1, 9], { bins: 4, min: 0, max: 4 });
  assert.deepEqual([...found.edges], [0, 1, 2, 3, 4]);
  assert.deepEqual([...found.counts], [1, 1, 1, 3]);
  assert.deepEqual([found.below, found.above], [1, 1]);
  const whole = fewbits.histogram([2, 2, 2], { bins: 2 });
  assert.deepEqual([whole.edges[0], whole.edges[2]], [1.5, 2.5]);
  const log = fewbits.histogram([0.001, -0.01, 0.1, 1], { bins: 3, log: true });
  assert.equal(
    log.counts.reduce((a, b) => a + b),
    4,
  );
});

test('a single value has bins around it, however large', () => {
  for (const value of [0, 1, 1e17, 3e38]) {
    const { counts } = fewbits.histogram(new Float32Array([value, value]), { bins: 4 });
    assert.equal(
      counts.reduce((a, b) => a + b),
      2,
      String(value),
    );
  }
});

test('measures refuse what cannot be measured', () => {
  throws(() => fewbits.compare([1], [1, 2]), 'BAD_LENGTH');
  throws(() => fewbits.compare([], []), 'EMPTY');
  throws(() => fewbits.histogram([], { bins: 3 }), 'EMPTY');
  throws(() => fewbits.histogram([1], { bins: 0 }), 'BAD_ARGUMENT');
  throws(() => fewbits.histogram([1], { bins: 65_537 }), 'BAD_ARGUMENT');
  throws(() => fewbits.histogram([1], { bins: 2, min: 3, max: 3 }), 'BAD_ARGUMENT');
  throws(() => fewbits.histogram([1], undefined as never), 'BAD_ARGUMENT');
  assert.equal(fewbits.histogram([], { bins: 3, min: 0, max: 1 }).counts.length, 3);
});
