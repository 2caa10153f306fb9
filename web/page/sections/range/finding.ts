// What the figure says.
import type { Dataset } from '../../kit/contract.ts';
import { percent, whole } from '../../kit/numbers.ts';
import type { Row } from './model.ts';

/** Words, or a number in a list of its own. */
export type Piece = string | [of: number | string];

/** 'float8_e4m3fn' as people say it. */
const short = ({ name }: Row): string => name.replace(/^float\d_/, '');

/** 'a', 'a and b', 'a, b and c' */
const list = (items: readonly Piece[][]): Piece[] =>
  items.flatMap((item, i) => (i === 0 ? item : [i === items.length - 1 ? ' and ' : ', ', ...item]));

export function findingOf(dataset: Dataset, rows: readonly Row[], probe: number, about: boolean): Piece[] {
  const passed = rows.filter(({ outside }) => outside);
  const ends = passed.map((row): Piece[] => [`${short(row)} (`, [probe < 0 ? row.min : row.max], ')']);
  return [
    ...stepsFromOne(rows),
    ...lossOf(dataset, rows, about ? '≈ ' : ''),
    ...(passed.length ? [' The probe, ', [probe] as Piece, ', is outside ', ...list(ends), '.'] : []),
  ];
}

/** 'Between 1 and 2 float16 has 1,024 steps, bfloat16 128 and e4m3fn 8.' */
function stepsFromOne(rows: readonly Row[]): Piece[] {
  const items = rows
    .filter(({ max }) => max >= 2)
    .slice(0, 5)
    .map((row, i): Piece[] => [
      `${short(row)} ${i ? '' : 'has '}`,
      [whole(row.steps)],
      i ? '' : row.steps === 1 ? ' step' : ' steps',
    ]);
  return items.length ? ['Between 1 and 2 ', ...list(items), '. '] : [];
}

/** What of the data the worst of the rows lose. */
function lossOf({ values: { length }, summary }: Dataset, rows: readonly Row[], about: string): Piece[] {
  if (summary.zeros === length) return ['All your values are 0: one tick is enough for them.'];
  const sentence = (key: 'zeroed' | 'beyond', verb: string, end: string): Piece[] => {
    const most = Math.max(...rows.map((row) => row[key]));
    if (most === 0) return [];
    const names = list(rows.filter((row) => row[key] === most).map((row) => [short(row)]));
    const all: Piece = [whole(length)];
    const share = `(${percent(most / length)}) ${most === 1 ? 'is' : 'are'}`;
    const many: Piece[] =
      most < length
        ? ['Of your ', all, ` values ${about}`, [whole(most)], ` ${share}`]
        : ['All ', all, ' of your values are'];
    return [...(length === 1 ? ['Your one value is'] : many), ` ${verb} `, ...names, end];
  };
  const small = sentence('zeroed', 'nearer to 0 than to the first step of', ': without a scale they become 0. ');
  const large = sentence('beyond', 'beyond', '.');
  const either = [...small, ...large];
  return either.length ? either : ['None of your values is too small or too large for these rows.'];
}
