// fewbits in Node: the same, from files.
import { createEntry } from './entry.ts';
import { compileFrom, concurrency, poolWorker } from './platform/node.ts';

export const { init, createPool } = createEntry({
  compile: () => compileFrom(new URL('./fewbits.wasm', import.meta.url)),
  fetch: compileFrom,
  createWorker: (script = new URL('./worker.node.js', import.meta.url)) => poolWorker(script),
  concurrency,
});

export { FewbitsError } from './errors.ts';
