// Configures and builds with a CMake preset.   node web/build/cmake.mjs PRESET [TARGET ...]
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The private Emscripten of setup.sh, or nothing where the machine's own emcc is used. */
function emscripten() {
  const folder = process.env.FEWBITS_TOOLCHAIN ?? path.join(os.homedir(), '.cache/fewbits/emscripten-3.1.69');
  if (existsSync(path.join(folder, 'complete')))
    return { FEWBITS_EMSCRIPTEN: path.join(folder, 'usr/share/emscripten'), EM_CONFIG: path.join(folder, 'config.py') };
  const home = execFileSync('em-config', ['EMSCRIPTEN_ROOT'], { encoding: 'utf8' }).trim();
  return { FEWBITS_EMSCRIPTEN: home };
}

export function build(preset, targets = []) {
  const env = preset === 'wasm' || preset === 'module' ? { ...process.env, ...emscripten() } : process.env;
  const run = (args) =>
    execFileSync('cmake', args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });
  try {
    if (!existsSync(path.join(root, 'build', preset, 'build.ninja'))) run(['--preset', preset]);
    run(['--build', '--preset', preset, ...targets.flatMap((target) => ['--target', target])]);
  } catch (error) {
    console.error(error.stdout ?? error.message);
    console.error(`fewbits: the ${preset} build failed.`);
    process.exit(1);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build(process.argv[2], process.argv.slice(3));
