// What the fields of a code say. Bits are text: '1 10000010 ...' without the spaces, most significant first.
import type { Reading } from './model.ts';

export type FieldName = 'sign' | 'exponent' | 'mantissa';

export interface Field {
  name: FieldName;
  bits: string;
}

export function fieldsOf({ signBits, exponentBits, bits }: Reading): Field[] {
  const mantissaAt = signBits + exponentBits;
  const fields: Field[] = [
    { name: 'sign', bits: bits.slice(0, signBits) },
    { name: 'exponent', bits: bits.slice(signBits, mantissaAt) },
    { name: 'mantissa', bits: bits.slice(mantissaAt) },
  ];
  return fields.filter((field) => field.bits);
}

export const mantissaBitsOf = ({ signBits, exponentBits, bits }: Reading) => bits.length - signBits - exponentBits;

/** The number in a field; 0 where the format has none. */
export const fieldOf = (reading: Reading, wanted: FieldName): number =>
  numberOf(fieldsOf(reading).find(({ name }) => name === wanted)?.bits ?? '0');

export const numberOf = (bits: string) => Number.parseInt(bits, 2);

export const isSpecial = ({ class: is }: Reading) => is === 'nan' || is === 'infinity';

/** Zero is written as the subnormal numbers are: without the leading 1. */
export const hasLeadingOne = ({ class: is }: Reading) => is === 'normal';

/** The power of two in front: the exponent field minus the bias, where 0 counts as 1. */
export const powerOf = (reading: Reading): number =>
  (hasLeadingOne(reading) ? fieldOf(reading, 'exponent') : 1) - reading.bias;

/** What integer bit `i`, counted from the left, is worth. */
export const worthOf = ({ bits, signBits }: Reading, i: number) =>
  (signBits && i === 0 ? -1 : 1) * 2 ** (bits.length - 1 - i);
