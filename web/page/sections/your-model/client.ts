// The page's side of the section's worker.
import { type Remote, wrap } from 'comlink';
import { newQueue } from '../../kit/client.ts';
import type { ModelWorker } from './worker.ts';

let remote: Remote<ModelWorker> | undefined;
const newest = newQueue();

export function modelWorker(): Remote<ModelWorker> {
  remote ??= wrap<ModelWorker>(new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }));
  return remote;
}

export const run = (name: string, argument: unknown): Promise<unknown> =>
  newest(name, () => modelWorker().run(name as never, argument as never));
