// Which numbers a format has, where on the axis they stand, and what of the reader's data they reach.
import type { Fewbits, NumberFormat } from '../../../lib/types.ts';
import type { Dataset } from '../../kit/contract.ts';
import { heightsOf } from '../../kit/data/spark.ts';
import { EXACT_AT_ONCE, once, sampleOf } from '../../kit/sample.ts';
import { findingOf } from './finding.ts';
import { COLUMNS, type Options, options, unwarp, warp } from './options.ts';

export { options };

/** Past so many in a column, as a power of two, all looks the same. */
const DENSEST = 10;
const BINS = 512;
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

/** Of the table of data types: name, min, max, and the bits of sign, exponent, mantissa and all. */
export type TypeRow = [name: string, min: number, max: number, ...bits: number[]];

export interface View extends Axis {
  probe: number;
  /** Heights from 0 to 1 along the axis. */
  density: number[];
  /** Few values: each by itself. */
  marks: { index: number; value: number }[];
  rows: Row[];
  types: TypeRow[];
  finding: string;
  /** Counted in a sample: `exact` counts all. */
  pending: boolean;
}

export const model = (fewbits: Fewbits, dataset: Dataset, given: Options) => viewOf(fewbits, dataset, given, false);
export const exact = (fewbits: Fewbits, dataset: Dataset, given: Options) => viewOf(fewbits, dataset, given, true);

function viewOf(fewbits: Fewbits, dataset: Dataset, given: Options, all: boolean): View {
  const { values, followed } = dataset;
  const axis = axisOf(dataset, given);
  const probe = Number.isNaN(given.probe) ? values[followed]! : given.probe;
  const formats = formatsOf(fewbits, given);
  const rows = formats.map((format) => ({
    ...rowOf(fewbits, format, probe),
    ...ticksOf(fewbits, format, axis),
    ...sharesOf(fewbits, dataset, format, all),
  }));
  const pending = formats.some((format) => !known(dataset, format));
  const few = values.length <= MOST_MARKS;
  return {
    ...axis,
    probe,
    density: few ? [] : densityOf(fewbits, values, axis),
    marks: few ? Array.from(values, (value, index) => ({ index, value })) : [],
    rows,
    types: fewbits.numberFormats.map(({ name, min, max, signBits, exponentBits, mantissaBits, bits }) => [
      ...[name, min, max],
      ...[signBits, exponentBits, mantissaBits, bits],
    ]) as TypeRow[],
    finding: findingOf(dataset, rows, probe, pending ? '≈ ' : ''),
    pending,
  };
}

function formatsOf({ numberFormats }: Fewbits, { formats }: Options): NumberFormat[] {
  const named = (names: string) => numberFormats.filter(({ name }) => names.split(' ').includes(name));
  const found = named(formats).slice(0, MOST_ROWS);
  return found.length ? found : named(options.formats.default);
}

/** What was asked for; else all data, the whole step from 1 to 2, and on a logarithmic axis all of float16. */
function axisOf({ summary: { absmax } }: Dataset, { axis, from, to }: Options): Axis {
  const log = axis === 'log' || (axis === 'auto' && absmax > 1e6);
  const reach = 1.05 * Math.max(log ? 2 ** 17 : 2, absmax);
  return from < to ? { from, to, log } : { from: -reach, to: reach, log };
}

function rowOf(fewbits: Fewbits, format: NumberFormat, probe: number) {
  const { name, min, max, mantissaBits, epsilon, kind, smallestNormal, smallestSubnormal } = format;
  const { value: kept, previous, next, ulp } = fewbits.inspect(clamped(probe, format), format);
  const normal = Math.log2(smallestNormal || 1);
  const least = smallestSubnormal ? Math.log2(smallestSubnormal) : normal;
  return {
    ...{ name, min, max, kept, ulp },
    outside: probe > max || probe < min,
    mantissaBits: kind === 'floating' ? mantissaBits : 0,
    // Where the probe is itself a value, it has one on each side; else it lies between two.
    below: kept < probe ? kept : probe < min ? null : previous,
    above: kept > probe ? kept : probe > max ? null : next,
    steps: 1 / epsilon,
    powers: [least, normal, Math.max(least, Math.ceil(Math.log2(max)))] as Row['powers'],
  };
}

const clamped = (x: number, { min, max }: NumberFormat) => Math.min(max, Math.max(min, x));

/**
 * Columns of the values that stand apart, and shades where they do not. A value two columns from the next is the
 * nearest one to some edge between columns, so that casting the edges finds them all.
 */
function ticksOf(fewbits: Fewbits, format: NumberFormat, { from, to, log }: Axis): Pick<Row, 'ticks' | 'shades'> {
  const [start, end] = [warp(from, log), warp(to, log)];
  const edges = Array.from({ length: COLUMNS + 1 }, (_, i) => unwarp(start + ((end - start) * i) / COLUMNS, log));
  const nearest = fewbits.cast(
    edges.map((x) => clamped(x, format)),
    format,
  );
  const apart = new Set<number>();
  const shades: Row['shades'] = [];
  for (let i = 0; i < COLUMNS; i++) {
    const [left, right] = [edges[i]!, edges[i + 1]!];
    if (left >= format.max || right <= format.min) continue;
    const perColumn = (right - left) / stepAt(format, (left + right) / 2, log);
    const level = Math.min(DENSEST, Math.round(Math.log2(perColumn)));
    const before = shades.at(-1);
    if (perColumn <= 0.5) apart.add(nearest[i]!).add(nearest[i + 1]!);
    else if (before?.[1] === i && before[2] === level) before[1]++;
    else shades.push([i, i + 1, level]);
  }
  const shown = [...apart].filter((x) => x >= from && x <= to);
  return { ticks: shown.map((x) => +((COLUMNS * (warp(x, log) - start)) / (end - start)).toFixed(1)), shades };
}

/** How far apart values are around x: what to draw, not what to say. Between powers of two, where the axis is logarithmic. */
function stepAt({ kind, smallestNormal, mantissaBits }: NumberFormat, x: number, log: boolean): number {
  if (kind === 'integer') return 1;
  const power = Math.log2(Math.max(Math.abs(x), smallestNormal));
  return 2 ** ((log ? power - 0.5 : Math.floor(power)) - mantissaBits);
}

/** All values, or every n-th of very many: drawn, and at first counted, from these. */
const someOf = (values: Float32Array) => (values.length <= EXACT_AT_ONCE ? values : sampleOf(values).values);

const warped = once((values) => values.map((x) => warp(x, true)));

function densityOf(fewbits: Fewbits, values: Float32Array, { from, to, log }: Axis): number[] {
  const some = someOf(values);
  const placed = log ? warped(some) : some;
  return heightsOf(fewbits.histogram(placed, { bins: BINS, min: warp(from, log), max: warp(to, log) }).counts);
}

type Shares = Pick<Row, 'zeroed' | 'beyond'>;
const shares = new WeakMap<Float32Array, Map<string, Shares>>();

const known = ({ values }: Dataset, { name }: NumberFormat) => !!shares.get(values)?.has(name);

/** How many values are too small for a format and how many too large; counted once. */
function sharesOf(fewbits: Fewbits, { values, summary }: Dataset, format: NumberFormat, all: boolean): Shares {
  const counted = shares.get(values) ?? new Map<string, Shares>();
  shares.set(values, counted);
  const before = counted.get(format.name);
  if (before) return before;
  const of = all ? values : someOf(values);
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
