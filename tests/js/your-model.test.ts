// Chapter 11 without its page: the treemap, what is measured, what is planned, and what is read.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { init } from 'fewbits';
import { analyzeModel, openModel } from 'fewbits/files';
import { defaultsOf } from '../../web/page/kit/options.ts';
import { built } from '../../web/page/sections/your-model/built.ts';
import { exampleFile } from '../../web/page/sections/your-model/example.ts';
import { lossesOf, piecesOf } from '../../web/page/sections/your-model/measure.ts';
import { heatOf, LEVELS, type Options, options, SAMPLE } from '../../web/page/sections/your-model/options.ts';
import { temporaryPlace } from '../../web/page/sections/your-model/places.ts';
import { ModelSession } from '../../web/page/sections/your-model/session.ts';
import { squarify } from '../../web/page/sections/your-model/treemap.ts';
import { asFile, companionsOf, load, manifest, nameOf } from './containers.ts';

const fewbits = await init();
const weights = new Uint8Array(readFileSync(new URL('../../web/page/data/esrgan-slim-x2.bin', import.meta.url))).buffer;
const chosen = (changes: Partial<Options> = {}): Options => ({ ...defaultsOf(options), ...changes });

async function opened(...files: File[]): Promise<ModelSession> {
  const session = new ModelSession(fewbits);
  await session.open(files.length > 0 ? files : [exampleFile(weights)]);
  return session;
}

const measured = (session: ModelSession, changes: Partial<Options> = {}) =>
  session.measure({ options: chosen(changes), first: [], budget: Number.POSITIVE_INFINITY });

describe('squarify', () => {
  it('fills the rectangle with areas as the sizes, none over another', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        sizes,
        fc.integer({ min: 40, max: 1000 }),
        fc.integer({ min: 40, max: 600 }),
        (given, width, height) => {
          const sorted = [...given].sort((a, b) => b - a);
          const total = sorted.reduce((sum, size) => sum + size);
          const rects = squarify(sorted, width, height);
          assert.equal(rects.length, sorted.length);
          for (const [i, a] of rects.entries()) {
            const area = (sorted[i]! / total) * width * height;
            assert.ok(Math.abs(a.width * a.height - area) <= 1e-6 * width * height);
            assert.ok(a.x >= -1e-6 && a.y >= -1e-6 && a.x + a.width <= width + 1e-6 && a.y + a.height <= height + 1e-6);
            for (const b of rects.slice(i + 1)) {
              const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
              const down = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
              assert.ok(across <= 1e-6 || down <= 1e-6, 'two rectangles overlap');
            }
          }
        },
      ),
    );
  });

  it('makes squares of equal sizes where it can', () => {
    for (const { width, height } of squarify([1, 1, 1, 1], 200, 200)) assert.deepEqual([width, height], [100, 100]);
  });
});

describe('measuring', () => {
  it('takes all of small tensors, and of large ones whole blocks in order, a sample’s worth', () => {
    assert.deepEqual(piecesOf({ shape: [3, 64], elements: 192 }, false), [{ start: 0, end: 192 }]);
    for (const shape of [
      [128256, 4096],
      [3, 1_000_000 * 256],
      [1_000_000, 12],
      [5, 70_000],
    ]) {
      const elements = shape.reduce((product, size) => product * size);
      for (const every of [false, true]) {
        const pieces = piecesOf({ shape, elements }, every);
        let [end, count] = [0, 0];
        for (const piece of pieces) {
          assert.ok(piece.start >= end && piece.end > piece.start && piece.end <= elements);
          if (shape.at(-1)! % 256 === 0) assert.equal((piece.end - piece.start) % 256, 0);
          end = piece.end;
          count += piece.end - piece.start;
        }
        if (every) assert.equal(count, elements);
        else assert.ok(count >= SAMPLE / 8 && count <= 2 * SAMPLE + 8 * 2 ** 16, `${count} of ${shape}`);
      }
    }
  });

  it('finds what analyzeModel finds', async () => {
    const model = await openModel(exampleFile(weights));
    const types = ['q4_0', 'q8_0', 'float16'];
    const { tensors } = await analyzeModel(model, { types });
    const tensor = model.tensors.find(({ name }) => name === 'UPN2/kernel')!;
    const steps = lossesOf(fewbits, model, tensor, types, false);
    let step = await steps.next();
    while (!step.done) step = await steps.next();
    for (const { type, sqnrDb, error } of tensors.find(({ name }) => name === tensor.name)!.results) {
      const loss = step.value.get(type)!;
      assert.ok(Math.abs(loss.sqnrDb - sqnrDb) < 1e-9);
      assert.ok(Math.abs(loss.error - error) < 1e-12);
    }
  });

  it('of what is worse gives more heat', () => {
    assert.deepEqual([Number.POSITIVE_INFINITY, 50, 5, -20].map(heatOf), [0, 0, LEVELS, LEVELS]);
    assert.ok(heatOf(20) > heatOf(30));
  });
});

describe('the guide’s model', () => {
  it('is built as the page shows it at first', async () => {
    const view = await built(fewbits, weights);
    assert.deepEqual([view.tensors, view.weights, view.newBytes], [24, 222_075, 166_912]);
    assert.equal(view.worst!.name, 'UPN2/kernel');
    assert.deepEqual(view.measured, { done: 12, of: 12, approximate: false });
    assert.equal(view.rows.length, 11);
  });

  it('meets any size that can be met, at less error the more bytes it may have', async () => {
    const session = await opened();
    const bits = (bytes: number) => (8 * bytes) / 222_075;
    const { reach } = await measured(session, { by: 'size' });
    let before = Number.NEGATIVE_INFINITY;
    for (const bytes of [reach!.least, 150_000, 200_000, 300_000, 500_000, reach!.most]) {
      const view = await measured(session, { by: 'size', size: bits(bytes) });
      assert.ok(view.newBytes! <= bytes, `${view.newBytes} of ${bytes}`);
      const worst = view.worst?.sqnrDb ?? Number.POSITIVE_INFINITY;
      assert.ok(worst >= before - 3, `${worst} dB at ${bytes}`);
      before = worst;
    }
    assert.equal(before, Number.POSITIVE_INFINITY);
  });

  it('keeps choices made by hand through every way of planning, and forgets them when told', async () => {
    const session = await opened();
    const index = 20;
    session.choose(index, 'q8_0');
    for (const by of ['type', 'size'] as const) {
      const row = session.row(index, chosen({ by }))!;
      assert.deepEqual([row.name, row.type, row.reason, row.chosen], ['UPN2/kernel', 'q8_0', 'your choice', 'q8_0']);
    }
    session.choose(undefined);
    assert.equal(session.row(index, chosen())!.type, 'q5_0');
    assert.equal(session.row(24, chosen()), undefined);
  });

  it('says what is wrong with a plan, and goes on', async () => {
    const session = await opened();
    assert.match(session.view(chosen({ type: 'q4_x' })).problem, /q4_x/);
    assert.match(session.view(chosen({ by: 'recipe' })).problem, /Recipes need a GGUF/);
    assert.equal(session.view(chosen()).problem, '');
  });
});

describe('models of readers', () => {
  it('that are good give a view, are measured and planned, or say why not', async () => {
    const samples = manifest.files.filter(({ kind }) => kind === 'valid');
    assert.ok(samples.length > 100, `${samples.length} files`);
    for (const sample of samples) {
      const { file } = sample;
      const others = companionsOf(sample).map((other) => asFile(load(other), other));
      const session = await opened(asFile(load(file), nameOf(file)), ...others);
      for (const changes of [{}, { by: 'size' }, { to: 'safetensors' }] as const) {
        const view = await measured(session, changes);
        assert.ok(view.newBytes !== null || view.problem !== '', file);
        assert.equal(view.measured.done, view.measured.of, file);
      }
    }
  });

  it('that are hostile are refused, and the one before stays', async () => {
    const session = await opened();
    const samples = manifest.files.filter(({ kind }) => kind === 'hostile');
    assert.ok(samples.length > 50, `${samples.length} files`);
    let refused = 0;
    for (const { file } of samples)
      await session.open([asFile(load(file), nameOf(file))]).catch(async () => {
        refused++;
        await session.open([exampleFile(weights)]);
      });
    assert.ok(refused > 40, `${refused} refused`);
    assert.equal((await measured(await opened())).weights, 222_075);
  });

  it('with numbers that no type holds say which tensor, and stop measuring', async () => {
    const header = JSON.stringify({ 'bad.weight': { dtype: 'F32', shape: [2, 32], data_offsets: [0, 256] } });
    const length = new DataView(new ArrayBuffer(8));
    length.setBigUint64(0, BigInt(header.length), true);
    const values = new Float32Array(64).fill(1);
    values[40] = Number.NaN;
    const session = await opened(new File([length, header, values], 'bad.safetensors'));
    const view = await measured(session, { type: 'q8_0' });
    assert.match(view.problem, /^bad\.weight: .*NaN/);
    assert.equal(view.measured.done, view.measured.of);
  });

  it('that are quantized in a scheme of their own are named', async () => {
    const header = JSON.stringify({
      'a.qweight': { dtype: 'I32', shape: [4, 8], data_offsets: [0, 128] },
      'a.qzeros': { dtype: 'I32', shape: [1, 1], data_offsets: [128, 132] },
      'a.scales': { dtype: 'F16', shape: [1, 8], data_offsets: [132, 148] },
    });
    const length = new DataView(new ArrayBuffer(8));
    length.setBigUint64(0, BigInt(header.length), true);
    const session = await opened(new File([length, header, new Uint8Array(148)], 'gptq.safetensors'));
    assert.match(session.view(chosen()).notes[0]!, /quantized already, in a scheme of their own \(gptq/);
  });

  it('with a config.json beside them need a cache', async () => {
    const config = {
      model_type: 'llama',
      hidden_size: 64,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      vocab_size: 100,
    };
    const file = (value: unknown) => new File([JSON.stringify({ ...config, intermediate_size: value })], 'config.json');
    const session = await opened();
    assert.equal(session.view(chosen()).memory!.hasCache, false);
    await session.open([file(128)]);
    const { memory } = session.view(chosen({ context: 1024 }));
    assert.equal(memory!.hasCache, true);
    assert.ok(memory!.terms.some(({ name, bytes }) => /KV cache/.test(name) && bytes === 2 * 2 * 64 * 1024 * 2));
    await assert.rejects(session.open([new File(['no'], 'config.json')]), /config\.json is not JSON/);
  });

  it('give a tensor’s numbers', async () => {
    const session = await opened();
    const { name, values, shape, note } = await session.read(0);
    assert.deepEqual(
      [name, values.length, shape, note],
      ['F_0/kernel, ESRGAN-slim-x2.safetensors', 36_864, [3, 3, 64, 64], ''],
    );
  });
});

describe('a place for the file', () => {
  const gigabyte = 1_000_000_000;
  const refused = { getDirectory: () => Promise.reject(new Error('SecurityError')) };
  const full = {
    estimate: async () => ({ quota: 2000, usage: 1500 }),
    getDirectory: async () => ({ getDirectoryHandle: async () => ({}) }) as unknown as FileSystemDirectoryHandle,
  };

  it('is memory where the browser’s storage is refused or full, and the file is small', async () => {
    for (const storage of [refused, full, {}]) assert.deepEqual(await temporaryPlace(1000, storage), { sink: 'blob' });
  });

  it('is none for a large file: a sentence says why, and what to do', async () => {
    await assert.rejects(temporaryPlace(gigabyte, refused), /1 GB, too many for memory.*no storage.*fewbits convert/);
    await assert.rejects(temporaryPlace(gigabyte, full), /1 GB; this browser gives the page 500 bytes of storage/);
  });
});
