// The benchmark in a Node process of its own.   node tests/bench/hosts/node.mjs FOLDER run OPTIONS | FOLDER cold JOB
// FOLDER holds harness.js and bench.wasm. Prints JSON.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, what, argument] = process.argv.slice(2);
const { run, cold } = await import(pathToFileURL(path.join(folder, 'harness.js')).href);

async function load() {
  const { init } = await import('../../../dist/index.node.js');
  return init();
}

async function results() {
  const wasm = await readFile(path.join(folder, 'bench.wasm'));
  return run(await load(), wasm, JSON.parse(argument), (done) => process.stderr.write(`  ${done}\n`));
}

console.log(JSON.stringify(what === 'cold' ? await cold(argument, load) : await results()));
