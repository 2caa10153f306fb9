// Chapter 10: the workbench on the reader's own numbers, good and bad.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { init } from 'fewbits';
import type { Page } from 'playwright-core';
import { npyHeader } from '../../web/lib/containers/npy.ts';
import { generate } from '../../web/page/kit/data/generate.ts';
import { readFile } from '../../web/page/kit/data/read.ts';
import { audit, openSite, type Site, scrollsSideways, wake } from './site.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

let site: Site;
let folder: string;
before(async () => {
  site = await openSite();
  folder = mkdtempSync(path.join(tmpdir(), 'fewbits-page-'));
});
after(async () => {
  await site.close();
  rmSync(folder, { recursive: true });
});

async function open(query = '?data=seven', options = {}): Promise<Page> {
  const page = await site.page(options, query);
  await wake(page, 'your-data');
  return page;
}

const figure = (page: Page) => page.locator('fewbits-your-data');
const sentence = (page: Page) => figure(page).locator('.figure-sentence');
const table = (page: Page) => figure(page).getByRole('region', { name: 'Every value' });
const codes = (page: Page) => table(page).locator('tbody tr').locator('td:nth-of-type(2)').allInnerTexts();
const shows = (page: Page, text: string | RegExp) => sentence(page).filter({ hasText: text }).waitFor();

async function openOwn(page: Page) {
  await figure(page).getByText('Paste numbers or open a file').click();
  return figure(page).getByRole('textbox', { name: 'Numbers' });
}

/** Pastes and takes what can be used. */
async function use(page: Page, text: string) {
  const numbers = figure(page).getByRole('textbox', { name: 'Numbers' });
  if (!(await numbers.isVisible())) await openOwn(page);
  await numbers.fill(text);
  await figure(page).getByRole('button', { name: /^Use / }).click();
}

async function choose(page: Page, group: string, option: string) {
  const choices = figure(page).getByRole('radiogroup', { name: group, exact: true });
  await choices.getByRole('radio', { name: option, exact: true }).check();
}

async function chooseType(page: Page, type: string) {
  const box = figure(page).getByRole('combobox', { name: 'Type' }).first();
  await box.click();
  await box.fill(type);
  await figure(page)
    .getByRole('option', { name: new RegExp(`^${type}\\b`) })
    .first()
    .click();
}

async function save(page: Page, item: string) {
  await figure(page).getByRole('button', { name: 'Export' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    figure(page).getByRole('menuitem', { name: item }).click(),
  ]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

describe('the guide’s seven', () => {
  test('have the guide’s codes at int8, and others at int4', async () => {
    const page = await open();
    await shows(page, '7 numbers, 28 bytes → 11 bytes, worst error 0.027 at row 0.');
    assert.deepEqual(await codes(page), ['64', '36', '−89', '0', '−23', '−54', '127']);
    await chooseType(page, 'int4');
    await shows(page, '28 bytes → 8 bytes');
    assert.deepEqual(await codes(page), ['4', '2', '−5', '0', '−1', '−3', '7']);
    await page.context().close();
  });

  test('follow every control of the builder', async () => {
    const page = await open();
    const scale = figure(page)
      .locator('.measures div', { hasText: /^scale/ })
      .locator('dd');
    const title = figure(page).locator('pre');
    await choose(page, 'Range', 'asymmetric');
    await title.filter({ hasText: 'symmetric: false' }).waitFor();
    assert.deepEqual(await codes(page), ['53', '20', '−128', '−23', '−50', '−86', '127']);
    await figure(page).getByRole('switch', { name: 'Include zero' }).click();
    await title.filter({ hasText: 'includeZero: false' }).waitFor();
    await choose(page, 'Range', 'symmetric');
    await figure(page).getByRole('switch', { name: 'Narrow range' }).click();
    await title.filter({ hasText: 'narrowRange: false' }).waitFor();
    await choose(page, 'Calibration', 'percentile');
    const percentile = figure(page).getByRole('textbox', { name: 'Percentile' });
    await percentile.fill('50');
    await percentile.press('Enter');
    await title.filter({ hasText: 'percentile: 50' }).waitFor();
    for (const calibration of ['MSE', 'entropy']) {
      await choose(page, 'Calibration', calibration);
      await title.filter({ hasText: `'${calibration.toLowerCase()}'` }).waitFor();
    }
    await choose(page, 'Calibration', 'by hand');
    const to = figure(page).getByRole('textbox', { name: 'To' });
    await to.fill('20');
    await to.press('Enter');
    await scale.filter({ hasText: '0.15686275' }).waitFor();
    await choose(page, 'One scale per', 'group');
    await choose(page, 'Group size', '1');
    await title.filter({ hasText: 'groupSize: 1' }).waitFor();
    await choose(page, 'Rounding', 'PyTorch');
    await title.filter({ hasText: "rounding: 'pytorch'" }).waitFor();
    await figure(page).getByRole('button', { name: 'Reset' }).click();
    await title.filter({ hasText: "{ type: 'int8' }" }).waitFor();
    await page.context().close();
  });

  test('a range by hand that ends before it begins is refused beside its field', async () => {
    const page = await open('?data=seven&your-data.calibration=hand');
    const from = figure(page).getByRole('textbox', { name: 'From' });
    for (const [text, problem] of [
      ['30', 'The range must not end before it begins.'],
      ['abc', '“abc” is not a number.'],
    ]) {
      await from.fill(text!);
      await from.press('Enter');
      await figure(page).getByRole('alert').filter({ hasText: problem! }).waitFor();
    }
    await shows(page, 'worst error');
    await page.context().close();
  });

  test('stand beside a second scheme', async () => {
    const page = await open();
    await figure(page).getByRole('switch', { name: 'Compare with a second scheme' }).click();
    await shows(
      page,
      /int8 keeps 50\.6 dB; int4 takes 8 bytes and keeps 25\.\d dB\. B needs 3\.43 bits fewer and makes/,
    );
    assert.equal(await table(page).locator('tbody tr').first().locator('td').count(), 7);
    await choose(page, 'Details of', 'Scheme B');
    await figure(page).getByRole('heading', { name: 'The ten largest: int4' }).waitFor();
    await figure(page).locator('pre', { hasText: "{ type: 'int4' }" }).waitFor();
    await page.context().close();
  });

  test('number formats show bit patterns, and what is beyond them is said', async () => {
    const page = await open('?data=seven&your-data.type=float16');
    assert.deepEqual((await codes(page)).slice(0, 2), ['4578', '4229']);
    await use(page, '1e38 1');
    await shows(page, 'worst error');
    await figure(page).getByRole('switch', { name: 'Saturate' }).click();
    await shows(page, '1 of them are beyond float16');
    await page.context().close();
  });

  test('a click on a row follows its element everywhere', async () => {
    const page = await open();
    await table(page).getByRole('button', { name: 'Follow row 1: 3.08' }).click();
    await page.locator('.following', { hasText: '3.08' }).waitFor();
    await figure(page).locator('.figure-formula', { hasText: '36.22' }).waitFor();
    assert.equal(
      await table(page).getByRole('button', { name: 'Follow row 1: 3.08' }).getAttribute('aria-pressed'),
      'true',
    );
    await figure(page).getByRole('button', { name: 'Follow row 4: −1.95' }).first().click();
    await page.locator('.following', { hasText: '−1.95' }).waitFor();
    await page.context().close();
  });

  test('the errors are a picture with a table', async () => {
    const page = await open();
    await figure(page)
      .getByRole('img', { name: /^Histogram of errors from −0\.027 to 0\.027/ })
      .waitFor();
    await figure(page).getByRole('button', { name: 'Show as table' }).click();
    const counts = await figure(page)
      .getByRole('region', { name: 'How many values have which error' })
      .locator('tbody td:last-child')
      .allInnerTexts();
    assert.equal(
      counts.reduce((sum, text) => sum + Number(text), 0),
      7,
    );
    await page.context().close();
  });
});

test('without an error the table cannot be shown, and its button stays', async () => {
  const page = await open();
  await (await openOwn(page)).fill('0 0 0');
  await figure(page).getByRole('button', { name: 'Use these 3 numbers' }).click();
  await shows(page, '3 numbers');
  assert.equal(await figure(page).getByRole('button', { name: 'Show as table' }).isDisabled(), true);
  await page.context().close();
});

describe('taking it home', () => {
  test('the shown code, run in Node, prints the shown scale', async () => {
    const page = await open('?data=seven&your-data.type=int5');
    const code = await figure(page).locator('pre code').textContent();
    const shown = await figure(page)
      .locator('.measures div', { hasText: /^scale/ })
      .locator('dd')
      .textContent();
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code!], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    assert.equal(Math.fround(Number(/\[ (\S+) \]/.exec(stdout)?.[1])), Math.fround(Number(shown)));
    await page.context().close();
  });

  test('exported .npy files reopen bit-equal', async () => {
    const page = await open();
    const { name, bytes } = await save(page, 'Codes as .npy');
    assert.equal(name, 'The-guide-s-seven-int8-codes.npy');
    const file = Object.assign(new Blob([bytes]), { name });
    assert.deepEqual([...(await readFile(file)).values], [64, 36, -89, 0, -23, -54, 127]);
    const f32 = await save(page, 'Originals as .f32');
    const originals = await readFile(Object.assign(new Blob([f32.bytes]), { name: f32.name }));
    assert.deepEqual(originals.values, Float32Array.of(5.47, 3.08, -7.59, 0, -1.95, -4.57, 10.8));
    await page.context().close();
  });

  test('JSON, CSV and a C array', async () => {
    const page = await open();
    const json = JSON.parse((await save(page, 'JSON')).bytes.toString());
    assert.deepEqual([json.scheme, json.codes], [{ type: 'int8' }, [64, 36, -89, 0, -23, -54, 127]]);
    assert.match((await save(page, 'CSV')).bytes.toString(), /^index,original,code,restored,error\n0,5\.47,64,/);
    assert.match(
      (await save(page, 'C array')).bytes.toString(),
      /static const int8_t The_guide_s_seven_codes\[7\] = \{\n {2}64, 36, -89/,
    );
    await page.context().close();
  });
});

describe('pasted numbers', () => {
  test('`1, 2; 3` gives 3 values', async () => {
    const page = await open();
    const numbers = await openOwn(page);
    await numbers.fill('1, 2; 3');
    await figure(page).getByText('3 numbers, 1 row.').waitFor();
    await figure(page).getByRole('button', { name: 'Use these 3 numbers' }).click();
    await shows(page, '3 numbers, 12 bytes');
    assert.equal(await table(page).locator('tbody tr').count(), 3);
    await page.context().close();
  });

  test('with `nan`, the others can be used', async () => {
    const page = await open();
    const numbers = await openOwn(page);
    await numbers.fill('1 2\n3 nan\n5');
    await figure(page).getByText('1 of 5 is not a number (line 2 “nan”).').waitFor();
    await shows(page, '7 numbers');
    await figure(page).getByRole('button', { name: 'Use the other 4' }).click();
    await shows(page, '4 numbers');
    await page.context().close();
  });

  for (const [text, complaint] of [
    ['one two', 'No numbers: line 1 “one”, line 1 “two”.'],
    ['1,2,,3', '1 of 4 is not a number (line 1: an empty field).'],
    ['1\n1e999', /1 of 2 is larger than float32 can hold \(3\.4 × 10\s*38\) \(line 2 “1e999”\)/],
    ['NaN', 'No numbers: line 1 “NaN”.'],
    ['1 0x1F', '1 of 2 is not a number (line 1 “0x1F”: hexadecimal for 31).'],
    ['', 'No numbers yet.'],
    ['{"a": 1}', 'Found an object with a in the JSON'],
  ] as const) {
    test(`${JSON.stringify(text)}: a sentence, and the last good state stays`, async () => {
      const page = await open();
      const numbers = await openOwn(page);
      await numbers.fill('7');
      await figure(page).getByText('1 number, 1 row.').waitFor();
      await numbers.fill(text);
      await figure(page).getByText(complaint).waitFor();
      await shows(page, '7 numbers, 28 bytes → 11 bytes');
      await page.context().close();
    });
  }

  test('decimal commas are asked about', async () => {
    const page = await open();
    await (await openOwn(page)).fill('3,14;2,71');
    await figure(page).getByText('4 numbers').first().waitFor();
    await choose(page, 'A comma between digits is', 'a decimal comma');
    await figure(page).getByRole('button', { name: 'Use these 2 numbers' }).click();
    await shows(page, '2 numbers');
    await table(page).getByRole('button', { name: 'Follow row 0: 3.14' }).waitFor();
    await page.context().close();
  });

  for (const [text, finding] of [
    ['5', '1 number, 4 bytes → 5 bytes. No error: every value comes back as it was.'],
    ['0 0 0', '3 numbers, 12 bytes → 7 bytes. No error, no signal: SQNR is undefined.'],
    ['7 7 7', '3 numbers, 12 bytes → 7 bytes. No error: every value comes back as it was.'],
    ['1e-45 3e-45 -7e-45', '3 numbers, 12 bytes → 7 bytes'],
    ['3e38 -1e38 1', 'worst error'],
    ['1e38 5e37 1e37', 'worst error'],
  ] as const) {
    test(`${JSON.stringify(text)} are no trouble`, async () => {
      const page = await open();
      await use(page, text);
      await shows(page, finding);
      assert.doesNotMatch((await figure(page).textContent())!, /NaN|∞/);
      await page.context().close();
    });
  }
});

describe('files', () => {
  /** A file of a given length that takes no room on the disk. */
  function sparse(name: string, bytes: number, start: Uint8Array = new Uint8Array(0)): string {
    const file = path.join(folder, name);
    writeFileSync(file, start);
    truncateSync(file, bytes);
    return file;
  }

  async function drop(page: Page, file: string) {
    await openOwn(page);
    await figure(page).locator('input[type=file]').setInputFiles(file);
  }

  test('a .npy with its shape: channels become possible', async () => {
    const page = await open();
    const file = path.join(folder, 'kernel.npy');
    const values = Float32Array.from({ length: 12 }, (_, i) => i - 5.5);
    writeFileSync(file, Buffer.concat([npyHeader('<f4', [3, 4]), new Uint8Array(values.buffer)]));
    await drop(page, file);
    await figure(page).getByText('12 numbers, 3 rows.').waitFor();
    await figure(page).getByRole('button', { name: 'Use these 12 numbers' }).click();
    await shows(page, '12 numbers');
    await choose(page, 'One scale per', 'channel');
    await figure(page).locator('pre', { hasText: 'shape: [3, 4] }' }).waitFor();
    await figure(page).locator('.measures', { hasText: '4, up to' }).waitFor();
    await page.context().close();
  });

  for (const [name, make, problem] of [
    [
      'weights.npy',
      () => Buffer.from('\x89PNG\r\n\x1a\n0000', 'latin1'),
      'weights.npy does not begin with \\x93NUMPY: it looks like a PNG picture.',
    ],
    ['odd.f32', () => Buffer.alloc(10), 'odd.f32 has 10 bytes; a float32 takes 4, so 2 are left over.'],
    ['moving.gif', () => Buffer.from('GIF89a00'), 'moving.gif looks like a GIF picture.'],
    ['none.csv', () => Buffer.alloc(0), 'none.csv is empty (0 bytes).'],
    ['broken.json', () => Buffer.from('{"data": [1,\n oops]}'), 'broken.json is not valid JSON: line 2, at "oops]}".'],
    ['short.npy', () => Buffer.from(npyHeader('<f4', [3])), 'needs 12 bytes but 0 follow the header'],
  ] as const) {
    test(`${name}: a sentence, and the last good state stays`, async () => {
      const page = await open();
      const file = path.join(folder, name);
      writeFileSync(file, make());
      await drop(page, file);
      await figure(page).getByRole('alert').filter({ hasText: problem }).waitFor();
      await shows(page, '7 numbers, 28 bytes → 11 bytes');
      await page.context().close();
    });
  }

  test('a text of 65 MiB is refused, naming the limit', async () => {
    const page = await open();
    const file = path.join(folder, 'long.txt');
    writeFileSync(file, Buffer.alloc(65 * 2 ** 20, '1 '));
    await drop(page, file);
    await figure(page)
      .getByRole('alert')
      .filter({ hasText: 'long.txt is a text of 65.0 MiB; the limit for text is 64 MiB' })
      .waitFor();
    await shows(page, '7 numbers');
    await page.context().close();
  });

  for (const [name, start] of [
    ['large.f32', new Uint8Array(0)],
    ['large.npy', npyHeader('<f4', [125_000, 1000])],
  ] as const) {
    test(`${name} of 500 MB is read in slices and shown`, async () => {
      const page = await open();
      await drop(page, sparse(name, 500_000_000 + start.length, start));
      const take = figure(page).getByRole('button', { name: 'Use these 125,000,000 numbers' });
      await take.waitFor({ timeout: 60_000 });
      await take.click();
      await sentence(page).filter({ hasText: '125,000,000 numbers, 500 MB' }).waitFor({ timeout: 60_000 });
      await table(page).focus();
      await page.keyboard.press('End');
      await table(page).getByRole('button', { name: 'Follow row 124,999,999: 0' }).waitFor();
      await page.context().close();
    });
  }
});

describe('many values', () => {
  test('a table of a million rows draws a dozen, and scrolls to any', async (context) => {
    const page = await open('?data=gaussian&count=1000000');
    await shows(page, '1,000,000 numbers');
    await page.evaluate(() => {
      const found: number[] = [];
      new PerformanceObserver((list) => found.push(...list.getEntries().map(({ duration }) => duration))).observe({
        entryTypes: ['longtask'],
      });
      Object.assign(window, { longTasks: found });
    });
    await table(page).hover();
    for (let i = 0; i < 20; i++) await page.mouse.wheel(0, 400);
    for (const share of [0.3, 0.9, 0.1, 0.5]) {
      await table(page).evaluate((box, to) => {
        box.scrollTop = to * box.scrollHeight;
      }, share);
      await page.waitForTimeout(50);
    }
    await table(page).focus();
    await page.keyboard.press('End');
    await table(page)
      .getByRole('button', { name: /^Follow row 999,999:/ })
      .waitFor();
    await page.keyboard.press('ArrowUp');
    await table(page)
      .getByRole('button', { name: /^Follow row 999,988:/ })
      .waitFor();
    await page.keyboard.press('Home');
    await table(page)
      .getByRole('button', { name: /^Follow row 0:/ })
      .waitFor();
    assert.ok((await table(page).locator('tbody tr').count()) <= 12);
    const longTasks = await page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
    context.diagnostic(`tasks over 50 ms while scrolling: ${longTasks.map(Math.round).join(', ') || 'none'}`);
    await page.context().close();
  });

  test('ten million are exact in the end, and the wheel still moves by rows', async () => {
    const page = await open('?data=gaussian&count=10000000');
    await sentence(page).filter({ hasText: '10,000,000 numbers, 40 MB → 10 MB' }).waitFor({ timeout: 60_000 });
    await sentence(page).filter({ hasNotText: '≈' }).waitFor({ timeout: 60_000 });
    await table(page).hover();
    await page.mouse.wheel(0, 96);
    await table(page)
      .getByRole('button', { name: /^Follow row 13:/ })
      .waitFor();
    assert.equal(
      await table(page)
        .getByRole('button', { name: /^Follow row 2:/ })
        .count(),
      0,
    );
    await page.context().close();
  });
});

describe('for everybody', () => {
  const everything = '?data=seven&your-data.compare=1&your-data.per=group&your-data.b-calibration=hand';

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`axe finds nothing, ${colorScheme}`, async () => {
      const prepare = async (page: Page) => {
        await wake(page, 'your-data');
        await openOwn(page);
      };
      assert.deepEqual(await audit(site, { colorScheme }, everything, prepare), []);
    });
  }

  test('nothing scrolls sideways at 360', async () => {
    const page = await open(everything, { width: 360, height: 740 });
    await openOwn(page);
    assert.equal(await scrollsSideways(page), false);
    await page.context().close();
  });

  test('a block format has its sizes, its codes and its bytes in code; numbers that fill no blocks are told so', async () => {
    const page = await open('?data=gaussian&count=4096&seed=1');
    await chooseType(page, 'q4_k');
    await shows(page, '16.4 kB → 2.3 kB');
    await figure(page).getByText('one per 256, inside').waitFor();
    await figure(page).locator('.code', { hasText: "'q4_k'" }).filter({ hasText: 'quantized.data' }).waitFor();
    const values = generate('gaussian', 4096, 1);
    const fewbits = await init();
    const bytes = fewbits.quantizeBlocks(values.subarray(0, 256), 'q4_k');
    const wanted = fewbits.describeBlock(bytes, 'q4_k').elements.slice(0, 8);
    assert.deepEqual(
      (await codes(page)).slice(0, 8),
      wanted.map(({ code }) => String(code)),
    );
    await page.context().close();

    const few = await open();
    await chooseType(few, 'q4_0');
    const problem = 'q4_0: its blocks take 32 numbers each, and 7 are no multiple of that.';
    await figure(few).getByRole('alert').filter({ hasText: problem }).waitFor();
    await few.context().close();
  });

  test('the keyboard alone takes a type, follows a row and opens the exports', async () => {
    const page = await open();
    await figure(page).getByRole('combobox', { name: 'Type' }).focus();
    await page.keyboard.type('int4');
    await page.keyboard.press('Enter');
    await shows(page, '28 bytes → 8 bytes');
    await table(page).getByRole('button', { name: 'Follow row 2: −7.59' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('.following', { hasText: '−7.59' }).waitFor();
    await figure(page).getByRole('button', { name: 'Export' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('[role=menuitem]:focus').waitFor();
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'CSV: every row of the table');
    await page.keyboard.press('Escape');
    await page.context().close();
  });
});
