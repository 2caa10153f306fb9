// npm run oracle: the package beside a native ggml library that others built, format by format, bit for bit.
//   npm run oracle -- [--values 67108864] [--formats q4_0,q4_k] [--seed 1]
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type BlockFormat, init } from 'fewbits';
import { ggmlFormats, REASONS, SLICE, type Tally } from './compare.ts';
import { openNative } from './native.ts';
import { Threads } from './threads.ts';

const USAGE = 'Usage: npm run oracle -- [--values 67108864] [--formats q4_0,q4_k] [--seed 1]';

function stop(message: string, code: number): never {
  console.error(`fewbits: ${message}`);
  process.exit(code);
}

interface Options {
  slices: number;
  names: string[];
  seed: number;
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        values: { type: 'string', default: String(64 * 1024 * 1024) },
        formats: { type: 'string', default: '' },
        seed: { type: 'string', default: '1' },
      },
    });
    const count = Number(values.values);
    const seed = Number(values.seed);
    if (!(count >= 1) || !Number.isSafeInteger(count))
      throw new Error(`--values must be a whole number above 0, it is ${values.values}.`);
    if (!Number.isSafeInteger(seed)) throw new Error(`--seed must be a whole number, it is ${values.seed}.`);
    return { slices: Math.ceil(count / SLICE), names: values.formats.split(',').filter(Boolean), seed };
  } catch (error) {
    return stop(`${(error as Error).message}\n${USAGE}`, 2);
  }
}

function chosen(all: BlockFormat[], names: string[]): BlockFormat[] {
  const unknown = names.find((name) => !all.some((format) => format.name === name));
  if (unknown) stop(`the oracle has no format ${unknown}. It has ${all.map(({ name }) => name).join(', ')}.`, 2);
  return names.length ? all.filter(({ name }) => (names as string[]).includes(name)) : all;
}

const grouped = (count: number) => count.toLocaleString('en');

function rowOf(name: string, tally: Tally): string {
  const skipped = REASONS.filter((reason) => tally.skipped[reason]).map(
    (reason) => `${grouped(tally.skipped[reason])} ${reason}`,
  );
  const cells = [tally.quantized, tally.dequantized].map((count) => (count ? grouped(count) : '-').padStart(13));
  return `${name.padEnd(8)} ${cells.join(' ')} ${grouped(tally.differ).padStart(7)}  ${skipped.join(', ') || '-'}`;
}

/** A line on a terminal that says how far a format is; nothing in a pipe. */
function progressOf(name: string, place: string, slices: number): (done: number) => void {
  if (!process.stderr.isTTY) return () => {};
  const started = performance.now();
  return (done) => {
    const seconds = (performance.now() - started) / 1000;
    const rate = (done * SLICE) / seconds / 1e6;
    const left = Math.ceil(((slices - done) * seconds) / done);
    const text = `${name}, ${place}: ${Math.floor((100 * done) / slices)} %, ${rate.toFixed(1)} million values a second, ${left} s left`;
    process.stderr.write(done < slices ? `\r\x1b[K${text}` : '\r\x1b[K');
  };
}

const { slices, names, seed } = options();
const native = await openNative();
if (typeof native === 'string') stop(native, 1);
const formats = chosen(ggmlFormats(await init()), names);
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
console.log(`fewbits ${version}, wasm in Node ${process.versions.node}, beside ${native.name}`);
console.log(
  `${grouped(slices * SLICE)} values made and read in every format, as many read from random bytes, seed ${seed}\n`,
);
console.log('format       quantized   dequantized  differ  skipped blocks');

const threads = new Threads(seed);
let stopped = false;
process.once('SIGINT', () => {
  stopped = true;
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  threads.end().then(() => stop('stopped before the end. What is above is done.', 130));
});

const failures: string[] = [];
try {
  for (const [i, { name }] of formats.entries()) {
    const tally = await threads.compare(name, slices, progressOf(name, `${i + 1} of ${formats.length}`, slices));
    console.log(rowOf(name, tally));
    if (!tally.differ) continue;
    failures.push(name);
    console.log(`${tally.first}\n`);
  }
} catch (error) {
  // Ctrl-C ends the threads in the middle of their work.
  if (!stopped) throw error;
}
if (!stopped) {
  await threads.end();
  if (failures.length) stop(`${failures.join(', ')} differ from ${native.name}.`, 1);
  console.log('\nNo difference.');
}
