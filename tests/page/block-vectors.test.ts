// The reference programs' bytes and numbers, for every block format, through the built package in Chromium and Firefox.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { init } from 'fewbits';
import puppeteer from 'puppeteer-core';
import { type Served, serve } from '../../web/build/serve.mjs';
import { launchChromium } from '../chromium.mjs';
import { blockCases, evidenceOf, evidenceTable } from '../js/block-cases.ts';
import { toJson } from '../js/block-runner.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const fewbits = await init();
const cases = blockCases(fewbits);

/** What the page runs: every case by the package as it was built, beside the page. */
const PAGE = `import { init } from './dist/index.js';
import { fromJson, outcome } from './runner.js';
const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
export async function hashes() {
  const fewbits = await init();
  const cases = fromJson(await (await fetch('cases.json')).text());
  return Promise.all(cases.map(async (one) => hex(await crypto.subtle.digest('SHA-256', outcome(fewbits, one)))));
}`;
const RUN = `import('./page.js').then(({ hashes }) => hashes())`;

let folder: string;
let site: Served;
before(async () => {
  folder = `${mkdtempSync(path.join(os.tmpdir(), 'fewbits-blocks-'))}/`;
  cpSync(path.join(root, 'dist'), path.join(folder, 'dist'), { recursive: true });
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html><title>Blocks</title>');
  writeFileSync(path.join(folder, 'page.js'), PAGE);
  writeFileSync(path.join(folder, 'cases.json'), toJson(cases));
  await bundle({
    entryPoints: [path.join(root, 'tests/js/block-runner.ts')],
    outfile: path.join(folder, 'runner.js'),
    bundle: true,
    format: 'esm',
  });
  site = await serve({ folder });
});
after(async () => {
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

function check(browser: string, hashes: unknown): void {
  assert.ok(Array.isArray(hashes) && hashes.length === cases.length);
  const failed = cases.filter(({ sha256 }, i) => hashes[i] !== sha256);
  const rows = evidenceOf(fewbits, cases, (one) => failed.includes(one));
  console.log(`${evidenceTable(`The package in ${browser} beside the reference programs`, rows)}\n`);
  assert.deepEqual(
    failed.map(({ format, name, kind }) => `${format}, ${kind}: ${name}`),
    [],
  );
}

test('Chromium gives the reference programs’ bytes and numbers', async () => {
  const chromium = await launchChromium();
  try {
    const page = await chromium.newPage();
    await page.goto(site.address);
    check(`Chromium ${chromium.version()}`, await page.evaluate(RUN));
  } finally {
    await chromium.close();
  }
});

test('Firefox gives the reference programs’ bytes and numbers', async () => {
  const firefox = await puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
  });
  try {
    const page = await firefox.newPage();
    await page.goto(site.address);
    check(await firefox.version(), await page.evaluate(RUN));
  } finally {
    await firefox.close();
  }
});
