// What every writer gives: where each byte of the output goes, known before the first is written.

/** A tensor's place in the file to be written. */
export interface Placed {
  /** Which of the tensors that were given. */
  index: number;
  byteOffset: number;
  byteLength: number;
}

/** A file before it is written: its header, then tensors in this order, zeros between them and to the end. */
export interface FilePlan {
  head: Uint8Array;
  placed: Placed[];
  byteLength: number;
}

/** The next multiple of a power of two, or of anything else. */
export const align = (position: number, to: number): number => Math.ceil(position / to) * to;

/** Bytes one after the other, in a buffer that grows. */
export class ByteWriter {
  private bytes = new Uint8Array(1024);
  private view = new DataView(this.bytes.buffer);
  length = 0;

  private room(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(2 * this.length);
      grown.set(this.bytes);
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return at;
  }

  add(bytes: ArrayLike<number>): this {
    const at = this.room(bytes.length);
    this.bytes.set(bytes, at);
    return this;
  }

  u32(value: number): this {
    const at = this.room(4);
    this.view.setUint32(at, value, true);
    return this;
  }

  u64(value: number): this {
    const at = this.room(8);
    this.view.setBigUint64(at, BigInt(value), true);
    return this;
  }

  /** Zeros up to a multiple. */
  pad(to: number): this {
    this.room(align(this.length, to) - this.length);
    return this;
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}
