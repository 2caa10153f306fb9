// Zip archives as .npz uses them: stored or deflated members, zip64. The format: PKWARE's APPNOTE.TXT, 6.3.10.
// Sizes come from the central directory; NumPy's local headers have none of their own.
import { Cursor } from './cursor.ts';
import { EXACT, MEMBERS, NAME } from './limits.ts';
import type { Source } from './source.ts';
import { digits, fault, shown, tooLarge, truncated, utf8 } from './words.ts';

export interface Member {
  name: string;
  /** 0 stored, 8 deflated. */
  method: number;
  crc: number;
  compressedBytes: number;
  bytes: number;
  /** Where its local header is, and where its data begins. */
  headerOffset: number;
  dataOffset: number;
}

const END = 0x06054b50;
const END_BYTES = 22;
const END64 = 0x06064b50;
const END64_BYTES = 56;
const LOCATOR = 0x07064b50;
const LOCATOR_BYTES = 20;
const CENTRAL = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
const COMMENT = 0xffff;
const ZIP64_FIELD = 1;
const FULL16 = 0xffff;
const FULL32 = 0xffffffff;
const ENCRYPTED = 0x41;
const UTF8 = 0x800;

/** The upper half of code page 437, in which names stand that are not marked as UTF-8. */
const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

const fromCp437 = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => (byte < 0x80 ? String.fromCharCode(byte) : CP437[byte - 0x80]!)).join('');

interface Directory {
  offset: number;
  bytes: number;
  count: number;
  /** What follows it: nothing of a member may lie there. */
  end: number;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A 64-bit number of the file, as one that is exact. */
function exact(value: bigint, file: string, at: number, what: string): number {
  if (value <= BigInt(EXACT)) return Number(value);
  throw fault('OUT_OF_RANGE', file, at, `${what} is ${digits(value)}, which lies outside of any file.`);
}

/** All members, in the order of the directory; their data overlaps nowhere. */
export async function readZip(source: Source): Promise<Member[]> {
  const directory = await findDirectory(source);
  const members: Entry[] = [];
  const cursor = new Cursor(source, directory.offset, directory.offset + directory.bytes);
  while (cursor.left > 0) {
    if (members.length === MEMBERS) throw tooLarge(source.name, cursor.position, 'members', MEMBERS, MEMBERS + 1);
    members.push(await readEntry(source, cursor));
  }
  if (members.length !== directory.count) {
    const what = `the directory lists ${digits(members.length)} members, its end says ${digits(directory.count)}`;
    throw fault('BAD_HEADER', source.name, directory.offset, `${what}. Save it again.`);
  }
  return locate(source, members, directory.offset);
}

/** The end record is the last whose comment ends the file. */
async function findDirectory(source: Source): Promise<Directory> {
  const { name, size } = source;
  const tailStart = Math.max(0, size - END_BYTES - COMMENT);
  const tail = await source.read(tailStart, size);
  const view = viewOf(tail);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== END || at + END_BYTES + view.getUint16(at + 20, true) !== tail.length) continue;
    const end = tailStart + at;
    const fields = {
      disks: [view.getUint16(at + 4, true), view.getUint16(at + 6, true)],
      counts: [view.getUint16(at + 8, true), view.getUint16(at + 10, true)],
      bytes: view.getUint32(at + 12, true),
      offset: view.getUint32(at + 16, true),
    };
    if (fields.disks.some((disk) => disk !== 0 && disk !== FULL16)) throw multiDisk(name, end);
    const full = fields.counts.includes(FULL16) || fields.bytes === FULL32 || fields.offset === FULL32;
    if (full) return findDirectory64(source, end);
    return within(name, { offset: fields.offset, bytes: fields.bytes, count: fields.counts[1]!, end });
  }
  throw fault('TRUNCATED', name, size, "the zip's end record is missing. Incomplete: download or save it again.");
}

const multiDisk = (name: string, at: number) =>
  fault('UNSUPPORTED', name, at, 'the zip is one of several parts of an archive. Join them first.');

async function findDirectory64(source: Source, end: number): Promise<Directory> {
  const { name } = source;
  const missing = () => fault('BAD_HEADER', name, end, "the zip64 record, which the zip's end asks for, is not there.");
  if (end < LOCATOR_BYTES + END64_BYTES) throw missing();
  const locator = viewOf(await source.read(end - LOCATOR_BYTES, end));
  if (locator.getUint32(0, true) !== LOCATOR) throw missing();
  const at = exact(locator.getBigUint64(8, true), name, end - LOCATOR_BYTES + 8, 'the place of the zip64 record');
  if (at > end - LOCATOR_BYTES - END64_BYTES) throw missing();
  const view = viewOf(await source.read(at, at + END64_BYTES));
  if (view.getUint32(0, true) !== END64) throw missing();
  if (view.getUint32(16, true) !== 0 || view.getUint32(20, true) !== 0) throw multiDisk(name, at);
  const [count, bytes, offset] = [32, 40, 48].map((field) =>
    exact(view.getBigUint64(field, true), name, at + field, 'a number of the zip64 record'),
  ) as [number, number, number];
  if (count > MEMBERS) throw tooLarge(name, at + 32, 'members', MEMBERS, count);
  return within(name, { offset, bytes, count, end: at });
}

function within(name: string, directory: Directory): Directory {
  const { offset, bytes, end } = directory;
  if (offset <= end && bytes <= end - offset) return directory;
  const what = `the zip's directory of ${digits(bytes)} bytes at byte ${digits(offset)} does not end before ${digits(end)}`;
  throw fault('OUT_OF_RANGE', name, end, `${what}. Incomplete, or something was put before it.`);
}

interface Entry extends Omit<Member, 'dataOffset'> {
  rawName: Uint8Array;
}

async function readEntry(source: Source, cursor: Cursor): Promise<Entry> {
  const { name: file } = source;
  const at = cursor.position;
  await cursor.fill(CENTRAL_BYTES, "The zip's directory");
  const view = viewOf(cursor.take(CENTRAL_BYTES));
  if (view.getUint32(0, true) !== CENTRAL) throw fault('BAD_HEADER', file, at, "the zip's directory has a bad entry.");
  const flags = view.getUint16(8, true);
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((field) => view.getUint16(field, true)) as [
    number,
    number,
    number,
  ];
  await cursor.fill(nameBytes + extraBytes + commentBytes, "The zip's directory");
  const rawName = cursor.take(nameBytes).slice();
  const name = flags & UTF8 ? utf8(rawName, file, at + CENTRAL_BYTES, "A member's name") : fromCp437(rawName);
  if (nameBytes > NAME) throw tooLarge(file, at, 'bytes of a name', NAME, nameBytes);
  const extra = cursor.take(extraBytes).slice();
  cursor.take(commentBytes);
  if (flags & ENCRYPTED) throw fault('UNSUPPORTED', file, at, `member '${shown(name)}' is encrypted.`);
  const disk = view.getUint16(34, true);
  if (disk !== 0 && disk !== FULL16) throw multiDisk(file, at);
  const sizes = wideSizes(file, at, extra, [
    view.getUint32(24, true),
    view.getUint32(20, true),
    view.getUint32(42, true),
  ]);
  const [bytes, compressedBytes, headerOffset] = sizes;
  return {
    name,
    rawName,
    method: view.getUint16(10, true),
    crc: view.getUint32(16, true),
    bytes,
    compressedBytes,
    headerOffset,
  };
}

type Sizes = [bytes: number, compressedBytes: number, headerOffset: number];

/** Of the three numbers, those that are full stand in the zip64 field, in this order. */
function wideSizes(file: string, at: number, extra: Uint8Array, sizes: Sizes): Sizes {
  const view = viewOf(extra);
  let field: { begin: number; end: number } | undefined;
  for (let i = 0; i + 4 <= extra.length; ) {
    const begin = i + 4;
    const end = begin + view.getUint16(i + 2, true);
    if (end > extra.length) throw fault('BAD_HEADER', file, at, 'an extra field of a member passes its end.');
    if (view.getUint16(i, true) === ZIP64_FIELD) field ??= { begin, end };
    i = end;
  }
  return sizes.map((size) => {
    if (size !== FULL32) return size;
    if (!field || field.begin + 8 > field.end)
      throw fault('BAD_HEADER', file, at, 'the zip64 field of a member lacks its size or place.');
    field.begin += 8;
    return exact(view.getBigUint64(field.begin - 8, true), file, at, 'the size or place of a member');
  }) as Sizes;
}

/** Finds each member's data behind its local header, and that no two share bytes. */
async function locate(source: Source, entries: readonly Entry[], directoryOffset: number): Promise<Member[]> {
  const { name: file } = source;
  const order = entries.map((_, i) => i).sort((a, b) => entries[a]!.headerOffset - entries[b]!.headerOffset);
  const cursor = new Cursor(source, 0, directoryOffset);
  const members: Member[] = new Array(entries.length);
  let covered = 0;
  for (const i of order) {
    const { rawName, ...entry } = entries[i]!;
    const member = `member '${shown(entry.name)}'`;
    if (entry.headerOffset > directoryOffset - LOCAL_BYTES) {
      const what = `${member} is said to be at byte ${digits(entry.headerOffset)}, behind all members`;
      throw fault('OUT_OF_RANGE', file, entry.headerOffset, `${what}. Incomplete: download or save it again.`);
    }
    const dataOffset = await readLocal(file, cursor, entry, rawName);
    if (entry.headerOffset < covered)
      throw fault('OVERLAP', file, entry.headerOffset, `${member} shares bytes with another. Save it again.`);
    covered = dataOffset + entry.compressedBytes;
    if (covered > directoryOffset) throw truncated(file, member, covered, directoryOffset);
    members[i] = { ...entry, dataOffset };
  }
  return members;
}

async function readLocal(
  file: string,
  cursor: Cursor,
  { name, method, headerOffset }: Omit<Entry, 'rawName'>,
  rawName: Uint8Array,
): Promise<number> {
  const member = `member '${shown(name)}'`;
  const differs = (what: string) =>
    fault('BAD_HEADER', file, headerOffset, `${member} has another ${what} in its own header than in the directory.`);
  cursor.seek(headerOffset);
  await cursor.fill(LOCAL_BYTES, `The header of ${member}`);
  const view = viewOf(cursor.take(LOCAL_BYTES));
  if (view.getUint32(0, true) !== LOCAL)
    throw fault('BAD_HEADER', file, headerOffset, `${member} has no header there.`);
  const [nameBytes, extraBytes] = [view.getUint16(26, true), view.getUint16(28, true)];
  if (view.getUint16(8, true) !== method) throw differs('compression');
  if (nameBytes !== rawName.length) throw differs('name');
  await cursor.fill(nameBytes, `The header of ${member}`);
  const ownName = cursor.take(nameBytes);
  if (ownName.some((byte, i) => byte !== rawName[i])) throw differs('name');
  return cursor.position + extraBytes;
}

const CRC_TABLE = /* @__PURE__ */ Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 of bytes that follow those with `crc` (0 at first). */
export function crc32(bytes: Uint8Array, crc = 0): number {
  let state = ~crc;
  for (let i = 0; i < bytes.length; i++) state = CRC_TABLE[(state ^ bytes[i]!) & 0xff]! ^ (state >>> 8);
  return ~state >>> 0;
}
