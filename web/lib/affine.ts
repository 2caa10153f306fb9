// Affine quantization of tensors: which elements share a scale, how their range is found, and the two ways through it.
import { FewbitsError } from './errors.ts';
import { blockFormats, describe, nearest, numberFormats } from './formats.ts';
import { type Heap, SLICE } from './heap.ts';
import { packBits, unpackBits } from './numbers.ts';
import type { Affine, AffineScheme, AffineType, Calibration, Quantized, Tensor, Values } from './types.ts';
import {
  checkCodes,
  checkFinite,
  checkFlag,
  checkShape,
  eachSlice,
  product,
  type Source,
  stage,
  stageFinite,
  toTensor,
} from './values.ts';

const RULE_BYTES = 24; // six 32-bit fields: bindings.cpp, RuleRecord
const types: readonly AffineType[] = [2, 3, 4, 5, 6, 7, 8, 16].flatMap(
  (bits) => [`int${bits}`, `uint${bits}`] as AffineType[],
);

/** A scheme with its defaults filled in and every field checked. */
interface Rule {
  bits: number;
  signed: boolean;
  symmetric: boolean;
  narrowRange: boolean;
  includeZero: boolean;
  pytorch: boolean;
  calibration: Calibration;
  granularity: AffineScheme['granularity'];
}

function badArgument(message: string): FewbitsError {
  return new FewbitsError('BAD_ARGUMENT', message);
}

const schemeKeys = [
  'type',
  'symmetric',
  'narrowRange',
  'includeZero',
  'granularity',
  'calibration',
  'rounding',
] as const satisfies readonly (keyof AffineScheme)[];

/** The complaint about a type: a near one, or what to do with a format that is no integer. */
function unknownType(type: unknown): FewbitsError {
  const name = typeof type === 'string' ? type : '';
  const details = { format: type, nearest: nearest(name, types) };
  const hint = [...numberFormats, ...blockFormats].some((format) => format.name === name)
    ? 'cast and encode take number formats; quantize takes a block format by its name, in place of the scheme.'
    : `Did you mean '${details.nearest}'?`;
  return new FewbitsError(
    'UNKNOWN_FORMAT',
    `${describe(type)} is no integer type of 2 to 8 or 16 bits. ${hint}`,
    details,
  );
}

function toRule(scheme: AffineScheme): Rule {
  if (typeof scheme !== 'object' || scheme === null)
    throw new FewbitsError(
      'UNKNOWN_FORMAT',
      `A scheme is an object such as { type: 'int8' } or a block format's name, not ${describe(scheme)}.`,
    );
  const { type, granularity = 'tensor', calibration = 'minmax', rounding = 'onnxruntime' } = scheme;
  if (!types.includes(type)) throw unknownType(type);
  const stray = Object.keys(scheme).find((key) => !schemeKeys.includes(key as keyof AffineScheme));
  if (stray !== undefined)
    throw badArgument(`A scheme has no '${stray}'. Did you mean '${nearest(stray, schemeKeys)}'?`);
  if (rounding !== 'onnxruntime' && rounding !== 'pytorch')
    throw badArgument(`rounding is 'onnxruntime' or 'pytorch', not ${describe(rounding)}.`);
  checkCalibration(calibration);
  const flag = (name: 'symmetric' | 'narrowRange' | 'includeZero') => checkFlag(name, scheme[name]) ?? true;
  const signed = type.startsWith('i');
  const symmetric = flag('symmetric');
  return {
    bits: Number(type.replace(/\D+/, '')),
    signed,
    symmetric,
    narrowRange: flag('narrowRange') && signed && symmetric,
    includeZero: flag('includeZero'),
    pytorch: rounding === 'pytorch',
    calibration,
    granularity,
  };
}

function checkCalibration(calibration: Calibration): void {
  if (typeof calibration === 'string') {
    if (!['minmax', 'mse', 'entropy'].includes(calibration))
      throw badArgument(
        `calibration is 'minmax', 'mse', 'entropy', { percentile } or { min, max }, not ${describe(calibration)}.`,
      );
  } else if (typeof calibration === 'object' && calibration !== null && 'percentile' in calibration) {
    const { percentile } = calibration;
    if (!(typeof percentile === 'number' && percentile > 0 && percentile <= 100))
      throw badArgument(`A percentile is above 0 and at most 100, not ${describe(percentile)}.`);
  } else {
    const { min, max } = (calibration ?? {}) as { min?: unknown; max?: unknown };
    const finite = [min, max].every((end) => typeof end === 'number' && Number.isFinite(Math.fround(end)));
    if (!finite || (min as number) > (max as number))
      throw badArgument(
        `A range by hand is { min, max } with min at most max, both finite in float32, not ${describe(min)} and ${describe(max)}.`,
      );
  }
}

function writeRule(heap: Heap, address: number, rule: Rule): void {
  const flags = [rule.signed, rule.symmetric, rule.narrowRange, rule.includeZero, rule.pytorch].map(Number);
  heap.write(Int32Array, address, [rule.bits, ...flags]);
}

// --- which elements share a scale ----------------------------------------------------------------------------------------

/**
 * The tensor as `outer` x `size` x `inner`, the axis in the middle, cut into groups of `groupSize` along it.
 * Group (o, k, i) when a group size is given, (k) for a whole channel, (0) for the whole tensor.
 */
interface Geometry {
  total: number;
  groups: number;
  /** Elements of group g: `chunks` runs of `chunk` elements, `stride` apart, from `start(g)`. */
  chunks: number;
  chunk: number;
  stride: number;
  start(group: number): number;
  /**
   * How kernels walk through memory: as runs of `width` elements of one group each, or as rows of `width` elements whose
   * columns have scales of their own. `groupAt(line)` indexes the scale of run or row `line` (of its first column).
   */
  perRow: boolean;
  width: number;
  groupAt(line: number): number;
  /** Rows only: how many columns side by side share a group. */
  repeat: number;
}

/** Rows shorter than this are walked together, column by column, instead of run by run. */
const SHORT_RUN = 64;

function toGeometry(rule: Rule, shape: number[]): Geometry {
  const total = product(shape);
  const { granularity } = rule;
  if (granularity === 'tensor') {
    const whole = { chunks: 1, chunk: total, stride: total, width: total, repeat: 1 };
    return { total, groups: 1, ...whole, perRow: true, start: () => 0, groupAt: () => 0 };
  }
  const { axis, groupSize } = checkGranularity(granularity, shape);
  const size = shape[axis]!;
  const inner = product(shape.slice(axis + 1));
  return groupSize === undefined ? channels(total, size, inner) : groupsAlong(total, inner, groupSize);
}

function checkGranularity(
  granularity: AffineScheme['granularity'],
  shape: number[],
): { axis: number; groupSize?: number } {
  const { axis, groupSize } = (granularity ?? {}) as { axis: number; groupSize?: number };
  if (typeof granularity !== 'object' || !Number.isInteger(axis) || axis < 0 || axis >= shape.length)
    throw badArgument(
      `granularity is 'tensor', { axis } or { axis, groupSize } with an axis from 0 to ${shape.length - 1} for shape [${shape.join(', ')}].`,
    );
  if (groupSize === undefined) return { axis };
  if (!Number.isInteger(groupSize) || groupSize < 1)
    throw badArgument(`groupSize is a whole number of at least 1, not ${describe(groupSize)}.`);
  if (shape[axis]! % groupSize !== 0)
    throw new FewbitsError(
      'BAD_LENGTH',
      `Groups of ${groupSize} do not divide axis ${axis}, which has ${shape[axis]} elements. Take a divisor of ${shape[axis]}.`,
    );
  return { axis, groupSize };
}

function channels(total: number, size: number, inner: number): Geometry {
  const chunks = total / (size * inner || 1);
  const shared = {
    total,
    groups: size,
    chunks,
    chunk: inner,
    stride: size * inner,
    start: (group: number) => group * inner,
  };
  if (inner < SHORT_RUN && size * inner <= SLICE)
    return { ...shared, perRow: false, width: size * inner, repeat: inner, groupAt: () => 0 };
  return { ...shared, perRow: true, width: inner, repeat: 1, groupAt: (line) => line % size };
}

function groupsAlong(total: number, inner: number, groupSize: number): Geometry {
  const groups = total / groupSize;
  if (inner === 1) {
    const run = { chunks: 1, chunk: groupSize, stride: groupSize, width: groupSize, repeat: 1 };
    return { total, groups, ...run, perRow: true, start: (group) => group * groupSize, groupAt: (line) => line };
  }
  const start = (group: number) => Math.floor(group / inner) * groupSize * inner + (group % inner);
  const groupAt = (line: number) => Math.floor(line / groupSize) * inner;
  return {
    total,
    groups,
    chunks: groupSize,
    chunk: 1,
    stride: inner,
    start,
    perRow: false,
    width: inner,
    repeat: 1,
    groupAt,
  };
}

/** A rectangle of the tensor that one kernel call handles: contiguous, `rows` x `width` from element `from`. */
interface Panel {
  from: number;
  rows: number;
  width: number;
  /** Index of the first row's scale (perRow) or of the first column's. */
  first: number;
}

/** How many scales a panel uses: one per row, or one per column. */
const scaleCount = ({ perRow }: Geometry, { rows, width }: Panel) => (perRow ? rows : width);

/** Cuts the walk into panels of at most SLICE elements; within a panel the groups of rows go up by one. */
function eachPanel(geometry: Geometry, callback: (panel: Panel) => void): void {
  const { total, width, perRow, groupAt, groups } = geometry;
  if (total === 0) return;
  const lines = total / width;
  for (let line = 0; line < lines; ) {
    const group = groupAt(line);
    if (width > SLICE) {
      eachSlice(width, (begin, end) =>
        callback({ from: line * width + begin, rows: 1, width: end - begin, first: perRow ? group : group + begin }),
      );
      line++;
      continue;
    }
    const most = Math.min(Math.floor(SLICE / width), lines - line);
    let rows = 1;
    if (perRow) rows = Math.min(most, groups - group);
    else while (rows < most && groupAt(line + rows) === group) rows++;
    callback({ from: line * width, rows, width, first: group });
    line += rows;
  }
}

/** One number per column where columns repeat a group, else one per group, as the walk indexes them. */
function perColumn<T extends Float32Array | Int32Array>(groups: T, { repeat }: Geometry): T {
  if (repeat === 1) return groups;
  const columns = new (groups.constructor as new (length: number) => T)(groups.length * repeat);
  groups.forEach((value, group) => {
    columns.fill(value, group * repeat, (group + 1) * repeat);
  });
  return columns;
}

// --- the range of every group --------------------------------------------------------------------------------------------

interface Ranges {
  min: Float32Array;
  max: Float32Array;
}

function observedRanges(heap: Heap, source: Source, geometry: Geometry): Ranges {
  const columns = geometry.perRow ? geometry.groups : geometry.groups * geometry.repeat;
  const min = new Float32Array(columns).fill(Number.POSITIVE_INFINITY);
  const max = new Float32Array(columns).fill(Number.NEGATIVE_INFINITY);
  const [values, low, high] = heap.place(SLICE * 4, SLICE * 4, SLICE * 4);
  const fold = geometry.perRow ? heap.core.rangeRuns : heap.core.rangeRows;
  eachPanel(geometry, (panel) => {
    const { from, rows, width, first } = panel;
    const last = first + scaleCount(geometry, panel);
    stageFinite(heap, source, values, from, from + rows * width);
    heap.write(Float32Array, low, min.subarray(first, last));
    heap.write(Float32Array, high, max.subarray(first, last));
    heap.check(fold(values, rows, width, low, high));
    heap.read(low, min.subarray(first, last));
    heap.read(high, max.subarray(first, last));
  });
  return { min: perGroup(min, geometry, Math.min), max: perGroup(max, geometry, Math.max) };
}

/** The opposite of perColumn: picks one number for the columns of a group. */
function perGroup(columns: Float32Array, { repeat }: Geometry, pick: (a: number, b: number) => number): Float32Array {
  if (repeat === 1) return columns;
  return Float32Array.from({ length: columns.length / repeat }, (_, group) =>
    columns.subarray(group * repeat, (group + 1) * repeat).reduce((a, b) => pick(a, b)),
  );
}

/** The values of one group, gathered in order, as slices in the heap. */
function eachGroupSlice(
  heap: Heap,
  source: Source,
  geometry: Geometry,
  group: number,
  callback: (address: number, count: number) => void,
): void {
  const { chunk, chunks, stride } = geometry;
  const start = geometry.start(group);
  const [, address] = heap.place(RULE_BYTES + 64, SLICE * 4);
  if (chunks === 1) {
    eachSlice(chunk, (begin, end) => {
      stage(heap, source, address, start + begin, start + end, false);
      callback(address, end - begin);
    });
    return;
  }
  const buffer = new Float32Array(Math.min(SLICE, chunk * chunks));
  eachSlice(chunk * chunks, (begin, end) => {
    for (let i = begin; i < end; ) {
      const within = i % chunk;
      const from = start + Math.floor(i / chunk) * stride + within;
      const count = Math.min(chunk - within, end - i);
      buffer.set(source.part(from, from + count), i - begin);
      i += count;
    }
    heap.write(Float32Array, address, buffer.subarray(0, end - begin));
    callback(address, end - begin);
  });
}

type Observe = (group: number, min: number, max: number) => readonly [number, number];

function percentileOf(
  heap: Heap,
  source: Source,
  geometry: Geometry,
  group: number,
  percent: number,
  magnitudes: boolean,
): number {
  heap.check(heap.core.percentileBegin(percent, magnitudes, geometry.chunk * geometry.chunks));
  do
    eachGroupSlice(heap, source, geometry, group, (address, count) =>
      heap.check(heap.core.percentileAdd(address, count)),
    );
  while (heap.core.percentileEndPass());
  return heap.core.percentileValue();
}

/** The chosen calibration as a function from a group and its observed range to the range to use. */
function observer(heap: Heap, source: Source, geometry: Geometry, rule: Rule): Observe {
  const { calibration } = rule;
  if (typeof calibration === 'object' && 'percentile' in calibration) {
    const { percentile } = calibration;
    if (rule.symmetric)
      return (group) => {
        const clip = percentileOf(heap, source, geometry, group, percentile, true);
        return [-clip, clip];
      };
    return (group) => {
      const ends = [100 - percentile, percentile].map((percent) =>
        percentileOf(heap, source, geometry, group, percent, false),
      );
      return [Math.min(...ends), Math.max(...ends)];
    };
  }
  const search = calibration === 'mse' ? 'leastSquares' : 'entropy';
  return (group, min, max) => {
    const [record, range] = heap.place(RULE_BYTES, 8);
    writeRule(heap, record, rule);
    heap.check(heap.core[`${search}Begin`](record, min, max));
    eachGroupSlice(heap, source, geometry, group, (address, count) =>
      heap.check(heap.core[`${search}Add`](address, count)),
    );
    heap.check(heap.core[`${search}Best`](range));
    const [low, high] = heap.read(range, new Float32Array(2));
    return [low!, high!];
  };
}

function calibratedRanges(heap: Heap, source: Source, geometry: Geometry, rule: Rule): Ranges {
  const { calibration } = rule;
  const ranges = observedRanges(heap, source, geometry);
  if (calibration === 'minmax') return ranges;
  if (typeof calibration === 'object' && 'min' in calibration)
    return { min: ranges.min.fill(calibration.min), max: ranges.max.fill(calibration.max) };
  const observe = observer(heap, source, geometry, rule);
  for (let group = 0; group < geometry.groups; group++)
    [ranges.min[group], ranges.max[group]] = observe(group, ranges.min[group]!, ranges.max[group]!) as [number, number];
  return ranges;
}

function affineFromRanges(
  heap: Heap,
  rule: Rule,
  { min, max }: Ranges,
): { scale: Float32Array; zeroPoint: Int32Array } {
  const scale = new Float32Array(min.length);
  const zeroPoint = new Int32Array(min.length);
  const [record, low, high, scales, zeroPoints] = heap.place(RULE_BYTES, SLICE * 4, SLICE * 4, SLICE * 4, SLICE * 4);
  writeRule(heap, record, rule);
  eachSlice(min.length, (from, to) => {
    heap.write(Float32Array, low, min.subarray(from, to));
    heap.write(Float32Array, high, max.subarray(from, to));
    heap.check(heap.core.affineFromRanges(record, low, high, to - from, scales, zeroPoints));
    heap.read(scales, scale.subarray(from, to));
    heap.read(zeroPoints, zeroPoint.subarray(from, to));
  });
  return { scale, zeroPoint };
}

// --- what callers call ---------------------------------------------------------------------------------------------------

export function calibrate(heap: Heap, values: Values | Tensor, scheme: AffineScheme): Affine {
  const rule = toRule(scheme);
  const { source, shape } = toTensor(values);
  const geometry = toGeometry(rule, shape);
  if (source.length === 0) throw new FewbitsError('EMPTY', 'There are no values to calibrate on.');
  const ranges = calibratedRanges(heap, source, geometry, rule);
  return { scheme: { ...scheme }, ...affineFromRanges(heap, rule, ranges), ...ranges };
}

function isAffine(scheme: AffineScheme | Affine): scheme is Affine {
  return (scheme as Affine | undefined)?.scheme !== undefined;
}

/** Scales and zero points as a caller gave them, one per group. */
function checkScales(affine: { scale?: ArrayLike<number>; zeroPoint?: ArrayLike<number> }, geometry: Geometry) {
  const { scale, zeroPoint } = affine;
  for (const [name, list] of Object.entries({ scale, zeroPoint }))
    if (typeof list !== 'object' || list === null || list.length !== geometry.groups)
      throw badArgument(
        `${name} must hold one number per group: ${geometry.groups}, not ${list?.length ?? describe(list)}.`,
      );
  const isStep = (step: unknown) =>
    typeof step === 'number' && step > 0 && Math.fround(step) < Number.POSITIVE_INFINITY;
  const isPoint = (point: unknown) => Number.isInteger(point) && (point as number) === ((point as number) | 0);
  const steps = Array.from(scale!);
  const points = Array.from(zeroPoint!);
  const step = steps.findIndex((item) => !isStep(item) || Math.fround(item) === 0);
  if (step >= 0)
    throw badArgument(`Scale ${step} is ${describe(steps[step])}. A scale is finite and above 0, in float32.`);
  const point = points.findIndex((item) => !isPoint(item));
  if (point >= 0)
    throw badArgument(`Zero point ${point} is ${describe(points[point])}. A zero point is a 32-bit whole number.`);
  return { scale: Float32Array.from(steps), zeroPoint: Int32Array.from(points) };
}

function codeArray({ bits, signed }: Rule, length: number) {
  if (bits === 16) return signed ? new Int16Array(length) : new Uint16Array(length);
  return bits === 8 && signed ? new Int8Array(length) : new Uint8Array(length);
}

export function quantizeAffine(heap: Heap, values: Values | Tensor, scheme: AffineScheme | Affine): Quantized {
  const rule = toRule(isAffine(scheme) ? scheme.scheme : scheme);
  const { source, shape } = toTensor(values);
  const geometry = toGeometry(rule, shape);
  const given = isAffine(scheme);
  const ranges = given || source.length === 0 ? undefined : calibratedRanges(heap, source, geometry, rule);
  let affine: { scale: Float32Array; zeroPoint: Int32Array };
  if (ranges) affine = affineFromRanges(heap, rule, ranges);
  else affine = given ? checkScales(scheme, geometry) : { scale: new Float32Array(0), zeroPoint: new Int32Array(0) };
  const codes = codeArray(rule, source.length);
  walk(heap, geometry, rule, affine, (panel, record, from, to, scales, zeroPoints) => {
    const count = panel.rows * panel.width;
    stage(heap, source, from, panel.from, panel.from + count, false);
    if (!ranges) checkFinite(heap, source, from, panel.from, count);
    heap.check(heap.core.quantize(record, from, panel.rows, panel.width, geometry.perRow, scales, zeroPoints, to));
    heap.read(to, codes.subarray(panel.from, panel.from + count));
  });
  const data = rule.bits < 8 ? packBits(heap, codes as Uint8Array, rule.bits) : codes;
  // The zero points of a symmetric scheme follow from it: they take no room.
  const implied = rule.signed ? 0 : 2 ** (rule.bits - 1);
  const free = rule.symmetric && affine.zeroPoint.every((point) => point === implied);
  const byteLength = data.byteLength + affine.scale.byteLength + (free ? 0 : affine.zeroPoint.byteLength);
  const bitsPerWeight = source.length ? (8 * byteLength) / source.length : rule.bits;
  return { scheme: { ...(given ? scheme.scheme : scheme) }, shape, data, ...affine, byteLength, bitsPerWeight };
}

type Step = (panel: Panel, record: number, from: number, to: number, scales: number, zeroPoints: number) => void;

/** Walks the tensor panel by panel with that panel's scales and zero points in the heap. */
function walk(
  heap: Heap,
  geometry: Geometry,
  rule: Rule,
  affine: { scale: Float32Array; zeroPoint: Int32Array },
  step: Step,
): void {
  const [record, from, to, scales, zeroPoints] = heap.place(RULE_BYTES, SLICE * 4, SLICE * 4, SLICE * 4, SLICE * 4);
  writeRule(heap, record, rule);
  const scale = perColumn(affine.scale, geometry);
  const zeroPoint = perColumn(affine.zeroPoint, geometry);
  eachPanel(geometry, (panel) => {
    const last = panel.first + scaleCount(geometry, panel);
    heap.write(Float32Array, scales, scale.subarray(panel.first, last));
    heap.write(Int32Array, zeroPoints, zeroPoint.subarray(panel.first, last));
    step(panel, record, from, to, scales, zeroPoints);
  });
}

export function dequantizeAffine(heap: Heap, quantized: Quantized): Float32Array {
  const rule = toRule(quantized.scheme as AffineScheme);
  const shape = checkShape(quantized.shape);
  checkCodes(quantized.data, codeArray(rule, 0).constructor.name, rule.bits, shape);
  const total = product(shape);
  const geometry = toGeometry(rule, shape);
  const values = new Float32Array(total);
  if (total === 0) return values;
  const affine = checkScales(quantized, geometry);
  const codes = rule.bits < 8 ? unpackBits(heap, quantized.data as Uint8Array, rule.bits, total) : quantized.data;
  const type = codes.constructor as Uint8ArrayConstructor;
  walk(heap, geometry, rule, affine, (panel, record, from, to, scales, zeroPoints) => {
    const count = panel.rows * panel.width;
    heap.write(type, from, codes.subarray(panel.from, panel.from + count));
    heap.check(heap.core.dequantize(record, from, panel.rows, panel.width, geometry.perRow, scales, zeroPoints, to));
    heap.read(to, values.subarray(panel.from, panel.from + count));
  });
  return values;
}
