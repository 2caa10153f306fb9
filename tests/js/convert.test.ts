// convertModel: files that equal the reference writers' byte for byte, values that equal the core's, sinks that hold a
// whole file or none.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createPool, type FewbitsError, init } from 'fewbits';
import {
  analyzeModel,
  type ConvertOptions,
  convertModel,
  type ModelSource,
  openModel,
  planConversion,
  planOverrides,
} from 'fewbits/files';
import { asFile, codeOf, find, load, manifest, nameOf, pathOf, valuesSha256 } from './containers.ts';

const fewbits = await init();
const scratch = mkdtempSync(path.join(os.tmpdir(), 'fewbits-convert-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

async function converted(
  source: ModelSource | ModelSource[],
  options: ConvertOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const model = await openModel(source);
  const planned = planConversion(model, options);
  const { blob, byteLength, tensors } = await convertModel(model, 'blob', options);
  assert.deepEqual({ byteLength, tensors }, planned);
  const bytes = new Uint8Array(await blob!.arrayBuffer());
  assert.equal(bytes.length, byteLength);
  return bytes;
}

/** A safetensors file with one tensor. */
async function floats(values: Float32Array<ArrayBuffer>, shape: number[]): Promise<Blob> {
  const entry = { dtype: 'F32', shape, data_offsets: [0, values.byteLength] };
  const header = new TextEncoder().encode(JSON.stringify({ 'w.weight': entry }));
  const length = new Uint8Array(8);
  length[0] = header.length;
  return new Blob([length, header, values]);
}

describe('what is written again', () => {
  const library = /^safetensors [\d.]+ \(Rust/;
  const ggml = /^(ggml|llama-quantize)/;
  const written = (by: RegExp, format: string) =>
    manifest.files.filter((sample) => sample.kind === 'valid' && sample.format === format && by.test(sample.by));

  it('equals what the safetensors library wrote', async () => {
    const samples = written(library, 'safetensors').filter(({ file }) => !/sharded/.test(file));
    assert.ok(samples.length >= 5, `${samples.length} files`);
    for (const { file } of samples)
      assert.deepEqual(await converted(asFile(load(file), nameOf(file)), { to: 'safetensors' }), load(file), file);
  });

  it('equals what ggml wrote', async () => {
    const samples = written(ggml, 'gguf').filter(({ file }) => !/v2\.gguf/.test(file));
    assert.ok(samples.length >= 6, `${samples.length} files`);
    for (const { file } of samples)
      assert.deepEqual(await converted(asFile(load(file), nameOf(file)), { to: 'gguf' }), load(file), file);
  });

  it('equals what np.save wrote', async () => {
    const samples = manifest.files.filter(
      ({ file, kind, by }) =>
        kind === 'valid' && by.startsWith('numpy') && /^npy\/(?!big_|fortran_|v2|v3|two_)/.test(file),
    );
    assert.ok(samples.length > 25, `${samples.length} files`);
    for (const { file } of samples) assert.deepEqual(await converted(load(file), { to: 'npy' }), load(file), file);
  });

  it('keeps an alignment of its own, and the padding that it asks for', async () => {
    for (const alignment of [8, 64, 4096]) {
      const file = `gguf/align_${alignment}.gguf`;
      const bytes = await converted(load(file), { to: 'gguf' });
      const model = await openModel(bytes);
      assert.equal(model.metadata.get('general.alignment'), alignment);
      assert.equal(bytes.length % alignment, 0);
      const expected = find(file).tensors!;
      for (const { name, f32_sha256 } of expected) assert.equal(valuesSha256(await model.read(name)), f32_sha256, name);
      for (const { byteOffset } of model.tensors) assert.equal(byteOffset! % alignment, 0);
      // gguf-py keeps outer 1s, which ggml drops: the one tensor that has some is a row now.
      assert.deepEqual(model.tensors[1]!.shape, [32]);
    }
  });

  it('is one file where there were several', async () => {
    const bytes = await converted(pathOf('gguf/split/m-00001-of-00002.gguf'), { to: 'gguf' });
    const model = await openModel(bytes);
    assert.deepEqual(
      [...model.metadata.keys()].filter((key) => key.startsWith('split.')),
      [],
    );
    for (const part of ['gguf/split/m-00001-of-00002.gguf', 'gguf/split/m-00002-of-00002.gguf'])
      for (const { name, f32_sha256 } of find(part).tensors!)
        assert.equal(valuesSha256(await model.read(name)), f32_sha256, name);
  });

  it('has its bytes turned to little-endian and its axes to row-major', async () => {
    for (const file of [
      'npy/big_f4.npy',
      'npy/big_f8.npy',
      'npy/big_i8.npy',
      'npy/fortran_f4_3d.npy',
      'npy/fortran_i1_4d.npy',
    ]) {
      const model = await openModel(await converted(load(file), { to: 'npy' }));
      assert.equal(valuesSha256(await model.read('')), find(file).tensors![0]!.f32_sha256, file);
      assert.match(model.tensors[0]!.storedType, /^[<|]/);
    }
  });
});

describe('GGUF of one type', () => {
  const source = pathOf('gguf/llama_mix.gguf');

  it('has the bytes that quantizeBlocks gives, and llama.cpp’s metadata', async () => {
    const before = await openModel(source);
    const bytes = await converted(source, { to: 'gguf', type: 'q8_0' });
    const model = await openModel(bytes);
    for (const { name, shape, type, byteOffset, byteLength } of model.tensors) {
      assert.equal(type, shape.length > 1 ? 'q8_0' : 'float32', name);
      if (type !== 'q8_0') continue;
      const own = before.tensors.find((tensor) => tensor.name === name)!;
      const values = await before.read(name);
      const expected =
        own.type === 'q8_0' ? undefined : fewbits.quantizeBlocks(values, 'q8_0', { rowLength: shape.at(-1)! });
      if (expected) assert.deepEqual(bytes.subarray(byteOffset, byteOffset! + byteLength), expected, name);
    }
    assert.deepEqual([...model.metadata].slice(-2), [
      ['general.quantization_version', 2],
      ['general.file_type', 7],
    ]);
    const rest = [...before.metadata].filter(([key]) => !/quantization_version|file_type/.test(key));
    assert.deepEqual([...model.metadata].slice(0, -2), rest);
  });

  it('follows overrides and recipes', async () => {
    const model = await openModel(source);
    const overrides = [
      { pattern: /attn_v/, type: 'q6_k' },
      { pattern: 'ffn_down', type: 'float16' },
    ];
    const { tensors } = planConversion(model, { to: 'gguf', type: 'q4_k', overrides });
    const types = Object.fromEntries(tensors.map(({ name, type }) => [name, type]));
    assert.equal(types['blk.0.attn_v.weight'], 'q6_k');
    assert.equal(types['blk.0.ffn_down.weight'], 'float16');
    assert.equal(types['blk.0.ffn_up.weight'], 'q4_k');
    assert.equal(types['output_norm.weight'], 'float32');
    const recipe = await openModel(await converted(source, { to: 'gguf', recipe: 'q4_k_m' }));
    assert.equal(recipe.metadata.get('general.file_type'), 15);
    const reference = find('gguf/llama_quantize_q4_k_m.gguf').tensors!;
    for (const { name, type } of reference)
      assert.equal(recipe.tensors.find((tensor) => tensor.name === name)!.storedType, type, name);
  });

  it('is the same from a pool', async () => {
    const pool = await createPool({ size: 2 });
    try {
      for (const type of ['q4_k', 'q4_0', 'bfloat16'])
        assert.deepEqual(
          await converted(source, { to: 'gguf', type, pool }),
          await converted(source, { to: 'gguf', type }),
          type,
        );
    } finally {
      await pool.terminate();
    }
  });

  it('cuts rows that are longer than what is converted at once, and writes what whole rows give', async () => {
    const row = 2 ** 19 + 768;
    const values = Float32Array.from({ length: 2 * row }, (_, i) => Math.sin(i * 1.7) + (i % 1000));
    const pool = await createPool({ size: 2 });
    try {
      const model = await openModel(await floats(values, [2, row]));
      for (const [type, expected] of [
        ['q4_k', fewbits.quantizeBlocks(values, 'q4_k', { rowLength: row })],
        ['q8_0', fewbits.quantizeBlocks(values, 'q8_0', { rowLength: row })],
        ['float16', new Uint8Array(fewbits.encode(values, 'float16').buffer as ArrayBuffer)],
      ] as const)
        for (const workers of [{}, { pool }]) {
          const written: Uint8Array[] = [];
          const sink = new WritableStream<Uint8Array>({ write: (bytes) => void written.push(bytes) });
          await convertModel(model, sink, { to: 'gguf', type, ...workers });
          const bytes = Buffer.concat(written);
          const [tensor] = (await openModel(new Blob(written as BlobPart[]))).tensors;
          const own = bytes.subarray(tensor!.byteOffset, tensor!.byteOffset! + tensor!.byteLength);
          assert.ok(own.equals(expected), type);
          const longest = Math.max(...written.map(({ length }) => length));
          assert.ok(longest < tensor!.byteLength / 2, `${longest} bytes at once`);
        }
    } finally {
      await pool.terminate();
    }
  });

  it('knows where it is in an array whose first axis runs fastest, with workers too', async () => {
    const shape = [3, 1024, 512];
    const header = `{'descr': '<f4', 'fortran_order': True, 'shape': (${shape.join(', ')}), }`.padEnd(117);
    const head = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${header}\n`, 'latin1');
    const values = Float32Array.from({ length: 3 * 1024 * 512 }, (_, i) => Math.sin(i * 1.7));
    const importance = {
      read: async (_: string, { rowLength, experts = 1 }: { rowLength: number; experts?: number }) =>
        Float32Array.from({ length: rowLength * experts }, (_, i) => (i < rowLength ? 1 : 0.01 + (i % 13) ** 3)),
    };
    const pool = await createPool({ size: 2 });
    try {
      const options: ConvertOptions = { to: 'gguf', type: 'q4_k', importance };
      const model = new Blob([head, values]);
      assert.ok(Buffer.from(await converted(model, options)).equals(await converted(model, { ...options, pool })));
      // Of [2, 1000, 500]: stored with the first axis fastest, wanted with the last.
      values[2 + 3 * (1000 + 1024 * 500)] = Number.NaN;
      for (const workers of [{}, { pool }])
        await assert.rejects(
          converted(new Blob([head, values]), { to: 'gguf', type: 'q8_0', ...workers }),
          (error: FewbitsError) => {
            assert.equal(error.code, 'NON_FINITE');
            assert.equal(error.details['index'], 500 + 512 * (1000 + 1024 * 2));
            return true;
          },
        );
    } finally {
      await pool.terminate();
    }
  });

  it('weighs by importance, one row for all or one per expert', async () => {
    const asked: unknown[] = [];
    const importance = {
      async read(name: string, shape: { rowLength: number; experts?: number }) {
        asked.push([name, shape]);
        return Float32Array.from({ length: shape.rowLength * (shape.experts ?? 1) }, (_, i) => 1 + (i % 7));
      },
    };
    const values = Float32Array.from({ length: 2 * 4 * 256 }, (_, i) => Math.sin(i * 1.7));
    const header = new TextEncoder().encode(
      JSON.stringify({ 'blk.0.ffn_up_exps.weight': { dtype: 'F32', shape: [2, 4, 256], data_offsets: [0, 8192] } }),
    );
    const head = new Uint8Array(8 + header.length);
    head[0] = header.length;
    head.set(header, 8);
    const bytes = await converted(new Blob([head, values]), { to: 'gguf', type: 'q4_k', importance });
    const [tensor] = (await openModel(bytes)).tensors;
    const expected = [0, 1].flatMap((expert) => {
      const row = Float32Array.from({ length: 256 }, (_, i) => 1 + ((expert * 256 + i) % 7));
      const part = values.subarray(expert * 1024, (expert + 1) * 1024);
      return [...fewbits.quantizeBlocks(part, 'q4_k', { rowLength: 256, importance: row })];
    });
    assert.deepEqual([...bytes.subarray(tensor!.byteOffset, tensor!.byteOffset! + tensor!.byteLength)], expected);
    assert.deepEqual(asked, [['blk.0.ffn_up_exps.weight', { rowLength: 256, experts: 2 }]]);
  });

  it('tells of the importance matrix as llama-quantize does, of the last one that was used', async () => {
    const matrix = (file: string, more: object) => ({ file, names: ['a', 'b'], read: async () => undefined, ...more });
    const keysOf = async (from: ModelSource, options: Partial<ConvertOptions>) => {
      const bytes = await converted(from, { to: 'gguf', type: 'q8_0', ...options });
      const { metadata } = await openModel(bytes);
      return { bytes, keys: [...metadata].filter(([key]) => key.startsWith('quantize.')) };
    };
    const first = await keysOf(source, {
      importance: matrix('a.dat', { datasets: ['wiki.txt', 'code.txt'], chunks: 7 }),
    });
    const told = [
      ['quantize.imatrix.file', 'a.dat'],
      ['quantize.imatrix.dataset', 'wiki.txt'],
      ['quantize.imatrix.entries_count', 2],
      ['quantize.imatrix.chunks_count', 7],
    ];
    assert.deepEqual(first.keys, told);
    assert.deepEqual((await keysOf(first.bytes, {})).keys, told);
    // 127 bytes at most, and no half of a character.
    const second = await keysOf(first.bytes, { importance: matrix('é'.repeat(100), {}) });
    assert.deepEqual(second.keys, [
      ['quantize.imatrix.file', 'é'.repeat(63)],
      ['quantize.imatrix.entries_count', 2],
    ]);
  });

  it('is refused where a recipe needs the importance of a tensor that the matrix does not know', async () => {
    const importance = (unknown: RegExp) => ({
      read: async (name: string, { rowLength }: { rowLength: number }) =>
        unknown.test(name) ? undefined : new Float32Array(rowLength).fill(1),
    });
    const make = (unknown: RegExp) =>
      converted(source, { to: 'gguf', recipe: 'q2_k_s', importance: importance(unknown) });
    await assert.rejects(make(/attn_q/), {
      code: 'NEEDS_IMPORTANCE',
      message: /tensor 'blk\.0\.attn_q\.weight': q2_k is not made without an importance/,
    });
    // Others go without.
    await make(/token_embd/);
  });

  it('says the version of its types even where a recipe changes none, as llama-quantize does', async () => {
    const plain = await converted(source, { to: 'gguf', type: 'float32' });
    const model = await openModel(await converted(plain, { to: 'gguf', recipe: 'f32' }));
    assert.deepEqual([...model.metadata].slice(-2), [
      ['general.quantization_version', 2],
      ['general.file_type', 0],
    ]);
  });

  it('has every matrix of a model with other names, float16 where rows fit no block; a plan for it is what is written', async () => {
    const shapes = { 'F_0/kernel': [3, 64], 'F_0/bias': [64], 'UPN3/kernel': [3, 12], 'norm.weight': [2, 32] };
    let end = 0;
    const entries = Object.entries(shapes).map(([name, shape]) => {
      const start = end;
      end += 4 * shape.reduce((product, size) => product * size);
      return [name, { dtype: 'F32', shape, data_offsets: [start, end] }];
    });
    const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
    const head = new Uint8Array(8 + header.length);
    new DataView(head.buffer).setBigUint64(0, BigInt(header.length), true);
    head.set(header, 8);
    const blob = new Blob([head, Float32Array.from({ length: end / 4 }, (_, i) => Math.sin(i * i))]);
    const model = await openModel(blob);
    const { tensors } = planConversion(model, { to: 'gguf', type: 'q8_0' });
    assert.deepEqual(
      tensors.map(({ name, type, reason }) => [name, type, reason]),
      [
        ['F_0/kernel', 'q8_0', 'the type for all'],
        ['F_0/bias', 'float32', 'keeps its type'],
        ['UPN3/kernel', 'float16', "rows of 12 do not divide into q8_0's blocks of 32: float16 instead"],
        ['norm.weight', 'q8_0', 'the type for all'],
      ],
    );
    const { plan } = await analyzeModel(model, { types: ['q4_0', 'q8_0', 'float16'], targetBytes: 900 });
    const written = await converted(blob, { to: 'gguf', overrides: planOverrides(plan as never) });
    assert.equal(written.length, plan!.byteLength);
  });

  it('names what it cannot make', async () => {
    const model = await openModel(source);
    const code = (options: ConvertOptions) => codeOf(async () => planConversion(model, options));
    assert.equal(await code({ to: 'gguf', type: 'q4_k_x' }), 'UNKNOWN_FORMAT');
    assert.equal(await code({ to: 'gguf', recipe: 'q4_x' }), 'UNKNOWN_FORMAT');
    assert.equal(await code({ to: 'gguf', type: 'iq2_xxs' }), 'NEEDS_IMPORTANCE');
    assert.equal(await code({ to: 'onnx' as 'gguf' }), 'BAD_ARGUMENT');
    assert.equal(await code({ to: 'gguf', type: 'q8_0', recipe: 'q8_0' }), 'BAD_ARGUMENT');
    assert.equal(await code({ to: 'gguf', overrides: [{ pattern: '(', type: 'q8_0' }] }), 'BAD_ARGUMENT');
    assert.equal(await code({ to: 'npy' }), 'BAD_ARGUMENT');
    assert.equal(await code({ to: 'safetensors', type: 'q8_0' }), 'UNKNOWN_FORMAT');
    assert.equal(await codeOf(async () => planConversion({} as never, { to: 'gguf' })), 'BAD_INPUT');
    const names = await openModel(load('hostile/gguf/name_64_or_more.gguf'));
    assert.equal(await codeOf(async () => planConversion(names, { to: 'gguf' })), 'TOO_LARGE');
    const nested = await openModel(load('gguf/nested_arrays.gguf'));
    assert.equal(await codeOf(async () => planConversion(nested, { to: 'gguf' })), 'UNSUPPORTED');
  });

  it('names the tensor and the element that is not finite', async () => {
    const values = new Float32Array(3 * 32).fill(1);
    values[70] = Number.NaN;
    const gguf = await converted(await floats(values, [3, 32]), { to: 'gguf' });
    await assert.rejects(converted(gguf, { to: 'gguf', type: 'q8_0' }), (error: FewbitsError) => {
      assert.equal(error.code, 'NON_FINITE');
      assert.equal(error.details['index'], 70);
      assert.match(error.message, /tensor 'w\.weight': Element 70 is NaN/);
      return true;
    });
  });
});

describe('ggml', async () => {
  const library = new URL(
    '../../node_modules/@node-llama-cpp/linux-x64/bins/linux-x64/libggml-base.so',
    import.meta.url,
  );
  const skip = !existsSync(library) && 'the native library is for Linux on x64';

  it('reads what is written, whole', { skip }, async () => {
    const { default: koffi } = await import('koffi');
    const ggml = koffi.load(fileURLToPath(library));
    koffi.struct('gguf_init_params', { no_alloc: 'bool', ctx: 'void **' });
    const context = 'void *';
    const init = ggml.func('gguf_init_from_file', context, ['str', 'gguf_init_params']);
    const count = ggml.func('gguf_get_n_tensors', 'int64', [context]);
    const keys = ggml.func('gguf_get_n_kv', 'int64', [context]);
    const name = ggml.func('gguf_get_tensor_name', 'str', [context, 'int64']);
    const offset = ggml.func('gguf_get_tensor_offset', 'size_t', [context, 'int64']);
    const size = ggml.func('gguf_get_tensor_size', 'size_t', [context, 'int64']);
    const dataOffset = ggml.func('gguf_get_data_offset', 'size_t', [context]);
    const free = ggml.func('gguf_free', 'void', [context]);
    const cases: [string, ConvertOptions][] = [
      ['gguf/llama_mix.gguf', { to: 'gguf', type: 'q4_k' }],
      ['gguf/llama_mix.gguf', { to: 'gguf', recipe: 'q5_k_m' }],
      ['gguf/align_64.gguf', { to: 'gguf' }],
      ['gguf/metadata_types.gguf', { to: 'gguf', type: 'q8_0' }],
      ['safetensors/sharded/model.safetensors.index.json', { to: 'gguf' }],
      ['npz/deflated.npz', { to: 'gguf', type: 'float16' }],
    ];
    for (const [file, options] of cases) {
      const bytes = await converted(pathOf(file), options);
      const output = path.join(scratch, 'read-by-ggml.gguf');
      writeFileSync(output, bytes);
      // It reads all of the data too, and checks every offset and padding on the way.
      const read = init(output, { no_alloc: false, ctx: [null] });
      assert.ok(read, file);
      const model = await openModel(bytes);
      assert.equal(Number(count(read)), model.tensors.length, file);
      assert.equal(Number(keys(read)), model.metadata.size, file);
      for (const [i, tensor] of model.tensors.entries()) {
        assert.equal(name(read, i), tensor.name);
        assert.equal(Number(dataOffset(read)) + Number(offset(read, i)), tensor.byteOffset, tensor.name);
        assert.equal(Number(size(read, i)), tensor.byteLength, tensor.name);
      }
      free(read);
      rmSync(output);
    }
  });
});

describe('other ways', () => {
  it('from GGUF to safetensors and back keep every value', async () => {
    const source = load('gguf/tensor_types.gguf');
    const before = await openModel(source);
    const readable = before.tensors.filter(({ name }) => /^(q\d_\w+\.weight|f32|f16|bf16|f64|i\d+)$/.test(name));
    const unread = await Promise.all(before.tensors.map(async ({ name }) => codeOf(() => before.read(name))));
    // As long as the core does not read all of ggml's formats the whole file cannot be converted.
    if (unread.includes('UNSUPPORTED'))
      return assert.equal(await codeOf(() => converted(source, { to: 'safetensors' })), 'UNSUPPORTED');
    const there = await converted(source, { to: 'safetensors' });
    const back = await openModel(await converted(there, { to: 'gguf' }));
    for (const { name } of readable)
      assert.equal(valuesSha256(await back.read(name)), valuesSha256(await before.read(name)), name);
  });

  it('to safetensors narrow real numbers alone, by the core’s cast', async () => {
    const before = await openModel(pathOf('gguf/llama_mix.gguf'));
    for (const type of ['float16', 'bfloat16', 'float8_e4m3fn', 'float8_e5m2', 'float32'] as const) {
      const model = await openModel(await converted(pathOf('gguf/llama_mix.gguf'), { to: 'safetensors', type }));
      assert.equal(model.metadata.get('format'), 'pt');
      for (const { name, type: made } of model.tensors) {
        assert.equal(made, type);
        assert.deepEqual(await model.read(name), fewbits.cast(await before.read(name), type), name);
      }
    }
    const integers = await openModel(await converted(load('npz/stored.npz'), { to: 'safetensors', type: 'float16' }));
    const types = Object.fromEntries(integers.tensors.map(({ name, storedType }) => [name, storedType]));
    assert.deepEqual(types, { weight: 'F16', bias: 'F16', steps: 'I64', mask: 'BOOL' });
  });

  it('round doubles once', async () => {
    // Just above half way between two float16: through float32 it would lie half way, and go to the even one.
    const doubles = Float64Array.of(1 + 2 ** -11 + 2 ** -40, -1 - 2 ** -11 - 2 ** -40, 0.1);
    const header = new TextEncoder().encode('{"w":{"dtype":"F64","shape":[3],"data_offsets":[0,24]}}');
    const length = Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0);
    const source = new Blob([length, header, doubles]);
    const model = await openModel(await converted(source, { to: 'safetensors', type: 'float16' }));
    assert.deepEqual(await model.read('w'), fewbits.cast(doubles, 'float16'));
    assert.equal((await model.read('w'))[0], 1 + 2 ** -10);
  });

  it('from ONNX, .npy and .npz to GGUF are plain tensors', async () => {
    for (const file of ['onnx/external/model.onnx', 'npz/deflated.npz', 'npy/f4.npy']) {
      const before = await openModel(pathOf(file));
      const model = await openModel(await converted(pathOf(file), { to: 'gguf' }));
      assert.equal(model.metadata.get('general.architecture'), 'unknown');
      const named = (name: string) => name || 'f4';
      for (const { name } of before.tensors)
        assert.equal(
          valuesSha256(await model.read(named(name))),
          valuesSha256(await before.read(name)),
          `${file} ${name}`,
        );
    }
  });

  it('any tensor to .npy', async () => {
    const before = await openModel(pathOf('gguf/llama_mix.gguf'));
    const bytes = await converted(pathOf('gguf/llama_mix.gguf'), {
      to: 'npy',
      tensor: 'output.weight',
      type: 'float32',
    });
    const model = await openModel(bytes);
    assert.deepEqual(model.tensors[0]!.shape, [64, 256]);
    assert.deepEqual(await model.read(''), await before.read('output.weight'));
  });
});

describe('sinks', async () => {
  const source = pathOf('gguf/llama_mix.gguf');
  const options = { to: 'gguf', type: 'q8_0' } as const;
  const whole = await converted(source, options);

  it('may be a path: the file is there when it is whole', async () => {
    const file = path.join(scratch, 'out.gguf');
    const model = await openModel(source);
    const seen: number[] = [];
    await convertModel(model, file, {
      ...options,
      onProgress: ({ bytesDone, bytesTotal }) => {
        assert.equal(bytesTotal, whole.length);
        seen.push(bytesDone);
        assert.ok(!readdirSync(scratch).includes('out.gguf'));
      },
    });
    assert.deepEqual(new Uint8Array(readFileSync(file)), whole);
    assert.deepEqual(readdirSync(scratch), ['out.gguf']);
    assert.equal(seen.at(-1), whole.length);
    assert.deepEqual(
      seen,
      [...seen].sort((a, b) => a - b),
    );
    rmSync(file);
  });

  it('may be a stream', async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const collected = new Response(readable as ReadableStream).arrayBuffer();
    await convertModel(await openModel(source), writable, options);
    assert.deepEqual(new Uint8Array(await collected), whole);
  });

  it('may be no stream that another writer holds', async () => {
    const held = new WritableStream<Uint8Array>();
    held.getWriter();
    const model = await openModel(source);
    assert.equal(await codeOf(() => convertModel(model, held, options)), 'WRITE_FAILED');
  });

  it('take the place of files, not of devices and pipes', { skip: process.platform === 'win32' }, async () => {
    const pipe = path.join(scratch, 'pipe.gguf');
    const model = await openModel(source);
    execFileSync('mkfifo', [pipe]);
    try {
      assert.equal(await codeOf(() => convertModel(model, pipe, options)), 'WRITE_FAILED');
      assert.ok(statSync(pipe).isFIFO());
    } finally {
      rmSync(pipe);
    }
  });

  it('may be a handle of a file system of browsers, which is aborted where something fails', async () => {
    const parts: Uint8Array[] = [];
    let end = '';
    const handle = (write: (bytes: Uint8Array) => void) => ({
      name: 'out.gguf',
      createWritable: async () =>
        new WritableStream<Uint8Array>({
          write,
          close() {
            end = 'closed';
          },
          abort() {
            end = 'aborted';
          },
        }),
    });
    await convertModel(
      await openModel(source),
      handle((bytes) => void parts.push(bytes.slice())),
      options,
    );
    assert.deepEqual([end, new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer())], ['closed', whole]);
    const full = handle(() => {
      throw new DOMException('The quota is used up', 'QuotaExceededError');
    });
    const failing = convertModel(await openModel(source), full, options);
    await assert.rejects(failing, { code: 'WRITE_FAILED', message: /There is no room left/ });
  });

  it('hold nothing after a cancelled or failed conversion, and leave what was there', async () => {
    const file = path.join(scratch, 'kept.gguf');
    writeFileSync(file, 'before');
    const model = await openModel(source);
    const stop = new AbortController();
    const cancelled = convertModel(model, file, {
      ...options,
      signal: stop.signal,
      onProgress: ({ bytesDone }) => bytesDone > 100_000 && stop.abort(),
    });
    await assert.rejects(cancelled, { code: 'ABORTED' });
    const thrown = convertModel(model, file, {
      ...options,
      onProgress: () => {
        throw new Error('from outside');
      },
    });
    await assert.rejects(thrown, /from outside/);
    assert.deepEqual(readdirSync(scratch), ['kept.gguf']);
    assert.equal(readFileSync(file, 'utf8'), 'before');
    await convertModel(model, file, options);
    assert.deepEqual(new Uint8Array(readFileSync(file)), whole);
    rmSync(file);
  });

  it('that find no room leave nothing, and say so', { skip: process.platform === 'win32' }, () => {
    const file = path.join(scratch, 'full.gguf');
    const program = `import { convertModel, openModel } from 'fewbits/files';
      const [source, sink] = process.argv.slice(-2);
      const failing = convertModel(await openModel(source), sink, { to: 'gguf' });
      console.log(await failing.catch(({ code, message }) => code + ' ' + message));`;
    // 64 KiB is all that this shell's files may have.
    const node = [process.execPath, '--input-type=module', '-e', program, source, file];
    const limited = `ulimit -f ${process.platform === 'linux' ? 64 : 128}; exec "$@"`;
    const said = execFileSync('bash', ['-c', limited, 'bash', ...node], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
    });
    assert.match(said, /^WRITE_FAILED full\.gguf cannot be written: .*/);
    assert.deepEqual(readdirSync(scratch), []);
  });

  it('of a pool that died end in an error that names the tensor', async () => {
    const pool = await createPool({ size: 1 });
    await pool.terminate();
    const file = path.join(scratch, 'dead.gguf');
    const failing = convertModel(await openModel(source), file, { ...options, pool });
    await assert.rejects(failing, { code: 'TERMINATED', message: /tensor 'output\.weight': / });
    assert.deepEqual(readdirSync(scratch), []);
  });

  it('are told apart from sources, and from what is neither', async () => {
    const file = path.join(scratch, 'same.gguf');
    writeFileSync(file, load('gguf/llama_mix.gguf'));
    const model = await openModel(file);
    assert.equal(await codeOf(() => convertModel(model, file, options)), 'BAD_ARGUMENT');
    assert.equal(await codeOf(() => convertModel(model, path.join(scratch, 'no', 'such'), options)), 'WRITE_FAILED');
    for (const wrong of [null, 7, {}] as never[])
      assert.equal(await codeOf(() => convertModel(model, wrong, options)), 'BAD_ARGUMENT');
    assert.deepEqual(new Uint8Array(readFileSync(file)), load('gguf/llama_mix.gguf'));
    rmSync(file);
  });
});
