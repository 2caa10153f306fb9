// Importance matrices: how much each input of a matrix matters, in both layouts that llama-imatrix wrote. Read as
// common/imatrix-loader.cpp and tools/quantize do at llama.cpp's commit 3af988fa (2026-08-21), from bounded slices.
import type { Source } from '../containers/source.ts';
import { blobSource } from '../containers/source.ts';
import { FewbitsError } from '../errors.ts';
import { describe } from '../formats.ts';
import { Cursor, readAll, shown } from './cursor.ts';
import { type Floats, readImportanceHeader, SUMS_OR_COUNTS } from './importance-gguf.ts';

/** An importance matrix whose values are read when they are asked for. */
export interface Importance {
  /** GGUF, or llama-imatrix's older layout. */
  readonly format: 'gguf' | 'dat';
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

/** Where an entry's sums lie, and by what they are divided. */
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

/** Entries more than any model has: time, and memory for their names. */
const MAX_ENTRIES = 1 << 20;
const MAX_NAME = 1 << 16;
/** Name length, one letter, calls, count, one value. */
const LEAST_ENTRY = 4 + 1 + 4 + 4 + 4;

/** Floats that are read and divided at once. */
const SLICE = 1 << 18;

// --- the older layout: count, then name, calls and sums of each ------------------------------------------------------

async function openDat(source: Source): Promise<Opened> {
  const cursor = new Cursor(source);
  const count = (await cursor.take(4, 'the count of entries')).getInt32(0, true);
  if (count < 1 || count > Math.floor(cursor.remaining / LEAST_ENTRY))
    throw cursor.error(
      'BAD_MAGIC',
      `it begins neither with GGUF nor with a count of entries that fit ${source.size} bytes: no importance matrix`,
      0,
    );
  if (count > MAX_ENTRIES) throw cursor.error('TOO_LARGE', `${count} entries; the limit is ${MAX_ENTRIES}`, 0);
  const entries = new Map<string, Entry>();
  for (let i = 0; i < count; i++) await readEntry(cursor, entries, `entry ${i + 1} of ${count}`);
  return { format: 'dat', ...(await readEnd(cursor)), entries };
}

async function readEntry(cursor: Cursor, entries: Map<string, Entry>, what: string): Promise<void> {
  const at = cursor.position;
  const length = (await cursor.take(4, what)).getInt32(0, true);
  if (length < 1) throw cursor.error('BAD_HEADER', `${what} has a name of ${length} bytes`, at);
  if (length > MAX_NAME)
    throw cursor.error('TOO_LARGE', `${what} has a name of ${length} bytes; the limit is ${MAX_NAME}`, at);
  const name = await cursor.text(length, `the name of ${what}`);
  if (entries.has(name)) throw cursor.error('DUPLICATE_NAME', `entry '${shown(name)}' stands twice`, at);
  const numbers = await cursor.take(8, what);
  const calls = numbers.getInt32(0, true);
  const elements = numbers.getInt32(4, true);
  if (elements < 1)
    throw cursor.error('BAD_HEADER', `entry '${shown(name)}' has ${elements} values`, cursor.position - 4);
  entries.set(name, { sums: { name, elements, byteOffset: cursor.position }, calls });
  cursor.skip(4 * elements, `entry '${shown(name)}'`);
}

/** Files before chunks were counted end with the entries, others before the dataset's name. */
async function readEnd(cursor: Cursor): Promise<{ chunks: number; datasets: string[] }> {
  if (cursor.remaining === 0) return { chunks: 0, datasets: [] };
  const chunks = Math.max(0, (await cursor.take(4, 'the count of chunks')).getInt32(0, true));
  if (cursor.remaining === 0) return { chunks, datasets: [] };
  const length = (await cursor.take(4, "the length of the dataset's name")).getInt32(0, true);
  if (length > MAX_NAME)
    throw cursor.error('TOO_LARGE', `the dataset's name has ${length} bytes; the limit is ${MAX_NAME}`);
  return { chunks, datasets: length > 0 ? [await cursor.text(length, "the dataset's name")] : [] };
}

// --- GGUF: NAME.in_sum2 and NAME.counts ------------------------------------------------------------------------------

async function openGguf(source: Source): Promise<Opened> {
  const { datasets, chunks, tensors } = await readImportanceHeader(source);
  const entries = new Map<string, Entry>();
  for (const { name: whole, byteOffset } of tensors.values()) {
    const name = whole.replace(SUMS_OR_COUNTS, '');
    if (entries.has(name)) continue;
    const wrong = (what: string) => problem(source, 'BAD_DATA', `'${shown(name)}' has ${what}`, byteOffset);
    const [sums, counts] = [tensors.get(`${name}.in_sum2`), tensors.get(`${name}.counts`)];
    if (!sums || !counts) throw wrong(sums ? 'no counts' : 'no sums of squares');
    if (counts.elements < 1 || sums.elements < 1 || sums.elements % counts.elements !== 0)
      throw wrong(`${sums.elements} sums for ${counts.elements} counts, which do not divide them`);
    const plain = tensors.get(`${name}.in_sum`)?.elements ?? sums.elements;
    if (plain !== sums.elements) throw wrong(`${plain} sums, but ${sums.elements} sums of squares`);
    entries.set(name, { sums, counts });
  }
  if (entries.size === 0) throw problem(source, 'BAD_HEADER', 'it has no sums of squares (NAME.in_sum2)', 0);
  return { format: 'gguf', datasets, chunks, entries };
}

function problem(source: Source, code: 'BAD_DATA' | 'BAD_HEADER', message: string, byteOffset: number): FewbitsError {
  return new FewbitsError(code, `${shown(source.name)}: ${message}. Make the importance matrix again.`, { byteOffset });
}

// --- values ----------------------------------------------------------------------------------------------------------

/** Little-endian floats, as every machine with typed arrays has them. */
async function readFloats(source: Source, { byteOffset }: Floats, from: number, to: number): Promise<Float32Array> {
  const bytes = await readAll(source, byteOffset + 4 * from, byteOffset + 4 * to);
  return new Float32Array(bytes.buffer, 0, to - from);
}

/** C's lround: halves go away from zero. Counts are whole, but stored as floats. */
const wholeCount = (count: number): number => Math.fround(Math.sign(count) * Math.floor(Math.abs(count) + 0.5));

/** What sums of the i-th part are divided by; 0: no token came there, and all its values are 1. */
async function divisors(source: Source, { counts, calls = 0 }: Entry): Promise<Float32Array> {
  // Sums of no calls stand as they are.
  if (!counts) return Float32Array.of(calls > 0 ? calls : 1);
  const stored = await readFloats(source, counts, 0, counts.elements);
  const bad = stored.findIndex((count) => !Number.isFinite(count));
  if (bad >= 0)
    throw problem(
      source,
      'BAD_DATA',
      `count ${bad} of '${shown(counts.name)}' is ${stored[bad]}`,
      counts.byteOffset + 4 * bad,
    );
  return stored.map(wholeCount);
}

/** Means of squares: float32 sums over float32 counts, rounded once, as llama-quantize divides. */
async function readValues(source: Source, entry: Entry): Promise<Float32Array> {
  const { sums } = entry;
  const by = await divisors(source, entry);
  const part = sums.elements / by.length;
  const values = new Float32Array(sums.elements);
  for (let from = 0; from < values.length; from += SLICE) {
    const slice = await readFloats(source, sums, from, Math.min(values.length, from + SLICE));
    slice.forEach((sum, i) => {
      const at = from + i;
      if (!(sum >= 0 && sum < Infinity))
        throw problem(
          source,
          'BAD_DATA',
          `value ${at} of '${shown(sums.name)}' is ${sum}; it must be finite and not below 0`,
          sums.byteOffset + 4 * at,
        );
      const divisor = by[Math.floor(at / part)]!;
      values[at] = divisor > 0 ? sum / divisor : 1;
    });
  }
  return values;
}

const size = (name: string, value: unknown): number => {
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw new FewbitsError('BAD_ARGUMENT', `${name} is ${describe(value)}; it must be a whole number, 1 or more.`, {
    name,
  });
};

/**
 * Opens an importance matrix from bytes that are given slice by slice.
 * @throws BAD_MAGIC, TRUNCATED, BAD_HEADER, BAD_DATA, BAD_UTF8, DUPLICATE_NAME, OVERLAP, TOO_LARGE, UNSUPPORTED,
 *   UNSUPPORTED_TYPE, READ_FAILED; details.byteOffset says where
 */
export async function parseImportance(source: Source): Promise<Importance> {
  const magic = await readAll(source, 0, Math.min(4, source.size));
  const isGguf = String.fromCharCode(...magic) === 'GGUF';
  const { entries, ...rest } = await (isGguf ? openGguf(source) : openDat(source));
  return {
    ...rest,
    names: [...entries.keys()],
    async read(name, shape) {
      const entry = entries.get(name);
      const rowLength = size('rowLength', shape?.rowLength);
      const experts = size('experts', shape.experts ?? 1);
      if (!entry) return undefined;
      const { elements } = entry.sums;
      if (elements === rowLength * experts) return readValues(source, entry);
      // llama-quantize does without it for embeddings, which some files have by the vocabulary.
      if (name === 'token_embd.weight') return undefined;
      throw new FewbitsError(
        'BAD_LENGTH',
        `${shown(source.name)}: '${shown(name)}' has ${elements} values, but the tensor has ${experts} × ${rowLength}. ` +
          'The importance matrix belongs to another model.',
        { name, elements, rowLength, experts, byteOffset: entry.sums.byteOffset },
      );
    },
  };
}

/** What an importance matrix can be opened from, beside a Source. */
export type ImportanceBytes = Blob | ArrayBuffer | Uint8Array;

/**
 * Opens an importance matrix, GGUF or the older .dat: `convertModel(model, sink, { importance: await openImportance(file) })`.
 * @throws as parseImportance, BAD_INPUT
 */
export async function openImportance(given: Source | ImportanceBytes): Promise<Importance> {
  const name = (given as Partial<File>)?.name ?? 'importance matrix';
  if (given instanceof Blob) return parseImportance(blobSource(given, name));
  if (given instanceof ArrayBuffer) return openImportance(new Uint8Array(given));
  if (given instanceof Uint8Array)
    return parseImportance({ name, size: given.length, read: async (start, end) => given.subarray(start, end) });
  if (typeof given?.read === 'function' && Number.isSafeInteger(given.size)) return parseImportance(given);
  throw new FewbitsError(
    'BAD_INPUT',
    `An importance matrix is opened from a file or its bytes, not from ${describe(given)}.`,
  );
}
