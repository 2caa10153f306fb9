// The pool's worker in Node.
import { parentPort } from 'node:worker_threads';
import { expose } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { createHost } from './worker-host.ts';

expose(createHost(), nodeEndpoint(parentPort!));
