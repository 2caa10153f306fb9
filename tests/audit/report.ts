// What the audit found, beside the budget, for a terminal.
import path from 'node:path';
import { quantile } from '../bench/statistics.ts';
import { BUDGET, type sizesOf } from '../page/budget.ts';
import type { Answer, InputReport, Parts } from './input.ts';
import type { Reading, Shift } from './load.ts';

/** Of every run. */
export type Timings = Record<keyof typeof BUDGET.loading, number[]>;

export interface Loading extends Timings {
  /** The page's scripts that were fetched while nobody touched it, and their bytes, gzipped. */
  first: Record<string, number>;
  /** What moved in the last run. */
  shifts: Shift[];
}

export interface Audit {
  date: string;
  machine: string;
  /** Others' work when the audit began, as processors that it keeps busy. */
  load: string;
  /** Whether that makes times too long. */
  busy: boolean;
  browser: string;
  sizes: ReturnType<typeof sizesOf>;
  phone: Loading;
  desktop: Loading;
  /** What moved while the page was read, by the width of the screen. */
  reading: (Reading & { width: number; cls: number })[];
  input: InputReport;
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
const milliseconds = (time: number) => `${time.toFixed(0)} ms`;
const shift = (value: number) => value.toFixed(3);
const verdict = (value: number, budget: number) => (value <= budget ? 'ok' : 'OVER');
const p50 = (values: readonly number[]) => quantile(values, 0.5);
const p10 = (values: readonly number[]) => quantile(values, 0.1);
const p95 = (values: readonly number[]) => quantile(values, 0.95);

const WIDTHS = [46, 10, 10, 5];

/** A title of 46 columns, then numbers to the right, then what has no end. */
function line(title: string, ...cells: readonly string[]): string {
  const [value = '', budget = '', judged = '', note = ''] = cells;
  const [first, second, third, fourth] = WIDTHS as [number, number, number, number];
  const padded = [value.padStart(second), budget.padStart(third), judged.padStart(fourth), ` ${note}`];
  return `${title.padEnd(first)} ${padded.join(' ')}`.trimEnd();
}

/** A list in lines of at most 100 columns; none for an empty one. */
function wrapped(start: string, items: readonly string[]): string[] {
  const lines: string[] = [];
  for (const [i, item] of items.entries()) {
    const piece = i < items.length - 1 ? `${item}, ` : item;
    const last = lines.at(-1) ?? start;
    if (lines.length && (last + piece).length <= 101) lines[lines.length - 1] = last + piece;
    else lines.push((lines.length ? '  ' : start) + piece);
  }
  return lines.map((text) => text.trimEnd());
}

const SIZES: Record<keyof Audit['sizes'], string> = {
  scripts: 'JavaScript but for models',
  modelScripts: 'JavaScript for models',
  text: 'HTML and CSS',
  wasm: 'wasm',
  fonts: 'fonts, not gzipped',
};
const LOADING: Record<keyof Timings, [title: string, unit: (value: number) => string]> = {
  fcp: ['first contentful paint', milliseconds],
  lcp: ['largest contentful paint', milliseconds],
  tbt: ['total blocking time', milliseconds],
  cls: ['layout shift', shift],
};
const keys = <Key extends string>(record: Record<Key, unknown>) => Object.keys(record) as Key[];

const sizeLine = (title: string, value: number, budget: number) =>
  line(title, kilobytes(value), kilobytes(budget), verdict(value, budget));

const sizeLines = (sizes: Audit['sizes']) =>
  keys(SIZES).map((key) => sizeLine(SIZES[key], sizes[key], BUDGET.sizes[key]));

/** Scripts of the page that came without an interaction; its worker's, which come when it is idle, do not count. */
function firstLines(device: string, { first }: Loading): string[] {
  const files = Object.entries(first).toSorted(([, a], [, b]) => b - a);
  const total = files.reduce((sum, [, bytes]) => sum + bytes, 0);
  const names = files.map(
    ([file, bytes]) => `${path.basename(file).replace(/(-[\w-]{8})?\.js$/, '')} ${(bytes / 1000).toFixed(1)}`,
  );
  return [
    sizeLine(`JavaScript before any interaction, ${device}`, total, BUDGET.sizes.firstScripts),
    ...wrapped('  ', names),
  ];
}

const loadingLines = (loading: Loading) =>
  keys(LOADING).map((key) => {
    const [title, unit] = LOADING[key];
    const [values, budget] = [loading[key], BUDGET.loading[key]];
    const spread = `${unit(Math.min(...values))} to ${unit(Math.max(...values))}`;
    return line(title, unit(p50(values)), unit(budget), verdict(p50(values), budget), spread);
  });

const desktopLine = (loading: Loading) =>
  `as it is, 1280 wide: ${keys(LOADING)
    .map((key) => `${key} ${LOADING[key][1](p50(loading[key]))}`)
    .join(', ')}`;

/** The largest shifts, with what moved first. */
const movedLines = (shifts: readonly Shift[]) =>
  shifts
    .toSorted((a, b) => b.value - a.value)
    .slice(0, 5)
    .filter(({ value }) => value >= 0.0005)
    .map(({ value, moved }) => `  ${shift(value)}  ${moved[0] ?? 'unknown'}`.slice(0, 100));

const readingLines = ({ width, cls, shifts, grown }: Audit['reading'][number]) => [
  line(
    `layout shift while reading, ${width} wide`,
    shift(cls),
    shift(BUDGET.loading.cls),
    verdict(cls, BUDGET.loading.cls),
  ),
  ...movedLines(shifts),
  ...wrapped(
    '  Height changes when a figure wakes up: ',
    Object.entries(grown).map(([figure, by]) => `${figure} ${by > 0 ? '+' : '−'}${Math.abs(by)} px`),
  ),
];

const or = (values: readonly number[], unit: (values: readonly number[]) => number) =>
  values.length ? milliseconds(unit(values)) : '–';

const PARTS: readonly (keyof Parts)[] = ['event', 'worker', 'drawing', 'frame'];

const inputLine = (title: string, ...cells: readonly string[]) =>
  [title.padEnd(27), ...cells.map((cell, i) => cell.padStart([6, 7, 7, 4, 6, 7, 7, 7, 8, 6][i]!))].join(' ').trimEnd();

function answerLine({ figure, control, paint, parts, unchanged, message }: Answer): string {
  return inputLine(
    `${figure}: ${control}`,
    or(paint, p10),
    or(paint, p50),
    or(paint, p95),
    paint.length ? verdict(p95(paint), BUDGET.input.paint) : '',
    ...PARTS.map((part) =>
      or(
        parts.map((one) => one[part]),
        p50,
      ),
    ),
    kilobytes(message),
    unchanged ? `${unchanged} same` : '',
  );
}

/** The slowest control, if any was measured. */
export const slowest = ({ answers }: InputReport) =>
  answers.filter(({ paint }) => paint.length).toSorted((a, b) => p95(b.paint) - p95(a.paint))[0];

function inputLines(input: InputReport): string[] {
  const worst = slowest(input);
  const message = Math.max(0, ...input.answers.map((answer) => answer.message));
  const all = input.answers.flatMap(({ paint }) => paint);
  return [
    inputLine('figure: control', 'p10', 'p50', 'p95', '', ...PARTS, 'message'),
    ...input.answers.map(answerLine),
    '',
    ...(worst
      ? [
          line(
            'all inputs, p95',
            or(all, p95),
            milliseconds(BUDGET.input.paint),
            verdict(p95(all), BUDGET.input.paint),
          ),
          line(
            'the slowest control, p95',
            or(worst.paint, p95),
            milliseconds(BUDGET.input.paint),
            verdict(p95(worst.paint), BUDGET.input.paint),
            worst.figure,
          ),
        ]
      : []),
    line(
      'largest message from the worker',
      kilobytes(message),
      kilobytes(BUDGET.input.message),
      verdict(message, BUDGET.input.message),
    ),
    ...(input.missing.length
      ? [`Not measured, for tests/audit/controls.ts names none of theirs: ${input.missing.join(', ')}`]
      : []),
  ];
}

/** At most 100 columns. */
export function table(audit: Audit): string {
  const { sizes, phone, desktop, reading, input } = audit;
  return [
    `${audit.browser} on ${audit.machine}, load ${audit.load} before, ${audit.date}`,
    ...(audit.busy ? ['The machine was busy: the times are too long.'] : []),
    '',
    line('SIZE, gzipped', 'found', 'budget'),
    ...firstLines('phone', phone),
    ...firstLines('desktop', desktop),
    ...sizeLines(sizes),
    '',
    line('LOADING, phone (4 x slower, 150 ms, 1.6 Mbit/s)', 'median', 'budget', '', 'least to most'),
    ...loadingLines(phone),
    ...movedLines(phone.shifts),
    desktopLine(desktop),
    ...reading.flatMap(readingLines),
    '',
    `INPUT TO PAINT at 1,000,000 values, as it is: p95 at most ${milliseconds(BUDGET.input.paint)}`,
    'From event to frame: where it went, medians. Message: the largest from the worker.',
    ...inputLines(input),
  ].join('\n');
}
