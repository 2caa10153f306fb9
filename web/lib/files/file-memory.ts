// What a model in a file needs to run: the weights as they are stored, to the byte, and the caches that its layers ask for.
import { shown } from '../containers/words.ts';
import { FewbitsError } from '../errors.ts';
import type { MemoryTerm } from '../types.ts';
import { internalsOf } from './internals.ts';
import { modelConfig } from './model-config.ts';
import type { FileMemory, FileMemoryOptions, Model } from './types.ts';

/**
 * What a model needs to run: its weights as they are stored, and KV cache and compute buffer as `modelMemory` reckons them
 * for its layers.
 * @throws UNKNOWN_FORMAT, BAD_ARGUMENT; for a config that was passed what `modelMemory` throws
 */
export function fileMemory(
  model: Model,
  { config, tensors = model.tensors, ...options }: FileMemoryOptions,
): FileMemory {
  const { fewbits } = internalsOf(model);
  const weightTerms = weightsByType(tensors);
  const weights = weightTerms.reduce((sum, { bytes }) => sum + bytes, 0);
  const parameters = model.tensors.reduce((sum, { elements }) => sum + elements, 0);
  const known = config ?? modelConfig(model);
  if (!known) return { parameters, weights, terms: weightTerms, assumptions: [unknownLayers(model)] };
  let ofModel: number;
  try {
    ofModel = fewbits.modelParameters(known).terms.length;
  } catch (error) {
    // What a caller says of the layers has to be right; of what a file says, its weights are right all the same.
    if (config || !(error instanceof FewbitsError)) throw error;
    return { parameters, weights, terms: weightTerms, assumptions: [`Only weights are counted: ${error.message}`] };
  }
  // The weights are the file's: in float32 those of the configuration bring no substitutes and no sentences.
  const needs = fewbits.modelMemory(known, { ...options, format: 'float32' });
  const { kvCache, compute, assumptions } = needs;
  return {
    ...{ parameters, weights, kvCache, compute, total: weights + kvCache + compute },
    ...{ terms: [...weightTerms, ...needs.terms.slice(ofModel)], assumptions },
  };
}

function unknownLayers({ format, metadata }: Model): string {
  const architecture = metadata.get('general.architecture');
  if (format === 'gguf' && typeof architecture === 'string')
    return `Only weights are counted: what the layers of '${shown(architecture)}' keep in a cache is not known here.`;
  return 'Only weights are counted: the KV cache depends on the layers, which config.json tells.';
}

/** A term for each type, the largest first. */
function weightsByType(tensors: NonNullable<FileMemoryOptions['tensors']>): MemoryTerm[] {
  const byType = new Map<string, { count: number; bytes: number }>();
  for (const { type, storedType, byteLength } of tensors) {
    const name = type ?? storedType ?? 'other';
    const sum = byType.get(name) ?? { count: 0, bytes: 0 };
    byType.set(name, { count: sum.count + 1, bytes: sum.bytes + byteLength });
  }
  return [...byType]
    .map(([type, { count, bytes }]) => ({
      ...{ name: `weights in ${type}`, bytes },
      formula: `${count.toLocaleString('en')} ${count === 1 ? 'tensor' : 'tensors'}`,
    }))
    .sort((a, b) => b.bytes - a.bytes);
}
