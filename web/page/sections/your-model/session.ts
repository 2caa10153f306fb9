// An opened model: what the page shows of it, what it measures, what it converts. Runs in the section's worker, and in Node.
import {
  type Conversion,
  type ConversionProgress,
  convertModel,
  fileMemory,
  type Model,
  openModel,
  planConversion,
} from 'fewbits/files';
import type { Fewbits, ModelConfig, Pool } from '../../../lib/types.ts';
import { Formats } from './formats.ts';
import { type Loss, lossesOf } from './measure.ts';
import {
  heatOf,
  LABELLED,
  type MemoryView,
  newName,
  type Options,
  type Row,
  type Sort,
  sayDecibels,
  type Tiles,
  type View,
} from './options.ts';
import { choicesFor, ladderFor, type Planned, planFor, type Subject } from './planning.ts';

/** So many tensors are rectangles of their own. */
const TILES = 600;
const FIRST_ROWS = 11;
/** Numbers that go from a model to the rest of the page. */
const MOST_VALUES = 10_000_000;

interface Opened extends Subject {
  id: number;
  isExample: boolean;
  name: string;
  files: number;
  chosen: Map<number, string>;
  losses: Map<string, Loss>[];
  config?: ModelConfig;
  /** What could not be measured: a sentence of the first failure. */
  failure: string;
  /** How often choices were made and tensors measured: plans are good as long as they stay the same. */
  choices: number;
  measurements: number;
}

export interface RowsRequest {
  options: Options;
  sort: Sort;
  start: number;
  count: number;
}

export class ModelSession {
  private opened!: Opened;
  private planned: { key: string; result: Planned | { problem: string } } | undefined;
  private measuring: { key: string; index: number; steps: ReturnType<typeof lossesOf> } | undefined;
  private lastId = -1;
  private readonly formats: Formats;

  constructor(
    private readonly fewbits: Fewbits,
    private readonly pool?: Pool,
  ) {
    this.formats = new Formats(fewbits);
  }

  /**
   * Opens a model; the one before stays where that fails. A config.json among the files tells of its layers; alone, of the
   * model that is open.
   * @throws as `openModel`
   */
  async open(files: readonly File[], isExample = false): Promise<void> {
    const isConfig = ({ name }: File) => /(^|[/\\])config\.json$/i.test(name);
    const configFile = files.find(isConfig);
    const config = configFile && (await readConfig(configFile));
    const others = files.filter((file) => !isConfig(file));
    if (others.length === 0 && config) {
      this.opened = { ...this.opened, config };
      return;
    }
    // A checkpoint's config.json also says how it is quantized: the library looks for it beside the weights.
    const model = await openModel(files.length === 1 ? files[0]! : [...files], { fewbits: this.fewbits });
    const before = this.opened;
    this.opened = {
      ...{ model, id: ++this.lastId, isExample, name: nameOf(model, others), files: others.length },
      ...{ candidates: candidatesOf(model), chosen: new Map(), failure: '', choices: 0, measurements: 0 },
      losses: model.tensors.map(() => new Map()),
      ...(config && { config }),
    };
    await before?.model.close();
  }

  /** Chooses a tensor's type by hand, or gives it back; without an index, all of them. */
  choose(index: number | undefined, type = ''): void {
    const { chosen } = this.opened;
    if (index === undefined) chosen.clear();
    else if (type === '') chosen.delete(index);
    else chosen.set(index, type);
    this.opened.choices++;
  }

  view(options: Options): View {
    const { opened } = this;
    const { model } = opened;
    const plan = this.plan(options);
    const conversion = 'conversion' in plan ? plan.conversion : undefined;
    const rows = this.rowsOf(options, conversion);
    const worst = worstOf(rows);
    return {
      ...{ id: opened.id, isExample: opened.isExample, name: opened.name, format: model.format, files: opened.files },
      tensors: model.tensors.length,
      weights: model.tensors.reduce((sum, { elements }) => sum + elements, 0),
      bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0),
      notes: notesOn(model),
      newName: newName(opened.name, options),
      newBytes: conversion?.byteLength ?? null,
      problem: 'problem' in plan ? plan.problem : opened.failure,
      reasons: reasonsOf(rows),
      recipeProblem: recipeProblemOf(model),
      reach: 'reach' in plan ? plan.reach : null,
      chosen: opened.chosen.size,
      measured: this.progress(options, rows),
      worst: worst && { ...worst, choices: choicesFor(this.formats, opened, worst.index, options) },
      tiles: tilesOf(rows),
      rows: rows.slice(0, FIRST_ROWS).map((row) => this.withChoices(row, options)),
      memory: conversion ? memoryOf(opened, conversion, options) : null,
    };
  }

  /** Some rows of the table, in the reader's order. */
  rows({ options, sort, start, count }: RowsRequest): Row[] {
    const rows = sorted(this.rowsFor(options), sort);
    return rows.slice(start, start + count).map((row) => this.withChoices(row, options));
  }

  /** Undefined where the model, since it was asked about, has given way to another. */
  row(index: number, options: Options): Row | undefined {
    const row = this.rowsFor(options)[index];
    return row && this.withChoices(row, options);
  }

  /** Measures for about so many milliseconds, what was asked for first, then the largest; the view as it is then. */
  async measure({ options, first, budget }: { options: Options; first: number[]; budget: number }): Promise<View> {
    const end = performance.now() + budget;
    const rows = this.rowsFor(options);
    const bySize = sorted(rows, { key: 'bytes', descending: true });
    const inOrder = [...first.flatMap((index) => rows[index] ?? []), ...bySize].values();
    do {
      if (this.measuring?.key !== this.measureKey(options) && !this.startMeasuring(options, inOrder)) break;
      await this.step();
    } while (performance.now() < end);
    return this.view(options);
  }

  /** A tensor's numbers for the rest of the page; of a large one its first rows, and a note that says so. */
  async read(index: number) {
    const { model, name: file } = this.opened;
    const { name, shape, elements } = model.tensors[index]!;
    const row = Math.max(1, shape.at(-1) ?? 1);
    const isWhole = elements <= MOST_VALUES;
    const rows = Math.floor(MOST_VALUES / row);
    const end = isWhole ? elements : rows > 0 ? rows * row : MOST_VALUES;
    const values = await model.read(name, { end });
    return {
      ...{ name: `${name || 'array'}, ${file}`, values },
      shape: isWhole ? (shape.length > 0 ? shape : [1]) : rows > 0 ? [rows, row] : [MOST_VALUES],
      note: isWhole ? '' : `The first ${end.toLocaleString('en')} of its ${elements.toLocaleString('en')} numbers.`,
    };
  }

  /** What would be written, and how many bytes. @throws as `planConversion` */
  async prepared(options: Options): Promise<Conversion> {
    const plan = this.plan(options);
    if ('problem' in plan) throw new Error(plan.problem);
    return plan.conversion;
  }

  /** @throws as `convertModel` */
  convert(
    sink: unknown,
    options: Options,
    signal: AbortSignal,
    onProgress: (progress: ConversionProgress) => void,
  ): Promise<Conversion> {
    const plan = this.plan(options);
    if ('problem' in plan) return Promise.reject(new Error(plan.problem));
    const { pool } = this;
    return convertModel(this.opened.model, sink, { ...plan.options, signal, onProgress, ...(pool && { pool }) });
  }

  /** One tensor alone as .npy. */
  async convertTensor(index: number): Promise<{ name: string; blob: Blob }> {
    const { model } = this.opened;
    const { name } = model.tensors[index]!;
    const { blob } = await convertModel(model, 'blob', { to: 'npy', tensor: name });
    return { name: `${name.replaceAll(/[^\w.-]+/g, '_') || 'array'}.npy`, blob: blob! };
  }

  // --- planning ------------------------------------------------------------------------------------------------------

  private plan(options: Options): Planned | { problem: string } {
    const { id, choices, measurements } = this.opened;
    const { by, type, recipe, size, to, plain } = options;
    const key = JSON.stringify([id, by, type, recipe, size, to, plain, choices, isForSize(options) && measurements]);
    if (this.planned?.key === key) return this.planned.result;
    let result: Planned | { problem: string };
    try {
      result = planFor(this.formats, this.opened, options);
    } catch (error) {
      result = { problem: (error as Error).message };
    }
    this.planned = { key, result };
    return result;
  }

  private rowsFor(options: Options): Row[] {
    const plan = this.plan(options);
    return this.rowsOf(options, 'conversion' in plan ? plan.conversion : undefined);
  }

  private rowsOf(options: Options, conversion: Conversion | undefined): Row[] {
    const { model, losses, chosen } = this.opened;
    return model.tensors.map(({ name, shape, type, storedType, byteLength }, index) => {
      const next = conversion?.tensors[index];
      const kept = !next || next.type === type || !this.formats.isReal(type);
      const loss = kept ? undefined : losses[index]!.get(next.type!);
      const isCurrent = loss !== undefined && !(options.every && loss.approximate);
      return {
        ...{ index, name, shape, storedType, bytes: byteLength },
        ...{ type: next?.type ?? type ?? storedType, newBytes: next?.byteLength ?? byteLength },
        reason: next?.reason ?? '',
        sqnrDb: kept ? Number.POSITIVE_INFINITY : isCurrent ? loss.sqnrDb : null,
        approximate: isCurrent && loss.approximate,
        chosen: chosen.get(index) ?? '',
        choices: [],
      };
    });
  }

  private withChoices(row: Row, options: Options): Row {
    return { ...row, choices: choicesFor(this.formats, this.opened, row.index, options) };
  }

  // --- measuring -----------------------------------------------------------------------------------------------------

  /** Types that are wanted of a tensor and not yet measured. */
  private missing({ index, type }: Row, options: Options): string[] {
    const { model, candidates, losses, failure } = this.opened;
    if (failure !== '') return [];
    const own = model.tensors[index]!.type;
    const wanted = new Set(type !== own && this.formats.isReal(own) ? [type] : []);
    if (isForSize(options) && candidates.has(index))
      for (const other of ladderFor(this.formats, this.opened, index)) wanted.add(other);
    return [...wanted].filter((other) => {
      const loss = losses[index]!.get(other);
      return !loss || (options.every && loss.approximate);
    });
  }

  private progress(options: Options, rows: readonly Row[]): View['measured'] {
    const { candidates } = this.opened;
    const concerned = rows.filter(
      ({ index, sqnrDb }) => sqnrDb !== Number.POSITIVE_INFINITY || (isForSize(options) && candidates.has(index)),
    );
    const done = concerned.filter((row) => this.missing(row, options).length === 0).length;
    return { done, of: concerned.length, approximate: rows.some(({ approximate }) => approximate) };
  }

  /** Begins with the next tensor of which something is missing; none before it is looked at again. */
  private startMeasuring(options: Options, inOrder: Iterator<Row>): boolean {
    this.measuring = undefined;
    const { model } = this.opened;
    for (let next = inOrder.next(); !next.done; next = inOrder.next()) {
      const { index } = next.value;
      const types = this.missing(next.value, options);
      if (types.length === 0) continue;
      const steps = lossesOf(this.fewbits, model, model.tensors[index]!, types, options.every);
      this.measuring = { key: this.measureKey(options), index, steps };
      return true;
    }
    return false;
  }

  private measureKey({ every }: Options): string {
    return `${this.opened.id} ${every}`;
  }

  private async step(): Promise<void> {
    const { index, steps } = this.measuring!;
    const { opened } = this;
    try {
      const { done, value } = await steps.next();
      if (!done) return;
      for (const [type, loss] of value) opened.losses[index]!.set(type, loss);
    } catch (error) {
      opened.failure = `${opened.model.tensors[index]!.name}: ${(error as Error).message}`;
    }
    opened.measurements++;
    this.measuring = undefined;
  }
}

// --- small things ----------------------------------------------------------------------------------------------------

const isForSize = ({ by, to }: Options) => by === 'size' && to === 'gguf';

/** What a reader would call it: the file's name; of several, what they have in common. */
function nameOf({ format }: Model, files: readonly File[]): string {
  const named = files.find(({ name }) => !name.endsWith('.json')) ?? files[0];
  const name = named?.name.split(/[/\\]/).at(-1) ?? format;
  return name.replace(/-\d{5}-of-\d{5}(?=\.\w+$)/, '');
}

/** Tensors that get another type at all: the library's own answer. None where the model cannot go into a GGUF. */
function candidatesOf(model: Model): Set<number> {
  try {
    const { tensors } = planConversion(model, { to: 'gguf', type: 'float16' });
    return new Set(tensors.flatMap(({ reason }, index) => (reason === 'the type for all' ? [index] : [])));
  } catch {
    return new Set();
  }
}

async function readConfig(file: File): Promise<ModelConfig> {
  try {
    return JSON.parse(await file.text());
  } catch {
    throw new Error(`${file.name} is not JSON. A model’s config.json is wanted here.`);
  }
}

function notesOn({ quantization, notes }: Model): string[] {
  if (!quantization) return [...notes];
  const { method, format, bits, layers } = quantization;
  const what = [method, format, bits && `${bits} bits`].filter(Boolean).join(', ');
  return [
    `The weights of ${layers} layers are quantized already, in a scheme of their own (${what}): they are shown as they are stored.`,
    ...notes,
  ];
}

const recipeProblemOf = ({ format, metadata }: Model) =>
  format === 'gguf' && typeof metadata.get('general.architecture') === 'string'
    ? ''
    : 'Recipes go by the names in llama.cpp’s GGUF files, which this model does not have.';

/** Rows that do not fit, and what a file format does not have; with how many tensors that befalls. */
function reasonsOf(rows: readonly Row[]): View['reasons'] {
  const counts = new Map<string, number>();
  for (const { reason } of rows)
    if (/^rows of | has no /.test(reason)) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}

function worstOf(rows: readonly Row[]): View['worst'] {
  const measured = rows.filter(
    (row): row is Row & { sqnrDb: number } => row.sqnrDb !== null && row.sqnrDb !== Number.POSITIVE_INFINITY,
  );
  return measured.length === 0 ? null : measured.reduce((worst, row) => (row.sqnrDb < worst.sqnrDb ? row : worst));
}

function tilesOf(rows: readonly Row[]): Tiles {
  const all = sorted(rows, { key: 'bytes', descending: true }).filter(({ bytes }) => bytes > 0);
  const shown = all.slice(0, TILES);
  const others = all.slice(TILES);
  return {
    index: shown.map(({ index }) => index),
    bytes: shown.map(({ bytes }) => bytes),
    heat: shown.map(({ sqnrDb }) => (sqnrDb === null ? -1 : heatOf(sqnrDb))),
    names: shown.slice(0, LABELLED).map(({ name }) => name),
    decibels: shown.slice(0, LABELLED).map(sayDecibels),
    others: { count: others.length, bytes: others.reduce((sum, { bytes }) => sum + bytes, 0) },
  };
}

/** Ties stay in the file's order. What is not measured comes last. */
function sorted(rows: readonly Row[], { key, descending }: Sort): Row[] {
  const sign = descending ? -1 : 1;
  const compare = (a: Row, b: Row): number => {
    if (key === 'name') return sign * (a.name < b.name ? -1 : Number(a.name > b.name));
    if (a[key] === null || b[key] === null) return Number(a[key] === null) - Number(b[key] === null);
    return a[key] === b[key] ? 0 : sign * (a[key] < b[key] ? -1 : 1);
  };
  return [...rows].sort((a, b) => compare(a, b) || a.index - b.index);
}

function memoryOf({ model, config }: Opened, { tensors }: Conversion, { context }: Options): MemoryView {
  const asked = { tensors, context, batch: 1 };
  const reckoned = () => {
    if (!config) return fileMemory(model, asked);
    try {
      return fileMemory(model, { ...asked, config });
    } catch (error) {
      const plain = fileMemory(model, asked);
      return { ...plain, assumptions: [`config.json: ${(error as Error).message}`, ...plain.assumptions] };
    }
  };
  const { terms, weights, total = weights, kvCache, assumptions } = reckoned();
  return {
    terms: terms.map(({ name, formula, bytes }) => ({ name, formula, bytes })),
    ...{ total, hasCache: kvCache !== undefined, notes: assumptions },
  };
}
