// What the figure says: which bars fit, the sentence, the table.
import type { TableData } from '../../kit/controls/table.tsx';
import { binaryBytes, count, decimalBytes, say, whole } from '../../kit/numbers.ts';
import { bytesOf } from '../../kit/sizes.ts';
import type { Bar, CachePart, View } from './model.ts';
import type { Options } from './options.ts';

/** A piece of a sentence: words, or a value with what hovering over it says. */
export type Piece = string | { value: string; title?: string };

const bytes = (amount: number): Piece => ({ value: decimalBytes(amount), title: binaryBytes(amount) });

/** '4 bits', 'q4_k' */
export const labelOf = ({ key }: Bar): string => (Number(key) ? `${key} bits` : key);
/** Floats of 16 bits and more, or fewer bits: quantized. */
export const kindOf = ({ key }: Bar) => (Number(key) >= 16 ? 'original' : 'code');
export const bitsPerWeight = ({ parameters }: View, bar: Bar): number => (8 * bar.weights) / parameters;

export const totalOf = (view: View, bar: Bar): number => bar.weights + (view.kvCache ?? 0);
export const fits = (view: View, bar: Bar, memory: number): boolean =>
  !bar.problem && totalOf(view, bar) <= memory * 1e9;
export const barsOf = (view: View): Bar[] => [...view.widths, ...view.blocks];

/** The bar that is looked at; the first of all for a name that nothing has. */
export function chosenBar(view: View, type: string): Bar {
  const bars = barsOf(view);
  return bars.find(({ key }) => key === type) ?? bars[0]!;
}

/** Of the bars that fit, the one that keeps most. */
function largestThatFits(view: View, memory: number): Bar | undefined {
  const fitting = barsOf(view).filter((bar) => fits(view, bar, memory));
  return fitting.sort((a, b) => b.weights - a.weights)[0];
}

/** 'Llama 3 70B in q4_k takes 39.7 GB, and 2.68 GB more for 8,192 tokens in float16: it fits in 48 GB.' */
export function findingOf(view: View, { type, context, batch, memory }: Options): Piece[] {
  const bar = chosenBar(view, type);
  if (bar.problem) return [`${view.name} has no ${labelOf(bar)}: ${bar.problem}`];
  const kept = (kind: CachePart['kind']) => view.cacheParts.some((part) => part.kind === kind);
  const tokens = batch > 1 ? `${whole(batch)} × ${whole(context)}` : whole(context);
  const pieces: Piece[] = [`${view.name} in `, { value: labelOf(bar) }, ' takes ', bytes(bar.weights)];
  if (view.kvCache !== null) pieces.push(', and ', bytes(view.kvCache), ' more for ');
  if (kept('cache') || kept('latent'))
    pieces.push({ value: tokens }, ` ${context * batch === 1 ? 'token' : 'tokens'} in float16`);
  if (kept('state')) pieces.push(kept('cache') ? ' and a recurrent state' : 'a recurrent state, however many tokens');
  const fitting = fits(view, bar, memory);
  pieces.push(
    fitting ? ': it fits in ' : ': it does not fit in ',
    { value: `${say(memory, 4)} GB`, title: binaryBytes(memory * 1e9) },
    '. ',
  );
  return [...pieces, ...(fitting ? whatIsLeft(view, bar, memory) : whatWouldFit(view, memory))];
}

function whatIsLeft({ kvCache, compute }: View, bar: Bar, memory: number): Piece[] {
  if (compute === null) return ['The KV cache comes on top: it depends on the layers, so choose a model.'];
  const left = memory * 1e9 - bar.weights - (kvCache ?? 0);
  if (left < compute)
    return ['That leaves ', bytes(left), ', less than the ', bytes(compute), ' or so that computing needs.'];
  return ['Computing needs about ', bytes(compute), ' of the ', bytes(left), ' that are left.'];
}

function whatWouldFit(view: View, memory: number): Piece[] {
  const best = largestThatFits(view, memory);
  return best
    ? ['The largest that does is ', { value: labelOf(best) }, ', with ', bytes(totalOf(view, best)), '.']
    : ['Nothing here does.'];
}

export const textOf = (pieces: readonly Piece[]): string =>
  pieces.map((piece) => (typeof piece === 'string' ? piece : piece.value)).join('');

/** What was taken for granted, and what cannot be. */
export function notesOf({ assumptions, blocks }: View): string[] {
  const impossible = blocks.filter(({ problem }) => problem).map(labelOf);
  if (impossible.length === 0) return assumptions;
  return [...assumptions, `Not possible: ${impossible.join(', ')}, whose blocks do not divide this model’s rows.`];
}

/** Every bar, in both units. */
export function tableOf(view: View, memory: number): TableData {
  const cached = view.kvCache !== null;
  const both = (amount: number) => [decimalBytes(amount), binaryBytes(amount)];
  const row = (bar: Bar) => {
    if (bar.problem) return [labelOf(bar), ...Array(cached ? 6 : 3).fill('–'), 'rows do not divide'];
    const all = cached ? [decimalBytes(view.kvCache!), ...both(totalOf(view, bar))] : [];
    return [
      labelOf(bar),
      say(bitsPerWeight(view, bar)),
      ...both(bar.weights),
      ...all,
      fits(view, bar, memory) ? 'fits' : 'does not fit',
    ];
  };
  return {
    caption: `${view.name}, ${count(view.parameters, 'weights')}: bytes by format`,
    columns: [
      'Format',
      'Bits per weight',
      'Weights (GB)',
      'Weights (GiB)',
      ...(cached ? ['KV cache (GB)', 'Both (GB)', 'Both (GiB)'] : []),
      `In ${say(memory, 4)} GB`,
    ],
    rows: barsOf(view).map(row),
  };
}

/** '48 GB' */
export const memoryText = (gigabytes: number): string => `${say(gigabytes, 4)} GB`;

/** The bytes of a unit; of none: GB. */
/** GB in '48', '48 GB', '24 GiB' or '512 MB'; undefined for anything else. */
export function gigabytesOf(text: string): number | undefined {
  const bytes = bytesOf(text, 1e9);
  return bytes === undefined ? undefined : bytes / 1e9;
}
