/** About what a digit takes in a drawing's label, and what must stay free beside it. */
const DIGIT = 7.8;
const AIR = 6;

/** Which labels are shown: those that come first in `keep` stay, of the others those that collide with none. */
export function labelled(
  places: readonly number[],
  labels: readonly string[],
  width: number,
  keep: readonly number[],
): boolean[] {
  const shown = labels.map(() => false);
  const half = (i: number) => (labels[i]!.length * DIGIT + AIR) / 2;
  for (const i of [...keep, ...labels.keys()]) {
    const free = (j: number) => !shown[j] || Math.abs(places[i]! - places[j]!) * width >= half(i) + half(j);
    shown[i] ||= labels.every((_, j) => free(j));
  }
  return shown;
}
