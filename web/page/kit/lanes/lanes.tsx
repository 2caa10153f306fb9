// The four lanes of chapters 4 and 5 on one x axis: originals, codes, what comes back, and the error in steps.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Drawing, useFigureId } from '../figure.tsx';
import { SvgNum } from '../number.tsx';
import { MINUS, plain, say, whole, write } from '../numbers.ts';
import { edit } from '../page.ts';
import { linear, type ScaleLinear } from '../scale.ts';
import { Handle } from './handle.tsx';
import { type LanesView, type Mark, PLACES } from './view.ts';

/** Where things stand in the drawing. */
export interface Places {
  x: ScaleLinear<number, number>;
  narrow: boolean;
  /** The lanes, from above. */
  original: number;
  code: number;
  restored: number;
  error: number;
  hold(held: boolean): void;
}

type Axis = readonly [low: number, high: number];

interface LanesProps {
  view: LanesView;
  axis: Axis;
  label: string;
  follow(index: number): void;
  /** Drawn over the lanes. */
  children(places: Places): ComponentChildren;
}

/** Half a step of error, in pixels; an error beyond it is drawn so much taller and no more. */
const HALF = 34;
const BEYOND = 1.25;
const TILE = 26;

export function Lanes({ view, axis, label, follow, children }: LanesProps) {
  const [held, setHeld] = useState<Axis>();
  const awake = useAwake();
  const tall = view.few ? 0 : 50;
  const height = 400 + 2.2 * tall;
  return (
    <div class="lanes">
      <Drawing label={label} role="group" height={height}>
        {(width) => {
          const narrow = width < 600;
          const x = linear([...(held ?? axis)] as [number, number], narrow ? [20, width - 20] : [112, width - 40]);
          const original = 62 + tall;
          const places: Places = {
            x,
            narrow,
            original,
            code: original + 96,
            restored: original + 186,
            error: height - 60,
            hold: (holding) => setHeld(holding ? axis : undefined),
          };
          return (
            <>
              <Rails view={view} places={places} />
              {!view.few && <Many view={view} places={places} awake={awake} />}
              <Comb view={view} places={places} />
              <Marks view={view} places={places} follow={follow} />
              {children(places)}
            </>
          );
        }}
      </Drawing>
    </div>
  );
}

/** Only drawings that are alive carry what is many: the page stays small. */
function useAwake(): boolean {
  const [awake, setAwake] = useState(false);
  useEffect(() => setAwake(true), []);
  return awake;
}

/** Where a code comes back on the value axis. */
const restoredAt = ({ scale, zeroPoint }: LanesView, code: number) => scale * (code - zeroPoint);

function Rails({ view, places }: { view: LanesView; places: Places }) {
  const { x, narrow, original, code, restored, error } = places;
  const [from, to] = x.range() as [number, number];
  const rail = (y: number, kind: string) => <line class={`rail-line ${kind}`} x1={from} x2={to} y1={y} y2={y} />;
  const name = (y: number, text: string) => (
    <text class="dim" x="0" y={y}>
      {text}
    </text>
  );
  return (
    <>
      {rail(original, 'stroke-original')}
      {rail(restored, 'stroke-restored')}
      <line class="axis" x1={from} x2={to} y1={error} y2={error} />
      {[-1, 1].map((sign) => (
        <g key={sign}>
          <line class="half" x1={from} x2={to} y1={error + sign * HALF} y2={error + sign * HALF} />
          {!narrow && (
            <text class="dim" x={to + 8} y={error + sign * HALF + 4}>
              {sign < 0 ? '+½' : `${MINUS}½`}
            </text>
          )}
        </g>
      ))}
      {narrow ? (
        name(error - HALF - 10, `error, between ${MINUS}½ and +½ step${view.few ? '' : ', of some values'}`)
      ) : (
        <>
          {name(original + 4, 'original')}
          {name(code + 4, 'code')}
          {name(restored + 4, 'restored')}
          {name(error - 3, 'error,')}
          {name(error + 13, 'in steps')}
        </>
      )}
    </>
  );
}

/** One tooth per code, those at both ends and at zero longer. */
function Comb({ view, places: { x, code: y } }: { view: LanesView; places: Places }) {
  const { low, high, zeroPoint } = view;
  const isLong = (code: number) => code === low || code === high || code === zeroPoint;
  const at = (code: number) => x(restoredAt(view, code));
  const [from, to] = x.range() as [number, number];
  let short = '';
  let long = '';
  for (let code = low; code <= high; code++) {
    const place = at(code);
    if (place < from - 1 || place > to + 1) continue;
    if (isLong(code)) long += `M${place.toFixed(1)} ${y - 13}v26`;
    else short += `M${place.toFixed(1)} ${y - 8}v16`;
  }
  const dense = at(low + 1) - at(low) < 8;
  return (
    <>
      <path class={dense ? 'comb dense' : 'comb'} d={short} />
      <path class="comb long" d={long} />
      {[low, high].map((code, i) => {
        const place = at(code);
        return (
          place >= from - 1 &&
          place <= to + 1 &&
          // A tile says it already.
          view.marks.every((mark) => mark.code !== code) && (
            <text key={i} class="dim" x={place} y={y + 32} text-anchor="middle">
              {whole(code)}
            </text>
          )
        );
      })}
    </>
  );
}

const curve = (from: number, to: number, top: number, bottom: number): string => {
  const [a, b] = [from.toFixed(1), to.toFixed(1)];
  return `M${a} ${top}C${a} ${(top + bottom) / 2} ${b} ${(top + bottom) / 2} ${b} ${bottom}`;
};

/** The shape of many values: a hill above, a bar for each code below, and threads between them. */
function Many({ view, places, awake }: { view: LanesView; places: Places; awake: boolean }) {
  const { x, original, restored } = places;
  const { hill, levels, low, min, max, scale } = view;
  const width = (x(max) - x(min)) / hill.length;
  let area = `M${x(min).toFixed(1)} ${original}`;
  hill.forEach((height, i) => {
    area += `L${(x(min) + (i + 0.5) * width).toFixed(1)} ${(original - 56 * height).toFixed(1)}`;
  });
  const bar = Math.max(0.5, Math.min(32, (x(scale) - x(0)) * 0.7)).toFixed(1);
  let bars = '';
  levels.forEach((height, i) => {
    const at = x(restoredAt(view, low + i)) - Number(bar) / 2;
    if (height > 0) bars += `M${at.toFixed(1)} ${restored}h${bar}v${(52 * height).toFixed(1)}h-${bar}z`;
  });
  return (
    <>
      <path class="hill" d={`${area}L${x(max).toFixed(1)} ${original}z`} />
      {awake && <Threads places={places} view={view} />}
      <path class="fall" d={bars} />
    </>
  );
}

/** Paths of some dozens each: where they overlap, they darken. */
const BUNDLES = 20;

function Threads({ view, places }: { view: LanesView; places: Places }) {
  const { x, original, code, error } = places;
  const { threads, min, max, scale } = view;
  const bundles = new Array<string>(BUNDLES).fill('');
  let dots = '';
  let place = 0;
  let q = 0;
  threads.forEach(([gap, jump], i) => {
    place += gap;
    q += jump;
    const value = min + ((max - min) * place) / PLACES;
    const back = restoredAt(view, q);
    bundles[i % BUNDLES] += curve(x(value), x(back), original, code - 14);
    dots += `M${x(value).toFixed(1)} ${(error - heightOf((back - value) / scale)).toFixed(1)}h0`;
  });
  return (
    <>
      {bundles.map((d, i) => (
        <path key={i} class="many" d={d} />
      ))}
      <path class="dots" d={dots} />
    </>
  );
}

/** Of an error in steps, in pixels. */
const heightOf = (steps: number) => 2 * HALF * Math.max(-BEYOND / 2, Math.min(BEYOND / 2, steps));

/** Labels that would collide yield: the followed one, the largest and the smallest stay. */
function unobstructed(at: readonly number[], widths: readonly number[], first: readonly number[]): Set<number> {
  const shown = new Set<number>();
  for (const i of [...first, ...at.keys()]) {
    const free = [...shown].every((k) => k === i || Math.abs(at[k]! - at[i]!) >= (widths[k]! + widths[i]!) / 2);
    if (free) shown.add(i);
  }
  return shown;
}

function Marks({ view, places, follow }: { view: LanesView; places: Places; follow(index: number): void }) {
  const { x, narrow, original, code, restored, error } = places;
  const { marks, few, scale } = view;
  const gradient = useFigureId('thread');
  const find = (wanted: (mark: Mark) => boolean) => Math.max(0, marks.findIndex(wanted));
  const selected = find(({ index }) => index === view.followed.index);
  const most = Math.max(...marks.map(({ value }) => value));
  const least = Math.min(...marks.map(({ value }) => value));
  const first = [selected, find(({ value }) => value === most), find(({ value }) => value === least)];
  const from = marks.map(({ value }) => x(value));
  const to = marks.map((mark) => x(mark.restored));
  const textWidth = (value: number) => say(value).length * (narrow ? 7.2 : 8) + 8;
  const tileWidth = (mark: Mark) => (narrow ? 13 + 7.6 * whole(mark.code).length : 42);
  const labelled = unobstructed(
    from,
    marks.map(({ value }) => textWidth(value)),
    first,
  );
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
  const top = few ? original - 20 : 22;
  return (
    <>
      <linearGradient id={gradient} gradientUnits="userSpaceOnUse" x1="0" x2="0" y1={original} y2={code}>
        <stop class="stop-original" />
        <stop class="stop-restored" offset="1" />
      </linearGradient>
      <path class="plumb" d={`M${from[selected]!} ${top + 6}V${error + HALF + 4}`} />
      {order.map((i) => {
        const { restored: back, error: gap, code: q, value, index } = marks[i]!;
        const chosen = i === selected ? 'chosen' : '';
        const height = heightOf(gap / scale);
        const tall = Math.max(1.5, Math.abs(height));
        return (
          <g key={index} class={chosen}>
            <path class="thread" d={curve(from[i]!, to[i]!, original, code)} stroke={`url(#${gradient})`} />
            <path class="thread stroke-restored" d={`M${to[i]!} ${code}V${restored}`} />
            {tiled.has(i) && <Tile at={to[i]!} y={code} width={tileWidth(marks[i]!)} text={whole(q)} />}
            <circle class="ring stroke-restored" cx={to[i]!} cy={restored} r="6.5" />
            {answered.has(i) && (
              <text class="restored" x={to[i]!} y={restored + (few ? 26 : 74)} text-anchor="middle">
                <SvgNum of={back} />
              </text>
            )}
            <rect
              class="fill-error"
              x={from[i]! - (few ? 6 : 3)}
              y={height > 0 ? error - tall : error}
              width={few ? 12 : 6}
              height={tall}
              rx="2"
            />
            {labelled.has(i) && (
              <text class="original" x={from[i]!} y={top} text-anchor="middle">
                <SvgNum of={value} />
              </text>
            )}
          </g>
        );
      })}
      {marks.map((mark, i) => (
        <Dot key={mark.index} {...{ mark, places, follow }} chosen={i === selected} movable={few} />
      ))}
    </>
  );
}

function Tile({ at, y, width, text }: { at: number; y: number; width: number; text: string }) {
  return (
    <>
      <rect class="tile" x={at - width / 2} y={y - TILE / 2} width={width} height={TILE} rx="5" />
      <text class="digits" x={at} y={y + 4.5} text-anchor="middle">
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
  const { x, original } = places;
  const at = x(value);
  const dot = (
    <>
      <circle class="reach" cx={at} cy={original} r="15" />
      <circle class={chosen ? 'dot chosen' : 'dot'} cx={at} cy={original} r={chosen ? 8.5 : 7.5} />
    </>
  );
  if (movable) {
    return (
      <Handle
        name={`Value ${index + 1}`}
        value={value}
        x={x}
        spoken={`${plain(write(value, 4))}, code ${whole(code)}`}
        onInput={(to) => void edit(index, to)}
        onHold={places.hold}
        onTake={() => follow(index)}
      >
        {dot}
      </Handle>
    );
  }
  const take = () => follow(index);
  return (
    // biome-ignore lint/a11y/useSemanticElements: an HTML button cannot stand inside a drawing.
    <g
      role="button"
      tabIndex={0}
      class="pick"
      aria-label={`Follow ${say(value)}`}
      aria-pressed={chosen}
      onClick={take}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        take();
      }}
    >
      {dot}
    </g>
  );
}
