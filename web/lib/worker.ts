// The pool's worker in browsers.
import { expose } from 'comlink';
import { createHost } from './worker-host.ts';

expose(createHost());
