// npm run oracle: the package beside native libraries that others built, bit for bit: ggml format by format, then whole files
// beside llama.cpp's own quantizer.
//   npm run oracle -- [--only formats|files] [--values 67108864] [--formats q4_0,q4_k] [--seed 1]
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type BlockFormat, createPool, init } from 'fewbits';
import { ggmlFormats, REASONS, SLICE, type Tally } from './compare.ts';
import { allCases, type Case, compareConversion, nameOf, type Outcome } from './conversions.ts';
import { Llama } from './llama.ts';
import { DESIGNS } from './models.ts';
import { openNative } from './native.ts';
import { Threads } from './threads.ts';

const USAGE = 'Usage: npm run oracle -- [--only formats|files] [--values 67108864] [--formats q4_0,q4_k] [--seed 1]';

function stop(message: string, code: number): never {
  console.error(`fewbits: ${message}`);
  process.exit(code);
}

interface Options {
  only: string | undefined;
  slices: number;
  names: string[];
  seed: number;
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
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
    if (values.only !== undefined && !/^(formats|files)$/.test(values.only))
      throw new Error(`--only is formats or files, it is ${values.only}.`);
    return {
      only: values.only,
      slices: Math.ceil(count / SLICE),
      names: values.formats.split(',').filter(Boolean),
      seed,
    };
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

const { only, slices, names, seed } = options();
const native = await openNative();
if (typeof native === 'string') stop(native, 1);
const formats = chosen(ggmlFormats(await init()), names);
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
console.log(`fewbits ${version}, wasm in Node ${process.versions.node}, beside ${native.name}\n`);

/** What to end when the run is stopped. */
let end: () => Promise<unknown> = async () => {};
let stopped = false;
process.once('SIGINT', () => {
  stopped = true;
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  end().then(() => stop('stopped before the end. What is above is done.', 130));
});

/** Gives the formats that differ. */
async function compareFormats(): Promise<string[]> {
  console.log(
    `${grouped(slices * SLICE)} values made and read in every format, as many read from random bytes, seed ${seed}\n`,
  );
  console.log('format       quantized   dequantized  differ  skipped blocks');
  const threads = new Threads(seed);
  end = () => threads.end();
  const failures: string[] = [];
  for (const [i, { name }] of formats.entries()) {
    const tally = await threads.compare(name, slices, progressOf(name, `${i + 1} of ${formats.length}`, slices));
    console.log(rowOf(name, tally));
    if (!tally.differ) continue;
    failures.push(name);
    console.log(`${tally.first}\n`);
  }
  await threads.end();
  return failures;
}

const RESULTS = ['whole', 'refused', 'substitute', 'unmade', 'differs'] as const;

/** Gives the conversions that differ. */
async function compareFiles(): Promise<string[]> {
  const llama = await Llama.start();
  if (typeof llama === 'string') stop(llama, 1);
  const pool = await createPool();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'fewbits-oracle-'));
  end = async () => {
    await Promise.all([llama.end(), pool.terminate()]);
    rmSync(folder, { recursive: true, force: true });
  };
  console.log(`\nWhole files of every recipe beside llama_model_quantize, with and without importance, seed ${seed}\n`);
  console.log(`model    ${RESULTS.map((result) => result.padStart(10)).join(' ')}  tensors converted`);
  const failures: string[] = [];
  for (const design of Object.keys(DESIGNS)) {
    const outcomes: Outcome[] = [];
    for (const one of allCases().filter((some) => some.design === design)) {
      const outcome = await compareConversion(one, { llama, pool, folder, seed });
      outcomes.push(outcome);
      if (outcome.result === 'differs') failures.push(describeDifference(one, outcome));
    }
    console.log(rowOfFiles(design, outcomes));
  }
  await end();
  for (const failure of failures) console.log(failure);
  return failures.map((failure) => failure.replace(/:.*/s, ''));
}

const describeDifference = (one: Case, { difference }: Outcome) => `${nameOf(one)}: ${difference}`;

function rowOfFiles(design: string, outcomes: readonly Outcome[]): string {
  const counts = RESULTS.map((asked) => outcomes.filter(({ result }) => result === asked).length);
  const converted = outcomes.reduce((sum, outcome) => sum + outcome.converted, 0);
  return `${design.padEnd(8)} ${counts.map((count) => String(count).padStart(10)).join(' ')} ${grouped(converted).padStart(18)}`;
}

try {
  const failures = [
    ...(only === 'files' ? [] : await compareFormats()),
    ...(only === 'formats' || stopped ? [] : await compareFiles()),
  ];
  if (failures.length) stop(`${failures.join('; ')}: not as ${native.name}.`, 1);
  if (!stopped) console.log('\nNo difference.');
} catch (error) {
  // Ctrl-C ends the threads in the middle of their work.
  if (!stopped) throw error;
}
