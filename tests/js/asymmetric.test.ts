// Chapter 5's model: pure, so that it needs no browser.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { init } from 'fewbits';
import type { Dataset } from '../../web/page/kit/contract.ts';
import { generate } from '../../web/page/kit/data/generate.ts';
import { pack } from '../../web/page/kit/json.ts';
import { type Outcome, unclippedOf } from '../../web/page/kit/lanes/view.ts';
import { defaultsOf } from '../../web/page/kit/options.ts';
import { exact, model, options } from '../../web/page/sections/asymmetric/model.ts';
import type { Options } from '../../web/page/sections/asymmetric/options.ts';
import { rangeChange, zeroChange } from '../../web/page/sections/asymmetric/range.tsx';

const fewbits = await init();
const SEVEN = [5.47, 3.08, -7.59, 0, -1.95, -4.57, 10.8];

function datasetOf(given: ArrayLike<number>, followed = 0): Dataset {
  const values = Float32Array.from(given);
  const source = { kind: 'own', name: 'numbers' } as const;
  return { source, name: 'numbers', values, shape: [values.length], summary: fewbits.summarize(values), followed };
}

const viewOf = (given: ArrayLike<number>, changes: Partial<Options> = {}, followed = 0) =>
  model(fewbits, datasetOf(given, followed), { ...defaultsOf(options), ...changes });

describe('the seven numbers', () => {
  it('have the zero point −23 and these codes', () => {
    const { zeroPoint, marks, scale, other, low, high } = viewOf(SEVEN);
    assert.equal(zeroPoint, -23);
    assert.deepEqual(
      marks.map(({ code }) => code),
      [53, 20, -128, -23, -50, -86, 127],
    );
    assert.deepEqual([scale.toFixed(4), other.scale.toFixed(4)], ['0.0721', '0.0850']);
    assert.equal(high - low + 1, 256);
  });

  it('as unsigned codes have the zero point 105, and 255 at the end', () => {
    const { zeroPoint, marks } = viewOf(SEVEN, { type: 'uint8' });
    assert.equal(zeroPoint, 105);
    assert.equal(marks.at(-1)!.code, 255);
  });

  it('get the ends and the zero point that are asked for', () => {
    const view = viewOf(SEVEN);
    const cut = viewOf(SEVEN, rangeChange(view, { beta: -5, alpha: 5 }));
    assert.deepEqual([cut.beta, cut.alpha, cut.zeroPoint], [-5, 5, -1]);
    for (const z of [-128, -100, 0, 64, 127]) {
      const moved = viewOf(SEVEN, rangeChange(view, zeroChange(view, z)));
      assert.equal(moved.zeroPoint, z);
      assert.ok(Math.abs(moved.scale / view.scale - 1) < 1e-6);
    }
  });
});

it('a value beyond the range is clipped, whatever the rounding and the zero point', () => {
  for (const rounding of ['onnxruntime', 'pytorch'] as const) {
    const changes = { low: 0.2, rounding };
    assert.equal(unclippedOf(viewOf(SEVEN, changes, 2)), -192);
    for (const i of [0, 1, 3, 4, 6]) assert.equal(unclippedOf(viewOf(SEVEN, changes, i)), undefined);
  }
});

it('an end that was moved to 0 is 0', () => {
  const view = viewOf(SEVEN);
  const first = viewOf(SEVEN, rangeChange(view, zeroChange(view, view.low)));
  const last = viewOf(SEVEN, rangeChange(view, zeroChange(view, view.high)));
  assert.deepEqual([first.beta, first.from, last.alpha, last.to], [0, 0, 0, 0]);
  assert.equal(viewOf([1e-12, 1]).beta, 1e-12);
});

describe('data on one side', () => {
  it('0 is exact with zero included, and out of reach without', () => {
    const inside = viewOf([5, 6, 7]);
    const outside = viewOf([5, 6, 7], { zero: false });
    assert.equal(inside.zeroPoint, -128);
    assert.ok(outside.zeroPoint < outside.low);
    assert.ok(outside.scale < inside.scale);
    assert.deepEqual([inside.from, outside.from], [0, 5]);
  });

  it('halves the step of a ReLU’s output', () => {
    const { scale, meanError, used, other } = viewOf(generate('relu', 4096, 1));
    assert.ok(Math.abs(other.scale / scale - 255 / 127) < 1e-5);
    assert.ok(other.meanError > 1.5 * meanError);
    assert.ok(used > 128 && other.used <= 128);
  });
});

it('says of both schemes the same, whichever is shown', () => {
  const sideOf = ({ scale, used, meanError, maxError }: Outcome) => ({ scale, used, meanError, maxError });
  const shown = viewOf(SEVEN);
  const turned = viewOf(SEVEN, { scheme: 'symmetric' });
  assert.deepEqual([sideOf(shown), sideOf(shown.other)], [sideOf(turned.other), sideOf(turned)]);
  assert.equal(shown.maxError, Math.max(...shown.marks.map(({ error }) => Math.abs(error))));
});

describe('rounding', () => {
  it('lists the elements that differ, by both codes', () => {
    // Half way between two codes: the quotient is exact, the product with the inverse is not.
    const { differing, differences } = viewOf([0, 4.087059, 4.171765, 10.8]);
    assert.equal(differing, 2);
    assert.deepEqual(differences, [
      { index: 1, value: 4.087059, onnxruntime: -31, pytorch: -32 },
      { index: 2, value: 4.171765, onnxruntime: -29, pytorch: -30 },
    ]);
    assert.equal(viewOf(SEVEN).differing, 0);
  });
});

it('zeros and a range of no width do not fail, and a view stays small', () => {
  for (const values of [[0, 0], [5], [-5], [3e38, -3e38]])
    for (const zero of [true, false])
      for (const moved of [0, 1]) assert.ok(viewOf(values, { zero, low: -moved, high: moved }).scale > 0);
  assert.ok(pack(viewOf(generate('gaussian', 4096, 1))).length <= 16_384);
  const large = datasetOf(generate('gaussian', 2 ** 20 + 1, 1));
  assert.equal(model(fewbits, large, defaultsOf(options)).pending, true);
  assert.equal(exact(fewbits, large, defaultsOf(options)).pending, false);
});
