import { useEffect, useRef, useState } from 'preact/hooks';
import type { FigureProps } from '../../kit/contract.ts';
import { RadioGroup, Switch } from '../../kit/controls/choice.tsx';
import { Menu } from '../../kit/controls/menu.tsx';
import { FileNumbers, PasteNumbers } from '../../kit/data/reading.tsx';
import { Figure } from '../../kit/figure.tsx';
import { Num } from '../../kit/number.tsx';
import { count as countOf, decimalBytes, say, whole, writeStored } from '../../kit/numbers.ts';
import { SchemeBuilder } from './builder.tsx';
import { ErrorHistogram } from './histogram.tsx';
import { FILES, type FileKind, type MadeFile, type Row, type SideView, type View } from './model.ts';
import { builderOf, changesOf, isFloat, type Options, type Side } from './scheme.ts';
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
      sentence={<Finding view={view} noun={dataset.noun} />}
    >
      {view.sides.map(({ problem, title }) =>
        problem ? (
          <p key={title} class="problem" role="alert">
            {title}: {problem}
          </p>
        ) : null,
      )}
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
        type={builderOf(detail === 1 ? 'b' : 'a', options).type}
        save={async (kind) => {
          const made = await ask<MadeFile>('file', { kind, options });
          if (made) download(made);
        }}
      />
    </Figure>
  );
}

/** The view at hand, and the exact one as soon as there is one. */
function useExact({ view, options, ask }: Props): View {
  const [exact, setExact] = useState<{ of: View; view: View }>();
  useEffect(() => {
    if (!view.approximate) return;
    let current = true;
    void ask<View>('exact', options).then((answer) => {
      if (current && answer) setExact({ of: view, view: answer });
    });
    return () => {
      current = false;
    };
  }, [view]);
  return exact?.of === view ? exact.view : view;
}

function OwnNumbers() {
  return (
    <details class="own">
      <summary>Paste numbers or open a file</summary>
      <div class="pair">
        <PasteNumbers />
        <FileNumbers />
      </div>
    </details>
  );
}

// --- what came of it -----------------------------------------------------------------------------------------------

const decibels = (sqnrDb: number) => (Number.isFinite(sqnrDb) ? `${sqnrDb.toFixed(1)} dB` : 'exact');

function Measures({ view }: { view: View }) {
  const { sides, count, approximate, absmax } = view;
  const sign = approximate ? '≈ ' : '';
  const measured =
    (show: (measures: NonNullable<SideView['measures']>) => preact.ComponentChildren) => (side: SideView) =>
      side.measures ? (
        <>
          {sign}
          {show(side.measures)}
        </>
      ) : (
        '–'
      );
  const tiles: [string, (side: SideView) => preact.ComponentChildren][] = [
    ['size', (side) => (side.problem ? '–' : `${sign}${decimalBytes(side.byteLength)}`)],
    ['bits per value', (side) => (side.problem ? '–' : <Num of={side.bitsPerWeight} />)],
    ['scale', (side) => <Scales scales={side.scales} />],
    ['SQNR', measured(({ sqnrDb }) => (absmax === 0 ? 'undefined' : decibels(sqnrDb)))],
    ['RMSE', measured(({ rmse }) => <Num of={rmse} role="error" />)],
    ['MSE', measured(({ mse }) => <Num of={mse} role="error" />)],
    ['mean |error|', measured(({ meanAbsError }) => <Num of={meanAbsError} role="error" />)],
    ['max |error|', measured(({ maxAbsError }) => <Num of={maxAbsError} role="error" />)],
    ['at row', measured(({ maxAbsError, maxAbsErrorIndex }) => (maxAbsError > 0 ? whole(maxAbsErrorIndex) : '–'))],
    ['cosine', measured(({ cosine }) => cosine.toFixed(6))],
  ];
  return (
    <section aria-label="Measures" class="measures">
      <table class="table">
        <caption class="hidden">Measures over {countOf(count, 'values')}</caption>
        <thead class={sides.length > 1 ? undefined : 'hidden'}>
          <tr>
            <th scope="col">measure</th>
            {sides.map(({ title }, i) => (
              <th key={i} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {tiles.map(([label, show]) => (
            <tr key={label}>
              <th scope="row">{label}</th>
              {sides.map((side, i) => (
                <td key={i}>{show(side)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Scales({ scales }: { scales: SideView['scales'] }) {
  if (!scales) return <>none</>;
  if (scales.count === 1) return <Num of={writeStored(scales.least)} role="scale" />;
  return (
    <>
      {whole(scales.count)}: <Num of={scales.least} role="scale" /> to <Num of={scales.most} role="scale" />
    </>
  );
}

function Worst({ rows, followed, follow }: { rows: Row[]; followed: number; follow(index: number): void }) {
  if (rows.length === 0) return <p class="note">None.</p>;
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
        {rows.map(({ index, original, cells: [cell] }) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: a larger target for the button inside.
          <tr key={index} class={index === followed ? 'followed' : undefined} onClick={() => follow(index)}>
            <th scope="row">
              <button
                type="button"
                class="follow"
                aria-pressed={index === followed}
                aria-label={`Follow row ${whole(index)}: ${say(original, 9)}`}
              >
                {index === followed && <span aria-hidden="true">◆</span>}
                {whole(index)}
              </button>
            </th>
            <td>
              <Num of={original} digits={4} role="original" />
            </td>
            <td>
              <span class="tile">{cell!.code}</span>
            </td>
            <td>
              <Num of={cell!.restored} digits={4} role="restored" />
            </td>
            <td>
              <Num of={cell!.error} digits={2} role="error" />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function histogramLabel({ sides, reach }: View): string {
  const spread = sides.map(
    ({ title, measures }) => `${title}: up to ${measures ? say(measures.maxAbsError, 2) : 'no measure'}`,
  );
  return `Histogram of errors from −${say(reach, 2)} to ${say(reach, 2)}. ${spread.join('; ')}.`;
}

// --- taking it home ------------------------------------------------------------------------------------------------

interface SameInCodeProps {
  side: SideView;
  type: string;
  save(kind: FileKind): void;
}

function SameInCode({ side, type, save }: SameInCodeProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => setCopied(false), [side.code]);
  const copy = async () => {
    await navigator.clipboard.writeText(side.code);
    setCopied(true);
  };
  const items = (Object.keys(FILES) as FileKind[]).map((kind) => ({
    label: FILES[kind],
    disabled: kind !== 'values.f32' && (side.problem !== '' || (kind === 'scales.npy' && isFloat(type))),
    onSelect: () => save(kind),
  }));
  return (
    <section aria-label="The same in code" class="code">
      <div class="line">
        <h3>The same in code</h3>
        <button type="button" class="ghost" onClick={copy}>
          {copied ? 'Copied' : 'Copy'}
        </button>
        <Menu label="Export" items={items} />
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, which must be possible by keyboard.
        tabIndex={0}
      >
        <code>{side.code}</code>
      </pre>
    </section>
  );
}

function download({ name, blob }: MadeFile): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// --- the finding ---------------------------------------------------------------------------------------------------

function Finding({ view, noun }: { view: View; noun: string }) {
  const { sides, count, absmax, approximate } = view;
  const [a, b] = sides;
  if (!a || a.problem) return <>The scheme cannot be applied, so nothing is shown.</>;
  const sizes = (
    <>
      <b>{countOf(count, noun)}</b>, <b>{decimalBytes(4 * count)}</b> → <b>{decimalBytes(a.byteLength)}</b>
    </>
  );
  if (absmax === 0) return <>{sizes}. No error, no signal: SQNR is undefined.</>;
  if (!a.measures) {
    return (
      <>
        {sizes}, but <b>{countOf(a.nonFinite, 'values')}</b> are beyond {a.title} and come back as infinity or NaN.
        Errors are not defined; switch “Saturate” on to keep the largest value instead.
      </>
    );
  }
  const { maxAbsError, maxAbsErrorIndex, sqnrDb } = a.measures;
  if (maxAbsError === 0) return <>{sizes}. No error: every value comes back as it was.</>;
  return (
    <>
      {sizes}, worst error {approximate && '≈ '}
      <b>
        <Num of={maxAbsError} digits={2} role="error" />
      </b>{' '}
      at row <b>{whole(maxAbsErrorIndex)}</b>.
      {b?.measures && (
        <>
          {' '}
          <b>{a.title}</b> keeps <b>{decibels(sqnrDb)}</b>; <b>{b.title}</b> takes <b>{decimalBytes(b.byteLength)}</b>{' '}
          and keeps <b>{decibels(b.measures.sqnrDb)}</b>.
        </>
      )}
    </>
  );
}
