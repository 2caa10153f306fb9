// The treemap: area is bytes, heat is what is lost. Few tensors are marks to focus; many are painted.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Drawing, useWidth } from '../../kit/figure.tsx';
import { count, decimalBytes } from '../../kit/numbers.ts';
import { BEST, LABELLED, LEVELS, type Tiles, type View, WORST } from './options.ts';
import { type Rect, squarify } from './treemap.ts';

interface TreemapProps {
  view: View;
  chosen: number;
  pick(index: number): void;
  /** Stands in the legend's first place: what goes on must not move what is below. */
  children?: ComponentChildren;
}

const heightFor = (width: number) => (width < 600 ? 300 : 340);
/** A sign of the labels' font and a wide one, and what a label needs to stand in. */
const SIGN = 7;
const WIDE = 11;
const LINE = 20;

export function Treemap(props: TreemapProps) {
  const { tiles, worst, tensors } = props.view;
  const finding = worst ? `${worst.name} suffers most, ${worst.sqnrDb.toFixed(1)} dB` : 'nothing is lost';
  const label = `${count(tensors, 'tensors')} by their bytes; ${finding}`;
  const isFew = tiles.index.length <= LABELLED;
  return (
    <>
      {isFew ? <Marks {...props} label={label} /> : <Painting {...props} label={label} />}
      <Legend>{props.children}</Legend>
    </>
  );
}

/** Rectangles in the order of the tiles, and one for all the others. */
const layout = ({ bytes, others }: Tiles, width: number, height: number): Rect[] =>
  squarify(others.bytes > 0 ? [...bytes, others.bytes] : bytes, width, height);

/** As much of a name as fits: of what most names end with nothing, and of the rest the end, which says more. */
function fitted(whole: string, { width, height }: Rect): string {
  const name = whole.replace(/(?<=.)\.(weight|kernel)$/, '');
  const room = width - 12;
  if (height < LINE || room < 3 * SIGN) return '';
  // A hostile name can be megabytes long.
  const most = Math.floor(room / SIGN);
  if (name.length <= most && widthOf(name) <= room) return name;
  let end = name.slice(-most);
  while (widthOf(end) > room - SIGN) end = end.slice(1);
  return end.length < 5 ? '' : `…${end.replace(/^[./]+/, '')}`;
}

const widthOf = (text: string) => [...text].reduce((sum, sign) => sum + (/[mwMW@%]/.test(sign) ? WIDE : SIGN), 0);

/** A tile's lines: its name, and below it what is left of it. */
function lines(tiles: Tiles, i: number, rect: Rect): [name: string, decibels: string] {
  const name = fitted(tiles.names[i] ?? '', rect);
  // Dots for what is not measured yet say nothing without a name.
  const decibels = name === '' && tiles.heat[i]! < 0 ? '' : (tiles.decibels[i] ?? '');
  return [name, rect.height < 2 * LINE ? '' : fitted(decibels, rect)];
}

function Marks({ view: { tiles }, chosen, pick, label }: TreemapProps & { label: string }) {
  const stop = Math.max(0, tiles.index.indexOf(chosen));
  const onKeyDown = (event: KeyboardEvent, i: number) => {
    const moves: Record<string, number> = {
      ...{ ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1 },
      ...{ Home: 0, End: tiles.index.length - 1 },
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    const to = Math.max(0, Math.min(tiles.index.length - 1, moves[event.key]!));
    pick(tiles.index[to]!);
    (event.currentTarget as Element).parentElement!.querySelectorAll<SVGElement>('[role=button]')[to]!.focus();
  };
  return (
    <Drawing label={label} role="group" height={heightFor}>
      {(width, height) =>
        layout(tiles, width, height).map(({ x, y, ...size }, i) => {
          const [name, decibels] = lines(tiles, i, { x, y, ...size });
          const facts = `${tiles.names[i] || 'array'}, ${decimalBytes(tiles.bytes[i]!)}, ${tiles.decibels[i]}`;
          return (
            // biome-ignore lint/a11y/useSemanticElements: an HTML button cannot stand inside a drawing.
            <g
              key={tiles.index[i]}
              role="button"
              tabindex={i === stop ? 0 : -1}
              class="pick tile"
              aria-pressed={tiles.index[i] === chosen}
              onClick={() => pick(tiles.index[i]!)}
              onKeyDown={(event) => onKeyDown(event, i)}
            >
              <title>{facts}</title>
              <rect class={heatClass(tiles.heat[i]!)} x={x} y={y} {...size} />
              <rect class="reach" x={x + 2} y={y + 2} width={less(size.width)} height={less(size.height)} />
              <text x={x + 7} y={y + 17}>
                {name}
              </text>
              <text x={x + 7} y={y + 34}>
                {decibels}
              </text>
            </g>
          );
        })
      }
    </Drawing>
  );
}

const less = (length: number) => Math.max(0, length - 4);
const heatClass = (level: number) => (level < 0 ? 'heat heat-unknown' : `heat heat-${level}`);

function Painting({ view: { tiles }, chosen, pick, label }: TreemapProps & { label: string }) {
  const [box, width] = useWidth<HTMLDivElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const height = heightFor(width);
  const rects = layout(tiles, width, height);
  useEffect(() => {
    const repaint = () => paint(canvas.current!, { tiles, rects, chosen, width, height });
    repaint();
    const observer = new MutationObserver(repaint);
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', repaint);
    return () => {
      observer.disconnect();
      scheme.removeEventListener('change', repaint);
    };
  });
  const onClick = ({ offsetX, offsetY }: MouseEvent) => {
    const hit = rects.findIndex(
      ({ x, y, width: w, height: h }) => offsetX >= x && offsetX < x + w && offsetY >= y && offsetY < y + h,
    );
    if (hit >= 0 && hit < tiles.index.length) pick(tiles.index[hit]!);
  };
  return (
    <div class="drawing" ref={box}>
      <canvas ref={canvas} role="img" aria-label={label} onClick={onClick} />
    </div>
  );
}

interface Picture {
  tiles: Tiles;
  rects: readonly Rect[];
  chosen: number;
  width: number;
  height: number;
}

function paint(canvas: HTMLCanvasElement, { tiles, rects, chosen, width, height }: Picture): void {
  const ratio = devicePixelRatio;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d')!;
  const style = getComputedStyle(canvas);
  const color = (name: string) => style.getPropertyValue(name);
  context.scale(ratio, ratio);
  // The legend's swatches have the colours of the levels.
  const swatches = [...canvas.closest('figure')!.querySelectorAll('.legend .heat')].map(
    (swatch) => getComputedStyle(swatch).fill,
  );
  context.font = '450 12.5px Inter, system-ui, sans-serif';
  rects.forEach((rect, i) => {
    const { x, y, width: w, height: h } = rect;
    const level = tiles.heat[i] ?? -1;
    context.fillStyle = level < 0 ? color('--sunk') : swatches[level]!;
    // Gaps, not lines, which would leave nothing of the smallest.
    context.fillRect(x, y, w - Math.min(1.5, w / 4), h - Math.min(1.5, h / 4));
    context.fillStyle = color('--ink');
    const isOthers = i === tiles.index.length;
    const [name, decibels] = isOthers
      ? [fitted(`${count(tiles.others.count, 'tensors')} more`, rect), '']
      : lines(tiles, i, rect);
    context.fillText(name, x + 7, y + 17);
    context.fillText(decibels, x + 7, y + 34);
  });
  const at = rects[tiles.index.indexOf(chosen)];
  if (!at) return;
  context.strokeStyle = color('--ink');
  context.lineWidth = 2;
  context.strokeRect(at.x + 1, at.y + 1, Math.max(1, at.width - 2), Math.max(1, at.height - 2));
}

const Legend = ({ children }: { children: ComponentChildren }) => (
  <p class="legend note">
    <span class="first">{children ?? 'Area: bytes. Stronger: more is lost.'}</span>
    <span class="scale">
      {BEST} dB or more
      <svg width={(LEVELS + 1) * 14} height="12" aria-hidden="true">
        {Array.from({ length: LEVELS + 1 }, (_, level) => (
          <rect key={level} class={heatClass(level)} x={level * 14} width="14" height="12" />
        ))}
      </svg>
      {WORST} dB
    </span>
  </p>
);
