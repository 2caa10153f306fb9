// What the lanes' figures get from their models.

/** Threads name their place between `min` and `max` by a whole number up to this. */
export const PLACES = 4096;

/** One element and what became of it. */
export interface Mark {
  index: number;
  /** The shortest decimal of the stored number. */
  value: number;
  /** Divided by the scale. */
  ratio: number;
  code: number;
  restored: number;
  error: number;
}

export interface LanesView {
  count: number;
  /** From every n-th value; `exact` gives better. */
  approximate: boolean;
  /** Whether every value is a mark. */
  few: boolean;
  scale: number;
  zeroPoint: number;
  /** The lowest and the highest code. */
  low: number;
  high: number;
  min: number;
  max: number;
  absmax: number;
  marks: Mark[];
  followed: Mark;
  /** Those that move most, the first of all first. */
  worst: Mark[];
  /** How many different codes occur. */
  used: number;
  meanError: number;
  /** Of many values: heights from `min` to `max`, heights of the codes, and threads as gaps (see the model). */
  hill: number[];
  levels: number[];
  threads: [place: number, code: number][];
}
