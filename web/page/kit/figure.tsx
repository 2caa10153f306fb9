// The base of every figure. The order here is the order in the document and on the screen:
// title and actions, controls, drawing, formula, sentence.
import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { DataTable, type TableData } from './controls/table.tsx';
import { announceLater } from './status.ts';

/** What the element around a figure knows, and its parts need. */
export interface FigureSurroundings {
  name: string;
  /** Whether any option differs from its default. */
  changed: boolean;
  reset(): void;
  /** Opens the dialog with the code to embed this figure; absent in an embedded one. */
  embed?: () => void;
}

export const FigureContext = createContext<FigureSurroundings>({ name: 'figure', changed: false, reset() {} });

/** An id that no other figure has: hydration needs the same one at build time and in the browser. */
export function useFigureId(part: string): string {
  const { name } = useContext(FigureContext);
  return `${name}-${part.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
}

interface FigureProps {
  title: ComponentChildren;
  controls?: ComponentChildren;
  /** The drawing. */
  children: ComponentChildren;
  /** A row of <Formula> pieces. */
  formula?: ComponentChildren;
  /** The finding, in words; repeated to screen readers when it settles. */
  sentence?: ComponentChildren;
  /** The drawing's numbers, at most 64 rows: gives the button "Show as table". Null where there are none just now. */
  table?: TableData | null;
  /** Without a card, for the page's top: drawing, controls and sentence first, title and actions last. */
  bare?: boolean;
}

export function Figure({ title, controls, children, formula, sentence, table, bare = false }: FigureProps) {
  const { reset, changed, embed } = useContext(FigureContext);
  const titleId = useFigureId('title');
  const tableId = useFigureId('as table');
  const [tabled, setTabled] = useState(false);
  const shown = tabled && table !== null;
  const head = (
    <div class="figure-head">
      <div class="figure-title" id={titleId}>
        {title}
      </div>
      <div class="figure-actions">
        <button type="button" class="ghost" disabled={!changed} onClick={reset}>
          Reset
        </button>
        {embed && (
          <button type="button" class="ghost wide-only" aria-haspopup="dialog" onClick={embed}>
            Embed
          </button>
        )}
        {table !== undefined && (
          <button
            type="button"
            class="ghost"
            disabled={table === null}
            aria-expanded={shown}
            aria-controls={shown ? tableId : undefined}
            onClick={() => setTabled(!tabled)}
          >
            {shown ? 'Hide table' : 'Show as table'}
          </button>
        )}
      </div>
    </div>
  );
  return (
    <figure class={bare ? 'bare' : 'figure'} aria-labelledby={titleId}>
      {!bare && head}
      {!bare && controls && <div class="figure-controls">{controls}</div>}
      <div class="figure-body">{children}</div>
      {bare && controls && <div class="figure-controls">{controls}</div>}
      {bare && sentence && <Sentence>{sentence}</Sentence>}
      {bare && head}
      {table && shown && (
        <div class="figure-table" id={tableId}>
          <DataTable {...table} />
        </div>
      )}
      {formula && <div class="figure-formula">{formula}</div>}
      {!bare && sentence && <Sentence>{sentence}</Sentence>}
    </figure>
  );
}

/** The visible sentence changes each frame; the page's one status line repeats it when it has settled. */
export function Sentence({ children }: { children: ComponentChildren }) {
  const line = useRef<HTMLParagraphElement>(null);
  const last = useRef<string | null>(null);
  useEffect(() => {
    const text = line.current?.textContent ?? '';
    if (last.current !== null && text !== last.current) announceLater(text);
    last.current = text;
  });
  return (
    <p class="figure-sentence" ref={line}>
      {children}
    </p>
  );
}

interface DrawingProps {
  /** The finding, for those who cannot see it. */
  label: string;
  /** 'img' for a picture, 'group' where marks inside can be focused. */
  role?: 'img' | 'group';
  height: number | ((width: number) => number);
  /** The width that the build draws for, where it is not the card's. */
  built?: number;
  children: (width: number, height: number) => ComponentChildren;
}

/** What the build takes for the width: a card of 960 with 24 of padding and 1 of border on both sides. */
export const BUILD_WIDTH = 910;

/** An SVG that is drawn anew for the width it gets, so that text keeps its size. */
export function Drawing({ label, role = 'img', height, built, children }: DrawingProps) {
  const [box, width] = useWidth<HTMLDivElement>(built);
  const tall = typeof height === 'number' ? height : height(width);
  return (
    <div class="drawing" ref={box}>
      <svg viewBox={`0 0 ${width} ${tall}`} role={role} aria-label={label}>
        {children(width, tall)}
      </svg>
    </div>
  );
}

/** The width of the element that takes the ref; the build's until it is known. */
export function useWidth<T extends HTMLElement>(built = BUILD_WIDTH) {
  const box = useRef<T>(null);
  const [width, setWidth] = useState(built);
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = () => setWidth(Math.max(240, Math.round(element.clientWidth)));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [box, width] as const;
}
