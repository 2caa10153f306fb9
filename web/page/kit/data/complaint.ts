// Sentences about what a text or a file holds: what is wrong, where, and what can be done.
import { count, whole } from '../numbers.ts';
import type { BadValue, ReadResult } from './types.ts';

/** What the page learns about numbers that the worker has read and holds ready. */
export interface Reading {
  name: string;
  count: number;
  rows: number;
  usable: number;
  /** Of the usable ones: '9 numbers, 3 rows'; '' where there is none. */
  size: string;
  /** '2 of 9 are not numbers (line 3 “nan”, line 7 “abc”).', 'No numbers: line 1 “abc”.'; '' for nothing. */
  complaint: string;
  notes: string[];
  ambiguous: boolean;
}

const LISTED = 3;

export function readingOf(name: string, result: ReadResult): Reading {
  const { values, badCount, notes } = result;
  const usable = values.length - badCount;
  const shape = badCount === 0 ? result.shape : [usable];
  const rows = shape.length > 1 ? shape.slice(0, -1).reduce((product, size) => product * size, 1) : 1;
  return {
    name,
    count: values.length,
    rows,
    usable,
    size: usable === 0 ? '' : `${count(usable, 'numbers')}, ${count(rows, 'rows')}`,
    complaint: complain(result),
    notes,
    ambiguous: result.ambiguous !== undefined,
  };
}

function complain({ values, bad, badCount }: ReadResult): string {
  if (values.length === 0) return 'No numbers: nothing but brackets, separators or comments.';
  if (badCount === 0) return '';
  const none = badCount === values.length;
  const reasons = new Set(bad.map(({ why }) => why));
  const shared = !none && reasons.size === 1 && bad[0]!.why.startsWith('larger') ? bad[0]!.why : '';
  const shown = bad.slice(0, LISTED).map((value) => item(value, shared));
  const rest = badCount > shown.length ? ` and ${whole(badCount - shown.length)} more` : '';
  if (none) return `No numbers: ${shown.join(', ')}${rest}.`;
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
