// A model in several safetensors files: an index says which tensor is in which shard beside it.
import { JsonReader } from './json.ts';
import { PARTS, ST_HEADER, TENSORS } from './limits.ts';
import { openSafetensors } from './safetensors.ts';
import type { Source } from './source.ts';
import type { Container, StoredTensor, Tables } from './tensor.ts';
import { digits, fault, shown, tooLarge } from './words.ts';

export async function openIndex(source: Source, tables: Tables): Promise<Container> {
  const { weights, metadata } = await readIndex(source);
  const names = [...new Set(weights.values())];
  for (const name of names) checkShardName(source.name, name);
  const shards = new Map<string, Container>();
  for (const name of names) shards.set(name, await openSafetensors(await findShard(source, name), tables));
  const merged = mergeShards(source.name, [...shards.values()], metadata);
  const byName = new Map(merged.tensors.map((tensor) => [tensor.name, tensor]));
  const tensors = [...weights].map(([name, shard]) => {
    const tensor = byName.get(name);
    if (tensor && shards.get(shard)!.tensors.includes(tensor)) return tensor;
    const what = `tensor '${shown(name)}' is said to be in '${shown(shard)}', which does not hold it`;
    throw fault('BAD_HEADER', source.name, undefined, `${what}. Download both again.`);
  });
  const left = merged.tensors.length - tensors.length;
  const notes = left > 0 ? [`${digits(left)} tensors of the shards are not in the index and are left out.`] : [];
  return { ...merged, tensors, notes };
}

interface Index {
  weights: Map<string, string>;
  metadata: Map<string, unknown>;
}

async function readIndex(source: Source): Promise<Index> {
  const { name, size } = source;
  if (size > ST_HEADER) throw tooLarge(name, 0, 'bytes of an index', ST_HEADER, size);
  const json = new JsonReader(await source.read(0, size), name);
  let weights: Map<string, string> | undefined;
  json.object('an index (weight_map in an object)', (key) => {
    if (key !== 'weight_map') return json.skip();
    weights = new Map();
    json.object('weight_map as an object', (tensor) => {
      weights!.set(json.name(tensor, 'a name'), json.string('the name of a shard'));
      if (weights!.size > TENSORS) throw tooLarge(name, json.position, 'tensors', TENSORS, weights!.size);
    });
  });
  json.finish();
  if (!weights) {
    const what =
      'it has no weight_map, so it is no index of shards. Open a model file, or model.safetensors.index.json';
    throw fault(/\.index\.json$/i.test(name) ? 'BAD_HEADER' : 'BAD_MAGIC', name, 0, `${what}.`);
  }
  return { weights, metadata: new Map() };
}

function checkShardName(file: string, name: string): void {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\\\0:]/.test(name)) return;
  const what = `it names the shard '${shown(name)}', which is no file beside it`;
  throw fault('UNSAFE_PATH', file, undefined, `${what}. It is not read.`);
}

async function findShard(source: Source, name: string): Promise<Source> {
  const shard = await source.sibling?.([name], false);
  if (shard) return shard;
  const what = `the shard '${shown(name)}' is not there. Put it beside the index, or give all files together`;
  throw fault('MISSING_FILE', source.name, undefined, `${what}.`);
}

/** Several safetensors files as one model; no name stands in two of them. */
export function mergeShards(
  file: string,
  shards: readonly Container[],
  metadata = new Map<string, unknown>(),
): Container {
  const tensors: StoredTensor[] = [];
  const names = new Map<string, string>();
  for (const shard of shards)
    for (const tensor of shard.tensors) {
      const other = names.get(tensor.name);
      if (other !== undefined) {
        const what = `tensor '${shown(tensor.name)}' is in '${shown(other)}' and in '${shown(tensor.file)}'`;
        throw fault('DUPLICATE_NAME', file, undefined, `${what}.`);
      }
      names.set(tensor.name, tensor.file);
      tensors.push(tensor);
    }
  for (const shard of shards)
    for (const [key, value] of shard.metadata) if (!metadata.has(key)) metadata.set(key, value);
  return { format: 'safetensors', metadata, tensors, notes: shards.flatMap(({ notes }) => notes) };
}

/** 'model-00001-of-00003.safetensors', taken apart. */
const PART = /^(.*)-(\d{5})-of-(\d{5})\.safetensors$/s;

/** A safetensors file; where it is one of several shards and can see the others, all of them. */
export async function openShard(source: Source, tables: Tables): Promise<Container> {
  const [, stem, , count] = PART.exec(baseName(source.name)) ?? [];
  if (stem === undefined || !source.sibling) return openSafetensors(source, tables);
  const index = await source.sibling([`${stem}.safetensors.index.json`], false);
  return index ? openIndex(index, tables) : openNumbered(source, tables, stem, Number(count));
}

/** Shards without an index: those that are there, by their numbers. */
async function openNumbered(source: Source, tables: Tables, stem: string, count: number): Promise<Container> {
  const shards: Container[] = [];
  const missing: string[] = [];
  const five = (value: number) => String(value).padStart(5, '0');
  for (let number = 1; number <= Math.min(count, PARTS); number++) {
    const name = `${stem}-${five(number)}-of-${five(count)}.safetensors`;
    const shard = name === baseName(source.name) ? source : await source.sibling?.([name], false);
    if (shard) shards.push(await openSafetensors(shard, tables));
    else missing.push(name);
  }
  if (shards.length === 0) return openSafetensors(source, tables);
  const merged = mergeShards(source.name, shards);
  return missing.length > 0 ? { ...merged, notes: [missingNote(shards.length, count, missing)] } : merged;
}

/** How many parts there are, of how many, and the first that is not. */
export function missingNote(found: number, count: number, missing: readonly string[]): string {
  const which = missing.length > 0 ? `: '${shown(missing[0]!)}'${missing.length > 1 ? ' ...' : ''}` : '';
  return `${digits(found)} of ${digits(count)} parts are here; the tensors of the others are missing${which}.`;
}

export const baseName = (path: string): string => path.split(/[/\\]/).at(-1)!;
