// fewbits memory: what a model needs, from a bare count of parameters or from its config.json.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { parseCount } from '../lib/count.ts';
import { FewbitsError } from '../lib/errors.ts';
import { blockFormats } from '../lib/formats.ts';
import { type FormatName, weightBytes } from '../lib/memory.ts';
import { modelMemory, recipes } from '../lib/model-memory.ts';
import type { ModelConfig, ModelMemory, ModelMemoryOptions } from '../lib/types.ts';
import { grouped, print, printJson, table } from './text.ts';

interface Options {
  type?: string;
  config?: string;
  context: number;
  batch: number;
  kvType: string;
  engine: NonNullable<ModelMemoryOptions['engine']>;
  json?: boolean;
}

/** What is known of one type: all of it with a config.json, the weights without. */
type Need = { type: string; weights: number } & Partial<Omit<ModelMemory, 'weights'>>;

/** The recipes that are no format's name as well. */
const mixtures = Object.keys(recipes).filter((name) => !blockFormats.some((format) => format.name === name));

function parameterCount(text: string): number {
  const count = parseCount(text);
  if (count !== undefined) return count;
  throw new InvalidArgumentError('Write a count such as 70B, 1.5b or 350M.');
}

function wholeNumber(text: string): number {
  const value = Number(text.replace(/[,_]/g, ''));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Write a whole number, 1 or more.');
}

function readConfig(path: string): ModelConfig {
  const name = basename(path);
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof SyntaxError)
      throw new FewbitsError('BAD_DATA', `${name} is not JSON (${message}). Give the model's config.json.`);
    if (code === 'ENOENT')
      throw new FewbitsError('READ_FAILED', `There is no file ${path}. Give the path of the model's config.json.`);
    throw new FewbitsError(
      'READ_FAILED',
      `${path} could not be read (${message}). Give the path of the model's config.json.`,
    );
  }
}

function needOf(type: string, parameters: number | undefined, config: ModelConfig | undefined, options: Options): Need {
  const mixed = mixtures.includes(type);
  if (config) {
    const { context, batch, kvType, engine } = options;
    const what = mixed ? { recipe: type } : { format: type as FormatName };
    return { type, ...modelMemory(config, { ...what, context, batch, kvFormat: kvType as FormatName, engine }) };
  }
  if (mixed)
    throw new FewbitsError(
      'UNSUPPORTED',
      `${type} mixes formats by tensor: add --config config.json to name the tensors.`,
    );
  return { type, parameters: parameters!, weights: weightBytes(parameters!, type as FormatName) };
}

/** Every type that suits the model, largest first. */
function allNeeds(parameters: number | undefined, config: ModelConfig | undefined, options: Options): Need[] {
  const names = [
    'float32',
    'float16',
    'int8',
    'int4',
    ...(config ? mixtures : []),
    ...blockFormats.map(({ name }) => name),
  ];
  const needs = names.flatMap((name) => {
    try {
      return needOf(name, parameters, config, options);
    } catch (error) {
      // Rows that do not divide into this format's blocks; any other error is about the model.
      if (error instanceof FewbitsError && error.details['format'] === name) return [];
      throw error;
    }
  });
  return needs.sort((a, b) => b.weights - a.weights);
}

/** One unit and one number of decimals for a table, by its largest number. */
function columnsFor(largest: number) {
  const power = largest < 1e6 ? 1 : largest < 1e9 ? 2 : 3;
  const prefix = ' KMG'[power]!;
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(Math.max(1, largest / 1000 ** power))));
  return {
    head: [`${power === 1 ? 'k' : prefix}B`, `${prefix}iB`],
    cells: (bytes: number): string[] => [1000, 1024].map((base) => grouped(bytes / base ** power, decimals)),
  };
}

function printOne({ type, parameters, weights, kvCache, compute, total }: Need, { context, kvType }: Options): void {
  print(`${grouped(parameters!)} parameters in ${type}\n`);
  const parts: [name: string, bytes: number][] = [['weights', weights]];
  if (total !== undefined)
    parts.push(
      [`KV cache, ${grouped(context)} tokens in ${kvType}`, kvCache!],
      ['compute buffer, an estimate', compute!],
      ['total', total],
    );
  const { head, cells } = columnsFor(total ?? weights);
  print(
    table(
      ['', ...head],
      parts.map(([name, bytes]) => [name, ...cells(bytes)]),
      'lrr',
    ),
  );
}

function printAll(needs: readonly Need[]): void {
  const [{ parameters, weights, total }] = needs as [Need];
  print(`${grouped(parameters!)} parameters\n`);
  const { head, cells } = columnsFor(total ?? weights);
  const rows = needs.map((need) => [
    need.type,
    grouped((8 * need.weights) / need.parameters!, 2),
    ...cells(need.weights),
    ...(total === undefined ? [] : cells(need.total!)),
  ]);
  const inAll = total === undefined ? [] : head.map((unit) => `${unit} in all`);
  print(table(['type', 'bits/weight', ...head, ...inAll], rows, 'lrrrrr'));
}

const examples = `
Examples:
  fewbits memory 70B                          every format, largest first
  fewbits memory 70B --type q4_k
  fewbits memory --config config.json --type q4_k_m --context 8192
  fewbits memory --config config.json --type q8_0 --kv-type q8_0 --batch 4 --json

A type is a format (see fewbits formats) or a recipe: ${mixtures.join(', ')}.`;

export function memoryCommand(): Command {
  return new Command('memory')
    .description('what a model needs: weights, KV cache, compute buffer')
    .argument('[parameters]', 'how many: 70B, 1.5b, 350M; not needed with --config', parameterCount)
    .option('--type <type>', 'format or recipe of the weights', (text) => text.toLowerCase())
    .option('--config <file>', "the model's config.json: exact weights, and the KV cache")
    .option('--context <tokens>', 'tokens in the KV cache', wholeNumber, 4096)
    .option('--batch <sequences>', 'sequences at once', wholeNumber, 1)
    .option('--kv-type <format>', 'format of the KV cache', 'float16')
    .addOption(new Option('--engine <name>', 'whose KV cache').choices(['llama.cpp', 'vllm']).default('llama.cpp'))
    .option('--json', 'print JSON, in bytes')
    .addHelpText('after', examples)
    .action(memory);
}

function memory(count: number | undefined, options: Options, command: Command): void {
  if (count === undefined && !options.config) command.error('give a count such as 70B, or --config config.json.');
  const config = options.config ? readConfig(options.config) : undefined;
  const needs = options.type ? [needOf(options.type, count, config, options)] : allNeeds(count, config, options);
  const [first] = needs as [Need];
  const notes = options.type ? [...(first.assumptions ?? [])] : [];
  if (config && count !== undefined && count !== first.parameters)
    notes.unshift(
      `${basename(options.config!)} has ${grouped(first.parameters!)} parameters: these count, not ${grouped(count)}.`,
    );
  if (!config) notes.push('The KV cache comes on top. It depends on the layers: add --config config.json.');

  if (options.json) {
    printJson(options.type ? { ...first, notes } : { parameters: first.parameters, types: needs, notes });
    return;
  }
  if (options.type) printOne(first, options);
  else printAll(needs);
  if (notes.length) print(`\n${notes.join('\n')}`);
}
