// Conversion: planned first, then written slice by slice; a sink holds all of it in the end, or nothing.
import type { Source } from '../containers/source.ts';
import type { Container, StoredTensor } from '../containers/tensor.ts';
import { digits, fault, shown } from '../containers/words.ts';
import type { FilePlan } from '../containers/write.ts';
import { FewbitsError } from '../errors.ts';
import type { BlockFormat, BlockFormatName, Fewbits, NumberFormatName, Pool } from '../types.ts';
import { type PlannedKey, planFile, plannedKeys } from './conversion-file.ts';
import { planSteps, type Step } from './conversion-steps.ts';
import { internalsOf } from './internals.ts';
import { inPieces, storedSlices } from './restore.ts';
import type { Sink } from './sinks.ts';
import { decodeStored, isStored, type StoredValues, swap } from './stored.ts';
import type { Conversion, ConversionTensor, ConvertOptions, Model, PlanOptions } from './types.ts';

/** Values that are converted at once, at most: 2 MiB of float32. */
const SLICE = 2 ** 19;
/** Values that are under way at the same time, in all workers: as they are read, as numbers, and as they are written. */
const UNDER_WAY = 2 ** 22;
/** Slices for each worker: one to work on, and the next. */
const AHEAD = 2;

export function planConversion(model: Model, options: PlanOptions): Conversion {
  const { container, fewbits } = internalsOf(model);
  const steps = planSteps(container, fewbits, options);
  // The bytes of copied keys are read when they are written: here it is their length that counts.
  const keys = plannedKeys(container, steps, options).map(({ begin, end }) => new Uint8Array(end - begin));
  const { byteLength } = planFile(container, steps, options, keys);
  return { byteLength, tensors: steps.map(describeStep) };
}

const describeStep = ({ tensor: { name }, type, byteLength, reason }: Step): ConversionTensor => ({
  ...{ name, type, byteLength, reason },
});

export interface Job {
  steps: Step[];
  plan: FilePlan;
}

/** What differs between browsers and Node. */
export interface Converter {
  open(value: unknown, sources: readonly Source[]): Promise<Sink>;
}

export function converter({ open }: Converter) {
  return async (model: Model, target: unknown, options: ConvertOptions): Promise<Conversion> => {
    const { container, fewbits, sources } = internalsOf(model);
    const job = await prepare(container, fewbits, options);
    const sink = await open(target, sources);
    try {
      await writeAll(sink, job, { fewbits, options });
      checkAborted(options);
      const blob = await sink.close();
      const result = { byteLength: job.plan.byteLength, tensors: job.steps.map(describeStep) };
      return blob ? { ...result, blob } : result;
    } catch (error) {
      await sink.abort(error);
      throw error;
    }
  };
}

export async function prepare(container: Container, fewbits: Fewbits, options: ConvertOptions): Promise<Job> {
  const steps = planSteps(container, fewbits, options);
  const keys: Uint8Array[] = [];
  for (const key of plannedKeys(container, steps, options)) keys.push(await bytesOfKey(key));
  return { steps, plan: planFile(container, steps, options, keys) };
}

const bytesOfKey = async ({ bytes, source, begin, end }: PlannedKey): Promise<Uint8Array> =>
  bytes ?? source!.read(begin, end);

export function checkAborted({ signal }: Pick<ConvertOptions, 'signal'>): void {
  if (signal?.aborted) throw new FewbitsError('ABORTED', 'The conversion was cancelled: nothing of it is kept.');
}

export interface Work {
  fewbits: Fewbits;
  options: ConvertOptions;
}

/** Bytes [begin, end) of the output. */
export interface OutputRange {
  begin: number;
  end: number;
}

/** A range of the output, which begins and ends where `unitOf` allows; all of it if none is given. */
export async function writeAll(
  sink: Sink,
  { steps, plan }: Job,
  work: Work,
  { begin, end }: OutputRange = { begin: 0, end: plan.byteLength },
): Promise<void> {
  const progress = new Progress(end - begin, work.options);
  let at = begin;
  for await (const { name, bytes } of ahead(outputOf({ steps, plan }, work, { begin, end }), slicesAhead(work))) {
    checkAborted(work.options);
    progress.report(at - begin, name);
    await sink.write(bytes);
    at += bytes.length;
    progress.report(at - begin, name);
  }
  progress.report(end - begin, '');
}

/** A piece of the output, which may still be in the making. */
interface Piece {
  /** The tensor's; empty for what is none. */
  name: string;
  bytes: Promise<Uint8Array>;
}

const piece = (name: string, bytes: Uint8Array): Piece => ({ name, bytes: Promise.resolve(bytes) });

/** Begins so many pieces before the first of them is awaited; gives them in order, whole. */
async function* ahead(pieces: AsyncIterable<Piece>, most: number): AsyncGenerator<{ name: string; bytes: Uint8Array }> {
  const begun: Piece[] = [];
  const first = async () => {
    const { name, bytes } = begun.shift()!;
    return { name, bytes: await bytes };
  };
  for await (const one of pieces) {
    // A failure is awaited in its turn; until then it is not one that nobody handles.
    one.bytes.catch(() => {});
    begun.push(one);
    if (begun.length >= most) yield await first();
  }
  while (begun.length > 0) yield await first();
}

/** The header, and the tensors with the zeros between them: across tensors, so that no worker waits for one to end. */
async function* outputOf({ steps, plan }: Job, work: Work, { begin, end }: OutputRange): AsyncGenerator<Piece> {
  if (begin < plan.head.length) yield piece('', plan.head.subarray(begin, end));
  let at = Math.max(begin, Math.min(end, plan.head.length));
  for (const { index, byteOffset, byteLength } of plan.placed) {
    const first = Math.max(begin, byteOffset);
    const last = Math.min(end, byteOffset + byteLength);
    if (first >= last) continue;
    if (first > at) yield piece('', new Uint8Array(first - at));
    yield* convertTensor(steps[index]!, work, { begin: first - byteOffset, end: last - byteOffset });
    at = last;
  }
  if (end > at) yield piece('', new Uint8Array(end - at));
}

/** Enough to keep all workers at work; the thread itself does one thing after the other. */
const slicesAhead = ({ options: { pool } }: Work): number => (pool ? AHEAD * pool.size : 1);

/** For many workers fewer. */
const valuesAtOnce = (work: Work): number => 2 ** Math.floor(Math.log2(Math.min(SLICE, UNDER_WAY / slicesAhead(work))));

/** Bytes done, of how many, and how long the rest may take at the rate so far. */
class Progress {
  private readonly start = performance.now();

  constructor(
    private readonly bytesTotal: number,
    private readonly options: ConvertOptions,
  ) {}

  report(bytesDone: number, tensor: string): void {
    const elapsed = (performance.now() - this.start) / 1000;
    const left = bytesDone > 0 ? (elapsed * (this.bytesTotal - bytesDone)) / bytesDone : undefined;
    const rest = left === undefined ? {} : { secondsLeft: left };
    this.options.onProgress?.({ bytesDone, bytesTotal: this.bytesTotal, tensor, ...rest });
  }
}

/** The smallest part of a tensor that may be converted by itself: whole rows of one expert; of numbers, or copied, one piece. */
export function unitOf({ tensor, type, copy, byteLength }: Step, { fewbits, options }: Work): number {
  const { elements, element, shape } = tensor;
  if (copy) return element.pieceBytes;
  const block = fewbits.blockFormats.find(({ name }) => name === type);
  if (!block) return byteLength / elements;
  // Experts have importances of their own: what is converted at once has one row of them.
  const experts = shape.length > 2 && options.importance ? shape[0]! : undefined;
  return byteLength / (experts ?? elements / (shape.at(-1) ?? 1));
}

/** Whether an importance matrix decides its bytes. */
export const weighs = ({ type, copy, byteLength }: Step, { fewbits }: Work): boolean =>
  !copy && byteLength > 0 && fewbits.blockFormats.some((block) => block.name === type && block.usesImportance);

/** `range`: of the tensor's bytes in the output, cut at multiples of `unitOf`. */
async function* convertTensor(step: Step, work: Work, { begin, end }: OutputRange): AsyncGenerator<Piece> {
  const { tensor, byteLength } = step;
  if (step.copy) return yield* copyTensor(tensor, work, { begin, end });
  const block = work.fewbits.blockFormats.find(({ name }) => name === step.type);
  const importance = weighs(step, work) ? await importanceFor(step, work) : undefined;
  const elementAt = (byte: number) => Math.round(byte * (tensor.elements / byteLength));
  let start = elementAt(begin);
  const range = { start, end: elementAt(end), signal: work.options.signal };
  try {
    for await (const slice of storedSlices(work.fewbits, tensor, sliceOf(tensor, importance, work), range)) {
      // Before the slice is moved to a worker: nothing of it is left here then.
      const count = countOf(slice);
      const bytes = convertSlice(step, work, block, rowOfImportance(importance, tensor, start), slice);
      const from = start;
      start += count;
      yield {
        name: tensor.name,
        bytes: bytes.catch((error) => Promise.reject(inTensor(atElement(error, from), tensor))),
      };
    }
  } catch (error) {
    throw inTensor(error, tensor);
  }
}

async function* copyTensor(
  { name, data, element, file, bigEndian }: StoredTensor,
  work: Work,
  { begin, end }: OutputRange,
): AsyncGenerator<Piece> {
  const size = 4 * valuesAtOnce(work);
  let at = begin;
  for await (const bytes of inPieces(data.stream(begin, end, size), size)) {
    if (bigEndian) swap(bytes, element.pieceBytes);
    at += bytes.length;
    yield piece(name, bytes);
  }
  if (at === end) return;
  const what = `tensor '${shown(name)}' became ${digits(at - begin)} bytes instead of ${digits(end - begin)}`;
  throw fault('BAD_LENGTH', file, data.byteOffset, `${what}.`);
}

const countOf = (slice: StoredValues | Float32Array): number => (isStored(slice) ? slice.count : slice.length);

/**
 * Whole rows; where experts have rows of importance of their own, no slice spans two of them. A row that is too long is cut,
 * where no importance of its columns is needed: the power of two falls between blocks.
 */
function sliceOf({ shape, elements }: StoredTensor, importance: Float32Array | undefined, work: Work): number {
  const row = shape.at(-1) ?? 1;
  const most = valuesAtOnce(work);
  if (!importance && row > most) return most;
  const rows = Math.max(1, Math.floor(most / Math.max(row, 1)));
  const experts = importance ? importance.length / row : 1;
  if (experts <= 1) return rows * row;
  const perExpert = elements / experts / row;
  let fitting = Math.min(rows, perExpert);
  while (perExpert % fitting !== 0) fitting--;
  return fitting * row;
}

async function importanceFor(step: Step, { options }: Work): Promise<Float32Array | undefined> {
  const { shape, name } = step.tensor;
  const experts = shape.length > 2 ? shape[0]! : 1;
  const importance = await options.importance?.read(name, { rowLength: shape.at(-1) ?? 1, experts });
  if (importance || !step.needsImportance) return importance;
  const what = `${step.type} is not made without an importance, and the matrix has none for it`;
  throw inTensor(
    new FewbitsError('NEEDS_IMPORTANCE', `${what}. Choose another type for it by an override.`),
    step.tensor,
  );
}

/** The row for the slice that begins there: of all, or of its expert. */
function rowOfImportance(
  importance: Float32Array | undefined,
  { shape, elements }: StoredTensor,
  start: number,
): Float32Array | undefined {
  if (!importance) return undefined;
  const row = shape.at(-1) ?? 1;
  const expert = Math.floor(start / (elements / (importance.length / row)));
  return importance.subarray(expert * row, (expert + 1) * row);
}

async function convertSlice(
  { tensor, type }: Step,
  { fewbits, options: { pool } }: Work,
  block: BlockFormat | undefined,
  importance: Float32Array | undefined,
  slice: StoredValues | Float32Array,
): Promise<Uint8Array> {
  const count = countOf(slice);
  const decoded = () => (isStored(slice) ? decodeStored(fewbits, slice) : slice);
  if (type === 'float32') {
    const values = decoded();
    return bytesOf(values instanceof Float32Array ? values : Float32Array.from(values));
  }
  // A worker gets the slice as it is, moved there, and decodes it.
  const values = pool ? (slice as Float32Array) : decoded();
  const move = pool && { transfer: true };
  const worker: Pool | Fewbits = pool ?? fewbits;
  if (!block) return bytesOf(await worker.encode(values, type as NumberFormatName, { ...move }));
  // A part of a row stands for one.
  const rowLength = Math.min(tensor.shape.at(-1) ?? 1, count);
  // What is moved is gone: the row is needed again.
  const weights = importance && { importance: importance.slice() };
  return worker.quantizeBlocks(values, type as BlockFormatName, { rowLength, ...weights, ...move });
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** An index counted in the tensor, not in the slice. */
function atElement(error: unknown, start: number): unknown {
  if (!(error instanceof FewbitsError) || error.code !== 'NON_FINITE') return error;
  const index = start + (error.details['index'] as number);
  const message = error.message.replace(/^Element \d+/, `Element ${index}`);
  return new FewbitsError(error.code, message, { ...error.details, index });
}

/** Errors of the core name the tensor that they befell. */
function inTensor(error: unknown, { name, file }: StoredTensor): unknown {
  if (!(error instanceof FewbitsError) || 'file' in error.details || error.code === 'ABORTED') return error;
  const message = `${shown(file)}: tensor '${shown(name)}': ${error.message}`;
  return new FewbitsError(error.code, message, { ...error.details, tensor: name });
}
