// The public types. API.md of the project's documentation is the contract: names here are what callers write.
import type { BlockFormatName, NumberFormatName } from './formats.generated.ts';

export type { BlockFormatName, NumberFormatName };

/** Anything that holds numbers. Integer arrays are read as their numbers; a view may start at any byte offset. */
export type Values =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float16ArrayLike
  | readonly number[];

/** The Float16Array of engines that have one. */
export interface Float16ArrayLike {
  readonly [Symbol.toStringTag]: 'Float16Array';
  readonly length: number;
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly byteLength: number;
  [index: number]: number;
}

/** Values with a shape, slowest dimension first (row-major). A bare array has shape [length]. */
export interface Tensor {
  data: Values;
  shape: readonly number[];
}

/** What the top of a format's code range means; see {@link NumberFormat}. */
export type Specials = 'ieee' | 'fn' | 'fnuz' | 'none';

/** One way to write a number in bits. */
export interface NumberFormat {
  readonly name: string;
  readonly kind: 'floating' | 'integer' | 'exponent';
  readonly bits: number;
  readonly signBits: number;
  readonly exponentBits: number;
  readonly mantissaBits: number;
  readonly bias: number;
  readonly specials: Specials;
  /** Extreme finite values. */
  readonly min: number;
  readonly max: number;
  /** Smallest positive normal and subnormal numbers; 0 where there are none. */
  readonly smallestNormal: number;
  readonly smallestSubnormal: number;
  /** From 1 to the next larger value, 2^-mantissaBits; 1 for integers. */
  readonly epsilon: number;
  /** Decimal digits that always survive. */
  readonly decimalDigits: number;
  readonly hasInfinity: boolean;
  readonly hasNaN: boolean;
  /** How many different finite numbers its codes name. */
  readonly values: number;
  /** Names elsewhere, null where there is none. */
  readonly safetensors: string | null;
  readonly gguf: string | null;
  readonly npy: string | null;
}

/** A format that the caller makes up: {@link Fewbits.makeFormat}. */
export interface MadeFormatSpec {
  sign: boolean | 0 | 1;
  /** 0 to 8 */
  exponentBits: number;
  /** 0 to 23 */
  mantissaBits: number;
  /** Default 2^(exponentBits - 1) - 1. */
  bias?: number;
  specials: Specials;
}

export type NumberFormatLike = NumberFormatName | NumberFormat;

export interface Field {
  readonly name: string;
  readonly role: 'scale' | 'minimum' | 'code' | 'sign' | 'sum';
  readonly bitOffset: number;
  readonly bits: number;
  readonly count: number;
}

/** Weights that share scales, stored in a fixed number of bytes. */
export interface BlockFormat {
  readonly name: BlockFormatName;
  readonly family: string;
  /** Elements per block; 0 where the whole tensor is one block. */
  readonly blockSize: number;
  readonly blockBytes: number;
  readonly bitsPerWeight: number;
  readonly fields: readonly Field[];
  readonly needsImportance: boolean;
  readonly usesImportance: boolean;
  /** Whether this version can make it; all can be reckoned with. */
  readonly canQuantize: boolean;
}

/** One code per element: 8, 16, 32 bits, or 64 for float64. */
export type Codes = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

export interface CastOptions {
  /** Beyond the largest number: to it (true), or as ml_dtypes and PyTorch cast (false, the default). */
  saturate?: boolean;
}

/** One number in one format: {@link Fewbits.inspect}. */
export interface Inspection {
  code: number | bigint;
  /** '0 10000010 01011001100110011001101': the fields with spaces between them. */
  bits: string;
  /** The fields' bits, empty where the format has no such field. */
  sign: string;
  exponent: string;
  mantissa: string;
  /** What the format keeps, and that minus the value asked for. */
  value: number;
  error: number;
  /** The spacing of the format's numbers at `value`, 2^(exponent - mantissaBits); NaN for infinity and NaN. */
  ulp: number;
  /** The neighbours on the number line, null where there is none. */
  previous: number | null;
  next: number | null;
  class: 'zero' | 'subnormal' | 'normal' | 'infinity' | 'nan' | 'integer';
}

export type AffineType =
  | 'int2'
  | 'int3'
  | 'int4'
  | 'int5'
  | 'int6'
  | 'int7'
  | 'int8'
  | 'int16'
  | 'uint2'
  | 'uint3'
  | 'uint4'
  | 'uint5'
  | 'uint6'
  | 'uint7'
  | 'uint8'
  | 'uint16';

export type Granularity = 'tensor' | { axis: number } | { axis: number; groupSize: number };
export type Calibration = 'minmax' | { percentile: number } | 'mse' | 'entropy' | { min: number; max: number };

/** x ~ scale * (q - zeroPoint). */
export interface AffineScheme {
  type: AffineType;
  /** Zero point in the middle (default true). */
  symmetric?: boolean;
  /** Signed symmetric: leave the most negative code unused (default true). */
  narrowRange?: boolean;
  /** Asymmetric: the range takes in 0, so that 0 stays exact (default true). */
  includeZero?: boolean;
  granularity?: Granularity;
  calibration?: Calibration;
  /** 'onnxruntime': x / scale (default). 'pytorch': x * (1 / scale). Both round half to even. */
  rounding?: 'onnxruntime' | 'pytorch';
}

/** A scheme with its scales: one per group, in row-major order of the shape with the axis divided by the group size. */
export interface Affine {
  scheme: AffineScheme;
  scale: Float32Array;
  zeroPoint: Int32Array;
  /** The calibrated range of every group. */
  min?: Float32Array;
  max?: Float32Array;
}

export interface BlockOptions {
  rowLength?: number;
  importance?: Values;
  blockSize?: number;
  doubleQuantize?: boolean;
  offset?: number;
  scaleRule?: 'floor' | 'rceil' | 'even';
}

export interface Quantized {
  scheme: AffineScheme | BlockFormatName;
  shape: number[];
  /** Typed codes for 8 and 16 bits, bit-packed bytes for narrower ones, the format's bytes for a block format. */
  data: Int8Array | Uint8Array | Int16Array | Uint16Array;
  scale?: Float32Array;
  zeroPoint?: Int32Array;
  nested?: { absmax: Uint8Array; scale: Float32Array; offset: number };
  /** Bytes of codes, scales and zero points. */
  byteLength: number;
  bitsPerWeight: number;
}

export interface Comparison {
  mse: number;
  rmse: number;
  meanAbsError: number;
  maxAbsError: number;
  maxAbsErrorIndex: number;
  /** 10 log10(sum x^2 / sum e^2), in dB; Infinity where the error is 0. */
  sqnrDb: number;
  cosine: number;
}

export interface Summary {
  count: number;
  min: number;
  max: number;
  absmax: number;
  mean: number;
  /** Population standard deviation. */
  std: number;
  zeros: number;
  /** NaN and infinities; the other measures leave them out. */
  nonFinite: number;
  /** Further than three standard deviations from the mean. */
  outliers: number;
  /** Index of the first NaN or infinity, -1 where there is none. */
  firstNonFinite: number;
}

export interface HistogramOptions {
  /** 1 to 65536 */
  bins: number;
  min?: number;
  max?: number;
  /** Bins of equal ratio over |x| instead of equal width over x. */
  log?: boolean;
}

export interface Histogram {
  /** bins + 1 edges; the last bin is closed on both sides. */
  edges: Float64Array;
  counts: Float64Array;
  below: number;
  above: number;
}

export interface KvCacheOptions {
  layers: number;
  kvHeads: number;
  headDim: number;
  /** Tokens. */
  context: number;
  batch?: number;
  format: NumberFormatName | BlockFormatName;
  /** The values' format; default the keys'. */
  formatV?: NumberFormatName | BlockFormatName;
}

/** The same bytes in both units: 1 GB = 10^9 bytes, 1 GiB = 2^30 bytes. */
export interface FormattedBytes {
  gigabytes: number;
  gibibytes: number;
  /** '39.7 GB (36.9 GiB)'; '18 bytes' below 1000. */
  text: string;
}

/** A Hugging Face config.json, parsed. */
export type ModelConfig = Readonly<Record<string, unknown>>;

/** One kind of tensor of a model: `total` = product of `shape` times `count`. */
export interface ParameterTerm {
  name: string;
  shape: number[];
  count: number;
  total: number;
}

export interface ModelParameters {
  parameters: number;
  terms: ParameterTerm[];
}

export interface ModelMemoryOptions {
  /** One format for all weights ... */
  format?: NumberFormatName | BlockFormatName;
  /** ... or one of llama.cpp's recipes. */
  recipe?: string;
  /** Tokens. */
  context: number;
  batch?: number;
  kvFormat?: NumberFormatName | BlockFormatName;
  kvFormatV?: NumberFormatName | BlockFormatName;
  engine?: 'llama.cpp' | 'vllm';
}

export interface MemoryTerm {
  name: string;
  bytes: number;
  /** How it was reckoned, in words and numbers. */
  formula: string;
}

/** Bytes; total = weights + kvCache + compute. */
export interface ModelMemory {
  parameters: number;
  weights: number;
  kvCache: number;
  compute: number;
  total: number;
  terms: MemoryTerm[];
  /** What was taken for granted, in sentences. */
  assumptions: string[];
}

/** Whether methods answer at once or with a promise. */
export type Mode = 'sync' | 'async';
export type Out<M extends Mode, T> = M extends 'sync' ? T : Promise<T>;

/** Of a pool's call: move the inputs' buffers to the worker instead of copying them. */
export interface TransferOption {
  transfer?: boolean;
}
/** A pool's calls take that option last, alone or among the method's own. */
export type Last<M extends Mode> = M extends 'async' ? [options?: TransferOption] : [];
export type With<M extends Mode, T> = M extends 'async' ? T & TransferOption : T;

/**
 * Every method, with its results at once (what {@link init} gives) or as promises (what {@link createPool} gives).
 * Inputs are never modified; results own their memory. What goes wrong throws, or rejects with, a FewbitsError.
 */
export interface Methods<M extends Mode> {
  /** One code per element, rounded to nearest, ties to even. */
  encode(values: Values, format: NumberFormatLike, options?: With<M, CastOptions>): Out<M, Codes>;
  /** The numbers that codes name: Float64Array for float64, int32 and uint32, else Float32Array. */
  decode(
    codes: Codes | readonly number[],
    format: NumberFormatLike,
    ...last: Last<M>
  ): Out<M, Float32Array | Float64Array>;
  /** decode(encode(x)): what the format keeps. */
  cast(values: Values, format: NumberFormatLike, options?: With<M, CastOptions>): Out<M, Float32Array>;
  /** Everything about one number in one format. */
  inspect(value: number, format: NumberFormatLike, ...last: Last<M>): Out<M, Inspection>;
  /** Codes of 1 to 8 bits side by side, least significant bit first; the last byte is padded with zeros. */
  packBits(codes: Values, bits: number, ...last: Last<M>): Out<M, Uint8Array>;
  /** `count` codes out of packed bytes. */
  unpackBits(bytes: Uint8Array, bits: number, count: number, ...last: Last<M>): Out<M, Uint8Array>;
  /** A number format of one's own, usable wherever a format's name is. Every value must be exact in float32. */
  makeFormat(spec: MadeFormatSpec, ...last: Last<M>): Out<M, NumberFormat>;

  /** Scales and zero points for these values. */
  calibrate(values: Values | Tensor, scheme: AffineScheme, ...last: Last<M>): Out<M, Affine>;
  /** Values to codes: affine by a scheme (calibrated here) or by given scales. */
  quantize(values: Values | Tensor, scheme: AffineScheme | Affine, ...last: Last<M>): Out<M, Quantized>;
  /** Values to a block format. */
  quantize(values: Values | Tensor, format: BlockFormatName, options?: With<M, BlockOptions>): Out<M, Quantized>;
  /** (q - zeroPoint) * scale in float32, or what the block format says. */
  dequantize(quantized: Quantized, ...last: Last<M>): Out<M, Float32Array>;

  /** Errors between two arrays of one length, summed in double. */
  compare(original: Values, restored: Values, ...last: Last<M>): Out<M, Comparison>;
  /** Counts, extremes and moments. */
  summarize(values: Values, ...last: Last<M>): Out<M, Summary>;
  /** How many values fall into each bin. */
  histogram(values: Values, options: With<M, HistogramOptions>): Out<M, Histogram>;

  /** Bytes of that many weights: ceil(parameters / blockSize) * blockBytes, or ceil(parameters * bits / 8). */
  weightBytes(
    parameters: number,
    format: NumberFormatName | BlockFormatName | number,
    ...last: Last<M>
  ): Out<M, number>;
  /** layers * context * batch * (row(K) + row(V)); a row is kvHeads * headDim elements in block bytes. */
  kvCacheBytes(options: KvCacheOptions): Out<M, number>;
  /** Both units, never one under the other's name. */
  formatBytes(bytes: number, ...last: Last<M>): Out<M, FormattedBytes>;
  /** Exact parameter count, term by term, from a Hugging Face config.json. */
  modelParameters(config: ModelConfig, ...last: Last<M>): Out<M, ModelParameters>;
  /** What a model needs to run: weights, KV cache, compute buffer. */
  modelMemory(config: ModelConfig, options: ModelMemoryOptions): Out<M, ModelMemory>;
}

/** What {@link init} resolves to. */
export interface Fewbits extends Methods<'sync'> {
  readonly numberFormats: readonly NumberFormat[];
  readonly blockFormats: readonly BlockFormat[];
}

/** What {@link createPool} resolves to: every method as a promise; a last argument { transfer: true } moves the inputs. */
export interface Pool extends Methods<'async'> {
  readonly size: number;
  readonly numberFormats: readonly NumberFormat[];
  readonly blockFormats: readonly BlockFormat[];
  /** Ends the workers; pending and later calls reject with TERMINATED. May be repeated. */
  terminate(): Promise<void>;
}
