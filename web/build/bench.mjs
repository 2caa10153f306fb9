// npm run bench: limit probes, kernels, calls and plain JavaScript, in Node and in Chromium.
//   npm run bench -- [--quick] [--node-only] [--jobs a,b]
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build as bundle } from 'esbuild';
import { build as cmake, root } from './cmake.mjs';

const folder = path.join(root, 'build/bench');
const host = path.join(root, 'tests/bench/hosts/node.mjs');

function parsed() {
  const options = { quick: { type: 'boolean' }, 'node-only': { type: 'boolean' }, jobs: { type: 'string' } };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`fewbits: ${error.message}\nUsage: npm run bench -- [--quick] [--node-only] [--jobs a,b]`);
    return process.exit(2);
  }
}

const modified = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** The package, unless it is there and newer than what it is made of. */
function buildPackage() {
  const sources = readdirSync(path.join(root, 'web/lib')).map((name) => path.join(root, 'web/lib', name));
  const newest = Math.max(...[...sources, path.join(root, 'build/module/fewbits.wasm')].map(modified));
  if (modified(path.join(root, 'dist/index.js')) < newest)
    execFileSync(process.execPath, ['web/build/package.mjs'], { cwd: root, stdio: 'inherit' });
}

/** The harness and its wasm, in `folder`. */
async function buildBench() {
  cmake('module', ['fewbits_module', 'fewbits_bench']);
  buildPackage();
  mkdirSync(folder, { recursive: true });
  copyFileSync(path.join(root, 'build/module/fewbits_bench.wasm'), path.join(folder, 'bench.wasm'));
  await bundle({
    entryPoints: [path.join(root, 'tests/bench/harness.ts')],
    outfile: path.join(folder, 'harness.js'),
    bundle: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'warning',
  });
  return import(path.join(folder, 'harness.js'));
}

function inNode(what, argument) {
  const output = execFileSync(process.execPath, [host, folder, what, argument], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(output);
}

/** Medians of some cold starts of every job. */
async function coldStarts({ chosen, median }, { jobs, quick }, start) {
  const cold = {};
  for (const { name } of chosen(jobs)) {
    const starts = [];
    for (let i = 0; i < (quick ? 1 : 5); i++) starts.push(await start(name));
    const of = (key) => median(starts.map((one) => one[key]));
    cold[name] = { init: of('init'), call: of('call') };
  }
  return cold;
}

async function node(harness, options) {
  const engine = `Node ${process.versions.node} (V8 ${process.versions.v8})`;
  console.error(engine);
  const results = inNode('run', JSON.stringify(options));
  return { engine, results, cold: await coldStarts(harness, options, (job) => inNode('cold', job)) };
}

async function chromium(harness, options) {
  const { openChromium } = await import('../../tests/bench/hosts/chromium.mjs');
  const browser = await openChromium(folder);
  const engine = `Chromium ${browser.version}`;
  console.error(engine);
  try {
    const results = await browser.run(options);
    return { engine, results, cold: await coldStarts(harness, options, browser.cold) };
  } finally {
    await browser.close();
  }
}

const { quick = false, jobs = '', 'node-only': nodeOnly = false } = parsed();
const harness = await buildBench();
const options = { quick, jobs: jobs.split(',').filter(Boolean) };
try {
  harness.chosen(options.jobs);
} catch (error) {
  console.error(`fewbits: ${error.message}`);
  process.exit(2);
}

const processors = os.cpus();
const [load] = os.loadavg();
if (load > processors.length / 2)
  console.error(
    `The machine is busy (load ${load.toFixed(1)} on ${processors.length} processors): trust ratios, not rates.`,
  );

const report = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${processors[0].model.trim()}, ${processors.length} processors`,
  load: load.toFixed(1),
  engines: [],
};
for (const run of nodeOnly ? [node] : [node, chromium]) {
  const engine = await run(harness, options);
  report.engines.push(engine);
  console.log(`\n${harness.table(engine)}\n`);
}
const file = path.join(folder, quick ? `${report.date}-quick` : report.date);
writeFileSync(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`);
writeFileSync(`${file}.md`, harness.markdown(report));
console.log(`Written: ${path.relative(root, file)}.json and .md`);
