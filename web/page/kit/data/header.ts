// A first line of names above columns of numbers.
import { dsvFormat } from 'd3-dsv';
import { clip, readNumber } from './number.ts';
import { separatorOf } from './separator.ts';

/** The names in a header row: words on the first line, numbers on the second. */
export function findHeader(text: string): string | undefined {
  const start = text.slice(0, 65536);
  const [first, second] = dsvFormat(separatorOf(start)).parseRows(start.split(/\r?\n/, 2).join('\n'));
  if (!first?.some(isWord) || !second?.some((field) => /^\s*[+\-\u2212]?[.,]?\d/.test(field))) return undefined;
  const names = first.slice(0, 4).map((field) => clip(field.trim()) || '…');
  return first.length > 4 ? `${names.join(', ')}, …` : names.join(', ');
}

/** A letter comes before any digit: '0.1f' and '2kg' are numbers gone wrong. */
function isWord(field: string): boolean {
  const text = field.trim();
  return /^\D*\p{L}/u.test(text) && !/^[+-]?(nan|inf(inity)?)$/i.test(text) && 'why' in readNumber(text);
}

export const headerNote = (header: string): string => `The first line is a header (${header}) and is left out.`;

/** What follows the header, where there is one. */
export const bodyOf = (text: string, header: string | undefined): string =>
  header ? text.slice(text.indexOf('\n') + 1) : text;
