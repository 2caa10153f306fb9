// Every file of tests/vectors/containers through fewbits/files: good ones by their values, strange and hostile ones by what
// they must end in, within their time and memory.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { init } from 'fewbits';
import { type Model, type ModelSource, openModel } from 'fewbits/files';
import {
  asFile,
  type Case,
  codeOf,
  companionsOf,
  type ExpectedTensor,
  load,
  manifest,
  nameOf,
  pathOf,
  readAll,
  sha256,
  valuesSha256,
} from './containers.ts';

const fewbits = await init();

/** Block formats that the core lists and cannot read yet: their tensors are refused, until it can. */
const unread = new Set(
  fewbits.blockFormats
    .filter(({ name, blockBytes }) => {
      try {
        return fewbits.dequantizeBlocks(new Uint8Array(blockBytes), name).length === 0;
      } catch {
        return true;
      }
    })
    .map(({ name }) => name as string),
);

function sourcesOf(sample: Case): (ModelSource | ModelSource[])[] {
  const { file, stored } = sample;
  const own = asFile(load(file), nameOf(file));
  const others = companionsOf(sample).map((other) => asFile(load(other), other));
  // By its path it finds what is beside it; Blobs are given together.
  return [...(stored ? [] : [pathOf(file)]), others.length > 0 ? [own, ...others] : own];
}

async function checkTensor(model: Model, expected: ExpectedTensor, format: string): Promise<void> {
  const tensor = model.tensors.find(({ name }) => name === expected.name);
  assert.ok(tensor, `'${expected.name}' is not listed`);
  assert.deepEqual(tensor.shape, expected.shape, expected.name);
  assert.equal(tensor.elements, expected.elements, expected.name);
  const npy = format === 'npy' || format === 'npz';
  if (!npy) assert.equal(tensor.storedType, expected.type);
  else if (expected.descr) assert.equal(tensor.storedType, expected.descr);
  if (npy)
    assert.equal(tensor.type, /64$|bool/.test(expected.type) && !/^f/.test(expected.type) ? null : expected.type);
  if (expected.byteOffset !== undefined) assert.equal(tensor.byteOffset, expected.byteOffset, expected.name);
  if (expected.byteLength !== undefined) assert.equal(tensor.byteLength, expected.byteLength, expected.name);
  if (expected.expect) return assert.ok(expected.expect.includes(await codeOf(() => model.read(tensor.name))));
  if (tensor.type !== null && unread.has(tensor.type)) {
    return assert.equal(await codeOf(() => model.read(tensor.name)), 'UNSUPPORTED', tensor.name);
  }
  if (/^F6_/.test(tensor.storedType))
    return assert.equal(await codeOf(() => model.read(tensor.name)), 'UNSUPPORTED_TYPE');
  const values = await model.read(tensor.name);
  if (expected.f32_sha256) assert.equal(valuesSha256(values), expected.f32_sha256, expected.name);
}

describe('good files', () => {
  const good = manifest.files.filter(({ kind }) => kind === 'valid');
  it('are all here', () => assert.ok(good.length >= 108, `${good.length}`));

  for (const sample of good) {
    it(`${sample.file} is read exactly`, async () => {
      for (const source of sourcesOf(sample)) {
        const model = await openModel(source);
        assert.equal(model.format, sample.format === 'safetensors-index' ? 'safetensors' : sample.format);
        for (const tensor of sample.tensors ?? []) await checkTensor(model, tensor, sample.format);
        await model.close();
      }
    });
  }

  it('have their bytes where byteOffset says', async () => {
    let compared = 0;
    for (const { file, tensors } of good) {
      const bytes = load(file);
      const model = await openModel(asFile(bytes, nameOf(file)), { fewbits }).catch(() => undefined);
      for (const { name, raw_sha256 } of tensors ?? []) {
        const tensor = model?.tensors.find((entry) => entry.name === name);
        if (!raw_sha256 || tensor?.byteOffset === undefined) continue;
        const { byteOffset, byteLength } = tensor;
        assert.equal(sha256(bytes.subarray(byteOffset, byteOffset + byteLength)), raw_sha256, `${file} ${name}`);
        compared++;
      }
    }
    assert.ok(compared > 140, `${compared} tensors`);
  });
});

/** Seconds of this process's own work: another's must not count. */
async function seconds(action: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** What opening and reading the source ends in: an error's code, or 'OK'. */
async function outcome(sample: Case, source: ModelSource | ModelSource[]): Promise<string> {
  let model: Model | undefined;
  const code = await codeOf(async () => {
    model = await openModel(source);
  });
  if (!model) return code;
  const refused = await readAll(model);
  // One tensor of several: the others must still be read.
  if (/^read /.test(sample.when ?? '')) assert.ok(refused.size <= 1, [...refused.keys()].join());
  if (sample.kind !== 'hostile')
    for (const tensor of sample.tensors ?? []) await checkTensor(model, tensor, sample.format);
  const codes = [...refused.values()];
  return codes.find((one) => one !== 'UNSUPPORTED') ?? codes[0] ?? 'OK';
}

const bad = manifest.files.filter(({ kind }) => kind !== 'valid' && kind !== 'companion');

describe('strange and hostile files', () => {
  it('are all here', () => assert.ok(bad.length >= 570, `${bad.length}`));

  for (const sample of bad) {
    const allowed = [...(sample.expect ?? []), ...(sample.also_ok ?? [])];
    it(`${sample.file} ends in ${allowed.join(' or ')}: ${sample.wrong}`, async () => {
      for (const source of sourcesOf(sample)) {
        let code = '';
        const spent = await seconds(async () => {
          code = await outcome(sample, source);
        });
        assert.ok(allowed.includes(code), `${code}, expected ${allowed.join(' ')}`);
        assert.ok(spent < (sample.max_seconds ?? 2), `${spent.toFixed(1)} s`);
      }
    });
  }
});

describe('memory', () => {
  const types = ['ArrayBuffer', 'Uint8Array', 'Uint32Array', 'Float32Array', 'Float64Array', 'BigUint64Array'] as const;

  /** The bytes of the largest array that anyone makes while the action runs. */
  async function largestArray(action: () => Promise<unknown>): Promise<number> {
    let largest = 0;
    const originals = types.map((type) => [type, globalThis[type]] as const);
    for (const [type, original] of originals) {
      const size = 'BYTES_PER_ELEMENT' in original ? original.BYTES_PER_ELEMENT : 1;
      const construct = (target: new (...args: unknown[]) => object, args: unknown[], newTarget: new () => object) => {
        if (typeof args[0] === 'number') largest = Math.max(largest, args[0] * size);
        return Reflect.construct(target, args, newTarget) as object;
      };
      Object.assign(globalThis, { [type]: new Proxy(original, { construct } as ProxyHandler<typeof original>) });
    }
    try {
      await action();
    } finally {
      Object.assign(globalThis, Object.fromEntries(originals));
    }
    return largest;
  }

  it('is counted: the values of a read show', async () => {
    const bytes = load('npy/one_d.npy');
    assert.ok((await largestArray(async () => (await openModel(bytes)).read(''))) >= 4000);
  });

  it('is never taken on the word of a file: at most its size and 64 MB, in one piece', async () => {
    for (const sample of bad) {
      const [source] = sourcesOf(sample).slice(-1);
      const largest = await largestArray(() => outcome(sample, source!).catch(() => {}));
      assert.ok(largest <= sample.bytes + 64e6, `${sample.file}: ${largest} bytes for ${sample.bytes}`);
    }
  });

  it('of opening: headers are read, not data', async () => {
    class Counting extends File {
      static bytes = 0;
      override slice(start?: number, end?: number): Blob {
        Counting.bytes += (end ?? this.size) - (start ?? 0);
        return super.slice(start, end);
      }
    }
    const data = new Uint8Array(64e6);
    const header = new TextEncoder().encode(
      `{"w":{"dtype":"U8","shape":[${64e6 - 1e3}],"data_offsets":[0,${64e6 - 1e3}]}}`,
    );
    data[0] = header.length;
    data.set(header, 8);
    const file = new Counting([data.subarray(0, 8 + header.length + 64e6 - 1e3)], 'w.safetensors');
    const model = await openModel(file);
    assert.ok(Counting.bytes < 1e5, `${Counting.bytes}`);
    Counting.bytes = 0;
    await model.read('w', { start: 32e6, end: 32e6 + 10 });
    assert.equal(Counting.bytes, 10);
  });
});
