// A run's results, for a terminal, for a document, and in a few rows for the README.
import type { Cold, Comparison, GoalResult, Result } from './harness.ts';
import { CONTESTANTS, type ContestantName } from './job.ts';
import { isNoisy, type Ratio, type Verdict } from './statistics.ts';

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
  /** The peers' versions. */
  peers: string;
  engines: EngineReport[];
}

type Group = Result['group'];
const COLUMNS: Record<Group, ContestantName[]> = {
  numbers: [
    'probe',
    'kernel',
    'call',
    'plain',
    'round',
    'floor',
    'onnx',
    'onnxKernel',
    'petamoriken',
    'native',
    'tfjs',
  ],
  blocks: ['probe', 'kernel', 'call', 'reference', 'ggml'],
};
const TITLES: Record<Group, string> = { numbers: 'Numbers', blocks: 'Blocks' };
const GROUPS = Object.keys(COLUMNS) as Group[];

/** What fits above a column of a terminal. */
const SHORT: Partial<Record<ContestantName, string>> = {
  plain: 'plain',
  round: 'round',
  floor: 'floor',
  onnx: 'ort run',
  onnxKernel: 'ort kern',
  petamoriken: 'f16 npm',
  native: 'f16 own',
  tfjs: 'tfjs',
  reference: 'scalar',
  ggml: 'ggml',
};

const isSmall = ({ elements }: Result) => elements < 2 ** 20;
const size = ({ elements }: Result) => (elements >= 2 ** 20 ? `${elements / 2 ** 20} Mi` : `${elements / 2 ** 10} Ki`);
/** Three digits. */
const rate = (millions: number | undefined) =>
  millions === undefined ? '-' : Number(millions.toPrecision(3)).toLocaleString('en');
const ratioText = (value: number) => (value < 9.995 ? value.toFixed(2) : value.toFixed(1));
const spread = ({ p10, p90 }: Ratio) => `${ratioText(p10)}..${ratioText(p90)}`;
const bound = ({ lower }: Ratio) => (Number.isFinite(lower) ? ratioText(lower) : '-');
const milliseconds = (time: number) => (time < 9.95 ? time.toFixed(1) : time.toFixed(0));
const compared = (result: Result | undefined, of: Comparison['of'], over: ContestantName) =>
  result?.comparisons.find((comparison) => comparison.of === of && comparison.over === over)?.ratio;
const coldCell = (result: Result, cold: Record<string, Cold>) => {
  const found = isSmall(result) && cold[result.name];
  return found ? milliseconds(found.call) : '';
};

/** Columns that anyone has a figure for. */
const columnsOf = (group: Group, results: Result[]) =>
  COLUMNS[group].filter((name) => results.some(({ rates }) => rates[name] !== undefined));

/** A line for each group: how many goals came out how. */
function tally(results: Result[]): string {
  const counts: Record<Verdict, number> = { met: 0, open: 0, missed: 0, noisy: 0 };
  for (const { goals } of results) for (const { verdict } of goals) counts[verdict]++;
  return Object.entries(counts)
    .map(([verdict, count]) => `${count} ${verdict}`)
    .join(', ');
}

function coldLine(cold: Record<string, Cold>): string[] {
  const loads = Object.values(cold).map(({ init }) => init);
  if (!loads.length) return [];
  return [`Cold: the package loads in ${milliseconds(Math.min(...loads))} to ${milliseconds(Math.max(...loads))} ms.`];
}

// --- terminal ----------------------------------------------------------------------------------------------------------

/** Columns as wide as their widest cell, the first to the left. */
function aligned(rows: readonly string[][]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  );
}

function ratesTable(group: Group, all: Result[], cold: Record<string, Cold>): string[] {
  const results = all.filter((result) => result.group === group);
  if (!results.length) return [];
  const columns = columnsOf(group, results);
  const head = ['', 'size', ...columns.map((name) => SHORT[name] ?? name), 'cold'];
  const rows = results.map((result) => [
    result.name,
    size(result),
    ...columns.map((name) => rate(result.rates[name])),
    coldCell(result, cold),
  ]);
  return ['', ...aligned([head, ...rows])];
}

const beyond = ({ wished }: GoalResult) => (wished ? `${wished.ratio}: ${wished.verdict}` : '');

function goalsTable(results: Result[]): string[] {
  const head = ['', 'size', 'kernel over', 'ratio', 'p10..p90', '95 %', 'goal', '', 'wished'];
  const rows = results.flatMap((result) =>
    result.goals.map((goal) => [
      result.name,
      size(result),
      SHORT[goal.over] ?? goal.over,
      ratioText(goal.ratio.median),
      spread(goal.ratio),
      bound(goal.ratio),
      String(goal.least),
      goal.verdict,
      beyond(goal),
    ]),
  );
  return rows.length ? ['', ...aligned([head, ...rows]), `Goals: ${tally(results)}.`] : [];
}

/** At most 120 columns. */
export function table({ engine, results, cold }: EngineReport): string {
  return [
    `${engine}: million elements a second; cold: the first call, in ms`,
    ...GROUPS.flatMap((group) => ratesTable(group, results, cold)),
    ...goalsTable(results),
    ...coldLine(cold),
  ].join('\n');
}

// --- document ----------------------------------------------------------------------------------------------------------

/** The first column to the left. */
function markdownRows(head: readonly string[], rows: readonly string[][]): string[] {
  const rule = head.map((_, i) => (i === 0 ? '---' : '---:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

const cellOf = (ratio: Ratio | undefined) => (ratio ? `${ratioText(ratio.median)} (${spread(ratio)})` : '-');

function markdownRates(group: Group, all: Result[], cold: Record<string, Cold>): string[] {
  const results = all.filter((result) => result.group === group);
  if (!results.length) return [];
  const columns = columnsOf(group, results);
  const over = (['probe', 'reference', 'ggml', 'onnxKernel'] as const).filter((name) => columns.includes(name));
  const head = ['', 'elements', ...columns.map((name) => CONTESTANTS[name])];
  const ratios = over.map((name) => `kernel / ${CONTESTANTS[name]}`);
  const rows = results.map((result) => [
    result.title,
    size(result),
    ...columns.map((name) => rate(result.rates[name])),
    ...over.map((name) => cellOf(compared(result, 'kernel', name))),
    coldCell(result, cold),
  ]);
  return [`#### ${TITLES[group]}`, '', ...markdownRows([...head, ...ratios, 'first call, ms'], rows), ''];
}

function markdownGoals(results: Result[]): string[] {
  const rows = results.flatMap((result) =>
    result.goals.map((goal) => [
      result.title,
      size(result),
      `kernel / ${CONTESTANTS[goal.over]}`,
      cellOf(goal.ratio),
      bound(goal.ratio),
      `${goal.least}, ${goal.verdict}`,
      beyond(goal),
    ]),
  );
  if (!rows.length) return [];
  const head = ['', 'elements', 'ratio', 'median (p10..p90)', '95 %', 'goal', 'wished'];
  return [`#### Goals: ${tally(results)}`, '', ...markdownRows(head, rows), ''];
}

const engineDocument = ({ engine, results, cold }: EngineReport) => [
  `### ${engine}`,
  '',
  ...coldLine(cold),
  '',
  ...GROUPS.flatMap((group) => markdownRates(group, results, cold)),
  ...markdownGoals(results),
];

const HEADLINES = ['absmax', 'int8', 'dynamic', 'int8-decode', 'float16', 'float16-decode', 'e4m3'];
const BLOCK_HEADLINES = ['q8_0', 'q4_0', 'q2_k', 'q3_k', 'q4_k', 'q5_k', 'q6_k', 'q4_k-importance', 'iq4_xs', 'mxfp4'];

/**
 * A few rows: rates in the last engine, how often faster a call is than others' calls there, and how often faster a
 * kernel is than the definition there and than native ggml, which only Node can call. Where rounds differ too much for a
 * verdict, their p10..p90.
 */
export function headline({ date, machine, load, engines }: Report): string {
  const last = engines.at(-1)!;
  const find = (name: string, { results }: EngineReport) =>
    results.find((result) => result.name === name && isSmall(result));
  const times = (ratio: Ratio | undefined) => {
    if (!ratio) return '';
    const short = (value: number) => Number(value.toPrecision(2));
    return isNoisy(ratio) ? `${short(ratio.p10)}..${short(ratio.p90)} x` : `${short(ratio.median)} x`;
  };
  const rows = [...HEADLINES, ...BLOCK_HEADLINES].flatMap((name) => {
    const result = find(name, last);
    if (!result) return [];
    const native = engines.map((engine) => compared(find(name, engine), 'kernel', 'ggml')).find((ratio) => ratio);
    return [
      [
        result.title,
        rate(result.rates.kernel),
        rate(result.rates.call),
        times(compared(result, 'call', 'plain')),
        times(compared(result, 'call', 'onnx')),
        times(compared(result, 'kernel', 'reference')),
        times(native),
      ],
    ];
  });
  const head = [
    '',
    'kernel',
    'call',
    'call / plain JS',
    'call / onnxruntime-web',
    'kernel / scalar',
    'kernel / native ggml',
  ];
  return [
    `Million elements a second at 64 Ki elements, one thread, ${last.engine}, ${machine}, others' load ${load}, ${date}:`,
    '',
    ...markdownRows(head, rows),
  ].join('\n');
}

export function markdown(report: Report): string {
  const { date, machine, load, peers, engines } = report;
  return [
    `# Speed, ${date}`,
    '',
    `Million elements a second, medians, one thread, on ${machine}, load ${load} before the run. Peers: ${peers}.`,
    '',
    'The probe moves the same bytes and does nothing else. A call copies in and out of wasm; so does a run of onnxruntime-web, whose kernel is a 64th part of a run of 64 operators. The scalar definition is compiled as the kernel is. ggml runs natively on one thread. Ratios are medians (p10..p90) of paired rounds; 95 %: their lower bound. First calls are of processes of their own, after the package has loaded. All outputs are the same, bit for bit, but for Math.round and Math.floor, which take ties upwards.',
    '',
    ...engines.flatMap(engineDocument),
  ].join('\n');
}
