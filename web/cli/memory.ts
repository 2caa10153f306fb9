// fewbits memory: what a model needs, from a bare count of parameters or from its config.json.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  type BlockFormatName,
  type Fewbits,
  FewbitsError,
  init,
  type ModelConfig,
  type ModelMemory,
  type ModelMemoryOptions,
  type NumberFormatName,
} from 'fewbits';
import { parseCount } from '../lib/count.ts';
import { wholeNumber } from './arguments.ts';
import { printAll, printOne } from './memory-report.ts';
import { grouped, print, printJson } from './text.ts';

export type FormatName = NumberFormatName | BlockFormatName;

export interface MemoryOptions {
  type?: string;
  config?: string;
  context: number;
  batch: number;
  kvType: FormatName;
  engine: NonNullable<ModelMemoryOptions['engine']>;
  json?: boolean;
}

/** What is known of one type: all of it with a config.json, the weights without. */
export type Need = { type: string; weights: number } & Partial<Omit<ModelMemory, 'weights'>>;

/** llama.cpp's recipes that mix formats; the others are a format's name as well. */
const mixtures = ['q4_k_m', 'q5_k_m'];

function parameterCount(text: string): number {
  const count = parseCount(text);
  if (count !== undefined) return count;
  throw new InvalidArgumentError('Write a count such as 70B, 1.5b or 350M.');
}

export function readConfig(path: string): ModelConfig {
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

/** Reckons with a bare count of parameters, or with a configuration. */
class Reckoner {
  constructor(
    readonly fewbits: Fewbits,
    readonly count: number | undefined,
    readonly config: ModelConfig | undefined,
    readonly options: MemoryOptions,
  ) {}

  need(type: string): Need {
    const mixed = mixtures.includes(type);
    if (this.config) {
      const { context, batch, kvType, engine } = this.options;
      const what = mixed ? { recipe: type } : { format: type as FormatName };
      return { type, ...this.fewbits.modelMemory(this.config, { ...what, context, batch, kvFormat: kvType, engine }) };
    }
    if (mixed)
      throw new FewbitsError(
        'UNSUPPORTED',
        `${type} mixes formats by tensor: add --config config.json to name the tensors.`,
      );
    return { type, parameters: this.count!, weights: this.fewbits.weightBytes(this.count!, type as FormatName) };
  }

  /** Every type that suits the model, largest first. */
  all(): Need[] {
    const blocks = this.fewbits.blockFormats.map(({ name }) => name);
    const names = ['float32', 'float16', 'int8', 'int4', ...(this.config ? mixtures : []), ...blocks];
    return names.flatMap((name) => this.#needIfSuited(name)).sort((a, b) => b.weights - a.weights);
  }

  /** Nothing where the model's rows do not divide into the format's blocks; any other error is about the model. */
  #needIfSuited(type: string): Need[] {
    try {
      return [this.need(type)];
    } catch (error) {
      if (error instanceof FewbitsError && 'columns' in error.details) return [];
      throw error;
    }
  }
}

const examples = `
Examples:
  fewbits memory 70B                          every format, largest first
  fewbits memory 70B --type q4_k
  fewbits memory --config config.json --type q4_k_m --context 8192
  fewbits memory --config config.json --type q8_0 --kv-type q8_0 --json

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

async function memory(count: number | undefined, options: MemoryOptions, command: Command): Promise<void> {
  if (count === undefined && !options.config) command.error('give a count such as 70B, or --config config.json.');
  const config = options.config ? readConfig(options.config) : undefined;
  const reckoner = new Reckoner(await init(), count, config, options);
  const needs = options.type ? [reckoner.need(options.type)] : reckoner.all();
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
