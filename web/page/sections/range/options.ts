import { choice, number, type OptionsOf, text } from '../../kit/options.ts';

export const options = {
  /** The rows, by name. */
  formats: text('float32 float16 bfloat16 float8_e4m3fn float4_e2m1fn int8', { maxLength: 160 }),
  /** NaN: the followed value. */
  probe: number(Number.NaN, { ofData: true }),
  /** The ends of the number line; NaN: as the data needs. */
  from: number(Number.NaN, { ofData: true }),
  to: number(Number.NaN, { ofData: true }),
  axis: choice(['auto', 'linear', 'log'], 'auto'),
  /** The column that sorts the table, '-max' for its largest first; '' for the order of the formats. */
  sort: text('', { maxLength: 12 }),
};
export type Options = OptionsOf<typeof options>;

/** The axis is looked at in so many columns: two of them are the least distance at which ticks stand apart. */
export const COLUMNS = 400;

/** A logarithmic axis is linear within this of 0, and has both signs. */
const NEAR_ZERO = 2 ** -10;

/** From a value to its place on the axis, in any unit. */
export const warp = (x: number, log: boolean): number =>
  log ? Math.sign(x) * Math.log2(1 + Math.abs(x) / NEAR_ZERO) : x;

export const unwarp = (place: number, log: boolean): number =>
  log ? Math.sign(place) * (2 ** Math.abs(place) - 1) * NEAR_ZERO : place;
