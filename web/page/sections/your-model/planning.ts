// Which type each tensor is to get, by what the reader asks for.
import { type Conversion, type Model, type PlanOptions, planConversion, planTypes } from 'fewbits/files';
import type { Formats } from './formats.ts';
import type { Loss } from './measure.ts';
import { type Options, PLAIN_TYPES, TYPES } from './options.ts';

/** What planning needs to know of an opened model. */
export interface Subject {
  model: Model;
  /** Tensors that get another type at all, by their place. */
  candidates: ReadonlySet<number>;
  /** The reader's own choices. */
  chosen: ReadonlyMap<number, string>;
  losses: readonly Map<string, Loss>[];
}

export interface Planned {
  conversion: Conversion;
  options: PlanOptions;
  reach: { least: number; most: number; target: number } | null;
}

/** The library's words for what goes without saying. */
const USUAL = /^(the type for all$|override )/;

/** @throws as `planConversion` */
export function planFor(formats: Formats, subject: Subject, options: Options): Planned {
  const { model } = subject;
  const types = new Map<number, string>();
  let reach: Planned['reach'] = null;
  if (options.to === 'gguf' && options.by === 'size') reach = planSize(formats, subject, options.size, types);
  for (const [index, type] of subject.chosen)
    if (choicesFor(formats, subject, index, options).includes(type)) types.set(index, type);
  const asked: PlanOptions = { to: options.to, overrides: overridesOf(model, types) };
  if (options.to === 'safetensors') asked.type = PLAIN_TYPES.includes(options.plain) ? options.plain : 'float16';
  else if (options.by === 'type') asked.type = options.type;
  else if (options.by === 'recipe') asked.recipe = options.recipe;
  const { byteLength, tensors } = planConversion(model, asked);
  const reasons = tensors.map((tensor, index) => ({
    ...tensor,
    reason: USUAL.test(tensor.reason) ? own(subject, index, options) : tensor.reason,
  }));
  return { conversion: { byteLength, tensors: reasons }, options: asked, reach };
}

/** Why a tensor has the type that was asked for. */
function own({ chosen }: Subject, index: number, { by }: Options): string {
  if (chosen.has(index)) return 'your choice';
  return by === 'size' ? 'it loses least for the size of the whole' : '';
}

/** So many names are in a pattern: the reasons that the library gives repeat it. */
const NAMES = 100;

/** Exact names, those of a type together. */
function overridesOf({ tensors }: Model, types: ReadonlyMap<number, string>) {
  const names = new Map<string, string[]>();
  for (const [index, type] of types) {
    if (!names.has(type)) names.set(type, []);
    names.get(type)!.push(escaped(tensors[index]!.name));
  }
  return [...names].flatMap(([type, all]) =>
    Array.from({ length: Math.ceil(all.length / NAMES) }, (_, i) => ({
      pattern: new RegExp(`^(?:${all.slice(i * NAMES, (i + 1) * NAMES).join('|')})$`),
      type,
    })),
  );
}

const escaped = (name: string) => name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');

/** The types that a tensor's rows allow. */
export function choicesFor(formats: Formats, { model, candidates }: Subject, index: number, { to }: Options): string[] {
  if (!candidates.has(index)) return [];
  return to === 'gguf' ? fitting(formats, model, index, TYPES) : PLAIN_TYPES;
}

function fitting(formats: Formats, { tensors }: Model, index: number, types: readonly string[]): string[] {
  const row = tensors[index]!.shape.at(-1) ?? 1;
  return types.filter((type) => formats.suits(type, row));
}

// --- a target size ---------------------------------------------------------------------------------------------------

/** What a plan chooses from: the types that lose least for their size, for long rows and for others. */
const LONG_ROWS = ['q2_k', 'q3_k', 'iq4_xs', 'q4_k', 'q5_k', 'q6_k', 'q8_0', 'float16'];
const SHORT_ROWS = ['iq4_nl', 'q4_0', 'q5_0', 'q8_0', 'float16'];

/** The types to try on a tensor before a size can be planned well. */
export function ladderFor(formats: Formats, { model }: Subject, index: number): string[] {
  const { shape, type, elements, byteLength } = model.tensors[index]!;
  const ladder = (shape.at(-1) ?? 1) % 256 === 0 ? LONG_ROWS : SHORT_ROWS;
  // A tensor that can stay as it is gains nothing from more bytes than it has.
  const most = formats.isOfGguf(type) ? byteLength : Number.POSITIVE_INFINITY;
  return fitting(formats, model, index, ladder).filter(
    (other) => other !== type && formats.bytesOf(other, elements) < most,
  );
}

/** Until a type is measured: what a bit brings is 6 dB, and q4_0, q5_0 and q8_0 are 4.5 dB below that. */
const guessedError = (bitsPerWeight: number) => 10 ** (-(6.02 * bitsPerWeight - 4.5) / 10);

const known = new WeakMap<Model, number>();

/** Bytes of the file that no choice changes: of one where all that can be chosen is float16, the others. */
function otherBytesOf({ model, candidates }: Subject, padded: (bytes: number) => number): number {
  if (!known.has(model)) {
    const plain = new Map([...candidates].map((index) => [index, 'float16']));
    const { byteLength } = planConversion(model, { to: 'gguf', overrides: overridesOf(model, plain) });
    const chosen = [...candidates].map((index) => padded(2 * model.tensors[index]!.elements));
    known.set(
      model,
      chosen.reduce((left, bytes) => left - bytes, byteLength),
    );
  }
  return known.get(model)!;
}

/** Sets the types that meet the size at least error; what can be met. */
function planSize(
  formats: Formats,
  subject: Subject,
  bitsPerWeight: number,
  types: Map<number, string>,
): Planned['reach'] {
  const { model, losses } = subject;
  const candidates = [...subject.candidates];
  const alignment = Number(model.metadata.get('general.alignment') ?? 32);
  const padded = (bytes: number) => Math.ceil(bytes / alignment) * alignment;
  const otherBytes = otherBytesOf(subject, padded);
  const tensors = candidates.map((index) => {
    const { name, elements, type, byteLength: own } = model.tensors[index]!;
    const tried = ladderFor(formats, subject, index).map((other) => {
      const bytes = formats.bytesOf(other, elements);
      const error = losses[index]!.get(other)?.error ?? guessedError((8 * bytes) / elements);
      return { type: other as 'q4_0', byteLength: bytes, error };
    });
    const results = tried.filter(({ error }) => Number.isFinite(error));
    if (formats.isOfGguf(type)) results.push({ type: type as 'q4_0', byteLength: own, error: 0 });
    return { name, results };
  });
  const sum = (pick: (...bytes: number[]) => number) =>
    tensors.reduce((all, { results }) => all + padded(pick(...results.map((result) => result.byteLength))), otherBytes);
  const [least, most] = [sum(Math.min), sum(Math.max)];
  const weights = model.tensors.reduce((all, { elements }) => all + elements, 0);
  const target = Math.min(most, Math.max(least, Math.round((bitsPerWeight * weights) / 8)));
  const plan = planTypes(tensors, { targetBytes: target, otherBytes, alignment });
  for (const index of candidates) types.set(index, plan.types.get(model.tensors[index]!.name)!);
  return { least, most, target };
}
