// Chapter 3 on the built page: every control by its role and name.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { audit, openSite, type Site, scrollsSideways, wake } from './site.ts';

describe('chapter 3, Range and precision', () => {
  let site: Site;
  let page: Page;
  let figure: Locator;

  before(async () => {
    site = await openSite();
  });
  after(() => site.close());
  beforeEach(() => open());
  afterEach(() => page.context().close());

  async function open(query = ''): Promise<void> {
    page = await site.page({}, query);
    figure = page.locator('fewbits-range');
    await wake(page, 'range');
  }
  async function reopen(query: string): Promise<void> {
    await page.context().close();
    await open(query);
  }

  const says = (text: string | RegExp) => figure.locator('.figure-sentence', { hasText: text }).waitFor();
  const probe = () => figure.getByRole('slider', { name: 'Probe' });
  const field = () => figure.getByRole('textbox', { name: 'Probe, as a number' });
  const button = (name: string) => figure.getByRole('button', { name });
  const drawn = (name: string) => figure.locator('.drawing svg', { hasText: name });
  const types = () => figure.getByRole('region', { name: 'Data types' });
  const labels = () => figure.locator('.drawing text.dim').allTextContents();

  async function type(text: string): Promise<void> {
    await field().fill(text);
    await field().press('Enter');
  }
  async function paste(text: string): Promise<void> {
    await page.getByRole('button', { name: /^Data: / }).click();
    await page.getByRole('tab', { name: 'Paste' }).click();
    await page.getByRole('textbox', { name: 'Numbers' }).fill(text);
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Use th/ })
      .click();
  }
  /** Until the slider says so. */
  const spoken = (text: string) =>
    page.waitForFunction(
      (wanted) =>
        document.querySelector('fewbits-range [type=range]')!.getAttribute('aria-valuetext')!.includes(wanted),
      text,
    );
  const column = (n: number) =>
    types()
      .locator('tbody tr')
      .evaluateAll((rows, i) => rows.map((row) => row.children[i]!.textContent!.trim()), n);

  it('is there before any script runs', async () => {
    const still = await site.page({ javaScriptEnabled: false });
    const text = (await still.locator('fewbits-range').textContent()) ?? '';
    assert.match(
      text,
      /float16 1,024, bfloat16 128, e4m3fn 8 and e2m1fn 2\. All 36,864 of your values are nearer to 0/,
    );
    assert.match(text, /symmetric uses −127/);
    await still.context().close();
  });

  it('has a table with a row per number format', async () => {
    assert.equal(await types().locator('tbody tr').count(), 31);
    const headers = await types().getByRole('columnheader').allInnerTexts();
    assert.deepEqual(headers, ['Data type', 'Min', 'Max', 'Sign', 'Exponent', 'Mantissa', 'Total bits', 'Notes']);
    const row = (name: string) => types().getByRole('row').filter({ hasText: name }).first().innerText();
    assert.match(await row('FP32'), /−3\.4 × 1038\s+3\.4 × 1038\s+1\s+8\s+23\s+32/);
    assert.match(await row('FP16'), /−65,504\s+65,504\s+1\s+5\s+10\s+16/);
    assert.match(await row('BF16'), /−3\.4 × 1038\s+3\.4 × 1038\s+1\s+8\s+7\s+16/);
    assert.match(await row('INT8'), /−128\s+127\s+1\s+0\s+7\s+8\s+symmetric uses −127/);
  });

  it('sorts the table by its headers', async () => {
    const header = types().getByRole('columnheader', { name: 'Sort by max' });
    assert.equal(await header.getAttribute('aria-sort'), null);
    await types().getByRole('button', { name: 'Sort by max' }).press('Enter');
    await types().locator('th[aria-sort=descending]').waitFor();
    await types().locator('tbody tr:first-child', { hasText: 'float64' }).waitFor();
    await types().getByRole('button', { name: 'Sort by max' }).press('Enter');
    await types().locator('th[aria-sort=ascending]').waitFor();
    await types().locator('tbody tr:first-child', { hasText: 'int2' }).waitFor();
    await types().getByRole('button', { name: 'Sort by total bits' }).click();
    await types().locator('tbody tr:first-child', { hasText: 'float64' }).waitFor();
    const bits = (await column(6)).map(Number);
    assert.deepEqual(
      bits,
      [...bits].sort((a, b) => b - a),
    );
  });

  it('draws the formats that are ticked', async () => {
    await types().getByRole('checkbox', { name: 'float8_e5m2', exact: true }).check();
    await drawn('float8_e5m2').waitFor();
    await types()
      .getByRole('checkbox', { name: /^float16/ })
      .uncheck();
    await says(/^Between 1 and 2 float32 has 8,388,608 steps, bfloat16 128, e4m3fn 8, e5m2 4 and e2m1fn 2\./);
    await types().getByRole('checkbox', { name: 'int2', exact: true }).check();
    await types().getByRole('checkbox', { name: 'int3', exact: true }).check();
    await drawn('int3').waitFor();
    assert.equal(
      await types().getByRole('checkbox', { name: 'int4', exact: true }).isDisabled(),
      true,
      'eight at most',
    );
    await reopen('?range.formats=int4');
    assert.equal(await types().getByRole('checkbox', { name: 'int4', exact: true }).isDisabled(), true, 'one at least');
  });

  it('slider "Probe" names the neighbours', async () => {
    await type('1.3');
    await spoken(
      '1.3, float32 1.3, float16 1.2998 or 1.30078, bfloat16 1.29688 or 1.30469, float8_e4m3fn 1.25 or 1.375',
    );
    await spoken('float4_e2m1fn 1 or 1.5, int8 1 or 2');
    await probe().press('ArrowRight');
    await spoken('1.32, float32');
    await probe().press('End');
    await spoken('2.1, ');
    await probe().press('PageDown');
    await spoken('1.9, ');
    await probe().press('Escape');
    await spoken('1.3, ');
  });

  it('±1e5 is outside float16', async () => {
    await type('1e5');
    await says('The probe, 100,000, is outside float16 (65,504), e4m3fn (448), e2m1fn (6) and int8 (127).');
    await drawn('max 65,504').waitFor();
    await type('-1e5');
    await says('The probe, −100,000, is outside float16 (−65,504)');
    await spoken('float16 ends at −65,504');
    await type('1.25e39');
    await says('is outside float32');
    assert.equal(await field().inputValue(), '1.25 × 10^39');
    await type('1.7e308');
    await says('1.7 × 10308, is outside');
    await type('-1e5');
    await type('nothing');
    await figure.getByText('“nothing” is not a number.').waitFor();
    await says('−100,000');
  });

  it('zooms by keys alone', async () => {
    await type('1.3');
    const before = await labels();
    await probe().focus();
    for (let i = 0; i < 4; i++) await page.keyboard.press('+');
    await page.waitForURL(/range\.from=1\.\d+&range\.to=1\.\d+/);
    await figure.locator('.drawing text.dim', { hasText: '1.30' }).waitFor();
    for (let i = 0; i < 4; i++) await page.keyboard.press('-');
    await figure.locator('.drawing text.dim', { hasText: /^−2$/ }).waitFor();
    assert.deepEqual((await labels()).sort(), before.sort());
    await button('Zoom in').press('Enter');
    await figure.locator('.drawing text.dim', { hasText: /^0\.5$/ }).waitFor();
    await field().focus();
    const address = page.url();
    await page.keyboard.type('+');
    assert.equal(page.url(), address, 'a field takes its own keys');
    await page.keyboard.press('Escape');
    await button('Reset').click();
    await page.waitForURL(site.address);
  });

  it('keeps what was zoomed and probed on own numbers out of the address', async () => {
    await button('Zoom in').press('Enter');
    await page.waitForURL(/range\.from=/);
    await paste('41.537 42 43');
    await page.waitForURL(/data=own/);
    await button('Zoom in').press('Enter');
    await type('41.74');
    await page.waitForURL((url) => url.search === '?data=own');
  });

  it('stops zooming where nothing more could be seen, in and out', async () => {
    await type('1.3');
    await probe().focus();
    for (let i = 0; i < 60; i++) await page.keyboard.press('+');
    await spoken('1.3, ');
    for (let i = 0; i < 250; i++) await page.keyboard.press('-');
    await figure.locator('.drawing text.dim', { hasText: '× 1038' }).first().waitFor();
  });

  it('zooms by the wheel after a click, and not before', async () => {
    const surface = figure.locator('.surface');
    await surface.scrollIntoViewIfNeeded();
    const box = (await surface.boundingBox())!;
    const before = await labels();
    const scroll = () => page.evaluate(() => scrollY);
    const top = await scroll();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.wheel(0, -100);
    await page.waitForFunction((from) => scrollY !== from, top);
    assert.deepEqual(await labels(), before);
    await surface.scrollIntoViewIfNeeded();
    const moved = (await surface.boundingBox())!;
    await page.mouse.click(moved.x + moved.width / 2, moved.y + moved.height / 2);
    const still = await scroll();
    await page.mouse.wheel(0, -400);
    await page.waitForURL(/range\.from=/);
    assert.equal(await scroll(), still);
  });

  it('moves the probe where the rows are clicked or dragged', async () => {
    const surface = figure.locator('.surface');
    await surface.scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await surface.boundingBox())!;
    const at = (share: number) => page.mouse.move(x + share * width, y + height / 2);
    await at(0.75);
    await page.mouse.down();
    await page.waitForFunction(() =>
      /^1\.0/.test(document.querySelector<HTMLInputElement>('fewbits-range .field')!.value),
    );
    await at(0.5 + 1.3 / 4.2);
    await page.mouse.up();
    await page.waitForFunction(() =>
      /^1\.3/.test(document.querySelector<HTMLInputElement>('fewbits-range .field')!.value),
    );
    await at(0.2);
    assert.match(await field().inputValue(), /^1\.3/);
  });

  it('two fingers zoom', async () => {
    const surface = figure.locator('.surface');
    await surface.scrollIntoViewIfNeeded();
    const { x, y, width } = (await surface.boundingBox())!;
    const touch = await page.context().newCDPSession(page);
    const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', ...places: number[]) =>
      touch.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: places.map((share, id) => ({ x: x + share * width, y: y + 80, id })),
      });
    await touch.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 2 });
    await send('touchStart', 0.45);
    await send('touchStart', 0.45, 0.55);
    for (const wide of [0.1, 0.15, 0.2]) await send('touchMove', 0.5 - wide, 0.5 + wide);
    await send('touchEnd');
    await page.waitForURL(/range\.from=-0\.\d+&range\.to=0\.\d+/);
  });

  it('shows a logarithmic axis', async () => {
    await figure.getByRole('radio', { name: 'log' }).check();
    await figure.locator('.drawing text.dim', { hasText: '10,000' }).first().waitFor();
    await figure.getByRole('radio', { name: 'linear' }).check();
    await figure.locator('.drawing text.dim', { hasText: /^−2$/ }).waitFor();
  });

  it('shows few values as marks to follow', async () => {
    await reopen('?data=seven');
    const mark = figure.getByRole('button', { name: 'Follow 3.08' });
    assert.equal(await figure.getByRole('button', { name: /^Follow / }).count(), 7);
    await mark.press('Enter');
    await page.waitForURL(/follow=1/);
    await spoken('3.08, ');
    await says('Of your 7 values 2 (29 %) are beyond e2m1fn.');
    const top = await page.evaluate(() => scrollY);
    await figure.getByRole('button', { name: 'Follow −4.57' }).press('Space');
    await page.waitForURL(/follow=5/);
    assert.equal(await page.evaluate(() => scrollY), top, 'Space follows, and does not scroll');
  });

  it('says what 1e38 and zeros are to these formats', async () => {
    await paste('1e38 1e38');
    await says('Both of your values are beyond float16, e4m3fn, e2m1fn and int8.');
    assert.equal(await figure.getByRole('radio', { name: 'log' }).isChecked(), true);
    await paste('0 0 0');
    await says('All your values are 0: one tick is enough for them.');
  });

  it('counts 10 million values, about at first and then exactly', async () => {
    await reopen('?data=gaussian&count=10000000');
    await says(/Of your 10,000,000 values [\d,]+ \(38.%\) are nearer to 0 than to the first step of int8/);
    await probe().press('ArrowRight');
    await spoken('float32');
  });

  it('shows its numbers as a table', async () => {
    await type('1.3');
    await button('Show as table').click();
    const table = figure.locator('.figure-table');
    await table.locator('tr', { hasText: 'float8_e4m3fn' }).getByText('1.375').waitFor();
    assert.equal(await table.locator('tbody tr').count(), 6);
  });

  it('says in a link how it was left, and Reset takes that back', async () => {
    await reopen('?range.probe=3&range.axis=log&range.formats=int4+float16&range.sort=bits');
    await spoken('3, float16 2.99805 or 3.00195, int4 2 or 4');
    await types().locator('tbody tr:first-child', { hasText: 'int2' }).waitFor();
    await button('Reset').click();
    await spoken('−0.035903, float32');
  });

  it('works by keyboard alone', async () => {
    await probe().focus();
    const reached: string[] = [];
    for (let i = 0; i < 18; i++) {
      const name = await page.evaluate(() => {
        const { activeElement: at } = document;
        return at?.getAttribute('aria-label') ?? at?.closest('label')?.textContent ?? at?.textContent ?? '';
      });
      reached.push(name.trim());
      await page.keyboard.press('Tab');
    }
    for (const stop of ['Probe', 'Probe, as a number', 'linear', 'Zoom in', 'Zoom out', 'Data types', 'Sort by max'])
      assert.ok(reached.includes(stop), `${stop} of ${reached.join(' | ')}`);
    assert.ok(reached.some((name) => name.startsWith('float64')));
  });

  it('does not scroll sideways at 360, and axe finds nothing in either theme', async () => {
    const narrow = await site.page({ width: 360 }, '?data=seven');
    await wake(narrow, 'range');
    assert.equal(await scrollsSideways(narrow), false);
    await narrow.context().close();
    for (const colorScheme of ['light', 'dark'] as const)
      for (const query of ['', '?data=seven&range.probe=1e5'])
        assert.deepEqual(await audit(site, { colorScheme }, query, (opened) => wake(opened, 'range')), []);
  });
});
