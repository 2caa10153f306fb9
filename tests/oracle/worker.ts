// A thread of the oracle: slices in, tallies out.
import { parentPort, workerData } from 'node:worker_threads';
import { init } from 'fewbits';
import { addTally, Comparison, emptyTally } from './compare.ts';
import { openNative } from './native.ts';
import type { Job } from './threads.ts';

const native = await openNative();
if (typeof native === 'string') throw new Error(native);
const comparison = new Comparison(await init(), native, workerData.seed);

parentPort!.on('message', ({ format, first, count }: Job) => {
  const tally = emptyTally();
  for (let index = first; index < first + count; index++) addTally(tally, comparison.slice(format, index));
  parentPort!.postMessage(tally);
});
