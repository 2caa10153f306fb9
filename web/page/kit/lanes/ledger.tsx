import { type ComponentChildren, Fragment } from 'preact';
import { NumberField } from '../controls/field.tsx';
import { useWidth } from '../figure.tsx';
import { Num } from '../number.tsx';
import { say, whole } from '../numbers.ts';
import { edit } from '../page.ts';
import { LARGEST, type LanesView, type Mark } from './view.ts';

const NAMES = ['original', '÷ scale', 'code', 'restored', 'error'];
/** As many values as stand side by side. */
const BESIDE = 8;

/** What the ledger and the table have of one element, after its original. */
const cells = ({ ratio, code, restored, error }: Mark, few: boolean): ComponentChildren[] => [
  // Those that move most are about half way between two codes: more digits tell to which side.
  <Num key="ratio" of={ratio} digits={few ? 4 : 8} />,
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

/** Each value's way through the lanes in numbers. */
export function Ledger({ name, view, follow }: LedgerProps) {
  const [box, width] = useWidth<HTMLElement>();
  const { few, followed } = view;
  const { marks, picked } = marksOf(view);
  const lines = marks.map((mark) => [
    <button
      key="original"
      type="button"
      class="follow"
      aria-label={`Follow ${say(mark.value, 4)}`}
      aria-pressed={mark.index === followed.index}
      onClick={() => follow(mark.index)}
    >
      <Num of={mark.value} digits={4} role="original" />
    </button>,
    ...cells(mark, few),
  ]);
  const beside = few && marks.length <= BESIDE && width >= 600;
  const rows: ComponentChildren[][] = beside
    ? NAMES.map((title, i) => [title, ...lines.map((line) => line[i])])
    : [NAMES, ...lines];
  const chosen = 1 + marks.findIndex(({ index }) => index === followed.index);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section class={beside ? 'ledger beside' : 'ledger'} ref={box} aria-label={`Ledger, ${name}`} tabIndex={0}>
      <table>
        <tbody>
          {rows.map((row, i) => (
            <Fragment key={i}>
              {!few && i === 1 + picked && (
                <tr>
                  <th scope="rowgroup" colSpan={NAMES.length}>
                    these move most
                  </th>
                </tr>
              )}
              <tr class={!beside && i === chosen ? 'followed' : undefined}>
                {row.map((cell, j) => {
                  const Cell = i && j ? 'td' : 'th';
                  return (
                    <Cell
                      key={j}
                      scope={i && j ? undefined : i || (beside && !j) ? 'row' : 'col'}
                      class={beside && j === chosen ? 'followed' : undefined}
                    >
                      {cell}
                    </Cell>
                  );
                })}
              </tr>
            </Fragment>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** All; of many the followed one and the extremes, then those that move most, none twice. */
function marksOf({ few, marks, followed, worst }: LanesView): { marks: Mark[]; picked: number } {
  if (few) return { marks, picked: marks.length };
  const picked = new Map([marks[0]!, followed, marks.at(-1)!].map((mark) => [mark.index, mark]));
  return {
    marks: [...picked.values(), ...worst.filter(({ index, error }) => error !== 0 && !picked.has(index))],
    picked: picked.size,
  };
}

export function lanesTable(name: string, view: LanesView) {
  return {
    caption: `${view.few ? 'Every value' : 'The followed value, the extremes, and those that move most'}, ${name}; counted from 0`,
    columns: ['index', ...NAMES],
    rows: marksOf(view).marks.map((mark) => [
      whole(mark.index),
      <Num key="value" of={mark.value} digits={4} role="original" />,
      ...cells(mark, view.few),
    ]),
  };
}

/** The followed number as text: what the drag does, without a drag. */
export function FollowedField({ view: { few, followed } }: { view: LanesView }) {
  if (!few) return null;
  return (
    <NumberField
      label={`Value ${followed.index + 1}`}
      size={7}
      value={followed.value}
      min={-LARGEST}
      max={LARGEST}
      onChange={(value) => void edit(followed.index, value)}
    />
  );
}
