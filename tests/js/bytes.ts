// Bytes of a file, written one after the other.

export class Bytes {
  private readonly parts: Uint8Array[] = [];
  length = 0;

  raw(bytes: Uint8Array): this {
    this.parts.push(bytes);
    this.length += bytes.length;
    return this;
  }
  number(bytes: number, write: (view: DataView) => void): this {
    const part = new Uint8Array(bytes);
    write(new DataView(part.buffer));
    return this.raw(part);
  }
  i32 = (value: number) => this.number(4, (view) => view.setInt32(0, value, true));
  u32 = (value: number) => this.number(4, (view) => view.setUint32(0, value, true));
  u64 = (value: number | bigint) => this.number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  floats = (values: readonly number[]) => this.raw(new Uint8Array(Float32Array.from(values).buffer));
  text = (text: string) => this.raw(new TextEncoder().encode(text));
  string(text: string): this {
    const bytes = new TextEncoder().encode(text);
    return this.u64(bytes.length).raw(bytes);
  }
  pad(alignment: number): this {
    return this.raw(new Uint8Array((alignment - (this.length % alignment)) % alignment));
  }
  get bytes(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}
