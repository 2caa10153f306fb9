// Axes over d3-scale. Chapters load this; the page's top does not.
import { type ScaleLinear, scaleLinear } from 'd3-scale';
import { tickLabels } from './numbers.ts';

export type { ScaleLinear };

export const linear = (domain: readonly [number, number], range: readonly [number, number]) =>
  scaleLinear(domain, range);

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
