// Reads a header from front to back: little-endian numbers out of a window that moves over the source.
import type { Source } from './source.ts';
import { truncated } from './words.ts';

const FIRST = 2 ** 16;
const MOST = 2 ** 22;

/**
 * A place in a source. `fill` brings the next bytes into the window, where the plain methods take them; a file that ends
 * before them is TRUNCATED.
 */
export class Cursor {
  private bytes: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);
  private at = 0;
  private start: number;
  private ahead = FIRST;

  constructor(
    readonly source: Source,
    position = 0,
    readonly end = source.size,
  ) {
    this.start = position;
  }

  get position(): number {
    return this.start + this.at;
  }

  /** Bytes up to the end of what may be read. */
  get left(): number {
    return this.end - this.position;
  }

  /** Bytes that are here already. */
  get here(): number {
    return this.bytes.length - this.at;
  }

  /** Makes `count` bytes ready. `what` they are is said where the file ends before. */
  async fill(count: number, what: string): Promise<void> {
    if (this.here >= count) return;
    if (count > this.left) throw truncated(this.source.name, what, this.position + count, this.end);
    const from = this.position;
    const to = Math.min(this.end, from + Math.max(count, this.ahead));
    this.bytes = await this.source.read(from, to);
    this.view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
    this.start = from;
    this.at = 0;
    // Who reads on from front to back gets more at once.
    this.ahead = Math.min(2 * this.ahead, MOST);
  }

  /** As many bytes as `fill` made ready. They are a view: copy what is kept. */
  take(count: number): Uint8Array {
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  u8(): number {
    return this.bytes[this.at++]!;
  }

  u16(): number {
    this.at += 2;
    return this.view.getUint16(this.at - 2, true);
  }

  u32(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }

  u64(): bigint {
    this.at += 8;
    return this.view.getBigUint64(this.at - 8, true);
  }

  /** Goes to a position, at most the end. */
  seek(position: number): void {
    const at = position - this.start;
    if (at >= 0 && at <= this.bytes.length) {
      this.at = at;
      return;
    }
    this.bytes = new Uint8Array(0);
    this.start = position;
    this.at = 0;
    this.ahead = FIRST;
  }
}
