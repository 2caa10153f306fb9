export const WORST = 10;

/** Indices of the ten largest finite errors, the largest first, of equal ones the first; and how many are not finite. */
export function worstErrors(original: Float32Array, restored: Float32Array): { worst: number[]; nonFinite: number } {
  const worst: number[] = [];
  const sizes: number[] = [];
  let least = -1;
  let nonFinite = 0;
  for (let i = 0; i < original.length; i++) {
    const size = Math.abs(restored[i]! - original[i]!);
    if (size <= least) continue;
    if (!(size < Number.POSITIVE_INFINITY)) {
      nonFinite++;
      continue;
    }
    let at = sizes.length;
    while (at > 0 && sizes[at - 1]! < size) at--;
    sizes.splice(at, 0, size);
    worst.splice(at, 0, i);
    if (sizes.length > WORST) {
      sizes.pop();
      worst.pop();
    }
    if (sizes.length === WORST) least = sizes[WORST - 1]!;
  }
  return { worst, nonFinite };
}
