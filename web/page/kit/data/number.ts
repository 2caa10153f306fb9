// One field of a text: a number, or why not.

export const TOO_LARGE = 'larger than float32 can hold (3.4 × 10^38)';

export type Field = { value: number } | { value: number; why: string };

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const NUMBER_PREFIX = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/i;
const HEXADECIMAL = /^[+-]?0x[0-9a-f]+$/i;

/** Reads one field. The minus sign of typesetters counts as one. */
export function readNumber(field: string): Field {
  const text = field.replace(/[\u2212\u2013\ufe63\uff0d]/g, '-');
  if (NUMBER.test(text)) {
    const value = Math.fround(Number(text));
    return Number.isFinite(value) ? { value } : { value, why: TOO_LARGE };
  }
  return { value: Number.NaN, why: whyNot(text) };
}

function whyNot(text: string): string {
  if (text === '') return 'an empty field';
  if (/^[+-]?nan$/i.test(text)) return 'NaN is not a number';
  if (/^[+-]?inf(inity)?$/i.test(text)) return 'infinite, which no scale can hold';
  if (HEXADECIMAL.test(text)) return `hexadecimal for ${Number(text.replace(/^[+-]/, ''))}`;
  const number = NUMBER_PREFIX.exec(text)?.[0];
  return number ? `"${clip(text.slice(number.length))}" follows the number ${number}` : 'not a number';
}

/** Short enough for a sentence, with nothing invisible in it. */
export function clip(text: string, length = 24): string {
  const visible = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
  return visible.length > length ? `${visible.slice(0, length)}…` : visible;
}
