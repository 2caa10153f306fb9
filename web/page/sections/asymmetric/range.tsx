import type { Ends } from '../../kit/lanes/axis.ts';
import { Handle } from '../../kit/lanes/handle.tsx';
import type { Places } from '../../kit/lanes/lanes.tsx';
import { say, whole } from '../../kit/numbers.ts';
import type { View } from './model.ts';
import type { Options } from './options.ts';

/** New ends of the range, in the data's numbers. */
export interface RangeChange {
  beta?: number;
  alpha?: number;
}

/** How wide the data is: an end can be moved by as much. */
export const spanOf = ({ min, max, absmax }: View) => max - min || absmax || 1;

/** The same as options, which say how far an end was moved: links carry no numbers of the reader's. */
export function rangeChange(view: View, { beta, alpha }: RangeChange): Partial<Options> {
  const { min, max } = view;
  const span = spanOf(view);
  const moved = (by: number) => Math.max(-1, Math.min(1, Number((by / span).toPrecision(9)))) || 0;
  return {
    ...(beta !== undefined && { low: moved(beta - min) }),
    ...(alpha !== undefined && { high: moved(alpha - max) }),
  };
}

/** The range that gives another zero point: the codes slide along the values, and no step changes. */
export const zeroChange = ({ scale, low, high }: View, zeroPoint: number): RangeChange => ({
  beta: scale * (low - zeroPoint),
  alpha: scale * (high - zeroPoint),
});

interface RangeProps {
  view: View;
  options: Options;
  places: Places;
  change(to: RangeChange): void;
  set(to: Partial<Options>): void;
}

/** The ends of the range as brackets to drag, and the flag on the code that means 0. */
export function Range({ view, options, places, change, set }: RangeProps) {
  const { x, code, hold } = places;
  const { beta, alpha, zeroPoint, low, high, scale, near } = view;
  const grip = code + 62;
  const [start, end] = x.ends;
  // Both ends as they were, to the last digit: the flag moves both, and rounds them.
  const onUndo = () => set({ low: options.low, high: options.high });
  const bound = (name: string, value: number, towards: number, onInput: (to: number) => void) => (
    <Handle
      name={name}
      {...{ value, x }}
      at={x(value)}
      spoken={`${name}, ${say(value, 4)}`}
      onInput={onInput}
      onHold={hold}
      onUndo={onUndo}
    >
      <path class="bound" d={`M${x(value) + 7 * towards} ${code + 19}h${-7 * towards}V${grip}`} />
      <circle class="reach" cx={x(value)} cy={grip} r="15" />
      <circle class="grip" cx={x(value)} cy={grip} r="6.5" />
      <text class="scale" x={x(value) - 14 * towards} y={grip + 4} text-anchor={towards > 0 ? 'end' : 'start'}>
        {name.at(-1)}
      </text>
    </Handle>
  );
  const flag = whole(zeroPoint).length * 7.5 + 40;
  const at = x(0);
  const seen = start <= 0 && end >= 0;
  // Where the range need not take in 0, the zero point may lie beyond the codes.
  const beyond = options.zero ? 0 : high - low;
  const zeros: Ends = [Math.min(low - beyond, zeroPoint), Math.max(high + beyond, zeroPoint)];
  return (
    <>
      {bound('Low end β', beta, 1, (to) => change({ beta: Math.min(to, alpha) }))}
      {bound('High end α', alpha, -1, (to) => change({ alpha: Math.max(to, beta) }))}
      {options.scheme === 'asymmetric' && seen && !near && (
        <Handle
          name="Zero point"
          value={zeroPoint}
          // The codes go with the pointer: more of them on its left make the zero point larger.
          x={{ invert: (pixel) => zeroPoint - x.invert(pixel) / scale, step: () => 1, ends: zeros }}
          at={at}
          spoken={`0 is stored as ${whole(zeroPoint)}`}
          onInput={(to) => change(zeroChange(view, to))}
          // What must not move is the axis of the values, not the one of the codes.
          onHold={(held) => hold(held && x.ends)}
          onUndo={onUndo}
        >
          <path
            class="pole"
            d={`M${at} ${places.original + 9}V${code - 14}M${at} ${code + 14}V${places.restored - 8}`}
          />
          <rect class="reach" x={at - 8} y={code + 9} width={flag + 16} height="44" />
          <path class="flag" d={`M${at} ${code + 20}h${flag}l-5 10l5 10h-${flag}z`} />
          <text class="strong" x={at + 7} y={code + 34.5} text-anchor="start">
            z = {whole(zeroPoint)}
          </text>
        </Handle>
      )}
    </>
  );
}
