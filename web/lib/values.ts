// What callers pass as values, made one kind: an array-like of numbers that knows whether float32 holds them.
import { FewbitsError } from './errors.ts';
import { describe } from './formats.ts';
import { type Heap, SLICE } from './heap.ts';
import type { Tensor, Values } from './types.ts';

type NumberArray = Exclude<Values, readonly number[]>;

/** Numbers to read in slices. */
export interface Source {
  readonly length: number;
  /** Float32 does not hold all of them: stage as float64. */
  readonly doubles: boolean;
  part(from: number, to: number): ArrayLike<number>;
}

const single = [
  'Float32Array',
  'Float16Array',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
];
const double = ['Float64Array', 'Int32Array', 'Uint32Array'];

export function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** Detached buffers have no bytes; so have empty ones. */
export function checkAttached(buffer: ArrayBufferLike, what: string): void {
  if (buffer.byteLength === 0 && isDetached(buffer))
    throw new FewbitsError(
      'BAD_INPUT',
      `The buffer of ${what} is detached: it was transferred elsewhere. Pass a copy, or do not transfer it.`,
    );
}

/** Reads values; anything but numbers is BAD_INPUT. `what` names the argument in the message. */
export function toSource(values: Values, what = 'values'): Source {
  const tag = tagOf(values);
  if (single.includes(tag) || double.includes(tag)) {
    const array = values as NumberArray;
    checkAttached(array.buffer, what);
    const typed = array as Float32Array;
    return { length: array.length, doubles: double.includes(tag), part: (from, to) => typed.subarray(from, to) };
  }
  if (!Array.isArray(values))
    throw new FewbitsError(
      'BAD_INPUT',
      `${what} must be a typed array of numbers or an array of numbers, not ${describe(values)}.`,
    );
  for (let i = 0; i < values.length; i++)
    if (typeof values[i] !== 'number')
      throw new FewbitsError('BAD_INPUT', `Element ${i} of ${what} is ${describe(values[i])}, not a number.`, {
        index: i,
      });
  return { length: values.length, doubles: true, part: (from, to) => values.slice(from, to) };
}

/** A tensor's source and shape; bare values have shape [length]. */
export function toTensor(values: Values | Tensor): { source: Source; shape: number[] } {
  if (values === null || typeof values !== 'object' || !('data' in values)) {
    const source = toSource(values as Values);
    return { source, shape: [source.length] };
  }
  const source = toSource(values.data, 'data');
  return { source, shape: checkShape(values.shape, source.length) };
}

export const product = (sizes: readonly number[]): number => sizes.reduce((total, size) => total * size, 1);

/** A shape of whole numbers, with `length` elements where that is given. */
export function checkShape(shape: unknown, length?: number): number[] {
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) >= 0;
  // Spread: `some` and `find` skip the holes of an array.
  const sizes = Array.isArray(shape) ? [...shape] : undefined;
  if (!sizes?.every(isSize)) {
    const wrong = sizes ? sizes[sizes.findIndex((size) => !isSize(size))] : shape;
    throw new FewbitsError('BAD_SHAPE', `A shape is an array of whole numbers, 0 or more, not ${describe(wrong)}.`);
  }
  const count = product(sizes);
  if (length !== undefined && count !== length)
    throw new FewbitsError(
      'BAD_SHAPE',
      `Shape [${sizes.join(', ')}] has ${count} elements, but the data has ${length}.`,
      { shape: sizes, length },
    );
  return sizes;
}

/** Calls back for slices [from, to) of at most SLICE elements. */
export function eachSlice(length: number, callback: (from: number, to: number) => void): void {
  for (let from = 0; from < length; from += SLICE) callback(from, Math.min(from + SLICE, length));
}

/** Stages a slice as float64 or float32, as the source has it. */
export function stage(
  heap: Heap,
  source: Source,
  address: number,
  from: number,
  to: number,
  doubles = source.doubles,
): void {
  const part = source.part(from, to);
  if (doubles) heap.write(Float64Array, address, part);
  else heap.write(Float32Array, address, part);
}

/** Stages a slice as float32 and makes sure that every number in it is finite. */
export function stageFinite(heap: Heap, source: Source, address: number, from: number, to: number): void {
  stage(heap, source, address, from, to, false);
  checkFinite(heap, source, address, from, to - from);
}

/** Names the first NaN or infinity among `count` staged values, the first of which has the caller's index `from`. */
export function checkFinite(heap: Heap, source: Source, address: number, from: number, count: number): void {
  const found = heap.core.findNonFinite(address, count);
  if (found === count) return;
  const index = from + found;
  const value = source.part(index, index + 1)[0]!;
  const reason = Number.isFinite(value) ? `${value}, which is beyond float32` : String(value);
  throw new FewbitsError(
    'NON_FINITE',
    `Element ${index} is ${reason}. Quantization needs finite numbers: remove or replace it.`,
    { index },
  );
}

/** An option that is true, false or absent. */
export function checkFlag(name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value;
  throw new FewbitsError('BAD_ARGUMENT', `${name} is true or false, not ${describe(value)}.`);
}

/** A whole number in [min, max], or BAD_ARGUMENT. */
export function checkInteger(value: unknown, name: string, min: number, max: number): number {
  if (!Number.isInteger(value) || (value as number) < min || (value as number) > max)
    throw new FewbitsError(
      'BAD_ARGUMENT',
      `${name} must be a whole number from ${min} to ${max}, not ${describe(value)}.`,
    );
  return value as number;
}

/** What an object calls itself: 'Uint8Array' of one in another realm too. */
export const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** A typed array of that type, attached. */
export function checkArray<T extends ArrayBufferView>(value: unknown, type: string, what: string): T {
  if (tagOf(value) !== type) throw new FewbitsError('BAD_INPUT', `${what} must be a ${type}, not ${describe(value)}.`);
  checkAttached((value as T).buffer, what);
  return value as T;
}

/** Codes as `quantize` gives them: an array of that type, packed where they are narrower than a byte. */
export function checkCodes(data: unknown, type: string, bits: number, shape: readonly number[]): void {
  const { length: found } = checkArray<Uint8Array>(data, type, 'data');
  const count = product(shape);
  const length = bits < 8 ? Math.ceil((count * bits) / 8) : count;
  if (found !== length)
    throw new FewbitsError(
      'BAD_LENGTH',
      `Shape [${shape.join(', ')}] needs ${length} elements of data at ${bits} bits, not ${found}.`,
    );
}
