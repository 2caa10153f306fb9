import { useRef } from 'preact/hooks';
import { useFigureId } from '../../kit/figure.tsx';
import { binaryBytes, decimalBytes, say } from '../../kit/numbers.ts';
import { stepOf } from '../../kit/step.ts';
import { type Axis, bytesAt, linearAxis, logAxis, marksOf, placeOf } from './axis.ts';
import { barsOf, fits, kindOf, labelOf, totalOf } from './finding.ts';
import type { Bar, View } from './model.ts';
import type { Options } from './options.ts';

interface BarsProps {
  view: View;
  options: Options;
  set(changes: Partial<Options>): void;
}

const percent = (place: number): string => `${+(100 * Math.min(1, Math.max(0, place))).toFixed(3)}%`;

/** One bar per width, and below, on a scale of their own, one per block format: a radio group to choose one. */
export function Bars({ view, options, set }: BarsProps) {
  const hatch = useFigureId('hatch');
  const possible = barsOf(view).filter(({ problem }) => !problem);
  const largest = (bars: readonly Bar[]) => Math.max(...bars.map((bar) => totalOf(view, bar)));
  const smallest = Math.min(...possible.map(({ weights }) => weights));
  const axisOf = (bars: readonly Bar[]) =>
    options.log ? logAxis(smallest, largest(possible)) : linearAxis(largest(bars));
  const half = Math.ceil(view.blocks.length / 2);
  const plot = (bars: readonly Bar[], axis: Axis) => <Plot {...{ bars, axis, view, options, set, hatch }} />;
  const closer = axisOf(view.blocks);
  return (
    <div class="bars" role="radiogroup" aria-label="Format">
      <Legend hatch={hatch} cache={view.kvCache !== null} />
      <div class="panel wide">{plot(view.widths, axisOf(view.widths))}</div>
      <h3 class="panel-title">
        Formats that files are in, scales included
        {!options.log && (
          <span class="note"> · this axis is enlarged {say(axisOf(view.widths).max / closer.max, 2)} times</span>
        )}
      </h3>
      <div class="panel pair">
        {plot(view.blocks.slice(0, half), closer)}
        {plot(view.blocks.slice(half), closer)}
      </div>
    </div>
  );
}

interface PlotProps extends BarsProps {
  bars: readonly Bar[];
  axis: Axis;
  hatch: string;
}

function Plot({ bars, axis, view, options, set, hatch }: PlotProps) {
  const marks = marksOf(axis);
  return (
    <div class="plot">
      <svg class="plot-axis" aria-hidden="true">
        {marks.map(({ place, label }) => (
          <text key={label} x={percent(place)} y="13" text-anchor="middle" class="dim">
            {label}
          </text>
        ))}
      </svg>
      <span class="plot-unit" aria-hidden="true">
        GB
      </span>
      <div class="plot-rows">
        <svg class="plot-lines" aria-hidden="true">
          {marks.map(({ place, label }) => (
            <line key={label} class="grid" x1={percent(place)} x2={percent(place)} y2="100%" />
          ))}
        </svg>
        {bars.map((bar) => (
          <Row key={bar.key} {...{ bar, axis, view, options, set, hatch }} />
        ))}
        <MemoryLine axis={axis} memory={options.memory} set={set} />
      </div>
    </div>
  );
}

function Row({ bar, axis, view, options, set, hatch }: Omit<PlotProps, 'bars'> & { bar: Bar }) {
  const name = useFigureId('format');
  const total = totalOf(view, bar);
  const fitting = fits(view, bar, options.memory);
  const end = placeOf(axis, bar.weights);
  const title = bar.problem || `${labelOf(bar)}: ${decimalBytes(total)} (${binaryBytes(total)})`;
  return (
    <label class={`row ${bar.key === options.type ? 'chosen' : ''}`} title={title}>
      <input
        type="radio"
        name={name}
        value={bar.key}
        checked={bar.key === options.type}
        disabled={bar.problem !== ''}
        autocomplete="off"
        onChange={() => set({ type: bar.key })}
      />
      <span class="row-name">
        {labelOf(bar)} <span class="detail">{bar.detail}</span>
      </span>
      <svg class="row-bar" aria-hidden="true">
        <rect
          {...(fitting ? { class: `fill-${kindOf(bar)}` } : { fill: `url(#${hatch}-${kindOf(bar)})` })}
          width={percent(end)}
          height="100%"
        />
        {view.kvCache !== null && !bar.problem && (
          <rect class="cache" x={percent(end)} width={percent(placeOf(axis, total) - end)} height="100%" />
        )}
      </svg>
      <span class="row-bytes">{bar.problem ? '–' : decimalBytes(total)}</span>
      <span class="row-fit">{bar.problem || (fitting ? 'fits' : 'does not fit')}</span>
    </label>
  );
}

/** The reader's memory: a line to drag. The slider "Your memory" does the same by keyboard. */
function MemoryLine({ axis, memory, set }: { axis: Axis; memory: number; set: BarsProps['set'] }) {
  const svg = useRef<SVGSVGElement>(null);
  const place = placeOf(axis, memory * 1e9);
  const beyond = place > 1;
  const at = percent(place);
  const drag = (event: PointerEvent) => {
    const { left, width } = svg.current!.getBoundingClientRect();
    const gigabytes = bytesAt(axis, (event.clientX - left) / width) / 1e9;
    const step = axis.min === 0 ? stepOf(0, axis.max / 1e9) : 10 ** Math.floor(Math.log10(gigabytes) - 1);
    set({ memory: Number((Math.round(gigabytes / step) * step).toPrecision(6)) });
  };
  const start = (event: PointerEvent) => {
    event.preventDefault();
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent) => {
    if ((event.currentTarget as Element).hasPointerCapture(event.pointerId)) drag(event);
  };
  const anchor = place < 0.2 ? 'start' : place > 0.8 ? 'end' : 'middle';
  return (
    <svg class="plot-memory" aria-hidden="true" ref={svg}>
      {!beyond && (
        <g class="grip" onPointerDown={start} onPointerMove={move}>
          <line class="reach" x1={at} x2={at} y2="100%" />
          <line class="stroke-ink" x1={at} x2={at} y2="100%" />
          <circle class="fill-ink" cx={at} cy="100%" r="6" />
        </g>
      )}
      <text class="strong" x={at} y="100%" dy="21" text-anchor={anchor}>
        {beyond ? `your ${say(memory, 4)} GB →` : `${say(memory, 4)} GB`}
      </text>
    </svg>
  );
}

function Legend({ hatch, cache }: { hatch: string; cache: boolean }) {
  const item = (rect: object, label: string) => (
    <span>
      <svg width="14" height="12" aria-hidden="true">
        <rect x="0.5" y="0.5" width="13" height="11" {...rect} />
      </svg>
      {label}
    </span>
  );
  return (
    <p class="legend">
      {item({ class: 'fill-original' }, 'not quantized')}
      {item({ class: 'fill-code' }, 'quantized')}
      {cache && item({ class: 'cache' }, 'KV cache')}
      {item({ fill: `url(#${hatch}-code)` }, 'does not fit')}
      <svg width="0" height="0" aria-hidden="true">
        {(['original', 'code'] as const).map((kind) => (
          <pattern
            id={`${hatch}-${kind}`}
            key={kind}
            width="6"
            height="6"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <rect class={`wash-${kind}`} width="6" height="6" />
            <rect class={`fill-${kind}`} width="1.5" height="6" />
          </pattern>
        ))}
      </svg>
    </p>
  );
}
