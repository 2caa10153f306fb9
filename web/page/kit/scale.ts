// Straight axes.
import { tickLabels } from './numbers.ts';
import { oneTwoFive } from './step.ts';

type Span = readonly [number, number];

/** Maps a domain to a range: a number to its place on the screen. */
export interface ScaleLinear<_Range = number, _Output = number> {
  (x: number): number;
  /** Back from a place. */
  invert(at: number): number;
  domain(): number[];
  range(): number[];
}

/** All of a domain that is but one number is in the middle. */
const between = ([from, to]: Span, [start, end]: Span, x: number) =>
  start + (end - start) * (from === to ? 0.5 : (x - from) / (to - from));

export const linear = (domain: Span, range: Span): ScaleLinear =>
  Object.assign((x: number) => between(domain, range, x), {
    invert: (at: number) => between(range, domain, at),
    domain: () => [...domain],
    range: () => [...range],
  });

export interface Tick {
  value: number;
  at: number;
  label: string;
}

/** About `count` round ticks, all with one number of decimals. */
export function ticksOf(scale: ScaleLinear, count = 5): Tick[] {
  const [from, to] = scale.domain() as [number, number];
  const step = oneTwoFive((to - from) / count);
  const first = Math.ceil(from / step - 1e-9);
  const values = Array.from({ length: Math.floor(to / step + 1e-9) - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
  const labels = tickLabels(values);
  return values.map((value, i) => ({ value, at: scale(value), label: labels[i]! }));
}
