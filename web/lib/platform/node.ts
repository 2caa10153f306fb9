// Node: files and worker_threads.
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { PoolWorker } from '../pool.ts';

export async function compileFrom(source: URL | string): Promise<WebAssembly.Module> {
  const address = String(source);
  if (/^https?:/.test(address)) return WebAssembly.compile(await (await fetch(address)).arrayBuffer());
  return WebAssembly.compile(await readFile(address.startsWith('file:') ? fileURLToPath(address) : address));
}

export function poolWorker(script: URL | string): PoolWorker {
  const worker = new Worker(script, { execArgv: [] }); // not the program's own flags, such as --input-type
  worker.unref();
  let ended = false;
  return {
    post: (call, transfer) => worker.postMessage(call, transfer),
    onAnswer: (callback) => worker.on('message', callback),
    terminate: () => {
      ended = true;
      return worker.terminate();
    },
    setBusy: (busy) => (busy ? worker.ref() : worker.unref()),
    onFailure: (callback) => {
      worker.on('error', callback);
      worker.on('exit', (code) => !ended && callback(`it exited with code ${code}`));
    },
  };
}

export const concurrency = availableParallelism;
