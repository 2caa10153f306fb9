// How the command writes: tables in plain text, bold on a terminal that wants it, numbers with commas. Whatever comes out of
// a file is made visible: no character of it moves the cursor, colours the terminal, or turns the writing around.
import { visible } from '../lib/containers/words.ts';
import { formatBytes } from '../lib/memory.ts';

const styled = Boolean(process.stdout.isTTY) && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';

export const bold = (text: string): string => (styled ? `\u001b[1m${text}\u001b[22m` : text);

/** Columns that lines may have: the terminal's, or COLUMNS, or 80. */
export const width = (): number => process.stdout.columns || Number(process.env['COLUMNS']) || 80;

export const oneLine = (text: string): string => visible(text.trim().replace(/\s*\n\s*/g, ' '));

/** '70,000,000,000', or with so many decimals. */
export const grouped = (value: number, decimals = 0): string =>
  value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

/** '291 tensors', '1 tensor'. */
export const counted = (count: number, noun: string): string => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;

/** '4.92 GB' */
export const shortBytes = (bytes: number): string => formatBytes(bytes).text.replace(/ \(.*/, '');

/** '4.92 GB (4.58 GiB)' */
export const longBytes = (bytes: number): string => formatBytes(bytes).text;

/** An SQNR. */
export const decibels = (value: number, decimals: number): string =>
  value === Infinity ? 'same' : value === -Infinity ? '-inf' : value.toFixed(decimals);

/** '2 h 05 min', '1 min 12 s', '8 s'. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
  return whole >= 60 ? `${Math.floor(whole / 60)} min ${two(whole % 60)} s` : `${whole} s`;
}

/** A tensor's name; the one of a .npy has none. */
export const nameText = (name: string): string => (name === '' ? '(unnamed)' : visible(name));

/** At most so many characters: what is too much is cut out of the middle, for names begin alike and differ at the end. */
export function shortened(text: string, most: number): string {
  const characters = [...text];
  if (characters.length <= most) return text;
  const last = Math.ceil((most - 1) / 2);
  return `${characters.slice(0, most - 1 - last).join('')}…${characters.slice(-last).join('')}`;
}

/** Lines of at most `width()` characters, the second and later ones indented. */
export function wrapped(text: string, indent = ''): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line.trim() !== '' && line.length + 1 + word.length > width()) lines.push(indent + word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join('\n');
}

const lengthOf = (text: string): number => [...text].length;

/**
 * Columns as wide as their widest cell. `align` has a letter per column: l or r; a capital stands for the one column whose
 * cells are shortened where lines would be wider than the terminal.
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[], align: string): string {
  const widths = head.map((title, i) => rows.reduce((most, row) => Math.max(most, lengthOf(row[i]!)), title.length));
  const flexible = [...align].findIndex((letter) => /[LR]/.test(letter));
  if (flexible >= 0) {
    const others = widths.reduce((sum, own, i) => sum + (i === flexible ? 0 : own + 2), 0);
    widths[flexible] = Math.min(widths[flexible]!, Math.max(8, width() - others));
  }
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => {
        const text = shortened(cell, widths[i]!);
        const padding = ' '.repeat(widths[i]! - lengthOf(text));
        return /r/i.test(align[i]!) ? padding + text : text + padding;
      })
      .join('  ')
      .trimEnd();
  return [bold(line(head)), ...rows.map(line)].join('\n');
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A sentence for people, beside the output. */
export function remark(text: string): void {
  process.stderr.write(`fewbits: ${oneLine(text)}\n`);
}

/** 64-bit integers are numbers where numbers hold them, else their digits. */
const plain = (_: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Uint8Array) : value;
};

/** JSON's own escapes, for what JSON lets pass. */
const escaped = (character: string): string =>
  [...Array(character.length).keys()]
    .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
    .join('');

export function printJson(value: unknown): void {
  print(JSON.stringify(value, plain, 2).replace(/[^\n\P{C}]|[\p{Zl}\p{Zp}]/gu, escaped));
}
