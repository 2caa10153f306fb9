// Browsers and their workers: fetch and Web Workers.
import type { PoolWorker } from '../pool.ts';

export async function compileFrom(source: URL | string): Promise<WebAssembly.Module> {
  const response = await fetch(source, { credentials: 'same-origin' });
  if (!response.ok)
    throw new Error(
      `fewbits: ${response.url} answers ${response.status}. Serve fewbits.wasm there, or pass init({ wasm }).`,
    );
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('application/wasm')) return WebAssembly.compileStreaming(response);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (String.fromCharCode(...bytes.subarray(1, 4)) !== 'asm')
    throw new Error(
      `fewbits: ${response.url} is no WebAssembly (it is served as '${type}'). Serve fewbits.wasm there, or pass init({ wasm }).`,
    );
  return WebAssembly.compile(bytes);
}

/** `unloaded` says what is likely wrong where the script does not load: the browser does not. */
export function poolWorker(worker: Worker, unloaded = 'its script did not load'): PoolWorker {
  return {
    post: (call, transfer) => worker.postMessage(call, transfer),
    onAnswer: (callback) => worker.addEventListener('message', ({ data }) => callback(data)),
    terminate: () => worker.terminate(),
    onFailure: (callback) => worker.addEventListener('error', (event) => callback(event.message || unloaded)),
  };
}

export const concurrency = () => globalThis.navigator?.hardwareConcurrency || 1;
