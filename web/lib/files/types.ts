// The public types of fewbits/files. Like types.ts they do without the types of a browser or of Node.
import type { ModelFormat, Quantization } from '../containers/kinds.ts';
import type { Fewbits, MemoryTerm, ModelConfig, ModelMemoryOptions, Pool } from '../types.ts';

export type { ModelFormat, Quantization };

/** A Blob, or a File, which has a name too. */
export interface BlobLike {
  readonly size: number;
  readonly type: string;
  slice(start?: number, end?: number): BlobLike;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A FileHandle of Node's. It stays open, and the caller's. */
export interface FileHandleLike {
  readonly fd: number;
  stat(): Promise<{ size: number }>;
}

/**
 * Where a model is: a Blob or File; a URL whose server answers ranges of bytes; the bytes themselves; in Node a path,
 * which is opened for every read and closed again, or a FileHandle.
 */
export type ModelSource =
  | BlobLike
  | { readonly href: string }
  | ArrayBuffer
  | SharedArrayBuffer
  | ArrayBufferView
  | string
  | FileHandleLike;

export interface OpenOptions {
  /** The core that decodes, where it is not the one that `init()` gives. */
  fewbits?: Fewbits;
}

/** One tensor of a model. */
export interface ModelTensor {
  readonly name: string;
  /** Slowest dimension first, in every container. */
  readonly shape: readonly number[];
  /** Our format's name; null where no format holds such elements (int64, uint64, bool, complex numbers, text). */
  readonly type: string | null;
  /** The file's own word for it: 'BF16', 'Q4_K', '<f4', 'FLOAT16'. */
  readonly storedType: string;
  readonly elements: number;
  /** Bytes of its elements; where they are stored in another way (deflated, ONNX's typed fields), bytes as they are read. */
  readonly byteLength: number;
  /** From the beginning of the file that holds it; absent where no bytes stand there as they are. */
  readonly byteOffset?: number;
  /** The file that holds it: of several, the shard. */
  readonly file: string;
}

/** Elements [start, end) in row-major order; they need not fall on blocks. */
export interface ReadOptions {
  start?: number;
  end?: number;
  /** Stops between slices: ABORTED. */
  signal?: { readonly aborted: boolean };
}

/** A model file, or several that belong together, opened: its headers were read and checked, its data not yet. */
export interface Model {
  readonly format: ModelFormat;
  /**
   * In the file's order. Integers of 64 bits are bigint; texts that are not UTF-8 have U+FFFD. Arrays are arrays; of numbers
   * beyond the first four million they are typed arrays.
   */
  readonly metadata: ReadonlyMap<string, unknown>;
  readonly tensors: readonly ModelTensor[];
  /** What one should know, in sentences: what was left out, what is missing. */
  readonly notes: readonly string[];
  /** How a checkpoint's weights are quantized beyond its types (GPTQ, AWQ ...); its tensors are read as they are stored. */
  readonly quantization?: Quantization;
  /**
   * A tensor's values, dequantized, row-major. Reading is sliced: beside the result a few megabytes are held.
   * @throws BAD_ARGUMENT (no such tensor, a bad range), UNSUPPORTED_TYPE, UNSUPPORTED, TRUNCATED, BAD_DATA, BAD_LENGTH,
   * OUT_OF_RANGE, TOO_LARGE, MISSING_FILE, UNSAFE_PATH, READ_FAILED, TERMINATED (after close), ABORTED
   */
  read(name: string, options?: ReadOptions): Promise<Float32Array>;
  /** No reads after it. */
  close(): Promise<void>;
}

/**
 * Opens a model: safetensors (with its shards), GGUF (2 and 3, with its splits), .npy, .npz or ONNX, by its first bytes.
 * An array is one model in several files, which find each other by name.
 * @throws TRUNCATED, BAD_MAGIC, BAD_HEADER, BAD_LENGTH, BAD_UTF8, OVERLAP, OUT_OF_RANGE, TOO_LARGE, UNSUPPORTED,
 * UNSUPPORTED_TYPE, DUPLICATE_NAME, UNSAFE_PATH, MISSING_FILE, READ_FAILED, each with details.byteOffset where there is one
 */
export type OpenModel = (source: ModelSource | readonly ModelSource[], options?: OpenOptions) => Promise<Model>;

/** Sets the type of the tensors whose name has the pattern; a string is a regular expression. */
export interface ConversionOverride {
  pattern: RegExp | string;
  type: string;
}

/** Importances by tensor, as `openImportance` gives them. Of a matrix that has a file the output's metadata tell it. */
export interface ImportanceLike {
  readonly file?: string;
  readonly datasets?: readonly string[];
  readonly chunks?: number;
  readonly names?: readonly string[];
  read(name: string, shape: { rowLength: number; experts?: number }): Promise<Float32Array | undefined>;
}

/** An importance matrix, opened. */
export interface ImportanceMatrix extends ImportanceLike {
  readonly format: 'gguf' | 'dat';
  /** The file's name. */
  readonly file: string;
  /** The texts that it was made from; the older layout names one at most. */
  readonly datasets: readonly string[];
  /** How many chunks of them; 0 where the file does not say. */
  readonly chunks: number;
  /** The tensors that it knows. */
  readonly names: readonly string[];
}

export interface PlanOptions {
  to: 'gguf' | 'safetensors' | 'npy';
  /**
   * One type for all tensors that it suits. To GGUF: out of a GGUF those that llama.cpp quantizes, out of others every matrix
   * (float16 where rows fit no block); elsewhere all real numbers. Without type and recipe tensors keep theirs.
   */
  type?: string;
  /** One of llama.cpp's recipes, such as 'q4_k_m': from GGUF to GGUF. */
  recipe?: string;
  /** The first that fits a tensor's name decides. */
  overrides?: readonly ConversionOverride[];
  importance?: ImportanceLike;
  /** For .npy, which holds one: the tensor's name, where the model has several. */
  tensor?: string;
}

export interface ConversionProgress {
  bytesDone: number;
  bytesTotal: number;
  /** The tensor under way. */
  tensor: string;
  /** At the rate so far. */
  secondsLeft?: number;
}

export interface ConvertOptions extends PlanOptions {
  /** Quantizes in its workers. */
  pool?: Pool;
  onProgress?(progress: ConversionProgress): void;
  signal?: { readonly aborted: boolean };
}

export interface ConversionTensor {
  name: string;
  type: string | null;
  byteLength: number;
  /** Why it gets that type, in words. */
  reason: string;
}

/** A Blob where there are any. */
export type AnyBlob = typeof globalThis extends { Blob: { prototype: infer B } } ? B : BlobLike;

/** What a conversion writes: bytes of the file, and every tensor's type, in the model's order. */
export interface Conversion {
  byteLength: number;
  tensors: ConversionTensor[];
  /** Where the sink was 'blob'. */
  blob?: AnyBlob;
}

export interface ConvertPartOptions extends ConvertOptions {
  /** Which part, from 1, of how many. */
  part: { index: number; count: number };
}

/** A part of a conversion: bytes [begin, end) of an output that has `byteLength` in all. */
export interface ConversionPart {
  index: number;
  count: number;
  begin: number;
  end: number;
  byteLength: number;
  /** Where the sink was 'blob'. */
  blob?: AnyBlob;
}

export interface JoinOptions {
  /** Bytes of the output, and the part that they come from. */
  onProgress?(progress: { bytesDone: number; bytesTotal: number; part: number }): void;
  signal?: { readonly aborted: boolean };
}

export interface AnalyzeOptions {
  /** What to try: ggml's block formats, float16, bfloat16. */
  types: readonly string[];
  /** Plans types so that the GGUF has at most so many bytes. */
  targetBytes?: number;
  importance?: ImportanceLike;
  pool?: Pool;
  onProgress?(progress: ConversionProgress): void;
  signal?: { readonly aborted: boolean };
}

/** What a type would make of a tensor. */
export interface AnalyzedType {
  type: string;
  byteLength: number;
  /** Mean of (w − w′)². */
  mse: number;
  /** 10 log10 of sum w² / sum (w − w′)²; Infinity where nothing is lost. */
  sqnrDb: number;
  cosine: number;
  /** What a plan adds up: importance × (w − w′)², summed; without an importance matrix relative to sum w². */
  error: number;
}

export interface AnalyzedTensor {
  name: string;
  /** Of the types whose blocks fit its rows. */
  results: AnalyzedType[];
}

export interface Analysis {
  tensors: AnalyzedTensor[];
  plan?: {
    /** Of the whole GGUF. */
    byteLength: number;
    types: Map<string, string>;
    error: number;
    /** Whether errors were weighed by an importance matrix, or stand for it. */
    measure: 'importance' | 'proxy';
  };
}

export interface CompareModelsOptions {
  onProgress?(progress: ConversionProgress): void;
  signal?: { readonly aborted: boolean } | undefined;
}

/** How a tensor differs between two models; without measures, but with a reason, where it cannot be compared. */
export interface ComparedTensor {
  name: string;
  shape: readonly number[];
  elements: number;
  /** The files' own words, as `storedType`: the original's, the other's. */
  types: readonly [string, string];
  byteLengths: readonly [number, number];
  /** Mean of (w − w′)². */
  mse?: number;
  /** 10 log10 of sum w² / sum (w − w′)²; Infinity where nothing differs. */
  sqnrDb?: number;
  cosine?: number;
  maxAbsError?: number;
  /** Values that differ and of which one is infinite or NaN: they are in none of the sums. */
  nonFinite?: number;
  reason?: string;
}

/** Two models, tensor by tensor; the measures are those of all values that were compared. */
export interface ModelComparison {
  tensors: ComparedTensor[];
  /** Names that the original alone has, and the other alone. */
  missing: string[];
  added: string[];
  mse: number;
  sqnrDb: number;
  cosine: number;
  maxAbsError: number;
}

/** For what to reckon a file's memory. */
export interface FileMemoryOptions extends Omit<ModelMemoryOptions, 'format' | 'recipe'> {
  /** The model's config.json, where the file does not tell its layers; without it a GGUF's metadata serves. */
  config?: ModelConfig;
  /** The types to reckon with instead of the file's: those of `planConversion`. */
  tensors?: readonly { type: string | null; storedType?: string; byteLength: number }[];
}

/** What a model needs to run. Where its layers are not known, only the weights are there, and a sentence says so. */
export interface FileMemory {
  /** Elements of all tensors. */
  parameters: number;
  /** Bytes of all tensors, without the file's header. */
  weights: number;
  kvCache?: number;
  compute?: number;
  /** Of all three. */
  total?: number;
  /** Weights by type, caches, compute buffer. */
  terms: MemoryTerm[];
  /** What was taken for granted, in sentences. */
  assumptions: string[];
}

/**
 * What `convertModel` would write: the type and bytes of every tensor, and of the file.
 * @throws UNKNOWN_FORMAT, UNSUPPORTED, UNSUPPORTED_TYPE, TOO_LARGE, BAD_ARGUMENT, NEEDS_IMPORTANCE
 */
export type PlanConversion = (model: Model, options: PlanOptions) => Conversion;

/**
 * Converts a model, slice by slice, and writes it to a sink: 'blob', a WritableStream, a FileSystemFileHandle, in Node a path.
 * A Hugging Face checkpoint becomes a GGUF of plain tensors, without the names and the tokenizer that llama.cpp asks for.
 * @throws as planConversion; NON_FINITE, READ_FAILED, WRITE_FAILED, WORKER_FAILED, ABORTED: nothing is left then
 */
export type ConvertModel = (model: Model, sink: unknown, options: ConvertOptions) => Promise<Conversion>;

/**
 * Makes one part of what `convertModel` writes, for `joinParts`: parts are cut so that each takes about as long, and need
 * nothing of each other, so that they can be made side by side, in any order, on any machine with the same input and options.
 * @throws as convertModel; BAD_ARGUMENT
 */
export type ConvertPart = (model: Model, sink: unknown, options: ConvertPartOptions) => Promise<ConversionPart>;

/**
 * Puts all parts of a conversion together, given in any order: the same bytes as a single `convertModel`.
 * @throws BAD_MAGIC (no part), TRUNCATED, BAD_HEADER, BAD_DATA (damaged, or of another conversion), DUPLICATE_NAME (a part
 * given twice), MISSING_FILE (details.missing), READ_FAILED, WRITE_FAILED, ABORTED: nothing is left then
 */
export type JoinParts = (
  parts: readonly ModelSource[],
  sink: unknown,
  options?: JoinOptions,
) => Promise<{ byteLength: number; blob?: AnyBlob }>;

/**
 * Quantizes every weight to every type, restores it, and measures. Total error is the sum of importance × (w − w′)² where an
 * importance matrix is given; without one it is relative to the tensor's sum of squares, a proxy.
 * @throws UNKNOWN_FORMAT, UNSUPPORTED, BAD_ARGUMENT, OUT_OF_RANGE (no plan is that small), NON_FINITE, ABORTED, as `read`
 */
export type AnalyzeModel = (model: Model, options: AnalyzeOptions) => Promise<Analysis>;

/**
 * Opens an importance matrix as llama-imatrix writes it, GGUF or the older .dat, from what `openModel` takes.
 * @throws BAD_MAGIC, BAD_HEADER, TRUNCATED, ... as `openModel`
 */
export type OpenImportance = (source: ModelSource) => Promise<ImportanceMatrix>;

/**
 * Compares the values of two models whose tensors have the same names, slice by slice, in the original's order.
 * @throws as `read`; BAD_INPUT, ABORTED
 */
export type CompareModels = (original: Model, other: Model, options?: CompareModelsOptions) => Promise<ModelComparison>;
