// Which numbers a format has, where on the axis they stand, and what of the reader's data they reach.
import type { Codes, Fewbits, NumberFormat } from '../../../lib/types.ts';
import type { Dataset } from '../../kit/contract.ts';
import { heightsOf } from '../../kit/data/spark.ts';
import { findingOf, type Piece } from './finding.ts';
import { type Options, options, unwarp, warp } from './options.ts';
import { type TypeRow, typesOf } from './types.ts';

export { options };

/** The axis is looked at in so many columns: two of them are the least distance at which ticks stand apart. */
export const COLUMNS = 400;
const BINS = 200;
/** More values than this are drawn, and at first counted, from a sample. */
const EXACT_AT_ONCE = 2 ** 20;
const SAMPLE = 2 ** 18;
const MOST_ROWS = 8;
const MOST_MARKS = 64;

export interface Axis {
  from: number;
  to: number;
  log: boolean;
}

export interface Row {
  name: string;
  min: number;
  max: number;
  /** The value nearest to the probe, and those on its sides. */
  kept: number;
  below: number | null;
  above: number | null;
  outside: boolean;
  ulp: number;
  mantissaBits: number;
  /** Steps from 1 to 2. */
  steps: number;
  /** Columns of values that stand apart. */
  ticks: number[];
  /** Columns from and to where they merge, and log2 of how many share one. */
  shades: [from: number, to: number, level: number][];
  /** As powers of two: the smallest value, the smallest with full precision, the end. */
  powers: [least: number, normal: number, end: number];
  /** How many of the data become 0, and how many are out of range. */
  zeroed: number;
  beyond: number;
}

export interface View extends Axis {
  probe: number;
  /** Heights from 0 to 1 along the axis. */
  density: number[];
  /** Few values: each by itself. */
  marks: { index: number; value: number }[];
  rows: Row[];
  types: TypeRow[];
  finding: Piece[];
  /** Counted in a sample: `settle` counts all. */
  pending: boolean;
}

export function model(fewbits: Fewbits, dataset: Dataset, given: Options): View {
  const { values, followed } = dataset;
  const axis = axisOf(dataset, given);
  const probe = Number.isNaN(given.probe) ? values[followed]! : given.probe;
  const formats = formatsOf(fewbits, given);
  const rows = formats.map((format) => rowOf(fewbits, dataset, format, axis, probe));
  const pending = formats.some((format) => !known(dataset, format));
  const few = values.length <= MOST_MARKS;
  return {
    ...axis,
    probe,
    density: few ? [] : densityOf(fewbits, values, axis),
    marks: few ? Array.from(values, (value, index) => ({ index, value })) : [],
    rows,
    types: typesOf(fewbits, given.sort),
    finding: findingOf(dataset, rows, probe, pending),
    pending,
  };
}

/** Counts all values for one of the rows for which `model` counted a sample: a call for each, so that others get their turn. */
export function settle(fewbits: Fewbits, dataset: Dataset, given: Options): void {
  const next = formatsOf(fewbits, given).find((format) => !known(dataset, format));
  if (next) sharesOf(fewbits, dataset, next, true);
}

function formatsOf({ numberFormats }: Fewbits, { formats }: Options): NumberFormat[] {
  const names = formats.split(' ');
  const found = numberFormats.filter(({ name }) => names.includes(name)).slice(0, MOST_ROWS);
  return found.length ? found : numberFormats.filter(({ name }) => options.formats.default.split(' ').includes(name));
}

/** What was asked for; else all data, the whole step from 1 to 2, and on a logarithmic axis all of float16. */
function axisOf({ summary: { absmax } }: Dataset, { axis, from, to }: Options): Axis {
  const log = axis === 'log' || (axis === 'auto' && absmax > 1e6);
  const reach = 1.05 * Math.max(log ? 2 ** 17 : 2, absmax);
  return from < to ? { from, to, log } : { from: -reach, to: reach, log };
}

function rowOf(fewbits: Fewbits, dataset: Dataset, format: NumberFormat, axis: Axis, probe: number): Row {
  const { name, min, max, mantissaBits, epsilon, kind } = format;
  const outside = probe > max || probe < min;
  const inside = Math.min(max, Math.max(min, probe));
  const { value: kept, previous, next, ulp } = fewbits.inspect(inside, name as 'int8');
  const least = Math.log2(format.smallestSubnormal || format.smallestNormal || 1);
  return {
    ...{ name, min, max, kept, ulp, outside, mantissaBits: kind === 'floating' ? mantissaBits : 0 },
    // Where the probe is itself a value, it has one on each side; else it lies between two.
    below: kept < probe ? kept : probe < min ? null : previous,
    above: kept > probe ? kept : probe > max ? null : next,
    steps: 1 / epsilon,
    ...ticksOf(fewbits, format, axis),
    powers: [least, Math.log2(format.smallestNormal || 1), Math.max(least, Math.ceil(Math.log2(max)))],
    ...sharesOf(fewbits, dataset, format),
  };
}

/** Columns of the values that stand apart, and shades where they do not. */
function ticksOf(fewbits: Fewbits, format: NumberFormat, { from, to, log }: Axis): Pick<Row, 'ticks' | 'shades'> {
  const [start, end] = [warp(from, log), warp(to, log)];
  const edges = Array.from({ length: COLUMNS + 1 }, (_, i) => unwarp(start + ((end - start) * i) / COLUMNS, log));
  const inRange = edges.map((x) => Math.min(format.max, Math.max(format.min, x)));
  const ranks = Array.from(fewbits.encode(inRange, format, { saturate: true }) as Uint32Array, (code) =>
    rankOf(Number(code), format),
  );
  const apart = new Set<number>();
  const shades: Row['shades'] = [];
  for (let i = 0; i < COLUMNS; i++) {
    if (edges[i]! >= format.max || edges[i + 1]! <= format.min) continue;
    const perColumn = (edges[i + 1]! - edges[i]!) / stepAt(format, (edges[i]! + edges[i + 1]!) / 2, log);
    if (perColumn <= 0.5) {
      for (let rank = ranks[i]!; rank <= ranks[i + 1]!; rank++) apart.add(rank);
      continue;
    }
    const level = Math.round(Math.log2(perColumn));
    const before = shades.at(-1);
    if (before?.[1] === i && before[2] === level) before[1] = i + 1;
    else shades.push([i, i + 1, level]);
  }
  const values = fewbits.decode(codesOf([...apart], format), format);
  const shown = Array.from(values).filter((x) => x >= from && x <= to);
  return { ticks: shown.map((x) => Math.round((10 * COLUMNS * (warp(x, log) - start)) / (end - start)) / 10), shades };
}

/** How far apart values are around x: what to draw, not what to say. Between powers of two, where the axis is logarithmic. */
function stepAt({ kind, smallestNormal, mantissaBits }: NumberFormat, x: number, log: boolean): number {
  if (kind === 'integer') return 1;
  const power = Math.max(Math.log2(Math.abs(x)), Math.log2(smallestNormal));
  return 2 ** ((log ? power - 0.5 : Math.floor(power)) - mantissaBits);
}

/** How many values a code is away from 0. */
function rankOf(code: number, { kind, bits, signBits }: NumberFormat): number {
  const sign = 2 ** (bits - 1);
  if (!signBits || code < sign) return code;
  return kind === 'integer' ? code - 2 * sign : sign - code;
}

function codesOf(ranks: readonly number[], { kind, bits }: NumberFormat): Codes {
  const sign = 2 ** (bits - 1);
  const codes = ranks.map((rank) => (rank >= 0 ? rank : kind === 'integer' ? rank + 2 * sign : sign - rank));
  if (bits > 32) return BigUint64Array.from(codes, BigInt);
  return bits > 16 ? Uint32Array.from(codes) : bits > 8 ? Uint16Array.from(codes) : Uint8Array.from(codes);
}

const samples = new WeakMap<Float32Array, Float32Array>();
const warped = new WeakMap<Float32Array, Float32Array>();

function cached(cache: typeof samples, values: Float32Array, make: () => Float32Array): Float32Array {
  const made = cache.get(values) ?? make();
  cache.set(values, made);
  return made;
}

/** All values, or every n-th of very many. */
function sampleOf(values: Float32Array): Float32Array {
  const { length } = values;
  if (length <= EXACT_AT_ONCE) return values;
  return cached(samples, values, () =>
    Float32Array.from({ length: SAMPLE }, (_, i) => values[Math.floor((i * length) / SAMPLE)]!),
  );
}

function densityOf(fewbits: Fewbits, values: Float32Array, { from, to, log }: Axis): number[] {
  const sample = sampleOf(values);
  const placed = log ? cached(warped, sample, () => sample.map((x) => warp(x, true))) : sample;
  return heightsOf(fewbits.histogram(placed, { bins: BINS, min: warp(from, log), max: warp(to, log) }).counts);
}

type Shares = Pick<Row, 'zeroed' | 'beyond'>;
const shares = new WeakMap<Float32Array, Map<string, Shares>>();

const known = ({ values }: Dataset, { name }: NumberFormat) =>
  values.length <= EXACT_AT_ONCE || !!shares.get(values)?.has(name);

/** How many values are too small for a format and how many too large; counted once. */
function sharesOf(fewbits: Fewbits, { values, summary }: Dataset, format: NumberFormat, exact = false): Shares {
  const counted = shares.get(values) ?? new Map<string, Shares>();
  shares.set(values, counted);
  const before = counted.get(format.name);
  if (before) return before;
  const of = exact ? values : sampleOf(values);
  const scale = values.length / of.length;
  const within = (min: number, max: number) => scale * fewbits.histogram(of, { bins: 1, min, max }).counts[0]!;
  const { min, max, kind, smallestSubnormal } = format;
  const step = kind === 'integer' ? 1 : smallestSubnormal;
  const result = {
    // Half of the first step rounds to 0, which is even. What has float32's own first step loses nothing.
    zeroed: step < 2e-45 ? 0 : Math.max(0, Math.round(within(Math.max(-step / 2, min), step / 2) - summary.zeros)),
    beyond: summary.min >= min && summary.max <= max ? 0 : Math.round(values.length - within(min, max)),
  };
  if (scale === 1) counted.set(format.name, result);
  return result;
}
