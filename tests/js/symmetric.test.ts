// Chapter 4's model, and what it shares with chapter 5: pure, so that it needs no browser.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { init } from 'fewbits';
import type { Dataset } from '../../web/page/kit/contract.ts';
import { generate } from '../../web/page/kit/data/generate.ts';
import { pack } from '../../web/page/kit/json.ts';
import { LARGEST, PLACES, placeOf, unclippedOf, valueAt } from '../../web/page/kit/lanes/view.ts';
import { defaultsOf } from '../../web/page/kit/options.ts';
import { EXACT_AT_ONCE, evenly } from '../../web/page/kit/sample.ts';
import { exact, model, options } from '../../web/page/sections/symmetric/model.ts';
import { type Options, TYPES } from '../../web/page/sections/symmetric/options.ts';

const fewbits = await init();
const SEVEN = [5.47, 3.08, -7.59, 0, -1.95, -4.57, 10.8];

function datasetOf(given: ArrayLike<number>, followed = 0): Dataset {
  const values = Float32Array.from(given);
  const source = { kind: 'own', name: 'numbers' } as const;
  return { source, name: 'numbers', values, shape: [values.length], summary: fewbits.summarize(values), followed };
}

const viewOf = (given: ArrayLike<number>, changes: Partial<Options> = {}, followed = 0) =>
  model(fewbits, datasetOf(given, followed), { ...defaultsOf(options), ...changes });
const codes = (given: ArrayLike<number>, changes: Partial<Options> = {}) =>
  viewOf(given, changes).marks.map(({ code }) => code);

describe('the seven numbers', () => {
  it('get their codes, at eight bits and at four', () => {
    assert.deepEqual(codes(SEVEN), [64, 36, -89, 0, -23, -54, 127]);
    assert.deepEqual(codes([...SEVEN.slice(0, 6), 11.8]), [59, 33, -82, 0, -21, -49, 127]);
    assert.deepEqual(codes(SEVEN, { type: 'int4' }), [4, 2, -5, 0, -1, -3, 7]);
  });

  it('never move further than half a step in narrow range, and 5.47 moves most', () => {
    for (const type of TYPES) {
      const { marks, scale, worst } = viewOf(SEVEN, { type });
      for (const { error } of marks) assert.ok(Math.abs(error) <= scale * 0.500001, `${type}: ${error}`);
      assert.equal(Math.max(...marks.map(({ error }) => Math.abs(error))), Math.abs(worst[0]!.error));
    }
    assert.equal(viewOf(SEVEN).worst[0]!.value, 5.47);
  });

  it('are divided by half of all steps: α/127, or α/127.5 in full range', () => {
    for (const range of ['narrow', 'full'] as const)
      for (const type of TYPES) {
        const { scale, absmax, low, high } = viewOf(SEVEN, { type, range });
        assert.equal(scale, Math.fround(absmax / ((high - low) / 2)), `${type} ${range}`);
      }
    assert.equal(viewOf(SEVEN, { range: 'full' }).low, -128);
  });

  it('are clipped only where rounding leads past the last code', () => {
    assert.equal(unclippedOf(viewOf(SEVEN, { range: 'full' }, 6)), 128);
    assert.equal(
      unclippedOf(
        viewOf(
          SEVEN.map((x) => -x),
          { range: 'full' },
          6,
        ),
      ),
      undefined,
    );
    for (const type of TYPES) assert.equal(unclippedOf(viewOf(SEVEN, { type }, 6)), undefined);
  });

  it('are shown as they were written', () => {
    assert.deepEqual(
      viewOf(SEVEN).marks.map(({ value }) => value),
      SEVEN,
    );
  });
});

describe('data at the edges', () => {
  it('all zeros stay, whatever the scale', () => {
    const { marks, scale, used } = viewOf([0, 0, 0]);
    assert.ok(scale > 0 && used === 1);
    assert.ok(marks.every(({ code, error }) => code === 0 && error === 0));
  });

  it('1e38 has a step of 7.87e35', () => {
    const { scale, marks } = viewOf([1e38, 1]);
    assert.equal(scale.toPrecision(3), '7.87e+35');
    assert.deepEqual(
      marks.map(({ code }) => code),
      [127, 0],
    );
  });
});

it('the limits are the library’s', () => {
  const most = (format: string) => fewbits.numberFormats.find(({ name }) => name === format)!.max;
  assert.equal(LARGEST, most('float32'));
  assert.equal(viewOf([most('float16')]).beyondHalf, false);
  assert.equal(viewOf([most('float16') + 1]).beyondHalf, true);
});

describe('the axis', () => {
  it('is linear, unless most values would stand at 0', () => {
    for (const values of [SEVEN, generate('gaussian', 4096, 1), generate('outliers', 4096, 1), [5], [0, 0], [1e38]])
      assert.equal(viewOf(values).near, 0);
    assert.equal(viewOf([1e38, 1, -5e20, 3e37, 0.001, 0]).near, Math.fround(0.001));
    const far = generate('gaussian', 4096, 1);
    far[7] = 1e38;
    assert.ok(viewOf(far).near > 0.1 && viewOf(far).near < 1);
  });

  it('leads from values to places and back', () => {
    for (const near of [0, 0.001])
      for (const value of [-3e38, -1, 0, 1e-3, 5, 1e20])
        assert.ok(Math.abs(valueAt(placeOf(value, near), near) - value) <= Math.abs(value) * 1e-12);
  });
});

describe('many values', () => {
  const gaussian = generate('gaussian', 4096, 1);

  it('give a hill, a bar for each code and threads, in at most 16 kB', () => {
    const view = viewOf(gaussian, {}, 17);
    assert.ok(pack(view).length <= 8192, `${pack(view).length} characters`);
    assert.equal(view.levels.length, 255);
    assert.equal(view.hill.length, 160);
    assert.ok(view.marks.some(({ index }) => index === 17));
    assert.equal(view.followed.index, 17);
    const ends = view.marks.map(({ value }) => Math.fround(value));
    assert.equal(ends[0], view.min);
    assert.equal(ends.at(-1), view.max);
  });

  it('have threads that end where their codes come back', () => {
    const { gaps, ends, low, min, max, scale } = viewOf(gaussian, { type: 'int4' });
    assert.equal(
      ends.reduce((sum, n) => sum + n, 0),
      gaps.length,
    );
    assert.equal(gaps.length, 900);
    const codes = ends.flatMap((n, i) => new Array<number>(n).fill(low + i));
    let place = 0;
    gaps.forEach((gap, i) => {
      place += gap;
      const value = min + ((max - min) * place) / PLACES;
      assert.ok(Math.abs(codes[i]! * scale - value) <= scale / 2 + (max - min) / (2 * PLACES) + 1e-6);
    });
  });

  it('have 900 threads at even distances, and all where they are fewer', () => {
    for (const count of [900, 901, 1799, 36_864]) {
      const { gaps, ends } = viewOf(generate('gaussian', count, 1));
      assert.equal(gaps.length, 900);
      assert.equal(
        ends.reduce((sum, n) => sum + n),
        900,
      );
    }
    assert.deepEqual(evenly(3, 900), [0, 1, 2]);
    assert.deepEqual(evenly(10, 5), [1, 3, 5, 7, 9]);
  });

  it('are sampled above what is exact at once, and exact when asked', () => {
    const dataset = datasetOf(generate('gaussian', EXACT_AT_ONCE + 1, 1));
    const few = datasetOf(dataset.values.subarray(0, EXACT_AT_ONCE));
    assert.equal(model(fewbits, few, defaultsOf(options)).pending, false);
    const first = model(fewbits, dataset, defaultsOf(options));
    const all = exact(fewbits, dataset, defaultsOf(options));
    assert.deepEqual([first.pending, all.pending], [true, false]);
    assert.equal(first.scale, all.scale);
    assert.deepEqual(first.marks, all.marks);
    assert.ok(Math.abs(all.worst[0]!.error) >= Math.abs(first.worst[0]!.error));
  });
});
