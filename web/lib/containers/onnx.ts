// ONNX: where a model's tensors are. The messages: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3. Weights stand
// among initializers, in Constant nodes and inside of branches and functions; the walk uses a stack of its own.
import { Cursor } from './cursor.ts';
import { findOnnxElement, UNKNOWN_ELEMENT } from './element.ts';
import { DIMS, NAME, PROTOBUF_DEPTH, STRING, TENSORS } from './limits.ts';
import { externalData, typedData } from './onnx-data.ts';
import { BYTES, type Field, readField, readLength, readVarint, skipField, toCount, VARINT } from './protobuf.ts';
import type { Source } from './source.ts';
import {
  type Container,
  countBytes,
  countElements,
  type Element,
  PlainData,
  type StoredTensor,
  type Tables,
} from './tensor.ts';
import { digits, fault, shown, tooLarge, utf8, utf8Lenient } from './words.ts';

/** TensorProto.DataType by its number: ONNX's word and, where it is not ours in capitals, our format's name. */
const TYPES: readonly (readonly [word: string, format?: string])[] = [
  ['UNDEFINED'],
  ...([['FLOAT', 'float32'], ['UINT8'], ['INT8'], ['UINT16'], ['INT16'], ['INT32'], ['INT64'], ['STRING']] as const),
  ...([['BOOL'], ['FLOAT16'], ['DOUBLE', 'float64'], ['UINT32'], ['UINT64'], ['COMPLEX64'], ['COMPLEX128']] as const),
  ...([['BFLOAT16'], ['FLOAT8E4M3FN', 'float8_e4m3fn'], ['FLOAT8E4M3FNUZ', 'float8_e4m3fnuz']] as const),
  ...([['FLOAT8E5M2', 'float8_e5m2'], ['FLOAT8E5M2FNUZ', 'float8_e5m2fnuz'], ['UINT4'], ['INT4']] as const),
  ...([['FLOAT4E2M1', 'float4_e2m1fn'], ['FLOAT8E8M0', 'float8_e8m0fnu'], ['UINT2'], ['INT2']] as const),
];

type Kind = 'model' | 'graph' | 'node' | 'attribute' | 'tensor' | 'sparse' | 'function';

/** The messages inside of messages that can hold tensors, by the number of their field. */
const INSIDE: Readonly<Record<Kind, Readonly<Record<number, Kind>>>> = {
  model: { 7: 'graph', 25: 'function' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  function: { 7: 'node' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse' },
  tensor: {},
  sparse: {},
};

const DATA_FIELDS = { float: 4, int32: 5, int64: 7, double: 10, uint64: 11 } as const;

/** The field that holds a type's values where raw_data does not. */
function dataField(word: string): number {
  if (word === 'FLOAT') return DATA_FIELDS.float;
  if (word === 'DOUBLE') return DATA_FIELDS.double;
  if (word === 'INT64') return DATA_FIELDS.int64;
  return word === 'UINT32' || word === 'UINT64' ? DATA_FIELDS.uint64 : DATA_FIELDS.int32;
}

/** A TensorProto as far as it was read: its data stays in the file. */
export interface TensorProto {
  name: string;
  dims: number[];
  type: number;
  raw?: { begin: number; end: number };
  /** Bytes of values in each typed field, tags of repeated fields not counted. */
  typedBytes?: Map<number, number>;
  external?: Map<string, string>;
  isExternal: boolean;
  segment: boolean;
  begin: number;
  end: number;
  /** Whether it is one of the model's own graph, whose names are kept. */
  top: boolean;
}

interface Frame {
  kind: Kind;
  end: number;
  top?: boolean;
  tensor?: TensorProto;
  node?: { opType: string; name: string; output: string; constants: TensorProto[] };
}

export async function openOnnx(source: Source, tables: Tables): Promise<Container> {
  const walk = new OnnxWalk(source);
  await walk.run();
  const { metadata } = walk;
  const names = new Set<string>();
  // First those of the model's own graph: theirs are the names that others must step aside for.
  const protos = [...walk.tensors.filter(({ top }) => top), ...walk.tensors.filter(({ top }) => !top)];
  for (const proto of protos) {
    if (names.has(proto.name)) {
      if (proto.top)
        throw fault('DUPLICATE_NAME', source.name, proto.begin, `two initializers are called '${shown(proto.name)}'.`);
      proto.name = freeName(proto.name, names);
    }
    names.add(proto.name);
  }
  const tensors = protos.map((proto) => toTensor(source, tables, proto));
  const notes = walk.sparse > 0 ? [`${digits(walk.sparse)} sparse tensors are left out.`] : [];
  return { format: 'onnx', metadata, tensors, notes };
}

/** 'name#2', 'name#3' ...: the number of tries of each name is kept by its longest run, so that many stay quick. */
const tries = new WeakMap<Set<string>, Map<string, number>>();
function freeName(name: string, names: Set<string>): string {
  const counts = tries.get(names) ?? new Map<string, number>();
  tries.set(names, counts);
  let count = counts.get(name) ?? 1;
  let free: string;
  do free = `${name}#${++count}`;
  while (names.has(free));
  counts.set(name, count);
  return free;
}

class OnnxWalk {
  readonly tensors: TensorProto[] = [];
  readonly metadata = new Map<string, unknown>();
  sparse = 0;
  private readonly cursor: Cursor;
  private readonly stack: Frame[];
  private graphs = 0;

  constructor(private readonly source: Source) {
    this.cursor = new Cursor(source);
    this.stack = [{ kind: 'model', end: source.size }];
  }

  async run(): Promise<void> {
    const { cursor, stack } = this;
    for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
      if (cursor.position < frame.end) await this.field(frame);
      else {
        stack.pop();
        this.finish(frame);
      }
    }
    if (this.graphs === 0)
      throw fault('BAD_HEADER', this.source.name, 0, 'there is no graph in it: not an ONNX model.');
  }

  private async field(frame: Frame): Promise<void> {
    const { cursor } = this;
    const field = await readField(cursor, frame.end);
    const inside = field.wire === BYTES ? INSIDE[frame.kind][field.number] : undefined;
    if (inside === 'sparse') {
      this.sparse++;
      return skipField(cursor, frame.end, field);
    }
    if (inside) return this.enter(frame, inside, await readLength(cursor, frame.end));
    if (frame.kind === 'model') return this.modelField(frame, field);
    if (frame.kind === 'node') return this.nodeField(frame, field);
    if (frame.kind === 'tensor') return this.tensorField(frame, field);
    return skipField(cursor, frame.end, field);
  }

  private enter(parent: Frame, kind: Kind, { begin, end }: { begin: number; end: number }): void {
    if (this.stack.length === PROTOBUF_DEPTH)
      throw tooLarge(this.source.name, begin, 'levels of messages', PROTOBUF_DEPTH, this.stack.length + 1);
    const frame: Frame = { kind, end };
    if (kind === 'graph') {
      this.graphs++;
      frame.top = parent.kind === 'model';
    }
    if (kind === 'node') frame.node = { opType: '', name: '', output: '', constants: [] };
    if (kind === 'tensor') {
      const top = parent.top === true;
      frame.tensor = { name: '', dims: [], type: 0, isExternal: false, segment: false, begin, end, top };
    }
    this.stack.push(frame);
  }

  private finish({ kind, tensor, node }: Frame): void {
    const parent = this.stack.at(-1);
    if (kind === 'tensor' && parent?.kind === 'graph') this.keep(tensor!);
    // An attribute's tensor is a weight where its node is a Constant, which may be said after it.
    if (kind === 'tensor' && parent?.kind === 'attribute') this.stack.at(-2)?.node?.constants.push(tensor!);
    if (kind === 'node' && node!.opType === 'Constant')
      for (const constant of node!.constants) this.keep({ ...constant, name: node!.output || node!.name });
  }

  private keep(tensor: TensorProto): void {
    if (this.tensors.push(tensor) > TENSORS)
      throw tooLarge(this.source.name, tensor.begin, 'tensors', TENSORS, this.tensors.length);
  }

  private async modelField(frame: Frame, field: Field): Promise<void> {
    const words: Readonly<Record<number, string>> = {
      ...{ 1: 'ir_version', 2: 'producer_name', 3: 'producer_version', 4: 'domain', 5: 'model_version' },
      ...{ 6: 'doc_string' },
    };
    const word = words[field.number];
    if (field.number === 14 && field.wire === BYTES) {
      const range = await readLength(this.cursor, frame.end);
      const [key, value] = await this.entry(range.end);
      this.metadata.set(key, value);
    } else if (word && field.wire === VARINT)
      this.metadata.set(word, BigInt.asIntN(64, await readVarint(this.cursor, frame.end)));
    else if (word && field.wire === BYTES) this.metadata.set(word, await this.text(frame.end, STRING, false));
    else await skipField(this.cursor, frame.end, field);
  }

  private async nodeField(frame: Frame, field: Field): Promise<void> {
    const node = frame.node!;
    if (field.wire !== BYTES || ![2, 3, 4].includes(field.number)) return skipField(this.cursor, frame.end, field);
    const text = await this.text(frame.end, NAME, false);
    if (field.number === 2) node.output ||= text;
    else if (field.number === 3) node.name = text;
    else node.opType = text;
  }

  private async tensorField(frame: Frame, field: Field): Promise<void> {
    const { cursor } = this;
    const tensor = frame.tensor!;
    const { number, wire } = field;
    if (number === 1) await this.dims(frame, field);
    else if (number === 2 && wire === VARINT)
      tensor.type = Number(BigInt.asIntN(32, await readVarint(cursor, frame.end)));
    else if (number === 8 && wire === BYTES) tensor.name = await this.text(frame.end, NAME, true);
    else if (number === 9 && wire === BYTES) {
      tensor.raw = await readLength(cursor, frame.end);
      cursor.seek(tensor.raw.end);
    } else if (number === 13 && wire === BYTES) {
      const [key, value] = await this.entry((await readLength(cursor, frame.end)).end);
      tensor.external ??= new Map();
      tensor.external.set(key, value);
    } else if (number === 14 && wire === VARINT) tensor.isExternal = (await readVarint(cursor, frame.end)) === 1n;
    else {
      if (number === 3) tensor.segment = true;
      const before = cursor.position;
      await skipField(cursor, frame.end, field);
      const typed = Object.values(DATA_FIELDS).some((data) => data === number);
      if (!typed) return;
      tensor.typedBytes ??= new Map();
      tensor.typedBytes.set(number, (tensor.typedBytes.get(number) ?? 0) + cursor.position - before);
    }
  }

  private async dims({ end, tensor }: Frame, field: Field): Promise<void> {
    const { cursor } = this;
    const add = (value: bigint) => {
      if (tensor!.dims.push(toCount(value, cursor, 'a dimension')) > DIMS)
        throw tooLarge(this.source.name, cursor.position, 'dimensions', DIMS, tensor!.dims.length);
    };
    if (field.wire === VARINT) add(await readVarint(cursor, end));
    else if (field.wire === BYTES) {
      const range = await readLength(cursor, end);
      while (cursor.position < range.end) add(await readVarint(cursor, range.end));
    } else await skipField(cursor, end, field);
  }

  /** A StringStringEntryProto. */
  private async entry(end: number): Promise<[key: string, value: string]> {
    const entry: [string, string] = ['', ''];
    while (this.cursor.position < end) {
      const field = await readField(this.cursor, end);
      if ((field.number === 1 || field.number === 2) && field.wire === BYTES)
        entry[field.number - 1] = await this.text(end, STRING, false);
      else await skipField(this.cursor, end, field);
    }
    return entry;
  }

  private async text(parentEnd: number, most: number, strictly: boolean): Promise<string> {
    const { begin, end } = await readLength(this.cursor, parentEnd);
    if (end - begin > most) throw tooLarge(this.source.name, begin, 'bytes of a text', most, end - begin);
    await this.cursor.fill(end - begin, 'A text');
    const bytes = this.cursor.take(end - begin);
    return strictly ? utf8(bytes, this.source.name, begin, 'The name of a tensor') : utf8Lenient(bytes);
  }
}

function toTensor(source: Source, tables: Tables, proto: TensorProto): StoredTensor {
  const { name, dims: shape, begin } = proto;
  const file = source.name;
  const [word, format] = TYPES[proto.type] ?? [`type ${proto.type}`];
  const tensor = () => `tensor '${shown(name)}'`;
  const element = findOnnxElement(tables, word, format);
  const elements = countElements(shape);
  const byteLength = elements === undefined ? undefined : countBytes(elements, element ?? UNKNOWN_ELEMENT);
  if (elements === undefined || byteLength === undefined)
    throw fault('OUT_OF_RANGE', file, begin, `${tensor()} of shape ${shape.join(' × ')} is larger than any file.`);
  const listed = { name, shape, elements, storedType: word, element: element ?? UNKNOWN_ELEMENT, byteLength, file };
  const refuse = (code: Parameters<typeof fault>[0], what: string): StoredTensor => ({
    ...listed,
    ...{ data: new PlainData(source, begin), refusal: fault(code, file, begin, `${tensor()} ${what}`) },
  });
  if (proto.segment) return refuse('UNSUPPORTED', 'is a segment of a larger one, which no tool supports.');
  if (!element?.reading) return refuse('UNSUPPORTED_TYPE', `is of type ${word}, which is listed, not read.`);
  if (proto.isExternal) {
    const held = proto.external?.get('location') ?? file;
    return { ...listed, file: held, data: externalData(source, proto, byteLength) };
  }
  return { ...listed, ...holdData(source, proto, word, listed.element, elements, byteLength) };
}

/** The data inside of the message: raw, or in the field of its type. */
function holdData(
  source: Source,
  { name, raw, typedBytes = new Map(), begin, end }: TensorProto,
  word: string,
  element: Element,
  elements: number,
  byteLength: number,
): Pick<StoredTensor, 'data'> {
  const tensor = () => `tensor '${shown(name)}'`;
  const wrong = (what: string, code: 'BAD_LENGTH' | 'BAD_HEADER' = 'BAD_LENGTH') =>
    fault(code, source.name, begin, `${tensor()} ${what}`);
  const needs = `${digits(elements)} elements of ${word} need ${digits(byteLength)} bytes`;
  if (raw && typedBytes.size > 0) throw wrong('has raw_data and values besides: which are meant?', 'BAD_HEADER');
  if (raw) {
    if (raw.end - raw.begin !== byteLength) throw wrong(`has ${digits(raw.end - raw.begin)} bytes; its ${needs}.`);
    return { data: new PlainData(source, raw.begin) };
  }
  const field = dataField(word);
  const other = [...typedBytes.keys()].find((key) => key !== field);
  if (other !== undefined) throw wrong(`of type ${word} has its values in field ${other} instead of ${field}.`);
  // A value takes at least a byte: promises beyond that are not worth a walk, nor any memory.
  const values = Math.ceil(elements / element.pieceElements);
  if (values > (typedBytes.get(field) ?? 0)) throw wrong(`has too few values; its ${needs}.`);
  return { data: typedData(source, { field, begin, end, values, valueBytes: element.pieceBytes, name }) };
}
