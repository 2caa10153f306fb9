// Runs in Node while the page is built: the default state of bar and figures, as HTML and as data to take over from.
import { type ComponentType, h } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { Bar } from './bar.tsx';
import type { BuiltModule, FigureModule, FigureProps, ModelModule } from './contract.ts';
import { describe, loadExample, makeDataset } from './data/dataset.ts';
import { DEFAULT_SOURCE } from './data/examples.ts';
import { loadFewbits } from './fewbits.ts';
import { FigureContext } from './figure.tsx';
import { pack } from './json.ts';
import { defaultsOf } from './options.ts';

const figures = import.meta.glob<FigureModule>('../sections/*/figure.tsx', { eager: true });
const models = import.meta.glob<ModelModule>('../sections/*/model.ts', { eager: true });
const builts = import.meta.glob<BuiltModule>('../sections/*/built.ts', { eager: true });

export interface Snapshots {
  bar: string;
  /** For a <script type="application/json">. */
  dataset: string;
  figure(name: string): Snapshot;
}

export interface Snapshot {
  html: string;
  /** For a <script type="application/json">, from which the figure takes over before the worker has anything to say. */
  view: string;
}

export async function snapshots(wasm: BufferSource, weights: ArrayBuffer): Promise<Snapshots> {
  const fewbits = await loadFewbits(wasm);
  const fetchTensor = async ({ byteOffset }: { byteOffset: number }, byteLength: number) =>
    weights.slice(byteOffset, byteOffset + byteLength);
  const dataset = makeDataset(fewbits, DEFAULT_SOURCE, await loadExample(DEFAULT_SOURCE, fetchTensor));
  const info = describe(fewbits, dataset, '');
  const nothing = () => {};

  const views = new Map<string, unknown>();
  for (const [path, { built }] of Object.entries(builts))
    views.set(path.split('/').at(-2)!, await built(fewbits, weights));

  const figure = (name: string) => {
    const module = figures[`../sections/${name}/figure.tsx`];
    if (!module) throw new Error(`index.html has <fewbits-${name}>, but there is no sections/${name}/figure.tsx.`);
    const options = defaultsOf(module.options) as Record<string, unknown>;
    const view = views.get(name) ?? models[`../sections/${name}/model.ts`]!.model(fewbits, dataset, options);
    const props: FigureProps<Record<string, unknown>, unknown> = {
      view,
      options,
      dataset: info,
      set: nothing,
      follow: nothing,
      ask: async () => undefined,
    };
    const surroundings = { name, changed: false, reset: nothing, embed: nothing };
    const tree = h(module.default as unknown as ComponentType<typeof props>, props);
    const html = renderToString(<FigureContext.Provider value={surroundings}>{tree}</FigureContext.Provider>);
    return { html, view: pack(view) };
  };
  const bar = renderToString(<Bar state={{ dataset: info, back: null, busy: '', message: '' }} openData={nothing} />);
  return { bar, dataset: pack(info), figure };
}
