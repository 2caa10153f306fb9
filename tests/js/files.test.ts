// fewbits/files beyond single files: parts of tensors, metadata, sources of every kind, shards, faults, mutants.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { FewbitsError, init } from 'fewbits';
import { type Model, openModel } from 'fewbits/files';
import { webInflate, webSource } from '../../web/lib/containers/web.ts';
import { opener } from '../../web/lib/files/open.ts';
import { asFile, codeOf, find, load, manifest, nameOf, pathOf, readAll, sha256, valuesSha256 } from './containers.ts';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'fewbits-files-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
const put = (name: string, bytes: Uint8Array): string => {
  const file = path.join(scratch, name);
  writeFileSync(file, bytes);
  return file;
};

/** A safetensors file of zeros with those tensors. */
function safetensors(tensors: Record<string, [dtype: string, shape: number[]]>, bits = 32): Uint8Array<ArrayBuffer> {
  let at = 0;
  const width: Record<string, number> = { I32: 32, F32: 32, F16: 16, BF16: 16, U8: 8, I8: 8, F8_E4M3: 8, I64: 64 };
  const entries = Object.entries(tensors).map(([name, [dtype, shape]]) => {
    const begin = at;
    at += (shape.reduce((a, b) => a * b, 1) * (width[dtype] ?? bits)) / 8;
    return [name, { dtype, shape, data_offsets: [begin, at] }];
  });
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const bytes = new Uint8Array(8 + header.length + at);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  return bytes;
}

describe('parts of tensors', () => {
  const samples: [file: string, tensors: number][] = [
    ['gguf/tensor_types.gguf', 20],
    ['safetensors/all_types.safetensors', 10],
    ['npy/fortran_f4_3d.npy', 1],
    ['npy/big_i8.npy', 1],
    ['npz/deflated.npz', 3],
    ['npz/stored.npz', 3],
    ['onnx/typed_data.onnx', 20],
    ['onnx/raw_data.onnx', 20],
  ];
  for (const [file, least] of samples) {
    it(`of ${file} are the parts of the whole`, async () => {
      const model = await openModel(pathOf(file));
      let compared = 0;
      for (const { name, elements } of model.tensors) {
        if ((await codeOf(() => model.read(name))) !== 'OK') continue;
        const whole = await model.read(name);
        const place = fc.nat({ max: elements });
        await fc.assert(
          fc.asyncProperty(place, place, async (a, b) => {
            const [start, end] = [Math.min(a, b), Math.max(a, b)];
            const part = await model.read(name, { start, end });
            assert.deepEqual(new Uint32Array(part.buffer), new Uint32Array(whole.slice(start, end).buffer));
          }),
          { numRuns: 12 },
        );
        compared++;
      }
      assert.ok(compared >= least, `${compared} tensors`);
    });
  }

  it('ask for whole numbers inside of the tensor', async () => {
    const model = await openModel(pathOf('npy/one_d.npy'));
    for (const range of [{ start: -1 }, { end: 1001 }, { start: 2, end: 1 }, { start: 0.5 }, { end: Number.NaN }])
      assert.equal(await codeOf(() => model.read('', range)), 'BAD_ARGUMENT', JSON.stringify(range));
    assert.equal((await model.read('', { start: 1000 })).length, 0);
    await assert.rejects(model.read('w'), {
      code: 'BAD_ARGUMENT',
      message: "The model has no tensor 'w'. There are ''",
    });
  });

  it('can be cancelled', async () => {
    const model = await openModel(pathOf('npy/one_d.npy'));
    await assert.rejects(model.read('', { signal: AbortSignal.abort() }), { code: 'ABORTED' });
    assert.equal((await model.read('')).length, 1000);
  });

  it('longer than a slice come whole', async () => {
    const count = 3 * 2 ** 20 + 5;
    const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count},), }`;
    const head = new Uint8Array(10 + header.length + 1).fill(10);
    head.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length + 1, 0]);
    head.set(new TextEncoder().encode(header), 10);
    const values = Float32Array.from({ length: count }, (_, i) => i);
    const model = await openModel(new Blob([head, values]));
    assert.deepEqual(await model.read(''), values);
    assert.deepEqual(
      await model.read('', { start: 2 ** 20 - 1, end: 2 ** 21 + 1 }),
      values.slice(2 ** 20 - 1, 2 ** 21 + 1),
    );
  });
});

describe('metadata', () => {
  interface Entry {
    key: string;
    value: unknown;
    first_only?: boolean;
    n?: number;
    utf8_sha256?: string;
  }
  const plain = (value: unknown): unknown => {
    if (typeof value === 'bigint') return String(value);
    if (Array.isArray(value)) return value.map(plain);
    return typeof value === 'number' && !Number.isFinite(value) ? String(value) : Object.is(value, -0) ? 0 : value;
  };

  it('of GGUF is what the file says, in its order', async () => {
    let keys = 0;
    for (const { file, metadata } of manifest.files.filter(({ file }) => /^gguf\/\w+\.gguf$/.test(file))) {
      if (!Array.isArray(metadata)) continue;
      const model = await openModel(asFile(load(file), nameOf(file)));
      assert.deepEqual(
        [...model.metadata.keys()],
        (metadata as Entry[]).map(({ key }) => key),
      );
      for (const { key, value, first_only, n, utf8_sha256 } of metadata as Entry[]) {
        const found = plain(model.metadata.get(key));
        if (utf8_sha256) assert.equal(sha256(new TextEncoder().encode(found as string)), utf8_sha256, key);
        if (n !== undefined) assert.equal((found as unknown[]).length, n, key);
        const length = (value as { length: number })?.length;
        assert.deepEqual(first_only ? (found as string).slice(0, length) : found, value, `${file} ${key}`);
        keys++;
      }
    }
    assert.ok(keys > 80, `${keys} keys`);
  });

  it('of safetensors and ONNX is a Map: no key of a file reaches an object', async () => {
    for (const sample of manifest.files.filter(({ kind }) => /^(valid|hostile-ok)$/.test(kind))) {
      if (!/safetensors$|onnx$/.test(sample.format) || (!sample.metadata_pairs && !sample.metadata)) continue;
      const model = await openModel(asFile(load(sample.file), nameOf(sample.file)));
      const pairs = sample.metadata_pairs ?? Object.entries(sample.metadata as Record<string, string>);
      for (const [key, value] of pairs) assert.equal(model.metadata.get(key), value, `${sample.file} ${key}`);
    }
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('keeps arrays beyond four million numbers as small as they are in the file', async () => {
    const count = 2 ** 22 + 1;
    const bytes = new Uint8Array(24 + 8 + 1 + 4 + 12 + count);
    const view = new DataView(bytes.buffer);
    bytes.set(new TextEncoder().encode('GGUF'));
    view.setUint32(4, 3, true);
    view.setBigUint64(16, 1n, true);
    view.setBigUint64(24, 1n, true);
    bytes[32] = 0x61;
    view.setUint32(33, 9, true);
    view.setBigUint64(41, BigInt(count), true);
    bytes[bytes.length - 1] = 7;
    const { metadata } = await openModel(bytes);
    const array = metadata.get('a') as Uint8Array;
    assert.ok(array instanceof Uint8Array && array.length === count && array.at(-1) === 7);
  });
});

describe('large files', () => {
  // Sparse: they take no room on the disk.
  const gibibytes = 20;
  const bytes = gibibytes * 2 ** 30;

  it('of 20 GiB are read anywhere, and little of them at a time', async () => {
    const header = new TextEncoder().encode(
      JSON.stringify({
        big: { dtype: 'BF16', shape: [bytes / 2 / 4096, 4096], data_offsets: [0, bytes] },
        last: { dtype: 'F32', shape: [3], data_offsets: [bytes, bytes + 12] },
      }),
    );
    const head = new Uint8Array(8 + header.length);
    head[0] = header.length;
    head.set(header, 8);
    const file = put('large.safetensors', head);
    const handle = await open(file, 'r+');
    await handle.write(new Uint8Array(Float32Array.of(1.5, -2, 3).buffer), 0, 12, head.length + bytes);
    await handle.write(Uint8Array.of(0x80, 0x3f, 0, 0x40), 0, 4, head.length + 2 * (bytes / 2 - 2));
    await handle.close();
    const model = await openModel(file);
    const big = model.tensors[0]!;
    assert.deepEqual(await model.read('last'), Float32Array.of(1.5, -2, 3));
    assert.deepEqual(await model.read('big', { start: big.elements - 3 }), Float32Array.of(0, 1, 2));
    const before = process.memoryUsage().rss;
    await model.read('big', { start: 5e9, end: 5e9 + 1e7 });
    assert.ok(process.memoryUsage().rss - before < 200e6);
    rmSync(file);
  });
});

describe('sources', () => {
  const bytes = load('safetensors/all_codes.safetensors');
  const expected = find('safetensors/all_codes.safetensors').tensors!;
  const check = async (model: Model) => {
    for (const { name, f32_sha256 } of expected) assert.equal(valuesSha256(await model.read(name)), f32_sha256, name);
  };
  const file = put('all.safetensors', bytes);

  it('may be an ArrayBuffer, a view of one, or shared memory', async () => {
    await check(await openModel(bytes.buffer));
    const around = new Uint8Array(bytes.length + 10);
    around.set(bytes, 3);
    await check(await openModel(around.subarray(3, 3 + bytes.length)));
    await check(await openModel(new DataView(around.buffer, 3, bytes.length)));
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    await check(await openModel(shared));
    assert.deepEqual(around.subarray(3, 3 + bytes.length), bytes, 'the input is as it was');
  });

  it('may be big-endian arrays in memory, which stay as they were', async () => {
    const big = load('npy/big_f4.npy');
    const before = big.slice();
    await (await openModel(big)).read('');
    assert.deepEqual(big, before);
  });

  it('may be a path or a file URL, of which no descriptor is held', async () => {
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const before = descriptors();
    const model = await openModel(file);
    assert.equal(descriptors(), before);
    await check(model);
    assert.equal(descriptors(), before);
    await check(await openModel(new URL(`file://${file}`)));
  });

  it('may be a FileHandle, which stays open', async () => {
    const handle = await open(file);
    const model = await openModel(handle);
    await check(model);
    await model.close();
    assert.equal((await handle.stat()).size, bytes.length);
    await handle.close();
  });

  it('are nothing else', async () => {
    for (const wrong of [null, undefined, 7, {}, [], [null], Symbol('x'), () => {}] as never[])
      assert.equal(await codeOf(() => openModel(wrong)), 'BAD_INPUT', String(wrong));
    assert.equal(await codeOf(() => openModel(path.join(scratch, 'gone.gguf'))), 'MISSING_FILE');
    assert.equal(await codeOf(() => openModel(scratch)), 'READ_FAILED');
  });

  it('are not read after close', async () => {
    const model = await openModel(file);
    await model.close();
    await model.close();
    assert.equal(await codeOf(() => model.read(expected[0]!.name)), 'TERMINATED');
  });
});

describe('servers', async () => {
  let requests: string[] = [];
  const answers: Record<string, (range: string | undefined, response: ServerResponse) => void> = {};
  const server = createServer(({ url, headers, method }, response) => {
    requests.push(`${method} ${url} ${headers.range ?? ''}`);
    const answer = answers[decodeURIComponent(url!)];
    if (answer) answer(headers.range, response);
    else response.writeHead(404).end('<html>gone</html>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  after(() => server.close());
  const at = (name: string) => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`);

  const ranged =
    (bytes: Uint8Array, etag = '"1"') =>
    (range: string | undefined, response: ServerResponse) => {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
      const start = Number(from);
      const end = Math.min(Number(to) + 1, bytes.length);
      if (start >= bytes.length) return response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
      response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${bytes.length}`, etag });
      return response.end(bytes.subarray(start, end));
    };

  const mix = load('gguf/llama_mix.gguf');
  answers['/mix.gguf'] = ranged(mix);
  const tensor = find('gguf/llama_mix.gguf').tensors!.find(({ name }) => name === 'output.weight')!;

  it('that answer ranges are asked for what is needed', async () => {
    requests = [];
    const model = await openModel(at('mix.gguf'));
    assert.equal(requests.length, 1, requests.join());
    assert.equal(valuesSha256(await model.read(tensor.name)), tensor.f32_sha256);
    assert.deepEqual(requests.slice(1), [
      `GET /mix.gguf bytes=${tensor.byteOffset}-${tensor.byteOffset! + tensor.byteLength! - 1}`,
    ]);
  });

  it('are asked for shards beside an index', async () => {
    for (const name of [
      'model.safetensors.index.json',
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
    ])
      answers[`/${name}`] = ranged(
        new Uint8Array(await (await open(pathOf(`safetensors/sharded/${name}`))).readFile()),
      );
    for (const name of ['model.safetensors.index.json', 'model-00002-of-00002.safetensors']) {
      const model = await openModel(at(name));
      for (const { name: tensorName, f32_sha256 } of find('safetensors/sharded/model.safetensors.index.json').tensors!)
        assert.equal(valuesSha256(await model.read(tensorName)), f32_sha256);
    }
  });

  it('that ignore ranges are named', async () => {
    answers['/whole.gguf'] = (_, response) => response.writeHead(200).end(mix);
    const message =
      /whole\.gguf: the server of 127\.0\.0\.1:\d+ sends whole files only \(it ignores Range\)\. Download/;
    await assert.rejects(openModel(at('whole.gguf')), { code: 'UNSUPPORTED', message });
  });

  it('that fail are told from files that are broken', async () => {
    assert.equal(await codeOf(() => openModel(at('gone.gguf'))), 'READ_FAILED');
    answers['/empty.gguf'] = ranged(new Uint8Array(0));
    assert.equal(await codeOf(() => openModel(at('empty.gguf'))), 'TRUNCATED');
    answers['/busy.gguf'] = (_, response) => response.writeHead(503).end();
    await assert.rejects(openModel(at('busy.gguf')), /answers 503 for byte 0/);
    const closed = new URL(at('x.gguf'));
    closed.port = '1';
    await assert.rejects(openModel(closed), { code: 'READ_FAILED' });
  });

  it('that change the file meanwhile are found out, and the next open works', async () => {
    const model = await openModel(at('mix.gguf'));
    answers['/mix.gguf'] = ranged(mix, '"2"');
    await assert.rejects(model.read(tensor.name), /has changed on the server since it was opened/);
    answers['/mix.gguf'] = (range, response) => {
      if (/bytes=0-/.test(range!)) return ranged(mix)(range, response);
      response.writeHead(206, { 'content-length': 10_000 });
      response.write(new Uint8Array(10));
      return setTimeout(() => response.destroy(), 20);
    };
    const broken = await openModel(at('mix.gguf'));
    await assert.rejects(broken.read(tensor.name), { code: 'READ_FAILED', message: /the connection broke at byte/ });
    answers['/mix.gguf'] = ranged(mix);
    assert.equal(valuesSha256(await broken.read(tensor.name)), tensor.f32_sha256);
  });
});

describe('models in several files', () => {
  const parts = ['gguf/split/m-00001-of-00002.gguf', 'gguf/split/m-00002-of-00002.gguf'];
  const tensors = parts.flatMap((part) => find(part).tensors!);

  it('of GGUF open by the path of any part, or together', async () => {
    const files = parts.map((part) => asFile(load(part), nameOf(part)));
    for (const source of [...parts.map(pathOf), files, [...files].reverse()]) {
      const model = await openModel(source);
      assert.deepEqual(
        model.tensors.map(({ name }) => name),
        tensors.map(({ name }) => name),
      );
      for (const { name, f32_sha256 } of tensors) assert.equal(valuesSha256(await model.read(name)), f32_sha256);
      assert.equal(model.metadata.get('split.no'), 0);
      assert.deepEqual(model.notes, []);
    }
  });

  it('of which one is missing give what is there, and say so', async () => {
    const lone = put('m-00002-of-00002.gguf', load(parts[1]!));
    const { notes, tensors } = await openModel(lone);
    assert.deepEqual(notes, ["1 of 2 parts are here; the tensors of the others are missing: 'm-00001-of-00002.gguf'."]);
    assert.equal(tensors.length, find(parts[1]!).tensors!.length);
    assert.equal((await openModel(asFile(load(parts[1]!), 'm-00002-of-00002.gguf'))).notes.length, 1);
  });

  it('of GGUF are not opened twice over', async () => {
    const twice = [asFile(load(parts[0]!), 'a.gguf'), asFile(load(parts[0]!), 'b.gguf')];
    assert.equal(await codeOf(() => openModel(twice)), 'DUPLICATE_NAME');
  });

  const sharded = (name: string) => `safetensors/sharded/${name}`;
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'].map(sharded);

  it('of safetensors open by index, by shard, and as shards alone', async () => {
    const files = shards.map((shard) => asFile(load(shard), nameOf(shard)));
    const index = asFile(load(sharded('model.safetensors.index.json')), 'model.safetensors.index.json');
    for (const source of [pathOf(shards[1]!), files, [files[1]!, index, files[0]!]]) {
      const model = await openModel(source);
      assert.equal(model.tensors.length, 5);
      for (const { name, f32_sha256 } of shards.flatMap((shard) => find(shard).tensors!))
        assert.equal(valuesSha256(await model.read(name)), f32_sha256);
      assert.equal(model.metadata.get('format'), 'pt');
    }
    assert.equal(await codeOf(() => openModel(index)), 'MISSING_FILE');
    assert.equal(await codeOf(() => openModel([index, files[0]!])), 'MISSING_FILE');
    assert.equal(
      await codeOf(() => openModel([files[0]!, asFile(load(shards[0]!), 'again.safetensors')])),
      'DUPLICATE_NAME',
    );
  });

  it('of safetensors find each other by number where there is no index', async () => {
    const alone = mkdtempSync(path.join(scratch, 'shards-'));
    const files = shards.map((shard) => path.join(alone, nameOf(shard)));
    writeFileSync(files[0]!, load(shards[0]!));
    const lone = await openModel(files[0]!);
    assert.deepEqual(lone.notes, [
      "1 of 2 parts are here; the tensors of the others are missing: 'model-00002-of-00002.safetensors'.",
    ]);
    writeFileSync(files[1]!, load(shards[1]!));
    const model = await openModel(files[1]!);
    assert.deepEqual([model.tensors.length, model.notes], [5, []]);
  });

  it("say in which file a tensor's bytes are", async () => {
    const model = await openModel(pathOf(shards[0]!));
    const places = model.tensors.map(({ name, file }) => [name, file]);
    const external = await openModel(pathOf('onnx/external/sub.onnx'));
    assert.equal(external.tensors[0]!.file, 'data/part0.bin');
    assert.deepEqual(
      places.find(([name]) => name === 'lm_head.weight'),
      ['lm_head.weight', nameOf(shards[1]!)],
    );
  });

  it('of ONNX list without the data, which is then missed by name', async () => {
    const model = await openModel(asFile(load('onnx/external/model.onnx'), 'model.onnx'));
    assert.equal(model.tensors.length, 3);
    await assert.rejects(model.read('w1'), {
      code: 'MISSING_FILE',
      message: /'w1' is in 'weights\.bin', which is not there/,
    });
  });

  it('of ONNX read nothing through a symbolic link', async () => {
    const model = put('model.onnx', load('onnx/external/model.onnx'));
    symlinkSync(pathOf('onnx/external/weights.bin'), path.join(scratch, 'weights.bin'));
    const opened = await openModel(model);
    await assert.rejects(opened.read('w1'), { code: 'UNSAFE_PATH', message: /symbolic link/ });
    rmSync(path.join(scratch, 'weights.bin'));
    put('weights.bin', load('onnx/external/weights.bin').subarray(0, 1300));
    assert.equal(await codeOf(() => opened.read('b1')), 'OUT_OF_RANGE');
    assert.equal((await opened.read('w1')).length, 320);
  });

  it('follow symbolic links to shards, which caches of downloads use', async () => {
    for (const shard of shards) symlinkSync(pathOf(shard), path.join(scratch, nameOf(shard)));
    const index = put('model.safetensors.index.json', load(sharded('model.safetensors.index.json')));
    assert.equal((await openModel(index)).tensors.length, 5);
  });

  it('of ONNX hold the weights of Constants and branches too', async () => {
    const { more } = find('onnx/constants_subgraphs.onnx');
    const model = await openModel(pathOf('onnx/constants_subgraphs.onnx'));
    const hashes = await Promise.all(model.tensors.map(async ({ name }) => valuesSha256(await model.read(name))));
    for (const { f32_sha256, name } of more!) assert.ok(hashes.includes(f32_sha256!), name);
    assert.equal(new Set(model.tensors.map(({ name }) => name)).size, model.tensors.length);
  });
});

describe('faults', () => {
  class Failing extends File {
    static fail = 0;
    override slice(start?: number, end?: number): Blob {
      const blob = super.slice(start, end);
      if (--Failing.fail !== 0) return blob;
      return Object.assign(blob, { arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) });
    }
  }

  it('of a read midway are errors; the next call works', async () => {
    for (const file of [
      'gguf/llama_mix.gguf',
      'safetensors/names.safetensors',
      'npz/deflated.npz',
      'onnx/typed_data.onnx',
    ]) {
      const source = new Failing([load(file)], nameOf(file));
      Failing.fail = 2;
      assert.equal(
        await codeOf(async () =>
          readAll(await openModel(source)).then((refused) => {
            for (const code of refused.values()) throw new FewbitsError(code as 'READ_FAILED', 'x');
          }),
        ),
        'READ_FAILED',
        file,
      );
      Failing.fail = 0;
      assert.equal((await readAll(await openModel(source))).size, 0, file);
    }
  });

  it('of files that shrink, grow or change are named; the next open works', async () => {
    const bytes = load('npy/one_d.npy');
    const file = put('changing.npy', bytes);
    const model = await openModel(file);
    truncateSync(file, 2000);
    await assert.rejects(model.read(''), (error: FewbitsError) => {
      assert.equal(error.code, 'READ_FAILED');
      assert.match(error.message, /has changed since it was opened \(4,128 bytes, now 2,000\)\. Open it again\./);
      return true;
    });
    put('changing.npy', bytes);
    utimesSync(file, 1, 1);
    assert.equal(await codeOf(() => model.read('')), 'READ_FAILED');
    const again = await openModel(file);
    assert.equal((await again.read('')).length, 1000);
    rmSync(file);
    assert.equal(await codeOf(() => again.read('')), 'READ_FAILED');
  });

  it('of a handle whose file was cut', async () => {
    const file = put('cut.npy', load('npy/one_d.npy'));
    const handle = await open(file);
    const model = await openModel(handle);
    truncateSync(file, 2000);
    await assert.rejects(model.read(''), /ends at byte 2,000 now: it was cut since it was opened/);
    await handle.close();
    assert.equal(await codeOf(() => model.read('')), 'READ_FAILED');
  });

  it('of buffers that were transferred', async () => {
    const bytes = load('npy/one_d.npy');
    const model = await openModel(bytes);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    assert.equal(await codeOf(() => model.read('')), 'READ_FAILED');
  });
});

describe('words', () => {
  it('say what, where, both numbers, and what to do', async () => {
    const cut = asFile(load('hostile/gguf/_base.gguf').slice(0, 165), 'model.gguf');
    await assert.rejects(openModel(cut), (error: FewbitsError) => {
      const message = "model.gguf: tensor 'w' ends at byte 192 but the file has 165. Incomplete: download it again.";
      assert.equal(error.message, message);
      assert.equal(error.details['byteOffset'], 165);
      return true;
    });
  });

  it('name limit and value', async () => {
    const deep = asFile(load('hostile/gguf/array_nested_deep.gguf.gz'), 'deep.gguf');
    await assert.rejects(
      openModel(deep),
      /^FewbitsError: deep\.gguf: 5 is beyond the limit of 4 \(levels of arrays\)\.$/,
    );
  });

  it('say what a file is that is none', async () => {
    const said: [string, RegExp][] = [
      ['git_lfs_pointer.gguf', /a Git LFS pointer; download the real file/],
      ['error_page.safetensors', /an HTML page/],
      ['error_json.safetensors', /no weight_map/],
      ['pickle.bin', /pickle.*safetensors/],
      ['pytorch.pt', /PyTorch checkpoint.*safetensors/],
      ['weights.h5', /HDF5/],
      ['model.tflite', /TFLite/],
      ['sevenzip.npz', /7-Zip/],
      ['zero_bytes.onnx', /empty/],
    ];
    for (const [name, words] of said) await assert.rejects(openModel(pathOf(`hostile/other/${name}`)), words);
    await assert.rejects(openModel(pathOf('gguf/big_endian.gguf')), /big-endian GGUF/);
    await assert.rejects(
      openModel(pathOf('hostile/gguf/version_1_layout.gguf')),
      /version 1 is no longer supported; convert/,
    );
    await assert.rejects(openModel(pathOf('hostile/gguf/magic_ggjt.gguf')), /from before GGUF/);
    await assert.rejects(openModel(pathOf('hostile/onnx/not_ort_format.onnx')), /onnxruntime's own format/);
  });

  it('show names escaped and cut', async () => {
    const name = `\u202e\u001b[2J${'x'.repeat(200)}`;
    const file = asFile(safetensors({ [name]: ['F33', [2]] }), 'evil\u0007.safetensors');
    await assert.rejects(openModel(file), ({ message }: Error) => {
      assert.match(message, /^evil\\x07\.safetensors: tensor '\\u\{202e\}\\x1b\[2Jx{75}…' is of type 'F33'/);
      return true;
    });
  });
});

describe('quantized checkpoints', () => {
  const layer = 'model.layers.0.mlp.up_proj';
  const of = (endings: Record<string, [string, number[]]>) =>
    safetensors(Object.fromEntries(Object.entries(endings).map(([ending, entry]) => [`${layer}.${ending}`, entry])));
  const cases: [string, Uint8Array<ArrayBuffer>, object | undefined][] = [
    [
      'gptq',
      of({ qweight: ['I32', [32, 128]], qzeros: ['I32', [2, 16]], scales: ['F16', [2, 128]] }),
      { method: 'gptq', layers: 1 },
    ],
    [
      'awq',
      of({ qweight: ['I32', [256, 16]], qzeros: ['I32', [2, 16]], scales: ['F16', [2, 128]] }),
      { method: 'awq', bits: 4, layers: 1 },
    ],
    [
      'fp8',
      of({ weight: ['F8_E4M3', [128, 128]], weight_scale_inv: ['F32', [1, 1]] }),
      { method: 'fp8', bits: 8, layers: 1 },
    ],
    [
      'float-quantized',
      of({ weight: ['F8_E4M3', [8, 8]], weight_scale: ['BF16', [8, 1]] }),
      { method: 'compressed-tensors', format: 'float-quantized', bits: 8, layers: 1 },
    ],
    [
      'int-quantized',
      of({ weight: ['I8', [8, 8]], weight_scale: ['BF16', [8, 1]] }),
      { method: 'compressed-tensors', format: 'int-quantized', bits: 8, layers: 1 },
    ],
    [
      'pack-quantized',
      of({ weight_packed: ['I32', [8, 4]], weight_scale: ['BF16', [8, 1]], weight_shape: ['I64', [2]] }),
      { method: 'compressed-tensors', format: 'pack-quantized', layers: 1 },
    ],
    [
      'nvfp4-pack',
      of({ weight_packed: ['U8', [8, 16]], weight_scale: ['F8_E4M3', [8, 2]], weight_global_scale: ['F32', [1]] }),
      { method: 'compressed-tensors', format: 'nvfp4-pack-quantized', bits: 4, layers: 1 },
    ],
    [
      'mxfp4-pack',
      of({ weight_packed: ['U8', [8, 16]], weight_scale: ['U8', [8, 1]] }),
      { method: 'compressed-tensors', format: 'mxfp4-pack-quantized', bits: 4, layers: 1 },
    ],
    [
      'modelopt',
      of({ weight: ['U8', [8, 16]], weight_scale: ['F8_E4M3', [8, 2]], weight_scale_2: ['F32', []] }),
      { method: 'modelopt', format: 'nvfp4', bits: 4, layers: 1 },
    ],
    [
      'nf4',
      of({
        weight: ['U8', [64, 1]],
        'weight.absmax': ['F32', [2]],
        'weight.quant_map': ['F32', [16]],
        'weight.quant_state.bitsandbytes__nf4': ['U8', [9]],
      }),
      { method: 'bitsandbytes', format: 'nf4', bits: 4, layers: 1 },
    ],
    [
      'llm.int8',
      of({ weight: ['I8', [8, 8]], SCB: ['F32', [8]] }),
      { method: 'bitsandbytes', format: 'int8', bits: 8, layers: 1 },
    ],
    [
      'gpt-oss',
      safetensors({
        'block.0.mlp.experts.gate_up_proj_blocks': ['U8', [2, 4, 2, 16]],
        'block.0.mlp.experts.gate_up_proj_scales': ['U8', [2, 4, 2]],
      }),
      { method: 'mxfp4', bits: 4, layers: 1 },
    ],
    ['bitnet', of({ weight: ['U8', [2, 8]], weight_scale: ['BF16', [1]] }), { method: 'bitnet', bits: 2, layers: 1 }],
    ['a plain one', of({ weight: ['BF16', [8, 8]], bias: ['BF16', [8]] }), undefined],
  ];
  for (const [name, bytes, expected] of cases) {
    it(`are named: ${name}`, async () => {
      const model = await openModel(asFile(bytes, 'model.safetensors'));
      assert.deepEqual(model.quantization, expected);
      for (const tensor of model.tensors) assert.equal((await model.read(tensor.name)).length, tensor.elements);
    });
  }

  it('are named as config.json beside them says', async () => {
    const config = { quantization_config: { quant_method: 'compressed-tensors', format: 'mixed-precision', bits: 4 } };
    const given = [
      asFile(cases[3]![1], 'model.safetensors'),
      asFile(new TextEncoder().encode(JSON.stringify(config)), 'config.json'),
    ];
    const { quantization } = await openModel(given);
    assert.deepEqual(quantization, { method: 'compressed-tensors', format: 'mixed-precision', bits: 4, layers: 1 });
  });
});

describe('changed files', () => {
  const bases = ['gguf', 'safetensors', 'npy', 'npz', 'onnx'].map((kind) => `hostile/${kind}/_base.${kind}`);

  /** What is left of the model, or the code. */
  const attempt = async (bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Model | string> => {
    let model: Model | undefined;
    const code = await codeOf(async () => {
      model = await openModel(asFile(bytes, name));
      await readAll(model);
    });
    return code === 'OK' ? model! : code;
  };

  for (const { file, bytes, where, expect } of manifest.truncations) {
    it(`${nameOf(file)} cut ${where} (${bytes} bytes) ends in ${expect.join(' or ')}`, async () => {
      const code = await attempt(load(file).slice(0, bytes), nameOf(file));
      assert.ok(typeof code === 'string' && expect.includes(code), String(code));
    });
  }

  for (const file of bases) {
    it(`${nameOf(file)} is refused when cut anywhere, but for what it does not need`, async () => {
      const whole = load(file);
      const needed = Math.max(...(await openModel(whole)).tensors.map((t) => (t.byteOffset ?? 0) + t.byteLength));
      for (let length = 0; length < whole.length; length++) {
        const model = await attempt(whole.slice(0, length), nameOf(file));
        if (typeof model === 'string') continue;
        // Tail padding of GGUF, fields after the graph of ONNX.
        assert.ok(/gguf$|onnx$/.test(file) && length >= needed, `${length} bytes`);
        assert.equal(model.tensors.length, 2);
      }
    });

    it(`${nameOf(file)} survives every changed byte`, async () => {
      const whole = load(file);
      for (let at = 0; at < whole.length; at++)
        for (const flip of [0x01, 0x80, 0xff]) {
          const changed = whole.slice();
          changed[at]! ^= flip;
          await attempt(changed, nameOf(file));
        }
    });
  }

  const small = manifest.files.filter(({ kind, bytes, stored }) => kind === 'valid' && !stored && bytes < 3000);
  const edit = fc.record({
    at: fc.nat(),
    length: fc.integer({ min: 0, max: 9 }),
    bytes: fc.uint8Array({ maxLength: 9 }),
  });

  it('mutants of the good files end in a model or an error', async () => {
    assert.ok(small.length > 60, `${small.length} files`);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...small),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        async ({ file }, edits) => {
          let bytes = load(file);
          for (const { at, length, bytes: put } of edits) {
            const place = at % (bytes.length + 1);
            bytes = new Uint8Array([...bytes.subarray(0, place), ...put, ...bytes.subarray(place + length)]);
          }
          await attempt(bytes, nameOf(file));
        },
      ),
      { numRuns: 1500 },
    );
  });
});

describe("the engine's own inflating", () => {
  const openHere = opener({ init, source: webSource, inflate: webInflate });
  for (const sample of manifest.files.filter(
    ({ file }) => /npz\//.test(file) && /deflate|bomb|_base|zip64/.test(file),
  )) {
    it(`reads or refuses ${sample.file}`, async () => {
      const allowed = [...(sample.expect ?? ['OK']), ...(sample.also_ok ?? [])];
      let code = 'OK';
      try {
        const model = await openHere(asFile(load(sample.file), nameOf(sample.file)));
        for (const { name, elements } of model.tensors) {
          const values = await model.read(name, { end: Math.min(elements, 2 ** 22) });
          const expected = sample.tensors?.find((tensor) => tensor.name === name)?.f32_sha256;
          if (expected && elements <= 2 ** 22) assert.equal(valuesSha256(values), expected);
        }
      } catch (error) {
        // Of this module's own class: it was not bundled with the package.
        assert.equal((error as Error).name, 'FewbitsError', `${(error as Error).stack}`);
        code = (error as FewbitsError).code;
      }
      assert.ok(allowed.includes(code), `${code}, expected ${allowed.join(' ')}`);
    });
  }
});
