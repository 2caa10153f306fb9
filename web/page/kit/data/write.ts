// Files to take home, as parts for a Blob: a list of ten million numbers is never one string.
import { npyHeader } from '../../../lib/containers/npy.ts';
import type { AffineScheme } from '../../../lib/types.ts';

export type Integers = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;
export type Part = string | Uint8Array<ArrayBuffer>;

/** What became of the data. `scale` and `zeroPoint` have one entry per group; number formats have none. */
export interface Coded {
  scheme: AffineScheme | string;
  shape: readonly number[];
  codes: Integers;
  scale?: Float32Array;
  zeroPoint?: Int32Array;
}

const BATCH = 65536;

/** The shortest decimal that reads back as the same float32. */
export function shortest(x: number): string {
  if (Object.is(x, -0)) return '-0';
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(x.toPrecision(digits)));
    if (Math.fround(Number(text)) === Math.fround(x)) return text;
  }
  return String(Number(x.toPrecision(9)));
}

function* list(values: ArrayLike<number>, write: (value: number) => string, between = ','): Generator<string> {
  for (let start = 0; start < values.length; start += BATCH) {
    const batch: string[] = [];
    for (let i = start; i < Math.min(start + BATCH, values.length); i++) batch.push(write(values[i]!));
    yield (start > 0 ? between : '') + batch.join(between);
  }
}

export function jsonParts({ scheme, shape, codes, scale, zeroPoint }: Coded): Part[] {
  const parts = [`{\n  "scheme": ${JSON.stringify(scheme)},\n  "shape": ${JSON.stringify(shape)},\n`];
  if (scale) parts.push('  "scale": [', ...list(scale, shortest), '],\n');
  if (zeroPoint) parts.push('  "zeroPoint": [', ...list(zeroPoint, String), '],\n');
  parts.push('  "codes": [', ...list(codes, String), ']\n}\n');
  return parts;
}

/** Without codes where they are packed. */
export function csvParts(original: Float32Array, codes: Integers | null, restored: Float32Array): Part[] {
  const parts = [`index,original,${codes ? 'code,' : ''}restored,error\n`];
  const row = (i: number) => {
    const error = restored[i]! - original[i]!;
    return `${i},${shortest(original[i]!)},${codes ? `${codes[i]},` : ''}${shortest(restored[i]!)},${error}\n`;
  };
  for (let start = 0; start < original.length; start += BATCH) {
    const length = Math.min(BATCH, original.length - start);
    parts.push(Array.from({ length }, (_, i) => row(start + i)).join(''));
  }
  return parts;
}

/** As np.save writes it. */
export function npyParts(values: Integers | Float32Array, shape: readonly number[]): Part[] {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength) as Uint8Array<ArrayBuffer>;
  return [npyHeader(descrOf(values), shape) as Uint8Array<ArrayBuffer>, bytes];
}

function descrOf(values: Integers | Float32Array): string {
  const kind = values instanceof Float32Array ? 'f' : isSigned(values) ? 'i' : 'u';
  return (values.BYTES_PER_ELEMENT === 1 ? '|' : '<') + kind + values.BYTES_PER_ELEMENT;
}

const isSigned = (values: Integers) => /^Int/.test(values.constructor.name);

/** C99 and C++: typed arrays, ready to include. */
export function cParts(name: string, { scheme, shape, codes, scale, zeroPoint }: Coded): Part[] {
  const id = identifier(name);
  const type = `${isSigned(codes) ? 'int' : 'uint'}${codes.BYTES_PER_ELEMENT * 8}_t`;
  const words = typeof scheme === 'string' ? scheme : describe(scheme);
  return [
    `/* ${words}; shape ${shape.join(' x ') || '1'} */\n#include <stdint.h>\n\n`,
    ...cArray('float', `${id}_scale`, scale, (x) => floatLiteral(x)),
    ...cArray('int32_t', `${id}_zero_point`, zeroPoint, String),
    ...cArray(type, `${id}_codes`, codes, String),
  ];
}

function cArray(
  type: string,
  id: string,
  values: ArrayLike<number> | undefined,
  write: (x: number) => string,
): string[] {
  if (!values || values.length === 0) return [];
  let column = 0;
  const wrapped = (x: number) => (column++ % 16 === 0 ? '\n  ' : ' ') + write(x);
  return [`static const ${type} ${id}[${values.length}] = {`, ...list(values, wrapped), '\n};\n'];
}

function describe({ type, symmetric = true, granularity = 'tensor' }: AffineScheme): string {
  const groups = typeof granularity === 'string' ? 'tensor' : JSON.stringify(granularity).replace(/["{}]/g, '');
  return `${type} ${symmetric ? 'symmetric' : 'asymmetric'}, per ${groups}; x ~ scale * (code - zero_point)`;
}

function floatLiteral(x: number): string {
  const text = shortest(x);
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

/** 'F_0/kernel' to 'F_0_kernel'. What follows it, as '_codes', keeps it from being a keyword. */
export function identifier(name: string): string {
  const words = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_]+/g, '_')
    .replace(/^_+|_+$/g, '');
  const id = words.slice(0, 60) || 'values';
  return /^\d/.test(id) ? `values_${id}` : id;
}
