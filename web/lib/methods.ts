// What the module and the pool offer alike.
import type { Methods } from './types.ts';

/** The names of all methods, which the pool offers too. */
export const methodNames = [
  'encode',
  'decode',
  'cast',
  'inspect',
  'packBits',
  'unpackBits',
  'makeFormat',
  'calibrate',
  'quantize',
  'dequantize',
  'quantizeBlocks',
  'dequantizeBlocks',
  'describeBlock',
  'compare',
  'summarize',
  'histogram',
  'weightBytes',
  'kvCacheBytes',
  'formatBytes',
  'modelParameters',
  'modelMemory',
] as const satisfies readonly (keyof Methods<'sync'>)[];
