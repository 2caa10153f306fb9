// What the four lanes show of an affine scheme: every value where there are few, else the shape of the whole and a
// labelled handful. Pure; runs in the worker.
import type { Affine, AffineScheme, Fewbits } from '../../../lib/types.ts';
import type { Dataset } from '../contract.ts';
import { shortest } from '../data/write.ts';
import { type LanesView, type Mark, PLACES } from './view.ts';

/** Up to so many values are marks of their own. */
export const FEW = 64;
/** More than this are first answered from a sample. */
const EXACT_AT_ONCE = 2 ** 20;
const SAMPLE = 2 ** 18;
const BINS = 160;
const THREADS = 900;
const WORST = 10;

interface Numbers {
  values: Float32Array;
  stride: number;
}

const samples = new WeakMap<Float32Array, Numbers>();

function sampleOf(values: Float32Array): Numbers {
  const known = samples.get(values);
  if (known) return known;
  const stride = Math.ceil(values.length / SAMPLE);
  const sample = Float32Array.from({ length: Math.floor(values.length / stride) }, (_, i) => values[i * stride]!);
  const made = { values: sample, stride };
  samples.set(values, made);
  return made;
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
  const shift = 32 - bits;
  const signed = type.startsWith('i') ? Int8Array.from(codes, (code) => (code << shift) >> shift) : codes;
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

export function lanesOf(fewbits: Fewbits, dataset: Dataset, affine: Affine, exact: boolean): LanesView {
  const { values, summary, followed } = dataset;
  const numbers = numbersOf(values, exact);
  const few = values.length <= FEW;
  const { codes, quantized } = codesOf(fewbits, numbers.values, affine);
  const restored = fewbits.dequantize(quantized);
  const [low, high] = codeRange(affine.scheme);
  const worst = worstOf(numbers.values, restored).map((i) => i * numbers.stride);
  const counts = countsOf(codes, low, high);
  const marksAt = (indices: readonly number[]) => marksOf(fewbits, values, affine, indices);
  const shown = few ? [...values.keys()] : handfulOf(values, followed);
  return {
    count: values.length,
    approximate: numbers.stride > 1,
    few,
    scale: affine.scale[0]!,
    zeroPoint: affine.zeroPoint[0]!,
    low,
    high,
    min: summary.min,
    max: summary.max,
    absmax: summary.absmax,
    marks: marksAt(shown),
    followed: marksAt([followed])[0]!,
    worst: marksAt(worst.slice(0, few ? 1 : WORST)),
    used: counts.filter(Boolean).length,
    meanError: fewbits.compare(numbers.values, restored).meanAbsError,
    hill: few ? [] : hillOf(fewbits, dataset),
    levels: few ? [] : relative(counts),
    threads: few ? [] : threadsOf(fewbits, dataset, affine),
  };
}

/** Elements with their codes; the module codes them alone, by the scale of all. */
function marksOf(fewbits: Fewbits, values: Float32Array, affine: Affine, indices: readonly number[]): Mark[] {
  const picked = Float32Array.from(indices, (index) => values[index]!);
  const { codes, quantized } = codesOf(fewbits, picked, affine);
  const restored = fewbits.dequantize(quantized);
  return indices.map((index, i) => ({
    index,
    value: Number(shortest(picked[i]!)),
    ratio: picked[i]! / affine.scale[0]!,
    code: codes[i]!,
    restored: restored[i]! || 0,
    error: restored[i]! - picked[i]! || 0,
  }));
}

/** Indices of the largest errors, the largest first. */
function worstOf(values: Float32Array, restored: Float32Array): number[] {
  const worst: number[] = [];
  const sizes: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(restored[i]! - values[i]!);
    if (sizes.length === WORST && size <= sizes[WORST - 1]!) continue;
    let at = sizes.length;
    while (at > 0 && sizes[at - 1]! < size) at--;
    sizes.splice(at, 0, size);
    worst.splice(at, 0, i);
    sizes.length = worst.length = Math.min(WORST, sizes.length);
  }
  return worst;
}

function countsOf(codes: ArrayLike<number>, low: number, high: number): number[] {
  const counts = new Array<number>(high - low + 1).fill(0);
  for (let i = 0; i < codes.length; i++) counts[codes[i]! - low]!++;
  return counts;
}

/** Heights from 0 to 1 in thousandths; what is there at all stays above 0. */
function relative(counts: readonly number[]): number[] {
  const most = Math.max(1, ...counts);
  return counts.map((n) => Math.ceil((1000 * n) / most) / 1000);
}

const handfuls = new WeakMap<Float32Array, number[]>();
const hills = new WeakMap<Float32Array, number[]>();

/** Smallest, quartiles, largest, the one nearest to 0, and the followed one; by size. */
function handfulOf(values: Float32Array, followed: number): number[] {
  let chosen = handfuls.get(values);
  if (!chosen) {
    let least = 0;
    let most = 0;
    let nearest = 0;
    for (let i = 1; i < values.length; i++) {
      if (values[i]! < values[least]!) least = i;
      if (values[i]! > values[most]!) most = i;
      if (Math.abs(values[i]!) < Math.abs(values[nearest]!)) nearest = i;
    }
    const { values: sample } = sampleOf(values);
    const sorted = sample.slice().sort();
    const quartiles = [0.25, 0.5, 0.75].map((q) => values.indexOf(sorted[Math.floor(q * sorted.length)]!));
    chosen = [least, most, nearest, ...quartiles];
    handfuls.set(values, chosen);
  }
  return [...new Set([followed, ...chosen])].sort((a, b) => values[a]! - values[b]!);
}

/** How many values lie where, from the smallest to the largest. */
function hillOf(fewbits: Fewbits, { values }: Dataset): number[] {
  const known = hills.get(values);
  if (known) return known;
  const { values: sample } = sampleOf(values);
  const hill = relative([...fewbits.histogram(sample, { bins: BINS }).counts]);
  hills.set(values, hill);
  return hill;
}

/** Every n-th value, by size: how far along the axis it stands, and its code; each as the gap to the one before. */
function threadsOf(fewbits: Fewbits, { values, summary: { min, max } }: Dataset, affine: Affine): [number, number][] {
  const step = Math.ceil(values.length / THREADS);
  const picked = Float32Array.from({ length: Math.floor(values.length / step) }, (_, i) => values[i * step]!).sort();
  const { codes } = codesOf(fewbits, picked, affine);
  const places = Array.from(picked, (x) => Math.round((PLACES * (x - min)) / (max - min || 1)));
  return places.map((place, i) => [place - (places[i - 1] ?? 0), codes[i]! - (codes[i - 1] ?? 0)]);
}
