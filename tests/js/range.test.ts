// Chapter 3's model: which numbers exist where, what the probe becomes, what of the data is lost.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { init } from 'fewbits';
import type { Dataset } from '../../web/page/kit/contract.ts';
import { makeDataset } from '../../web/page/kit/data/dataset.ts';
import { SEVEN } from '../../web/page/kit/data/examples.ts';
import { generate } from '../../web/page/kit/data/generate.ts';
import { defaultsOf } from '../../web/page/kit/options.ts';
import { linear, ticksOf } from '../../web/page/kit/scale.ts';
import { exact, model, type View } from '../../web/page/sections/range/model.ts';
import { COLUMNS, type Options, options, unwarp, warp } from '../../web/page/sections/range/options.ts';
import { sorted } from '../../web/page/sections/range/types-table.tsx';

const fewbits = await init();
const dataOf = (values: Iterable<number>): Dataset => {
  const array = Float32Array.from(values);
  return makeDataset(fewbits, { kind: 'own', name: 'test' }, { values: array, shape: [array.length] });
};
const seven = dataOf(SEVEN);
const defaults = defaultsOf(options);
const viewOf = (changes: Partial<Options> = {}, data = seven) => model(fewbits, data, { ...defaults, ...changes });
const rowOf = (view: View, name: string) => view.rows.find((row) => row.name === name)!;
const textOf = ({ finding }: View) => finding.replaceAll('*', '').replaceAll('−', '-');

/** The values that a row's ticks stand for. */
const tickValues = ({ from, to, log, rows }: View, name: string) => {
  const [start, end] = [warp(from, log), warp(to, log)];
  const values = rows.find((row) => row.name === name)!.ticks.map((at) => start + ((end - start) * at) / COLUMNS);
  return values.map((place) => unwarp(place, log)).sort((a, b) => a - b);
};

function assertNear(actual: readonly number[], expected: readonly number[], within: number): void {
  assert.equal(actual.length, expected.length, `${actual} against ${expected}`);
  for (const [i, x] of expected.entries()) assert.ok(Math.abs(actual[i]! - x) <= within, `${actual[i]} against ${x}`);
}

describe('the rows', () => {
  it('are the chosen formats, in the order of the table, eight at most; unknown names leave the usual ones', () => {
    const names = (formats: string) => viewOf({ formats }).rows.map(({ name }) => name);
    assert.deepEqual(names('int8 float16'), ['float16', 'int8']);
    assert.deepEqual(names('poetry'), defaults.formats.split(' '));
    assert.equal(names(fewbits.numberFormats.map(({ name }) => name).join(' ')).length, 8);
  });

  it('have a tick for every value that stands apart', () => {
    const view = viewOf({ from: -7, to: 7 });
    const e2m1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6];
    assertNear(
      tickValues(view, 'float4_e2m1fn'),
      [
        ...e2m1
          .slice(1)
          .map((x) => -x)
          .reverse(),
        ...e2m1,
      ],
      0.01,
    );
    assertNear(tickValues(view, 'int8'), [-7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7], 0.01);
    assert.deepEqual(rowOf(view, 'int8').shades, []);
  });

  it('show the steps of every format from 1 to 2, one by one where they are few', () => {
    const view = viewOf({ from: 0.999, to: 2.001, formats: 'bfloat16 float8_e4m3fn' });
    assert.equal(rowOf(view, 'bfloat16').ticks.length, 129);
    assert.equal(rowOf(view, 'float8_e4m3fn').ticks.length, 9);
    const closer = viewOf({ from: 1, to: 1 + 64 / 1024, formats: 'float16' });
    assert.equal(rowOf(closer, 'float16').ticks.length, 65);
  });

  it('merge into shades, denser towards 0, and end where the format ends', () => {
    const view = viewOf({ from: -1e5, to: 1e5, formats: 'float16 float32' });
    const { ticks, shades } = rowOf(view, 'float16');
    const end = (COLUMNS * (1 + 65504 / 1e5)) / 2;
    assert.ok(Math.max(...ticks, ...shades.map(([, last]) => last)) <= end + 1);
    const levels = shades.map(([, , level]) => level);
    assert.ok(levels[0]! < levels[Math.floor(levels.length / 2)]!);
    assert.deepEqual(
      [rowOf(view, 'float32').shades[0]![0], rowOf(view, 'float32').shades.at(-1)![1]],
      [0, COLUMNS],
      'float32 goes on',
    );
  });

  it('hold for every format there is, on both axes', () => {
    for (const { name, kind } of fewbits.numberFormats)
      for (const axis of ['linear', 'log'] as const) {
        const row = rowOf(viewOf({ formats: name, axis, from: -3, to: 3 }), name);
        assert.ok(row.ticks.length + row.shades.length > 0, `${name}, ${axis}`);
        assert.ok(row.ticks.every((at) => at >= 0 && at <= COLUMNS));
        assert.ok(kind !== 'exponent' || row.kept > 0);
        assert.ok(row.powers[0] <= row.powers[1] && row.powers[1] <= row.powers[2], name);
      }
  });

  it('know their range in powers of two', () => {
    const view = viewOf();
    assert.deepEqual(rowOf(view, 'float16').powers, [-24, -14, 16]);
    assert.deepEqual(rowOf(view, 'bfloat16').powers, [-133, -126, 128]);
    assert.deepEqual(rowOf(view, 'int8').powers, [0, 0, 7]);
  });
});

describe('the probe', () => {
  it('is the followed value at first, and finds its neighbours in every row', () => {
    assert.equal(viewOf().probe, Math.fround(5.47));
    const { kept, below, above, ulp } = rowOf(viewOf({ probe: 1.3 }), 'float8_e4m3fn');
    assert.deepEqual([kept, below, above, ulp], [1.25, 1.25, 1.375, 0.125]);
    const exact = rowOf(viewOf({ probe: 3 }), 'int8');
    assert.deepEqual([exact.kept, exact.below, exact.above], [3, 2, 4]);
  });

  it('±1e5 is outside float16', () => {
    for (const sign of [1, -1]) {
      const view = viewOf({ probe: sign * 1e5 });
      const row = rowOf(view, 'float16');
      assert.equal(row.outside, true);
      assert.equal(row.kept, sign * 65504);
      assert.equal(row[sign > 0 ? 'above' : 'below'], null);
      assert.equal(rowOf(view, 'bfloat16').outside, false);
      assert.match(textOf(view), /is outside float16 \(-?65,504\)/);
    }
  });
});

describe('what is said', () => {
  it('counts the steps from 1 to 2', () => {
    assert.match(textOf(viewOf()), /float32 has 8,388,608 steps, float16 1,024, bfloat16 128, e4m3fn 8 and e2m1fn 2\./);
  });

  it('counts what becomes 0 and what is out of range, as casting does', () => {
    const data = dataOf(generate('gaussian', 4096, 1));
    for (const row of viewOf({ formats: 'float16 float8_e4m3fn float4_e2m1fn int8 int2 uint4' }, data).rows) {
      const name = row.name as 'int8';
      const { min, max } = fewbits.numberFormats.find((format) => format.name === name)!;
      const kept = fewbits.cast(data.values, name, { saturate: true });
      const zeroed = data.values.filter((x, i) => x !== 0 && kept[i] === 0 && x >= min && x <= max).length;
      assert.equal(row.zeroed, zeroed, name);
      assert.equal(row.beyond, data.values.filter((x) => x < min || x > max).length, name);
    }
  });

  it('names the worst rows', () => {
    assert.match(textOf(viewOf()), /Of your 7 values 2 \(29.%\) are beyond e2m1fn\.$/);
    assert.match(textOf(viewOf({}, dataOf([0.1, -0.2]))), /Both of your values are nearer to 0 .* e2m1fn and int8/);
    assert.match(textOf(viewOf({ formats: 'float16 float32' }, dataOf([1e38]))), /Your one value is beyond float16/);
    assert.match(textOf(viewOf({}, dataOf([0, 0, 0]))), /All your values are 0/);
    assert.match(textOf(viewOf({ formats: 'float32' })), /None of your values/);
  });

  it('is about for very many values, until all are counted', () => {
    const count = 2 ** 20 + 1;
    const data = dataOf(generate('gaussian', count, 1));
    const before = viewOf({}, data);
    assert.equal(before.pending, true);
    assert.match(textOf(before), /≈ /);
    assert.equal(exact(fewbits, data, defaults).pending, false);
    const after = viewOf({}, data);
    assert.equal(after.pending, false);
    assert.doesNotMatch(textOf(after), /≈ /);
    const small = data.values.filter((x) => Math.abs(x) <= 0.5).length;
    assert.equal(rowOf(after, 'int8').zeroed, small - data.summary.zeros);
    assert.ok(Math.abs(rowOf(before, 'int8').zeroed - small) < 0.01 * count);
  });
});

describe('the axis', () => {
  it('takes in all data, 1 and 2; beyond a million it is logarithmic', () => {
    const { from, to, log } = viewOf();
    assert.ok(from < -10.8 && to > 10.8 && !log);
    assert.ok(viewOf({}, dataOf([0.1])).to > 2);
    const large = viewOf({}, dataOf([1e38, 1]));
    assert.ok(large.log && large.to > 1e38);
    assert.equal(viewOf({ axis: 'linear' }, dataOf([1e38, 1])).log, false);
  });

  it('has few values as marks, more as a density', () => {
    assert.equal(viewOf().marks.length, 7);
    for (const axis of ['linear', 'log'] as const) {
      const { marks, density } = viewOf({ axis }, dataOf(generate('laplace', 5000, 1)));
      assert.equal(marks.length, 0);
      assert.equal(Math.max(...density), 1);
    }
  });

  it('warps and unwarps', () => {
    for (const log of [true, false])
      for (const x of [0, 1e-6, -0.5, 3, -65504, 1e38])
        assert.ok(Math.abs(unwarp(warp(x, log), log) - x) <= 1e-12 * Math.max(1, Math.abs(x)));
  });
});

describe('the table of data types', () => {
  const { types } = viewOf();
  const factsOf = (name: string) => types.find(([of]) => of === name)!.slice(1) as number[];

  it('has a row for every number format', () => {
    assert.deepEqual(
      types.map(([name]) => name),
      fewbits.numberFormats.map(({ name }) => name),
    );
  });

  it('says of float32, float16, bfloat16 and int8 what they are', () => {
    assert.deepEqual(factsOf('float16'), [-65504, 65504, 1, 5, 10, 16]);
    assert.deepEqual(factsOf('int8'), [-128, 127, 1, 0, 7, 8]);
    for (const [name, ...bits] of [
      ['float32', 1, 8, 23, 32],
      ['bfloat16', 1, 8, 7, 16],
    ] as const) {
      const [min, max, ...rest] = factsOf(name);
      assert.deepEqual(rest, bits);
      assert.equal(max!.toPrecision(2), '3.4e+38');
      assert.equal(min, -max!);
    }
  });

  it('sorts by any column, both ways', () => {
    const first = (sort: string) => sorted(types, sort)[0]!;
    assert.equal(first('-max')[0], 'float64');
    assert.equal(first('max')[0], 'int2');
    assert.equal(first('bits').at(-1), 2);
    assert.equal(first('name')[0], 'bfloat16');
    assert.deepEqual(sorted(types, 'poetry'), types);
  });
});

describe('scales of the kit', () => {
  it('have round ticks with one number of decimals', () => {
    const labels = (from: number, to: number, count?: number) =>
      ticksOf(linear([from, to], [0, 100]), count).map(({ label }) => label);
    assert.deepEqual(labels(0, 1), ['0', '0.2', '0.4', '0.6', '0.8', '1.0']);
    assert.deepEqual(labels(-2.1, 2.1), ['−2', '−1', '0', '1', '2']);
    assert.deepEqual(labels(0, 0.3, 3), ['0', '0.1', '0.2', '0.3']);
  });

  it('have as many ticks where all lies far from zero, and where the numbers are huge', () => {
    const values = (from: number, to: number) => ticksOf(linear([from, to], [0, 1])).map(({ value }) => value);
    assert.deepEqual(values(1000.1, 1000.4), [1000.1, 1000.15, 1000.2, 1000.25, 1000.3, 1000.35, 1000.4]);
    assert.deepEqual(values(-3e38, 3e38), [-3e38, -2e38, -1e38, 0, 1e38, 2e38, 3e38]);
  });

  it('invert what they place; one number alone stands in the middle', () => {
    const scale = linear([-3, 5], [10, 90]);
    for (const x of [-2, 0, 0.5, 4]) assert.ok(Math.abs(scale.invert(scale(x)) - x) < 1e-9);
    assert.equal(linear([2, 2], [0, 500])(2), 250);
  });

  it('stay within 16 kB with every row', () => {
    for (const [from, to] of [
      [-1, 1],
      [0.9, 2.1],
      [-300, 300],
    ] as const)
      for (const axis of ['linear', 'log'] as const) {
        const view = viewOf({
          from,
          to,
          axis,
          formats: fewbits.numberFormats
            .slice(4)
            .map(({ name }) => name)
            .join(' '),
        });
        assert.ok(JSON.stringify(view).length < 16_000, `${JSON.stringify(view).length}`);
      }
  });
});
