// The same jobs in plain JavaScript, as fast as we know how to write them, with the same answers. They write into arrays
// that are there already, which calls of the package do not.

export function absmax(values: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const magnitude = Math.abs(values[i]!);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

export function minmax(values: Float32Array): [number, number] {
  let min = values[0]!;
  let max = min;
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    if (value < min) min = value;
    else if (value > max) max = value;
  }
  return [min, max];
}

const ROUNDING = 6755399441055744; // 1.5 * 2^52: a sum with it has no place for a fraction, and ties go to even

const clamped = (code: number, min: number, max: number): number => Math.min(Math.max(code, min), max);

export function quantizeByDivision(values: Float32Array, scale: number, codes: Int8Array): void {
  for (let i = 0; i < values.length; i++)
    codes[i] = clamped(Math.fround(values[i]! / scale) + ROUNDING - ROUNDING, -127, 127);
}

export function quantizeByProduct(values: Float32Array, scale: number, codes: Int8Array): void {
  const factor = Math.fround(1 / scale);
  for (let i = 0; i < values.length; i++)
    codes[i] = clamped(Math.fround(values[i]! * factor) + ROUNDING - ROUNDING, -127, 127);
}

/** As most people write it. Ties go up. */
export function quantizeByMathRound(values: Float32Array, scale: number, codes: Int8Array): void {
  for (let i = 0; i < values.length; i++)
    codes[i] = Math.max(-127, Math.min(127, Math.round(Math.fround(values[i]! / scale))));
}

/** As those write it who found Math.round to be slow. Ties go up. */
export function quantizeByMathFloor(values: Float32Array, scale: number, codes: Int8Array): void {
  for (let i = 0; i < values.length; i++)
    codes[i] = Math.max(-127, Math.min(127, Math.floor(Math.fround(values[i]! / scale) + 0.5)));
}

/** onnxruntime's DynamicQuantizeLinear. */
export function quantizeDynamically(values: Float32Array, codes: Uint8Array): void {
  const [min, max] = minmax(values).map((end, i) => (i === 0 ? Math.min(end, 0) : Math.max(end, 0))) as [
    number,
    number,
  ];
  const scale = Math.fround(Math.fround(max - min) / 255);
  const zeroPoint = clamped(-(Math.fround(min / scale) + ROUNDING - ROUNDING), 0, 255);
  for (let i = 0; i < values.length; i++)
    codes[i] = clamped(Math.fround(values[i]! / scale) + ROUNDING - ROUNDING + zeroPoint, 0, 255);
}

export function dequantize(codes: Int8Array, scale: number, values: Float32Array): void {
  for (let i = 0; i < codes.length; i++) values[i] = codes[i]! * scale;
}

export interface Minifloat {
  mantissaBits: number;
  bias: number;
  signBit: number;
  /** The code of magnitudes too large, the first one above all numbers. */
  overflow: number;
  nan: number;
}

export const float16: Minifloat = { mantissaBits: 10, bias: 15, signBit: 0x8000, overflow: 0x7c00, nan: 0x7e00 };
export const e4m3: Minifloat = { mantissaBits: 3, bias: 7, signBit: 0x80, overflow: 0x7f, nan: 0x7f };

const number = new Float32Array(1);
const bits = new Uint32Array(number.buffer);

export function encodeMinifloat(values: Float32Array, format: Minifloat, codes: Uint8Array | Uint16Array): void {
  const { mantissaBits, bias, signBit, overflow, nan } = format;
  const dropped = 23 - mantissaBits;
  const half = (1 << (dropped - 1)) - 1;
  const rebias = (127 - bias) << 23;
  const firstNormal = 2 ** (1 - bias);
  const step = 2 ** (1 - bias - mantissaBits);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    const word = words[i]!;
    const magnitude = word & 0x7fffffff;
    const size = Math.abs(values[i]!);
    let code = nan;
    if (size < firstNormal) code = size / step + ROUNDING - ROUNDING;
    else if (magnitude <= 0x7f800000) {
      code = (magnitude + half + ((magnitude >> dropped) & 1) - rebias) >> dropped;
      if (code > overflow) code = overflow;
    }
    codes[i] = word >>> 31 ? code | signBit : code;
  }
}

/** Every number of a format, by code. */
export function minifloatTable({ mantissaBits, bias, signBit, overflow, nan }: Minifloat): Float32Array {
  return Float32Array.from({ length: 2 * signBit }, (_, code) => {
    const magnitude = code & (signBit - 1);
    if (magnitude >= overflow && (magnitude > overflow || overflow === nan)) return Number.NaN;
    const sign = code & signBit ? -1 : 1;
    if (magnitude === overflow) return sign * Number.POSITIVE_INFINITY;
    if (magnitude >> mantissaBits === 0) return sign * magnitude * 2 ** (1 - bias - mantissaBits);
    bits[0] = (magnitude << (23 - mantissaBits)) + ((127 - bias) << 23);
    return sign * number[0]!;
  });
}

export function decodeByTable(codes: Uint8Array | Uint16Array, table: Float32Array, values: Float32Array): void {
  for (let i = 0; i < codes.length; i++) values[i] = table[codes[i]!]!;
}
