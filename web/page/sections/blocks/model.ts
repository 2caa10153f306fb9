// Chapter 8: one block of a block format, from its weights down to its bits. Pure; runs in the worker. Whatever a format
// says comes from the library: here its answers are only put side by side.
import type { FewbitsError } from '../../../lib/errors.ts';
import type { BlockDescription, BlockFormat, Fewbits, Field } from '../../../lib/types.ts';
import type { Dataset } from '../../kit/contract.ts';
import { EXACT_AT_ONCE, evenly, once } from '../../kit/sample.ts';
import type { Flips, Options } from './options.ts';

export { options } from './options.ts';

/** A stored number that all weights of a block or sub-block share. */
export interface Shared {
  name: string;
  role: Field['role'];
  /** Where its lowest bit is in the block. */
  first: number;
  /** Most significant first, in the number format's fields: sign, exponent, mantissa. Integers have but one. */
  parts: string[];
  /** The number format that its bits are. */
  as: string;
  value: number;
}

/** One step of the ladder that restored values stand on. */
export type Level = [code: number, value: number];

/** One block, and the strip of all. */
export interface Block {
  format: string;
  fields: readonly Field[];
  /** Which field each byte is of, or most of it. */
  kinds: number[];
  bitsPerWeight: number;
  /** Weights of a block, and of those of them that share a scale of their own. */
  size: number;
  sub: number;
  blocks: number;
  block: number;
  /** The followed weight in the block, and whether it lies beyond the last whole one. */
  at: number;
  beyond: boolean;
  /** Whether it is made of the data; else its bytes are made up, since the format is only read so far. */
  made: boolean;
  /** Values of the data in this block; less than `size` where there are no more. */
  filled: number;
  /** Values after the last whole block. */
  tail: number;
  values: number[];
  restored: number[];
  /** With their sign where it is theirs; where weights share their bits, what these stand for. */
  codes: number[];
  /** What became of the values, in hundredths of a step of the ladder. */
  steps: number[];
  /** Where each weight's code is: first bit and count of bits, once or more, the lowest bits first. */
  places: number[][];
  bytes: number[];
  /** One ladder per sub-block, at most 17 levels of each. */
  ladders: Level[][];
  /** What the followed weight shares with others. */
  shared: Shared[];
  /** The followed weight, exactly, and the terms of its formula. */
  original: number;
  back: number;
  code: number;
  terms: Record<string, number>;
  /** Its code stands for the code minus this, where that holds for all codes. */
  offset: number | null;
  largest: number;
  /** Whether that weight alone would have got the same scale. */
  setsScale: boolean;
  used: number;
  /** In percent of the largest error: the cells of the strip, and the block that each stands for. */
  strip: number[];
  stripBlocks: number[];
  worst: number;
  /** Blocks that come back as infinity or NaN, and the first of them. */
  infinite: number;
  firstInfinite: number;
}

export interface Side {
  format: string;
  /** Why there is no block. */
  problem: string;
  /** Whether it would help to take all weights for equally important. */
  offer: boolean;
  block?: Block;
}

export interface View {
  /** `exact` gives better. */
  pending: boolean;
  sides: Side[];
}

const view = (fewbits: Fewbits, dataset: Dataset, options: Options, exact: boolean): View => {
  const formats = fewbits.blockFormats.filter(({ blockSize }) => blockSize);
  const named = (wanted: string) => formats.find(({ name }) => name === wanted);
  const chosen = new Set(
    [options.pin && named(options.pin), named(options.format) ?? formats[0]].filter((one) => !!one),
  );
  const sides = [...chosen].map((format) => sideOf(fewbits, dataset, format, options, exact));
  return {
    pending:
      !exact && dataset.values.length > EXACT_AT_ONCE && sides.some(({ format }) => !known(dataset.values).has(format)),
    sides,
  };
};

export const model = (fewbits: Fewbits, dataset: Dataset, options: Options) => view(fewbits, dataset, options, false);
export const exact = (fewbits: Fewbits, dataset: Dataset, options: Options) => view(fewbits, dataset, options, true);

/** A block, or the library's sentence that says why there is none. */
function sideOf(fewbits: Fewbits, dataset: Dataset, format: BlockFormat, options: Options, exact: boolean): Side {
  const side = { format: format.name, problem: '', offer: false };
  try {
    return { ...side, block: blockOf(fewbits, dataset, format, options, exact) };
  } catch (error) {
    const { name, code, message } = error as FewbitsError;
    // By name: the class may come from another copy of the package.
    if (name !== 'FewbitsError') throw error;
    return { ...side, problem: message, offer: code === 'NEEDS_IMPORTANCE' };
  }
}

function blockOf(fewbits: Fewbits, dataset: Dataset, format: BlockFormat, options: Options, exact: boolean): Block {
  const { name, blockSize: size, fields, bitsPerWeight, canQuantize } = format;
  const weights = { importance: new Float32Array(size).fill(1), rowLength: size };
  const given = options.flat && format.needsImportance ? weights : {};
  const make = (values: Float32Array) => fewbits.quantizeBlocks(values, name, given);
  const { numbers, ...place } = placeIn(dataset, format);
  const { block, at } = place;
  const made = canQuantize ? make(numbers) : madeUp(fewbits, format, block);
  const bytes = flipped(made, format, block, options.flips);
  const restored = fewbits.dequantizeBlocks(bytes, name);
  const description = fewbits.describeBlock(bytes, name);
  const { elements } = description;
  const codes = codesOf(elements);
  const sub = subBlockOf(description);
  const ladders = laddersOf(fewbits, bytes, format, description, codes, sub);
  const all = dataset.values.length < size ? numbers : dataset.values;
  return {
    format: name,
    fields,
    kinds: kindsOf(description, format),
    bitsPerWeight,
    size,
    sub,
    ...place,
    made: canQuantize,
    values: Array.from(numbers, rounded),
    restored: Array.from(restored, rounded),
    codes,
    steps: Array.from(restored, (back, i) => inSteps(numbers[i]!, back, ladders[Math.floor(i / sub)]!)),
    places: elements.map(({ bits }) => runsOf(bits)),
    bytes: [...bytes],
    ladders: ladders.map(thinned),
    shared: sharedOf(fewbits, description, at),
    original: numbers[at]!,
    back: restored[at]!,
    ...followedOf(elements, codes, at),
    ...largestOf(numbers, canQuantize ? make : null, made, description),
    used: new Set(codes).size,
    ...stripOf(canQuantize ? surveyOf(fewbits, all, format, make, exact) : NOTHING),
  };
}

/** The block that the followed value is in, and its numbers: filled up with zeros, or unknown where none are made. */
function placeIn({ values, followed }: Dataset, { blockSize: size, canQuantize }: BlockFormat) {
  const blocks = Math.max(1, Math.floor(values.length / size));
  const block = Math.min(blocks - 1, Math.floor(followed / size));
  const part = values.subarray(block * size, (block + 1) * size);
  const numbers = new Float32Array(size).fill(canQuantize ? 0 : Number.NaN);
  if (canQuantize) numbers.set(part);
  return {
    numbers,
    blocks,
    block,
    at: Math.min(size - 1, followed - block * size),
    beyond: followed >= blocks * size,
    filled: canQuantize ? part.length : size,
    tail: Math.max(0, values.length - blocks * size),
  };
}

function followedOf(elements: Elements, codes: readonly number[], at: number) {
  const { terms } = elements[at]!;
  const offset = codes[at]! - terms['q']!;
  const isSame = elements.every(({ terms: { q } }, i) => codes[i]! - q! === offset);
  return { code: codes[at]!, terms, offset: isSame ? offset : null };
}

/** Bytes of a format that is only read: any will do, but for floats among them, which are 1. */
function madeUp(fewbits: Fewbits, { name, blockBytes }: BlockFormat, block: number): Uint8Array {
  const bytes = Uint8Array.from({ length: blockBytes }, (_, i) => (151 * i + 37 * block + 89) % 256);
  // Of one number that is scattered over several entries, each has its part.
  let [one] = fewbits.encode([1], 'float16') as Uint16Array as unknown as [number];
  for (const field of fewbits.describeBlock(bytes, name).fields) {
    if (field.name !== 'd') continue;
    for (let bit = field.bitOffset; bit < field.bitOffset + field.bits; bit++, one >>= 1)
      bytes[bit >> 3] = (bytes[bit >> 3]! & ~(1 << (bit & 7))) | ((one & 1) << (bit & 7));
  }
  return bytes;
}

/** Digits enough for a drawing; the followed weight has all. */
const rounded = (x: number) => Number(x.toPrecision(4));

function flipped(made: Uint8Array, { name, blockBytes }: BlockFormat, block: number, flips: Flips | null): Uint8Array {
  const bytes = made.slice();
  if (flips?.format !== name || flips.block !== block) return bytes;
  for (const bit of flips.bits) if (bit < 8 * blockBytes) bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes;
}

function runsOf(bits: readonly number[]): number[] {
  const runs: number[] = [];
  for (const bit of bits)
    if (runs.length && runs.at(-2)! + runs.at(-1)! === bit) runs[runs.length - 1]!++;
    else runs.push(bit, 1);
  return runs;
}

type Elements = BlockDescription['elements'];

const isShared = (elements: Elements) => elements.some(({ bits }, i) => bits.includes(elements[i ? 0 : 1]!.bits[0]!));

/** Codes as they are told: with their sign where they have one, and as their meaning where weights share their bits. */
function codesOf(elements: Elements): number[] {
  const wraps = 2 ** elements[0]!.bits.length;
  const meant =
    isShared(elements) || elements.every(({ code, terms: { q } }) => q === (2 * code < wraps ? code : code - wraps));
  return elements.map(({ code, terms }) => (meant ? terms['q']! : code));
}

const isScale = ({ role }: { role: Field['role'] }) => role === 'scale' || role === 'minimum';

/** How many weights in a row share all their scales. */
function subBlockOf({ fields, elements }: BlockDescription): number {
  const scales = elements.map(({ entries }) => entries.filter((i) => isScale(fields[i]!)).join());
  const end = scales.findIndex((one) => one !== scales[0]);
  return end < 0 ? elements.length : end;
}

/** For each byte of the block, the field with the most of its bits. */
function kindsOf({ fields: entries }: BlockDescription, { fields, blockBytes }: BlockFormat): number[] {
  const most = new Array<number>(blockBytes).fill(0);
  const kinds = most.slice();
  let i = 0;
  fields.forEach(({ count }, field) => {
    for (const end = i + count; i < end; i++) {
      const { bitOffset, bits } = entries[i]!;
      for (let byte = bitOffset >> 3; 8 * byte < bitOffset + bits; byte++)
        if (bits > most[byte]!) {
          most[byte] = bits;
          kinds[byte] = field;
        }
    }
  });
  return kinds;
}

/** All that the weights of each sub-block could have become, by size: the library restores every code in every place. */
function laddersOf(
  fewbits: Fewbits,
  bytes: Uint8Array,
  { name, blockSize: size }: BlockFormat,
  { elements }: BlockDescription,
  told: number[],
  sub: number,
): Level[][] {
  const starts = Array.from({ length: size / sub }, (_, i) => i * sub);
  if (isShared(elements))
    // What others with the same bits would become is not asked: only what occurs is shown.
    return starts.map((start) =>
      levels(elements.slice(start, start + sub).map(({ value }, i) => [told[start + i]!, value])),
    );
  const bits = elements.flatMap((element) => element.bits);
  const width = elements[0]!.bits.length;
  const codes = Array.from({ length: 2 ** width }, (_, code) => code);
  const variants = new Uint8Array(bytes.length * codes.length);
  for (const code of codes) {
    const variant = variants.subarray(code * bytes.length);
    variant.set(bytes);
    bits.forEach((bit, i) => {
      const mask = 1 << (bit & 7);
      variant[bit >> 3] = (variant[bit >> 3]! & ~mask) | ((code >> (i % width)) & 1 ? mask : 0);
    });
  }
  const all = fewbits.dequantizeBlocks(variants, name);
  const signed = told.some((code) => code < 0) ? codes.length : 0;
  const tell = (code: number) => (2 * code < codes.length ? code : code - signed);
  return starts.map((start) => levels(codes.map((code) => [tell(code), all[code * size + start]!])));
}

function levels(pairs: Level[]): Level[] {
  const finite = pairs.filter(([, value]) => Number.isFinite(value)).sort((a, b) => a[1] - b[1]);
  return finite.filter(([, value], i) => i === 0 || value !== finite[i - 1]![1]);
}

/** More lines than this would be a grey area. */
const LINES = 16;

function thinned(ladder: Level[]): Level[] {
  const every = Math.ceil(ladder.length / LINES);
  return ladder
    .filter((_, i) => i % every === 0 || i === ladder.length - 1)
    .map(([code, value]) => [code, rounded(value)]);
}

/** The way from a value to what it became, in hundredths of the gap between the levels around it. */
function inSteps(value: number, back: number, ladder: Level[]): number {
  const above = Math.min(ladder.length - 1, Math.max(1, ladder.findLastIndex(([, level]) => level <= value) + 1));
  const gap = (ladder[above]?.[1] ?? 0) - (ladder[above - 1]?.[1] ?? 0);
  const steps = Math.round((100 * (back - value)) / gap);
  return Number.isFinite(steps) ? steps : 0;
}

const isSame = (a: number, b: number) => a === b || (Number.isNaN(a) && Number.isNaN(b));

/** What is stored of the scales and minimums of one weight, with the number format of those that are floats. */
function sharedOf(fewbits: Fewbits, { fields, elements }: BlockDescription, at: number): Shared[] {
  const own = elements[at]!.entries.map((i) => fields[i]!).filter(isScale);
  return own.map(({ name, role, bitOffset, bits, code, value }) => {
    const text = code.toString(2).padStart(bits, '0');
    const as = fewbits.numberFormats.find(
      (one) => one.bits === bits && one.kind !== 'integer' && isSame(fewbits.decode([code], one)[0]!, value),
    );
    const [sign, exponent] = as ? [as.signBits, as.signBits + as.exponentBits] : [0, 0];
    const parts = as ? [text.slice(0, sign), text.slice(sign, exponent), text.slice(exponent)] : [text];
    return { name, role, first: bitOffset, parts, as: as?.name ?? '', value };
  });
}

/** The largest weight, and whether it alone in the block gives the scale that all have together. */
function largestOf(
  numbers: Float32Array,
  make: ((values: Float32Array) => Uint8Array) | null,
  made: Uint8Array,
  { fields }: BlockDescription,
): Pick<Block, 'largest' | 'setsScale'> {
  const sizes = numbers.map(Math.abs);
  const largest = sizes.indexOf(Math.max(...sizes));
  const [scale, ...others] = fields.filter(isScale);
  if (!make || !sizes[largest] || others.length) return { largest, setsScale: false };
  const alone = make(numbers.map((x, i) => (i === largest ? x : 0)));
  const first = scale!.bitOffset / 8;
  const setsScale = made.subarray(first, first + scale!.bits / 8).every((byte, i) => byte === alone[first + i]);
  return { largest, setsScale };
}

/** The error of blocks, root of the mean square; of all, or of some where there are very many. */
interface Survey {
  blocks: number[] | null;
  errors: Float32Array;
}

/** What was surveyed whole, by format. */
const known = once((_values) => new Map<string, Survey>());
/** Values of a survey that must not take long. */
const SURVEYED = 2 ** 17;

function surveyOf(
  fewbits: Fewbits,
  values: Float32Array,
  { name, blockSize: size }: BlockFormat,
  make: (values: Float32Array) => Uint8Array,
  exact: boolean,
): Survey {
  const surveys = known(values);
  const done = surveys.get(name);
  if (done) return done;
  const count = Math.floor(values.length / size);
  const survey = (blocks: number[] | null, part: Float32Array) => ({
    blocks,
    errors: errorsOf(part, fewbits.dequantizeBlocks(make(part), name), size),
  });
  if (exact || values.length <= EXACT_AT_ONCE) {
    const whole = survey(null, values.subarray(0, count * size));
    surveys.set(name, whole);
    return whole;
  }
  const blocks = evenly(count, SURVEYED / size);
  const part = new Float32Array(blocks.length * size);
  for (const [i, block] of blocks.entries()) part.set(values.subarray(block * size, (block + 1) * size), i * size);
  return survey(blocks, part);
}

function errorsOf(values: Float32Array, restored: Float32Array, size: number): Float32Array {
  const errors = new Float32Array(values.length / size);
  for (let block = 0; block < errors.length; block++) {
    let sum = 0;
    for (let i = block * size; i < (block + 1) * size; i++) sum += (restored[i]! - values[i]!) ** 2;
    errors[block] = Number.isFinite(sum) ? Math.sqrt(sum / size) : Infinity;
  }
  return errors;
}

const NOTHING: Survey = { blocks: null, errors: new Float32Array(0) };
const CELLS = 128;

/** At most 128 cells, each with the worst of its blocks. */
function stripOf({
  blocks,
  errors,
}: Survey): Pick<Block, 'strip' | 'stripBlocks' | 'worst' | 'infinite' | 'firstInfinite'> {
  const nameOf = (i: number) => blocks?.[i] ?? i;
  const cells = Math.min(CELLS, errors.length);
  const worstOf = (from: number, to: number) => {
    let worst = from;
    for (let i = from + 1; i < to; i++) if (errors[i]! > errors[worst]!) worst = i;
    return worst;
  };
  const place = (cell: number) => Math.floor((cell * errors.length) / cells);
  const worst = Array.from({ length: cells }, (_, cell) => worstOf(place(cell), place(cell + 1)));
  const finite = errors.filter(Number.isFinite);
  const most = finite.reduce((a, b) => Math.max(a, b), 0) || 1;
  return {
    strip: worst.map((i) => Math.round(100 * Math.min(1, errors[i]! / most))),
    stripBlocks: worst.map(nameOf),
    worst: nameOf(worstOf(0, errors.length)),
    infinite: errors.length - finite.length,
    firstInfinite: nameOf(errors.indexOf(Infinity)),
  };
}
