// The GGUF layout of an importance matrix: what its header says. Everything that other GGUF files hold is stepped over.
import type { Source } from '../containers/source.ts';
import { Cursor, shown } from './cursor.ts';

/** Where a tensor of float32 lies. */
export interface Floats {
  name: string;
  elements: number;
  byteOffset: number;
}

export interface ImportanceHeader {
  datasets: string[];
  chunks: number;
  chunkSize: number;
  tensors: Map<string, Floats>;
}

/** A model's limits would do; an importance matrix has far less. */
const LIMITS = { keys: 1 << 16, tensors: 1 << 20, name: 1 << 16, text: 1 << 24, items: 1 << 20, alignment: 1 << 20 };

const U32 = 4;
const TEXT = 8;
const ARRAY = 9;
/** Bytes of a value by its type: 0 for those that say themselves. */
const VALUE_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
/** ggml's number of float32, the only type that sums and counts have. */
const F32 = 0;

/** How names of tensors end: sums of the inputs (in newer files), of their squares, and how many were summed. */
export const SUMS_OR_COUNTS = /\.(in_sum|in_sum2|counts)$/;

/** The keys that are looked at, all of which but the first two an importance matrix must have. */
const WANTED: Readonly<Record<string, number>> = {
  'general.type': TEXT,
  'general.alignment': U32,
  'imatrix.datasets': ARRAY,
  'imatrix.chunk_count': U32,
  'imatrix.chunk_size': U32,
};

type Value = string | number | string[];

class HeaderReader {
  private readonly cursor: Cursor;
  private readonly values = new Map<string, Value>();

  constructor(source: Source) {
    this.cursor = new Cursor(source);
  }

  async read(): Promise<ImportanceHeader> {
    const { tensors, keys } = await this.counts();
    const names = new Set<string>();
    for (let i = 0; i < keys; i++) await this.keyAndValue(names);
    this.checkKeys();
    const infos: Floats[] = [];
    for (let i = 0; i < tensors; i++) infos.push(...(await this.tensorInfo()));
    return {
      datasets: this.values.get('imatrix.datasets') as string[],
      chunks: this.values.get('imatrix.chunk_count') as number,
      chunkSize: this.values.get('imatrix.chunk_size') as number,
      tensors: this.placed(infos),
    };
  }

  private async counts(): Promise<{ tensors: number; keys: number }> {
    const { cursor } = this;
    const start = await cursor.take(24, 'the header');
    const version = start.getUint32(4, true);
    if (version !== 2 && version !== 3) {
      const order = (version & 0xffff) === 0 ? ': its bytes are in big-endian order' : '';
      throw cursor.error('UNSUPPORTED', `GGUF version ${version}${order}; versions 2 and 3 are read`, 4);
    }
    const tensors = this.count(start.getBigUint64(8, true), 24, LIMITS.tensors, 'tensors', 8);
    const keys = this.count(start.getBigUint64(16, true), 13, LIMITS.keys, 'keys', 16);
    if (tensors === 0) throw cursor.error('BAD_HEADER', 'it has no tensors, so no importance', 8);
    return { tensors, keys };
  }

  /** How many there are, once the file is known to have room for them, at `least` bytes each. */
  private count(said: bigint, least: number, limit: number, what: string, byteOffset = this.cursor.position): number {
    const { cursor } = this;
    if (said > BigInt(Math.floor(cursor.remaining / least)))
      throw cursor.error('TRUNCATED', `it says ${said} ${what}, more than its bytes can hold: damaged`, byteOffset);
    if (said > BigInt(limit)) throw cursor.error('TOO_LARGE', `${said} ${what}; the limit is ${limit}`, byteOffset);
    return Number(said);
  }

  private async u64(what: string): Promise<bigint> {
    return (await this.cursor.take(8, what)).getBigUint64(0, true);
  }

  private async string(limit: number, what: string): Promise<string> {
    const length = this.count(await this.u64(`the length of ${what}`), 1, limit, `bytes of ${what}`);
    return this.cursor.text(length, what);
  }

  private async keyAndValue(names: Set<string>): Promise<void> {
    const { cursor } = this;
    const byteOffset = cursor.position;
    const key = await this.string(LIMITS.name, 'a key');
    if (key === '') throw cursor.error('BAD_HEADER', 'a key is empty', byteOffset);
    if (names.has(key)) throw cursor.error('DUPLICATE_NAME', `key '${shown(key)}' stands twice`, byteOffset);
    names.add(key);
    const type = (await cursor.take(4, 'the type of a key')).getUint32(0, true);
    if (!Object.hasOwn(WANTED, key)) return this.skipValue(type, key);
    if (type !== WANTED[key]) throw cursor.error('BAD_HEADER', `key '${key}' has another type than it must`);
    this.values.set(key, await this.value(type, key));
  }

  private async value(type: number, key: string): Promise<Value> {
    if (type === U32) return (await this.cursor.take(4, key)).getUint32(0, true);
    if (type === TEXT) return this.string(LIMITS.text, key);
    const items = await this.arrayHead(key);
    if (items.type !== TEXT) throw this.cursor.error('BAD_HEADER', `key '${key}' must be a list of strings`);
    const texts: string[] = [];
    for (let i = 0; i < items.count; i++) texts.push(await this.string(LIMITS.text, key));
    return texts;
  }

  private async arrayHead(key: string): Promise<{ type: number; count: number }> {
    const type = (await this.cursor.take(4, key)).getUint32(0, true);
    const least = type === TEXT ? 8 : (VALUE_BYTES[type] ?? 0);
    if (!least) throw this.cursor.error('BAD_HEADER', `key '${shown(key)}' is a list of type ${type}, which is none`);
    return { type, count: this.count(await this.u64(key), least, LIMITS.items, `items of '${shown(key)}'`) };
  }

  private async skipValue(type: number, key: string): Promise<void> {
    const { cursor } = this;
    const what = `the value of '${shown(key)}'`;
    if (VALUE_BYTES[type] === undefined) throw cursor.error('BAD_HEADER', `${what} has type ${type}, which is none`);
    if (type === TEXT) return this.skipText(what);
    if (type !== ARRAY) return cursor.skip(VALUE_BYTES[type], what);
    const items = await this.arrayHead(key);
    if (items.type !== TEXT) return cursor.skip(items.count * VALUE_BYTES[items.type]!, what);
    for (let i = 0; i < items.count; i++) await this.skipText(what);
  }

  private async skipText(what: string): Promise<void> {
    this.cursor.skip(this.count(await this.u64(what), 1, LIMITS.text, `bytes of ${what}`), what);
  }

  private checkKeys(): void {
    const kind = this.values.get('general.type') ?? 'imatrix';
    if (kind !== 'imatrix')
      throw this.cursor.error('UNSUPPORTED', `a GGUF of type '${shown(String(kind))}', not an importance matrix`, 0);
    for (const key of ['imatrix.datasets', 'imatrix.chunk_count', 'imatrix.chunk_size'])
      if (!this.values.has(key))
        throw this.cursor.error('BAD_HEADER', `key '${key}' is missing, which every importance matrix has`, 0);
  }

  /** The tensor, where it is one of sums or counts; its offset is not yet the file's. */
  private async tensorInfo(): Promise<Floats[]> {
    const { cursor } = this;
    const at = cursor.position;
    const name = await this.string(LIMITS.name, 'the name of a tensor');
    const what = `tensor '${shown(name)}'`;
    const dimensions = (await cursor.take(4, what)).getUint32(0, true);
    if (dimensions > 4) throw cursor.error('BAD_HEADER', `${what} has ${dimensions} dimensions; 4 is the most`, at);
    const rest = await cursor.take(8 * dimensions + 12, what);
    if (!SUMS_OR_COUNTS.test(name)) return [];
    let elements = 1n;
    for (let i = 0; i < dimensions; i++) elements *= rest.getBigUint64(8 * i, true);
    const type = rest.getUint32(8 * dimensions, true);
    const offset = rest.getBigUint64(8 * dimensions + 4, true);
    if (type !== F32)
      throw cursor.error('UNSUPPORTED_TYPE', `${what} has type ${type}; sums and counts are float32 (0)`, at);
    if (elements > BigInt(Math.floor(cursor.remaining / 4)) || offset > BigInt(cursor.remaining))
      throw cursor.error('TRUNCATED', `${what} lies beyond the file's end. Incomplete: download it again`, at);
    return [{ name, elements: Number(elements), byteOffset: Number(offset) }];
  }

  /** Offsets count from the end of the header, padded. */
  private placed(infos: readonly Floats[]): Map<string, Floats> {
    const { cursor } = this;
    const alignment = (this.values.get('general.alignment') as number | undefined) ?? 32;
    if (alignment < 1 || alignment > LIMITS.alignment || (alignment & (alignment - 1)) !== 0)
      throw cursor.error('BAD_HEADER', `general.alignment is ${alignment}; it must be a power of two up to 1 MiB`, 0);
    const start = Math.ceil(cursor.position / alignment) * alignment;
    const tensors = new Map<string, Floats>();
    for (const { name, elements, byteOffset } of infos) {
      if (tensors.has(name)) throw cursor.error('DUPLICATE_NAME', `tensor '${shown(name)}' stands twice`);
      if (byteOffset % alignment !== 0)
        throw cursor.error(
          'BAD_HEADER',
          `tensor '${shown(name)}' is not aligned to ${alignment} bytes`,
          start + byteOffset,
        );
      cursor.position = start + byteOffset;
      cursor.demand(4 * elements, `tensor '${shown(name)}'`);
      tensors.set(name, { name, elements, byteOffset: cursor.position });
    }
    this.checkOverlap([...tensors.values()]);
    return tensors;
  }

  private checkOverlap(tensors: Floats[]): void {
    let end = 0;
    for (const { name, elements, byteOffset } of tensors.sort((a, b) => a.byteOffset - b.byteOffset)) {
      if (byteOffset < end)
        throw this.cursor.error('OVERLAP', `tensor '${shown(name)}' shares bytes with the one before it`, byteOffset);
      end = byteOffset + 4 * elements;
    }
  }
}

/** @throws TRUNCATED, BAD_HEADER, UNSUPPORTED, UNSUPPORTED_TYPE, DUPLICATE_NAME, BAD_UTF8, OVERLAP, TOO_LARGE */
export function readImportanceHeader(source: Source): Promise<ImportanceHeader> {
  return new HeaderReader(source).read();
}
