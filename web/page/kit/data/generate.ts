// Made-up data: the same numbers for the same seed on every engine. So no Math.log, whose last bit may differ.

/** mulberry32 (Tommy Ettinger): 32 bits of state, uniform in [0, 1). */
function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Natural logarithm of a positive normal number from the four basic operations: x = m 2^e, ln m by atanh's series. */
export function ln(x: number): number {
  let exponent = 0;
  while (x > 1.5) {
    x /= 2;
    exponent++;
  }
  while (x < 0.75) {
    x *= 2;
    exponent--;
  }
  const t = (x - 1) / (x + 1);
  const square = t * t;
  let sum = 0;
  for (let odd = 25; odd >= 1; odd -= 2) sum = sum * square + 1 / odd;
  return 2 * t * sum + exponent * Math.LN2;
}

/** Standard normal numbers by Marsaglia's polar method. */
function normal(seed: number): () => number {
  const random = uniform(seed);
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const u = 2 * random() - 1;
      const v = 2 * random() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * ln(s)) / s);
      spare = v * factor;
      return u * factor;
    }
  };
}

/** Laplace with scale 1: an exponential number with a random sign. */
function laplace(seed: number): () => number {
  const random = uniform(seed);
  return () => {
    const size = -ln(1 - random());
    return random() < 0.5 ? -size : size;
  };
}

/** Normal, but one in a thousand is twenty times as large. */
function outliers(seed: number): () => number {
  const random = normal(seed);
  let index = 0;
  const phase = seed % 1000;
  return () => (index++ % 1000 === phase ? 20 * random() : random());
}

/** What a rectified layer passes on: negative numbers become 0. */
function relu(seed: number): () => number {
  const random = normal(seed);
  return () => Math.max(0, random());
}

const GENERATORS = { gaussian: normal, laplace, outliers, relu };

export type GeneratedKind = keyof typeof GENERATORS;

export function generate(kind: GeneratedKind, count: number, seed: number): Float32Array {
  const next = GENERATORS[kind](seed);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = next();
  return values;
}
