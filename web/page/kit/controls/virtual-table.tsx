// A table of any length. However many rows there are, it draws a dozen and asks for what it shows.
import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Until it is measured; taller where fingers touch. */
const ROW_HEIGHT = 32;
/** At most; fewer where the box is lower. */
const SHOWN = 11;
/** Browsers stop at some 30 million pixels. Longer tables scroll by share, and by row with wheel and keys. */
const TALLEST = 8_000_000;

interface VirtualTableProps<Row> {
  label: string;
  caption: string;
  count: number;
  /** Changes whenever other rows would come. */
  version: unknown;
  /** What is shown until rows have come. */
  first: readonly Row[];
  fetch(start: number, count: number): Promise<readonly Row[] | undefined>;
  /** The <thead>. */
  head: ComponentChildren;
  /** A <tr>, `at` rows from the table's first. */
  row(row: Row, at: number): ComponentChildren;
}

export function VirtualTable<Row>(props: VirtualTableProps<Row>) {
  const { label, caption, count, first, head: headings, row: draw } = props;
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
  const lines = (rows.length > 0 ? rows : first).slice(0, shown);
  return (
    <section
      ref={box}
      class="values"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
      tabIndex={0}
      aria-label={label}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      <div ref={spacer}>
        <table class="table" aria-rowcount={count + 1}>
          <caption class="hidden">{caption}</caption>
          {headings}
          <tbody>{lines.map((line, i) => draw(line, Math.min(start, last) + i))}</tbody>
        </table>
      </div>
    </section>
  );
}

/** The rows from `start`; until they come, those before. */
function useRows<Row>({ version, fetch }: VirtualTableProps<Row>, start: number): readonly Row[] {
  const [rows, setRows] = useState<readonly Row[]>([]);
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
