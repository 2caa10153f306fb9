// The top's model and where its words go: pure, so that they need no browser.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { init } from 'fewbits';
import type { Source } from '../../web/page/kit/contract.ts';
import { makeDataset } from '../../web/page/kit/data/dataset.ts';
import { SEVEN } from '../../web/page/kit/data/examples.ts';
import { generate } from '../../web/page/kit/data/generate.ts';
import { unobstructed } from '../../web/page/kit/labels.ts';
import { isCrowded, towards, widthOf } from '../../web/page/sections/top/labels.ts';
import { exact, model, pick, placeOf } from '../../web/page/sections/top/model.ts';
import { countDifferent, nearest, neighbour } from '../../web/page/sections/top/values.ts';

const fewbits = await init();

const datasetOf = (values: Float32Array, source: Source = { kind: 'own', name: 'test' }, followed?: number) =>
  makeDataset(fewbits, source, { values, shape: [values.length] }, followed);
const of = (...values: number[]) => datasetOf(Float32Array.from(values));

const file = readFileSync(new URL('../../web/page/data/esrgan-slim-x2.bin', import.meta.url));
const weights = new Float32Array(file.buffer.slice(file.byteOffset, file.byteOffset + 4 * 36_864));
const kernel = datasetOf(weights, { kind: 'weights', tensor: 'F_0/kernel' });
const at = (bits: number) => model(fewbits, kernel, { bits });

describe('the weights', () => {
  it('are what the page says of them at four bits', () => {
    const view = at(4);
    assert.equal(view.different, new Set(weights).size);
    assert.equal(view.left, 15);
    assert.deepEqual(view.bytes, { before: 147_456, after: 18_432 });
    assert.equal(view.meanError.toPrecision(2), '0.0053');
    assert.equal((view.meanError / view.meanSize).toPrecision(2), '0.19');
    assert.equal(view.largest.toFixed(3), '-0.147');
    assert.equal(view.followed.original.toFixed(4), '-0.0359');
    assert.equal(view.followed.restored.toFixed(4), '-0.0420');
  });

  it('keep 2, 3, 7, 15 values at one to four bits, and at eight at most 255', () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((bits) => at(bits).left),
      [2, 3, 7, 15],
    );
    const { left, levels } = at(8);
    assert.equal(levels.length, 255);
    assert.ok(left > 200 && left <= 255);
  });

  it('each go to one of the levels, and their bars count them all', () => {
    for (const bits of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const { shares, levels, from, to } = at(bits);
      assert.equal(
        shares.reduce((sum, share) => sum + share),
        weights.length,
      );
      const restored = new Set(
        fewbits.dequantize(
          bits === 1
            ? fewbits.quantize(weights, 'binary_absmean')
            : fewbits.quantize(weights, { type: `int${bits}` as 'int4' }),
        ),
      );
      assert.deepEqual(
        levels.filter((_, i) => shares[i]! > 0).map(Math.fround),
        [...restored].sort((a, b) => a - b),
      );
      assert.equal(from.length, 900);
      assert.ok(to.every((level) => level < levels.length));
    }
  });

  it('lose less to one bit with a good scale than to two bits with the largest', () => {
    const { oneBit, meanError } = at(2);
    assert.equal(oneBit, at(1).meanError);
    assert.ok(oneBit! < meanError);
    assert.equal(at(3).oneBit, null);
  });

  it('make a view of at most 16 kB, the same each time', () => {
    for (const bits of [1, 4, 8]) assert.ok(JSON.stringify(at(bits)).length <= 16_384, `${bits} bits`);
    assert.deepEqual(at(4), at(4));
  });
});

describe('few numbers', () => {
  it('are marks in order, each with what it becomes', () => {
    const view = model(fewbits, of(...SEVEN), { bits: 3 });
    assert.deepEqual(
      view.marks.map(({ index }) => index),
      [2, 5, 4, 3, 1, 0, 6],
    );
    assert.deepEqual(
      view.marks.map(({ restored }) => Number(restored.toFixed(2))),
      [-7.2, -3.6, -3.6, 0, 3.6, 7.2, 10.8],
    );
    assert.deepEqual(view.bytes, { before: 28, after: 3 });
    assert.equal(view.hill.length, 0);
  });

  it('may all be 0, be one, or be 1e38', () => {
    const zeros = model(fewbits, of(0, -0, 0), { bits: 4 });
    assert.deepEqual([zeros.left, zeros.different, zeros.from, zeros.reach, zeros.shares], [1, 1, [], 0, [3]]);
    assert.equal(model(fewbits, of(5), { bits: 2 }).meanError, 0);
    for (const bits of [1, 2, 8]) {
      const large = model(fewbits, of(1e38, 1, -3.4e38), { bits });
      assert.ok(Number.isFinite(large.meanError) && large.levels.every(Number.isFinite));
    }
    assert.equal(model(fewbits, of(1e38, 1), { bits: 8 }).followed.restored, Math.fround(1e38));
  });
});

describe('millions', () => {
  const many = datasetOf(generate('laplace', 1_500_000, 3));

  it('are answered from a sample, then exactly', () => {
    const sampled = model(fewbits, many, { bits: 4 });
    assert.equal(sampled.pending, true);
    assert.equal(sampled.different, null);
    const view = exact(fewbits, many, { bits: 4 });
    assert.equal(view.pending, false);
    assert.equal(
      view.shares.reduce((sum, share) => sum + share),
      1_500_000,
    );
    assert.ok(Math.abs(sampled.meanError / view.meanError - 1) < 0.02);
    assert.equal(sampled.followed.restored, view.followed.restored);
    assert.deepEqual(sampled.levels, view.levels);
    assert.equal(model(fewbits, many, { bits: 4 }).pending, false, 'what was reckoned is kept');
  });
});

describe('values', () => {
  it('are counted once each, whatever their sign of zero', () => {
    assert.equal(countDifferent(Float32Array.of(0, -0, 1, -1, 1, 1.0000001, 65536, 65536.5)), 6);
    const random = generate('gaussian', 50_000, 9).map((x) => Math.round(x * 1000) / 1000);
    assert.equal(countDifferent(random), new Set(random).size);
  });

  it('are followed in their order', () => {
    const values = Float32Array.of(3, 1, 2, 1);
    assert.equal(neighbour(values, 1, true), 3);
    assert.equal(neighbour(values, 3, true), 2);
    assert.equal(neighbour(values, 0, true), 0);
    assert.equal(neighbour(values, 3, false), 1);
    assert.equal(nearest(values, 2.2), 2);
    const dataset = datasetOf(values, { kind: 'own', name: '' }, 1);
    assert.equal(pick(fewbits, dataset, { by: 2 }), 2);
    assert.equal(pick(fewbits, dataset, { by: Infinity }), 0);
    assert.equal(pick(fewbits, dataset, { by: -Infinity }), 1);
    assert.equal(pick(fewbits, dataset, { value: 9 }), 0);
  });
});

describe('words in the drawing', () => {
  it('keep their places where nothing is in the way', () => {
    assert.equal(isCrowded(at(4), 900), false);
    assert.equal(isCrowded(at(4), 330), false);
    const flat = datasetOf(Float32Array.from({ length: 1000 }, (_, i) => i - 500));
    assert.equal(isCrowded(model(fewbits, flat, { bits: 4 }), 900), true);
    const seven = model(fewbits, of(...SEVEN), { bits: 4 });
    assert.equal(isCrowded(seven, 900), false);
    assert.equal(isCrowded(seven, 330), true);
  });

  it('yield to each other, but not the followed, least and largest', () => {
    const places = [0, 0.01, 0.5, 0.51, 1];
    const labels = ['-10', '-9.8', '0', '0.2', '10'];
    const shown = (width: number) =>
      unobstructed(
        places.map((place) => place * width),
        labels.map(widthOf),
        [3, 0, 4],
      );
    assert.deepEqual(shown(900), new Set([3, 0, 4]));
    assert.deepEqual(shown(9000), new Set([3, 0, 4, 1, 2]));
  });

  it('stay on the screen at the ends', () => {
    assert.equal(towards(1, '3.16 × 10^38', 330), 'inwards-left');
    assert.equal(towards(0, '3.16 × 10^38', 330), 'inwards-right');
    assert.equal(towards(placeOf(0, 1), '3.16 × 10^38', 330), '');
  });
});
