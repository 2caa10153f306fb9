// Numbers out of text: separated by white space, commas or semicolons, a row per line, a header above.
import { Collector } from './collect.ts';
import { decimalComma, withPoint } from './decimal-comma.ts';
import { bodyOf, findHeader, headerNote } from './header.ts';
import { flatten, parseJson } from './json.ts';
import type { ReadOptions, ReadResult } from './types.ts';

type Decimal = Pick<ReadOptions, 'decimal'>;
/** Long work in pieces: yields the share done, so that its caller can breathe or stop. */
export type Steps = Generator<number, ReadResult, void>;

/** Pasted text: JSON arrays, or numbers in lines. */
export function readText(text: string, options: Decimal = {}): ReadResult {
  const steps = readTextSteps(text, options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

export function* readTextSteps(text: string, { decimal }: Decimal): Steps {
  const nested = parseJson(text);
  if (nested) return flatten(nested.value);
  const header = /^\s*#/.test(text) ? undefined : findHeader(text);
  const body = bodyOf(text, header);
  const ambiguous = decimal ? undefined : decimalComma(body);
  const result = yield* readLines(body, decimal ?? '.', header ? 2 : 1);
  if (header) result.notes.unshift(headerNote(header));
  return ambiguous ? { ...result, ambiguous } : result;
}

function* readLines(text: string, decimal: '.' | ',', firstLine: number): Steps {
  const collector = new Collector();
  let comments = 0;
  let start = 0;
  for (let line = firstLine; start <= text.length; line++) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const content = text.slice(start, end);
    if (/^\s*#/.test(content)) comments++;
    else readLine(content, line, decimal, collector);
    collector.endRow();
    start = end + 1;
    if (line % 4096 === 0) yield start / text.length;
  }
  if (comments > 0)
    collector.notes.push(`Left out: ${comments === 1 ? '1 line' : `${comments} lines`} starting with #.`);
  return collector.result();
}

/** Brackets count as space. Two separators in a row, or one in front, leave an empty field; one at the end does not. */
function readLine(content: string, line: number, decimal: '.' | ',', collector: Collector): void {
  const token = decimal === ',' ? /[^\s;[\](){}]+|;/g : /[^\s,;[\](){}]+|[,;]/g;
  let empty = true;
  for (const [word] of content.matchAll(token)) {
    const separator = word === ',' || word === ';';
    if (!separator) collector.field(decimal === ',' ? withPoint(word) : word, line);
    else if (empty) collector.field('', line);
    empty = separator;
  }
}
