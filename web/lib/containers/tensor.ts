// What every container gives: tensors by name, where their bytes are, and what their elements are.
import type { FewbitsError } from '../errors.ts';
import type { BlockFormat, NumberFormat } from '../types.ts';
import type { ModelFormat, Quantization } from './kinds.ts';
import { EXACT } from './limits.ts';
import type { Source } from './source.ts';

/** The one table of types, as `init` gives it. */
export interface Tables {
  readonly numberFormats: readonly NumberFormat[];
  readonly blockFormats: readonly BlockFormat[];
}

/** How the elements of a tensor lie in its bytes. */
export interface Element {
  /** Our format's name, null where no format holds such elements. */
  type: string | null;
  /** How codes become numbers; null: they can be listed, not read. */
  reading: 'number' | 'block' | 'int64' | 'uint64' | 'bool' | null;
  /** The smallest piece that begins on a byte: 1 element in 4 bytes, 2 in 1, 256 in 144. */
  pieceElements: number;
  pieceBytes: number;
}

/** A tensor's bytes, whatever they are stored in. */
export interface TensorData {
  /** From the beginning of the file, where the file holds them as they are. */
  byteOffset?: number;
  /**
   * Bytes [begin, end) in order, in arrays of bounded size that the caller may change: of `size` bytes, where that is no
   * more than the bound and they stand in the file as they are.
   */
  stream(begin: number, end: number, size?: number): AsyncIterable<Uint8Array>;
}

export interface StoredTensor {
  name: string;
  /** Slowest dimension first. */
  shape: number[];
  elements: number;
  /** The file's own word for its type. */
  storedType: string;
  element: Element;
  byteLength: number;
  data: TensorData;
  /** The file that holds it. */
  file: string;
  bigEndian?: boolean;
  /** First dimension fastest. */
  fortranOrder?: boolean;
  /** Why it cannot be read, though it can be listed. */
  refusal?: FewbitsError;
}

export interface Container {
  format: ModelFormat;
  metadata: Map<string, unknown>;
  tensors: StoredTensor[];
  /** What a reader should know, in sentences. */
  notes: string[];
  quantization?: Quantization;
}

/** Bytes of one read. */
const SLICE = 2 ** 22;

/** Bytes that stand in the file as they are. */
export class PlainData implements TensorData {
  constructor(
    private readonly source: Source,
    readonly byteOffset: number,
  ) {}

  async *stream(begin: number, end: number, size = SLICE): AsyncGenerator<Uint8Array> {
    const length = Math.min(size, SLICE);
    for (let at = begin; at < end; at += length)
      yield await this.source.read(this.byteOffset + at, this.byteOffset + Math.min(at + length, end));
  }
}

/** How many elements a shape has; undefined beyond what numbers hold exactly. */
export function countElements(shape: readonly number[]): number | undefined {
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const size of shape) {
    if (size > EXACT / count) return undefined;
    count *= size;
  }
  return count;
}

/** Bytes of that many elements, the last piece whole; undefined beyond what numbers hold exactly. */
export function countBytes(elements: number, { pieceElements, pieceBytes }: Element): number | undefined {
  const pieces = Math.ceil(elements / pieceElements);
  return pieces > EXACT / pieceBytes ? undefined : pieces * pieceBytes;
}
