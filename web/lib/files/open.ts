// openModel: which container it is, its siblings, and the model that callers read from.
import { recognise } from '../containers/checkpoints.ts';
import { openGgufModel, openGgufParts } from '../containers/gguf-split.ts';
import { openNpyModel } from '../containers/npy-model.ts';
import { type Inflate, openNpz } from '../containers/npz.ts';
import { openOnnx } from '../containers/onnx.ts';
import { openSafetensors } from '../containers/safetensors.ts';
import { mergeShards, openIndex, openShard } from '../containers/safetensors-index.ts';
import { HEAD, looksLike, sniff } from '../containers/sniff.ts';
import type { Source } from '../containers/source.ts';
import { notASource, together } from '../containers/sources.ts';
import type { Container, StoredTensor } from '../containers/tensor.ts';
import { digits, fault, shown } from '../containers/words.ts';
import { FewbitsError } from '../errors.ts';
import type { Fewbits } from '../types.ts';
import { remember } from './internals.ts';
import { restore } from './restore.ts';
import type { Model, ModelTensor, OpenModel, ReadOptions } from './types.ts';

/** What differs between browsers and Node. */
export interface Platform {
  init(): Promise<Fewbits>;
  source(value: unknown): Promise<Source>;
  inflate: Inflate;
}

export function opener(platform: Platform): OpenModel {
  return async (given, options) => {
    const fewbits = options?.fewbits ?? (await platform.init());
    const values: readonly unknown[] = Array.isArray(given) ? given : [given];
    if (values.length === 0) throw notASource(given);
    const sources = await Promise.all(values.map((value) => platform.source(value)));
    const several = together(sources);
    const container = await openAny(sources.length > 1 ? several : sources, { tables: fewbits, ...platform });
    return toModel(container, fewbits, sources);
  };
}

interface Context {
  tables: Fewbits;
  inflate: Inflate;
}

type Kind = NonNullable<ReturnType<typeof sniff>>;

interface Sniffed {
  source: Source;
  head: Uint8Array;
  kind: Kind | undefined;
}

async function look(source: Source): Promise<Sniffed> {
  const head = await source.read(0, Math.min(source.size, HEAD));
  return { source, head, kind: sniff(head, source.name) };
}

/** One file, or several that belong together: of those, the one that knows the others. */
async function openAny(sources: readonly Source[], context: Context): Promise<Container> {
  const files = await Promise.all(sources.map(look));
  if (files.length === 1) return openOne(files[0]!, context);
  const of = (kind: Kind) => files.filter((file) => file.kind === kind);
  const indexes = of('index').filter(({ source }) => /\.index\.json$/i.test(source.name));
  if (indexes.length > 0) return openOne(indexes[0]!, context);
  const [ggufs, safetensors] = [of('gguf'), of('safetensors')];
  if (ggufs.length > 1)
    return openGgufParts(
      ggufs.map(({ source }) => source),
      context.tables,
    );
  if (safetensors.length > 1)
    return openShards(
      safetensors.map(({ source }) => source),
      context,
    );
  const named = files.filter(({ source, kind }) => kind === 'onnx' && /\.onnx$/i.test(source.name));
  const whole = [...ggufs, ...safetensors, ...named, ...of('npz'), ...of('npy'), ...of('onnx')];
  return openOne(whole[0] ?? files[0]!, context);
}

async function openShards(sources: readonly Source[], context: Context): Promise<Container> {
  const shards: Container[] = [];
  for (const source of sources) shards.push(await openSafetensors(source, context.tables));
  return withQuantization(sources[0]!, mergeShards(sources[0]!.name, shards));
}

async function openOne({ source, head, kind }: Sniffed, context: Context): Promise<Container> {
  const { tables, inflate } = context;
  if (source.size === 0) throw fault('TRUNCATED', source.name, 0, 'it is empty (0 bytes). Download it again.');
  if (kind === 'gguf') return openGgufModel(source, tables);
  if (kind === 'npy') return openNpyModel(source, tables);
  if (kind === 'npz') return openNpz(source, tables, inflate);
  if (kind === 'onnx') return openOnnx(source, tables);
  if (kind === 'index') return openJson(source, head, context);
  if (kind === 'safetensors') return withQuantization(source, await openShard(source, tables));
  throw unknownFile(source, head);
}

async function openJson(source: Source, head: Uint8Array, { tables }: Context): Promise<Container> {
  const what = looksLike(head);
  if (what && !/^a (JSON )?text/.test(what)) throw fault('BAD_HEADER', source.name, 0, `it looks like ${what}.`);
  return withQuantization(source, await openIndex(source, tables));
}

async function withQuantization(source: Source, container: Container): Promise<Container> {
  const quantization = await recognise(source, container);
  return quantization ? { ...container, quantization } : container;
}

/** Bytes by which every container is known, if it is one. */
const LEAST = 9;
const READABLE = 'What can be opened: safetensors, GGUF, .npy, .npz and ONNX.';

function unknownFile({ name, size }: Source, head: Uint8Array): FewbitsError {
  const what = looksLike(head);
  if (!what && size < LEAST)
    return fault('TRUNCATED', name, size, `${size} bytes are too few for a model. Incomplete: download it again.`);
  const named = what ? `it looks like ${what}.` : 'its first bytes are of no kind that is known here.';
  return fault('BAD_MAGIC', name, 0, `${named} ${READABLE}`);
}

function toModel(container: Container, fewbits: Fewbits, sources: readonly Source[]): Model {
  const byName = new Map(container.tensors.map((tensor) => [tensor.name, tensor]));
  let closed = false;
  const read = async (name: string, options: ReadOptions = {}) => {
    if (closed) throw new FewbitsError('TERMINATED', 'The model was closed. Open it again.');
    const tensor = byName.get(name);
    if (!tensor) throw unknownTensor(name, container);
    const range = checkRange(tensor, options);
    if (tensor.refusal) throw tensor.refusal;
    if (!tensor.element.reading) throw unreadable(tensor);
    return restore(fewbits, tensor, range);
  };
  const close = async () => {
    closed = true;
    await Promise.all(sources.map((source) => source.close?.()));
  };
  const { format, metadata, notes, quantization } = container;
  const tensors = container.tensors.map(describeTensor);
  const seen = quantization && { quantization };
  const model = Object.freeze({ format, metadata, tensors, notes, ...seen, read, close });
  return remember(model, { container, fewbits, sources });
}

function describeTensor({
  name,
  shape,
  elements,
  storedType,
  element,
  byteLength,
  data,
  file,
}: StoredTensor): ModelTensor {
  const tensor = { name, shape, type: element.type, storedType, byteLength, elements, file };
  const { byteOffset } = data;
  return Object.freeze(byteOffset === undefined ? tensor : { ...tensor, byteOffset });
}

function unknownTensor(name: unknown, { tensors }: Container): FewbitsError {
  const some = tensors.slice(0, 3).map((tensor) => `'${shown(tensor.name)}'`);
  const there =
    tensors.length === 0 ? 'It has none.' : `There are ${some.join(', ')}${tensors.length > 3 ? ' ...' : ''}`;
  return new FewbitsError('BAD_ARGUMENT', `The model has no tensor '${shown(String(name))}'. ${there}`);
}

function unreadable({ name, storedType, file, data }: StoredTensor): FewbitsError {
  const what = `tensor '${shown(name)}' is of type ${shown(storedType)}, which is listed, not read.`;
  return fault('UNSUPPORTED_TYPE', file, data.byteOffset, what);
}

function checkRange({ name, elements }: StoredTensor, { start = 0, end = elements, signal }: ReadOptions) {
  const whole = [start, end].every((place) => Number.isInteger(place));
  if (whole && start >= 0 && start <= end && end <= elements) return { start, end, signal };
  const range = `start and end of '${shown(name)}' are whole numbers from 0 to its ${digits(elements)} elements`;
  throw new FewbitsError('BAD_ARGUMENT', `${range}, start first; they are ${start} and ${end}.`);
}
