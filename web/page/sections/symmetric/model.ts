// Chapter 4: integers with zero in the middle. Pure; runs in the worker.
import type { AffineType, Fewbits } from '../../../lib/types.ts';
import type { Dataset } from '../../kit/contract.ts';
import { lanesOf } from '../../kit/lanes/model.ts';
import type { LanesView } from '../../kit/lanes/view.ts';
import type { Options } from './options.ts';

export { options } from './options.ts';

export interface View extends LanesView {
  /** Whether the largest value is more than a float16 can hold. */
  beyondHalf: boolean;
}

const view = (fewbits: Fewbits, dataset: Dataset, { type, range }: Options, all: boolean): View => {
  const scheme = { type: type as AffineType, narrowRange: range === 'narrow' };
  const { min, max, absmax } = dataset.summary;
  const half = fewbits.numberFormats.find(({ name }) => name === 'float16')!;
  // The extremes alone give the scale of all values.
  return {
    ...lanesOf(fewbits, dataset, fewbits.calibrate([min, max], scheme), all),
    beyondHalf: absmax > half.max,
  };
};

export const model = (fewbits: Fewbits, dataset: Dataset, options: Options) => view(fewbits, dataset, options, false);
export const exact = (fewbits: Fewbits, dataset: Dataset, options: Options) => view(fewbits, dataset, options, true);
