// compareModels: the measures of the core's compare, tensor by tensor, of values that are never all in memory.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { init } from 'fewbits';
import { compareModels, convertModel, type Model, openModel } from 'fewbits/files';
import { codeOf, load, pathOf } from './containers.ts';

const fewbits = await init();
const original = await openModel(pathOf('gguf/llama_mix.gguf'));

async function quantized(type: string): Promise<Model> {
  return openModel((await convertModel(original, 'blob', { to: 'gguf', type })).blob!);
}

const near = (actual: number, expected: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.abs(expected), `${what}: ${actual}, expected ${expected}`);

/** A .npy of float32 numbers. */
async function npy(values: number[]): Promise<Model> {
  const entry = { dtype: 'F32', shape: [values.length], data_offsets: [0, 4 * values.length] };
  const header = new TextEncoder().encode(JSON.stringify({ x: entry }));
  const length = Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0);
  const model = await openModel(new Blob([length, header, Float32Array.from(values)]));
  return openModel((await convertModel(model, 'blob', { to: 'npy' })).blob!);
}

describe('compareModels', () => {
  it('measures every tensor, and all of them', async () => {
    const other = await quantized('q4_0');
    const comparison = await compareModels(original, other);
    assert.deepEqual(
      comparison.tensors.map(({ name }) => name),
      original.tensors.map(({ name }) => name),
    );
    let [squares, elements] = [0, 0];
    for (const { name, types, byteLengths, ...measures } of comparison.tensors) {
      const [values, kept] = await Promise.all([original.read(name), other.read(name)]);
      const expected = fewbits.compare(values, kept);
      for (const measure of ['mse', 'sqnrDb', 'cosine', 'maxAbsError'] as const)
        if (Number.isFinite(expected[measure])) near(measures[measure]!, expected[measure], `${name} ${measure}`);
        else assert.equal(measures[measure], expected[measure]);
      const own = [original, other].map((model) => model.tensors.find((tensor) => tensor.name === name)!);
      assert.deepEqual(
        types,
        own.map(({ storedType }) => storedType),
      );
      assert.deepEqual(
        byteLengths,
        own.map(({ byteLength }) => byteLength),
      );
      squares += expected.mse * values.length;
      elements += values.length;
    }
    near(comparison.mse, squares / elements, 'mse');
    assert.deepEqual([comparison.missing, comparison.added], [[], []]);
  });

  it('finds no difference between the same values, and says which tensors one alone has', async () => {
    const same = await compareModels(original, original);
    assert.ok(same.tensors.every(({ sqnrDb, maxAbsError }) => sqnrDb === Infinity && maxAbsError === 0));
    assert.deepEqual([same.mse, same.sqnrDb, same.cosine, same.maxAbsError], [0, Infinity, 1, 0]);
    const other = await openModel(pathOf('gguf/align_64.gguf'));
    const { tensors, missing, added } = await compareModels(original, other);
    assert.deepEqual(
      [tensors.length, missing.length, added.length],
      [0, original.tensors.length, other.tensors.length],
    );
  });

  it('compares two arrays whatever they are called, and leaves out what is not finite', async () => {
    const a = await npy([1, 2, Number.NaN, Infinity, 5]);
    const b = await npy([1, 2.5, Number.NaN, -Infinity, 5]);
    const { tensors } = await compareModels(a, b);
    const [{ mse, maxAbsError, nonFinite }] = tensors as [(typeof tensors)[0]];
    assert.deepEqual({ mse, maxAbsError, nonFinite }, { mse: 0.25 / 5, maxAbsError: 0.5, nonFinite: 1 });
    const file = await convertModel(a, 'blob', { to: 'gguf' });
    assert.equal((await compareModels(a, await openModel(file.blob!))).sqnrDb, Infinity);
  });

  it('tells integers apart that float32 does not', async () => {
    const integers = (...values: bigint[]) => {
      const entry = { dtype: 'I64', shape: [values.length], data_offsets: [0, 8 * values.length] };
      const header = new TextEncoder().encode(JSON.stringify({ x: entry }));
      return openModel(
        new Blob([Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0), header, BigInt64Array.from(values)]),
      );
    };
    const comparison = await compareModels(await integers(3n, 16_777_217n), await integers(3n, 16_777_216n));
    assert.equal(comparison.tensors[0]!.maxAbsError, 1);
  });

  it('says of a tensor why it is not compared', async () => {
    const [compared] = (await compareModels(await npy([1, 2]), await npy([1, 2, 3]))).tensors;
    assert.match(compared!.reason!, /the other's shape is 3/);
    assert.equal(compared!.mse, undefined);
    const complex = await openModel(load('npy/f4.npy'));
    assert.equal(await codeOf(() => compareModels(complex, {} as never)), 'BAD_INPUT');
  });

  it('can be cancelled', async () => {
    const signal = AbortSignal.abort();
    assert.equal(await codeOf(() => compareModels(original, original, { signal })), 'ABORTED');
  });
});
