// Jobs of block formats: three for every row of the table that has them.
import { blockFormatKeys, blockFormatRows } from '../../web/lib/formats.generated.ts';
import type { BlockFormat, BlockFormatName, Fewbits } from '../../web/lib/types.ts';
import { type Contestants, type Job, SMALL, type Stage, sample, tiled } from './job.ts';
import { type Contestant, divisible, repeated } from './measure.ts';
import type { BenchWasm } from './wasm.ts';

/** A format, and its place in the table. */
export interface Row extends BlockFormat {
  readonly index: number;
}

export const blockRows = blockFormatRows.map((values, index) => {
  const format: Record<string, unknown> = Object.fromEntries(blockFormatKeys.map((key, i) => [key, values[i]]));
  return { ...format, index } as unknown as Row;
});

/** Jobs that are also done from memory. What searches never waits for it. */
const FROM_MEMORY = ['q8_0', 'q4_0', 'q8_0-decode', 'q4_0-decode', 'q4_k-decode', 'q6_k-decode'];
/** Of a matrix whose importance is given. */
const ROW_LENGTH = 4096;

/** A part has so many elements at least: a row, and whole blocks. */
const LEAST_PART = ROW_LENGTH;

const bytesFor = (wasm: BenchWasm, { index }: Row, count: number): Uint8Array =>
  new Uint8Array(wasm.function('block_bytes_of')(index, count));

// --- encoding ----------------------------------------------------------------------------------------------------------

/** Positive, like the mean squares of activations. */
const weightsOf = (length: number) => sample(length, 7).map((value) => value * value + 0.1);

/** What the definitions said, which are slow. */
const remembered = new WeakMap<Stage, Map<string, unknown>>();
function once<T>(stage: Stage, name: string, make: () => T): T {
  const known = remembered.get(stage) ?? new Map<string, unknown>();
  remembered.set(stage, known);
  if (!known.has(name)) known.set(name, make());
  return known.get(name) as T;
}

function encodedByDefinition({ wasm, values }: Stage, row: Row, weights: Float32Array | null) {
  wasm.clear();
  const from = wasm.place(values);
  const importance = weights && wasm.place(weights);
  const to = wasm.place(bytesFor(wasm, row, values.length));
  const [rowLength, at] = [weights?.length ?? values.length, importance?.byteOffset ?? 0];
  const { byteOffset } = from;
  wasm.function('block_reference_encode')(row.index, byteOffset, to.byteOffset, values.length, rowLength, at, 1);
  return { bytes: to.slice(), scale: wasm.function('block_scale')(row.index, byteOffset, values.length) };
}

function encodeContestants(stage: Stage, row: Row, values: Float32Array, weights: Float32Array | null): Contestants {
  const { wasm, peers } = stage;
  const count = values.length;
  const rowLength = weights?.length ?? count;
  wasm.clear();
  const from = wasm.place(values);
  const importance = weights && wasm.place(weights);
  const to = wasm.place(bytesFor(wasm, row, count));
  const perElement = to.length / count;
  const inWasm = (name: string): Contestant => {
    const run = wasm.function(name);
    const [begin, end, at] = [from.byteOffset, to.byteOffset, importance?.byteOffset ?? 0];
    // Without weights all is one row.
    return divisible(count, LEAST_PART, (first, some, times) =>
      run(row.index, begin + 4 * first, end + first * perElement, some, weights ? rowLength : some, at, times),
    );
  };
  const answer = () => to;
  const contestants: Contestants = {
    probe: inWasm('block_probe_encode'),
    kernel: { ...inWasm('block_encode'), answer },
    reference: { ...inWasm('block_reference_encode'), answer },
  };
  const native = row.family === 'ggml' && peers.ggml?.quantizer(row.name);
  if (native) {
    const bytes = new Uint8Array(to.length);
    const run = (first: number, some: number, times: number) => {
      const [part, partBytes] = [values.subarray(first, first + some), bytes.subarray(first * perElement)];
      for (let i = 0; i < times; i++) native(part, weights ? rowLength : some, weights, partBytes);
    };
    contestants.ggml = { ...divisible(count, LEAST_PART, run), answer: () => bytes };
  }
  return contestants;
}

function encodeJob(row: Row, weighted: boolean): Job {
  const name = row.name as BlockFormatName;
  return {
    name: weighted ? `${name}-importance` : name,
    title: weighted ? `${name}, importance` : name,
    group: 'blocks',
    large: !weighted && FROM_MEMORY.includes(name),
    async prepare(stage, count) {
      const weights = weighted ? weightsOf(ROW_LENGTH) : null;
      const values = tiled(stage.values, count);
      const options = weights ? { rowLength: weights.length, importance: weights } : undefined;
      const expected = once(stage, this.name, () => encodedByDefinition(stage, row, weights)).bytes;
      return {
        call: (fewbits) => fewbits.quantize(values, name, options).data as Uint8Array,
        expected: () => tiled(expected, (expected.length * count) / SMALL),
        contestants: encodeContestants(stage, row, values, weights),
      };
    },
  };
}

// --- decoding ----------------------------------------------------------------------------------------------------------

/** Blocks to decode, with what stands beside them, and their numbers. */
interface Blocks {
  bytes: Uint8Array;
  scale: number;
  values: Float32Array;
}

function decodedByDefinition(wasm: BenchWasm, { index }: Row, bytes: Uint8Array, scale: number, count: number) {
  wasm.clear();
  const [from, to] = [wasm.place(bytes), wasm.place(new Float32Array(count))];
  wasm.function('block_reference_decode')(index, from.byteOffset, to.byteOffset, count, scale, 1);
  return to.slice();
}

/** Of a format that nobody here can make: any bytes, but no block with infinities or NaN. */
function anyBlocks(wasm: BenchWasm, row: Row): Blocks {
  const { blockSize, blockBytes } = row;
  const bytes = new Uint8Array(bytesFor(wasm, row, SMALL).length);
  let [state, wrong] = [1, Array.from({ length: SMALL / blockSize }, (_, block) => block)];
  let values = new Float32Array(0);
  while (wrong.length) {
    for (const block of wrong)
      for (let i = block * blockBytes; i < (block + 1) * blockBytes; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        bytes[i] = state >>> 24;
      }
    values = decodedByDefinition(wasm, row, bytes, 1, SMALL);
    wrong = wrong.filter(
      (block) => !values.subarray(block * blockSize, (block + 1) * blockSize).every(Number.isFinite),
    );
  }
  return { bytes, scale: 1, values };
}

function blocksOf(stage: Stage, row: Row): Blocks {
  if (!row.canQuantize) return anyBlocks(stage.wasm, row);
  const made = once(stage, row.name, () => encodedByDefinition(stage, row, null));
  return { ...made, values: decodedByDefinition(stage.wasm, row, made.bytes, made.scale, SMALL) };
}

function decodeContestants({ wasm, peers }: Stage, row: Row, bytes: Uint8Array, scale: number, count: number) {
  wasm.clear();
  const [from, to] = [wasm.place(bytes), wasm.place(new Float32Array(count))];
  const perElement = bytes.length / count;
  const inWasm = (name: string): Contestant => {
    const run = wasm.function(name);
    return divisible(count, LEAST_PART, (first, some, times) =>
      run(row.index, from.byteOffset + first * perElement, to.byteOffset + 4 * first, some, scale, times),
    );
  };
  const answer = () => to;
  const contestants: Contestants = {
    probe: inWasm('block_probe_decode'),
    kernel: { ...inWasm('block_decode'), answer },
    reference: { ...inWasm('block_reference_decode'), answer },
  };
  const native = row.family === 'ggml' && peers.ggml?.dequantizer(row.name);
  if (native) {
    const values = new Float32Array(count);
    contestants.ggml = repeated(() => native(bytes, values), { answer: () => values });
  }
  return contestants;
}

/** By what says more than bytes, where the package makes the format: a scale may stand beside them. */
function decodeCall({ name, canQuantize, bitsPerWeight }: Row, data: Uint8Array, scale: number, count: number) {
  const scheme = name as BlockFormatName;
  const beside = { scale: Float32Array.of(scale), byteLength: data.length, bitsPerWeight };
  return (fewbits: Fewbits) =>
    canQuantize
      ? fewbits.dequantize({ scheme, shape: [count], data, ...beside })
      : fewbits.dequantizeBlocks(data, scheme);
}

function decodeJob(row: Row): Job {
  return {
    name: `${row.name}-decode`,
    title: `${row.name} -> float32`,
    group: 'blocks',
    large: FROM_MEMORY.includes(`${row.name}-decode`),
    async prepare(stage, count) {
      const blocks = once(stage, this.name, () => blocksOf(stage, row));
      const bytes = tiled(blocks.bytes, (blocks.bytes.length * count) / SMALL);
      return {
        call: decodeCall(row, bytes, blocks.scale, count),
        expected: () => tiled(blocks.values, count),
        contestants: decodeContestants(stage, row, bytes, blocks.scale, count),
      };
    },
  };
}

// -----------------------------------------------------------------------------------------------------------------------

/** A format without fields is one that this version only reckons with. */
export const blockJobs: readonly Job[] = blockRows.flatMap((row) => [
  ...(row.canQuantize ? [encodeJob(row, false)] : []),
  ...(row.canQuantize && row.usesImportance ? [encodeJob(row, true)] : []),
  ...(row.fields.length ? [decodeJob(row)] : []),
]);
