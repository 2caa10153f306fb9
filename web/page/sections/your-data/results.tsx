// What came of it: the measures, the largest errors, the followed value's formula and the finding.
import type { ComponentChildren } from 'preact';
import { Coding } from '../../kit/lanes/followed.tsx';
import { Num } from '../../kit/number.tsx';
import { decimalBytes, MINUS, rankingDigits, say, whole, write, writeStored } from '../../kit/numbers.ts';
import type { Row, SideView, View } from './model.ts';
import { ValueRow } from './row.tsx';
import { verdictOf } from './verdict.ts';

const decibels = (sqnrDb: number) => (Number.isFinite(sqnrDb) ? `${sqnrDb.toFixed(1)} dB` : 'exact');

export function Measures({ view }: { view: View }) {
  const { sides, stride, absmax } = view;
  const sign = stride > 1 ? '≈ ' : '';
  const measured = (show: (measures: NonNullable<SideView['measures']>) => ComponentChildren) => (side: SideView) =>
    side.measures ? (
      <>
        {sign}
        {show(side.measures)}
      </>
    ) : (
      '–'
    );
  const tiles: [string, (side: SideView) => ComponentChildren][] = [
    ['size', (side) => (side.problem ? '–' : <Num of={sign + decimalBytes(side.byteLength)} />)],
    ['bits per value', (side) => (side.problem ? '–' : <Num of={side.bitsPerWeight} />)],
    [scaleLabel(sides), (side) => <Scales side={side} />],
    ['SQNR', measured(({ sqnrDb }) => <Num of={absmax === 0 ? 'undefined' : decibels(sqnrDb)} />)],
    ['cosine', measured(({ cosine }) => <Num of={cosine.toFixed(6)} />)],
    ['largest error', measured(({ maxAbsError }) => <Num of={maxAbsError} role="error" />)],
    [
      'at row',
      measured(({ maxAbsError, maxAbsErrorIndex }) => <Num of={maxAbsError > 0 ? whole(maxAbsErrorIndex) : '–'} />),
    ],
    ['mean |error|', measured(({ meanAbsError }) => <Num of={meanAbsError} role="error" />)],
    ['RMSE', measured(({ rmse }) => <Num of={rmse} role="error" />)],
    ['MSE', measured(({ mse }) => <Num of={mse} role="error" />)],
  ];
  return (
    <dl class="measures" aria-label="Measures">
      {tiles.map(([label, show]) => (
        <div key={label}>
          <dt>{label}</dt>
          {sides.map((side, i) => (
            <dd key={i}>
              {sides.length > 1 && <Letter of={i} />}
              {show(side)}
            </dd>
          ))}
        </div>
      ))}
    </dl>
  );
}

/** Which of two schemes a number belongs to. */
const Letter = ({ of }: { of: number }) => <b class="letter">{'AB'[of]}</b>;

const scaleLabel = (sides: SideView[]) =>
  sides.some(({ scales, blockSize }) => blockSize || (scales?.count ?? 0) > 1) ? 'scales' : 'scale';

function Scales({ side: { scales, blockSize } }: { side: SideView }) {
  if (blockSize) return <>one per {whole(blockSize)}, inside</>;
  if (!scales) return <>none</>;
  if (scales.count === 1) return <Num of={writeStored(scales.least)} role="scale" />;
  return (
    <>
      <Num of={whole(scales.count)} />, up to <Num of={scales.most} role="scale" />
    </>
  );
}

export function Worst({ rows, followed, follow }: { rows: Row[]; followed: number; follow(index: number): void }) {
  if (rows.length === 0) return <p class="note">None.</p>;
  const digits = rankingDigits(rows.map(({ cells }) => cells[0]!.error));
  return (
    <table class="table worst">
      <caption class="hidden">The largest errors first</caption>
      <thead>
        <tr>
          {['row', 'original', 'code', 'restored', 'error'].map((column) => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <ValueRow
            key={row.index}
            error={(error) => write(error, digits, { pad: true })}
            {...{ row, followed, follow }}
          />
        ))}
      </tbody>
    </table>
  );
}

export function histogramLabel({ sides, reach }: View): string {
  const spread = sides.map(
    ({ title, measures }) => `${title}: up to ${measures ? say(measures.maxAbsError, 2) : 'no measure'}`,
  );
  return `Histogram of errors from −${say(reach, 2)} to ${say(reach, 2)}. ${spread.join('; ')}.`;
}

export function Finding({ view, noun }: { view: View; noun: string }) {
  const { sides, count, absmax, stride, pending } = view;
  const [a, b] = sides;
  if (!a || a.problem) return <>The scheme cannot be applied, so nothing is shown.</>;
  const sizes = (
    <>
      <Num of={whole(count)} /> {nounFor(count, noun)}, <Num of={decimalBytes(4 * count)} /> →{' '}
      <Num of={decimalBytes(a.byteLength)} />
    </>
  );
  if (absmax === 0) return <>{sizes}. No error, no signal: SQNR is undefined.</>;
  if (!a.measures) {
    return (
      <>
        {sizes}, but <Num of={whole(a.nonFinite)} /> of them are beyond {a.title} and come back as infinity or NaN, so
        errors are not defined. Switch “Saturate” on to keep the largest value instead.
      </>
    );
  }
  const { maxAbsError, maxAbsErrorIndex, sqnrDb } = a.measures;
  if (maxAbsError === 0) return <>{sizes}. No error: every value comes back as it was.</>;
  return (
    <>
      {sizes}, worst error {stride > 1 && '≈ '}
      <Num of={maxAbsError} digits={2} role="error" /> at row <Num of={whole(maxAbsErrorIndex)} />.
      {stride > 1 &&
        !pending &&
        ` Measured on every ${whole(stride)}th value: there are too many to code them all here.`}
      {b?.measures && (
        <>
          {' '}
          {a.title} keeps <Num of={decibels(sqnrDb)} />; {b.title} takes <Num of={decimalBytes(b.byteLength)} /> and
          keeps <Num of={decibels(b.measures.sqnrDb)} />. <b>{verdictOf(a, b)}</b>
        </>
      )}
    </>
  );
}

/** The followed value through the scheme, where it has a scale. */
export function FollowedFormula({ side, row, cell }: { side: SideView; row: Row; cell: Row['cells'][number] }) {
  const { followed } = side;
  if (!followed) return null;
  const { scale, zeroPoint } = followed;
  const ratio = row.original / scale;
  const code = Number(cell.code.replace(MINUS, '-'));
  // A code further than half a step off was clipped.
  const clipped = Math.abs(ratio + zeroPoint - code) > 0.5001;
  const [low, high] = clipped ? [code, code] : [-Infinity, Infinity];
  const followedMark = { value: row.original, ratio, code, restored: cell.restored };
  return (
    <Coding
      kind={zeroPoint === 0 ? 'symmetric' : 'asymmetric'}
      view={{ scale, zeroPoint, low, high, followed: followedMark }}
    />
  );
}

const nounFor = (count: number, noun: string) => (count === 1 ? noun.replace(/s$/, '') : noun);
