import { useEffect, useState } from 'preact/hooks';
import type { FigureProps } from '../../kit/contract.ts';
import { Switch } from '../../kit/controls/choice.tsx';
import { Problem } from '../../kit/controls/problem.tsx';
import { Figure } from '../../kit/figure.tsx';
import { Num } from '../../kit/number.tsx';
import { count, decimalBytes, whole } from '../../kit/numbers.ts';
import { Chosen } from './chosen.tsx';
import { Treemap } from './map.tsx';
import { Memory } from './memory.tsx';
import { OpenModel } from './opening.tsx';
import { type Options, type Row, SAMPLE, type Sort, tableOf, type View } from './options.ts';
import { Save } from './save.tsx';
import { TensorsTable } from './tensors.tsx';
import { TypeControls } from './types.tsx';
import { useMeasuring, useNewest } from './updates.ts';

export { run } from './client.ts';
export { options } from './options.ts';

type Props = FigureProps<Options, View>;

export default function YourModel(props: Props) {
  const { options, set, ask } = props;
  const { view, update } = useNewest(props);
  const [sort, setSort] = useState<Sort>({ key: 'index', descending: false });
  const [picked, setPicked] = useState<number>();
  const [seen, setSeen] = useState<number[]>([]);
  const measuring = useMeasuring({ view, options, seen, ask, update });
  useEffect(() => setPicked(undefined), [view.id]);

  const chosen = picked ?? view.worst?.index ?? view.tiles.index[0] ?? 0;
  const choose = (index: number | undefined, type?: string) => update(ask<View>('choose', { index, type, options }));
  return (
    <Figure
      title={titleOf(view)}
      controls={
        <>
          <OpenModel {...{ view, options, ask, update }} />
          <TypeControls {...{ view, options, set, choose }} />
        </>
      }
      table={tableOf(view)}
      sentence={<Finding view={view} />}
    >
      <Problem text={view.problem} />
      {view.notes.map((note) => (
        <p key={note} class="note">
          {note}
        </p>
      ))}
      <Reasons reasons={view.reasons} />
      <Treemap view={view} chosen={chosen} pick={setPicked}>
        {view.measured.done < view.measured.of ? <Progress view={view} measuring={measuring} /> : undefined}
      </Treemap>
      <Accuracy view={view} options={options} set={set} />
      <Chosen key={view.id} {...{ view, options, ask, choose }} index={chosen} />
      <h3>Every tensor</h3>
      <TensorsTable
        {...{ view, sort, setSort, choose, chosen, pick: setPicked }}
        fetch={async (start, length) => {
          const rows = await ask<Row[]>('rows', { options, sort, start, count: length });
          if (rows) setSeen(rows.map(({ index }) => index));
          return rows;
        }}
      />
      {view.memory && <Memory memory={view.memory} context={options.context} set={set} />}
      <Save view={view} options={options} />
    </Figure>
  );
}

const titleOf = ({ name, tensors, files, format }: View) => {
  const parts = files > 1 ? ` in ${whole(files)} files` : '';
  return `${name}: ${count(tensors, 'tensors')}${parts}${name.endsWith(format) ? '' : `, ${format}`}`;
};

/** Which types stand in for the one that was asked for, and why. */
function Reasons({ reasons }: Pick<View, 'reasons'>) {
  if (reasons.length === 0) return null;
  const all = reasons.reduce((sum, reason) => sum + reason.count, 0);
  return (
    <details class="reasons note">
      <summary>{count(all, 'tensors')} cannot have that type: others stand in</summary>
      <ul>
        {reasons.map(({ reason, count: tensors }) => (
          <li key={reason}>
            {count(tensors, 'tensors')}: {reason}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Finding({ view: { weights, bytes, newBytes, worst, measured } }: { view: View }) {
  const sign = measured.approximate ? '≈ ' : '';
  return (
    <>
      <Num of={whole(weights)} /> weights, <Num of={decimalBytes(bytes)} />
      {newBytes !== null && (
        <>
          {' → '}
          <Num of={decimalBytes(newBytes)} />
        </>
      )}
      {worst ? (
        <>
          ; <b>{worst.name || 'it'}</b> suffers most: <Num of={`${sign}${worst.sqnrDb.toFixed(1)} dB`} />.
        </>
      ) : (
        '.'
      )}
    </>
  );
}

interface ProgressProps {
  view: View;
  measuring: ReturnType<typeof useMeasuring>;
}

/** How much is measured: it goes on as long as the figure is in sight, and can be held. */
function Progress({ view: { measured }, measuring: { held, setHeld } }: ProgressProps) {
  const { done, of } = measured;
  return (
    <>
      <progress aria-label="Measured" value={done} max={of} />
      <span>
        measured {whole(done)} of {count(of, 'tensors')}
      </span>
      <button type="button" class="ghost" onClick={() => setHeld(!held)}>
        {held ? 'Go on' : 'Hold'}
      </button>
    </>
  );
}

/** Large tensors are measured on a sample, unless the reader wants all of it. */
function Accuracy({ view: { measured }, options: { every }, set }: Pick<Props, 'view' | 'options' | 'set'>) {
  if (!measured.approximate && !every) return null;
  return (
    <div class="line">
      <Switch label="Measure every weight" checked={every} onChange={(checked) => set({ every: checked })} />
      {measured.approximate && (
        <span class="note">≈ large tensors are measured on {whole(SAMPLE)} of their weights.</span>
      )}
    </div>
  );
}
