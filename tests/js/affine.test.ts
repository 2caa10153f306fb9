// Affine quantization through the public face: PyTorch's and onnxruntime's outputs, then shapes, properties, bad calls.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Affine, type AffineScheme, FewbitsError, type Granularity, init, type Quantized } from 'fewbits';
import { bytes, float32, json, sha256 } from './vectors.ts';

const fewbits = await init();
const manifest = json('affine/manifest.json');
const shape: number[] = manifest.shape2d;
const inputs: Float32Array[] = manifest.inputs.map(({ file }: { file: string }) => float32(`affine/${file}`));

interface Case {
  name: string;
  qtype: string;
  scales_per_set: number;
  files: { scale: string; zp: string; out: string };
  dequant_sha256?: string; // DynamicQuantizeLinear has no opposite
}

/** What scheme the reference program used, from the name that the vectors give the case. */
function schemeOf({ name, qtype }: Case): AffineScheme {
  const torch = name.startsWith('t_');
  const unsigned = /^q?u/.test(qtype);
  const bits = /4$/.test(qtype) ? 4 : 8;
  const block = /_b(\d+)_/.exec(name);
  const axis = /_pc(\d)_/.exec(name);
  const granularity: Granularity = block
    ? { axis: 1, groupSize: Number(block[1]) }
    : axis
      ? { axis: Number(axis[1]) }
      : 'tensor';
  const symmetric = torch ? name.includes('_sym') : !unsigned;
  return {
    type: `${unsigned ? 'u' : ''}int${bits}` as AffineScheme['type'],
    symmetric,
    narrowRange: name.includes('m127') || !torch,
    granularity,
    rounding: torch ? 'pytorch' : 'onnxruntime',
  };
}

/** Cases whose scales the reference chose in a way of its own. */
const fromStored = ({ name }: Case) => name === 'o_pt_i8' || /_fix|t_hist_|_reduce/.test(name);

const codes = (quantized: Quantized, bits: number) =>
  bits < 8 ? fewbits.unpackBits(quantized.data as Uint8Array, bits, 2048) : quantized.data;
const low = (values: ArrayLike<number>, bits: number) => Array.from(values, (value) => value & ((1 << bits) - 1));

for (const item of [...manifest.torch_cases, ...manifest.ort_cases] as Case[])
  test(`${item.name}: scales, zero points, codes and restored values are the reference's`, () => {
    const scheme = schemeOf(item);
    const bits = Number(scheme.type.replace(/\D+/, ''));
    const scale = float32(`affine/${item.files.scale}`);
    const points = bytes(`affine/${item.files.zp}`);
    const zeroPoint = item.files.zp.endsWith('i32')
      ? new Int32Array(points.buffer)
      : Int32Array.from(item.qtype.startsWith('i') ? new Int8Array(points.buffer) : points);
    const out = bytes(`affine/${item.files.out}`);
    const all = new Float32Array(inputs.length * 2048);
    inputs.forEach((data, set) => {
      const groups = [set * item.scales_per_set, (set + 1) * item.scales_per_set] as const;
      const stored: Affine = { scheme, scale: scale.slice(...groups), zeroPoint: zeroPoint.slice(...groups) };
      if (!fromStored(item)) {
        const found = fewbits.calibrate({ data, shape }, scheme);
        assert.deepEqual(found.scale, stored.scale, `scales of set ${set}`);
        assert.deepEqual(found.zeroPoint, stored.zeroPoint, `zero points of set ${set}`);
      }
      const given = /_fix|t_hist_|_reduce|o_pt_i8/.test(item.name)
        ? { ...stored, scheme: { ...scheme, symmetric: false } }
        : stored;
      const quantized = fewbits.quantize({ data, shape }, given);
      assert.deepEqual(
        low(codes(quantized, bits), bits),
        low(out.subarray(set * 2048, (set + 1) * 2048), bits),
        `codes of set ${set}`,
      );
      all.set(fewbits.dequantize(quantized), set * 2048);
    });
    if (item.dequant_sha256) assert.equal(sha256(all), item.dequant_sha256);
  });

const seven = [5.47, 3.08, -7.59, 0, -1.95, -4.57, 10.8];

test("the guide's seven numbers get the guide's codes", () => {
  const symmetric = fewbits.quantize(seven, { type: 'int8' });
  assert.deepEqual([...symmetric.data], [64, 36, -89, 0, -23, -54, 127]);
  assert.equal(symmetric.byteLength, 7 + 4);
  const asymmetric = fewbits.quantize(seven, { type: 'int8', symmetric: false });
  assert.deepEqual([...asymmetric.zeroPoint!], [-23]);
  assert.deepEqual([...asymmetric.data], [53, 20, -128, -23, -50, -86, 127]);
  const four = fewbits.quantize(seven, { type: 'int4' });
  assert.deepEqual(
    [...fewbits.unpackBits(four.data as Uint8Array, 4, 7)].map((code) => (code << 28) >> 28),
    [4, 2, -5, 0, -1, -3, 7],
  );
});

/** Group of every element, from the words of the API: row-major order of the shape with the axis divided by the size. */
function groupOf(index: number, dimensions: number[], granularity: Granularity): number {
  if (granularity === 'tensor') return 0;
  const position: number[] = [];
  for (let d = dimensions.length - 1, rest = index; d >= 0; rest = Math.floor(rest / dimensions[d]!), d--)
    position[d] = rest % dimensions[d]!;
  if (!('groupSize' in granularity)) return position[granularity.axis]!;
  const sizes = dimensions.map((size, d) => (d === granularity.axis ? size / granularity.groupSize : size));
  position[granularity.axis] = Math.floor(position[granularity.axis]! / granularity.groupSize);
  return position.reduce((group, at, d) => group * sizes[d]! + at, 0);
}

const shapes: [number[], Granularity[]][] = [
  [
    [3, 4, 6],
    [
      { axis: 0 },
      { axis: 1 },
      { axis: 2 },
      { axis: 1, groupSize: 2 },
      { axis: 2, groupSize: 3 },
      { axis: 0, groupSize: 3 },
    ],
  ],
  [
    [2, 3, 100],
    [{ axis: 1 }, { axis: 0 }, { axis: 2, groupSize: 25 }, { axis: 1, groupSize: 3 }],
  ],
  [
    [5, 70_001],
    [{ axis: 0 }, { axis: 1 }, { axis: 0, groupSize: 5 }],
  ],
  [
    [200_000, 2],
    [{ axis: 1 }, { axis: 0, groupSize: 100 }, { axis: 1, groupSize: 2 }],
  ],
];
for (const [dimensions, granularities] of shapes)
  for (const granularity of granularities)
    test(`shape [${dimensions}] by ${JSON.stringify(granularity)}: every element has its own group's scale`, () => {
      const length = dimensions.reduce((a, b) => a * b);
      const data = Float32Array.from({ length }, (_, i) => Math.sin(i * 0.7) * (1 + (i % 13)));
      const scheme: AffineScheme = { type: 'int8', symmetric: false, granularity };
      const found = fewbits.quantize({ data, shape: dimensions }, scheme);
      const min: number[] = [];
      const max: number[] = [];
      data.forEach((value, i) => {
        const group = groupOf(i, dimensions, granularity);
        min[group] = Math.min(min[group] ?? 0, value);
        max[group] = Math.max(max[group] ?? 0, value);
      });
      assert.equal(found.scale!.length, min.length);
      found.scale!.forEach((scale, group) => {
        assert.ok(Math.abs(scale - (max[group]! - min[group]!) / 255) <= scale * 1e-6, `scale ${group}`);
      });
      const restored = fewbits.dequantize(found);
      data.forEach((value, i) => {
        const group = groupOf(i, dimensions, granularity);
        const q = Math.max(
          -128,
          Math.min(127, roundHalfEven(Math.fround(value / found.scale![group]!)) + found.zeroPoint![group]!),
        );
        if (q !== found.data[i]) assert.fail(`code ${i}: ${found.data[i]}, expected ${q}`);
        if (restored[i] !== Math.fround((q - found.zeroPoint![group]!) * found.scale![group]!))
          assert.fail(`restored ${i}`);
      });
    });

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

test('calibrations narrow the range per group and mean what they say', () => {
  const data = Float32Array.from({ length: 4000 }, (_, i) => Math.sin(i) + (i === 77 ? 40 : 0));
  const range = (calibration: AffineScheme['calibration']) =>
    fewbits.calibrate(data, { type: 'int8', calibration: calibration! });
  const sorted = data.map(Math.abs).sort();
  const at = 0.999 * (sorted.length - 1);
  const expected = sorted[Math.floor(at)]! + (at % 1) * (sorted[Math.floor(at) + 1]! - sorted[Math.floor(at)]!);
  assert.ok(Math.abs(range({ percentile: 99.9 }).max![0]! - expected) < 1e-6);
  assert.equal(range({ min: -2, max: 2 }).scale[0], Math.fround(2 / 127));
  const error = (calibration: AffineScheme['calibration']) =>
    fewbits.compare(data, fewbits.dequantize(fewbits.quantize(data, { type: 'int4', calibration: calibration! }))).mse;
  assert.ok(error('mse') <= error('minmax'));
  assert.ok(range('entropy').max![0]! <= range('minmax').max![0]!);
  const grouped = fewbits.calibrate(
    { data, shape: [4, 1000] },
    { type: 'int8', granularity: { axis: 0 }, calibration: 'mse' },
  );
  assert.equal(grouped.scale.length, 4);
  const strided = fewbits.calibrate(
    { data, shape: [1000, 4] },
    { type: 'int8', granularity: { axis: 1 }, calibration: { percentile: 99 } },
  );
  const column = data.filter((_, i) => i % 4 === 2);
  assert.equal(strided.scale[2], fewbits.calibrate(column, { type: 'int8', calibration: { percentile: 99 } }).scale[0]);
});

test('narrow codes are clamped to the narrow range also with given scales', () => {
  const affine: Affine = { scheme: { type: 'int8' }, scale: new Float32Array([0.5]), zeroPoint: new Int32Array([0]) };
  assert.deepEqual([...fewbits.quantize([-1000, 1000], affine).data], [-127, 127]);
  const full: Affine = { ...affine, scheme: { type: 'int8', narrowRange: false } };
  assert.deepEqual([...fewbits.quantize([-1000, 1000], full).data], [-128, 127]);
});

test('restored values stay within half a step, zero exact, for every type', () => {
  const widths = [2, 3, 4, 5, 6, 7, 8, 16].flatMap((bits) => [`int${bits}`, `uint${bits}`]);
  fc.assert(
    fc.property(
      fc.constantFrom(...widths),
      fc.boolean(),
      fc.float32Array({
        minLength: 1,
        maxLength: 60,
        noNaN: true,
        noDefaultInfinity: true,
        min: Math.fround(-1e30),
        max: Math.fround(1e30),
      }),
      (type, symmetric, values) => {
        const quantized = fewbits.quantize(values, { type: type as AffineScheme['type'], symmetric });
        const restored = fewbits.dequantize(quantized);
        const step = quantized.scale![0]!;
        const slack = symmetric && type.startsWith('u') ? 1.01 : symmetric ? 0.51 : 1.01; // codes at the end of a range are clamped
        // A subnormal scale is itself rounded, by up to 2^-150, and a code multiplies that.
        const coarse = 2 ** Number(type.replace(/\D+/, '')) * 2 ** -150;
        values.forEach((value, i) => {
          assert.ok(
            Math.abs(value - restored[i]!) <= step * slack + Math.abs(value) * 1e-6 + coarse,
            `${type} ${value} -> ${restored[i]}`,
          );
          if (value === 0) assert.ok(restored[i] === 0);
        });
      },
    ),
    { examples: [['int4', true, Float32Array.from([-3.2229864679470793e-44])]] },
  );
});

test('ternary and binary absmean quantize and restore', () => {
  const { fields } = fewbits.blockFormats.find(({ name }) => name === 'ternary_absmean')!;
  assert.deepEqual(fields, [{ name: 'q', role: 'code', bitOffset: 0, bits: 2, count: 1 }]);
  const values = [0.9, -0.1, -1.2, 0, 0.4];
  const ternary = fewbits.quantize(values, 'ternary_absmean');
  const mean = (0.9 + 0.1 + 1.2 + 0.4) / 5;
  assert.ok(Math.abs(ternary.scale![0]! - mean) < 1e-7);
  assert.deepEqual([...fewbits.unpackBits(ternary.data as Uint8Array, 2, 5)], [2, 1, 0, 1, 2]);
  const scale = ternary.scale![0]!;
  assert.deepEqual([...fewbits.dequantize(ternary)], [scale, 0, -scale, 0, scale]);
  const binary = fewbits.quantize(values, 'binary_absmean');
  assert.deepEqual([...fewbits.unpackBits(binary.data as Uint8Array, 1, 5)], [1, 0, 0, 1, 1]);
  assert.equal(fewbits.quantize([0, 0], 'ternary_absmean').scale![0], Math.fround(1e-5));
});

test('bad calls say what is wrong, and the next call is right', () => {
  const scheme: AffineScheme = { type: 'int8' };
  const wrong = (call: () => unknown, code: string, message = /./) => {
    assert.throws(
      call,
      (error) => error instanceof FewbitsError && error.code === code && message.test(error.message),
      String(call),
    );
    assert.deepEqual([...fewbits.quantize(seven, scheme).data], [64, 36, -89, 0, -23, -54, 127]);
  };
  wrong(() => fewbits.quantize([1, Number.NaN, 2], scheme), 'NON_FINITE', /Element 1 is NaN/);
  wrong(() => fewbits.quantize([1, 2, 1e39], scheme), 'NON_FINITE', /Element 2 .*beyond float32/);
  const late = new Float32Array(100_000);
  late[99_999] = Number.POSITIVE_INFINITY;
  assert.throws(
    () => fewbits.calibrate(late, scheme),
    (error) => error instanceof FewbitsError && error.details['index'] === 99_999,
  );
  wrong(() => fewbits.quantize({ data: new Float32Array(6), shape: [2, 2] }, scheme), 'BAD_SHAPE', /4 elements/);
  wrong(() => fewbits.quantize({ data: new Float32Array(6), shape: [2, -3] }, scheme), 'BAD_SHAPE');
  wrong(() => fewbits.quantize({ data: [1, 2], shape: 'x' as never }, scheme), 'BAD_SHAPE');
  wrong(() => fewbits.quantize(seven, { type: 'int9' as never }), 'UNKNOWN_FORMAT', /int/);
  wrong(() => fewbits.quantize(seven, { type: 'float16' as never }), 'UNKNOWN_FORMAT');
  wrong(() => fewbits.quantize(seven, undefined as never), 'UNKNOWN_FORMAT');
  for (const symmetric of ['yes', null, 1, Symbol('x')])
    wrong(
      () => fewbits.quantize(seven, { type: 'int8', symmetric: symmetric as never }),
      'BAD_ARGUMENT',
      /true or false/,
    );
  wrong(() => fewbits.quantize(seven, { type: 'int8', simmetric: true } as never), 'BAD_ARGUMENT', /'symmetric'/);
  wrong(() => fewbits.quantize(seven, { type: 'q4_k' as never }), 'UNKNOWN_FORMAT', /by its name/);
  for (const shape of [[1n], new Array(2), [1.5], new BigInt64Array(1)])
    wrong(() => fewbits.quantize({ data: [1], shape: shape as never }, scheme), 'BAD_SHAPE');
  for (const scale of [['1'], [1n], [true]])
    wrong(
      () => fewbits.quantize(seven, { scheme, scale: scale as never, zeroPoint: new Int32Array(1) }),
      'BAD_ARGUMENT',
    );
  for (const zeroPoint of [[0.5], [1n], [2 ** 31]])
    wrong(
      () => fewbits.quantize(seven, { scheme, scale: new Float32Array([1]), zeroPoint: zeroPoint as never }),
      'BAD_ARGUMENT',
    );
  wrong(() => fewbits.quantizeBlocks(seven, 'iq2_xxs'), 'UNSUPPORTED');
  wrong(() => fewbits.quantizeBlocks(seven, 'ternary_absmean'), 'UNSUPPORTED', /quantize and dequantize/);
  wrong(() => fewbits.dequantizeBlocks(new Uint8Array(18), 'binary_absmean'), 'UNSUPPORTED');
  wrong(() => fewbits.describeBlock(new Uint8Array(18), 'q4_' as never), 'UNKNOWN_FORMAT');
  wrong(() => fewbits.quantize(seven, { ...scheme, granularity: { axis: 1 } }), 'BAD_ARGUMENT', /0 to 0/);
  wrong(() => fewbits.quantize(seven, { ...scheme, granularity: { axis: 0, groupSize: 2 } }), 'BAD_LENGTH', /divide/);
  wrong(() => fewbits.quantize(seven, { ...scheme, granularity: 'row' as never }), 'BAD_ARGUMENT');
  wrong(() => fewbits.quantize(seven, { ...scheme, calibration: { percentile: 0 } }), 'BAD_ARGUMENT');
  wrong(() => fewbits.quantize(seven, { ...scheme, calibration: { min: 2, max: 1 } }), 'BAD_ARGUMENT');
  wrong(() => fewbits.quantize(seven, { ...scheme, calibration: 'best' as never }), 'BAD_ARGUMENT');
  wrong(() => fewbits.quantize(seven, { ...scheme, rounding: 'up' as never }), 'BAD_ARGUMENT');
  wrong(() => fewbits.calibrate([], scheme), 'EMPTY');
  const affine = (scale: number[], zeroPoint = [0]) => ({
    scheme,
    scale: Float32Array.from(scale),
    zeroPoint: Int32Array.from(zeroPoint),
  });
  for (const scale of [[0], [-1], [Number.NaN], [Number.POSITIVE_INFINITY], [], [1, 1]])
    wrong(() => fewbits.quantize(seven, affine(scale)), 'BAD_ARGUMENT');
  wrong(() => fewbits.quantize(seven, 'iq3_s'), 'UNSUPPORTED', /ternary_absmean/);
  wrong(() => fewbits.quantize(seven, 'q4_9' as never), 'UNKNOWN_FORMAT', /q4_/);
  wrong(() => fewbits.dequantize(null as never), 'BAD_INPUT');
  const good = fewbits.quantize(seven, { type: 'int4' });
  wrong(() => fewbits.dequantize({ ...good, data: good.data.subarray(1) }), 'BAD_LENGTH');
  wrong(() => fewbits.dequantize({ ...good, data: new Int8Array(7) }), 'BAD_INPUT');
  wrong(() => fewbits.dequantize({ ...good, shape: [-7] }), 'BAD_SHAPE');
});

test('empty inputs give empty outputs', () => {
  const quantized = fewbits.quantize([], { type: 'int4' });
  assert.deepEqual([quantized.data.length, quantized.byteLength], [0, 0]);
  assert.equal(fewbits.dequantize(quantized).length, 0);
});
