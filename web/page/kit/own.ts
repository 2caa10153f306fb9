// Whether this tab had the reader's own numbers: a reload loses them, and should then say so. Never the numbers.
const KEY = 'fewbits-own';

export function noteOwn(own: boolean): void {
  try {
    if (own) sessionStorage.setItem(KEY, '1');
    else sessionStorage.removeItem(KEY);
  } catch {
    // Without storage a reload is told from a link no more.
  }
}

/** A link that is followed in the same tab is no reload, whatever the tab had before. */
export function lostByReload(): boolean {
  const [entry] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  if (entry?.type !== 'reload' && entry?.type !== 'back_forward') return false;
  try {
    return sessionStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}
