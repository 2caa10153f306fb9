// Block formats: those that this version makes are the whole-tensor absmean formats.
import { FewbitsError } from './errors.ts';
import { blockFormats, findBlockFormat } from './formats.ts';
import { type Heap, SLICE } from './heap.ts';
import { packBits, unpackBits } from './numbers.ts';
import type { BlockFormatName, BlockOptions, Quantized, Tensor, Values } from './types.ts';
import { checkCodes, checkShape, eachSlice, product, stage, stageFinite, toTensor } from './values.ts';

/** What the functions on bytes alone answer, as long as every format that is made has a scale beside its bytes. */
export function refuseBlocks(name: BlockFormatName): never {
  const { blockSize } = findBlockFormat(name);
  const reason = blockSize
    ? `This version does not make or read ${name} yet.`
    : `${name} has one scale for the whole tensor, beside its codes: use quantize and dequantize.`;
  throw new FewbitsError('UNSUPPORTED', reason, { format: name });
}

/** The smallest scale of BitNet b1.58, which divides by it. */
const SMALLEST_SCALE = 1e-5;

function absmeanFormat(name: BlockFormatName) {
  const format = findBlockFormat(name);
  if (format.blockSize !== 0) {
    const makeable = blockFormats.filter(({ canQuantize }) => canQuantize).map((row) => row.name);
    throw new FewbitsError(
      'UNSUPPORTED',
      `This version does not make or read ${name} yet. It makes ${makeable.join(' and ')}.`,
      { format: name },
    );
  }
  return { ternary: name === 'ternary_absmean', bits: format.elementBits };
}

export function quantizeBlock(
  heap: Heap,
  values: Values | Tensor,
  name: BlockFormatName,
  _options: BlockOptions = {},
): Quantized {
  const { ternary, bits } = absmeanFormat(name);
  const { source, shape } = toTensor(values);
  const [from, to] = heap.place(SLICE * 4, SLICE);
  let sum = 0;
  eachSlice(source.length, (begin, end) => {
    stageFinite(heap, source, from, begin, end);
    sum = heap.core.sumOfMagnitudes(from, end - begin, sum);
  });
  const mean = source.length ? sum / source.length : 0;
  const scale = new Float32Array([ternary ? Math.max(mean, SMALLEST_SCALE) : mean]);
  const codes = new Uint8Array(source.length);
  eachSlice(source.length, (begin, end) => {
    stage(heap, source, from, begin, end, false);
    heap.check(heap.core.absmeanQuantize(ternary, from, end - begin, scale[0]!, to));
    heap.read(to, codes.subarray(begin, end));
  });
  const data = packBits(heap, codes, bits);
  const byteLength = data.byteLength + scale.byteLength;
  return {
    scheme: name,
    shape,
    data,
    scale,
    byteLength,
    bitsPerWeight: source.length ? (8 * byteLength) / source.length : bits,
  };
}

export function dequantizeBlock(heap: Heap, quantized: Quantized): Float32Array {
  const { ternary, bits } = absmeanFormat(quantized.scheme as BlockFormatName);
  const shape = checkShape(quantized.shape);
  checkCodes(quantized.data, 'Uint8Array', bits, shape);
  const total = product(shape);
  const scale = quantized.scale?.[0];
  if (typeof scale !== 'number' || !(scale >= 0 && scale < Number.POSITIVE_INFINITY))
    throw new FewbitsError('BAD_ARGUMENT', `${quantized.scheme} has one scale, finite and not negative, in scale[0].`);
  const codes = unpackBits(heap, quantized.data as Uint8Array, bits, total);
  const values = new Float32Array(total);
  const [from, to] = heap.place(SLICE, SLICE * 4);
  eachSlice(total, (begin, end) => {
    heap.write(Uint8Array, from, codes.subarray(begin, end));
    heap.check(heap.core.absmeanDequantize(ternary, from, end - begin, scale, to));
    heap.read(to, values.subarray(begin, end));
  });
  return values;
}
