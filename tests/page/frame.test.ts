// What surrounds the figures: bar, rail, dialogs, theme, links, keyboard, narrow screens, and the promises to every
// reader: no request elsewhere, no error, nothing that axe finds.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { BUDGET, sizesOf, weigh } from './budget.ts';
import { audit, openSite, type Site, scrollsSideways, wake } from './site.ts';

let site: Site;
before(async () => {
  site = await openSite();
});
after(async () => {
  await site.close();
});

const folder = fileURLToPath(new URL('../../site/', import.meta.url));
const dataButton = (page: Page) => page.getByRole('button', { name: /^Data: / });
const dialog = (page: Page) => page.getByRole('dialog', { name: 'Data' });

async function openDialog(page: Page) {
  await dataButton(page).click();
  await dialog(page).waitFor();
  return dialog(page);
}

async function paste(page: Page, text: string) {
  const opened = await openDialog(page);
  await opened.getByRole('tab', { name: 'Paste' }).click();
  await opened.getByRole('textbox', { name: 'Numbers' }).fill(text);
  return opened;
}

describe('bar and rail', () => {
  test('the bar names the data and the followed value', async () => {
    const page = await site.page();
    await page.getByText('ESRGAN-slim, F_0/kernel').first().waitFor();
    await page.getByText('36,864 weights, −0.147 to 0.146').waitFor();
    assert.equal((await page.locator('.following').textContent())?.trim(), 'following −0.0359');
    await page.context().close();
  });

  test('the rail lists the chapters that exist, numbered as in the article, and marks the one that is read', async () => {
    const page = await site.page();
    const rail = page.getByRole('navigation', { name: 'Chapters' });
    const links = await rail.getByRole('link').allInnerTexts();
    const headings = await page
      .locator('main section[data-chapter]')
      .evaluateAll((sections) =>
        sections.map((section) => `${section.getAttribute('data-chapter')}${section.querySelector('h2')!.textContent}`),
      );
    assert.deepEqual(
      links.map((link) => link.replace(/\s/g, '')),
      ['Top', ...headings].map((heading) => heading.replace(/\s/g, '')),
    );
    assert.ok(links.length >= 2);
    await rail.getByRole('link', { name: 'Your data' }).click();
    await page.locator('.rail a[aria-current]', { hasText: 'Your data' }).waitFor();
    assert.equal(await page.locator('.rail a[aria-current]').count(), 1);
    const heading = (await page.getByRole('heading', { name: 'Your data' }).boundingBox())!;
    assert.ok(heading.y >= 56 && heading.y < 160, `the heading is at ${heading.y}, below the bar and in sight`);
    await page.context().close();
  });

  test('below 1100 the list opens from a button, and a choice closes it', async () => {
    const page = await site.page({ width: 834 });
    const rail = page.getByRole('navigation', { name: 'Chapters' });
    assert.equal(await rail.isVisible(), false);
    await page.getByRole('button', { name: 'Chapters' }).click();
    await rail.getByRole('link', { name: 'Your data' }).click();
    await rail.waitFor({ state: 'hidden' });
    assert.match(page.url(), /#your-data$/);
    await page.context().close();
  });
});

describe('data', () => {
  test('an example becomes the data of the whole page and of its address', async () => {
    const page = await site.page();
    const opened = await openDialog(page);
    await opened.getByRole('button', { name: /The guide’s seven/ }).click();
    await page.getByText('7 numbers, −7.59 to 10.8').waitFor();
    await opened.waitFor({ state: 'hidden' });
    await page.waitForURL(/\?data=seven$/);
    await page.context().close();
  });

  test('made-up numbers take count and seed; another tensor can be searched', async () => {
    const page = await site.page();
    let opened = await openDialog(page);
    await opened.getByRole('textbox', { name: 'Count' }).fill('100,000');
    await opened.getByRole('textbox', { name: 'Seed' }).fill('7');
    await opened.getByRole('button', { name: /Outliers/ }).click();
    await page.locator('.dataset', { hasText: '100,000 numbers' }).waitFor();
    await page.waitForURL(/\?data=outliers&count=100000&seed=7$/);

    opened = await openDialog(page);
    const tensor = opened.getByRole('combobox', { name: 'Tensor' });
    await tensor.click();
    await tensor.fill('upn2 ker');
    await tensor.press('Enter');
    await opened.getByRole('button', { name: /Real weights/ }).click();
    await page.locator('.dataset', { hasText: '18,432 weights' }).waitFor();
    await page.waitForURL(/\?tensor=UPN2\/kernel$/);
    await page.context().close();
  });

  test('a button in the prose switches the whole page, and the bar offers the way back', async () => {
    const page = await site.page();
    await page.evaluate(() => {
      const button = document.createElement('button');
      button.dataset['use'] = 'outliers';
      button.textContent = 'try it with outliers';
      document.querySelector('main')!.prepend(button);
    });
    await page.getByRole('button', { name: 'try it with outliers' }).click();
    await page.locator('.dataset', { hasText: 'Outliers' }).waitFor();
    await page.getByRole('button', { name: 'Back to ESRGAN-slim, F_0/kernel' }).click();
    await page.locator('.dataset', { hasText: '36,864 weights' }).waitFor();
    assert.equal(await page.getByRole('button', { name: /^Back to/ }).count(), 0);
    await page.context().close();
  });

  test('text is read while it is typed, and says what is no number and where', async () => {
    const page = await site.page();
    const opened = await paste(page, '1 2 3\n4 5 6\n7 8 9');
    await opened.getByText('9 numbers, 3 rows').waitFor();
    await opened.getByRole('textbox', { name: 'Numbers' }).fill('1 2 nan\n4 5 abc\n7 8 9');
    await opened.getByText('2 of 9 are not numbers (line 1 “nan”, line 2 “abc”)').waitFor();
    await opened.getByRole('button', { name: 'Use the other 7' }).click();
    await page.getByText('7 numbers, 1 to 9').waitFor();
    await page.getByText('2 of 9 left out').waitFor();
    await page.context().close();
  });

  test('beyond float32 is said to be so; nothing usable cannot be used; the last data stays', async () => {
    const page = await site.page();
    const opened = await paste(page, '1e999');
    await opened.getByText('larger than float32 can hold').waitFor();
    assert.equal(await opened.getByRole('button', { name: /^Use/ }).count(), 0);
    await opened.getByRole('textbox', { name: 'Numbers' }).fill('');
    await opened.getByText('No numbers yet').waitFor();
    await page.keyboard.press('Escape');
    await opened.waitFor({ state: 'hidden' });
    await page.locator('.dataset', { hasText: '36,864 weights' }).waitFor();
    await page.context().close();
  });

  test('decimal commas are asked about', async () => {
    const page = await site.page();
    const opened = await paste(page, '1,5; 2,5; 3,5');
    await opened.getByRole('radio', { name: 'a decimal comma' }).check();
    await opened.getByRole('button', { name: 'Use these 3 numbers' }).click();
    await page.getByText('3 numbers, 1.5 to 3.5').waitFor();
    await page.context().close();
  });

  test('one value and all zeros say what is odd about them', async () => {
    const page = await site.page();
    await (await paste(page, '5')).getByRole('button', { name: 'Use this number' }).click();
    await page.getByText('One value is its own maximum').waitFor();
    await (await paste(page, '0 0 0')).getByRole('button', { name: 'Use these 3 numbers' }).click();
    await page.locator('.bar-note', { hasText: 'All values are 0' }).waitFor();
    await page.context().close();
  });

  test('a file that is dropped anywhere opens the dialog with what it holds', async () => {
    const page = await site.page();
    const transfer = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File([new Float32Array([1, 2, 3, 4]).buffer], 'four.f32'));
      return data;
    });
    await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
    await dialog(page).getByText('4 numbers, 1 row').waitFor();
    await dialog(page).getByRole('button', { name: 'Use these 4 numbers' }).click();
    await page.getByText('four.f32').first().waitFor();
    await page.context().close();
  });

  test('a file is chosen by keyboard too, and a bad one is refused in a sentence', async () => {
    const page = await site.page();
    const opened = await openDialog(page);
    await opened.getByRole('tab', { name: 'File' }).click();
    const chooser = page.waitForEvent('filechooser');
    await opened.getByRole('button', { name: 'Choose a file' }).press('Enter');
    await (await chooser).setFiles({ name: 'not.npy', mimeType: '', buffer: Buffer.from('no array at all') });
    const problem = (await opened.getByRole('alert').textContent()) ?? '';
    assert.match(problem, /npy/i);
    await page.context().close();
  });
});

describe('theme and links', () => {
  test('the theme goes round, stays for the next visit and sets the colours', async () => {
    const page = await site.page({ colorScheme: 'light' });
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(await paper(), 'rgb(250, 249, 246)');
    await page.getByRole('button', { name: 'Theme: as the system' }).click();
    await page.getByRole('button', { name: 'Theme: light' }).click();
    await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
    assert.equal(await paper(), 'rgb(15, 18, 22)');
    await page.reload();
    assert.equal(await paper(), 'rgb(15, 18, 22)');
    await page.getByRole('button', { name: 'Theme: dark' }).click();
    assert.equal(await paper(), 'rgb(250, 249, 246)');
    await page.context().close();
  });

  test('a copied link opens the same page; one made on own numbers opens the example and says so', async () => {
    const page = await site.page({ permissions: ['clipboard-read', 'clipboard-write'] }, '?data=seven&follow=2');
    await page.getByText('following −7.59').waitFor();
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${site.address}?data=seven&follow=2`);

    await (await paste(page, '41 42 43')).getByRole('button', { name: 'Use these 3 numbers' }).click();
    await page.getByText('3 numbers, 41 to 43').waitFor();
    await page.waitForURL('**/?data=own');
    await page.reload();
    await page.getByText('Your own numbers are not kept over a reload: paste them again.').waitFor();

    await (await paste(page, '41 42 43')).getByRole('button', { name: 'Use these 3 numbers' }).click();
    await page.getByText('3 numbers, 41 to 43').waitFor();
    await page.getByRole('button', { name: /Copy link|Copied/ }).click();
    await page.getByText('The link has your settings, not your numbers').waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(link, `${site.address}?data=own`);
    await page.goto(link);
    await page.getByText('This link was made on someone’s own numbers').waitFor();
    await page.locator('.dataset', { hasText: '36,864 weights' }).waitFor();
    await page.context().close();
  });
});

describe('every reader', () => {
  test('the keyboard alone reaches skip link, data and dialog, and comes back', async () => {
    const page = await site.page();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the article');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'main');
    await dataButton(page).focus();
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    await dialog(page).getByRole('tab', { name: 'Examples' }).focus();
    await page.keyboard.press('ArrowRight');
    await dialog(page).getByRole('textbox', { name: 'Numbers' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    assert.equal(await page.evaluate(() => document.activeElement?.className), 'dataset');
    await page.context().close();
  });

  test('the one status line repeats a finding when it has settled; Reset takes the change back', async () => {
    const page = await site.page();
    await wake(page, 'why');
    assert.equal(await page.getByRole('status').count(), 1);
    const figure = page.locator('fewbits-why');
    const said = await figure.locator('.figure-sentence').textContent();
    const reset = figure.getByRole('button', { name: 'Reset' });
    assert.equal(await reset.isDisabled(), true);
    await figure.getByRole('slider').first().press('PageUp');
    await page.locator('#status:not(:empty)').waitFor({ state: 'attached' });
    assert.equal(await page.locator('#status').textContent(), await figure.locator('.figure-sentence').textContent());
    await page.waitForURL(/\?why\./);
    await reset.click();
    await figure.getByText(said!).waitFor();
    await page.waitForURL(site.address);
    await page.context().close();
  });

  test('a figure shows its numbers as a table', async () => {
    const page = await site.page();
    await wake(page, 'why');
    const button = page.locator('fewbits-why').getByRole('button', { name: 'Show as table' });
    await button.press('Enter');
    await page.locator('fewbits-why').getByRole('columnheader').first().waitFor();
    await page.locator('fewbits-why').getByRole('button', { name: 'Hide table' }).click();
    assert.equal(await page.locator('fewbits-why').getByRole('table').count(), 0);
    await page.context().close();
  });

  for (const width of [360, 390, 700, 834, 1100, 1280]) {
    test(`nothing scrolls sideways at ${width}`, async () => {
      const page = await site.page({ width, height: 780 });
      assert.equal(await scrollsSideways(page), false);
      await openDialog(page);
      assert.equal(await scrollsSideways(page), false);
      await page.context().close();
    });
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe finds nothing in ${colorScheme}, wide and narrow, dialog open and closed`, async () => {
      assert.deepEqual(await audit(site, { colorScheme }), []);
      assert.deepEqual(await audit(site, { colorScheme, width: 390, height: 844 }), []);
      assert.deepEqual(await audit(site, { colorScheme }, '', async (page) => void (await openDialog(page))), []);
    });
  }

  test('without scripts it is an article with its pictures', async () => {
    const page = await site.page({ javaScriptEnabled: false });
    await page.getByRole('heading', { name: 'A visual guide to quantization, live' }).waitFor();
    const figures = await page.locator('main figure').count();
    assert.equal(figures, 1 + (await page.locator('section[data-chapter]').count()));
    assert.equal(await page.getByRole('button', { name: 'Reset' }).count(), 0);
    await page.getByText('36,864 weights').first().waitFor();
    await page.context().close();
  });
});

describe('what is shipped', () => {
  const html = readFileSync(path.join(folder, 'index.html'), 'utf8');

  test('has no style attribute and no inline script, which the policy would block', () => {
    assert.doesNotMatch(html, /<[^>]*\sstyle="/);
    assert.doesNotMatch(html, /<script(?![^>]*(src=|application\/json))/);
    assert.match(html, /http-equiv="Content-Security-Policy"/);
  });

  test('shows only signs that its fonts have', () => {
    const signs = new Set(readFileSync(new URL('../../web/page/fonts/signs.txt', import.meta.url), 'utf8'));
    const shown = html.replace(/<script[\s\S]*?<\/script>/g, '').replace(/<[^>]*>/g, '');
    assert.deepEqual(
      [...new Set(shown)].filter((sign) => !signs.has(sign)),
      [],
    );
  });

  test('keeps to its budget', () => {
    const named = [...html.matchAll(/(?:src|href)="\.\/([^"]+\.js)"/g)].map(([, name]) => name!);
    assert.ok(named.length > 0);
    const sizes = { firstScripts: weigh(folder, named), ...sizesOf(folder) };
    const over = Object.entries(BUDGET.sizes).filter(([key, most]) => sizes[key as keyof typeof sizes] > most);
    assert.deepEqual(over, [], JSON.stringify(sizes));
  });
});
