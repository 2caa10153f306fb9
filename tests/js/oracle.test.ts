// A short run of `npm run oracle`: the package beside the native libraries that others built.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { type BlockFormat, createPool, type Fewbits, init, type Pool } from 'fewbits';
import { recipeNames } from '../../web/lib/files/recipes.ts';
import { addTally, Comparison, emptyTally, ggmlFormats, SLICE } from '../oracle/compare.ts';
import { type Case, compareConversion, nameOf, type Stage } from '../oracle/conversions.ts';
import { Llama } from '../oracle/llama.ts';
import { DESIGNS } from '../oracle/models.ts';
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

/** Every recipe that the package makes once, on designs in turn; every other one weighed. */
function someCases(): Case[] {
  const designs = Object.keys(DESIGNS);
  const makeable = recipeNames.filter((recipe) => !/^iq[123]/.test(recipe));
  return makeable.map((recipe, i) => ({
    ...{ design: designs[i % designs.length]!, recipe },
    ...{ weighed: i % 2 === 0, pure: false, ordered: i % 3 !== 2 },
  }));
}

test("llama.cpp's own quantizer of files: the same files", { skip }, async (context) => {
  const llama = await Llama.start();
  assert.ok(typeof llama !== 'string', String(llama));
  const pool = await createPool({ size: 2 });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'fewbits-oracle-'));
  try {
    const stage = { llama, pool, folder, seed: 7 };
    const counts = new Map<string, number>();
    let converted = 0;
    for (const one of someCases()) {
      const outcome = await compareConversion(one, stage);
      counts.set(outcome.result, (counts.get(outcome.result) ?? 0) + 1);
      converted += outcome.converted;
      assert.notEqual(outcome.result, 'differs', `${nameOf(one)}: ${outcome.difference}`);
    }
    context.diagnostic(`${[...counts].map(([result, count]) => `${result} ${count}`).join(', ')}`);
    assert.ok(counts.get('whole')! >= 12 && converted > 500, `${converted} tensors`);
    await findsWhatDiffers(stage);
  } finally {
    await Promise.all([llama.end(), pool.terminate()]);
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A pool that turns a bit of every tensor around. */
async function findsWhatDiffers(stage: Stage): Promise<void> {
  const wrong: Pool = {
    ...stage.pool,
    async quantizeBlocks(...args) {
      const bytes = await stage.pool.quantizeBlocks(...args);
      bytes[150]! ^= 1;
      return bytes;
    },
  };
  const one = { design: 'gemma2', recipe: 'q4_k_m', weighed: false, pure: false, ordered: true };
  const { result, difference } = await compareConversion(one, { ...stage, pool: wrong });
  assert.equal(result, 'differs');
  assert.match(difference!, /^token_embd\.weight, Q6_K \[96,256\]: byte 150 of 20160 differs$/);
}
