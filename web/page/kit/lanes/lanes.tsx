// The four lanes of chapters 4 and 5 on one x axis: originals, codes, what comes back, and the error in steps.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Drawing, useFigureId } from '../figure.tsx';
import { unobstructed } from '../labels.ts';
import { SvgNum } from '../number.tsx';
import { MINUS, say, whole } from '../numbers.ts';
import { edit } from '../page.ts';
import { Pick } from '../pick.tsx';
import { type Axis, axisOf, type Ends, tenths } from './axis.ts';
import { Handle } from './handle.tsx';
import { type LanesView, type Mark, PLACES, placeOf, valueAt } from './view.ts';

/** Where things stand in the drawing. */
export interface Places {
  x: Axis;
  narrow: boolean;
  /** The lanes, from above. */
  original: number;
  code: number;
  restored: number;
  error: number;
  hold(ends?: Ends): void;
}

interface LanesProps {
  view: LanesView;
  ends: Ends;
  label: string;
  follow(index: number): void;
  /** Drawn over the lanes. */
  children(places: Places): ComponentChildren;
}

/** Half a step of error, in pixels; an error beyond it is drawn so much taller and no more. */
const HALF = 34;
const BEYOND = 1.25;
/** The hill of many values, and the bars of what comes back. */
const HILL = 56;
const BARS = 52;

export function Lanes({ view, ends, label, follow, children }: LanesProps) {
  const [held, hold] = useState<Ends>();
  const { count, few, gaps, near, followed } = view;
  const tall = few ? 0 : 50;
  const height = 384 + 2.2 * tall;
  const notes = [
    !few && gaps.length < count && `Threads and dots: ${whole(gaps.length)} of ${whole(count)} values.`,
    near > 0 && 'The axis is logarithmic, and linear near 0.',
  ].filter(Boolean);
  return (
    <div class="lanes">
      <Drawing label={label} role="group" height={height}>
        {(width) => {
          const narrow = width < 600;
          const original = 62 + tall;
          const places: Places = {
            x: axisOf(held ?? ends, near, narrow ? [20, width - 20] : [112, width - 40]),
            narrow,
            original,
            code: original + 96,
            restored: original + 186,
            error: height - 44,
            hold,
          };
          return (
            <>
              <path
                class="plumb"
                d={`M${places.x(followed.value)} ${topOf(view, original) + 6}V${places.error + HALF + 4}`}
              />
              <Rails places={places} />
              {!few && <Many view={view} places={places} />}
              <Comb view={view} places={places} />
              <Marks view={view} places={places} follow={follow} />
              {children(places)}
            </>
          );
        }}
      </Drawing>
      {notes.length > 0 && <p class="note">{notes.join(' ')}</p>}
    </div>
  );
}

/** Of the originals' labels. */
const topOf = ({ few }: LanesView, original: number) => (few ? original - 20 : 22);

/** Where a code comes back on the value axis. */
const restoredAt = ({ scale, zeroPoint }: LanesView, code: number) => scale * (code - zeroPoint);

function Rails({ places: { x, narrow, original, code, restored, error } }: { places: Places }) {
  const [from, to] = x.pixels;
  const rail = `M${from} 0H${to}`;
  const line = (kind: string, y: number) => <path class={kind} d={rail} transform={`translate(0 ${y})`} />;
  const name = (y: number, text: string, at = 0) => (
    <text class="dim" x={at} y={y} text-anchor="start">
      {text}
    </text>
  );
  return (
    <>
      {line('rail-line stroke-original', original)}
      {line('rail-line stroke-restored', restored)}
      {line('axis', error)}
      {line('half', error - HALF)}
      {line('half', error + HALF)}
      {narrow ? (
        name(error - HALF - 10, `error, between ${MINUS}½ and +½ step`)
      ) : (
        <>
          {name(original + 4, 'original')}
          {name(code + 4, 'code')}
          {name(restored + 4, 'restored')}
          {name(error - 3, 'error,')}
          {name(error + 13, 'in steps')}
          {name(error - HALF + 4, '+½', to + 8)}
          {name(error + HALF + 4, `${MINUS}½`, to + 8)}
        </>
      )}
    </>
  );
}

/** Upright strokes from `y` down, each as long as `length` says: one path of relative moves, which is short. */
function strokes(places: readonly number[], y: number, length: (i: number) => number): string {
  let path = '';
  let [across, down] = [0, -y];
  places.forEach((place, i) => {
    const long = length(i);
    if (!long) return;
    path += `${path ? 'm' : 'M'}${tenths(place - across)} ${-down}v${long}`;
    [across, down] = [place, long];
  });
  return path;
}

/** One tooth per code, those at both ends and at zero longer. */
function Comb({ view, places: { x, code: y } }: { view: LanesView; places: Places }) {
  const { low, high, zeroPoint, marks } = view;
  const [from, to] = x.pixels;
  const at = (code: number) => x(restoredAt(view, code));
  const within = (code: number) => at(code) >= from - 1 && at(code) <= to + 1;
  const codes = Array.from({ length: high - low + 1 }, (_, i) => low + i).filter(within);
  const long = [low, zeroPoint, high].filter((code) => code >= low && code <= high && within(code));
  return (
    <>
      <path class="comb" d={strokes(codes.map(at), y - 8, () => 16)} />
      <path class="comb long" d={strokes(long.map(at), y - 13, () => 26)} />
      {[low, high].map(
        (code) =>
          within(code) &&
          // A tile or the flag says it already, or a thread is in its way.
          code !== zeroPoint &&
          marks.every((mark) => Math.abs(x(mark.restored) - at(code)) > 20) && (
            <text key={code} class="dim" x={at(code)} y={y + 32}>
              {whole(code)}
            </text>
          ),
      )}
    </>
  );
}

const curve = (from: number, to: number, top: number, bottom: number): string =>
  `M${from} ${top}C${from} ${(top + bottom) / 2} ${to} ${(top + bottom) / 2} ${to} ${bottom}`;

/** The shape of many values: a hill above, a bar for each code below, and threads between them. */
function Many({ view, places }: { view: LanesView; places: Places }) {
  const { x, original, restored } = places;
  const { hill, levels, low, min, max, zeroPoint } = view;
  const stretch = ((x(max) - x(min)) / hill.length).toFixed(3);
  const heights = hill.map((share) => Math.round((HILL * share) / 100));
  // Relative steps of one bin each are short.
  const slopes = heights.map((height, i) => `${i ? 'l1' : 'l.5'} ${(heights[i - 1] ?? 0) - height}`).join('');
  const codes = levels.map((_, i) => x(restoredAt(view, low + i)));
  const bar = 0.7 * (x(restoredAt(view, zeroPoint + 1)) - x(0));
  return (
    <>
      <path
        class="hill"
        d={`M0 0${slopes}L${hill.length} 0z`}
        transform={`translate(${x(min)} ${original}) scale(${stretch} 1)`}
      />
      <Threads places={places} view={view} />
      <path
        class="fall"
        stroke-width={tenths(Math.max(0.5, Math.min(32, bar)))}
        d={strokes(codes, restored, (i) => Math.ceil((BARS * levels[i]!) / 100))}
      />
    </>
  );
}

/** Paths of some dozens each: where they overlap, they darken. */
const BUNDLES = 20;

function Threads({ view, places }: { view: LanesView; places: Places }) {
  const [awake, setAwake] = useState(false);
  // The build draws none: they would be half of the figure's markup.
  useEffect(() => setAwake(true), []);
  if (!awake) return null;
  const { x, original, code, error } = places;
  const { gaps, ends, min, max, near, scale, low } = view;
  const [first, last] = [placeOf(min, near), placeOf(max, near)];
  const bundles = new Array<string>(BUNDLES).fill('');
  let dots = '';
  let place = 0;
  let i = 0;
  ends.forEach((count, level) => {
    const back = restoredAt(view, low + level);
    for (; count > 0; count--) {
      place += gaps[i]!;
      const value = valueAt(first + ((last - first) * place) / PLACES, near);
      bundles[i++ % BUNDLES] += curve(x(value), x(back), original, code - 14);
      dots += `M${x(value)} ${tenths(error - heightOf((back - value) / scale))}h0`;
    }
  });
  return (
    <>
      {bundles.map((d, k) => (
        <path key={k} class="many" d={d} />
      ))}
      <path class="dots" d={dots} />
    </>
  );
}

/** Of an error in steps, in pixels. */
const heightOf = (steps: number) => 2 * HALF * Math.max(-BEYOND / 2, Math.min(BEYOND / 2, steps));

function Marks({ view, places, follow }: { view: LanesView; places: Places; follow(index: number): void }) {
  const { x, narrow, original, code, restored, error } = places;
  const { marks, few, scale, followed, absmax } = view;
  const gradient = useFigureId('thread');
  const values = marks.map(({ value }) => value);
  const selected = marks.findIndex(({ index }) => index === followed.index);
  const first = [selected, values.indexOf(Math.max(...values)), values.indexOf(Math.min(...values))];
  const from = values.map(x);
  const to = marks.map((mark) => x(mark.restored));
  const textWidth = (value: number) => say(value).replace('^', '').length * (narrow ? 7.2 : 8) + 8;
  const tileWidth = (mark: Mark) => (narrow ? 13 + 7.6 * whole(mark.code).length : 42);
  const labelled = unobstructed(from, values.map(textWidth), first);
  const answered = unobstructed(
    to,
    marks.map((mark) => textWidth(mark.restored)),
    first,
  );
  const tiled = unobstructed(
    to,
    marks.map((mark) => tileWidth(mark) + 2),
    first,
  );
  // The followed one on top.
  const order = [...marks.keys()].filter((i) => i !== selected).concat(selected);
  const top = topOf(view, original);
  const thread = (i: number) => `${curve(from[i]!, to[i]!, original, code)}V${restored}`;
  const label = (kind: string, at: number, y: number, value: number) => (
    <text class={kind} x={at} y={y}>
      <SvgNum of={value} />
    </text>
  );
  return (
    <>
      <linearGradient id={gradient} gradientUnits="userSpaceOnUse" x2="0" y1={original} y2={code}>
        <stop class="stop-original" />
        <stop class="stop-restored" offset="1" />
      </linearGradient>
      {absmax > 0 && (
        <g class="threads" stroke={`url(#${gradient})`}>
          <path d={order.slice(0, -1).map(thread).join('')} />
          <path class="chosen" d={thread(selected)} />
        </g>
      )}
      {order.map((i) => {
        const { error: gap, code: q, index, restored: back } = marks[i]!;
        const height = heightOf(gap / scale);
        const tall = tenths(Math.max(1.5, Math.abs(height)));
        const wide = few ? 12 : 6;
        return (
          <g key={index} class={i === selected ? 'chosen' : undefined}>
            {tiled.has(i) && <Tile at={to[i]!} y={code} width={tileWidth(marks[i]!)} text={whole(q)} />}
            <circle class="ring" cx={to[i]!} cy={restored} r="6.5" />
            {answered.has(i) && label('restored', to[i]!, restored + (few ? 26 : 74), back)}
            <rect
              class="fill-error"
              x={tenths(from[i]! - wide / 2)}
              y={height > 0 ? tenths(error - tall) : error}
              width={wide}
              height={tall}
              rx="2"
            />
            {labelled.has(i) && label('original', from[i]!, top, values[i]!)}
          </g>
        );
      })}
      {marks.map((mark, i) => (
        <Dot key={mark.index} {...{ mark, places, follow }} chosen={i === selected} movable={few} />
      ))}
      {/* Over its neighbours, though it keeps its place in the order of the keys. */}
      <circle class="dot chosen" cx={from[selected]} cy={original} r="8.5" />
    </>
  );
}

function Tile({ at, y, width, text }: { at: number; y: number; width: number; text: string }) {
  return (
    <>
      <rect class="tile" x={tenths(at - width / 2)} y={y - 13} width={tenths(width)} height="26" rx="5" />
      <text class="digits" x={at} y={y + 4.5}>
        {text}
      </text>
    </>
  );
}

interface DotProps {
  mark: Mark;
  places: Places;
  chosen: boolean;
  /** Where there are few values each can be changed; of many, one can be followed. */
  movable: boolean;
  follow(index: number): void;
}

function Dot({ mark: { value, index, code }, places, chosen, movable, follow }: DotProps) {
  const { x, original, hold } = places;
  const at = x(value);
  const dot = (
    <>
      <circle class="reach" cx={at} cy={original} r="15" />
      <circle class="dot" cx={at} cy={original} r="7.5" />
    </>
  );
  const take = () => follow(index);
  if (movable) {
    return (
      <Handle
        name={`Value ${index + 1}`}
        {...{ value, x, at }}
        spoken={`${say(value, 4)}, code ${whole(code)}`}
        onInput={(to) => void edit(index, to)}
        onHold={hold}
        onTake={take}
      >
        {dot}
      </Handle>
    );
  }
  return (
    <Pick name={say(value)} chosen={chosen} onPick={take}>
      {dot}
    </Pick>
  );
}
