// Reads the vectors of the reference programs.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export const vectors = new URL('../vectors/', import.meta.url);

/** A file's bytes in a buffer of their own, so that any typed array may lie over them. */
export function bytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, vectors)));
}

export const float32 = (name: string) => new Float32Array(bytes(name).buffer);
export const json = (name: string) => JSON.parse(readFileSync(new URL(name, vectors), 'utf8'));
export const sha256 = (data: ArrayBufferView) =>
  createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex');

/** The bits of floats, with every NaN as 7FC00000: how FORMATS compares decoded values. */
export function bits(values: ArrayLike<number>): Uint32Array {
  const patterns = new Uint32Array(Float32Array.from(values).buffer);
  for (let i = 0; i < patterns.length; i++) if (Number.isNaN(values[i])) patterns[i] = 0x7fc00000;
  return patterns;
}
