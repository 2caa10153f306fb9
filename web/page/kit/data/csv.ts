import { dsvFormat } from 'd3-dsv';
import { Collector } from './collect.ts';
import { decimalComma, withPoint } from './decimal-comma.ts';
import { bodyOf, findHeader, headerNote } from './header.ts';
import { separatorOf } from './separator.ts';
import type { ReadOptions, ReadResult } from './types.ts';

const PIECE = 1 << 20;

/** Comma-, semicolon- or tab-separated values, with or without a header row. `breathe` runs between pieces. */
export async function readCsv(
  text: string,
  { decimal }: Pick<ReadOptions, 'decimal'>,
  breathe: (share: number) => Promise<void>,
): Promise<ReadResult> {
  const header = findHeader(text);
  const ambiguous = decimal ? undefined : decimalComma(bodyOf(text, header));
  const collector = new Collector();
  if (header) collector.notes.push(headerNote(header));
  const separator = separatorOf(text);
  const format = dsvFormat(decimal === ',' && separator === ',' ? '\t' : separator);
  let line = 0;
  const row = (fields: string[]): undefined => {
    line++;
    if ((line === 1 && header) || (fields.length === 1 && fields[0]!.trim() === '')) return undefined;
    for (const field of fields) collector.field(decimal === ',' ? withPoint(field.trim()) : field.trim(), line);
    collector.endRow();
    return undefined;
  };
  for (let start = 0; start < text.length; ) {
    const end = endOfPiece(text, start);
    format.parseRows(text.slice(start, end), row);
    await breathe(end / text.length);
    start = end;
  }
  const result = collector.result();
  return ambiguous ? { ...result, ambiguous } : result;
}

/** After a whole row: a line's end with no quotes open. */
function endOfPiece(text: string, start: number): number {
  let end = start;
  let open = false;
  do {
    const next = end - start < PIECE ? start + PIECE : end;
    const newline = text.indexOf('\n', next);
    if (newline === -1) return text.length;
    for (let at = text.indexOf('"', end); at !== -1 && at < newline; at = text.indexOf('"', at + 1)) open = !open;
    end = newline + 1;
  } while (open);
  return end;
}
