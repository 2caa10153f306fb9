// npm test: everything, or the named parts of it.   node web/build/test.mjs [lint] [cpp] [js] [page]
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build, root } from './cmake.mjs';

const parts = ['lint', 'cpp', 'js', 'page'];
const asked = process.argv.slice(2);
const unknown = asked.filter((part) => !parts.includes(part));
if (unknown.length) {
  console.error(`fewbits: there is no test part '${unknown[0]}'. The parts are ${parts.join(', ')}.`);
  process.exit(2);
}
const wanted = asked.length ? parts.filter((part) => asked.includes(part)) : parts;
const failures = [];

function step(name, command, args, options = {}) {
  const started = Date.now();
  console.log(`\n== ${name}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  console.log(`-- ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  if (status !== 0) failures.push(name);
}

const node = (name, ...args) => step(name, process.execPath, args);
const bin = (name) => path.join('node_modules', name);

/** Files below a folder with one of the endings, as git knows them. */
function files(folders, endings) {
  const list = execFileSync('git', ['ls-files', '-co', '--exclude-standard', ...folders], {
    cwd: root,
    encoding: 'utf8',
  });
  return list
    .split('\n')
    .filter((file) => endings.some((ending) => file.endsWith(ending)) && existsSync(path.join(root, file)));
}

function lint() {
  node('format and lint of TypeScript, CSS and JSON', bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings');
  node('types', bin('typescript/bin/tsc'), '--noEmit', '-p', 'tsconfig.json');
  step('format of C++', 'clang-format-19', [
    '--dry-run',
    '--Werror',
    ...files(['cpp', 'tests'], ['.cpp', '.hpp', '.h']),
  ]);
  const jobs = String(os.availableParallelism());
  step('lint of C++', 'run-clang-tidy-19', ['-quiet', '-p', 'build/clang', '-j', jobs, 'cpp/(src|tables)/']);
}

function checkTables() {
  const written = execFileSync(path.join(root, 'build/native/fewbits_tables'), { encoding: 'utf8' });
  if (written === readFileSync(path.join(root, 'web/lib/formats.generated.ts'), 'utf8')) return;
  console.error(
    'fewbits: web/lib/formats.generated.ts is stale. Write it again: build/native/fewbits_tables > web/lib/formats.generated.ts',
  );
  failures.push('generated tables');
}

/** What was compared of every block format: ctest has run it too, but shows nothing of what passes. */
function blockVectors(preset) {
  const program = path.join('build', preset, 'tests/cpp/fewbits_tests');
  const [command, ...args] = preset === 'wasm' ? [process.execPath, `${program}.cjs`] : [program];
  step(`block formats, ${preset}`, command, [...args, 'block vectors*']);
}

function cpp() {
  const configurations = ['native', 'sanitize', 'wasm'];
  for (const preset of configurations) build(preset);
  checkTables();
  writeFileSync(path.join(root, 'build/CTestTestfile.cmake'), `subdirs(${configurations.join(' ')})\n`);
  const jobs = String(os.availableParallelism());
  step('C++ tests', 'ctest', [
    '--test-dir',
    'build',
    '--no-tests=error',
    '--output-on-failure',
    '-LE',
    'slow',
    '-j',
    jobs,
    '--progress',
    '-Q',
    '-O',
    'build/ctest.log',
  ]);
  console.log(readFileSync(path.join(root, 'build/ctest.log'), 'utf8').split('\n').slice(-12).join('\n'));
  for (const preset of configurations) blockVectors(preset);
  node('fuzzers, briefly', 'web/build/fuzz.mjs', '--minutes', '0.17');
  step('the core in another CMake project', 'bash', ['tests/cpp/consumer/run.sh']);
}

/** Runs the test files of a folder; none at all is a failure. */
function suite(folder, ...options) {
  const found = readdirSync(path.join(root, folder)).filter((file) => file.endsWith('.test.ts'));
  if (!found.length) failures.push(`${folder} has no tests`);
  else node(folder, '--import', 'tsx', '--test', ...options, ...found.map((file) => path.join(folder, file)));
}

if (wanted.some((part) => part !== 'cpp'))
  execFileSync(process.execPath, ['web/build/package.mjs'], { cwd: root, stdio: 'inherit' });
if (wanted.includes('lint')) build('clang');
if (wanted.includes('cpp')) cpp();
if (wanted.includes('lint')) lint();
if (wanted.includes('js')) suite('tests/js');
if (wanted.includes('page')) {
  node('the page', '--import', 'tsx', 'web/build/page.mts');
  suite('tests/page', '--test-concurrency=1');
}

if (failures.length) {
  console.error(`\nfewbits: FAILED: ${failures.join('; ')}`);
  process.exit(1);
}
console.log(`\nfewbits: all of ${wanted.join(', ')} passed.`);
