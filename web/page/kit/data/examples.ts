// The examples that the page offers, and the limits of what the address may ask for.
import manifest from '../../data/esrgan-slim-x2.json' with { type: 'json' };
import type { Source } from '../contract.ts';

export const SEVEN = [5.47, 3.08, -7.59, 0, -1.95, -4.57, 10.8] as const;

export interface StoredTensor {
  name: string;
  shape: readonly number[];
  byteOffset: number;
}

export const TENSORS: readonly StoredTensor[] = manifest.tensors;
export const MODEL_NAME: string = manifest.name;

export const DEFAULT_SOURCE: Source = { kind: 'weights', tensor: 'F_0/kernel' };
/** −0.0359: large enough to survive, small enough to suffer. */
const DEFAULT_FOLLOWED = 20011;

export const GENERATED = ['gaussian', 'laplace', 'outliers', 'relu'] as const;
export type Generated = (typeof GENERATED)[number];
export const COUNT = { least: 1, most: 10_000_000, usual: 4096 };
export const SEED = { least: 0, most: 2 ** 32 - 1, usual: 1 };

export const isGenerated = (kind: string): kind is Generated => (GENERATED as readonly string[]).includes(kind);

const GENERATED_NAMES = { gaussian: 'Gaussian', laplace: 'Laplace', outliers: 'Outliers', relu: 'ReLU' };

export function nameOf(source: Source): string {
  if (source.kind === 'weights') return `${MODEL_NAME}, ${source.tensor}`;
  if (source.kind === 'seven') return 'The guide’s seven';
  return source.kind === 'own' ? source.name : GENERATED_NAMES[source.kind];
}

export function nounOf(source: Source): string {
  if (source.kind === 'weights') return 'weights';
  return source.kind === 'relu' ? 'activations' : 'numbers';
}

export function defaultFollowed(source: Source): number {
  return source.kind === 'weights' && source.tensor === 'F_0/kernel' ? DEFAULT_FOLLOWED : 0;
}

export const sameSource = (a: Source, b: Source) => JSON.stringify(a) === JSON.stringify(b);
