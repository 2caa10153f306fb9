// Keeps the browser's address in step with the page.
import { readAddress, writeAddress } from './address.ts';
import { noteOwn } from './own.ts';
import { onPageState, pageState, setPageState } from './page.ts';

const opened = typeof location === 'undefined' ? readAddress('') : readAddress(location.search);
const changed = new Map<string, readonly [string, string][]>();
let timer: ReturnType<typeof setTimeout> | undefined;
/** Keeps an address in step with the page: the browser's, or an embedded figure's link back. */
let write: (query: string) => void = () => {};

/** What the page was opened with. */
export const openedAddress = () => opened;

/** A figure's options that differ from their defaults. */
export function noteOptions(section: string, options: readonly [string, string][]): void {
  changed.set(section, options);
  for (const key of [...opened.options.keys()]) if (key.startsWith(`${section}.`)) opened.options.delete(key);
  later();
}

/** Browsers refuse addresses that change with every frame. */
function later(): void {
  clearTimeout(timer);
  timer = setTimeout(() => write(currentQuery()), 200);
}

const linkOf = (query: string) => location.pathname + query + location.hash;

function writeLocation(query: string): void {
  history.replaceState(history.state, '', linkOf(query));
  noteOwn(pageState().dataset.source.kind === 'own');
}

/** The query that opens the page as it is now. */
function currentQuery(): string {
  const { source, followed } = pageState().dataset;
  const set = [...changed].flatMap(([section, list]) =>
    list.map(([key, text]) => [`${section}.${key}`, text] as const),
  );
  // Figures that have not woken up yet keep what the link asked of them.
  return writeAddress(source, followed, [...opened.options, ...set]);
}

/** The query of one figure as it is now; of the reader's own data only the settings. */
export function figureQuery(section: string): string {
  const { source, followed } = pageState().dataset;
  const set = (changed.get(section) ?? []).map(([key, text]) => [`${section}.${key}`, text] as const);
  return source.kind === 'own' ? writeAddress({ kind: 'seven' }, 0, set) : writeAddress(source, followed, set);
}

/** Copies the page's address; what the reader should know then goes into the bar. */
export async function copyLink(): Promise<boolean> {
  const link = new URL(linkOf(currentQuery()), location.href).href;
  try {
    await navigator.clipboard.writeText(link);
    if (pageState().dataset.source.kind === 'own') setPageState({ message: NOT_YOURS });
    return true;
  } catch {
    setPageState({ message: `The browser does not let the page copy. The link is ${link}` });
    return false;
  }
}

const NOT_YOURS =
  'The link has your settings, not your numbers: those stay in this tab. It opens on the example weights.';

export function followState(writer = writeLocation): void {
  write = writer;
  onPageState(later);
}
