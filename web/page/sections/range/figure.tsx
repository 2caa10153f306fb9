import type { FigureProps } from '../../kit/contract.ts';
import { RadioGroup } from '../../kit/controls/choice.tsx';
import { parseNumber, TextField } from '../../kit/controls/field.tsx';
import { Slider } from '../../kit/controls/slider.tsx';
import { useExact } from '../../kit/exact.ts';
import { Figure } from '../../kit/figure.tsx';
import { Formula } from '../../kit/formula.tsx';
import { Num, Sentences } from '../../kit/number.tsx';
import { count, MINUS, plain, say, write, writeStored } from '../../kit/numbers.ts';
import { stepOf } from '../../kit/step.ts';
import formulas from './formulas.tex';
import { Lines } from './lines.tsx';
import type { Row, View } from './model.ts';
import { type Options, unwarp, warp } from './options.ts';
import { TypesTable } from './types-table.tsx';

export { options } from './options.ts';

type Props = FigureProps<Options, View>;

/** Closer, and 2^-30 of a number is less than any drawing shows; farther, and it is no float32. */
const CLOSEST = 2 ** -30;
const FARTHEST = 2 ** 129;

export default function Range(props: Props) {
  const { options, set, dataset, follow } = props;
  const view = useExact(props);
  const { rows, finding } = view;
  const log = options.axis === 'auto' ? view.log : options.axis === 'log';
  // What was asked for last: the view may still be on its way.
  const { from, to } = options.from < options.to ? options : view;
  const probe = Number.isNaN(options.probe) ? view.probe : options.probe;
  const [start, end] = [warp(from, log), warp(to, log)];

  const zoom = (factor: number, around = warp(probe, log)) => {
    const center = Math.min(end, Math.max(start, around));
    const edge = (x: number) => Math.min(FARTHEST, Math.max(-FARTHEST, unwarp(center + (x - center) * factor, log)));
    const next = { from: edge(start), to: edge(end) };
    if (next.to - next.from > CLOSEST * Math.max(Math.abs(next.from), Math.abs(next.to))) set(next);
  };
  const onSlide = (place: number) => {
    const grain = stepOf(from, to) / 10;
    const value = log ? unwarp(place, true).toPrecision(6) : (Math.round(place / grain) * grain).toPrecision(12);
    set({ probe: Number(value) });
  };
  const onType = (text: string) => {
    const value = parseNumber(text.replace(' × 10^', 'e'));
    if (typeof value === 'string') return value;
    const reach = Math.min(1.25 * Math.abs(value), Number.MAX_VALUE / 4);
    set({ probe: value, ...((value < from || value > to) && { from: -reach, to: reach }) });
    return undefined;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const factor = { '+': 0.5, '=': 0.5, '-': 2 }[event.key];
    if (!factor || event.ctrlKey || event.metaKey || (event.target as Element).matches('[type=text]')) return;
    event.preventDefault();
    zoom(factor);
  };
  const onFollow = (index: number) => {
    follow(index);
    set({ probe: Number.NaN });
  };
  // A number of the data as it is stored, one that was typed or slid to with all its digits.
  const written = plain(Math.fround(probe) === probe ? writeStored(probe) : write(probe, 12));
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keys + and − for whatever has the focus inside.
    <div onKeyDown={onKeyDown}>
      <Figure
        title="Every number there is"
        controls={
          <>
            <Slider
              label="Probe"
              min={start}
              max={end}
              value={warp(probe, log)}
              text=""
              spoken={spokenOf(probe, rows)}
              onInput={onSlide}
            />
            <TextField label="Probe, as a number" hideLabel value={written} onCommit={onType} />
            <RadioGroup
              label="Axis"
              items={['linear', 'log']}
              value={log ? 'log' : 'linear'}
              onChange={(axis) => set({ axis, from: Number.NaN, to: Number.NaN })}
            />
            <span class="zoom">
              {(['+', MINUS] as const).map((sign, i) => (
                <button
                  key={sign}
                  type="button"
                  class="button"
                  aria-label={i ? 'Zoom out' : 'Zoom in'}
                  onClick={() => zoom(i ? 2 : 0.5)}
                >
                  {sign}
                </button>
              ))}
            </span>
          </>
        }
        formula={
          <>
            <Formula of={formulas.ulp!} />
            {rows.map(
              ({ name, ulp, mantissaBits: m, outside }) =>
                m > 0 &&
                !outside && (
                  <span key={name} class="ulp">
                    <span class="label">{name}</span>
                    <Formula of={formulas.row!} values={{ e: say(Math.log2(ulp) + m), m: say(m), ulp }} />
                  </span>
                ),
            )}
          </>
        }
        sentence={finding.split('*').map((part, i) =>
          i % 2 ? (
            <span key={i} class="num">
              <Sentences text={part} />
            </span>
          ) : (
            part
          ),
        )}
        table={tableOf(view, dataset.count)}
      >
        <Lines view={view} dataset={dataset} follow={onFollow} {...{ zoom, onSlide }} />
        <p class="note">
          Drag the probe along the rows. Press + or − to zoom in on it or out, pinch, or click and turn the wheel.
          Behind the rows, in blue: your {count(dataset.count, dataset.noun)}.
        </p>
      </Figure>
      <TypesTable {...{ view, options, set }} />
    </div>
  );
}

/** '0.3, float16 0.2998 or 0.3': the neighbours in every row. */
const spokenOf = (probe: number, rows: readonly Row[]) =>
  [say(probe, 6), ...rows.map((row) => `${row.name} ${neighbours(row)}`)].join(', ');

const neighbours = ({ below, kept, above, outside }: Row) =>
  outside
    ? `ends at ${say(kept, 6)}`
    : [...new Set([below, above].map((x) => (x === null ? 'nothing' : say(x, 6))))].join(' or ');

function tableOf({ rows, probe }: View, total: number) {
  const cell = (x: number | null) => (x === null ? '–' : <Num of={x} digits={9} />);
  return {
    caption: `The probe, ${say(probe, 6)}, and ${count(total, 'values')}`,
    columns: ['Format', 'Below', 'Nearest', 'Above', 'Step', 'Powers of two', 'Become 0', 'Out of range'],
    rows: rows.map(({ name, below, kept, above, ulp, powers, zeroed, beyond }) => [
      ...[name, cell(below), cell(kept), cell(above), cell(ulp)],
      ...[`${say(powers[0])} to ${say(powers[2])}`, cell(zeroed), cell(beyond)],
    ]),
  };
}
