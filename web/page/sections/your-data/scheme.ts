// What the builder sets, and the scheme, the title and the line of code that follow from it.
import type { AffineScheme, AffineType, BlockFormatName, NumberFormatName } from '../../../lib/types.ts';
import { MADE } from '../../kit/block-formats.ts';
import { shortest } from '../../kit/data/write.ts';
import { choice, flag, number, type OptionsOf } from '../../kit/options.ts';

export const INTEGERS = [
  ...['int8', 'int7', 'int6', 'int5', 'int4', 'int3', 'int2', 'int16'],
  ...['uint8', 'uint7', 'uint6', 'uint5', 'uint4', 'uint3', 'uint2', 'uint16'],
] as AffineType[];
export const FLOATS = [
  ...['float16', 'bfloat16', 'tfloat32', 'float8_e4m3fn', 'float8_e5m2', 'float8_e4m3fnuz', 'float8_e5m2fnuz'],
  ...['float6_e2m3fn', 'float6_e3m2fn', 'float4_e2m1fn'],
] as NumberFormatName[];
export const ABSMEANS = ['ternary_absmean', 'binary_absmean'] as BlockFormatName[];
export const BLOCKS = MADE.map(([name]) => name) as BlockFormatName[];

const TYPES = [...INTEGERS, ...FLOATS, ...ABSMEANS, ...BLOCKS] as readonly string[];

/** Beyond any shape: means the last axis, along which numbers that belong together lie side by side. */
const LAST_AXIS = 63;

const builder = (type: string) => ({
  type: choice(TYPES, type),
  symmetric: flag(true),
  narrow: flag(true),
  zero: flag(true),
  per: choice(['tensor', 'channel', 'group'], 'tensor'),
  axis: number(LAST_AXIS, { min: 0, max: LAST_AXIS, whole: true }),
  group: number(32, { min: 1, max: 2 ** 24, whole: true }),
  calibration: choice(['minmax', 'percentile', 'mse', 'entropy', 'hand'], 'minmax'),
  percentile: number(99.9, { min: 0.001, max: 100 }),
  // A range by hand is kept in units of the largest magnitude: it then fits other data, and a link tells nothing of it.
  low: number(-1, { min: -1e6, max: 1e6 }),
  high: number(1, { min: -1e6, max: 1e6 }),
  rounding: choice(['onnxruntime', 'pytorch'], 'onnxruntime'),
  saturate: flag(true),
});

const a = builder('int8');
const b = builder('int4');

type BuilderSet = typeof a;
export type Builder = OptionsOf<BuilderSet>;
export type Side = 'a' | 'b';

const keyOf = (side: Side, key: string) => (side === 'a' ? key : `b-${key}`);

/** The options of a side, out of the section's flat set, which is what an address holds. */
export function builderOf(side: Side, options: Record<string, unknown>): Builder {
  return Object.fromEntries(Object.keys(a).map((key) => [key, options[keyOf(side, key)]])) as Builder;
}

export function changesOf(side: Side, changes: Partial<Builder>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(changes).map(([key, value]) => [keyOf(side, key), value]));
}

type PrefixedB = { [K in keyof BuilderSet as `b-${K}`]: BuilderSet[K] };

export const options = {
  ...a,
  ...(Object.fromEntries(Object.entries(b).map(([key, option]) => [keyOf('b', key), option])) as PrefixedB),
  /** Whether the second scheme shows. */
  compare: flag(false),
  /** Which of the two the details are about. */
  side: choice(['a', 'b'], 'a'),
};
export type Options = OptionsOf<typeof options>;

export const isAffine = (type: string): type is AffineType => (INTEGERS as readonly string[]).includes(type);
export const isFloat = (type: string): type is NumberFormatName => (FLOATS as readonly string[]).includes(type);
export const isBlock = (type: string) => (BLOCKS as readonly string[]).includes(type);
export const isSigned = (type: string) => !type.startsWith('u');

/** What is known of the data when a scheme is made for it. */
export interface Surroundings {
  shape: readonly number[];
  absmax: number;
}

/** Axis and group size as the shape allows them. */
export function granularityOf({ per, axis, group }: Builder, shape: readonly number[]): AffineScheme['granularity'] {
  const usable = Math.min(axis, shape.length - 1);
  if (per === 'channel' && shape.length > 1) return { axis: usable };
  if (per === 'group') return { axis: usable, groupSize: groupSizeFor(shape[usable]!, group) };
  return 'tensor';
}

/** `wanted` where it divides the axis; else the nearest of the choices. Groups of one only where they are asked for. */
export function groupSizeFor(length: number, wanted: number): number {
  if (length % wanted === 0) return wanted;
  const distance = (size: number) => Math.abs(Math.log(size / wanted));
  const sizes = groupSizes(length).filter((size) => size > 1);
  return sizes.sort((a, b) => distance(a) - distance(b))[0] ?? 1;
}

/** The divisors of an axis, for a choice of group sizes: powers of two and the whole, at most nine. */
export function groupSizes(length: number): number[] {
  const sizes = [8, 16, 32, 64, 128, 256, 512, 1024].filter((size) => size < length && length % size === 0);
  if (sizes.length > 0) return [...sizes, length];
  const all = Array.from({ length: Math.min(length, 64) }, (_, i) => i + 1).filter((size) => length % size === 0);
  return [...new Set([...all.slice(-8), length])];
}

/** A bound by hand, as float32 holds it. */
export const boundOf = (fraction: number, absmax: number) => Math.fround(fraction * (absmax || 1));

export function schemeOf(
  builder: Builder,
  { shape, absmax }: Surroundings,
): AffineScheme | NumberFormatName | BlockFormatName {
  const { type, symmetric, narrow, zero, rounding } = builder;
  if (!isAffine(type)) return type as NumberFormatName | BlockFormatName;
  const granularity = granularityOf(builder, shape)!;
  const calibration = calibrationOf(builder, absmax);
  // Only what differs from the defaults: the code shows it.
  return {
    type,
    ...(symmetric ? (isSigned(type) && !narrow ? { narrowRange: false } : {}) : { symmetric: false }),
    ...(!symmetric && !zero ? { includeZero: false } : {}),
    ...(granularity === 'tensor' ? {} : { granularity }),
    ...(calibration === 'minmax' ? {} : { calibration }),
    ...(rounding === 'pytorch' ? { rounding } : {}),
  };
}

function calibrationOf({ calibration, percentile, low, high }: Builder, absmax: number) {
  if (calibration === 'percentile') return { percentile };
  if (calibration === 'hand') return { min: boundOf(low, absmax), max: boundOf(high, absmax) };
  return calibration;
}

/** 'int4, groups of 32, MSE' */
export function titleOf(builder: Builder, shape: readonly number[]): string {
  const { type, symmetric, calibration } = builder;
  if (!isAffine(type)) return type;
  const granularity = granularityOf(builder, shape)!;
  const groups =
    granularity === 'tensor'
      ? ''
      : 'groupSize' in granularity
        ? `, groups of ${granularity.groupSize}`
        : ', per channel';
  const words = {
    minmax: '',
    percentile: `, ${builder.percentile} %`,
    mse: ', MSE',
    entropy: ', entropy',
    hand: ', by hand',
  };
  return `${type}${symmetric ? '' : ' asymmetric'}${groups}${words[calibration]}`;
}

/** { type: 'int8', granularity: { axis: 1 } } */
export function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${key}: ${literal(item)}`);
    return `{ ${entries.join(', ')} }`;
  }
  if (typeof value === 'number') return Math.fround(value) === value ? shortest(value) : String(value);
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** More numbers than this come from a file in the code. */
export const INLINE = 64;

/** JavaScript that does the same in Node. `inline` are the values where they are few enough to be shown. */
export function codeOf(builder: Builder, surroundings: Surroundings, inline: string | undefined): string {
  const scheme = schemeOf(builder, surroundings);
  const lines = ["import { init } from 'fewbits';"];
  if (!inline) {
    lines.push("import { readFileSync } from 'node:fs';");
    lines.push("const values = new Float32Array(Uint8Array.from(readFileSync('values.f32')).buffer);");
  }
  const data = inline ? `Float32Array.of(${inline})` : 'values';
  const { shape } = surroundings;
  const tensor = shape.length > 1 && typeof scheme === 'object' ? `{ data: ${data}, shape: ${literal(shape)} }` : data;
  if (typeof scheme === 'string' && isFloat(scheme)) {
    const saturate = builder.saturate ? ', { saturate: true }' : '';
    lines.push(`const codes = (await init()).encode(${data}, '${scheme}'${saturate});`, 'console.log(codes);');
  } else {
    lines.push(
      `const quantized = (await init()).quantize(${tensor}, ${literal(scheme)});`,
      `console.log(quantized.${isBlock(builder.type) ? 'data' : 'scale'});`,
    );
  }
  return lines.join('\n');
}
