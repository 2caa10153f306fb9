// npm start: builds the package and the page, then serves the page on loopback.
import { execFileSync } from 'node:child_process';
import { root } from './cmake.mjs';

execFileSync('npm', ['run', 'build', '--ignore-scripts', '--silent'], { cwd: root, stdio: 'inherit' });
await import('./serve.mjs');
