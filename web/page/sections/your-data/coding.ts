// One scheme applied to the data: codes, scales and restored values, kept for as long as the data is.
import { FewbitsError } from '../../../lib/errors.ts';
import type {
  AffineScheme,
  BlockFormatName,
  Codes,
  Comparison,
  Fewbits,
  NumberFormat,
  Quantized,
  Summary,
} from '../../../lib/types.ts';
import type { Integers } from '../../kit/data/write.ts';
import { whole } from '../../kit/numbers.ts';
import { worstErrors } from '../../kit/worst.ts';
import { type Builder, isAffine, isBlock, isFloat, isSigned, schemeOf } from './scheme.ts';

/** As much of the page's dataset as coding needs. */
export interface Numbers {
  readonly values: Float32Array;
  readonly shape: readonly number[];
  readonly summary: Summary;
}

export interface Coding {
  builder: Builder;
  scheme: AffineScheme | string;
  /** Of integers, absmean and block formats. */
  quantized?: Quantized;
  /** Of block formats: the code of an element, which its block is taken apart for. */
  codeIn?: (index: number) => number;
  blockSize?: number;
  /** Of number formats. */
  codes?: Codes;
  bits: number;
  restored: Float32Array;
  byteLength: number;
  bitsPerWeight: number;
}

/** Two sides, and the two before them. */
const KEPT = 4;
const kept = new WeakMap<Float32Array, Map<string, Coding>>();

const keyOf = (builder: Builder) => JSON.stringify(builder);

export const isCoded = ({ values }: Numbers, builder: Builder) => kept.get(values)?.has(keyOf(builder)) ?? false;

/** Codes the numbers, or remembers having done so. Throws a FewbitsError where the scheme cannot be. */
export function codingOf(fewbits: Fewbits, numbers: Numbers, builder: Builder): Coding {
  const known = kept.get(numbers.values) ?? new Map<string, Coding>();
  kept.set(numbers.values, known);
  const key = keyOf(builder);
  const coding = known.get(key) ?? make(fewbits, numbers, builder);
  known.delete(key);
  known.set(key, coding);
  if (known.size > KEPT) known.delete(known.keys().next().value!);
  return coding;
}

function make(fewbits: Fewbits, { values, shape, summary }: Numbers, builder: Builder): Coding {
  const scheme = schemeOf(builder, { shape, absmax: summary.absmax });
  if (typeof scheme === 'string' && isFloat(scheme)) {
    const { bits } = fewbits.numberFormats.find(({ name }) => name === scheme) as NumberFormat;
    const options = { saturate: builder.saturate };
    const byteLength = fewbits.weightBytes(values.length, scheme);
    const codes = fewbits.encode(values, scheme, options);
    return {
      builder,
      scheme,
      codes,
      bits,
      restored: fewbits.cast(values, scheme, options),
      byteLength,
      bitsPerWeight: bits,
    };
  }
  if (typeof scheme === 'object') checkEntropy(scheme, shape);
  const block = typeof scheme === 'string' && isBlock(scheme) ? blockIn(fewbits, scheme, values.length) : undefined;
  const quantized =
    typeof scheme === 'string'
      ? fewbits.quantize(values, scheme as BlockFormatName)
      : fewbits.quantize({ data: values, shape }, scheme);
  const restored = fewbits.dequantize(quantized);
  const { byteLength, bitsPerWeight } = quantized;
  const coding = { builder, scheme, quantized, bits: bitsOf(builder.type), restored, byteLength, bitsPerWeight };
  return block ? { ...coding, ...block(quantized) } : coding;
}

/** Checks that the numbers fill blocks; they are taken as one long row. Then tells what becomes of them there. */
export function blockIn(fewbits: Fewbits, name: string, count: number) {
  const { blockSize, blockBytes } = fewbits.blockFormats.find((format) => format.name === name)!;
  if (count % blockSize) {
    const message = `its blocks take ${blockSize} numbers each, and ${whole(count)} are no multiple of that.`;
    throw new FewbitsError('BAD_LENGTH', message, { count, blockSize });
  }
  return ({ data }: Quantized) => {
    let at = -1;
    let codes: number[] = [];
    const codeIn = (index: number) => {
      const block = Math.floor(index / blockSize);
      if (block !== at) {
        const bytes = data.subarray(block * blockBytes, (block + 1) * blockBytes) as Uint8Array;
        codes = fewbits.describeBlock(bytes, name as BlockFormatName).elements.map(({ code }) => code);
        at = block;
      }
      return codes[index % blockSize]!;
    };
    return { codeIn, blockSize };
  };
}

/** Entropy searches a histogram of thousands of bins for each group, however small: some 20 ms here. */
const ENTROPY_GROUPS = 100;

function checkEntropy({ calibration, granularity = 'tensor' }: AffineScheme, shape: readonly number[]): void {
  if (calibration !== 'entropy' || granularity === 'tensor') return;
  const all = shape.reduce((product, size) => product * size, 1);
  const groups = 'groupSize' in granularity ? all / granularity.groupSize : shape[granularity.axis]!;
  if (groups <= ENTROPY_GROUPS) return;
  const message = `entropy for ${whole(groups)} groups would take too long here; up to ${ENTROPY_GROUPS} are possible. Take larger groups, or MSE.`;
  throw new FewbitsError('TOO_LARGE', message, { groups });
}

/** Of a stored code. */
function bitsOf(type: string): number {
  if (isAffine(type)) return Number(type.replace(/\D+/, ''));
  return type === 'ternary_absmean' ? 2 : 1;
}

/** The code of one element as it is stored: a signed number for signed types and ternary, a bit pattern else. */
export function codeAt({ builder: { type }, quantized, codes, codeIn, bits }: Coding, index: number): number {
  if (codeIn) return codeIn(index);
  if (codes) return Number(codes[index]!);
  const { data } = quantized!;
  if (bits >= 8) return data[index]!;
  return meaning(unpack(data, bits, index), type, bits);
}

/** One code of a packed array, least significant bit first; it may straddle two bytes. */
function unpack(data: ArrayLike<number>, bits: number, index: number): number {
  const at = index * bits;
  const byte = Math.floor(at / 8);
  const pair = data[byte]! | ((data[byte + 1] ?? 0) << 8);
  return (pair >> (at % 8)) & ((1 << bits) - 1);
}

function meaning(code: number, type: string, bits: number): number {
  if (type === 'ternary_absmean') return code - 1;
  if (isAffine(type) && isSigned(type)) return (code << (32 - bits)) >> (32 - bits);
  return code;
}

/** All codes as whole numbers, for files; of block formats their bytes. */
export function allCodes({ builder: { type }, quantized, codes, blockSize, bits }: Coding, count: number): Integers {
  if (codes) return codes as Integers;
  const { data } = quantized!;
  if (blockSize || bits >= 8) return data;
  const all = isSigned(type) && type !== 'binary_absmean' ? new Int8Array(count) : new Uint8Array(count);
  for (let i = 0; i < count; i++) all[i] = meaning(unpack(data, bits, i), type, bits);
  return all;
}

/** Which scale an element uses. */
export function groupAt({ granularity = 'tensor' }: AffineScheme, shape: readonly number[], index: number): number {
  if (granularity === 'tensor') return 0;
  const { axis } = granularity;
  const inner = shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const size = shape[axis]!;
  const along = Math.floor(index / inner) % size;
  if (!('groupSize' in granularity)) return along;
  const outer = Math.floor(index / (inner * size));
  return (outer * (size / granularity.groupSize) + Math.floor(along / granularity.groupSize)) * inner + (index % inner);
}

/** What the errors of a coding are like. */
export interface Errors {
  /** Indices of the largest, the largest first; of equal ones the first. */
  worst: number[];
  /** Values that came back as NaN or infinity. */
  nonFinite: number;
  /** Null where an error is not finite. */
  measures: Comparison | null;
}

const measured = new WeakMap<Coding, Errors>();

export function errorsOf(fewbits: Fewbits, coding: Coding, original: Float32Array): Errors {
  const known = measured.get(coding);
  if (known) return known;
  const { worst, nonFinite } = worstErrors(original, coding.restored);
  const errors = { worst, nonFinite, measures: nonFinite > 0 ? null : fewbits.compare(original, coding.restored) };
  measured.set(coding, errors);
  return errors;
}

const binned = new WeakMap<Coding, { reach: number; counts: number[] }>();

/** Counts of errors in equal bins over -reach to reach. An odd number of bins gives "no error" one of its own. */
export function errorHistogram(coding: Coding, original: Float32Array, reach: number, bins: number): number[] {
  const known = binned.get(coding);
  if (known?.reach === reach) return known.counts;
  const { restored } = coding;
  const counts = new Array<number>(bins).fill(0);
  const scale = bins / (2 * reach);
  for (let i = 0; i < original.length; i++) {
    const bin = Math.floor((restored[i]! - original[i]! + reach) * scale);
    if (bin >= 0) counts[Math.min(bin, bins - 1)]!++;
  }
  binned.set(coding, { reach, counts });
  return counts;
}
