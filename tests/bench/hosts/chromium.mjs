// The benchmark in headless Chromium. Nothing is served: the pages' requests are answered here, with the headers that
// give a page a fine clock.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../../../web/build/cmake.mjs';
import { launchChromium } from '../../chromium.mjs';

const ADDRESS = 'http://localhost/';
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

const PAGE = `<!doctype html><link rel="icon" href="data:,"><script type="module">
import { run, cold } from './harness.js';
const load = async () => (await import('./dist/index.js')).init();
window.bench = {
  cold: (job) => cold(job, load),
  run: async (options) => {
    const wasm = await (await fetch('./bench.wasm')).arrayBuffer();
    return run(await load(), wasm, options, (done) => console.log(done));
  },
};
</script>`;

async function answer(folder, route) {
  const name = new URL(route.request().url()).pathname.slice(1);
  if (name === '') return route.fulfill({ contentType: 'text/html', headers: ISOLATED, body: PAGE });
  const file = name.startsWith('dist/') ? path.join(root, name) : path.join(folder, name);
  return route.fulfill({ contentType: TYPES[path.extname(file)], headers: ISOLATED, body: await readFile(file) });
}

/** Starts the browser; every call of `run` and `cold` has a page and a process of its own. */
export async function openChromium(folder) {
  const browser = await launchChromium();
  const inPage = async (method, argument) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.on('console', (message) => process.stderr.write(`  ${message.text()}\n`));
    await page.route(`${ADDRESS}**`, (route) => answer(folder, route));
    await page.goto(ADDRESS);
    await page.waitForFunction(() => 'bench' in window);
    try {
      return await page.evaluate(([name, given]) => window.bench[name](given), [method, argument]);
    } finally {
      await context.close();
    }
  };
  return {
    version: browser.version(),
    run: (options) => inPage('run', options),
    cold: (job) => inPage('cold', job),
    close: () => browser.close(),
  };
}
