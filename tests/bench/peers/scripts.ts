// Peers in JavaScript, from npm and from the engine itself.
import { Float16Array as PackageFloat16Array } from '@petamoriken/float16';
import '@tensorflow/tfjs-core/dist/flags.js';
import { ENGINE } from '@tensorflow/tfjs-core/dist/engine.js';
import { env } from '@tensorflow/tfjs-core/dist/environment.js';
import { decodeWeights } from '@tensorflow/tfjs-core/dist/io/io_utils.js';
import { type Contestant, repeated } from '../measure.ts';
import type { Numbers } from '../wasm.ts';

/** Contestants by name. */
export type Contestants = Record<string, Contestant>;

const bytesOf = ({ buffer, byteOffset, byteLength }: Numbers) =>
  (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength);

// --- float16: the engine's own array, and @petamoriken/float16 ---------------------------------------------------------
// Each by the fastest of its ways: set() and forEach() are many times faster than the package's constructor, from()
// and setFloat16().

interface HalfArray {
  readonly buffer: ArrayBuffer;
  set(values: ArrayLike<number>): void;
}
/** Where the engine has one. */
const NativeFloat16Array = (globalThis as { Float16Array?: new (of: ArrayBuffer | number) => HalfArray })[
  'Float16Array'
];

export function float16Encoders(values: Float32Array): Contestants {
  const contestants: Contestants = {};
  const made = new PackageFloat16Array(values.length);
  contestants['petamoriken'] = repeated(() => made.set(values), {
    answer: () => new Uint16Array(made.buffer as ArrayBuffer),
  });
  if (NativeFloat16Array) {
    const halves = new NativeFloat16Array(values.length);
    contestants['native'] = repeated(() => halves.set(values), { answer: () => new Uint16Array(halves.buffer) });
  }
  return contestants;
}

export function float16Decoders(codes: Uint16Array): Contestants {
  const numbers = new PackageFloat16Array(bytesOf(codes));
  const values = new Float32Array(codes.length);
  const contestants: Contestants = { tfjs: tensorflow(codes, { dtype: 'float16' }) };
  contestants['petamoriken'] = repeated(
    () =>
      numbers.forEach((value, i) => {
        values[i] = value;
      }),
    { answer: () => values },
  );
  if (NativeFloat16Array) {
    const halves = new NativeFloat16Array(bytesOf(codes)) as unknown as ArrayLike<number>;
    const restored = new Float32Array(codes.length);
    contestants['native'] = repeated(() => restored.set(halves), { answer: () => restored });
  }
  return contestants;
}

// --- @tensorflow/tfjs-core ---------------------------------------------------------------------------------------------

type Quantization = { dtype: 'float16' } | { dtype: 'uint8'; scale: number; min: number };

/** decodeWeights makes tensors, and tensors want a backend: this one keeps what it is given, and computes nothing. */
class Keeper {
  last: Float32Array = new Float32Array(0);
  write(values: Float32Array): object {
    this.last = values;
    return {};
  }
  incRef(): void {}
  disposeData(): boolean {
    return true;
  }
}
let keeper: Keeper | undefined;

function kept(): Keeper {
  if (keeper) return keeper;
  const made = new Keeper();
  env().setPlatform('bench', { isTypedArray: ArrayBuffer.isView } as never);
  ENGINE.registerBackend('bench', () => made as never);
  keeper = made;
  return made;
}

function tensorflow(codes: Numbers, quantization: Quantization): Contestant {
  const backend = kept();
  const weights = bytesOf(codes);
  const specs = [{ name: 'w', shape: [codes.length], dtype: 'float32' as const, quantization }];
  return repeated(() => decodeWeights(weights, specs as Parameters<typeof decodeWeights>[1])['w']!.dispose(), {
    answer: () => backend.last,
  });
}

/** Of int8 codes: tfjs has uint8 and a minimum, which says the same. */
export function int8Decoders(codes: Int8Array, scale: number): Contestants {
  const shifted = Uint8Array.from(codes, (code) => code + 128);
  return { tfjs: tensorflow(shifted, { dtype: 'uint8', scale, min: -128 * scale }) };
}
