// A run's results, for a terminal and for a document.
import type { Cold, Result } from './harness.ts';
import type { Ratio } from './statistics.ts';

/** One engine's part of a run. */
export interface EngineReport {
  /** With its version. */
  engine: string;
  results: Result[];
  /** By job: medians. */
  cold: Record<string, Cold>;
}

export interface Report {
  date: string;
  machine: string;
  /** Others' work when the run began. */
  load: string;
  engines: EngineReport[];
}

const size = (elements: number) => (elements >= 2 ** 20 ? `${elements / 2 ** 20} Mi` : `${elements / 2 ** 10} Ki`);
/** Three digits. */
const rate = (millions: number | undefined) => (millions === undefined ? '-' : String(Number(millions.toPrecision(3))));
const spread = ({ p10, p90 }: Ratio) => `${p10.toFixed(2)}..${p90.toFixed(2)}`;
const bound = ({ lower }: Ratio) => (Number.isFinite(lower) ? lower.toFixed(2) : '-');
const milliseconds = (time: number) => (time < 9.95 ? time.toFixed(1) : time.toFixed(0));

/** Columns of these widths, the first to the left. */
function line(widths: readonly number[], cells: readonly string[]): string {
  return cells
    .map((cell, i) => (i === 0 || i === cells.length - 1 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
    .join(' ')
    .trimEnd();
}

const WIDTHS = [32, 5, 6, 6, 5, 5, 5, 10, 5, 4, 6];

function row({ title, elements, rates, kernel, goal, verdict }: Result): string[] {
  const { probe, kernel: ours, call, plain } = rates;
  return [
    title,
    size(elements),
    ...[probe, ours, call, plain].map(rate),
    kernel.median.toFixed(2),
    spread(kernel),
    bound(kernel),
    goal?.toFixed(2) ?? '',
    verdict ?? '',
  ];
}

function coldLine(cold: Record<string, Cold>): string {
  const loads = Object.values(cold).map(({ init }) => init);
  const calls = Object.entries(cold).map(([name, { call }]) => `${name} ${milliseconds(call)}`);
  return `Cold: the package loads in ${milliseconds(Math.min(...loads))} to ${milliseconds(Math.max(...loads))} ms; then the first call, in ms: ${calls.join(', ')}.`;
}

/** Breaks a sentence into lines. */
function wrapped(text: string, width: number): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (`${lines.at(-1)} ${word}`.length > width) lines.push(word);
    else lines[lines.length - 1] = `${lines.at(-1)} ${word}`.trimStart();
  }
  return lines.join('\n');
}

/** At most 100 columns. */
export function table({ engine, results, cold }: EngineReport): string {
  const titles = ['job', 'size', 'probe', 'kernel', 'call', 'plain', 'ratio', 'p10..p90', '95 %', 'goal', ''];
  return [
    `${engine}: million elements a second, and kernel / probe`,
    line(WIDTHS, titles),
    ...results.map((result) => line(WIDTHS, row(result))),
    ...(Object.keys(cold).length ? [wrapped(coldLine(cold), 100)] : []),
  ].join('\n');
}

function markdownTable({ engine, results, cold }: EngineReport): string {
  const cells = results.map(({ name, title, elements, rates, kernel, overPlain, goal, verdict }) => [
    title,
    size(elements),
    ...[rates.plain, rates.call, rates.kernel, rates.probe].map(rate),
    overPlain ? `${rate(overPlain.median)} x` : '-',
    `${kernel.median.toFixed(2)} (${spread(kernel)})`,
    goal === undefined ? '-' : `${goal.toFixed(2)}, ${verdict}`,
    elements < 2 ** 20 && cold[name] ? `${milliseconds(cold[name].init)} + ${milliseconds(cold[name].call)}` : '-',
  ]);
  const head = [
    'job',
    'elements',
    'plain JS',
    'call',
    'kernel',
    'probe',
    'call / plain',
    'kernel / probe',
    'goal',
    'cold, ms',
  ];
  const rows = [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...cells];
  return [`### ${engine}`, '', ...rows.map((list) => `| ${list.join(' | ')} |`)].join('\n');
}

export function markdown({ date, machine, load, engines }: Report): string {
  return [
    `Million elements a second, medians, on ${machine}, ${date}, load ${load} before the run.`,
    'The probe moves the same bytes and does nothing else; `kernel / probe` is the median (p10..p90) of paired rounds.',
    'A call copies in and out of wasm. Cold: load the package + first call, in a process of its own.',
    '',
    engines.map(markdownTable).join('\n\n'),
    '',
  ].join('\n');
}
