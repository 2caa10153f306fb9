/** The 1-2-5 number nearest to `size` (by ratio): 0.01, 0.02, 0.05, 0.1 ... */
export function oneTwoFive(size: number): number {
  if (!(size > 0) || !Number.isFinite(size)) return 1;
  const power = 10 ** Math.floor(Math.log10(size));
  const distance = (m: number) => Math.abs(Math.log(size / (m * power)));
  const nearest = [1, 2, 5, 10].reduce((best, m) => (distance(m) < distance(best) ? m : best));
  return Number((nearest * power).toPrecision(1));
}

/** One arrow key's worth of an axis: the 1-2-5 number nearest to 1/200 of it. */
export const stepOf = (min: number, max: number) => oneTwoFive((max - min) / 200);

/** Adds a step without the dust of binary fractions, and keeps within the axis. */
export function stepped(value: number, by: number, min: number, max: number): number {
  const sum = Number((value + by).toPrecision(12));
  return Math.min(max, Math.max(min, sum));
}
