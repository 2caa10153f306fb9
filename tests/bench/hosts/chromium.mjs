// The benchmark in headless Chromium. Nothing is served: the pages' requests are answered here, with the headers that
// give a page a fine clock.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../../../web/build/cmake.mjs';
import { launchChromium } from '../../chromium.mjs';

const ADDRESS = 'http://localhost/';
const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
/** Where the pages' folders are; all else is in the benchmark's own. */
const FOLDERS = { dist: path.join(root, 'dist'), onnx: path.join(root, 'node_modules/onnxruntime-web/dist') };

const PAGE = `<!doctype html><link rel="icon" href="data:,"><script type="module">
import { run, cold } from './harness.js';
const load = async () => (await import('./dist/index.js')).init();
const benchWasm = async () => (await fetch('./bench.wasm')).arrayBuffer();
async function loadOnnx() {
  const onnx = await import('./onnx/ort.wasm.min.mjs');
  onnx.env.wasm.numThreads = 1;
  onnx.env.wasm.wasmPaths = new URL('./onnx/', location.href).href;
  return onnx;
}
window.bench = {
  cold: async (job) => cold(job, await benchWasm(), load),
  run: async (options) => {
    const peers = { onnx: await loadOnnx() };
    const report = (...progress) => console.log(JSON.stringify(progress));
    return run({ fewbits: await load(), wasm: await benchWasm(), peers, report }, options);
  },
};
</script>`;

async function answer(folder, route) {
  const name = new URL(route.request().url()).pathname.slice(1);
  if (name === '') return route.fulfill({ contentType: 'text/html', headers: ISOLATED, body: PAGE });
  const [first, ...rest] = name.split('/');
  const file = FOLDERS[first] ? path.join(FOLDERS[first], ...rest) : path.join(folder, name);
  return route.fulfill({ contentType: TYPES[path.extname(file)], headers: ISOLATED, body: await readFile(file) });
}

/** Starts the browser; every call of `run` and `cold` has a page and a process of its own. */
export async function openChromium(folder, report) {
  const browser = await launchChromium();
  const inPage = async (method, argument) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'log') report(...JSON.parse(message.text()));
      else process.stderr.write(`\n${message.text()}\n`);
    });
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
