// Axes: from numbers to places and back. Chapters load this; the page's top does not.
import { tickLabels } from './numbers.ts';
import { oneTwoFive } from './step.ts';

export interface Scale {
  (value: number): number;
  invert(place: number): number;
  readonly domain: readonly [number, number];
}

type Pair = [number, number];

/** Straight in `to(x)`, of which `from` is the inverse. */
function scale(domain: Pair, [left, right]: Pair, to: (x: number) => number, from: (x: number) => number): Scale {
  const start = to(domain[0]);
  const span = to(domain[1]) - start || 1;
  const place = (value: number) => left + ((to(value) - start) / span) * (right - left);
  const invert = (at: number) => from(start + ((at - left) / (right - left)) * span);
  return Object.assign(place, { invert, domain });
}

const same = (x: number) => x;

export const linear = (domain: Pair, range: Pair): Scale => scale(domain, range, same, same);

/** Logarithmic on both sides, linear near 0 (within `constant`): for data such as 1e38 beside 1. */
export const symlog = (domain: Pair, range: Pair, constant: number): Scale =>
  scale(
    domain,
    range,
    (x) => Math.sign(x) * Math.log1p(Math.abs(x / constant)),
    (x) => Math.sign(x) * Math.expm1(Math.abs(x)) * constant,
  );

export interface Tick {
  value: number;
  at: number;
  label: string;
}

/** About `count` round ticks, all with one number of decimals. */
export function ticksOf(scale: Scale, count = 5): Tick[] {
  const [from, to] = scale.domain;
  const step = oneTwoFive((to - from) / count);
  // 0.3 / 0.1 is a little less than 3.
  const first = Math.ceil(from / step - 1e-9);
  const values = Array.from({ length: Math.max(0, Math.floor(to / step + 1e-9) - first + 1) }, (_, i) =>
    // Division by a whole number has no dust: 3 / 10, not 3 × 0.1.
    step < 1 ? (first + i) / Math.round(1 / step) : (first + i) * step,
  );
  const labels = tickLabels(values);
  return values.map((value, i) => ({ value, at: scale(value), label: labels[i]! }));
}
