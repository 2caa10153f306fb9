// onnxruntime-web: models of one operator, written here as protobuf, on one thread.
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import type { Contestant } from '../measure.ts';
import type { Numbers } from '../wasm.ts';

export type OnnxRuntime = typeof import('onnxruntime-web');

/** TensorProto.DataType. */
const TYPES = { float32: 1, uint8: 2, int8: 3, float16: 10 } as const;
export type OnnxType = keyof typeof TYPES;

export interface OnnxInput {
  type: OnnxType;
  data: Numbers;
  /** Without dimensions. */
  scalar?: boolean;
}

export interface Operator {
  name: 'QuantizeLinear' | 'DynamicQuantizeLinear' | 'DequantizeLinear' | 'Cast';
  inputs: OnnxInput[];
  /** The first output is the answer; others are not asked for. */
  output: OnnxType;
  outputs: number;
}

// --- protobuf: a message is a list of bytes ----------------------------------------------------------------------------

type Message = number[];

function varint(value: number): Message {
  const bytes: Message = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}
const integer = (field: number, value: number): Message => [...varint(field * 8), ...varint(value)];
const nested = (field: number, content: Message | string): Message => {
  const bytes = typeof content === 'string' ? [...new TextEncoder().encode(content)] : content;
  return [...varint(field * 8 + 2), ...varint(bytes.length), ...bytes];
};

// --- onnx.proto3 -------------------------------------------------------------------------------------------------------

const OPERATOR_SET = 13;
const IR_VERSION = 7;

/** ValueInfoProto: name = 1, type = 2 { tensor_type = 1 { elem_type = 1, shape = 2 { dim = 1 { dim_value = 1 } } } } */
function valueInfo(name: string, type: OnnxType, dimensions: number[]): Message {
  const shape = dimensions.flatMap((size) => nested(1, integer(1, size)));
  return [...nested(1, name), ...nested(2, nested(1, [...integer(1, TYPES[type]), ...nested(2, shape)]))];
}

const inputName = (index: number) => `x${index}`;
const outputName = (copy: number, index = 0) => `y${copy}_${index}`;

/** NodeProto: input = 1, output = 2, op_type = 4, attribute = 5 { name = 1, i = 3, type = 20 (2: INT) } */
function node({ name, inputs, output, outputs }: Operator, copy: number): Message {
  const to = [...nested(1, 'to'), ...integer(3, TYPES[output]), ...integer(20, 2)];
  return [
    ...inputs.flatMap((_, i) => nested(1, inputName(i))),
    ...Array.from({ length: outputs }, (_, i) => nested(2, outputName(copy, i))).flat(),
    ...nested(4, name),
    ...(name === 'Cast' ? nested(5, to) : []),
  ];
}

const dimensions = ({ data, scalar }: OnnxInput) => (scalar ? [] : [data.length]);

/**
 * ModelProto: ir_version = 1, graph = 7, opset_import = 8 { domain = 1, version = 2 };
 * GraphProto: node = 1, name = 2, input = 11, output = 12. All copies read the same input; the first one's output is the
 * graph's.
 */
export function modelOf(operator: Operator, copies: number): Uint8Array {
  const nodes = Array.from({ length: copies }, (_, copy) => nested(1, node(operator, copy))).flat();
  const inputs = operator.inputs.flatMap((input, i) =>
    nested(11, valueInfo(inputName(i), input.type, dimensions(input))),
  );
  const answer = nested(12, valueInfo(outputName(0), operator.output, dimensions(operator.inputs[0]!)));
  const graph = [...nodes, ...nested(2, operator.name), ...inputs, ...answer];
  return Uint8Array.from([
    ...integer(1, IR_VERSION),
    ...nested(7, graph),
    ...nested(8, [...nested(1, ''), ...integer(2, OPERATOR_SET)]),
  ]);
}

// --- contestants -------------------------------------------------------------------------------------------------------

/** So many that what one run costs before and after hardly counts. */
const COPIES = 64;

async function sessionOf(runtime: OnnxRuntime, operator: Operator, copies: number): Promise<InferenceSession> {
  // Nothing is optimized away: copies are all alike.
  const options = { executionProviders: ['wasm'], graphOptimizationLevel: 'disabled' } as const;
  return runtime.InferenceSession.create(modelOf(operator, copies), options);
}

/** `onnx`: a run with its copies. `onnxKernel`: a part of a run of many copies. */
export async function onnxContestants(
  runtime: OnnxRuntime,
  operator: Operator,
  like: Numbers,
): Promise<Record<string, Contestant>> {
  const feeds = Object.fromEntries(
    operator.inputs.map((input, i) => [
      inputName(i),
      new runtime.Tensor(input.type as 'float32', input.data as Float32Array, dimensions(input)),
    ]),
  );
  const contestant = (session: InferenceSession, copies: number): Contestant => {
    let answer: Tensor | undefined;
    return {
      jobs: copies,
      async run(times) {
        for (let i = 0; i < times; i++) answer = (await session.run(feeds))[outputName(0)];
      },
      answer() {
        const { buffer, byteOffset } = answer!.data as Float32Array;
        return new (like.constructor as Float32ArrayConstructor)(buffer, byteOffset, answer!.size);
      },
    };
  };
  const [one, many] = [await sessionOf(runtime, operator, 1), await sessionOf(runtime, operator, COPIES)];
  return { onnx: contestant(one, 1), onnxKernel: contestant(many, COPIES) };
}
