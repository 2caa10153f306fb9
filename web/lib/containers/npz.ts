// .npz: a zip whose members NAME.npy are arrays. Stored members are read in place, deflated ones as a stream.
import { FewbitsError } from '../errors.ts';
import { UNKNOWN_ELEMENT } from './element.ts';
import { INFLATED, NPY_HEADER } from './limits.ts';
import { openNpy } from './npy.ts';
import { npyTensor } from './npy-model.ts';
import type { Source } from './source.ts';
import { type Container, countElements, PlainData, type StoredTensor, type Tables, type TensorData } from './tensor.ts';
import { digits, fault, shown } from './words.ts';
import { crc32, type Member, readZip } from './zip.ts';

/** Inflates raw deflate data piece by piece. Throws where the data is not deflate or ends early. */
export type Inflate = (pieces: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

const STORED = 0;
const DEFLATED = 8;
/** Of compressed bytes: 16 KiB can become 16 MiB. */
const PIECE = 2 ** 14;

export async function openNpz(source: Source, tables: Tables, inflate: Inflate): Promise<Container> {
  const members = await readZip(source);
  const isArray = ({ name }: Member) => name.endsWith('.npy');
  const arrays = members.filter(isArray);
  if (arrays.length === 0 && members.length > 0) throw noArrays(source.name, members);
  const names = new Set<string>();
  const tensors: StoredTensor[] = [];
  const cached = cachedSource(source);
  for (const member of arrays) {
    const name = member.name.slice(0, -4);
    if (names.has(name))
      throw fault('DUPLICATE_NAME', source.name, member.headerOffset, `two arrays are called '${shown(name)}'.`);
    names.add(name);
    tensors.push(await openMember(source, cached, tables, inflate, member, name));
  }
  const others = members.filter((member) => !isArray(member) && !member.name.endsWith('/'));
  const notes = others.length > 0 ? [`${digits(others.length)} members are no .npy and are left out.`] : [];
  return { format: 'npz', metadata: new Map(), tensors, notes };
}

function noArrays(file: string, members: readonly Member[]): FewbitsError {
  if (members.some(({ name }) => /(^|\/)data\.pkl$/.test(name)))
    return fault('BAD_MAGIC', file, 0, 'this is a PyTorch checkpoint (a zip with a pickle). Save it as safetensors.');
  return fault('UNSUPPORTED', file, 0, 'this zip holds no .npy array. Unpack it, and open what is inside.');
}

async function openMember(
  source: Source,
  cached: Source,
  tables: Tables,
  inflate: Inflate,
  member: Member,
  name: string,
): Promise<StoredTensor> {
  checkMethod(source.name, member);
  const isStored = member.method === STORED;
  const data = isStored ? new PlainData(source, member.dataOffset) : inflated(source, member, inflate);
  const head = isStored ? new PlainData(cached, member.dataOffset) : data;
  const label = `${shown(source.name)}: member '${shown(member.name)}'`;
  try {
    const array = await openNpy(memberSource(label, member, head));
    return { ...npyTensor(tables, array, name, source.name), data: arrayData(source.name, member, array, data) };
  } catch (error) {
    const placed = inArchive(error, source.name, member);
    // An array that cannot be read must not keep the others from being read.
    if (!(placed instanceof FewbitsError) || placed.code !== 'UNSUPPORTED_TYPE') throw placed;
    const { descr = '', shape = [] } = placed.details as { descr?: string; shape?: number[] };
    const element = UNKNOWN_ELEMENT;
    const elements = countElements(shape) ?? 0;
    const listed = { name, shape, elements, storedType: descr, element, byteLength: 0, file: source.name };
    return { ...listed, data, refusal: placed };
  }
}

/** An error whose byte is counted in the member, counted in the file: of a deflated member, where its data begins. */
function inArchive(error: unknown, file: string, { method, dataOffset }: Member): unknown {
  if (!(error instanceof FewbitsError) || 'file' in error.details) return error;
  const inside = (error.details['byteOffset'] as number | undefined) ?? 0;
  const byteOffset = method === STORED ? dataOffset + inside : dataOffset;
  return new FewbitsError(error.code, error.message, { ...error.details, byteOffset, file });
}

function checkMethod(file: string, { name, method, bytes, compressedBytes, headerOffset }: Member): void {
  if (method !== STORED && method !== DEFLATED) {
    const what = `member '${shown(name)}' is compressed by method ${method}; stored (0) and deflated (8) are read`;
    throw fault('UNSUPPORTED', file, headerOffset, `${what}. Save it with np.savez_compressed.`);
  }
  if (method === STORED && bytes !== compressedBytes) {
    const what = `member '${shown(name)}' is stored, but its two sizes differ: ${digits(bytes)}, ${digits(compressedBytes)}`;
    throw fault('BAD_LENGTH', file, headerOffset, `${what}.`);
  }
}

/** One window over the file, for headers that stand close together. */
function cachedSource(source: Source): Source {
  const window = 2 ** 16;
  let start = 0;
  let bytes: Uint8Array = new Uint8Array(0);
  return {
    ...{ name: source.name, size: source.size },
    async read(from, to) {
      if (from < start || to > start + bytes.length) {
        bytes = await source.read(from, Math.max(to, Math.min(source.size, from + window)));
        start = from;
      }
      return bytes.slice(from - start, to - start);
    },
  };
}

/** A member as a source of its own, for the little that a .npy header takes. */
function memberSource(name: string, member: Member, data: TensorData): Source {
  let head = new Uint8Array(0);
  return {
    ...{ name, size: member.bytes },
    async read(start, end) {
      if (end > head.length) {
        const pieces: Uint8Array[] = [];
        for await (const piece of data.stream(0, Math.min(member.bytes, Math.max(end, 512)))) pieces.push(piece);
        head = concatenate(pieces);
      }
      return head.slice(start, end);
    },
  };
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** What a deflated member holds. Every read begins at its beginning: deflate has no other place to begin. */
function inflated(source: Source, member: Member, inflate: Inflate): TensorData {
  const broken = (what: string) =>
    fault(
      'BAD_DATA',
      source.name,
      member.dataOffset,
      `member '${shown(member.name)}' ${what}. Download or save it again.`,
    );
  async function* pieces() {
    const end = member.dataOffset + member.compressedBytes;
    for (let at = member.dataOffset; at < end; at += PIECE) yield await source.read(at, Math.min(at + PIECE, end));
  }
  return {
    async *stream(begin, end) {
      let at = 0;
      if (begin >= end) return;
      try {
        for await (const piece of inflate(pieces())) {
          const [from, to] = [Math.max(begin - at, 0), Math.min(end - at, piece.length)];
          at += piece.length;
          if (to > from) yield piece.slice(from, to);
          if (at >= end) return;
        }
      } catch (error) {
        if (error instanceof FewbitsError) throw error;
        throw broken(`is not deflate data (${(error as Error).message})`);
      }
      throw broken(`ends after ${digits(at)} of its ${digits(member.bytes)} bytes`);
    },
  };
}

interface ArrayPlace {
  byteOffset: number;
  byteLength: number;
  trailingBytes: number;
}

/** The array inside of a member. Who reads all of it also checks the member's checksum. */
function arrayData(file: string, member: Member, place: ArrayPlace, data: TensorData): TensorData {
  const { byteOffset, byteLength, trailingBytes } = place;
  const stored = member.method === STORED && { byteOffset: member.dataOffset + byteOffset };
  return {
    ...stored,
    async *stream(begin, end) {
      if (member.method === DEFLATED && (end - begin) / 4 > INFLATED && byteLength > 100 * member.compressedBytes) {
        const what = `member '${shown(member.name)}' holds ${digits(byteLength)} bytes in ${digits(member.compressedBytes)}`;
        throw fault(
          'TOO_LARGE',
          file,
          member.dataOffset,
          `${what}. Read it in parts of at most ${digits(INFLATED)} elements.`,
        );
      }
      // What follows the array is read for the checksum's sake only where it is short.
      if (begin > 0 || end < byteLength || trailingBytes > NPY_HEADER)
        return yield* data.stream(byteOffset + begin, byteOffset + end);
      let crc = 0;
      let at = 0;
      for await (const piece of data.stream(0, member.bytes)) {
        crc = crc32(piece, crc);
        const [from, to] = [Math.max(byteOffset - at, 0), Math.min(byteOffset + byteLength - at, piece.length)];
        at += piece.length;
        if (to > from) yield piece.subarray(from, to);
      }
      if (crc !== member.crc)
        throw fault(
          'BAD_DATA',
          file,
          member.dataOffset,
          `the checksum of member '${shown(member.name)}' is wrong. Download or save it again.`,
        );
    },
  };
}
