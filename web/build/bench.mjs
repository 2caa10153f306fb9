// npm run bench: probes, kernels, calls, definitions and peers, in Node and in Chromium; then whole files, in Node.
//   npm run bench -- [--quick] [--node-only] [--jobs a,b] [--readme]
import { fork } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build as bundle } from 'esbuild';
import { register } from 'tsx/esm/api';
import { build as cmake, root } from './cmake.mjs';
import { buildStalePackage } from './stale.mjs';

const folder = path.join(root, 'build/bench');
const host = path.join(root, 'tests/bench/hosts/node.mjs');
const PEERS = ['onnxruntime-web', '@petamoriken/float16', '@tensorflow/tfjs-core', '@node-llama-cpp/linux-x64'];
const COLD_STARTS = 3;
/** As --jobs names whole files. */
const FILES = 'files';

function parsed() {
  const options = {
    quick: { type: 'boolean' },
    'node-only': { type: 'boolean' },
    jobs: { type: 'string' },
    readme: { type: 'boolean' },
  };
  try {
    const { values } = parseArgs({ options });
    if (values.readme && (values.quick || values.jobs)) throw new Error('--readme quotes whole runs only.');
    return values;
  } catch (error) {
    console.error(`fewbits: ${error.message}\nUsage: npm run bench -- [--quick] [--node-only] [--jobs a,b] [--readme]`);
    return process.exit(2);
  }
}

/** The package, and in `folder` the harness and its wasm. */
async function buildBench() {
  console.error('fewbits: building what is missing');
  cmake('module', ['fewbits_module', 'fewbits_bench']);
  buildStalePackage();
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

// --- progress: one line of a terminal, and nothing anywhere else -------------------------------------------------------

let engineName = '';
function progress(doing, done, of) {
  if (!process.stderr.isTTY) return;
  const line = `${engineName}: ${String(Math.floor((100 * done) / of)).padStart(2)} %  ${doing}`;
  process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}
function beginEngine(name) {
  engineName = name;
  if (!process.stderr.isTTY) console.error(name);
}
function endEngine() {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

// --- what runs, and how it ends ----------------------------------------------------------------------------------------

/** Ends whatever is running. */
const running = new Set();
const endAll = () => Promise.allSettled([...running].map((end) => end()));
let stopped = false;

async function stop(signal) {
  stopped = true;
  endEngine();
  console.error('fewbits: stopped, nothing was written.');
  await endAll();
  process.exit(signal === 'SIGINT' ? 130 : 143);
}

/** One message to a Node process of its own, and its answer. */
function inNode(message) {
  return new Promise((resolve, reject) => {
    const child = fork(host, [folder]);
    const end = () => child.kill('SIGKILL');
    running.add(end);
    child.on('message', ({ progress: part, result, error }) => {
      if (part) progress(...part);
      else if (error !== undefined) reject(new Error(error));
      else resolve(result);
    });
    child.once('exit', (code, signal) => {
      running.delete(end);
      reject(new Error(`The benchmark's process ended with ${signal ?? `code ${code}`}.`));
    });
    child.send(message);
  });
}

/** Medians of some cold starts of every job. */
async function coldStarts({ chosen, median }, { jobs, quick }, start) {
  const cold = {};
  const list = chosen(jobs);
  for (const [done, { name, title }] of list.entries()) {
    progress(`first call: ${title}`, done, list.length);
    const starts = [];
    for (let i = 0; i < (quick ? 1 : COLD_STARTS); i++) starts.push(await start(name));
    const of = (key) => median(starts.map((one) => one[key]));
    cold[name] = { init: of('init'), call: of('call') };
  }
  return cold;
}

async function node(harness, options) {
  const engine = `Node ${process.versions.node} (V8 ${process.versions.v8})`;
  beginEngine(engine);
  const results = await inNode({ run: options });
  return { engine, results, cold: await coldStarts(harness, options, (job) => inNode({ cold: job })) };
}

async function chromium(harness, options) {
  const { openChromium } = await import('../../tests/bench/hosts/chromium.mjs');
  const browser = await openChromium(folder, progress);
  running.add(browser.close);
  const engine = `Chromium ${browser.version}`;
  beginEngine(engine);
  try {
    const results = await browser.run(options);
    return { engine, results, cold: await coldStarts(harness, options, browser.cold) };
  } finally {
    await browser.close();
    running.delete(browser.close);
  }
}

/** Whole files beside llama.cpp; nothing where its library is not there. */
async function files(quick) {
  register();
  const { benchConversions, conversionTable, conversionDocument } = await import('../../tests/bench/convert.ts');
  beginEngine('Files');
  const results = await benchConversions(quick, progress, running);
  endEngine();
  if (typeof results === 'string') {
    console.log(results);
    return undefined;
  }
  console.log(`\n${conversionTable(results)}\n`);
  return { results, document: conversionDocument(results) };
}

// --- the whole run -----------------------------------------------------------------------------------------------------

const versionOf = (name) =>
  JSON.parse(readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8')).version;

/** Peers with their versions; one that is not there for this machine is left out. */
function peers() {
  return PEERS.flatMap((name) => {
    try {
      return [`${name} ${versionOf(name)}`];
    } catch {
      return [];
    }
  }).join(', ');
}

function describeRun() {
  const processors = os.cpus();
  const [load] = os.loadavg();
  if (load > processors.length / 2)
    console.error(
      `The machine is busy (load ${load.toFixed(1)} on ${processors.length} processors): trust ratios, not rates.`,
    );
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${processors[0].model.trim()}, ${processors.length} processors`,
    load: load.toFixed(1),
    peers: peers(),
    engines: [],
  };
}

/** The headline rows, where README.md says that they stand. */
function quote(rows) {
  const file = path.join(root, 'README.md');
  const between = /(<!-- bench -->\n)[\s\S]*?(\n<!-- \/bench -->)/;
  const text = readFileSync(file, 'utf8');
  if (!between.test(text)) throw new Error('README.md has no <!-- bench --> and <!-- /bench --> to write between.');
  writeFileSync(
    file,
    text.replace(between, (_, begin, end) => `${begin}${rows}${end}`),
  );
}

async function main() {
  const { quick = false, jobs = '', 'node-only': nodeOnly = false, readme = false } = parsed();
  const harness = await buildBench();
  const asked = jobs.split(',').filter(Boolean);
  const options = { quick, jobs: asked.filter((name) => name !== FILES) };
  const filesAlone = asked.length > 0 && options.jobs.length === 0;
  try {
    harness.chosen(options.jobs);
  } catch (error) {
    console.error(`fewbits: ${error.message}`);
    process.exit(2);
  }
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
  const report = describeRun();
  const engines = filesAlone ? [] : nodeOnly ? [node] : [node, chromium];
  for (const run of engines) {
    const engine = await run(harness, options);
    endEngine();
    report.engines.push(engine);
    console.log(`\n${harness.table(engine)}\n`);
  }
  const conversions = asked.length === 0 || asked.includes(FILES) ? await files(quick) : undefined;
  if (conversions) report.files = conversions.results;
  const file = path.join(folder, quick ? `${report.date}-quick` : report.date);
  writeFileSync(`${file}.json`, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(`${file}.md`, [harness.markdown(report), conversions?.document].filter(Boolean).join('\n'));
  console.log(`Written: ${path.relative(root, file)}.json and .md`);
  if (readme) quote(harness.headline(report));
}

try {
  await main();
} catch (error) {
  // What is stopped fails, and says so on its own.
  if (!stopped) {
    endEngine();
    console.error(`fewbits: ${error.message}`);
    await endAll();
    process.exit(1);
  }
}
