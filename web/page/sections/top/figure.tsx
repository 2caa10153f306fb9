import type { FigureProps } from '../../kit/contract.ts';
import { Slider } from '../../kit/controls/slider.tsx';
import { useExact } from '../../kit/exact.ts';
import { Figure } from '../../kit/figure.tsx';
import { Num } from '../../kit/number.tsx';
import { count, decimalBytes, percent, whole } from '../../kit/numbers.ts';
import { Hill } from './hill.tsx';
import type { Options, View, Wish } from './model.ts';

export { options } from './model.ts';

const TICKS = ['1', '2', '3', '4', '5', '6', '7', '8'];
/** A table has at most so many rows. */
const ROWS = 64;

export default function Top(props: FigureProps<Options, View>) {
  const { options, dataset, set, follow, ask } = props;
  const view = useExact(props);
  const { noun } = dataset;
  const pick = async (wish: Wish) => {
    const index = await ask<number>('pick', wish);
    if (index !== undefined) follow(index);
  };
  return (
    <Figure
      bare
      title={captionOf(view, noun)}
      controls={
        <Slider
          label="Bits per number"
          min={1}
          max={8}
          step={1}
          discrete
          ticks={TICKS}
          value={options.bits}
          text={options.bits === 1 ? '1 bit: sign × mean' : count(options.bits, 'bits')}
          onInput={(bits) => set({ bits })}
        />
      }
      sentence={<Finding view={view} noun={noun} />}
      table={tableOf(view, noun)}
    >
      <Hill view={view} noun={noun} pick={pick} />
    </Figure>
  );
}

const bitsOf = ({ bits }: View) => count(bits, 'bits');

function Finding({ view, noun }: { view: View; noun: string }) {
  const { bytes, followed, reach, meanError } = view;
  return (
    <>
      With <Num of={bitsOf(view)} /> each, <Num of={decimalBytes(bytes.before)} /> become{' '}
      <Num of={decimalBytes(bytes.after)} />.{' '}
      {reach === 0 ? 'All values are 0. Every scheme keeps them exactly.' : <Errors view={view} noun={noun} />}
      {meanError > 0 && (
        <>
          {' '}
          The one you follow, <Num of={followed.original} role="original" />, becomes{' '}
          <Num of={followed.restored} role="restored" />.
        </>
      )}
    </>
  );
}

function Errors({ view, noun }: { view: View; noun: string }) {
  const { meanError, meanSize, oneBit, bits, pending } = view;
  const one = noun.replace(/s$/, '');
  if (meanError === 0) return <>Not one {one} moves.</>;
  return (
    <>
      {bits === 1 && (
        <>
          Only the sign is left, times the mean size, {pending && '≈ '}
          <Num of={meanSize} />.{' '}
        </>
      )}
      The average {one} moves by {pending && '≈ '}
      <Num of={meanError} digits={2} role="error" />, <Num of={percent(meanError / meanSize)} role="error" /> of the
      average size.
      {oneBit !== null && (
        <>
          {' '}
          One bit with a good scale does better: <Num of={percent(oneBit / meanSize)} role="error" />.
        </>
      )}
    </>
  );
}

function captionOf({ from, count: all }: View, noun: string): string {
  const some = from.length > 0 && from.length < all;
  const threads = some ? `; ${whole(from.length)} of the ${count(all, noun)} have a thread` : '';
  return `Above the line the originals, below it what they become${threads}.`;
}

/** What is left, and how many values share it. */
function tableOf({ levels, shares, left, pending }: View, noun: string) {
  const used = levels.map((level, i) => ({ level, share: shares[i]! })).filter(({ share }) => share > 0);
  const fullest = [...used].sort((a, b) => b.share - a.share).slice(0, ROWS);
  const rows = used.filter((row) => fullest.includes(row));
  const some = rows.length < left ? `, the ${ROWS} fullest` : '';
  return {
    caption: `${whole(left)} values left${some}${pending ? ', counted in a sample' : ''}`,
    columns: ['value left', `${noun} that become it`],
    rows: rows.map(({ level, share }) => [<Num key="level" of={level} role="restored" />, whole(share)]),
  };
}
