// fewbits compare: what two models make of the same tensors.
import { Command } from 'commander';
import { FewbitsError } from 'fewbits';
import { type ComparedTensor, compareModels, type ModelComparison } from 'fewbits/files';
import { visible } from '../lib/containers/words.ts';
import { counted, decibels, grouped, nameText, print, printJson, table, wrapped } from './text.ts';
import { open, running } from './work.ts';

interface Options {
  all?: boolean;
  json?: boolean;
}

const examples = `
Examples:
  fewbits compare model-f16.gguf model-q4.gguf
  fewbits compare model.safetensors model-float8.safetensors --all
  fewbits compare a.npy b.npy --json

Tensors of the same name and shape are compared, value by value, and listed
with the largest loss first. SQNR is signal to quantization noise: 6 dB more
halve the error. In JSON null stands for no error.`;

export function compareCommand(): Command {
  return new Command('compare')
    .description('how far the values of two model files differ')
    .argument('<original>', 'a model file, as for inspect')
    .argument('<other>', 'another one with the same names')
    .option('--all', 'list every tensor, not only those that lose most')
    .option('--json', 'print JSON')
    .addHelpText('after', examples)
    .action(compare);
}

async function compare(originalFile: string, otherFile: string, { all, json }: Options): Promise<void> {
  const [original, other] = [await open(originalFile), await open(otherFile)];
  const comparison = await running({}, ({ progress, signal }) =>
    compareModels(original, other, { signal, onProgress: progress.report }),
  );
  if (comparison.tensors.length === 0)
    throw new FewbitsError('BAD_INPUT', `No tensor has the same name in ${originalFile} and in ${otherFile}.`);
  if (json) printJson({ original: originalFile, other: otherFile, ...comparison });
  else report(comparison, all ?? false);
  await Promise.all([original.close(), other.close()]);
}

/** Rows that are shown without being asked for. */
const WORST = 20;

const row = (name: string, { sqnrDb, mse, cosine, maxAbsError }: ComparedTensor, words: string[]): string[] => [
  name,
  ...words,
  ...[decibels(sqnrDb!, 2), mse!.toExponential(2), maxAbsError!.toPrecision(3), cosine!.toFixed(6)],
];

function report(comparison: ModelComparison, all: boolean): void {
  const compared = comparison.tensors.filter(({ reason }) => reason === undefined);
  const worstFirst = [...compared].sort((a, b) => a.sqnrDb! - b.sqnrDb!);
  const different = worstFirst.filter(({ sqnrDb, nonFinite }) => sqnrDb !== Infinity || nonFinite);
  if (compared.length > 0 && different.length === 0)
    print(`Every value of ${counted(compared.length, 'tensor')} is the same in both.`);
  if (different.length > 0) printTable(comparison, all ? worstFirst : different.slice(0, WORST), compared.length);
  const left = different.length - WORST;
  if (!all && left > 0) print(`${counted(left, 'tensor')} that lose less: add --all.`);
  for (const sentence of remarks(comparison, compared.length - different.length)) print(wrapped(`- ${sentence}`, '  '));
}

function printTable(comparison: ModelComparison, tensors: readonly ComparedTensor[], compared: number): void {
  const rows = tensors.map((tensor) => row(nameText(tensor.name), tensor, [...tensor.types].map(visible)));
  const { sqnrDb, mse, cosine, maxAbsError } = comparison;
  const total = { sqnrDb, mse, cosine, maxAbsError } as ComparedTensor;
  if (compared > 1) rows.push(row(`all ${counted(compared, 'tensor')}`, total, ['', '']));
  print(table(['tensor', 'was', 'is', 'SQNR dB', 'MSE', 'max error', 'cosine'], rows, 'Lllrrrr'));
}

/** What a table of losses does not say. */
function* remarks({ tensors, missing, added }: ModelComparison, same: number): Generator<string> {
  if (same > 0 && same < tensors.length) yield `${counted(same, 'tensor')} with the same values in both.`;
  for (const { name, reason } of tensors) if (reason) yield `${nameText(name)}: not compared, for ${visible(reason)}.`;
  for (const { name, nonFinite } of tensors)
    if (nonFinite) yield `${nameText(name)}: ${counted(nonFinite, 'value')} not finite in one of them, left out.`;
  if (missing.length > 0) yield `Only in the original: ${some(missing)}.`;
  if (added.length > 0) yield `Only in the other: ${some(added)}.`;
}

const SOME = 5;

function some(names: readonly string[]): string {
  const left = names.length - SOME;
  const shown = names.slice(0, SOME).map(visible).join(', ');
  return left > 0 ? `${shown} and ${grouped(left)} more` : shown;
}
