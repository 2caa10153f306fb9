// What a section is. A folder sections/<name>/ holds
//   model.ts    `options` and the pure function `model`, which runs in the worker, and in Node at build time
//   figure.tsx  the component that draws the view model (default export), and `options` again
//   style.css   every selector under fewbits-<name>
// A section with a worker of its own has `run` in figure.tsx instead of a model.ts, and a built.ts for its first picture.
// and index.html has the chapter's words around <fewbits-name></fewbits-name>.
import type { ComponentChildren } from 'preact';
import type { Fewbits, Summary } from '../../lib/types.ts';
import type { OptionSet } from './options.ts';

/** Where the page's data came from: enough to get it again, except for the reader's own. */
export type Source =
  | { kind: 'weights'; tensor: string }
  | { kind: 'seven' }
  | { kind: 'gaussian' | 'laplace' | 'outliers' | 'relu'; count: number; seed: number }
  | { kind: 'own'; name: string };

/** The one dataset, as a model gets it in the worker. Cache what is dear to compute by `values`, in a WeakMap. */
export interface Dataset {
  readonly source: Source;
  readonly name: string;
  /** Finite, every one. */
  readonly values: Float32Array;
  /** Slowest dimension first; [count] where the source had none. */
  readonly shape: readonly number[];
  readonly summary: Summary;
  /** Index of the followed value. */
  readonly followed: number;
}

/** The same dataset as the page knows it: everything but the values. */
export interface DatasetInfo {
  readonly source: Source;
  readonly name: string;
  /** 'weights', 'activations' or 'numbers'. */
  readonly noun: string;
  readonly count: number;
  readonly shape: readonly number[];
  readonly summary: Summary;
  /** 24 bar heights from 0 to 1, over -absmax to absmax. */
  readonly spark: readonly number[];
  /** What was left out or assumed, in a sentence; '' for nothing. */
  readonly note: string;
  readonly followed: number;
  readonly followedValue: number;
}

/**
 * Data in, plain view model out: objects, arrays, strings and numbers, at most 16 kB. No clock, no chance, no DOM.
 * Other functions that a model.ts exports have the same form and are reached with `ask`.
 */
export type Model<Options, View> = (fewbits: Fewbits, dataset: Dataset, options: Options) => View;

export interface FigureProps<Options, View> {
  view: View;
  options: Options;
  dataset: DatasetInfo;
  /** Changes options: the controls at once, the view model as soon as the worker answers. */
  set(changes: Partial<Options>): void;
  /** Follows another element everywhere on the page. */
  follow(index: number): void;
  /** Calls another function of this section's model.ts in the worker; of calls that wait, the newest wins (then: undefined). */
  ask<Result>(name: string, argument: unknown): Promise<Result | undefined>;
}

export interface FigureModule {
  default: (props: FigureProps<never, never>) => ComponentChildren;
  options: OptionSet;
  /** Calls functions in the section's own worker; without it those of model.ts run where the data is. */
  run?(name: string, argument: unknown): Promise<unknown>;
}

/** What a section with a worker of its own shows at first: computed while the page is built. */
export interface BuiltModule {
  built(fewbits: Fewbits, weights: ArrayBuffer): Promise<unknown>;
}

// biome-ignore lint/suspicious/noExplicitAny: models of all sections pass through here; each is typed at its ends.
export type ModelModule = Record<string, any> & { model: Model<any, unknown> };
