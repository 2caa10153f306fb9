// What the four lanes show of an affine scheme: every value where there are few, else the shape of the whole and a
// labelled handful. Pure; runs in the worker.
import type { Affine, AffineScheme, Fewbits } from '../../../lib/types.ts';
import type { Dataset } from '../contract.ts';
import { shortest } from '../data/write.ts';
import { EXACT_AT_ONCE, evenly, once, sampleOf } from '../sample.ts';
import { WORST, worstErrors } from '../worst.ts';
import { type LanesView, type Mark, type Outcome, PLACES, placeOf } from './view.ts';

/** Up to so many values are marks of their own. */
export const FEW = 64;
const BINS = 160;
const THREADS = 900;

interface Numbers {
  values: Float32Array;
  stride: number;
}

/** The values that a view is reckoned from: all, or a sample where that would take long and is not asked for. */
export const numbersOf = (values: Float32Array, exact: boolean): Numbers =>
  values.length > EXACT_AT_ONCE && !exact ? sampleOf(values) : { values, stride: 1 };

/** The codes of some values as signed or unsigned whole numbers. */
export function codesOf(fewbits: Fewbits, values: Float32Array, affine: Affine) {
  const quantized = fewbits.quantize(values, affine);
  const { type } = affine.scheme;
  const bits = bitsOf(type);
  if (bits === 8) return { codes: quantized.data, quantized };
  const codes = fewbits.unpackBits(quantized.data as Uint8Array, bits, values.length);
  if (type.startsWith('u')) return { codes, quantized };
  const shift = 32 - bits;
  const signed = new Int8Array(codes.buffer);
  for (let i = 0; i < signed.length; i++) signed[i] = (signed[i]! << shift) >> shift;
  return { codes: signed, quantized };
}

export const bitsOf = (type: string) => Number(type.replace(/\D+/, ''));

/** The lowest and the highest code of a scheme. */
function codeRange({ type, symmetric = true, narrowRange = true }: AffineScheme): [low: number, high: number] {
  const bits = bitsOf(type);
  if (type.startsWith('u')) return [0, 2 ** bits - 1];
  const high = 2 ** (bits - 1) - 1;
  return [symmetric && narrowRange ? -high : -high - 1, high];
}

/** What a scheme makes of the values. */
export function outcomeOf(fewbits: Fewbits, values: Float32Array, affine: Affine) {
  const { codes, quantized } = codesOf(fewbits, values, affine);
  const restored = fewbits.dequantize(quantized);
  const [low, high] = codeRange(affine.scheme);
  const counts = countsOf(codes, low, high);
  const { meanAbsError, maxAbsError } = fewbits.compare(values, restored);
  const outcome: Outcome = {
    scale: affine.scale[0]!,
    zeroPoint: affine.zeroPoint[0]!,
    low,
    high,
    used: counts.filter(Boolean).length,
    meanError: meanAbsError,
    maxError: maxAbsError,
  };
  return { outcome, counts, restored };
}

export function lanesOf(fewbits: Fewbits, dataset: Dataset, affine: Affine, exact: boolean): LanesView {
  const { values, summary, followed } = dataset;
  const numbers = numbersOf(values, exact);
  const few = values.length <= FEW;
  const { outcome, counts, restored } = outcomeOf(fewbits, numbers.values, affine);
  const worst = worstErrors(numbers.values, restored).worst.map((i) => i * numbers.stride);
  const marksAt = (indices: readonly number[]) => marksOf(fewbits, values, affine, indices);
  const near = nearOf(values, summary.absmax);
  return {
    ...outcome,
    count: values.length,
    pending: numbers.stride > 1,
    few,
    near,
    min: summary.min,
    max: summary.max,
    absmax: summary.absmax,
    marks: marksAt(few ? [...values.keys()] : bySize(values, [followed, ...handfulOf(values)])),
    followed: marksAt([followed])[0]!,
    worst: marksAt(worst.slice(0, few ? 1 : WORST)),
    hill: few ? [] : hillOf(values, fewbits, near),
    levels: few ? [] : percents(counts),
    ...(few ? { gaps: [], ends: [] } : threadsOf(fewbits, dataset, affine, near)),
  };
}

/** So many times larger than most values, the largest would leave them at 0 of a linear axis. */
const FAR = 1e4;

/** What the axis is linear within, if it must be logarithmic; else 0. */
const nearOf = once((values, absmax: number): number => {
  const sizes = sampleOf(values).values.map(Math.abs).sort();
  const least = sizes.findIndex((size) => size > 0);
  const small = sizes[Math.floor(least + (sizes.length - least) / 4)] ?? 0;
  if (least < 0 || absmax < FAR * small) return 0;
  return values.length > FEW ? small : sizes[least]!;
});

const short = (x: number) => Number(shortest(x));

/** Elements with their codes; the module codes them alone, by the scale of all. */
function marksOf(fewbits: Fewbits, values: Float32Array, affine: Affine, indices: readonly number[]): Mark[] {
  const picked = Float32Array.from(indices, (index) => values[index]!);
  const { codes, quantized } = codesOf(fewbits, picked, affine);
  const restored = fewbits.dequantize(quantized);
  return indices.map((index, i) => ({
    index,
    value: short(picked[i]!),
    ratio: short(picked[i]! / affine.scale[0]!),
    code: codes[i]!,
    restored: short(restored[i]!) || 0,
    error: restored[i]! - picked[i]! || 0,
  }));
}

function countsOf(codes: ArrayLike<number>, low: number, high: number): number[] {
  const counts = new Array<number>(high - low + 1).fill(0);
  for (let i = 0; i < codes.length; i++) counts[codes[i]! - low]!++;
  return counts;
}

/** Of the highest; what is there at all stays above 0. */
function percents(counts: readonly number[]): number[] {
  const most = Math.max(1, ...counts);
  return counts.map((n) => Math.ceil((100 * n) / most));
}

const bySize = (values: Float32Array, indices: readonly number[]) =>
  [...new Set(indices)].sort((a, b) => values[a]! - values[b]!);

/** Smallest, quartiles, largest, and the one nearest to 0. */
const handfulOf = once((values): number[] => {
  let least = 0;
  let most = 0;
  let nearest = 0;
  for (let i = 1; i < values.length; i++) {
    if (values[i]! < values[least]!) least = i;
    if (values[i]! > values[most]!) most = i;
    if (Math.abs(values[i]!) < Math.abs(values[nearest]!)) nearest = i;
  }
  const sorted = sampleOf(values).values.slice().sort();
  const quartiles = [0.25, 0.5, 0.75].map((q) => values.indexOf(sorted[Math.floor(q * sorted.length)]!));
  return [least, most, nearest, ...quartiles];
});

/** How many values lie where, from the smallest to the largest. */
const hillOf = once((values, fewbits: Fewbits, near: number): number[] => {
  const places = sampleOf(values).values.map((value) => placeOf(value, near));
  return percents([...fewbits.histogram(places, { bins: BINS }).counts]);
});

/** Values from all of the data, by size: how far along the axis it stands, and the codes. */
function threadsOf(fewbits: Fewbits, { values, summary }: Dataset, affine: Affine, near: number) {
  const picked = Float32Array.from(evenly(values.length, THREADS), (i) => values[i]!).sort();
  const [first, last] = [placeOf(summary.min, near), placeOf(summary.max, near)];
  const places = Array.from(picked, (x) => Math.round((PLACES * (placeOf(x, near) - first)) / (last - first || 1)));
  return {
    gaps: places.map((place, i) => place - (places[i - 1] ?? 0)),
    ends: countsOf(codesOf(fewbits, picked, affine).codes, ...codeRange(affine.scheme)),
  };
}
