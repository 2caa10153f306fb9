// What the core answers in words: models, their parameters and memory, and how blocks are made. JSON goes in, JSON comes out.
import { FewbitsError } from './errors.ts';
import { describe } from './formats.ts';
import type { Heap } from './heap.ts';

/** Bytes that hold every answer. */
const ANSWER = 1 << 20;
/** Twice what the core reads: of longer texts it gets the beginning, and says that they are too long. */
const LARGEST = 8 << 20;

/** The questions, as cpp/src/models/questions.hpp numbers them. */
export const MODEL_PARAMETERS = 0;
export const MODEL_MEMORY = 1;
export const WEIGHT_BYTES = 2;
export const KV_CACHE_BYTES = 3;
export const QUANTIZE_BLOCKS = 4;
export const DEQUANTIZE_BLOCKS = 5;
export const DESCRIBE_BLOCK = 6;
export const FORMATS = 7;

/** What JSON has no words for goes as text, which the core repeats where it complains. */
const inWords = (_key: string, value: unknown): unknown =>
  Number.isFinite(value) || /object|string|boolean|undefined/.test(typeof value)
    ? value
    : { $unusual: describe(value) };

/** A float32 comes as its bits after a tilde: JSON has no NaN, and no two programs write one number alike. */
const revived = (_key: string, value: unknown): unknown =>
  typeof value === 'string' && value[0] === '~'
    ? new Float32Array(Uint32Array.of(Number(value.slice(1))).buffer)[0]
    : value;

export function ask<Result>(heap: Heap, question: number, given: object): Result {
  let text: string;
  try {
    text = JSON.stringify(given, inWords);
  } catch (error) {
    throw new FewbitsError('BAD_INPUT', `These arguments cannot be written as JSON: ${(error as Error).message}`);
  }
  const bytes = new TextEncoder().encode(text).subarray(0, LARGEST);
  const [from, to] = heap.place(bytes.length, ANSWER);
  heap.write(Uint8Array, from, bytes);
  const length = heap.core.ask(question, from, bytes.length, to, ANSWER);
  heap.check(Math.min(0, length));
  const { value, error } = JSON.parse(new TextDecoder().decode(heap.read(to, new Uint8Array(length))), revived);
  if (error) throw new FewbitsError(error.code, error.message, error.details);
  return value;
}
