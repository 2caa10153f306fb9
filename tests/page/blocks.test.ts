// Chapter 8 on the built page: every control by its role and name.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { type BlockFormatName, type Fewbits, init } from 'fewbits';
import type { Locator, Page } from 'playwright-core';
import { MADE } from '../../web/page/kit/block-formats.ts';
import { generate } from '../../web/page/kit/data/generate.ts';
import { audit, openSite, type Site, scrollsSideways, wake } from './site.ts';

/** The page's data in most of these tests, which a query names and Node makes again. */
const DATA = 'data=gaussian&count=4096&seed=1';
const values = generate('gaussian', 4096, 1);

describe('chapter 8, Blocks', () => {
  let site: Site;
  let page: Page;
  let figure: Locator;
  let fewbits: Fewbits;

  before(async () => {
    fewbits = await init();
    site = await openSite();
  });
  after(() => site.close());
  beforeEach(() => open(`?${DATA}&follow=11`));
  afterEach(() => page.context().close());

  async function open(query: string): Promise<void> {
    await page?.context().close();
    page = await site.page({}, query);
    figure = page.locator('fewbits-blocks');
    await wake(page, 'blocks');
  }

  const says = (text: string | RegExp) => figure.locator('.figure-sentence', { hasText: text }).waitFor();
  const formula = (text: string | RegExp) => figure.locator('.figure-formula', { hasText: text }).waitFor();
  const byte = (i: number) => figure.getByRole('option', { name: new RegExp(`^Byte ${i}:`) });
  const slider = (name: string) => figure.getByRole('slider', { name, exact: true });
  const button = (name: string | RegExp) => figure.getByRole('button', { name });
  const bitsOf = (name: string) => figure.getByRole('group', { name: `Bits of ${name}`, exact: true });
  const weightIs = (weight: number) =>
    figure.locator(`[role=slider][aria-label=Weight][aria-valuenow="${weight}"]`).waitFor();
  const bytes = async () =>
    (await figure.getByRole('option').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')!))).flatMap(
      (label) => (label.startsWith('Byte') ? Number.parseInt(label.split(': ')[1]!, 16) : []),
    );
  /** Waits until these are the block's bytes. */
  async function shows(wanted: ArrayLike<number>): Promise<void> {
    for (let i = 0; i < 60 && String(await bytes()) !== String([...Array.from(wanted)]); i++)
      await page.waitForTimeout(50);
    assert.deepEqual(await bytes(), Array.from(wanted));
  }
  async function choose(format: string): Promise<void> {
    const field = figure.getByRole('combobox', { name: 'All formats' });
    await field.fill(format);
    await figure.locator('[role=option].active').waitFor();
    await figure.getByRole('option', { name: new RegExp(`^${format}(?![\\w])`) }).click();
    await says(' bytes for ');
  }
  async function paste(text: string): Promise<void> {
    await page.getByRole('button', { name: /^Data: / }).click();
    const dialog = page.getByRole('dialog', { name: 'Data' });
    await dialog.getByRole('tab', { name: 'Paste' }).click();
    await dialog.getByRole('textbox', { name: 'Numbers' }).fill(text);
    await dialog.getByRole('button', { name: /^Use th/ }).click();
    await dialog.waitFor({ state: 'hidden' });
  }
  const made = (format: string, block: number) => {
    const { blockSize: size } = fewbits.blockFormats.find(({ name }) => name === format)!;
    return fewbits.quantizeBlocks(values.subarray(block * size, (block + 1) * size), format as BlockFormatName);
  };
  /** '0.1234', '−5.6 × 10−9' and the like as a number. */
  const numberOf = (text: string) =>
    Number(
      text
        .replaceAll('−', '-')
        .replaceAll(',', '')
        .replace(/\s*×\s*10(.*)$/, 'e$1')
        .trim(),
    );

  it('is there before any script runs', async () => {
    const still = await site.page({ javaScriptEnabled: false });
    const text = (await still.locator('fewbits-blocks .figure').textContent()) ?? '';
    assert.match(text, /18 bytes for 32 weights: 16 bits of scale, 128 of code, 4\.5 per weight\./);
    assert.equal(await still.locator('fewbits-blocks .byte').count(), 18);
    await still.context().close();
  });

  it('option "Byte 13" of q4_0: its low nibble selects weight 11, its high one 27', async () => {
    const pick = async (share: number) => {
      const { width, height } = (await byte(13).boundingBox())!;
      await byte(13).click({ position: { x: width * share, y: height / 2 } });
    };
    await pick(0.75);
    await weightIs(11);
    assert.equal(await byte(13).getAttribute('aria-selected'), 'true');
    await pick(0.25);
    await weightIs(27);
    await page.waitForURL(/follow=27/);
    await byte(13).press('Enter');
    await weightIs(11);
    await bitsOf('byte 13').waitFor();
    await figure.getByText(/weight 11: code \d+, weight 27: code \d+/).waitFor();
  });

  it('a weight, a byte and the followed value are one choice', async () => {
    await slider('Weight').press('ArrowRight');
    await weightIs(12);
    await figure.locator('[role=option][aria-label^="Byte 14:"][aria-selected=true]').waitFor();
    await page.locator('.following', { hasText: fewbitsText(values[12]!) }).waitFor();
    await slider('Weight').press('End');
    await weightIs(31);
    const drawing = (await slider('Weight').boundingBox())!;
    await page.mouse.click(drawing.x + drawing.width * (4.5 / 32), drawing.y + 60);
    await weightIs(4);
    await byte(6).press('ArrowRight');
    await weightIs(5);
    await page.waitForURL(/follow=5/);
  });

  it('tile bits total blockBytes × 8 for every format, and x̂ equals dequantizeBlocks', async () => {
    for (const [format] of MADE) {
      await choose(format);
      const { blockBytes, blockSize } = fewbits.blockFormats.find(({ name }) => name === format)!;
      await says(`${blockBytes} bytes for ${blockSize} `);
      await shows(made(format, 0));
      const sentence = (await figure.locator('.figure-sentence').textContent())!;
      const [, told] = /: (.*), [\d.]+ per weight/.exec(sentence)!;
      const bits = [...told!.replaceAll(',', '').matchAll(/(\d+) (?:bits )?of/g)].map(([, n]) => Number(n));
      assert.equal(
        bits.reduce((a, b) => a + b),
        8 * blockBytes,
        sentence,
      );
      const shown = await figure.locator('.result math').first().textContent();
      const restored = fewbits.dequantizeBlocks(made(format, 0), format as BlockFormatName)[11]!;
      assert.equal(Math.fround(numberOf(shown!.replace('=', ''))), restored, `${format}: ${shown}`);
    }
  });

  it('slider "Block" reaches the last, Previous and Next go on from there', async () => {
    await slider('Block').press('End');
    await figure.getByText('127 of 128').waitFor();
    await shows(made('q4_0', 127));
    assert.equal(await button('Next').isDisabled(), true);
    await button('Previous').click();
    await button('Previous').click();
    await figure.getByText('125 of 128').waitFor();
    await button('Next').click();
    await figure.getByText('126 of 128').waitFor();
    await slider('Block').press('Home');
    await figure.getByText('0 of 128').waitFor();
    assert.equal(await button('Previous').isDisabled(), true);
  });

  it('button "Worst block" leads to the one with the largest error; the strip to any', async () => {
    const restored = fewbits.dequantizeBlocks(fewbits.quantizeBlocks(values, 'q4_0'), 'q4_0');
    const errors = Array.from({ length: 128 }, (_, b) =>
      values.subarray(32 * b, 32 * b + 32).reduce((sum, x, i) => sum + (x - restored[32 * b + i]!) ** 2, 0),
    );
    const worst = errors.indexOf(Math.max(...errors));
    await button('Worst block').click();
    await figure.getByText(`${worst} of 128`).waitFor();
    await says('No other block has a larger error.');
    const strip = (await figure.locator('.strip').boundingBox())!;
    await page.mouse.click(strip.x + strip.width * (40.5 / 128), strip.y + strip.height / 2);
    await figure.getByText('40 of 128').waitFor();
  });

  it('mxfp4’s formula shows a power of two, q4_0’s an offset, q4_k’s a scale of the scale and a minimum', async () => {
    await formula(/d·\(q\s−\s8\)/);
    await figure.getByRole('radio', { name: 'mxfp4' }).check();
    await formula(/=2e·q=2−?\d+·/);
    await figure.getByRole('radio', { name: 'q4_k' }).check();
    await formula(/=d·sc·q−dmin·m=/);
    await figure.getByRole('radio', { name: 'q6_k' }).check();
    await formula(/=d·sc·\(q\s−\s32\)=/);
    await choose('iq4_nl');
    await formula(/code \d+ stands for −?\d+/);
  });

  it('flipping a scale bit rescales the block; Reset restores', async () => {
    const before = made('q4_0', 0);
    await shows(before);
    const scaled = before.slice();
    scaled[1]! ^= 1 << 2;
    await bitsOf('d').getByRole('switch', { name: 'exponent bit 0' }).click();
    await shows(scaled);
    const restored = fewbits.dequantizeBlocks(scaled, 'q4_0')[11]!;
    const shown = await figure.locator('.result math').first().textContent();
    assert.equal(Math.fround(numberOf(shown!.replace('=', ''))), restored);
    await page.waitForURL(/blocks\.flips=q4_0-0-10/);
    await button('Restore 1 bit').waitFor();
    await button('Reset').click();
    await shows(before);
    await page.waitForURL((url) => !url.search.includes('flips'));
  });

  it('flips by keyboard: arrows move in "Bits of byte 13", Space flips; flips of other data stay out of links', async () => {
    const bits = bitsOf('byte 13');
    await bits.getByRole('switch', { name: 'bit 7' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('End');
    await page.keyboard.press('Space');
    const flipped = made('q4_0', 0);
    flipped[13]! ^= 1;
    await shows(flipped);
    await button('Restore 1 bit').click();
    await shows(made('q4_0', 0));
    await paste(Array.from(values.subarray(0, 32)).join(' '));
    await bitsOf('d').getByRole('switch', { name: 'sign bit 0' }).click();
    await button('Restore 1 bit').waitFor();
    assert.doesNotMatch(page.url(), /flips/);
  });

  it('a scale that is no number says so, and what comes back is none', async () => {
    const bit = (name: string) => bitsOf('d').getByRole('switch', { name });
    for (let i = 4; i >= 0; i--)
      if ((await bit(`exponent bit ${i}`).getAttribute('aria-checked')) === 'false') {
        await bit(`exponent bit ${i}`).click();
        await figure.locator(`[aria-label="Bits of d"] [aria-label="exponent bit ${i}"][aria-checked=true]`).waitFor();
      }
    await figure
      .getByRole('alert')
      .filter({ hasText: /NaN|exceeds float16/ })
      .waitFor();
  });

  it('Compare pins two formats, each with its block, its bytes and its formula', async () => {
    await figure.getByRole('switch', { name: 'Compare' }).click();
    await figure.getByText('Now choose what q4_0 is compared with.').waitFor();
    await figure.getByRole('radio', { name: 'q8_0' }).check();
    await figure.getByRole('listbox', { name: 'Bytes of the block, q8_0' }).waitFor();
    assert.equal(await figure.getByRole('listbox', { name: /^Bytes of the block/ }).count(), 2);
    await formula(/q4_0:.*q8_0:/);
    await page.waitForURL(/blocks\.pin=q4_0/);
    await figure.getByRole('switch', { name: 'Compare' }).click();
    await figure.getByRole('listbox', { name: 'Bytes of the block, q4_0' }).waitFor({ state: 'detached' });
  });

  it('of few values the rest is hatched, and a tail is stated', async () => {
    await paste('5.47 3.08 -7.59 0 -1.95 -4.57 10.8');
    await figure.getByText('A block has 32 weights: the hatched 25 are zeros, to fill it.').waitFor();
    await says('Weight 6 is the largest and set the scale.');
    await slider('Weight').press('End');
    await weightIs(6);
    assert.equal(await slider('Block').isDisabled(), true);
    await paste(Array.from(values.subarray(0, 40)).join(' '));
    await figure.getByText('The last 8 values are less than a block and left out.').waitFor();
  });

  it('a scale beyond float16 is named, with its block; zeros are zeros', async () => {
    const numbers = Array.from(values.subarray(0, 96));
    numbers[70] = 1e38;
    await paste(numbers.join(' '));
    await figure.getByText('1 block of 3 decode to infinity: the first is block 2.').waitFor();
    await button('Worst block').click();
    await figure.getByText('This scale exceeds float16: the block decodes to infinity.').waitFor();
    await paste(new Array(32).fill(0).join(' '));
    await says('All its weights are 0.');
    await formula(/=0\b/);
  });

  it('words in the place of a format find nothing and change nothing', async () => {
    const field = figure.getByRole('combobox', { name: 'All formats' });
    await field.fill('nonsense');
    await figure.getByText('Nothing has that name.').waitFor();
    await field.press('Enter');
    await field.press('Tab');
    await says('18 bytes for 32 ');
    await open(`?${DATA}&blocks.format=<b>&blocks.pin=zzz&blocks.flips=q4_0-0-99999`);
    await says('18 bytes for 32 ');
    await shows(made('q4_0', 0));
  });

  it('the table has the weights of the sub-block, 64 at most', async () => {
    await figure.getByRole('radio', { name: 'q8_0' }).check();
    await button('Show as table').click();
    const rows = figure.locator('.figure-table tbody tr');
    assert.equal(await rows.count(), 32);
    await choose('q8_k');
    await figure.getByText('Weights 0 to 63 of the block, q8_k; counted from 0').waitFor();
    assert.equal(await rows.count(), 64);
  });

  it('buttons in the prose choose a format', async () => {
    await page.locator('#blocks').getByRole('button', { name: 'q4_k' }).click();
    await says('144 bytes for 256 ');
  });

  it('works by keyboard alone: one tab stop each for weights, bytes and bits', async () => {
    await figure.getByRole('radio', { name: 'q4_0' }).focus();
    const reached: string[] = [];
    for (let i = 0; i < 12; i++) {
      reached.push(
        await page.evaluate(() => {
          const { activeElement: at } = document;
          const label = at?.getAttribute('aria-label') ?? (at as HTMLInputElement)?.labels?.[0]?.textContent;
          return label ?? at?.textContent ?? '';
        }),
      );
      await page.keyboard.press('Tab');
    }
    const stops = [
      'q4_0',
      'All formats',
      'Compare',
      'Block',
      'Next',
      'Worst block',
      'Weight',
      'Byte 13:',
      'bit 7',
      'sign bit 0',
    ];
    for (const stop of stops)
      assert.equal(reached.filter((name) => name.startsWith(stop)).length, 1, `${stop} of ${reached}`);
  });

  it('does not scroll sideways at 360, and axe finds nothing in either theme', async () => {
    for (const query of [`?${DATA}`, `?${DATA}&blocks.format=q6_k&blocks.pin=nf4`]) {
      const narrow = await site.page({ width: 360 }, query);
      await wake(narrow, 'blocks');
      assert.equal(await scrollsSideways(narrow), false);
      await narrow.context().close();
      for (const colorScheme of ['light', 'dark'] as const) {
        const found = await audit(site, { colorScheme }, query, async (opened) => {
          await wake(opened, 'blocks');
          await opened.locator('fewbits-blocks').getByRole('button', { name: 'Show as table' }).click();
        });
        assert.deepEqual(found, []);
      }
    }
  });
});

/** As the bar writes the followed value. */
const fewbitsText = (x: number) => x.toPrecision(3).replace('-', '−').replace(/0+$/, '');
