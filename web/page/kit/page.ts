// The state that all figures share: the one dataset, the followed value, and what goes on with them.
import { useEffect, useState } from 'preact/hooks';
import { newest, transfer, worker } from './client.ts';
import type { DatasetInfo, Source } from './contract.ts';
import { sameSource } from './data/examples.ts';

export interface PageState {
  dataset: DatasetInfo;
  /** What the prose switched away from: the bar offers the way back. */
  back: Source | null;
  /** '' or what is being done with the data. */
  busy: string;
  /** Said beside the data's name: what went wrong, or what a link could not carry. */
  message: string;
}

let state: PageState;
const listeners = new Set<() => void>();

export const pageState = () => state;

export function setPageState(changes: Partial<PageState>): void {
  state = { ...state, ...changes };
  for (const listener of [...listeners]) listener();
}

export function onPageState(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function usePageState(): PageState {
  const [current, setCurrent] = useState(state);
  useEffect(() => {
    setCurrent(state);
    return onPageState(() => setCurrent(state));
  }, []);
  return current;
}

/** The worker has no data until something is asked of it; the first picture comes from the build. */
let inWorker: Promise<unknown> | undefined;
/** The same once it has come: from then on nothing waits. */
let arrived: Promise<unknown> | undefined;

function hold<Data extends Promise<unknown>>(data: Data): Data {
  inWorker = data;
  data.then(
    () => {
      arrived = data;
    },
    () => {},
  );
  return data;
}

export function dataReady(): Promise<unknown> {
  if (inWorker) return inWorker;
  const data = worker().use(state.dataset.source, state.dataset.followed);
  return hold(
    data.catch((error) => {
      inWorker = undefined;
      throw error;
    }),
  );
}

/** Makes an example the page's data. */
export async function useSource(
  source: Source,
  { followed, offerBack = false }: { followed?: number; offerBack?: boolean } = {},
) {
  const before = state.dataset.source;
  await change(() => worker().use(source, followed));
  setPageState({ back: offerBack && before.kind !== 'own' && !sameSource(before, source) ? before : null });
}

/** Makes what the worker has read the page's data. */
export const takeReading = (place: string) => change(() => worker().take(place));

/** Makes numbers that another worker has read the page's data. */
export const takeNumbers = (name: string, values: Float32Array<ArrayBuffer>, shape: number[], note: string) =>
  change(() => worker().give(name, transfer(values, [values.buffer]), shape, note));

async function change(call: () => Promise<DatasetInfo>): Promise<void> {
  setPageState({ busy: 'reading …' });
  const before = inWorker;
  try {
    setPageState({ dataset: await hold(call()), busy: '', message: '', back: null });
  } catch (error) {
    // The worker still has what it had.
    inWorker = before;
    setPageState({ busy: '', message: sentenceOf(error) });
  }
}

export async function follow(index: number): Promise<void> {
  await dataReady();
  const answer = await newest('follow', () => worker().follow(index));
  if (answer) setPageState({ dataset: { ...state.dataset, ...answer } });
}

/** Changes one number for the whole page; the bar offers the way back to what it was part of. */
export async function edit(index: number, value: number): Promise<void> {
  await dataReady();
  const dataset = await newest('edit', () => worker().edit(index, value));
  if (!dataset) return;
  const { source } = state.dataset;
  setPageState({ dataset, message: '', back: source.kind === 'own' ? state.back : source });
}

/** Where the data is there, the worker is asked before this returns: it works while the page draws. */
export async function run<Result>(section: string, name: string, argument: unknown): Promise<Result | undefined> {
  if (!inWorker || inWorker !== arrived) await dataReady();
  return newest(`${section}.${name}`, () => worker().run(section, name, argument)) as Promise<Result | undefined>;
}

export const sentenceOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
