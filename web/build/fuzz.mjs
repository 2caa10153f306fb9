// npm run fuzz: the fuzzers of tests/fuzz, side by side, each with a corpus that starts from the committed one.
//   npm run fuzz -- [--minutes 30] [--target fuzz_quantize] [--merge]
// --merge writes the committed corpus again: a few of all inputs that were found, which reach every line together.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build, root } from './cmake.mjs';

const folder = path.join(root, 'build/fuzz');
const source = path.join(root, 'tests/fuzz');
const known = readdirSync(source)
  .filter((file) => /^fuzz_.*\.cpp$/.test(file))
  .map((file) => path.basename(file, '.cpp'));
/** Room for an importance beside 512 values; committed inputs are kept shorter. */
const LONGEST = 8200;
const LONGEST_COMMITTED = 2100;

function parsed() {
  const options = { minutes: { type: 'string' }, target: { type: 'string' }, merge: { type: 'boolean' } };
  try {
    const { minutes = '30', target, merge = false } = parseArgs({ options }).values;
    if (!(Number(minutes) > 0)) throw new Error(`--minutes must be above 0, it is ${minutes}.`);
    if (target && !known.includes(target))
      throw new Error(`there is no target ${target}, there are ${known.join(', ')}.`);
    return { seconds: Math.ceil(60 * Number(minutes)), targets: target ? [target] : known, merge };
  } catch (error) {
    console.error(`fewbits: ${error.message}\nUsage: npm run fuzz -- [--minutes 30] [--target ${known[0]}] [--merge]`);
    return process.exit(2);
  }
}

const grown = (target) => path.join(folder, 'corpus', target);
const committed = (target) => path.join(source, 'corpus', target);
const log = (target) => path.join(folder, `${target}.log`);

const running = new Set();
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    for (const fuzzer of running) fuzzer.kill('SIGKILL');
    process.exit(130);
  });

/** The exit code of a fuzzer; what it says goes to its log. */
function run(target, ...args) {
  const fuzzer = spawn(path.join(folder, 'tests/fuzz', target), args, { cwd: folder });
  running.add(fuzzer);
  const output = createWriteStream(log(target));
  fuzzer.stdout.pipe(output, { end: false });
  fuzzer.stderr.pipe(output, { end: false });
  return new Promise((resolve, reject) => {
    fuzzer.on('error', reject);
    fuzzer.on('close', (code) => {
      running.delete(fuzzer);
      output.end(() => resolve(code));
    });
  });
}

async function fuzz(target, seconds) {
  mkdirSync(grown(target), { recursive: true });
  mkdirSync(path.join(folder, 'findings'), { recursive: true });
  const code = await run(
    target,
    `-max_total_time=${seconds}`,
    `-max_len=${LONGEST}`,
    '-print_final_stats=1',
    `-artifact_prefix=${path.join(folder, 'findings', `${target}-`)}`,
    grown(target),
    ...[committed(target)].filter(existsSync),
  );
  const text = readFileSync(log(target), 'utf8');
  const inputs = Number(/number_of_executed_units: (\d+)/.exec(text)?.[1] ?? 0);
  const edges = [...text.matchAll(/cov: (\d+)/g)].at(-1)?.[1] ?? 0;
  if (code === 0 && inputs > 0) {
    console.log(`${target}: ${inputs.toLocaleString('en')} inputs in ${seconds} s, ${edges} edges, no finding`);
    return true;
  }
  const finding = /Test unit written to (\S+)/.exec(text)?.[1];
  console.error(text.split('\n').slice(-60).join('\n'));
  const again = finding ? ` Again: build/fuzz/tests/fuzz/${target} ${path.relative(root, finding)}` : '';
  console.error(`fewbits: ${target} FAILED after ${inputs.toLocaleString('en')} inputs.${again}`);
  return false;
}

/** Few inputs that reach every edge together, instead of those that are committed. */
async function merge(target) {
  const least = path.join(folder, 'corpus', `${target}-least`);
  rmSync(least, { recursive: true, force: true });
  mkdirSync(least, { recursive: true });
  const from = [grown(target), committed(target)].filter(existsSync);
  const code = await run(
    target,
    '-set_cover_merge=1',
    '-use_counters=0',
    `-max_len=${LONGEST_COMMITTED}`,
    least,
    ...from,
  );
  if (code !== 0 || !readdirSync(least).length) {
    console.error(`fewbits: ${target}'s corpus cannot be merged: see ${path.relative(root, log(target))}.`);
    return false;
  }
  rmSync(committed(target), { recursive: true, force: true });
  mkdirSync(path.dirname(committed(target)), { recursive: true });
  renameSync(least, committed(target));
  console.log(`${target}: ${readdirSync(committed(target)).length} inputs`);
  return true;
}

const { seconds, targets, merge: merges } = parsed();
build('fuzz', targets);
const done = await Promise.all(targets.map((target) => (merges ? merge(target) : fuzz(target, seconds))));
if (done.includes(false)) process.exit(1);
