// Straight axes; d3 finds the ticks. (d3-scale would add 1.3 kB for a line.)
import { ticks } from 'd3-array';
import { tickLabels } from './numbers.ts';

type Span = readonly [number, number];

/** Maps a domain to a range: a number to its place on the screen. */
export interface Scale {
  (x: number): number;
  /** Back from a place. */
  invert(at: number): number;
  domain: Span;
}

/** All of a domain that is but one number is in the middle. */
const between = ([from, to]: Span, [start, end]: Span, x: number) =>
  start + (end - start) * (from === to ? 0.5 : (x - from) / (to - from));

export const linear = (domain: Span, range: Span): Scale =>
  Object.assign((x: number) => between(domain, range, x), {
    invert: (at: number) => between(range, domain, at),
    domain,
  });

export interface Tick {
  value: number;
  at: number;
  label: string;
}

/** About `count` round ticks, all with one number of decimals. */
export function ticksOf(scale: Scale, count = 5): Tick[] {
  const values = ticks(...scale.domain, count);
  const labels = tickLabels(values);
  return values.map((value, i) => ({ value, at: scale(value), label: labels[i]! }));
}
