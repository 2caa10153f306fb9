// Builds the package and the page where something changed since they were built.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from './cmake.mjs';

const modified = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** When the newest file below a folder, or the file, was written. */
function newest(name) {
  const place = path.join(root, name);
  if (!statSync(place).isDirectory()) return modified(place);
  const files = readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(
    ...files.map(({ parentPath, path: folder, name: file }) => modified(path.join(parentPath ?? folder, file))),
  );
}

const sources = ['cpp', 'web', 'package.json', 'package-lock.json', 'CMakeLists.txt', 'CMakePresets.json'];
const packageFiles = ['dist/fewbits.wasm', 'dist/index.js'];
const pageFiles = ['site/index.html'];

/** Whether a source is newer than one of these files, or one is missing. */
const areStale = (results) =>
  Math.max(...sources.map(newest)) > Math.min(...results.map((file) => modified(path.join(root, file))));

/** `output` is where the build's own lines go. */
export function buildWhatIsStale(output = 'inherit') {
  if (!areStale([...packageFiles, ...pageFiles])) return;
  console.error('fewbits: building the package and the page');
  const stdio = ['ignore', output, 'inherit'];
  execFileSync('npm', ['run', 'build', '--ignore-scripts', '--silent'], { cwd: root, stdio });
}

/** The same for who needs no page. */
export function buildPackageIfStale() {
  if (!areStale(packageFiles)) return;
  console.error('fewbits: building the package');
  execFileSync(process.execPath, ['web/build/package.mjs'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
}
