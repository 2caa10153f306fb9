// Made numbers and bytes for the oracle: seeded, from ordinary weights to what breaks quantizers.

/** sfc32: 128 bits of state, a 32-bit number at a time. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;
  #spare = Number.NaN;

  constructor(...seed: number[]) {
    [this.#a = 0, this.#b = 0, this.#c = 0] = seed;
    for (let i = 0; i < 15; i++) this.bits();
  }

  bits(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
  below(count: number): number {
    return Math.floor((this.bits() / 2 ** 32) * count);
  }
  /** Above 0, at most 1. */
  uniform(): number {
    return (this.bits() + 1) / 2 ** 32;
  }
  sign(): number {
    return this.bits() & 1 ? 1 : -1;
  }
  normal(): number {
    const spare = this.#spare;
    this.#spare = Number.NaN;
    if (!Number.isNaN(spare)) return spare;
    const radius = Math.sqrt(-2 * Math.log(this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

const LARGEST = 3.4028234663852886e38;
const scratch = new DataView(new ArrayBuffer(4));

function fromBits(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}

/** The float32 that is so many units in the last place further from 0 than x, or nearer. */
function moved(x: number, units: number): number {
  scratch.setFloat32(0, x);
  const bits = scratch.getUint32(0);
  return bits % 0x80000000 < -units ? x : fromBits(bits + units);
}

/** A row's values: made one by one, with what the whole row has in common found first. */
interface Kind {
  name: string;
  row(random: Random): (i: number) => number;
}

/** Values that every block of 16 has in common. */
function perBlock(make: () => number): (i: number) => number {
  let value = 0;
  return (i) => {
    if (i % 16 === 0) value = make();
    return value;
  };
}

export const KINDS: Kind[] = [
  { name: 'normal weights', row: (random) => () => 0.02 * random.normal() },
  { name: 'Laplace', row: (random) => () => -random.sign() * 0.05 * Math.log(random.uniform()) },
  { name: 'uniform', row: (random) => () => 2 * random.uniform() - 1 },
  {
    name: 'heavy outliers',
    row: (random) => () => random.normal() * (random.below(64) ? 0.02 : 10 ** (4 * random.uniform())),
  },
  { name: 'shifted', row: (random) => () => 5 + 0.25 * random.normal() },
  {
    name: 'powers of two and their neighbours',
    row: (random) => {
      const lowest = random.below(40) - 30;
      return () => random.sign() * moved(2 ** (lowest + random.below(12)), random.below(5) - 2);
    },
  },
  {
    name: 'ties',
    row: (random) => {
      // Multiples of half a step, and one unit more or less; some reach the largest code.
      const levels = [1, 2, 3, 6, 7, 8, 12, 15, 16, 31, 32, 63, 127][random.below(13)]!;
      const step = 2 ** (random.below(20) - 15);
      return (i) =>
        i % 16 === 7
          ? random.sign() * levels * step
          : moved(((random.below(4 * levels + 1) - 2 * levels) / 2) * step, [0, 0, 0, -1, 1][random.below(5)]!);
    },
  },
  {
    name: 'ties of searches',
    row: (random) => {
      // Few magnitudes with both signs: many scales leave the same error.
      const magnitudes = Array.from({ length: 1 + random.below(4) }, () => random.below(32) / 8);
      return () => random.sign() * magnitudes[random.below(magnitudes.length)]!;
    },
  },
  { name: 'subnormal', row: (random) => () => random.normal() * 2 ** (-149 + random.below(30)) },
  {
    name: 'zeros of both signs',
    row: (random) => {
      const sparse = random.below(3);
      return () => (sparse && !random.below(40 * sparse) ? random.normal() : random.sign() * 0);
    },
  },
  { name: 'constant blocks', row: (random) => perBlock(() => random.normal() * 2 ** (random.below(60) - 40)) },
  {
    name: 'one constant',
    row: (random) =>
      (
        (value) => () =>
          value
      )(random.sign() * 2 ** random.below(8) * random.uniform()),
  },
  {
    name: 'beyond float16',
    row: (random) => {
      const scale = 2 ** (10 + random.below(20));
      return () => random.normal() * scale;
    },
  },
  {
    name: 'huge',
    row: (random) => {
      const scale = 2 ** (60 + random.below(67));
      return () => random.normal() * scale;
    },
  },
  {
    name: 'scales around the smallest float16',
    row: (random) => {
      const scale = 2 ** -(6 + random.below(30));
      return () => random.normal() * scale;
    },
  },
  {
    name: 'magnitudes far apart',
    row: (random) =>
      (
        (scale) => () =>
          random.normal() * scale(random.below(16))
      )(perBlock(() => 2 ** (random.below(100) - 60))),
  },
  {
    name: 'any finite number',
    row: (random) => () => random.sign() * fromBits(random.bits() % 0x7f800000),
  },
];
/** The first so many are what models are made of. */
export const ORDINARY_KINDS = 5;

/** Fills a row; values beyond float32 become its largest. */
export function fillRow(row: Float32Array, kind: Kind, random: Random): void {
  const make = kind.row(random);
  for (let i = 0; i < row.length; i++) row[i] = Math.min(LARGEST, Math.max(-LARGEST, make(i)));
}

interface ImportanceKind {
  name: string;
  weight(random: Random, i: number): number;
}

export const IMPORTANCES: ImportanceKind[] = [
  { name: 'random importance', weight: (random) => random.uniform() },
  { name: 'squares of activations', weight: (random) => random.normal() ** 2 * 10 ** (random.below(64) ? 0 : 3) },
  { name: 'zeros in the importance', weight: (random) => (random.below(2) ? random.uniform() : 0) },
  { name: 'sub-blocks without importance', weight: (random, i) => ((i >> 4) % 3 ? random.uniform() : 0) },
  { name: 'huge ratios of importance', weight: (random) => 2 ** (random.below(180) - 110) },
  { name: 'an importance that nearly vanishes', weight: (random) => (random.below(16) ? 1e-20 : 1) * random.uniform() },
  { name: 'an importance of ones', weight: () => 1 },
  { name: 'an importance of zeros', weight: () => 0 },
];
export const ORDINARY_IMPORTANCES = 2;

export function fillImportance(row: Float32Array, kind: ImportanceKind, random: Random): void {
  for (let i = 0; i < row.length; i++) row[i] = kind.weight(random, i);
}

// Float16: zeros, the smallest, the largest subnormal, the smallest normal, the largest, infinities, NaN. Float32's upper
// halves of the last kinds.
const SPECIAL_HALVES = [
  0x0000, 0x8000, 0x0001, 0x83ff, 0x0400, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00, 0xfe01, 0x7f80, 0xff80, 0x7fc0,
];

/** Any bytes; in every second block special numbers where scales are, which is at a block's ends. */
export function fillBytes(bytes: Uint8Array, blockBytes: number, random: Random): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.bits() >>> 24;
  for (let block = 0; block < bytes.length; block += 2 * blockBytes) {
    if (!random.below(16)) bytes.fill([0, 0x7f, 0x80, 0xff][random.below(4)]!, block, block + blockBytes);
    for (const place of [0, 2, blockBytes - 4, blockBytes - 2]) {
      if (random.below(2) || place + 2 > blockBytes) continue;
      const half = SPECIAL_HALVES[random.below(SPECIAL_HALVES.length)]!;
      bytes[block + place] = half & 0xff;
      bytes[block + place + 1] = half >> 8;
    }
  }
}
