// What happens when a page opens: its data, and a first message where a link could not carry everything.
import type { DatasetInfo } from './contract.ts';
import { sameSource } from './data/examples.ts';
import { openedAddress } from './link.ts';
import { lostByReload } from './own.ts';
import { dataReady, setPageState, useSource } from './page.ts';

const OWN =
  'This link was made on someone’s own numbers, which stayed with them. Here are its settings, on the example.';
const RELOADED = 'Your own numbers are not kept over a reload: paste them again.';

export function openPage(built: DatasetInfo): void {
  setPageState({ dataset: built, back: null, busy: '', message: '' });
  const { source, followed, wasOwn } = openedAddress();
  if (wasOwn) setPageState({ message: lostByReload() ? RELOADED : OWN });
  if (!sameSource(source, built.source) || followed !== built.followed) void useSource(source, { followed });
  else whenIdle(() => void dataReady().catch(() => {}));
}

/** The data is fetched when nothing more urgent is left to do. */
function whenIdle(task: () => void): void {
  const start = () =>
    'requestIdleCallback' in window ? requestIdleCallback(task, { timeout: 4000 }) : setTimeout(task, 1500);
  if (document.readyState === 'complete') start();
  else addEventListener('load', start, { once: true });
}
