// What stands behind a model that callers hold.
import type { Source } from '../containers/source.ts';
import type { Container } from '../containers/tensor.ts';
import { FewbitsError } from '../errors.ts';
import type { Fewbits } from '../types.ts';
import type { Model } from './types.ts';

export interface Internals {
  container: Container;
  fewbits: Fewbits;
  sources: readonly Source[];
}

const known = new WeakMap<object, Internals>();

export function remember(model: Model, internals: Internals): Model {
  known.set(model, internals);
  return model;
}

/** @throws BAD_INPUT for anything but a model of `openModel` */
export function internalsOf(model: Model): Internals {
  const found = typeof model === 'object' && model !== null ? known.get(model) : undefined;
  if (found) return found;
  throw new FewbitsError('BAD_INPUT', 'A model is what openModel gave.');
}
