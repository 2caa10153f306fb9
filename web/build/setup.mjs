// Sets up what is missing: system packages and Emscripten (setup.sh), node modules. Runs before node_modules exists, so
// it uses Node's own modules only.   node web/build/setup.mjs [tests] [browsers]
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const run = (command, args) => execFileSync(command, args, { cwd: root, stdio: 'inherit' });
const modified = (file) => statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`fewbits: Node 20 or newer is needed, this is ${process.version}.`);
  process.exit(1);
}
const installed = 'node_modules/.package-lock.json';
if (!existsSync(path.join(root, installed)) || modified(installed) < modified('package-lock.json')) {
  console.log('fewbits: installing node modules');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
run('bash', ['cpp/toolchain/setup.sh', 'module', ...process.argv.slice(2)]);
