// What the rounds of a benchmark say. Every round gives one ratio of two rates measured side by side; machines drift and
// other programs run, so nothing but these ratios is judged, and by ranks alone.

/** Linear between ranks, as NumPy's default. `p` from 0 to 1. */
export function quantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (sorted.length - 1) * p;
  const below = sorted[Math.floor(rank)]!;
  return below + (sorted[Math.ceil(rank)]! - below) * (rank % 1);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/**
 * The lower bound of the median's one-sided 95 % confidence interval: an order statistic, by the sign test, whatever the
 * distribution. -Infinity for fewer than 5 values, which cannot bound it.
 */
export function lowerBound(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  let probability = 0.5 ** count; // that exactly `rank` of the values lie below the median
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += probability;
    if (sum > 0.05) return rank === 0 ? Number.NEGATIVE_INFINITY : sorted[rank - 1]!;
    probability *= (count - rank) / (rank + 1);
  }
  return Number.NEGATIVE_INFINITY;
}

export const upperBound = (values: readonly number[]): number => -lowerBound(values.map((value) => -value));

export interface Ratio {
  rounds: number;
  median: number;
  p10: number;
  p90: number;
  /** Of the median, 95 %, one-sided each. */
  lower: number;
  upper: number;
}

/** Of the paired ratios a[i] / b[i]. */
export function ratioOf(a: readonly number[], b: readonly number[]): Ratio {
  const ratios = a.map((value, round) => value / b[round]!);
  return {
    rounds: ratios.length,
    median: median(ratios),
    p10: quantile(ratios, 0.1),
    p90: quantile(ratios, 0.9),
    lower: lowerBound(ratios),
    upper: upperBound(ratios),
  };
}

/** 'noisy': the rounds differ too much, or are too few, to say anything. 'open': the goal lies within the bounds. */
export type Verdict = 'met' | 'missed' | 'open' | 'noisy';

const LEAST_ROUNDS = 30;
const MOST_SPREAD = 0.25;

export const isNoisy = ({ rounds, median, p10, p90 }: Ratio): boolean =>
  rounds < LEAST_ROUNDS || (p90 - p10) / median > MOST_SPREAD;

export function verdictOn(ratio: Ratio, goal: number): Verdict {
  if (isNoisy(ratio)) return 'noisy';
  if (ratio.lower >= goal) return 'met';
  return ratio.upper < goal ? 'missed' : 'open';
}
