// Chapter 8's model: what the microscope shows of a block is what the library makes of it.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Fewbits, init } from 'fewbits';
import { MADE, READ } from '../../web/page/kit/block-formats.ts';
import type { Dataset } from '../../web/page/kit/contract.ts';
import { generate } from '../../web/page/kit/data/generate.ts';
import { pack } from '../../web/page/kit/json.ts';
import { defaultsOf } from '../../web/page/kit/options.ts';
import { EXACT_AT_ONCE } from '../../web/page/kit/sample.ts';
import { type Block, exact, model, options } from '../../web/page/sections/blocks/model.ts';
import { type Options, USUAL } from '../../web/page/sections/blocks/options.ts';
import { bitsOf, bytesOf, fieldAt, ownersOf, weightsOf } from '../../web/page/sections/blocks/selection.ts';

const SEVEN = [5.47, 3.08, -7.59, 0, -1.95, -4.57, 10.8];
const FORMATS = MADE.map(([name]) => name);
const gaussian = generate('gaussian', 4096, 1);

let fewbits: Fewbits;
before(async () => {
  fewbits = await init();
});

function datasetOf(given: ArrayLike<number>, followed = 0): Dataset {
  const values = Float32Array.from(given);
  const source = { kind: 'own', name: 'numbers' } as const;
  return { source, name: 'numbers', values, shape: [values.length], summary: fewbits.summarize(values), followed };
}

const viewOf = (given: ArrayLike<number>, changes: Partial<Options> = {}, followed = 0) =>
  model(fewbits, datasetOf(given, followed), { ...defaultsOf(options), ...changes });

function blockOf(given: ArrayLike<number>, changes: Partial<Options> = {}, followed = 0): Block {
  const { block, problem } = viewOf(given, changes, followed).sides.at(-1)!;
  assert.ok(block, problem);
  return block;
}

/** The block's own numbers, as the library has them. */
function expected(given: ArrayLike<number>, format: string, followed: number, bits: number[] = []) {
  const { blockSize: size, blockBytes } = fewbits.blockFormats.find(({ name }) => name === format)!;
  const start = Math.floor(followed / size) * size;
  const bytes = fewbits.quantizeBlocks(Float32Array.from(given).subarray(start, start + size), format as 'q4_0');
  for (const bit of bits) bytes[bit >> 3]! ^= 1 << (bit & 7);
  const restored = fewbits.dequantizeBlocks(bytes, format as 'q4_0');
  return { size, start, blockBytes, bytes, restored };
}

describe('one block', () => {
  for (const format of FORMATS) {
    it(`${format}: bytes and values are the library’s, and its bits add up`, () => {
      for (const followed of [0, 700, 4095]) {
        const block = blockOf(gaussian, { format }, followed);
        const { size, start, blockBytes, bytes, restored } = expected(gaussian, format, followed);
        assert.deepEqual([block.size, block.block, block.at], [size, start / size, followed - start]);
        assert.equal(block.bytes.length, blockBytes);
        assert.deepEqual(block.bytes, [...bytes]);
        assert.ok(Object.is(block.back, restored[followed - start]));
        assert.deepEqual(
          block.restored,
          Array.from(restored, (x) => Number(x.toPrecision(4))),
        );
        assert.equal(block.original, gaussian[followed]);
        const told = block.fields.reduce((sum, { bits, count }) => sum + bits * count, 0);
        assert.equal(told, 8 * blockBytes);
      }
    });

    it(`${format}: a weight’s bits are those that make its code`, () => {
      const block = blockOf(gaussian, { format }, 1234);
      const { elements } = fewbits.describeBlock(Uint8Array.from(block.bytes), format as 'q4_0');
      elements.forEach(({ bits }, i) => {
        assert.deepEqual(bitsOf(block, i), bits);
      });
      assert.deepEqual(block.terms, elements[block.at]!.terms);
      for (const byte of bytesOf(block, block.at)) {
        assert.equal(fieldAt(block, byte).role, 'code');
        if (format !== 'tq1_0') assert.ok(ownersOf(block, byte).includes(block.at));
      }
    });

    it(`${format}: every restored value stands on a level of its ladder, by its code`, () => {
      const block = blockOf(gaussian, { format }, 2000);
      for (const ladder of block.ladders) {
        assert.ok(ladder.length >= 2 && ladder.length <= 17, `${ladder.length} levels`);
        for (const [i, [, level]] of ladder.entries()) assert.ok(i === 0 || level > ladder[i - 1]![1]);
      }
      block.codes.forEach((code, i) => {
        const level = block.ladders[Math.floor(i / block.sub)]!.find(([told]) => told === code);
        if (level) assert.equal(level[1], block.restored[i]);
      });
    });
  }

  it('in q4_0 shares byte 13 between weights 11, low, and 27, high', () => {
    const block = blockOf(gaussian, {}, 11);
    assert.deepEqual(ownersOf(block, 13), [11, 11, 11, 11, 27, 27, 27, 27]);
    assert.deepEqual(bytesOf(block, 27), [13]);
    assert.deepEqual(weightsOf(block, 13), [11, 27]);
    assert.deepEqual(weightsOf(block, 0), []);
    const five = blockOf(gaussian, { format: 'tq1_0' });
    assert.deepEqual(weightsOf(five, 3), [3, 35, 67, 99, 131]);
    assert.deepEqual(ownersOf(block, 0), new Array(8).fill(-1));
    assert.equal(fieldAt(block, 1).name, 'd');
  });

  it('has as many weights to a ladder as share a scale', () => {
    const subs = Object.fromEntries(USUAL.map((format) => [format, blockOf(gaussian, { format }).sub]));
    const expectedSubs = {
      q4_0: 32,
      q8_0: 32,
      q2_k: 16,
      q4_k: 32,
      q6_k: 16,
      iq4_xs: 32,
      mxfp4: 32,
      nvfp4: 16,
      nf4: 64,
    };
    assert.deepEqual(subs, expectedSubs);
  });

  it('takes a code for what it is: with its sign, less an offset, or by a table', () => {
    const told = (format: string) => {
      const { code, terms, offset } = blockOf(gaussian, { format }, 40);
      return { difference: code - terms['q']!, offset };
    };
    assert.deepEqual(told('q4_0'), { difference: 8, offset: 8 });
    assert.deepEqual(told('q8_0'), { difference: 0, offset: 0 });
    assert.deepEqual(told('q6_k'), { difference: 32, offset: 32 });
    assert.equal(told('iq4_nl').offset, null);
    assert.ok(blockOf(gaussian, { format: 'q8_0' }).codes.some((code) => code < 0));
    assert.deepEqual([...new Set(blockOf(gaussian, { format: 'tq1_0' }).codes)].sort(), [-1, 0, 1]);
  });

  it('shows scales in the number format that they are in', () => {
    const shared = (format: string) =>
      blockOf(gaussian, { format }, 300).shared.map(({ name, as, parts }) => [
        name,
        as,
        parts.map((part) => part.length),
      ]);
    assert.deepEqual(shared('q4_0'), [['d', 'float16', [1, 5, 10]]]);
    assert.deepEqual(shared('mxfp4'), [['e', 'float8_e8m0fnu', [0, 8, 0]]]);
    assert.deepEqual(shared('nvfp4'), [['d', 'float8_e4m3fn', [1, 4, 3]]]);
    assert.deepEqual(shared('nf4'), [['absmax', 'float32', [1, 8, 23]]]);
    assert.deepEqual(shared('q6_k'), [
      ['scales', '', [8]],
      ['d', 'float16', [1, 5, 10]],
    ]);
  });

  it('knows the largest weight, and whether it set the scale', () => {
    const values = gaussian.slice(0, 256);
    values[9] = -40;
    for (const format of FORMATS) assert.equal(blockOf(values, { format }).largest, 9, format);
    const set = FORMATS.filter((format) => blockOf(values, { format }).setsScale);
    for (const format of ['q4_0', 'q8_0', 'q8_k', 'nf4', 'mxfp4', 'tq2_0']) assert.ok(set.includes(format), format);
    for (const format of ['q4_1', 'q4_k', 'q6_k', 'q1_0', 'nvfp4']) assert.ok(!set.includes(format), format);
  });

  it('errors are within half a step where codes are rounded', () => {
    for (const format of ['q8_0', 'mxint8', 'nf4', 'fp4'])
      for (const step of blockOf(gaussian, { format }, 64).steps) assert.ok(Math.abs(step) <= 51, `${format}: ${step}`);
  });
});

describe('flipped bits', () => {
  it('are flipped in their block and format alone', () => {
    for (const format of FORMATS) {
      const bits = [3, 21];
      const flips = { format, block: 1, bits };
      const size = blockOf(gaussian, { format }).size;
      const { bytes, restored } = expected(gaussian, format, size + 5, bits);
      const block = blockOf(gaussian, { format, flips }, size + 5);
      assert.deepEqual(block.bytes, [...bytes], format);
      assert.ok(Object.is(block.back, restored[5]), format);
      assert.deepEqual(blockOf(gaussian, { format, flips }, 5), blockOf(gaussian, { format }, 5));
    }
    const other = { format: 'q4_1', block: 0, bits: [0] };
    assert.deepEqual(blockOf(gaussian, { flips: other }), blockOf(gaussian));
  });

  it('of a scale rescale the block, and beyond the block are nothing', () => {
    const plain = blockOf(gaussian);
    const doubled = blockOf(gaussian, { flips: { format: 'q4_0', block: 0, bits: [10] } });
    const ratio = doubled.shared[0]!.value / plain.shared[0]!.value;
    assert.ok(ratio === 2 || ratio === 0.5);
    assert.equal(doubled.back, plain.back * ratio);
    assert.deepEqual(blockOf(gaussian, { flips: { format: 'q4_0', block: 0, bits: [144, 9999] } }), plain);
  });

  it('travel as text, and what is no such text is ignored', () => {
    const { flips } = options;
    for (const made of [
      { format: 'mxfp8_e4m3', block: 12, bits: [0, 77] },
      { format: 'q4_0', block: 0, bits: [3] },
    ])
      assert.deepEqual(flips.parse(flips.format(made)), made);
    for (const text of ['', 'q4_0', 'q4_0-1-', 'q4_0--1-2', 'q4_0-1-2.', '<b>-1-2'])
      assert.equal(flips.parse(text), undefined);
    assert.equal(flips.ofData, true);
  });
});

describe('the strip', () => {
  it('has a cell per block up to 128, then the worst of each stretch', () => {
    const errors = (format: string) => {
      const { size } = blockOf(gaussian, { format });
      const restored = fewbits.dequantizeBlocks(fewbits.quantizeBlocks(gaussian, format as 'q4_0'), format as 'q4_0');
      return Array.from({ length: gaussian.length / size }, (_, b) =>
        Math.sqrt(
          gaussian
            .subarray(b * size, (b + 1) * size)
            .reduce((sum, x, i) => sum + (x - restored[b * size + i]!) ** 2, 0) / size,
        ),
      );
    };
    const { strip, stripBlocks, worst } = blockOf(gaussian);
    const all = errors('q4_0');
    assert.equal(strip.length, 128);
    assert.deepEqual(stripBlocks, [...all.keys()]);
    assert.equal(worst, all.indexOf(Math.max(...all)));
    assert.equal(strip[worst], 100);
    strip.forEach((share, i) => {
      assert.ok(Math.abs(share - (100 * all[i]!) / all[worst]!) <= 0.51);
    });
    assert.equal(blockOf(gaussian, { format: 'q4_k' }).strip.length, 16);

    const long = generate('laplace', 32 * 1000, 1);
    const pooled = blockOf(long);
    assert.equal(pooled.strip.length, 128);
    assert.ok(pooled.strip.includes(100));
    assert.equal(pooled.stripBlocks[pooled.strip.indexOf(100)], pooled.worst);
  });

  it('is of a sample above what is exact at once, and exact when asked, and from then on', () => {
    const dataset = datasetOf(generate('gaussian', EXACT_AT_ONCE + 64, 1), EXACT_AT_ONCE + 63);
    const set = defaultsOf(options);
    const first = model(fewbits, dataset, set);
    assert.equal(first.pending, true);
    const all = exact(fewbits, dataset, set);
    assert.equal(all.pending, false);
    assert.equal(model(fewbits, dataset, set).pending, false);
    const [a, b] = [first.sides[0]!.block!, all.sides[0]!.block!];
    assert.deepEqual([a.bytes, a.back, a.block], [b.bytes, b.back, b.blocks - 1]);
    assert.ok(a.stripBlocks.every((block) => block < a.blocks));
  });

  it('counts the blocks that decode to infinity, and shows them as the worst', () => {
    const values = gaussian.slice(0, 320);
    values[70] = 1e38;
    const { infinite, firstInfinite, worst, strip, shared } = blockOf(values, {}, 70);
    assert.deepEqual([infinite, firstInfinite, worst, strip[2]], [1, 2, 2, 100]);
    assert.equal(shared[0]!.value, -Infinity);
    assert.equal(blockOf(values).infinite, 1);
    assert.equal(blockOf(values, { format: 'nf4' }, 70).infinite, 0);
  });
});

describe('data at the edges', () => {
  it('few values are one block, filled with zeros', () => {
    for (const format of FORMATS) {
      const block = blockOf(SEVEN, { format }, 6);
      assert.deepEqual([block.blocks, block.filled, block.tail, block.at, block.beyond], [1, 7, 0, 6, false], format);
      assert.deepEqual(block.values.slice(0, 7), SEVEN);
      assert.ok(block.values.slice(7).every((x) => x === 0));
      assert.equal(block.strip.length, 1);
    }
  });

  it('what is less than a block is left out; a followed value there shows its nearest neighbour', () => {
    const block = blockOf(gaussian.subarray(0, 40), {}, 39);
    assert.deepEqual([block.blocks, block.tail, block.beyond, block.at], [1, 8, true, 31]);
    assert.deepEqual(blockOf(gaussian.subarray(0, 40), {}, 31).tail, 8);
  });

  it('all zeros have no step and no error', () => {
    for (const format of FORMATS) {
      const block = blockOf(new Float32Array(256), { format });
      assert.equal(block.setsScale, false);
      assert.deepEqual([...new Set(block.steps)], [0], format);
      if (!/^(q1_0|mxfp|fp4)/.test(format))
        assert.ok(
          block.restored.every((x) => x === 0),
          format,
        );
    }
  });

  it('a format that is only read has bytes that are made up; one that says nothing of itself, a problem', () => {
    for (const [format] of READ) {
      const { fields } = fewbits.blockFormats.find(({ name }) => name === format)!;
      const { block, problem } = viewOf(gaussian, { format }, 300).sides[0]!;
      for (const other of [0, 300, 600, 900]) {
        const { restored } = viewOf(gaussian, { format }, other).sides[0]!.block ?? {};
        assert.ok(
          (restored ?? []).every((x) => Math.abs(x) < 1000),
          `${format}: its scale is 1`,
        );
      }
      if (!fields.length) {
        assert.match(problem, new RegExp(format));
        continue;
      }
      assert.equal(problem, '');
      const restored = fewbits.dequantizeBlocks(Uint8Array.from(block!.bytes), format as 'q4_0');
      assert.equal(block!.made, false);
      assert.ok(restored.every(Number.isFinite), format);
      assert.ok(new Set(restored).size > 4, format);
      assert.equal(block!.back, restored[block!.at]);
    }
  });

  it('an unknown format is the first one; a pinned one stands before it', () => {
    assert.equal(viewOf(SEVEN, { format: 'nonsense' }).sides[0]!.format, 'q4_0');
    const { sides } = viewOf(SEVEN, { format: 'q8_0', pin: 'nf4' });
    assert.deepEqual(
      sides.map(({ format }) => format),
      ['nf4', 'q8_0'],
    );
    assert.equal(viewOf(SEVEN, { pin: 'nonsense' }).sides.length, 1);
    assert.equal(viewOf(SEVEN, { format: 'nf4', pin: 'nf4' }).sides.length, 1);
    // What needs no importance is given none.
    assert.deepEqual(viewOf(gaussian, { flat: true }), viewOf(gaussian));
  });

  it('where importance is needed, a flat one is offered and taken', () => {
    const asked: unknown[] = [];
    const demanding: Fewbits = {
      ...fewbits,
      blockFormats: fewbits.blockFormats.map((format) => ({ ...format, needsImportance: true })),
      quantizeBlocks(values, format, given) {
        if (!given?.importance)
          throw Object.assign(new Error(`${format} needs importance.`), {
            name: 'FewbitsError',
            code: 'NEEDS_IMPORTANCE',
          });
        asked.push(given);
        return fewbits.quantizeBlocks(values, format, given);
      },
    };
    const set = defaultsOf(options);
    const [side] = model(demanding, datasetOf(gaussian), set).sides;
    assert.deepEqual([side!.problem, side!.offer, side!.block], ['q4_0 needs importance.', true, undefined]);
    const [flat] = model(demanding, datasetOf(gaussian), { ...set, flat: true }).sides;
    assert.equal(flat!.problem, '');
    assert.deepEqual(flat!.block!.bytes, [
      ...fewbits.quantizeBlocks(gaussian.subarray(0, 32), 'q4_0', { importance: new Float32Array(32).fill(1) }),
    ]);
    assert.ok(asked.length > 0);
  });
});

it('a message has at most 16 kB for each format', () => {
  for (const [i, format] of FORMATS.entries()) {
    const one = pack(viewOf(gaussian, { format }, 777)).length;
    assert.ok(one < 16_000, `${format}: ${one}`);
    const pin = FORMATS[(i + 1) % FORMATS.length]!;
    const two = pack(viewOf(gaussian, { format, pin }, 777)).length;
    assert.ok(two < 32_000, `${format}, ${pin}: ${two}`);
  }
});
