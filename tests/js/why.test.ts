// Chapter 1's model and words: pure, so that they need no browser.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { init } from 'fewbits';
import type { Dataset } from '../../web/page/kit/contract.ts';
import { defaultsOf, readOptions } from '../../web/page/kit/options.ts';
import { bytesAt, linearAxis, logAxis, marksOf, placeOf } from '../../web/page/sections/why/axis.ts';
import { catalog } from '../../web/page/sections/why/catalog.ts';
import { readConfig } from '../../web/page/sections/why/config.ts';
import {
  chosenBar,
  findingOf,
  fits,
  gigabytesOf,
  notesOf,
  tableOf,
  textOf,
} from '../../web/page/sections/why/finding.ts';
import { model, own } from '../../web/page/sections/why/model.ts';
import { COUNT, idOf, NAMES, type Options, options } from '../../web/page/sections/why/options.ts';

const fewbits = await init();
const { blockFormats, modelParameters } = fewbits;
const dataset = undefined as unknown as Dataset;

const defaults = defaultsOf(options);
const viewWith = (changes: Partial<Options> = {}) => model(fewbits, dataset, { ...defaults, ...changes });
const sentence = (changes: Partial<Options> = {}) => textOf(findingOf(viewWith(changes), { ...defaults, ...changes }));
const json = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const config = (name: string) => json(`configs/${name}.json`);

describe('the bars', () => {
  it('are one per width, per usual format and per recipe, and per any other that is chosen', () => {
    const { widths, blocks } = viewWith({ type: 'tq2_0' });
    assert.equal(widths.length, 5);
    const keys = blocks.map(({ key }) => key).sort();
    assert.equal(keys.join(' '), 'Q4_K_M Q5_K_M iq2_xs iq4_xs mxfp4 nf4 q2_k q3_k q4_0 q4_k q6_k q8_0 tq2_0');
  });

  it('are one per width, per block format and per recipe with all formats', () => {
    const { widths, blocks } = viewWith({ all: true });
    assert.deepEqual(
      widths.map(({ key }) => key),
      ['64', '32', '16', '8', '4'],
    );
    assert.deepEqual(
      blocks.map(({ key }) => key).sort(),
      [...blockFormats.map(({ name }) => name), 'Q4_K_M', 'Q5_K_M'].sort(),
    );
  });

  it('go from large to small', () => {
    const weights = viewWith().blocks.map(({ weights }) => weights);
    assert.deepEqual(
      weights,
      [...weights].sort((a, b) => b - a),
    );
  });

  it('say which formats the model’s rows do not suit', () => {
    const view = viewWith({ model: 'smollm2-135m', all: true });
    const impossible = view.blocks.filter(({ problem }) => problem).map(({ key }) => key);
    assert.deepEqual(impossible, ['q8_k', 'q1_0']);
    assert(
      view.blocks.slice(-2).every(({ problem }) => /Rows of 576 do not divide/.test(problem)),
      'they come last',
    );
    assert(notesOf(view).includes('Not possible: q8_k, q1_0, whose blocks do not divide this model’s rows.'));
    assert(!impossible.some((key) => fits(view, chosenBar(view, key), 1e6)));
    assert.match(sentence({ model: 'smollm2-135m', type: 'q8_k' }), /SmolLM2 135M has no q8_k: Rows of 576/);
  });

  it('fit in a message of 16 kB', () => {
    for (const name of NAMES) assert(JSON.stringify(viewWith({ model: idOf(name), all: true })).length <= 16_384, name);
  });
});

describe('the models', () => {
  it('have the published counts', () => {
    const published: Set<number> = new Set(
      json('../vectors/models/models.json').models.map(({ parameters }: { parameters: number }) => parameters),
    );
    published.add(2_779_683_840); // Phi-2
    for (const { name, config } of catalog) assert(published.has(modelParameters(config).parameters), name);
  });

  it('have their sizes in the order of their names', () => {
    assert.deepEqual(
      catalog.map(({ name }) => name),
      NAMES,
    );
  });

  it('use the KV heads', () => {
    assert.equal(viewWith().kvCache, 2 * 80 * 8 * 128 * 8192 * 2);
    const products = ['2 × 80 × 8 × 128 × 8,192 × 1 × 2'];
    assert.deepEqual(viewWith().cacheParts, [{ kind: 'cache', products, bytes: viewWith().kvCache }]);
    assert.equal(viewWith({ batch: 4 }).kvCache, 4 * viewWith().kvCache!);
  });

  it('count windowed layers by themselves', () => {
    assert.deepEqual(viewWith({ model: 'gemma-3-1b' }).cacheParts[0]?.products, [
      '2 × 4 × 1 × 256 × 8,192 × 1 × 2',
      '2 × 22 × 1 × 256 × 1,024 × 1 × 2',
    ]);
  });

  it('count latent rows and states as what they are', () => {
    const parts = (model: string) => viewWith({ model }).cacheParts.map(({ kind, products }) => [kind, ...products]);
    assert.deepEqual(parts('deepseek-v3'), [['latent', '61 × 576 × 8,192 × 1 × 2']]);
    assert.deepEqual(parts('qwen3-next-80b-a3b'), [
      ['cache', '2 × 12 × 2 × 256 × 8,192 × 1 × 2'],
      ['state', '36 × 548,864 × 1 × 4'],
    ]);
    assert.deepEqual(parts('falcon-mamba-7b'), [['state', '64 × 155,648 × 1 × 4']]);
    for (const model of NAMES.map(idOf)) {
      const { cacheParts, kvCache } = viewWith({ model, batch: 3 });
      assert.equal(
        cacheParts.reduce((sum, { bytes }) => sum + bytes, 0),
        kvCache,
        model,
      );
    }
    assert.match(notesOf(viewWith({ model: 'deepseek-v3' })).join(' '), /Latent attention keeps 576 numbers per token/);
    assert.match(notesOf(viewWith({ model: 'qwen3-next-80b-a3b' })).join(' '), /36 of 48 layers are recurrent/);
  });

  it('may be a bare count', () => {
    const view = viewWith({ model: COUNT, parameters: 70e9 });
    assert.deepEqual(
      view.widths.map(({ weights }) => weights / 1e9),
      [560, 280, 140, 70, 35],
    );
    assert.equal(view.kvCache, null);
    assert(!view.blocks.some(({ detail }) => detail === 'recipe'), 'recipes need the tensors');
  });

  it('may be a file, and say what they assumed', () => {
    const { num_key_value_heads, ...without } = config('llama');
    const view = own(fewbits, dataset, { subject: { name: 'mine.json', config: without }, options: defaults });
    assert.equal(view.kvCache, 4 * 2 * 32 * num_key_value_heads * 128 * 8192 * 2);
    assert(view.assumptions.some((line) => line.startsWith('num_key_value_heads is missing: taken to be')));
    assert.match(textOf(findingOf(view, defaults)), /^mine\.json in q4_k takes 4\.97 GB/);
  });

  it('are refused by name where they are not known', () => {
    const subject = { name: 'config.json', config: config('minicpm3') };
    assert.throws(() => own(fewbits, dataset, { subject, options: defaults }), /minicpm3.*multi-head latent attention/);
  });

  it('never travel in a link when they are the reader’s own', () => {
    const link = (text: string) => readOptions(options, (key) => (key === 'model' ? text : null)).model;
    assert.equal(link('own'), defaults.model);
    assert.equal(link('nonsense'), defaults.model);
    assert.equal(link('gpt-2-small'), 'gpt-2-small');
  });
});

describe('the sentence', () => {
  it('says what fits', () => {
    assert.equal(
      sentence(),
      'Llama 3 70B in q4_k takes 39.7 GB, and 2.68 GB more for 8,192 tokens in float16: it fits in 48 GB. ' +
        'Computing needs about 1.16 GB of the 5.62 GB that are left.',
    );
  });

  it('says what does not, and what would', () => {
    assert.match(
      sentence({ memory: 24 }),
      /it does not fit in 24 GB\. The largest that does is iq2_xs, with 23\.1 GB\.$/,
    );
    assert.match(sentence({ memory: 1 }), /Nothing here does\.$/);
  });

  it('warns where computing has no room', () => {
    assert.match(sentence({ memory: 43 }), /it fits in 43 GB\. That leaves 625 MB, less than the 1\.16 GB or so/);
  });

  it('names the batch, the recipe and the width', () => {
    assert.match(
      sentence({ batch: 4, type: 'Q4_K_M' }),
      /in Q4_K_M takes 42\.5 GB, and 10\.7 GB more for 4 × 8,192 tokens/,
    );
    assert.match(sentence({ type: '16' }), /in 16 bits takes 141 GB/);
  });

  it('says what a context does not add to', () => {
    assert.match(
      sentence({ model: 'falcon-mamba-7b' }),
      /takes 4\.13 GB, and 39\.8 MB more for a recurrent state, however many tokens: it fits/,
    );
    assert.match(
      sentence({ model: 'qwen3-next-80b-a3b' }),
      /more for 8,192 tokens in float16 and a recurrent state: it fits/,
    );
  });

  it('asks for a model where there is but a count', () => {
    assert.equal(
      sentence({ model: COUNT, parameters: 70e9 }),
      'A model of 70,000,000,000 weights in q4_k takes 39.4 GB: it fits in 48 GB. ' +
        'The KV cache comes on top: it depends on the layers, so choose a model.',
    );
  });
});

describe('the table', () => {
  it('has a row per bar, in both units', () => {
    const view = viewWith({ model: COUNT, parameters: 70e9 });
    const { columns, rows } = tableOf(view, 48);
    assert.deepEqual(columns, ['Format', 'Bits per weight', 'Weights (GB)', 'Weights (GiB)', 'In 48 GB']);
    assert.deepEqual(
      rows.slice(0, 5).map((row) => row[2]),
      ['560 GB', '280 GB', '140 GB', '70 GB', '35 GB'],
    );
    assert.deepEqual(
      rows.slice(0, 5).map((row) => row[4]),
      ['does not fit', 'does not fit', 'does not fit', 'does not fit', 'fits'],
    );
    assert.equal(rows[4]?.[3], '32.6 GiB');
  });

  it('has as many cells as columns, and at most 64 rows', () => {
    for (const id of ['llama-3-70b', 'smollm2-135m', COUNT]) {
      const { columns, rows } = tableOf(viewWith({ model: id }), 48);
      assert(rows.length <= 64);
      for (const row of rows) assert.equal(row.length, columns.length);
    }
  });
});

describe('the axis', () => {
  it('gives back what was placed on it', () => {
    for (const axis of [linearAxis(564e9), logAxis(8e9, 564e9)])
      for (const bytes of [10e9, 48e9, 564e9])
        assert(Math.abs(bytesAt(axis, placeOf(axis, bytes)) / bytes - 1) < 1e-12);
    assert.equal(bytesAt(linearAxis(100), -1), 0, 'stays on the axis');
    assert.equal(placeOf(logAxis(8e9, 564e9), 0), 0);
  });

  it('has round marks', () => {
    assert.deepEqual(
      marksOf(linearAxis(564e9)).map(({ label }) => label),
      ['0', '200', '400'],
    );
    assert.deepEqual(
      marksOf(logAxis(8e9, 564e9)).map(({ label }) => label),
      ['1', '10', '100'],
    );
  });
});

describe('what is typed and dropped', () => {
  it('reads sizes in GB, GiB and MB', () => {
    const sizes: [string, number | undefined][] = [
      ['48', 48],
      ['48 GB', 48],
      ['24gib', 25.769803776],
      ['512 MB', 0.512],
      ['1,000', 1000],
      ['0', 0],
      ['-1', undefined],
      ['many', undefined],
      ['', undefined],
      ['1,001 TB', undefined],
    ];
    for (const [text, gigabytes] of sizes) assert.equal(gigabytesOf(text), gigabytes, text);
  });

  it('reads a config.json, or says what the file is', async () => {
    const file = (name: string, content: string, size = content.length) => ({ name, size, text: async () => content });
    assert.deepEqual(await readConfig(file('config.json', '{"model_type":"llama"}')), { model_type: 'llama' });
    assert.equal(await readConfig(file('a.json', '{')), 'a.json is not JSON. A model’s config.json is wanted here.');
    assert.match((await readConfig(file('b.json', '[1, 2]'))) as string, /b\.json has no model_type/);
    assert.match((await readConfig(file('c.json', 'null'))) as string, /c\.json has no model_type/);
    assert.match((await readConfig(file('d.json', '{}', 2e9))) as string, /d\.json is too large/);
  });
});
