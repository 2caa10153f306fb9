// The little histogram that stands for a dataset: over -absmax to absmax, the highest bar 1.
export const BARS = 24;

export function heightsOf(counts: ArrayLike<number>): number[] {
  const all = Array.from(counts);
  const highest = Math.max(1, ...all);
  return all.map((n) => Math.round((1000 * n) / highest) / 1000);
}

/** Of a few numbers, where the module is not at hand. */
export function sparkOf(values: Iterable<number>): number[] {
  let reach = 0;
  for (const x of values) reach = Math.max(reach, Math.abs(x));
  reach ||= 1;
  const counts = new Array<number>(BARS).fill(0);
  for (const x of values) counts[Math.min(BARS - 1, Math.floor(((x + reach) / (2 * reach)) * BARS))]!++;
  return heightsOf(counts);
}
