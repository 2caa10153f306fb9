// The rows: ticks where values stand apart, shades where they merge, the data behind, the probe through all of them.
import { useRef } from 'preact/hooks';
import type { DatasetInfo } from '../../kit/contract.ts';
import { Drawing } from '../../kit/figure.tsx';
import { unobstructed } from '../../kit/labels.ts';
import { SvgNum } from '../../kit/number.tsx';
import { plain, say, writeStored } from '../../kit/numbers.ts';
import { Pick } from '../../kit/pick.tsx';
import { linear, ticksOf } from '../../kit/scale.ts';
import type { Row, View } from './model.ts';
import { COLUMNS, warp } from './options.ts';

interface LinesProps {
  view: View;
  dataset: DatasetInfo;
  follow(index: number): void;
  zoom(factor: number, around?: number): void;
  /** Moves the probe to a place on the axis. */
  onSlide(place: number): void;
}

const TOP = 60;

/** Where things stand in a drawing so wide: `left` to `right` is the axis; `bars` and on, the powers of two. */
function layoutOf(width: number, rows: number) {
  const small = width < 640;
  const step = small ? 48 : 40;
  const bottom = TOP + rows * step;
  return small
    ? { small, step, bottom, left: 6, right: width - 6, kept: width, bars: 116, barsTop: bottom + 62, barStep: 26 }
    : {
        small,
        step,
        bottom,
        left: 116,
        right: width - 316,
        kept: width - 214,
        bars: width - 164,
        barsTop: TOP,
        barStep: step,
      };
}

/** The axis: where a value is, whether it is in sight, and where its column ends. */
interface Place {
  x(value: number): number;
  inside(value: number): boolean;
  left: number;
  right: number;
  bottom: number;
}

const clamp = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));
const rounded = (x: number) => +x.toFixed(1);

export function Lines(props: LinesProps) {
  const { view } = props;
  const { rows, probe, from, to, log } = view;
  const height = (width: number) => {
    const { small, bottom, barsTop, barStep } = layoutOf(width, rows.length);
    return small ? barsTop + rows.length * barStep + 6 : bottom + 32;
  };
  const label = `The values of ${rows.map(({ name }) => name).join(', ')} from ${say(from)} to ${say(to)}`;
  return (
    <Drawing label={label} role="group" height={height}>
      {(width) => {
        const layout = layoutOf(width, rows.length);
        const { small, left, right, bottom } = layout;
        const scale = linear([warp(from, log), warp(to, log)], [left, right]);
        const inside = (value: number) => value >= from && value <= to;
        const x = (value: number) => rounded(scale(warp(value, log)));
        const at = { x, inside, left, right, bottom };
        const powers = rows.flatMap((row) => row.powers);
        const powerAt = linear([Math.min(...powers), Math.max(...powers)], [layout.bars + 38, width - 34]);
        const barOf = (i: number) => layout.barsTop + (i + 0.5) * layout.barStep;
        const middle = (i: number) => TOP + i * layout.step + (small ? 30 : 20);
        return (
          <>
            <Data {...props} at={at} />
            <AxisTicks view={view} at={at} />
            {!small && (
              <text class="dim" x={layout.kept} y={TOP - 12} text-anchor="end">
                Nearest
              </text>
            )}
            <text class="dim" x={small ? 0 : layout.bars} y={layout.barsTop - 12}>
              Range, in powers of two
            </text>
            {rows.map((row, i) => (
              <g key={row.name}>
                <text class="strong" y={middle(i) + (small ? -14 : 4)}>
                  {row.name}
                </text>
                <Values row={row} at={at} y={middle(i)} />
                {inside(probe) && !row.outside && inside(row.kept) && (
                  <>
                    <path class="gap" d={`M${x(probe)} ${middle(i)}H${x(row.kept)}`} />
                    <circle class="ring" cx={x(row.kept)} cy={middle(i)} r="5" />
                  </>
                )}
                <text
                  class={row.outside ? 'error' : 'restored'}
                  x={layout.kept}
                  y={middle(i) + (small ? -14 : 4)}
                  text-anchor="end"
                >
                  {row.outside && (row.kept < 0 ? 'min ' : 'max ')}
                  <SvgNum of={row.kept} digits={row.outside ? 5 : 4} />
                </text>
                {small && <text y={barOf(i) + 4}>{row.name}</text>}
                <Powers row={row} x={powerAt} y={barOf(i)} />
              </g>
            ))}
            {inside(probe) && (
              <>
                <path class="stroke-ink probe" d={`M${x(probe)} ${view.marks.length ? 52 : 20}V${bottom}`} />
                {!view.marks.some(({ value }) => value === probe) && (
                  <text class="strong" x={clamp(x(probe), left + 24, right - 24)} y="13" text-anchor="middle">
                    <SvgNum of={probe} digits={4} />
                  </text>
                )}
              </>
            )}
            <Surface {...props} at={at} />
            <Marks {...props} at={at} />
          </>
        );
      }}
    </Drawing>
  );
}

/** A hill of very many values, a rug of some, a line for each of a few. */
function Data({ view: { density, marks }, dataset, at }: LinesProps & { at: Place }) {
  const { x, inside, left, right, bottom } = at;
  const bin = (i: number) => rounded(left + (i * (right - left)) / density.length);
  if (dataset.count > 4096) {
    // A step only where the height changes.
    const hill = density.map((share, i) =>
      share === density[i - 1] ? '' : `H${bin(i)}V${Math.round(bottom - share * (bottom - TOP + 10))}`,
    );
    return <path class="hill" d={`M${left} ${bottom}${hill.join('')}H${right}V${bottom}z`} />;
  }
  const stroke = (at: number) => `M${at} ${TOP}V${bottom}`;
  return (
    <>
      {[1, 2, 3, 4].map((level) => (
        <path
          key={level}
          class="stroke-original"
          stroke-opacity={level / 7}
          d={density.map((share, i) => (Math.ceil(share * 4) === level ? stroke(bin(i + 0.5)) : '')).join('')}
        />
      ))}
      <path
        class="stroke-original"
        stroke-opacity="0.4"
        d={marks.map(({ value }) => (inside(value) ? stroke(x(value)) : '')).join('')}
      />
    </>
  );
}

function AxisTicks({ view: { from, to, log }, at: { x, left, right, bottom } }: { view: View; at: Place }) {
  const count = (right - left) / 90;
  const ticks = log ? powersOfTen(from, to, count) : ticksOf(linear([from, to], [left, right]), count);
  return (
    <>
      <path class="axis" d={`M${left} ${bottom}H${right}`} />
      {ticks.map(({ value, label }) => (
        <text key={value} class="dim" x={x(value)} y={bottom + 20} text-anchor="middle">
          {label?.includes('^') === false ? label : <SvgNum of={value} />}
        </text>
      ))}
    </>
  );
}

/** 0 and, at equal distances on both sides, powers of ten from 0.1 on. */
function powersOfTen(from: number, to: number, count: number): { value: number; label?: string }[] {
  const most = Math.log10(Math.max(-from, to)) + 2;
  const step = Math.max(1, Math.ceil((2 * most) / count));
  const powers = Array.from({ length: Math.max(0, Math.ceil(most / step)) }, (_, i) => 10 ** (step * (i + 1) - 2));
  return [0, ...powers.flatMap((x) => [x, -x])].filter((x) => x >= from && x <= to).map((value) => ({ value }));
}

function Values({ row, at: { left, right }, y }: { row: Row; at: Place; y: number }) {
  const x = (column: number) => rounded(left + (column * (right - left)) / COLUMNS);
  return (
    <>
      <path class="grid" d={`M${left} ${y}H${right}`} />
      {row.shades.map(([first, last, level]) => (
        <path key={first} class="shade" opacity={(6 + level) / 20} d={`M${x(first)} ${y}H${x(last)}`} />
      ))}
      <path class="stroke-code" d={row.ticks.map((column) => `M${x(column)} ${y - 8}v16`).join('')} />
    </>
  );
}

/** Takes the pointer: one moves the probe, two zoom, and after a click the wheel does. */
function Surface({ view: { from, to, log }, zoom, onSlide, at: { left, right, bottom } }: LinesProps & { at: Place }) {
  const down = useRef(new Map<number, number>()).current;
  const armed = useRef(false);
  const placeAt = (clientX: number, target: EventTarget | null) => {
    const box = (target as Element).getBoundingClientRect();
    return linear([0, 1], [warp(from, log), warp(to, log)])(clamp((clientX - box.left) / box.width, 0, 1));
  };
  const onMove = ({ pointerId, clientX, currentTarget }: PointerEvent) => {
    if (!down.has(pointerId)) return;
    const fingers = () => {
      const all = [...down.values()];
      return [Math.min(...all), Math.max(...all)] as const;
    };
    const spread = () => Math.max(20, fingers()[1] - fingers()[0]);
    const before = spread();
    down.set(pointerId, clientX);
    const [first, last] = fingers();
    const place = placeAt((first + last) / 2, currentTarget);
    if (down.size === 1) onSlide(place);
    else zoom(before / spread(), place);
  };
  const letGo = ({ pointerId }: PointerEvent) => down.delete(pointerId);
  return (
    <rect
      class="surface"
      x={left}
      y="16"
      width={right - left}
      height={bottom - 16}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        down.set(event.pointerId, event.clientX);
        armed.current = true;
        onMove(event);
      }}
      onPointerMove={onMove}
      onPointerUp={letGo}
      onPointerCancel={letGo}
      onPointerLeave={() => {
        armed.current = false;
      }}
      onWheel={(event) => {
        if (!armed.current && !event.ctrlKey) return;
        event.preventDefault();
        zoom(2 ** clamp(event.deltaY / 200, -1, 1), placeAt(event.clientX, event.currentTarget));
      }}
    />
  );
}

/** Each of a few values: to follow, and labelled where there is room. */
function Marks({ view, dataset: { followed, summary }, follow, at }: LinesProps & { at: Place }) {
  const marks = view.marks.filter(({ value }) => at.inside(value));
  const texts = marks.map(({ value }) => plain(writeStored(value)));
  const labels = marks.map(({ value }, i) => {
    const half = 4 * texts[i]!.length;
    return clamp(at.x(value), at.left + half - 12, at.right - half + 12);
  });
  const where = (test: (mark: (typeof marks)[number]) => boolean) => marks.flatMap((mark, i) => (test(mark) ? i : []));
  const keep = [
    ...where(({ index }) => index === followed),
    ...where(({ value }) => value === summary.max || value === summary.min),
  ];
  const labelled = unobstructed(
    labels,
    texts.map((text) => 8 * text.length),
    keep,
  );
  return (
    <>
      {marks.map(({ index, value }, i) => (
        <Pick key={index} name={texts[i]!} chosen={index === followed} onPick={() => follow(index)}>
          <circle class="reach" cx={at.x(value)} cy="46" r="12" />
          <circle class="fill-original" cx={at.x(value)} cy="46" r="5" />
          {labelled.has(i) && (
            <text class="original" x={labels[i]} y="34" text-anchor="middle">
              <SvgNum of={writeStored(value)} />
            </text>
          )}
        </Pick>
      ))}
    </>
  );
}

interface PowersProps {
  row: Row;
  /** From a power of two to its place. */
  x(power: number): number;
  y: number;
}

/** From the smallest power of two to the largest; pale where the steps have stopped shrinking. */
function Powers({ row: { powers }, x, y }: PowersProps) {
  const [least, normal, end] = powers.map((power) => rounded(x(power))) as Row['powers'];
  return (
    <>
      <path class="bar wash" d={`M${least} ${y}H${normal}`} />
      <path class="bar" d={`M${normal} ${y}H${Math.max(normal + 2, end)}`} />
      <text x={least - 6} y={y + 4} text-anchor="end">
        {say(powers[0])}
      </text>
      <text x={end + 6} y={y + 4}>
        {say(powers[2])}
      </text>
    </>
  );
}
