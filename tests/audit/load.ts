// How long the page takes to appear, what it fetches for that, and what moves.
import type { Browser, Page } from 'playwright-core';

export interface Conditions {
  width: number;
  height: number;
  mobile: boolean;
  /** How many times slower than this machine; 1 for as it is. */
  cpuSlowdown: number;
  network?: { latency: number; downloadThroughput: number; uploadThroughput: number };
}

const kilobits = (rate: number) => (rate * 1000) / 8;
export const PHONE: Conditions = {
  width: 390,
  height: 844,
  mobile: true,
  cpuSlowdown: 4,
  network: { latency: 150, downloadThroughput: kilobits(1600), uploadThroughput: kilobits(750) },
};
export const DESKTOP: Conditions = { width: 1280, height: 900, mobile: false, cpuSlowdown: 1 };

export interface Shift {
  value: number;
  start: number;
  /** What moved, in a line each. */
  moved: string[];
}

export interface Load {
  fcp: number;
  lcp: number;
  tbt: number;
  cls: number;
  shifts: Shift[];
}

interface Probed {
  fcp: number;
  lcp: number;
  tasks: { start: number; duration: number }[];
  shifts: Shift[];
}

declare global {
  var audit: {
    load: Probed;
    watch(selector: string): void;
    begin(): void;
    end(quiet: number): Promise<Press>;
    quiet(time: number): Promise<void>;
    largest(): number;
  };
}

/**
 * Times on the page's clock, 0 for what did not happen: the key, the first question to the worker, its last answer, the
 * last change of the figure, the last answer before that, and the end of the frame that paints it.
 */
export interface Press {
  at: number;
  asked: number;
  answered: number;
  changed: number;
  shown: number;
  painted: number;
}

export async function openPage(browser: Browser, { width, height, mobile, cpuSlowdown, network }: Conditions) {
  const context = await browser.newContext({
    viewport: { width, height },
    ...(mobile && { isMobile: true, hasTouch: true, deviceScaleFactor: 1.75 }),
  });
  const page = await context.newPage();
  await page.addInitScript({ path: new URL('./probe.js', import.meta.url).pathname });
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: cpuSlowdown });
  if (network) {
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', { offline: false, ...network });
  }
  return page;
}

/** Until nothing has been fetched and no long task has run for two seconds; nobody has touched the page then. */
async function idle(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
  await page.waitForFunction(() => {
    const { tasks } = globalThis.audit.load;
    const busy = [...tasks.map(({ start, duration }) => start + duration), ...fetched()];
    return performance.now() - Math.max(0, ...busy) > 2000;

    function fetched() {
      return performance.getEntriesByType('resource').map((entry) => (entry as PerformanceResourceTiming).responseEnd);
    }
  });
}

export async function load(browser: Browser, address: string, conditions: Conditions): Promise<Load> {
  const page = await openPage(browser, conditions);
  await page.goto(address);
  await idle(page);
  const { fcp, lcp, tasks, shifts } = await page.evaluate(() => globalThis.audit.load);
  await page.context().close();
  return {
    fcp,
    lcp,
    tbt: tasks.reduce((sum, task) => sum + blocking(task, fcp), 0),
    cls: clsOf(shifts),
    shifts,
  };
}

/** What a task after the first paint takes beyond 50 ms. */
function blocking({ start, duration }: { start: number; duration: number }, fcp: number): number {
  const from = Math.max(start, fcp);
  return Math.max(0, start + duration - from - 50);
}

/** As browsers reckon it: the worst burst of shifts, less than 1 s apart and 5 s in all. */
export function clsOf(shifts: readonly Shift[]): number {
  let [worst, sum, first, last] = [0, 0, 0, Number.NEGATIVE_INFINITY];
  for (const { value, start } of shifts) {
    if (start - last > 1000 || start - first > 5000) [sum, first] = [0, start];
    last = start;
    sum += value;
    worst = Math.max(worst, sum);
  }
  return worst;
}

export interface Reading {
  shifts: Shift[];
  /** Pixels by which figures changed their height when they came to life; below the screen, where no shift is counted, too. */
  grown: Record<string, number>;
}

/** Reads the page to its end, a third of a screen at a time; all figures wake up. What moves then is a defect. */
export async function readThrough(browser: Browser, address: string, conditions: Conditions): Promise<Reading> {
  const page = await openPage(browser, { ...conditions, mobile: false });
  await page.goto(address);
  await idle(page);
  const known = await page.evaluate(() => globalThis.audit.load.shifts.length);
  const before = await heights(page);
  const read = (by: number) =>
    page.evaluate((top) => {
      const from = scrollY;
      scrollBy({ top, behavior: 'instant' });
      return scrollY > from;
    }, by);
  while (await read(conditions.height / 3)) await page.evaluate(() => globalThis.audit.quiet(100));
  await idle(page);
  const { shifts } = await page.evaluate(() => globalThis.audit.load);
  const after = await heights(page);
  await page.context().close();
  const grown = Object.entries(after).map(([name, height]) => [name, Math.round(height - before[name]!)] as const);
  return { shifts: shifts.slice(known), grown: Object.fromEntries(grown.filter(([, by]) => by !== 0)) };
}

/** Of the page's figures, by their names. */
const heights = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(() => {
    const figures = [...document.querySelectorAll('main *')].filter(({ localName }) =>
      localName.startsWith('fewbits-'),
    );
    return Object.fromEntries(
      figures.map((figure) => [figure.localName.slice('fewbits-'.length), figure.getBoundingClientRect().height]),
    );
  });
