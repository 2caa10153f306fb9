// From a key press to the paint of what the worker made of it, at a million values.
import type { Browser, Page } from 'playwright-core';
import { CONTROLS, type Control } from './controls.ts';
import { DESKTOP, openPage, type Press } from './load.ts';

export interface Answer {
  figure: string;
  role: string;
  control: string;
  /** Milliseconds from every press that changed the figure to the paint. */
  paint: number[];
  /** The same by where they went, of those that the worker answered. */
  parts: Parts[];
  /** Presses without a change of the figure. */
  unchanged: number;
  /** Bytes of the largest message from the worker. */
  message: number;
}

export interface Parts {
  /** Until the worker is asked: the event, and what is drawn at once. */
  event: number;
  /** There and back, and the model. */
  worker: number;
  /** The components and the document. */
  drawing: number;
  /** Until the next frame, its style, layout and paint. */
  frame: number;
}

/**
 * Longer than a frame or two, shorter than the rest after which an answer from a sample is made exact (kit/exact.ts): the
 * first answer is what a reader waits for.
 */
const QUIET = 100;

export interface InputReport {
  answers: Answer[];
  /** Figures of the page for which CONTROLS has nothing that is there. */
  missing: string[];
}

export async function inputs(
  browser: Browser,
  address: string,
  presses: number,
  say: (text: string) => void,
): Promise<InputReport> {
  const page = await openPage(browser, DESKTOP);
  await page.goto(`${address}?data=gaussian&count=1000000`);
  const elements = await page.locator('main *').evaluateAll((all) => all.map(({ localName }) => localName));
  const figures = elements.filter((name) => name.startsWith('fewbits-')).map((name) => name.slice('fewbits-'.length));
  const answers: Answer[] = [];
  for (const control of CONTROLS) {
    if (!figures.includes(control.figure)) continue;
    const answer = await press(page, control, presses);
    if (!answer) continue;
    say(`  ${answer.figure}: ${answer.control}`);
    answers.push(answer);
  }
  await page.context().close();
  return { answers, missing: figures.filter((id) => !answers.some(({ figure }) => figure === id)) };
}

async function press(page: Page, { figure, role, name, keys }: Control, presses: number): Promise<Answer | undefined> {
  const element = `fewbits-${figure}`;
  await page.locator(element).scrollIntoViewIfNeeded();
  await page.locator(`${element}[data-ready]`).waitFor();
  await page.evaluate((selector) => globalThis.audit.watch(selector), element);
  await page.evaluate(() => globalThis.audit.quiet(600));
  await page.evaluate(() => globalThis.audit.largest());
  const found = page.locator(element).getByRole(role, { name, exact: true });
  if (!(await found.count())) return undefined;
  const control = role === 'radiogroup' ? found.locator('input:checked') : found;
  await control.first().focus();
  const done: Press[] = [];
  for (let i = 0; i < presses; i++) {
    await page.evaluate(() => globalThis.audit.begin());
    await page.keyboard.press(keys[i % keys.length]!);
    done.push(await page.evaluate((quiet) => globalThis.audit.end(quiet), QUIET));
  }
  const painted = done.filter(({ at, painted }) => at > 0 && painted > at);
  // Not every change needs the worker.
  const shown = painted.filter(({ asked, shown }) => asked > 0 && shown >= asked);
  return {
    figure,
    role,
    control: typeof name === 'string' ? name : name.source.replace(/\W/g, ' ').trim(),
    paint: painted.map(({ at, painted }) => painted - at),
    parts: shown.map(({ at, asked, shown, changed, painted }) => ({
      event: asked - at,
      worker: shown - asked,
      drawing: changed - shown,
      frame: painted - changed,
    })),
    unchanged: done.length - painted.length,
    message: await page.evaluate(() => globalThis.audit.largest()),
  };
}
