import type { FigureProps } from '../../kit/contract.ts';
import { RadioGroup } from '../../kit/controls/choice.tsx';
import { Figure } from '../../kit/figure.tsx';
import { Formula } from '../../kit/formula.tsx';
import { useExact } from '../../kit/lanes/exact.ts';
import { Lanes, type Places } from '../../kit/lanes/lanes.tsx';
import { FollowedField, Ledger, lanesTable } from '../../kit/lanes/ledger.tsx';
import type { LanesView } from '../../kit/lanes/view.ts';
import { Num } from '../../kit/number.tsx';
import { MINUS, plain, say, whole, write } from '../../kit/numbers.ts';
import formulas from './formulas.tex';
import { type Options, RANGES, TYPES } from './options.ts';

export { options } from './options.ts';

/** Room beside the largest value, for it to grow into. */
const ROOM = 1.15;

export default function Symmetric(props: FigureProps<Options, LanesView>) {
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
      <Lanes view={view} axis={[-reach, reach]} label={labelOf(view)} follow={follow}>
        {(places) => <Reach view={view} places={places} />}
      </Lanes>
      <Ledger name="symmetric" view={view} follow={follow} />
    </Figure>
  );
}

function labelOf({ count, followed, absmax, scale }: LanesView): string {
  return `${whole(count)} ${count === 1 ? 'value' : 'values'} up to ${say(absmax)} in steps of ${say(scale)}: ${say(followed.value)} gets the code ${whole(followed.code)} and comes back as ${say(followed.restored)}.`;
}

/** α and −α: the codes span from one to the other. */
function Reach({ view, places: { x, original, code, narrow } }: { view: LanesView; places: Places }) {
  if (view.absmax === 0) return null;
  const top = view.few ? original - 36 : 6;
  return (
    <>
      {[-1, 1].map((sign) => {
        const at = x(sign * view.absmax);
        return (
          <g key={sign}>
            <path class="bracket" d={`M${at} ${original + 12}V${code - 15}`} />
            {!narrow && (
              <text class="dim" x={at} y={top} text-anchor="middle">
                {sign < 0 ? `${MINUS}α` : 'α'}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

function Formulas({ view }: { view: LanesView }) {
  const { followed, absmax, scale, low, high } = view;
  const values = {
    a: absmax,
    m: plain(write((high - low) / 2)),
    s: scale,
    x: followed.value,
    r: followed.ratio,
    q: whole(followed.code),
    y: followed.restored,
  };
  return (
    <>
      {absmax > 0 && <Formula of={formulas['scale']!} values={values} />}
      <Formula of={formulas['code']!} values={values} />
      <Formula of={formulas['restored']!} values={values} />
      {absmax > 0 && (
        <p class="note">
          Some texts write <i>s</i> for the inverse, {plain(write((high - low) / 2))}/α; here <i>s</i> is the step.
        </p>
      )}
    </>
  );
}

function Finding({ view, options }: { view: LanesView; options: Options }) {
  const { absmax, approximate, scale, worst, low, high, used } = view;
  const [most] = worst;
  if (absmax === 0) return <>Every value is 0 and stays 0. There is nothing to scale.</>;
  const about = approximate ? '≈ ' : '';
  return (
    <>
      One step is <Num of={scale} role="scale" />; nothing moves further than half of it.{' '}
      {most && most.error !== 0 ? (
        <>
          {about}
          <Num of={most.value} role="original" /> moves most: it comes back as{' '}
          <Num of={most.restored} role="restored" />.{' '}
        </>
      ) : (
        <>No value moves at all. </>
      )}
      {options.range === 'narrow' ? (
        <>
          The code <Num of={whole(low - 1)} role="code" /> stays unused, so that −<i>x</i> always gets −<i>q</i>.
        </>
      ) : (
        <>
          All <Num of={whole(high - low + 1)} role="code" /> codes span the range, but −<i>x</i> may not get −<i>q</i>.
        </>
      )}{' '}
      {about}
      <Num of={whole(used)} /> {used === 1 ? 'code is' : 'codes are'} in use.
    </>
  );
}
