// How the command writes: tables in plain text, bold on a terminal that wants it, numbers with commas.

const styled = Boolean(process.stdout.isTTY) && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';

export const bold = (text: string): string => (styled ? `\u001b[1m${text}\u001b[22m` : text);

export const oneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, ' ');

/** '70,000,000,000', or with so many decimals. */
export const grouped = (value: number, decimals = 0): string =>
  value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

/** Columns as wide as their widest cell. `align` has a letter per column: l or r. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], align: string): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (align[i] === 'r' ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [bold(line(head)), ...rows.map(line)].join('\n');
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}
