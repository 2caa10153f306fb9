// Sentences about what a text or a file holds: what is wrong, where, and what can be done.
import { count, whole } from '../numbers.ts';
import type { BadValue, ReadResult } from './types.ts';

/** What the page learns about numbers that the worker has read and holds ready. */
export interface Reading {
  name: string;
  count: number;
  rows: number;
  usable: number;
  /** '9 numbers, 3 rows' */
  size: string;
  /** '2 of 9 are not numbers (line 3 “nan”, line 7 “abc”).'; '' for nothing. */
  complaint: string;
  notes: string[];
  ambiguous: boolean;
}

const LISTED = 3;

export function readingOf(name: string, result: ReadResult): Reading {
  const { values, shape, badCount, notes } = result;
  const rows = shape.length > 1 ? shape.slice(0, -1).reduce((product, size) => product * size, 1) : 1;
  return {
    name,
    count: values.length,
    rows,
    usable: values.length - badCount,
    size: values.length === 0 ? 'no numbers yet' : `${count(values.length, 'numbers')}, ${count(rows, 'rows')}`,
    complaint: complain(result),
    notes,
    ambiguous: result.ambiguous !== undefined,
  };
}

function complain({ values, bad, badCount }: ReadResult): string {
  if (badCount === 0) return '';
  const reasons = new Set(bad.map(({ why }) => why));
  const shared = reasons.size === 1 && bad[0]!.why.startsWith('larger') ? bad[0]!.why : '';
  const shown = bad.slice(0, LISTED).map((value) => item(value, shared));
  const rest = badCount > shown.length ? ` and ${whole(badCount - shown.length)} more` : '';
  const what = badCount === 1 ? `is ${shared || 'not a number'}` : `are ${shared || 'not numbers'}`;
  return `${whole(badCount)} of ${whole(values.length)} ${what} (${shown.join(', ')}${rest}).`;
}

/** 'line 3 “nan”', 'line 1 “0x1F”: hexadecimal for 31'. What goes without saying is left unsaid. */
function item({ line, index, text, why }: BadValue, shared: string): string {
  const where = line ? `line ${line}` : `number ${index}`;
  const reason = why === shared || /not a number$/.test(why) ? '' : `: ${why}`;
  return text === '' ? where + reason : `${where} “${text}”${reason}`;
}

/** The good ones only. Without the others there are no rows to speak of. */
export function usableOf({ values, shape, badCount }: ReadResult): { values: Float32Array; shape: readonly number[] } {
  if (badCount === 0) return { values, shape };
  const good = values.filter(Number.isFinite);
  return { values: good, shape: [good.length] };
}
