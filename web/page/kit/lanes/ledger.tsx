import type { ComponentChildren } from 'preact';
import { NumberField } from '../controls/field.tsx';
import { useWidth } from '../figure.tsx';
import { Num } from '../number.tsx';
import { say, whole } from '../numbers.ts';
import { edit } from '../page.ts';
import type { LanesView, Mark } from './view.ts';

const NAMES = ['original', '÷ scale', 'code', 'restored', 'error'];
/** As many values as stand side by side. */
const BESIDE = 8;
const LARGEST = 3.4028234663852886e38;

/** What the ledger and the table have of one element, after its original. */
const cells = ({ ratio, code, restored, error }: Mark): ComponentChildren[] => [
  <Num key="ratio" of={ratio} digits={4} />,
  <span key="code" class="code-tile">
    {whole(code)}
  </span>,
  <Num key="restored" of={restored} digits={4} role="restored" />,
  <Num key="error" of={error} digits={2} role="error" />,
];

interface LedgerProps {
  /** Names the region: a page may have two ledgers. */
  name: string;
  view: LanesView;
  follow(index: number): void;
}

/** Each value's way through the lanes in numbers: of many, the handful and those that move most. */
export function Ledger({ name, view, follow }: LedgerProps) {
  const [box, width] = useWidth<HTMLElement>();
  const marks = rowsOf(view);
  const followed = view.followed.index;
  const head = (mark: Mark) => (
    <button
      type="button"
      class="follow"
      aria-label={`Follow ${say(mark.value)}`}
      aria-pressed={mark.index === followed}
      onClick={() => follow(mark.index)}
    >
      <Num of={mark.value} role="original" />
    </button>
  );
  const mark = (one: Mark) => (one.index === followed ? 'followed' : undefined);
  const beside = width >= 600 && marks.length <= BESIDE && view.few;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section class="ledger" ref={box} aria-label={`Ledger, ${name}`} tabIndex={0}>
      <table>
        {beside ? (
          <tbody>
            <tr>
              <th scope="row">{NAMES[0]}</th>
              {marks.map((one) => (
                <th key={one.index} scope="col" class={mark(one)}>
                  {head(one)}
                </th>
              ))}
            </tr>
            {NAMES.slice(1).map((title, row) => (
              <tr key={title}>
                <th scope="row">{title}</th>
                {marks.map((one) => (
                  <td key={one.index} class={mark(one)}>
                    {cells(one)[row]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        ) : (
          <>
            <thead>
              <tr>
                {NAMES.map((title) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {marks.map((one) => (
                <tr key={one.index} class={mark(one)}>
                  <th scope="row">{head(one)}</th>
                  {cells(one).map((cell, i) => (
                    <td key={i}>{cell}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </>
        )}
      </table>
    </section>
  );
}

/** All, or the handful and the ten worst, without repeating one. */
function rowsOf({ few, marks, worst }: LanesView): Mark[] {
  if (few) return marks;
  const known = new Set(marks.map(({ index }) => index));
  return [...marks, ...worst.filter(({ index }) => !known.has(index))];
}

export function lanesTable(name: string, view: LanesView) {
  return {
    caption: `${view.few ? 'Every value' : 'The labelled values, and those that move most'}, ${name}`,
    columns: ['index', ...NAMES],
    rows: rowsOf(view).map((mark) => [
      whole(mark.index),
      <Num key="value" of={mark.value} role="original" />,
      ...cells(mark),
    ]),
  };
}

/** The followed number as text: what the drag does, without a drag. */
export function FollowedField({ view: { few, followed } }: { view: LanesView }) {
  if (!few) return null;
  return (
    <NumberField
      label={`Value ${followed.index + 1}`}
      value={followed.value}
      min={-LARGEST}
      max={LARGEST}
      onChange={(value) => void edit(followed.index, value)}
    />
  );
}
