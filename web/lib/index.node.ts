// fewbits in Node: the same, from files.
import { createPoolFrom, initFrom } from './entry.ts';
import { compileFrom, concurrency, poolWorker } from './platform/node.ts';
import type { Fewbits, InitOptions, Pool, PoolOptions } from './types.ts';

const wasmHost = {
  compile: () => compileFrom(new URL('./fewbits.wasm', import.meta.url)),
  fetch: compileFrom,
};

const createWorker = (script: URL | string = new URL('./worker.node.js', import.meta.url)) => poolWorker(script);

export const init = (options?: InitOptions): Promise<Fewbits> => initFrom(wasmHost, options);

export const createPool = (options?: PoolOptions): Promise<Pool> =>
  createPoolFrom(wasmHost, { createWorker, concurrency }, options);

export { FewbitsError } from './errors.ts';
