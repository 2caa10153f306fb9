// Chapter 4 on the built page: every control by its role and name.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { audit, openSite, type Site, scrollsSideways, wake } from './site.ts';

describe('chapter 4, Symmetric', () => {
  let site: Site;
  let page: Page;
  let figure: Locator;

  before(async () => {
    site = await openSite();
  });
  after(() => site.close());
  beforeEach(() => open('?data=seven'));
  afterEach(() => page.context().close());

  async function open(query: string): Promise<void> {
    page = await site.page({}, query);
    figure = page.locator('fewbits-symmetric');
    await wake(page, 'symmetric');
  }

  const says = (text: string | RegExp) => figure.locator('.figure-sentence', { hasText: text }).waitFor();
  const slider = (name: string) => figure.getByRole('slider', { name });
  const follow = (name: string) => figure.getByRole('button', { name: `Follow ${name}`, exact: true });
  const ledger = () => figure.locator('.ledger .code-tile');
  async function paste(text: string): Promise<void> {
    await page.getByRole('button', { name: /^Data: / }).click();
    const dialog = page.getByRole('dialog', { name: 'Data' });
    await dialog.getByRole('tab', { name: 'Paste' }).click();
    await dialog.getByRole('textbox', { name: 'Numbers' }).fill(text);
    await dialog.getByRole('button', { name: /^Use th/ }).click();
  }
  /** Waits for these codes in the ledger, and says what stands there instead. */
  async function codes(expected: string): Promise<void> {
    const read = async () => (await ledger().allTextContents()).join(' ').replaceAll('−', '-');
    for (let i = 0; i < 40 && (await read()) !== expected; i++) await page.waitForTimeout(50);
    assert.equal(await read(), expected);
  }

  it('is there before any script runs', async () => {
    const still = await site.page({ javaScriptEnabled: false });
    const text = (await still.locator('fewbits-symmetric .figure').textContent()) ?? '';
    assert.match(text, /One step is 0\.00116; nothing moves further than half of it\./);
    assert.ok((await still.locator('fewbits-symmetric .hill').count()) > 0);
    await still.context().close();
  });

  it('gives the seven numbers their codes, and 5.47 moves most', async () => {
    await codes('64 36 -89 0 -23 -54 127');
    await says('One step is 0.085; nothing moves further than half of it. 5.47 moves most');
  });

  it('PageUp on slider "Value 7" makes 10.8 11.8, and all others recode', async () => {
    assert.equal(await slider('Value 7').getAttribute('aria-valuetext'), '10.8, code 127');
    await slider('Value 7').press('PageUp');
    await codes('59 33 -82 0 -21 -49 127');
    assert.equal(await slider('Value 7').getAttribute('aria-valuetext'), '11.8, code 127');
    await slider('Value 7').press('Escape');
    await codes('64 36 -89 0 -23 -54 127');
  });

  it('a changed number is the whole page’s, never the link’s, and the bar offers the way back', async () => {
    await slider('Value 1').press('ArrowRight');
    await page.locator('.following', { hasText: '5.57' }).waitFor();
    await page.locator('.dataset', { hasText: 'The guide’s seven, changed' }).waitFor();
    await page.waitForURL(/data=own/);
    assert.doesNotMatch(page.url(), /5\.57/);
    await page.getByRole('button', { name: /^Back to/ }).click();
    await codes('64 36 -89 0 -23 -54 127');
  });

  it('drags the largest value with the pointer: the others shrink toward zero', async () => {
    const dot = slider('Value 7').locator('.dot');
    await dot.evaluate((circle) => circle.scrollIntoView({ block: 'center' }));
    const { x, y, width, height } = (await dot.boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2 + 33, y + height / 2, { steps: 5 });
    await page.mouse.up();
    await page.waitForFunction(() => {
      const value = document.querySelector('fewbits-symmetric [aria-label="Value 7"]')!.getAttribute('aria-valuenow');
      return Number(value) > 11.5;
    });
    assert.ok(Number(await ledger().first().textContent()) < 62);
    await page.locator('.following', { hasText: /1[12]/ }).waitFor();
  });

  it('Escape ends a drag: the pointer moves on, the value stays', async () => {
    const dot = slider('Value 7').locator('.dot');
    await dot.evaluate((circle) => circle.scrollIntoView({ block: 'center' }));
    const { x, y, width, height } = (await dot.boundingBox())!;
    const from = { x: x + width / 2, y: y + height / 2 };
    const now = () => slider('Value 7').getAttribute('aria-valuenow');
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move(from.x - 60, from.y, { steps: 5 });
    await page.waitForFunction(
      () =>
        document.querySelector('fewbits-symmetric [aria-label="Value 7"]')!.getAttribute('aria-valuenow') !== '10.8',
    );
    await page.keyboard.press('Escape');
    await codes('64 36 -89 0 -23 -54 127');
    await page.mouse.move(from.x - 61, from.y);
    await page.mouse.up();
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    assert.equal(await now(), '10.8');
    await codes('64 36 -89 0 -23 -54 127');
  });

  it('takes a number as text, and refuses others in a sentence', async () => {
    const field = figure.getByRole('textbox', { name: 'Value 1' });
    await field.fill('21.6');
    await field.press('Enter');
    await says('One step is 0.17');
    await codes('127 18 -45 0 -11 -27 64');
    await field.fill('1e39');
    await field.press('Enter');
    await figure.getByRole('alert').waitFor();
  });

  it('int4 has its codes', async () => {
    await figure.getByRole('radio', { name: 'int4' }).check();
    await codes('4 2 -5 0 -1 -3 7');
    await page.waitForURL(/symmetric\.type=int4/);
    await figure.getByRole('button', { name: 'Reset' }).click();
    await codes('64 36 -89 0 -23 -54 127');
  });

  it('full range takes in −128 and divides by 127.5', async () => {
    await figure.getByRole('radio', { name: 'full' }).check();
    await codes('65 36 -90 0 -23 -54 127');
    await figure.locator('.figure-formula', { hasText: '127.5' }).waitFor();
    await follow('10.8').click();
    await figure.locator('.figure-formula', { hasText: 'round(127.5)=128,\u00a0clipped to\u00a0127' }).waitFor();
    await figure.getByRole('radio', { name: 'narrow' }).check();
    await figure.locator('.figure-formula', { hasText: 'round(127)=127' }).waitFor();
  });

  it('error bars never pass half a step in narrow range', async () => {
    for (const type of ['int8', 'int5', 'int3', 'int2']) {
      await figure.getByRole('radio', { name: type }).check();
      await figure.locator('.figure-sentence', { hasText: `of ${2 ** Number(type[3]) - 1} codes` }).waitFor();
      const heights = await figure
        .locator('rect.fill-error')
        .evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute('height'))));
      assert.equal(heights.length, 7);
      assert.ok(Math.max(...heights) <= 34.01, `${type}: ${heights}`);
    }
  });

  it('column button "Follow 3.08" follows it everywhere: in chapter 2’s field too', async () => {
    await page.locator('fewbits-bits').scrollIntoViewIfNeeded();
    await page.locator('fewbits-bits[data-ready]').waitFor();
    await follow('3.08').click();
    const field = page.locator('fewbits-bits').getByRole('textbox').first();
    await field.scrollIntoViewIfNeeded();
    await page.waitForFunction((input) => (input as HTMLInputElement).value === '3.08', await field.elementHandle());
    await figure.scrollIntoViewIfNeeded();
    await page.locator('.following', { hasText: '3.08' }).waitFor();
    await figure.locator('.figure-formula', { hasText: '36.22' }).waitFor();
    assert.equal(await follow('3.08').getAttribute('aria-pressed'), 'true');
    await page.waitForURL(/follow=1/);
  });

  it('of many, a mark can be followed by key, and the table has what is labelled', async () => {
    await page.context().close();
    await open('');
    const pick = figure.locator('.pick').last();
    const name = (await pick.getAttribute('aria-label'))!.replace('Follow ', '');
    await figure.getByText('Threads and dots: 900 of 36,864 values').waitFor();
    await pick.press('Enter');
    await page.locator('.following', { hasText: name }).waitFor();
    await figure.getByRole('button', { name: 'Show as table' }).click();
    const rows = await figure.getByRole('table').last().locator('tbody tr').count();
    assert.ok(rows > 10 && rows <= 64, `${rows} rows`);
  });

  it('1e38 beside small numbers stands on a logarithmic axis, where keys go by parts of a value', async () => {
    await paste('1e38 1 -5e20 0.001');
    await says('One step is 7.87 × 1035');
    await says('The largest value is beyond float16.');
    await figure.getByText('The axis is logarithmic, and linear near 0.').waitFor();
    const at = async (name: string) => (await slider(name).locator('.dot').boundingBox())!.x;
    assert.ok((await at('Value 3')) < (await at('Value 4')) - 100);
    assert.ok((await at('Value 4')) < (await at('Value 2')) - 10);
    await slider('Value 2').press('ArrowRight');
    await page.locator('fewbits-symmetric [aria-label="Value 2"][aria-valuenow="1.1"]').waitFor();
  });

  it('zeros stay, by the scale that the library returns; one value has no error', async () => {
    await paste('0 0 0');
    await says('All values are 0. Every scheme keeps them exactly; the scale is 1');
    assert.equal(await figure.locator('.threads').count(), 0);
    await paste('5');
    await says('One value is its own maximum: no error.');
  });

  it('works by keyboard alone', async () => {
    await figure.getByRole('radio', { name: 'int8' }).focus();
    const reached = new Set<string>();
    for (let i = 0; i < 20; i++) {
      reached.add(
        await page.evaluate(() => {
          const { activeElement: at } = document;
          return at?.getAttribute('aria-label') ?? at?.getAttribute('value') ?? at?.tagName ?? '';
        }),
      );
      await page.keyboard.press('Tab');
    }
    for (const stop of ['int8', 'narrow', 'Value 1', 'Value 7', 'Ledger, symmetric', 'Follow 10.8'])
      assert.ok(reached.has(stop), `${stop} of ${[...reached]}`);
  });

  it('does not scroll sideways at 360, and axe finds nothing in either theme', async () => {
    for (const data of ['?data=seven', '']) {
      const narrow = await site.page({ width: 360 }, data);
      await wake(narrow, 'symmetric');
      assert.equal(await scrollsSideways(narrow), false);
      await narrow.context().close();
    }
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const data of ['?data=seven', '']) {
        const found = await audit(site, { colorScheme }, data, async (opened) => {
          await wake(opened, 'symmetric');
          await opened.locator('fewbits-symmetric').getByRole('button', { name: 'Show as table' }).click();
        });
        assert.deepEqual(found, []);
      }
    }
  });
});
