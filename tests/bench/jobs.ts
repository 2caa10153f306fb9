// What is measured: the same work as a kernel, as a call of the package, and in plain JavaScript.
import type { Fewbits, NumberFormatName } from '../../web/lib/types.ts';
import * as plain from './plain.ts';

export type Numbers = Float32Array | Int8Array | Uint8Array | Uint16Array;

export interface Job {
  /** As --jobs names it. */
  name: string;
  title: string;
  /** Exports of the wasm: a probe moves the same bytes. */
  probe: string;
  kernel: string;
  /** The least ratio of the kernel's rate to the probe's. */
  goal?: number;
  /** Also from memory, beyond all caches. */
  large: boolean;
  /** From the float32 values that all jobs share. */
  input(values: Float32Array): Numbers;
  /** An array for the answer, filled with nothing in particular. */
  output(count: number): Numbers;
  plain(input: Numbers, scale: number, output: Numbers): void;
  call(fewbits: Fewbits, input: Numbers, scale: number): Numbers;
}

/** The scale of a symmetric int8 whose smallest code is -127. */
export const int8Scale = (values: Float32Array): number => Math.fround(plain.absmax(values) / 127);

function int8Codes(values: Float32Array): Int8Array {
  const codes = new Int8Array(values.length);
  plain.quantizeByDivision(values, int8Scale(values), codes);
  return codes;
}

const range = (fewbits: Fewbits, values: Numbers): [number, number] => {
  const { min, max } = fewbits.calibrate(values, { type: 'int8' });
  return [min![0]!, max![0]!];
};

const reductions: Job[] = [
  {
    name: 'absmax',
    title: 'absmax',
    probe: 'probe_load',
    kernel: 'kernel_absmax',
    goal: 0.95,
    large: true,
    input: (values) => values,
    output: () => new Float32Array(1),
    plain: (input, _, output) => output.fill(plain.absmax(input as Float32Array)),
    call: (fewbits, input) => {
      const [min, max] = range(fewbits, input);
      return Float32Array.of(Math.max(-min, max));
    },
  },
  {
    name: 'minmax',
    title: 'min and max',
    probe: 'probe_load',
    kernel: 'kernel_minmax',
    goal: 0.8,
    large: true,
    input: (values) => values,
    output: () => new Float32Array(2),
    plain: (input, _, output) => output.set(plain.minmax(input as Float32Array)),
    call: (fewbits, input) => Float32Array.of(...range(fewbits, input)),
  },
];

function int8Job(rounding: 'onnxruntime' | 'pytorch', large: boolean): Job {
  const divides = rounding === 'onnxruntime';
  const quantize = divides ? plain.quantizeByDivision : plain.quantizeByProduct;
  return {
    name: divides ? 'int8' : 'int8-product',
    title: `float32 -> int8, ${divides ? 'x / scale' : 'x * (1 / scale)'}`,
    probe: 'probe_read4_write1',
    kernel: divides ? 'kernel_int8_divide' : 'kernel_int8_multiply',
    goal: 0.46,
    large,
    input: (values) => values,
    output: (count) => new Int8Array(count),
    plain: (input, scale, output) => quantize(input as Float32Array, scale, output as Int8Array),
    call: (fewbits, input, scale) => {
      const scheme = { type: 'int8', rounding } as const;
      const affine = { scheme, scale: Float32Array.of(scale), zeroPoint: Int32Array.of(0) };
      return fewbits.quantize(input, affine).data as Int8Array;
    },
  };
}

const affine: Job[] = [
  int8Job('onnxruntime', true),
  int8Job('pytorch', false),
  {
    name: 'dynamic',
    title: 'dynamic: range, then uint8',
    probe: 'probe_load_then_read4_write1',
    kernel: 'kernel_dynamic',
    goal: 0.55,
    large: true,
    input: (values) => values,
    output: (count) => new Uint8Array(count),
    plain: (input, _, output) => plain.quantizeDynamically(input as Float32Array, output as Uint8Array),
    call: (fewbits, input) => fewbits.quantize(input, { type: 'uint8', symmetric: false }).data as Uint8Array,
  },
  {
    name: 'int8-decode',
    title: 'int8 -> float32',
    probe: 'probe_read1_write4',
    kernel: 'kernel_int8_decode',
    goal: 0.55,
    large: true,
    input: int8Codes,
    output: (count) => new Float32Array(count),
    plain: (input, scale, output) => plain.dequantize(input as Int8Array, scale, output as Float32Array),
    call: (fewbits, input, scale) =>
      fewbits.dequantize({
        scheme: { type: 'int8' },
        shape: [input.length],
        data: input as Int8Array,
        scale: Float32Array.of(scale),
        zeroPoint: Int32Array.of(0),
        byteLength: input.length + 4,
        bitsPerWeight: 8,
      }),
  },
];

interface FloatFormat {
  name: string;
  format: NumberFormatName;
  definition: plain.Minifloat;
  codes: Uint8ArrayConstructor | Uint16ArrayConstructor;
  encodeProbe: string;
  decodeProbe: string;
  encodeGoal: number;
  decodeGoal?: number;
}

function floatJobs(of: FloatFormat): Job[] {
  const { name, format, definition, codes: Codes } = of;
  let table: Float32Array | undefined;
  return [
    {
      name,
      title: `float32 -> ${format}`,
      probe: of.encodeProbe,
      kernel: `kernel_${name}_encode`,
      goal: of.encodeGoal,
      large: true,
      input: (values) => values,
      output: (count) => new Codes(count),
      plain: (input, _, output) => plain.encodeMinifloat(input as Float32Array, definition, output as Uint16Array),
      call: (fewbits, input) => fewbits.encode(input, format) as Uint16Array,
    },
    {
      name: `${name}-decode`,
      title: `${format} -> float32`,
      probe: of.decodeProbe,
      kernel: `kernel_${name}_decode`,
      ...(of.decodeGoal && { goal: of.decodeGoal }),
      large: true,
      input: (values) => {
        const encoded = new Codes(values.length);
        plain.encodeMinifloat(values, definition, encoded);
        return encoded;
      },
      output: (count) => new Float32Array(count),
      plain: (input, _, output) => {
        table ??= plain.minifloatTable(definition);
        plain.decodeByTable(input as Uint16Array, table, output as Float32Array);
      },
      call: (fewbits, input) => fewbits.decode(input as Uint16Array, format) as Float32Array,
    },
  ];
}

const floats: Job[] = [
  ...floatJobs({
    name: 'float16',
    format: 'float16',
    definition: plain.float16,
    codes: Uint16Array,
    encodeProbe: 'probe_read4_write2',
    decodeProbe: 'probe_read2_write4',
    encodeGoal: 0.18,
    decodeGoal: 0.4,
  }),
  ...floatJobs({
    name: 'e4m3',
    format: 'float8_e4m3fn',
    definition: plain.e4m3,
    codes: Uint8Array,
    encodeProbe: 'probe_read4_write1',
    decodeProbe: 'probe_read1_write4',
    encodeGoal: 0.18,
  }),
];

export const jobs: readonly Job[] = [...reductions, ...affine, ...floats];
