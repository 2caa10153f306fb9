import type { NpyArray } from '../../../lib/containers/npy.ts';

type ElementType = Pick<NpyArray, 'kind' | 'itemBytes' | 'bigEndian'>;
type Getter = (view: DataView, at: number, littleEndian: boolean) => number;

const GETTERS: Readonly<Record<string, Getter>> = {
  f2: (view, at, little) => halfToNumber(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => wideToNumber(view.getBigInt64(at, little)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => wideToNumber(view.getBigUint64(at, little)),
  b1: (view, at) => (view.getUint8(at) ? 1 : 0),
};

/** Every element in turn, rounded to float32 once where it is stored. `bytes` hold whole elements. */
export function forEachElement(bytes: Uint8Array, type: ElementType, visit: (value: number) => void): void {
  const get = GETTERS[type.kind + type.itemBytes]!;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.byteLength; at += type.itemBytes) visit(get(view, at, !type.bigEndian));
}

function halfToNumber(code: number): number {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 31;
  const mantissa = code & 1023;
  if (exponent === 31) return mantissa ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

/** A 64-bit integer so that storing it as float32 rounds once: below 53 bits exact, above with a sticky last bit. */
function wideToNumber(value: bigint): number {
  const short = Number(value);
  if (Number.isSafeInteger(short)) return short;
  const sticky = value & 0x7ffn ? 1n : 0n;
  return Number((value >> 11n) | sticky) * 2048;
}
