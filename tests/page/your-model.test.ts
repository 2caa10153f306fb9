// Chapter 11: a model opened, measured, planned and converted, on the guide's own and on the reader's.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openModel } from 'fewbits/files';
import type { Page } from 'playwright-core';
import { audit, openSite, type PageOptions, type Site, scrollsSideways, wake } from './site.ts';

let site: Site;
before(async () => {
  site = await openSite();
});
after(() => site.close());

const sample = (file: string) => fileURLToPath(new URL(`../vectors/containers/${file}`, import.meta.url));

/** Without a picker unless a test brings one: the browser then keeps the file until it is downloaded. */
async function open(query = '', options: PageOptions = {}): Promise<Page> {
  const page = await site.page(options, query);
  await page.evaluate(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
  await wake(page, 'your-model');
  return page;
}

const figure = (page: Page) => page.locator('fewbits-your-model');
const sentence = (page: Page) => figure(page).locator('.figure-sentence');
const says = (page: Page, text: string | RegExp) => sentence(page).filter({ hasText: text }).waitFor();
const table = (page: Page) => figure(page).getByRole('region', { name: 'Every tensor' });
const convert = (page: Page) => figure(page).getByRole('region', { name: 'Convert', exact: true });

async function give(page: Page, files: string | string[] | { name: string; mimeType: string; buffer: Buffer }[]) {
  await figure(page).getByLabel('Model files').setInputFiles(files);
}

/** Presses the button and gives what the browser saved. */
async function save(page: Page) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    convert(page).getByRole('button', { name: 'Convert and save' }).click(),
  ]);
  return { name: download.suggestedFilename(), bytes: new Uint8Array(readFileSync(await download.path())) };
}

const announced = async (page: Page) =>
  Number(/([\d,]+) bytes/.exec((await convert(page).locator('.figures').textContent())!)![1]!.replaceAll(',', ''));

async function chooseType(page: Page, label: string, type: string) {
  const box = figure(page).getByRole('combobox', { name: label, exact: true });
  await box.click();
  await box.fill(type);
  const list = figure(page).getByRole('listbox', { name: label, exact: true });
  await list.getByRole('option', { name: type, exact: true }).click();
}

describe('the guide’s model', () => {
  test('has 24 tensors and 222,075 weights, and says what stands in where rows do not fit', async () => {
    const page = await open();
    await figure(page).getByText('ESRGAN-slim-x2.safetensors: 24 tensors').waitFor();
    await says(page, '222,075 weights, 888 kB → 167 kB; UPN2/kernel suffers most: 26.9 dB.');
    await figure(page).getByText('12 tensors cannot have that type').click();
    await figure(page)
      .getByText("1 tensor: rows of 12 do not divide into q4_k's blocks of 256, nor into q5_0's of 32: float16 instead")
      .waitFor();
    assert.equal(await figure(page).locator('.tile').count(), 24);
    await page.context().close();
  });

  test('is written with the bytes that were foretold, and read back with its types', async () => {
    const page = await open();
    const foretold = await announced(page);
    const { name, bytes } = await save(page);
    assert.equal(name, 'ESRGAN-slim-x2-q4_k.gguf');
    assert.equal(bytes.length, foretold);
    await convert(page).getByText(`is whole: 166,912 bytes`).waitFor();
    const model = await openModel(bytes);
    assert.equal(model.tensors.length, 24);
    const types = Object.fromEntries(model.tensors.map((tensor) => [tensor.name, tensor.type]));
    assert.equal(types['UPN2/kernel'], 'q5_0');
    assert.equal(types['SR/kernel'], 'float16');
    assert.equal(types['F_0/bias'], 'float32');
    await page.context().close();
  });

  test('meets a target size, and a tensor’s own type counts', async () => {
    const page = await open();
    await figure(page).getByRole('radio', { name: 'target size' }).check();
    const field = figure(page).getByRole('textbox', { name: 'Target size, in words' });
    await field.fill('200 kB');
    await field.press('Enter');
    await says(page, /→ (200|19\d)( kB|\.\d kB)/);
    const planned = await announced(page);
    assert.ok(planned <= 200_000 && planned > 190_000, `${planned}`);
    await table(page).getByRole('combobox', { name: 'Type of F_0/kernel' }).selectOption('q8_0');
    await figure(page).getByRole('button', { name: 'Undo your choice' }).waitFor();
    const { bytes } = await save(page);
    assert.equal(bytes.length, await announced(page));
    const model = await openModel(bytes);
    assert.equal(model.tensors.find(({ name }) => name === 'F_0/kernel')!.type, 'q8_0');
    await figure(page).getByRole('button', { name: 'Undo your choice' }).click();
    await convert(page).getByText(planned.toLocaleString('en')).waitFor();
    await figure(page).getByRole('slider', { name: 'Target size' }).press('Home');
    await says(page, '→ 140 kB');
    await page.context().close();
  });

  test('becomes safetensors too', async () => {
    const page = await open();
    await figure(page).getByRole('radio', { name: 'safetensors' }).check();
    await chooseType(page, 'Type', 'bfloat16');
    await convert(page).getByText('ESRGAN-slim-x2-bfloat16.safetensors').waitFor();
    const foretold = await announced(page);
    const { bytes } = await save(page);
    assert.equal(bytes.length, foretold);
    assert.ok((await openModel(bytes)).tensors.every(({ type }) => type === 'bfloat16'));
    await page.context().close();
  });

  test('“Use in the guide” makes a tensor the page’s data', async () => {
    const page = await open();
    await figure(page)
      .getByRole('button', { name: /^GFF_2\/kernel, 147 kB/ })
      .click();
    await figure(page).getByRole('button', { name: 'Use in the guide' }).click();
    await page.locator('.dataset', { hasText: 'GFF_2/kernel' }).waitFor();
    await page.waitForURL(/tensor=GFF_2\/kernel/);
    await figure(page).getByText('Every figure of the guide now shows its numbers.').waitFor();
    await page.context().close();
  });

  test('sorts its tensors, and goes through the treemap by keys', async () => {
    const page = await open();
    const first = table(page).locator('tbody tr').first().locator('.name');
    await table(page).getByRole('button', { name: 'Sort by SQNR' }).click();
    await first.filter({ hasText: 'UPN2/kernel' }).waitFor();
    await table(page).getByRole('button', { name: 'Sort by bytes' }).click();
    await first.filter({ hasText: 'UPN1/kernel' }).waitFor();
    assert.equal(await table(page).locator('th[aria-sort=descending]').count(), 1);
    await figure(page).locator('.tile[tabindex="0"]').focus();
    await page.keyboard.press('Home');
    await figure(page).getByRole('region', { name: 'Chosen tensor' }).getByText('UPN1/kernel').waitFor();
    await page.keyboard.press('ArrowRight');
    await figure(page).getByRole('region', { name: 'Chosen tensor' }).getByText('F_0/kernel').waitFor();
    await page.context().close();
  });
});

describe('a model of the reader’s', () => {
  test('is opened, measured, used and converted without a request', async () => {
    const page = await open();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    await give(page, sample('gguf/llama_mix.gguf'));
    await figure(page)
      .getByText(/llama_mix\.gguf: \d+ tensors/)
      .waitFor();
    await figure(page).getByRole('radio', { name: 'recipe' }).check();
    await says(page, /suffers most/);
    const foretold = await announced(page);
    const { name, bytes } = await save(page);
    assert.equal(name, 'llama_mix-q4_k_m.gguf');
    assert.equal(bytes.length, foretold);
    await table(page).getByRole('button', { name: 'token_embd.weight' }).click();
    await figure(page).getByRole('button', { name: 'Use in the guide' }).click();
    await page.locator('.dataset', { hasText: 'token_embd.weight, llama_mix.gguf' }).waitFor();
    // The tab's picture is the browser's own affair.
    assert.deepEqual(
      requests.filter((url) => !url.startsWith('blob:') && !url.endsWith('/icon.svg')),
      [],
    );
    assert.doesNotMatch(page.url(), /llama_mix|token_embd/);
    await figure(page).getByRole('button', { name: 'Back to the example' }).click();
    await figure(page).getByText('ESRGAN-slim-x2.safetensors: 24 tensors').waitFor();
    assert.equal(await figure(page).getByRole('button', { name: 'Back to the example' }).count(), 0);
    await page.context().close();
  });

  test('shows the KV cache that its layers ask for', async () => {
    const page = await open();
    await give(page, sample('gguf/llama_mix.gguf'));
    const memory = figure(page).getByRole('region', { name: 'Memory' });
    await memory
      .getByRole('rowheader', { name: /KV cache/ })
      .first()
      .waitFor();
    const total = memory.locator('.total td').nth(1);
    const before = await total.textContent();
    const context = memory.getByRole('textbox', { name: 'Context' });
    await context.fill('100,000');
    await context.press('Enter');
    await page.waitForFunction(
      (text) => document.querySelector('fewbits-your-model .total td:nth-of-type(2)')!.textContent !== text,
      before,
    );
    await page.context().close();
  });

  test('in several files is one model', async () => {
    const page = await open();
    const folder = 'safetensors/sharded/';
    await give(
      page,
      ['model.safetensors.index.json', 'model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'].map(
        (name) => sample(folder + name),
      ),
    );
    await figure(page)
      .getByText(/in 3 files/)
      .waitFor();
    await page.context().close();
  });

  test('that is broken is refused where it breaks, and the one before stays', async () => {
    const page = await open();
    const whole = readFileSync(sample('gguf/llama_mix.gguf'));
    await give(page, [{ name: 'cut.gguf', mimeType: '', buffer: whole.subarray(0, 300) }]);
    const alert = figure(page).getByRole('alert');
    await alert.filter({ hasText: /cut\.gguf: 12 tensors do not fit.*At byte 8/ }).waitFor();
    await give(page, [
      { name: 'no.safetensors', mimeType: '', buffer: Buffer.from('\xff\xff\xff\xff\xff\xff\0\0{"', 'latin1') },
    ]);
    await alert.filter({ hasText: 'no.safetensors' }).waitFor();
    await says(page, '222,075 weights');
    await page.context().close();
  });

  test('that is dropped anywhere on the page, or chosen in the dialog, leads to this chapter', async () => {
    const page = await site.page();
    const base64 = readFileSync(sample('gguf/llama_mix.gguf')).toString('base64');
    const transfer = await page.evaluateHandle((text) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))], 'dropped.gguf'));
      return data;
    }, base64);
    await page.dispatchEvent('main', 'drop', { dataTransfer: transfer });
    await figure(page)
      .getByText(/dropped\.gguf: \d+ tensors/)
      .waitFor();

    await page.getByRole('button', { name: /^Data: / }).click();
    const dialog = page.getByRole('dialog', { name: 'Data' });
    await dialog.getByRole('tab', { name: 'File' }).click();
    await dialog.locator('input[type=file]').setInputFiles(sample('gguf/llama_mix.gguf'));
    await dialog.getByRole('button', { name: 'Choose one of its tensors' }).click();
    await figure(page)
      .getByText(/llama_mix\.gguf: \d+ tensors/)
      .waitFor();
    await page.context().close();
  });

  test('of thousands of tensors is painted, and its table scrolls', async () => {
    const page = await open();
    await give(page, [{ name: 'many.safetensors', mimeType: '', buffer: manyTensors(3000, 64) }]);
    await figure(page).getByText('many.safetensors: 3,000 tensors').waitFor();
    await figure(page).locator('canvas').waitFor();
    await table(page).press('End');
    await table(page).getByText('layer 2999', { exact: true }).waitFor();
    await says(page, /suffers most/);
    await page.context().close();
  });
});

/** A safetensors file of so many tensors of 4 rows. */
function manyTensors(count: number, row: number): Buffer {
  const bytes = 16 * row;
  const header = JSON.stringify(
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [
        `layer ${i}`,
        { dtype: 'F32', shape: [4, row], data_offsets: [i * bytes, (i + 1) * bytes] },
      ]),
    ),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const values = Float32Array.from({ length: (count * bytes) / 4 }, (_, i) => Math.sin(i * i));
  return Buffer.concat([length, Buffer.from(header), Buffer.from(values.buffer)]);
}

/** A picker whose place is in the browser's own file system, where a test can look. */
async function withPicker(page: Page): Promise<void> {
  await page.evaluate(() => {
    Object.assign(window, {
      async showSaveFilePicker({ suggestedName }: { suggestedName: string }) {
        const root = await navigator.storage.getDirectory();
        return root.getFileHandle(suggestedName, { create: true });
      },
    });
  });
}

/** Every file in the browser's own file system. */
const filesIn = (page: Page) =>
  page.evaluate(async () => {
    const names: string[] = [];
    const folders = [await navigator.storage.getDirectory()];
    for (const folder of folders)
      for await (const handle of (folder as unknown as { values(): AsyncIterable<FileSystemHandle> }).values())
        if (handle.kind === 'directory') folders.push(handle as FileSystemDirectoryHandle);
        else names.push(`${handle.name} ${(await (handle as FileSystemFileHandle).getFile()).size}`);
    return names;
  });

/** A model that takes some seconds. Its bytes exist only in the page, where Chromium loses the end of larger ones at times. */
async function openLarge(page: Page, megabytes = 160): Promise<void> {
  const transfer = await page.evaluateHandle((size) => {
    const rows = (size * 2 ** 20) / 4096 / 4;
    const shape = [rows, 4096];
    const header = JSON.stringify({ 'large.weight': { dtype: 'F32', shape, data_offsets: [0, rows * 4096 * 4] } });
    const length = new DataView(new ArrayBuffer(8));
    length.setBigUint64(0, BigInt(header.length), true);
    const megabyte = Float32Array.from({ length: 2 ** 18 }, (_, i) => Math.sin(i * i));
    const data = new DataTransfer();
    data.items.add(new File([length, header, ...new Array(size).fill(megabyte)], 'large.safetensors'));
    return data;
  }, megabytes);
  await page.dispatchEvent('fewbits-your-model .figure-title', 'drop', { dataTransfer: transfer });
  await figure(page).getByText('large.safetensors: 1 tensor').waitFor();
}

describe('converting', () => {
  test('goes where the reader says, and leaves other chapters usable', async () => {
    const page = await open();
    await withPicker(page);
    await openLarge(page);
    await chooseType(page, 'Type', 'q2_k');
    await convert(page).getByText('large-q2_k.gguf').waitFor();
    const foretold = await announced(page);
    await convert(page).getByRole('button', { name: 'Convert and save' }).click();
    await convert(page).getByRole('progressbar', { name: 'Converted' }).waitFor();
    await page.waitForFunction(() => /^\d+ % – /.test(document.title));
    await page.locator('#symmetric').scrollIntoViewIfNeeded();
    await wake(page, 'symmetric');
    await page.locator('fewbits-symmetric').getByRole('radio', { name: 'int4', exact: true }).check();
    await page.locator('fewbits-symmetric .figure-sentence', { hasText: 'step' }).waitFor();
    assert.ok(await convert(page).getByRole('button', { name: 'Cancel' }).isVisible(), 'it is still converting');
    await convert(page)
      .getByText(/is whole: [\d,]+ bytes/)
      .waitFor({ timeout: 120_000 });
    assert.deepEqual(await filesIn(page), [`large-q2_k.gguf ${foretold}`]);
    assert.doesNotMatch(await page.title(), /%/);
    await page.context().close();
  });

  for (const picker of [true, false])
    test(`leaves no file when it is cancelled, ${picker ? 'where the reader chose' : 'in the browser’s own storage'}`, async () => {
      const page = await open();
      if (picker) await withPicker(page);
      await openLarge(page);
      await chooseType(page, 'Type', 'q2_k');
      await convert(page).getByRole('button', { name: 'Convert and save' }).click();
      await convert(page).locator('.figures', { hasText: ' of ' }).waitFor();
      await convert(page).getByRole('button', { name: 'Cancel' }).click();
      await convert(page).getByText('Cancelled: nothing of it is kept.').waitFor();
      assert.deepEqual(await filesIn(page), []);
      await convert(page).getByRole('button', { name: 'Convert and save' }).waitFor();
      await page.context().close();
    });

  test('declined in the picker is as if nothing had been', async () => {
    const page = await open();
    await page.evaluate(() => {
      Object.assign(window, {
        async showSaveFilePicker() {
          throw new DOMException('no', 'AbortError');
        },
      });
    });
    await convert(page).getByRole('button', { name: 'Convert and save' }).click();
    await convert(page).getByRole('button', { name: 'Convert and save' }).waitFor();
    assert.equal(await convert(page).getByRole('alert').count(), 0);
    await page.context().close();
  });
});

describe('every reader', () => {
  test('a phone shows it without scrolling sideways', async () => {
    const page = await open('', { width: 360, height: 780 });
    assert.equal(await scrollsSideways(page), false);
    await give(page, sample('gguf/llama_mix.gguf'));
    await figure(page)
      .getByText(/llama_mix\.gguf/)
      .first()
      .waitFor();
    assert.equal(await scrollsSideways(page), false);
    await page.context().close();
  });

  for (const colorScheme of ['light', 'dark'] as const)
    test(`axe finds nothing in ${colorScheme}, awake and with a target size`, async () => {
      const prepare = async (page: Page) => {
        await wake(page, 'your-model');
        await figure(page).getByRole('radio', { name: 'target size' }).check();
        await figure(page).getByRole('slider', { name: 'Target size' }).waitFor();
      };
      assert.deepEqual(await audit(site, { colorScheme }, '', prepare), []);
    });
});
