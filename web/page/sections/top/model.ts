// What becomes of the page's numbers when each gets a few bits and all share one scale. Pure; runs in the worker.
import type { AffineType, Fewbits, Quantized } from '../../../lib/types.ts';
import type { Dataset } from '../../kit/contract.ts';
import { number, type OptionsOf } from '../../kit/options.ts';
import { EXACT_AT_ONCE, evenly, sampleOf } from '../../kit/sample.ts';
import { countDifferent, nearest, neighbour } from './values.ts';

export const options = { bits: number(4, { min: 1, max: 8, whole: true }) };
export type Options = OptionsOf<typeof options>;

/** One of a few numbers. */
export interface Mark {
  index: number;
  original: number;
  restored: number;
}

export interface View {
  bits: number;
  /** `exact` gives better. */
  pending: boolean;
  count: number;
  /** How many different numbers there are; null while only a sample was seen. */
  different: number | null;
  /** How many different numbers are left. */
  left: number;
  /** The axis: -reach to reach. */
  reach: number;
  /** The number whose magnitude is `reach`. */
  largest: number;
  /** Heights of the hill, 0 to 1000; empty where there are marks. */
  hill: number[];
  /** Up to 64 numbers in order, each by itself; empty for more. */
  marks: Mark[];
  /** Every number that the bits can name, in order, and how many values it stands for. */
  levels: number[];
  shares: number[];
  /** Up to 900 values in order: how far each is from the one before, on an axis of 1,000, and the level it goes to. */
  from: number[];
  to: number[];
  followed: Mark;
  bytes: { before: number; after: number };
  meanError: number;
  /** Of the originals, the mean magnitude. */
  meanSize: number;
  /** What one bit's error would be, where two bits do worse. */
  oneBit: number | null;
}

/** Of the hill: fewer where there is little to count. */
const BINS = { least: 40, most: 160 };
const FEW = 64;
const THREADS = 900;
/** Places on the axis, for threads. */
export const PLACES = 1000;

/** The data, or a sample of it, and what is known of it whatever the bits are. */
interface Numbers {
  values: Float32Array;
  absmax: number;
  meanSize: number;
  different: number | null;
  hill: number[];
  oneBitError: number;
}

/** The numbers at so many bits. */
interface Coding {
  bits: number;
  restored: Float32Array;
  levels: Float32Array;
  shares: number[];
  meanError: number;
}

const numbersOf = new WeakMap<Float32Array, Numbers>();
/** The last one of each: ten million values at eight widths would not fit. */
const codings = new WeakMap<Float32Array, Coding>();

export function model(fewbits: Fewbits, dataset: Dataset, { bits }: Options): View {
  const { values } = dataset;
  const known = values.length <= EXACT_AT_ONCE || codings.get(values)?.bits === bits;
  return viewOf(fewbits, dataset, bits, known ? values : sampleOf(values).values);
}

export function exact(fewbits: Fewbits, dataset: Dataset, { bits }: Options): View {
  return viewOf(fewbits, dataset, bits, dataset.values);
}

export interface Wish {
  /** Near this value ... */
  value?: number;
  /** ... or so many steps up or down from the followed one, in the order of the values. */
  by?: number;
}

/** The index of the element to follow. */
export function pick(_: Fewbits, { values, followed, summary }: Dataset, { value, by = 0 }: Wish): number {
  if (value !== undefined) return nearest(values, value);
  if (!Number.isFinite(by)) return nearest(values, by < 0 ? summary.min : summary.max);
  let index = followed;
  for (let steps = Math.abs(by); steps > 0; steps--) index = neighbour(values, index, by > 0);
  return index;
}

function know(fewbits: Fewbits, values: Float32Array, absmax: number, sampled: boolean): Numbers {
  const known = numbersOf.get(values);
  if (known) return known;
  const signs = fewbits.quantize(values, 'binary_absmean');
  const numbers: Numbers = {
    values,
    absmax,
    meanSize: signs.scale![0]!,
    different: sampled ? null : countDifferent(values),
    hill: absmax > 0 && values.length > FEW ? hillOf(fewbits, values, absmax) : [],
    oneBitError: fewbits.compare(values, fewbits.dequantize(signs)).meanAbsError,
  };
  numbersOf.set(values, numbers);
  return numbers;
}

function hillOf(fewbits: Fewbits, values: Float32Array, absmax: number): number[] {
  const bins = Math.min(BINS.most, Math.max(BINS.least, Math.round(4 * Math.sqrt(values.length))));
  const { counts } = fewbits.histogram(values, { bins, min: -absmax, max: absmax });
  const smooth = Array.from(counts, (_, i) => smoothed(counts, i));
  const highest = Math.max(...smooth);
  return smooth.map((height) => Math.round((1000 * height) / highest));
}

/** A bin and the three on either side of it, by a bell curve: the shape counts here, not the noise of the bins. */
function smoothed(counts: Float64Array, at: number): number {
  let sum = 0;
  let weights = 0;
  for (let k = Math.max(-3, -at); k <= Math.min(3, counts.length - 1 - at); k++) {
    const weight = Math.exp((-k * k) / 3.2);
    sum += weight * counts[at + k]!;
    weights += weight;
  }
  return sum / weights;
}

function code(fewbits: Fewbits, numbers: Numbers, bits: number): Coding {
  const { values, absmax } = numbers;
  const known = codings.get(values);
  if (known?.bits === bits) return known;
  const quantized = bits === 1 ? fewbits.quantize(values, 'binary_absmean') : affine(fewbits, numbers, bits);
  const restored = fewbits.dequantize(quantized);
  const coding: Coding = {
    bits,
    restored,
    ...(absmax > 0 ? levelsOf(fewbits, quantized, restored, bits) : nothingBut0(values.length)),
    meanError: fewbits.compare(values, restored).meanAbsError,
  };
  codings.set(values, coding);
  return coding;
}

/** Symmetric, by the largest magnitude of all values, also where `values` is a sample of them. */
function affine(fewbits: Fewbits, { values, absmax, different }: Numbers, bits: number): Quantized {
  const type = `int${bits}` as AffineType;
  return fewbits.quantize(values, different === null ? { type, calibration: { min: -absmax, max: absmax } } : { type });
}

const nothingBut0 = (count: number) => ({ levels: Float32Array.of(0), shares: [count] });

/** The numbers that the codes name, as the library restores them, and how many values went to each. */
function levelsOf(fewbits: Fewbits, quantized: Quantized, restored: Float32Array, bits: number) {
  const scale = quantized.scale![0]!;
  const most = largestCode(bits);
  const codes = Int8Array.from({ length: 2 * most + 1 }, (_, i) => i - most);
  const all: Quantized = {
    ...quantized,
    scheme: { type: 'int8' },
    shape: [codes.length],
    data: codes,
    zeroPoint: Int32Array.of(0),
  };
  const reach = (most + 0.5) * scale;
  const { counts } = fewbits.histogram(restored, { bins: codes.length, min: -reach, max: reach });
  const named = (_: unknown, i: number) => bits > 1 || i !== 1; // One bit names -1 and 1, not 0.
  return { levels: fewbits.dequantize(all).filter(named), shares: Array.from(counts).filter(named) };
}

const largestCode = (bits: number) => Math.max(1, 2 ** (bits - 1) - 1);

function viewOf(fewbits: Fewbits, dataset: Dataset, bits: number, values: Float32Array): View {
  const { summary, values: all, followed } = dataset;
  const numbers = know(fewbits, values, summary.absmax, values !== all);
  const coding = code(fewbits, numbers, bits);
  const { levels, shares, meanError } = coding;
  return {
    bits,
    pending: values !== all,
    count: all.length,
    different: numbers.different,
    left: shares.filter((share) => share > 0).length,
    reach: summary.absmax,
    largest: summary.max === summary.absmax ? summary.max : summary.min,
    hill: numbers.hill,
    marks: values.length <= FEW ? marksOf(coding.restored, values) : [],
    levels: Array.from(levels, (level) => Number(level.toPrecision(9))),
    shares,
    ...threadsOf(numbers, coding),
    followed: followedMark(numbers, coding, followed, all[followed]!),
    bytes: { before: fewbits.weightBytes(all.length, 'float32'), after: fewbits.weightBytes(all.length, bits) },
    meanError,
    meanSize: numbers.meanSize,
    oneBit: bits === 2 && numbers.oneBitError < meanError ? numbers.oneBitError : null,
  };
}

function marksOf(restored: Float32Array, values: Float32Array): Mark[] {
  const marks = Array.from(values, (original, index) => ({ index, original, restored: restored[index]! }));
  return marks.sort((a, b) => a.original - b.original || a.index - b.index);
}

function threadsOf({ values, absmax }: Numbers, { restored, levels }: Coding): Pick<View, 'from' | 'to'> {
  if (absmax === 0) return { from: [], to: [] };
  const chosen = evenly(values.length, THREADS);
  chosen.sort((a, b) => values[a]! - values[b]!);
  const places = chosen.map((i) => Math.round(PLACES * placeOf(values[i]!, absmax)));
  return {
    from: places.map((place, i) => place - (places[i - 1] ?? 0)),
    to: chosen.map((i) => levelOf(restored[i]!, levels)),
  };
}

/** Where x stands on an axis from -reach (0) to reach (1). */
export const placeOf = (x: number, reach: number) => (reach > 0 ? (x / reach + 1) / 2 : 0.5);

/** Levels are evenly spaced and symmetric about 0. */
function levelOf(x: number, levels: Float32Array): number {
  const last = levels.length - 1;
  return Math.min(last, Math.max(0, Math.round(placeOf(x, levels[last]!) * last)));
}

/** A sample may not have the followed value: then it goes to the nearest level. */
function followedMark({ different }: Numbers, { restored, levels }: Coding, index: number, original: number): Mark {
  return { index, original, restored: different === null ? levels[levelOf(original, levels)]! : restored[index]! };
}
