// fewbits without files: wasm and worker are inside this script. (fetch('data:') falls to a strict policy, so the wasm is
// decoded here; a Blob worker does too, where worker-src forbids blob:, and then `worker` must be passed.)
import wasm from 'fewbits:wasm';
import workerSource from 'fewbits:worker';
import { createEntry } from './entry.ts';
import { compileFrom, concurrency, poolWorker } from './platform/web.ts';
import type { PoolWorker } from './pool.ts';

const unloaded =
  "this page's policy forbids workers from a Blob. Serve the package's dist/worker.js and pass createPool({ worker: its address })";

function blobWorker(): PoolWorker {
  const address = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }));
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
  return poolWorker(new Worker(address, { type: 'module' }), unloaded);
}

export const { init, createPool } = createEntry({
  compile: () => WebAssembly.compile(Uint8Array.from(atob(wasm), (character) => character.charCodeAt(0))),
  fetch: compileFrom,
  createWorker: (script) => (script ? poolWorker(new Worker(script, { type: 'module' })) : blobWorker()),
  concurrency,
});

export { FewbitsError } from './errors.ts';
