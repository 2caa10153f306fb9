// A short run of `npm run oracle`: the package beside the native ggml library that others built.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type BlockFormat, type Fewbits, init } from 'fewbits';
import { addTally, Comparison, emptyTally, ggmlFormats, SLICE } from '../oracle/compare.ts';
import { openNative } from '../oracle/native.ts';

const fewbits = await init();
const native = await openNative();
// Where the library is made for, its absence is a failure.
const skip = process.platform === 'linux' && process.arch === 'x64' ? false : String(native);
/** Of a format that is only read, as many as the native library need not make anything for. */
const slicesOf = ({ canQuantize }: BlockFormat) => (canQuantize ? 8 : 3);

test("ggml's native library: the same bytes and numbers", { skip }, (context) => {
  const comparison = new Comparison(fewbits, native as Exclude<typeof native, string>, 7);
  const formats = ggmlFormats(fewbits);
  assert.ok(formats.length >= 20);
  for (const format of formats) {
    const { name, canQuantize } = format;
    const slices = slicesOf(format);
    const sum = emptyTally();
    for (let index = 0; index < slices; index++) addTally(sum, comparison.slice(name, index));
    context.diagnostic(`${name}: ${sum.quantized} values made, ${sum.dequantized} read, ${sum.differ} blocks differ`);
    assert.equal(sum.differ, 0, sum.first);
    // What is skipped is little; q8_1 has no decoder there.
    if (canQuantize) assert.ok(sum.quantized > 0.9 * slices * SLICE, name);
    assert.ok(sum.dequantized >= (name === 'q8_1' ? 0 : slices * SLICE), name);
  }
});

test("ggml's native library: a bit that differs is found, and named", { skip }, () => {
  const wrong: Fewbits = {
    ...fewbits,
    quantizeBlocks(...args) {
      const bytes = fewbits.quantizeBlocks(...args);
      bytes[144 * 5 + 20]! ^= 1;
      return bytes;
    },
    dequantizeBlocks(...args) {
      const values = fewbits.dequantizeBlocks(...args);
      if (values.length) values[256 * 3 + 9]! += 1;
      return values;
    },
  };
  const comparison = new Comparison(wrong, native as Exclude<typeof native, string>, 7);
  const { differ, first } = comparison.slice('q4_k', 1);
  assert.equal(differ, 3);
  assert.match(first!, /^q4_k of .*block 5 of rows of 1024/);
  assert.match(first!, /values +.*\n +importance .*\n +here +[0-9a-f]{288}\n +there +[0-9a-f]{288}$/);
  const { first: number } = comparison.slice('q8_0', 0);
  assert.match(number!, /^q8_0 /);
});
