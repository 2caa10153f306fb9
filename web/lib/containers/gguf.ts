// GGUF, versions 2 and 3. The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Where ggml's reader
// wraps or asserts, this one compares first; holes and any order of tensors are read, as gguf-py reads them.
import { Cursor } from './cursor.ts';
import { findElement } from './element.ts';
import {
  ALIGNMENT,
  ARRAY,
  ARRAY_DEPTH,
  EXACT,
  GGUF_DIMS,
  KEYS,
  NAME,
  PLAIN_NUMBERS,
  STRING,
  TENSORS,
} from './limits.ts';
import type { Source } from './source.ts';
import { type Container, countBytes, countElements, PlainData, type StoredTensor, type Tables } from './tensor.ts';
import { digits, fault, shown, tooLarge, truncated, utf8, utf8Lenient } from './words.ts';

/** ggml's types by their number; the missing ones were removed from the format. */
const TYPES: readonly (string | undefined)[] = [
  ...['F32', 'F16', 'Q4_0', 'Q4_1', undefined, undefined, 'Q5_0', 'Q5_1', 'Q8_0', 'Q8_1'],
  ...['Q2_K', 'Q3_K', 'Q4_K', 'Q5_K', 'Q6_K', 'Q8_K', 'IQ2_XXS', 'IQ2_XS', 'IQ3_XXS', 'IQ1_S'],
  ...['IQ4_NL', 'IQ3_S', 'IQ2_S', 'IQ4_XS', 'I8', 'I16', 'I32', 'I64', 'F64', 'IQ1_M'],
  ...['BF16', undefined, undefined, undefined, 'TQ1_0', 'TQ2_0', undefined, undefined, undefined, 'MXFP4'],
  ...['NVFP4', 'Q1_0', 'Q2_0'],
];

/** ggml's number of the type that it calls so; -1 where there is none. */
export const ggmlType = (word: string): number => TYPES.indexOf(word);

const STRING_TYPE = 8;
const ARRAY_TYPE = 9;
const U32_TYPE = 4;

interface Scalar {
  bytes: number;
  read(view: DataView, at: number): number | bigint | boolean;
  /** For arrays that stay as small as in the file. */
  typed(bytes: ArrayBuffer): ArrayLike<number | bigint>;
}

/** Types of values by their number; 8 is a string, 9 an array. */
const SCALARS: readonly (Scalar | undefined)[] = [
  { bytes: 1, read: (view, at) => view.getUint8(at), typed: (bytes) => new Uint8Array(bytes) },
  { bytes: 1, read: (view, at) => view.getInt8(at), typed: (bytes) => new Int8Array(bytes) },
  { bytes: 2, read: (view, at) => view.getUint16(at, true), typed: (bytes) => new Uint16Array(bytes) },
  { bytes: 2, read: (view, at) => view.getInt16(at, true), typed: (bytes) => new Int16Array(bytes) },
  { bytes: 4, read: (view, at) => view.getUint32(at, true), typed: (bytes) => new Uint32Array(bytes) },
  { bytes: 4, read: (view, at) => view.getInt32(at, true), typed: (bytes) => new Int32Array(bytes) },
  { bytes: 4, read: (view, at) => view.getFloat32(at, true), typed: (bytes) => new Float32Array(bytes) },
  { bytes: 1, read: (view, at) => view.getUint8(at) !== 0, typed: (bytes) => new Uint8Array(bytes) },
  undefined,
  undefined,
  { bytes: 8, read: (view, at) => view.getBigUint64(at, true), typed: (bytes) => new BigUint64Array(bytes) },
  { bytes: 8, read: (view, at) => view.getBigInt64(at, true), typed: (bytes) => new BigInt64Array(bytes) },
  { bytes: 8, read: (view, at) => view.getFloat64(at, true), typed: (bytes) => new Float64Array(bytes) },
];

/** Where a key with its value stands in the file: what is copied keeps its bytes. */
export interface KeyRange {
  key: string;
  begin: number;
  end: number;
  /** Whether it holds arrays of arrays, which ggml does not read. */
  nested: boolean;
}

export interface GgufContainer extends Container {
  keys: KeyRange[];
  alignment: number;
  /** The file of the keys: of several parts the first. */
  source: Source;
}

export async function openGguf(source: Source, tables: Tables): Promise<GgufContainer> {
  return new GgufReader(source, tables).open();
}

interface Info {
  name: string;
  shape: number[];
  type: number;
  offset: bigint;
  at: number;
}

class GgufReader {
  private readonly cursor: Cursor;
  private plainLeft = PLAIN_NUMBERS;

  constructor(
    private readonly source: Source,
    private readonly tables: Tables,
  ) {
    this.cursor = new Cursor(source);
  }

  async open(): Promise<GgufContainer> {
    const { keyCount, tensorCount } = await this.counts();
    const { metadata, keys } = await this.metadata(keyCount);
    const alignment = this.alignment(metadata, keys);
    const infos = await this.infos(tensorCount);
    const dataStart = Math.ceil(this.cursor.position / alignment) * alignment;
    if (infos.length > 0 && dataStart > this.source.size)
      throw truncated(this.source.name, 'The padding before the data', dataStart, this.source.size);
    const tensors = infos.map((info) => this.toTensor(info, dataStart, alignment));
    this.checkOverlap(tensors);
    return { format: 'gguf', metadata, tensors, notes: [], keys, alignment, source: this.source };
  }

  private fault(code: Parameters<typeof fault>[0], at: number, what: string) {
    return fault(code, this.source.name, at, what);
  }

  private async counts(): Promise<{ keyCount: number; tensorCount: number }> {
    const { cursor } = this;
    await cursor.fill(8, 'The version');
    cursor.take(4);
    const version = cursor.u32();
    if (version !== 2 && version !== 3) throw this.unsupportedVersion(version);
    await cursor.fill(16, 'The header');
    const tensorCount = this.count(cursor.u64(), TENSORS, 'tensors', 24);
    const keyCount = this.count(cursor.u64(), KEYS, 'keys', 13);
    return { keyCount, tensorCount };
  }

  private unsupportedVersion(version: number) {
    if ((version & 0xffff) === 0 && version !== 0)
      return this.fault(
        'UNSUPPORTED',
        4,
        'this is a big-endian GGUF; convert the model again on a little-endian machine.',
      );
    const advice = version === 1 ? 'is no longer supported; convert the model again' : 'is not known; 2 and 3 are read';
    return this.fault('UNSUPPORTED', 4, `GGUF version ${version} ${advice}.`);
  }

  /** A count of things that take at least so many bytes each. */
  private count(value: bigint, most: number, what: string, leastBytes: number): number {
    const at = this.cursor.position - 8;
    if (value > BigInt(most)) throw tooLarge(this.source.name, at, what, most, value);
    const count = Number(value);
    if (count > this.cursor.left / leastBytes) {
      const room = `${digits(count)} ${what} do not fit in the ${digits(this.cursor.left)} bytes that follow`;
      throw this.fault('TRUNCATED', at, `${room}. Incomplete: download it again.`);
    }
    return count;
  }

  /** The bytes of a string, checked against its limit and the file. */
  private async bytes(most: number, what: string): Promise<Uint8Array> {
    const { cursor } = this;
    await cursor.fill(8, `The length of ${what}`);
    const length = cursor.u64();
    if (length > BigInt(cursor.left)) {
      const end = BigInt(cursor.position) + length;
      throw truncated(this.source.name, what[0]!.toUpperCase() + what.slice(1), end, this.source.size);
    }
    if (length > BigInt(most)) throw tooLarge(this.source.name, cursor.position - 8, `bytes of ${what}`, most, length);
    await cursor.fill(Number(length), what);
    return cursor.take(Number(length));
  }

  private async text(most: number, what: string): Promise<string> {
    const bytes = await this.bytes(most, what);
    return utf8(bytes, this.source.name, this.cursor.position - bytes.length, `The text of ${what}`);
  }

  private async metadata(count: number): Promise<{ metadata: Map<string, unknown>; keys: KeyRange[] }> {
    const metadata = new Map<string, unknown>();
    const keys: KeyRange[] = [];
    for (let i = 0; i < count; i++) {
      const begin = this.cursor.position;
      const key = await this.text(NAME, 'a key');
      if (key === '') throw this.fault('BAD_HEADER', begin, `key ${i} has no name.`);
      if (metadata.has(key)) throw this.fault('DUPLICATE_NAME', begin, `key '${shown(key)}' stands twice.`);
      await this.cursor.fill(4, `The type of key '${shown(key)}'`);
      const type = this.cursor.u32();
      if (key === 'general.alignment' && type !== U32_TYPE)
        throw this.fault('BAD_HEADER', begin, 'general.alignment must be a 32-bit unsigned number.');
      const value = await this.value(type, `key '${shown(key)}'`, 0);
      metadata.set(key, value);
      keys.push({ key, begin, end: this.cursor.position, nested: Array.isArray(value) && value.some(Array.isArray) });
    }
    return { metadata, keys };
  }

  private async value(type: number, what: string, depth: number): Promise<unknown> {
    const { cursor } = this;
    if (type === STRING_TYPE) return utf8Lenient(await this.bytes(STRING, `the value of ${what}`));
    if (type === ARRAY_TYPE) return this.array(what, depth + 1);
    const scalar = SCALARS[type];
    if (!scalar) throw this.fault('BAD_HEADER', cursor.position - 4, `${what} is of type ${type}, which GGUF has not.`);
    await cursor.fill(scalar.bytes, `The value of ${what}`);
    const bytes = cursor.take(scalar.bytes);
    return scalar.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0);
  }

  private async array(what: string, depth: number): Promise<unknown> {
    const { cursor } = this;
    const at = cursor.position;
    if (depth > ARRAY_DEPTH) throw tooLarge(this.source.name, at, 'levels of arrays', ARRAY_DEPTH, depth);
    await cursor.fill(12, `The array of ${what}`);
    const type = cursor.u32();
    const length = cursor.u64();
    const scalar = SCALARS[type];
    if (!scalar && type !== STRING_TYPE && type !== ARRAY_TYPE)
      throw this.fault('BAD_HEADER', at, `${what} is an array of type ${type}, which GGUF has not.`);
    const elementBytes = scalar?.bytes ?? (type === STRING_TYPE ? 8 : 12);
    if (length > BigInt(cursor.left) / BigInt(elementBytes)) {
      const end = BigInt(cursor.position) + length * BigInt(elementBytes);
      throw truncated(this.source.name, `The array of ${what}`, end, this.source.size);
    }
    if (length > BigInt(ARRAY)) throw tooLarge(this.source.name, at, 'elements of an array', ARRAY, length);
    const count = Number(length);
    if (scalar) return this.numbers(scalar, count, what);
    const values: unknown[] = [];
    for (let i = 0; i < count; i++) values.push(await this.value(type, what, depth));
    return values;
  }

  private async numbers(scalar: Scalar, count: number, what: string): Promise<unknown> {
    await this.cursor.fill(count * scalar.bytes, `The array of ${what}`);
    const bytes = this.cursor.take(count * scalar.bytes);
    if (count > this.plainLeft) return scalar.typed(bytes.slice().buffer as ArrayBuffer);
    this.plainLeft -= count;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: count }, (_, i) => scalar.read(view, i * scalar.bytes));
  }

  private alignment(metadata: Map<string, unknown>, keys: readonly KeyRange[]): number {
    const alignment = (metadata.get('general.alignment') as number | undefined) ?? 32;
    const at = keys.find(({ key }) => key === 'general.alignment')?.begin;
    if (alignment > ALIGNMENT) throw tooLarge(this.source.name, at, 'bytes of alignment', ALIGNMENT, alignment);
    if (alignment === 0 || (alignment & (alignment - 1)) !== 0)
      throw this.fault('BAD_HEADER', at ?? 0, `general.alignment is ${alignment}, which is no power of two.`);
    return alignment;
  }

  private async infos(count: number): Promise<Info[]> {
    const { cursor } = this;
    const infos: Info[] = [];
    const names = new Set<string>();
    for (let i = 0; i < count; i++) {
      const at = cursor.position;
      const name = await this.text(NAME, 'the name of a tensor');
      if (name === '') throw this.fault('BAD_HEADER', at, `tensor ${i} has no name.`);
      if (names.has(name)) throw this.fault('DUPLICATE_NAME', at, `two tensors are called '${shown(name)}'.`);
      names.add(name);
      await cursor.fill(4, `The entry of tensor '${shown(name)}'`);
      const dimensions = cursor.u32();
      if (dimensions > GGUF_DIMS) throw tooLarge(this.source.name, at, 'dimensions in GGUF', GGUF_DIMS, dimensions);
      await cursor.fill(8 * dimensions + 12, `The entry of tensor '${shown(name)}'`);
      const sizes = Array.from({ length: dimensions }, () => cursor.u64());
      const huge = sizes.find((size) => size > BigInt(EXACT));
      if (huge !== undefined)
        throw this.fault('OUT_OF_RANGE', at, `tensor '${shown(name)}' has a dimension of ${digits(huge)}.`);
      infos.push({ name, shape: sizes.reverse().map(Number), type: cursor.u32(), offset: cursor.u64(), at });
    }
    return infos;
  }

  private toTensor({ name, shape, type, offset, at }: Info, dataStart: number, alignment: number): StoredTensor {
    const { size, name: file } = this.source;
    const tensor = () => `tensor '${shown(name)}'`;
    const storedType = TYPES[type];
    const element = storedType === undefined ? undefined : findElement(this.tables, 'gguf', storedType);
    if (storedType === undefined || !element) {
      const why = type < TYPES.length ? 'which was removed from GGUF' : 'which is not known here';
      throw this.fault('UNSUPPORTED_TYPE', at, `${tensor()} is of type ${type}, ${why}. Convert the model again.`);
    }
    const row = shape.at(-1) ?? 1;
    if (row % element.pieceElements !== 0) {
      const what = `${tensor()} has rows of ${digits(row)}, no multiple of the ${element.pieceElements} in a block`;
      throw this.fault('BAD_LENGTH', at, `${what} of ${storedType}.`);
    }
    const elements = countElements(shape);
    const byteLength = elements === undefined ? undefined : countBytes(elements, element);
    if (elements === undefined || byteLength === undefined)
      throw this.fault('OUT_OF_RANGE', at, `${tensor()} of shape ${shape.join(' × ')} is larger than any file.`);
    if (offset % BigInt(alignment) !== 0n)
      throw this.fault(
        'BAD_HEADER',
        at,
        `${tensor()} is at ${digits(offset)}, no multiple of the alignment ${alignment}.`,
      );
    const end = BigInt(dataStart) + offset + BigInt(byteLength);
    if (end > BigInt(size)) throw truncated(file, tensor(), end, size);
    const byteOffset = dataStart + Number(offset);
    return {
      ...{ name, shape, elements, storedType, element, byteLength, file },
      data: new PlainData(this.source, byteOffset),
    };
  }

  private checkOverlap(tensors: readonly StoredTensor[]): void {
    const sorted = tensors.filter(({ byteLength }) => byteLength > 0);
    sorted.sort((a, b) => a.data.byteOffset! - b.data.byteOffset!);
    for (const [i, { name, data }] of sorted.entries()) {
      const before = sorted[i - 1];
      if (!before || before.data.byteOffset! + before.byteLength <= data.byteOffset!) continue;
      const what = `tensors '${shown(before.name)}' and '${shown(name)}' share bytes`;
      throw this.fault('OVERLAP', data.byteOffset!, `${what}. Convert the model again.`);
    }
  }
}
