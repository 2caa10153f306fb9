// The workbench: what a scheme, or two, make of the reader's numbers. Pure; runs in the worker.
import { FewbitsError } from '../../../lib/errors.ts';
import type { Comparison, Fewbits } from '../../../lib/types.ts';
import type { Dataset } from '../../kit/contract.ts';
import { cParts, csvParts, jsonParts, npyParts, type Part, shortest } from '../../kit/data/write.ts';
import { MINUS } from '../../kit/numbers.ts';
import { EXACT_AT_ONCE, once, sampleOf } from '../../kit/sample.ts';
import {
  allCodes,
  blockIn,
  type Coding,
  codeAt,
  codingOf,
  errorHistogram,
  errorsOf,
  groupAt,
  isCoded,
  type Numbers,
} from './coding.ts';
import type { FileKind, FileRequest, MadeFile } from './files.ts';
import {
  type Builder,
  builderOf,
  codeOf,
  INLINE,
  isAffine,
  isBlock,
  type Options,
  type Side,
  titleOf,
} from './scheme.ts';

export { options } from './scheme.ts';

/** What became of one element. */
export interface Cell {
  code: string;
  restored: number;
  error: number;
}

/** A line of the table: one element, under each scheme. */
export interface Row {
  index: number;
  original: number;
  cells: Cell[];
}

export interface SideView {
  title: string;
  /** Why there is nothing to show; '' where there is. */
  problem: string;
  byteLength: number;
  bitsPerWeight: number;
  scales: { count: number; least: number; most: number } | null;
  /** How many values share a scale that is stored among their codes; 0 where none do. */
  blockSize: number;
  /** Null where an error is not finite. */
  measures: Comparison | null;
  nonFinite: number;
  /** Half a step, where all values share one. */
  halfStep: number | null;
  errors: number[];
  worst: Row[];
  code: string;
  /** The scale and zero point of the followed value. */
  followed: { scale: number; zeroPoint: number } | null;
}

export interface View {
  /** From every n-th value: 1 where it is exact. */
  stride: number;
  /** `exact` gives better. */
  pending: boolean;
  count: number;
  shape: number[];
  absmax: number;
  /** The axis of the error histograms: -reach to reach; 0 where nothing has an error. */
  reach: number;
  sides: SideView[];
  followed: Row | null;
  rows: Row[];
}

/** Of more than this, a tab can hold the values but not what every scheme makes of them: the sample is all there is. */
export const EXACT_AT_ALL = 2 ** 25;
const FIRST_ROWS = 12;

/** At once: exact for half a million values, from a sample for more. */
export function model(fewbits: Fewbits, dataset: Dataset, options: Options): View {
  const builders = buildersOf(options);
  const { length } = dataset.values;
  // Blocks are of neighbours, which a sample has not; they are coded fast.
  const atOnce = ({ type }: Builder) => isBlock(type) && length <= 4 * EXACT_AT_ONCE;
  if (length <= EXACT_AT_ONCE || builders.every((builder) => atOnce(builder) || isCoded(dataset, builder)))
    return exact(fewbits, dataset, options);
  return { ...fromSample(fewbits, dataset, builders), pending: length <= EXACT_AT_ALL };
}

export function exact(fewbits: Fewbits, dataset: Dataset, options: Options): View {
  const builders = buildersOf(options);
  const attempts = builders.map((builder) => attempt(() => codingOf(fewbits, dataset, builder)));
  return viewOf(fewbits, dataset, dataset, builders, attempts, 1);
}

export interface RowsRequest {
  start: number;
  count: number;
  options: Options;
}

/** A window of the table. */
export function rows(fewbits: Fewbits, dataset: Dataset, { start, count, options }: RowsRequest): Row[] {
  const { values } = dataset;
  const builders = buildersOf(options);
  const length = Math.max(0, Math.min(count, values.length - start));
  if (values.length > EXACT_AT_ALL) {
    const window = values.slice(start, start + length);
    const codings = builders.map((builder) => attempt(() => windowCoding(fewbits, dataset, builder, window)));
    return Array.from(window, (_, i) => rowAt(window, codings, i, start + i));
  }
  const codings = builders.map((builder) => attempt(() => codingOf(fewbits, dataset, builder)));
  return Array.from({ length }, (_, i) => rowAt(values, codings, start + i, start + i));
}

const buildersOf = (options: Options): Builder[] =>
  (options.compare ? (['a', 'b'] as Side[]) : (['a'] as Side[])).map((side) => builderOf(side, options));

/** A coding, or the sentence that says why there is none. */
function attempt(code: () => Coding): Coding | string {
  try {
    return code();
  } catch (error) {
    // By name: the class may come from another copy of the package.
    if (error instanceof Error && error.name === 'FewbitsError') return error.message;
    if (error instanceof RangeError) return 'this takes more memory than the tab gets.';
    throw error;
  }
}

// --- a sample ------------------------------------------------------------------------------------------------------

/** As many as fill the largest blocks. */
const inBlocks = once((sample) => sample.subarray(0, sample.length - (sample.length % 256)));

/** A sample, with what is known of all. */
function sampled({ values: all, summary }: Dataset) {
  const { values: sample, stride } = sampleOf(all);
  const values = inBlocks(sample);
  return { numbers: { values, shape: [values.length], summary }, stride };
}

/** The range of all values gives min-max the right scale. Groups are of neighbours, which a sample has not. */
function sampleCoding(fewbits: Fewbits, dataset: Dataset, builder: Builder): Coding {
  const { min, max, absmax } = dataset.summary;
  if (dataset.values.length > EXACT_AT_ALL && isAffine(builder.type) && builder.per !== 'tensor') {
    const message = `groups need every value, and more than ${EXACT_AT_ALL} are too many here. Take one scale per tensor.`;
    throw new FewbitsError('TOO_LARGE', message);
  }
  if (isBlock(builder.type)) blockIn(fewbits, builder.type, dataset.values.length);
  const whole = builder.calibration === 'minmax' && absmax > 0;
  const range = whole ? ({ calibration: 'hand', low: min / absmax, high: max / absmax } as const) : {};
  return codingOf(fewbits, sampled(dataset).numbers, { ...builder, per: 'tensor', ...range });
}

function fromSample(fewbits: Fewbits, dataset: Dataset, builders: Builder[]): View {
  const { numbers, stride } = sampled(dataset);
  const attempts = builders.map((builder) => attempt(() => sampleCoding(fewbits, dataset, builder)));
  return viewOf(fewbits, dataset, numbers, builders, attempts, stride);
}

/** A few values by the scale that the sample found. */
function windowCoding(fewbits: Fewbits, dataset: Dataset, builder: Builder, window: Float32Array): Coding {
  const coding = sampleCoding(fewbits, dataset, builder);
  const { scheme, quantized } = coding;
  if (typeof scheme === 'object' && quantized) {
    const affine = { scheme, scale: quantized.scale!, zeroPoint: quantized.zeroPoint! };
    const part = fewbits.quantize(window, affine);
    return { ...coding, quantized: part, restored: fewbits.dequantize(part) };
  }
  if (quantized)
    throw new FewbitsError('TOO_LARGE', `more than ${EXACT_AT_ALL} values are too many for ${builder.type} here.`);
  return codingOf(fewbits, { ...dataset, values: window, shape: [window.length] }, builder);
}

// --- the view ------------------------------------------------------------------------------------------------------

const bins = (count: number) => (count <= INLINE ? 21 : 61);

function viewOf(
  fewbits: Fewbits,
  dataset: Dataset,
  numbers: Numbers,
  builders: Builder[],
  attempts: (Coding | string)[],
  stride: number,
): View {
  const sides = attempts.map((coding, i) => sideOf(fewbits, dataset, numbers, builders[i]!, coding, stride));
  const reach = Math.max(0, ...sides.map(({ measures }) => measures?.maxAbsError ?? 0));
  attempts.forEach((coding, i) => {
    if (typeof coding === 'string' || reach === 0) return;
    sides[i]!.errors = errorHistogram(coding, numbers.values, reach, bins(numbers.values.length));
  });
  const whole = numbers === dataset;
  const first = Math.min(FIRST_ROWS, dataset.values.length);
  return {
    stride,
    pending: false,
    count: dataset.values.length,
    shape: [...dataset.shape],
    absmax: dataset.summary.absmax,
    reach,
    sides,
    followed: whole ? rowAt(dataset.values, attempts, dataset.followed, dataset.followed) : null,
    rows: whole ? Array.from({ length: first }, (_, i) => rowAt(dataset.values, attempts, i, i)) : [],
  };
}

function sideOf(
  fewbits: Fewbits,
  dataset: Dataset,
  numbers: Numbers,
  builder: Builder,
  coding: Coding | string,
  stride: number,
): SideView {
  const title = titleOf(builder, dataset.shape);
  const code = codeOf(builder, { shape: dataset.shape, absmax: dataset.summary.absmax }, inlined(dataset.values));
  const nothing = {
    byteLength: 0,
    bitsPerWeight: 0,
    scales: null,
    blockSize: 0,
    measures: null,
    nonFinite: 0,
    halfStep: null,
    errors: [],
    worst: [],
  };
  if (typeof coding === 'string') return { title, code, problem: coding, ...nothing, followed: null };
  const { values } = numbers;
  const { worst, nonFinite, measures } = errorsOf(fewbits, coding, values);
  return {
    title,
    code,
    problem: '',
    byteLength: numbers === dataset ? coding.byteLength : Math.ceil((coding.bitsPerWeight * dataset.values.length) / 8),
    bitsPerWeight: coding.bitsPerWeight,
    scales: scalesOf(coding),
    blockSize: coding.blockSize ?? 0,
    measures: measures && { ...measures, maxAbsErrorIndex: measures.maxAbsErrorIndex * stride },
    nonFinite,
    halfStep: halfStepOf(coding),
    errors: [],
    worst: worst.filter((i) => coding.restored[i] !== values[i]).map((i) => rowAt(values, [coding], i, i * stride)),
    followed: numbers === dataset ? groupOf(coding, dataset) : null,
  };
}

function rowAt(values: Float32Array, codings: (Coding | string)[], index: number, shown: number): Row {
  const cells = codings.map((coding): Cell => {
    if (typeof coding === 'string') return { code: '', restored: Number.NaN, error: Number.NaN };
    const restored = coding.restored[index]!;
    return { code: codeText(coding, index), restored, error: restored - values[index]! };
  });
  return { index: shown, original: values[index]!, cells };
}

/** Integers as numbers, floats as hexadecimal patterns. */
function codeText(coding: Coding, index: number): string {
  const code = codeAt(coding, index);
  if (!coding.codes) return String(code).replace('-', MINUS);
  return code
    .toString(16)
    .toUpperCase()
    .padStart(Math.ceil(coding.bits / 4), '0');
}

function scalesOf({ quantized }: Coding): SideView['scales'] {
  if (!quantized?.scale) return null;
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const scale of quantized.scale) {
    least = Math.min(least, scale);
    most = Math.max(most, scale);
  }
  return { count: quantized.scale.length, least, most };
}

function halfStepOf({ builder, quantized }: Coding): number | null {
  return isAffine(builder.type) && quantized?.scale?.length === 1 ? quantized.scale[0]! / 2 : null;
}

function groupOf({ scheme, quantized }: Coding, { shape, followed }: Dataset): SideView['followed'] {
  if (typeof scheme === 'string' || !quantized) return null;
  const group = groupAt(scheme, shape, followed);
  return { scale: quantized.scale![group]!, zeroPoint: quantized.zeroPoint![group]! };
}

/** The values as code, where they are few. */
function inlined(values: Float32Array): string | undefined {
  return values.length <= INLINE ? Array.from(values, shortest).join(', ') : undefined;
}

// --- files ---------------------------------------------------------------------------------------------------------

/** A file to take home; of the side that the details are about. */
export function file(fewbits: Fewbits, dataset: Dataset, { kind, options }: FileRequest): MadeFile {
  const builder = builderOf(options.compare ? options.side : 'a', options);
  const coding = codingOf(fewbits, dataset, builder);
  const base =
    dataset.name
      .replace(/\.[^.]{1,5}$/, '')
      .replace(/[^\p{L}\p{N}_-]+/gu, '-')
      .slice(0, 60) || 'values';
  const parts = partsOf(kind, dataset, coding);
  const name =
    kind === 'values.f32'
      ? kind
      : kind.endsWith('.npy')
        ? `${base}-${builder.type}-${kind}`
        : `${base}-${builder.type}.${kind === 'c' ? 'h' : kind}`;
  return { name, blob: new Blob(parts) };
}

function partsOf(kind: FileKind, { values, shape, name }: Dataset, coding: Coding): Part[] {
  if (kind === 'values.f32')
    return [new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength)];
  if (kind === 'restored.npy') return npyParts(coding.restored, shape);
  const { scale, zeroPoint } = coding.quantized ?? {};
  if (kind === 'scales.npy') return npyParts(scale!, [scale!.length]);
  const codes = allCodes(coding, values.length);
  if (kind === 'codes.npy') return npyParts(codes, coding.blockSize ? [codes.length] : shape);
  if (kind === 'csv') return csvParts(values, coding.blockSize ? null : codes, coding.restored);
  const coded = {
    scheme: coding.scheme,
    shape,
    codes,
    ...(scale ? { scale } : {}),
    ...(zeroPoint ? { zeroPoint } : {}),
  };
  return kind === 'json' ? jsonParts(coded) : cParts(name, coded);
}
