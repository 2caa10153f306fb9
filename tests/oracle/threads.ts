// The oracle's threads: each takes the next few slices when it has done the last ones.
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import type { BlockFormatName } from 'fewbits';
import { addTally, emptyTally, type Tally } from './compare.ts';

/** Slices first ... first + count - 1 of a format. */
export interface Job {
  format: BlockFormatName;
  first: number;
  count: number;
}

const AT_ONCE = 4;

export class Threads {
  readonly #workers: Worker[];

  constructor(seed: number) {
    this.#workers = Array.from(
      { length: os.availableParallelism() },
      () => new Worker(new URL('./thread.mjs', import.meta.url), { workerData: { seed } }),
    );
  }

  /** All slices of a format; `progress` hears how many are done. Ends with the first difference. */
  async compare(format: BlockFormatName, slices: number, progress: (done: number) => void): Promise<Tally> {
    const sum = emptyTally();
    let next = 0;
    let done = 0;
    await Promise.all(
      this.#workers.map(async (worker) => {
        while (next < slices && !sum.differ) {
          const job: Job = { format, first: next, count: Math.min(AT_ONCE, slices - next) };
          next += job.count;
          addTally(sum, await answered(worker, job));
          done += job.count;
          progress(done);
        }
      }),
    );
    return sum;
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

function answered(worker: Worker, job: Job): Promise<Tally> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      act();
    };
    const onMessage = (tally: Tally) => settle(() => resolve(tally));
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = (code: number) => settle(() => reject(new Error(`A thread of the oracle ended with ${code}.`)));
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(job);
  });
}
