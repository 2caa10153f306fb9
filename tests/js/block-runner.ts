// Runs cases of block-cases.ts, in Node and in pages. Knows no file and no platform.
import type { BlockFormatName, Fewbits, Quantized } from 'fewbits';

/** Calls of the package, and the sha256 of what they give, one after the other. */
export interface BlockCase {
  format: BlockFormatName;
  /** Of the vectors' manifest. */
  name: string;
  kind: 'made' | 'made with an importance' | 'read';
  calls: Call[];
  values: number;
  /** Of blocks, so many values; in what comes out, so many bytes. */
  blockSize: number;
  blockBytes: number;
  /** The blocks that are not compared. */
  skipped: number[];
  sha256: string;
}

export type Call =
  | { method: 'quantizeBlocks' | 'quantize' | 'dequantizeBlocks'; args: [unknown, BlockFormatName, object?] }
  | { method: 'dequantize'; args: [Quantized] };

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** Floats by their bits, every NaN alike. */
function bitsOf(values: Float32Array): Uint8Array {
  const bits = new Uint32Array(values.slice().buffer);
  for (let i = 0; i < bits.length; i++) if (Number.isNaN(values[i])) bits[i] = 0x7fc00000;
  return bytesOf(bits);
}

/** A result as bytes: of a tensor its codes, then its scales. */
function flat(result: Uint8Array | Float32Array | Quantized): Uint8Array[] {
  if (result instanceof Float32Array) return [bitsOf(result)];
  if (result instanceof Uint8Array) return [result];
  const { data, scale, nested } = result;
  return [
    bytesOf(data),
    ...(scale ? [bitsOf(scale)] : []),
    ...(nested ? [nested.absmax, bitsOf(nested.scale), bitsOf(Float32Array.of(nested.offset))] : []),
  ];
}

export function joined(parts: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** What is not compared becomes zeros. */
export function masked(bytes: Uint8Array, blockBytes: number, skipped: number[]): Uint8Array {
  const kept = bytes.slice();
  for (const block of skipped) kept.fill(0, block * blockBytes, (block + 1) * blockBytes);
  return kept;
}

export function outcome(fewbits: Fewbits, { calls, blockBytes, skipped }: BlockCase): Uint8Array {
  const call = ({ method, args }: Call) =>
    (fewbits[method] as (...given: unknown[]) => Uint8Array | Float32Array | Quantized)(...args);
  return masked(joined(calls.flatMap((one) => flat(call(one)))), blockBytes, skipped);
}

// --- cases as JSON ---------------------------------------------------------------------------------------------------

/** Typed arrays by their name and their bytes in base64, each text once. */
export function toJson(cases: BlockCase[]): string {
  const seen = new Map<string, number>();
  const text = JSON.stringify(cases, (_key, value) => {
    if (!ArrayBuffer.isView(value)) return value;
    const array = `${value.constructor.name} ${btoa(bytesOf(value).reduce((all, byte) => all + String.fromCharCode(byte), ''))}`;
    if (!seen.has(array)) seen.set(array, seen.size);
    return { array: seen.get(array) };
  });
  return `{"arrays":${JSON.stringify([...seen.keys()])},"cases":${text}}`;
}

export function fromJson(text: string): BlockCase[] {
  const arrays = (JSON.parse(text).arrays as string[]).map((array) => {
    const [name, base64] = array.split(' ') as [string, string];
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    return name === 'Float32Array' ? new Float32Array(bytes.buffer) : bytes;
  });
  return JSON.parse(text, (key, value) => {
    if (key === 'arrays') return undefined;
    return typeof value?.array === 'number' ? arrays[value.array] : value;
  }).cases;
}
