// A comma comes last but one: where another sign stands on every line, commas are decimal points, or words' own.
const SEPARATORS = ['\t', ';', ',', '|'];
const LINES = 10;

/** What stands between the fields: the first of tab, semicolon, comma and bar that is on each of the first lines. */
export function separatorOf(text: string): string {
  const lines = text
    .slice(0, 65536)
    .split(/\r?\n/, LINES)
    .filter((line) => line.trim());
  return SEPARATORS.find((sign) => lines.every((line) => line.includes(sign))) ?? ',';
}
