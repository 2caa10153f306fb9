/** A field that is no usable number. `line` counts from 1; 0 where the source has no lines (binary files). */
export interface BadValue {
  index: number;
  line: number;
  text: string;
  why: string;
}

/** What a text or a file holds. */
export interface ReadResult {
  /** Every field in order; not finite (NaN, ±Infinity) exactly where it is bad. */
  values: Float32Array;
  shape: number[];
  /** The first {@link BAD_LISTED} bad fields. */
  bad: BadValue[];
  /** How many there are in all. */
  badCount: number;
  /** What was assumed or left out, in sentences. */
  notes: string[];
  /** Commas could be decimal points: the reader must say which (`readText`'s `decimal`). */
  ambiguous?: 'decimal-comma';
}

export interface ReadOptions {
  signal?: AbortSignal;
  onProgress?: (progress: { bytesDone: number; bytesTotal: number }) => void;
  /** What a comma between digits is; without it, unclear texts are read with '.' and marked `ambiguous`. */
  decimal?: '.' | ',';
}

/** Longer lists of complaints help nobody. */
export const BAD_LISTED = 1000;
