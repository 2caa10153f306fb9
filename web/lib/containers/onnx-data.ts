// The values of ONNX tensors that do not stand in the file as they are: in typed fields, or in a file beside.
import { Cursor } from './cursor.ts';
import { EXACT } from './limits.ts';
import type { TensorProto } from './onnx.ts';
import {
  BYTES,
  FIXED32,
  FIXED64,
  readField,
  readLength,
  skipField,
  takeVarint,
  VARINT,
  VARINT_BYTES,
} from './protobuf.ts';
import type { Source } from './source.ts';
import { PlainData, type TensorData } from './tensor.ts';
import { digits, fault, shown } from './words.ts';

interface TypedValues {
  field: number;
  /** The range of the TensorProto. */
  begin: number;
  end: number;
  /** How many values the field must hold, and how many bytes each becomes. */
  values: number;
  valueBytes: number;
  /** The tensor's. */
  name: string;
}

const CHUNK = 2 ** 20;

/** Values of a typed field as the bytes that raw_data would have. The message is walked again for every read. */
export function typedData(source: Source, typed: TypedValues): TensorData {
  return {
    async *stream(begin, end) {
      let at = 0;
      for await (const piece of new TypedWalk(source, typed).pieces()) {
        const [from, to] = [Math.max(begin - at, 0), Math.min(end - at, piece.length)];
        at += piece.length;
        if (to > from) yield piece.slice(from, to);
      }
    },
  };
}

class TypedWalk {
  private readonly cursor: Cursor;
  private readonly chunk = new Uint8Array(CHUNK);
  private readonly view = new DataView(this.chunk.buffer);
  private filled = 0;
  private count = 0;

  constructor(
    private readonly source: Source,
    private readonly typed: TypedValues,
  ) {
    this.cursor = new Cursor(source, typed.begin);
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    const { cursor } = this;
    const { field: wanted, end, values } = this.typed;
    while (cursor.position < end) {
      const field = await readField(cursor, end);
      if (field.number !== wanted) await skipField(cursor, end, field);
      else if (field.wire === BYTES) yield* this.packed((await readLength(cursor, end)).end);
      else yield* this.packed(end, field.wire);
    }
    yield this.flush();
    if (this.count !== values) {
      const what = `has ${digits(this.count)} values where ${digits(values)} belong`;
      throw fault('BAD_LENGTH', this.source.name, this.typed.begin, `${this.tensor} ${what}.`);
    }
  }

  /** Values side by side up to the end, or a single one of that wire type. */
  private async *packed(end: number, single?: number): AsyncGenerator<Uint8Array> {
    const { cursor } = this;
    if (single !== undefined) this.checkWire(single);
    while (cursor.position < end) {
      const count = Math.min(VARINT_BYTES, end - cursor.position);
      if (cursor.here < count) await cursor.fill(count, 'A value');
      this.value(end);
      if (this.filled > CHUNK - 8) yield this.flush();
      if (single !== undefined) return;
    }
  }

  private get tensor(): string {
    return `tensor '${shown(this.typed.name)}'`;
  }

  private flush(): Uint8Array {
    const bytes = this.chunk.subarray(0, this.filled);
    this.filled = 0;
    return bytes;
  }

  /** float_data are 4 bytes each, double_data 8, all others varints. */
  private get width(): number {
    return { 4: 4, 10: 8 }[this.typed.field] ?? 0;
  }

  private checkWire(wire: number): void {
    const right = { 4: FIXED32, 8: FIXED64 }[this.width] ?? VARINT;
    if (wire === right) return;
    const what = `${this.tensor} has values of wire type ${wire}`;
    throw fault('BAD_HEADER', this.source.name, this.cursor.position, `${what}.`);
  }

  private value(end: number): void {
    const { cursor, typed, width } = this;
    if (++this.count > typed.values) {
      const what = `has more than the ${digits(typed.values)} values that belong there`;
      throw fault('BAD_LENGTH', this.source.name, cursor.position, `${this.tensor} ${what}.`);
    }
    if (width === 0) this.integer(takeVarint(cursor, end));
    else if (cursor.position + width <= end) this.chunk.set(cursor.take(width), this.filled);
    else throw fault('BAD_LENGTH', this.source.name, cursor.position, `${this.tensor} ends inside of a value.`);
    this.filled += typed.valueBytes;
  }

  /** An integer, signed or not, as so many bytes: which must hold it. */
  private integer(code: bigint): void {
    const bits = 8 * this.typed.valueBytes;
    const signed = BigInt.asIntN(64, code);
    if (bits < 64 && (signed >= 1n << BigInt(bits) || signed < -(1n << BigInt(bits - 1)))) {
      const what = `has the value ${digits(signed)}, which is beyond its ${bits} bits`;
      throw fault('OUT_OF_RANGE', this.source.name, this.cursor.position, `${this.tensor} ${what}.`);
    }
    const value = BigInt.asUintN(64, code);
    if (bits === 64) this.view.setBigUint64(this.filled, value, true);
    else this.view.setUint32(this.filled, Number(value & 0xffffffffn), true);
  }
}

/** Values in another file: found, checked and read when they are asked for. */
export function externalData(source: Source, proto: TensorProto, byteLength: number): TensorData {
  const byteOffset = decimal(proto.external?.get('offset') ?? '0');
  return {
    ...(byteOffset !== undefined && { byteOffset }),
    async *stream(begin, end) {
      const { data } = await openExternal(source, proto, byteLength);
      yield* data.stream(begin, end);
    },
  };
}

function decimal(text: string): number | undefined {
  return /^\d{1,16}$/.test(text) && Number(text) <= EXACT ? Number(text) : undefined;
}

async function openExternal(source: Source, proto: TensorProto, byteLength: number): Promise<{ data: TensorData }> {
  const { external = new Map<string, string>(), begin, name } = proto;
  const tensor = `tensor '${shown(name)}'`;
  const wrong = (code: Parameters<typeof fault>[0], what: string) =>
    fault(code, source.name, begin, `${tensor} ${what}`);
  const location = external.get('location');
  if (location === undefined) throw wrong('BAD_HEADER', 'is in another file, but its location is not said.');
  const path = insidePath(location);
  const place = `in '${shown(location)}'`;
  if (!path)
    throw wrong('UNSAFE_PATH', `is said to be ${place}, which leaves the folder of the model. It is not read.`);
  const numbers = ['offset', 'length'].map((key) => {
    const text = external.get(key);
    if (text === undefined) return undefined;
    const value = decimal(text);
    if (value === undefined)
      throw wrong('OUT_OF_RANGE', `has the ${key} '${shown(text)}', which is no place in a file.`);
    return value;
  });
  const [offset = 0, length = byteLength] = numbers;
  const file = await source.sibling?.(path, true);
  if (!file) throw wrong('MISSING_FILE', `is ${place}, which is not there. Put it beside the model, or give both.`);
  if (length > file.size - offset)
    throw wrong('OUT_OF_RANGE', `ends at byte ${digits(offset + length)} ${place}, which has ${digits(file.size)}.`);
  if (length !== byteLength)
    throw wrong('BAD_LENGTH', `has ${digits(length)} bytes ${place}; its shape needs ${digits(byteLength)}.`);
  return { data: new PlainData(file, offset) };
}

/** The names on the way to a file inside of the folder, or nothing where the path leads anywhere else. */
export function insidePath(location: string): string[] | undefined {
  const names = location.split(/[/\\]/).filter((name, i) => name !== '.' || i > 0);
  const odd = (name: string) => name === '' || name === '.' || name === '..' || /[\0:]/.test(name);
  return names.length === 0 || names.some(odd) ? undefined : names;
}
