// Which tensors of a model get another type at all.
import type { Container, StoredTensor } from '../containers/tensor.ts';
import type { Fewbits } from '../types.ts';
import { isQuantizable } from './recipes.ts';

/** In a GGUF what llama.cpp quantizes; elsewhere, where names say less, every matrix of real numbers. */
export function isCandidate({ format }: Container, fewbits: Fewbits, tensor: StoredTensor): boolean {
  const { shape, element, elements, refusal } = tensor;
  const row = fewbits.numberFormats.find(({ name }) => name === element.type);
  const real = element.reading === 'block' || (element.reading === 'number' && row?.kind === 'floating');
  if (!real || refusal || elements === 0) return false;
  return format === 'gguf' ? isQuantizable(tensor) : shape.filter((size) => size > 1).length >= 2;
}
