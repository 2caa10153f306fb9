// Block formats through the package: sizes at the borders of slices, options, and what is refused. block-vectors.test.ts
// has the reference programs' bytes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type BlockFormatName, type BlockOptions, createPool, FewbitsError, init } from 'fewbits';
import { bits } from './vectors.ts';

const fewbits = await init();
const makeable = fewbits.blockFormats.filter(({ canQuantize }) => canQuantize);
/** Formats whose bytes say everything. */
const alone = makeable.filter(({ family, blockSize }) => blockSize > 0 && family !== 'nvfp4');
const SLICE = 65536;

const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7) * (1 + (i % 7)) + i / 1e5);
const joined = (parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

// --- slices --------------------------------------------------------------------------------------------------------------

test('what can be made is what the table says', () => {
  assert.ok(makeable.length >= 12);
  const values = wave(1024);
  for (const { name, canQuantize, needsImportance } of fewbits.blockFormats) {
    const make = () => fewbits.quantize(values, name, needsImportance ? { importance: values.map(Math.abs) } : {});
    if (canQuantize) assert.equal(fewbits.dequantize(make()).length, 1024, name);
    else assert.throws(make, (error) => error instanceof FewbitsError && error.code === 'UNSUPPORTED', name);
  }
});

test('blocks do not depend on what is made with them, at the borders of slices too', () => {
  for (const { name, blockSize } of alone) {
    const whole = wave(2 * SLICE + 3 * blockSize);
    const all = fewbits.quantizeBlocks(whole, name);
    for (const length of [0, blockSize, SLICE - blockSize, SLICE, SLICE + blockSize, 2 * SLICE + blockSize]) {
      const some = fewbits.quantizeBlocks(whole.subarray(0, length), name);
      assert.deepEqual(some, all.subarray(0, some.length), `${name} ${length}`);
      const rest = fewbits.quantizeBlocks(whole.subarray(length), name);
      assert.deepEqual(rest, all.subarray(some.length), `${name} from ${length}`);
    }
    const values = fewbits.dequantizeBlocks(all, name);
    assert.equal(values.length, whole.length);
    for (const count of [0, 1, blockSize + 1, SLICE - 1, SLICE, SLICE + 1, whole.length])
      assert.deepEqual(fewbits.dequantizeBlocks(all, name, count), values.subarray(0, count), `${name} ${count}`);
  }
});

test('rows change nothing without importance, whatever the values come in', () => {
  for (const { name, blockSize } of alone) {
    const values = wave(4 * blockSize);
    const expected = fewbits.quantizeBlocks(values, name);
    assert.deepEqual(fewbits.quantizeBlocks(values, name, { rowLength: blockSize }), expected);
    assert.deepEqual(fewbits.quantizeBlocks([...values], name, { rowLength: 2 * blockSize }), expected);
    assert.deepEqual(fewbits.quantizeBlocks(Float64Array.from(values), name), expected);
    const shared = new Float32Array(new SharedArrayBuffer(values.byteLength));
    shared.set(values);
    assert.deepEqual(fewbits.quantizeBlocks(shared, name), expected);
    const shape = [2, 2 * blockSize];
    const quantized = fewbits.quantize({ data: values, shape }, name);
    assert.deepEqual([quantized.data, quantized.shape, quantized.scheme], [expected, shape, name]);
    assert.equal(quantized.byteLength, expected.length);
    assert.equal(quantized.bitsPerWeight, (8 * expected.length) / values.length);
    assert.deepEqual(fewbits.dequantize(quantized), fewbits.dequantizeBlocks(expected, name));
  }
});

test('importance serves every row alike, also rows larger than a slice', () => {
  for (const { name, usesImportance } of alone) {
    const importance = wave(2 * SLICE).map(Math.abs);
    const values = wave(4 * SLICE);
    const options = { rowLength: importance.length, importance };
    const both = fewbits.quantizeBlocks(values, name, options);
    const rows = [values.subarray(0, importance.length), values.subarray(importance.length)];
    assert.deepEqual(both, joined(rows.map((row) => fewbits.quantizeBlocks(row, name, { importance }))), name);
    if (!usesImportance) assert.deepEqual(both, fewbits.quantizeBlocks(values, name));
  }
});

test('a scale beside the blocks is that of the whole tensor', () => {
  const values = wave(SLICE + 32);
  values[SLICE + 20] = -1000;
  const { scale } = fewbits.quantize(values, 'nvfp4_tensor');
  assert.deepEqual(scale, Float32Array.of(Math.fround(1000) / Math.fround(2688)));
  assert.deepEqual(fewbits.quantize(new Float32Array(16), 'nvfp4_tensor').scale, Float32Array.of(1));
  for (const name of ['ternary_absmean', 'binary_absmean'] as const)
    for (const length of [0, 1, 9, SLICE - 1, SLICE, SLICE + 3]) {
      const tensor = wave(length);
      const quantized = fewbits.quantize(tensor, name);
      const step = quantized.scale![0]!;
      const mean = tensor.reduce((sum, x) => sum + Math.abs(x), 0) / (length || 1);
      assert.equal(step, Math.fround(name === 'binary_absmean' ? mean : Math.max(mean, 1e-5)));
      assert.equal(quantized.data.length, Math.ceil((length * (name === 'binary_absmean' ? 1 : 2)) / 8));
      const expected = tensor.map((x) =>
        name === 'binary_absmean'
          ? x >= 0
            ? step
            : -step
          : Math.sign(Math.round(Math.abs(Math.fround(x / step)) - 1e-9)) * Math.sign(x) * step,
      );
      assert.deepEqual(
        fewbits.dequantize(quantized),
        expected.map((x) => x + 0),
        `${name} ${length}`,
      );
    }
});

test('bitsandbytes: block sizes, and offsets that are found', () => {
  const values = wave(4 * SLICE);
  for (const name of ['nf4', 'fp4', 'bnb_int8_blockwise'] as const)
    for (const blockSize of [64, 128, 256, 512, 1024, 2048, 4096]) {
      const plain = fewbits.quantize(values, name, { blockSize });
      const codeBytes = name === 'bnb_int8_blockwise' ? values.length : values.length / 2;
      const blocks = values.length / blockSize;
      assert.equal(plain.data.length, codeBytes + 4 * blocks);
      const nested = fewbits.quantize(values, name, { blockSize, doubleQuantize: true });
      assert.equal(nested.data.length, codeBytes);
      assert.equal(nested.nested!.absmax.length, blocks);
      assert.equal(nested.nested!.scale.length, Math.ceil(blocks / 256));
      assert.equal(nested.byteLength, codeBytes + blocks + 4 * Math.ceil(blocks / 256) + 4);
      const from = structuredClone(nested);
      const { sqnrDb } = fewbits.compare(fewbits.dequantize(plain), fewbits.dequantize(nested));
      assert.ok(sqnrDb > 30, `${name} ${blockSize}: ${sqnrDb} dB`);
      assert.deepEqual(nested, from, 'dequantize leaves its input alone');
    }
});

// --- one block -----------------------------------------------------------------------------------------------------------

/** Formats of which one block tells everything, made or only read. */
const described = fewbits.blockFormats.filter(({ family, blockSize }) => blockSize > 0 && family !== 'nvfp4');
const random = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed >>> 24;
};
const bitOf = (block: Uint8Array, at: number) => (block[at >> 3]! >> (at & 7)) & 1;
const codeAt = (block: Uint8Array, places: number[]) =>
  places.reduce((code, at, i) => code + bitOf(block, at) * 2 ** i, 0);
const from = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);

/** Blocks of a format: made ones, random ones, and those of one byte over and over. */
function* someBlocks({ name, blockBytes, blockSize, canQuantize }: (typeof described)[number]) {
  const next = random(blockBytes);
  if (canQuantize) yield fewbits.quantizeBlocks(wave(blockSize), name);
  for (let i = 0; i < 20; i++) yield Uint8Array.from({ length: blockBytes }, next);
  for (let byte = 0; byte < 256; byte++) yield new Uint8Array(blockBytes).fill(byte);
}

/** What the terms say, every operation rounded to float32. NaN loses its sign, which no machine promises. */
function rebuilt({ d, e, absmax, scale, sc, q, dmin, m }: Record<string, number>): number {
  const unit = (d ?? e ?? absmax ?? scale)!;
  const product = Math.fround((sc === undefined ? unit : Math.fround(unit * sc)) * q!);
  if (m === undefined) return product;
  return Math.fround(dmin === undefined ? product + m : product - Math.fround(dmin * m));
}

test("describeBlock: the formula of an element's terms gives dequantizeBlocks' bits, for any bytes", () => {
  for (const format of described)
    for (const block of someBlocks(format)) {
      const { name } = format;
      const { elements } = fewbits.describeBlock(block, name);
      const values = fewbits.dequantizeBlocks(block, name);
      assert.deepEqual(bits(elements.map(({ value }) => value)), bits(values), name);
      const again = Float32Array.from(elements, ({ terms }) => rebuilt(terms));
      assert.deepEqual(bits(again), bits(values), `${name} of ${block}`);
    }
});

test('describeBlock: fields tile the block, and elements know their entries and their bits', () => {
  for (const format of described)
    for (const block of [...someBlocks(format)].slice(0, 3)) {
      const { name, blockBytes } = format;
      const { fields, elements } = fewbits.describeBlock(block, name);
      const places = fields.flatMap(({ bitOffset, bits: width }) => from(bitOffset, width));
      assert.deepEqual(
        places.sort((a, b) => a - b),
        from(0, 8 * blockBytes),
        name,
      );
      for (const { bitOffset, bits: width, code } of fields)
        assert.equal(code, codeAt(block, from(bitOffset, width)), name);
      assert.deepEqual(
        fields.map(({ name: field, role, bits: width }) => [field, role, width]),
        format.fields.flatMap(({ name: field, role, bits: width, count }) => Array(count).fill([field, role, width])),
      );
      for (const { code, bits: own, entries } of elements) {
        assert.equal(code, codeAt(block, own), name);
        const codes = entries.map((i) => fields[i]!).filter(({ role }) => role === 'code' || role === 'sign');
        const theirs = codes.flatMap(({ bitOffset, bits: width }) => from(bitOffset, width));
        assert.deepEqual(
          [...own].sort((a, b) => a - b),
          theirs.sort((a, b) => a - b),
          name,
        );
      }
    }
});

test('describeBlock: a bit changes none but the elements that have it in an entry, and every element has some', () => {
  for (const format of described) {
    const { name, blockSize, blockBytes } = format;
    const touched = from(0, blockSize).map(() => false);
    for (const block of [...someBlocks(format)].slice(0, 3)) {
      const { fields, elements } = fewbits.describeBlock(block, name);
      const owners: Set<number>[] = from(0, 8 * blockBytes).map(() => new Set());
      elements.forEach(({ entries }, element) => {
        for (const { bitOffset, bits: width } of entries.map((i) => fields[i]!))
          for (const at of from(bitOffset, width)) owners[at]!.add(element);
      });
      const before = bits(fewbits.dequantizeBlocks(block, name));
      for (const at of owners.keys()) {
        const flipped = block.slice();
        flipped[at >> 3]! ^= 1 << (at & 7);
        const after = bits(fewbits.dequantizeBlocks(flipped, name));
        for (let i = 0; i < blockSize; i++)
          if (before[i] !== after[i]) {
            assert.ok(owners[at]!.has(i), `${name}: bit ${at} is none of element ${i}`);
            touched[i] = true;
          }
      }
    }
    assert.ok(touched.every(Boolean), `${name}: every element hangs on some bit`);
  }
});

test('describeBlock: sub-scales and sub-minima as stored and as used', () => {
  const at = (bytes: Record<number, number>, size: number) => {
    const block = new Uint8Array(size);
    for (const [place, byte] of Object.entries(bytes)) block[Number(place)] = byte;
    return block;
  };
  // q4_k: d = 1, dmin = 2; the sixth sub-block has scale 0x2B and minimum 0x15: four bits below, two above the second's.
  const sixth = at({ 1: 0x3c, 3: 0x40, 5: 0x80, 9: 0x40, 13: 0x5b, 100: 0x70 }, 144);
  const { fields, elements } = fewbits.describeBlock(sixth, 'q4_k');
  // Byte 100 is number 84 of the codes' bytes: the upper half belongs to the sixth run of 32, its element 20.
  const { terms, code, bits: own, entries } = elements[160 + 20]!;
  assert.deepEqual([code, terms], [7, { d: 1, sc: 0x2b, q: 7, dmin: 2, m: 0x15 }]);
  assert.deepEqual(own, [804, 805, 806, 807]);
  assert.deepEqual(
    entries.map((i) => fields[i]!).map(({ name, bitOffset, code: stored, value }) => [name, bitOffset, stored, value]),
    [
      ['d', 0, 0x3c00, 1],
      ['dmin', 16, 0x4000, 2],
      ['scales_h', 46, 2, 0x2b],
      ['mins_h', 78, 1, 0x15],
      ['scales_l', 104, 11, 0x2b],
      ['mins_l', 108, 5, 0x15],
      ['qs', 804, 7, 7],
    ],
  );
  // q3_k: the scale is stored with 32 more, codes with 4 more.
  const third = fewbits.describeBlock(at({ 109: 0x3c, 98: 0x05, 106: 0x01 }, 110), 'q3_k').elements[32]!;
  assert.deepEqual([third.code, third.terms], [0, { d: 1, sc: 0x15 - 32, q: -4 }]);
});

test('describeBlock: where a weight is in q4_0, the last of a scale, and scales that ggml reads its own way', () => {
  const { elements } = fewbits.describeBlock(new Uint8Array(18), 'q4_0');
  const byte13 = elements.flatMap(({ bits: own }, i) => (own[0]! >> 3 === 13 ? [[i, own[0]! & 7]] : []));
  assert.deepEqual(byte13, [
    [11, 0],
    [27, 4],
  ]);
  const power = new Uint8Array(17).fill(0x22);
  for (const [code, e] of [
    [0, 2 ** -127],
    [127, 1],
    [255, 2 ** 128],
  ] as const) {
    power[0] = code;
    assert.deepEqual(fewbits.describeBlock(power, 'mxfp4').elements[0]!.terms, { e, q: 1 });
  }
  const scales = new Uint8Array(36).fill(0x22);
  scales.set([0x38, 0xb8, 0x7f, 0xff]);
  const { elements: groups } = fewbits.describeBlock(scales, 'nvfp4');
  assert.deepEqual(
    [0, 16, 32, 48].map((i) => groups[i]!.terms),
    [1, 1, 0, 480].map((d) => ({ d, q: 1 })),
  );
});

test('describeBlock: nf4 has its first element in the high half of a byte', () => {
  const block = new Uint8Array(36);
  new DataView(block.buffer).setFloat32(0, 2, true);
  block[4] = 0xf0;
  const { fields, elements } = fewbits.describeBlock(block, 'nf4');
  assert.deepEqual(fields[0], { name: 'absmax', role: 'scale', bitOffset: 0, bits: 32, code: 0x40000000, value: 2 });
  assert.deepEqual(elements[0], {
    code: 15,
    value: 2,
    terms: { absmax: 2, q: 1 },
    bits: [36, 37, 38, 39],
    entries: [0, 1],
  });
  assert.deepEqual(elements[1], {
    code: 0,
    value: -2,
    terms: { absmax: 2, q: -1 },
    bits: [32, 33, 34, 35],
    entries: [0, 2],
  });
  assert.equal(fields[1]!.bitOffset, 36);
});

// --- what is refused -----------------------------------------------------------------------------------------------------

test('bad calls say what is wrong, and the next call is right', () => {
  const values = wave(256);
  const good = fewbits.quantizeBlocks(values, 'nf4');
  const wrong = (call: () => unknown, code: string, message = /./, details: object = {}) => {
    assert.throws(
      call,
      (error) => {
        assert.ok(error instanceof FewbitsError);
        assert.equal(error.code, code, error.message);
        assert.match(error.message, message);
        assert.deepEqual({ ...error.details, ...details }, error.details);
        return true;
      },
      String(call),
    );
    assert.deepEqual(fewbits.quantizeBlocks(values, 'nf4'), good);
  };
  const make = (options: unknown, name: BlockFormatName = 'nf4') => fewbits.quantize(values, name, options as never);

  wrong(() => fewbits.quantize(values, 'nf5' as never), 'UNKNOWN_FORMAT', /'nf4'/, { nearest: 'nf4' });
  wrong(() => fewbits.quantizeBlocks(values, 'MXFP4_OCP' as never), 'UNKNOWN_FORMAT', /'mxfp4_ocp'/);
  wrong(() => fewbits.quantizeBlocks(values, 'int8' as never), 'UNKNOWN_FORMAT', /'mxint8'/);
  for (const format of [undefined, null, 4, Symbol('nf4'), {}, 4n])
    wrong(() => fewbits.quantizeBlocks(values, format as never), 'UNKNOWN_FORMAT', /by its name/);
  wrong(() => fewbits.dequantizeBlocks(good, 'q4_9' as never), 'UNKNOWN_FORMAT', /q4_/);
  for (const name of ['iq2_xxs', 'iq1_s'] as const)
    wrong(() => make({}, name), 'UNSUPPORTED', /encoder comes later.*nf4.*ternary_absmean/);
  for (const name of ['nvfp4_tensor', 'ternary_absmean', 'binary_absmean'] as const) {
    wrong(() => fewbits.quantizeBlocks(values, name), 'UNSUPPORTED', /quantize and dequantize/);
    wrong(() => fewbits.dequantizeBlocks(new Uint8Array(9), name), 'UNSUPPORTED', /quantize and dequantize/);
    wrong(() => fewbits.describeBlock(new Uint8Array(9), name), 'UNSUPPORTED', /quantize and dequantize/);
  }

  for (const rowLength of [0, -64, 32, 96, 192, 64.5, Number.NaN, '64', null, 512])
    wrong(() => make({ rowLength }), 'BAD_LENGTH', /rowLength/);
  wrong(() => fewbits.quantize(values.subarray(1), 'nf4'), 'BAD_LENGTH', /255/);
  wrong(() => fewbits.quantize({ data: values, shape: [8, 32] }, 'nf4'), 'BAD_LENGTH', /32/);
  wrong(() => fewbits.quantize({ data: values, shape: [8, 33] }, 'nf4'), 'BAD_SHAPE');
  wrong(() => fewbits.quantizeBlocks([], 'nf4', { rowLength: 0 }), 'BAD_LENGTH');

  for (const blockSize of [0, 32, 96, 8192, 64.5, '64', null]) wrong(() => make({ blockSize }), 'BAD_ARGUMENT', /4096/);
  wrong(() => make({ blockSize: 512 }), 'BAD_LENGTH', /512/);
  for (const scaleRule of ['up', 'Floor', 0, null]) wrong(() => make({ scaleRule }, 'mxint8'), 'BAD_ARGUMENT', /rceil/);
  wrong(() => make({ doubleQuantize: 'yes' }), 'BAD_ARGUMENT', /true or false/);
  for (const offset of [Number.NaN, Number.POSITIVE_INFINITY, 1e39, '1', null])
    wrong(() => make({ doubleQuantize: true, offset }), 'BAD_ARGUMENT', /offset/);
  wrong(() => fewbits.quantizeBlocks(values, 'nf4', { blockSize: 128 }), 'BAD_ARGUMENT', /Use quantize/);
  wrong(() => fewbits.quantizeBlocks(values, 'fp4', { doubleQuantize: true }), 'BAD_ARGUMENT', /Use quantize/);

  for (const input of [null, 'x', new DataView(new ArrayBuffer(256)), new BigInt64Array(64), [1, '2'], undefined])
    wrong(() => fewbits.quantizeBlocks(input as never, 'nf4'), 'BAD_INPUT');
  for (const index of [0, 100, 255]) {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const spoiled = values.slice();
      spoiled[index] = bad;
      for (const name of ['nf4', 'mxint8', 'nvfp4_tensor', 'ternary_absmean'] as const)
        wrong(() => fewbits.quantize(spoiled, name), 'NON_FINITE', new RegExp(`Element ${index} `), { index });
    }
  }
  const late = wave(2 * SLICE);
  late[2 * SLICE - 1] = Number.NaN;
  wrong(() => fewbits.quantizeBlocks(late, 'mxfp4_ocp'), 'NON_FINITE', /./, { index: 2 * SLICE - 1 });

  for (const bytesGiven of [null, undefined, [1, 2], 'x', new Int8Array(36), new ArrayBuffer(36)]) {
    wrong(() => fewbits.dequantizeBlocks(bytesGiven as never, 'nf4'), 'BAD_INPUT', /Uint8Array/);
    wrong(() => fewbits.describeBlock(bytesGiven as never, 'nf4'), 'BAD_INPUT', /Uint8Array/);
  }
  wrong(() => fewbits.dequantizeBlocks(good.subarray(1), 'nf4'), 'BAD_LENGTH', /36/);
  for (const count of [-1, 257, 1.5, Number.NaN, '3', null])
    wrong(() => fewbits.dequantizeBlocks(good, 'nf4', count as never), 'BAD_LENGTH', /256/);
  for (const length of [0, 35, 37, 72, 5000])
    wrong(() => fewbits.describeBlock(new Uint8Array(length), 'nf4'), 'BAD_LENGTH', /36/);
  const moved = good.slice();
  structuredClone(moved, { transfer: [moved.buffer] });
  wrong(() => fewbits.dequantizeBlocks(moved, 'nf4'), 'BAD_INPUT', /detached/);

  const plain = make({});
  const nested = make({ doubleQuantize: true });
  const restore = (change: object, from = plain) => fewbits.dequantize({ ...from, ...change });
  wrong(() => restore({ data: null }), 'BAD_INPUT');
  wrong(() => restore({ data: plain.data.subarray(1) }), 'BAD_LENGTH', /144/);
  wrong(() => restore({ shape: [128] }), 'BAD_LENGTH');
  wrong(() => restore({ shape: [255] }), 'BAD_LENGTH');
  wrong(() => restore({ shape: 'x' }), 'BAD_SHAPE');
  wrong(() => restore({ scheme: 'nf5' }), 'UNKNOWN_FORMAT');
  wrong(() => restore({ data: nested.data.subarray(1) }, nested), 'BAD_LENGTH');
  const { absmax, scale, offset } = nested.nested!;
  wrong(() => restore({ nested: { absmax: null, scale, offset } }, nested), 'BAD_INPUT', /nested\.absmax/);
  wrong(() => restore({ nested: { absmax: absmax.subarray(1), scale, offset } }, nested), 'BAD_LENGTH', /nested/);
  wrong(() => restore({ nested: { absmax, scale: [], offset } }, nested), 'BAD_LENGTH', /nested\.scale/);
  wrong(() => restore({ nested: { absmax, scale, offset: Number.NaN } }, nested), 'BAD_ARGUMENT', /nested\.offset/);
  wrong(() => restore({ nested: {} }, nested), 'BAD_INPUT');
  for (const name of ['nvfp4_tensor', 'ternary_absmean'] as const)
    for (const bad of [undefined, [], [-1], [Number.NaN], ['1']])
      wrong(() => restore({ scale: bad }, make({}, name)), 'BAD_ARGUMENT', /scale/);
});

test('importance that is wrong, or missing where it is needed', () => {
  const code = (call: () => unknown): string => {
    try {
      call();
      return '';
    } catch (error) {
      return (error as FewbitsError).code;
    }
  };
  const importance = new Float32Array(256).fill(1);
  for (const { name, usesImportance, needsImportance } of makeable) {
    const values = wave(512);
    const make = (options: BlockOptions) => code(() => fewbits.quantize(values, name, { rowLength: 256, ...options }));
    assert.equal(make({}), needsImportance ? 'NEEDS_IMPORTANCE' : '', name);
    assert.equal(make({ importance }), '', name);
    assert.equal(make({ importance: importance.subarray(1) }), usesImportance ? 'BAD_LENGTH' : '', name);
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY])
      assert.equal(make({ importance: importance.with(7, bad) }), usesImportance ? 'BAD_ARGUMENT' : '', name);
    for (const none of ['x', null, 0, false]) assert.equal(make({ importance: none as never }), 'BAD_INPUT', name);
    for (const none of [importance, [1], 'importance', 5])
      assert.equal(
        code(() => fewbits.quantize(values, name, none as never)),
        'BAD_ARGUMENT',
        name,
      );
  }
});

test("float32's largest number is a scale and an offset like any other", () => {
  const largest = 3.4028234663852886e38;
  for (const name of ['ternary_absmean', 'binary_absmean'] as const)
    assert.deepEqual([...fewbits.dequantize(fewbits.quantize([largest], name))], [largest]);
  const { nested } = fewbits.quantize(wave(64), 'nf4', { doubleQuantize: true, offset: largest });
  assert.equal(nested!.offset, largest);
});

test('a question of four megabytes is answered, and so is the next one', () => {
  for (const word of ['x'.repeat(4e6), '"\\'.repeat(9e5)]) {
    const asked = [
      () => fewbits.quantizeBlocks(wave(32), word as never),
      () => fewbits.quantizeBlocks(wave(32), 'q4_0', { rowLength: word as never }),
      () => fewbits.dequantizeBlocks(new Uint8Array(18), 'q4_0', word as never),
      () => fewbits.modelParameters({ model_type: word }),
    ];
    for (const ask of asked) assert.throws(ask, (error: FewbitsError) => error.message.length < 400);
    assert.equal(fewbits.quantizeBlocks(wave(32), 'q4_0').length, 18);
  }
});

test('empty inputs give empty outputs', () => {
  for (const { name } of makeable) {
    const quantized = fewbits.quantize([], name);
    assert.equal(quantized.data.length, 0);
    assert.equal(fewbits.dequantize(quantized).length, 0);
  }
  for (const { name } of alone) {
    assert.equal(fewbits.quantizeBlocks([], name).length, 0);
    assert.equal(fewbits.dequantizeBlocks(new Uint8Array(0), name).length, 0);
  }
  const nested = fewbits.quantize([], 'nf4', { doubleQuantize: true });
  assert.deepEqual(nested.nested, { absmax: new Uint8Array(0), scale: new Float32Array(0), offset: 0 });
  assert.equal(fewbits.dequantize(nested).length, 0);
});

// --- the pool ------------------------------------------------------------------------------------------------------------

test('a pool answers as the synchronous face', async () => {
  const pool = await createPool({ size: 2 });
  try {
    const values = wave(SLICE + 4096);
    await Promise.all(
      makeable.map(async ({ name }) => {
        const expected = fewbits.quantize(values, name);
        const quantized = await pool.quantize(values, name);
        assert.deepEqual(quantized, expected, name);
        assert.deepEqual(await pool.dequantize(quantized), fewbits.dequantize(expected), name);
      }),
    );
    const options = { blockSize: 128, doubleQuantize: true } as const;
    const nested = await pool.quantize(values, 'nf4', { ...options, transfer: false });
    assert.deepEqual(nested, fewbits.quantize(values, 'nf4', options));
    assert.deepEqual(await pool.dequantize(nested), fewbits.dequantize(nested));
    const blocks = await pool.quantizeBlocks(values, 'mxfp6_e3m2', { scaleRule: 'even' });
    assert.deepEqual(blocks, fewbits.quantizeBlocks(values, 'mxfp6_e3m2', { scaleRule: 'even' }));
    assert.deepEqual(
      await pool.dequantizeBlocks(blocks, 'mxfp6_e3m2', 70),
      fewbits.dequantizeBlocks(blocks, 'mxfp6_e3m2', 70),
    );
    const block = blocks.subarray(25, 50);
    assert.deepEqual(await pool.describeBlock(block, 'mxfp6_e3m2'), fewbits.describeBlock(block, 'mxfp6_e3m2'));
    await assert.rejects(
      pool.quantizeBlocks(values.subarray(1), 'nf4'),
      (error) => error instanceof FewbitsError && error.code === 'BAD_LENGTH',
    );
  } finally {
    await pool.terminate();
  }
});
