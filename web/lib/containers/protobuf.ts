// The wire format of protocol buffers, one field at a time. https://protobuf.dev/programming-guides/encoding/
import type { Cursor } from './cursor.ts';
import { EXACT, PROTOBUF_DEPTH } from './limits.ts';
import { digits, fault, tooLarge, truncated } from './words.ts';

export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
const GROUP = 3;
const END_GROUP = 4;
export const FIXED32 = 5;

/** The most that a number takes. */
export const VARINT_BYTES = 10;

export interface Field {
  number: number;
  wire: number;
}

/** Unsigned, 64 bits: what is beyond them is cut, as protobuf does. */
export async function readVarint(cursor: Cursor, end: number): Promise<bigint> {
  const count = Math.min(VARINT_BYTES, end - cursor.position);
  if (cursor.here < count) await cursor.fill(count, 'A number');
  return takeVarint(cursor, end);
}

/** The same, where its bytes are here already. */
export function takeVarint(cursor: Cursor, end: number): bigint {
  const at = cursor.position;
  let low = 0;
  for (let i = 0; ; i++) {
    if (at + i >= end) throw truncated(cursor.source.name, 'A number', at + i + 1, end);
    const byte = cursor.u8();
    // Four times 7 bits stay clear of the sign; longer ones are rare.
    if (i === 4) return takeLongVarint(cursor, end, at, BigInt(low), byte);
    low += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return BigInt(low);
  }
}

function takeLongVarint(cursor: Cursor, end: number, at: number, low: bigint, fifth: number): bigint {
  let value = low;
  let byte = fifth;
  for (let i = 4; ; i++) {
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return BigInt.asUintN(64, value);
    if (i === VARINT_BYTES - 1) throw fault('BAD_HEADER', cursor.source.name, at, 'a number of more than 10 bytes.');
    if (cursor.position >= end) throw truncated(cursor.source.name, 'A number', cursor.position + 1, end);
    byte = cursor.u8();
  }
}

export async function readField(cursor: Cursor, end: number): Promise<Field> {
  const at = cursor.position;
  const tag = await readVarint(cursor, end);
  const wire = Number(tag & 7n);
  const number = Number(tag >> 3n);
  const broken = (what: string) =>
    fault('BAD_HEADER', cursor.source.name, at, `${what} at byte ${digits(at)}: not ONNX.`);
  if (number < 1 || number >= 2 ** 29) throw broken(`field ${number}`);
  if (wire > FIXED32) throw broken(`wire type ${wire}`);
  return { number, wire };
}

/** The range of a field of bytes: its length is checked against what holds it. The cursor stands at its beginning. */
export async function readLength(cursor: Cursor, end: number): Promise<{ begin: number; end: number }> {
  const length = await readVarint(cursor, end);
  const begin = cursor.position;
  if (length > BigInt(end - begin)) {
    const what = `a field of ${digits(length)} bytes at byte ${digits(begin)}`;
    // Beyond its message and yet inside of the file is nonsense, beyond the file may be a file that was cut.
    if (end < cursor.end)
      throw fault('BAD_HEADER', cursor.source.name, begin, `${what} passes the end of its message.`);
    throw truncated(cursor.source.name, what, BigInt(begin) + length, end);
  }
  return { begin, end: begin + Number(length) };
}

function pass(cursor: Cursor, end: number, bytes: number): void {
  const to = cursor.position + bytes;
  if (to > end) throw truncated(cursor.source.name, 'A field', to, end);
  cursor.seek(to);
}

/** Passes over the value of a field. */
export async function skipField(cursor: Cursor, end: number, { number, wire }: Field): Promise<void> {
  const groups: number[] = [];
  let field = { number, wire };
  for (;;) {
    const at = cursor.position;
    if (field.wire === VARINT) await readVarint(cursor, end);
    else if (field.wire === FIXED64) pass(cursor, end, 8);
    else if (field.wire === FIXED32) pass(cursor, end, 4);
    else if (field.wire === BYTES) cursor.seek((await readLength(cursor, end)).end);
    else if (field.wire === GROUP) {
      if (groups.push(field.number) > PROTOBUF_DEPTH)
        throw tooLarge(cursor.source.name, at, 'levels of messages', PROTOBUF_DEPTH, groups.length);
    } else if (field.wire === END_GROUP && groups.pop() !== field.number)
      throw fault('BAD_HEADER', cursor.source.name, at, 'a group ends that did not begin.');
    if (groups.length === 0) return;
    field = await readField(cursor, end);
  }
}

/** A varint as a count, which must be exact. */
export function toCount(value: bigint, cursor: Cursor, what: string): number {
  const signed = BigInt.asIntN(64, value);
  if (signed >= 0n && signed <= BigInt(EXACT)) return Number(signed);
  throw fault('OUT_OF_RANGE', cursor.source.name, cursor.position, `${what} is ${digits(signed)}.`);
}
