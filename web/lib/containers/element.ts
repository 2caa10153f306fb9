// A file's word for a type, looked up: in the one table by its names elsewhere, else among what no format holds.
import type { BlockFormat, NumberFormat } from '../types.ts';
import type { Element, Tables } from './tensor.ts';

type Place = 'safetensors' | 'gguf' | 'npy';

interface Other extends Partial<Record<Place | 'onnx', string>> {
  reading: 'int64' | 'uint64' | 'bool' | null;
  bytes: number;
}

/** Types of elements that are no number format: read through a rule of their own, or only listed. */
const OTHERS: readonly Other[] = [
  { reading: 'int64', bytes: 8, safetensors: 'I64', gguf: 'I64', npy: '<i8', onnx: 'INT64' },
  { reading: 'uint64', bytes: 8, safetensors: 'U64', npy: '<u8', onnx: 'UINT64' },
  { reading: 'bool', bytes: 1, safetensors: 'BOOL', npy: '|b1', onnx: 'BOOL' },
  { reading: null, bytes: 8, safetensors: 'C64', onnx: 'COMPLEX64' },
  { reading: null, bytes: 16, onnx: 'COMPLEX128' },
];

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));

/** Elements of a number format, side by side, where those of less than a byte are packed. */
export function numberElement({ name, bits }: NumberFormat): Element {
  const common = greatestDivisor(bits, 8);
  // Nobody has published in which order 6-bit numbers are packed.
  const reading = common === 8 || common === bits ? 'number' : null;
  return { type: name, reading, pieceElements: 8 / common, pieceBytes: bits / common };
}

export function blockElement({ name, blockSize, blockBytes }: BlockFormat): Element {
  return { type: name, reading: 'block', pieceElements: blockSize, pieceBytes: blockBytes };
}

const otherElement = ({ reading, bytes }: Other): Element => ({
  ...{ type: null, reading, pieceElements: 1, pieceBytes: bytes },
});

const found = new WeakMap<Tables, Map<string, Element>>();

/** Looks a word up once: a file says it a thousand times. */
function once(tables: Tables, key: string, look: () => Element | undefined): Element | undefined {
  const known = found.get(tables) ?? new Map<string, Element>();
  found.set(tables, known);
  const element = known.get(key) ?? look();
  // Words that mean nothing are a file's own: they are not kept.
  if (element) known.set(key, element);
  return element;
}

/** What the word means at that place; undefined where it is not known. */
export function findElement(tables: Tables, place: Place, word: string): Element | undefined {
  return once(tables, `${place} ${word}`, () => look(tables, place, word));
}

function look(tables: Tables, place: Place, word: string): Element | undefined {
  const row = tables.numberFormats.find((format) => format[place] === word);
  if (row) return numberElement(row);
  // ggml's names are ours in capitals.
  const blocks = tables.blockFormats.find(({ name, family }) => family === 'ggml' && name.toUpperCase() === word);
  if (blocks && place === 'gguf') return blockElement(blocks);
  const other = OTHERS.find((entry) => entry[place] === word);
  return other && otherElement(other);
}

/** The element of ONNX's word, which is ours but for a few: `format` names those. */
export function findOnnxElement(tables: Tables, word: string, format?: string): Element | undefined {
  return once(tables, `onnx ${word}`, () => {
    const row = tables.numberFormats.find(({ name }) => name === (format ?? word.toLowerCase()));
    if (row) return numberElement(row);
    const other = OTHERS.find(({ onnx }) => onnx === word);
    return other && otherElement(other);
  });
}

/** The place's word for elements that no format holds, where it has one. */
export const otherWord = (place: Place, reading: Element['reading']): string | undefined =>
  reading === null ? undefined : OTHERS.find((entry) => entry.reading === reading)?.[place];

/** Listed, never read: of such elements not even the size is known. */
export const UNKNOWN_ELEMENT: Element = { type: null, reading: null, pieceElements: 1, pieceBytes: 0 };
