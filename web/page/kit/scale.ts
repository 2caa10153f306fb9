// Axes over d3-scale. Chapters load this; the page's top does not.
import { type ScaleLinear, type ScaleSymLog, scaleLinear, scaleSymlog } from 'd3-scale';
import { tickLabels } from './numbers.ts';

export { max, min } from 'd3-array';
export type { ScaleLinear, ScaleSymLog };

export const linear = (domain: [number, number], range: [number, number]): ScaleLinear<number, number> =>
  scaleLinear(domain, range);

/** Logarithmic on both sides, linear near 0 (within `constant`): for data such as 1e38 beside 1. */
export const symlog = (
  domain: [number, number],
  range: [number, number],
  constant: number,
): ScaleSymLog<number, number> => scaleSymlog(domain, range).constant(constant);

export interface Tick {
  value: number;
  at: number;
  label: string;
}

/** About `count` round ticks, all with one number of decimals. */
export function ticksOf(scale: ScaleLinear<number, number>, count = 5): Tick[] {
  const values = scale.ticks(count);
  const labels = tickLabels(values);
  return values.map((value, i) => ({ value, at: scale(value), label: labels[i]! }));
}
