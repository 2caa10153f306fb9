import Papa from 'papaparse';
import { Collector } from './collect.ts';
import { decimalComma, withPoint } from './decimal-comma.ts';
import { clip, readNumber } from './number.ts';
import type { ReadOptions, ReadResult } from './types.ts';

const CHUNK = 1 << 20;

/** Comma-, semicolon- or tab-separated values, with or without a header row. `breathe` runs between pieces. */
export async function readCsv(
  text: string,
  { decimal }: Pick<ReadOptions, 'decimal'>,
  breathe: (share: number) => Promise<void>,
): Promise<ReadResult> {
  const header = findHeader(text);
  const ambiguous = decimal ? undefined : decimalComma(header ? text.slice(text.indexOf('\n') + 1) : text);
  const collector = new Collector();
  if (header) collector.notes.push(`The first line is a header (${header}) and is left out.`);
  let line = 0;
  await eachChunk(text, decimal, breathe, (rows) => {
    for (const fields of rows) {
      line++;
      if ((line === 1 && header) || (fields.length === 1 && fields[0]!.trim() === '')) continue;
      for (const field of fields) collector.field(decimal === ',' ? withPoint(field.trim()) : field.trim(), line);
      collector.endRow();
    }
  });
  const result = collector.result();
  return ambiguous ? { ...result, ambiguous } : result;
}

function eachChunk(
  text: string,
  decimal: ReadOptions['decimal'],
  breathe: (share: number) => Promise<void>,
  visit: (rows: string[][]) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    Papa.parse<string[]>(text, {
      chunkSize: CHUNK,
      delimiter: decimal === ',' ? (text.includes(';') ? ';' : '\t') : '',
      chunk({ data, meta }: Papa.ParseResult<string[]>, parser: Papa.Parser) {
        visit(data);
        parser.pause();
        breathe(meta.cursor / text.length).then(
          () => parser.resume(),
          (reason) => {
            parser.abort();
            reject(reason);
          },
        );
      },
      complete: () => resolve(),
      error: reject,
    });
  });
}

/** The names in a header row: words on the first line, numbers on the second. */
function findHeader(text: string): string | undefined {
  const [first, second] = Papa.parse<string[]>(text.slice(0, 65536), { preview: 2 }).data;
  if (!first?.some(isWord) || !second?.some((field) => /^\s*[+\-\u2212]?[.,]?\d/.test(field))) return undefined;
  const names = first.slice(0, 4).map((field) => clip(field.trim()) || '…');
  return first.length > 4 ? `${names.join(', ')}, …` : names.join(', ');
}

function isWord(field: string): boolean {
  const text = field.trim();
  return /\p{L}/u.test(text) && !/^[+-]?(nan|inf(inity)?)$/i.test(text) && 'why' in readNumber(text);
}
