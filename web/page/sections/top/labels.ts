// Where words have room in the drawing.
import { placeOf, type View } from './model.ts';

/** About what a digit takes in a drawing's label, and the air between two. */
const DIGIT = 7.8;
const AIR = 6;

/** A label's width, with what must stay free beside it. */
export const widthOf = (label: string) => label.length * DIGIT + AIR;

/** What is free beside the drawing. */
const MARGIN = 14;

/** At the ends of the axis a long label goes inwards. */
export function towards(place: number, label: string, width: number): 'inwards-left' | 'inwards-right' | '' {
  const half = (label.length * DIGIT) / 2;
  if (place * width + MARGIN < half) return 'inwards-right';
  return (1 - place) * width + MARGIN < half ? 'inwards-left' : '';
}

/** How far the words reach into the drawing, in pixels: the counts from the left, what sets the steps from its end. */
const COUNTS = 84;
const STEPS = { wide: 130, narrow: 60 };

/**
 * Whether hill or bars stand where the words would be: then these get lines of their own. It goes by the data alone, so
 * that nothing jumps while the bits change.
 */
export function isCrowded({ hill, marks, reach, largest }: View, width: number): boolean {
  const steps = width < 600 ? STEPS.narrow : STEPS.wide;
  const fromLeft = (i: number) => (i / hill.length) * width;
  const fromEnd = (i: number) => fromLeft(largest > 0 ? hill.length - 1 - i : i);
  return (
    marks.some(({ original }) => placeOf(original, reach) * width < COUNTS) ||
    hill.some((height, i) => (height > 200 && fromLeft(i) < COUNTS) || (height > 65 && fromEnd(i) < steps))
  );
}
