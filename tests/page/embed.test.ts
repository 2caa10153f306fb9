// Figures in other pages: a foreign page, from another port and without a policy, that has the elements or the frames.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { BrowserContextOptions, FrameLocator, Page } from 'playwright-core';
import { audit, openSite, type Site, scrollsSideways, wake } from './site.ts';

const SEVEN = '5.47 3.08 -7.59 0 -1.95 -4.57 10.8';
const INT8 = '64 36 -89 0 -23 -54 127';
const INT4 = '4 2 -5 0 -1 -3 7';
const names = readdirSync(new URL('../../web/page/sections', import.meta.url));

let site: Site;
let host: Server;
let body = '';
const complaints: string[] = [];
before(async () => {
  site = await openSite();
  host = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html; charset=utf-8').end(`<!doctype html><title>Foreign</title>${body}`),
  );
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
});
after(async () => {
  host.close();
  await site.close();
  assert.deepEqual(complaints, []);
});

/** A foreign page with this markup; with the script where it does not bring its own. */
async function foreign(markup: string, options: BrowserContextOptions = {}): Promise<Page> {
  body = markup.includes('<script') ? markup : `<script src="${site.address}embed.js" async></script>${markup}`;
  const context = await site.browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  const { port } = host.address() as AddressInfo;
  await page.goto(`http://127.0.0.1:${port}/`, { waitUntil: 'domcontentloaded' });
  return page;
}

const inside = (page: Page, name = 'symmetric') => page.frameLocator(`fewbits-${name} iframe`);
const set = (page: Page, key: string, text: string | null, name = 'symmetric') =>
  page.evaluate(
    ([tag, attribute, value]) => {
      const element = document.querySelector(tag!)!;
      if (value === null) element.removeAttribute(attribute!);
      else element.setAttribute(attribute!, value!);
    },
    [`fewbits-${name}`, key, text],
  );

async function codes(frame: FrameLocator, expected: string): Promise<void> {
  const tiles = frame.locator('.ledger .code-tile');
  const read = async () => (await tiles.allTextContents()).join(' ').replaceAll('−', '-');
  for (let i = 0; i < 200 && (await read()) !== expected; i++) await tiles.page().waitForTimeout(50);
  assert.equal(await read(), expected);
}

/** Waits until the frame is as tall as what it holds. */
async function fits(page: Page, frame: FrameLocator, selector: string): Promise<number> {
  const seen = async () => [
    (await page.locator(selector).boundingBox())!.height,
    await frame.locator('html').evaluate((html) => Math.ceil(html.getBoundingClientRect().height)),
  ];
  for (let i = 0; i < 100; i++) {
    const [outer, inner] = await seen();
    if (outer === inner) break;
    await page.waitForTimeout(50);
  }
  const [outer, inner] = await seen();
  assert.equal(outer, inner);
  return outer!;
}

describe('the element', () => {
  test('shows its values with their codes, which no address carries', async () => {
    const requests: string[] = [];
    const page = await foreign('');
    page.on('request', (request) => requests.push(request.url()));
    await page.evaluate(
      ([values]) => {
        const element = document.createElement('fewbits-symmetric');
        element.setAttribute('values', values!);
        element.setAttribute('type', 'int4');
        document.body.append(element);
      },
      [SEVEN],
    );
    await codes(inside(page), INT4);
    assert.ok(requests.some((url) => url.includes('embed.html?figure=symmetric')));
    assert.deepEqual(
      requests.filter((url) => url.includes('10.8') || url.includes('esrgan')),
      [],
    );
    const frame = page.getByTitle('A figure of fewbits: symmetric');
    assert.equal(await frame.getAttribute('loading'), 'lazy');
    await inside(page).getByText('Absmax: These numbers').waitFor();
    assert.equal(await inside(page).getByRole('button', { name: 'Embed' }).count(), 0);
    await page.context().close();
  });

  test('every figure has one, and draws', async () => {
    const page = await foreign(names.map((name) => `<fewbits-${name} data="seven"></fewbits-${name}>`).join(''));
    for (const name of names) {
      await page.locator(`fewbits-${name}`).scrollIntoViewIfNeeded();
      await inside(page, name).locator(`fewbits-${name}[data-ready] figure`).waitFor();
      assert.equal(await inside(page, name).getByRole('alert').count(), 0);
    }
    await page.context().close();
  });

  test('follows its attributes without loading again, and leaves alone what the reader chose', async () => {
    const page = await foreign(`<fewbits-symmetric values="${SEVEN}" type="int4" follow="2"></fewbits-symmetric>`);
    const frame = inside(page);
    await codes(frame, INT4);
    await frame.getByRole('slider', { name: 'Value 3' }).waitFor();
    await frame.locator('body').evaluate((element) => element.setAttribute('data-same', ''));
    await set(page, 'type', null);
    await codes(frame, INT8);
    await set(page, 'values', '1 3 4');
    await codes(frame, '32 95 127');
    await frame.getByRole('radio', { name: 'int4' }).check();
    await codes(frame, '2 5 7');
    await set(page, 'follow', '1');
    await frame.getByRole('slider', { name: 'Value 2' }).waitFor();
    await codes(frame, '2 5 7');
    await set(page, 'values', null);
    await set(page, 'data', 'seven');
    await codes(frame, INT4);
    assert.equal(await frame.locator('body[data-same]').count(), 1);
    await page.context().close();
  });

  test('without values it draws the example, or the one that it names', async () => {
    const page = await foreign(
      '<fewbits-top></fewbits-top><fewbits-symmetric data="relu" count="100" seed="7"></fewbits-symmetric>',
    );
    await inside(page, 'top').locator('.figure-sentence', { hasText: '147 kB' }).waitFor();
    await page.locator('fewbits-symmetric').scrollIntoViewIfNeeded();
    await inside(page).getByText('Absmax: ReLU').waitFor();
    await set(page, 'data', 'seven');
    await codes(inside(page), INT8);
    await page.context().close();
  });

  test('is as tall as its figure, also when that shrinks, and has no bars', async () => {
    const page = await foreign(`<fewbits-symmetric data="seven"></fewbits-symmetric>`);
    const frame = inside(page);
    await codes(frame, INT8);
    const before = await fits(page, frame, 'fewbits-symmetric');
    const scrolls = () =>
      frame
        .locator('html')
        .evaluate((html) => [html.scrollHeight > html.clientHeight, html.scrollWidth > html.clientWidth]);
    assert.deepEqual(await scrolls(), [false, false]);
    await frame.getByRole('button', { name: 'Show as table' }).click();
    await frame.getByRole('columnheader').first().waitFor();
    assert.ok((await fits(page, frame, 'fewbits-symmetric')) > before);
    await frame.getByRole('button', { name: 'Hide table' }).click();
    await page.waitForFunction(
      (height) => document.querySelector('fewbits-symmetric')!.getBoundingClientRect().height === height,
      before,
    );
    await page.setViewportSize({ width: 380, height: 800 });
    await fits(page, frame, 'fewbits-symmetric');
    assert.deepEqual(await scrolls(), [false, false]);
    await page.context().close();
  });

  test('takes messages from the page around it only', async () => {
    const page = await foreign(`<fewbits-symmetric values="${SEVEN}"></fewbits-symmetric>`);
    const frame = inside(page);
    await codes(frame, INT8);
    await frame.locator('body').evaluate(async () => {
      const heard = new Promise((resolve) => addEventListener('message', resolve, { once: true }));
      postMessage({ query: 'figure=symmetric&data=own&theme=dark', values: '1 2' }, '*');
      await heard;
    });
    await set(page, 'type', 'int4');
    await codes(frame, INT4);
    assert.equal(await frame.locator('html[data-theme=dark]').count(), 0);
    await page.context().close();
  });

  test('takes no attribute that is not an option', async () => {
    const page = await foreign('<fewbits-top onfocus="1" class="wide" data="seven"></fewbits-top>');
    await inside(page, 'top').locator('fewbits-top[data-ready]').waitFor();
    const given = await inside(page, 'top')
      .locator('fewbits-top')
      .evaluate((element) => element.getAttributeNames());
    assert.deepEqual(
      given.filter((name) => name === 'onfocus' || name === 'class'),
      [],
    );
    assert.doesNotMatch((await page.locator('iframe').getAttribute('src'))!, /wide/);
    await page.context().close();
  });
});

describe('values that are no numbers', () => {
  test('are named, and the others drawn', async () => {
    const page = await foreign('<fewbits-symmetric values="1 abc 2 nan 4"></fewbits-symmetric>');
    await inside(page).getByText('2 of 5 are not numbers (line 1 “abc”, line 1 “nan”). Here are the others.').waitFor();
    await codes(inside(page), '32 64 127');
    await set(page, 'values', '4 2 1');
    await codes(inside(page), '127 64 32');
    assert.equal(await inside(page).getByText('not numbers').count(), 0);
    await page.context().close();
  });

  test('are all there is: then a sentence stands in the figure’s place, until there are some', async () => {
    const page = await foreign('<fewbits-symmetric values="abc"></fewbits-symmetric>');
    await inside(page).getByText('No numbers: line 1 “abc”.').waitFor();
    assert.equal(await inside(page).locator('figure').count(), 0);
    await set(page, 'values', SEVEN);
    await codes(inside(page), INT8);
    await set(page, 'values', '');
    await inside(page).getByText('No numbers: nothing but brackets').waitFor();
    await codes(inside(page), INT8);
    await page.context().close();
  });

  test('have commas that may mean two things: what was read is said', async () => {
    const page = await foreign('<fewbits-symmetric values="1,5 2,5"></fewbits-symmetric>');
    await inside(page).getByText('A comma separates numbers here').waitFor();
    await codes(inside(page), '25 127 51 127');
    await page.context().close();
  });

  test('are one value, or all zeros: what is odd about them is said as on the page', async () => {
    const page = await foreign('<fewbits-symmetric values="0 0 0"></fewbits-symmetric>');
    await inside(page).getByText('All values are 0. Every scheme keeps them exactly.').waitFor();
    await codes(inside(page), '0 0 0');
    await page.context().close();
  });
});

describe('theme', () => {
  const card = (frame: FrameLocator) =>
    frame.locator('main').evaluate((main) => getComputedStyle(main).backgroundColor);
  const [light, dark] = ['rgb(255, 255, 255)', 'rgb(22, 26, 32)'];
  async function cardIs(frame: FrameLocator, colour: string) {
    await frame.locator('[data-ready]').waitFor();
    for (let i = 0; i < 40 && (await card(frame)) !== colour; i++) await frame.owner().page().waitForTimeout(50);
    assert.equal(await card(frame), colour);
  }

  test('is the system’s, unless an attribute fixes it', async () => {
    for (const [colorScheme, system, theme, other] of [
      ['light', light, 'dark', dark],
      ['dark', dark, 'light', light],
    ] as const) {
      const page = await foreign('<fewbits-symmetric data="seven"></fewbits-symmetric>', { colorScheme });
      await cardIs(inside(page), system);
      await set(page, 'theme', theme);
      await cardIs(inside(page), other);
      await set(page, 'theme', 'auto');
      await cardIs(inside(page), system);
      await page.context().close();
    }
  });

  test('is the address’s, and never the one that the reader chose for the guide', async () => {
    const page = await site.page({ colorScheme: 'light' });
    await page.evaluate(() => localStorage.setItem('fewbits-theme', 'dark'));
    const colour = async (query: string) => {
      await page.goto(`${site.address}embed.html?figure=symmetric${query}`);
      return page.locator('main').evaluate((main) => getComputedStyle(main).backgroundColor);
    };
    assert.equal(await colour(''), light);
    assert.equal(await colour('&theme=dark'), dark);
    assert.equal(await colour('&theme=auto'), light);
    await page.context().close();
  });
});

describe('the page in the frame', () => {
  test('links back to the chapter, with the options as they are now', async () => {
    const page = await site.page({}, 'embed.html?figure=symmetric&theme=dark&data=seven&symmetric.type=int4');
    const back = page.getByRole('link', { name: 'A visual guide to quantization, live' });
    await page.locator('a[href="./?data=seven&symmetric.type=int4#symmetric"]').waitFor();
    await page.getByRole('radio', { name: 'int3' }).check();
    await page.locator('a[href="./?data=seven&symmetric.type=int3#symmetric"]').waitFor();
    // The frame's own address stays: a browser that restores it must find its figure again.
    assert.match(page.url(), /embed\.html\?figure=symmetric&theme=dark&data=seven&symmetric\.type=int4$/);
    const [guide] = await Promise.all([page.context().waitForEvent('page'), back.click()]);
    await guide.locator('fewbits-symmetric').getByRole('radio', { name: 'int3', checked: true }).waitFor();
    await page.context().close();
  });

  test('answers an unknown figure with the ones there are', async () => {
    const page = await site.page({}, 'embed.html?figure=poetry');
    await page.getByText(`There is no figure “poetry”. There are: `).waitFor();
    const text = await page.locator('#figure').innerText();
    assert.deepEqual(
      text
        .match(/are: (.*)\./)![1]!
        .split(', ')
        .sort(),
      [...names].sort(),
    );
    await page.context().close();
  });

  test('opened by itself on numbers that it does not have, shows the example and says so', async () => {
    const page = await site.page({}, 'embed.html?figure=top&data=own');
    await page.getByText('This link was made on someone’s own numbers').waitFor();
    await page.locator('fewbits-top[data-ready]').waitFor();
    await page.context().close();
  });

  test('does not scroll sideways in a column of a phone', async () => {
    for (const name of names) {
      const page = await site.page({ width: 328 }, `embed.html?figure=${name}&data=seven`);
      await page.locator(`fewbits-${name}[data-ready]`).waitFor();
      await page.evaluate(() => document.fonts.ready.then(() => undefined));
      assert.equal(await scrollsSideways(page), false, name);
      await page.context().close();
    }
  });

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe finds nothing in ${colorScheme}`, async () => {
      const ready = async (page: Page) => page.locator('fewbits-symmetric[data-ready]').waitFor();
      assert.deepEqual(await audit(site, { colorScheme }, 'embed.html?figure=symmetric&data=seven', ready), []);
    });
  }
});

describe('the button Embed', () => {
  const dialog = (page: Page) => page.getByRole('dialog', { name: 'Embed this figure' });
  const code = (page: Page, name: string) => dialog(page).getByRole('textbox', { name: `Code of the ${name}` });

  async function open(query: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await site.page(options, query);
    await wake(page, 'symmetric');
    await page.locator('fewbits-symmetric').getByRole('button', { name: 'Embed' }).press('Enter');
    await dialog(page).waitFor();
    return page;
  }

  test('gives the element for the figure as it is, and the element works', async () => {
    const page = await open('?data=seven&follow=2&symmetric.type=int4&symmetric.range=full');
    const given = await code(page, 'element').inputValue();
    assert.equal(
      given,
      `<script src="${site.address}embed.js" async></script>\n<fewbits-symmetric data="seven" follow="2" type="int4" range="full"></fewbits-symmetric>`,
    );
    assert.equal(await dialog(page).getByRole('checkbox').count(), 0);
    const other = await foreign(given);
    await codes(inside(other), INT4);
    await other.context().close();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'hidden' });
    await page.context().close();
  });

  test('gives the frame, as tall as the figure is, with the lines that follow its height', async () => {
    const page = await open('?data=seven');
    const given = await code(page, 'frame').inputValue();
    assert.match(given, new RegExp(`<iframe src="${site.address}embed.html\\?figure=symmetric&data=seven"`));
    const tall = Number(/height="(\d+)"/.exec(given)![1]);
    const other = await foreign(given, { viewport: { width: 500, height: 800 } });
    await other.waitForFunction((height) => document.querySelector('iframe')!.height !== String(height), tall);
    const frame = other.frameLocator('iframe');
    await codes(frame, INT8);
    await other.locator('iframe').evaluate((element) => element.style.setProperty('border', '0'));
    await fits(other, frame, 'iframe');
    // At the width that the figure has in the guide the first height was right.
    await other.setViewportSize({ width: 976, height: 800 });
    assert.equal(await fits(other, frame, 'iframe'), tall);
    await other.context().close();
    await page.context().close();
  });

  test('is copied by keyboard, both forms', async () => {
    const page = await open('?data=seven', { permissions: ['clipboard-read', 'clipboard-write'] });
    for (const name of ['element', 'frame']) {
      await dialog(page)
        .getByRole('button', { name: `Copy the ${name}` })
        .press('Enter');
      await dialog(page)
        .getByRole('button', { name: 'Copied' })
        .nth(name === 'frame' ? 1 : 0)
        .waitFor();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), await code(page, name).inputValue());
    }
    await page.context().close();
  });

  test('keeps the reader’s numbers out, until a box is ticked', async () => {
    const page = await site.page({}, '?data=seven&follow=2');
    await wake(page, 'symmetric');
    await page.locator('fewbits-symmetric').getByRole('slider', { name: 'Value 7' }).press('PageUp');
    await page.locator('.dataset', { hasText: 'changed' }).waitFor();
    await page.locator('fewbits-symmetric').getByRole('button', { name: 'Embed' }).click();
    await dialog(page).getByText('Your numbers are not in this code: they stay in this tab').waitFor();
    const before = await code(page, 'element').inputValue();
    assert.match(before, /<fewbits-symmetric data="seven">/);
    assert.match(await code(page, 'frame').inputValue(), /embed\.html\?figure=symmetric&data=seven"/);
    const box = dialog(page).getByRole('checkbox', { name: 'Put my 7 numbers into values' });
    assert.equal(await box.isChecked(), false);
    await box.press('Space');
    const wanted = '<fewbits-symmetric values="5.47 3.08 -7.59 0 -1.95 -4.57 11.8" follow="2"></fewbits-symmetric>';
    for (let i = 0; i < 40 && !(await code(page, 'element').inputValue()).includes(wanted); i++)
      await page.waitForTimeout(50);
    const given = await code(page, 'element').inputValue();
    assert.equal(given.split('\n')[1], wanted);
    assert.doesNotMatch(await code(page, 'frame').inputValue(), /11\.8/);
    const other = await foreign(given);
    await codes(inside(other), '59 33 -82 0 -21 -49 127');
    await other.context().close();
    await box.press('Space');
    await dialog(page).getByText('Your numbers are not in this code').waitFor();
    assert.equal(await code(page, 'element').inputValue(), before);
    await page.context().close();
  });

  test('opens a dialog in which axe finds nothing', async () => {
    const prepare = async (page: Page) => {
      await wake(page, 'symmetric');
      await page.locator('fewbits-symmetric').getByRole('slider', { name: 'Value 7' }).press('PageUp');
      await page.locator('.dataset', { hasText: 'changed' }).waitFor();
      await page.locator('fewbits-symmetric').getByRole('button', { name: 'Embed' }).click();
      await dialog(page).getByRole('checkbox').waitFor();
    };
    assert.deepEqual(await audit(site, {}, '?data=seven', prepare), []);
  });

  test('escapes what a link brought along', async () => {
    const page = await site.page({}, `?data=seven&bits.format=${encodeURIComponent('"><script>')}`);
    await wake(page, 'bits');
    await page.locator('fewbits-bits').getByRole('button', { name: 'Embed' }).click();
    const given = await code(page, 'element').inputValue();
    assert.equal(given.match(/<script/g)!.length, 1);
    await page.context().close();
  });
});

describe('what is shipped', () => {
  test('embed.js is small', () => {
    const script = readFileSync(new URL('../../site/embed.js', import.meta.url));
    assert.ok(gzipSync(script).length < 1000, `${gzipSync(script).length} bytes`);
  });

  test('the policy lets other pages frame it, and nothing else', async () => {
    const { headers } = await fetch(`${site.address}embed.html`);
    assert.equal(headers.get('x-frame-options'), null);
    const policy = headers.get('content-security-policy')!;
    assert.doesNotMatch(policy, /frame-ancestors|frame-src|unsafe-inline/);
    assert.match(policy, /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
  });
});
