// A worker's end of the pool: one instance of the module, one call after the other.
import glue from '../../build/module/fewbits.mjs';
import { load } from './carried.ts';
import { instantiate } from './core.ts';
import { createFewbits } from './fewbits.ts';
import { decodeStored, isStored } from './files/stored.ts';
import { Heap } from './heap.ts';
import { type Answer, buffersIn, type Call, toFailure } from './protocol.ts';
import type { Fewbits } from './types.ts';

type Post = (answer: Answer, transfer: ArrayBuffer[]) => void;

/** Gives the function that takes the pool's messages; the first one brings the module. */
export function createHost(post: Post): (call: Call) => Promise<void> {
  let fewbits: Fewbits;

  async function start(module: WebAssembly.Module): Promise<[Partial<Fewbits>, string[]]> {
    load(module);
    const { core, memory } = await instantiate(glue, module);
    fewbits = createFewbits(new Heap(core, memory));
    const { numberFormats, blockFormats, ...methods } = fewbits;
    return [{ numberFormats, blockFormats }, Object.keys(methods)];
  }

  return async ({ id, method, args }) => {
    try {
      const run = method === 'start' ? start : fewbits[method as keyof Fewbits];
      // Conversions of files send what they read.
      const given = args.map((value) => (isStored(value) ? decodeStored(fewbits, value) : value));
      const value = await (run as (...args: unknown[]) => unknown)(...given);
      post({ id, value }, [...buffersIn(value)]);
    } catch (error) {
      post({ id, error: toFailure(error) }, []);
    }
  };
}
