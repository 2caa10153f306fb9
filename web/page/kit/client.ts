// The page's side of its workers: starts the one that holds the data, keeps one request in flight for each, and lets only
// the newest wait.
import { proxy, type Remote, transfer, wrap } from 'comlink';
import type { PageWorker } from './worker.ts';

let remote: Remote<PageWorker> | undefined;

export function worker(): Remote<PageWorker> {
  remote ??= wrap<PageWorker>(new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
  return remote;
}

export { proxy, transfer };

interface Waiting {
  call(): Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Queues a call. A call for the same purpose that still waits gives way and resolves to undefined. */
export type Queue = <Result>(purpose: string, call: () => Promise<Result>) => Promise<Result | undefined>;

/** A queue for one worker: what waits for one does not wait for another. */
export function newQueue(): Queue {
  /** Calls by what they are for, in the order in which they first came. */
  const waiting = new Map<string, Waiting>();
  let busy = false;

  async function work(): Promise<void> {
    if (busy) return;
    busy = true;
    for (const [purpose, { call, resolve, reject }] of waiting) {
      waiting.delete(purpose);
      await call().then(resolve, reject);
    }
    busy = false;
  }
  return (purpose, call) =>
    new Promise((resolve, reject) => {
      waiting.get(purpose)?.resolve(undefined);
      waiting.set(purpose, { call, resolve: resolve as (value: unknown) => void, reject });
      void work();
    });
}

/** The queue of the worker that holds the data. */
export const newest = newQueue();
