// The pool's worker in browsers.
import { createHost } from './worker-host.ts';

const handle = createHost((answer, transfer) => postMessage(answer, { transfer }));
addEventListener('message', ({ data }) => handle(data));
