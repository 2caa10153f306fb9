// The page's side of the worker: starts it once, keeps one request in flight, and lets only the newest wait.
import { proxy, type Remote, wrap } from 'comlink';
import type { PageWorker } from './worker.ts';

let remote: Remote<PageWorker> | undefined;

export function worker(): Remote<PageWorker> {
  remote ??= wrap<PageWorker>(new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
  return remote;
}

export { proxy };

interface Waiting {
  call(): Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Calls by what they are for, in the order in which they first came. */
const waiting = new Map<string, Waiting>();
let busy = false;

/** Queues a call. A call for the same purpose that still waits gives way and resolves to undefined. */
export function newest<Result>(purpose: string, call: () => Promise<Result>): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    waiting.get(purpose)?.resolve(undefined);
    waiting.set(purpose, { call, resolve: resolve as (value: unknown) => void, reject });
    void work();
  });
}

async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (const [purpose, { call, resolve, reject }] of waiting) {
    waiting.delete(purpose);
    await call().then(resolve, reject);
  }
  busy = false;
}
