// Chapter 4: integers with zero in the middle. Pure; runs in the worker.
import type { AffineType, Fewbits } from '../../../lib/types.ts';
import type { Dataset } from '../../kit/contract.ts';
import { lanesOf } from '../../kit/lanes/model.ts';
import type { LanesView } from '../../kit/lanes/view.ts';
import type { Options } from './options.ts';

export { options } from './options.ts';

const view = (fewbits: Fewbits, dataset: Dataset, { type, range }: Options, all: boolean): LanesView => {
  const scheme = { type: type as AffineType, narrowRange: range === 'narrow' };
  const { min, max } = dataset.summary;
  // The extremes alone give the scale of all values.
  return lanesOf(fewbits, dataset, fewbits.calibrate([min, max], scheme), all);
};

export const model = (fewbits: Fewbits, dataset: Dataset, options: Options) => view(fewbits, dataset, options, false);
export const exact = (fewbits: Fewbits, dataset: Dataset, options: Options) => view(fewbits, dataset, options, true);
