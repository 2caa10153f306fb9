// Chapter 4: integers with zero in the middle. Pure; runs in the worker.
import type { AffineType, Fewbits } from '../../../lib/types.ts';
import type { Dataset } from '../../kit/contract.ts';
import { affineOf, lanesOf } from '../../kit/lanes/model.ts';
import type { LanesView } from '../../kit/lanes/view.ts';
import type { Options } from './options.ts';

export { options } from './options.ts';

const view = (fewbits: Fewbits, dataset: Dataset, { type, range }: Options, all: boolean): LanesView => {
  const scheme = { type: type as AffineType, narrowRange: range === 'narrow' };
  return lanesOf(fewbits, dataset, affineOf(fewbits, dataset, scheme), all);
};

export const model = (fewbits: Fewbits, dataset: Dataset, options: Options) => view(fewbits, dataset, options, false);
export const exact = (fewbits: Fewbits, dataset: Dataset, options: Options) => view(fewbits, dataset, options, true);
