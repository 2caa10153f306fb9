// The wasm memory, seen through one staging area of fixed size. Arrays of any length pass through it in slices, so that
// the memory never grows; nobody else holds a view into it.
import type { Core } from './core.ts';
import { FewbitsError } from './errors.ts';

type Staged =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | BigUint64Array;
type Constructor<T extends Staged> = {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
  BYTES_PER_ELEMENT: number;
};

/** Elements of a slice: a quarter of a megabyte of float32, so that it stays in the cache between passes. */
export const SLICE = 65536;

export class Heap {
  readonly core: Core;
  readonly #buffer: ArrayBufferLike;
  readonly #begin: number;
  readonly #end: number;

  constructor(core: Core, memory: WebAssembly.Memory) {
    this.core = core;
    this.#buffer = memory.buffer; // fixed size: views never detach
    this.#begin = core.arena();
    this.#end = this.#begin + core.arenaBytes();
  }

  /** Addresses of areas of that many bytes, side by side. They hold until the next call of `place`. */
  place<const Sizes extends readonly number[]>(...sizes: Sizes): { [I in keyof Sizes]: number } {
    let next = this.#begin;
    const addresses = sizes.map((bytes) => {
      const address = next;
      next += (bytes + 63) & ~63;
      return address;
    });
    if (next > this.#end) throw new FewbitsError('TOO_LARGE', 'A single group is larger than the staging area.');
    return addresses as { [I in keyof Sizes]: number };
  }

  /** Writes numbers to an address, converted to the element type. */
  write<T extends Staged>(type: Constructor<T>, address: number, values: ArrayLike<number> | ArrayLike<bigint>): void {
    (new type(this.#buffer, address, values.length) as Staged).set(values as never);
  }

  /** Copies elements at an address into `target`. */
  read<T extends Staged>(address: number, target: T): T {
    const type = target.constructor as Constructor<T>;
    (target as Staged).set(new type(this.#buffer, address, target.length) as never);
    return target;
  }

  /** Throws unless the answer of the core is Ok; callers check arguments before, so this is the second lock. */
  check(status: number): void {
    if (status !== 0)
      throw new FewbitsError(
        'BAD_ARGUMENT',
        `The core refused a call (status ${status}). This is a bug in fewbits: please report it.`,
      );
  }
}
