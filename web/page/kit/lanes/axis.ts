import { oneTwoFive, stepOf } from '../step.ts';
import { placeOf, valueAt } from './view.ts';

export type Ends = readonly [low: number, high: number];

/** From values to tenths of a pixel, and back. */
export interface Axis {
  (value: number): number;
  invert(pixel: number): number;
  /** What one arrow key adds to a value. */
  step(value: number): number;
  ends: Ends;
  pixels: Ends;
}

/** Linear; with `near` logarithmic on both sides of 0. */
export function axisOf(ends: Ends, near: number, pixels: Ends): Axis {
  const [first, last] = ends.map((end) => placeOf(end, near)) as [number, number];
  const unit = (pixels[1] - pixels[0]) / (last - first);
  const axis = (value: number) => tenths(pixels[0] + (placeOf(value, near) - first) * unit);
  return Object.assign(axis, {
    invert: (pixel: number) => valueAt(first + (pixel - pixels[0]) / unit, near),
    step: (value: number) => (near ? oneTwoFive(Math.abs(value) / 10 || near) : stepOf(...ends)),
    ends,
    pixels,
  });
}

export const tenths = (pixel: number) => Math.round(pixel * 10) / 10;
