// Block formats. How a tensor goes to blocks and back is asked of the core, which knows every format and checks what was
// passed; here the values go through the heap.
import { ask, DEQUANTIZE_BLOCKS, DESCRIBE_BLOCK, QUANTIZE_BLOCKS } from './ask.ts';
import { FewbitsError } from './errors.ts';
import { blockFormats, describe } from './formats.ts';
import { type Heap, SLICE } from './heap.ts';
import type { BlockDescription, BlockFormatName, BlockOptions, Quantized, Tensor, Values } from './types.ts';
import { checkArray, checkShape, eachSlice, product, stageFinite, toSource, toTensor } from './values.ts';

/** What questions.hpp says that is answered. `bytes` are a block's, without its absmax where that stands apart. */
type Plan = [
  id: number,
  size: number,
  bytes: number,
  apart: number,
  row: number,
  byteLength: number,
  rule: number,
  ofTensor: number,
  ofRow: number,
  weighted: number,
];

const toBytes = (bytes: unknown, what: string) => checkArray<Uint8Array>(bytes, 'Uint8Array', what);

export function quantizeBlock(
  heap: Heap,
  values: Values | Tensor,
  format: BlockFormatName,
  options?: BlockOptions,
  alone?: boolean,
): Quantized {
  const { source, shape } = toTensor(values);
  const { length } = source;
  if (options && (typeof options !== 'object' || Array.isArray(options) || ArrayBuffer.isView(options)))
    throw new FewbitsError('BAD_ARGUMENT', `Options are an object such as { importance }, not ${describe(options)}.`);
  const given = options?.importance === undefined ? undefined : toSource(options.importance, 'importance');
  const [id, size, bytes, apart, row, byteLength, rule, ofTensor, ofRow, weighted] = ask<Plan>(heap, QUANTIZE_BLOCKS, {
    format,
    length,
    row: shape.at(-1) ?? length,
    options: { ...options, importance: given?.length },
    alone,
  });
  const weights = weighted ? given : undefined;
  const isBad = (weight: number) => !(weight >= 0 && Math.fround(weight) < Number.POSITIVE_INFINITY);
  const bad = weights ? Array.from(weights.part(0, row)).findIndex(isBad) : -1;
  if (bad >= 0)
    throw new FewbitsError(
      'BAD_ARGUMENT',
      `Element ${bad} of importance is not 0 or more and finite in float32, as a weight must be.`,
      { index: bad },
    );
  const [from, to, absmaxAt, weightsAt] = heap.place(SLICE * 4, SLICE * 4, SLICE, SLICE * 4);

  const observe = (what: number, begin: number, count: number): number => {
    let observed = 0;
    if (what)
      eachSlice(count, (first, last) => {
        stageFinite(heap, source, from, begin + first, begin + last);
        observed = heap.core.observe(what, from, last - first, observed);
      });
    return observed;
  };

  const scale = Float32Array.of(heap.core.tensorScale(id, observe(ofTensor, 0, length), length));
  const blocks = Math.ceil(length / size);
  const data = new Uint8Array(blocks * bytes);
  const absmax = new Float32Array(apart && blocks);
  for (let begin = 0; begin < length; begin += row) {
    const sigma2 = observe(ofRow, begin, row) / Math.fround(row);
    eachSlice(row, (first, last) => {
      const [block, end] = [(begin + first) / size, Math.ceil((begin + last) / size)];
      stageFinite(heap, source, from, begin + first, begin + last);
      if (weights) heap.write(Float32Array, weightsAt, weights.part(first, last));
      heap.check(
        heap.core.quantizeBlocks(
          id,
          from,
          last - first,
          size,
          rule,
          scale[0]!,
          weighted && weightsAt,
          sigma2,
          to,
          apart && absmaxAt,
        ),
      );
      heap.read(to, data.subarray(block * bytes, end * bytes));
      heap.read(absmaxAt, absmax.subarray(block, end));
    });
  }

  const quantized: Quantized = {
    scheme: format,
    shape,
    data,
    byteLength,
    bitsPerWeight: length ? (8 * byteLength) / length : blockFormats[id]!.bitsPerWeight,
  };
  if (ofTensor) quantized.scale = scale;
  if (apart) {
    const mean = absmax.reduce((sum, x) => sum + x, 0) / (blocks || 1);
    const nested = {
      absmax: new Uint8Array(blocks),
      scale: new Float32Array(Math.ceil(blocks / SHARED)),
      offset: Math.fround(options?.offset ?? mean),
    };
    nest(heap, absmax, nested, false);
    quantized.nested = nested;
  }
  return quantized;
}

function restore(
  heap: Heap,
  data: Uint8Array,
  [id, size, bytes, apart, count]: Plan,
  absmax: Float32Array,
  scale = 1,
): Float32Array {
  const values = new Float32Array(count);
  const [from, to, absmaxAt] = heap.place(SLICE * 4, SLICE * 4, SLICE);
  eachSlice(count, (begin, end) => {
    const block = begin / size;
    const last = Math.ceil(end / size);
    heap.write(Uint8Array, from, data.subarray(block * bytes, last * bytes));
    heap.write(Float32Array, absmaxAt, absmax.subarray(block, last));
    heap.check(heap.core.dequantizeBlocks(id, from, (last - block) * size, size, scale, to, apart && absmaxAt));
    heap.read(to, values.subarray(begin, end));
  });
  return values;
}

export function dequantizeBlock(heap: Heap, { scheme, shape, data, scale, nested }: Quantized): Float32Array {
  const { length } = toBytes(data, 'data');
  const codes = nested && toBytes(nested.absmax, 'nested.absmax');
  const scales = nested && toSource(nested.scale, 'nested.scale');
  const plan = ask<Plan>(heap, DEQUANTIZE_BLOCKS, {
    format: scheme,
    length,
    count: product(checkShape(shape)),
    scale: scale?.[0],
    nested: nested && [codes!.length, scales!.length, nested.offset],
  });
  const absmax = new Float32Array(plan[3] && codes!.length);
  if (plan[3])
    nest(heap, absmax, { ...nested!, absmax: codes!.slice(), scale: Float32Array.from(nested!.scale) }, true);
  return restore(heap, data as Uint8Array, plan, absmax, scale?.[0]);
}

export function dequantizeBlocks(heap: Heap, data: Uint8Array, format: BlockFormatName, count?: number): Float32Array {
  const { length } = toBytes(data, 'bytes');
  const plan = ask<Plan>(heap, DEQUANTIZE_BLOCKS, { format, length, count, alone: true });
  return restore(heap, data, plan, new Float32Array(0));
}

export function describeBlock(heap: Heap, data: Uint8Array, format: BlockFormatName): BlockDescription {
  const { length } = toBytes(data, 'bytes');
  // More than any block has is wrong by its length.
  return ask(heap, DESCRIBE_BLOCK, { format, length, bytes: [...data.subarray(0, 999)] });
}

/** bitsandbytes' double quantization: how many absmax share a scale. */
const SHARED = 256;

/** Fills the codes and scales of `nested` from absmax, or absmax from them (`back`). */
function nest(heap: Heap, absmax: Float32Array, nested: NonNullable<Quantized['nested']>, back: boolean): void {
  const [at, codesAt, scalesAt] = heap.place(SLICE * 4, SLICE, SLICE);
  eachSlice(absmax.length, (begin, end) => {
    const parts = [
      [at, absmax.subarray(begin, end)],
      [codesAt, nested.absmax.subarray(begin, end)],
      [scalesAt, nested.scale.subarray(begin / SHARED, Math.ceil(end / SHARED))],
    ] as const;
    for (const [address, part] of parts) heap.write(part.constructor as Uint8ArrayConstructor, address, part);
    heap.check(heap.core.nest(at, end - begin, nested.offset, codesAt, scalesAt, back));
    for (const [address, part] of parts) heap.read(address, part);
  });
}
