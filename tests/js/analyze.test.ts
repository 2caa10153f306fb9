// analyzeModel: the errors that the core makes, and plans that convertModel keeps to the byte.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPool, init } from 'fewbits';
import { analyzeModel, convertModel, openImportance, openModel, planOverrides } from 'fewbits/files';
import { codeOf, pathOf } from './containers.ts';

const fewbits = await init();
const source = pathOf('gguf/llama_mix.gguf');
const types = ['q4_0', 'q4_k', 'q8_0', 'float16'] as const;

const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-12 * Math.abs(expected), `${what}: ${actual}, expected ${expected}`);

describe('analyzeModel', () => {
  it('measures what the core keeps of every weight, all of it where the tensor has the type already', async () => {
    const model = await openModel(source);
    const same = new Set<string>();
    const { tensors } = await analyzeModel(model, { types });
    assert.deepEqual(
      tensors.map(({ name }) => name),
      model.tensors.filter(({ shape }) => shape.length > 1).map(({ name }) => name),
    );
    for (const { name, results } of tensors) {
      const values = await model.read(name);
      const stored = model.tensors.find((tensor) => tensor.name === name)!;
      const rowLength = stored.shape.at(-1)!;
      assert.deepEqual(
        results.map(({ type }) => type),
        types,
      );
      for (const { type, byteLength, mse, sqnrDb, cosine } of results) {
        if (type === stored.type) {
          assert.deepEqual({ mse, sqnrDb, cosine }, { mse: 0, sqnrDb: Infinity, cosine: 1 }, `${name} ${type}`);
          same.add(type);
          continue;
        }
        const kept =
          type === 'float16'
            ? fewbits.cast(values, type)
            : fewbits.dequantizeBlocks(fewbits.quantizeBlocks(values, type as 'q4_0', { rowLength }), type as 'q4_0');
        const expected = fewbits.compare(values, kept);
        near(mse, expected.mse, `${name} ${type} mse`);
        if (Number.isFinite(expected.sqnrDb)) near(sqnrDb, expected.sqnrDb, `${name} ${type} sqnrDb`);
        near(cosine, expected.cosine, `${name} ${type} cosine`);
        assert.equal(byteLength, fewbits.weightBytes(values.length, type as 'q4_0'));
      }
    }
    assert.deepEqual([...same].sort(), ['float16', 'q4_k', 'q8_0']);
  });

  it('plans types whose file has the planned bytes, at most the target', async () => {
    const model = await openModel(source);
    const all = async (targetBytes: number) => (await analyzeModel(model, { types, targetBytes })).plan!;
    const [tight, loose] = [await all(380_000), await all(500_000)];
    for (const [plan, target] of [
      [tight, 380_000],
      [loose, 500_000],
    ] as const) {
      assert.ok(plan.byteLength <= target && plan.byteLength > 0.8 * target, `${plan.byteLength}`);
      assert.equal(plan.measure, 'proxy');
      const overrides = planOverrides(plan as never);
      const { byteLength, tensors } = await convertModel(model, 'blob', { to: 'gguf', overrides });
      assert.equal(byteLength, plan.byteLength);
      for (const { name, type } of tensors) assert.equal(type, plan.types.get(name) ?? type, name);
    }
    assert.ok(loose.error < tight.error);
    // Before anything is measured.
    const onProgress = () => assert.fail('measured');
    for (const targetBytes of [1000, -1, Number.NaN])
      assert.match(
        await codeOf(() => analyzeModel(model, { types, targetBytes, onProgress })),
        targetBytes === 1000 ? /^OUT_OF_RANGE$/ : /^(OUT_OF_RANGE|BAD_ARGUMENT)$/,
      );
  });

  it('weighs by importance, without which an error is relative', async () => {
    const model = await openModel(source);
    const importance = {
      read: async (_: string, { rowLength }: { rowLength: number }) => new Float32Array(rowLength).fill(3),
    };
    const [weighted, plain] = [
      await analyzeModel(model, { types: ['q8_0'], importance, targetBytes: 1e9 }),
      await analyzeModel(model, { types: ['q8_0'] }),
    ];
    assert.equal(weighted.plan!.measure, 'importance');
    for (const [i, { name, results }] of weighted.tensors.entries()) {
      const { elements } = model.tensors.find((tensor) => tensor.name === name)!;
      near(results[0]!.error, 3 * results[0]!.mse * elements, name);
      const own = plain.tensors[i]!.results[0]!;
      near(own.error, own.error === 0 ? 0 : 10 ** (-own.sqnrDb / 10), name);
    }
  });

  it('is the same from a pool, tells how far it is, and can be cancelled', async () => {
    const model = await openModel(source);
    const pool = await createPool({ size: 2 });
    const seen: number[] = [];
    try {
      const pooled = await analyzeModel(model, { types, pool, onProgress: ({ bytesDone }) => seen.push(bytesDone) });
      assert.deepEqual(pooled, await analyzeModel(model, { types }));
    } finally {
      await pool.terminate();
    }
    assert.ok(seen.length > 5 && seen.every((bytes, i) => i === 0 || bytes >= seen[i - 1]!));
    assert.equal(await codeOf(() => analyzeModel(model, { types, signal: AbortSignal.abort() })), 'ABORTED');
  });

  it('refuses types that it cannot try', async () => {
    const model = await openModel(source);
    assert.equal(await codeOf(() => analyzeModel(model, { types: ['q4_x'] })), 'UNKNOWN_FORMAT');
    assert.equal(await codeOf(() => analyzeModel(model, { types: [] })), 'BAD_ARGUMENT');
    assert.equal(await codeOf(() => analyzeModel({} as never, { types })), 'BAD_INPUT');
  });
});

it('openImportance takes what openModel takes', async () => {
  assert.equal(await codeOf(() => openImportance(pathOf('gguf/llama_mix.gguf'))), 'UNSUPPORTED');
  assert.equal(await codeOf(() => openImportance('gone.dat')), 'MISSING_FILE');
});
