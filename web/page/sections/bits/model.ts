// One number in every format: its bits, what is kept of it, and the codes beside it. Pure; runs in the worker.
import type { Fewbits, Inspection, NumberFormat } from '../../../lib/types.ts';
import type { Dataset, Model } from '../../kit/contract.ts';
import { shortest } from '../../kit/data/write.ts';
import { OWN, TYPED } from './names.ts';
import type { Options } from './options.ts';

/** The number as one format has it. */
export interface Reading
  extends Pick<NumberFormat, 'kind' | 'signBits' | 'exponentBits' | 'bias' | 'specials' | 'max' | 'values'>,
    Pick<Inspection, 'value' | 'error' | 'class'> {
  name: string;
  bits: string;
  /** Where the number is out of reach: past this the format has nothing, and what saturating gives instead. */
  beyond?: { limit: number; saturated: number } | undefined;
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
  const formats = new Map(
    [...fewbits.numberFormats.filter(({ bits }) => bits <= 32), ...(own ? [own] : [])].map((format) => [
      format === own ? OWN : format.name,
      format,
    ]),
  );
  const edit = editOf(fewbits, dataset, options, formats);
  const number = edit?.value ?? dataset.values[dataset.followed]!;
  const rows = Array.from(formats, ([name, format]) => {
    const reading = readingOf(fewbits, name, format, number);
    return edit?.bits && name === options.edit!.format ? { ...reading, bits: edit.bits } : reading;
  });
  const names = [...formats.keys()];
  const at = Math.max(0, names.indexOf(options.format));
  return {
    number,
    text: textOf(number).replace('+', ''),
    rows,
    at,
    ...neighboursOf(fewbits, formats.get(names[at]!)!, rows[at]!),
    problem,
    twin: own ? twinOf(fewbits, own) : '',
  };
};

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
  formats: ReadonlyMap<string, NumberFormat>,
): { value: number; bits?: string } | undefined {
  if (edit?.of !== values[followed]) return undefined;
  const { format: name, text } = edit!;
  if (name === TYPED) return { value: Number(text) };
  const format = formats.get(name);
  if (format?.bits !== text.length || /[^01]/.test(text)) return undefined;
  return { value: fewbits.decode([Number.parseInt(text, 2)], format)[0]!, bits: text };
}

function readingOf(fewbits: Fewbits, name: string, format: NumberFormat, x: number): Reading {
  const { kind, signBits, exponentBits, bias, specials, max, values } = format;
  const { bits, value, error, class: is } = fewbits.inspect(x, format);
  const facts = { name, kind, signBits, exponentBits, bias, specials, max, values };
  return { ...facts, bits: bits.replaceAll(' ', ''), value, error, class: is, beyond: beyondOf(fewbits, format, x) };
}

/** Floats round to their largest number half a step past it. Infinity is no number to be out of reach. */
function beyondOf(fewbits: Fewbits, format: NumberFormat, x: number): Reading['beyond'] {
  const { kind, min, max } = format;
  const end = x > max ? max : min;
  if (!Number.isFinite(x) || (x <= max && (x >= min || min === 0 || kind === 'exponent'))) return undefined;
  const half = kind === 'integer' ? 0 : (Math.sign(end) * fewbits.inspect(end, format).ulp) / 2;
  return { limit: end + half, saturated: fewbits.cast([x], format, { saturate: true })[0]! };
}

/** The codes beside a value on the number line, where -0, in formats that have it, stands below 0. */
function neighboursOf(fewbits: Fewbits, format: NumberFormat, { value, bits }: Reading) {
  const { previous, next } = fewbits.inspect(value, format);
  const codeOf = (x: number | null) => (x === null ? null : bitsOf(fewbits, x, format));
  const minusZero = codeOf(-0);
  const isZero = value === 0;
  const hasBoth = minusZero !== codeOf(0);
  const above = hasBoth && isZero && bits === minusZero ? 0 : next;
  return {
    previous: hasBoth && isZero && bits !== minusZero ? minusZero : codeOf(previous),
    next: codeOf(above === 0 && value < 0 ? -0 : above),
    gap: above === null ? Number.NaN : above - value,
  };
}

/** Looked for among formats of up to 16 bits, code by code. */
function twinOf(fewbits: Fewbits, own: NumberFormat): string {
  if (own.bits > 16) return '';
  const codes = Array.from({ length: 2 ** own.bits }, (_, code) => code);
  const named = fewbits.decode(codes, own);
  const isSame = (format: NumberFormat) =>
    format.bits === own.bits && fewbits.decode(codes, format).every((value, i) => Object.is(value, named[i]));
  return fewbits.numberFormats.find(isSame)?.name ?? '';
}
