// The public types: what callers write and what they get.
import type { BlockFormatName, NumberFormatName } from './formats.generated.ts';

/** The names of the formats, as literal types: a wrong one is a type error. */
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
  /** As many elements as the shape says. */
  data: Values;
  /** Whole numbers, slowest dimension first. */
  shape: readonly number[];
}

/** What the top of a format's code range means; see {@link NumberFormat}. */
export type Specials = 'ieee' | 'fn' | 'fnuz' | 'none';

/** One way to write a number in bits. */
export interface NumberFormat {
  /** ml_dtypes' name. */
  readonly name: string;
  /** floating: (-1)^s * 2^(e - bias) * (1 + m / 2^M), without the 1 where e is 0; exponent: 2^(e - bias). */
  readonly kind: 'floating' | 'integer' | 'exponent';
  /** Bits of a code, and of its fields. */
  readonly bits: number;
  readonly signBits: number;
  readonly exponentBits: number;
  readonly mantissaBits: number;
  /** What is taken off the stored exponent. */
  readonly bias: number;
  readonly specials: Specials;
  /** The smallest and the largest finite value. */
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
  /** Whether it has a sign bit. */
  sign: boolean | 0 | 1;
  /** 0 to 8 */
  exponentBits: number;
  /** 0 to 23 */
  mantissaBits: number;
  /** Default 2^(exponentBits - 1) - 1. */
  bias?: number;
  /** 'ieee': infinities and NaN; 'fn': one NaN; 'fnuz': NaN in the place of -0; 'none': every code is a number. */
  specials: Specials;
}

/** A format by its name, a row of `numberFormats`, or what `makeFormat` gave. */
export type NumberFormatLike = NumberFormatName | NumberFormat;

/**
 * What some of a block's bits are for. A format's fields tile its block. Their entries may be interleaved with each other
 * and with those of other fields: `describeBlock` says where every one of them is.
 */
export interface Field {
  readonly name: string;
  readonly role: 'scale' | 'minimum' | 'code' | 'sign' | 'sum';
  /** Of the field's lowest bit, from the block's first, least significant bit of a byte first. */
  readonly bitOffset: number;
  /** Bits of one entry of the field, and how many entries there are. */
  readonly bits: number;
  readonly count: number;
}

/** Weights that share scales, stored in a fixed number of bytes. */
export interface BlockFormat {
  readonly name: BlockFormatName;
  /** Whose it is: 'ggml', 'mx', 'nvfp4', 'bitsandbytes', 'bitnet'. */
  readonly family: string;
  /** Elements per block; 0 where the whole tensor is one block. */
  readonly blockSize: number;
  /** Bytes per block, scales included; 0 where the whole tensor is one block. */
  readonly blockBytes: number;
  /** 8 * blockBytes / blockSize, or the bits of a code where the whole tensor is one block. */
  readonly bitsPerWeight: number;
  /** What every bit of a block means. */
  readonly fields: readonly Field[];
  /** Whether it cannot be made without an importance row, and whether one makes it better. */
  readonly needsImportance: boolean;
  readonly usesImportance: boolean;
  /** Whether this version can make it; all can be read. */
  readonly canQuantize: boolean;
}

/** One code per element: 8, 16, 32 bits, or 64 for float64. */
export type Codes = Uint8Array | Uint16Array | Uint32Array | BigUint64Array;

/** How numbers beyond a format's range are written. */
export interface CastOptions {
  /** Beyond the largest number: to it (true), or as ml_dtypes and PyTorch cast (false, the default). */
  saturate?: boolean;
}

/** One number in one format: {@link Fewbits.inspect}. */
export interface Inspection {
  /** As `encode` gives it: a bigint for float64. */
  code: number | bigint;
  /** '0 10000010 01011001100110011001101': the fields with spaces between them. */
  bits: string;
  /** The fields' bits, empty where the format has no such field. */
  sign: string;
  exponent: string;
  mantissa: string;
  /** What the format keeps, and that minus the value asked for. */
  value: number;
  /** value - the value asked for. */
  error: number;
  /** The spacing of the format's numbers at `value`, 2^(exponent - mantissaBits); NaN for infinity and NaN. */
  ulp: number;
  /** The neighbours on the number line, null where there is none. */
  previous: number | null;
  next: number | null;
  /** What kind of number it is; integers are 'zero' or 'integer'. */
  class: 'zero' | 'subnormal' | 'normal' | 'infinity' | 'nan' | 'integer';
}

/** The integer types that affine quantization goes to. */
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

/** One scale for the tensor, for every index along an axis, or for every `groupSize` elements along an axis. */
export type Granularity = 'tensor' | { axis: number } | { axis: number; groupSize: number };
/**
 * How the range of values is found. 'minmax': all of them. percentile: 0 < p <= 100, of magnitudes if symmetric, else of
 * both tails, interpolated as NumPy does. 'mse': least squared error over a stated grid. 'entropy': least Kullback-Leibler
 * divergence, after NVIDIA's "8-bit Inference with TensorRT" (Migacz, GTC 2017) as onnxruntime carries it out. Or by hand.
 */
export type Calibration = 'minmax' | { percentile: number } | 'mse' | 'entropy' | { min: number; max: number };

/**
 * How to quantize affinely: x ~ scale * (q - zeroPoint). b bits, symmetric: scale = absmax / (2^(b-1) - 1) in the narrow
 * range, absmax / ((2^b - 1) / 2) otherwise; asymmetric: scale = (max - min) / (2^b - 1). (Krishnamoorthi, arXiv 1806.08342.)
 */
export interface AffineScheme {
  /** What the codes are: 2 to 8 or 16 bits, signed or unsigned. */
  type: AffineType;
  /** Zero point in the middle (default true). */
  symmetric?: boolean;
  /** Signed symmetric: leave the most negative code unused (default true). */
  narrowRange?: boolean;
  /** Asymmetric: the range takes in 0, so that 0 stays exact (default true). */
  includeZero?: boolean;
  /** What shares a scale (default 'tensor'). */
  granularity?: Granularity;
  /** How the range is found (default 'minmax'). */
  calibration?: Calibration;
  /** 'onnxruntime': x / scale (default). 'pytorch': x * (1 / scale). Both round half to even. */
  rounding?: 'onnxruntime' | 'pytorch';
}

/** A scheme with its scales: one per group, in row-major order of the shape with the axis divided by the group size. */
export interface Affine {
  scheme: AffineScheme;
  /** The step between two codes, finite and above 0. */
  scale: Float32Array;
  /** The code of 0; all 0 for signed symmetric schemes. */
  zeroPoint: Int32Array;
  /** The calibrated range of every group. */
  min?: Float32Array;
  max?: Float32Array;
}

/** Options of block formats; each format reads those that it has. */
export interface BlockOptions {
  /** Elements of a row: a multiple of the block that divides the length. Default: the last dimension, else all. */
  rowLength?: number;
  /** rowLength finite weights of the error, 0 or more, for every row. */
  importance?: Values;
  /** bitsandbytes: 64, 128 ... 4096. */
  blockSize?: number;
  /** bitsandbytes: quantize the scales too, about `offset`. */
  doubleQuantize?: boolean;
  offset?: number;
  /** OCP MX: how the shared exponent is rounded (default 'floor'). */
  scaleRule?: 'floor' | 'rceil' | 'even';
}

/** What `quantize` gives and `dequantize` takes. */
export interface Quantized {
  /** How it was made. */
  scheme: AffineScheme | BlockFormatName;
  /** The shape of the values, slowest dimension first. */
  shape: number[];
  /** Typed codes for 8 and 16 bits, bit-packed bytes for narrower ones, the format's bytes for a block format. */
  data: Int8Array | Uint8Array | Int16Array | Uint16Array;
  /** One per group, in row-major order of the shape with the axis divided by the group size. */
  scale?: Float32Array;
  /** One per group, for affine schemes. */
  zeroPoint?: Int32Array;
  /** Double quantization: the scales' own codes, scales and offset. */
  nested?: { absmax: Uint8Array; scale: Float32Array; offset: number };
  /** Bytes of codes, scales and, of asymmetric schemes, zero points. */
  byteLength: number;
  /** 8 * byteLength / elements. */
  bitsPerWeight: number;
}

/** One block, field by field and element by element. Entries that make one number together have the same value. */
export interface BlockDescription {
  /**
   * Every entry of every field: `code` as it is stored in `bits` bits from `bitOffset` on, `value` as it is used. Of a
   * number that is stored in several entries, such as a scale of six bits, four here and two there, that is the value of
   * the whole; of a code that several elements share, it is the whole code.
   */
  fields: { name: string; role: Field['role']; bitOffset: number; bits: number; code: number; value: number }[];
  /** Every weight. */
  elements: {
    code: number;
    value: number;
    /**
     * What gives the value when every operation is rounded to float32: d * q, d * q + m, (d * sc) * q or
     * (d * sc) * q - dmin * m. d is called as its field is (e, absmax, scale); sc and m are the integers that a part of
     * the block has for its scale and minimum, with the offset that they are stored with taken off; q is what the code
     * stands for.
     */
    terms: Record<string, number>;
    /** Where the code's bits are in the block, its lowest first. Several elements may share them. */
    bits: number[];
    /** Which of `fields` the element is made of: scales, minima, and what holds its code. */
    entries: number[];
  }[];
}

/** How far restored values e = restored - original are off. */
export interface Comparison {
  /** Mean of e^2. */
  mse: number;
  /** Its square root, in the values' own unit. */
  rmse: number;
  /** Mean of |e|. */
  meanAbsError: number;
  /** The largest |e|, and the first index that has it. */
  maxAbsError: number;
  maxAbsErrorIndex: number;
  /** 10 log10(sum x^2 / sum e^2), in dB; Infinity where the error is 0. */
  sqnrDb: number;
  /** Cosine of the angle between the two: 1 for equal arrays, 0 where just one is all zeros. */
  cosine: number;
}

/** What values look like. Of no finite value, extremes and moments are NaN. */
export interface Summary {
  /** Elements, finite or not. */
  count: number;
  min: number;
  max: number;
  /** The largest magnitude. */
  absmax: number;
  mean: number;
  /** Population standard deviation. */
  std: number;
  /** How many are 0 or -0. */
  zeros: number;
  /** NaN and infinities; the other measures leave them out. */
  nonFinite: number;
  /** Further than three standard deviations from the mean. */
  outliers: number;
  /** Index of the first NaN or infinity, -1 where there is none. */
  firstNonFinite: number;
}

/** Which bins to count in. */
export interface HistogramOptions {
  /** 1 to 65536 */
  bins: number;
  /** The outer edges; default the range of the finite values. */
  min?: number;
  max?: number;
  /** Bins of equal ratio over |x| instead of equal width over x. */
  log?: boolean;
}

/** Counts by value, as numpy.histogram: bins are half-open, the last one closed. */
export interface Histogram {
  /** bins + 1 edges; the last bin is closed on both sides. */
  edges: Float64Array;
  /** How many values lie in each bin, below the first and above the last edge. NaN is in none. */
  counts: Float64Array;
  below: number;
  above: number;
}

/** A KV cache: 2 * layers * kvHeads * headDim elements for every token. */
export interface KvCacheOptions {
  /** Layers with attention. */
  layers: number;
  /** Heads of keys and values: fewer than query heads in grouped-query attention. */
  kvHeads: number;
  /** Elements of a head. */
  headDim: number;
  /** Tokens. */
  context: number;
  /** Sequences at once (default 1). */
  batch?: number;
  /** Of the keys. */
  format: NumberFormatName | BlockFormatName;
  /** The values' format; default the keys'. */
  formatV?: NumberFormatName | BlockFormatName;
}

/** The same bytes in both units: 1 GB = 10^9 bytes, 1 GiB = 2^30 bytes. */
export interface FormattedBytes {
  /** bytes / 10^9 */
  gigabytes: number;
  /** bytes / 2^30 */
  gibibytes: number;
  /** '39.7 GB (37 GiB)'; '18 bytes' below 1000. */
  text: string;
}

/** A Hugging Face config.json, parsed. */
export type ModelConfig = Readonly<Record<string, unknown>>;

/** One kind of tensor of a model: `total` = product of `shape` times `count`. */
export interface ParameterTerm {
  /** GGUF's name, without the layer. */
  name: string;
  /** Of one such tensor, row-major. */
  shape: number[];
  /** How many the model has. */
  count: number;
  total: number;
}

/** A model's size, exactly: the sum of its terms. Each weight is counted once, a tied embedding too. */
export interface ModelParameters {
  parameters: number;
  terms: ParameterTerm[];
}

/** What to reckon a model's memory for: a format or a recipe, and a context. */
export interface ModelMemoryOptions {
  /** One format for all weights ... */
  format?: NumberFormatName | BlockFormatName;
  /** ... or one of llama.cpp's recipes: q8_0, q4_k_m, q5_k_m. */
  recipe?: string;
  /** Tokens. */
  context: number;
  /** Sequences at once (default 1). */
  batch?: number;
  /** Of the cache's keys (default float16), and of its values (default the keys'). */
  kvFormat?: NumberFormatName | BlockFormatName;
  kvFormatV?: NumberFormatName | BlockFormatName;
  /** Whose rounding of contexts and whose windows (default 'llama.cpp'). */
  engine?: 'llama.cpp' | 'vllm';
}

/** One part of the memory. */
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
  /** What layers keep of the tokens: keys and values, latent rows, or a recurrent state. */
  kvCache: number;
  compute: number;
  total: number;
  terms: MemoryTerm[];
  /** What was taken for granted, in sentences. */
  assumptions: string[];
}

/** Whether methods answer at once or with a promise. */
export type Mode = 'sync' | 'async';
/** A result, or a promise of it. */
export type Out<M extends Mode, T> = M extends 'sync' ? T : Promise<T>;

/** Of a pool's call: move the inputs' buffers to the worker instead of copying them. */
export interface TransferOption {
  transfer?: boolean;
}
/** A pool's calls take that option last, alone or among the method's own. */
export type Last<M extends Mode> = M extends 'async' ? [options?: TransferOption] : [];
/** A method's own options, and for a pool that one. */
export type With<M extends Mode, T> = M extends 'async' ? T & TransferOption : T;

/**
 * Every method, with its results at once (what {@link init} gives) or as promises (what {@link createPool} gives).
 * Inputs are never modified; results own their memory. What goes wrong throws, or rejects with, a FewbitsError.
 */
export interface Methods<M extends Mode> {
  /** One code per element, rounded to nearest, ties to even. @throws UNKNOWN_FORMAT, BAD_INPUT, BAD_ARGUMENT */
  encode(values: Values, format: NumberFormatLike, options?: With<M, CastOptions>): Out<M, Codes>;
  /** The numbers that codes name: Float64Array for float64, int32 and uint32, else Float32Array. @throws UNKNOWN_FORMAT, BAD_INPUT */
  decode(
    codes: Codes | readonly number[],
    format: NumberFormatLike,
    ...last: Last<M>
  ): Out<M, Float32Array | Float64Array>;
  /** decode(encode(x)) in float32: what the format keeps. @throws UNKNOWN_FORMAT, BAD_INPUT, BAD_ARGUMENT */
  cast(values: Values, format: NumberFormatLike, options?: With<M, CastOptions>): Out<M, Float32Array>;
  /** Everything about one number in one format. @throws UNKNOWN_FORMAT, BAD_INPUT */
  inspect(value: number, format: NumberFormatLike, ...last: Last<M>): Out<M, Inspection>;
  /** Codes of 1 to 8 bits side by side, least significant bit first; the last byte is padded with zeros. @throws BAD_INPUT, BAD_ARGUMENT */
  packBits(codes: Values, bits: number, ...last: Last<M>): Out<M, Uint8Array>;
  /** `count` codes out of packed bytes. @throws BAD_INPUT, BAD_ARGUMENT, BAD_LENGTH beyond what the bytes hold */
  unpackBits(bytes: Uint8Array, bits: number, count: number, ...last: Last<M>): Out<M, Uint8Array>;
  /** A number format of one's own, usable wherever a format's name is. @throws BAD_ARGUMENT where a value would not be exact in float32 */
  makeFormat(spec: MadeFormatSpec, ...last: Last<M>): Out<M, NumberFormat>;

  /** Scales and zero points for these values. @throws UNKNOWN_FORMAT, BAD_INPUT, BAD_SHAPE, BAD_ARGUMENT, BAD_LENGTH, EMPTY, NON_FINITE (details.index) */
  calibrate(values: Values | Tensor, scheme: AffineScheme, ...last: Last<M>): Out<M, Affine>;
  /**
   * Values to codes: affine by a scheme (calibrated here) or by given scales, q = clamp(rint(x / scale) + zeroPoint).
   * @throws UNKNOWN_FORMAT, BAD_INPUT, BAD_SHAPE, BAD_ARGUMENT, BAD_LENGTH, NON_FINITE (details.index)
   */
  quantize(values: Values | Tensor, scheme: AffineScheme | Affine, ...last: Last<M>): Out<M, Quantized>;
  /**
   * Values to a block format: `data` is quantizeBlocks' bytes; what the tensor shares stands in `scale` or `nested`.
   * @throws UNKNOWN_FORMAT, UNSUPPORTED (this version does not make it), BAD_INPUT, BAD_SHAPE, BAD_LENGTH (rows that are
   * not whole blocks), BAD_ARGUMENT (an option), NEEDS_IMPORTANCE, NON_FINITE (details.index)
   */
  quantize(values: Values | Tensor, format: BlockFormatName, options?: With<M, BlockOptions>): Out<M, Quantized>;
  /**
   * (q - zeroPoint) * scale in float32, or what the block format says; a product beyond float32 is infinite.
   * @throws BAD_INPUT, BAD_SHAPE, BAD_LENGTH, BAD_ARGUMENT
   */
  dequantize(quantized: Quantized, ...last: Last<M>): Out<M, Float32Array>;

  /**
   * Values to a block format's bytes alone, row by row. GGML's are those of llama.cpp built for x86-64; builds that fuse
   * multiply and add (arm64) differ in some blocks of q2_k, q4_k and q5_k, no better and no worse.
   * @throws as quantize, and UNSUPPORTED for formats with a scale beside their bytes
   */
  quantizeBlocks(values: Values, format: BlockFormatName, options?: With<M, BlockOptions>): Out<M, Uint8Array>;
  /** A block format's bytes to values, the first `count` of them. @throws UNKNOWN_FORMAT, UNSUPPORTED, BAD_INPUT, BAD_LENGTH */
  dequantizeBlocks(bytes: Uint8Array, format: BlockFormatName, count?: number, ...last: Last<M>): Out<M, Float32Array>;
  /** What the bytes of one block mean. @throws UNKNOWN_FORMAT, UNSUPPORTED, BAD_INPUT, BAD_LENGTH */
  describeBlock(bytes: Uint8Array, format: BlockFormatName, ...last: Last<M>): Out<M, BlockDescription>;

  /** Errors between two arrays of one length, summed in double. @throws BAD_INPUT, BAD_LENGTH, EMPTY */
  compare(original: Values, restored: Values, ...last: Last<M>): Out<M, Comparison>;
  /** Counts, extremes and moments, in double. @throws BAD_INPUT */
  summarize(values: Values, ...last: Last<M>): Out<M, Summary>;
  /** How many values fall into each bin. @throws BAD_INPUT, BAD_ARGUMENT, EMPTY where a range must be found and there is none */
  histogram(values: Values, options: With<M, HistogramOptions>): Out<M, Histogram>;

  /** Bytes of that many weights: ceil(parameters / blockSize) * blockBytes, or ceil(parameters * bits / 8). @throws UNKNOWN_FORMAT, BAD_ARGUMENT */
  weightBytes(
    parameters: number,
    format: NumberFormatName | BlockFormatName | number,
    ...last: Last<M>
  ): Out<M, number>;
  /** layers * context * batch * (row(K) + row(V)); a row is kvHeads * headDim elements in block bytes. @throws UNKNOWN_FORMAT, BAD_ARGUMENT */
  kvCacheBytes(options: KvCacheOptions): Out<M, number>;
  /** Both units, never one under the other's name. @throws BAD_ARGUMENT */
  formatBytes(bytes: number, ...last: Last<M>): Out<M, FormattedBytes>;
  /** Exact parameter count, term by term, from a Hugging Face config.json. @throws UNSUPPORTED (a family that is not known), BAD_ARGUMENT (a field) */
  modelParameters(config: ModelConfig, ...last: Last<M>): Out<M, ModelParameters>;
  /** What a model needs to run: weights, KV cache, compute buffer. @throws UNSUPPORTED, UNKNOWN_FORMAT, BAD_ARGUMENT */
  modelMemory(config: ModelConfig, options: ModelMemoryOptions): Out<M, ModelMemory>;
}

/** What {@link init} resolves to. */
export interface Fewbits extends Methods<'sync'> {
  /** The tables: every format with what follows from it. */
  readonly numberFormats: readonly NumberFormat[];
  readonly blockFormats: readonly BlockFormat[];
}

/** What {@link createPool} resolves to: every method as a promise; a last argument { transfer: true } moves the inputs. */
export interface Pool extends Methods<'async'> {
  /** How many workers it has. */
  readonly size: number;
  /** The tables, as in {@link Fewbits}. */
  readonly numberFormats: readonly NumberFormat[];
  readonly blockFormats: readonly BlockFormat[];
  /** Ends the workers; pending and later calls reject with TERMINATED. May be repeated. */
  terminate(): Promise<void>;
}

/** A compiled WebAssembly.Module. (This file does without the types of a browser, so that it compiles without them.) */
export type CompiledModule = object;

/** Where the wasm is (an address; in Node a path too), a Response, its bytes, or the compiled module. */
export type WasmSource =
  | string
  | { readonly href: string }
  | { arrayBuffer(): Promise<ArrayBuffer> }
  | ArrayBuffer
  | ArrayBufferView
  | CompiledModule;

export interface InitOptions {
  /** By default the file beside the package's script. */
  wasm?: WasmSource | undefined;
}

export interface PoolOptions extends InitOptions {
  /** How many workers: a whole number, at least 1. Default: the hardware's concurrency. */
  size?: number;
  /** The address of the package's worker script, for bundlers that emit none. */
  worker?: { readonly href: string } | string;
}
