import type { TableData } from '../../kit/controls/table.tsx';
import { Drawing } from '../../kit/figure.tsx';
import { Num, SvgNum } from '../../kit/number.tsx';
import { percent, whole } from '../../kit/numbers.ts';
import { linear } from '../../kit/scale.ts';
import type { View } from './model.ts';

/** As tall as the ten largest errors beside it, where there is room for both. */
const height = (width: number) => (width < 360 ? 208 : 316);
const MARGIN = { top: 20, right: 12, bottom: 40, left: 12 };

/** How the errors spread: an area for the first scheme, a line for the second. */
export function ErrorHistogram({ view, label }: { view: View; label: string }) {
  const { sides, reach, followed } = view;
  return (
    <Drawing label={label} height={height} built={439}>
      {(width, tall) => {
        const bottom = tall - MARGIN.bottom;
        const x = linear([-reach, reach], [MARGIN.left, width - MARGIN.right]);
        const totals = sides.map(({ errors }) => errors.reduce((sum, n) => sum + n, 0) || 1);
        const highest = Math.max(...sides.map(({ errors }, i) => Math.max(0, ...errors) / totals[i]!));
        const y = linear([0, highest || 1], [bottom, MARGIN.top]);
        const share = (side: number, bin: number) => y(sides[side]!.errors[bin]! / totals[side]!);
        const step = (width - MARGIN.left - MARGIN.right) / (sides[0]!.errors.length || 1);
        const error = followed?.cells[0]?.error;
        return (
          <>
            <line class="grid" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(highest)} y2={y(highest)} />
            <text class="note" x={MARGIN.left} y={y(highest) - 6}>
              {percent(highest)} of the values
            </text>
            {sides.map(({ errors }, i) => (
              <path
                key={i}
                class={i === 0 ? 'spread' : 'spread second'}
                d={steps(errors.length, (bin) => share(i, bin), step, bottom)}
              />
            ))}
            {sides[0]!.halfStep !== null &&
              [-1, 1].map((sign) => {
                const at = sign * sides[0]!.halfStep!;
                if (Math.abs(at) > reach) return null;
                return <line key={sign} class="half" x1={x(at)} x2={x(at)} y1={MARGIN.top} y2={bottom} />;
              })}
            <line class="axis" x1={MARGIN.left} x2={width - MARGIN.right} y1={bottom} y2={bottom} />
            {[-reach, 0, reach].map((tick, i) => (
              <text
                key={tick}
                class="tick"
                x={x(tick)}
                y={bottom + 18}
                text-anchor={(['start', 'middle', 'end'] as const)[i]!}
              >
                <SvgNum of={tick} digits={2} />
              </text>
            ))}
            <text class="note" x={width / 2} y={bottom + 34} text-anchor="middle">
              error: restored − original
            </text>
            {error !== undefined && Number.isFinite(error) && (
              <path class="diamond" d={`M${x(error)} ${bottom - 6}l5 6l-5 6l-5 -6z`} />
            )}
          </>
        );
      }}
    </Drawing>
  );
}

function steps(bins: number, top: (bin: number) => number, step: number, bottom: number): string {
  let path = `M${MARGIN.left} ${bottom}`;
  for (let bin = 0; bin < bins; bin++) path += `V${top(bin).toFixed(1)}h${step.toFixed(3)}`;
  return `${path}V${bottom}`;
}

/** The drawing's numbers. */
export function errorTable({ sides, reach }: View): TableData {
  const bins = sides[0]!.errors.length;
  const edge = (bin: number) => ((2 * bin) / bins - 1) * reach;
  const rows = Array.from({ length: bins }, (_, bin) => [
    <Num key="from" of={edge(bin)} digits={2} />,
    <Num key="to" of={edge(bin + 1)} digits={2} />,
    ...sides.map(({ errors }) => whole(errors[bin] ?? 0)),
  ]);
  return {
    caption: 'How many values have which error',
    columns: ['from', 'to', ...sides.map(({ title }) => title)],
    rows,
  };
}
