// From bytes to a place on the axis and back, both from 0 to 1.
import { say } from '../../kit/numbers.ts';
import { linear, ticksOf } from '../../kit/scale.ts';

export interface Axis {
  /** 0, or where a logarithmic axis begins. */
  min: number;
  max: number;
}

/** Some room beyond the longest bar, so that a memory can lie there. */
const ROOM = 1.06;

export const linearAxis = (largest: number): Axis => ({ min: 0, max: largest * ROOM });

/** From the power of ten below the smallest to beyond the largest. */
export const logAxis = (smallest: number, largest: number): Axis => ({
  min: 10 ** Math.floor(Math.log10(smallest)),
  max: largest * ROOM * ROOM,
});

export function placeOf({ min, max }: Axis, bytes: number): number {
  if (min === 0) return bytes / max;
  return bytes <= min ? 0 : Math.log(bytes / min) / Math.log(max / min);
}

export function bytesAt({ min, max }: Axis, place: number): number {
  const within = Math.min(1, Math.max(0, place));
  return min === 0 ? within * max : min * (max / min) ** within;
}

export interface Mark {
  place: number;
  label: string;
}

/** Round numbers of GB; on a logarithmic axis the powers of ten. None at the end, where the unit stands. */
export function marksOf(axis: Axis): Mark[] {
  return allMarks(axis).filter(({ place }) => place < 0.97);
}

function allMarks(axis: Axis): Mark[] {
  if (axis.min === 0)
    return ticksOf(linear([0, axis.max / 1e9], [0, 1]), 4).map(({ at, label }) => ({ place: at, label }));
  const first = Math.round(Math.log10(axis.min / 1e9));
  const count = Math.floor(Math.log10(axis.max / axis.min)) + 1;
  return Array.from({ length: count }, (_, i) => 10 ** (first + i)).map((gigabytes) => ({
    place: placeOf(axis, gigabytes * 1e9),
    label: say(gigabytes),
  }));
}
