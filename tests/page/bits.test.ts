// Chapter 2 on the built page: every control by its role and name.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { audit, openSite, type Site, scrollsSideways, wake } from './site.ts';

describe('chapter 2, Bits', () => {
  let site: Site;
  let page: Page;
  let figure: Locator;

  before(async () => {
    site = await openSite();
  });
  after(() => site.close());
  beforeEach(() => open('?data=seven&follow=6', '10.8'));
  afterEach(() => page.context().close());

  /** Waits for the number that the page opens with: the worker may answer after the figure has woken. */
  async function open(query = '', starts = '−0.03590296', width = 1280): Promise<void> {
    await page?.context().close();
    page = await site.page({ width }, query);
    figure = page.locator('fewbits-bits');
    await wake(page, 'bits');
    await numberReads(starts);
  }

  const says = (text: string | RegExp) => figure.locator('.figure-sentence', { hasText: text }).waitFor();
  const means = (text: string) => figure.locator('.meaning', { hasText: text }).waitFor();
  const group = (format = 'float32') => figure.getByRole('group', { name: `Bits of ${format}` });
  const bits = async (format?: string) => (await group(format).getByRole('switch').allTextContents()).join('');
  const bit = (name: string, format?: string) => group(format).getByRole('switch', { name, exact: true });
  const field = (name: string) => figure.getByRole('textbox', { name, exact: true });
  const number = () => field('Number').inputValue();
  const button = (name: string) => figure.getByRole('button', { name });

  async function type(into: Locator, text: string): Promise<void> {
    await into.fill(text);
    await into.press('Enter');
  }
  /** Fields follow what is drawn, a moment later. */
  async function reads(name: string, text: string): Promise<void> {
    for (let i = 0; i < 200 && (await field(name).inputValue()) !== text; i++) await page.waitForTimeout(50);
    assert.equal(await field(name).inputValue(), text);
  }
  const numberReads = (text: string) => reads('Number', text);

  /** 10.8 in float32. */
  const CODE = '01000001001011001100110011001101';

  it('is there before any script runs', async () => {
    const still = await site.page({ javaScriptEnabled: false });
    const text = (await still.locator('fewbits-bits .figure').textContent()) ?? '';
    assert.match(text, /bfloat16 keeps 8 exponent bits, drops 16 of the mantissa: −0\.0359 becomes −0\.03589\./);
    assert.equal(await still.locator('fewbits-bits .tiles button').count(), 32);
    assert.equal(await still.locator('fewbits-bits .stack tbody tr').count(), 12);
    await still.context().close();
  });

  it('starts with the followed value: the exponent field of 10.8 reads 130', async () => {
    assert.equal(await number(), '10.8');
    assert.equal(await bits(), CODE);
    await means('exponent: 130 − 127 = 3');
    await open();
    await type(field('Number'), '10.8');
    await means('exponent: 130 − 127 = 3');
    assert.equal(await bits(), CODE);
  });

  it('arrows move among the bits, Space flips, 0 and 1 write and go on', async () => {
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
    await bit('sign').focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await focused(), 'exponent bit 7');
    await page.keyboard.press('Space');
    await means('exponent: 2 − 127 = −125');
    await page.keyboard.press('Space');
    await means('exponent: 130 − 127 = 3');
    await page.keyboard.press('End');
    assert.equal(await focused(), 'mantissa bit 0');
    await page.keyboard.press('ArrowUp');
    assert.equal(await focused(), 'mantissa bit 8');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await focused(), 'mantissa bit 9');
    await page.keyboard.press('Home');
    for (const key of '1100') await page.keyboard.press(key);
    assert.equal(await focused(), 'exponent bit 4');
    assert.equal(await bits(), `1100${CODE.slice(4)}`);
    assert.equal(await group().locator('[tabindex="0"]').count(), 1, 'one tab stop');
  });

  it('a click flips a bit, a drag paints the same over others', async () => {
    await bit('sign').click();
    await numberReads('−10.8');
    const at = async (name: string) => {
      const { x, y, width, height } = (await bit(name).boundingBox())!;
      return [x + width / 2, y + height / 2] as const;
    };
    await page.mouse.move(...(await at('mantissa bit 7')));
    await page.mouse.down();
    await page.mouse.move(...(await at('mantissa bit 0')), { steps: 30 });
    await page.mouse.up();
    assert.equal(await bits(), `1${CODE.slice(1, 24)}00000000`);
    await page.mouse.move(...(await at('mantissa bit 20')));
    assert.equal((await bits()).slice(24), '00000000', 'nothing is painted after the button is let go');
  });

  it('Next, then Previous restores the code', async () => {
    await button('Next').click();
    await numberReads('10.800001');
    assert.equal(await bits(), `${CODE.slice(0, 31)}0`.replace(/01100110011001100$/, '01100110011001110'));
    await button('Previous').click();
    await numberReads('10.8');
    assert.equal(await bits(), CODE);
  });

  it('an exponent of ones reads infinity or NaN', async () => {
    await bit('exponent bit 7').focus();
    for (const key of '11111111') await page.keyboard.press(key);
    await says('All exponent bits are 1 and the mantissa is not 0: this is NaN, not a number.');
    await numberReads('NaN');
    assert.equal(await button('Next').isDisabled(), true);
    await type(field('Number'), '-inf');
    await says('All exponent bits are 1 and the mantissa is 0: this is infinity.');
    await figure.locator('.note', { hasText: 'float32 stores −∞' }).waitFor();
  });

  it('explains −0 and subnormal numbers', async () => {
    await type(field('Number'), '-0');
    await says('All bits but the sign are 0. Zero has two codes, 0 and −0, which count as equal.');
    await type(field('Number'), '1e-40');
    await says('a subnormal number, which goes without the leading 1');
    await means('exponent: 0, taken as 1 − 127 = −126');
  });

  it('says where a number is out of reach', async () => {
    await type(field('Number'), '465');
    await says('Past 464, float8_e4m3fn gives NaN; saturating gives 448.');
    await type(field('Number'), '1e39');
    await says(/Past 3\.40282 × 1038, float32 gives ∞; saturating gives 3\.40282 × 1038/);
    await figure.getByRole('radio', { name: 'float4_e2m1fn' }).check();
    await says('float4_e2m1fn stays at 6.');
  });

  it('says what each format keeps of 0.1, and the error of that', async () => {
    const row = (name: string) => figure.getByRole('row', { name: new RegExp(`^${name}(?!\\w)`) }).getByRole('cell');
    for (const width of [1280, 390]) {
      await open('?data=seven&follow=6', '10.8', width);
      await type(field('Number'), '0.1');
      await row('float16').filter({ hasText: '0.09998' }).waitFor();
      assert.deepEqual((await row('float16').allTextContents()).slice(-2), ['0.09998', '−2.4 × 10−5']);
      assert.deepEqual((await row('bfloat16').allTextContents()).slice(-2), ['0.1001', '9.8 × 10−5']);
      for (const shown of ['0.09998', '−2.4 × 10−5']) assert.ok(await row('float16').getByText(shown).isVisible());
    }
  });

  it('a click anywhere in a row puts its format into the editor', async () => {
    await figure
      .getByRole('row', { name: /^float8_e5m2 / })
      .getByText('10', { exact: true })
      .first()
      .click({ force: true });
    await group('float8_e5m2').waitFor();
    assert.equal(await figure.getByRole('radio', { name: 'float8_e5m2', exact: true }).isChecked(), true);
  });

  it('refuses what is no number in a sentence, and keeps the last', async () => {
    await type(field('Number'), 'ten');
    await figure.getByRole('alert').filter({ hasText: '“ten” is not a number.' }).waitFor();
    assert.equal(await bits(), CODE);
  });

  it('e2m1 names 15 distinct values', async () => {
    await figure.getByRole('radio', { name: 'float4_e2m1fn' }).check();
    await says('Its 16 codes name 15 different numbers.');
    assert.equal(await bits('float4_e2m1fn'), '0111');
    await open();
    await says('For float4_e2m1fn, the nearest of its 15 numbers is −0: a format this small needs a scale.');
  });

  it('shows integers by the worth of their bits', async () => {
    const formats = figure.getByRole('combobox', { name: 'Format' });
    await formats.click();
    await formats.fill('int8');
    await formats.press('Enter');
    await type(field('Number'), '-60');
    await bit('bit 7, worth −128', 'int8').waitFor();
    assert.match((await figure.locator('.figure-formula').textContent()) ?? '', /= −128 \+ 64 \+ 4=−60$/);
    await bit('bit 7, worth −128', 'int8').press('Space');
    await numberReads('68');
  });

  it('a format of one’s own, 4/3, bias 7, NaN only, is float8_e4m3fn code by code', async () => {
    await figure.getByRole('switch', { name: 'Design your own' }).click();
    await figure.getByText('256 codes for 253 numbers, up to 448: code by code the same as float8_e4m3fn.').waitFor();
    assert.equal(await figure.getByRole('radio', { name: 'yours' }).isChecked(), true);
    const kept = (name: string) => figure.getByRole('row', { name: new RegExp(`^${name}(?!\\w)`) }).getByRole('cell');
    assert.deepEqual(await kept('yours').allTextContents(), await kept('float8_e4m3fn').allTextContents());
    await type(field('Exponent bits'), '5');
    await reads('Bias', '15');
    await type(field('Mantissa bits'), '2');
    await figure.getByRole('radio', { name: '∞ and NaN' }).check();
    await figure.getByText('the same as float8_e5m2.').waitFor();
    await figure.getByRole('switch', { name: 'Sign', exact: true }).click();
    await figure.getByText('128 codes for 124 numbers').waitFor();
    await type(field('Exponent bits'), '8');
    await reads('Bias', '127');
    await type(field('Bias'), '0');
    await figure.getByRole('alert').filter({ hasText: 'Its largest value is beyond float32' }).waitFor();
    await figure.getByRole('switch', { name: 'Design your own' }).click();
    assert.equal(await figure.getByRole('radio', { name: 'yours' }).count(), 0);
  });

  it('the table has every format', async () => {
    await button('Show as table').click();
    const rows = figure.getByRole('region').getByRole('row');
    assert.equal(await rows.count(), 1 + 30);
    const cells = await rows.filter({ hasText: 'float4_e2m1fn' }).getByRole('cell').allTextContents();
    assert.deepEqual(cells, ['0 11 1', '6', '−4.8', '6', '15']);
  });

  it('says in a link how it was left; another followed value starts anew; Reset takes all back', async () => {
    await bit('sign').click();
    await figure.getByRole('radio', { name: 'bfloat16' }).check();
    await page.waitForURL(/bits\.format=bfloat16/);
    const query = new URL(page.url()).search;
    assert.match(query, /bits\.edit=10\.800000190734863_float32_11000001001011001100110011001101/);
    await open(query, '−10.8');
    await button('Reset').click();
    await numberReads('10.8');
    assert.equal(await bits(), CODE);
    await page.waitForURL(/\?data=seven&follow=6$/);
    await open(query.replace('follow=6', 'follow=0'), '5.47');
  });

  it('never puts a number of the reader’s into the link', async () => {
    await page.getByRole('button', { name: /^Data: / }).click();
    const dialog = page.getByRole('dialog', { name: 'Data' });
    await dialog.getByRole('tab', { name: 'Paste' }).click();
    await dialog.getByRole('textbox', { name: 'Numbers' }).fill('41.5 42 43');
    await dialog.getByRole('button', { name: 'Use these 3 numbers' }).click();
    await numberReads('41.5');
    await bit('sign').click();
    await numberReads('−41.5');
    await page.waitForURL(/data=own/);
    assert.equal(new URL(page.url()).search, '?data=own');
  });

  it('all works by keyboard alone', async () => {
    await field('Number').focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('3');
    await page.keyboard.press('Enter');
    await numberReads('3');
    const reached = new Set<string>();
    for (let i = 0; i < 9; i++) {
      await page.keyboard.press('Tab');
      reached.add(
        await page.evaluate(() => {
          const { activeElement: at } = document;
          return (
            at?.closest('[role=group]')?.getAttribute('aria-label') ??
            at?.closest('[role=radiogroup]')?.getAttribute('aria-label') ??
            at?.getAttribute('role') ??
            at?.textContent ??
            ''
          );
        }),
      );
    }
    for (const stop of ['Previous', 'Next', 'combobox', 'switch', 'Bits of float32', 'Format in the editor'])
      assert(reached.has(stop), `${stop} of ${[...reached]}`);
    await figure.getByRole('radio', { name: 'float32', exact: true }).focus();
    await page.keyboard.press('ArrowDown');
    await group('tfloat32').waitFor();
  });

  it('shows rows of 8 on a phone, large enough to touch, and does not scroll sideways', async () => {
    await open('', '−0.03590296', 360);
    const boxes = await group()
      .getByRole('switch')
      .evaluateAll((all) =>
        all.map((tile) => {
          const { top, width, height } = tile.getBoundingClientRect();
          return { top: Math.round(top), width, height };
        }),
      );
    assert.equal(new Set(boxes.map(({ top }) => top)).size, 4);
    assert(
      boxes.every(({ width, height }) => width >= 24 && height >= 44),
      JSON.stringify(boxes[0]),
    );
    assert.equal(await scrollsSideways(page), false);
    await figure.getByRole('switch', { name: 'Design your own' }).click();
    await figure.getByRole('radio', { name: 'yours' }).waitFor();
    assert.equal(await scrollsSideways(page), false);
  });

  it('axe finds nothing in either theme', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const prepare = async (opened: Page) => {
        await wake(opened, 'bits');
        await opened.locator('fewbits-bits').getByRole('button', { name: 'Show as table' }).click();
      };
      assert.deepEqual(await audit(site, { colorScheme }, '?bits.own=1&bits.format=yours', prepare), []);
      assert.deepEqual(await audit(site, { colorScheme, width: 390 }, '?bits.format=int8', prepare), []);
    }
  });
});
