// A worker's end of the pool: one instance of the module, one call after the other.
import { transfer } from 'comlink';
import glue from '../../build/wasm/module/fewbits.mjs';
import { instantiate } from './core.ts';
import { createFewbits } from './fewbits.ts';
import { Heap } from './heap.ts';
import { type Answer, buffersIn, type Remote, toAnswer } from './protocol.ts';
import type { Fewbits } from './types.ts';

export function createHost(): Remote {
  let fewbits: Fewbits;
  return {
    async start(module) {
      const { core, memory } = await instantiate(glue, module);
      fewbits = createFewbits(new Heap(core, memory));
    },
    async call(method, args): Promise<Answer> {
      try {
        const value = (fewbits[method as keyof Fewbits] as (...args: unknown[]) => unknown)(...args);
        return transfer({ value }, [...buffersIn(value)]);
      } catch (error) {
        return toAnswer(error);
      }
    },
  };
}
