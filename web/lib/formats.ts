// The tables of number and block formats as objects, and how a caller's word finds its row.
import { whenLoaded } from './carried.ts';
import { FewbitsError } from './errors.ts';
import { type BlockFormatName, blockFormatRows, numberFormatRows } from './formats.generated.ts';
import type { BlockFormat, Field, NumberFormat, NumberFormatLike } from './types.ts';

export const numberFormats: NumberFormat[] = [];

/** A row of the block table; the whole-tensor formats (blockSize 0) have their own bits and bytes. */
export interface BlockFormatRow extends BlockFormat {
  readonly elementBits: number;
  readonly tensorBytes: number;
}

const blockRows: BlockFormatRow[] = [];
export const blockFormats: readonly BlockFormat[] = blockRows;

const toNumberFormat = (row: (typeof numberFormatRows)[number]): NumberFormat =>
  Object.freeze({
    name: row[0],
    kind: row[1],
    bits: row[2] + row[3] + row[4],
    signBits: row[2],
    exponentBits: row[3],
    mantissaBits: row[4],
    bias: row[5],
    specials: row[6],
    min: row[7],
    max: row[8],
    smallestNormal: row[9],
    smallestSubnormal: row[10],
    epsilon: row[11],
    decimalDigits: row[12],
    values: row[13],
    hasInfinity: !!row[14],
    hasNaN: !!row[15],
    safetensors: row[16] || null,
    gguf: row[17] || null,
    npy: row[18] || null,
  });

type FieldRow = readonly [name: string, role: Field['role'], bitOffset: number, bits: number, count: number];
const toField = ([name, role, bitOffset, bits, count]: FieldRow): Field => ({ name, role, bitOffset, bits, count });

const toBlockFormat = (row: (typeof blockFormatRows)[number]): BlockFormatRow =>
  Object.freeze({
    name: row[0],
    family: row[1],
    blockSize: row[2],
    blockBytes: row[3],
    bitsPerWeight: row[2] ? (8 * row[3]) / row[2] : row[8],
    needsImportance: !!row[4],
    usesImportance: !!row[5],
    canQuantize: !!row[6],
    fields: (row[7] as readonly FieldRow[]).map(toField),
    elementBits: row[8],
    tensorBytes: row[9],
  });

whenLoaded(() => {
  numberFormats.push(...numberFormatRows.map(toNumberFormat));
  blockRows.push(...blockFormatRows.map(toBlockFormat));
  Object.freeze(numberFormats);
  Object.freeze(blockRows);
});

/** How many letters to insert, remove or replace (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}

/** The candidate that is spelled most like `word`. */
export function nearest(word: string, candidates: readonly string[]): string {
  const lower = word.slice(0, 64).toLowerCase();
  return candidates.reduce((best, name) => (distance(lower, name) <= distance(lower, best) ? name : best));
}

function unknown(format: unknown, candidates: readonly string[]): FewbitsError {
  if (typeof format !== 'string')
    return new FewbitsError(
      'UNKNOWN_FORMAT',
      `A format is given by its name, such as '${candidates[0]}', not by ${describe(format)}.`,
    );
  const suggestion = nearest(format, candidates);
  return new FewbitsError(
    'UNKNOWN_FORMAT',
    `There is no format '${format.slice(0, 64)}' here. Did you mean '${suggestion}'?`,
    {
      format,
      nearest: suggestion,
    },
  );
}

/** A value in a few words, for messages. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `the string '${value.slice(0, 40)}'`;
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : `a ${value.constructor?.name ?? 'object'}`;
  return typeof value === 'undefined' || typeof value === 'boolean' || typeof value === 'number'
    ? String(value)
    : `a ${typeof value}`;
}

/** The row of that name; a made-up format is itself. */
export function findNumberFormat(format: NumberFormatLike): NumberFormat {
  const found = numberFormats.find(({ name }) => name === (isFormat(format) ? format.name : format));
  if (found) return found;
  if (isFormat(format)) return { ...format, bits: format.signBits + format.exponentBits + format.mantissaBits };
  throw unknown(
    format,
    numberFormats.map(({ name }) => name),
  );
}

export function findBlockFormat(format: BlockFormatName): BlockFormatRow {
  const found = blockRows.find(({ name }) => name === format);
  if (!found)
    throw unknown(
      format,
      blockRows.map(({ name }) => name),
    );
  return found;
}

function isFormat(format: unknown): format is NumberFormat {
  return typeof format === 'object' && format !== null && 'mantissaBits' in format && 'specials' in format;
}
