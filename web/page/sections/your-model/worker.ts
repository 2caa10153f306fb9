// The worker of this section: the model lives here, and the pool that quantizes. The rest of the page goes on meanwhile.
import { expose, transfer } from 'comlink';
import { createPool, FewbitsError } from 'fewbits';
import type { ConversionProgress } from 'fewbits/files';
import weightsUrl from '../../data/esrgan-slim-x2.bin?url';
import { loadFewbits } from '../../kit/fewbits.ts';
import { whole } from '../../kit/numbers.ts';
import { exampleFile } from './example.ts';
import type { Options } from './options.ts';
import { temporaryPlace } from './places.ts';
import { ModelSession } from './session.ts';

/** More workers wait for the disk. */
const MOST_WORKERS = 8;

let example: File;
let starting: Promise<ModelSession> | undefined;
let converting: AbortController | undefined;

/** All that is ever fetched is fetched here: a model of the reader's then causes no request at all. */
async function start(): Promise<ModelSession> {
  const [fewbits, weights] = await Promise.all([loadFewbits(), fetchWeights()]);
  const size = Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency - 1));
  const worker = new URL('../../../../dist/worker.js', import.meta.url);
  // Where a worker may start no others, it quantizes by itself.
  const pool = await createPool({ size, worker }).catch(() => undefined);
  const session = new ModelSession(fewbits, pool);
  example = exampleFile(weights);
  await session.open([example], true);
  return session;
}

function session(): Promise<ModelSession> {
  starting ??= start().catch((error) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

async function fetchWeights(): Promise<ArrayBuffer> {
  const response = await fetch(new URL(weightsUrl, location.href));
  if (response.ok) return response.arrayBuffer();
  throw new Error(`The example model did not arrive: the server answered ${response.status}. Load the page again.`);
}

/** What the figure asks for by name: each takes one argument and gives a view, or part of one. */
const calls = {
  model: async (options: Options) => (await session()).view(options),
  measure: async (argument: Parameters<ModelSession['measure']>[0]) => (await session()).measure(argument),
  rows: async (argument: Parameters<ModelSession['rows']>[0]) => (await session()).rows(argument),
  row: async ({ index, options }: { index: number; options: Options }) => (await session()).row(index, options),
  choose: async ({ index, type, options }: { index?: number; type?: string; options: Options }) => {
    const opened = await session();
    opened.choose(index, type);
    return opened.view(options);
  },
  open: async ({ files, options }: { files: readonly File[]; options: Options }) => {
    const opened = await session();
    await opened.open(files);
    return opened.view(options);
  },
  example: async (options: Options) => {
    const opened = await session();
    await opened.open([example], true);
    return opened.view(options);
  },
};

interface ConversionRequest {
  options: Options;
  /** Where the reader wants the file; without it the browser saves it when it is whole. */
  handle?: FileSystemFileHandle | undefined;
}

const api = {
  run: (name: keyof typeof calls, argument: never): Promise<unknown> =>
    calls[name](argument).catch((error) => {
      throw withPlace(error);
    }),

  /** Converts; gives the file that is still to be saved, if any. Nothing is left of what fails or is cancelled. */
  async convert(
    { options, handle }: ConversionRequest,
    onProgress: (progress: ConversionProgress) => void,
  ): Promise<Blob | undefined> {
    const opened = await session();
    converting = new AbortController();
    const { signal } = converting;
    const report = throttled(onProgress);
    try {
      const { byteLength } = await opened.prepared(options);
      if (handle) return void (await convertInto(handle, () => opened.convert(handle, options, signal, report)));
      const place = await temporaryPlace(byteLength);
      const { blob } = await opened.convert(place.sink, options, signal, report);
      return blob ?? (await place.file!());
    } finally {
      converting = undefined;
    }
  },

  cancel: () => converting?.abort(),

  tensorAsNpy: async (index: number) => (await session()).convertTensor(index),

  async read(index: number) {
    const numbers = await (await session()).read(index);
    return transfer(numbers, [numbers.values.buffer]);
  },
};

/** Choosing a place makes an empty file there: it goes where nothing follows. */
async function convertInto(handle: FileSystemFileHandle, convert: () => Promise<unknown>): Promise<void> {
  const isNew = (await handle.getFile()).size === 0;
  try {
    await convert();
  } catch (error) {
    const removable = handle as FileSystemFileHandle & { remove?(): Promise<void> };
    if (isNew) await removable.remove?.().catch(() => {});
    throw error;
  }
}

/** Errors of files know the byte; of an error, only the message comes to the page. */
function withPlace(error: unknown): unknown {
  if (!(error instanceof FewbitsError) || typeof error.details['byteOffset'] !== 'number') return error;
  return new Error(`${error.message} (At byte ${whole(error.details['byteOffset'])}.)`);
}

/** Ten times a second, and at the end. */
function throttled(onProgress: (progress: ConversionProgress) => void) {
  let next = 0;
  return (progress: ConversionProgress) => {
    const now = performance.now();
    if (now < next && progress.bytesDone < progress.bytesTotal) return;
    next = now + 100;
    onProgress(progress);
  };
}

export type ModelWorker = typeof api;

expose(api);
