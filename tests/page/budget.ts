// What the page may weigh and take: the one table, for the tests, which assert the sizes, and for `npm run audit`, which
// prints all of it.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

export const BUDGET = {
  /**
   * Bytes; gzipped, but for fonts, which are compressed by themselves. What reads, measures and converts model files is
   * fetched by the chapter about them alone, and counts for itself.
   */
  sizes: { firstScripts: 25_000, scripts: 108_000, modelScripts: 60_000, text: 60_000, wasm: 60_000, fonts: 96_000 },
  /** Milliseconds, on the phone that Lighthouse imagines; cls has no unit. */
  loading: { fcp: 1200, lcp: 1800, tbt: 100, cls: 0.02 },
  /** Milliseconds to the paint of 95 of 100 inputs at a million values, and bytes of one message from the worker. */
  input: { paint: 50, message: 16_000 },
} as const;

export const gzipped = (bytes: string | Uint8Array): number => gzipSync(bytes, { level: 9 }).length;

/** What some files of a folder weigh, gzipped. */
export const weigh = (folder: string, files: readonly string[]): number =>
  files.reduce((sum, file) => sum + gzipped(readFileSync(path.join(folder, file))), 0);

/** The worker for models, what it alone needs, and the worker of its pool. */
const OF_MODELS = /^assets\/(files|model-worker|pool)-/;

/** The sizes of a built page that its files alone tell: all but what is fetched at first. */
export function sizesOf(folder: string): Omit<Record<keyof typeof BUDGET.sizes, number>, 'firstScripts'> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const ending = (...endings: string[]) => files.filter((file) => endings.includes(path.extname(file)));
  return {
    scripts: weigh(
      folder,
      ending('.js').filter((file) => !OF_MODELS.test(file)),
    ),
    modelScripts: weigh(
      folder,
      ending('.js').filter((file) => OF_MODELS.test(file)),
    ),
    text: weigh(folder, ['index.html', ...ending('.css')]),
    wasm: weigh(folder, ending('.wasm')),
    fonts: ending('.woff2').reduce((sum, file) => sum + readFileSync(path.join(folder, file)).length, 0),
  };
}
