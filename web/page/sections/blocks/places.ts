// Where things stand in the drawing of a block.
import { linear } from '../../kit/scale.ts';
import type { Block } from './model.ts';

const STRIP = 44;
const RESIDUAL = 56;
const BETWEEN = 34;
const GAP = 4;

/** Narrower than this, bytes stand in more rows and values have no axis. */
const NARROW = 600;

export type Places = ReturnType<typeof placesOf>;

export function placesOf(block: Block, width: number) {
  const { size, values, restored, ladders, bytes, filled } = block;
  const narrow = width < NARROW;
  const [left, right] = [narrow ? 22 : 34, width - (narrow ? 0 : 62)];
  const top = STRIP + 12;
  const bottom = top + (narrow ? 190 : 250);
  const reach = [0, ...values.slice(0, filled), ...restored, ...ladders.flat().map(([, value]) => value)].filter(
    Number.isFinite,
  );
  const column = (right - left) / size;
  const columns = bytes.length <= 20 ? (narrow ? 9 : bytes.length) : narrow && bytes.length > 40 ? 12 : narrow ? 9 : 16;
  const [wide, tall] = [(width + GAP) / columns, bytes.length > 40 ? 30 : 38];
  const middle = bottom + 20 + RESIDUAL / 2;
  const tiles = bottom + 20 + RESIDUAL + 22 + BETWEEN;
  return {
    ...{ narrow, width, left, right, top, bottom, column, columns, middle, tiles },
    x: (weight: number) => tenths(left + (weight + 0.5) * column),
    y: rounding(linear([Math.min(...reach), Math.max(...reach)], [bottom, top])),
    /** The tile of a byte. */
    tile: (byte: number) => ({
      x: tenths((byte % columns) * wide),
      y: tiles + Math.floor(byte / columns) * tall,
      width: tenths(wide - GAP),
      height: tall - GAP,
    }),
    height: tiles + Math.ceil(bytes.length / columns) * tall,
  };
}

const rounding = (scale: (x: number) => number) => (x: number) => tenths(scale(x));
export const tenths = (pixel: number) => Math.round(pixel * 10) / 10;
