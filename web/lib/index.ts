// fewbits in browsers: the wasm and the worker are files beside this script.
import { createPoolFrom, initFrom } from './entry.ts';
import { compileFrom, concurrency, poolWorker } from './platform/web.ts';
import type { Fewbits, InitOptions, Pool, PoolOptions } from './types.ts';

const wasm = {
  compile: () => compileFrom(new URL('./fewbits.wasm', import.meta.url)),
  fetch: compileFrom,
};

const createWorker = (script?: URL | string) =>
  poolWorker(
    script
      ? new Worker(script, { type: 'module' })
      : new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
  );

/**
 * Loads the module and resolves to every method as a synchronous function. Idempotent: a second call returns the first
 * instance. Without options it finds fewbits.wasm beside the package's script.
 */
export function init(options?: InitOptions): Promise<Fewbits> {
  return initFrom(wasm, options);
}

/**
 * Starts workers that hold an instance each and resolves to every method as a function that answers with a promise.
 * A call runs in the worker with the least to do; inputs are copied unless the last argument has `transfer: true`.
 */
export function createPool(options?: PoolOptions): Promise<Pool> {
  return createPoolFrom(wasm, { createWorker, concurrency }, options);
}

export { type ErrorCode, FewbitsError } from './errors.ts';
export type * from './types.ts';
