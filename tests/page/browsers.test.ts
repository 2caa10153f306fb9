// The built page in Firefox and in WebKitGTK: it loads under its policy, quantizes, and shows the guide's codes.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import test, { after, before } from 'node:test';
import puppeteer from 'puppeteer-core';
import { Builder, Capabilities, type WebDriver } from 'selenium-webdriver';
import { type Served, serve } from '../../web/build/serve.mjs';

const expected = ['64', '36', '−89', '0', '−23', '−54', '127'];
const asymmetric = ['53', '20', '−128', '−23', '−50', '−86', '127'];

let site: Served;
before(async () => {
  site = await serve();
});
after(() => site.close());

/** Runs in the page: the codes of the workbench, once its figure is alive. */
const readCodes = `(() => {
  const figure = document.querySelector('fewbits-your-data');
  figure?.scrollIntoView();
  if (!figure?.hasAttribute('data-ready')) return [];
  return [...figure.querySelectorAll('[aria-label="Every value"] tbody tr td:nth-of-type(2)')].map((cell) => cell.textContent.trim());
})()`;
const chooseAsymmetric = `document.querySelector('fewbits-your-data input[type=radio][value=asymmetric]').click()`;

type Evaluate = (script: string) => Promise<unknown>;

async function shows(evaluate: Evaluate, codes: string[]): Promise<void> {
  let seen: unknown;
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 200))) {
    seen = await evaluate(`return ${readCodes}`);
    if (JSON.stringify(seen) === JSON.stringify(codes)) return;
  }
  assert.deepEqual(seen, codes);
}

async function smoke(open: (address: string) => Promise<unknown>, evaluate: Evaluate): Promise<void> {
  await open(`${site.address}?data=seven#your-data`);
  await shows(evaluate, expected);
  await evaluate(chooseAsymmetric);
  await shows(evaluate, asymmetric);
}

test('Firefox loads the page, quantizes and shows the codes', async () => {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
  });
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    await smoke(
      (address) => page.goto(address),
      (script) => page.evaluate(`(() => { ${script} })()`),
    );
    assert.deepEqual(errors, []);
  } finally {
    await browser.close();
  }
});

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

async function startDriver(port: number): Promise<ChildProcess> {
  const env = {
    ...process.env,
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    WEBKIT_DISABLE_DMABUF_RENDERER: '1',
  };
  const driver = spawn('xvfb-run', ['-a', '/usr/bin/WebKitWebDriver', `--port=${port}`], {
    env,
    stdio: 'ignore',
    detached: true,
  });
  for (let tries = 0; tries < 50; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const answers = await fetch(`http://127.0.0.1:${port}/status`).then(
      () => true,
      () => false,
    );
    if (answers) return driver;
  }
  throw new Error('WebKitWebDriver does not answer.');
}

test('WebKit loads the page, quantizes and shows the codes', async () => {
  const port = await freePort();
  const driver = await startDriver(port);
  let browser: WebDriver | undefined;
  try {
    const [binary] = execFileSync('find', ['/usr/lib', '-name', 'MiniBrowser', '-path', '*webkit2gtk*'], {
      encoding: 'utf8',
    }).split('\n');
    const capabilities = new Capabilities({
      browserName: 'MiniBrowser',
      'webkitgtk:browserOptions': { binary, args: ['--automation'] },
    });
    browser = await new Builder().usingServer(`http://127.0.0.1:${port}`).withCapabilities(capabilities).build();
    const session = browser;
    await smoke(
      (address) => session.get(address),
      (script) => session.executeScript(script),
    );
  } finally {
    await browser?.quit().catch(() => {});
    process.kill(-driver.pid!); // xvfb-run and what it started
  }
});
