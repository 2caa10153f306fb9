import type { FigureProps } from '../../kit/contract.ts';
import { RadioGroup, Switch } from '../../kit/controls/choice.tsx';
import { NumberField } from '../../kit/controls/field.tsx';
import { DataTable } from '../../kit/controls/table.tsx';
import { useExact } from '../../kit/exact.ts';
import { Figure } from '../../kit/figure.tsx';
import { Formula } from '../../kit/formula.tsx';
import { Coding } from '../../kit/lanes/followed.tsx';
import { Lanes } from '../../kit/lanes/lanes.tsx';
import { FollowedField, Ledger, lanesTable } from '../../kit/lanes/ledger.tsx';
import type { Outcome } from '../../kit/lanes/view.ts';
import { Num } from '../../kit/number.tsx';
import { say, whole, write } from '../../kit/numbers.ts';
import formulas from './formulas.tex';
import type { View } from './model.ts';
import { type Options, ROUNDINGS, SCHEMES, TYPES } from './options.ts';
import { Range, type RangeChange, rangeChange, spanOf, zeroChange } from './range.tsx';

export { options } from './options.ts';

/** Room beside the range, for its ends to be dragged into. */
const ROOM = 0.08;

export default function Asymmetric(props: FigureProps<Options, View>) {
  const { options, set, dataset, follow } = props;
  const view = useExact(props);
  const { scale, zeroPoint, low, high, min, max, beta, alpha } = view;
  const ends = [min, max, beta, alpha, scale * (low - zeroPoint), scale * (high - zeroPoint)];
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const room = ROOM * (most - least);
  const span = spanOf(view);
  const change = (to: RangeChange) => set(rangeChange(view, to));
  return (
    <Figure
      title={`Zero point: ${dataset.name}`}
      controls={
        <>
          <RadioGroup label="Scheme" items={SCHEMES} value={options.scheme} onChange={(scheme) => set({ scheme })} />
          <RadioGroup label="Type" items={TYPES} value={options.type} onChange={(type) => set({ type })} />
          <Switch label="Include zero" checked={options.zero} onChange={(zero) => set({ zero })} />
          <RadioGroup
            label="Rounding"
            showLabel
            items={ROUNDINGS}
            value={options.rounding}
            onChange={(rounding) => set({ rounding })}
          />
          <NumberField
            label="β"
            size={7}
            value={beta}
            min={Number((min - span).toPrecision(6))}
            max={alpha}
            onChange={(to) => change({ beta: to })}
          />
          <NumberField
            label="α"
            size={7}
            value={alpha}
            min={beta}
            max={Number((max + span).toPrecision(6))}
            onChange={(to) => change({ alpha: to })}
          />
          {options.scheme === 'asymmetric' && (
            <NumberField
              label="Zero point"
              size={5}
              whole
              value={zeroPoint}
              {...(options.zero && { min: low, max: high })}
              onChange={(z) => change(zeroChange(view, z))}
            />
          )}
          <FollowedField view={view} />
        </>
      }
      formula={<Formulas view={view} />}
      sentence={<Finding view={view} />}
      table={lanesTable('with a zero point', view)}
    >
      <Lanes view={view} ends={[least - room, most + room]} label={labelOf(view)} follow={follow}>
        {(places) => <Range {...{ view, options, places, change, set }} />}
      </Lanes>
      <Sides view={view} />
      <Ledger name="asymmetric" view={view} follow={follow} />
      <Differences view={view} />
    </Figure>
  );
}

function labelOf({ from, to, scale, zeroPoint }: View): string {
  return `${say(from)} to ${say(to)} in steps of ${say(scale)}: 0 is stored as ${whole(zeroPoint)}.`;
}

function Formulas({ view }: { view: View }) {
  const { low, high, from, to, zeroPoint } = view;
  const { digits, exponent } = write(from);
  const values = {
    s: view.scale,
    a: to,
    ...(from < 0 ? { b: { digits: `(${digits}`, exponent }, e: ')' } : { b: from, e: '' }),
    m: whole(high - low),
    l: whole(-low),
    n: 0 - from,
    z: whole(zeroPoint),
  };
  const own = view.scheme === 'asymmetric' && to > from;
  return (
    <>
      {own && <Formula of={formulas['scale']!} values={values} />}
      {own && <Formula of={formulas['zero']!} values={values} />}
      <Coding kind="asymmetric" view={view} />
      {own && (
        <p class="note">
          Some texts write <i>s</i> for the inverse, {whole(high - low)}/(α − β); here <i>s</i> is the step.
        </p>
      )}
    </>
  );
}

function Finding({ view }: { view: View }) {
  const { absmax, maxError, scale, zeroPoint, low, high, from, to, min, max, scheme, other } = view;
  if (absmax === 0 && maxError === 0) return <>All values are 0. Every scheme keeps them exactly.</>;
  if (scheme === 'symmetric') {
    return (
      <>
        With zero in the middle one step is <Num of={scale} role="scale" />
        {(min >= 0 || max <= 0) && ', and half of the codes are never used'}.
      </>
    );
  }
  const step = (of: number) => <Num of={write(of, 3, { pad: true })} role="scale" />;
  const lost = zeroPoint < low || zeroPoint > high;
  return (
    <>
      [<Num of={from} role="original" />, <Num of={to} role="original" />] uses all{' '}
      <Num of={whole(high - low + 1)} role="code" /> codes; one step is {step(scale)} instead of {step(other.scale)}
      {lost ? (
        '. But 0 is no longer exact, which padding and ReLU need.'
      ) : (
        <>
          , and 0 is stored as <Num of={whole(zeroPoint)} role="zero" />.
        </>
      )}
      {other.scale < EVEN * scale && ' The values reach about as far to both sides, so it hardly matters.'}
    </>
  );
}

/** A symmetric step less than so many times as wide is no loss. */
const EVEN = 1.03;

/** What both schemes do to the same values. */
function Sides({ view }: { view: View }) {
  const [asymmetric, symmetric] = view.scheme === 'symmetric' ? [view.other, view] : [view, view.other];
  const row = (name: string, { scale, used, low, high, meanError, maxError }: Outcome) => [
    name,
    <Num key="scale" of={write(scale, 3, { pad: true })} role="scale" />,
    `${whole(used)} of ${whole(high - low + 1)}`,
    <Num key="mean" of={write(meanError, 3, { pad: true })} role="error" />,
    <Num key="most" of={write(maxError, 3, { pad: true })} role="error" />,
  ];
  return (
    <DataTable
      caption={`The two schemes side by side${view.pending ? ', ≈ from a sample' : ''}`}
      columns={['scheme', 'one step', 'codes with values', 'mean error', 'largest error']}
      rows={[row('asymmetric', asymmetric), row('symmetric', symmetric)]}
    />
  );
}

/** Where the two ways to round part. */
function Differences({ view: { differing, differences, pending } }: { view: View }) {
  const more = differing - differences.length;
  return (
    <p class="note differences">
      onnxruntime divides by <i>s</i>, pytorch multiplies with 1/<i>s</i>:{' '}
      {differing === 0
        ? 'none differ'
        : `${pending ? '≈ ' : ''}${whole(differing)} ${differing === 1 ? 'code differs' : 'codes differ'}: `}
      {differences.map(({ value, onnxruntime, pytorch }, i) => (
        <span key={i}>
          {i > 0 && ', '}
          <Num of={value} role="original" digits={4} /> gets <Num of={whole(onnxruntime)} role="code" /> or{' '}
          <Num of={whole(pytorch)} role="code" />
        </span>
      ))}
      {more > 0 && `, and ${whole(more)} more`}.
    </p>
  );
}
