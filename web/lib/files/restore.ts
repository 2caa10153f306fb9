// Bytes of a tensor to float32: slices through the core, and rules of its own for what no number format holds.
import { fortranPositions } from '../containers/positions.ts';
import type { Element, StoredTensor } from '../containers/tensor.ts';
import { digits, fault, shown } from '../containers/words.ts';
import { FewbitsError } from '../errors.ts';
import type { BlockFormatName, Fewbits, NumberFormatName } from '../types.ts';
import { wideToFloat32 } from './wide.ts';

/** Elements of a slice. */
const SLICE = 2 ** 20;

export interface Range {
  start: number;
  end: number;
  signal?: { readonly aborted: boolean } | undefined;
}

export async function restore(fewbits: Fewbits, tensor: StoredTensor, range: Range): Promise<Float32Array> {
  const values = allocate(tensor, range.end - range.start);
  const { fortranOrder, shape } = tensor;
  if (fortranOrder && shape.filter((size) => size > 1).length > 1) await scatter(fewbits, tensor, range, values);
  else await inOrder(fewbits, tensor, range, (part, at) => values.set(part, at - range.start));
  return values;
}

function allocate({ name, file }: StoredTensor, count: number): Float32Array {
  try {
    return new Float32Array(count);
  } catch {
    const what = `${digits(count)} values of tensor '${shown(name)}' need ${digits(4 * count)} bytes, more than there are`;
    throw fault('TOO_LARGE', file, undefined, `${what}. Read it in parts, with start and end.`);
  }
}

/**
 * The values of a tensor, or of a range of it, in row-major order, so many at a time: in doubles where float32 does not hold
 * them all, so that who narrows them further rounds once.
 */
export async function* slices(
  fewbits: Fewbits,
  tensor: StoredTensor,
  count: number,
  { start = 0, end = tensor.elements, signal }: Partial<Range> = {},
): AsyncGenerator<Float32Array | Float64Array> {
  const { element, fortranOrder, data } = tensor;
  const { pieceElements, pieceBytes } = element;
  if (fortranOrder || count % pieceElements !== 0 || start % pieceElements !== 0) {
    // Slices that do not begin where pieces do: each is read by itself.
    for (let at = start; at < end; at += count)
      yield await restore(fewbits, tensor, { start: at, end: Math.min(at + count, end), signal });
    return;
  }
  const bytesAt = (place: number) => Math.ceil(place / pieceElements) * pieceBytes;
  let at = start;
  for await (const bytes of inPieces(data.stream(bytesAt(start), bytesAt(end)), bytesAt(count))) {
    const held = Math.min((bytes.length / pieceBytes) * pieceElements, end - at);
    yield decodeWide(fewbits, tensor, bytes, held);
    at += held;
  }
  if (at < end) throw shortData(tensor, at);
}

/** Calls back with the values of [start, end) in the file's order, and where each part begins. */
async function inOrder(
  fewbits: Fewbits,
  tensor: StoredTensor,
  { start, end, signal }: Range,
  visit: (part: Float32Array, at: number) => void,
): Promise<void> {
  const { element, data } = tensor;
  const { pieceElements, pieceBytes } = element;
  const first = Math.floor(start / pieceElements);
  const last = Math.ceil(end / pieceElements);
  let at = first * pieceElements;
  const pieces = Math.max(1, Math.floor(SLICE / pieceElements));
  for await (const bytes of inPieces(data.stream(first * pieceBytes, last * pieceBytes), pieces * pieceBytes)) {
    if (signal?.aborted) throw new FewbitsError('ABORTED', `Reading '${shown(tensor.name)}' was cancelled.`);
    const count = Math.min((bytes.length / pieceBytes) * pieceElements, tensor.elements - at);
    const part = decode(fewbits, tensor, bytes, count);
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, count)];
    visit(part.subarray(from, to), at + from);
    at += count;
  }
  if (at < end) throw shortData(tensor, at);
}

function shortData({ name, file }: StoredTensor, at: number): FewbitsError {
  return fault('TRUNCATED', file, undefined, `tensor '${shown(name)}' ends after ${digits(at)} of its values.`);
}

/** The same bytes, cut into equal parts; the last may be shorter. */
export async function* inPieces(stream: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0);
  for await (const chunk of stream) {
    let at = 0;
    if (rest.length > 0) {
      at = Math.min(length - rest.length, chunk.length);
      const joined = new Uint8Array(rest.length + at);
      joined.set(rest);
      joined.set(chunk.subarray(0, at), rest.length);
      if (joined.length === length) yield joined;
      rest = joined.length === length ? new Uint8Array(0) : joined;
    }
    for (; at + length <= chunk.length; at += length) yield chunk.subarray(at, at + length);
    if (at < chunk.length) rest = chunk.slice(at);
  }
  if (rest.length > 0) yield rest;
}

function decode(fewbits: Fewbits, tensor: StoredTensor, bytes: Uint8Array, count: number): Float32Array {
  const values = decodeWide(fewbits, tensor, bytes, count);
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

function decodeWide(
  fewbits: Fewbits,
  tensor: StoredTensor,
  bytes: Uint8Array,
  count: number,
): Float32Array | Float64Array {
  const { element, bigEndian } = tensor;
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

/** One code per element. */
function codesOf(fewbits: Fewbits, { pieceElements, pieceBytes }: Element, bytes: Uint8Array, count: number) {
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

/** An array whose first axis runs fastest: its values come in another order than they are wanted in. */
async function scatter(fewbits: Fewbits, tensor: StoredTensor, range: Range, values: Float32Array): Promise<void> {
  const next = fortranPositions(tensor.shape);
  const { start, end, signal } = range;
  await inOrder(fewbits, tensor, { start: 0, end: tensor.elements, signal }, (part) => {
    for (const value of part) {
      const position = next();
      if (position >= start && position < end) values[position - start] = value;
    }
  });
}
