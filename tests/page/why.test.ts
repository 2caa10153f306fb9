// Chapter 1 on the built page: every control by its role and name.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import { audit, openSite, type Site, scrollsSideways, wake } from './site.ts';

const config = (name: string) => readFileSync(new URL(`../js/configs/${name}.json`, import.meta.url), 'utf8');

describe('chapter 1, Why', () => {
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
    figure = page.locator('fewbits-why');
    await wake(page, 'why');
  }

  const sentence = async () => (await figure.locator('.figure-sentence').textContent()) ?? '';
  const says = (text: string | RegExp) => figure.locator('.figure-sentence', { hasText: text }).waitFor();
  const bar = (name: string | RegExp) => figure.getByRole('radio', { name });
  const slider = (name: string) => figure.getByRole('slider', { name });
  const field = (name: string) => figure.getByRole('textbox', { name });

  async function type(into: Locator, text: string): Promise<void> {
    await into.fill(text);
    await into.press('Enter');
  }

  /** A file let go over the figure. */
  async function drop(name: string, content: string): Promise<void> {
    const transfer = await page.evaluateHandle(
      ([fileName, text]) => {
        const data = new DataTransfer();
        data.items.add(new File([text!], fileName!, { type: 'application/json' }));
        return data;
      },
      [name, content],
    );
    await figure.locator('figure').dispatchEvent('drop', { dataTransfer: transfer });
  }

  async function table(): Promise<string[][]> {
    await figure.getByRole('button', { name: 'Show as table' }).click();
    const rows = figure.getByRole('table').locator('tbody tr');
    return rows.evaluateAll((all) => all.map((row) => [...row.children].map((cell) => cell.textContent ?? '')));
  }

  it('is there before any script runs', async () => {
    const still = await site.page({ javaScriptEnabled: false });
    const text = (await still.locator('fewbits-why .figure').textContent()) ?? '';
    assert.match(
      text,
      /Llama 3 70B in q4_k takes 39\.7 GB, and 2\.68 GB more for 8,192 tokens in float16: it fits in 48 GB\./,
    );
    assert.equal(await still.locator('fewbits-why .row').count(), 5 + 10 + 2);
    await still.context().close();
  });

  it('shows 560, 280, 140, 70 and 35 GB for 70 B', async () => {
    await type(field('Parameters'), '70B');
    await says('A model of 70,000,000,000 weights');
    const rows = await table();
    assert.deepEqual(
      rows.slice(0, 5).map((row) => row[2]),
      ['560 GB', '280 GB', '140 GB', '70 GB', '35 GB'],
    );
  });

  it('labels both units', async () => {
    const [first] = await table();
    const columns = await figure.getByRole('columnheader').allTextContents();
    assert.deepEqual(columns, [
      'Format',
      'Bits per weight',
      'Weights (GB)',
      'Weights (GiB)',
      'KV cache (GB)',
      'Both (GB)',
      'Both (GiB)',
      'In 48 GB',
    ]);
    assert.deepEqual(first, ['64 bits', '64', '564 GB', '526 GiB', '2.68 GB', '567 GB', '528 GiB', 'does not fit']);
    assert.equal(await figure.locator('.figure-sentence .num', { hasText: '39.7 GB' }).getAttribute('title'), '37 GiB');
  });

  it('uses num_key_value_heads', async () => {
    const llama = JSON.parse(config('llama'));
    await drop('grouped.json', JSON.stringify(llama));
    await says('grouped.json in q4_k takes 4.52 GB, and 1.07 GB more');
    const { num_key_value_heads: _, ...without } = llama;
    await drop('single.json', JSON.stringify(without));
    await says('single.json in q4_k takes 4.97 GB, and 4.29 GB more');
    await figure.getByText('num_key_value_heads is missing: taken to be num_attention_heads, 32.').waitFor();
  });

  it('slider "Your memory" changes which bars do not fit', async () => {
    const fitting = () => figure.locator('.row-fit').allTextContents();
    const before = await fitting();
    assert(before.includes('fits') && before.includes('does not fit'));
    await slider('Your memory').press('Home');
    await says('it does not fit in 0 GB');
    assert((await fitting()).every((text) => text === 'does not fit'));
    await slider('Your memory').press('End');
    await says('it fits in 601 GB');
    assert((await fitting()).every((text) => text === 'fits'));
    await slider('Your memory').press('ArrowLeft');
    await says('it fits in 599 GB');
  });

  it('takes a memory as text, in GB or GiB, and refuses others in a sentence', async () => {
    await type(field('Your memory, as a size'), '24 GiB');
    await says('it does not fit in 25.77 GB. The largest that does is iq2_xs, with 23.1 GB.');
    await type(field('Your memory, as a size'), 'lots');
    await figure.getByText('Write a size such as 48 GB, 24 GiB or 512 MB.').waitFor();
    assert.match(await sentence(), /25\.77 GB/, 'the last good state stays');
  });

  it('drags the line of memory in every plot', async () => {
    const grips = figure.locator('.grip circle');
    assert.equal(await grips.count(), 3);
    for (const i of [0, 1, 2]) {
      await type(field('Your memory, as a size'), '48 GB');
      await says('48 GB');
      await grips.nth(i).scrollIntoViewIfNeeded();
      const { x, y, width, height } = (await grips.nth(i).boundingBox())!;
      await page.mouse.move(x + width / 2, y + height / 2);
      await page.mouse.down();
      await page.mouse.move(x + width / 2 - 20, y + height / 2, { steps: 4 });
      await page.mouse.up();
      await says('does not fit in');
    }
  });

  it('chooses a format with a click on its bar, and by arrows', async () => {
    await bar(/^q8_0 /).click();
    await says('Llama 3 70B in q8_0 takes 75 GB');
    await bar(/^q8_0 /).press('ArrowDown');
    assert.doesNotMatch(await sentence(), /in q8_0 takes/);
    await bar(/^Q4_K_M /).check();
    await says('Llama 3 70B in Q4_K_M takes 42.5 GB');
    await bar(/^16 bits/).check();
    await says('Llama 3 70B in 16 bits takes 141 GB');
  });

  it('chooses a model from the list', async () => {
    const models = figure.getByRole('combobox', { name: 'Model' });
    await models.click();
    await models.fill('gemma 3 1');
    await models.press('Enter');
    await says('Gemma 3 1B in q4_k takes 658 MB, and 56.6 MB more');
    assert.equal(await field('Parameters').inputValue(), '999,885,952');
    await figure.getByText('22 of 26 layers keep 1,024 tokens').waitFor();
  });

  it('follows context and batch', async () => {
    await slider('Context').press('ArrowRight');
    await says('5.37 GB more for 16,384 tokens');
    await type(field('Context, in tokens'), '1000');
    await says('336 MB more for 1,000 tokens');
    await figure.getByText('llama.cpp rounds 1,000 tokens up to 1,024.').waitFor();
    await type(field('Batch'), '8');
    await says('2.68 GB more for 8 × 1,000 tokens');
    await type(field('Batch'), '0');
    await figure.getByText('The least is 1.').waitFor();
  });

  it('names the file of a dropped config', async () => {
    await drop('gemma3_text.json', config('gemma3_text'));
    await says('gemma3_text.json in q4_k takes 658 MB');
    assert.equal(await figure.getByRole('combobox', { name: 'Model' }).inputValue(), 'gemma3_text.json');
    await slider('Context').press('ArrowRight');
    await says('gemma3_text.json in q4_k takes 658 MB, and 90.2 MB more for 16,384 tokens');
    await page.waitForFunction(() => location.search.includes('why.context=16384'));
    assert(!page.url().includes('gemma3_text'), 'the name stays here');
  });

  it('opens a config by its button', async () => {
    const chooser = page.waitForEvent('filechooser');
    await figure.getByRole('button', { name: 'Open a config.json' }).click();
    await (await chooser).setFiles({
      name: 'phi.json',
      mimeType: 'application/json',
      buffer: Buffer.from(config('phi')),
    });
    await says('phi.json in q4_k');
  });

  it('refuses what it does not know by name, and keeps the last good state', async () => {
    const refusals: [name: string, content: string, said: RegExp][] = [
      ['deep.json', config('minicpm3'), /deep\.json: .*'minicpm3' \(multi-head latent attention\)/],
      ['broken.json', '{', /broken\.json is not JSON/],
      ['list.json', '[1]', /list\.json has no model_type/],
      ['odd.json', '{"model_type":"llama","hidden_size":-1}', /odd\.json: hidden_size is -1/],
    ];
    for (const [name, content, said] of refusals) {
      await drop(name, content);
      await figure.getByRole('alert').filter({ hasText: said }).waitFor();
      assert.match(await sentence(), /^Llama 3 70B in q4_k/);
    }
  });

  it('shows the usual formats first, and all on demand', async () => {
    assert.equal(await bar(/^iq1_s /).count(), 0);
    await figure.getByRole('switch', { name: 'All formats' }).click();
    await bar(/^iq1_s /).check();
    await says('Llama 3 70B in iq1_s takes');
    assert.equal(await figure.getByRole('radio').count(), 5 + 39 + 2);
    await figure.getByRole('switch', { name: 'All formats' }).click();
    await bar(/^iq1_m /).waitFor({ state: 'detached' });
    assert.ok(await bar(/^iq1_s /).isChecked(), 'what is chosen stays');
  });

  it('answers what 13 billion weights need at 4 bits: in the words, by their button, and in the field', async () => {
    await page.locator('#why .prose', { hasText: /At 4 bits they need 6\.5\sGB/ }).waitFor();
    await page.getByRole('button', { name: '13 billion weights' }).click();
    await says('A model of 13,000,000,000 weights in 4 bits takes 6.5 GB');
    await figure.getByRole('button', { name: 'Reset' }).click();
    await says('Llama 3 70B');
    await type(field('Parameters'), '13B');
    assert.equal(
      await bar(/^4 bits/).evaluate((radio) => radio.closest('label')!.textContent),
      '4 bits int4, float46.5 GBfits',
    );
  });

  it('shows a logarithmic axis', async () => {
    await figure.getByRole('switch', { name: 'Logarithmic' }).click();
    await figure.locator('.plot-axis', { hasText: '100' }).first().waitFor();
    const marks = figure.locator('.plot-axis').first().locator('text');
    assert.deepEqual(await marks.allTextContents(), ['10', '100']);
  });

  it('says in a link how it was left, and Reset takes that back', async () => {
    await page.context().close();
    await open('?why.model=mistral-7b-v0.3&why.type=nf4&why.memory=8');
    assert.match(await sentence(), /^Mistral 7B v0\.3 in nf4 takes 4\.08 GB, .* it fits in 8 GB\./);
    await figure.getByRole('button', { name: 'Reset' }).click();
    await says('Llama 3 70B in q4_k takes 39.7 GB');
  });

  it('works by keyboard alone', async () => {
    await figure.getByRole('combobox', { name: 'Model' }).focus();
    const reached = new Set<string>();
    for (let i = 0; i < 14; i++) {
      reached.add(
        await page.evaluate(() => {
          const { activeElement } = document;
          return activeElement?.getAttribute('type') === 'radio'
            ? 'bars'
            : (activeElement?.getAttribute('role') ?? activeElement?.tagName ?? '');
        }),
      );
      await page.keyboard.press('Tab');
    }
    for (const stop of ['combobox', 'INPUT', 'BUTTON', 'switch', 'bars'])
      assert(reached.has(stop), `${stop} of ${[...reached]}`);
  });

  it('does not scroll sideways at 360, and axe finds nothing in either theme', async () => {
    const narrow = await site.page({ width: 360 });
    await wake(narrow, 'why');
    assert.equal(await scrollsSideways(narrow), false);
    await narrow.context().close();
    for (const colorScheme of ['light', 'dark'] as const) {
      const found = await audit(site, { colorScheme }, '', async (opened) => {
        await wake(opened, 'why');
        await opened.locator('fewbits-why').getByRole('button', { name: 'Show as table' }).click();
      });
      assert.deepEqual(found, []);
    }
  });
});
