// A model in several GGUF files: NAME-00001-of-00003.gguf, each of which says which part it is.
import { type GgufContainer, openGguf } from './gguf.ts';
import { PARTS } from './limits.ts';
import { baseName, missingNote } from './safetensors-index.ts';
import type { Source } from './source.ts';
import type { Container, Tables } from './tensor.ts';
import { fault, shown } from './words.ts';

interface Part {
  file: string;
  container: GgufContainer;
  number: number;
}

const wholeNumber = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;

/** The model that a file is, or is a part of: its siblings are opened where they can be. */
export async function openGgufModel(source: Source, tables: Tables): Promise<Container> {
  const container = await openGguf(source, tables);
  const count = wholeNumber(container.metadata.get('split.count')) ?? 0;
  if (count < 2) return container;
  const own = toPart(source.name, container, count);
  const { parts, missing } = await findParts(source, tables, own, count);
  return joinParts(source.name, parts, count, missing);
}

function toPart(file: string, container: GgufContainer, count: number): Part {
  const number = wholeNumber(container.metadata.get('split.no'));
  if (number !== undefined && number < count) return { file, container, number };
  const what = `it is part ${shown(String(container.metadata.get('split.no')))} of ${count}, which there is not`;
  throw fault('BAD_HEADER', file, undefined, `${what}. Split the model again.`);
}

async function findParts(source: Source, tables: Tables, own: Part, count: number) {
  const parts = [own];
  const missing: string[] = [];
  const [, stem] = /^(.*)-\d{5}-of-\d{5}\.gguf$/s.exec(baseName(source.name)) ?? [];
  const five = (value: number) => String(value).padStart(5, '0');
  for (let number = 0; stem !== undefined && source.sibling && count <= PARTS && number < count; number++) {
    if (number === own.number) continue;
    const name = `${stem}-${five(number + 1)}-of-${five(count)}.gguf`;
    const sibling = await source.sibling([name], false);
    if (sibling) parts.push(toPart(sibling.name, await openGguf(sibling, tables), count));
    else missing.push(name);
  }
  return { parts, missing };
}

/** Parts as one model: the metadata of the first, the tensors of all. */
export function joinParts(file: string, parts: Part[], count: number, missing: readonly string[]): Container {
  const sorted = [...parts].sort((a, b) => a.number - b.number);
  const names = new Set<string>();
  for (const [i, part] of sorted.entries()) {
    if (sorted[i - 1]?.number === part.number)
      throw fault('DUPLICATE_NAME', file, undefined, `part ${part.number + 1} of ${count} is there twice.`);
    for (const { name } of part.container.tensors) {
      if (names.has(name))
        throw fault('DUPLICATE_NAME', part.file, undefined, `tensor '${shown(name)}' is in two parts.`);
      names.add(name);
    }
  }
  const first = sorted[0]!.container;
  const notes = sorted.length < count ? [missingNote(sorted.length, count, missing)] : [];
  return { ...first, tensors: sorted.flatMap(({ container }) => container.tensors), notes };
}

/** Several files that were given together. */
export async function openGgufParts(sources: readonly Source[], tables: Tables): Promise<Container> {
  const containers: [string, GgufContainer][] = [];
  for (const source of sources) containers.push([source.name, await openGguf(source, tables)]);
  const [name, first] = containers[0]!;
  const count = wholeNumber(first.metadata.get('split.count')) ?? 0;
  const parts = containers.map(([file, container]) => toPart(file, container, count));
  return joinParts(name, parts, count, []);
}
