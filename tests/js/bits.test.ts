// Chapter 2's model: pure, so that it needs no browser.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Fewbits, init, type NumberFormat, type NumberFormatName } from 'fewbits';
import { makeDataset } from '../../web/page/kit/data/dataset.ts';
import { pack } from '../../web/page/kit/json.ts';
import { changedOptions, defaultsOf, readOptions } from '../../web/page/kit/options.ts';
import { fieldsOf, numberOf, powerOf, worthOf } from '../../web/page/sections/bits/bits.ts';
import { model, type View } from '../../web/page/sections/bits/model.ts';
import { OWN, TYPED } from '../../web/page/sections/bits/names.ts';
import { type Edit, type Options, options } from '../../web/page/sections/bits/options.ts';

const fewbits: Fewbits = await init();
const FOLLOWED = Math.fround(3.08);
const seven = makeDataset(
  fewbits,
  { kind: 'seven' },
  { values: Float32Array.from([5.47, 3.08, -7.59, 0, -1.95, -4.57, 10.8]), shape: [7] },
  1,
);
const defaults = defaultsOf(options);
const viewWith = (changes: Partial<Options> = {}) => model(fewbits, seven, { ...defaults, ...changes });
const edit = (format: string, text: string): Edit => ({ of: FOLLOWED, format, text });
const typed = (x: string, changes: Partial<Options> = {}) => viewWith({ edit: edit(TYPED, x), ...changes });
const row = (view: View, name: string) => view.rows.find((each) => each.name === name)!;
const editor = (view: View) => view.rows[view.at]!;
const allCodes = (bits: number) => Array.from({ length: 2 ** bits }, (_, code) => code.toString(2).padStart(bits, '0'));

describe('the number in the editor', () => {
  it('starts as the followed value', () => {
    const view = viewWith();
    assert.equal(view.number, FOLLOWED);
    assert.equal(view.text, '3.08');
    assert.equal(editor(view).name, 'float32');
    assert.equal(editor(view).bits, fewbits.inspect(FOLLOWED, 'float32').bits.replaceAll(' ', ''));
  });

  it('reads 10.8 with 130 in the exponent field', () => {
    const reading = editor(typed('10.8'));
    const [sign, exponent, mantissa] = fieldsOf(reading);
    assert.deepEqual([sign!.name, exponent!.name, mantissa!.name], ['sign', 'exponent', 'mantissa']);
    assert.equal(numberOf(exponent!.bits), 130);
    assert.equal(powerOf(reading), 3);
  });

  it('can be given as bits of any format, NaN with its payload among them', () => {
    assert.equal(viewWith({ format: 'float16', edit: edit('float16', '0100100001100110') }).number, 8.796875);
    const nan = '01111111100000000000000000000101';
    const view = viewWith({ edit: edit('float32', nan) });
    assert(Number.isNaN(view.number));
    assert.equal(editor(view).bits, nan);
  });

  it('keeps what was typed when another format is looked at', () => {
    const view = typed('0.1', { format: 'float8_e5m2' });
    assert.equal(view.number, 0.1);
    assert.equal(editor(view).value, 0.09375);
    assert.equal(row(view, 'float32').error, Math.fround(0.1) - 0.1);
  });

  it('is the followed value again where the edit was of another one, or makes no sense', () => {
    for (const odd of [
      { ...edit(TYPED, '5'), of: 5 },
      edit('float16', '01'),
      edit('float16', '010010000110011x'),
      edit('float99', '0100100001100110'),
    ])
      assert.equal(viewWith({ edit: odd }).number, FOLLOWED, JSON.stringify(odd));
  });

  it('travels in a link, but not from the reader’s own data', () => {
    const bits = '01000001001011001100110011001101';
    const [[key, text]] = changedOptions(options, { ...defaults, edit: edit('float32', bits) }) as [[string, string]];
    assert.equal(text, `${FOLLOWED}_float32_${bits}`);
    assert.deepEqual(readOptions(options, (given) => (given === key ? text : null)).edit, edit('float32', bits));
    assert.ok(options.edit.ofData, 'the page leaves it out of links to the reader’s own numbers');
    assert.equal(readOptions(options, () => '').edit, null);
  });
});

describe('every format', () => {
  it('up to 32 bits has a row, as inspect tells it', () => {
    const view = viewWith();
    const formats = fewbits.numberFormats.filter(({ bits }) => bits <= 32);
    assert.deepEqual(
      view.rows.map(({ name }) => name),
      formats.map(({ name }) => name),
    );
    for (const { name } of formats) {
      const { bits, value, error } = fewbits.inspect(FOLLOWED, name as NumberFormatName);
      const reading = row(view, name);
      assert.deepEqual([reading.bits, reading.value, reading.error], [bits.replaceAll(' ', ''), value, error], name);
    }
  });

  it('e2m1 names 15 distinct values', () => {
    const values = allCodes(4).map((bits) => {
      const view = viewWith({ format: 'float4_e2m1fn', edit: edit('float4_e2m1fn', bits) });
      return editor(view).value + 0;
    });
    assert.equal(new Set(values).size, 15);
    assert.equal(row(viewWith(), 'float4_e2m1fn').values, 15);
  });

  it('gives integers the worth of their bits', () => {
    const reading = editor(typed('-60', { format: 'int8' }));
    const worths = [...reading.bits].map((bit, i) => Number(bit) * worthOf(reading, i));
    assert.deepEqual(worths, [-128, 64, 0, 0, 0, 4, 0, 0]);
    assert.equal(worthOf(editor(viewWith({ format: 'uint8' })), 0), 128);
  });

  it('says past which number it has no more, and what saturating gives', () => {
    const view = typed('1e5');
    assert.deepEqual(row(view, 'float8_e4m3fn').beyond, { limit: 464, saturated: 448 });
    assert(Number.isNaN(row(view, 'float8_e4m3fn').value));
    assert.deepEqual(row(view, 'float16').beyond, { limit: 65520, saturated: 65504 });
    assert.equal(row(view, 'float16').value, Infinity);
    assert.deepEqual(row(view, 'int8').beyond, { limit: 127, saturated: 127 });
    assert.equal(row(view, 'float32').beyond, undefined);
    assert.deepEqual(row(typed('-1e5'), 'float8_e4m3fn').beyond, { limit: -464, saturated: -448 });
    assert.equal(row(typed('-1'), 'float8_e8m0fnu').beyond, undefined, 'it has no sign at all');
    assert.equal(row(typed('Infinity'), 'float32').beyond, undefined, 'it has infinity');
    assert(row(typed('1e39'), 'float32').beyond!.limit > fewbits.numberFormats[1]!.max);
  });

  it('fits, with the rest of the view, into a message', () => {
    assert(pack(viewWith({ own: true })).length <= 16_384, String(pack(viewWith({ own: true })).length));
  });
});

describe('Previous and Next', () => {
  const walk = (format: string, bits: string) => viewWith({ format, edit: edit(format, bits), own: format === OWN });

  for (const format of [
    'float8_e4m3fn',
    'float8_e5m2',
    'float8_e5m2fnuz',
    'float8_e8m0fnu',
    'float6_e3m2fn',
    'int8',
    'uint5',
  ])
    it(`go through every number of ${format} in order, and back`, () => {
      const { bits, values } = fewbits.numberFormats.find(({ name }) => name === format) as NumberFormat;
      const ends = allCodes(bits).filter((code) => {
        const { previous, next } = walk(format, code);
        return previous === null && next !== null;
      });
      assert.equal(ends.length, 1, 'one least number');
      const numbers: number[] = [];
      for (let at = ends[0]!; ; ) {
        const view = walk(format, at);
        numbers.push(view.number);
        if (view.next === null) break;
        const further = walk(format, view.next);
        assert.equal(further.previous, at, 'back again');
        assert.equal(view.gap, further.number - view.number);
        at = view.next;
      }
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b || Number(Object.is(b, -0)) - Number(Object.is(a, -0))),
      );
      assert.equal(new Set(numbers.filter(Number.isFinite).map((x) => x + 0)).size, values);
    });

  it('end at infinity, and do not leave NaN', () => {
    assert.equal(typed('Infinity').next, null);
    assert.equal(editor(typed('Infinity')).class, 'infinity');
    const nan = typed('NaN');
    assert.deepEqual([nan.previous, nan.next], [null, null]);
  });

  it('step from -0 to 0', () => {
    const zero = '0'.repeat(32);
    assert.equal(typed('-0').next, zero);
    assert.equal(typed('0').previous, `1${zero.slice(1)}`);
  });
});

describe('a format of one’s own', () => {
  it('with 4 and 3 bits, bias 7 and fn equals float8_e4m3fn on all 256 codes', () => {
    for (const bits of allCodes(8)) {
      const mine = viewWith({ own: true, format: OWN, edit: edit(OWN, bits) });
      const known = viewWith({ format: 'float8_e4m3fn', edit: edit('float8_e4m3fn', bits) });
      assert(Object.is(mine.number, known.number), bits);
      assert.equal(editor(mine).class, editor(known).class, bits);
      assert.equal(mine.twin, 'float8_e4m3fn');
    }
  });

  it('has no twin where one number differs', () => {
    assert.equal(viewWith({ own: true, bias: 8 }).twin, '');
    assert.equal(viewWith({ own: true, exponent: 5, mantissa: 10, bias: 15, specials: 'ieee' }).twin, 'float16');
  });

  it('that cannot be made says why, and the editor goes on with float32', () => {
    const view = viewWith({ own: true, format: OWN, exponent: 8, bias: 0 });
    assert.match(view.problem, /cannot be made\. Its largest value is beyond float32/);
    assert.equal(editor(view).name, 'float32');
    assert.equal(row(view, OWN), undefined);
  });
});
