// Conversion: what each tensor becomes, how large the file will be, and the writing of it, slice by slice.
import { otherWord } from '../containers/element.ts';
import { type GgufContainer, ggmlType } from '../containers/gguf.ts';
import { npyHeader } from '../containers/npy.ts';
import type { SafetensorsContainer } from '../containers/safetensors.ts';
import { baseName } from '../containers/safetensors-index.ts';
import type { Source } from '../containers/source.ts';
import type { Container, Element, StoredTensor } from '../containers/tensor.ts';
import { digits, fault, shown } from '../containers/words.ts';
import type { FilePlan } from '../containers/write.ts';
import { planGguf, textKey, u32Key } from '../containers/write-gguf.ts';
import { planSafetensors } from '../containers/write-safetensors.ts';
import { FewbitsError } from '../errors.ts';
import type { BlockFormat, BlockFormatName, Fewbits, NumberFormat, NumberFormatName, Pool } from '../types.ts';
import { internalsOf } from './internals.ts';
import {
  chooseTypes,
  type RecipeModel,
  recipeFileType,
  type TensorType,
  type TypeChoice,
  type TypeOverride,
  uniformTypes,
} from './recipes.ts';
import { inPieces, slices, swap } from './restore.ts';
import type { Sink } from './sinks.ts';
import type { Conversion, ConversionOverride, ConversionTensor, ConvertOptions, Model, PlanOptions } from './types.ts';

/** What becomes of one tensor. */
interface Step {
  tensor: StoredTensor;
  /** Our format's name; null where no format holds such elements. */
  type: string | null;
  /** The word for it in the file to be written. */
  word: string;
  /** Its shape there. */
  byteLength: number;
  reason: string;
  /** Its bytes stay as they are. */
  copy: boolean;
  /** Of a row, or of several where a mixture has one per expert. */
  importance?: Float32Array;
}

interface Job {
  steps: Step[];
  plan: FilePlan;
}

type Place = 'gguf' | 'safetensors' | 'npy';

/** Values that are converted at once: 4 MiB of float32. */
const SLICE = 2 ** 20;
const GGUF_ALIGNMENT = 32;

// --- planning --------------------------------------------------------------------------------------------------------

/**
 * What `convertModel` would write: the type and bytes of every tensor, and of the file.
 * @throws UNKNOWN_FORMAT, UNSUPPORTED, UNSUPPORTED_TYPE, TOO_LARGE, BAD_ARGUMENT, NEEDS_IMPORTANCE
 */
export function planConversion(model: Model, options: PlanOptions): Conversion {
  const { container, fewbits } = internalsOf(model);
  const steps = planSteps(container, fewbits, options);
  // The keys have the length that they will have: their bytes are read when they are written.
  const plan = planFile(
    container,
    steps,
    options,
    plannedKeys(container, steps, options).map((key) => key.bytes ?? new Uint8Array(key.end - key.begin)),
  );
  return { byteLength: plan.byteLength, tensors: steps.map(describeStep) };
}

const describeStep = ({ tensor: { name }, type, byteLength, reason }: Step): ConversionTensor => ({
  ...{ name, type, byteLength, reason },
});

function planSteps(container: Container, fewbits: Fewbits, options: PlanOptions): Step[] {
  const { to, type, recipe } = options;
  if (to !== 'gguf' && to !== 'safetensors' && to !== 'npy')
    throw new FewbitsError('BAD_ARGUMENT', `to is 'gguf', 'safetensors' or 'npy', not ${shown(String(to))}.`);
  if (type !== undefined && recipe !== undefined)
    throw new FewbitsError('BAD_ARGUMENT', 'Give a type for all, or a recipe, not both.');
  if (recipe !== undefined && to !== 'gguf')
    throw new FewbitsError('BAD_ARGUMENT', `Recipes are llama.cpp's, for GGUF; ${to} takes one type.`);
  const wanted = to === 'gguf' ? ggufTypes(container, options) : floatTypes(container, fewbits, options, to);
  const tensors = to === 'npy' ? [onlyTensor(container, options.tensor)] : container.tensors;
  return tensors.map((tensor) =>
    planStep(fewbits, to, tensor, container.format === to && to !== 'npy', wanted.get(tensor.name)),
  );
}

type Choice = Pick<TypeChoice, 'type' | 'reason'>;

function ggufTypes(container: Container, options: PlanOptions): Map<string, Choice> {
  const { type, recipe, overrides = [], importance } = options;
  if (type === undefined && recipe === undefined && overrides.length === 0) return new Map();
  const tensors = container.tensors.map(({ name, shape }) => ({ name, shape }));
  const choice = { overrides: overrides as TypeOverride[], importance: importance !== undefined };
  let choices: TypeChoice[];
  if (recipe !== undefined) choices = chooseTypes(recipeModel(container), recipe, choice);
  else if (type !== undefined) choices = uniformTypes({ tensors }, type as TensorType, choice);
  else {
    // Nothing but overrides: whom none names keeps its type.
    const named = tensors.filter(({ name }) => findOverride(overrides, name));
    choices = uniformTypes({ tensors: named }, 'float32', choice);
  }
  const needy = importance === undefined && choices.find(({ needsImportance }) => needsImportance);
  if (needy) {
    const what = `'${shown(needy.name)}' cannot become ${needy.type} without an importance matrix`;
    throw new FewbitsError('NEEDS_IMPORTANCE', `${what}. Pass importance, or another type.`, { tensor: needy.name });
  }
  return new Map(choices.map((one) => [one.name, one]));
}

function findOverride(overrides: readonly ConversionOverride[], name: string): ConversionOverride | undefined {
  return overrides.find(({ pattern }) => {
    try {
      return new RegExp(pattern).test(name);
    } catch (error) {
      throw new FewbitsError('BAD_ARGUMENT', `An override's pattern is wrong: ${(error as Error).message}.`);
    }
  });
}

/** What the recipes ask, out of the metadata of a GGUF. */
function recipeModel({ format, metadata, tensors }: Container): RecipeModel {
  const architecture = metadata.get('general.architecture');
  if (format !== 'gguf' || typeof architecture !== 'string')
    throw new FewbitsError('BAD_ARGUMENT', 'Recipes need a GGUF with general.architecture. Give a type for all.');
  const number = (key: string): number => {
    const value = metadata.get(`${architecture}.${key}`);
    return Number((Array.isArray(value) ? value[0] : value) ?? 0);
  };
  const heads = number('attention.head_count');
  return {
    ...{ architecture, layers: number('block_count'), heads, experts: number('expert_count') },
    kvHeads: metadata.has(`${architecture}.attention.head_count_kv`) ? number('attention.head_count_kv') : heads,
    tensors: tensors.map(({ name, shape }) => ({ name, shape })),
  };
}

/** For safetensors and .npy: every tensor of real numbers gets the type, integers and truth values stay. */
function floatTypes(
  { tensors }: Container,
  fewbits: Fewbits,
  { type, overrides = [] }: PlanOptions,
  place: 'safetensors' | 'npy',
): Map<string, Choice> {
  const known = fewbits.numberFormats.filter(
    (row) => row[place] !== null && row.kind === 'floating' && row.bits % 8 === 0,
  );
  for (const asked of [...(type === undefined ? [] : [type]), ...overrides.map((override) => override.type)])
    if (!known.some(({ name }) => name === asked)) {
      const names = known.map(({ name }) => name).join(', ');
      throw new FewbitsError('UNKNOWN_FORMAT', `${place} takes ${names}, not '${shown(String(asked))}'.`);
    }
  const choices = new Map<string, Choice>();
  for (const { name, element } of tensors) {
    const override = findOverride(overrides, name);
    const isReal = isRealElement(fewbits, element);
    if (override) choices.set(name, { type: override.type as TensorType, reason: `override ${override.pattern}` });
    else if (type !== undefined && isReal) choices.set(name, { type: type as TensorType, reason: 'the type for all' });
  }
  return choices;
}

const rowOf = (fewbits: Fewbits, type: string | null): NumberFormat | undefined =>
  fewbits.numberFormats.find(({ name }) => name === type);

const isRealElement = (fewbits: Fewbits, { type, reading }: Element): boolean =>
  reading === 'block' || rowOf(fewbits, type)?.kind === 'floating';

function onlyTensor({ tensors }: Container, name: string | undefined): StoredTensor {
  const found =
    name === undefined && tensors.length === 1 ? tensors[0] : tensors.find((tensor) => tensor.name === name);
  if (found) return found;
  const what = `A .npy holds one tensor: name one of the model's ${digits(tensors.length)} with the option tensor`;
  throw new FewbitsError('BAD_ARGUMENT', `${what}${name === undefined ? '' : `, not '${shown(name)}'`}.`);
}

function planStep(fewbits: Fewbits, to: Place, tensor: StoredTensor, own: boolean, choice: Choice | undefined): Step {
  const { element, elements, shape } = tensor;
  const kept = own ? tensor.storedType : wordOf(fewbits, to, element);
  const same = choice === undefined || choice.type === element.type;
  if (same && kept !== undefined && !isScattered(tensor)) {
    const reason = choice?.reason ?? 'keeps its type';
    return { tensor, type: element.type, word: kept, byteLength: tensor.byteLength, reason, copy: true };
  }
  if (tensor.refusal) throw tensor.refusal;
  const type = choice?.type ?? (kept === undefined ? instead(fewbits, to, tensor) : element.type);
  if (type === null || !isReadable(fewbits, element, type)) throw cannotMove(tensor, to);
  checkMakeable(fewbits, tensor, type);
  const reason = choice?.reason ?? (kept === undefined ? `${to} has no ${tensor.storedType}` : 'keeps its type');
  const byteLength = bytesOf(fewbits, type, shape, elements);
  return { tensor, type, word: wordOfType(fewbits, to, type), byteLength, reason, copy: false };
}

const isScattered = ({ fortranOrder, shape }: StoredTensor): boolean =>
  fortranOrder === true && shape.filter((size) => size > 1).length > 1;

/** Whether values may pass through float32 on their way: to another type, or to their own without loss. */
function isReadable(fewbits: Fewbits, { reading, type: from }: Element, type: string): boolean {
  if (type !== from) return reading !== null;
  const row = rowOf(fewbits, from);
  return reading === 'block' || (row !== undefined && row.bits <= (row.kind === 'integer' ? 16 : 32));
}

function cannotMove({ name, storedType, file, data }: StoredTensor, to: Place): FewbitsError {
  const what = `tensor '${shown(name)}' of type ${storedType} cannot be written to ${to} as it is stored`;
  return fault(
    'UNSUPPORTED_TYPE',
    file,
    data.byteOffset,
    `${what}. Leave it out, or choose a type for it by an override.`,
  );
}

function checkMakeable(fewbits: Fewbits, { name }: StoredTensor, type: string): void {
  const block = fewbits.blockFormats.find((row) => row.name === type);
  if (!block || block.canQuantize) return;
  throw new FewbitsError('UNSUPPORTED', `This version does not make ${type}, which '${shown(name)}' is to become.`);
}

/** The word of the place for such elements, where it has one. */
function wordOf(fewbits: Fewbits, to: Place, { type, reading }: Element): string | undefined {
  if (type === null) return otherWord(to, reading);
  const row = rowOf(fewbits, type);
  if (row) return row[to] ?? undefined;
  // ggml's names are ours in capitals.
  const block = fewbits.blockFormats.find(({ name, family }) => name === type && family === 'ggml');
  return block && to === 'gguf' ? type.toUpperCase() : undefined;
}

function wordOfType(fewbits: Fewbits, to: Place, type: string): string {
  const word = wordOf(fewbits, to, { type, reading: 'number', pieceElements: 1, pieceBytes: 1 });
  if (word !== undefined) return word;
  throw new FewbitsError('UNSUPPORTED_TYPE', `${to} has no type for ${type}.`);
}

/** For what the place has no word: small integers and truth values pass for float32, which holds them exactly. */
function instead(fewbits: Fewbits, to: Place, tensor: StoredTensor): string {
  const row = rowOf(fewbits, tensor.element.type);
  const exact = row
    ? row.kind !== 'integer' || row.bits <= 16
    : tensor.element.reading !== 'int64' && tensor.element.reading !== 'uint64';
  if (!exact || tensor.element.reading === null) throw cannotMove(tensor, to);
  return 'float32';
}

function bytesOf(fewbits: Fewbits, type: string, shape: readonly number[], elements: number): number {
  const block = fewbits.blockFormats.find(({ name }) => name === type);
  if (!block) return (elements * rowOf(fewbits, type)!.bits) / 8;
  const row = shape.at(-1) ?? 1;
  if (row % block.blockSize === 0) return (elements / block.blockSize) * block.blockBytes;
  throw new FewbitsError('BAD_LENGTH', `Rows of ${row} do not divide into ${type}'s blocks of ${block.blockSize}.`);
}

// --- the file --------------------------------------------------------------------------------------------------------

/** A key that is new, or one whose bytes stand in the source. */
interface PlannedKey {
  begin: number;
  end: number;
  bytes?: Uint8Array;
  source?: Source;
}

const made = (bytes: Uint8Array): PlannedKey => ({ begin: 0, end: bytes.length, bytes });

/** The source's keys in order, without what this conversion says anew or what spoke of its parts. */
function plannedKeys(container: Container, steps: readonly Step[], { to, type, recipe }: PlanOptions): PlannedKey[] {
  if (to !== 'gguf') return [];
  const changed = type !== undefined || recipe !== undefined;
  const settings = changed ? quantizationKeys(steps, recipe ?? type!) : [];
  if (container.format !== 'gguf') return [made(textKey('general.architecture', 'unknown')), ...settings];
  const { keys, source } = container as GgufContainer;
  const drop = /^split\.(no|count|tensors\.count)$/;
  const replaced = changed ? /^general\.(file_type|quantization_version)$/ : /^$/;
  const kept = keys.filter(({ key }) => !drop.test(key) && !replaced.test(key));
  const nested = kept.find((key) => key.nested);
  if (nested) {
    const what = `key '${shown(nested.key)}' holds arrays of arrays, which ggml does not read`;
    throw fault('UNSUPPORTED', source.name, nested.begin, `${what}: it is never written.`);
  }
  return [...kept.map(({ begin, end }) => ({ begin, end, source })), ...settings];
}

/** In llama-quantize's order. */
function quantizationKeys(steps: readonly Step[], name: string): PlannedKey[] {
  const keys: PlannedKey[] = [];
  if (steps.some(({ tensor, type }) => type !== tensor.element.type || tensor.element.reading === 'block'))
    keys.push(made(u32Key('general.quantization_version', 2)));
  const fileType = fileTypeOf(name);
  if (fileType !== undefined) keys.push(made(u32Key('general.file_type', fileType)));
  return keys;
}

/** llama.cpp's number for a file of that type; some types have none. */
function fileTypeOf(name: string): number | undefined {
  const words: Readonly<Record<string, string>> = { float32: 'f32', float16: 'f16', bfloat16: 'bf16' };
  try {
    return recipeFileType(words[name] ?? name);
  } catch {
    return undefined;
  }
}

function planFile(
  container: Container,
  steps: readonly Step[],
  { to }: PlanOptions,
  keys: readonly Uint8Array[],
): FilePlan {
  // safetensors know the empty name; GGUF and people do not.
  const keepsNames = to === 'safetensors' && container.format === 'safetensors';
  const taken = new Set(steps.map(({ tensor }) => tensor.name));
  const tensors = steps.map(({ tensor, word, byteLength }) => ({
    ...{
      name: keepsNames ? tensor.name : outputName(tensor, taken),
      shape: tensor.shape,
      byteLength,
      dtype: word,
      type: ggmlType(word),
    },
  }));
  if (to === 'safetensors') return planSafetensors(tensors, textMetadata(container));
  if (to === 'gguf') {
    const alignment = (container as Partial<GgufContainer>).alignment ?? GGUF_ALIGNMENT;
    return planGguf('the output', tensors, keys, alignment);
  }
  const { dtype, shape, byteLength } = tensors[0]!;
  const head = npyHeader(dtype, shape);
  const placed = [{ index: 0, byteOffset: head.length, byteLength }];
  return { head, placed, byteLength: head.length + byteLength };
}

/** safetensors' metadata are texts; those of other containers are not for its readers. */
function textMetadata(container: Container): Map<string, string> | undefined {
  if (container.format !== 'safetensors') return new Map([['format', 'pt']]);
  const { metadata, hasMetadata } = container as SafetensorsContainer;
  return hasMetadata || metadata.size > 0 ? (metadata as Map<string, string>) : undefined;
}

/** A name for a tensor that has none, as the one of a .npy: the one of its file. */
function outputName({ name, file }: StoredTensor, taken: ReadonlySet<string>): string {
  if (name !== '') return name;
  const stem = baseName(file).replace(/\.\w+$/, '') || 'tensor';
  let free = stem;
  for (let i = 2; taken.has(free); i++) free = `${stem}#${i}`;
  return free;
}

// --- converting ------------------------------------------------------------------------------------------------------

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

async function prepare(container: Container, fewbits: Fewbits, options: ConvertOptions): Promise<Job> {
  const steps = planSteps(container, fewbits, options);
  const keys: Uint8Array[] = [];
  for (const { bytes, source, begin, end } of plannedKeys(container, steps, options))
    keys.push(bytes ?? (await source!.read(begin, end)));
  return { steps, plan: planFile(container, steps, options, keys) };
}

function checkAborted({ signal }: ConvertOptions): void {
  if (signal?.aborted) throw new FewbitsError('ABORTED', 'The conversion was cancelled. Nothing was written.');
}

interface Work {
  fewbits: Fewbits;
  options: ConvertOptions;
}

async function writeAll(sink: Sink, { steps, plan }: Job, work: Work): Promise<void> {
  const progress = new Progress(plan.byteLength, work.options);
  await sink.write(plan.head);
  let at = plan.head.length;
  for (const { index, byteOffset, byteLength } of plan.placed) {
    const step = steps[index]!;
    await writeZeros(sink, byteOffset - at);
    at = byteOffset;
    progress.report(at, step.tensor.name);
    for await (const bytes of convertTensor(step, work)) {
      checkAborted(work.options);
      await sink.write(bytes);
      at += bytes.length;
      progress.report(at, step.tensor.name);
    }
    if (at === byteOffset + byteLength) continue;
    const what = `tensor '${shown(step.tensor.name)}' became ${digits(at - byteOffset)} bytes instead of ${digits(byteLength)}`;
    throw fault('BAD_LENGTH', step.tensor.file, step.tensor.data.byteOffset, `${what}.`);
  }
  await writeZeros(sink, plan.byteLength - at);
  progress.report(plan.byteLength, '');
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

async function* convertTensor(step: Step, work: Work): AsyncGenerator<Uint8Array> {
  const { tensor, copy } = step;
  if (copy) {
    const stream = tensor.data.stream(0, tensor.byteLength);
    if (!tensor.bigEndian) return yield* stream;
    for await (const bytes of inPieces(stream, SLICE)) {
      swap(bytes, tensor.element.pieceBytes);
      yield bytes;
    }
    return;
  }
  const block = work.fewbits.blockFormats.find(({ name }) => name === step.type);
  const importance = block?.usesImportance ? await importanceFor(step, work) : undefined;
  const convert = (values: Float32Array, start: number) => convertSlice(step, work, block, importance, values, start);
  // With a pool as many slices are under way as it has workers; they are written in order.
  const ahead = work.options.pool ? work.options.pool.size + 1 : 1;
  const pending: Promise<Uint8Array>[] = [];
  let start = 0;
  try {
    for await (const values of slices(work.fewbits, tensor, sliceOf(tensor, importance), work.options.signal)) {
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

async function importanceFor({ tensor }: Step, { options }: Work): Promise<Float32Array | undefined> {
  const { shape, name } = tensor;
  const experts = shape.length > 2 ? shape[0]! : 1;
  return options.importance?.read(name, { rowLength: shape.at(-1) ?? 1, experts });
}

async function convertSlice(
  { tensor, type }: Step,
  { fewbits, options }: Work,
  block: BlockFormat | undefined,
  importance: Float32Array | undefined,
  values: Float32Array,
  start: number,
): Promise<Uint8Array> {
  const worker: Pool | Fewbits = options.pool ?? fewbits;
  if (type === 'float32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
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
