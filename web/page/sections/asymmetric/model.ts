// Chapter 5: integers over the data's own range. Pure; runs in the worker.
import type { Affine, AffineScheme, Fewbits } from '../../../lib/types.ts';
import type { Dataset } from '../../kit/contract.ts';
import { shortest } from '../../kit/data/write.ts';
import { codesOf, lanesOf, numbersOf, outcomeOf } from '../../kit/lanes/model.ts';
import { LARGEST, type LanesView, type Outcome } from '../../kit/lanes/view.ts';
import type { Options } from './options.ts';

export { options } from './options.ts';

/** An element that the two ways to round give different codes. */
export interface Difference {
  index: number;
  value: number;
  onnxruntime: number;
  pytorch: number;
}

export interface View extends LanesView {
  /** The range as it was chosen, and as it is once it takes in 0. */
  beta: number;
  alpha: number;
  from: number;
  to: number;
  /** Which scheme this is, and what the other one makes of the same values. */
  scheme: string;
  other: Outcome;
  differing: number;
  /** The first of them. */
  differences: Difference[];
}

const LISTED = 5;

function view(fewbits: Fewbits, dataset: Dataset, options: Options, all: boolean): View {
  const { values, summary } = dataset;
  const span = summary.max - summary.min || summary.absmax || 1;
  // An end that was moved to 0 misses it by what the option's digits lose.
  const moved = (end: number, by: number) => (by && Math.abs(end + by * span) < 1e-9 * span ? 0 : end + by * span);
  const beta = Math.max(-LARGEST, moved(summary.min, options.low));
  const alpha = Math.max(beta, Math.min(LARGEST, moved(summary.max, options.high)));
  const schemeOf = (symmetric: boolean): AffineScheme => ({
    type: options.type,
    symmetric,
    includeZero: options.zero,
    rounding: options.rounding,
  });
  const affineOf = (symmetric: boolean) => fewbits.calibrate([beta, alpha], schemeOf(symmetric));
  const { values: some } = numbersOf(values, all);
  const isSymmetric = options.scheme === 'symmetric';
  const affine = affineOf(isSymmetric);
  return {
    ...lanesOf(fewbits, dataset, affine, all),
    beta: Number(shortest(beta)),
    alpha: Number(shortest(alpha)),
    from: Number(shortest(options.zero ? Math.min(0, beta) : beta)),
    to: Number(shortest(options.zero ? Math.max(0, alpha) : alpha)),
    scheme: options.scheme,
    other: outcomeOf(fewbits, some, affineOf(!isSymmetric)).outcome,
    ...differencesOf(fewbits, some, affine),
  };
}

/** Dividing by the scale and multiplying with its inverse part ways where a value is about half way between codes. */
function differencesOf(fewbits: Fewbits, values: Float32Array, affine: Affine) {
  const codesBy = (rounding: 'onnxruntime' | 'pytorch') =>
    codesOf(fewbits, values, { ...affine, scheme: { ...affine.scheme, rounding } }).codes;
  const [onnxruntime, pytorch] = [codesBy('onnxruntime'), codesBy('pytorch')];
  const differences: Difference[] = [];
  let differing = 0;
  for (let i = 0; i < values.length; i++) {
    if (onnxruntime[i] === pytorch[i]) continue;
    if (differing++ >= LISTED) continue;
    const value = Number(shortest(values[i]!));
    differences.push({ index: i, value, onnxruntime: onnxruntime[i]!, pytorch: pytorch[i]! });
  }
  return { differing, differences };
}

export const model = (fewbits: Fewbits, dataset: Dataset, options: Options) => view(fewbits, dataset, options, false);
export const exact = (fewbits: Fewbits, dataset: Dataset, options: Options) => view(fewbits, dataset, options, true);
