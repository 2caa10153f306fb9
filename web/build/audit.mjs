// npm run audit: the built page's figures beside its budget, in Chromium.   npm run audit -- [--quick] [--json]
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from './cmake.mjs';

const unknown = process.argv.slice(2).find((argument) => !['--quick', '--json'].includes(argument));
if (unknown) {
  console.error(`fewbits: there is no '${unknown}'.\nUsage: npm run audit -- [--quick] [--json]`);
  process.exit(2);
}

// Standard output is the audit's alone.
const stdio = ['ignore', process.stderr, 'inherit'];
const node = (...args) => execFileSync(process.execPath, args, { cwd: root, stdio });
const modified = (file) => statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
/** When the newest file below some folders was written. */
const newest = (...folders) =>
  Math.max(
    ...folders.flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true }).map((name) => modified(path.join(folder, name))),
    ),
  );

if (newest('cpp', 'web/lib', 'web/cli') > Math.min(modified('dist/index.js'), modified('dist/fewbits.wasm')))
  node('web/build/package.mjs');
if (Math.max(newest('web'), modified('dist/index.js')) > modified('site/index.html'))
  node('--import', 'tsx', 'web/build/page.mts');

execFileSync(process.execPath, ['--import', 'tsx', 'tests/audit/audit.ts', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
