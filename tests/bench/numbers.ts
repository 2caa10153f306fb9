// Jobs of numbers: reductions, affine quantization, small floats.
import type { Fewbits, NumberFormatName } from '../../web/lib/types.ts';
import { type Contestants, type Job, SMALL, tiled } from './job.ts';
import { divisible, repeated } from './measure.ts';
import { type Operator, onnxContestants } from './peers/onnx.ts';
import * as plain from './peers/plain.ts';
import { float16Decoders, float16Encoders, int8Decoders } from './peers/scripts.ts';
import type { Numbers } from './wasm.ts';

interface NumberJob {
  name: string;
  title: string;
  /** Exports of the wasm: a probe moves the same bytes. */
  probe: string;
  kernel: string;
  /** From the float32 values that all jobs share. */
  input(values: Float32Array): Numbers;
  /** An array for the answer, filled with nothing in particular. */
  output(count: number): Numbers;
  plain(input: Numbers, scale: number, output: Numbers): void;
  call(fewbits: Fewbits, input: Numbers, scale: number): Numbers;
  onnx?(input: Numbers, scale: number): Operator;
  /** Other scripts. */
  scripts?(input: Numbers, scale: number): Contestants;
}

/** The scale of a symmetric int8 whose smallest code is -127. */
const int8Scale = (values: Float32Array): number => Math.fround(plain.absmax(values) / 127);

function int8Codes(values: Float32Array): Int8Array {
  const codes = new Int8Array(values.length);
  plain.quantizeByDivision(values, int8Scale(values), codes);
  return codes;
}

// --- reductions --------------------------------------------------------------------------------------------------------

const range = (fewbits: Fewbits, values: Numbers): [number, number] => {
  const { min, max } = fewbits.calibrate(values, { type: 'int8' });
  return [min![0]!, max![0]!];
};

const reductions: NumberJob[] = [
  {
    name: 'absmax',
    title: 'absmax',
    probe: 'probe_load',
    kernel: 'kernel_absmax',
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
    input: (values) => values,
    output: () => new Float32Array(2),
    plain: (input, _, output) => output.set(plain.minmax(input as Float32Array)),
    call: (fewbits, input) => Float32Array.of(...range(fewbits, input)),
  },
];

// --- affine quantization -----------------------------------------------------------------------------------------------

/**
 * Math.round and Math.floor(x + 1/2) take ties upwards, we take them to even: their codes may be one higher where
 * x / scale ends in a half, and nowhere else.
 */
export function usualScripts(values: Float32Array, scale: number): Contestants {
  const ours = new Int8Array(values.length);
  plain.quantizeByDivision(values, scale, ours);
  const fault = (answer: Numbers) => {
    const wrong = answer.findIndex((code, i) => {
      const quotient = Math.fround(values[i]! / scale);
      return code !== ours[i] && !(code === ours[i]! + 1 && quotient - Math.floor(quotient) === 0.5);
    });
    return wrong < 0 ? undefined : `gives ${answer[wrong]} at index ${wrong}, by its definition ${ours[wrong]}`;
  };
  const contestant = (quantize: typeof plain.quantizeByDivision) => {
    const output = new Int8Array(values.length);
    return repeated(() => quantize(values, scale, output), { answer: () => output, fault });
  };
  return { round: contestant(plain.quantizeByMathRound), floor: contestant(plain.quantizeByMathFloor) };
}

function int8Job(rounding: 'onnxruntime' | 'pytorch'): NumberJob {
  const divides = rounding === 'onnxruntime';
  const quantize = divides ? plain.quantizeByDivision : plain.quantizeByProduct;
  return {
    name: divides ? 'int8' : 'int8-product',
    title: `float32 -> int8, ${divides ? 'x / scale' : 'x * (1 / scale)'}`,
    probe: 'probe_read4_write1',
    kernel: divides ? 'kernel_int8_divide' : 'kernel_int8_multiply',
    input: (values) => values,
    output: (count) => new Int8Array(count),
    plain: (input, scale, output) => quantize(input as Float32Array, scale, output as Int8Array),
    call: (fewbits, input, scale) => {
      const scheme = { type: 'int8', rounding } as const;
      const affine = { scheme, scale: Float32Array.of(scale), zeroPoint: Int32Array.of(0) };
      return fewbits.quantize(input, affine).data as Int8Array;
    },
    ...(divides && {
      onnx: (input, scale) => ({
        name: 'QuantizeLinear',
        inputs: [
          { type: 'float32', data: input },
          { type: 'float32', data: Float32Array.of(scale), scalar: true },
          { type: 'int8', data: Int8Array.of(0), scalar: true },
        ],
        output: 'int8',
        outputs: 1,
      }),
      scripts: (input, scale) => usualScripts(input as Float32Array, scale),
    }),
  };
}

const affine: NumberJob[] = [
  int8Job('onnxruntime'),
  int8Job('pytorch'),
  {
    name: 'dynamic',
    title: 'dynamic: range, then uint8',
    probe: 'probe_load_then_read4_write1',
    kernel: 'kernel_dynamic',
    input: (values) => values,
    output: (count) => new Uint8Array(count),
    plain: (input, _, output) => plain.quantizeDynamically(input as Float32Array, output as Uint8Array),
    call: (fewbits, input) => fewbits.quantize(input, { type: 'uint8', symmetric: false }).data as Uint8Array,
    onnx: (input) => ({
      name: 'DynamicQuantizeLinear',
      inputs: [{ type: 'float32', data: input }],
      output: 'uint8',
      outputs: 3,
    }),
  },
  {
    name: 'int8-decode',
    title: 'int8 -> float32',
    probe: 'probe_read1_write4',
    kernel: 'kernel_int8_decode',
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
    onnx: (input, scale) => ({
      name: 'DequantizeLinear',
      inputs: [
        { type: 'int8', data: input },
        { type: 'float32', data: Float32Array.of(scale), scalar: true },
        { type: 'int8', data: Int8Array.of(0), scalar: true },
      ],
      output: 'float32',
      outputs: 1,
    }),
    scripts: (input, scale) => int8Decoders(input as Int8Array, scale),
  },
];

// --- small floats ------------------------------------------------------------------------------------------------------

interface FloatFormat {
  name: string;
  format: NumberFormatName;
  definition: plain.Minifloat;
  codes: Uint8ArrayConstructor | Uint16ArrayConstructor;
  encodeProbe: string;
  decodeProbe: string;
  encode?: Pick<NumberJob, 'onnx' | 'scripts'>;
  decode?: Pick<NumberJob, 'onnx' | 'scripts'>;
}

function floatJobs(of: FloatFormat): NumberJob[] {
  const { name, format, definition, codes: Codes } = of;
  let table: Float32Array | undefined;
  return [
    {
      name,
      title: `float32 -> ${format}`,
      probe: of.encodeProbe,
      kernel: `kernel_${name}_encode`,
      input: (values) => values,
      output: (count) => new Codes(count),
      plain: (input, _, output) => plain.encodeMinifloat(input as Float32Array, definition, output as Uint16Array),
      call: (fewbits, input) => fewbits.encode(input, format) as Uint16Array,
      ...of.encode,
    },
    {
      name: `${name}-decode`,
      title: `${format} -> float32`,
      probe: of.decodeProbe,
      kernel: `kernel_${name}_decode`,
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
      ...of.decode,
    },
  ];
}

const cast = (from: 'float32' | 'float16', to: 'float32' | 'float16') => (input: Numbers) =>
  ({ name: 'Cast', inputs: [{ type: from, data: input }], output: to, outputs: 1 }) as Operator;

const floats: NumberJob[] = [
  ...floatJobs({
    name: 'float16',
    format: 'float16',
    definition: plain.float16,
    codes: Uint16Array,
    encodeProbe: 'probe_read4_write2',
    decodeProbe: 'probe_read2_write4',
    encode: { onnx: cast('float32', 'float16'), scripts: (input) => float16Encoders(input as Float32Array) },
    decode: { onnx: cast('float16', 'float32'), scripts: (input) => float16Decoders(input as Uint16Array) },
  }),
  // Nobody else on npm has it.
  ...floatJobs({
    name: 'e4m3',
    format: 'float8_e4m3fn',
    definition: plain.e4m3,
    codes: Uint8Array,
    encodeProbe: 'probe_read4_write1',
    decodeProbe: 'probe_read1_write4',
  }),
];

// -----------------------------------------------------------------------------------------------------------------------

function toJob(of: NumberJob): Job {
  const prepare: Job['prepare'] = async ({ wasm, values, peers }, count) => {
    const scale = int8Scale(values);
    const input = tiled(of.input(values), count);
    const output = of.output(count);
    wasm.clear();
    const [from, to] = [wasm.place(input), wasm.place(output)];
    const inWasm = (name: string) => {
      const run = wasm.function(name);
      const stride = to.length === count ? to.BYTES_PER_ELEMENT : 0; // a reduction has one answer
      return divisible(count, SMALL, (first, some, times) =>
        run(from.byteOffset + first * from.BYTES_PER_ELEMENT, to.byteOffset + first * stride, some, times, scale),
      );
    };
    const once = () => of.plain(input, scale, output);
    const contestants: Contestants = {
      probe: inWasm(of.probe),
      kernel: { ...inWasm(of.kernel), answer: () => to },
      plain: repeated(once, { answer: () => output }),
      ...of.scripts?.(input, scale),
      ...(of.onnx && peers.onnx && (await onnxContestants(peers.onnx, of.onnx(input, scale), output))),
    };
    const expected = () => {
      once();
      return output.slice();
    };
    return { contestants, expected, call: (fewbits) => of.call(fewbits, input, scale) };
  };
  return { name: of.name, title: of.title, group: 'numbers', large: true, prepare };
}

export const numberJobs: readonly Job[] = [...reductions, ...affine, ...floats].map(toJob);
