import type { FigureProps } from '../../kit/contract.ts';
import { RadioGroup, Switch } from '../../kit/controls/choice.tsx';
import { Problem } from '../../kit/controls/problem.tsx';
import { FileNumbers, PasteNumbers } from '../../kit/data/reading.tsx';
import { download } from '../../kit/download.ts';
import { useExact } from '../../kit/exact.ts';
import { Figure } from '../../kit/figure.tsx';
import { SchemeBuilder } from './builder.tsx';
import type { MadeFile } from './files.ts';
import { ErrorHistogram, errorTable } from './histogram.tsx';
import type { Row, View } from './model.ts';
import { Finding, FollowedFormula, histogramLabel, Measures, Worst } from './results.tsx';
import { builderOf, changesOf, type Options, type Side } from './scheme.ts';
import { SameInCode } from './take-home.tsx';
import { ValuesTable } from './values-table.tsx';

export { options } from './scheme.ts';

type Props = FigureProps<Options, View>;

export default function YourData(props: Props) {
  const { options, dataset, set, follow, ask } = props;
  const view = useExact(props);
  const sides: Side[] = options.compare ? ['a', 'b'] : ['a'];
  const names = options.compare ? ['Scheme A', 'Scheme B'] : ['Scheme'];
  const detail = Math.min(options.side === 'b' && options.compare ? 1 : 0, view.sides.length - 1);
  const side = view.sides[detail]!;
  const row = view.followed;
  const cell = row?.cells[detail];
  return (
    <Figure
      title={`Workbench: ${dataset.name}`}
      controls={
        <>
          <OwnNumbers />
          <div class={options.compare ? 'builders two' : 'builders'}>
            {sides.map((key, i) => (
              <SchemeBuilder
                key={key}
                name={names[i]!}
                builder={builderOf(key, options)}
                set={(changes) => set(changesOf(key, changes) as Partial<Options>)}
                shape={view.shape}
                absmax={view.absmax}
              />
            ))}
          </div>
          <div class="line">
            <Switch
              label="Compare with a second scheme"
              checked={options.compare}
              onChange={(compare) => set({ compare })}
            />
            {options.compare && (
              <RadioGroup
                label="Details of"
                showLabel
                items={[
                  { value: 'a', label: 'Scheme A' },
                  { value: 'b', label: 'Scheme B' },
                ]}
                value={options.side}
                onChange={(value) => set({ side: value })}
              />
            )}
          </div>
        </>
      }
      formula={row && cell && side.followed && <FollowedFormula side={side} row={row} cell={cell} />}
      table={view.reach > 0 ? errorTable(view) : null}
      sentence={<Finding view={view} noun={dataset.noun} />}
    >
      {view.sides.map(({ problem, title }) => (
        <Problem key={title} text={problem && `${title}: ${problem}`} />
      ))}
      <Measures view={view} />
      <div class="pair">
        <section aria-label="Errors">
          <h3>Errors</h3>
          {view.reach > 0 ? (
            <ErrorHistogram view={view} label={histogramLabel(view)} />
          ) : (
            <p class="note">
              {side.problem || side.nonFinite ? 'No errors to show.' : 'No error: every value comes back as it was.'}
            </p>
          )}
        </section>
        <section aria-label="Largest errors">
          <h3>The ten largest{view.sides.length > 1 ? `: ${side.title}` : ''}</h3>
          <Worst rows={side.worst} followed={dataset.followed} follow={follow} />
        </section>
      </div>
      <h3>Every value</h3>
      <ValuesTable
        count={view.count}
        shape={view.shape}
        followed={dataset.followed}
        titles={view.sides.map(({ title }) => title)}
        version={view}
        first={view.rows}
        fetch={(start, count) => ask<Row[]>('rows', { start, count, options })}
        follow={follow}
      />
      <SameInCode
        side={side}
        tooMany={view.stride > 1 && !view.pending}
        save={async (kind) => {
          const made = await ask<MadeFile>('file', { kind, options });
          if (made) download(made);
        }}
      />
    </Figure>
  );
}

function OwnNumbers() {
  return (
    <details class="own">
      <summary>Paste numbers or open a file</summary>
      <div class="pair own-places">
        <PasteNumbers />
        <FileNumbers />
      </div>
    </details>
  );
}
