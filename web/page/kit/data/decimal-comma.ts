const FIELD = /^[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?(?:e[+-]?\d+)?$/i;
const SAMPLE = 16384;

/**
 * Whether commas may be decimal points: every field is a number either way, and something else separates the fields.
 * `1,2` on lines of its own is a table of two columns; `3,14` is not so clear.
 */
export function decimalComma(text: string): 'decimal-comma' | undefined {
  const sample = text.length > SAMPLE ? text.slice(0, text.lastIndexOf('\n', SAMPLE) + 1 || SAMPLE) : text;
  const fields = sample
    .replace(/[\u2212\u2013]/g, '-')
    .split(/[\s;]+/)
    .filter(Boolean);
  const fractions = fields.filter((field) => field.includes(','));
  if (fractions.length === 0 || !fields.every((field) => FIELD.test(field))) return undefined;
  const otherSeparator = /[;\t ]/.test(sample.trim());
  return otherSeparator || fractions.some((field) => /,\d\d/.test(field)) ? 'decimal-comma' : undefined;
}

/** `1.234,5` as programs write it. */
export const withPoint = (field: string): string => field.replaceAll('.', '').replace(',', '.');
