import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type AffineScheme, type Comparison, type Fewbits, init } from 'fewbits';
import { MADE, READ } from '../../web/page/kit/block-formats.ts';
import type { Dataset } from '../../web/page/kit/contract.ts';
import { readFile } from '../../web/page/kit/data/read.ts';
import { defaultsOf } from '../../web/page/kit/options.ts';
import { EXACT_AT_ONCE } from '../../web/page/kit/sample.ts';
import { allCodes, codeAt, codingOf, groupAt } from '../../web/page/sections/your-data/coding.ts';
import { FILES, type FileKind } from '../../web/page/sections/your-data/files.ts';
import { exact, file, model, options, rows } from '../../web/page/sections/your-data/model.ts';
import {
  ABSMEANS,
  BLOCKS,
  type Builder,
  builderOf,
  changesOf,
  FLOATS,
  groupSizeFor,
  groupSizes,
  INTEGERS,
  type Options,
  schemeOf,
  titleOf,
} from '../../web/page/sections/your-data/scheme.ts';
import { verdictOf } from '../../web/page/sections/your-data/verdict.ts';

const SEVEN = [5.47, 3.08, -7.59, 0, -1.95, -4.57, 10.8];
const root = fileURLToPath(new URL('../..', import.meta.url));

let fewbits: Fewbits;
before(async () => {
  fewbits = await init();
});

function datasetOf(values: ArrayLike<number>, shape: number[] = [values.length], followed = 0): Dataset {
  const array = Float32Array.from(values);
  const source = { kind: 'own', name: 'numbers' } as const;
  return { source, name: 'F_0/kernel', values: array, shape, summary: fewbits.summarize(array), followed };
}

const optionsWith = (changes: Partial<Builder> = {}, rest: Partial<Options> = {}): Options => ({
  ...defaultsOf(options),
  ...changesOf('a', changes),
  ...rest,
});

const view = (values: ArrayLike<number>, changes: Partial<Builder> = {}, shape?: number[]) =>
  model(fewbits, datasetOf(values, shape), optionsWith(changes));

/** Waves of some thousand different values, the same in every run. */
const waves = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i * 1.7) * (1 + (i % 13)));

describe('the verdict on two schemes', () => {
  const verdict = (bits: number, rmse: number) => {
    const side = (bitsPerWeight: number, error: number) => ({ bitsPerWeight, measures: { rmse: error } as Comparison });
    return verdictOf(side(4, 0.1), side(bits, rmse));
  };

  it('weighs the bits against the error', () => {
    assert.equal(verdict(5, 0.047), 'B needs 1 bit more and halves the error.');
    assert.equal(verdict(3, 0.21), 'B needs 1 bit fewer and doubles the error.');
    assert.equal(verdict(4.5, 0.08), 'B needs 0.5 bits more and makes the error 1.3 times smaller.');
    assert.equal(verdict(8, 0.1 / 18), 'B needs 4 bits more and makes the error 18 times smaller.');
    assert.equal(verdict(4, 0.1004), 'B needs as many bits and has the same error.');
    assert.equal(verdict(4.001, 1), 'B needs as many bits and makes the error 10 times larger.');
    assert.equal(verdict(16, 0), 'B needs 12 bits more and has no error.');
  });
});

describe('the view', () => {
  it('of the seven numbers at int8 is the guide’s', () => {
    const { sides, rows: first, count } = view(SEVEN);
    assert.equal(count, 7);
    assert.deepEqual(
      first.map(({ cells }) => cells[0]!.code),
      ['64', '36', '−89', '0', '−23', '−54', '127'],
    );
    const [side] = sides;
    assert.deepEqual([side!.byteLength, side!.title, side!.problem], [11, 'int8', '']);
    assert.equal(side!.scales!.least, Math.fround(Math.fround(10.8) / 127));
    assert.equal(side!.measures!.maxAbsErrorIndex, 0);
    assert.deepEqual(
      side!.worst.map(({ index }) => index),
      [0, 5, 2, 1, 4],
    );
  });

  it('measures what compare measures', () => {
    const values = waves(5000);
    for (const type of ['int4', 'uint3', 'float8_e4m3fn', 'ternary_absmean']) {
      const dataset = datasetOf(values);
      const { sides } = model(fewbits, dataset, optionsWith({ type }));
      const { restored } = codingOf(fewbits, dataset, builderOf('a', optionsWith({ type })));
      assert.deepEqual(sides[0]!.measures, fewbits.compare(values, restored), type);
    }
  });

  it('has every error in its histogram, and the largest in its list', () => {
    const dataset = datasetOf(waves(5000));
    const { sides, reach, rows: first } = model(fewbits, dataset, optionsWith({ type: 'int3' }));
    const [side] = sides;
    assert.equal(
      side!.errors.reduce((sum, n) => sum + n, 0),
      5000,
    );
    assert.equal(reach, side!.measures!.maxAbsError);
    const all = rows(fewbits, dataset, { start: 0, count: 5000, options: optionsWith({ type: 'int3' }) });
    const sizes = all.map(({ cells }) => Math.abs(cells[0]!.error)).sort((a, b) => b - a);
    assert.deepEqual(
      side!.worst.map(({ cells }) => Math.abs(cells[0]!.error)),
      sizes.slice(0, 10),
    );
    assert.deepEqual(first, all.slice(0, first.length));
  });

  it('shows two schemes over one axis', () => {
    const both = model(
      fewbits,
      datasetOf(waves(100)),
      optionsWith({ type: 'int8' }, { compare: true, 'b-type': 'int2' }),
    );
    assert.deepEqual(
      both.sides.map(({ title }) => title),
      ['int8', 'int2'],
    );
    assert.equal(both.reach, both.sides[1]!.measures!.maxAbsError);
    assert.equal(both.rows[0]!.cells.length, 2);
  });

  it('stays below 16 kB', () => {
    const options = optionsWith({ per: 'channel' }, { compare: true });
    const large = model(fewbits, datasetOf(waves(60_000), [200, 300]), options);
    const bytes = JSON.stringify(large).length;
    assert.ok(bytes < 16_000, `${bytes} bytes`);
  });

  for (const type of [...INTEGERS, ...FLOATS, ...ABSMEANS]) {
    it(`codes with ${type}, whose codes decode to what is shown`, () => {
      const dataset = datasetOf(waves(131));
      const builder = builderOf('a', optionsWith({ type }));
      const coding = codingOf(fewbits, dataset, builder);
      const codes = allCodes(coding, 131);
      assert.deepEqual(
        Array.from(codes),
        Array.from(codes, (_, i) => codeAt(coding, i)),
      );
      const { sides } = model(fewbits, dataset, optionsWith({ type }));
      assert.equal(sides[0]!.problem, '');
      if (!coding.quantized?.zeroPoint) return;
      const { scale, zeroPoint } = coding.quantized;
      const decoded = Float32Array.from(codes, (code) => Math.fround((code - zeroPoint![0]!) * scale![0]!));
      assert.deepEqual(decoded, coding.restored);
    });
  }
});

describe('block formats', () => {
  it('are all that the library can make or read', () => {
    const [made, read] = [true, false].map((can) =>
      fewbits.blockFormats.filter(
        ({ blockSize, canQuantize, name }) => blockSize && canQuantize === can && name !== 'nvfp4_tensor',
      ),
    );
    const rows = (formats: typeof made) => formats!.map(({ name, family }) => [name, family]);
    assert.deepEqual([MADE, READ], [rows(made), rows(read)]);
  });

  for (const type of BLOCKS) {
    it(`${type}: codes, sizes and values are the library’s`, () => {
      const values = waves(512);
      const { sides, rows: shown, followed } = model(fewbits, datasetOf(values, [512], 300), optionsWith({ type }));
      const { blockSize, blockBytes, bitsPerWeight } = fewbits.blockFormats.find(({ name }) => name === type)!;
      const quantized = fewbits.quantize(values, type);
      const restored = fewbits.dequantize(quantized);
      const { problem, byteLength, blockSize: told, worst } = sides[0]!;
      assert.deepEqual([problem, byteLength, told], ['', quantized.byteLength, blockSize]);
      assert.equal(sides[0]!.bitsPerWeight, bitsPerWeight);
      for (const { index, cells } of [...shown, followed!, ...worst]) {
        const block = Math.floor(index / blockSize);
        const bytes = quantized.data.subarray(block * blockBytes, (block + 1) * blockBytes) as Uint8Array;
        const { code } = fewbits.describeBlock(bytes, type).elements[index % blockSize]!;
        assert.deepEqual([cells[0]!.code, cells[0]!.restored], [String(code), restored[index]], `${type} ${index}`);
      }
    });
  }

  it('say how many numbers their blocks take, of many at once', () => {
    assert.match(view(SEVEN, { type: 'q4_0' }).sides[0]!.problem, /blocks take 32 numbers each, and 7 are no multiple/);
    const many = view(waves(EXACT_AT_ONCE + 1), { type: 'q4_k' });
    assert.equal(many.pending, false);
    assert.match(many.sides[0]!.problem, /blocks take 256 numbers each, and 524,289/);
  });

  it('beyond what is coded at once come from a sample, then exactly', () => {
    const dataset = datasetOf(waves(4 * EXACT_AT_ONCE + 32));
    const first = model(fewbits, dataset, optionsWith({ type: 'q8_0' }));
    assert.equal(first.pending, true);
    assert.equal(first.sides[0]!.problem, '');
    const all = exact(fewbits, dataset, optionsWith({ type: 'q8_0' }));
    const near = first.sides[0]!.measures!.sqnrDb - all.sides[0]!.measures!.sqnrDb;
    assert.ok(Math.abs(near) < 3, `${near} dB apart`);
  });
});

describe('odd data', () => {
  it('all zeros: no error, no signal', () => {
    for (const type of ['int8', 'uint4', 'float16', 'ternary_absmean', 'binary_absmean']) {
      const { sides, reach, absmax } = view([0, 0, 0], { type });
      assert.deepEqual([sides[0]!.problem, absmax], ['', 0], type);
      if (type !== 'binary_absmean') assert.deepEqual([reach, sides[0]!.worst], [0, []], type);
    }
  });

  it('one value is its own maximum', () => {
    for (const type of ['int8', 'int2']) assert.equal(view([5], { type }).reach, 0);
  });

  it('1e38, 3e38, denormals and constants have finite measures', () => {
    for (const values of [
      [1e38, -1e38, 5e37],
      [3e38, 1],
      [1e-45, 3e-45, -1e-44],
      [7, 7, 7],
    ]) {
      for (const builder of [{ type: 'int4' }, { type: 'int4', symmetric: false }, { type: 'bfloat16' }]) {
        const { sides, reach } = view(values, builder);
        assert.equal(sides[0]!.problem, '');
        const { mse, maxAbsError } = sides[0]!.measures!;
        assert.ok(Number.isFinite(mse) && Number.isFinite(maxAbsError) && Number.isFinite(reach), `${values} ${mse}`);
      }
    }
  });

  it('beyond a float’s range: counted, not measured, unless it saturates', () => {
    const lost = view([1e38, 1], { type: 'float16', saturate: false }).sides[0]!;
    assert.deepEqual([lost.nonFinite, lost.measures], [1, null]);
    const kept = view([1e38, 1], { type: 'float16' }).sides[0]!;
    assert.deepEqual([kept.nonFinite, kept.worst[0]!.cells[0]!.restored], [0, 65504]);
  });

  it('what the library refuses is a sentence in the view', () => {
    const { sides } = view([1, 2], { calibration: 'hand', low: 1, high: -1 });
    assert.match(sides[0]!.problem, /min at most max/);
    assert.equal(sides[0]!.measures, null);
    const entropy = view(waves(202), { per: 'group', group: 1, calibration: 'entropy' });
    assert.match(entropy.sides[0]!.problem, /^entropy for 202 groups would take too long here; up to 100 are possible/);
  });
});

describe('many values', () => {
  it('are answered from a sample first, then exactly', () => {
    const dataset = datasetOf(waves(EXACT_AT_ONCE + 12_345));
    const options = optionsWith({ type: 'int5' });
    const quick = model(fewbits, dataset, options);
    assert.deepEqual([quick.pending, quick.stride], [true, 3]);
    const whole = exact(fewbits, dataset, options);
    assert.deepEqual([whole.pending, whole.stride], [false, 1]);
    assert.deepEqual(quick.sides[0]!.scales, whole.sides[0]!.scales);
    const difference = Math.abs(quick.sides[0]!.measures!.sqnrDb - whole.sides[0]!.measures!.sqnrDb);
    assert.ok(difference < 0.2, `${difference} dB`);
    assert.deepEqual(model(fewbits, dataset, options), whole);
  });

  it('come to the table by windows', () => {
    const dataset = datasetOf(waves(2_000_000));
    const window = rows(fewbits, dataset, { start: 1_999_995, count: 11, options: optionsWith() });
    assert.deepEqual(
      window.map(({ index }) => index),
      [1_999_995, 1_999_996, 1_999_997, 1_999_998, 1_999_999],
    );
    assert.equal(window[4]!.original, dataset.values[1_999_999]);
  });
});

describe('schemes', () => {
  const scheme = (changes: Partial<Builder>, shape = [4, 6], absmax = 2) =>
    schemeOf(builderOf('a', optionsWith(changes)), { shape, absmax });

  it('hold what differs from the defaults', () => {
    assert.deepEqual(scheme({}), { type: 'int8' });
    assert.deepEqual(scheme({ symmetric: false, zero: false, rounding: 'pytorch' }), {
      ...{ type: 'int8', symmetric: false, includeZero: false, rounding: 'pytorch' },
    });
    assert.deepEqual(scheme({ type: 'uint4', narrow: false }), { type: 'uint4' });
    assert.deepEqual(scheme({ narrow: false, calibration: 'percentile', percentile: 99 }), {
      ...{ type: 'int8', narrowRange: false, calibration: { percentile: 99 } },
    });
    assert.deepEqual(scheme({ calibration: 'hand', low: -0.5, high: 1 }), {
      type: 'int8',
      calibration: { min: -1, max: 2 },
    });
    assert.equal(scheme({ type: 'float16', symmetric: false }), 'float16');
  });

  it('fit their groups to the shape', () => {
    assert.deepEqual(scheme({ per: 'group', axis: 1, group: 4 }), {
      type: 'int8',
      granularity: { axis: 1, groupSize: 3 },
    });
    assert.deepEqual(scheme({ per: 'group', axis: 9, group: 32 }, [7]), {
      type: 'int8',
      granularity: { axis: 0, groupSize: 7 },
    });
    assert.deepEqual(scheme({ per: 'channel' }, [7]), { type: 'int8' });
    assert.deepEqual(
      [groupSizeFor(12, 5), groupSizeFor(48, 32), groupSizeFor(47, 32), groupSizeFor(64, 64), groupSizeFor(7, 1)],
      [6, 48, 47, 64, 1],
    );
    assert.deepEqual(
      [groupSizes(64), groupSizes(7), groupSizes(12)],
      [
        [8, 16, 32, 64],
        [1, 7],
        [1, 2, 3, 4, 6, 12],
      ],
    );
  });

  it('begin along the last axis, in groups of 32', () => {
    const kernel = [3, 3, 64, 64];
    assert.deepEqual(scheme({ per: 'group' }, kernel), {
      type: 'int8',
      granularity: { axis: 3, groupSize: 32 },
    });
    assert.deepEqual(scheme({ per: 'channel' }, kernel), { type: 'int8', granularity: { axis: 3 } });
  });

  it('have a title', () => {
    const title = (changes: Partial<Builder>) => titleOf(builderOf('a', optionsWith(changes)), [4, 6]);
    assert.equal(title({}), 'int8');
    assert.equal(
      title({ type: 'int4', per: 'group', axis: 1, group: 3, calibration: 'mse' }),
      'int4, groups of 3, MSE',
    );
    assert.equal(title({ symmetric: false, per: 'channel' }), 'int8 asymmetric, per channel');
    assert.equal(title({ type: 'bfloat16', per: 'channel' }), 'bfloat16');
  });

  it('know which scale an element uses', () => {
    const values = waves(2 * 6 * 5);
    for (const granularity of [
      { axis: 0 },
      { axis: 1 },
      { axis: 2 },
      { axis: 1, groupSize: 3 },
      { axis: 2, groupSize: 5 },
    ]) {
      const scheme: AffineScheme = { type: 'int8', granularity };
      const { data, scale } = fewbits.quantize({ data: values, shape: [2, 6, 5] }, scheme);
      const restored = fewbits.dequantize(fewbits.quantize({ data: values, shape: [2, 6, 5] }, scheme));
      for (let i = 0; i < values.length; i++) {
        assert.equal(
          Math.fround(data[i]! * scale![groupAt(scheme, [2, 6, 5], i)]!),
          restored[i],
          `${JSON.stringify(granularity)} ${i}`,
        );
      }
    }
  });
});

describe('the same in code', () => {
  const folder = join(root, 'build/your-data-test');

  /** Runs the shown lines in Node beside a values.f32, where `fewbits` is this package. */
  function printed(code: string, values: Float32Array): string {
    mkdirSync(folder, { recursive: true });
    const place = mkdtempSync(join(folder, 'run-'));
    try {
      writeFileSync(join(place, 'values.f32'), new Uint8Array(values.buffer));
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
        cwd: place,
        encoding: 'utf8',
      });
      assert.equal(stderr, '');
      return stdout;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const numbersIn = (text: string) =>
    [...text.replace(/^.*\[/s, '').matchAll(/-?[\d.]+(?:e[+-]?\d+)?/g)].map(([digits]) => Math.fround(Number(digits)));

  for (const changes of [
    {},
    { type: 'uint4', symmetric: false, calibration: 'percentile' as const, percentile: 90 },
    { type: 'int4', per: 'group' as const, group: 7, rounding: 'pytorch' as const },
    { type: 'int8', calibration: 'hand' as const, low: -0.3, high: 0.7 },
    { type: 'ternary_absmean' },
  ]) {
    it(`prints the shown scale: ${JSON.stringify(changes)}`, () => {
      const { code, scales } = view(SEVEN, changes).sides[0]!;
      assert.equal(code.split('\n').length, 3);
      assert.deepEqual(numbersIn(printed(code, new Float32Array(0))), [scales!.least]);
    });
  }

  it('prints the bytes of a block format', () => {
    const { code } = view(waves(32), { type: 'q4_0' }).sides[0]!;
    assert.deepEqual(numbersIn(printed(code, new Float32Array(0))), [...fewbits.quantizeBlocks(waves(32), 'q4_0')]);
  });

  it('reads many values from a file, with their shape', () => {
    const dataset = datasetOf(waves(120), [4, 30]);
    const { code } = model(fewbits, dataset, optionsWith({ per: 'channel' })).sides[0]!;
    const { scale } = fewbits.quantize(
      { data: dataset.values, shape: [4, 30] },
      { type: 'int8', granularity: { axis: 1 } },
    );
    assert.deepEqual(numbersIn(printed(code, dataset.values)), [...scale!]);
  });

  it('prints codes where there is no scale', () => {
    const { code } = view([1, -2], { type: 'float16' }).sides[0]!;
    assert.deepEqual(numbersIn(printed(code, new Float32Array(0))), [0x3c00, 0xc000]);
  });
});

describe('files', () => {
  const made = async (kind: FileKind, changes: Partial<Builder> = {}) => {
    const dataset = datasetOf(SEVEN);
    const { name, blob } = file(fewbits, dataset, { kind, options: optionsWith(changes) });
    return { name, blob, dataset, file: Object.assign(blob, { name }) };
  };

  it('codes and restored values reopen bit-equal', async () => {
    for (const type of ['int8', 'int3', 'uint16', 'float16', 'ternary_absmean']) {
      const codes = await made('codes.npy', { type });
      const coding = codingOf(fewbits, codes.dataset, builderOf('a', optionsWith({ type })));
      assert.deepEqual((await readFile(codes.file)).values, Float32Array.from(allCodes(coding, 7)), type);
      assert.deepEqual((await readFile((await made('restored.npy', { type })).file)).values, coding.restored, type);
    }
  });

  it('of a block format are its bytes, and a table without codes', async () => {
    const dataset = datasetOf(waves(64));
    const request = (kind: FileKind) => file(fewbits, dataset, { kind, options: optionsWith({ type: 'q4_0' }) });
    const { name, blob } = request('codes.npy');
    const bytes = fewbits.quantizeBlocks(dataset.values, 'q4_0');
    assert.deepEqual((await readFile(Object.assign(blob, { name }))).values, Float32Array.from(bytes));
    const lines = (await request('csv').blob.text()).trim().split('\n');
    assert.equal(lines[0], 'index,original,restored,error');
    assert.equal(lines.length, 65);
    const [index, original, restored, error] = lines[10]!.split(',').map(Number);
    assert.equal(index, 9);
    assert.equal(Math.fround(original!), dataset.values[9]);
    assert.equal(Math.fround(restored!), fewbits.dequantizeBlocks(bytes, 'q4_0')[9]);
    assert.equal(error, Math.fround(restored!) - Math.fround(original!));
  });

  it('bear the data’s name and the type', async () => {
    const names = await Promise.all((Object.keys(FILES) as FileKind[]).map(async (kind) => (await made(kind)).name));
    const base = 'F_0-kernel-int8';
    assert.deepEqual(names, [
      ...[
        `${base}.json`,
        `${base}.csv`,
        `${base}.h`,
        `${base}-codes.npy`,
        `${base}-restored.npy`,
        `${base}-scales.npy`,
      ],
      'values.f32',
    ]);
  });

  it('JSON makes the same values again', async () => {
    const { blob, dataset } = await made('json', { type: 'int4', symmetric: false });
    const { scheme, scale, zeroPoint, codes } = JSON.parse(await blob.text());
    assert.deepEqual(scheme, { type: 'int4', symmetric: false });
    const restored = Float32Array.from(codes, (code: number) =>
      Math.fround((code - zeroPoint[0]) * Math.fround(scale[0])),
    );
    const coding = codingOf(fewbits, dataset, builderOf('a', optionsWith({ type: 'int4', symmetric: false })));
    assert.deepEqual(restored, coding.restored);
  });
});
