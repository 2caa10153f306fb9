// Very many values are answered from some of them at first.

/** Up to so many are worked on whole: an answer stays within a frame or two. */
export const EXACT_AT_ONCE = 2 ** 19;
const MOST = 2 ** 18;

/** Computed once for each set of values, and kept as long as they are; the rest follows from them. */
export function once<Rest extends unknown[], T>(make: (values: Float32Array, ...rest: Rest) => T) {
  const known = new WeakMap<Float32Array, T>();
  return (values: Float32Array, ...rest: Rest): T => {
    if (!known.has(values)) known.set(values, make(values, ...rest));
    return known.get(values)!;
  };
}

/** Indices of so many of `length` elements, at even distances; of all where they are fewer. */
export function evenly(length: number, most: number): number[] {
  const count = Math.min(most, length);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * length) / count));
}

/** Every n-th value. */
export const sampleOf = once((values) => {
  const stride = Math.ceil(values.length / MOST);
  const sample = Float32Array.from({ length: Math.floor(values.length / stride) }, (_, i) => values[i * stride]!);
  return { values: sample, stride };
});
