// The page's pure parts: how numbers are written, made-up data, the address, options.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseFormulas } from '../../web/build/math.mts';
import { readAddress, writeAddress } from '../../web/page/kit/address.ts';
import type { Source } from '../../web/page/kit/contract.ts';
import { parseNumber } from '../../web/page/kit/controls/field.tsx';
import { keyTarget } from '../../web/page/kit/controls/slider.tsx';
import { readingOf, usableOf } from '../../web/page/kit/data/complaint.ts';
import { generate, ln } from '../../web/page/kit/data/generate.ts';
import { pack, unpack } from '../../web/page/kit/json.ts';
import * as numbers from '../../web/page/kit/numbers.ts';
import { changedOptions, choice, defaultsOf, flag, number, readOptions, text } from '../../web/page/kit/options.ts';
import { oneTwoFive, stepOf } from '../../web/page/kit/step.ts';

describe('numbers', () => {
  const cases: [number, number, string][] = [
    [-0.0359, 3, '−0.0359'],
    [36864, 4, '36,860'],
    [64.3235, 4, '64.32'],
    [0.0850394, 4, '0.08504'],
    [0.0850394, 2, '0.085'],
    [127, 4, '127'],
    [10.8, 4, '10.8'],
    [999999, 3, '1 × 10^6'],
    [1e6, 3, '1 × 10^6'],
    [0.0001, 3, '0.0001'],
    [0.00009999, 3, '0.0001'],
    [3.728e-9, 3, '3.73 × 10^−9'],
    [-3.4028235e38, 3, '−3.4 × 10^38'],
    [0, 3, '0'],
    [-0, 3, '−0'],
    [Number.NaN, 3, 'NaN'],
    [-Infinity, 3, '−∞'],
  ];
  for (const [x, digits, expected] of cases) {
    test(`${x} to ${digits} digits is ${expected}`, () => assert.equal(numbers.say(x, digits), expected));
  }

  test('trailing zeros stay where two numbers are compared', () => {
    assert.deepEqual(numbers.write(0.085, 3, { pad: true }), { digits: '0.0850', exponent: '' });
  });

  test('a stored float is the shortest decimal that reads back the same', () => {
    assert.equal(numbers.plain(numbers.writeStored(Math.fround(0.1))), '0.1');
    assert.deepEqual(
      [[0.5], [0.0412, -0.0411], [2, -2, 1], [1.00001, 1.00002], [1.00000001, 1]].map(numbers.rankingDigits),
      [2, 3, 2, 6, 6],
    );
    assert.equal(numbers.plain(numbers.writeStored(Math.fround(16777216))), '1.6777216 × 10^7');
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        const { digits, exponent } = numbers.writeStored(x);
        const decimal = `${digits}e${exponent || 0}`.replaceAll('−', '-').replaceAll(',', '');
        assert.ok(Object.is(Math.fround(Number(decimal)), x), `${x} was written ${decimal}`);
      }),
    );
  });

  test('bytes say their unit, and never a thousand of one', () => {
    assert.equal(numbers.decimalBytes(1), '1 byte');
    assert.equal(numbers.decimalBytes(18), '18 bytes');
    assert.equal(numbers.decimalBytes(147456), '147 kB');
    assert.equal(numbers.decimalBytes(18432), '18.4 kB');
    assert.equal(numbers.decimalBytes(999_600), '1 MB');
    assert.equal(numbers.decimalBytes(39.7e9), '39.7 GB');
    assert.equal(numbers.binaryBytes(39.7e9), '37 GiB');
    assert.equal(numbers.binaryBytes(2 ** 40), '1 TiB');
  });

  test('shares and counts', () => {
    assert.equal(numbers.percent(0.54), '54\u00a0%');
    assert.equal(numbers.percent(0.0012), '0.12\u00a0%');
    assert.equal(numbers.count(1, 'weights'), '1 weight');
    assert.equal(numbers.count(36864, 'weights'), '36,864 weights');
    assert.equal(numbers.whole(-0), '0');
  });

  test('one axis has one number of decimals', () => {
    assert.deepEqual(numbers.tickLabels([-0.1, -0.05, 0, 0.05, 0.1]), ['−0.10', '−0.05', '0', '0.05', '0.10']);
    assert.deepEqual(numbers.tickLabels([0, 0.1, 0.2, 0.30000000000000004]), ['0', '0.1', '0.2', '0.3']);
    assert.deepEqual(numbers.tickLabels([0, 5000, 10000]), ['0', '5,000', '10,000']);
  });
});

describe('made-up data', () => {
  test('is the same for the same seed, and another for another', () => {
    assert.deepEqual(generate('gaussian', 100, 7), generate('gaussian', 100, 7));
    assert.notDeepEqual(generate('gaussian', 100, 7), generate('gaussian', 100, 8));
  });

  // Recorded once: engines must not differ, and neither may we tomorrow.
  const recorded = {
    gaussian: [0.021917298436164856, 0.38413387537002563, 0.7624596953392029, 1.491576075553894],
    laplace: [-0.986375093460083, 0.7496054768562317, -3.4538989067077637, 0.9489142894744873],
  };
  for (const [kind, expected] of Object.entries(recorded)) {
    test(`${kind} begins as it always did`, () => {
      assert.deepEqual([...generate(kind as 'gaussian' | 'laplace', 4, 1)], expected);
    });
  }

  test('has the moments that its name promises', () => {
    const moments = (values: Float32Array) => {
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
      return { mean, variance: values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length };
    };
    const gaussian = moments(generate('gaussian', 100_000, 1));
    assert.ok(Math.abs(gaussian.mean) < 0.015 && Math.abs(gaussian.variance - 1) < 0.02);
    const laplace = moments(generate('laplace', 100_000, 1));
    assert.ok(Math.abs(laplace.mean) < 0.02 && Math.abs(laplace.variance - 2) < 0.08);
  });

  test('outliers are one in a thousand and stand out; ReLU has no negatives and half zeros', () => {
    const outliers = generate('outliers', 100_000, 1);
    const plain = generate('gaussian', 100_000, 1);
    const changed = outliers.filter((x, i) => x !== plain[i]);
    assert.equal(changed.length, 100);
    const relu = generate('relu', 100_000, 1);
    assert.ok(relu.every((x) => x >= 0));
    assert.ok(Math.abs(relu.filter((x) => x === 0).length / relu.length - 0.5) < 0.01);
  });

  test('our logarithm is as good as the engine’s', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
        assert.ok(Math.abs(ln(x) - Math.log(x)) <= 4e-16 * Math.max(1, Math.abs(Math.log(x))), `ln ${x}`);
      }),
    );
  });
});

describe('address', () => {
  const weights: Source = { kind: 'weights', tensor: 'F_0/kernel' };

  test('says nothing where everything is as at first', () => {
    assert.equal(writeAddress(weights, 20011, []), '');
    assert.deepEqual(readAddress('').source, weights);
    assert.equal(readAddress('').followed, 20011);
  });

  const links: [string, Source, number, [string, string][]][] = [
    ['?data=seven&follow=3&why.context=8192', { kind: 'seven' }, 3, [['why.context', '8192']]],
    ['?tensor=UPN2/kernel', { kind: 'weights', tensor: 'UPN2/kernel' }, 0, []],
    ['?data=outliers&count=1000&seed=9', { kind: 'outliers', count: 1000, seed: 9 }, 0, []],
    ['?follow=5', weights, 5, []],
  ];
  for (const [link, source, followed, options] of links) {
    test(`${link} says the same when written and read`, () => {
      assert.equal(writeAddress(source, followed, options), link);
      const read = readAddress(link);
      assert.deepEqual(read.source, source);
      assert.equal(read.followed, followed);
      assert.deepEqual([...read.options], options);
    });
  }

  test('never carries what is the reader’s own', () => {
    const link = writeAddress({ kind: 'own', name: 'secret.csv' }, 17, []);
    assert.equal(link, '?data=own');
    assert.equal(readAddress(link).wasOwn, true);
    assert.deepEqual(readAddress(link).source, weights);
  });

  test('ignores what it does not know and clamps what is out of range', () => {
    assert.deepEqual(readAddress('?data=poetry&colour=red&follow=-3&tensor=none').source, weights);
    assert.deepEqual(readAddress('?data=relu&count=1e99&seed=x').source, { kind: 'relu', count: 10_000_000, seed: 1 });
  });
});

describe('options', () => {
  const options = {
    type: choice(['int8', 'int4'], 'int8'),
    clip: number(0.5, { min: 0, max: 1 }),
    context: number(8192, { min: 1, whole: true }),
    narrow: flag(true),
    model: text('llama', { maxLength: 8 }),
  };
  const read = (given: Record<string, string>) => readOptions(options, (key) => given[key] ?? null);

  test('fall back to their defaults and are clamped', () => {
    assert.deepEqual(read({ type: 'int9', clip: '7', context: '1.6', narrow: 'maybe', model: 'a very long name' }), {
      type: 'int8',
      clip: 1,
      context: 2,
      narrow: true,
      model: 'a very l',
    });
  });

  test('tell what differs, and read it back', () => {
    const changed = { ...defaultsOf(options), clip: 0.25, narrow: false };
    const said = changedOptions(options, changed);
    assert.deepEqual(said, [
      ['clip', '0.25'],
      ['narrow', '0'],
    ]);
    assert.deepEqual(read(Object.fromEntries(said)), changed);
    assert.deepEqual(changedOptions(options, defaultsOf(options)), []);
  });
});

describe('controls', () => {
  test('steps are the 1-2-5 number nearest to 1/200 of the axis', () => {
    assert.equal(stepOf(0, 1), 0.005);
    assert.equal(stepOf(-10.8, 10.8), 0.1);
    assert.equal(stepOf(0, 200), 1);
    assert.equal(oneTwoFive(0.03), 0.02);
    assert.equal(oneTwoFive(8), 10);
    assert.equal(oneTwoFive(0), 1);
  });

  test('keys move a slider and stop at its ends', () => {
    const press = (key: string, value = 0.3, shiftKey = false) =>
      keyTarget({ key, shiftKey } as KeyboardEvent, { value, min: 0, max: 1, step: 0.1, before: 0.7 });
    assert.equal(press('ArrowRight'), 0.4);
    assert.equal(press('ArrowDown', 0.05), 0);
    assert.equal(press('PageUp', 0.3), 1);
    assert.equal(press('ArrowLeft', 0.9, true), 0);
    assert.equal(press('Home'), 0);
    assert.equal(press('End'), 1);
    assert.equal(press('Escape'), 0.7);
    assert.equal(press('a'), undefined);
  });

  test('a field reads typeset numbers, and says why it cannot', () => {
    assert.equal(parseNumber(' −1,234.5 '), -1234.5);
    assert.equal(parseNumber('1e-3'), 0.001);
    assert.equal(parseNumber('abc'), '“abc” is not a number.');
    assert.equal(parseNumber('1.5', { whole: true }), 'This needs a whole number.');
    assert.equal(parseNumber('9', { max: 8 }), 'The most is 8.');
    assert.equal(parseNumber('0', { min: 1 }), 'The least is 1.');
  });
});

test('views travel through JSON with every number', () => {
  const view = { a: [Number.NaN, Infinity, -Infinity, -0, 1.5], text: '</script>' };
  const text = pack(view);
  assert.ok(!text.includes('<'));
  assert.deepEqual(unpack(text), view);
});

test('what is no number is named with its line, and left out on demand', () => {
  const values = Float32Array.of(1, Number.NaN, 3, Number.NaN);
  const bad = [
    { index: 1, line: 1, text: 'nan', why: 'not a number' },
    { index: 3, line: 2, text: 'abc', why: 'not a number' },
  ];
  const result = { values, shape: [2, 2], bad, badCount: 2, notes: [] };
  const reading = readingOf('Your numbers', result);
  assert.equal(reading.size, '2 numbers, 1 row');
  assert.equal(reading.complaint, '2 of 4 are not numbers (line 1 “nan”, line 2 “abc”).');
  assert.deepEqual(usableOf(result), { values: Float32Array.of(1, 3), shape: [2] });
});

describe('formulas', () => {
  test('become MathML without style attributes, in pieces, with slots', () => {
    const { scale } = parseFormulas('scale: \\role{scale}{s} = \\frac{\\slot{original}{alpha}}{127} \\\\ = 1');
    assert.equal(scale!.length, 2);
    const markup = JSON.stringify(scale);
    assert.match(markup, /"slot":"alpha"/);
    assert.match(markup, /r-scale/);
    assert.doesNotMatch(markup, /"style"/);
  });

  test('a formula without a name is refused', () => {
    assert.throws(() => parseFormulas('x = 1'), /begins with its name/);
  });
});
