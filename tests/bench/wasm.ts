// The benchmark's own wasm: probes, kernels and scalar definitions, and one arena for the arrays of the job at hand.

export type Numbers = Float32Array | Int8Array | Uint8Array | Uint16Array;

type Export = (...numbers: number[]) => number;

const LINE = 64;
// Arrays are not apart by a multiple of a page: some processors would confuse their addresses.
const GAP = 33 * LINE;

/**
 * The memory holds the largest arrays from the beginning: growing would detach a buffer, and from then on V8 has all
 * code, plain JavaScript's too, check for that.
 */
export class BenchWasm {
  readonly #exports: Record<string, Export>;
  readonly #memory: WebAssembly.Memory;
  #next = 0;

  private constructor(instance: WebAssembly.Instance) {
    this.#exports = instance.exports as Record<string, Export>;
    this.#memory = instance.exports['memory'] as WebAssembly.Memory;
    this.clear();
  }

  static async load(wasm: BufferSource): Promise<BenchWasm> {
    const { instance } = await WebAssembly.instantiate(wasm);
    (instance.exports['_initialize'] as Export)();
    return new BenchWasm(instance);
  }

  function(name: string): Export {
    const found = this.#exports[name];
    if (!found) throw new Error(`The benchmark's wasm has no function ${name}: build it again.`);
    return found;
  }

  /** Makes room: what was placed before is gone. */
  clear(): void {
    this.#next = this.function('arena_begin')();
  }

  /** Puts an array into the arena, and gives the view of it there. */
  place<T extends Numbers>(array: T): T {
    const [begin, end] = [this.#next, this.#next + array.byteLength];
    if (end > this.function('arena_begin')() + this.function('arena_bytes')())
      throw new Error(`The benchmark's arena is too small for ${array.byteLength} bytes more.`);
    this.#next = Math.ceil(end / LINE) * LINE + GAP;
    const Constructor = array.constructor as new (buffer: ArrayBufferLike, from: number, length: number) => T;
    const view = new Constructor(this.#memory.buffer, begin, array.length);
    view.set(array);
    return view;
  }
}
