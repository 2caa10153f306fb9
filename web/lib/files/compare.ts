// How two models differ, tensor by tensor: values side by side, slice by slice.
import type { StoredTensor } from '../containers/tensor.ts';
import { FewbitsError } from '../errors.ts';
import type { Fewbits } from '../types.ts';
import { ErrorSums } from './error-sums.ts';
import { type Internals, internalsOf } from './internals.ts';
import { storedSlices } from './restore.ts';
import { decodeWide, isStored } from './stored.ts';
import type { ComparedTensor, CompareModelsOptions, Model, ModelComparison } from './types.ts';

/** Values that are compared at once. */
const SLICE = 2 ** 20;

interface Pair {
  original: StoredTensor;
  other: StoredTensor;
}

export async function compareModels(
  original: Model,
  other: Model,
  options: CompareModelsOptions = {},
): Promise<ModelComparison> {
  const models: [Internals, Internals] = [internalsOf(original), internalsOf(other)];
  const { pairs, missing, added } = match(...models);
  const bytesTotal = pairs.reduce((sum, pair) => sum + pair.original.byteLength, 0);
  const total = new ErrorSums();
  const tensors: ComparedTensor[] = [];
  let bytesDone = 0;
  for (const pair of pairs) {
    const { name, byteLength } = pair.original;
    options.onProgress?.({ bytesDone, bytesTotal, tensor: name });
    tensors.push(await comparePair(models[0].fewbits, pair, total, options));
    bytesDone += byteLength;
  }
  options.onProgress?.({ bytesDone, bytesTotal, tensor: '' });
  const { mse, sqnrDb, cosine, maxAbsError } = total;
  return { tensors, missing, added, mse, sqnrDb, cosine, maxAbsError };
}

/** By name; where both have one tensor, what it is called does not matter. */
function match({ container: a }: Internals, { container: b }: Internals) {
  const others = new Map(b.tensors.map((tensor) => [tensor.name, tensor]));
  const alone = a.tensors.length === 1 && b.tensors.length === 1;
  const pairs: Pair[] = [];
  const missing: string[] = [];
  for (const original of a.tensors) {
    const found = alone ? b.tensors[0] : others.get(original.name);
    if (!found) {
      missing.push(original.name);
      continue;
    }
    pairs.push({ original, other: found });
    others.delete(found.name);
  }
  return { pairs, missing, added: [...others.keys()] };
}

async function comparePair(
  fewbits: Fewbits,
  { original, other }: Pair,
  total: ErrorSums,
  options: CompareModelsOptions,
): Promise<ComparedTensor> {
  const compared = {
    ...{ name: original.name, shape: original.shape, elements: original.elements },
    ...{ types: [original.storedType, other.storedType] as const },
    ...{ byteLengths: [original.byteLength, other.byteLength] as const },
  };
  const reason = whyNot(original, other);
  if (reason) return { ...compared, reason };
  const sums = new ErrorSums();
  let nonFinite = 0;
  const others = numbersOf(fewbits, other, options);
  for await (const values of numbersOf(fewbits, original, options)) {
    if (options.signal?.aborted) throw new FewbitsError('ABORTED', 'The comparison was cancelled.');
    const { value: kept } = await others.next();
    nonFinite += leaveOut(values, kept!);
    sums.add(values, kept!);
  }
  total.addSums(sums);
  const { mse, sqnrDb, cosine, maxAbsError } = sums;
  return { ...compared, mse, sqnrDb, cosine, maxAbsError, nonFinite };
}

async function* numbersOf(fewbits: Fewbits, tensor: StoredTensor, { signal }: CompareModelsOptions) {
  for await (const slice of storedSlices(fewbits, tensor, SLICE, { signal }))
    yield isStored(slice) ? decodeWide(fewbits, slice) : slice;
}

/** Outer sizes of 1 say nothing, and GGUF drops them. */
const sizes = ({ shape }: StoredTensor): string => shape.join(' × ').replace(/^(1 × )+/, '');

function whyNot(original: StoredTensor, other: StoredTensor): string | undefined {
  if (sizes(original) !== sizes(other)) return `the other's shape is ${sizes(other) || 'that of one number'}`;
  const unread = [original, other].find(({ refusal, element }) => refusal || !element.reading);
  return unread && `${unread.storedType} is listed, not read`;
}

/** What is not finite would spoil every sum: it counts where it differs, and is left out. */
function leaveOut(values: Float32Array | Float64Array, kept: Float32Array | Float64Array): number {
  let different = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]) && Number.isFinite(kept[i])) continue;
    if (!Object.is(values[i], kept[i])) different++;
    values[i] = kept[i] = 0;
  }
  return different;
}
