// Numbers and codes through the public face: the reference programs' vectors, then properties and bad calls.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Codes, FewbitsError, init, type NumberFormatName } from 'fewbits';
import { bits, bytes, float32, json } from './vectors.ts';

const fewbits = await init();
const manifest = json('smallfloat/manifest.json');

/** The vectors' short name of a format is ours without its width. */
const short = (name: string) =>
  ({ float16: 'f16', bfloat16: 'bf16', tfloat32: 'tf32' })[name] ?? name.replace(/^float\d+_/, '');
const long = (name: string) =>
  fewbits.numberFormats.find((format) => short(format.name) === name)!.name as NumberFormatName;
const codesOf = (file: string): Codes => {
  const { buffer } = bytes(`smallfloat/${file}`);
  return file.endsWith('u32')
    ? new Uint32Array(buffer)
    : file.endsWith('u16')
      ? new Uint16Array(buffer)
      : new Uint8Array(buffer);
};
const inputOf = (name: string) => float32(`smallfloat/encode_${name}.in.u32`);

const isError =
  (code: string, message: RegExp = /./) =>
  (error: unknown) =>
    error instanceof FewbitsError && error.code === code && message.test(error.message);

for (const { format, n, file } of manifest.decode)
  test(`every code of ${format} decodes as ml_dtypes has it`, () => {
    const codes = n > 256 ? new Uint16Array(n) : new Uint8Array(n);
    for (let i = 0; i < n; i++) codes[i] = i;
    const expected = file
      ? float32(`smallfloat/${file}`)
      : new Float32Array(Uint32Array.from(codes, (code) => code << 16).buffer);
    assert.deepEqual(bits(fewbits.decode(codes, long(format))), bits(expected));
  });

for (const { format, rne, n } of [...manifest.encode, { format: 'tf32', rne: 'encode_tf32.rne.u32', n: 15027 }])
  test(`${format} encodes ${n} numbers as the reference does`, () => {
    const codes = fewbits.encode(inputOf(format), long(format));
    const expected = format === 'tf32' ? (codesOf(rne) as Uint32Array).map((pattern) => pattern >>> 13) : codesOf(rne);
    assert.equal(codes.length, n);
    assert.deepEqual(codes, expected);
  });

const saturating: [string, string][] = [
  ...['e4m3fn', 'e5m2', 'e2m3fn', 'e3m2fn', 'e2m1fn'].map((name): [string, string] => [name, 'nvsat']),
  ...['e4m3fnuz', 'e5m2fnuz', 'e8m0fnu'].map((name): [string, string] => [name, 'sat']),
];
for (const [name, set] of saturating)
  test(`${name} saturates as the reference's ${set} set`, () => {
    const codes = fewbits.encode(inputOf(name), long(name), { saturate: true });
    assert.deepEqual(codes, codesOf(`encode_${name}.${set}.u8`));
  });

test('codes have the width that their format needs', () => {
  const widths = {
    int4: Uint8Array,
    float16: Uint16Array,
    tfloat32: Uint32Array,
    float32: Uint32Array,
    float64: BigUint64Array,
  } as const;
  for (const [name, type] of Object.entries(widths))
    assert.ok(fewbits.encode([1], name as NumberFormatName) instanceof type, name);
  assert.equal(fewbits.encode([1], 'float64')[0], 0x3ff0000000000000n);
  assert.equal(fewbits.encode([1], 'float32')[0], 0x3f800000);
  assert.deepEqual([...fewbits.encode([-1, 7, 8, Number.NaN, -0.5, 0.5, 1.5], 'int4')], [15, 7, 7, 0, 0, 0, 2]);
});

test('float64, int32 and uint32 decode to doubles without loss', () => {
  assert.deepEqual([...fewbits.decode(fewbits.encode([0.1, -1e300], 'float64'), 'float64')], [0.1, -1e300]);
  assert.deepEqual(
    [...fewbits.decode(fewbits.encode([2147483647, -2147483648, 1e12], 'int32'), 'int32')],
    [2147483647, -2147483648, 2147483647],
  );
  assert.deepEqual([...fewbits.decode(fewbits.encode([4294967295, -1], 'uint32'), 'uint32')], [4294967295, 0]);
});

test('doubles round once: no detour over float32', () => {
  // 1 + 2^-11 is the tie of float16 around 1; a hair above it goes up, though float32 cannot see the hair.
  assert.equal(fewbits.cast([1 + 2 ** -11 + 2 ** -40], 'float16')[0], 1 + 2 ** -10);
  assert.equal(fewbits.cast(new Float64Array([1 + 2 ** -8 + 2 ** -40]), 'bfloat16')[0], 1 + 2 ** -7);
});

test('arrays longer than the staging area, at odd offsets, come out whole', () => {
  const length = 200_003;
  const view = new Float32Array(new ArrayBuffer(length * 4 + 12), 12, length).map((_, i) => (i % 977) - 400);
  const restored = fewbits.decode(fewbits.encode(view, 'float16'), 'float16');
  assert.deepEqual(restored, view);
  const shared = new Float32Array(new SharedArrayBuffer(16));
  shared.set([1, 2, 3, 4]);
  assert.deepEqual([...fewbits.cast(shared, 'int8')], [1, 2, 3, 4]);
});

test('cast keeps what decode(encode(x)) gives, and is idempotent', () => {
  fc.assert(
    fc.property(fc.constantFrom(...fewbits.numberFormats), fc.float32Array({ maxLength: 40 }), ({ name }, values) => {
      const format = name as NumberFormatName;
      const kept = fewbits.cast(values, format);
      assert.deepEqual(bits(kept), bits(fewbits.decode(fewbits.encode(values, format), format)));
      const finite = kept.filter((value) => Number.isFinite(value));
      assert.deepEqual(bits(fewbits.cast(finite, format)), bits(finite));
    }),
  );
});

test('inspect takes a number apart', () => {
  const seen = fewbits.inspect(10.8, 'float32');
  assert.equal(seen.bits, '0 10000010 01011001100110011001101');
  assert.equal(Number.parseInt(seen.exponent, 2), 130);
  assert.equal(seen.class, 'normal');
  assert.equal(seen.value, Math.fround(10.8));
  assert.equal(seen.ulp, 2 ** -20);
  const half = fewbits.inspect(1, 'float16');
  assert.deepEqual([half.previous, half.next, half.ulp], [1 - 2 ** -11, 1 + 2 ** -10, 2 ** -10]);
  const zero = fewbits.inspect(0, 'float8_e4m3fn');
  assert.deepEqual([zero.previous, zero.next, zero.class], [-(2 ** -9), 2 ** -9, 'zero']);
  assert.equal(fewbits.inspect(448, 'float8_e4m3fn').next, null);
  assert.equal(fewbits.inspect(65504, 'float16').next, Number.POSITIVE_INFINITY);
  assert.equal(fewbits.inspect(Number.NaN, 'float16').class, 'nan');
  assert.deepEqual([fewbits.inspect(-128, 'int8').previous, fewbits.inspect(-128, 'int8').next], [null, -127]);
  assert.equal(fewbits.inspect(0.1, 'float64').code, 0x3fb999999999999an);
});

test('previous and next are neighbours on every format', () => {
  for (const { name } of fewbits.numberFormats.filter((format) => format.bits <= 16)) {
    const format = name as NumberFormatName;
    const { value, next } = fewbits.inspect(0.3, format);
    if (next !== null) assert.equal(fewbits.inspect(next, format).previous, value, name);
  }
});

test('packed codes take the bits that they need and come back', () => {
  assert.deepEqual([...fewbits.packBits([1, 2, 3, 0, 3], 2)], [0b00111001, 0b11]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.uint8Array({ maxLength: 100 }), (width, codes) => {
      const packed = fewbits.packBits(codes, width);
      assert.equal(packed.length, Math.ceil((codes.length * width) / 8));
      assert.deepEqual(
        fewbits.unpackBits(packed, width, codes.length),
        codes.map((code) => code & ((1 << width) - 1)),
      );
    }),
  );
  const long = new Uint8Array(150_001).map((_, i) => i * 7);
  assert.deepEqual(
    fewbits.unpackBits(fewbits.packBits(long, 3), 3, long.length),
    long.map((code) => code & 7),
  );
});

test('a made-up 4/3 with bias 7 is float8_e4m3fn on all 256 codes', () => {
  const made = fewbits.makeFormat({ sign: true, exponentBits: 4, mantissaBits: 3, bias: 7, specials: 'fn' });
  const codes = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.deepEqual(bits(fewbits.decode(codes, made)), bits(fewbits.decode(codes, 'float8_e4m3fn')));
  const row = fewbits.numberFormats.find(({ name }) => name === 'float8_e4m3fn')!;
  for (const fact of [
    'min',
    'max',
    'smallestNormal',
    'smallestSubnormal',
    'epsilon',
    'values',
    'decimalDigits',
  ] as const)
    assert.equal(made[fact], row[fact], fact);
  const values = inputOf('e4m3fn');
  assert.deepEqual(fewbits.encode(values, made), fewbits.encode(values, 'float8_e4m3fn'));
});

test('the table holds what the data sheets say', () => {
  const row = (name: string) => fewbits.numberFormats.find((format) => format.name === name)!;
  assert.equal(row('float32').max, 3.4028234663852886e38);
  assert.equal(row('bfloat16').max, 3.3895313892515355e38);
  assert.equal(row('float16').max, 65504);
  assert.equal(row('float8_e4m3fn').max, 448);
  assert.equal(row('float8_e5m2').max, 57344);
  assert.deepEqual([row('int8').min, row('int8').max], [-128, 127]);
  assert.equal(row('float4_e2m1fn').values, 15);
  assert.equal(row('float8_e8m0fnu').max, 2 ** 127);
  assert.equal(row('float64').smallestSubnormal, 5e-324);
});

test('bad calls say what is wrong, and the next call is right', () => {
  const wrong = (call: () => unknown, code: string, message?: RegExp) => {
    assert.throws(call, isError(code, message));
    assert.equal(fewbits.cast([1.5], 'float16')[0], 1.5);
  };
  wrong(() => fewbits.encode([1], 'flot16' as never), 'UNKNOWN_FORMAT', /float16/);
  wrong(() => fewbits.encode([1], 3 as never), 'UNKNOWN_FORMAT');
  wrong(() => fewbits.encode([1], undefined as never), 'UNKNOWN_FORMAT');
  for (const values of [
    null,
    undefined,
    'abc',
    new DataView(new ArrayBuffer(8)),
    new BigInt64Array(1),
    ['1'],
    [1, null],
    new Array(3),
    {},
  ])
    wrong(() => fewbits.encode(values as never, 'float16'), 'BAD_INPUT');
  const detached = new Float32Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  wrong(() => fewbits.encode(detached, 'float16'), 'BAD_INPUT', /detached/);
  wrong(() => fewbits.decode([1.5], 'float16'), 'BAD_INPUT', /Element 0/);
  wrong(() => fewbits.decode(new Float32Array(2) as never, 'float16'), 'BAD_INPUT');
  wrong(() => fewbits.packBits([1], 9), 'BAD_ARGUMENT', /1 to 8/);
  wrong(() => fewbits.unpackBits(new Uint8Array(2), 4, 5), 'BAD_LENGTH', /0 to 4/);
  wrong(
    () => fewbits.makeFormat({ sign: true, exponentBits: 8, mantissaBits: 3, bias: -3, specials: 'fn' }),
    'BAD_ARGUMENT',
    /float32/,
  );
  wrong(() => fewbits.makeFormat({ sign: true, exponentBits: 9, mantissaBits: 3, specials: 'fn' }), 'BAD_ARGUMENT');
  wrong(() => fewbits.makeFormat(null as never), 'BAD_ARGUMENT');
  wrong(
    () => fewbits.makeFormat({ sign: 1n, exponentBits: 4n, mantissaBits: 3, specials: 'fn' } as never),
    'BAD_ARGUMENT',
  );
  wrong(() => fewbits.encode([1], 'float16', { saturate: 'no' as never }), 'BAD_ARGUMENT');
  assert.equal(fewbits.encode([1], 'float16', null as never).length, 1);
});

test('empty inputs give empty outputs', () => {
  assert.equal(fewbits.encode([], 'float16').length, 0);
  assert.equal(fewbits.decode(new Uint8Array(0), 'int8').length, 0);
  assert.equal(fewbits.packBits([], 3).length, 0);
});

test('inputs stay as they are and results own their memory', () => {
  const values = new Float32Array([1, 2, 3]);
  const first = fewbits.encode(values, 'float16');
  const copy = first.slice();
  fewbits.encode(new Float32Array(1000).fill(9), 'float16');
  assert.deepEqual(first, copy);
  assert.deepEqual([...values], [1, 2, 3]);
});
