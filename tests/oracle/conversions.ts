// One conversion: the file that the package makes beside the one of llama.cpp's own quantizer.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { FewbitsError, Pool } from 'fewbits';
import { type ConvertOptions, convertModel, type Model, openModel } from 'fewbits/files';
import { recipeFileType, recipeNames } from '../../web/lib/files/recipes.ts';
import type { Llama, LlamaJob } from './llama.ts';
import { DESIGNS, type MadeModel, makeModel } from './models.ts';

export interface Case {
  /** Of DESIGNS. */
  design: string;
  recipe: string;
  weighed: boolean;
  /** One type for all that suits: llama-quantize's --pure. */
  pure: boolean;
  /** The source has llama.cpp's order of tensors, so that whole files can be the same. */
  ordered: boolean;
}

export interface Outcome {
  /**
   * The files are the same; or they are but for the order of tensors; or both refuse to make one. 'substitute': the library
   * takes float16 where rows fit no block, which llama.cpp refused to do until after the commit of our rules. 'unmade': the
   * recipe has types that the package does not make.
   */
  result: 'whole' | 'tensors' | 'refused' | 'substitute' | 'unmade' | 'differs';
  /** In words. */
  difference?: string;
  /** Tensors whose bytes are another type's than the source's. */
  converted: number;
  tensors: number;
  bytes: number;
}

/** llama.cpp's base types of the recipes that are tried as one type for all. */
const PURE: Readonly<Record<string, string>> = { q4_k_m: 'q4_k', q5_0: 'q5_0', iq4_nl: 'iq4_nl', q8_0: 'q8_0' };

/** Every recipe on every design, with and without importance; the order of tensors takes turns. */
export function allCases(): Case[] {
  const cases: Case[] = [];
  for (const design of Object.keys(DESIGNS))
    for (const recipe of recipeNames)
      for (const weighed of [false, true])
        for (const pure of recipe in PURE ? [false, true] : [false])
          cases.push({ design, recipe, weighed, pure, ordered: cases.length % 3 !== 2 });
  return cases;
}

export const nameOf = ({ design, recipe, weighed, pure }: Case): string =>
  `${design} ${recipe}${pure ? ', pure' : ''}${weighed ? ', weighed' : ''}`;

export interface Stage {
  llama: Llama;
  pool: Pool;
  /** Where files lie for a while. */
  folder: string;
  seed: number;
}

const models = new Map<string, Promise<MadeModel>>();

function modelOf({ design, ordered }: Case, seed: number): Promise<MadeModel> {
  const key = `${design} ${ordered} ${seed}`;
  if (!models.has(key)) models.set(key, makeModel(DESIGNS[design]!(), seed, ordered));
  return models.get(key)!;
}

const NOTHING = { converted: 0, tensors: 0, bytes: 0 };

/** Both conversions, and their comparison. */
export async function compareConversion(one: Case, stage: Stage): Promise<Outcome> {
  const { bytes, importance } = await modelOf(one, stage.seed);
  const source = path.join(stage.folder, 'source.gguf');
  writeFileSync(source, bytes);
  const files = { ours: path.join(stage.folder, 'ours.gguf'), theirs: path.join(stage.folder, 'theirs.gguf') };
  try {
    const theirs = await convertTheirs(one, stage, source, files.theirs, importance);
    const ours = await convertOurs(one, stage, source, files.ours, importance);
    if (ours && /^This version does not make/.test(ours.message)) return { result: 'unmade', ...NOTHING };
    if (ours && theirs) return { result: 'refused', ...NOTHING };
    if (ours && (await isSubstituted(ours, files.theirs))) return { result: 'substitute', ...NOTHING };
    if (ours || theirs) return { result: 'differs', difference: (ours ?? theirs)!.message, ...NOTHING };
    return await compareFiles(source, files.ours, files.theirs);
  } finally {
    for (const file of Object.values(files)) rmSync(file, { force: true });
  }
}

/** What the metadata say of an importance matrix. */
const MATRIX = { file: 'made.imatrix.gguf', datasets: ['first.txt', 'second.txt'], chunks: 12 };

const keysOf = (importance: ReadonlyMap<string, Float32Array>): NonNullable<LlamaJob['keys']> => [
  ['quantize.imatrix.file', MATRIX.file],
  ['quantize.imatrix.dataset', MATRIX.datasets[0]!],
  ['quantize.imatrix.entries_count', importance.size],
  ['quantize.imatrix.chunks_count', MATRIX.chunks],
];

async function convertOurs(
  { recipe, weighed, pure }: Case,
  { pool }: Stage,
  source: string,
  sink: string,
  importance: ReadonlyMap<string, Float32Array>,
): Promise<FewbitsError | undefined> {
  const matrix = { ...MATRIX, names: [...importance.keys()], read: async (name: string) => importance.get(name) };
  const what = pure ? { type: PURE[recipe]! } : { recipe };
  const options: ConvertOptions = { to: 'gguf', ...what, pool, ...(weighed && { importance: matrix }) };
  return convertModel(await openModel(source), sink, options).then(
    () => undefined,
    (error: FewbitsError) => error,
  );
}

async function convertTheirs(
  { recipe, weighed, pure }: Case,
  { llama }: Stage,
  input: string,
  output: string,
  importance: ReadonlyMap<string, Float32Array>,
): Promise<Error | undefined> {
  const job = {
    input,
    output,
    fileType: recipeFileType(recipe),
    threads: 2,
    pure,
    ...(weighed && { importance, keys: keysOf(importance) }),
  };
  return llama.quantize(job).then(
    () => undefined,
    (error: Error) => error,
  );
}

/** Whether the tensor that the package refuses to make is float16 in their file. */
async function isSubstituted({ code, details }: FewbitsError, theirs: string): Promise<boolean> {
  const { tensors } = await openModel(theirs);
  return code === 'UNSUPPORTED' && tensors.find(({ name }) => name === details['tensor'])?.type === 'float16';
}

async function compareFiles(source: string, ours: string, theirs: string): Promise<Outcome> {
  const [before, our, their] = [await openModel(source), await openModel(ours), await openModel(theirs)];
  const bytes = { ours: readFileSync(ours), theirs: readFileSync(theirs) };
  const converted = our.tensors.filter(({ type }, i) => type !== before.tensors[i]!.type).length;
  const outcome = { converted, tensors: our.tensors.length, bytes: bytes.ours.length };
  const difference = differenceOf({ model: our, bytes: bytes.ours }, { model: their, bytes: bytes.theirs });
  if (difference) return { result: 'differs', difference, ...outcome };
  return { result: bytes.ours.equals(bytes.theirs) ? 'whole' : 'tensors', ...outcome };
}

interface File {
  model: Model;
  bytes: Buffer;
}

function differenceOf(ours: File, theirs: File): string | undefined {
  const [our, their] = [ours, theirs].map(({ model }) => metadataOf(model));
  const key = our!.findIndex((pair, i) => pair !== their![i]);
  if (key >= 0 || our!.length !== their!.length) return `keys: ${our!.at(key)} here, ${their!.at(key)} there`;
  if (ours.model.tensors.length !== theirs.model.tensors.length || ours.bytes.length !== theirs.bytes.length)
    return `${ours.bytes.length} bytes here, ${theirs.bytes.length} there`;
  for (const one of ours.model.tensors) {
    const other = theirs.model.tensors.find(({ name }) => name === one.name);
    if (!other) return `${one.name} is not there`;
    const [a, b] = [one, other].map(({ storedType, shape }) => `${storedType} [${shape}]`);
    if (a !== b) return `${one.name} is ${a} here, ${b} there`;
    const at = firstDifference(dataOf(ours, one), dataOf(theirs, other));
    if (at >= 0) return `${one.name}, ${a}: byte ${at} of ${one.byteLength} differs`;
  }
  return undefined;
}

const dataOf = ({ bytes }: File, { byteOffset, byteLength }: Model['tensors'][number]) =>
  bytes.subarray(byteOffset, byteOffset! + byteLength);

/** Keys in their order, with their values. */
const metadataOf = ({ metadata }: Model): string[] =>
  [...metadata].map((pair) => JSON.stringify(pair, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)));

function firstDifference(a: Buffer, b: Buffer): number {
  return a.equals(b) ? -1 : a.findIndex((byte, i) => byte !== b[i]);
}
