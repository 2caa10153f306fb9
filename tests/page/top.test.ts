// The top of the built page: every control by its role and name.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { audit, openSite, type PageOptions, type Site, scrollsSideways } from './site.ts';

describe('the top', () => {
  let site: Site;
  let page: Page;
  let figure: Locator;

  before(async () => {
    site = await openSite();
  });
  after(() => site.close());
  afterEach(() => page.context().close());

  async function open(query = '', options: PageOptions = {}): Promise<void> {
    page = await site.page(options, query);
    figure = page.locator('fewbits-top');
    await page.locator('fewbits-top[data-ready]').waitFor({ state: 'attached' });
  }

  const slider = () => figure.getByRole('slider', { name: 'Bits per number' });
  const says = (text: string | RegExp) => figure.locator('.figure-sentence', { hasText: text }).waitFor();

  async function paste(text: string): Promise<void> {
    await page.getByRole('button', { name: 'Swap in your own' }).click();
    const dialog = page.getByRole('dialog', { name: 'Data' });
    await dialog.getByRole('tab', { name: 'Paste' }).click();
    await dialog.getByRole('textbox', { name: 'Numbers' }).fill(text);
    await dialog.getByRole('button', { name: /^Use/ }).click();
    await dialog.waitFor({ state: 'hidden' });
  }

  it('is there before any script runs', async () => {
    page = await site.page({ javaScriptEnabled: false });
    figure = page.locator('fewbits-top');
    await says(
      'With 4 bits each, 147 kB become 18.4 kB. The average weight moves by 0.0053, 19 % of the average size. ' +
        'The one you follow, −0.0359, becomes −0.042.',
    );
    await figure.getByText('36,860 different values').waitFor();
    await figure.getByText('15 values left').waitFor();
    await figure.getByText('0.147 sets the steps').waitFor();
    assert.ok((await figure.locator('.hill-bars rect').count()) === 15);
  });

  it('goes to eight bits with End and to one, labelled, with Home', async () => {
    await open();
    await slider().press('End');
    assert.equal(await slider().getAttribute('aria-valuetext'), '8 bits');
    await says('With 8 bits each, 147 kB become 36.9 kB.');
    await slider().press('Home');
    assert.equal(await slider().getAttribute('aria-valuetext'), '1 bit: sign × mean');
    await says('With 1 bit each, 147 kB become 4.61 kB. Only the sign is left, times the mean size, 0.0276.');
    assert.equal(await figure.getByText('sets the steps').count(), 0);
  });

  it('says how many values are left: 3 at two bits, 2 at one', async () => {
    await open('?top.bits=2');
    await figure.getByText('3 values left').waitFor();
    await says('One bit with a good scale does better: 54 %.');
    await slider().press('ArrowLeft');
    await figure.getByText('2 values left').waitFor();
    await page.waitForURL(/\?top\.bits=1$/);
    await figure.getByRole('button', { name: 'Reset' }).click();
    await figure.getByText('15 values left').waitFor();
  });

  it('offers to swap in the reader’s own numbers', async () => {
    await open();
    await page.getByRole('button', { name: 'Swap in your own' }).click();
    await page.getByRole('dialog', { name: 'Data' }).waitFor();
  });

  it('draws seven numbers as seven labelled marks, with bytes above 0 at every width', async () => {
    await open('?data=seven');
    const marks = figure.getByRole('radiogroup', { name: 'Followed value' }).getByRole('radio');
    await marks.first().waitFor();
    assert.deepEqual(await marks.evaluateAll((all) => all.map((mark) => mark.textContent)), [
      '−7.59',
      '−4.57',
      '−1.95',
      '0',
      '3.08',
      '5.47',
      '10.8',
    ]);
    assert.equal(await figure.getByRole('radio', { name: '3.08 becomes 3.09' }).count(), 1);
    for (let bits = 1; bits <= 8; bits++) {
      await slider().press(bits === 1 ? 'Home' : 'ArrowRight');
      await says(new RegExp(`^With ${bits} bits? each, 28 bytes become [1-7] bytes?`));
    }
  });

  it('follows a mark by click and by keys, for the whole page', async () => {
    await open('?data=seven');
    await figure
      .getByRole('radio', { name: /^−4.57/ })
      .locator('circle')
      .click();
    await page.locator('.following', { hasText: '−4.57' }).waitFor();
    await says('The one you follow, −4.57, becomes −4.63');
    await figure.getByRole('radio', { name: /^−4.57/ }).focus();
    await page.keyboard.press('ArrowRight');
    await page.locator('.following', { hasText: '−1.95' }).waitFor();
    await figure.locator('[role=radio][aria-checked=true]:focus').waitFor();
    await page.keyboard.press('End');
    await page.locator('.following', { hasText: '10.8' }).waitFor();
    assert.equal(await figure.locator('[role=radio][tabindex="0"]').count(), 1);
  });

  it('goes through many values in their order', async () => {
    await open();
    const followed = figure.getByRole('slider', { name: 'Followed value' });
    assert.equal(await followed.getAttribute('aria-valuetext'), '−0.0359 becomes −0.042');
    await followed.press('Home');
    await page.locator('.following', { hasText: '−0.147' }).waitFor();
    await followed.press('End');
    await page.locator('.following', { hasText: '0.146' }).waitFor();
    await followed.press('PageDown');
    await page.locator('.following', { hasText: '0.125' }).waitFor();
    const { x, y, width } = (await figure.locator('.hill-above').boundingBox())!;
    await page.mouse.click(x + width / 2, y + 100);
    await page.locator('.following', { hasText: /following −?0\.000|× 10/ }).waitFor();
  });

  it('shows its numbers as a table', async () => {
    await open('?data=seven&top.bits=2');
    await figure.getByText('3 values left').first().waitFor();
    await figure.getByRole('button', { name: 'Show as table' }).press('Enter');
    const rows = figure.getByRole('table').locator('tbody tr');
    assert.deepEqual(
      await rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent))),
      [
        ['−10.8', '1'],
        ['0', '4'],
        ['10.8', '2'],
      ],
    );
    await slider().press('End');
    await says('With 8 bits each');
    assert.ok((await rows.count()) <= 64);
  });

  it('keeps to zeros, one value and 1e38', async () => {
    await open();
    await paste('0 0 0');
    await says('12 bytes become 2 bytes. All values are 0. Every scheme keeps them exactly.');
    await figure.getByText('1 value left').waitFor();
    await paste('5');
    await says('4 bytes become 1 byte. Not one number moves.');
    await paste('1e38 1 -3e37');
    await says('The one you follow, 1 × 1038, becomes 1 × 1038.');
    assert.doesNotMatch((await figure.textContent())!, /NaN|Infinity|∞/);
  });

  it('answers ten million numbers from a sample, then exactly', async () => {
    await open('?data=gaussian&count=10000000');
    await says('40 MB become 5 MB');
    await figure.getByText(/^9,\d{3},\d{3} different values$/).waitFor();
    await slider().press('ArrowRight');
    await says(/With 5 bits each.*moves by ≈/);
    await figure.locator('.figure-sentence:not(:has-text("≈"))').waitFor();
  });

  it('fits 1280 × 900 with its sentence at every width of a number, and has no card', async () => {
    await open();
    for (let bits = 1; bits <= 8; bits++) {
      await slider().press(bits === 1 ? 'Home' : 'ArrowRight');
      await says(`With ${bits} bit`);
      const { bottom, shift } = await page.evaluate(() => ({
        bottom: document.querySelector('fewbits-top')!.getBoundingClientRect().bottom,
        shift: scrollY,
      }));
      assert.ok(bottom <= 900 && shift === 0, `${bits} bits end at ${bottom}`);
    }
    assert.equal(await figure.locator('.figure').count(), 0);
  });

  it('comes first in the rail, and the rail leads back to it', async () => {
    await open();
    const top = page.getByRole('navigation', { name: 'Chapters' }).getByRole('link').first();
    assert.equal((await top.textContent())!.trim(), 'Top');
    assert.equal(await top.getAttribute('aria-current'), 'true');
    await page.getByRole('link', { name: 'Why' }).click();
    await page.locator('.rail a[aria-current]', { hasText: 'Why' }).waitFor();
    await top.click();
    await page.locator('.rail a[aria-current]', { hasText: 'Top' }).waitFor();
    assert.equal(await page.evaluate(() => scrollY), 0);
  });

  it('does not move anything when its script takes over', async () => {
    for (const width of [1280, 390]) {
      page = await site.page({ width });
      const shift = await page.evaluate(async () => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) sum += (entry as unknown as { value: number }).value;
        }).observe({ type: 'layout-shift', buffered: true });
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return sum;
      });
      assert.ok(shift <= 0.02, `${shift} at ${width}`);
      if (width === 1280) await page.context().close();
    }
  });

  it('can be embedded', async () => {
    page = await site.page({}, 'embed.html?figure=top&data=seven&top.bits=3');
    await page.getByText('6 values left').waitFor();
  });

  it('does not scroll sideways at 360, even with the longest numbers', async () => {
    await open('', { width: 360, height: 780 });
    assert.equal(await scrollsSideways(page), false);
    await paste('-3.21e38 3.21e38 1.23e37 1');
    await says('With 4 bits each, 16 bytes');
    assert.equal(await scrollsSideways(page), false);
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has nothing that axe finds in ${colorScheme}, hill and marks, with its table`, async () => {
      await open();
      for (const query of ['', '?data=seven']) {
        const found = await audit(site, { colorScheme }, query, async (opened) => {
          await opened.locator('fewbits-top[data-ready]').waitFor();
          await opened.locator('fewbits-top').getByRole('button', { name: 'Show as table' }).click();
        });
        assert.deepEqual(found, []);
      }
    });
  }
});
