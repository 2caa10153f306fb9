// What each candidate type would cost every tensor in bytes and in error, and the types that meet a size at least error.
import type { StoredTensor } from '../containers/tensor.ts';
import { shown } from '../containers/words.ts';
import { align } from '../containers/write.ts';
import { FewbitsError } from '../errors.ts';
import type { BlockFormatName, Fewbits, NumberFormatName, Pool } from '../types.ts';
import { isCandidate } from './candidates.ts';
import { alignmentOf } from './conversion-file.ts';
import { planConversion } from './convert.ts';
import { ErrorSums } from './error-sums.ts';
import { internalsOf } from './internals.ts';
import { type PlanTensor, planTypes } from './plan.ts';
import { findTensorType, type TensorType } from './recipes.ts';
import { slices } from './restore.ts';
import type { Analysis, AnalyzedTensor, AnalyzedType, AnalyzeOptions, Model } from './types.ts';

/** Values that are tried at once, in all types together. */
const AT_ONCE = 2 ** 21;

export async function analyzeModel(model: Model, options: AnalyzeOptions): Promise<Analysis> {
  const internals = internalsOf(model);
  const types = checkTypes(internals.fewbits, options?.types);
  const candidates = internals.container.tensors.filter((tensor) =>
    isCandidate(internals.container, internals.fewbits, tensor),
  );
  // A size that no types reach is refused before anything is measured.
  if (options.targetBytes !== undefined)
    makePlan(
      model,
      candidates,
      candidates.map((tensor) => unmeasured(internals.fewbits, tensor, types)),
      options,
    );
  const bytesTotal = candidates.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const tensors: AnalyzedTensor[] = [];
  let bytesDone = 0;
  for (const tensor of candidates) {
    options.onProgress?.({ bytesDone, bytesTotal, tensor: tensor.name });
    tensors.push({ name: tensor.name, results: await tryTypes(internals.fewbits, tensor, types, options) });
    bytesDone += tensor.byteLength;
  }
  options.onProgress?.({ bytesDone, bytesTotal, tensor: '' });
  if (options.targetBytes === undefined) return { tensors };
  return { tensors, plan: makePlan(model, candidates, tensors as PlanTensor[], options) };
}

function checkTypes(fewbits: Fewbits, types: unknown): TensorType[] {
  if (!Array.isArray(types) || types.length === 0)
    throw new FewbitsError('BAD_ARGUMENT', "types is a list of types to try, such as ['q4_k', 'q8_0'].");
  const known = types.map(findTensorType);
  const unmade = fewbits.blockFormats.find(
    ({ name, canQuantize }) => known.includes(name as TensorType) && !canQuantize,
  );
  if (unmade) throw new FewbitsError('UNSUPPORTED', `This version does not make ${unmade.name}.`);
  return [...new Set(known)];
}

/** Of the types, those whose blocks fit the tensor's rows. */
function fittingTypes(fewbits: Fewbits, { shape }: StoredTensor, types: readonly TensorType[]): TensorType[] {
  const blockSize = (type: TensorType) => fewbits.blockFormats.find(({ name }) => name === type)?.blockSize ?? 1;
  return types.filter((type) => shape.at(-1)! % blockSize(type) === 0);
}

function unmeasured(fewbits: Fewbits, tensor: StoredTensor, types: readonly TensorType[]): PlanTensor {
  const results = fittingTypes(fewbits, tensor, types).map((type) => ({
    ...{ type, byteLength: fewbits.weightBytes(tensor.elements, type), error: 0 },
  }));
  return { name: tensor.name, results };
}

async function tryTypes(
  fewbits: Fewbits,
  tensor: StoredTensor,
  types: readonly TensorType[],
  options: AnalyzeOptions,
): Promise<AnalyzedType[]> {
  const row = tensor.shape.at(-1)!;
  const fitting = fittingTypes(fewbits, tensor, types);
  const experts = tensor.shape.length > 2 ? tensor.shape[0]! : 1;
  const importance = await options.importance?.read(tensor.name, { rowLength: row, experts });
  const tries = fitting.map((type) => ({ type, sums: new ErrorSums() }));
  const rows = tensor.elements / row / experts;
  const most = 2 ** Math.floor(Math.log2(AT_ONCE / types.length));
  const size = importance
    ? row * fittingRows(rows, most / row)
    : Math.max(1, Math.floor(most / row)) * Math.min(row, most);
  let start = 0;
  for await (const part of slices(fewbits, tensor, size, { signal: options.signal })) {
    if (options.signal?.aborted) throw new FewbitsError('ABORTED', 'The analysis was cancelled.');
    const values = part instanceof Float32Array ? part : Float32Array.from(part);
    const expert = Math.floor(start / (rows * row));
    const weights = importance?.subarray(expert * row, (expert + 1) * row);
    await Promise.all(
      tries.map(async ({ type, sums }) => {
        const kept = await keep(options.pool ?? fewbits, fewbits, tensor, type, values, weights);
        sums.add(values, kept, weights);
      }),
    );
    start += values.length;
  }
  return tries.map(({ type, sums }) => ({
    type,
    byteLength: fewbits.weightBytes(tensor.elements, type),
    ...{ mse: sums.mse, sqnrDb: sums.sqnrDb, cosine: sums.cosine },
    error: options.importance ? sums.weighted : sums.relative,
  }));
}

/** Rows of one expert that are tried at once: as many as fit, in equal parts. */
function fittingRows(rows: number, most: number): number {
  let fit = Math.max(1, Math.min(rows, Math.floor(most)));
  while (rows % fit !== 0) fit--;
  return fit;
}

/** What the type keeps of the values. */
async function keep(
  worker: Fewbits | Pool,
  fewbits: Fewbits,
  { name, shape, element }: StoredTensor,
  type: TensorType,
  values: Float32Array,
  importance: Float32Array | undefined,
): Promise<Float32Array> {
  // Its bytes would be copied, not made again.
  if (type === element.type) return values;
  const block = fewbits.blockFormats.find((format) => format.name === type);
  try {
    if (!block) return await worker.cast(values, type as NumberFormatName);
    // A row that is too long comes in parts, which end between blocks.
    const rowLength = Math.min(shape.at(-1)!, values.length);
    const options = { rowLength, ...(importance && block.usesImportance && { importance }) };
    const bytes = await worker.quantizeBlocks(values, type as BlockFormatName, options);
    return await worker.dequantizeBlocks(bytes, type as BlockFormatName);
  } catch (error) {
    if (!(error instanceof FewbitsError)) throw error;
    throw new FewbitsError(error.code, `Tensor '${shown(name)}': ${error.message}`, { ...error.details, tensor: name });
  }
}

function makePlan(
  model: Model,
  candidates: readonly StoredTensor[],
  tensors: readonly PlanTensor[],
  { targetBytes, importance }: AnalyzeOptions,
) {
  const chosen = tensors.filter(({ results }) => results.length > 0);
  const names = new Set(chosen.map(({ name }) => name));
  const replaced = candidates.filter(({ name }) => names.has(name));
  // All that is no candidate keeps its type and its place: the file without them.
  const { byteLength } = planConversion(model, { to: 'gguf' });
  const alignment = alignmentOf(internalsOf(model).container);
  const otherBytes = replaced.reduce((left, tensor) => left - align(tensor.byteLength, alignment), byteLength);
  return planTypes(chosen, {
    targetBytes: targetBytes!,
    otherBytes,
    alignment,
    measure: importance ? 'importance' : 'proxy',
  });
}
