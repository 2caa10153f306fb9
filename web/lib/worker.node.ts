// The pool's worker in Node.
import { parentPort } from 'node:worker_threads';
import { createHost } from './worker-host.ts';

const handle = createHost((answer, transfer) => parentPort!.postMessage(answer, transfer));
parentPort!.on('message', handle);
