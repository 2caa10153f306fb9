// What a type keeps of a tensor: of all its weights, or of a sample where they are many.
import type { Model, ModelTensor } from 'fewbits/files';
import type { BlockFormatName, Fewbits, NumberFormatName } from '../../../lib/types.ts';
import { SAMPLE } from './options.ts';

export interface Loss {
  /** 10 log10 of sum w² / sum (w − w′)²; Infinity where nothing is lost. */
  sqnrDb: number;
  /** sum (w − w′)² / sum w² */
  error: number;
  /** Of a sample. */
  approximate: boolean;
}

/** A sample comes from so many places. */
const PLACES = 8;
/** Of longer rows a piece is tried: a multiple of every block. */
const LONGEST = 2 ** 16;
const SLICE = 2 ** 20;

interface Range {
  start: number;
  end: number;
}

/** Pieces of whole blocks: all of the tensor, or a few that lie evenly in it. */
export function piecesOf({ shape, elements }: Pick<ModelTensor, 'shape' | 'elements'>, every: boolean): Range[] {
  const unit = Math.min(shape.at(-1) ?? 1, LONGEST);
  const units = Math.ceil(elements / unit);
  const per = (values: number) => Math.max(1, Math.floor(values / unit));
  const range = (from: number, to: number) => ({ start: from * unit, end: Math.min(elements, to * unit) });
  if (every || elements <= SAMPLE) {
    const step = per(SLICE);
    return Array.from({ length: Math.ceil(units / step) }, (_, i) => range(i * step, (i + 1) * step));
  }
  const length = Math.min(per(SAMPLE / PLACES), Math.floor(units / PLACES));
  const places = Math.min(PLACES, units);
  return Array.from({ length: places }, (_, i) => {
    const from = Math.floor((i * (units - Math.max(1, length))) / Math.max(1, places - 1));
    return range(from, from + Math.max(1, length));
  });
}

interface Sums {
  type: string;
  error: number;
  signal: number;
}

/**
 * Tries the types on one piece after the other, and gives way after each.
 * @throws NON_FINITE, and what reading throws
 */
export async function* lossesOf(
  fewbits: Fewbits,
  model: Model,
  tensor: ModelTensor,
  types: readonly string[],
  every: boolean,
): AsyncGenerator<undefined, Map<string, Loss>> {
  const sums: Sums[] = types.map((type) => ({ type, error: 0, signal: 0 }));
  for (const range of piecesOf(tensor, every)) {
    const values = await model.read(tensor.name, range);
    for (const sum of sums) addErrors(sum, values, keptBy(fewbits, sum.type, values));
    yield;
  }
  const approximate = !every && tensor.elements > SAMPLE;
  return new Map(
    sums.map(({ type, error, signal }) => [
      type,
      {
        sqnrDb: error === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(signal / error),
        error: signal === 0 ? 0 : error / signal,
        approximate,
      },
    ]),
  );
}

function keptBy(fewbits: Fewbits, type: string, values: Float32Array): Float32Array {
  if (!fewbits.blockFormats.some(({ name }) => name === type)) return fewbits.cast(values, type as NumberFormatName);
  const bytes = fewbits.quantizeBlocks(values, type as BlockFormatName, { rowLength: values.length });
  return fewbits.dequantizeBlocks(bytes, type as BlockFormatName);
}

function addErrors(sum: Sums, values: Float32Array, kept: Float32Array): void {
  let [error, signal] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const difference = values[i]! - kept[i]!;
    error += difference * difference;
    signal += values[i]! * values[i]!;
  }
  sum.error += error;
  sum.signal += signal;
}
