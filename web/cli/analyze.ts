// fewbits analyze: what each type would cost every tensor, and the types that meet a size.
import { Command, Option } from 'commander';
import { type Analysis, type AnalyzedTensor, analyzeModel, type Model, planFlags } from 'fewbits/files';
import type { TensorType } from '../lib/files/recipes.ts';
import { byteSize, collectList, typeName, wholeNumber } from './arguments.ts';
import {
  bold,
  counted,
  decibels,
  grouped,
  longBytes,
  nameText,
  print,
  printJson,
  shortBytes,
  table,
  wrapped,
} from './text.ts';
import { availableJobs, open, openMatrix, running } from './work.ts';

interface Options {
  types?: string[];
  targetSize?: number;
  flags?: 'fewbits' | 'llama.cpp';
  imatrix?: string;
  jobs: number;
  json?: boolean;
}

const TYPES = ['q3_k', 'q4_k', 'q5_k', 'q6_k', 'q8_0'];

const examples = `
Examples:
  fewbits analyze model-f16.gguf
  fewbits analyze model-f16.gguf --types q4_0,q4_k,iq4_xs
  fewbits analyze model-f16.gguf --target-size 4GB --imatrix imatrix.gguf
  fewbits analyze model-f16.gguf --target-size 4GB --flags fewbits > convert.sh

The table has the SQNR of each type in each tensor, in dB: 6 dB more halve the
error; in JSON null stands for no error. With --target-size the types are chosen
that lose least in a GGUF of at most that size: the sum of
importance x (w - w')^2 with an importance matrix; without one each tensor's
error relative to its squares, which is a proxy.
--flags prints the command that makes that file, and nothing else.`;

export function analyzeCommand(): Command {
  return new Command('analyze')
    .description('what each type would cost every tensor; types for a target size')
    .argument('<file>', 'a model file, as for inspect')
    .option('--types <list>', `what to try (default: ${TYPES.join(',')})`, collectList)
    .option('--target-size <size>', 'choose types for a file of at most that size: 4GB, 3.5GiB', byteSize)
    .addOption(
      new Option('--flags <program>', 'print a command for that program: fewbits or llama.cpp').choices([
        'fewbits',
        'llama.cpp',
      ]),
    )
    .option('--imatrix <file>', "llama-imatrix's importance matrix, GGUF or .dat")
    .option('--jobs <count>', 'workers', wholeNumber, availableJobs())
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(analyze);
}

async function analyze(file: string, options: Options, command: Command): Promise<void> {
  const { targetSize, flags, jobs } = options;
  if (flags && targetSize === undefined) command.error('--flags needs --target-size, for which types are chosen.');
  const types = [...new Set((options.types ?? TYPES).map(typeName))];
  const model = await open(file);
  const matrix = await openMatrix(options.imatrix);
  const analysis = await running({ model, jobs }, ({ progress, ...run }) => {
    const target = targetSize === undefined ? {} : { targetBytes: targetSize };
    return analyzeModel(model, { types, ...target, ...matrix, ...run, onProgress: progress.report });
  });
  const { plan } = analysis;
  if (options.json)
    printJson({ file, ...analysis, ...(plan && { plan: { ...plan, types: Object.fromEntries(plan.types) } }) });
  else if (flags && plan) print(commandFor(flags, file, plan, options));
  else {
    printTables(model, analysis, types);
    if (plan) printPlan(model, analysis, plan, options);
  }
  await model.close();
}

type Plan = NonNullable<Analysis['plan']>;

const inDecibels = (value: number | undefined): string => (value === undefined ? '-' : decibels(value, 1));

/** Types that stand side by side: beside more of them no name has room. */
const COLUMNS = 6;

function printTables(model: Model, { tensors }: Analysis, types: readonly string[]): void {
  if (tensors.length === 0) {
    print('No tensor can be quantized: there is no matrix of real numbers.');
    return;
  }
  for (let first = 0; first < types.length; first += COLUMNS)
    print(`${first > 0 ? '\n' : ''}${typeTable(tensors, types.slice(first, first + COLUMNS))}`);
  const kept = model.tensors.length - tensors.length;
  if (kept > 0) print(wrapped(`- Not tried: ${counted(kept, 'tensor')}, such as norms.`, '  '));
  if (tensors.some(({ results }) => results.length < types.length))
    print(wrapped('- A dash: rows do not divide into the blocks of that type.', '  '));
}

function typeTable(tensors: readonly AnalyzedTensor[], types: readonly string[]): string {
  const columns = types.map((type) => tensors.map(({ results }) => results.find((result) => result.type === type)));
  const rows = tensors.map(({ name }, i) => [nameText(name), ...columns.map((own) => inDecibels(own[i]?.sqnrDb))]);
  const medians = columns.map((own) => inDecibels(medianOf(own.flatMap((result) => result?.sqnrDb ?? []))));
  const bytes = columns.map((own) =>
    own.includes(undefined) ? '-' : shortBytes(own.reduce((sum, result) => sum + result!.byteLength, 0)),
  );
  return table(
    ['SQNR, dB', ...types],
    [...rows, ['median', ...medians], ['bytes', ...bytes]],
    `L${'r'.repeat(types.length)}`,
  );
}

function medianOf(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)];
}

function printPlan(model: Model, { tensors }: Analysis, plan: Plan, { targetSize }: Options): void {
  const counts = new Map<string, { count: number; bytes: number }>();
  for (const { name, results } of tensors) {
    const type = plan.types.get(name);
    const chosen = results.find((result) => result.type === type);
    if (!chosen) continue;
    const sum = counts.get(chosen.type) ?? { count: 0, bytes: 0 };
    counts.set(chosen.type, { count: sum.count + 1, bytes: sum.bytes + chosen.byteLength });
  }
  print(`\n${bold(`At most ${longBytes(targetSize!)}`)}`);
  const rows = [...counts]
    .sort(([, a], [, b]) => b.bytes - a.bytes)
    .map(([type, { count, bytes }]) => [type, grouped(count), shortBytes(bytes)]);
  print(table(['type', 'tensors', 'bytes'], rows, 'lrr'));
  const elements = model.tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
  const bits = grouped((8 * plan.byteLength) / elements, 2);
  const error = plan.error.toPrecision(3);
  const what = plan.measure === 'importance' ? 'weighed by importance' : 'relative, a proxy without --imatrix';
  print(wrapped(`The file: ${longBytes(plan.byteLength)}, ${bits} bits a weight. Error ${error}, ${what}.`));
  print('The command that makes it: add --flags fewbits, or --flags llama.cpp.');
}

// --- commands --------------------------------------------------------------------------------------------------------

const quoted = (text: string): string => (/^[\w./:=+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** A command of one argument to a line. llama-quantize asks for a file type, which only names the file then. */
function commandFor(program: 'fewbits' | 'llama.cpp', file: string, plan: Plan, { imatrix }: Options): string {
  const flags = planFlags({ types: plan.types as ReadonlyMap<string, TensorType> as Map<string, TensorType> });
  const patterns = flags.filter((_, i) => i % 2 === 1);
  const own = program === 'fewbits';
  const weighing = imatrix === undefined ? [] : [`--imatrix ${quoted(imatrix)}`];
  const types = patterns.map((pattern) => `${own ? '--override' : '--tensor-type'} ${quoted(pattern)}`);
  const files = own ? [`fewbits convert ${quoted(file)} OUT.gguf`] : ['llama-quantize'];
  const last = own ? [] : [`${quoted(file)} OUT.gguf ${fileType(plan)}`];
  return [...files, ...weighing, ...types, ...last].join(' \\\n  ');
}

function fileType({ types }: Plan): string {
  const quantized = [...types.values()].filter((type) => !/float/.test(type));
  const count = (type: string) => quantized.filter((other) => other === type).length;
  const [most = 'q8_0'] = [...new Set(quantized)].sort((a, b) => count(b) - count(a));
  return most.toUpperCase();
}
