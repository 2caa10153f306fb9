// Chapter 5 on the built page: every control by its role and name.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { audit, openSite, type Site, scrollsSideways, wake } from './site.ts';

describe('chapter 5, Asymmetric', () => {
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
    figure = page.locator('fewbits-asymmetric');
    await wake(page, 'asymmetric');
  }

  const says = (text: string | RegExp) => figure.locator('.figure-sentence', { hasText: text }).waitFor();
  const slider = (name: string) => figure.getByRole('slider', { name });
  const field = (name: string) => figure.getByRole('textbox', { name });
  const choose = (name: string) => figure.getByRole('radio', { name, exact: true }).check();

  async function type(into: Locator, text: string): Promise<void> {
    await into.fill(text);
    await into.press('Enter');
  }

  async function paste(text: string): Promise<void> {
    await page.getByRole('button', { name: /^Data: / }).click();
    const dialog = page.getByRole('dialog', { name: 'Data' });
    await dialog.getByRole('tab', { name: 'Paste' }).click();
    await dialog.getByRole('textbox', { name: 'Numbers' }).fill(text);
    await dialog.getByRole('button', { name: /^Use these/ }).click();
  }

  it('is there before any script runs', async () => {
    const still = await site.page({ javaScriptEnabled: false });
    const text = (await still.locator('fewbits-asymmetric .figure').textContent()) ?? '';
    assert.match(
      text,
      /\[−0\.147, 0\.146\] uses all 256 codes; one step is 0\.00115 instead of 0\.00116, and 0 is stored as 0\. The values reach about as far to both sides/,
    );
    await still.context().close();
  });

  it('gives the seven numbers their zero point and codes', async () => {
    await says('[−7.59, 10.8] uses all 256 codes; one step is 0.0721 instead of 0.0850, and 0 is stored as −23.');
    const codes = await figure.locator('.ledger .code-tile').allTextContents();
    assert.equal(codes.join(' ').replaceAll('−', '-'), '53 20 -128 -23 -50 -86 127');
    assert.equal(await slider('Zero point').getAttribute('aria-valuenow'), '-23');
  });

  it('says of ReLU data under the symmetric scheme that half of the codes are never used', async () => {
    await page.getByRole('button', { name: 'try it with ReLU’s output' }).click();
    await says('and 0 is stored as −128');
    await choose('symmetric');
    await says('half of the codes are never used');
  });

  it('shows the errors of both schemes side by side, whichever is chosen', async () => {
    const rows = figure.getByRole('table', { name: 'The two schemes side by side' }).getByRole('row');
    const both = ['asymmetric0.07217 of 2560.01380.0266', 'symmetric0.08507 of 2550.01370.0275'];
    assert.deepEqual((await rows.allTextContents()).slice(1), both);
    await choose('symmetric');
    await says('With zero in the middle one step is 0.085.');
    assert.deepEqual((await rows.allTextContents()).slice(1), both);
  });

  it('on 5 6 7, switch "Include zero" off changes the zero point, and 0 is no longer exact', async () => {
    await paste('5 6 7');
    await says('[0, 7] uses all 256 codes');
    assert.equal(await field('Zero point').inputValue(), '−128');
    await figure.getByRole('switch', { name: 'Include zero' }).click();
    await says('But 0 is no longer exact, which padding and ReLU need.');
    assert.equal(await field('Zero point').inputValue(), '−765');
  });

  it('group "Rounding" lists the elements that differ, or says that none do', async () => {
    const differences = figure.locator('.differences');
    assert.match((await differences.textContent())!, /none differ/);
    await paste('0 4.087059 10.8');
    await figure.locator('.differences', { hasText: '1 code differs: 4.087 gets −31 or −32' }).waitFor();
    await figure.getByRole('radiogroup', { name: 'Rounding' }).getByRole('radio', { name: 'pytorch' }).check();
    await page.waitForURL(/asymmetric\.rounding=pytorch/);
  });

  it('moves both ends and the flag by keys', async () => {
    await slider('High end α').press('ArrowLeft');
    await says('[−7.59, 10.7]');
    await slider('High end α').press('Escape');
    await says('[−7.59, 10.8]');
    await slider('Low end β').press('PageUp');
    await says('[−6.59, 10.8]');
    await figure.getByRole('button', { name: 'Reset' }).click();
    await says('0 is stored as −23');
    await slider('Zero point').press('ArrowRight');
    await says('0 is stored as −22');
    await slider('Zero point').press('PageUp');
    await says('0 is stored as −12');
  });

  it('Escape gives both ends back, and Home leads to 0 itself', async () => {
    const before = [await field('β').inputValue(), await field('α').inputValue()];
    await slider('Zero point').press('ArrowRight');
    await says('0 is stored as −22');
    await slider('Zero point').press('Escape');
    await says('0 is stored as −23');
    assert.deepEqual([await field('β').inputValue(), await field('α').inputValue()], before);
    await page.waitForURL((url) => !/asymmetric\.(low|high)/.test(url.href));
    await slider('Zero point').press('Home');
    await says('[0, 18.4] uses all 256 codes');
  });

  it('the flag is within its ends where zero is not included, and moves by one', async () => {
    await paste('0.1 6 7');
    await figure.getByRole('switch', { name: 'Include zero' }).click();
    await says('But 0 is no longer exact');
    const flag = slider('Zero point');
    const [least, now, most] = await Promise.all(
      ['min', 'now', 'max'].map(async (name) => Number(await flag.getAttribute(`aria-value${name}`))),
    );
    assert.equal(now, -132);
    assert.ok(least! <= now! && now! <= most!);
    await flag.press('ArrowLeft');
    await page.locator('fewbits-asymmetric [aria-label="Zero point"][aria-valuenow="-133"]').waitFor();
  });

  it('names the clip in the formula where it acts', async () => {
    await page.context().close();
    await open('?data=seven&follow=2&asymmetric.low=0.2');
    const clipped = figure.locator('.figure-formula', { hasText: '=−192,\u00a0clipped to\u00a0−128' });
    await clipped.waitFor();
    await figure.getByRole('button', { name: 'Follow 5.47', exact: true }).click();
    await clipped.waitFor({ state: 'detached' });
  });

  it('says of zeros that they are kept only where they are', async () => {
    await page.context().close();
    await open('?data=seven&asymmetric.low=0.2&asymmetric.zero=0');
    await paste('0 0 0');
    await says('But 0 is no longer exact');
    await figure.getByRole('switch', { name: 'Include zero' }).click();
    await says('All values are 0. Every scheme keeps them exactly.');
  });

  it('writes large ends with real powers, in parentheses', async () => {
    await paste('1e38 -1.449e36 1');
    const formula = figure.locator('.figure-formula');
    await formula.locator('msup').first().waitFor();
    assert.match((await formula.textContent())!, /−\(−1\.449×1036\)/);
    assert.doesNotMatch((await formula.textContent())!, /10\^/);
  });

  it('takes ends and zero point as text; the link says how far they moved, not the numbers', async () => {
    await type(field('β'), '-5');
    await type(field('α'), '5');
    await says('[−5, 5] uses all 256 codes; one step is 0.0392');
    await page.waitForURL(/asymmetric\.low=0\.1/);
    await type(field('Zero point'), '0');
    await says('0 is stored as 0');
    await type(field('Zero point'), '400');
    await figure.getByText('The most is 127.').waitFor();
    await type(field('α'), 'much');
    await figure.getByText('“much” is not a number.').waitFor();
    await type(field('β'), '-1000');
    await figure.getByText('The least is −25.98.').waitFor();
  });

  it('drags an end with the pointer', async () => {
    const grip = slider('High end α').locator('.grip');
    await grip.evaluate((circle) => circle.scrollIntoView({ block: 'center' }));
    const { x, y, width, height } = (await grip.boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width / 2 - 120, y + height / 2, { steps: 6 });
    await page.mouse.up();
    await says(/\[−7\.59, 7\.\d+\]/);
  });

  it('drags the flag: the codes follow the pointer, and the step stays', async () => {
    const flag = slider('Zero point').locator('.flag');
    await flag.evaluate((shape) => shape.scrollIntoView({ block: 'center' }));
    const { x, y, height } = (await flag.boundingBox())!;
    await page.mouse.move(x + 12, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + 72, y + height / 2, { steps: 6 });
    await page.mouse.up();
    await says(/one step is 0\.0721 .* 0 is stored as −[45]\d/);
  });

  it('works by keyboard alone', async () => {
    await figure.getByRole('radio', { name: 'asymmetric', exact: true }).focus();
    const reached = new Set<string>();
    for (let i = 0; i < 30; i++) {
      reached.add(
        await page.evaluate(() => {
          const { activeElement: at } = document;
          return at?.getAttribute('aria-label') ?? at?.getAttribute('role') ?? at?.getAttribute('value') ?? '';
        }),
      );
      await page.keyboard.press('Tab');
    }
    for (const stop of ['switch', 'Value 7', 'Low end β', 'High end α', 'Zero point', 'Follow 10.8'])
      assert.ok(reached.has(stop), `${stop} of ${[...reached]}`);
  });

  it('does not scroll sideways at 360, and axe finds nothing in either theme', async () => {
    for (const data of ['?data=seven', '']) {
      const narrow = await site.page({ width: 360 }, data);
      await wake(narrow, 'asymmetric');
      assert.equal(await scrollsSideways(narrow), false);
      await narrow.context().close();
    }
    for (const colorScheme of ['light', 'dark'] as const) {
      const found = await audit(site, { colorScheme }, '?data=seven', async (opened) => {
        await wake(opened, 'asymmetric');
        await opened.locator('fewbits-asymmetric').getByRole('button', { name: 'Show as table' }).click();
      });
      assert.deepEqual(found, []);
    }
  });
});
