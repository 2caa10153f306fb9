// Values of a tensor, or of a range of it: slice by slice, in row-major order.
import { fortranPositions } from '../containers/positions.ts';
import type { StoredTensor } from '../containers/tensor.ts';
import { digits, fault, shown } from '../containers/words.ts';
import { FewbitsError } from '../errors.ts';
import type { Fewbits } from '../types.ts';
import { decodeStored, isStored, type StoredValues } from './stored.ts';

/** Elements of a slice. */
const SLICE = 2 ** 20;

/** Elements that are picked out of the file in one pass, where its order is another: 32 MiB. */
const BAND = 2 ** 23;

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
 * A tensor, or a range of it, in row-major order, so many elements at a time, as they are stored: in bytes that are nobody
 * else's. Values where they had to be picked out of the file one by one.
 */
export async function* storedSlices(
  fewbits: Fewbits,
  tensor: StoredTensor,
  count: number,
  { start = 0, end = tensor.elements, signal }: Partial<Range> = {},
): AsyncGenerator<StoredValues | Float32Array> {
  const { element, fortranOrder, data } = tensor;
  const { pieceElements, pieceBytes } = element;
  if (fortranOrder || count % pieceElements !== 0 || start % pieceElements !== 0) {
    // Slices that do not begin where pieces do are read by themselves; where all of the file is read for each, many at once.
    const band = fortranOrder ? Math.max(1, Math.floor(BAND / count)) * count : count;
    for (let from = start; from < end; from += band) {
      const values = await restore(fewbits, tensor, { start: from, end: Math.min(from + band, end), signal });
      for (let at = 0; at < values.length; at += count) yield values.slice(at, at + count);
    }
    return;
  }
  const bytesAt = (place: number) => Math.ceil(place / pieceElements) * pieceBytes;
  const size = bytesAt(count);
  let at = start;
  for await (const bytes of inPieces(data.stream(bytesAt(start), bytesAt(end), size), size)) {
    const held = Math.min((bytes.length / pieceBytes) * pieceElements, end - at);
    const own = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
    yield storedIn(tensor, own, held);
    at += held;
  }
  if (at < end) throw shortData(tensor, at);
}

const storedIn = ({ element, bigEndian = false }: StoredTensor, bytes: Uint8Array, count: number): StoredValues => ({
  ...{ bytes, element, bigEndian, count },
});

/** The same, decoded: in doubles where float32 does not hold all values, so that who narrows them further rounds once. */
export async function* slices(...given: Parameters<typeof storedSlices>): AsyncGenerator<Float32Array | Float64Array> {
  for await (const slice of storedSlices(...given)) yield isStored(slice) ? decodeStored(given[0], slice) : slice;
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

/** The same bytes, cut into equal parts; the last may be shorter. Parts that lie in one array are views of it. */
export async function* inPieces(stream: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  let begun = new Uint8Array(0);
  let held = 0;
  for await (const chunk of stream)
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + length - held);
      at += part.length;
      if (part.length === length) {
        yield part;
        continue;
      }
      if (held + part.length > begun.length) {
        // Grows with what there is: a file may promise more than it has.
        const grown = new Uint8Array(Math.min(length, Math.max(held + part.length, 2 * begun.length)));
        grown.set(begun.subarray(0, held));
        begun = grown;
      }
      begun.set(part, held);
      held += part.length;
      if (held < length) continue;
      yield begun;
      begun = new Uint8Array(0);
      held = 0;
    }
  if (held > 0) yield begun.subarray(0, held);
}

function decode(fewbits: Fewbits, tensor: StoredTensor, bytes: Uint8Array, count: number): Float32Array {
  const values = decodeStored(fewbits, storedIn(tensor, bytes, count));
  return values instanceof Float32Array ? values : Float32Array.from(values);
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
