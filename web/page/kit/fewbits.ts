// The package's synchronous face, as the page's worker and its build use it. No pool: the page has one worker.
import { createEntry } from '../../lib/entry.ts';
import { compileFrom } from '../../lib/platform/web.ts';
import type { Fewbits } from '../../lib/types.ts';

const none = () => {
  throw new Error('The page passes the wasm and starts no pool.');
};

const { init } = createEntry({ compile: none, fetch: compileFrom, createWorker: none, concurrency: () => 1 });

export const loadFewbits = (wasm: URL | BufferSource): Promise<Fewbits> => init({ wasm });
