// Importance matrices in both layouts: files written here by the layouts' definition, as common/imatrix-loader.cpp reads them at
// llama.cpp's commit 3af988fa; then damaged ones.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { init } from 'fewbits';
import { nodeSource } from '../../web/lib/containers/node.ts';
import type { Source } from '../../web/lib/containers/source.ts';
import { bytesSource } from '../../web/lib/containers/sources.ts';
import { FewbitsError } from '../../web/lib/errors.ts';
import { type Importance, parseImportance } from '../../web/lib/files/importance.ts';
import { Bytes } from './bytes.ts';

const fewbits = await init();

const openImportance = (bytes: Uint8Array): Promise<Importance> =>
  parseImportance(bytesSource(bytes, 'importance matrix'), fewbits);

// --- writers ---------------------------------------------------------------------------------------------------------

interface DatEntry {
  name: string;
  calls: number;
  sums: number[];
}

function writeDat(entries: DatEntry[], end: { chunks?: number; dataset?: string } = {}): Uint8Array<ArrayBuffer> {
  const file = new Bytes().i32(entries.length);
  for (const { name, calls, sums } of entries)
    file.i32(new TextEncoder().encode(name).length).text(name).i32(calls).i32(sums.length).floats(sums);
  if (end.chunks !== undefined) file.i32(end.chunks);
  if (end.dataset !== undefined) file.i32(end.dataset.length).text(end.dataset);
  return file.bytes;
}

interface GgufTensor {
  name: string;
  ne: (number | bigint)[];
  values: number[];
  type?: number;
  offset?: number;
}
type Write = (file: Bytes) => unknown;

const TEXT = 8;
const keys: Record<string, Write> = {
  'general.type': (file) => file.u32(TEXT).string('imatrix'),
  'imatrix.datasets': (file) => file.u32(9).u32(TEXT).u64(2).string('wiki.txt').string('code.txt'),
  'imatrix.chunk_count': (file) => file.u32(4).u32(128),
  'imatrix.chunk_size': (file) => file.u32(4).u32(512),
};

function writeGguf(tensors: GgufTensor[], own: Record<string, Write> = keys, alignment = 32): Uint8Array<ArrayBuffer> {
  const file = new Bytes().text('GGUF').u32(3).u64(tensors.length).u64(Object.keys(own).length);
  for (const [key, write] of Object.entries(own)) write(file.string(key));
  const data = new Bytes();
  for (const { name, ne, values, type = 0, offset = data.length } of tensors) {
    file.string(name).u32(ne.length);
    for (const size of ne) file.u64(size);
    file.u32(type).u64(offset);
    data.floats(values).pad(alignment);
  }
  return file.pad(alignment).raw(data.bytes).bytes;
}

const pair = (name: string, row: number, sums: number[], counts: number[]): GgufTensor[] => [
  { name: `${name}.in_sum2`, ne: [row, counts.length], values: sums },
  { name: `${name}.counts`, ne: [1, counts.length], values: counts },
];

// --- reading ---------------------------------------------------------------------------------------------------------

const fround = Math.fround;
const dat = writeDat(
  [
    { name: 'blk.0.attn_q.weight', calls: 3, sums: [1, 2, 0.5, 0] },
    { name: 'blk.0.ffn_up_exps.weight', calls: 7, sums: [1, 2, 3, 4, 5, 6] },
    { name: 'never', calls: 0, sums: [2, 4] },
  ],
  { chunks: 96, dataset: 'wiki.train.raw' },
);
const gguf = writeGguf([
  ...pair('blk.0.attn_q.weight', 4, [1, 2, 0.5, 0], [3]),
  ...pair('blk.0.ffn_up_exps.weight', 2, [1, 2, 3, 4, 5, 6], [7, 0, 2.5]),
  { name: 'blk.0.attn_q.weight.in_sum', ne: [4, 1], values: [1, -1, 1, -1] },
]);

async function errorOf(call: () => unknown): Promise<FewbitsError> {
  try {
    await call();
  } catch (error) {
    assert(error instanceof FewbitsError, String((error as Error)?.stack ?? error));
    return error;
  }
  assert.fail('nothing was thrown');
}

const refused = async (bytes: Uint8Array, code: string, said = /./) => {
  const error = await errorOf(() => openImportance(bytes));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, said);
  const { byteOffset } = error.details as { byteOffset: number };
  assert(byteOffset >= 0 && byteOffset <= bytes.length, `byteOffset ${byteOffset}`);
};

/** A source that counts what is asked of it. */
function counting(bytes: Uint8Array): Source & { largest: number; total: number } {
  return {
    ...{ name: 'counted', size: bytes.length, largest: 0, total: 0 },
    async read(start, end) {
      this.largest = Math.max(this.largest, end - start);
      this.total += end - start;
      return bytes.slice(start, end);
    },
  };
}

describe('openImportance', () => {
  it('reads the older layout: sums by calls', async () => {
    const importance = await openImportance(dat);
    const { format, datasets, chunks, names } = importance;
    assert.deepEqual({ format, datasets, chunks }, { format: 'dat', datasets: ['wiki.train.raw'], chunks: 96 });
    assert.deepEqual(names, ['blk.0.attn_q.weight', 'blk.0.ffn_up_exps.weight', 'never']);
    assert.deepEqual(
      await importance.read('blk.0.attn_q.weight', { rowLength: 4 }),
      Float32Array.of(1 / 3, 2 / 3, fround(0.5) / 3, 0),
    );
    assert.deepEqual(
      await importance.read('blk.0.ffn_up_exps.weight', { rowLength: 2, experts: 3 }),
      Float32Array.from([1, 2, 3, 4, 5, 6], (sum) => sum / 7),
    );
    assert.deepEqual(await importance.read('never', { rowLength: 2 }), Float32Array.of(2, 4), 'no calls: as they are');
    assert.equal(await importance.read('another', { rowLength: 2 }), undefined);
  });

  it('reads its files with less at the end', async () => {
    const entries = [{ name: 'a', calls: 1, sums: [1] }];
    for (const [end, chunks, datasets] of [
      [{}, 0, []],
      [{ chunks: 5 }, 5, []],
      [{ chunks: 5, dataset: '' }, 5, []],
    ] as const) {
      const importance = await openImportance(writeDat(entries, end));
      assert.deepEqual([importance.chunks, importance.datasets], [chunks, datasets]);
    }
  });

  it('reads GGUF: sums of squares by counts, expert by expert', async () => {
    const importance = await openImportance(gguf);
    const { format, datasets, chunks, names } = importance;
    assert.deepEqual({ format, chunks }, { format: 'gguf', chunks: 128 });
    assert.deepEqual(datasets, ['wiki.txt', 'code.txt']);
    assert.deepEqual(names, ['blk.0.attn_q.weight', 'blk.0.ffn_up_exps.weight']);
    assert.deepEqual(
      await importance.read('blk.0.attn_q.weight', { rowLength: 4 }),
      Float32Array.of(1 / 3, 2 / 3, fround(0.5) / 3, 0),
    );
    assert.deepEqual(
      await importance.read('blk.0.ffn_up_exps.weight', { rowLength: 2, experts: 3 }),
      Float32Array.of(1 / 7, 2 / 7, 1, 1, 5 / 3, 2),
      'no count: ones; a half is rounded away from zero',
    );
  });

  it('divides in float32, rounding once', async () => {
    const sums = Array.from({ length: 600 }, (_, i) => fround(Math.exp((i - 300) / 5)));
    const importance = await openImportance(writeDat([{ name: 'a', calls: 16_777_217, sums }]));
    const values = (await importance.read('a', { rowLength: 600 }))!;
    assert.deepEqual(
      values,
      Float32Array.from(sums, (sum) => sum / 16_777_216),
    );
  });

  it('takes what openModel takes', async () => {
    const open = async (given: unknown) => parseImportance(await nodeSource(given), fewbits);
    const folder = mkdtempSync(path.join(tmpdir(), 'fewbits-'));
    try {
      const file = path.join(folder, 'imatrix.dat');
      writeFileSync(file, dat);
      for (const given of [dat, dat.buffer, new Blob([dat]), file]) assert.equal((await open(given)).chunks, 96);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const inside = new Uint8Array(dat.length + 7);
    inside.set(dat, 5);
    const opened = await open(inside.subarray(5, 5 + dat.length));
    assert.deepEqual(await opened.read('never', { rowLength: 2 }), Float32Array.of(2, 4));
    for (const wrong of [null, undefined, 7, {}]) assert.equal((await errorOf(() => open(wrong))).code, 'BAD_INPUT');
  });

  it('reads headers only until values are asked for', async () => {
    const long = Array.from({ length: 100_000 }, (_, i) => i);
    const entries = Array.from({ length: 8 }, (_, i) => ({ name: `blk.${i}`, calls: 1, sums: long }));
    for (const bytes of [writeDat(entries), writeGguf(entries.flatMap(({ name }) => pair(name, 100_000, long, [1])))]) {
      const source = counting(bytes);
      const importance = await parseImportance(source, fewbits);
      assert(source.total < 10 * 65_540, `${source.total} of ${bytes.length} bytes read`);
      assert.equal((await importance.read('blk.7', { rowLength: 100_000 }))![99_999], 99_999);
      assert(source.largest <= 1 << 20, `${source.largest} bytes at once`);
    }
  });

  it('knows for which shape it was made', async () => {
    const importance = await openImportance(gguf);
    const error = await errorOf(() => importance.read('blk.0.attn_q.weight', { rowLength: 8 }));
    assert.equal(error.code, 'BAD_LENGTH');
    assert.match(error.message, /'blk.0.attn_q.weight' has 4 values, but the tensor 1 × 8\..*another model/);
    for (const shape of [{ rowLength: 0 }, { rowLength: 4, experts: -1 }, {}, undefined])
      assert.equal((await errorOf(() => importance.read('blk.0.attn_q.weight', shape as never))).code, 'BAD_ARGUMENT');
    const embedding = await openImportance(writeDat([{ name: 'token_embd.weight', calls: 1, sums: [1, 2] }]));
    assert.equal(await embedding.read('token_embd.weight', { rowLength: 4 }), undefined);
  });
});

describe('openImportance, bad files', () => {
  it('names the tensor and the place of a value that is none', async () => {
    for (const bad of [Number.NaN, Infinity, -1]) {
      const files = [
        writeDat([{ name: 'a', calls: 2, sums: [1, bad] }]),
        writeGguf(pair('a', 2, [1, bad], [2])),
        ...(bad === -1 ? [] : [writeGguf(pair('a', 2, [1, 1], [bad]))]),
      ];
      for (const bytes of files) {
        const importance = await openImportance(bytes);
        const error = await errorOf(() => importance.read('a', { rowLength: 2 }));
        assert.equal(error.code, 'BAD_DATA');
        const at = error.details['byteOffset'] as number;
        assert(Object.is(new DataView(bytes.buffer).getFloat32(at, true), bad), `${at} holds another value`);
      }
    }
  });

  it('ends in an error wherever a file is cut, or reads a file that lacks only its end', async () => {
    const cut = async (whole: Uint8Array, length: number) => {
      const { code, details } = await errorOf(() => openImportance(whole.subarray(0, length)));
      assert(code === 'TRUNCATED' || (code === 'BAD_MAGIC' && length < 60), `${length}: ${code}`);
      assert((details['byteOffset'] as number) <= length);
    };
    const entries = dat.length - 'wiki.train.raw'.length - 8;
    for (let length = 0; length < dat.length; length++)
      if (length === entries || length === entries + 4) await openImportance(dat.subarray(0, length));
      else await cut(dat, length);
    const padding = 16;
    for (let length = 0; length < gguf.length - padding; length++) await cut(gguf, length);
    for (let length = gguf.length - padding; length < gguf.length; length++)
      await openImportance(gguf.subarray(0, length));
  });

  it('refuses what is no importance matrix, in words', async () => {
    await refused(new Uint8Array(0), 'TRUNCATED');
    await refused(new TextEncoder().encode('<!DOCTYPE html><html lang="en">'), 'BAD_MAGIC', /neither with GGUF nor/);
    await refused(writeDat([]), 'BAD_MAGIC');
    await refused(new Bytes().i32(-1).raw(new Uint8Array(99)).bytes, 'BAD_MAGIC');
    await refused(new Bytes().i32(1).i32(-5).raw(new Uint8Array(99)).bytes, 'BAD_HEADER', /-5 bytes/);
    await refused(
      new Bytes()
        .i32(1)
        .i32(1 << 20)
        .raw(new Uint8Array(99)).bytes,
      'TOO_LARGE',
    );
    await refused(new Bytes().i32(1).i32(1).text('a').i32(1).i32(0).i32(0).bytes, 'BAD_HEADER', /'a' has 0 values/);
    await refused(
      new Bytes()
        .i32(1)
        .i32(1)
        .text('a')
        .i32(1)
        .i32(2 ** 30)
        .floats([1]).bytes,
      'TRUNCATED',
    );
    await refused(new Bytes().i32(1).i32(1).raw(Uint8Array.of(0xff)).i32(1).i32(1).i32(0).bytes, 'BAD_UTF8');
    const twice = { name: 'a\u202e\n', calls: 1, sums: [1] };
    await refused(writeDat([twice, twice]), 'DUPLICATE_NAME', /two entries are called 'a\\u\{202e\}\\x0a'/);
  });

  it('refuses GGUF files that say nonsense', async () => {
    const tensors = pair('a', 2, [1, 1], [1]);
    const without = (key: string) => Object.fromEntries(Object.entries(keys).filter(([name]) => name !== key));
    const withKey = (key: string, write: Write) => writeGguf(tensors, { ...keys, [key]: write });
    const start = () => new Bytes().text('GGUF');
    await refused(start().u32(1).raw(new Uint8Array(99)).bytes, 'UNSUPPORTED', /version 1/);
    await refused(start().u32(3).u64(0).u64(0).raw(new Uint8Array(99)).bytes, 'BAD_HEADER', /imatrix.datasets/);
    await refused(writeGguf([]), 'BAD_HEADER', /no sums of squares/);
    await refused(
      withKey('general.type', (file) => file.u32(TEXT).string('model')),
      'UNSUPPORTED',
      /type 'model'/,
    );
    for (const key of ['imatrix.datasets', 'imatrix.chunk_count', 'imatrix.chunk_size'])
      await refused(writeGguf(tensors, without(key)), 'BAD_HEADER', new RegExp(`'${key}' is missing`));
    const keysOfOtherTypes: [key: string, write: Write, said: RegExp][] = [
      ['imatrix.chunk_count', (file) => file.u32(TEXT).string('1'), /32 bits/],
      ['imatrix.chunk_size', (file) => file.u32(10).u64(1), /32 bits/],
      ['imatrix.datasets', (file) => file.u32(9).u32(4).u64(1).u32(1), /strings/],
    ];
    for (const [key, write, said] of keysOfOtherTypes) await refused(withKey(key, write), 'BAD_HEADER', said);
    await refused(writeGguf([tensors[0]!]), 'BAD_DATA', /'a' has no counts/);
    await refused(writeGguf([tensors[1]!]), 'BAD_DATA', /'a' has no sums/);
    const plain = { name: 'a.in_sum', ne: [1], values: [1] };
    await refused(writeGguf([...tensors, plain]), 'BAD_DATA', /1 sums, but 2 sums of squares/);
    await refused(writeGguf([{ name: 'a', ne: [1], values: [1] }]), 'BAD_HEADER', /no sums of squares/);
    await refused(writeGguf(pair('a', 3, [1, 1, 1], [1, 1]).map((t) => ({ ...t, ne: [t.values.length] }))), 'BAD_DATA');
    await refused(writeGguf([...tensors, ...tensors]), 'DUPLICATE_NAME');
    await refused(writeGguf([{ ...tensors[0]!, type: 1 }, tensors[1]!]), 'UNSUPPORTED_TYPE', /is F16; .* are F32/);
    await refused(writeGguf([{ ...tensors[0]!, ne: [2n ** 32n, 2n ** 32n] }, tensors[1]!]), 'OUT_OF_RANGE');
    await refused(writeGguf([tensors[0]!, { ...tensors[1]!, offset: 0 }]), 'OVERLAP');
    await refused(writeGguf([tensors[0]!, { ...tensors[1]!, offset: 1 << 20 }]), 'TRUNCATED');
  });

  it('steps over keys of every type, and follows the alignment', async () => {
    const more: Record<string, Write> = {
      ...keys,
      'general.alignment': (file) => file.u32(4).u32(128),
      list: (file) => file.u32(9).u32(6).u64(2).floats([1, 2]),
      names: (file) => file.u32(9).u32(TEXT).u64(1).string('x'),
      text: (file) => file.u32(TEXT).string('x'),
    };
    [1, 1, 2, 2, 4, 4, 4, 1].forEach((bytes, type) => {
      more[`key ${type}`] = (file) => file.u32(type).raw(new Uint8Array(bytes));
    });
    for (const type of [10, 11, 12]) more[`key ${type}`] = (file) => file.u32(type).u64(1);
    const importance = await openImportance(writeGguf(pair('a', 2, [4, 6], [2]), more, 128));
    assert.deepEqual(await importance.read('a', { rowLength: 2 }), Float32Array.of(2, 3));
  });

  it('names no prototype by accident', async () => {
    const importance = await openImportance(writeDat([{ name: '__proto__', calls: 1, sums: [1] }]));
    assert.deepEqual(importance.names, ['__proto__']);
    assert.equal(await importance.read('constructor', { rowLength: 1 }), undefined);
  });

  it('ends in values or a FewbitsError, whatever bytes change', async () => {
    const edits = fc.array(fc.tuple(fc.nat(10_000), fc.nat(255)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(dat, gguf), edits, async (good, changes) => {
        const bytes = good.slice();
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const source = counting(bytes);
        try {
          const importance = await parseImportance(source, fewbits);
          for (const name of importance.names) await importance.read(name, { rowLength: 4 });
        } catch (error) {
          assert(error instanceof FewbitsError, String((error as Error).stack));
          assert(Number.isInteger(error.details['byteOffset']), error.message);
        }
        assert(source.largest <= bytes.length);
      }),
      { numRuns: 3000 },
    );
  });

  it('tells of a read that fails, and of a file that shrank', async () => {
    const moving = {
      ...{ name: 'moving.gguf', size: gguf.length },
      read: async (start: number, end: number) => gguf.slice(start, end === gguf.length ? end : Math.min(end, 600)),
    };
    const importance = await parseImportance(moving, fewbits);
    const error = await errorOf(() => importance.read('blk.0.ffn_up_exps.weight', { rowLength: 2, experts: 3 }));
    assert.equal(error.code, 'READ_FAILED');
    assert.match(error.message, /^moving\.gguf: got 0 of 12 bytes: it has changed/);
  });
});
