// `init` and `createPool` over a platform: what reads the wasm and what starts a worker differ, the rest does not. They are
// apart, so that a bundle of one leaves the other out.
import glue from '../../build/module/fewbits.mjs';
import { load } from './carried.ts';
import { instantiate } from './core.ts';
import { FewbitsError } from './errors.ts';
import { createFewbits } from './fewbits.ts';
import { describe } from './formats.ts';
import { Heap } from './heap.ts';
import { type PoolWorker, startPool } from './pool.ts';
import type { Fewbits, InitOptions, Pool, PoolOptions, WasmSource } from './types.ts';

/** Where the wasm comes from. */
export interface WasmHost {
  /** Compiles the wasm that comes with the package. */
  compile(): Promise<WebAssembly.Module>;
  /** Compiles the wasm at an address, or a file's in Node. */
  fetch(source: URL | string): Promise<WebAssembly.Module>;
}

export interface WorkerHost {
  createWorker(script?: URL | string): PoolWorker;
  concurrency(): number;
}

function isBytes(source: unknown): source is BufferSource {
  return ArrayBuffer.isView(source) || Object.prototype.toString.call(source) === '[object ArrayBuffer]';
}

async function compile(host: WasmHost, source: WasmSource | undefined): Promise<WebAssembly.Module> {
  if (source === undefined) return host.compile();
  if (source instanceof WebAssembly.Module) return source;
  if (typeof source === 'string' || source instanceof URL) return host.fetch(source);
  if (isBytes(source)) return WebAssembly.compile(source);
  if (typeof Response !== 'undefined' && source instanceof Response)
    return WebAssembly.compile(await source.arrayBuffer());
  throw new FewbitsError(
    'BAD_ARGUMENT',
    `wasm is a URL, a path, a Response, bytes or a WebAssembly.Module, not ${describe(source)}.`,
  );
}

/** Why the wasm is not there: it could not be read, or is none. */
function loadError(error: unknown): FewbitsError {
  if (error instanceof FewbitsError) return error;
  const code = error instanceof WebAssembly.CompileError ? 'BAD_INPUT' : 'READ_FAILED';
  return new FewbitsError(code, `The wasm cannot be loaded: ${(error as Error)?.message ?? error}`);
}

let compiled: Promise<WebAssembly.Module> | undefined;
let instance: Promise<Fewbits> | undefined;

/** A failure is not kept: the next call may have better luck, or other options. */
function compileOnce(host: WasmHost, source?: WasmSource): Promise<WebAssembly.Module> {
  compiled ??= compile(host, source)
    .then((wasm) => {
      load(wasm);
      return wasm;
    })
    .catch((error) => {
      compiled = undefined;
      throw loadError(error);
    });
  return compiled;
}

/** Loads the module. Idempotent: a second call returns the first instance. */
export function initFrom(host: WasmHost, options?: InitOptions): Promise<Fewbits> {
  instance ??= compileOnce(host, options?.wasm)
    .then((wasm) => instantiate(glue, wasm))
    .then(({ core, memory }) => createFewbits(new Heap(core, memory)))
    .catch((error) => {
      instance = undefined;
      throw error;
    });
  return instance;
}

/** Starts workers that each hold an instance; the methods answer with promises. */
export async function createPoolFrom(host: WasmHost, workers: WorkerHost, options?: PoolOptions): Promise<Pool> {
  const { size = workers.concurrency(), worker, wasm } = options ?? {};
  return startPool(await compileOnce(host, wasm), size, () => workers.createWorker(worker as URL | string | undefined));
}
