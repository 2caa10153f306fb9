import type { FigureProps } from '../../kit/contract.ts';
import { RadioGroup } from '../../kit/controls/choice.tsx';
import { useExact } from '../../kit/exact.ts';
import { Figure } from '../../kit/figure.tsx';
import { Formula } from '../../kit/formula.tsx';
import { Coding } from '../../kit/lanes/followed.tsx';
import { Lanes, type Places } from '../../kit/lanes/lanes.tsx';
import { FollowedField, Ledger, lanesTable } from '../../kit/lanes/ledger.tsx';
import type { LanesView } from '../../kit/lanes/view.ts';
import { Num } from '../../kit/number.tsx';
import { count, MINUS, plain, say, whole, write } from '../../kit/numbers.ts';
import formulas from './formulas.tex';
import type { View } from './model.ts';
import { type Options, RANGES, TYPES } from './options.ts';

export { options } from './options.ts';

/** Room beside the largest value, for it to grow into. */
const ROOM = 1.15;
/** What the codes of the largest value are, or would be but for rounding. */
const half = ({ low, high }: LanesView) => plain(write((high - low) / 2));

export default function Symmetric(props: FigureProps<Options, View>) {
  const { options, set, dataset, follow } = props;
  const view = useExact(props);
  const reach = ROOM * (view.absmax || 1);
  return (
    <Figure
      title={`Absmax: ${dataset.name}`}
      controls={
        <>
          <RadioGroup label="Type" items={TYPES} value={options.type} onChange={(type) => set({ type })} />
          <RadioGroup
            label="Range"
            showLabel
            items={RANGES}
            value={options.range}
            onChange={(range) => set({ range })}
          />
          <FollowedField view={view} />
        </>
      }
      formula={<Formulas view={view} />}
      sentence={<Finding view={view} options={options} />}
      table={lanesTable('symmetric', view)}
    >
      <Lanes view={view} ends={[-reach, reach]} label={labelOf(view)} follow={follow}>
        {(places) => view.absmax > 0 && <Reach view={view} places={places} />}
      </Lanes>
      <Ledger name="symmetric" view={view} follow={follow} />
    </Figure>
  );
}

function labelOf({ count: n, followed, absmax, scale }: LanesView): string {
  return `${count(n, 'values')} up to ${say(absmax)} in steps of ${say(scale)}: ${say(followed.value)} gets the code ${whole(followed.code)} and comes back as ${say(followed.restored)}.`;
}

/** α and −α: the codes span from one to the other. */
function Reach({ view, places: { x, original, code, narrow } }: { view: LanesView; places: Places }) {
  const [left, right] = [x(-view.absmax), x(view.absmax)];
  const down = `${original + 12}V${code - 15}`;
  const name = (at: number, text: string) => (
    <text class="dim" x={at} y={view.few ? original - 36 : 6}>
      {text}
    </text>
  );
  return (
    <>
      <path class="bracket" d={`M${left} ${down}M${right} ${down}`} />
      {!narrow && name(left, `${MINUS}α`)}
      {!narrow && name(right, 'α')}
    </>
  );
}

function Formulas({ view }: { view: LanesView }) {
  const { absmax } = view;
  const values = { a: absmax, m: half(view), s: view.scale };
  return (
    <>
      {absmax > 0 && <Formula of={formulas['scale']!} values={values} />}
      <Coding kind="symmetric" view={view} />
      {absmax > 0 && (
        <p class="note">
          Some texts write <i>s</i> for the inverse, {values.m}/α; here <i>s</i> is the step.
        </p>
      )}
    </>
  );
}

function Finding({ view, options }: { view: View; options: Options }) {
  const { absmax, beyondHalf, pending, scale, worst, low, high, used } = view;
  const most = worst[0]!;
  if (absmax === 0)
    return (
      <>
        All values are 0. Every scheme keeps them exactly; the scale is <Num of={scale} role="scale" />, since nothing
        asks for another.
      </>
    );
  const about = pending ? '≈ ' : '';
  return (
    <>
      One step is <Num of={scale} role="scale" />; nothing moves further than half of it.{' '}
      {most.error !== 0 ? (
        <>
          {about}
          <Num of={most.value} role="original" /> moves most: it comes back as{' '}
          <Num of={most.restored} role="restored" />.{' '}
        </>
      ) : view.count === 1 ? (
        'One value is its own maximum: no error. '
      ) : (
        'No value moves at all. '
      )}
      {about}
      <Num of={whole(used)} /> of <Num of={whole(high - low + 1)} role="code" /> codes {used === 1 ? 'is' : 'are'} in
      use
      {options.range === 'narrow' ? (
        <>
          ; <Num of={whole(low - 1)} role="code" /> stays unused, so that −<i>x</i> always gets −<i>q</i>.
        </>
      ) : (
        <>
          , but −<i>x</i> may not get −<i>q</i>.
        </>
      )}
      {beyondHalf && ' The largest value is beyond float16.'}
    </>
  );
}
