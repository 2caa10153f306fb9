// llama.cpp's recipes: the type of every tensor of 22 models, as llama-quantize chose it, and what bad questions get.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { init } from 'fewbits';
import { FewbitsError } from '../../web/lib/errors.ts';
import {
  chooseTypes,
  findTensorType,
  isQuantizable,
  type RecipeModel,
  recipeFileType,
  recipeNames,
  recipeTypes,
  tensorTypes,
  uniformTypes,
} from '../../web/lib/files/recipes.ts';
import { errorsOf } from './errors.ts';

const { blockFormats } = await init();
const errorOf = errorsOf(FewbitsError);

type Shapes = Record<string, { shape: number[]; layers: 'all' | number[] }[]>;

interface Published {
  architecture: string;
  n_layer: number;
  n_head: number;
  n_head_kv: number;
  n_expert: number;
  globals: Record<string, number[]>;
  layers: Shapes;
}

interface Expected {
  base: string;
  globals: Record<string, string>;
  layers: Record<string, Record<string, number[]>>;
  counts: Record<string, number>;
  bytes: number;
}

interface File {
  model: string;
  file_type: string;
  imatrix: boolean;
  counts: Record<string, number>;
}

const vectors: {
  models: Record<string, Published>;
  cases: { id: string; model: string; file_type: string; imatrix: boolean; expect: Expected }[];
  published_files: File[];
} = JSON.parse(readFileSync(new URL('../vectors/models/recipes.json', import.meta.url), 'utf8'));

/** The file has rows first; ours are slowest first. */
function modelOf({ architecture, n_layer, n_head, n_head_kv, n_expert, globals, layers }: Published): RecipeModel {
  const all = Array.from({ length: n_layer }, (_, i) => i);
  const tensors = Object.entries(globals).map(([name, shape]) => ({ name, shape: [...shape].reverse() }));
  for (const [part, groups] of Object.entries(layers))
    for (const group of groups)
      for (const i of group.layers === 'all' ? all : group.layers)
        tensors.push({ name: `blk.${i}.${part}`, shape: [...group.shape].reverse() });
  return { architecture, layers: n_layer, heads: n_head, kvHeads: n_head_kv, experts: n_expert, tensors };
}

const models = new Map(Object.entries(vectors.models).map(([name, model]) => [name, modelOf(model)]));
const llama = models.get('Llama-3-8B')!;
const qwen = models.get('Qwen2.5-0.5B')!;
const mixtral = models.get('Mixtral-8x7B')!;

const PLAIN: Record<string, string> = { f32: 'float32', f16: 'float16', bf16: 'bfloat16' };
const ours = (type: string) => PLAIN[type] ?? type;
const theirs = (type: string) => Object.keys(PLAIN).find((name) => PLAIN[name] === type) ?? type;

function expectedType({ base, globals, layers }: Expected, name: string): string {
  const [, block, part] = /^blk\.(\d+)\.(.*)$/.exec(name) ?? [];
  const types = layers[part ?? ''] ?? {};
  const own = Object.keys(types).find((type) => types[type]!.includes(Number(block)));
  return ours(globals[name] ?? own ?? base);
}

const bytesOf = (shape: readonly number[], type: string): number => {
  const elements = shape.reduce((product, size) => product * size, 1);
  const block = blockFormats.find(({ name }) => name === type);
  return block ? (elements / block.blockSize) * block.blockBytes : elements * (type === 'float32' ? 4 : 2);
};

function countsOf(model: RecipeModel, types: Map<string, string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of model.tensors) {
    const type = theirs(types.get(name) ?? 'float32');
    counts[type] = (counts[type] ?? 0) + 1;
  }
  return counts;
}

describe('recipeTypes', () => {
  it('has at least 79 cases to answer', () => assert(vectors.cases.length >= 79));
  for (const { id, model: name, file_type, imatrix, expect } of vectors.cases)
    it(`gives every tensor of ${id} the type that llama-quantize gave it`, () => {
      const model = models.get(name)!;
      const types = recipeTypes(model, file_type.toLowerCase(), { importance: imatrix });
      for (const tensor of model.tensors)
        if (isQuantizable(tensor)) assert.equal(types.get(tensor.name), expectedType(expect, tensor.name), tensor.name);
        else assert(!types.has(tensor.name), tensor.name);
      assert.deepEqual(countsOf(model, types), expect.counts);
      const bytes = model.tensors.map(({ name, shape }) => bytesOf(shape, types.get(name) ?? 'float32'));
      assert.equal(
        bytes.reduce((sum, size) => sum + size, 0),
        expect.bytes,
      );
    });

  for (const { model, file_type, imatrix, counts } of vectors.published_files)
    it(`counts the types of the published ${model} ${file_type}`, () => {
      const types = recipeTypes(models.get(model)!, file_type.toLowerCase(), { importance: imatrix });
      const own = countsOf(models.get(model)!, types);
      // Files also hold rope factors and the like, in float32, which the shapes here leave out.
      for (const [type, count] of Object.entries(counts)) if (type !== 'f32') assert.equal(own[type], count, type);
    });

  it('answers every recipe for every model, or says which rows no type fits', () => {
    for (const [name, model] of models)
      for (const recipe of recipeNames)
        for (const importance of [false, true]) {
          try {
            const types = recipeTypes(model, recipe, { importance });
            for (const { name, shape } of model.tensors) {
              const type = types.get(name);
              const size = blockFormats.find((format) => format.name === type)?.blockSize ?? 1;
              assert.equal(shape.at(-1)! % size, 0, `${name} ${type}`);
            }
          } catch (error) {
            assert.equal((error as FewbitsError).code, 'UNSUPPORTED', `${name} ${recipe}: ${error}`);
            assert(['q1_0', 'mxfp4_moe', 'q8_0', 'q4_0', 'iq4_nl'].includes(recipe), `${name} ${recipe}`);
          }
        }
  });

  it("does not depend on the order of a model's tensors", () => {
    const reversed = { ...mixtral, tensors: [...mixtral.tensors].reverse() };
    for (const recipe of ['q4_k_m', 'q3_k_m', 'iq2_xs'])
      assert.deepEqual(chooseTypes(reversed, recipe), chooseTypes(mixtral, recipe));
  });

  it('takes plain numbers and short names as llama-quantize does', () => {
    for (const [recipe, type] of Object.entries(PLAIN))
      assert.deepEqual([...new Set(recipeTypes(llama, recipe).values())], [type]);
    for (const size of ['q3_k', 'q4_k', 'q5_k'])
      assert.deepEqual(recipeTypes(llama, size), recipeTypes(llama, `${size}_m`));
  });

  it("knows each recipe's number in general.file_type", () => {
    const types = recipeNames.map(recipeFileType);
    assert.equal(new Set(types).size, recipeNames.length);
    assert.deepEqual([recipeFileType('q4_k_m'), recipeFileType('f16'), recipeFileType('q5_k')], [15, 1, 17]);
  });

  it('leaves alone what llama.cpp does', () => {
    const kept = [
      ...['blk.0.attn_norm.weight', 'blk.0.ffn_gate_inp.weight', 'blk.1.ssm_conv1d.weight', 'token_types.weight'],
      ...['position_embd.weight', 'v.blk.0.position_embd', 'blk.0.time_mix_decay_w2.weight', 'blk.0.attn_q.bias'],
      ...['blk.0.indexer.k_proj.weight', 'per_layer_model_proj.weight', 'blk.2.laurel_l.weight'],
    ];
    for (const name of kept) assert(!isQuantizable({ name, shape: [512, 512] }), name);
    for (const name of ['blk.0.attn_q.weight', 'blk.0.time_mix_w3.weight', 'blk.0.indexer.proj.weight'])
      assert(isQuantizable({ name, shape: [512, 512] }), name);
    assert(!isQuantizable({ name: 'blk.0.attn_q.weight', shape: [512] }));
    assert(!isQuantizable({ name: 'blk.0.attn_q.weight', shape: [1, 1, 512] }), 'sizes of 1 are no dimensions');
    assert(isQuantizable({ name: 'blk.0.ffn_up_exps.weight', shape: [8, 512, 512] }));
  });
});

describe('chooseTypes', () => {
  const reasonOf = (model: RecipeModel, recipe: string, tensor: string, options = {}) =>
    chooseTypes(model, recipe, options).find(({ name }) => name === tensor)?.reason;

  it('says why', () => {
    assert.equal(reasonOf(llama, 'q4_k_m', 'blk.0.attn_q.weight'), "q4_k_m's base type");
    assert.equal(reasonOf(llama, 'q4_k_m', 'blk.0.attn_v.weight'), "q4_k_m's type for attn_v.weight");
    assert.equal(reasonOf(llama, 'q4_k_m', 'output.weight'), "q4_k_m's type for the output");
    assert.equal(
      reasonOf(qwen, 'q4_k_m', 'blk.0.attn_q.weight'),
      "rows of 896 do not divide into q4_k's blocks of 256: q5_0 instead",
    );
    const narrow = { ...llama, tensors: [{ name: 'blk.0.ffn_up.weight', shape: [64, 40] }] };
    assert.deepEqual(chooseTypes(narrow, 'q4_k_m'), [
      {
        name: 'blk.0.ffn_up.weight',
        type: 'float16',
        reason: "rows of 40 do not divide into q4_k's blocks of 256, nor into q5_0's of 32: float16 instead",
        needsImportance: false,
      },
    ]);
  });

  it('says what cannot be made without importance', () => {
    const needing = (recipe: string) =>
      new Set(chooseTypes(llama, recipe).flatMap(({ type, needsImportance }) => (needsImportance ? [type] : [])));
    assert.deepEqual(needing('iq2_xxs'), new Set(['iq2_xxs']));
    assert.deepEqual(needing('iq1_m'), new Set(['iq1_m', 'iq2_xxs']));
    assert.deepEqual(needing('iq3_xxs'), new Set(['iq2_s', 'iq3_xxs']));
    assert.deepEqual(needing('q2_k_s'), new Set(['q2_k']));
    for (const recipe of ['q2_k', 'q4_k_m', 'iq4_xs', 'iq3_s']) assert.deepEqual(needing(recipe), new Set());
    const embedding = chooseTypes(llama, 'q2_k_s').find(({ name }) => name === 'token_embd.weight');
    assert.deepEqual([embedding?.type, embedding?.needsImportance], ['q2_k', false]);
  });

  it('lets the first override decide, without counting what it decided', () => {
    const overrides = [
      { pattern: 'BLK\\.0\\.ATTN_V', type: 'q8_0' },
      { pattern: /attn_(v|q)\.weight/g, type: 'q6_k' },
      { pattern: /token_embd/, type: 'float16' },
    ] as const;
    const types = recipeTypes(llama, 'q3_k_m', { overrides });
    assert.equal(types.get('blk.0.attn_v.weight'), 'q8_0', 'strings are lower-cased');
    for (let i = 1; i < 32; i++) assert.equal(types.get(`blk.${i}.attn_v.weight`), 'q6_k', 'g does not skip matches');
    assert.equal(types.get('token_embd.weight'), 'float16');
    const some = recipeTypes(llama, 'q3_k_m', { overrides: [{ pattern: 'blk.0.attn_v', type: 'q8_0' }] });
    assert.equal(some.get('blk.1.attn_v.weight'), 'q5_k', 'the first that is counted');
    assert.equal(some.get('blk.2.attn_v.weight'), 'q5_k');
    assert.equal(some.get('blk.3.attn_v.weight'), 'q4_k');
    assert.equal(reasonOf(llama, 'q3_k_m', 'blk.4.attn_v.weight', { overrides }), 'override /attn_(v|q)\\.weight/');
    const fitted = recipeTypes(qwen, 'q4_0', { overrides: [{ pattern: 'ffn_up', type: 'q6_k' }] });
    assert.equal(fitted.get('blk.3.ffn_up.weight'), 'q8_0', 'rows of 896');
  });

  it('refuses what it cannot answer, in words', () => {
    const wrong: [call: () => unknown, code: string, said: RegExp][] = [
      [() => recipeTypes(llama, 'q4_k_n'), 'UNKNOWN_FORMAT', /recipe 'q4_k_n' .* mean 'q4_k_m'/],
      [() => recipeTypes(llama, 'toString'), 'UNKNOWN_FORMAT', /no recipe 'toString'/],
      [() => recipeTypes(llama, 'Q4_K_M'), 'UNKNOWN_FORMAT', /mean 'q4_k_m'/],
      [() => recipeTypes(llama, 7 as never), 'UNKNOWN_FORMAT', /not by 7/],
      [() => recipeTypes({ ...llama, layers: 1.5 }, 'q4_k_m'), 'BAD_ARGUMENT', /layers is 1.5/],
      [() => recipeTypes({ ...llama, kvHeads: -1 }, 'q4_k_m'), 'BAD_ARGUMENT', /kvHeads is -1/],
      [() => recipeTypes({ ...llama, architecture: 7 as never }, 'q4_k_m'), 'BAD_ARGUMENT', /architecture is 7/],
      [() => recipeTypes({ ...llama, tensors: null as never }, 'q4_k_m'), 'BAD_ARGUMENT', /tensors is null/],
      [() => recipeTypes({ ...llama, tensors: [{ name: 'a' }] as never }, 'q4_k_m'), 'BAD_ARGUMENT', /\[0\]\.shape/],
      [() => recipeTypes(null as never, 'q4_k_m'), 'BAD_ARGUMENT', /model is null/],
      [() => recipeTypes({ ...mixtral, layers: 4 }, 'q4_k_m'), 'BAD_ARGUMENT', /'blk\.4\.ffn_down_exps.*0 to 3/],
      [() => recipeTypes(models.get('gpt-oss-20b')!, 'q1_0'), 'UNSUPPORTED', /rows of 2880 .* q1_0/],
    ];
    for (const [call, code, said] of wrong) {
      const error = errorOf(call);
      assert.equal(error.code, code);
      assert.match(error.message, said);
    }
    const bad = (override: object) => errorOf(() => recipeTypes(llama, 'q4_k_m', { overrides: [override as never] }));
    assert.equal(bad({ pattern: '(', type: 'q4_k' }).code, 'BAD_ARGUMENT');
    assert.equal(bad({ pattern: 7, type: 'q4_k' }).code, 'BAD_ARGUMENT');
    assert.equal(bad({ pattern: 'a', type: 'q4_q' }).code, 'UNKNOWN_FORMAT');
  });

  it('ends in types or a FewbitsError, whatever the model', () => {
    const names = fc.oneof(
      fc.string(),
      fc.constantFrom('output.weight', 'token_embd.weight', 'blk.0.ffn_down.weight', 'blk.99.ffn_up_exps.weight'),
    );
    const tensors = fc.array(fc.record({ name: names, shape: fc.array(fc.nat(600), { maxLength: 4 }) }));
    const numbers = { layers: fc.nat(99), heads: fc.nat(99), kvHeads: fc.nat(9), experts: fc.nat(9) };
    const architecture = fc.constantFrom('llama', 'falcon', 'bailingmoe3', '__proto__');
    fc.assert(
      fc.property(
        fc.record({ architecture, ...numbers, tensors }),
        fc.constantFrom(...recipeNames),
        (model, recipe) => {
          try {
            recipeTypes(model, recipe);
          } catch (error) {
            assert(error instanceof FewbitsError, String(error));
          }
        },
      ),
    );
  });
});

describe('uniformTypes', () => {
  it('gives all tensors that can be quantized one type, or what fits', () => {
    const types = new Map(uniformTypes(qwen, 'q4_k').map(({ name, type }) => [name, type]));
    for (const tensor of qwen.tensors) {
      const type = tensor.shape.at(-1)! % 256 === 0 ? 'q4_k' : 'q5_0';
      assert.equal(types.get(tensor.name), isQuantizable(tensor) ? type : undefined, tensor.name);
    }
  });

  it('lets overrides decide, also where the type is plain', () => {
    const types = uniformTypes(llama, 'bfloat16', { overrides: [{ pattern: /ffn/, type: 'q4_k' }] });
    for (const { name, type } of types) assert.equal(type, name.includes('ffn') ? 'q4_k' : 'bfloat16');
  });

  it('takes types of GGUF, not those of other worlds', () => {
    assert(tensorTypes().length >= 28);
    for (const type of tensorTypes()) assert.equal(findTensorType(type), type);
    for (const type of ['q8_k', 'q8_1', 'nf4', 'mxint8', 'int8', 'Q4_K', 'toString', undefined])
      assert.equal(errorOf(() => findTensorType(type)).code, 'UNKNOWN_FORMAT');
  });
});
