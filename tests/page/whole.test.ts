// What holds for every figure on the page, also for those that chapters yet to come bring along.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openSite, type Site } from './site.ts';

let site: Site;
before(async () => {
  site = await openSite();
});
after(async () => {
  await site.close();
});

/** Speak of models, not of the page's numbers. */
const WITHOUT_DATA = ['fewbits-why', 'fewbits-your-model'];

const figuresOf = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('main *')]
      .map((element) => element.localName)
      .filter((name) => /^fewbits-/.test(name)),
  );

async function wakeAll(page: Page): Promise<string[]> {
  const figures = await figuresOf(page);
  for (const figure of figures) {
    await page.locator(figure).scrollIntoViewIfNeeded();
    await page.locator(`${figure}[data-ready]`).waitFor();
  }
  return figures;
}

/** Waits until every figure that shows data has `text` among its words or in a field, as its turn to be seen comes. */
async function allShow(page: Page, text: string): Promise<void> {
  for (const figure of await figuresOf(page)) {
    if (WITHOUT_DATA.includes(figure)) continue;
    await page.locator(figure).scrollIntoViewIfNeeded();
    const has = ([name, wanted]: readonly [string, string]) => {
      const element = document.querySelector(name)!;
      const fields = [...element.querySelectorAll('input')].map((input) => input.value);
      return [element.textContent, ...fields].join(' ').includes(wanted);
    };
    await page
      .waitForFunction(has, [figure, text] as const)
      .catch(() => assert.fail(`${figure} does not show ${text}`));
  }
}

async function paste(page: Page, text: string): Promise<void> {
  await page.getByRole('button', { name: /^Data: / }).click();
  const dialog = page.getByRole('dialog', { name: 'Data' });
  await dialog.getByRole('tab', { name: 'Paste' }).click();
  await dialog.getByRole('textbox', { name: 'Numbers' }).fill(text);
  await dialog.getByRole('button', { name: /^Use/ }).click();
  await dialog.waitFor({ state: 'hidden' });
}

describe('other data', () => {
  test('comes to every figure: those that sleep, those that are awake and off screen, and back', async () => {
    const page = await site.page();
    await paste(page, '7.25 -91.5 33 0.625');
    await page.locator('.following', { hasText: '7.25' }).waitFor();
    await allShow(page, '7.25');

    await page.getByRole('button', { name: /^Data: / }).click();
    await page.getByRole('button', { name: /The guide’s seven/ }).click();
    await page.locator('.following', { hasText: '5.47' }).waitFor();
    await allShow(page, '5.47');

    await page.locator('[data-use=relu]').click();
    await page.getByRole('button', { name: 'Back to The guide’s seven' }).click();
    await page.locator('.following', { hasText: '5.47' }).waitFor();
    await allShow(page, '5.47');
    await page.context().close();
  });

  test('from a file that is dropped on the page comes to every figure', async () => {
    const page = await site.page();
    await wakeAll(page);
    const transfer = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(['-3.25\n8\n1.5\n'], 'three.csv'));
      return data;
    });
    await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
    await page.getByRole('dialog').getByRole('button', { name: 'Use these 3 numbers' }).click();
    await page.locator('.following', { hasText: '−3.25' }).waitFor();
    await allShow(page, '3.25');
    await page.context().close();
  });

  test('another followed value is followed by every figure', async () => {
    const page = await site.page({}, '?data=seven');
    await wakeAll(page);
    await page.getByRole('button', { name: 'Follow row 5: −4.57' }).last().click();
    await page.locator('.following', { hasText: '−4.57' }).waitFor();
    await allShow(page, '4.57');
    await page.context().close();
  });
});

/** Every control of a figure, as it is now. */
const controlsOf = (page: Page, figure: string) =>
  page.locator(figure).evaluate((element) =>
    [...element.querySelectorAll('input:not([type=file]), .switch')].map((control) => {
      const { type, checked, value } = control as HTMLInputElement;
      const name = control.getAttribute('aria-label') ?? control.closest('label, button')?.textContent;
      return `${name}: ${control.getAttribute('aria-checked') ?? (/radio|checkbox/.test(type) ? `${value} ${checked}` : value)}`;
    }),
  );

test('a copied link opens every figure as its controls were left, and has none of the data', async () => {
  const page = await site.page({ permissions: ['clipboard-read', 'clipboard-write'] }, '?data=seven');
  const figures = await wakeAll(page);
  const before = new Map<string, string[]>();
  const left = new Map<string, string[]>();
  for (const name of figures) {
    const figure = page.locator(name);
    before.set(name, await controlsOf(page, name));
    for (const control of await figure.locator('.switch').all()) await control.click();
    for (const group of await figure.locator('.segments').all())
      await group.locator('input:enabled').last().check({ force: true });
    for (const slider of await figure.locator('input[type=range]:enabled').all()) await slider.press('ArrowRight');
  }
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  // Only now: a field follows its slider a moment later.
  for (const name of figures) {
    left.set(name, await controlsOf(page, name));
    assert.notDeepEqual(left.get(name), before.get(name));
    assert.ok(link.includes(`&${name.replace('fewbits-', '')}.`), `${name} in ${link}`);
  }
  assert.doesNotMatch(link, /5\.47|10\.8/);
  await page.goto('about:blank');
  await page.goto(link);
  await wakeAll(page);
  for (const name of figures) assert.deepEqual(await controlsOf(page, name), left.get(name), name);
  await page.context().close();
});

describe('the keyboard alone', () => {
  for (const width of [1280, 390]) {
    test(`goes through the whole page at ${width}: every stop has a ring, none is under the bar, and there is an end`, async () => {
      const page = await site.page({ width, height: 800 });
      const figures = new Set(await wakeAll(page));
      await page.evaluate(() => scrollTo(0, 0));
      const problems: string[] = [];
      for (let stops = 0; ; stops++) {
        assert.ok(stops < 400, 'the keys never leave the page');
        await page.keyboard.press('Tab');
        const stop = await page.evaluate(() => {
          const focused = document.activeElement!;
          // A control may show its ring on what stands for it; what is dragged in a drawing, as a stroke around its reach.
          const ringed = [focused, focused.nextElementSibling, focused.closest('label')];
          const reach = focused.querySelector('.reach');
          let figure: Element | null = focused;
          while (figure && !figure.localName.startsWith('fewbits-')) figure = figure.parentElement;
          const { top, bottom } = focused.getBoundingClientRect();
          return {
            figure: figure?.localName ?? '',
            name: `${focused.localName} ${focused.getAttribute('aria-label') ?? focused.textContent?.slice(0, 40)}`,
            inMain: focused.closest('main') !== null,
            last: focused.closest('footer') !== null,
            ringed:
              ringed.some((element) => element && getComputedStyle(element).outlineStyle !== 'none') ||
              (reach !== null && getComputedStyle(reach).stroke === getComputedStyle(document.body).color),
            // Of what is taller than the window, some part.
            seen: bottom > document.getElementById('bar')!.getBoundingClientRect().bottom && top < innerHeight,
          };
        });
        figures.delete(stop.figure);
        if (!stop.ringed) problems.push(`no ring: ${stop.name}`);
        if (stop.inMain && !stop.seen) problems.push(`out of sight: ${stop.name}`);
        if (stop.last) break;
      }
      assert.deepEqual(problems, []);
      assert.deepEqual([...figures], [], 'figures without a stop');
      assert.equal(await page.getByRole('status').count(), 1);
      await page.context().close();
    });
  }
});
