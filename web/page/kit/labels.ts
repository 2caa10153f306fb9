/**
 * Which labels are shown where some would collide: those in `keep` come first, of all others those that meet none.
 * Centres and widths in pixels.
 */
export function unobstructed(centres: readonly number[], widths: readonly number[], keep: readonly number[]) {
  const shown = new Set<number>();
  for (const i of [...keep, ...centres.keys()])
    if ([...shown].every((k) => k === i || Math.abs(centres[k]! - centres[i]!) >= (widths[k]! + widths[i]!) / 2))
      shown.add(i);
  return shown;
}
