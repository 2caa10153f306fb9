// convertPart and joinParts: parts put together are the file of a single run, byte for byte; what does not belong together
// is refused.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPool, FewbitsError } from 'fewbits';
import { type ConvertOptions, convertModel, convertPart, joinParts, type Model, openModel } from 'fewbits/files';
import { asFile, codeOf, load, nameOf, pathOf } from './containers.ts';

const bytesOf = async (blob: unknown) => new Uint8Array(await (blob as Blob).arrayBuffer());

async function whole(model: Model, options: ConvertOptions) {
  return bytesOf((await convertModel(model, 'blob', options)).blob);
}

async function part(model: Model, options: ConvertOptions, index: number, count: number) {
  return bytesOf((await convertPart(model, 'blob', { ...options, part: { index, count } })).blob);
}

const all = (model: Model, options: ConvertOptions, count: number) =>
  Promise.all(Array.from({ length: count }, (_, i) => part(model, options, i + 1, count)));

const joined = async (parts: Uint8Array[]) => bytesOf((await joinParts(parts, 'blob')).blob);

/** A safetensors file with one tensor of pseudo-random weights. */
function matrix(name: string, shape: number[], seed = 1): File {
  let state = seed;
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
  const entry = { dtype: 'F32', shape, data_offsets: [0, values.byteLength] };
  const header = new TextEncoder().encode(JSON.stringify({ [name]: entry }));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, header.length, true);
  return new File([length, header, values], 'matrix.safetensors');
}

describe('parts put together', () => {
  const cases: [string, ConvertOptions][] = [
    ['gguf/llama_mix.gguf', { to: 'gguf', recipe: 'q4_k_m' }],
    ['gguf/llama_mix.gguf', { to: 'safetensors', type: 'float8_e4m3fn' }],
    ['gguf/align_4096.gguf', { to: 'gguf' }],
    ['gguf/tensor_types.gguf', { to: 'gguf' }],
    ['gguf/metadata_only.gguf', { to: 'gguf' }],
    ['safetensors/all_types.safetensors', { to: 'safetensors' }],
    ['npz/deflated.npz', { to: 'gguf', type: 'float16' }],
    ['npy/fortran_f4_3d.npy', { to: 'npy' }],
    ['npy/big_f8.npy', { to: 'npy' }],
    ['npy/empty_3d.npy', { to: 'npy' }],
  ];
  for (const [file, options] of cases)
    it(`are the file of a single run: ${file} ${JSON.stringify(options)}`, async () => {
      const model = await openModel(file.includes('tensor_types') ? asFile(load(file), nameOf(file)) : pathOf(file));
      const expected = await whole(model, options);
      for (const count of [1, 2, 3, 7, 40]) {
        const parts = await all(model, options, count);
        assert.deepEqual(await joined(parts), expected, `${count} parts`);
        assert.deepEqual(await joined(parts.reverse()), expected, `${count} parts, the last one first`);
      }
    });

  it('are cut inside tensors, at rows, with about equal work', async () => {
    const model = await openModel(matrix('w.weight', [96, 512]));
    const expected = await whole(model, { to: 'gguf', type: 'q4_k' });
    const made = await Promise.all(
      [1, 2, 3, 4].map((index) => convertPart(model, 'blob', { to: 'gguf', type: 'q4_k', part: { index, count: 4 } })),
    );
    assert.deepEqual(
      made.map(({ begin, end }) => end - begin - (begin === 0 ? expected.length - 96 * 288 : 0)),
      [24 * 288, 24 * 288, 24 * 288, 24 * 288],
    );
    assert.deepEqual(await joined(await Promise.all(made.map(({ blob }) => bytesOf(blob)))), expected);
  });

  it('have the importance of their own expert', async () => {
    const importance = {
      read: async (_: string, { rowLength, experts = 1 }: { rowLength: number; experts?: number }) =>
        Float32Array.from({ length: rowLength * experts }, (_, i) => 1 + (i % 7)),
    };
    const model = await openModel(matrix('blk.0.ffn_up_exps.weight', [4, 6, 256]));
    const options: ConvertOptions = { to: 'gguf', type: 'q4_k', importance };
    for (const count of [3, 5, 9])
      assert.deepEqual(await joined(await all(model, options, count)), await whole(model, options), `${count} parts`);
  });

  it('ask for the importance of what is weighed, and of nothing else', async () => {
    const asked: string[] = [];
    const importance = { read: async (name: string) => void asked.push(name) };
    const model = await openModel(matrix('w.weight', [8, 256]));
    for (const type of ['q8_0', 'float16', 'q4_k']) await part(model, { to: 'gguf', type, importance }, 2, 2);
    assert.deepEqual([...new Set(asked)], ['w.weight']);
    asked.length = 0;
    await part(model, { to: 'gguf', type: 'float16', importance }, 2, 2);
    assert.deepEqual(asked, []);
  });

  it('are the same from a pool', async () => {
    const model = await openModel(pathOf('gguf/llama_mix.gguf'));
    const pool = await createPool({ size: 2 });
    try {
      const options: ConvertOptions = { to: 'gguf', type: 'q4_k' };
      assert.deepEqual(await part(model, { ...options, pool }, 2, 3), await part(model, options, 2, 3));
    } finally {
      await pool.terminate();
    }
  });

  it('tell how far they are', async () => {
    const model = await openModel(pathOf('gguf/llama_mix.gguf'));
    const seen: number[] = [];
    const { begin, end } = await convertPart(model, 'blob', {
      ...{ to: 'gguf', type: 'q8_0', part: { index: 2, count: 3 } },
      onProgress: ({ bytesDone, bytesTotal }) => seen.push(bytesDone / bytesTotal),
    });
    assert.ok(begin > 0 && end > begin);
    assert.ok(seen.every((share, i) => share >= (seen[i - 1] ?? 0)) && seen.at(-1) === 1, `${seen}`);
  });
});

describe('what does not belong together is refused', async () => {
  const model = await openModel(pathOf('gguf/llama_mix.gguf'));
  const options: ConvertOptions = { to: 'gguf', type: 'q8_0' };
  const parts = await all(model, options, 4);
  const refused = async (given: Uint8Array[], code: string, said: RegExp, details: object = {}) => {
    await assert.rejects(joinParts(given, 'blob'), (error: FewbitsError) => {
      assert.ok(error instanceof FewbitsError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, said);
      for (const [key, value] of Object.entries(details)) assert.deepEqual(error.details[key], value);
      return true;
    });
  };
  const [one, two, three, four] = parts as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

  it('missing parts, by number', async () => {
    await refused([four, one, two], 'MISSING_FILE', /^Part 3 of 4 is missing: make it, with --shard 3\/4\.$/, {
      missing: [3],
      count: 4,
    });
    await refused([three], 'MISSING_FILE', /^Parts 1, 2 and 4 of 4 are missing: make them, each with --shard I\/4\.$/);
    const many = await part(model, options, 1, 40);
    await refused([many], 'MISSING_FILE', /^Parts 2, 3, 4, 5, 6 and 34 more of 40 are missing/);
  });

  it('the same part twice', () => refused([one, two, three, four, two], 'DUPLICATE_NAME', /part 2 is given twice/));

  it('a part of another type, number of parts, or model of the same shape', async () => {
    const other = /belongs to another conversion/;
    await refused([one, await part(model, { to: 'gguf', type: 'q4_0' }, 2, 4), three, four], 'BAD_DATA', other);
    await refused([one, await part(model, options, 2, 5), three, four], 'BAD_DATA', other);
    const [a, b] = await Promise.all([1, 2].map((seed) => openModel(matrix('w.weight', [64, 256], seed))));
    await refused([await part(a!, options, 1, 2), await part(b!, options, 2, 2)], 'BAD_DATA', other);
  });

  it('a part made with another importance matrix', async () => {
    const weighed = (value: number): ConvertOptions => ({
      ...{ to: 'gguf', type: 'q4_k' },
      importance: { read: async (_, { rowLength }) => new Float32Array(rowLength).fill(value) },
    });
    const mixed = [await part(model, weighed(1), 1, 2), await part(model, weighed(2), 2, 2)];
    await refused(mixed, 'BAD_DATA', /another conversion/);
  });

  it('a damaged part, whichever byte it is', async () => {
    for (const place of [9, 20, 40, 60, 100, 5000, two.length - 1]) {
      const damaged = two.slice();
      damaged[place]! ^= 1;
      assert.match(await codeOf(() => joinParts([one, damaged, three, four], 'blob')), /^BAD_|TRUNCATED/, `${place}`);
    }
    const damaged = two.slice();
    damaged[5000]! ^= 1;
    await refused([one, damaged, three, four], 'BAD_DATA', /part 2 of 4 was damaged.*--shard 2\/4/);
  });

  it('a part that is cut, at any length, or that is none', async () => {
    for (const length of [0, 5, 8, 79, 80, 5000, two.length - 1])
      assert.match(
        await codeOf(() => joinParts([one, two.subarray(0, length), three, four], 'blob')),
        length < 8 ? /^BAD_MAGIC$/ : /^TRUNCATED$/,
        `${length}`,
      );
    assert.equal(await codeOf(() => joinParts([load('gguf/v2.gguf')], 'blob')), 'BAD_MAGIC');
    assert.equal(await codeOf(() => joinParts([], 'blob')), 'BAD_ARGUMENT');
  });

  it('a part of more parts than there can be, without counting them', async () => {
    const many = one.slice();
    new DataView(many.buffer).setUint32(12, 2 ** 32 - 1, true);
    await refused([many], 'BAD_HEADER', /its header contradicts itself/);
  });

  it('numbers that are none', async () => {
    for (const given of [undefined, {}, { index: 0, count: 2 }, { index: 3, count: 2 }, { index: 1.5, count: 2 }])
      assert.equal(
        await codeOf(() => convertPart(model, 'blob', { ...options, part: given as never })),
        'BAD_ARGUMENT',
        JSON.stringify(given),
      );
  });

  it('when it is cancelled', async () => {
    const signal = AbortSignal.abort();
    assert.equal(await codeOf(() => joinParts(parts, 'blob', { signal })), 'ABORTED');
    const given = { ...options, signal, part: { index: 1, count: 2 } };
    assert.equal(await codeOf(() => convertPart(model, 'blob', given)), 'ABORTED');
  });
});
