// Importance matrices: how much each input of a matrix matters, in both layouts that llama-imatrix wrote. Read as
// common/imatrix-loader.cpp and tools/quantize do at llama.cpp's commit 3af988fa (2026-08-21), from bounded slices.
import { Cursor } from '../containers/cursor.ts';
import { openGguf } from '../containers/gguf.ts';
import { NAME, TENSORS } from '../containers/limits.ts';
import type { Source } from '../containers/source.ts';
import { PlainData, type Tables, type TensorData } from '../containers/tensor.ts';
import { digits, fault, shown, tooLarge, utf8 } from '../containers/words.ts';
import { FewbitsError } from '../errors.ts';
import { describe } from '../formats.ts';

/** An importance matrix whose values are read when they are asked for. */
export interface Importance {
  /** GGUF, or llama-imatrix's older layout. */
  readonly format: 'gguf' | 'dat';
  /** The file's name. */
  readonly file: string;
  /** The texts that it was made from; the older layout names one at most. */
  readonly datasets: readonly string[];
  /** How many chunks of them; 0 where the file does not say. */
  readonly chunks: number;
  /** The tensors that it knows, in the file's order. */
  readonly names: readonly string[];
  /**
   * What `quantizeBlocks` takes for that tensor: rowLength values, for a mixture one row per expert after the other.
   * Nothing where the file has no such tensor: quantize it unweighted.
   * @throws BAD_LENGTH where it was made for another shape, BAD_DATA for values that are not finite or below 0, READ_FAILED
   */
  read(name: string, shape: { rowLength: number; experts?: number }): Promise<Float32Array | undefined>;
}

/** Float32 numbers in a file. */
interface Floats {
  elements: number;
  byteOffset: number;
  data: TensorData;
}

/** Sums, and what they are divided by. */
interface Entry {
  sums: Floats;
  /** One count per expert, in the file ... */
  counts?: Floats;
  /** ... or how many calls were summed. */
  calls?: number;
}

interface Opened {
  format: 'gguf' | 'dat';
  datasets: string[];
  chunks: number;
  entries: Map<string, Entry>;
}

const AGAIN = 'Make the importance matrix again';

// --- the older layout: count, then name, calls and sums of each ------------------------------------------------------

/** Name length, one letter, calls, count, one value. */
const LEAST_ENTRY = 4 + 1 + 4 + 4 + 4;

class DatReader {
  private readonly cursor: Cursor;
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly source: Source) {
    this.cursor = new Cursor(source);
  }

  async open(): Promise<Opened> {
    const { name, size } = this.source;
    const count = await this.i32('The count of entries');
    if (count < 1 || count > Math.floor(this.cursor.left / LEAST_ENTRY)) {
      const what = `it begins neither with GGUF nor with a count of entries that fit in ${digits(size)} bytes`;
      throw fault('BAD_MAGIC', name, 0, `${what}: no importance matrix.`);
    }
    if (count > TENSORS) throw tooLarge(name, 0, 'entries', TENSORS, count);
    for (let i = 1; i <= count; i++) await this.entry(`Entry ${digits(i)} of ${digits(count)}`);
    return { format: 'dat', ...(await this.end()), entries: this.entries };
  }

  private async i32(what: string): Promise<number> {
    await this.cursor.fill(4, what);
    return this.cursor.u32() | 0;
  }

  private async text(length: number, what: string): Promise<string> {
    const at = this.cursor.position;
    if (length > NAME) throw tooLarge(this.source.name, at - 4, 'bytes of a name', NAME, length);
    await this.cursor.fill(length, what);
    return utf8(this.cursor.take(length), this.source.name, at, what);
  }

  private async entry(what: string): Promise<void> {
    const { cursor, source } = this;
    const at = cursor.position;
    const length = await this.i32(what);
    if (length < 1) throw fault('BAD_HEADER', source.name, at, `${what} has a name of ${length} bytes. ${AGAIN}.`);
    const name = await this.text(length, `The name of ${what.toLowerCase()}`);
    if (this.entries.has(name))
      throw fault('DUPLICATE_NAME', source.name, at, `two entries are called '${shown(name)}'. ${AGAIN}.`);
    const calls = await this.i32(what);
    const elements = await this.i32(what);
    const byteOffset = cursor.position;
    if (elements < 1)
      throw fault('BAD_HEADER', source.name, byteOffset - 4, `'${shown(name)}' has ${elements} values. ${AGAIN}.`);
    const after = byteOffset + 4 * elements;
    // Nothing is read: the file only has to reach there.
    if (after > source.size) await cursor.fill(4 * elements, `'${shown(name)}'`);
    cursor.seek(after);
    this.entries.set(name, { sums: { elements, byteOffset, data: new PlainData(source, byteOffset) }, calls });
  }

  /** Files before chunks were counted end with the entries, others before the dataset's name. */
  private async end(): Promise<{ chunks: number; datasets: string[] }> {
    if (this.cursor.left === 0) return { chunks: 0, datasets: [] };
    const chunks = Math.max(0, await this.i32('The count of chunks'));
    if (this.cursor.left === 0) return { chunks, datasets: [] };
    const what = "The dataset's name";
    const length = await this.i32(what);
    return { chunks, datasets: length > 0 ? [await this.text(length, what)] : [] };
  }
}

// --- GGUF: NAME.in_sum2 and NAME.counts ------------------------------------------------------------------------------

/** How names of tensors end: sums of the inputs (in newer files), of their squares, and how many were summed. */
const ENDING = /\.(in_sum|in_sum2|counts)$/;

async function openMatrix(source: Source, tables: Tables): Promise<Opened> {
  const { metadata, tensors } = await openGguf(source, tables);
  const header = readKeys(source, metadata);
  const found = new Map<string, Floats>();
  for (const { name, elements, storedType, data } of tensors) {
    const byteOffset = data.byteOffset!;
    if (!ENDING.test(name)) continue;
    if (storedType !== 'F32') {
      const what = `'${shown(name)}' is ${storedType}; sums and counts are F32. ${AGAIN}.`;
      throw fault('UNSUPPORTED_TYPE', source.name, byteOffset, what);
    }
    found.set(name, { elements, byteOffset, data });
  }
  const entries = new Map<string, Entry>();
  for (const name of new Set([...found.keys()].map((whole) => whole.replace(ENDING, ''))))
    entries.set(name, readPair(source, name, found));
  if (entries.size === 0)
    throw fault('BAD_HEADER', source.name, 0, `it has no sums of squares (NAME.in_sum2). ${AGAIN}.`);
  return { format: 'gguf', ...header, entries };
}

function readKeys(source: Source, metadata: ReadonlyMap<string, unknown>): { datasets: string[]; chunks: number } {
  const wrong = (code: 'UNSUPPORTED' | 'BAD_HEADER', what: string) => fault(code, source.name, 0, what);
  const kind = metadata.get('general.type') ?? 'imatrix';
  if (kind !== 'imatrix')
    throw wrong('UNSUPPORTED', `a GGUF of type '${shown(String(kind))}' is no importance matrix.`);
  const whole = (value: unknown) => typeof value === 'number';
  const needed: readonly [key: string, fits: (value: unknown) => boolean, what: string][] = [
    ['imatrix.datasets', (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'), 'strings'],
    ['imatrix.chunk_count', whole, 'a number of 32 bits'],
    ['imatrix.chunk_size', whole, 'a number of 32 bits'],
  ];
  for (const [key, fits, what] of needed) {
    if (!metadata.has(key)) throw wrong('BAD_HEADER', `key '${key}' is missing. ${AGAIN}.`);
    if (!fits(metadata.get(key))) throw wrong('BAD_HEADER', `key '${key}' must hold ${what}. ${AGAIN}.`);
  }
  const chunks = metadata.get('imatrix.chunk_count') as number;
  return { datasets: metadata.get('imatrix.datasets') as string[], chunks };
}

function readPair(source: Source, name: string, found: ReadonlyMap<string, Floats>): Entry {
  const [sums, counts, plain] = ['in_sum2', 'counts', 'in_sum'].map((ending) => found.get(`${name}.${ending}`));
  const wrong = (what: string) => {
    const at = (sums ?? counts ?? plain)?.byteOffset;
    return fault('BAD_DATA', source.name, at, `'${shown(name)}' has ${what}. ${AGAIN}.`);
  };
  if (!sums || !counts) throw wrong(sums ? 'no counts' : 'no sums of squares');
  if (counts.elements < 1 || sums.elements < 1 || sums.elements % counts.elements !== 0)
    throw wrong(`${sums.elements} sums for ${counts.elements} counts, which do not divide them`);
  if (plain && plain.elements !== sums.elements)
    throw wrong(`${plain.elements} sums, but ${sums.elements} sums of squares`);
  return { sums, counts };
}

// --- values ----------------------------------------------------------------------------------------------------------

/** Little-endian floats, as every machine with typed arrays has them. */
async function readFloats(source: Source, { data, elements, byteOffset }: Floats): Promise<Float32Array> {
  const values = new Float32Array(elements);
  const bytes = new Uint8Array(values.buffer);
  let at = 0;
  for await (const slice of data.stream(0, bytes.length)) {
    bytes.set(slice.subarray(0, bytes.length - at), at);
    at += slice.length;
  }
  if (at === bytes.length) return values;
  const what = `got ${digits(at)} of ${digits(bytes.length)} bytes: it has changed. Open it again.`;
  throw fault('READ_FAILED', source.name, byteOffset, what);
}

/** The first value that a test does not let pass ends the reading. */
function check(source: Source, name: string, values: Float32Array, at: Floats, passes: (value: number) => boolean) {
  const bad = values.findIndex((value) => !passes(value));
  if (bad < 0) return;
  const what = `value ${digits(bad)} of '${shown(name)}' is ${values[bad]}, which no importance can be. ${AGAIN}.`;
  throw fault('BAD_DATA', source.name, at.byteOffset + 4 * bad, what);
}

/** C's lround: halves go away from zero. Counts are whole, but stored as floats. */
const wholeCount = (count: number): number => Math.sign(count) * Math.floor(Math.abs(count) + 0.5);

/** Means of squares: float32 sums over float32 counts, rounded once, as llama-quantize divides. */
async function readValues(source: Source, name: string, { sums, counts, calls = 0 }: Entry): Promise<Float32Array> {
  // Sums of no calls stand as they are; where no token came to an expert, all its values are 1.
  let divisors = Float32Array.of(calls > 0 ? calls : 1);
  if (counts) {
    const stored = await readFloats(source, counts);
    check(source, name, stored, counts, Number.isFinite);
    divisors = Float32Array.from(stored, wholeCount);
  }
  const values = await readFloats(source, sums);
  check(source, name, values, sums, (sum) => sum >= 0 && sum < Infinity);
  const part = values.length / divisors.length;
  divisors.forEach((divisor, i) => {
    const row = values.subarray(i * part, (i + 1) * part);
    if (divisor > 0) for (let j = 0; j < part; j++) row[j]! /= divisor;
    else row.fill(1);
  });
  return values;
}

function toImportance(source: Source, { entries, ...rest }: Opened): Importance {
  return {
    ...rest,
    file: source.name,
    names: [...entries.keys()],
    async read(name, shape) {
      const entry = entries.get(name);
      const rowLength = size('rowLength', shape?.rowLength);
      const experts = size('experts', shape.experts ?? 1);
      if (!entry) return undefined;
      const { elements, byteOffset } = entry.sums;
      if (elements === rowLength * experts) return readValues(source, name, entry);
      // llama-quantize does without it for embeddings, which some files have by the vocabulary.
      if (name === 'token_embd.weight') return undefined;
      const has = `'${shown(name)}' has ${digits(elements)} values, but the tensor ${experts} × ${digits(rowLength)}`;
      throw fault('BAD_LENGTH', source.name, byteOffset, `${has}. The importance matrix belongs to another model.`);
    },
  };
}

function size(name: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  const what = `${name} is ${describe(value)}; it must be a whole number, 1 or more.`;
  throw new FewbitsError('BAD_ARGUMENT', what, { name });
}

/**
 * An importance matrix out of bytes that are given slice by slice: only headers are read before values are asked for.
 * @throws BAD_MAGIC, TRUNCATED, BAD_HEADER, BAD_DATA, BAD_UTF8, DUPLICATE_NAME, OVERLAP, TOO_LARGE, UNSUPPORTED,
 *   UNSUPPORTED_TYPE, READ_FAILED, ...; details.byteOffset says where
 */
export async function parseImportance(source: Source, tables: Tables): Promise<Importance> {
  const magic = await source.read(0, Math.min(4, source.size));
  const isGguf = String.fromCharCode(...magic) === 'GGUF';
  return toImportance(source, await (isGguf ? openMatrix(source, tables) : new DatReader(source).open()));
}
