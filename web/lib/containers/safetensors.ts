// safetensors: a length, a JSON header, the data. As strict as the library (0.8.0), stricter about names.
// The format: https://github.com/huggingface/safetensors#format
import { findElement } from './element.ts';
import { JsonReader } from './json.ts';
import { DIMS, ST_HEADER, STRING, TENSORS } from './limits.ts';
import type { Source } from './source.ts';
import { type Container, countBytes, countElements, PlainData, type StoredTensor, type Tables } from './tensor.ts';
import { digits, fault, shown, tooLarge, truncated } from './words.ts';

interface Entry {
  name: string;
  dtype: string;
  shape: number[];
  begin: number;
  end: number;
  /** Where the entry is said, in the file. */
  at: number;
}

const LENGTH = 8;

export interface SafetensorsContainer extends Container {
  /** Whether the file has metadata, be they empty. */
  hasMetadata: boolean;
}

export async function openSafetensors(source: Source, tables: Tables): Promise<SafetensorsContainer> {
  const header = await readHeader(source);
  const { entries, metadata } = parse(source, header);
  const dataStart = LENGTH + header.length;
  checkTiling(source, entries, dataStart);
  const tensors = entries.map((entry) => toTensor(source, tables, entry, dataStart));
  const hasMetadata = metadata !== undefined;
  return { format: 'safetensors', metadata: metadata ?? new Map(), tensors, notes: [], hasMetadata };
}

async function readHeader(source: Source): Promise<Uint8Array> {
  const { name, size } = source;
  if (size < LENGTH) throw truncated(name, 'The length of the header', LENGTH, size);
  const prefix = await source.read(0, LENGTH);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(ST_HEADER)) throw tooLarge(name, 0, 'bytes of a safetensors header', ST_HEADER, length);
  const end = LENGTH + Number(length);
  if (end > size) throw truncated(name, 'The header', end, size);
  return source.read(LENGTH, end);
}

function parse(source: Source, header: Uint8Array): { entries: Entry[]; metadata: Map<string, string> | undefined } {
  const json = new JsonReader(header, source.name, LENGTH);
  if (header[0] !== 0x7b) throw json.fault('BAD_HEADER', "the header must begin with '{'");
  const entries: Entry[] = [];
  let metadata: Map<string, string> | undefined;
  json.object('the header', (name) => {
    if (name === '__metadata__') metadata = parseMetadata(json);
    else entries.push(parseEntry(json, json.name(name, 'a name')));
    if (entries.length > TENSORS) throw tooLarge(source.name, json.position, 'tensors', TENSORS, entries.length);
  });
  json.finish();
  return { entries, metadata };
}

function parseMetadata(json: JsonReader): Map<string, string> {
  const metadata = new Map<string, string>();
  json.object('__metadata__ as an object', (key) => {
    const value = json.string('a text: the values of __metadata__ are strings. This one');
    if (value.length > STRING) throw json.fault('TOO_LARGE', `a text of ${digits(value.length)} characters`);
    metadata.set(json.name(key, 'a key'), value);
  });
  return metadata;
}

function parseEntry(json: JsonReader, name: string): Entry {
  const entry: Partial<Entry> = { name, at: json.position };
  json.object(`the entry of '${shown(name)}'`, (key) => {
    if (key === 'dtype') entry.dtype = json.string('dtype as a string');
    else if (key === 'shape') entry.shape = parseNumbers(json, 'shape');
    else if (key === 'data_offsets') {
      const offsets = parseNumbers(json, 'data_offsets');
      if (offsets.length !== 2) throw json.fault('BAD_HEADER', 'data_offsets must be two numbers, begin and end');
      [entry.begin, entry.end] = offsets as [number, number];
    } else json.skip();
  });
  const missing = (['dtype', 'shape', 'begin'] as const).find((key) => entry[key] === undefined);
  if (missing) {
    const key = missing === 'begin' ? 'data_offsets' : missing;
    throw json.fault('BAD_HEADER', `tensor '${shown(name)}' has no ${key}`);
  }
  return entry as Entry;
}

function parseNumbers(json: JsonReader, what: string): number[] {
  const numbers: number[] = [];
  json.array(`${what} as an array`, () => {
    if (numbers.length === DIMS) throw json.fault('TOO_LARGE', `more than ${DIMS} dimensions, the limit`);
    numbers.push(json.unsigned(what));
  });
  return numbers;
}

/** The tensors, sorted by where they begin, tile the data: no hole, no overlap, nothing behind. */
function checkTiling({ name: file, size }: Source, entries: readonly Entry[], dataStart: number): void {
  let covered = 0;
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  for (const { name, begin, end, at } of sorted) {
    const tensor = () => `tensor '${shown(name)}'`;
    if (end < begin) throw fault('OUT_OF_RANGE', file, at, `${tensor()} ends (${digits(end)}) before it begins.`);
    if (dataStart + end > size) {
      if (begin < end) throw truncated(file, tensor(), dataStart + end, size);
      throw fault('OUT_OF_RANGE', file, at, `${tensor()} is at byte ${digits(end)} of the data, beyond its end.`);
    }
    if (begin < covered) {
      const what = `${tensor()} begins at byte ${digits(begin)} of the data, but the one before ends at ${digits(covered)}.`;
      throw fault('OVERLAP', file, at, `${what} Tensors must not share bytes: save it again.`);
    }
    if (begin > covered) {
      const what = `${tensor()} begins at byte ${digits(begin)} of the data, the one before ends at ${digits(covered)}.`;
      throw fault('BAD_HEADER', file, at, `${what} safetensors has no holes: save it again.`);
    }
    covered = end;
  }
  const left = size - dataStart - covered;
  if (left > 0) {
    const where = dataStart + covered;
    throw fault('BAD_LENGTH', file, where, `${digits(left)} bytes belong to no tensor, from byte ${digits(where)} on.`);
  }
}

function toTensor(source: Source, tables: Tables, entry: Entry, dataStart: number): StoredTensor {
  const { name, dtype, shape, begin, end, at } = entry;
  const tensor = () => `tensor '${shown(name)}'`;
  const element = findElement(tables, 'safetensors', dtype);
  if (!element)
    throw fault('UNSUPPORTED_TYPE', source.name, at, `${tensor()} is of type '${shown(dtype)}', which is not known.`);
  const elements = countElements(shape);
  const bytes = elements === undefined ? undefined : countBytes(elements, element);
  if (elements === undefined || bytes === undefined)
    throw fault('OUT_OF_RANGE', source.name, at, `${tensor()} of shape ${shape.join(' × ')} is larger than any file.`);
  if (elements % element.pieceElements !== 0 || bytes !== end - begin) {
    const needs = `${digits(elements)} elements of ${dtype} need ${digits(bytes)} bytes`;
    throw fault('BAD_LENGTH', source.name, at, `${tensor()}: ${needs}, data_offsets give it ${digits(end - begin)}.`);
  }
  const byteOffset = dataStart + begin;
  return {
    ...{ name, shape, elements, storedType: dtype, element, byteLength: bytes, file: source.name },
    data: new PlainData(source, byteOffset),
  };
}
