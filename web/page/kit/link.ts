// Keeps the browser's address in step with the page.
import { readAddress, writeAddress } from './address.ts';
import { noteOwn } from './own.ts';
import { onPageState, pageState, setPageState } from './page.ts';

const opened = typeof location === 'undefined' ? readAddress('') : readAddress(location.search);
const changed = new Map<string, readonly [string, string][]>();
let timer: ReturnType<typeof setTimeout> | undefined;

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
  timer = setTimeout(() => {
    history.replaceState(history.state, '', currentLink());
    noteOwn(pageState().dataset.source.kind === 'own');
  }, 200);
}

/** The address that opens the page as it is now. */
export function currentLink(): string {
  const { source, followed } = pageState().dataset;
  const set = [...changed].flatMap(([section, list]) =>
    list.map(([key, text]) => [`${section}.${key}`, text] as const),
  );
  // Figures that have not woken up yet keep what the link asked of them.
  return location.pathname + writeAddress(source, followed, [...opened.options, ...set]) + location.hash;
}

/** `embed.html` with this figure as it is now. */
export function embedLink(section: string): string {
  const { source, followed } = pageState().dataset;
  const own = (changed.get(section) ?? []).map(([key, text]) => [`${section}.${key}`, text] as const);
  const query = writeAddress(source.kind === 'own' ? { kind: 'seven' } : source, followed, own);
  return new URL(`embed.html?figure=${section}${query.replace('?', '&')}`, location.href).href;
}

/** Copies it; what the reader should know then goes into the bar. */
export async function copyLink(): Promise<boolean> {
  const link = new URL(currentLink(), location.href).href;
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

export const followState = () => onPageState(later);
