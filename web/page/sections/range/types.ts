// The table of data types: every row of numberFormats, and what it is for.
import type { Fewbits, NumberFormat } from '../../../lib/types.ts';
import { MINUS, whole } from '../../kit/numbers.ts';

export interface TypeRow {
  name: string;
  alias: string;
  min: number;
  max: number;
  sign: number;
  exponent: number;
  mantissa: number;
  bits: number;
  notes: string;
}

const ALIASES: Readonly<Record<string, string>> = {
  float64: 'FP64',
  float32: 'FP32',
  tfloat32: 'TF32',
  float16: 'FP16',
  bfloat16: 'BF16',
  int8: 'INT8',
};

/** By the beginning of the name; the first that fits. */
const NOTES: readonly [begins: string, note: string][] = [
  ['float64', 'double precision; errors are summed in it'],
  ['float32', 'single precision, as most models train'],
  ['tfloat32', 'float32 cut short, in matrix units'],
  ['float16', 'half precision: fine steps, little range'],
  ['bfloat16', 'the range of float32, with few digits'],
  ['float8_e4m3fnuz', 'e4m3 without −0, on some chips'],
  ['float8_e5m2fnuz', 'e5m2 without −0, on some chips'],
  ['float8_e4m3', 'weights and activations; no infinity'],
  ['float8_e5m2', 'gradients: more range, less precision'],
  ['float8_e8m0', 'powers of two only: the scale of a block'],
  ['float', 'no infinity, no NaN: needs a scale'],
  ['int32', 'where products of int8 are summed'],
  ['uint32', 'counts and indices'],
];

function noteOn({ name, signBits, max }: NumberFormat): string {
  const found = NOTES.find(([begins]) => name.startsWith(begins))?.[1];
  return found ?? (signBits ? `symmetric uses ${MINUS}${whole(max)}` : 'asymmetric: a zero point inside');
}

const rowOf = (format: NumberFormat): TypeRow => ({
  name: format.name,
  alias: ALIASES[format.name] ?? '',
  min: format.min,
  max: format.max,
  sign: format.signBits,
  exponent: format.exponentBits,
  mantissa: format.mantissaBits,
  bits: format.bits,
  notes: noteOn(format),
});

/** All rows, by a column: '-max' for its largest first. */
export function typesOf({ numberFormats }: Fewbits, sort: string): TypeRow[] {
  const rows = numberFormats.map(rowOf);
  const key = sort.replace('-', '') as keyof TypeRow;
  if (!(key in rows[0]!)) return rows;
  const sign = sort.startsWith('-') ? -1 : 1;
  return rows.sort((a, b) => sign * (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0));
}
