// Looking through the values, in one pass each: there may be ten million.

/** How many different numbers: dealt out by their upper 16 bits, then marked by their lower ones. 0 and -0 are one. */
export function countDifferent(values: Float32Array): number {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const upper = (word: number) => (word === 0x80000000 ? 0 : word >>> 16);
  const ends = new Uint32Array(2 ** 16);
  for (const word of words) ends[upper(word)]!++;
  for (let i = 1; i < ends.length; i++) ends[i]! += ends[i - 1]!;
  const lower = new Uint16Array(words.length);
  const starts = ends.slice();
  for (const word of words) lower[--starts[upper(word)]!] = word;

  const markedBy = new Int32Array(2 ** 16).fill(-1);
  let different = 0;
  for (let pile = 0; pile < ends.length; pile++) {
    for (let i = starts[pile]!; i < ends[pile]!; i++) {
      if (markedBy[lower[i]!] === pile) continue;
      markedBy[lower[i]!] = pile;
      different++;
    }
  }
  return different;
}

/** Of values equally near, the first. */
export function nearest(values: Float32Array, wanted: number): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if (Math.abs(values[i]! - wanted) < Math.abs(values[best]! - wanted)) best = i;
  }
  return best;
}

/** The next element up or down in the order of the values; equal ones stand in the order of their indices. */
export function neighbour(values: Float32Array, index: number, up: boolean): number {
  const side = up ? 1 : -1;
  const beyond = (i: number, j: number) => side * (values[i]! - values[j]! || i - j) > 0;
  let best = -1;
  for (let i = 0; i < values.length; i++) {
    if (beyond(i, index) && (best < 0 || beyond(best, i))) best = i;
  }
  return best < 0 ? index : best;
}
