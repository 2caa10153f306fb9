// What becomes of each tensor of a model in another file: its type there, the word for it, how many bytes, and why.
import { otherWord } from '../containers/element.ts';
import type { Container, Element, StoredTensor } from '../containers/tensor.ts';
import { digits, fault, shown } from '../containers/words.ts';
import { FewbitsError } from '../errors.ts';
import type { Fewbits, NumberFormat } from '../types.ts';
import { isCandidate } from './candidates.ts';
import {
  chooseTypes,
  type RecipeModel,
  type TensorType,
  type TypeChoice,
  type TypeOverride,
  uniformTypes,
} from './recipes.ts';
import type { ConversionOverride, PlanOptions } from './types.ts';

/** What becomes of one tensor. */
export interface Step {
  tensor: StoredTensor;
  /** Our format's name; null where no format holds such elements. */
  type: string | null;
  /** The word for it in the file to be written. */
  word: string;
  byteLength: number;
  reason: string;
  /** Its bytes stay as they are. */
  copy: boolean;
  /** An importance matrix without an entry for it will not do. */
  needsImportance?: boolean;
}

type Place = 'gguf' | 'safetensors' | 'npy';

/** The tensors that go into the file, in the model's order. */
export function planSteps(container: Container, fewbits: Fewbits, options: PlanOptions): Step[] {
  const { to, type, recipe } = options ?? {};
  if (to !== 'gguf' && to !== 'safetensors' && to !== 'npy')
    throw new FewbitsError('BAD_ARGUMENT', `to is 'gguf', 'safetensors' or 'npy', not ${shown(String(to))}.`);
  if (type !== undefined && recipe !== undefined)
    throw new FewbitsError('BAD_ARGUMENT', 'Give a type for all, or a recipe, not both.');
  if (recipe !== undefined && to !== 'gguf')
    throw new FewbitsError('BAD_ARGUMENT', `Recipes are llama.cpp's, for GGUF; ${to} takes one type.`);
  const wanted = to === 'gguf' ? ggufTypes(container, fewbits, options) : floatTypes(container, fewbits, options, to);
  const tensors = to === 'npy' ? [onlyTensor(container, options.tensor)] : container.tensors;
  return tensors.map((tensor) =>
    planStep(fewbits, to, tensor, container.format === to && to !== 'npy', wanted.get(tensor.name)),
  );
}

type Choice = Pick<TypeChoice, 'type' | 'reason'> & { needsImportance?: boolean };

function ggufTypes(container: Container, fewbits: Fewbits, options: PlanOptions): Map<string, Choice> {
  const { type, recipe, overrides = [], importance } = options;
  if (type === undefined && recipe === undefined && overrides.length === 0) return new Map();
  // Only a GGUF has the names by which llama.cpp knows what not to quantize.
  const anyName = container.format !== 'gguf';
  const tensors = container.tensors.filter((tensor) => !anyName || isCandidate(container, fewbits, tensor));
  const choice = { overrides: overrides as TypeOverride[], importance: importance !== undefined, anyName };
  let choices: TypeChoice[];
  if (recipe !== undefined) choices = chooseTypes(recipeModel(container), recipe, choice);
  else if (type !== undefined) choices = uniformTypes({ tensors }, type as TensorType, choice);
  else {
    // Nothing but overrides: whom none names keeps its type.
    const findOverride = finderOf(overrides);
    const named = tensors.filter(({ name }) => findOverride(name));
    choices = uniformTypes({ tensors: named }, 'float32', choice);
  }
  const needy = importance === undefined && choices.find(({ needsImportance }) => needsImportance);
  if (needy) {
    const what = `'${shown(needy.name)}' cannot become ${needy.type} without an importance matrix`;
    throw new FewbitsError('NEEDS_IMPORTANCE', `${what}. Pass importance, or another type.`, { tensor: needy.name });
  }
  return new Map(choices.map((one) => [one.name, one]));
}

/** Finds the first override for a name. Patterns are made once: a plan has thousands of names, in patterns as long. */
function finderOf(overrides: readonly ConversionOverride[]): (name: string) => ConversionOverride | undefined {
  const compiled = overrides.map((override) => {
    try {
      const { source, flags } = new RegExp(override.pattern);
      return { override, pattern: new RegExp(source, flags.replace(/[gy]/g, '')) };
    } catch (error) {
      throw new FewbitsError('BAD_ARGUMENT', `An override's pattern is wrong: ${(error as Error).message}.`);
    }
  });
  return (name) => compiled.find(({ pattern }) => pattern.test(name))?.override;
}

/** What the recipes ask, out of the metadata of a GGUF. */
function recipeModel({ format, metadata, tensors }: Container): RecipeModel {
  const architecture = metadata.get('general.architecture');
  if (format !== 'gguf' || typeof architecture !== 'string')
    throw new FewbitsError('BAD_ARGUMENT', 'Recipes need a GGUF with general.architecture. Give a type for all.');
  const number = (key: string): number => {
    const value = metadata.get(`${architecture}.${key}`);
    return Number((Array.isArray(value) ? value[0] : value) ?? 0);
  };
  const heads = number('attention.head_count');
  return {
    ...{ architecture, layers: number('block_count'), heads, experts: number('expert_count') },
    kvHeads: metadata.has(`${architecture}.attention.head_count_kv`) ? number('attention.head_count_kv') : heads,
    tensors: tensors.map(({ name, shape }) => ({ name, shape })),
  };
}

/** For safetensors and .npy: every tensor of real numbers gets the type, integers and truth values stay. */
function floatTypes(
  { tensors }: Container,
  fewbits: Fewbits,
  { type, overrides = [] }: PlanOptions,
  place: 'safetensors' | 'npy',
): Map<string, Choice> {
  const known = fewbits.numberFormats.filter(
    (row) => row[place] !== null && row.kind === 'floating' && row.bits % 8 === 0,
  );
  for (const asked of [...(type === undefined ? [] : [type]), ...overrides.map((override) => override.type)])
    if (!known.some(({ name }) => name === asked)) {
      const names = known.map(({ name }) => name).join(', ');
      throw new FewbitsError('UNKNOWN_FORMAT', `${place} takes ${names}, not '${shown(String(asked))}'.`);
    }
  const choices = new Map<string, Choice>();
  const findOverride = finderOf(overrides);
  for (const { name, element } of tensors) {
    const override = findOverride(name);
    const isReal = isRealElement(fewbits, element);
    if (override) choices.set(name, { type: override.type as TensorType, reason: `override ${override.pattern}` });
    else if (type !== undefined && isReal) choices.set(name, { type: type as TensorType, reason: 'the type for all' });
  }
  return choices;
}

const rowOf = (fewbits: Fewbits, type: string | null): NumberFormat | undefined =>
  fewbits.numberFormats.find(({ name }) => name === type);

const isRealElement = (fewbits: Fewbits, { type, reading }: Element): boolean =>
  reading === 'block' || rowOf(fewbits, type)?.kind === 'floating';

function onlyTensor({ tensors }: Container, name: string | undefined): StoredTensor {
  const found =
    name === undefined && tensors.length === 1 ? tensors[0] : tensors.find((tensor) => tensor.name === name);
  if (found) return found;
  const what = `A .npy holds one tensor: name one of the model's ${digits(tensors.length)} with the option tensor`;
  throw new FewbitsError('BAD_ARGUMENT', `${what}${name === undefined ? '' : `, not '${shown(name)}'`}.`);
}

function planStep(fewbits: Fewbits, to: Place, tensor: StoredTensor, isOwn: boolean, choice: Choice | undefined): Step {
  const { element, elements, shape } = tensor;
  const kept = isOwn ? tensor.storedType : wordOf(fewbits, to, element);
  const same = choice === undefined || choice.type === element.type;
  if (same && kept !== undefined && !isScattered(tensor)) {
    const reason = choice?.reason ?? 'keeps its type';
    return { tensor, type: element.type, word: kept, byteLength: tensor.byteLength, reason, copy: true };
  }
  if (tensor.refusal) throw tensor.refusal;
  const type = choice?.type ?? (kept === undefined ? instead(fewbits, to, tensor) : element.type);
  if (type === null || !isReadable(fewbits, element, type)) throw cannotMove(tensor, to);
  checkMakeable(fewbits, tensor, type);
  const reason = choice?.reason ?? (kept === undefined ? `${to} has no ${tensor.storedType}` : 'keeps its type');
  const byteLength = bytesOf(fewbits, type, shape, elements);
  const { needsImportance = false } = choice ?? {};
  return { tensor, type, word: wordOfType(fewbits, to, type), byteLength, reason, copy: false, needsImportance };
}

const isScattered = ({ fortranOrder, shape }: StoredTensor): boolean =>
  fortranOrder === true && shape.filter((size) => size > 1).length > 1;

/** Whether values may pass through float32 on their way: to another type, or to their own without loss. */
function isReadable(fewbits: Fewbits, { reading, type: from }: Element, type: string): boolean {
  if (type !== from) return reading !== null;
  const row = rowOf(fewbits, from);
  return reading === 'block' || (row !== undefined && row.bits <= (row.kind === 'integer' ? 16 : 32));
}

function cannotMove({ name, storedType, file, data }: StoredTensor, to: Place): FewbitsError {
  const what = `tensor '${shown(name)}' of type ${storedType} cannot be written to ${to} as it is stored`;
  return fault(
    'UNSUPPORTED_TYPE',
    file,
    data.byteOffset,
    `${what}. Leave it out, or choose a type for it by an override.`,
  );
}

function checkMakeable(fewbits: Fewbits, { name }: StoredTensor, type: string): void {
  const block = fewbits.blockFormats.find((row) => row.name === type);
  if (!block || block.canQuantize) return;
  throw new FewbitsError('UNSUPPORTED', `This version does not make ${type}, which '${shown(name)}' is to become.`);
}

/** The word of the place for such elements, where it has one. */
function wordOf(fewbits: Fewbits, to: Place, { type, reading }: Element): string | undefined {
  if (type === null) return otherWord(to, reading);
  const row = rowOf(fewbits, type);
  if (row) return row[to] ?? undefined;
  // ggml's names are ours in capitals.
  const block = fewbits.blockFormats.find(({ name, family }) => name === type && family === 'ggml');
  return block && to === 'gguf' ? type.toUpperCase() : undefined;
}

function wordOfType(fewbits: Fewbits, to: Place, type: string): string {
  const word = wordOf(fewbits, to, { type, reading: 'number', pieceElements: 1, pieceBytes: 1 });
  if (word !== undefined) return word;
  throw new FewbitsError('UNSUPPORTED_TYPE', `${to} has no type for ${type}.`);
}

/** For what the place has no word: small integers and truth values pass for float32, which holds them exactly. */
function instead(fewbits: Fewbits, to: Place, tensor: StoredTensor): string {
  const row = rowOf(fewbits, tensor.element.type);
  const exact = row
    ? row.kind !== 'integer' || row.bits <= 16
    : tensor.element.reading !== 'int64' && tensor.element.reading !== 'uint64';
  if (!exact || tensor.element.reading === null) throw cannotMove(tensor, to);
  return 'float32';
}

function bytesOf(fewbits: Fewbits, type: string, shape: readonly number[], elements: number): number {
  const block = fewbits.blockFormats.find(({ name }) => name === type);
  if (!block) return (elements * rowOf(fewbits, type)!.bits) / 8;
  const row = shape.at(-1) ?? 1;
  if (row % block.blockSize === 0) return (elements / block.blockSize) * block.blockBytes;
  throw new FewbitsError('BAD_LENGTH', `Rows of ${row} do not divide into ${type}'s blocks of ${block.blockSize}.`);
}
