// The plan: a target size at least total error. Small cases against all plans there are, larger ones against a table over bytes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { init } from 'fewbits';
import { FewbitsError } from '../../web/lib/errors.ts';
import { type Plan, type PlanTensor, planFlags, planOverrides, planTypes } from '../../web/lib/files/plan.ts';
import { chooseTypes, type TensorType, tensorTypes } from '../../web/lib/files/recipes.ts';
import { errorsOf } from './errors.ts';

const { blockFormats } = await init();
const errorOf = errorsOf(FewbitsError);

const names = tensorTypes();

/** Tensors from bytes and errors; the i-th result has the i-th type that there is. */
const tensorsOf = (sets: readonly (readonly (readonly [bytes: number, error: number])[])[]): PlanTensor[] =>
  sets.map((results, i) => ({
    name: `blk.${i}.weight`,
    results: results.map(([byteLength, error], k) => ({ type: names[k]!, byteLength, error })),
  }));

/** The least error and, of plans that have it, the fewest bytes; nothing where no plan fits. */
function leastOfAll(tensors: readonly PlanTensor[], room: number): [error: number, bytes: number] | undefined {
  let best: [number, number] | undefined;
  const walk = (i: number, error: number, bytes: number): void => {
    if (i < tensors.length) {
      for (const result of tensors[i]!.results) walk(i + 1, error + result.error, bytes + result.byteLength);
    } else if (bytes <= room && (!best || error < best[0] || (error === best[0] && bytes < best[1]))) {
      best = [error, bytes];
    }
  };
  walk(0, 0, 0);
  return best;
}

/** The least error by the textbook's table, a row per byte: for sizes that are small whole numbers. */
function leastByTable(tensors: readonly PlanTensor[], room: number): number {
  let least = new Float64Array(room + 1);
  for (const { results } of tensors) {
    const next = new Float64Array(room + 1).fill(Infinity);
    for (const { byteLength, error } of results)
      for (let b = byteLength; b <= room; b++) next[b] = Math.min(next[b]!, least[b - byteLength]! + error);
    least = next;
  }
  return least[room]!;
}

/** What a plan says of itself, checked against the tensors. */
function checkSums(plan: Plan, tensors: readonly PlanTensor[], alignment: number): void {
  const chosen = tensors.map(({ name, results }) => results.find(({ type }) => type === plan.types.get(name))!);
  assert.equal(
    plan.error,
    chosen.reduce((sum, { error }) => sum + error, 0),
  );
  assert.equal(
    plan.byteLength,
    chosen.reduce((sum, { byteLength }) => sum + Math.ceil(byteLength / alignment) * alignment, 0),
  );
}

/** Deterministic numbers from 0 to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('planTypes', () => {
  const items = (bytes: number, error: number) =>
    fc.array(fc.tuple(fc.nat(bytes), fc.nat(error)), { minLength: 1, maxLength: 5 });
  for (const [label, bytes, error] of [
    ['many sizes and errors', 1000, 1000],
    ['few sizes', 4, 1000],
    ['few errors', 1000, 3],
    ['many ties', 3, 3],
  ] as const)
    it(`finds what trying all plans finds: ${label}`, () => {
      const sets = fc.array(items(bytes, error), { minLength: 1, maxLength: 6 });
      let solved = 0;
      fc.assert(
        fc.property(sets, fc.integer({ min: -100, max: 1100 }), (set, part) => {
          const tensors = tensorsOf(set);
          const sum = (of: (...sizes: number[]) => number) =>
            set.reduce((total, results) => total + of(...results.map(([size]) => size)), 0);
          const least = sum(Math.min);
          const targetBytes = Math.max(0, Math.floor(least + ((sum(Math.max) - least) * part) / 1000));
          const best = leastOfAll(tensors, targetBytes);
          if (!best) {
            assert.equal(errorOf(() => planTypes(tensors, { targetBytes, alignment: 1 })).code, 'OUT_OF_RANGE');
            return;
          }
          solved++;
          const plan = planTypes(tensors, { targetBytes, alignment: 1 });
          checkSums(plan, tensors, 1);
          assert.deepEqual([plan.error, plan.byteLength], best);
        }),
        { numRuns: 1500 },
      );
      assert(solved > 500, `${solved}`);
    });

  it('finds what the table over bytes finds for 60 tensors of 12 types', () => {
    const random = numbers(7);
    for (let run = 0; run < 30; run++) {
      // Errors with little to choose between, and errors with much.
      const spread = run % 3 === 0 ? 10 : 10_000;
      const sets = Array.from({ length: 60 }, () => {
        const scale = 1 + Math.floor(random() * spread);
        return Array.from({ length: 12 }, (_, k): [number, number] => [
          k * 3 + Math.floor(random() * 5),
          Math.floor(scale * 2 ** (12 - k) * (0.8 + 0.4 * random())),
        ]);
      });
      const tensors = tensorsOf(sets);
      const targetBytes = 400 + Math.floor(random() * 1200);
      const plan = planTypes(tensors, { targetBytes, alignment: 1 });
      checkSums(plan, tensors, 1);
      assert(plan.byteLength <= targetBytes);
      assert.equal(plan.error, leastByTable(tensors, targetBytes));
    }
  });

  it('plans for 400 tensors of 12 types within a second', () => {
    const random = numbers(11);
    const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const rows = blockFormats.filter(({ family, blockSize }) => family === 'ggml' && blockSize > 0).slice(0, 12);
    const shapes = [4096 * 4096, 1024 * 4096, 14336 * 4096, 2880 * 2880, 1152 * 6912];
    for (const noise of [1, 0.1, 0.01])
      for (const elementsOf of [(i: number) => shapes[i % 5]!, () => 256 * Math.ceil(random() * 1e5)]) {
        const tensors = Array.from({ length: 400 }, (_, i): PlanTensor => {
          const elements = elementsOf(i);
          const scale = elements * Math.exp(noise * gauss());
          return {
            name: `blk.${i}.weight`,
            results: rows.map(({ name, bitsPerWeight }) => ({
              type: name as TensorType,
              byteLength: (elements * bitsPerWeight) / 8,
              error: scale * 4 ** -bitsPerWeight * Math.exp((noise / 5) * gauss()),
            })),
          };
        });
        const sizes = tensors.map(({ results }) => results.map(({ byteLength }) => byteLength));
        const least = sizes.reduce((sum, all) => sum + Math.min(...all), 0);
        const most = sizes.reduce((sum, all) => sum + Math.max(...all), 0);
        for (const part of [0.2, 0.5, 0.8]) {
          const targetBytes = Math.floor(least + part * (most - least)) + 400 * 32;
          const before = performance.now();
          const plan = planTypes(tensors, { targetBytes });
          assert(performance.now() - before < 1000, `${noise} ${part}: ${performance.now() - before} ms`);
          checkSums(plan, tensors, 32);
          assert(plan.byteLength <= targetBytes);
          assert.deepEqual(planTypes(tensors, { targetBytes }), plan, 'the same plan again');
        }
      }
  });

  it('pads tensors as GGUF does, and leaves room for the rest of the file', () => {
    const tensors = tensorsOf([
      [
        [33, 1],
        [32, 2],
      ],
    ]);
    const typeOf = (targetBytes: number, options = {}) => planTypes(tensors, { targetBytes, ...options }).byteLength;
    assert.equal(typeOf(64), 64);
    assert.equal(typeOf(63), 32);
    assert.equal(typeOf(63, { alignment: 1 }), 33);
    assert.equal(typeOf(163, { otherBytes: 100 }), 132);
    assert.equal(typeOf(164, { otherBytes: 100 }), 164);
  });

  it('says which size is the least that there is', () => {
    const error = errorOf(() => planTypes(tensorsOf([[[100, 1]], [[50, 1]]]), { targetBytes: 100, otherBytes: 7 }));
    assert.equal(error.code, 'OUT_OF_RANGE');
    assert.equal(error.details['leastBytes'], 128 + 64 + 7);
    assert.match(error.message, /No plan has 100 bytes or less: the smallest has 199/);
  });

  it('calls its measure what the caller says', () => {
    const tensors = tensorsOf([[[1, 1]]]);
    assert.equal(planTypes(tensors, { targetBytes: 99 }).measure, 'proxy');
    assert.equal(planTypes(tensors, { targetBytes: 99, measure: 'importance' }).measure, 'importance');
  });

  it('takes errors of any magnitude', () => {
    for (const scale of [1e-300, 1e-9, 1, 1e9, 1e290]) {
      const sets = [1, 2, 3].map((k): [number, number][] => [
        [10, 3 * k * scale],
        [20, 1 * k * scale],
        [30, 0],
      ]);
      const plan = planTypes(tensorsOf(sets), { targetBytes: 70, alignment: 1 });
      assert.equal(plan.error, leastOfAll(tensorsOf(sets), 70)![0]);
    }
    assert.equal(planTypes(tensorsOf([[[1, 0]], [[2, 0]]]), { targetBytes: 64 }).error, 0);
    assert.equal(planTypes([], { targetBytes: 0 }).byteLength, 0);
  });

  it('refuses what is no plan, in words', () => {
    const good = tensorsOf([[[1, 1]]]);
    const wrong: [call: () => unknown, said: RegExp][] = [
      [() => planTypes(good, { targetBytes: 1.5 }), /targetBytes is 1.5/],
      [() => planTypes(good, undefined as never), /targetBytes is undefined/],
      [() => planTypes(good, { targetBytes: 64, otherBytes: -1 }), /otherBytes is -1/],
      [() => planTypes(good, { targetBytes: 64, alignment: 0 }), /alignment is 0/],
      [() => planTypes(tensorsOf([[[1, Number.NaN]]]), { targetBytes: 64 }), /'blk.0.weight': error in \w+ is NaN/],
      [() => planTypes(tensorsOf([[[1, -1]]]), { targetBytes: 64 }), /is -1/],
      [() => planTypes(tensorsOf([[[1.5, 1]]]), { targetBytes: 64 }), /byteLength in \w+ is 1.5/],
      [() => planTypes(tensorsOf([[]]), { targetBytes: 64 }), /no type to choose from/],
      [() => planTypes([...good, ...good], { targetBytes: 64 }), /stands twice/],
    ];
    for (const [call, said] of wrong) {
      const error = errorOf(call);
      assert.equal(error.code, 'BAD_ARGUMENT');
      assert.match(error.message, said);
    }
  });
});

describe('a plan elsewhere', () => {
  const vectors = JSON.parse(readFileSync(new URL('../vectors/models/recipes.json', import.meta.url), 'utf8'));
  const { globals, layers } = vectors.models['gpt-oss-20b'];
  const tensors = [
    ...Object.entries(globals).map(([name, shape]) => ({ name, shape: [...(shape as number[])].reverse() })),
    ...Object.entries(layers as Record<string, { shape: number[] }[]>).flatMap(([part, [group]]) =>
      Array.from({ length: 24 }, (_, i) => ({ name: `blk.${i}.${part}`, shape: [...group!.shape].reverse() })),
    ),
  ];
  const model = { architecture: 'gpt-oss', layers: 24, heads: 64, kvHeads: 8, experts: 32, tensors };
  const random = numbers(3);
  const among = ['q8_0', 'q5_0', 'iq4_nl', 'float16', 'bfloat16'] as const;
  const types = new Map<string, TensorType>(
    chooseTypes(model, 'q4_0').map(({ name }) => [name, among[Math.floor(random() * among.length)]!]),
  );

  it('gives the same types as overrides of a recipe', () => {
    const overrides = planOverrides({ types });
    assert(overrides.length < types.size, 'blocks share patterns');
    const chosen = chooseTypes(model, 'q4_k_m', { overrides });
    assert.deepEqual(
      new Map(chosen.map(({ name, type }) => [name, type])),
      new Map(chosen.map(({ name }) => [name, types.get(name)!])),
    );
    assert.equal(chosen.length, types.size);
  });

  it('gives the same types as flags, the way llama-quantize reads them', () => {
    const flags = planFlags({ types });
    const read = flags.flatMap((flag, i) => {
      if (i % 2 === 0) assert.equal(flag, '--tensor-type');
      const split = flag.indexOf('=');
      const pattern = flag.slice(0, split).toLowerCase();
      return i % 2 === 0 ? [] : [{ pattern: new RegExp(pattern), type: flag.slice(split + 1) }];
    });
    const ggml = { float16: 'f16', bfloat16: 'bf16' } as Record<string, string>;
    for (const [name, type] of types)
      assert.equal(read.find(({ pattern }) => pattern.test(name))?.type, ggml[type] ?? type, name);
    assert(flags.every((flag) => !/\s/.test(flag)));
  });

  it('means no other tensor, whatever letters a name has', () => {
    const odd = new Map<string, TensorType>([
      ['blk.1.a+b.weight', 'q4_0'],
      ['blk.11.a+b.weight', 'q8_0'],
      ['a.weight', 'q5_0'],
      ['Größe=1 (x).weight', 'q5_1'],
    ]);
    const overrides = planOverrides({ types: odd });
    for (const [name, type] of odd) {
      const hits = overrides.filter(({ pattern }) => (pattern as RegExp).test(name));
      assert.deepEqual(
        hits.map((hit) => hit.type),
        [type],
      );
      assert(!overrides.some(({ pattern }) => (pattern as RegExp).test(`x${name}`)));
    }
    const flags = planFlags({ types: odd });
    assert.deepEqual(
      flags.filter((_, i) => i % 2),
      [
        '^blk\\.1\\.a.b\\.weight$=q4_0',
        '^blk\\.11\\.a.b\\.weight$=q8_0',
        '^a\\.weight$=q5_0',
        '^.r....e.1..x.\\.weight$=q5_1',
      ],
    );
  });
});
