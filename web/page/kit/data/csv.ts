import Papa from 'papaparse';
import { Collector } from './collect.ts';
import { decimalComma, withPoint } from './decimal-comma.ts';
import { bodyOf, findHeader, headerNote } from './header.ts';
import type { ReadOptions, ReadResult } from './types.ts';

const CHUNK = 1 << 20;

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
