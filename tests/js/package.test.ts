// The tarball, as a stranger gets it: packed, installed into an empty folder, and used from everywhere that it promises.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchChromium } from '../chromium.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tool = (name: string) => path.join(root, 'node_modules', name);
const scratch = mkdtempSync(path.join(os.tmpdir(), 'fewbits-package-'));
const run = (command: string, args: string[], cwd = scratch) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const node = (...args: string[]) => run(process.execPath, args).trim();

const [{ filename, files }] = JSON.parse(
  run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], root),
);
writeFileSync(path.join(scratch, 'package.json'), JSON.stringify({ name: 'scratch', private: true, type: 'module' }));
run('npm', ['install', `./${filename}`, '--offline', '--no-audit', '--no-fund']);
after(() => rmSync(scratch, { recursive: true, force: true }));

const browser = await launchChromium();
after(() => browser.close());

/** What every consumer below does, and what it must come to. */
const program = `
const seven = [5.47, 3.08, -7.59, 0, -1.95, -4.57, 10.8];
export async function main({ init, createPool }, initOptions, poolOptions) {
  const fewbits = await init(initOptions);
  const codes = fewbits.quantize(seven, { type: 'int8' }).data;
  const pool = await createPool({ size: 2, ...poolOptions });
  const kept = await pool.cast([0.1], 'float16');
  await pool.terminate();
  return [...codes, kept[0]].join(' ');
}
`;
const expected = '64 36 -89 0 -23 -54 127 0.0999755859375';
const write = (name: string, text: string) => {
  mkdirSync(path.dirname(path.join(scratch, name)), { recursive: true });
  writeFileSync(path.join(scratch, name), text);
};
write('program.js', program);
const show = `.then((text) => { document.title = text; }, (error) => { document.title = 'failed: ' + (error.message ?? error); });`;
const html =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>wait</title></head><body><script type="module" src="./main.js"></script></body></html>';

// --- Node ------------------------------------------------------------------------------------------------------------------

test('the tarball holds dist and the papers, nothing else', () => {
  const names = (files as { path: string }[]).map((file) => file.path);
  assert.deepEqual(
    names.filter((name) => !/^(dist\/|package\.json$|README\.md$|LICENSE$|NOTICE$|CHANGELOG\.md$)/.test(name)),
    [],
  );
  for (const name of [
    'dist/index.js',
    'dist/fewbits.wasm',
    'dist/worker.js',
    'dist/types/index.d.ts',
    'LICENSE',
    'NOTICE',
  ])
    assert.ok(names.includes(name), name);
});

for (const entry of ['fewbits', 'fewbits/inline']) {
  test(`${entry} works in Node as an ES module`, () => {
    write(
      'node.mjs',
      `import * as fewbits from '${entry}'; import { main } from './program.js'; console.log(await main(fewbits));`,
    );
    assert.equal(node('node.mjs'), expected);
  });

  test(`${entry} works in Node by import() from CommonJS`, () => {
    write(
      'node.cjs',
      `import('${entry}').then(async (fewbits) => console.log(await (await import('./program.js')).main(fewbits)));`,
    );
    assert.equal(node('node.cjs'), expected);
  });
}

test('init takes a path, a URL, bytes and a compiled module', () => {
  for (const wasm of [
    'path',
    'new URL("file://" + path)',
    'readFileSync(path)',
    'new WebAssembly.Module(readFileSync(path))',
    'new Response(readFileSync(path))',
  ]) {
    const text = `import { readFileSync } from 'node:fs'; import { createRequire } from 'node:module'; import { init } from 'fewbits';
      const path = createRequire(import.meta.url).resolve('fewbits/fewbits.wasm'); console.log((await init({ wasm: ${wasm} })).cast([1.1], 'int8')[0]);`;
    write('wasm.mjs', text);
    assert.equal(node('wasm.mjs'), '1', wasm);
  }
});

test('a failed init says what to do, and the next one works', () => {
  write(
    'retry.mjs',
    `import { init } from 'fewbits';
    const refused = await init({ wasm: 7 }).catch((error) => error.code);
    const missing = await init({ wasm: './none.wasm' }).catch((error) => error.code);
    console.log(refused, missing, (await init()).cast([1.1], 'int8')[0]);`,
  );
  assert.equal(node('retry.mjs'), 'BAD_ARGUMENT READ_FAILED 1');
});

test('fewbits/files works in Node, with the core and the errors of fewbits', () => {
  write(
    'files.mjs',
    `import { FewbitsError, init } from 'fewbits';
    import { convertModel, openModel } from 'fewbits/files';
    const data = Float32Array.from({ length: 64 }, (_, i) => i);
    const header = new TextEncoder().encode('{"w.weight":{"dtype":"F32","shape":[2,32],"data_offsets":[0,256]}}');
    const model = await openModel(new Blob([Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0), header, data]));
    const { blob } = await convertModel(model, 'blob', { to: 'gguf', type: 'q8_0' });
    const values = await (await openModel(blob)).read('w.weight');
    const expected = (await init()).dequantizeBlocks((await init()).quantizeBlocks(data, 'q8_0'), 'q8_0');
    const error = await openModel('none.gguf').catch((error) => error);
    console.log(values.join() === expected.join(), error instanceof FewbitsError, error.code);`,
  );
  assert.equal(node('files.mjs'), 'true true MISSING_FILE');
});

test('the command runs', () => {
  assert.match(
    run(path.join(scratch, 'node_modules/.bin/fewbits'), ['memory', '70B', '--type', 'int4']),
    /weights +35\.00/,
  );
});

// --- types and lints ---------------------------------------------------------------------------------------------------------

test('types are right for bundler and nodenext', () => {
  write(
    'types.ts',
    `import { createPool, FewbitsError, init, type Quantized } from 'fewbits';
    import { init as inline } from 'fewbits/inline';
    import { convertModel, type Model, openModel } from 'fewbits/files';
    import address from 'fewbits/fewbits.wasm';
    const fewbits = await init({ wasm: new URL(address, 'file:///') });
    const quantized: Quantized = fewbits.quantize(new Float32Array(4), { type: 'int8', granularity: { axis: 0 } });
    const restored: Float32Array = fewbits.dequantize(quantized);
    const pool = await createPool({ size: 2 });
    const codes: Promise<Uint8Array | Uint16Array | Uint32Array | BigUint64Array> = pool.encode(restored, 'float16');
    const model: Model = await openModel(new Blob([]));
    const blob: Blob | undefined = (await convertModel(model, 'blob', { to: 'gguf', type: 'q8_0' })).blob;
    // @ts-expect-error a number is no source
    await openModel(blob ? 7 : 8);
    // @ts-expect-error a wrong name is a type error
    fewbits.encode(restored, 'float17');
    // @ts-expect-error a wrong type is a type error
    fewbits.quantize(restored, { type: 'int9' });
    try { await codes; } catch (error) { if (error instanceof FewbitsError) console.log(error.code satisfies string, await inline()); }
    `,
  );
  for (const [module, resolution] of [
    ['esnext', 'bundler'],
    ['nodenext', 'nodenext'],
  ])
    node(
      tool('typescript/bin/tsc'),
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--lib',
      'es2023,dom',
      '--module',
      module!,
      '--moduleResolution',
      resolution!,
      'types.ts',
    );
});

test('publint and arethetypeswrong find nothing', () => {
  run(process.execPath, [tool('publint/src/cli.js'), 'run', path.join(scratch, filename), '--strict']);
  run(process.execPath, [
    tool('@arethetypeswrong/cli/dist/index.js'),
    path.join(scratch, filename),
    '--profile',
    'esm-only',
    '--exclude-entrypoints',
    './fewbits.wasm',
  ]);
});

test('sizes are within their limits', () => {
  const sizes = JSON.parse(run(process.execPath, [tool('size-limit/bin.js'), '--json'], root)) as {
    name: string;
    passed: boolean;
    size: number;
  }[];
  assert.equal(sizes.length, 2);
  for (const { name, passed, size } of sizes) {
    console.log(`${name}: ${size} bytes gzipped`);
    assert.ok(passed, `${name} is ${size} bytes`);
  }
});

// --- browsers ----------------------------------------------------------------------------------------------------------------

const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";
const media: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** Opens a page that the program writes its answer into as the title. */
async function titleOf(address: string): Promise<string> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on(
    'console',
    (message) => message.type() === 'error' && !/favicon/.test(message.location().url) && errors.push(message.text()),
  );
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(address);
  await page.waitForFunction(() => document.title !== 'wait', null, { timeout: 60_000 }).catch(() => {});
  const title = await page.title();
  await page.close();
  assert.deepEqual(errors, []);
  return title;
}

/** Serves a folder under the strict policy while `use` runs. */
async function served<T>(folder: string, use: (address: string) => Promise<T>): Promise<T> {
  const server = createServer((request, response) => {
    const file = path.join(
      folder,
      decodeURIComponent(new URL(request.url!, 'http://localhost').pathname).replace(/\/$/, '/index.html'),
    );
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return void response.writeHead(404).end();
    response.writeHead(200, {
      'content-type': media[path.extname(file)] ?? 'application/octet-stream',
      'content-security-policy': policy,
    });
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const withFiles = `import * as fewbits from 'fewbits'; import { main } from '../program.js'; main(fewbits)${show}`;

test('works in a browser without a bundler', async () => {
  write(
    'plain/index.html',
    html
      .replace('<script', '<script')
      .replace('./main.js', './plain/main.js')
      .replace('<head>', '<head><base href="/">'),
  );
  write('plain/main.js', withFiles.replace("'fewbits'", "'../node_modules/fewbits/dist/index.js'"));
  assert.equal(await served(scratch, (address) => titleOf(`${address}plain/index.html`)), expected);
});

test("works in a browser's own worker", async () => {
  write('own-worker/index.html', html);
  write(
    'own-worker/main.js',
    `const worker = new Worker('./worker.js', { type: 'module' }); worker.onmessage = ({ data }) => { document.title = data; };`,
  );
  write(
    'own-worker/worker.js',
    `import { init } from '../node_modules/fewbits/dist/index.js'; init().then((fewbits) => postMessage(String(fewbits.cast([0.1], 'float16')[0])), (error) => postMessage(String(error)));`,
  );
  assert.equal(await served(scratch, (address) => titleOf(`${address}own-worker/index.html`)), '0.0999755859375');
});

test('works in a Vite build and in its development server', async () => {
  write('vite/index.html', html);
  write('vite/main.js', withFiles);
  const folder = path.join(scratch, 'vite');
  const { build, createServer: develop } = await import('vite');
  await build({ root: folder, logLevel: 'error', configFile: false, base: './' });
  assert.equal(await served(path.join(folder, 'dist'), titleOf), expected);
  const server = await develop({
    root: folder,
    logLevel: 'error',
    configFile: false,
    server: { host: '127.0.0.1', port: 0, hmr: false, fs: { allow: [scratch] } },
    cacheDir: path.join(folder, 'cache'),
  });
  await server.listen();
  try {
    assert.equal(await titleOf(server.resolvedUrls!.local[0]!), expected);
  } finally {
    await server.close();
  }
});

test('works in a webpack build', async () => {
  write('webpack/main.js', withFiles);
  const folder = path.join(scratch, 'webpack');
  run(
    process.execPath,
    [
      tool('webpack/bin/webpack.js'),
      '--mode',
      'production',
      '--entry',
      './main.js',
      '--output-path',
      path.join(folder, 'out'),
      '--output-filename',
      'main.js',
    ],
    folder,
  );
  write('webpack/out/index.html', html.replace(' type="module"', ' defer'));
  assert.equal(await served(path.join(folder, 'out'), titleOf), expected);
});

test('works in an esbuild build: two copied files, or inline', async () => {
  const dist = path.join(scratch, 'node_modules/fewbits/dist');
  const bundle = (name: string) =>
    run(tool('esbuild/bin/esbuild'), [
      '--bundle',
      '--format=esm',
      '--minify',
      '--log-level=error',
      path.join(scratch, name, 'main.js'),
      `--outfile=${path.join(scratch, name, 'out/main.js')}`,
    ]);
  write(
    'esbuild/main.js',
    `import * as fewbits from 'fewbits'; import { main } from '../program.js'; main(fewbits, { wasm: './fewbits.wasm' }, { worker: './worker.js' })${show}`,
  );
  bundle('esbuild');
  for (const file of ['fewbits.wasm', 'worker.js'])
    writeFileSync(path.join(scratch, 'esbuild/out', file), readFileSync(path.join(dist, file)));
  write('esbuild/out/index.html', html);
  assert.equal(await served(path.join(scratch, 'esbuild/out'), titleOf), expected);

  write(
    'inline/main.js',
    `import * as fewbits from 'fewbits/inline'; import { main } from '../program.js'; main(fewbits, {}, { worker: './worker.js' })${show}`,
  );
  bundle('inline');
  writeFileSync(path.join(scratch, 'inline/out/worker.js'), readFileSync(path.join(dist, 'worker.js')));
  write('inline/out/index.html', html);
  assert.deepEqual(readdirSync(path.join(scratch, 'inline/out')).sort(), ['index.html', 'main.js', 'worker.js']);
  assert.equal(await served(path.join(scratch, 'inline/out'), titleOf), expected);
});

test('inline says what to pass where the policy forbids Blob workers', async () => {
  write('strict/main.js', `import { createPool } from 'fewbits/inline'; createPool({ size: 1 })${show}`);
  run(tool('esbuild/bin/esbuild'), [
    '--bundle',
    '--format=esm',
    '--log-level=error',
    path.join(scratch, 'strict/main.js'),
    `--outfile=${path.join(scratch, 'strict/out/main.js')}`,
  ]);
  write('strict/out/index.html', html);
  const page = await browser.newPage();
  const title = await served(path.join(scratch, 'strict/out'), async (address) => {
    await page.goto(address);
    await page.waitForFunction(() => document.title !== 'wait', null, { timeout: 20_000 });
    return page.title();
  });
  await page.close();
  assert.match(title, /failed: .*createPool\(\{ worker/);
});
