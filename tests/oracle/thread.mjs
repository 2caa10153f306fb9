// Starts worker.ts: tsx's loader does not come along into a thread by itself.
import { register } from 'tsx/esm/api';

register();
await import('./worker.ts');
