// fewbits without files: wasm and worker are inside this script. (fetch('data:') falls to a strict policy, so the wasm is
// decoded here; a Blob worker does too, where worker-src forbids blob:, and then `worker` must be passed.)
import wasm from 'fewbits:wasm';
import workerSource from 'fewbits:worker';
import { createPoolFrom, initFrom } from './entry.ts';
import { compileFrom, concurrency, poolWorker } from './platform/web.ts';
import type { PoolWorker } from './pool.ts';
import type { Fewbits, InitOptions, Pool, PoolOptions } from './types.ts';

const unloaded =
  "this page's policy forbids workers from a Blob. Serve the package's dist/worker.js and pass createPool({ worker: its address })";

function blobWorker(): PoolWorker {
  const address = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  return poolWorker(new Worker(address, { type: 'module' }), unloaded);
}

const wasmHost = {
  compile: () => WebAssembly.compile(Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0))),
  fetch: compileFrom,
};

const createWorker = (script?: URL | string) =>
  script ? poolWorker(new Worker(script, { type: 'module' })) : blobWorker();

export const init = (options?: InitOptions): Promise<Fewbits> => initFrom(wasmHost, options);

export const createPool = (options?: PoolOptions): Promise<Pool> =>
  createPoolFrom(wasmHost, { createWorker, concurrency }, options);

export { FewbitsError } from './errors.ts';
