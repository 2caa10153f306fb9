// One slice: the package's bytes and numbers beside the native library's, by the rules of comparison (tests/README.md).
import type { BlockFormat, BlockFormatName, Fewbits } from 'fewbits';
import { readableFormats } from '../js/readable.ts';
import {
  fillBytes,
  fillImportance,
  fillRow,
  IMPORTANCES,
  KINDS,
  ORDINARY_IMPORTANCES,
  ORDINARY_KINDS,
  Random,
} from './inputs.ts';
import type { Native, NativeFormat } from './native.ts';

/** Values in a slice. A multiple of every row length, which are multiples of every block. */
export const SLICE = 65536;
/** Of a format that the package only reads, one slice in so many is also made there: IQ1 to IQ3 take seconds to begin. */
const READ_ALONE = 4;
const ROW_LENGTHS = [256, 1024, 512, 4096, 2048, 16384, SLICE];

/** Why blocks that differ are no difference. */
export const REASONS = ['undefined casts', 'NaN scales'] as const;
export type Reason = (typeof REASONS)[number];

export interface Tally {
  /** Values that were compared, not those of skipped blocks. */
  quantized: number;
  dequantized: number;
  skipped: Record<Reason, number>;
  /** Blocks. */
  differ: number;
  /** The first difference, for people. */
  first?: string;
}

export const emptyTally = (): Tally => ({
  quantized: 0,
  dequantized: 0,
  skipped: { 'undefined casts': 0, 'NaN scales': 0 },
  differ: 0,
});

export function addTally(sum: Tally, part: Tally): void {
  sum.quantized += part.quantized;
  sum.dequantized += part.dequantized;
  for (const reason of REASONS) sum.skipped[reason] += part.skipped[reason];
  sum.differ += part.differ;
  if (part.first) sum.first ??= part.first;
}

/** The formats of ggml that the package reads. */
export const ggmlFormats = (fewbits: Fewbits) => readableFormats(fewbits).filter(({ family }) => family === 'ggml');

export class Comparison {
  readonly #fewbits: Fewbits;
  readonly #native: Native;
  readonly #seed: number;

  constructor(fewbits: Fewbits, native: Native, seed: number) {
    this.#fewbits = fewbits;
    this.#native = native;
    this.#seed = seed;
  }

  /** Slice `index` of a format: the same for the same seed, whoever asks and when. */
  slice(name: BlockFormatName, index: number): Tally {
    const format = this.#fewbits.blockFormats.find((row) => row.name === name)!;
    const native = this.#native.formats.get(name);
    if (!native) throw new Error(`${this.#native.name} has no ${name}.`);
    if (native.blockSize !== format.blockSize || native.blockBytes !== format.blockBytes)
      throw new Error(`${name} has blocks of ${native.blockSize} values in ${native.blockBytes} bytes there.`);
    const row = this.#fewbits.blockFormats.indexOf(format);
    const made = madeValues(format, index, new Random(this.#seed, row, index));
    return new Slice(this.#fewbits, format, native, made).compared(index, new Random(this.#seed, row, ~index));
  }
}

interface Made {
  values: Float32Array;
  rowLength: number;
  importance: Float32Array | undefined;
  /** What the values of a row are, in words. */
  name(row: number): string;
}

/** Rows of every kind in turn, with every kind of importance in turn and without. */
function madeValues(format: BlockFormat, index: number, random: Random): Made {
  // ggml's encoders of what the package does not make yet end the process on huge values.
  const kinds = format.canQuantize ? KINDS : KINDS.slice(0, ORDINARY_KINDS);
  const importances = format.canQuantize ? IMPORTANCES : IMPORTANCES.slice(0, ORDINARY_IMPORTANCES);
  const values = new Float32Array(SLICE);
  const rowLength = ROW_LENGTHS[index % ROW_LENGTHS.length]!;
  const kindOf = (row: number) => kinds[(index * 7 + row) % kinds.length]!;
  for (let row = 0; row * rowLength < SLICE; row++)
    fillRow(values.subarray(row * rowLength, (row + 1) * rowLength), kindOf(row), random);
  // Every second slice goes without an importance where that may be.
  const without = !format.usesImportance || (!format.needsImportance && index % 2 === 0);
  if (without) return { values, rowLength, importance: undefined, name: (row) => kindOf(row).name };
  const kind = importances[(index >> 1) % importances.length]!;
  const importance = new Float32Array(rowLength);
  fillImportance(importance, kind, random);
  return { values, rowLength, importance, name: (row) => `${kindOf(row).name}, ${kind.name}` };
}

const sameBytes = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

class Slice {
  readonly #fewbits: Fewbits;
  readonly #format: BlockFormat;
  readonly #native: NativeFormat;
  readonly #made: Made;
  readonly #tally = emptyTally();

  constructor(fewbits: Fewbits, format: BlockFormat, native: NativeFormat, made: Made) {
    this.#fewbits = fewbits;
    this.#format = format;
    this.#native = native;
    this.#made = made;
  }

  compared(index: number, random: Random): Tally {
    const { blockSize, blockBytes, canQuantize } = this.#format;
    const { values, rowLength, importance } = this.#made;
    const bytes = new Uint8Array((SLICE / blockSize) * blockBytes);
    if (canQuantize || index % READ_ALONE === READ_ALONE - 1) {
      this.#native.quantize(values, rowLength, importance, bytes);
      if (canQuantize) this.#compareBytes(this.#quantized(), bytes);
      this.#compareValues(bytes, 'bytes of the native library');
    }
    fillBytes(bytes, blockBytes, random);
    this.#compareValues(bytes, 'random bytes');
    return this.#tally;
  }

  #quantized(): Uint8Array {
    const { values, rowLength, importance } = this.#made;
    return this.#fewbits.quantizeBlocks(
      values,
      this.#format.name,
      importance ? { rowLength, importance } : { rowLength },
    );
  }

  #compareBytes(ours: Uint8Array, theirs: Uint8Array): void {
    const { blockSize, blockBytes } = this.#format;
    let blocks = SLICE / blockSize;
    if (!sameBytes(ours, theirs))
      for (let block = 0; block < SLICE / blockSize; block++) {
        const at = block * blockBytes;
        const [our, their] = [ours.subarray(at, at + blockBytes), theirs.subarray(at, at + blockBytes)];
        if (sameBytes(our, their)) continue;
        const values = this.#made.values.subarray(block * blockSize, (block + 1) * blockSize);
        if (sameButForNan(this.#format, our, their)) continue;
        const reason = excuse(this.#format, values, this.#made.importance !== undefined, their);
        if (reason) {
          this.#tally.skipped[reason]++;
          blocks--;
        } else this.#differs(() => this.#bytesDiffer(block, values, our, their));
      }
    this.#tally.quantized += blocks * blockSize;
  }

  #compareValues(bytes: Uint8Array, what: string): void {
    const { name, blockSize, blockBytes } = this.#format;
    if (!this.#native.dequantize) return;
    const ours = this.#fewbits.dequantizeBlocks(bytes, name);
    const theirs = new Float32Array(SLICE);
    this.#native.dequantize(bytes, theirs);
    this.#tally.dequantized += SLICE;
    if (sameBytes(bytesOf(ours), bytesOf(theirs))) return;
    let last = -1;
    for (let i = 0; i < SLICE; i++) {
      const [our, their] = [ours[i]!, theirs[i]!];
      if (Object.is(our, their) || last === Math.floor(i / blockSize)) continue;
      last = Math.floor(i / blockSize);
      const block = bytes.subarray(last * blockBytes, (last + 1) * blockBytes);
      this.#differs(
        () => `${name} from ${what}, element ${i % blockSize} of ${hex(block)}: ${our} here, ${their} there`,
      );
    }
  }

  #differs(say: () => string): void {
    this.#tally.differ++;
    this.#tally.first ??= say();
  }

  #bytesDiffer(block: number, values: Float32Array, ours: Uint8Array, theirs: Uint8Array): string {
    const { name, blockSize } = this.#format;
    const { rowLength, importance, name: kind } = this.#made;
    const at = block * blockSize;
    const weights = importance?.subarray(at % rowLength, (at % rowLength) + blockSize);
    return [
      `${name} of ${kind(Math.floor(at / rowLength))}, block ${block} of rows of ${rowLength}:`,
      `  values      ${values.join(' ')}`,
      ...(weights ? [`  importance  ${weights.join(' ')}`] : []),
      `  here        ${hex(ours)}`,
      `  there       ${hex(theirs)}`,
    ].join('\n');
  }
}

// --- what the reference leaves undefined -----------------------------------------------------------------------------

/** Where a block's float16 scales, minima and sums are, in bytes. */
const halvesOf = ({ fields }: BlockFormat) =>
  fields
    .filter(({ role, bits, count }) => role !== 'code' && bits === 16 && count === 1)
    .map((field) => field.bitOffset / 8);

const isNanHalf = (block: Uint8Array, at: number) => ((block[at + 1]! << 8) | block[at]!) % 0x8000 > 0x7c00;

/** A NaN's sign and payload are not the same on every machine. */
function sameButForNan(format: BlockFormat, ours: Uint8Array, theirs: Uint8Array): boolean {
  const plain = ours.slice();
  for (const at of halvesOf(format))
    if (isNanHalf(ours, at) && isNanHalf(theirs, at)) plain.set(theirs.subarray(at, at + 2), at);
  return sameBytes(plain, theirs);
}

/** Why ggml's bytes for these values mean nothing, if they do not. */
function excuse(format: BlockFormat, values: Float32Array, weighed: boolean, theirs: Uint8Array): Reason | undefined {
  if (UNDEFINED[format.name]?.(values, weighed)) return 'undefined casts';
  return halvesOf(format).some((at) => isNanHalf(theirs, at)) ? 'NaN scales' : undefined;
}

const absmax = (values: Float32Array) => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
/** 1 / scale is infinite: every element is cast from infinity or from 0 * infinity. */
const overflows = (scale: number) => Math.fround(scale) !== 0 && !Number.isFinite(Math.fround(1 / Math.fround(scale)));
const symmetric = (divisor: number, searched: boolean) => (values: Float32Array, weighed: boolean) =>
  !(searched && weighed) && overflows(absmax(values) / divisor);
const asymmetric = (limit: number) => (values: Float32Array, weighed: boolean) => {
  const range = Math.fround(Math.max(...values) - Math.min(...values));
  return !weighed && (overflows(range / limit) || !Number.isFinite(range));
};

/** Where ggml casts a float to an integer that cannot hold it, by the values of a block. With an importance the search
 * rounds by ggml's own trick, which is defined. */
const UNDEFINED: Partial<Record<BlockFormatName, (values: Float32Array, weighed: boolean) => boolean>> = {
  q4_0: symmetric(8, true),
  q5_0: symmetric(16, true),
  q4_1: asymmetric(15),
  q5_1: asymmetric(31),
  q8_0: symmetric(127, false),
  q8_1: symmetric(127, false),
  q2_0: symmetric(1, false),
  tq1_0: symmetric(1, false),
  tq2_0: symmetric(1, false),
  // The exponent is below 0 and goes to an unsigned byte.
  mxfp4: (values) => absmax(values) > 0 && absmax(values) < 2 ** -125,
};
