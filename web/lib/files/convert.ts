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
import { inPieces, slices, swap } from './restore.ts';
import type { Sink } from './sinks.ts';
import type { Conversion, ConversionTensor, ConvertOptions, Model, PlanOptions } from './types.ts';

/** Values that are converted at once: 4 MiB of float32. */
const SLICE = 2 ** 20;

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
  if (begin < plan.head.length) await sink.write(plan.head.subarray(begin, end));
  let at = Math.max(begin, Math.min(end, plan.head.length));
  for (const { index, byteOffset, byteLength } of plan.placed) {
    const first = Math.max(begin, byteOffset);
    const last = Math.min(end, byteOffset + byteLength);
    if (first >= last) continue;
    const step = steps[index]!;
    await writeZeros(sink, first - at);
    at = first;
    progress.report(at - begin, step.tensor.name);
    for await (const bytes of convertTensor(step, work, { begin: first - byteOffset, end: last - byteOffset })) {
      checkAborted(work.options);
      await sink.write(bytes);
      at += bytes.length;
      progress.report(at - begin, step.tensor.name);
    }
    if (at === last) continue;
    const what = `tensor '${shown(step.tensor.name)}' became ${digits(at - first)} bytes instead of ${digits(last - first)}`;
    throw fault('BAD_LENGTH', step.tensor.file, step.tensor.data.byteOffset, `${what}.`);
  }
  await writeZeros(sink, end - at);
  progress.report(end - begin, '');
}

async function writeZeros(sink: Sink, count: number): Promise<void> {
  if (count > 0) await sink.write(new Uint8Array(count));
}

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

/** `range`: of the tensor's bytes in the output, cut at multiples of `unitOf`. */
async function* convertTensor(step: Step, work: Work, range: OutputRange): AsyncGenerator<Uint8Array> {
  const { tensor, copy } = step;
  if (copy) {
    const stream = tensor.data.stream(range.begin, range.end);
    if (!tensor.bigEndian) return yield* stream;
    for await (const bytes of inPieces(stream, SLICE)) {
      swap(bytes, tensor.element.pieceBytes);
      yield bytes;
    }
    return;
  }
  const block = work.fewbits.blockFormats.find(({ name }) => name === step.type);
  const importance = block?.usesImportance ? await importanceFor(step, work) : undefined;
  const convert = (values: Float32Array | Float64Array, start: number) =>
    convertSlice(step, work, block, importance, values, start);
  // With a pool as many slices are under way as it has workers; they are written in order.
  const ahead = work.options.pool ? work.options.pool.size + 1 : 1;
  const pending: Promise<Uint8Array>[] = [];
  const elementAt = (byte: number) => Math.round(byte * (tensor.elements / step.byteLength));
  let start = elementAt(range.begin);
  const elements = { start, end: elementAt(range.end), signal: work.options.signal };
  try {
    for await (const values of slices(work.fewbits, tensor, sliceOf(tensor, importance), elements)) {
      const made = convert(values, start);
      // A failure is awaited below; until then it is not one that nobody handles.
      made.catch(() => {});
      pending.push(made);
      start += values.length;
      if (pending.length >= ahead) yield await pending.shift()!;
    }
    while (pending.length > 0) yield await pending.shift()!;
  } catch (error) {
    throw inTensor(error, tensor);
  }
}

/** Whole rows, about a million values; where experts have rows of importance of their own, no slice spans two of them. */
function sliceOf({ shape, elements }: StoredTensor, importance: Float32Array | undefined): number {
  const row = shape.at(-1) ?? 1;
  const rows = Math.max(1, Math.floor(SLICE / Math.max(row, 1)));
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

async function convertSlice(
  { tensor, type }: Step,
  { fewbits, options }: Work,
  block: BlockFormat | undefined,
  importance: Float32Array | undefined,
  values: Float32Array | Float64Array,
  start: number,
): Promise<Uint8Array> {
  const worker: Pool | Fewbits = options.pool ?? fewbits;
  if (type === 'float32') {
    const { buffer, byteOffset, byteLength } = values instanceof Float32Array ? values : Float32Array.from(values);
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  if (!block) {
    const codes = await worker.encode(values, type as NumberFormatName);
    return new Uint8Array(codes.buffer, codes.byteOffset, codes.byteLength);
  }
  const rowLength = tensor.shape.at(-1) ?? 1;
  const experts = importance ? importance.length / rowLength : 1;
  const expert = Math.floor(start / (tensor.elements / experts));
  const row = importance?.subarray(expert * rowLength, (expert + 1) * rowLength);
  try {
    return await worker.quantizeBlocks(values, type as BlockFormatName, { rowLength, ...(row && { importance: row }) });
  } catch (error) {
    throw atElement(error, start);
  }
}

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
