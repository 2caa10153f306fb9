import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { npyHeader, openNpy } from '../../web/lib/containers/npy.ts';
import { blobSource } from '../../web/lib/containers/source.ts';
import { FewbitsError } from '../../web/lib/errors.ts';
import { readFile } from '../../web/page/kit/data/read.ts';

interface Case {
  file: string;
  kind: 'valid' | 'refuse' | 'hostile' | 'hostile-ok';
  expect?: string[];
  also_ok?: string[];
  stored?: 'gzip';
  tensors?: { shape: number[]; descr?: string; f32_sha256?: string }[];
}

const folder = new URL('../vectors/containers/', import.meta.url);
const manifest: { files: Case[] } = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8'));
const npyCases = manifest.files.filter(({ file }) => /npy\//.test(file));

function load({ file, stored }: Pick<Case, 'file' | 'stored'>): Uint8Array<ArrayBuffer> {
  const bytes = readFileSync(new URL(file, folder));
  return new Uint8Array(stored === 'gzip' ? gunzipSync(bytes) : bytes);
}

const asFile = (bytes: Uint8Array<ArrayBuffer>, name = 'weights.npy') => Object.assign(new Blob([bytes]), { name });

async function codeOf(bytes: Uint8Array<ArrayBuffer>, name?: string): Promise<string> {
  try {
    await readFile(asFile(bytes, name));
    return 'OK';
  } catch (error) {
    assert.ok(error instanceof FewbitsError, `${error}`);
    return error.code;
  }
}

function sha256(values: Float32Array): string {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length).slice();
  for (let i = 0; i < bits.length; i++) if (Number.isNaN(values[i])) bits[i] = 0x7fc00000;
  return createHash('sha256').update(new Uint8Array(bits.buffer)).digest('hex');
}

describe('.npy files', () => {
  it('are all here', () => assert.ok(npyCases.length > 150, `${npyCases.length} cases`));

  for (const sample of npyCases.filter(({ kind }) => kind === 'valid')) {
    it(`reads ${sample.file}`, async () => {
      const tensor = sample.tensors![0]!;
      const { values, shape } = await readFile(asFile(load(sample)));
      assert.deepEqual(shape, tensor.shape.length > 0 ? tensor.shape : [1]);
      if (tensor.f32_sha256) assert.equal(sha256(values), tensor.f32_sha256);
    });
  }

  for (const sample of npyCases.filter(({ kind }) => kind !== 'valid')) {
    it(`answers ${sample.file} with ${sample.expect?.[0]}`, async () => {
      const allowed = [...(sample.expect ?? []), ...(sample.also_ok ?? [])];
      const code = await codeOf(load(sample));
      assert.ok(allowed.includes(code), `${code}, expected one of ${allowed.join(' ')}`);
    });
  }

  it('refuses every shorter prefix, and survives every changed byte', async () => {
    const base = load({ file: 'hostile/npy/_base.npy' });
    for (let length = 0; length < base.length; length++) {
      assert.notEqual(await codeOf(base.slice(0, length)), 'OK', `${length} bytes`);
    }
    for (let at = 0; at < base.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const changed = base.slice();
        changed[at]! ^= flip;
        await codeOf(changed);
      }
    }
  });

  it('says where a header goes wrong', async () => {
    const bytes = load({ file: 'hostile/npy/order_one.npy' });
    await assert.rejects(readFile(asFile(bytes)), (error: FewbitsError) => {
      assert.match(error.message, /^weights\.npy: header, byte 44: fortran_order must be True or False\.$/);
      assert.equal(error.details['byteOffset'], 44);
      return true;
    });
  });

  it('names what a file is that is none', async () => {
    const picture = load({ file: 'hostile/other/picture.npy' });
    await assert.rejects(readFile(asFile(picture)), {
      code: 'BAD_MAGIC',
      message: 'weights.npy does not begin with \\x93NUMPY: it looks like a PNG picture.',
    });
    const lfs = load({ file: 'hostile/other/git_lfs_pointer.gguf' });
    await assert.rejects(readFile(asFile(lfs)), /it looks like a Git LFS pointer; download the real file/);
    const text = load({ file: 'hostile/npy/magic_utf8_93.npy' });
    await assert.rejects(readFile(asFile(text)), /went through a text tool/);
  });

  it('go by their first bytes, not by their names', async () => {
    const { shape, notes } = await readFile(asFile(load({ file: 'npy/f4.npy' }), 'weights.csv'));
    assert.deepEqual(shape, [5, 7]);
    assert.deepEqual(notes, ['weights.csv is a .npy file by its first bytes and is read as one.']);
  });
});

describe('.npy headers', () => {
  const written = npyCases.filter(({ file, kind, tensors }) => {
    // Those of version 1.0 and in row-major order that np.save wrote whole.
    return kind === 'valid' && /^npy\/(?!hand_|fortran_|v2|v3|two_)/.test(file) && tensors?.[0]?.descr;
  });

  it('equal those of np.save byte for byte', async () => {
    assert.ok(written.length > 25, `${written.length} cases`);
    for (const sample of written) {
      const bytes = load(sample);
      const { descr, shape, byteOffset } = await openNpy(blobSource(new Blob([bytes]), sample.file));
      assert.deepEqual(npyHeader(descr, shape), bytes.subarray(0, byteOffset), sample.file);
    }
  });
});
