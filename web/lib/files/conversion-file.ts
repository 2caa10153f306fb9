// The file that a conversion writes: its keys and metadata, and the place of every tensor.
import { type GgufContainer, ggmlType } from '../containers/gguf.ts';
import { npyHeader } from '../containers/npy.ts';
import type { SafetensorsContainer } from '../containers/safetensors.ts';
import { baseName } from '../containers/safetensors-index.ts';
import type { Source } from '../containers/source.ts';
import type { Container, StoredTensor } from '../containers/tensor.ts';
import { fault, shown } from '../containers/words.ts';
import type { FilePlan } from '../containers/write.ts';
import { planGguf, textKey, u32Key } from '../containers/write-gguf.ts';
import { planSafetensors } from '../containers/write-safetensors.ts';
import type { Step } from './conversion-steps.ts';
import { inOrder, recipeFileType } from './recipes.ts';
import type { ImportanceLike, PlanOptions } from './types.ts';

const GGUF_ALIGNMENT = 32;

/** What tensors begin at multiples of in a GGUF: as in the one that it is made from. */
export const alignmentOf = (container: Container): number =>
  (container as Partial<GgufContainer>).alignment ?? GGUF_ALIGNMENT;

/** A key that is new, or one whose bytes stand in the source. */
export interface PlannedKey {
  begin: number;
  end: number;
  bytes?: Uint8Array;
  source?: Source;
}

const made = (bytes: Uint8Array): PlannedKey => ({ begin: 0, end: bytes.length, bytes });

/** What llama-quantize does is written as it writes: its keys at the end, its order of tensors. */
const changesTypes = ({ type, recipe }: PlanOptions): boolean => type !== undefined || recipe !== undefined;

/** The source's keys in order, without what this conversion says anew or what spoke of its parts. */
export function plannedKeys(container: Container, steps: readonly Step[], options: PlanOptions): PlannedKey[] {
  const { to, type, recipe, importance } = options;
  if (to !== 'gguf') return [];
  const changed = changesTypes(options);
  const told = changed ? importanceKeys(importance) : [];
  const settings = changed ? [...quantizationKeys(container, steps, recipe ?? type!), ...told] : [];
  if (container.format !== 'gguf') return [made(textKey('general.architecture', 'unknown')), ...settings];
  const { keys, source } = container as GgufContainer;
  const drop = /^split\.(no|count|tensors\.count)$/;
  const said = changed ? /^general\.(file_type|quantization_version)$/ : /^$/;
  const matrix = told.length > 0 ? /^quantize\.imatrix\./ : /^$/;
  const kept = keys.filter(({ key }) => ![drop, said, matrix].some((gone) => gone.test(key)));
  const nested = kept.find((key) => key.nested);
  if (nested) {
    const what = `key '${shown(nested.key)}' holds arrays of arrays, which ggml does not read`;
    throw fault('UNSUPPORTED', source.name, nested.begin, `${what}: it is never written.`);
  }
  return [...kept.map(({ begin, end }) => ({ begin, end, source })), ...settings];
}

/** In llama-quantize's order, which says the version of whatever it writes; of other sources only where it means something. */
function quantizationKeys({ format }: Container, steps: readonly Step[], name: string): PlannedKey[] {
  const keys: PlannedKey[] = [];
  const isChanged = ({ tensor, type }: Step) => type !== tensor.element.type || tensor.element.reading === 'block';
  if (format === 'gguf' || steps.some(isChanged)) keys.push(made(u32Key('general.quantization_version', 2)));
  const fileType = fileTypeOf(name);
  if (fileType !== undefined) keys.push(made(u32Key('general.file_type', fileType)));
  return keys;
}

/** Bytes of a text that llama-quantize adds. */
const ADDED_TEXT = 127;

/** What llama-quantize tells of the matrix that it used. */
function importanceKeys({ file, datasets = [], names = [], chunks = 0 }: Partial<ImportanceLike> = {}): PlannedKey[] {
  if (file === undefined) return [];
  const text = (key: string, value: string) => made(textKey(`quantize.imatrix.${key}`, cutText(value, ADDED_TEXT)));
  const count = (key: string, value: number) => made(u32Key(`quantize.imatrix.${key}`, value));
  return [
    text('file', file),
    ...(datasets.length > 0 ? [text('dataset', datasets[0]!)] : []),
    count('entries_count', names.length),
    ...(chunks > 0 ? [count('chunks_count', chunks)] : []),
  ];
}

/** So many bytes at most, and no half of a character. */
function cutText(text: string, most: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(most));
  return text.slice(0, read);
}

/** llama.cpp's number for a file of that type; some types have none. */
function fileTypeOf(name: string): number | undefined {
  const words: Readonly<Record<string, string>> = { float32: 'f32', float16: 'f16', bfloat16: 'bf16' };
  try {
    return recipeFileType(words[name] ?? name);
  } catch {
    return undefined;
  }
}

export function planFile(
  container: Container,
  steps: readonly Step[],
  options: PlanOptions,
  keys: readonly Uint8Array[],
): FilePlan {
  const { to } = options;
  // safetensors know the empty name; GGUF and people do not.
  const keepsNames = to === 'safetensors' && container.format === 'safetensors';
  const taken = new Set(steps.map(({ tensor }) => tensor.name));
  const tensors = steps.map(({ tensor, word, byteLength }, index) => ({
    ...{
      index,
      name: keepsNames ? tensor.name : outputName(tensor, taken),
      shape: tensor.shape,
      byteLength,
      dtype: word,
      type: ggmlType(word),
    },
  }));
  if (to === 'safetensors') return planSafetensors(tensors, textMetadata(container));
  if (to === 'gguf') {
    const alignment = alignmentOf(container);
    const sorted = container.format === 'gguf' && changesTypes(options) ? inOrder(tensors) : tensors;
    const { placed, ...plan } = planGguf('the output', sorted, keys, alignment);
    return { ...plan, placed: placed.map((place) => ({ ...place, index: sorted[place.index]!.index })) };
  }
  const { dtype, shape, byteLength } = tensors[0]!;
  const head = npyHeader(dtype, shape);
  const placed = [{ index: 0, byteOffset: head.length, byteLength }];
  return { head, placed, byteLength: head.length + byteLength };
}

/** safetensors' metadata are texts; those of other containers are not for its readers. */
function textMetadata(container: Container): Map<string, string> | undefined {
  if (container.format !== 'safetensors') return new Map([['format', 'pt']]);
  const { metadata, hasMetadata } = container as SafetensorsContainer;
  return hasMetadata || metadata.size > 0 ? (metadata as Map<string, string>) : undefined;
}

/** A name for a tensor that has none, as the one of a .npy: the one of its file. */
function outputName({ name, file }: StoredTensor, taken: ReadonlySet<string>): string {
  if (name !== '') return name;
  const stem = baseName(file).replace(/\.\w+$/, '') || 'tensor';
  let free = stem;
  for (let i = 2; taken.has(free); i++) free = `${stem}#${i}`;
  return free;
}
