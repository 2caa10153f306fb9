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

const settings = ['package.json', 'package-lock.json', 'CMakeLists.txt', 'CMakePresets.json'];
const bundles = ['dist/fewbits.wasm', 'dist/index.js'];

function isStale(sources, results) {
  const built = Math.min(...results.map((file) => modified(path.join(root, file))));
  return Math.max(...sources.map(newest)) > built;
}

/** `output` is where the build's own lines go. */
export function buildWhatIsStale(output = 'inherit') {
  if (!isStale(['cpp', 'web', ...settings], [...bundles, 'site/index.html'])) return;
  console.error('fewbits: building the package and the page');
  const stdio = ['ignore', output, 'inherit'];
  execFileSync('npm', ['run', 'build', '--ignore-scripts', '--silent'], { cwd: root, stdio });
}

/** The package alone. */
export function buildStalePackage() {
  if (!isStale(['cpp', 'web/lib', 'web/cli', 'web/build/package.mjs', 'web/build/carry.mjs', ...settings], bundles))
    return;
  console.error('fewbits: building the package');
  execFileSync(process.execPath, ['web/build/package.mjs'], { cwd: root, stdio: 'inherit' });
}
