// GGUF, version 3, as ggml writes it: keys and tensors in the order given, zeros after every tensor.
import { tooLarge } from './words.ts';
import { align, ByteWriter, type FilePlan, type Placed } from './write.ts';

export interface GgufTensor {
  name: string;
  /** ggml's number of its type. */
  type: number;
  /** Slowest dimension first. */
  shape: readonly number[];
  byteLength: number;
}

/** Bytes of a tensor's name: ggml keeps 64, the last a zero. */
const GGML_NAME = 63;
const DIMENSIONS = 4;

const encoder = new TextEncoder();

/** A key whose value is a 32-bit unsigned number, as it stands in the file. */
export const u32Key = (key: string, value: number): Uint8Array =>
  text(new ByteWriter(), key).u32(4).u32(value).finish();

/** A key whose value is a text. */
export const textKey = (key: string, value: string): Uint8Array =>
  text(text(new ByteWriter(), key).u32(8), value).finish();

function text(writer: ByteWriter, value: string): ByteWriter {
  const bytes = encoder.encode(value);
  return writer.u64(bytes.length).add(bytes);
}

/** `keys` are whole keys with their values, as they stand in a file. @throws TOO_LARGE */
export function planGguf(
  file: string,
  tensors: readonly GgufTensor[],
  keys: readonly Uint8Array[],
  alignment: number,
): FilePlan {
  const head = new ByteWriter().add(encoder.encode('GGUF')).u32(3).u64(tensors.length).u64(keys.length);
  for (const key of keys) head.add(key);
  let end = 0;
  const placed: Placed[] = [];
  for (const [index, tensor] of tensors.entries()) {
    addInfo(file, head, tensor, end);
    placed.push({ index, byteOffset: end, byteLength: tensor.byteLength });
    end = align(end + tensor.byteLength, alignment);
  }
  head.pad(alignment);
  for (const place of placed) place.byteOffset += head.length;
  return { head: head.finish(), placed, byteLength: head.length + end };
}

function addInfo(file: string, head: ByteWriter, { name, type, shape }: GgufTensor, offset: number): void {
  const length = encoder.encode(name).length;
  if (length > GGML_NAME) throw tooLarge(file, undefined, "bytes of a tensor's name in GGUF", GGML_NAME, length);
  const fastestFirst = [...shape].reverse();
  // Outer 1s say nothing, and ggml drops them; a single number has one dimension.
  while (fastestFirst.length > 1 && fastestFirst.at(-1) === 1) fastestFirst.pop();
  if (fastestFirst.length === 0) fastestFirst.push(1);
  if (fastestFirst.length > DIMENSIONS)
    throw tooLarge(file, undefined, 'dimensions in GGUF', DIMENSIONS, fastestFirst.length);
  text(head, name).u32(fastestFirst.length);
  for (const size of fastestFirst) head.u64(size);
  head.u32(type).u64(offset);
}
