// npm run oracle: builds the package where something changed since it was built, then compares it with a native library.
import { register } from 'tsx/esm/api';
import { buildStalePackage } from './stale.mjs';

buildStalePackage();
// In this process, so that Ctrl-C reaches it alone.
register();
await import('../../tests/oracle/oracle.ts');
