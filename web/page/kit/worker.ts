// The page's one worker. The data lives here, moved once; models run here; small view models go back.
import { expose } from 'comlink';
import type { Fewbits } from '../../lib/types.ts';
import weightsUrl from '../data/esrgan-slim-x2.bin?url';
import type { Dataset, DatasetInfo, ModelModule, Source } from './contract.ts';
import { fromBinary } from './data/collect.ts';
import { type Reading, readingOf, usableOf } from './data/complaint.ts';
import { clampIndex, describe, loadExample, makeDataset, type Numbers } from './data/dataset.ts';
import { readFile, readText } from './data/read.ts';
import type { ReadOptions, ReadResult } from './data/types.ts';
import { loadFewbits } from './fewbits.ts';
import { whole } from './numbers.ts';

const models = import.meta.glob<ModelModule>('../sections/*/model.ts', { eager: true });

let loading: Promise<Fewbits> | undefined;
let dataset: Dataset | undefined;
/** What was read, by the place that asked for it, which may take it. */
const readings = new Map<string, { name: string; result: ReadResult }>();
let reading: AbortController | undefined;

function library(): Promise<Fewbits> {
  loading ??= loadFewbits().catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** One tensor by a range request; a host without ranges sends the whole file. */
async function fetchTensor({ byteOffset }: { byteOffset: number }, byteLength: number): Promise<ArrayBuffer> {
  const range = `bytes=${byteOffset}-${byteOffset + byteLength - 1}`;
  const response = await fetch(new URL(weightsUrl, location.href), { headers: { range } });
  if (!response.ok)
    throw new Error(`The example weights did not arrive: the server answered ${response.status}. Load the page again.`);
  const bytes = await response.arrayBuffer();
  return response.status === 206 ? bytes : bytes.slice(byteOffset, byteOffset + byteLength);
}

async function adopt(source: Source, numbers: Numbers, note: string, followed?: number): Promise<DatasetInfo> {
  const fewbits = await library();
  const next = makeDataset(fewbits, source, numbers, followed);
  const info = describe(fewbits, next, note);
  dataset = next;
  return info;
}

async function read(place: string, name: string, result: Promise<ReadResult> | ReadResult): Promise<Reading> {
  readings.delete(place);
  const read = { name, result: await result };
  readings.set(place, read);
  return readingOf(name, read.result);
}

const api = {
  /** Makes an example the page's data. */
  async use(source: Source, followed?: number): Promise<DatasetInfo> {
    return adopt(source, await loadExample(source, fetchTensor), '', followed);
  },

  /** Reads a text and holds its numbers ready for `take`. */
  readText: async (place: string, text: string, name: string, options?: ReadOptions) =>
    read(place, name, readText(text, options)),

  /** Reads a file and holds its numbers ready for `take`. */
  async readFile(
    place: string,
    file: File,
    onProgress: (progress: { bytesDone: number; bytesTotal: number }) => void,
    options?: ReadOptions,
  ) {
    reading?.abort();
    reading = new AbortController();
    return read(place, file.name, readFile(file, { ...options, signal: reading.signal, onProgress }));
  },

  cancelReading: () => reading?.abort(),

  /** Makes what was read at a place the page's data, without what is no number. */
  async take(place: string): Promise<DatasetInfo> {
    const { name, result } = readings.get(place)!;
    return adopt({ kind: 'own', name }, usableOf(result), noteOn(result));
  },

  /** Makes numbers that another worker has read the page's data, without what is no number. */
  async give(name: string, values: Float32Array<ArrayBuffer>, shape: number[], note: string): Promise<DatasetInfo> {
    const result = fromBinary(values, shape, []);
    return adopt({ kind: 'own', name }, usableOf(result), [note, noteOn(result)].filter(Boolean).join(' '));
  },

  /** Lets go of what was read at a place. */
  forget: (place: string) => void readings.delete(place),

  /** Follows an element; gives its value. */
  follow(index: number): { followed: number; followedValue: number } {
    const followed = clampIndex(index, dataset!.values.length);
    dataset = { ...dataset!, followed };
    return { followed, followedValue: dataset.values[followed]! };
  },

  /** Writes another number in one's place: from then on the data is the reader's own. */
  async edit(index: number, value: number): Promise<DatasetInfo> {
    const { source, name, values, shape, followed } = dataset!;
    const next = values.slice();
    next[index] = value;
    const own: Source = source.kind === 'own' ? source : { kind: 'own', name: `${name}, changed` };
    return adopt(own, { values: next, shape }, '', followed);
  },

  /** The first numbers of the data, where the reader wants to take them along. */
  values: (most: number): Float32Array => dataset!.values.slice(0, most),

  /** Calls a function of a section's model.ts with the data. */
  async run(section: string, name: string, argument: unknown): Promise<unknown> {
    const module = models[`../sections/${section}/model.ts`];
    if (!module) throw new Error(`There is no section “${section}”.`);
    return module[name](await library(), dataset!, argument);
  },
};

const noteOn = ({ values, badCount }: ReadResult) =>
  badCount > 0 ? `${whole(badCount)} of ${whole(values.length)} left out: not usable as numbers.` : '';

export type PageWorker = typeof api;

expose(api);
