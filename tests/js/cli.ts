// The built command `fewbits`, run as a program.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const main = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export function fewbits(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

export function succeeds(...args: string[]): string {
  const { status, stdout, stderr } = fewbits(...args);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return stdout;
}

export function fails(expected: number, said: RegExp, ...args: string[]): void {
  const { status, stdout, stderr } = fewbits(...args);
  assert.equal(status, expected, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /^fewbits: .*\n$/, 'one line');
  assert.match(stderr, said);
}

export interface Ended {
  status: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** Runs beside this program. */
export function start(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status, signal) => resolve({ status, signal, stderr }));
  });
  return { child, ended };
}

/** The cells of the line of a table that begins with `name`. */
export const cells = (output: string, name: string): string[] | undefined =>
  output
    .split('\n')
    .find((line) => line.startsWith(name))
    ?.split(/\s{2,}/);
