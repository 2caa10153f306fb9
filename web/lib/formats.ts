// The tables of number and block formats, once the core has told them, and how a caller's word finds its row.
import { FewbitsError } from './errors.ts';
import type { BlockFormat, NumberFormat, NumberFormatLike } from './types.ts';

export const numberFormats: NumberFormat[] = [];
export const blockFormats: BlockFormat[] = [];

/** A table as nobody can change it, down to the last row. */
export function frozen<T extends object>(table: T): T {
  for (const item of Object.values(table)) if (item && typeof item === 'object') frozen(item);
  return Object.freeze(table);
}

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

function unknown(format: unknown): FewbitsError {
  const candidates = numberFormats.map(({ name }) => name);
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
  const type = typeof value;
  if (type === 'string') return `the string '${(value as string).slice(0, 40)}'`;
  if (type === 'object' && value) return Array.isArray(value) ? 'an array' : `a ${value.constructor?.name ?? 'object'}`;
  return /function|symbol|bigint/.test(type) ? `a ${type}` : String(value);
}

/** The row of that name; a made-up format is itself. */
export function findNumberFormat(format: NumberFormatLike): NumberFormat {
  const found = numberFormats.find(({ name }) => name === (isFormat(format) ? format.name : format));
  if (found) return found;
  if (isFormat(format)) return { ...format, bits: format.signBits + format.exponentBits + format.mantissaBits };
  throw unknown(format);
}

function isFormat(format: unknown): format is NumberFormat {
  return typeof format === 'object' && format !== null && 'mantissaBits' in format && 'specials' in format;
}
