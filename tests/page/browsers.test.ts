// The built page in Firefox and in WebKitGTK: it loads under its policy, and one main check of every chapter passes.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import test, { after, before, type TestContext } from 'node:test';
import { init } from 'fewbits';
import puppeteer from 'puppeteer-core';
import { Builder, Capabilities, Key, type WebDriver } from 'selenium-webdriver';
import { type Served, serve } from '../../web/build/serve.mjs';

let site: Served;
before(async () => {
  site = await serve();
});
after(() => site.close());

/** A browser, through whichever driver: scripts run in the page, keys go to what has the focus. */
interface Browser {
  open(address: string): Promise<unknown>;
  run(script: string): Promise<unknown>;
  press(key: 'End' | 'PageUp' | 'Escape' | 'Enter' | ' '): Promise<unknown>;
  type(text: string): Promise<unknown>;
}

/** Runs in the page: a control of a figure by its name; of two with the same, the slider. */
const FIND = `const find = (section, name) => ['[role=slider]', ':is(input, button, [role])']
  .flatMap((kind) => [...document.querySelectorAll('fewbits-' + section + ' ' + kind)])
  .find((one) => (one.getAttribute('aria-label') ?? (one.labels?.[0]?.querySelector('.label, .hidden') ?? one.labels?.[0] ?? one).textContent).trim() === name);
const texts = (selector) => [...document.querySelectorAll(selector)].map((one) => one.textContent.trim());`;

/** Waits until an expression has this value, as JSON. */
async function sees(browser: Browser, expression: string, wanted: unknown): Promise<void> {
  let seen: unknown;
  for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    seen = await browser.run(`${FIND} return JSON.stringify(${expression})`);
    if (seen === JSON.stringify(wanted)) return;
  }
  assert.equal(seen, JSON.stringify(wanted), expression);
}

const says = (browser: Browser, section: string, part: string) =>
  sees(browser, `document.querySelector('fewbits-${section} .figure-sentence').textContent.includes('${part}')`, true);

/** Brings a figure near and waits until it is alive. */
async function wake(browser: Browser, section: string): Promise<void> {
  await browser.run(`document.querySelector('fewbits-${section}').scrollIntoView()`);
  await sees(browser, `document.querySelector('fewbits-${section}').hasAttribute('data-ready')`, true);
}

async function focus(browser: Browser, section: string, name: string): Promise<void> {
  await sees(browser, `!!find('${section}', '${name}')`, true);
  await browser.run(`${FIND} find('${section}', '${name}').focus()`);
}

const ledger = (section: string) => `texts('fewbits-${section} .ledger .code-tile').join(' ').replaceAll('−', '-')`;

/** One main check of each chapter, by keyboard, on the guide's seven numbers, following 10.8. */
const CHECKS: Record<string, (browser: Browser) => Promise<void>> = {
  async top(browser) {
    await focus(browser, 'top', 'Bits per number');
    await browser.press('End');
    await says(browser, 'top', 'With 8 bits each');
  },
  async why(browser) {
    await focus(browser, 'why', 'Parameters');
    await browser.run('document.activeElement.select()');
    await browser.type('70B');
    await browser.press('Enter');
    await says(browser, 'why', 'A model of 70,000,000,000 weights');
    await focus(browser, 'why', 'Show as table');
    await browser.press('Enter');
    const sizes = ['560 GB', '280 GB', '140 GB', '70 GB', '35 GB'];
    await sees(browser, `texts('fewbits-why .figure-table tbody tr > :nth-child(3)').slice(0, 5)`, sizes);
  },
  async bits(browser) {
    await sees(browser, `texts('fewbits-bits .meaning').join(' ').includes('exponent: 130 − 127 = 3')`, true);
    await focus(browser, 'bits', 'sign');
    await browser.press(' ');
    await sees(browser, `find('bits', 'Number').value`, '−10.8');
  },
  async range(browser) {
    const rows = `document.querySelectorAll('fewbits-range [aria-label="Data types"] tbody tr').length`;
    await sees(browser, rows, (await init()).numberFormats.length);
    await focus(browser, 'range', 'Sort by max');
    await browser.press('Enter');
    await sees(browser, `document.querySelectorAll('fewbits-range th[aria-sort=descending]').length`, 1);
  },
  async symmetric(browser) {
    await sees(browser, ledger('symmetric'), '64 36 -89 0 -23 -54 127');
    await focus(browser, 'symmetric', 'Value 7');
    await browser.press('PageUp');
    await sees(browser, ledger('symmetric'), '59 33 -82 0 -21 -49 127');
    await browser.press('Escape');
    await sees(browser, ledger('symmetric'), '64 36 -89 0 -23 -54 127');
  },
  async asymmetric(browser) {
    await says(browser, 'asymmetric', '0 is stored as −23');
    await sees(browser, ledger('asymmetric'), '53 20 -128 -23 -50 -86 127');
  },
  async blocks(browser) {
    const bytes = `texts('fewbits-blocks .byte').join(' ')`;
    // 10.8 is weight 6: its code 0 is the low half of byte 8, and it set the scale, 10.8 / -8.
    await sees(browser, bytes, '66 BD 84 86 8E 88 89 8B 80 88 88 88 88 88 88 88 88 88');
    await says(browser, 'blocks', 'Weight 6 is the largest and set the scale.');
    await focus(browser, 'blocks', 'exponent bit 0');
    await browser.press(' ');
    await sees(browser, bytes, '66 B9 84 86 8E 88 89 8B 80 88 88 88 88 88 88 88 88 88');
    await focus(browser, 'blocks', 'Restore 1 bit');
    await browser.press('Enter');
    await sees(browser, bytes, '66 BD 84 86 8E 88 89 8B 80 88 88 88 88 88 88 88 88 88');
  },
  async 'your-data'(browser) {
    const codes = `texts('[aria-label="Every value"] tbody td:nth-of-type(2)').join(' ').replaceAll('−', '-')`;
    await sees(browser, codes, '64 36 -89 0 -23 -54 127');
    await browser.run(`document.querySelector('fewbits-your-data input[type=radio][value=asymmetric]').click()`);
    await sees(browser, codes, '53 20 -128 -23 -50 -86 127');
  },
  async 'your-model'(browser) {
    await says(browser, 'your-model', '222,075 weights, 888 kB → 167 kB; UPN2/kernel suffers most: 26.9 dB.');
    await browser.run(`${FIND} const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 32), }".padEnd(117) + '\\n';
      const values = Float32Array.from({ length: 128 }, (_, i) => Math.sin(i));
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array([147, 78, 85, 77, 80, 89, 1, 0, 118, 0]), header, values], 'own.npy'));
      const input = find('your-model', 'Model files');
      input.files = data.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));`);
    await says(browser, 'your-model', '128 weights, 512 bytes');
    // What the browser is given to save: the bytes that were foretold, of a GGUF.
    await browser.run(`delete window.showSaveFilePicker;
      const made = URL.createObjectURL;
      URL.createObjectURL = (blob) => {
        blob.text().then((text) => { window.saved = text.slice(0, 4) + ' ' + blob.size; });
        return made.call(URL, blob);
      };`);
    await focus(browser, 'your-model', 'Convert and save');
    await browser.press('Enter');
    const foretold = `document.querySelector('fewbits-your-model .save .figures')?.textContent.match(/, (.*) bytes/)?.[1]`;
    await sees(
      browser,
      `(window.saved ?? '').startsWith('GGUF ') && window.saved.slice(5) === ${foretold}.replace(',', '')`,
      true,
    );
    await sees(browser, `document.querySelectorAll('fewbits-your-model [role=alert]').length`, 0);
  },
};

async function checkAll(browser: Browser, context: TestContext): Promise<void> {
  await browser.open(`${site.address}?data=seven&follow=6`);
  for (const [section, check] of Object.entries(CHECKS))
    await context.test(section, async () => {
      await wake(browser, section);
      await check(browser);
    });
}

test('Firefox', async (context) => {
  const firefox = await puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
  });
  try {
    const page = await firefox.newPage();
    const errors: string[] = [];
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    page.on('pageerror', (error) => errors.push(String(error)));
    const browser: Browser = {
      open: (address) => page.goto(address),
      run: (script) => page.evaluate(`(() => { ${script} })()`),
      press: (key) => page.keyboard.press(key),
      type: (text) => page.keyboard.type(text),
    };
    await checkAll(browser, context);
    await context.test('an element on another page', async () => {
      await page.goto('about:blank');
      await page.setContent(
        `<script src="${site.address}embed.js"></script><fewbits-symmetric values="1 3 4"></fewbits-symmetric>`,
      );
      await sees(browser, `document.querySelector('fewbits-symmetric').shadowRoot.firstChild.offsetHeight > 600`, true);
      const frame = page.frames().find((one) => one.url().includes('embed.html'))!;
      await sees(
        { ...browser, run: (script) => frame.evaluate(`(() => { ${script} })()`) },
        ledger('symmetric'),
        '32 95 127',
      );
    });
    assert.deepEqual(errors, []);
  } finally {
    await firefox.close();
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

test('WebKit', async (context) => {
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
    const send = (keys: string) => session.switchTo().activeElement().sendKeys(keys);
    const keys = { End: Key.END, PageUp: Key.PAGE_UP, Escape: Key.ESCAPE, Enter: Key.ENTER, ' ': Key.SPACE };
    await checkAll(
      {
        open: (address) => session.get(address),
        run: (script) => session.executeScript(script),
        press: (key) => send(keys[key]),
        type: send,
      },
      context,
    );
  } finally {
    await browser?.quit().catch(() => {});
    process.kill(-driver.pid!); // xvfb-run and what it started
  }
});
