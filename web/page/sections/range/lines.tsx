// The rows: ticks where values stand apart, shades where they merge, the data behind, the probe through all of them.
import { useRef } from 'preact/hooks';
import type { DatasetInfo } from '../../kit/contract.ts';
import { Drawing } from '../../kit/figure.tsx';
import { SvgNum } from '../../kit/number.tsx';
import { plain, say, writeStored } from '../../kit/numbers.ts';
import { linear, ticksOf } from '../../kit/scale.ts';
import { COLUMNS, type Row, type View } from './model.ts';
import { warp } from './options.ts';

interface LinesProps {
  view: View;
  dataset: DatasetInfo;
  follow(index: number): void;
  zoom(factor: number, around?: number): void;
  /** Moves the probe to a place on the axis. */
  onSlide(place: number): void;
}

const TOP = 60;
const narrow = (width: number) => width < 640;

/** Where things stand in a drawing so wide. */
function layoutOf(width: number, rows: number) {
  const small = narrow(width);
  const step = small ? 48 : 40;
  const bottom = TOP + rows * step;
  return small
    ? { small, step, bottom, left: 6, right: width - 6, kept: width, bars: 128, barsTop: bottom + 74, barStep: 26 }
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

export function Lines(props: LinesProps) {
  const { view, dataset } = props;
  const { rows, probe, from, to, log } = view;
  const count = rows.length;
  const height = (width: number) => (narrow(width) ? TOP + count * 74 + 84 : TOP + count * 40 + 34);
  const label = `The values of ${rows.map(({ name }) => name).join(', ')} from ${say(from)} to ${say(to)}`;
  return (
    <Drawing label={label} role="group" height={height}>
      {(width) => {
        const at = layoutOf(width, count);
        const place = linear([warp(from, log), warp(to, log)], [at.left, at.right]);
        const x = (value: number) => +place(warp(value, log)).toFixed(1);
        const inside = (value: number) => value >= from && value <= to;
        const middle = (i: number) => TOP + i * at.step + (at.small ? 30 : 20);
        return (
          <>
            <Data {...{ view, dataset, x, inside }} left={at.left} right={at.right} bottom={at.bottom} />
            <AxisTicks {...{ view, x }} left={at.left} right={at.right} bottom={at.bottom} />
            {rows.map((row, i) => (
              <g key={row.name}>
                <text class="strong" x="0" y={middle(i) + (at.small ? -14 : 4)}>
                  {row.name}
                </text>
                <Values row={row} left={at.left} width={at.right - at.left} y={middle(i)} />
                {inside(probe) && <Snap {...{ row, x, inside }} probe={probe} y={middle(i)} />}
                <text
                  class={row.outside ? 'error' : 'restored'}
                  x={at.kept}
                  y={middle(i) + (at.small ? -14 : 4)}
                  text-anchor="end"
                >
                  {row.outside ? `${row.kept < 0 ? 'min' : 'max'} ` : ''}
                  <SvgNum of={row.kept} digits={row.outside ? 5 : 4} />
                </text>
              </g>
            ))}
            {inside(probe) && (
              <g class="probe">
                <path class="stroke-ink" d={`M${x(probe)} ${view.marks.length ? 52 : 20}V${at.bottom}`} />
                {!view.marks.some(({ value }) => value === probe) && (
                  <text class="strong" x={clamp(x(probe), at.left + 24, at.right - 24)} y="13" text-anchor="middle">
                    <SvgNum of={probe} digits={4} />
                  </text>
                )}
              </g>
            )}
            <Surface {...props} left={at.left} right={at.right} bottom={at.bottom} />
            <Marks {...props} {...{ x, inside }} />
            <Powers rows={rows} names={at.small} left={at.bars} right={width} top={at.barsTop} step={at.barStep} />
          </>
        );
      }}
    </Drawing>
  );
}

const clamp = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));

interface Place {
  left: number;
  right: number;
  bottom: number;
}
interface OnAxis {
  x(value: number): number;
  inside(value: number): boolean;
}

/** A hill of very many values, a rug of some, a line for each of a few. */
function Data({
  view,
  dataset,
  x,
  inside,
  left,
  right,
  bottom,
}: Place & OnAxis & { view: View; dataset: DatasetInfo }) {
  const { density, marks } = view;
  const width = (right - left) / (density.length || 1);
  const reach = bottom - TOP + 10;
  if (dataset.count > 4096) {
    const hill = density.map((share) => `V${(bottom - share * reach).toFixed(1)}h${width.toFixed(2)}`).join('');
    return <path class="hill" d={`M${left} ${bottom}${hill}V${bottom}z`} />;
  }
  return (
    <>
      {density.map(
        (share, i) =>
          share > 0 && (
            <rect
              key={i}
              class="fill-original"
              fill-opacity={0.15 + 0.6 * share}
              x={left + i * width}
              width={width}
              y={TOP}
              height={bottom - TOP}
            />
          ),
      )}
      {marks.map(
        ({ index, value }) => inside(value) && <path key={index} class="thread" d={`M${x(value)} 44V${bottom}`} />,
      )}
    </>
  );
}

function AxisTicks({ view, x, left, right, bottom }: Place & { view: View; x: OnAxis['x'] }) {
  const { from, to, log } = view;
  const count = (right - left) / 90;
  const ticks = log ? powersOfTen(view, count) : ticksOf(linear([from, to], [left, right]), count);
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

/** 0 and, at equal distances on both sides, powers of ten. */
function powersOfTen({ from, to }: View, count: number): { value: number; label?: string }[] {
  const least = -2;
  const most = Math.log10(Math.max(-from, to));
  const step = Math.max(1, Math.ceil((2 * (most - least)) / count));
  const powers = Array.from(
    { length: Math.max(0, Math.ceil((most - least) / step)) },
    (_, i) => 10 ** (least + step * (i + 1)),
  );
  return [0, ...powers, ...powers.map((x) => -x)].filter((x) => x >= from && x <= to).map((value) => ({ value }));
}

function Values({ row, left, width, y }: { row: Row; left: number; width: number; y: number }) {
  const at = (column: number) => +(left + (column * width) / COLUMNS).toFixed(1);
  return (
    <>
      <path class="grid" d={`M${left} ${y}h${width}`} />
      {row.shades.map(([first, last, level]) => (
        <path
          key={first}
          class="shade"
          fill-opacity={Math.min(0.8, 0.3 + 0.05 * level)}
          d={`M${at(first)} ${y - 8}H${at(last)}v16H${at(first)}`}
        />
      ))}
      <path class="stroke-code" d={row.ticks.map((column) => `M${at(column)} ${y - 8}v16`).join('')} />
    </>
  );
}

/** A ring where the probe goes, and how far that is. */
function Snap({ row, probe, x, inside, y }: OnAxis & { row: Row; probe: number; y: number }) {
  const { kept, outside } = row;
  if (outside || !inside(kept)) return null;
  return (
    <>
      <path class="gap" d={`M${x(probe)} ${y}H${x(kept)}`} />
      <circle class="ring" cx={x(kept)} cy={y} r="5" />
    </>
  );
}

/** Takes the pointer: one moves the probe, two zoom, and after a click the wheel does. */
function Surface({ view, zoom, onSlide, left, right, bottom }: LinesProps & Place) {
  const pointers = useRef(new Map<number, number>());
  const armed = useRef(false);
  const { from, to, log } = view;
  const placeAt = (clientX: number, target: EventTarget) => {
    const box = (target as Element).getBoundingClientRect();
    const share = clamp((clientX - box.left) / box.width, 0, 1);
    return warp(from, log) * (1 - share) + warp(to, log) * share;
  };
  const onMove = ({ pointerId, clientX, currentTarget }: PointerEvent) => {
    const down = pointers.current;
    if (!down.has(pointerId)) return;
    const spread = () => {
      const [a, b] = [...down.values()];
      return Math.max(20, Math.abs(a! - b!));
    };
    const before = spread();
    down.set(pointerId, clientX);
    if (down.size === 1) onSlide(placeAt(clientX, currentTarget!));
    else {
      const middle = [...down.values()].reduce((sum, x) => sum + x, 0) / down.size;
      zoom(before / spread(), placeAt(middle, currentTarget!));
    }
  };
  return (
    <rect
      class="surface"
      x={left}
      y="16"
      width={right - left}
      height={bottom - 16}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        pointers.current.set(event.pointerId, event.clientX);
        armed.current = true;
        onMove(event);
      }}
      onPointerMove={onMove}
      onPointerUp={({ pointerId }) => pointers.current.delete(pointerId)}
      onPointerCancel={({ pointerId }) => pointers.current.delete(pointerId)}
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
function Marks({ view, dataset, follow, x, inside }: LinesProps & OnAxis) {
  const { followed, summary } = dataset;
  const shown = view.marks.filter(({ value }) => inside(value));
  const weight = ({ index, value }: View['marks'][number]) =>
    index === followed ? 2 : value === summary.max || value === summary.min ? 1 : 0;
  const taken: number[] = [];
  const labelled = new Set(
    [...shown]
      .sort((a, b) => weight(b) - weight(a))
      .filter(({ value }) => !taken.some((at) => Math.abs(at - x(value)) < 38) && taken.push(x(value))),
  );
  return (
    <>
      {shown.map((mark) => {
        const { index, value } = mark;
        return (
          // biome-ignore lint/a11y/useSemanticElements: there are no buttons in SVG.
          <g
            key={index}
            class={index === followed ? 'mark followed' : 'mark'}
            tabindex={0}
            role="button"
            aria-label={`Follow ${plain(writeStored(value))}`}
            aria-pressed={index === followed}
            onClick={() => follow(index)}
            onKeyDown={({ key }) => (key === 'Enter' || key === ' ') && follow(index)}
          >
            <circle class="reach" cx={x(value)} cy="46" r="12" />
            <circle class="fill-original" cx={x(value)} cy="46" r="5" />
            {labelled.has(mark) && (
              <text class="original" x={x(value)} y="34" text-anchor="middle">
                <SvgNum of={writeStored(value)} />
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

interface PowersProps {
  rows: readonly Row[];
  /** Whether the names are elsewhere. */
  names: boolean;
  left: number;
  right: number;
  top: number;
  step: number;
}

/** From the smallest power of two to the largest; pale where the steps have stopped shrinking. */
function Powers({ rows, names, left, right, top, step }: PowersProps) {
  const all = rows.flatMap(({ powers }) => powers);
  const x = linear([Math.min(...all), Math.max(...all)], [left + 38, right - 34]);
  return (
    <>
      <text class="dim" x={names ? 0 : left} y={top - 12}>
        Range, in powers of two
      </text>
      {rows.map(({ name, powers }, i) => {
        const [least, normal, end] = powers.map((power) => x(power)) as [number, number, number];
        const y = top + i * step + step / 2;
        return (
          <g key={name}>
            {names && (
              <text x="0" y={y + 4}>
                {name}
              </text>
            )}
            <rect class="wash" x={least} y={y - 5} width={normal - least} height="10" />
            <rect class="fill-code" x={normal} y={y - 5} width={Math.max(2, end - normal)} height="10" />
            <text x={least - 6} y={y + 4} text-anchor="end">
              {say(powers[0])}
            </text>
            <text x={end + 6} y={y + 4}>
              {say(powers[2])}
            </text>
          </g>
        );
      })}
    </>
  );
}
