// What is measured: one piece of work, and everyone who can do it.
import type { Fewbits } from '../../web/lib/types.ts';
import { type Contestant, repeated } from './measure.ts';
import type { OnnxRuntime } from './peers/onnx.ts';
import type { BenchWasm, Numbers } from './wasm.ts';

export const SMALL = 65536;
export const LARGE = 16 * 1024 * 1024;

/** A contestant's name, and what stands above its column. */
export const CONTESTANTS = {
  probe: 'probe',
  kernel: 'kernel',
  call: 'call',
  plain: 'plain JS',
  round: 'Math.round',
  floor: 'Math.floor',
  onnx: 'onnxruntime-web, run',
  onnxKernel: 'onnxruntime-web, kernel',
  petamoriken: '@petamoriken/float16',
  native: 'Float16Array',
  tfjs: 'tfjs decodeWeights',
  reference: 'scalar definition',
  ggml: 'ggml, native',
} as const;
export type ContestantName = keyof typeof CONTESTANTS;
export type Contestants = Partial<Record<ContestantName, Contestant>>;

/** The native library, where there is one. */
export interface Ggml {
  version: string;
  quantizer(
    name: string,
  ): ((values: Float32Array, rowLength: number, weights: Float32Array | null, bytes: Uint8Array) => void) | undefined;
  dequantizer(name: string): ((bytes: Uint8Array, values: Float32Array) => void) | undefined;
}

/** What a host has besides the package. */
export interface Peers {
  onnx?: OnnxRuntime;
  ggml?: Ggml;
}

/** Where work is set up. */
export interface Stage {
  wasm: BenchWasm;
  /** SMALL of them: larger work takes them again and again. */
  values: Float32Array;
  peers: Peers;
}

export interface Work {
  /** The package as its users call it. */
  call(fewbits: Fewbits): Numbers;
  /** The right answer. */
  expected(): Numbers;
  /** Everyone but the call. */
  contestants: Contestants;
}

export interface Job {
  /** As --jobs names it. */
  name: string;
  title: string;
  group: 'numbers' | 'blocks';
  /** Also from memory, beyond all caches. */
  large: boolean;
  prepare(stage: Stage, count: number): Promise<Work>;
}

/** The array again and again, up to that length. */
export function tiled<T extends Numbers>(tile: T, length: number): T {
  if (tile.length === length) return tile;
  const all = new (tile.constructor as new (length: number) => T)(length);
  for (let from = 0; from < length; from += tile.length) all.set(tile, from);
  return all;
}

/** Roughly normal, mean 0, variance 1: 12 uniform numbers added. The same everywhere. */
export function sample(count: number, seed = 1): Float32Array {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  });
}

export function callContestant(work: Work, fewbits: Fewbits): Contestant {
  let answer: Numbers | undefined;
  return repeated(
    () => {
      answer = work.call(fewbits);
    },
    { answer: () => answer! },
  );
}
