import { choice, flag, number, type OptionsOf } from '../../kit/options.ts';

export const SCHEMES = ['asymmetric', 'symmetric'] as const;
export const TYPES = ['int8', 'uint8', 'int4'] as const;
export const ROUNDINGS = ['onnxruntime', 'pytorch'] as const;

/** How far an end of the range was moved, in widths of the data's own range. */
const moved = number(0, { min: -1, max: 1 });

export const options = {
  scheme: choice(SCHEMES, 'asymmetric'),
  type: choice(TYPES, 'int8'),
  zero: flag(true),
  rounding: choice(ROUNDINGS, 'onnxruntime'),
  low: moved,
  high: moved,
};
export type Options = OptionsOf<typeof options>;
