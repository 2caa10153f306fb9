// Which of two schemes pays.
import { say } from '../../kit/numbers.ts';
import type { SideView } from './model.ts';

type Measured = Pick<SideView, 'bitsPerWeight' | 'measures'>;

/** 'B needs 1 bit more and halves the error.' */
export function verdictOf(a: Measured, b: Measured): string {
  const more = Math.round(100 * (b.bitsPerWeight - a.bitsPerWeight)) / 100;
  const bits = `${say(Math.abs(more))} bit${Math.abs(more) === 1 ? '' : 's'}`;
  const price = more === 0 ? 'as many bits' : `${bits} ${more > 0 ? 'more' : 'fewer'}`;
  return `B needs ${price} and ${effectOf(b.measures!.rmse / a.measures!.rmse)}.`;
}

function effectOf(ratio: number): string {
  if (ratio === 0) return 'has no error';
  const smaller = ratio < 1;
  const times = smaller ? 1 / ratio : ratio;
  if (times < 1.01) return 'has the same error';
  if (Math.abs(times - 2) < 0.2) return `${smaller ? 'halves' : 'doubles'} the error`;
  return `makes the error ${say(times, 2)} times ${smaller ? 'smaller' : 'larger'}`;
}
