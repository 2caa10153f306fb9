// The synchronous face: every method of the API over one instance of the module.
import { calibrate, dequantizeAffine, quantizeAffine } from './affine.ts';
import { ask, KV_CACHE_BYTES, MODEL_MEMORY, MODEL_PARAMETERS, WEIGHT_BYTES } from './ask.ts';
import { dequantizeBlock, dequantizeBlocks, describeBlock, quantizeBlock } from './blocks.ts';
import { FewbitsError } from './errors.ts';
import { blockFormats, describe, numberFormats } from './formats.ts';
import type { Heap } from './heap.ts';
import { compare, histogram, summarize } from './measures.ts';
import { formatBytes } from './memory.ts';
import { cast, decode, encode, inspect, loadFormats, makeFormat, packBits, unpackBits } from './numbers.ts';
import type { AffineScheme, BlockFormatName, Fewbits, Methods, Quantized } from './types.ts';

export function createFewbits(heap: Heap): Fewbits {
  loadFormats(heap);
  const quantize: Methods<'sync'>['quantize'] = (values, scheme: unknown, options?: object) =>
    typeof scheme === 'string'
      ? quantizeBlock(heap, values, scheme as BlockFormatName, options)
      : quantizeAffine(heap, values, scheme as AffineScheme);

  const dequantize = (quantized: Quantized) => {
    if (quantized?.scheme === undefined)
      throw new FewbitsError('BAD_INPUT', `dequantize takes what quantize gave, not ${describe(quantized)}.`);
    return typeof quantized.scheme === 'string' ? dequantizeBlock(heap, quantized) : dequantizeAffine(heap, quantized);
  };

  return Object.freeze({
    numberFormats,
    blockFormats,
    encode: (values, format, options) => encode(heap, values, format, options),
    decode: (codes, format) => decode(heap, codes, format),
    cast: (values, format, options) => cast(heap, values, format, options),
    inspect: (value, format) => inspect(heap, value, format),
    packBits: (codes, bits) => packBits(heap, codes, bits),
    unpackBits: (bytes, bits, count) => unpackBits(heap, bytes, bits, count),
    makeFormat: (spec) => makeFormat(heap, spec),
    calibrate: (values, scheme) => calibrate(heap, values, scheme),
    quantize,
    dequantize,
    quantizeBlocks: (values, format, options) => quantizeBlock(heap, values, format, options, true).data as Uint8Array,
    dequantizeBlocks: (bytes, format, count) => dequantizeBlocks(heap, bytes, format, count),
    describeBlock: (bytes, format) => describeBlock(heap, bytes, format),
    compare: (original, restored) => compare(heap, original, restored),
    summarize: (values) => summarize(heap, values),
    histogram: (values, options) => histogram(heap, values, options),
    weightBytes: (parameters, format) =>
      ask(heap, WEIGHT_BYTES, typeof format === 'number' ? { parameters, bits: format } : { parameters, format }),
    kvCacheBytes: (options) => ask(heap, KV_CACHE_BYTES, { options }),
    formatBytes,
    modelParameters: (config) => ask(heap, MODEL_PARAMETERS, { config }),
    modelMemory: (config, options) => ask(heap, MODEL_MEMORY, { config, options }),
  } satisfies Fewbits);
}
