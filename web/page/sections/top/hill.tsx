// The hill of the originals, threads, and the bars of what remains, hanging below on the same axis. Everything stands
// in fractions of the width, so that the build's picture fits every screen.
import { useEffect, useRef } from 'preact/hooks';
import { keyTarget } from '../../kit/controls/slider.tsx';
import { useFigureId, useWidth } from '../../kit/figure.tsx';
import { unobstructed } from '../../kit/labels.ts';
import { Num, SvgNum } from '../../kit/number.tsx';
import { percent as percentText, say, tickLabels, whole, write } from '../../kit/numbers.ts';
import { oneTwoFive } from '../../kit/step.ts';
import { isCrowded, towards, widthOf } from './labels.ts';
import { type Mark, PLACES, placeOf, type View, type Wish } from './model.ts';

interface HillProps {
  view: View;
  noun: string;
  /** Follows another element. */
  pick(wish: Wish): void;
}

const at = (place: number) => `${+(100 * place).toFixed(3)}%`;

export function Hill({ view, noun, pick }: HillProps) {
  const { different, left, count, marks, reach, largest, pending, bits } = view;
  // One bit takes the mean size instead.
  const setsSteps = reach > 0 && bits > 1;
  const few = marks.length > 0;
  const [plot, width] = useWidth<HTMLDivElement>();
  const aim = (event: PointerEvent) => {
    const { left: start, width: wide } = plot.current!.getBoundingClientRect();
    pick({ value: reach * Math.min(1, Math.max(-1, (2 * (event.clientX - start)) / wide - 1)) });
  };
  const start = (event: PointerEvent) => {
    if (event.button !== 0) return;
    plot.current!.setPointerCapture(event.pointerId);
    aim(event);
  };
  const move = (event: PointerEvent) => {
    if (plot.current!.hasPointerCapture(event.pointerId)) aim(event);
  };
  return (
    <div class={['hill', few && 'few', isCrowded(view, width) && 'crowded'].filter(Boolean).join(' ')}>
      <div class="hill-plot" ref={plot} onPointerDown={start} onPointerMove={move}>
        <div class="hill-picture" role="img" aria-label={nameOf(view, noun)}>
          <Above hill={view.hill} />
          <Threads view={view} />
          <Bars view={view} />
          <Axis reach={reach} />
        </div>
        <svg class="hill-marks" role="presentation">
          {setsSteps && !few && <circle class="fill-original" cx={at(placeOf(largest, reach))} r="4" />}
          {few ? <Marks view={view} width={width} pick={pick} /> : <Followed view={view} pick={pick} />}
        </svg>
      </div>
      <div class="hill-notes r-original">
        <p class="hill-count">
          <b>{whole(different ?? count)}</b>{' '}
          {different === null ? noun : `different value${different === 1 ? '' : 's'}`}
        </p>
        {setsSteps && (
          <p class={largest > 0 ? 'hill-largest right' : 'hill-largest'}>
            <Num of={reach} /> sets the steps
          </p>
        )}
      </div>
      <p class="hill-count below r-restored">
        <b>
          {pending && '≈ '}
          {whole(left)}
        </b>{' '}
        value{left === 1 ? '' : 's'} left
      </p>
    </div>
  );
}

function nameOf({ count, left, meanError, meanSize, reach, bits }: View, noun: string): string {
  const moved = meanSize > 0 ? `; on average they move by ${percentText(meanError / meanSize)} of their size` : '';
  return `The hill of ${whole(count)} ${noun} between ${say(-reach)} and ${say(reach)}, and below it the ${whole(left)} values that ${bits === 1 ? 'one bit leaves' : `${bits} bits leave`}${moved}.`;
}

function Above({ hill }: { hill: readonly number[] }) {
  const fill = useFigureId('hill fill');
  const path = hill.map((height, i) => `l${i && 2} ${(hill[i - 1] ?? 0) - height}`).join('');
  return (
    <svg class="hill-above" aria-hidden="true" viewBox={`-1 0 ${2 * hill.length || 1} 1000`} preserveAspectRatio="none">
      <linearGradient id={fill} x2="0" y2="1">
        <stop class="area" />
        <stop class="area faint" offset="1" />
      </linearGradient>
      {hill.length > 0 && <path d={`M0 1000${path}V1000`} fill={`url(#${fill})`} />}
    </svg>
  );
}

/** In so many strokes: within one, threads hardly overlap, so that overlap still shows, at the price of few elements. */
const STROKES = 30;

function Threads({ view: { from, to, levels, reach, marks, followed } }: { view: View }) {
  const stroke = useFigureId('thread');
  const placed = (x: number) => Math.round(PLACES * placeOf(x, reach));
  const ends = levels.map(placed);
  const strokes = new Array<string>(Math.min(STROKES, from.length)).fill('');
  const drawn: number[] = [];
  let place = 0;
  from.forEach((gap, i) => {
    const stroke = i % STROKES;
    const end = ends[to[i]!]!;
    place += gap;
    // Relative to the end of the last one: small numbers make a small page.
    strokes[stroke] += threadOf(strokes[stroke] ? `m${place - drawn[stroke]!}-20` : `M${place} 0`, end - place);
    drawn[stroke] = end;
  });
  const start = placed(followed.original);
  return (
    <svg class="hill-threads" aria-hidden="true" viewBox={`0 0 ${PLACES} 20`} preserveAspectRatio="none">
      <linearGradient id={stroke} gradientUnits="userSpaceOnUse" x2="0" y2="20">
        <stop class="start" />
        <stop class="end" offset=".75" />
      </linearGradient>
      <g class={marks.length > 0 ? 'few' : ''} stroke={`url(#${stroke})`}>
        {strokes.map((d, i) => (
          <path key={i} d={d} />
        ))}
      </g>
      {reach > 0 && <path class="followed" d={threadOf(`M${start} 0`, placed(followed.restored) - start)} />}
    </svg>
  );
}

const threadOf = (start: string, by: number) => `${start}c0 11 ${by} 7 ${by} 20`;

/** Of the width: wider bars are as wide as style.css says. */
const WIDE = 0.09;

function Bars({ view: { levels, shares, reach, bits } }: { view: View }) {
  const fill = useFigureId('bar fill');
  const most = Math.max(...shares);
  const gap = levels.length > 1 ? placeOf(levels[1]!, reach) - placeOf(levels[0]!, reach) : 1;
  const width = 0.7 * gap;
  const round = [3, 3, 3, 3, 3, 2, 1, 0, 0][bits];
  return (
    <svg class="hill-bars" aria-hidden="true">
      <linearGradient id={fill} gradientUnits="userSpaceOnUse" x1="0" x2="0" y1="0" y2="100%">
        <stop class="area faint" />
        <stop class="area" offset="1" />
      </linearGradient>
      <g class={bits > 6 ? 'dense' : ''} fill={`url(#${fill})`}>
        {levels.map((level, i) => {
          const share = shares[i]! / most;
          if (share === 0 && bits > 6) return null;
          const place = placeOf(level, reach);
          return (
            <rect
              key={i}
              class={`${width > WIDE ? 'wide' : ''}${share === 0 ? ' empty' : ''}`}
              x={at(width > WIDE ? place : place - width / 2)}
              width={at(Math.min(width, WIDE))}
              height={at(Math.max(0.016, share))}
              rx={round}
            />
          );
        })}
      </g>
    </svg>
  );
}

function Axis({ reach }: { reach: number }) {
  const step = oneTwoFive(reach / 2.5);
  const most = reach > 0 ? Math.floor(reach / step + 1e-9) : 0;
  const steps = Array.from({ length: 2 * most + 1 }, (_, i) => i - most);
  const ticks = steps.map((k) => Number((k * step).toPrecision(6)));
  const labels = tickLabels(ticks);
  const power = write(most * step).exponent !== '';
  return (
    <svg class="hill-axis" aria-hidden="true">
      {ticks.map((tick, i) => (
        <text
          key={tick}
          class={most > 1 && steps[i]! % 2 !== most % 2 && tick !== 0 ? 'dim spare' : 'dim'}
          x={at(placeOf(tick, reach))}
          y="100%"
          dy="-4"
        >
          {power ? <SvgNum of={tick} /> : labels[i]}
        </text>
      ))}
    </svg>
  );
}

/** The followed value of many: a slider through them in their order. */
function Followed({ view: { followed, reach }, pick }: { view: View; pick: HillProps['pick'] }) {
  if (reach === 0) return null;
  return (
    <svg class="followed" role="presentation" x={at(placeOf(followed.original, reach))}>
      <g
        role="slider"
        tabindex={0}
        aria-label="Followed value"
        aria-valuemin={-reach}
        aria-valuemax={reach}
        aria-valuenow={followed.original}
        aria-valuetext={spoken(followed)}
        onKeyDown={(event) => walk(event, pick)}
      >
        <Diamond />
      </g>
    </svg>
  );
}

/** Arrows, Page and Home and End go through the values in their order. */
function walk(event: KeyboardEvent, pick: HillProps['pick']): void {
  const by = keyTarget(event, { value: 0, min: -Infinity, max: Infinity, step: 1, before: 0 });
  if (by === undefined) return;
  event.preventDefault();
  if (by !== 0) pick({ by });
}

const spoken = ({ original, restored }: Mark) => `${say(original)} becomes ${say(restored)}`;

const Diamond = () => (
  <>
    <rect class="reach" x="-14" y="-14" width="28" height="28" />
    <path class="diamond" d="M0 -6.5 6.5 0 0 6.5 -6.5 0z" />
  </>
);

interface MarksProps extends Omit<HillProps, 'noun'> {
  width: number;
}

/** A few numbers: each has a mark of its own. One tab stop; arrows go through them in their order and follow. */
function Marks({ view: { marks, reach, followed }, width, pick }: MarksProps) {
  const group = useRef<SVGGElement>(null);
  const places = marks.map(({ original }) => placeOf(original, reach));
  const labels = marks.map(({ original }) => say(original));
  const current = marks.findIndex(({ index }) => index === followed.index);
  const shown = unobstructed(
    places.map((place) => place * width),
    labels.map(widthOf),
    [current, 0, marks.length - 1],
  );
  useEffect(() => {
    if (group.current!.contains(document.activeElement))
      group.current!.querySelector<SVGElement>('[aria-checked=true]')?.focus();
  }, [followed.index]);
  return (
    <g ref={group} role="radiogroup" aria-label="Followed value" onKeyDown={(event) => walk(event, pick)}>
      {marks.map((mark, i) => (
        <svg key={mark.index} x={at(places[i]!)} class="mark" role="presentation">
          {/* biome-ignore lint/a11y/useSemanticElements: an SVG has no inputs. */}
          <g role="radio" aria-checked={i === current} tabindex={i === current ? 0 : -1} aria-label={spoken(mark)}>
            <circle class="fill-original" r="8" />
            {shown.has(i) && (
              <text class={`original ${towards(places[i]!, labels[i]!, width)}`} y="-20">
                <SvgNum of={mark.original} />
              </text>
            )}
          </g>
        </svg>
      ))}
      {/* Last, so that no equal mark covers it. */}
      <svg class="followed" aria-hidden="true" x={at(placeOf(followed.original, reach))}>
        <Diamond />
      </svg>
    </g>
  );
}
