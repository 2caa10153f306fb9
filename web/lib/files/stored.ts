// Values as a file stores them, and how they become numbers: through the core, by rules of their own where no number format
// holds them. A pool's workers take them as they are, so that nobody else decodes.
import type { Element } from '../containers/tensor.ts';
import type { BlockFormatName, Fewbits, NumberFormatName } from '../types.ts';
import { wideToFloat32 } from './wide.ts';

/** Elements side by side, the last piece whole. */
export interface StoredValues {
  bytes: Uint8Array;
  element: Element;
  bigEndian: boolean;
  /** How many of the elements count. */
  count: number;
}

export const isStored = (value: unknown): value is StoredValues =>
  typeof value === 'object' && value !== null && 'bytes' in value && 'element' in value;

/** Numbers: in doubles where float32 does not hold them all. The bytes may be turned around on the way. */
export function decodeStored(
  fewbits: Pick<Fewbits, 'decode' | 'dequantizeBlocks' | 'unpackBits'>,
  { bytes, element, bigEndian, count }: StoredValues,
): Float32Array | Float64Array {
  const type = element.type as string;
  if (element.reading === 'block') return fewbits.dequantizeBlocks(bytes, type as BlockFormatName, count);
  if (bigEndian) swap(bytes, element.pieceBytes);
  if (element.reading === 'bool') return Float32Array.from(bytes, (byte) => (byte === 0 ? 0 : 1));
  // Views of numbers must begin where their size asks for; files do not care.
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  if (element.reading === 'int64') return wideToFloat32(new Int32Array(buffer, byteOffset, 2 * count));
  if (element.reading === 'uint64') return wideToFloat32(new Uint32Array(buffer, byteOffset, 2 * count));
  if (type === 'float32') return new Float32Array(buffer, byteOffset, count);
  return fewbits.decode(codesOf(fewbits, element, aligned, count), type as NumberFormatName);
}

/** The same, integers of 64 bits in doubles: exact to 2^53. */
export function decodeWide(fewbits: Fewbits, stored: StoredValues): Float32Array | Float64Array {
  const { reading, pieceBytes } = stored.element;
  if (reading !== 'int64' && reading !== 'uint64') return decodeStored(fewbits, stored);
  const bytes = stored.bytes.slice();
  if (stored.bigEndian) swap(bytes, pieceBytes);
  const integers = reading === 'int64' ? new BigInt64Array(bytes.buffer) : new BigUint64Array(bytes.buffer);
  return Float64Array.from(integers.subarray(0, stored.count), Number);
}

/** One code per element. */
function codesOf(
  fewbits: Pick<Fewbits, 'unpackBits'>,
  { pieceElements, pieceBytes }: Element,
  bytes: Uint8Array,
  count: number,
) {
  const { buffer, byteOffset } = bytes;
  if (pieceElements > 1) return fewbits.unpackBits(bytes, (8 * pieceBytes) / pieceElements, count);
  if (pieceBytes === 1) return bytes;
  if (pieceBytes === 2) return new Uint16Array(buffer, byteOffset, count);
  return pieceBytes === 4
    ? new Uint32Array(buffer, byteOffset, count)
    : new BigUint64Array(buffer as ArrayBuffer, byteOffset, count);
}

/** Turns the bytes of every element around. */
export function swap(bytes: Uint8Array, size: number): void {
  if (size > 1) for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}
