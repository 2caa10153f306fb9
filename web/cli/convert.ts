// fewbits convert: a model file to another, whole or in parts, and parts put together.
import path from 'node:path';
import { Command, Option } from 'commander';
import {
  type Conversion,
  type ConversionTensor,
  convertModel,
  convertPart,
  joinParts,
  type Model,
  type PlanOptions,
  planConversion,
} from 'fewbits/files';
import { visible } from '../lib/containers/words.ts';
import { recipeNames, type TensorType, tensorTypes } from '../lib/files/recipes.ts';
import { collectOverride, type Override, type Shard, shard, typeName, wholeNumber } from './arguments.ts';
import {
  bold,
  counted,
  duration,
  grouped,
  longBytes,
  nameText,
  print,
  printJson,
  remark,
  shortBytes,
  shortened,
  table,
} from './text.ts';
import { availableJobs, open, openMatrix, running } from './work.ts';

interface Options {
  type?: string;
  recipe?: string;
  to?: PlanOptions['to'];
  override?: Override[];
  imatrix?: string;
  tensor?: string;
  jobs: number;
  shard?: Shard;
  join?: string[];
  dryRun?: boolean;
  json?: boolean;
}

const examples = `
Examples:
  fewbits convert model-f16.gguf model-q4.gguf --type q4_k_m
  fewbits convert model-f16.gguf model-q4.gguf --type q4_k_m --dry-run
  fewbits convert in.gguf out.gguf --type q4_k --override 'attn_v|ffn_down=q6_k'
  fewbits convert in.gguf out.gguf --type q4_k_m --imatrix imatrix.gguf
  fewbits convert model.gguf model.safetensors --type float16
  fewbits convert model.gguf bias.npy --tensor blk.0.attn_q.bias

In parts, side by side on any machines that have the input, then together:
  fewbits convert in.gguf out.part1 --type q4_k_m --shard 1/2
  fewbits convert in.gguf out.part2 --type q4_k_m --shard 2/2
  fewbits convert out.gguf --join out.part1 out.part2

TYPE is a format (see fewbits formats) for all weights, or one of llama.cpp's
recipes, such as q4_k_m, q5_k_s or q3_k_l, which mix formats and are for GGUF
to GGUF. Where both have the name, it is the format; --recipe takes the recipe.
Without a type, tensors keep theirs. PATTERN is a regular expression in lower
case that is looked for anywhere in a name, as llama-quantize's --tensor-type.

OUT appears when it is whole, and takes the place of a file of that name.
A Hugging Face checkpoint becomes a GGUF of plain tensors, which llama.cpp does
not run: it asks for a tokenizer and for names of its own.`;

export function convertCommand(): Command {
  return new Command('convert')
    .description('convert a model file: to GGUF, safetensors or .npy')
    .usage('IN OUT [--type TYPE] [options]\n       fewbits convert OUT --join PART...')
    .argument('<in>', 'GGUF, safetensors, .npy, .npz or ONNX; a URL, or a folder with a model')
    .argument('[out]', 'the file to write')
    .option('--type <type>', 'format of the weights, or recipe', typeName)
    .option('--recipe <name>', "llama.cpp's recipe of that name", (text) => text.toLowerCase())
    .addOption(
      new Option('--to <container>', 'default: as OUT ends, else gguf').choices(['gguf', 'safetensors', 'npy']),
    )
    .option('--override <pattern=type>', 'another type for some tensors; may be repeated', collectOverride)
    .option('--imatrix <file>', "llama-imatrix's importance matrix, GGUF or .dat")
    .option('--tensor <name>', 'for .npy: which one')
    .option('--jobs <count>', 'workers', wholeNumber, availableJobs())
    .option('--shard <i/n>', 'write only part I of N, for --join', shard)
    .addOption(
      new Option('--join <part...>', 'put the parts together: the same bytes as in a single run').conflicts([
        'type',
        'recipe',
        'to',
        'override',
        'imatrix',
        'tensor',
        'shard',
        'dryRun',
      ]),
    )
    .option('--dry-run', 'say what would be written, and write nothing')
    .option('--json', 'print JSON, in bytes')
    .addHelpText('after', examples)
    .action(convert);
}

async function convert(first: string, second: string | undefined, options: Options, command: Command): Promise<void> {
  if (options.join) {
    // OUT --join PARTS; the input may be named all the same.
    return join(second ?? first, options.join, options);
  }
  if (second === undefined) command.error('say where to write: fewbits convert IN OUT.');
  if (options.type !== undefined && options.recipe !== undefined) command.error('give --type or --recipe, not both.');
  const to = options.to ?? containerOf(second, command);
  const model = await open(first);
  const plan = { ...planOptions(options, to), ...(await openMatrix(options.imatrix)) };
  const conversion = planConversion(model, plan);
  warn(model, plan);
  if (options.dryRun) return printPlan(model, conversion, options);
  await (options.shard
    ? writePart(model, second, plan, options.shard, options)
    : writeWhole(model, second, plan, options));
  await model.close();
}

/** By the name of the output; that of a part may go on after it. */
function containerOf(file: string, command: Command): PlanOptions['to'] {
  const [, ending] = /\.(gguf|safetensors|npy|npz|onnx)(?=\.|$)/i.exec(path.basename(file)) ?? [];
  if (/^(npz|onnx)$/i.test(ending ?? ''))
    command.error(`.${ending} is read, not written: GGUF, safetensors and .npy are.`);
  return (ending?.toLowerCase() as PlanOptions['to']) ?? 'gguf';
}

function planOptions({ type, recipe, override, tensor }: Options, to: PlanOptions['to']): PlanOptions {
  const isRecipe = recipeNames.includes(type!) && !tensorTypes().includes(type as TensorType);
  return {
    to,
    ...(type !== undefined && (isRecipe ? { recipe: type } : { type })),
    ...(recipe !== undefined && { recipe }),
    ...(override && { overrides: override }),
    ...(tensor !== undefined && { tensor }),
  };
}

/** What someone should know before hours are spent. */
function warn({ format, quantization, tensors }: Model, { to, overrides = [] }: PlanOptions): void {
  if (quantization)
    remark(`the weights are packed by ${quantization.method}: they are copied as they are stored, not restored.`);
  if (format === 'safetensors' && to === 'gguf')
    remark('a GGUF of plain tensors: llama.cpp will not run it, for it has no tokenizer and other names.');
  for (const { pattern } of overrides)
    if (!tensors.some(({ name }) => new RegExp(pattern, 'i').test(name)))
      remark(`no tensor's name has '${pattern}': that --override changes nothing.`);
}

// --- writing ---------------------------------------------------------------------------------------------------------

const changesTypes = ({ type, recipe, overrides }: PlanOptions): boolean =>
  type !== undefined || recipe !== undefined || overrides !== undefined;

async function writeWhole(model: Model, out: string, plan: PlanOptions, { jobs, json }: Options): Promise<void> {
  let seconds = 0;
  const { byteLength, tensors } = await running(
    { model, jobs: changesTypes(plan) ? jobs : 1 },
    async ({ progress, ...run }) => {
      const done = await convertModel(model, out, { ...plan, ...run, onProgress: progress.report });
      seconds = progress.seconds;
      return done;
    },
  );
  if (json) return printJson({ file: out, byteLength, tensors });
  const bits = bitsPerWeight(model, tensors);
  const facts = [longBytes(byteLength), counted(tensors.length, 'tensor'), ...(bits ? [`${bits} bits a weight`] : [])];
  print(`${visible(out)}: ${facts.join(', ')}, in ${duration(seconds)}`);
}

async function writePart(model: Model, out: string, plan: PlanOptions, part: Shard, options: Options): Promise<void> {
  const { jobs, json } = options;
  const { index, count, begin, end, byteLength } = await running(
    { model, jobs: changesTypes(plan) ? jobs : 1 },
    ({ progress, ...run }) => convertPart(model, out, { ...plan, ...run, part, onProgress: progress.report }),
  );
  if (json) return printJson({ file: out, index, count, begin, end, byteLength });
  print(`${visible(out)}: part ${index} of ${count}, ${shortBytes(end - begin)} of ${shortBytes(byteLength)}`);
}

async function join(out: string, parts: string[], { json }: Options): Promise<void> {
  const { byteLength } = await running({}, ({ progress, signal }) =>
    joinParts(parts, out, { signal, onProgress: progress.report }),
  );
  if (json) return printJson({ file: out, byteLength, parts: parts.length });
  print(`${visible(out)}: ${longBytes(byteLength)} out of ${counted(parts.length, 'part')}`);
}

function bitsPerWeight(model: Model, tensors: readonly ConversionTensor[]): string | undefined {
  const names = new Set(tensors.map(({ name }) => name));
  const elements = model.tensors.reduce((sum, tensor) => sum + (names.has(tensor.name) ? tensor.elements : 0), 0);
  const bytes = tensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return elements > 0 ? grouped((8 * bytes) / elements, 2) : undefined;
}

// --- what would be written -------------------------------------------------------------------------------------------

function printPlan(model: Model, { byteLength, tensors }: Conversion, { json }: Options): void {
  if (json) {
    printJson({ byteLength, tensors });
    return;
  }
  const sums = new Map<string, { type: string; reason: string; count: number; bytes: number }>();
  for (const { type, reason, byteLength: bytes } of tensors) {
    const sum = sums.get(`${type} ${reason}`) ?? { type: type ?? 'as stored', reason, count: 0, bytes: 0 };
    sums.set(`${type} ${reason}`, { ...sum, count: sum.count + 1, bytes: sum.bytes + bytes });
  }
  const kinds = [...sums.values()].sort((a, b) => b.bytes - a.bytes);
  const summary = kinds.map(({ type, reason, count, bytes }) => [
    type,
    grouped(count),
    shortBytes(bytes),
    visible(reason),
  ]);
  print(`${table(['becomes', 'tensors', 'bytes', 'why'], summary, 'lrrL')}\n`);
  const before = new Map(model.tensors.map(({ name, storedType }) => [name, storedType]));
  const rows = tensors.map(({ name, type, reason, byteLength: bytes }) => [
    nameText(name),
    visible(before.get(name) ?? ''),
    type ?? 'as stored',
    ...[shortBytes(bytes), shortened(visible(reason), REASON)],
  ]);
  print(table(['tensor', 'was', 'becomes', 'bytes', 'why'], rows, 'Lllrl'));
  print(
    `\n${bold(longBytes(byteLength))} in all, ${counted(tensors.length, 'tensor')}, ${bitsPerWeight(model, tensors) ?? '-'} bits a weight`,
  );
}

/** Characters of a reason beside every tensor; above they stand whole. */
const REASON = 20;
