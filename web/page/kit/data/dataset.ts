// From a source to the dataset that models see, and to what the page knows of it. Runs in the worker, and in Node.
import type { Fewbits } from '../../../lib/types.ts';
import type { Dataset, DatasetInfo, Source } from '../contract.ts';
import { defaultFollowed, nameOf, nounOf, SEVEN, type StoredTensor, TENSORS } from './examples.ts';
import { generate } from './generate.ts';
import { BARS, heightsOf } from './spark.ts';

/** Gets the bytes of one tensor of the stored model. */
export type FetchTensor = (tensor: StoredTensor, byteLength: number) => Promise<ArrayBuffer>;

export interface Numbers {
  values: Float32Array;
  shape: readonly number[];
}

export async function loadExample(source: Source, fetchTensor: FetchTensor): Promise<Numbers> {
  if (source.kind === 'own') throw new Error('Your own numbers stay in the tab where you gave them.');
  if (source.kind === 'seven') return { values: Float32Array.from(SEVEN), shape: [SEVEN.length] };
  if (source.kind !== 'weights') {
    return { values: generate(source.kind, source.count, source.seed), shape: [source.count] };
  }
  const tensor = TENSORS.find(({ name }) => name === source.tensor) ?? TENSORS[0]!;
  const elements = tensor.shape.reduce((product, size) => product * size, 1);
  return { values: new Float32Array(await fetchTensor(tensor, 4 * elements)), shape: tensor.shape };
}

export function makeDataset(fewbits: Fewbits, source: Source, { values, shape }: Numbers, followed?: number): Dataset {
  return {
    source,
    name: nameOf(source),
    values,
    shape,
    summary: fewbits.summarize(values),
    followed: clampIndex(followed ?? defaultFollowed(source), values.length),
  };
}

export const clampIndex = (index: number, length: number) => Math.max(0, Math.min(length - 1, Math.trunc(index) || 0));

export function describe(fewbits: Fewbits, dataset: Dataset, note: string): DatasetInfo {
  const { source, name, values, shape, summary, followed } = dataset;
  return {
    source,
    name,
    noun: nounOf(source),
    count: values.length,
    shape,
    summary,
    spark: sparkline(fewbits, values, summary.absmax),
    note: [note, remarkOn(dataset)].filter(Boolean).join(' '),
    followed,
    followedValue: values[followed]!,
  };
}

function sparkline(fewbits: Fewbits, values: Float32Array, absmax: number): number[] {
  const reach = absmax || 1;
  return heightsOf(fewbits.histogram(values, { bins: BARS, min: -reach, max: reach }).counts);
}

/** What is odd about the data, said once. */
function remarkOn({ values, summary }: Dataset): string {
  if (values.length === 1) return 'One value is its own maximum: no error.';
  if (summary.zeros === values.length) return 'All values are 0. Every scheme keeps them exactly.';
  return '';
}
