// One number in every format: its bits, what is kept of it, and the codes beside it. Pure; runs in the worker.
import type { Fewbits, Inspection, NumberFormat } from '../../../lib/types.ts';
import type { Dataset, Model } from '../../kit/contract.ts';
import { shortest } from '../../kit/data/write.ts';
import { type Options, OWN, TYPED } from './options.ts';

type Facts = 'kind' | 'signBits' | 'exponentBits' | 'mantissaBits' | 'bias' | 'specials' | 'max' | 'values';

/** The number as one format has it. */
export interface Reading extends Pick<NumberFormat, Facts> {
  name: string;
  bits: string;
  value: number;
  error: number;
  class: Inspection['class'];
  /** Where the number is out of reach: past this the format has nothing, and what saturating gives instead. */
  beyond: { limit: number; saturated: number } | null;
}

export interface View {
  number: number;
  /** As the reader would type it. */
  text: string;
  rows: Reading[];
  /** The row in the editor. */
  at: number;
  /** Codes beside the editor's on the number line, null at the ends and for NaN. */
  previous: string | null;
  next: string | null;
  /** How far away the next number is. */
  gap: number;
  /** Why the reader's own format cannot be made; '' where it can. */
  problem: string;
  /** The known format that has the same number for every code; '' for none. */
  twin: string;
}

export const model: Model<Options, View> = (fewbits, dataset, options) => {
  const { own, problem } = ownFormat(fewbits, options);
  const formats = [...fewbits.numberFormats.filter(({ bits }) => bits <= 32), ...(own ? [own] : [])];
  const nameOf = (format: NumberFormat) => (format === own ? OWN : format.name);
  const at = Math.max(
    0,
    formats.findIndex((format) => nameOf(format) === options.format),
  );
  const edit = editOf(fewbits, dataset, options, (name) => formats.find((format) => nameOf(format) === name));
  const number = edit?.value ?? dataset.values[dataset.followed]!;
  const rows = formats.map((format) => {
    const bits = edit?.bits && nameOf(format) === options.edit!.format ? edit.bits : bitsOf(fewbits, number, format);
    return readingOf(fewbits, format, nameOf(format), number, bits);
  });
  const { bits, value } = rows[at]!;
  const next = neighbour(fewbits, formats[at]!, bits, 1);
  return {
    number,
    text: textOf(number).replace('+', ''),
    rows,
    at,
    previous: neighbour(fewbits, formats[at]!, bits, -1),
    next,
    gap: next ? decode(fewbits, formats[at]!, next) - value : Number.NaN,
    problem,
    twin: own ? twinOf(fewbits, own) : '',
  };
};

const decode = (fewbits: Fewbits, format: NumberFormat, bits: string) =>
  fewbits.decode([Number.parseInt(bits, 2)], format)[0]!;

const bitsOf = (fewbits: Fewbits, x: number, format: NumberFormat) =>
  fewbits.inspect(x, format).bits.replaceAll(' ', '');

/** Whole numbers may have more digits than float32 keeps. */
const textOf = (x: number) => (Number.isInteger(x) && x !== 0 && Math.abs(x) < 2 ** 33 ? String(x) : shortest(x));

function ownFormat(fewbits: Fewbits, { own, sign, exponent, mantissa, bias, specials }: Options) {
  if (!own) return { problem: '' };
  try {
    const spec = { sign, exponentBits: exponent, mantissaBits: mantissa, bias, specials };
    return { own: fewbits.makeFormat(spec), problem: '' };
  } catch (error) {
    // By name: the class may come from another copy of the package.
    if (error instanceof Error && error.name === 'FewbitsError') return { problem: error.message };
    throw error;
  }
}

/** The edit, where it is about the followed value and its bits are still a format's. */
function editOf(
  fewbits: Fewbits,
  { values, followed }: Dataset,
  { edit }: Options,
  find: (name: string) => NumberFormat | undefined,
): { value: number; bits?: string } | undefined {
  if (edit?.of !== values[followed]) return undefined;
  if (edit!.format === TYPED) return { value: Number(edit!.text) };
  const format = find(edit!.format);
  const bits = edit!.text;
  if (format?.bits !== bits.length || /[^01]/.test(bits)) return undefined;
  return { value: decode(fewbits, format, bits), bits };
}

function readingOf(fewbits: Fewbits, format: NumberFormat, name: string, x: number, bits: string): Reading {
  const { kind, signBits, exponentBits, mantissaBits, bias, specials, max, values } = format;
  const value = decode(fewbits, format, bits);
  const facts = { name, kind, signBits, exponentBits, mantissaBits, bias, specials, max, values };
  const is = fewbits.inspect(value, format).class;
  return { ...facts, bits, value, error: value - x, class: is, beyond: beyondOf(fewbits, format, x) };
}

/** Floats round to their largest number half a step past it. Infinity is no number to be out of reach. */
function beyondOf(fewbits: Fewbits, format: NumberFormat, x: number): Reading['beyond'] {
  const { kind, min, max } = format;
  const end = x > max ? max : min;
  if (!Number.isFinite(x) || (x <= max && (x >= min || min === 0 || kind === 'exponent'))) return null;
  const half = kind === 'integer' ? 0 : (Math.sign(end) * fewbits.inspect(end, format).ulp) / 2;
  return { limit: end + half, saturated: fewbits.cast([x], format, { saturate: true })[0]! };
}

/**
 * The code of the neighbour on the number line, where -0 stands below 0. Floats count outwards from there on both
 * sides, integers wrap around; a NaN on the way (-0 in 'fnuz') is stepped over.
 */
function neighbour(fewbits: Fewbits, format: NumberFormat, bits: string, by: 1 | -1): string | null {
  const codes = 2 ** bits.length;
  const negatives = format.signBits * (codes / 2);
  const code = Number.parseInt(bits, 2);
  const isInteger = format.kind === 'integer';
  const below = (other: number) => (isInteger ? other - codes : negatives - 1 - other);
  const position = negatives && code >= negatives ? below(code) : code;
  if (Number.isNaN(decode(fewbits, format, bits))) return null;
  for (const to of [position + by, position + 2 * by]) {
    if (to < -negatives || to >= codes - negatives) return null;
    const found = to >= 0 ? to : isInteger ? to + codes : negatives - 1 - to;
    const text = found.toString(2).padStart(bits.length, '0');
    if (!Number.isNaN(decode(fewbits, format, text))) return text;
  }
  return null;
}

/** Looked for among formats of up to 16 bits, code by code. */
function twinOf(fewbits: Fewbits, own: NumberFormat): string {
  if (own.bits > 16) return '';
  const codes = Array.from({ length: 2 ** own.bits }, (_, code) => code);
  const named = fewbits.decode(codes, own);
  const isSame = (format: NumberFormat) => {
    const values = format.bits === own.bits ? fewbits.decode(codes, format) : [];
    return values.length > 0 && named.every((value, i) => Object.is(value, values[i]));
  };
  return fewbits.numberFormats.find(isSame)?.name ?? '';
}
