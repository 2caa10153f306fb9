// The files of tests/vectors/containers, what is expected of each, and how they are handed to openModel.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { FewbitsError } from 'fewbits';
import type { Model } from 'fewbits/files';

export interface ExpectedTensor {
  name: string;
  type: string;
  shape: number[];
  elements: number;
  f32_sha256?: string;
  raw_sha256?: string;
  first?: (number | string)[];
  byteOffset?: number;
  byteLength?: number;
  descr?: string;
  expect?: string[];
}

export interface Case {
  file: string;
  format: string;
  kind: 'valid' | 'refuse' | 'hostile' | 'hostile-ok' | 'companion';
  bytes: number;
  sha256: string;
  by: string;
  wrong?: string;
  expect?: string[];
  also_ok?: string[];
  when?: string;
  stored?: 'gzip';
  needs?: string[];
  max_seconds?: number;
  tensors?: ExpectedTensor[];
  more?: ExpectedTensor[];
  metadata?: unknown;
  metadata_pairs?: [string, string][];
}

const folder = new URL('../vectors/containers/', import.meta.url);

export const manifest: {
  files: Case[];
  truncations: { file: string; bytes: number; where: string; expect: string[] }[];
} = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8'));

export const pathOf = (file: string): string => fileURLToPath(new URL(file, folder));

export const find = (file: string): Case => {
  const found = manifest.files.find((sample) => sample.file === file);
  assert.ok(found, file);
  return found;
};

/** The bytes, inflated where they are stored deflated. */
export function load(file: string): Uint8Array<ArrayBuffer> {
  const bytes = readFileSync(new URL(file, folder));
  return new Uint8Array(find(file).stored === 'gzip' ? gunzipSync(bytes) : bytes);
}

export const nameOf = (file: string): string => file.split('/').at(-1)!.replace(/\.gz$/, '');

/** The files that a case needs beside it. */
export const companionsOf = ({ file, needs }: Case): string[] =>
  file.endsWith('sharded/model.safetensors.index.json')
    ? ['safetensors/sharded/model-00001-of-00002.safetensors', 'safetensors/sharded/model-00002-of-00002.safetensors']
    : (needs ?? []);

export const asFile = (bytes: Uint8Array<ArrayBuffer>, name: string): File => new File([bytes], name);

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Of the values' bits, every NaN made the same. */
export function valuesSha256(values: Float32Array): string {
  const bits = new Uint32Array(values.slice().buffer);
  for (let i = 0; i < bits.length; i++) if (Number.isNaN(values[i])) bits[i] = 0x7fc00000;
  return sha256(new Uint8Array(bits.buffer));
}

/** 'OK', or the code of the error: which is a FewbitsError and says something. */
export async function codeOf(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
    return 'OK';
  } catch (error) {
    assert.ok(error instanceof FewbitsError, `no FewbitsError: ${(error as Error)?.stack}`);
    assert.ok(error.message.length < 600, `a message of ${error.message.length} characters`);
    assert.doesNotMatch(error.message, /[\p{Cc}\p{Cf}]|\[object/u);
    // A caller's own mistake is repeated to them.
    if (!/^BAD_(INPUT|ARGUMENT)$/.test(error.code)) assert.doesNotMatch(error.message, /undefined|NaN/);
    const { byteOffset } = error.details;
    assert.ok(byteOffset === undefined || Number.isSafeInteger(byteOffset), `byteOffset ${byteOffset}`);
    return error.code;
  }
}

/** The most values, and the most tensors, that a test asks for at once. */
const MOST = 2 ** 22;
const FEW = 200;

/** Reads every tensor, a part of the very large ones; gives the codes of those that refuse, by name. */
export async function readAll(model: Model): Promise<Map<string, string>> {
  const refused = new Map<string, string>();
  for (const { name, elements } of model.tensors.slice(0, FEW)) {
    const code = await codeOf(() => model.read(name, { end: Math.min(elements, MOST) }));
    if (code !== 'OK') refused.set(name, code);
  }
  return refused;
}
