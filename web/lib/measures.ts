// Measures: what quantization changed, and what values look like. All sums are doubles, added in a fixed order.
import { FewbitsError } from './errors.ts';
import { describe } from './formats.ts';
import { type Heap, SLICE } from './heap.ts';
import type { Comparison, Histogram, HistogramOptions, Summary, Values } from './types.ts';
import { checkFlag, checkInteger, eachSlice, type Source, stage, toSource } from './values.ts';

export function compare(heap: Heap, original: Values, restored: Values): Comparison {
  const a = toSource(original, 'original');
  const b = toSource(restored, 'restored');
  if (a.length !== b.length)
    throw new FewbitsError(
      'BAD_LENGTH',
      `Only arrays of one length can be compared: original has ${a.length}, restored ${b.length}.`,
    );
  if (a.length === 0) throw new FewbitsError('EMPTY', 'There are no values to compare.');
  const doubles = a.doubles || b.doubles;
  const [state, first, second] = heap.place(64, SLICE * 8, SLICE * 8);
  heap.write(Float64Array, state, [0, 0, 0, -1, 0, 0, 0, 0]);
  eachSlice(a.length, (from, to) => {
    stage(heap, a, first, from, to, doubles);
    stage(heap, b, second, from, to, doubles);
    heap.check(heap.core.compare(first, second, doubles, to - from, state));
  });
  const [count, squared, absolute, maxAbsError, maxAbsErrorIndex, aa, bb, ab] = heap.read(
    state,
    new Float64Array(8),
  ) as unknown as [number, number, number, number, number, number, number, number];
  const mse = squared / count;
  return {
    mse,
    rmse: Math.sqrt(mse),
    meanAbsError: absolute / count,
    maxAbsError,
    maxAbsErrorIndex,
    sqnrDb: squared === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(aa / squared),
    cosine: squared === 0 ? 1 : aa === 0 || bb === 0 ? 0 : clamp(ab / (Math.sqrt(aa) * Math.sqrt(bb))),
  };
}

/** Rounding may carry a cosine past its ends. */
const clamp = (cosine: number): number => Math.max(-1, Math.min(1, cosine));

export function summarize(heap: Heap, values: Values): Summary {
  const source = toSource(values);
  const { doubles } = source;
  const [state, spread, from] = heap.place(88, 16, SLICE * 8);
  const each = (measure: (count: number) => number) =>
    eachSlice(source.length, (begin, end) => {
      stage(heap, source, from, begin, end);
      heap.check(measure(end - begin));
    });
  heap.write(Float64Array, state, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1]);
  heap.write(Float64Array, spread, [0, 0]);
  each((count) => heap.core.summarize(from, doubles, count, state));
  const [count, finite, min, max, absmax, sum, , zeros, nan, infinite, firstNonFinite] = heap.read(
    state,
    new Float64Array(11),
  ) as unknown as [number, number, number, number, number, number, number, number, number, number, number];
  const none = { min: Number.NaN, max: Number.NaN, absmax: Number.NaN, mean: Number.NaN, std: Number.NaN, outliers: 0 };
  const rest = { zeros, nonFinite: nan + infinite, firstNonFinite };
  if (finite === 0) return { count, ...none, ...rest };
  const mean = sum / finite;
  each((size) => heap.core.squaredDeviation(from, doubles, size, mean, spread));
  const std = Math.sqrt(heap.read(spread, new Float64Array(1))[0]! / finite);
  each((size) => heap.core.countOutliers(from, doubles, size, mean, 3 * std, spread));
  const outliers = heap.read(spread, new Float64Array(2))[1]!;
  return { count, min, max, absmax, mean, std, outliers, ...rest };
}

/** The range to bin where the caller gave none: that of the finite values, widened by half to both sides if it is a point. */
function defaultRange(
  heap: Heap,
  values: Values,
  source: Source,
  options: HistogramOptions,
): { min: number; max: number } {
  const given = options.min !== undefined && options.max !== undefined;
  const { min, max, absmax } = given ? { min: 0, max: 0, absmax: 0 } : summarize(heap, values);
  if (!given && Number.isNaN(min))
    throw new FewbitsError('EMPTY', 'There are no finite values to find a range in. Give min and max.');
  if (options.log) return { min: options.min ?? smallestMagnitude(source, absmax), max: options.max ?? (absmax || 1) };
  // A single value gets half a unit to both sides, as in NumPy, or what it takes to differ from it.
  const point = min === max && options.min === undefined && options.max === undefined;
  const margin = point ? Math.max(0.5, absmax * 2 ** -20) : 0;
  return { min: options.min ?? min - margin, max: options.max ?? max + margin };
}

function smallestMagnitude(source: Source, absmax: number): number {
  let smallest = absmax || 1;
  eachSlice(source.length, (from, to) => {
    const part = source.part(from, to);
    for (let i = 0; i < part.length; i++) {
      const magnitude = Math.abs(part[i]!);
      if (magnitude > 0 && magnitude < smallest) smallest = magnitude;
    }
  });
  return absmax > smallest ? smallest : smallest / 2;
}

export function histogram(heap: Heap, values: Values, options: HistogramOptions): Histogram {
  const source = toSource(values);
  const bins = checkInteger(options?.bins, 'bins', 1, 65536);
  const { min, max } = defaultRange(heap, values, source, options);
  const log = !!checkFlag('log', options.log);
  const usable = Number.isFinite(min) && Number.isFinite(max) && min < max && Number.isFinite(max - min);
  if (!usable || (log && min <= 0))
    throw new FewbitsError(
      'BAD_ARGUMENT',
      `A histogram needs a finite min below a finite max${log ? ', both above 0' : ''}, not ${describe(min)} and ${describe(max)}.`,
    );
  const [edges, counts, from] = heap.place((bins + 1) * 8, (bins + 3) * 8, SLICE * 8);
  heap.check(heap.core.histogramEdges(min, max, bins, log, edges));
  heap.write(Float64Array, counts, new Float64Array(bins + 3));
  eachSlice(source.length, (begin, end) => {
    stage(heap, source, from, begin, end);
    heap.check(heap.core.histogram(from, source.doubles, end - begin, min, max, bins, log, edges, counts));
  });
  const all = heap.read(counts, new Float64Array(bins + 3));
  return {
    edges: heap.read(edges, new Float64Array(bins + 1)),
    counts: all.slice(0, bins),
    below: all[bins]!,
    above: all[bins + 1]!,
  };
}
