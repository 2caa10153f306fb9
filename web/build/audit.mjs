// npm run audit: the built page's figures beside its budget, in Chromium.   npm run audit -- [--quick] [--json]
import { execFileSync } from 'node:child_process';
import { root } from './cmake.mjs';
import { buildWhatIsStale } from './stale.mjs';

const unknown = process.argv.slice(2).find((argument) => !['--quick', '--json'].includes(argument));
if (unknown) {
  console.error(`fewbits: there is no '${unknown}'.\nUsage: npm run audit -- [--quick] [--json]`);
  process.exit(2);
}

// Standard output is the audit's alone.
buildWhatIsStale(process.stderr);

execFileSync(process.execPath, ['--import', 'tsx', 'tests/audit/audit.ts', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
