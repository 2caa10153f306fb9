// The table of all values. However many there are, it draws a dozen rows and asks the worker for what it shows.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { whole } from '../../kit/numbers.ts';
import type { Row } from './model.ts';
import { ValueRow } from './row.tsx';

/** Until it is measured; taller where fingers touch. */
const ROW_HEIGHT = 32;
/** At most; fewer where the box is lower. */
const SHOWN = 11;
/** Browsers stop at some 30 million pixels. Longer tables scroll by share, and by row with wheel and keys. */
const TALLEST = 8_000_000;

interface ValuesTableProps {
  count: number;
  shape: readonly number[];
  followed: number;
  titles: readonly string[];
  /** Changes whenever other rows would come. */
  version: unknown;
  first: readonly Row[];
  fetch(start: number, count: number): Promise<Row[] | undefined>;
  follow(index: number): void;
}

export function ValuesTable(props: ValuesTableProps) {
  const { count, titles, followed, first, follow } = props;
  const box = useRef<HTMLElement>(null);
  const spacer = useRef<HTMLDivElement>(null);
  const [rowHeight, setRowHeight] = useState(ROW_HEIGHT);
  const [head, setHead] = useState(ROW_HEIGHT);
  const [shown, setShown] = useState(SHOWN);
  const last = Math.max(0, count - shown);
  const [start, setStart] = useState(0);
  const rows = useRows(props, Math.min(start, last));
  const scrollable = Math.max(0, Math.min(TALLEST, count * rowHeight) - shown * rowHeight);

  /** Where the scroll bar stands for a row, and the other way round. */
  const toScroll = (row: number) => (last === 0 ? 0 : (row / last) * scrollable);
  const toRow = (scroll: number) => (scrollable <= 0 ? 0 : Math.round((scroll / scrollable) * last));
  const go = (row: number) => {
    const to = Math.max(0, Math.min(last, Math.round(row)));
    setStart(to);
    box.current!.scrollTop = toScroll(to);
  };
  const onScroll = () => {
    const scroll = box.current!.scrollTop;
    // Our own scrolling comes back here rounded to pixels, of which one may be many rows.
    if (Math.abs(scroll - toScroll(start)) > 1) setStart(toRow(scroll));
  };
  useLayoutEffect(() => {
    // Through the CSSOM: the page's policy forbids style attributes.
    spacer.current!.style.height = `${scrollable + Math.min(count, shown) * rowHeight + head}px`;
    setHead(box.current!.querySelector('thead')!.offsetHeight);
    setRowHeight(box.current!.querySelector<HTMLElement>('tbody tr')?.offsetHeight || ROW_HEIGHT);
    // A row that is cut off would scroll under the keys of those who go through the rows.
    setShown(Math.min(SHOWN, Math.max(1, Math.floor((box.current!.clientHeight - head + 1) / rowHeight))));
  });
  useWheel(box, last * rowHeight > scrollable + 1, (rowsDown) => go(start + rowsDown));

  const onKeyDown = (event: KeyboardEvent) => {
    const page = shown - 1;
    const moves: Record<string, number> = {
      ...{ ArrowDown: start + 1, ArrowUp: start - 1, PageDown: start + page, PageUp: start - page },
      ...{ Home: 0, End: last },
    };
    if (!(event.key in moves) || event.target !== box.current) return;
    event.preventDefault();
    go(moves[event.key]!);
  };
  const nested = props.shape.length > 1;
  const lines = (rows.length > 0 ? rows : first).slice(0, shown);
  return (
    <section
      ref={box}
      class="values"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label="Every value"
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      <div ref={spacer}>
        <table class="table" aria-rowcount={count + 1}>
          <caption class="hidden">
            {`Original, code, restored and error of ${whole(count)} values; rows count from 0`}
          </caption>
          <Head titles={titles} nested={nested} />
          <tbody>
            {lines.map((row) => (
              <ValueRow
                key={row.index}
                counted
                place={nested ? placeOf(row.index, props.shape) : undefined}
                {...{ row, followed, follow }}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** The rows from `start`; until they come, those before. */
function useRows({ version, fetch }: ValuesTableProps, start: number): Row[] {
  const [rows, setRows] = useState<Row[]>([]);
  useEffect(() => {
    let current = true;
    void fetch(start, SHOWN).then((answer) => {
      if (current && answer) setRows(answer);
    });
    return () => {
      current = false;
    };
  }, [version, start]);
  return rows;
}

/** Where one pixel of the scroll bar is many rows, the wheel still moves row by row. */
function useWheel(box: { current: HTMLElement | null }, active: boolean, move: (rows: number) => void): void {
  const latest = useRef(move);
  latest.current = move;
  useEffect(() => {
    if (!active) return;
    const element = box.current!;
    const onWheel = (event: WheelEvent) => {
      if (event.deltaY === 0) return;
      event.preventDefault();
      const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * ROW_HEIGHT : event.deltaY;
      latest.current(Math.sign(pixels) * Math.max(1, Math.round(Math.abs(pixels) / ROW_HEIGHT)));
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [active]);
}

function Head({ titles, nested }: { titles: readonly string[]; nested: boolean }) {
  const columns = ['code', 'restored', 'error'];
  return (
    <thead>
      {titles.length > 1 && (
        <tr>
          <td />
          {nested && <td class="place" />}
          <td />
          {titles.map((title, i) => (
            <th key={i} scope="colgroup" colSpan={3} class="scheme">
              {title}
            </th>
          ))}
        </tr>
      )}
      <tr aria-rowindex={1}>
        <th scope="col">row</th>
        {nested && (
          <th scope="col" class="place">
            place
          </th>
        )}
        <th scope="col">original</th>
        {titles.flatMap((_, i) =>
          columns.map((column) => (
            <th key={`${column}${i}`} scope="col">
              {column}
            </th>
          )),
        )}
      </tr>
    </thead>
  );
}

/** '2, 0, 14': the index along every axis. */
export function placeOf(index: number, shape: readonly number[]): string {
  const place: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    place.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return place.join(', ');
}
