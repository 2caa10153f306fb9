// NumPy's .npy: the header as NumPy 2.4 reads it, files as np.save writes them. Bytes in, byte ranges out: no arithmetic.
import { type ErrorCode, FewbitsError } from '../errors.ts';
import { DIMS, NPY_HEADER } from './limits.ts';
import type { Source } from './source.ts';

/** One array in a file. */
export interface NpyArray {
  /** The file's word for its type: '<f4'. */
  descr: string;
  kind: 'f' | 'i' | 'u' | 'b';
  itemBytes: number;
  bigEndian: boolean;
  /** First axis fastest. `shape` is slowest first either way. */
  fortranOrder: boolean;
  shape: number[];
  elements: number;
  byteOffset: number;
  byteLength: number;
  /** Bytes after the array: another program may have appended to it. */
  trailingBytes: number;
}

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** Reads the header and checks that the file holds the data it promises. */
export async function openNpy(source: Source): Promise<NpyArray> {
  const { start, text } = await readHeader(source);
  const header = new HeaderParser(source.name, start, text).parse();
  const type = parseDescr(source.name, header);
  const byteOffset = start + text.length;
  const counts = countBytes(source, header.shape, type.itemBytes, start);
  const present = source.size - byteOffset;
  if (counts.bytes > BigInt(present)) {
    throw new FewbitsError(
      'TRUNCATED',
      `${source.name}: its shape (${header.shape.join(', ')}) of ${header.descr} needs ${counts.bytes} bytes but ` +
        `${present} follow the header. Incomplete: download or save it again.`,
      { byteOffset },
    );
  }
  const byteLength = Number(counts.bytes);
  const shape = header.shape.map(Number);
  return {
    ...{ descr: header.descr, ...type, fortranOrder: header.fortranOrder, shape, elements: Number(counts.elements) },
    ...{ byteOffset, byteLength, trailingBytes: present - byteLength },
  };
}

/** The header's text, one character per byte (version 3 is checked to be UTF-8), and where it starts. */
async function readHeader(source: Source): Promise<{ start: number; text: string }> {
  const { name, size } = source;
  const prefix = await source.read(0, Math.min(size, 12));
  if (!isNpy(prefix)) {
    throw new FewbitsError('BAD_MAGIC', `${name} does not begin with \\x93NUMPY.`, { byteOffset: 0 });
  }
  const [major = 0, minor = 0] = prefix.subarray(6, 8);
  if (size < 8) throw truncated(name, 'version', 8, size);
  if (major < 1 || major > 3 || minor !== 0) {
    throw new FewbitsError(
      'UNSUPPORTED',
      `${name}: .npy version ${major}.${minor}; versions 1.0, 2.0 and 3.0 are read.`,
      {
        byteOffset: 6,
      },
    );
  }
  const start = major === 1 ? 10 : 12;
  if (size < start) throw truncated(name, 'header length', start, size);
  const view = new DataView(prefix.buffer, prefix.byteOffset);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > NPY_HEADER) {
    throw new FewbitsError('TOO_LARGE', `${name}: its header has ${length} bytes; the limit is ${NPY_HEADER}.`, {
      byteOffset: 8,
    });
  }
  if (start + length > size) throw truncated(name, 'header', start + length, size);
  const bytes = await source.read(start, start + length);
  if (major === 3) checkUtf8(name, bytes, start);
  return { start, text: Array.from(bytes, (byte) => String.fromCharCode(byte)).join('') };
}

function checkUtf8(name: string, bytes: Uint8Array, byteOffset: number): void {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new FewbitsError('BAD_UTF8', `${name}: the header is not UTF-8, which .npy version 3.0 asks for.`, {
      byteOffset,
    });
  }
}

function truncated(name: string, part: string, end: number, size: number): FewbitsError {
  const message = `${name}: its ${part} ends at byte ${end} but the file has ${size}. Incomplete: download or save it again.`;
  return new FewbitsError('TRUNCATED', message, { byteOffset: size });
}

interface Header {
  descr: string;
  fortranOrder: boolean;
  /** Decimal digits: a shape can promise more than a number holds. */
  shape: string[];
}

/** Reads exactly the Python literal that NumPy writes, token by token: nothing is evaluated, nothing nests. */
class HeaderParser {
  private at = 0;

  constructor(
    private readonly name: string,
    private readonly start: number,
    private readonly text: string,
  ) {}

  parse(): Header {
    const header: Partial<Header> = {};
    this.expect('{', 'a dictionary');
    while (!this.take(/\}/y)) {
      this.entry(header);
      if (!this.take(/,/y)) {
        this.expect('}', "a comma or '}'");
        break;
      }
    }
    if (this.text.endsWith('\r')) {
      this.fail(
        'BAD_HEADER',
        "the header's newline became two bytes: a transfer in text mode moved the data. Send it as binary",
      );
    }
    this.take(/$/y) ?? this.fail('BAD_HEADER', 'something follows the dictionary');
    const { descr, fortranOrder, shape } = header;
    if (descr === undefined || fortranOrder === undefined || shape === undefined) {
      this.fail('BAD_HEADER', "the header needs 'descr', 'fortran_order' and 'shape'");
    }
    return { descr, fortranOrder, shape };
  }

  private entry(header: Partial<Header>): void {
    const key = this.string('a key in quotes');
    this.expect(':', "':' after the key");
    if (key === 'descr' && header.descr === undefined) header.descr = this.descr();
    else if (key === 'fortran_order' && header.fortranOrder === undefined) header.fortranOrder = this.boolean();
    else if (key === 'shape' && header.shape === undefined) header.shape = this.shape();
    else if (key === 'descr' || key === 'fortran_order' || key === 'shape')
      this.fail('DUPLICATE_NAME', `'${key}' stands twice`);
    else this.fail('BAD_HEADER', 'a key other than descr, fortran_order and shape');
  }

  private descr(): string {
    if (this.take(/(?=[[(])/y) !== undefined) {
      this.fail('UNSUPPORTED_TYPE', 'a structured type (several fields per element); save one field as float32');
    }
    return this.string('a type in quotes');
  }

  private boolean(): boolean {
    const word = this.take(/True|False/y) ?? this.fail('BAD_HEADER', 'fortran_order must be True or False');
    return word === 'True';
  }

  private shape(): string[] {
    this.expect('(', 'the shape as a tuple');
    const shape: string[] = [];
    let comma = true;
    while (!this.take(/\)/y)) {
      if (!comma) this.fail('BAD_HEADER', "a comma or ')' must follow in the shape");
      if (shape.length === DIMS) this.fail('TOO_LARGE', `more than ${DIMS} dimensions`);
      // Python 2 wrote long integers as 3L.
      const digits = this.take(/(?:0|[1-9][0-9]*)L?(?![\w.])/y);
      shape.push(digits?.replace('L', '') ?? this.fail('BAD_HEADER', 'the shape must hold whole numbers'));
      comma = this.take(/,/y) !== undefined;
    }
    if (shape.length === 1 && !comma) this.fail('BAD_HEADER', 'the shape must be a tuple');
    return shape;
  }

  private string(what: string): string {
    const quoted = this.take(/'[^'\\\n\0]*'|"[^"\\\n\0]*"/y) ?? this.fail('BAD_HEADER', `${what} is missing`);
    return quoted.slice(1, -1);
  }

  private expect(character: string, what: string): void {
    this.take(new RegExp(`\\${character}`, 'y')) ?? this.fail('BAD_HEADER', `${what} is missing`);
  }

  private take(token: RegExp): string | undefined {
    const space = /[ \t\r\n\f]*/y;
    space.lastIndex = this.at;
    space.test(this.text);
    this.at = space.lastIndex;
    token.lastIndex = this.at;
    const found = token.exec(this.text);
    if (!found) return undefined;
    this.at = token.lastIndex;
    return found[0];
  }

  private fail(code: ErrorCode, what: string): never {
    const byteOffset = this.start + this.at;
    throw new FewbitsError(code, `${this.name}: header, byte ${byteOffset}: ${what}.`, { byteOffset });
  }
}

const REFUSED: readonly [RegExp, string][] = [
  [/O/, 'Python objects (a pickle), which could run code and are never opened'],
  [/^[<>|=]?c/, 'complex numbers'],
  [/^[<>|=]?[SUa]/, 'text'],
  [/^[<>|=]?[Mm]/, 'dates or durations'],
  [/^[<>|=]?(V|f1$)/, 'raw bytes: what they were (bfloat16? float8?) is not in the file'],
];

function parseDescr(name: string, { descr, shape }: Header): Pick<NpyArray, 'kind' | 'itemBytes' | 'bigEndian'> {
  const match = /^([<>|=]?)(f(?=[248]$)|[iu](?=[1248]$)|b(?=1$))([1248])$/.exec(descr);
  if (!match) {
    const what = REFUSED.find(([pattern]) => pattern.test(descr))?.[1] ?? 'a type that is not read';
    const shown = descr.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
    throw new FewbitsError('UNSUPPORTED_TYPE', `${name}: its type '${shown}' means ${what}. Save it as float32.`, {
      descr,
      shape: shape.map(Number),
    });
  }
  return { kind: match[2] as NpyArray['kind'], itemBytes: Number(match[3]), bigEndian: match[1] === '>' };
}

/** Products in BigInt: they cannot wrap. */
function countBytes({ name }: Source, shape: string[], itemBytes: number, byteOffset: number) {
  const tooLong = shape.find((digits) => digits.length > 16 || Number(digits) > Number.MAX_SAFE_INTEGER);
  if (tooLong) {
    const shown = tooLong.length > 30 ? `${tooLong.slice(0, 30)}…` : tooLong;
    throw new FewbitsError('OUT_OF_RANGE', `${name}: a dimension of ${shown} is larger than any file.`, { byteOffset });
  }
  const elements = shape.reduce((product, digits) => product * BigInt(digits), 1n);
  return { elements, bytes: elements * BigInt(itemBytes) };
}

/** What np.save puts before the data: version 1.0, padded so that the data starts at a multiple of 64. */
export function npyHeader(descr: string, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  // NumPy leaves room for the first dimension to grow to 21 digits.
  const growth = shape.length > 0 ? ' '.repeat(21 - String(shape[0]).length) : '';
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }${growth}`;
  const padded = `${text}${' '.repeat(64 - ((10 + text.length + 1) % 64))}\n`;
  const header = [...MAGIC, 1, 0, padded.length & 255, padded.length >> 8];
  return Uint8Array.from([...header, ...Array.from(padded, (character) => character.charCodeAt(0))]);
}
