// What the figure says; numbers stand between asterisks.
import type { Dataset } from '../../kit/contract.ts';
import { percent, say, whole } from '../../kit/numbers.ts';
import type { Row } from './model.ts';

/** 'float8_e4m3fn' as people say it. */
const short = ({ name }: Row): string => name.replace(/^float\d_/, '');

/** 'a', 'a and b', 'a, b and c' */
const list = (items: readonly string[]) => [items.slice(0, -1).join(', '), items.at(-1)].filter(Boolean).join(' and ');

export function findingOf(dataset: Dataset, rows: readonly Row[], probe: number, about: string): string {
  const steps = rows
    .filter(({ max }) => max >= 2)
    .slice(0, 5)
    .map(
      (row, i) => `${short(row)} ${i ? '' : 'has '}*${whole(row.steps)}*${i ? '' : row.steps > 1 ? ' steps' : ' step'}`,
    );
  const passed = rows.filter(({ outside }) => outside);
  const ends = passed.map((row) => `${short(row)} (*${say(probe < 0 ? row.min : row.max, 6)}*)`);
  return [
    steps.length && `Between 1 and 2 ${list(steps)}.`,
    lossOf(dataset, rows, about),
    passed.length && `The probe, *${say(probe, 6)}*, is outside ${list(ends)}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** What of the data the worst of the rows lose. */
function lossOf({ values: { length }, summary }: Dataset, rows: readonly Row[], about: string): string {
  if (summary.zeros === length) return 'All your values are 0: one tick is enough for them.';
  const sentence = (key: 'zeroed' | 'beyond', verb: string, end: string) => {
    const most = Math.max(...rows.map((row) => row[key]));
    if (most === 0) return '';
    const many =
      length === 1
        ? 'Your one value is'
        : most === length
          ? `${length === 2 ? 'Both' : `All *${whole(length)}*`} of your values are`
          : `Of your *${whole(length)}* values ${about}*${whole(most)}* (${percent(most / length)}) ${most === 1 ? 'is' : 'are'}`;
    return `${many} ${verb} ${list(rows.filter((row) => row[key] === most).map(short))}${end}`;
  };
  const small = sentence('zeroed', 'nearer to 0 than to the first step of', ': without a scale they become 0.');
  const large = sentence('beyond', 'beyond', '.');
  return `${small} ${large}`.trim() || 'None of your values is too small or too large for these rows.';
}
