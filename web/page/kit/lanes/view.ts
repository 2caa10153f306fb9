// What the lanes' figures get from their models, and where values stand on the lanes' one axis.

/** Threads name their place between `min` and `max` by a whole number up to this. */
export const PLACES = 4096;

/** The largest float32: `max` in the library's `numberFormats`, which figures do not load. */
export const LARGEST = (2 - 2 ** -23) * 2 ** 127;

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

/** What a scheme is, and what it does to the values. */
export interface Outcome {
  scale: number;
  zeroPoint: number;
  /** The lowest and the highest code. */
  low: number;
  high: number;
  /** How many different codes occur. */
  used: number;
  meanError: number;
  maxError: number;
}

export interface LanesView extends Outcome {
  count: number;
  /** From every n-th value; `exact` gives better. */
  pending: boolean;
  /** Whether every value is a mark. */
  few: boolean;
  /** 0, or the axis is logarithmic on both sides and linear so near to 0. */
  near: number;
  min: number;
  max: number;
  absmax: number;
  /** Of many, by size: the first is the smallest value, the last the largest. */
  marks: Mark[];
  followed: Mark;
  /** Those that move most, the first of all first. */
  worst: Mark[];
  /** Of many values, in percent of the highest: how many lie where between `min` and `max`, and how many get each code. */
  hill: number[];
  levels: number[];
  /** Threads by size: how far each is from the one before, and how many end at each code. */
  gaps: number[];
  ends: number[];
}

/** The followed value's code if codes had no end, where it is not the one it got. Halves go to the even number. */
export function unclippedOf({
  followed: { ratio },
  zeroPoint,
  low,
  high,
}: Pick<LanesView, 'zeroPoint' | 'low' | 'high'> & { followed: Pick<Mark, 'ratio'> }): number | undefined {
  const rounded = Math.abs(ratio % 1) === 0.5 ? 2 * Math.round(ratio / 2) : Math.round(ratio);
  const code = rounded + zeroPoint;
  return code < low || code > high ? code : undefined;
}

/** Where a value stands, in units of the axis. */
export const placeOf = (value: number, near: number) =>
  near ? Math.sign(value) * Math.log1p(Math.abs(value) / near) : value;

/** The value that stands there. */
export const valueAt = (place: number, near: number) =>
  near ? Math.sign(place) * near * Math.expm1(Math.abs(place)) : place;
