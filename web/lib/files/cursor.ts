// Goes through a file's header field by field, over slices of bounded size, and knows where it is for every complaint.
import type { Source } from '../containers/source.ts';
import { type ErrorCode, FewbitsError } from '../errors.ts';

/** Bytes that are read at once: many fields, few reads. */
const WINDOW = 1 << 16;

/** A name from a file in a message: at most 80 characters, with control and direction characters escaped. */
export function shown(name: string): string {
  const cut = name.length > 80 ? `${name.slice(0, 79)}…` : name;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (letter) => `\\u{${letter.codePointAt(0)!.toString(16)}}`);
}

/** Exactly these bytes, whatever becomes of the file. @throws READ_FAILED */
export async function readAll(source: Source, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const failed = (what: string, cause?: unknown) =>
    new FewbitsError('READ_FAILED', `${shown(source.name)}: ${what} Choose it again.`, { byteOffset: start, cause });
  let bytes: Uint8Array;
  try {
    bytes = await source.read(start, end);
  } catch (error) {
    throw error instanceof FewbitsError
      ? error
      : failed(`byte ${start} cannot be read: ${(error as Error)?.message}.`, error);
  }
  if (bytes.length !== end - start)
    throw failed(`got ${bytes.length} of ${end - start} bytes from byte ${start}: it has changed.`);
  return new Uint8Array(bytes);
}

export class Cursor {
  /** The next byte's place in the file. */
  position = 0;
  private start = 0;
  private held = new Uint8Array(0);

  constructor(private readonly source: Source) {}

  get remaining(): number {
    return this.source.size - this.position;
  }

  /** The next bytes; they stay as they are only until the next call. `what` is for people: "the name of entry 3". */
  async take(count: number, what: string): Promise<DataView> {
    const bytes = await this.bytes(count, what);
    return new DataView(bytes.buffer, bytes.byteOffset, count);
  }

  /** The next `count` bytes as UTF-8. */
  async text(count: number, what: string): Promise<string> {
    const byteOffset = this.position;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await this.bytes(count, what));
    } catch (error) {
      if (error instanceof FewbitsError) throw error;
      throw this.error('BAD_UTF8', `${what} is not UTF-8. The file is damaged: make or download it again`, byteOffset);
    }
  }

  skip(count: number, what: string): void {
    this.demand(count, what);
    this.position += count;
  }

  /** Fails where the file ends before `count` bytes more: checked before anything of that size is allocated. */
  demand(count: number, what: string): void {
    if (count <= this.remaining) return;
    const message = `${what} ends at byte ${this.position + count} but the file has ${this.source.size}. Incomplete: download it again`;
    throw this.error('TRUNCATED', message, this.source.size);
  }

  error(code: ErrorCode, message: string, byteOffset = this.position): FewbitsError {
    return new FewbitsError(code, `${shown(this.source.name)}: ${message}.`, { byteOffset });
  }

  private async bytes(count: number, what: string): Promise<Uint8Array> {
    this.demand(count, what);
    const end = this.position + count;
    if (this.position < this.start || end > this.start + this.held.length) {
      this.start = this.position;
      this.held = new Uint8Array(0);
      const to = Math.min(this.source.size, Math.max(end, this.start + WINDOW));
      this.held = await readAll(this.source, this.start, to);
    }
    const from = this.position - this.start;
    this.position = end;
    return this.held.subarray(from, from + count);
  }
}
