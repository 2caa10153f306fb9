// What commands on model files have in common: opening, workers, and what Ctrl-C does.
import { readdir, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createPool, FewbitsError, type Pool } from 'fewbits';
import { type ImportanceMatrix, type Model, openImportance, openModel } from 'fewbits/files';
import { visible } from '../lib/containers/words.ts';
import { Progress } from './progress.ts';

const MODEL_FILE = /\.(gguf|safetensors|onnx|npz|npy)$/i;
const INDEX = /\.safetensors\.index\.json$/i;

/** Of a model in parts the first is enough: its siblings are opened with it. */
const LATER_PART = /-0*([2-9]|[1-9]\d+)-of-\d+\.\w+$/;

/** In a folder, such as a clone of a repository, the model that it holds. */
export async function findModel(file: string): Promise<string> {
  const isFolder = await stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return file;
  const names = (await readdir(file)).sort();
  const indexes = names.filter((name) => INDEX.test(name));
  const models = indexes.length > 0 ? indexes : names.filter((name) => MODEL_FILE.test(name) && !LATER_PART.test(name));
  if (models.length === 1) return path.join(file, models[0]!);
  const what = models.length === 0 ? 'no model' : `${models.length} models`;
  const some = models.slice(0, 3).map(visible).join(', ');
  throw new FewbitsError(
    'READ_FAILED',
    `${file} is a folder with ${what}: name a file${some && ` of it, such as ${some}`}.`,
  );
}

export const open = async (file: string): Promise<Model> => openModel(await findModel(file));

export async function openMatrix(file: string | undefined): Promise<{ importance?: ImportanceMatrix }> {
  return file === undefined ? {} : { importance: await openImportance(file) };
}

/** Below so many values workers take longer to start than they save. */
const FEW = 2 ** 22;

export const availableJobs = (): number => os.availableParallelism();

async function startPool(jobs: number, { tensors }: Model): Promise<Pool | undefined> {
  const elements = tensors.reduce((sum, tensor) => sum + tensor.elements, 0);
  return jobs > 1 && elements > FEW ? createPool({ size: jobs }) : undefined;
}

/** A long piece of work on a model: with workers, with progress, and it may be cancelled. */
export interface Running {
  progress: Progress;
  signal: AbortSignal;
  pool?: Pool;
}

/** Ctrl-C, or what a batch system sends, ends the work between two slices; a second one ends the program. */
export async function running<T>(
  { model, jobs = 1 }: { model?: Model; jobs?: number },
  work: (running: Running) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const cancel = (signal: NodeJS.Signals) => controller.abort(new Cancelled(signal));
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.once(signal, cancel);
  const progress = new Progress();
  const pool = model && (await startPool(jobs, model));
  try {
    return await work({ progress, signal: controller.signal, ...(pool && { pool }) });
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error;
  } finally {
    progress.done();
    await pool?.terminate();
    for (const signal of signals) process.off(signal, cancel);
  }
}

/** By a signal. Shells expect 128 and its number as the exit status. */
export class Cancelled extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super('Cancelled: nothing was written.');
    this.exitCode = 128 + os.constants.signals[signal];
  }
}
