// fewbits without files, in Node.
import wasm from 'fewbits:wasm';
import workerSource from 'fewbits:worker';
import { createEntry } from './entry.ts';
import { compileFrom, concurrency, poolWorker } from './platform/node.ts';

export const { init, createPool } = createEntry({
  compile: () => WebAssembly.compile(Buffer.from(wasm, 'base64')),
  fetch: compileFrom,
  createWorker: (script = new URL(`data:text/javascript,${encodeURIComponent(workerSource)}`)) => poolWorker(script),
  concurrency,
});

export { FewbitsError } from './errors.ts';
