// fewbits without files, in Node.
import wasm from 'fewbits:wasm';
import workerSource from 'fewbits:worker';
import { createPoolFrom, initFrom } from './entry.ts';
import { compileFrom, concurrency, poolWorker } from './platform/node.ts';
import type { Fewbits, InitOptions, Pool, PoolOptions } from './types.ts';

const wasmHost = {
  compile: () => WebAssembly.compile(Buffer.from(wasm, 'base64')),
  fetch: compileFrom,
};

const createWorker = (script: URL | string = new URL(`data:text/javascript,${encodeURIComponent(workerSource)}`)) =>
  poolWorker(script);

export const init = (options?: InitOptions): Promise<Fewbits> => initFrom(wasmHost, options);

export const createPool = (options?: PoolOptions): Promise<Pool> =>
  createPoolFrom(wasmHost, { createWorker, concurrency }, options);

export { FewbitsError } from './errors.ts';
