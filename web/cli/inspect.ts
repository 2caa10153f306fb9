// fewbits inspect: what is in a model file.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { type FileMemory, fileMemory, type Model, type ModelTensor } from 'fewbits/files';
import { shown, visible } from '../lib/containers/words.ts';
import { wholeNumber } from './arguments.ts';
import { type FormatName, readConfig } from './memory.ts';
import { needTable } from './memory-report.ts';
import {
  bold,
  counted,
  grouped,
  longBytes,
  nameText,
  print,
  printJson,
  shortBytes,
  shortened,
  table,
  width,
  wrapped,
} from './text.ts';
import { findModel, open } from './work.ts';

interface Options {
  all?: boolean;
  config?: string;
  context: number;
  kvType: FormatName;
  json?: boolean;
}

const examples = `
Examples:
  fewbits inspect model.gguf
  fewbits inspect model.safetensors.index.json --context 32768
  fewbits inspect folder --all                every tensor by itself, every key
  fewbits inspect model.gguf --json | jq '.tensors[].name'

Tensors whose names differ in a number alone are shown together, as in
blk.*.attn_q.weight. Lines are cut to the terminal; JSON has everything.`;

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('what is in a model file: types, memory, tensors, metadata')
    .argument('<file>', 'GGUF, safetensors, .npy, .npz or ONNX; a URL, or a folder with a model')
    .option('--all', 'every tensor by itself, and every key of the metadata')
    .option('--context <tokens>', 'tokens in the KV cache', wholeNumber, 4096)
    .option('--kv-type <format>', 'format of the KV cache', 'float16')
    .option('--config <file>', "the model's config.json (default: the one beside a safetensors file)")
    .option('--json', 'print JSON, with everything')
    .addHelpText('after', examples)
    .action(inspect);
}

async function inspect(given: string, options: Options): Promise<void> {
  const file = await findModel(given);
  const model = await open(file);
  const memory = memoryOf(model, file, options);
  if (options.json) printJson(describe(model, memory, given));
  else for (const part of report(model, memory, given, options)) print(part);
  await model.close();
}

function memoryOf(model: Model, file: string, { config, context, kvType }: Options): FileMemory {
  const beside = path.join(path.dirname(file), 'config.json');
  const found = config ?? (model.format === 'safetensors' && existsSync(beside) ? beside : undefined);
  return fileMemory(model, { context, kvFormat: kvType, ...(found && { config: readConfig(found) }) });
}

interface TypeSum {
  type: string;
  tensors: number;
  elements: number;
  byteLength: number;
}

/** By the file's own word, the largest first. */
function typesOf({ tensors }: Model): TypeSum[] {
  const sums = new Map<string, TypeSum>();
  for (const { storedType: type, elements, byteLength } of tensors) {
    const sum = sums.get(type) ?? { type, tensors: 0, elements: 0, byteLength: 0 };
    sums.set(type, sum);
    sum.tensors += 1;
    sum.elements += elements;
    sum.byteLength += byteLength;
  }
  return [...sums.values()].sort((a, b) => b.byteLength - a.byteLength);
}

function describe(model: Model, memory: FileMemory, file: string): object {
  const { format, tensors, notes, quantization } = model;
  return {
    ...{ file, format, parameters: memory.parameters, byteLength: memory.weights },
    ...{ types: typesOf(model), memory, ...(quantization && { quantization }), notes },
    ...{ metadata: Object.fromEntries(model.metadata), tensors },
  };
}

// --- for people ------------------------------------------------------------------------------------------------------

const bitsPerWeight = (byteLength: number, elements: number): string =>
  elements > 0 ? grouped((8 * byteLength) / elements, 2) : '-';

function* report(model: Model, memory: FileMemory, file: string, options: Options): Generator<string> {
  yield summary(model, memory, file);
  for (const note of model.notes) yield wrapped(`- ${visible(note)}`, '  ');
  const types = typesOf(model).map(({ type, tensors, elements, byteLength }) => [
    visible(type),
    ...[grouped(tensors), grouped(elements), shortBytes(byteLength), bitsPerWeight(byteLength, elements)],
  ]);
  if (types.length > 0) yield `\n${table(['type', 'tensors', 'weights', 'bytes', 'bits/weight'], types, 'Lrrrr')}`;
  if (memory.total !== undefined) yield `\n${bold('Memory')}\n${needTable(memory, options)}`;
  // Arrays are no model whose layers one would ask for.
  const isModel = memory.total !== undefined || /^(gguf|safetensors)$/.test(model.format);
  for (const sentence of isModel ? memory.assumptions : []) yield wrapped(`- ${visible(sentence)}`, '  ');
  yield* tensorPart(model.tensors, options);
  yield* metadataPart(model.metadata, options);
}

function summary({ format, metadata, tensors, quantization }: Model, memory: FileMemory, file: string): string {
  const architecture = metadata.get('general.architecture');
  const files = new Set(tensors.map((tensor) => tensor.file)).size;
  const { parameters, weights } = memory;
  const lines: [name: string, value: string][] = [
    ['format', [format, ...(typeof architecture === 'string' ? [shown(architecture)] : [])].join(', ')],
    ['tensors', `${grouped(tensors.length)}${files > 1 ? ` in ${grouped(files)} files` : ''}`],
    [quantization ? 'elements' : 'parameters', grouped(parameters)],
    ['bytes', `${longBytes(weights)}, ${bitsPerWeight(weights, parameters)} bits a weight`],
  ];
  if (quantization) {
    const { method, format: variant, bits, layers } = quantization;
    const details = [...(variant ? [variant] : []), ...(bits ? [counted(bits, 'bit')] : []), counted(layers, 'layer')];
    lines.push(['quantized', visible(`${method} (${details.join(', ')}); listed as stored`)]);
  }
  const rows = lines.map(([name, value]) => `${name.padEnd(10)}  ${value}`);
  return [bold(shortened(visible(file), 78)), ...rows].join('\n');
}

const shapeOf = (shape: readonly number[]): string => shape.join(' × ') || 'a number';

/** Rows that are shown without being asked for. */
const FEW_TENSORS = 24;
const MOST_ROWS = 60;

interface Group {
  name: string;
  tensors: ModelTensor[];
}

/** Tensors of the same kind, type and shape, in different layers. */
function groupsOf(tensors: readonly ModelTensor[]): Group[] {
  const groups = new Map<string, Group>();
  for (const tensor of tensors) {
    const name = tensor.name.replace(/(?<=^|\.)\d+(?=\.|$)/g, '*');
    const key = JSON.stringify([name, tensor.storedType, tensor.shape]);
    const group = groups.get(key) ?? { name, tensors: [] };
    groups.set(key, group);
    group.tensors.push(tensor);
  }
  return [...groups.values()].map((group) =>
    group.tensors.length > 1 ? group : { ...group, name: group.tensors[0]!.name },
  );
}

function* tensorPart(tensors: readonly ModelTensor[], { all }: Options): Generator<string> {
  if (tensors.length === 0) return;
  const each = tensors.map((tensor): Group => ({ name: tensor.name, tensors: [tensor] }));
  const groups = all || tensors.length <= FEW_TENSORS ? each : groupsOf(tensors);
  const isGrouped = groups.length < tensors.length;
  const rows = (all ? groups : groups.slice(0, MOST_ROWS)).map(({ name, tensors: own }) => {
    const { storedType, shape } = own[0]!;
    const bytes = own.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const count = isGrouped ? [own.length > 1 ? grouped(own.length) : ''] : [];
    return [nameText(name), ...count, visible(storedType), shapeOf(shape), shortBytes(bytes)];
  });
  const head = ['tensor', ...(isGrouped ? ['count'] : []), 'type', 'shape', 'bytes'];
  yield `\n${table(head, rows, isGrouped ? 'Lrllr' : 'Lllr')}`;
  const left = groups.length - rows.length;
  if (left > 0) yield `${grouped(left)} more: add --all.`;
}

const LONGEST_KEY = 38;

function* metadataPart(metadata: Model['metadata'], { all }: Options): Generator<string> {
  const entries = [...metadata].slice(0, all ? undefined : MOST_ROWS);
  if (entries.length === 0) return;
  const keys = entries.map(([key]) => shortened(visible(key), LONGEST_KEY));
  const room = width() - Math.max(...keys.map(({ length }) => length)) - 2;
  const rows = entries.map(([, value], i) => [keys[i]!, begun(valueText(value), room)]);
  yield `\n${table(['metadata', ''], rows, 'll')}`;
  const left = metadata.size - entries.length;
  if (left > 0) yield `${grouped(left)} more: add --all.`;
}

/** Characters of a text, and items of a list, that are looked at: lines are cut to the terminal anyway. */
const LONGEST_TEXT = 200;
const FIRST_ITEMS = 8;

/** The beginning of what is too long. */
const begun = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

function valueText(value: unknown): string {
  if (typeof value === 'string') {
    const start = visible(value.slice(0, LONGEST_TEXT));
    return value.length > LONGEST_TEXT ? `(${grouped(value.length)} characters) ${start}…` : start;
  }
  // float32's digits: a double has more than the file.
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : Number(value.toPrecision(7)));
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) return String(value);
  const items = Array.from((value as unknown[]).slice(0, FIRST_ITEMS), valueText);
  const rest = (value as unknown[]).length > FIRST_ITEMS ? ', …' : '';
  return `(${grouped((value as unknown[]).length)}) ${items.join(', ')}${rest}`;
}
