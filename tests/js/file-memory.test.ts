// What a model in a file needs to run: metadata as published GGUF files have it, beside the config.json of the same model.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { FewbitsError, init, type ModelConfig } from 'fewbits';
import { fileMemory, modelConfig, openModel, planConversion } from 'fewbits/files';
import { Bytes } from './bytes.ts';
import { pathOf } from './containers.ts';
import { errorsOf } from './errors.ts';

const fewbits = await init();
const errorOf = errorsOf(FewbitsError);
const MiB = 2 ** 20;

type Value = number | readonly number[];

/** A GGUF of such metadata, whose embedding has a row of 32 for every word. */
async function ggufOf(architecture: string, values: Record<string, Value>, words: number, names: string[] = []) {
  const tensors = [{ name: 'token_embd.weight', ne: [32, words] }, ...names.map((name) => ({ name, ne: [32] }))];
  const file = new Bytes()
    .text('GGUF')
    .u32(3)
    .u64(tensors.length)
    .u64(Object.keys(values).length + 1);
  file.string('general.architecture').u32(8).string(architecture);
  for (const [key, value] of Object.entries(values)) {
    file.string(`${architecture}.${key}`);
    if (typeof value === 'number') file.u32(4).u32(value);
    else value.reduce((list, one) => list.u32(one), file.u32(9).u32(4).u64(value.length));
  }
  let offset = 0;
  for (const { name, ne } of tensors) {
    file.string(name).u32(ne.length);
    for (const size of ne) file.u64(size);
    file.u32(Q8_0).u64(offset);
    offset += Math.ceil(((ne[1] ?? 1) * 34) / 32) * 32;
  }
  return openModel(file.pad(32).raw(new Uint8Array(offset)).bytes);
}
const Q8_0 = 8;

/** Layers 4, 12, 20, 28 of Jamba look at other tokens. */
const JAMBA_HEADS = Array.from({ length: 32 }, (_, layer) => (layer % 8 === 4 ? 8 : 0));

interface Sample {
  /** Its config.json in configs/. */
  config: string;
  architecture: string;
  words: number;
  tied?: boolean;
  values: Record<string, Value>;
}
const samples: Sample[] = [
  {
    ...{ config: 'llama', architecture: 'llama', words: 128_256 },
    values: {
      ...{ block_count: 32, context_length: 8192, embedding_length: 4096, feed_forward_length: 14_336 },
      ...{ 'attention.head_count': 32, 'attention.head_count_kv': 8, 'rope.dimension_count': 128 },
    },
  },
  {
    ...{ config: 'mixtral', architecture: 'llama', words: 32_000 },
    values: {
      ...{ block_count: 32, context_length: 32_768, embedding_length: 4096, feed_forward_length: 14_336 },
      ...{ 'attention.head_count': 32, 'attention.head_count_kv': 8, expert_count: 8, expert_used_count: 2 },
    },
  },
  {
    ...{ config: 'gemma3_text', architecture: 'gemma3', words: 262_144, tied: true },
    values: {
      ...{ block_count: 26, context_length: 32_768, embedding_length: 1152, feed_forward_length: 6912 },
      ...{ 'attention.head_count': 4, 'attention.head_count_kv': 1, 'attention.key_length': 256 },
      ...{ 'attention.value_length': 256, 'attention.sliding_window': 512 },
    },
  },
  {
    ...{ config: 'gpt2', architecture: 'gpt2', words: 50_257, tied: true },
    values: {
      ...{ block_count: 12, context_length: 1024, embedding_length: 768, feed_forward_length: 3072 },
      ...{ 'attention.head_count': 12 },
    },
  },
  {
    ...{ config: 'qwen3_moe', architecture: 'qwen3moe', words: 151_936 },
    values: {
      ...{ block_count: 48, context_length: 40_960, embedding_length: 2048, feed_forward_length: 6144 },
      ...{ 'attention.head_count': 32, 'attention.head_count_kv': 4, 'attention.key_length': 128 },
      ...{ expert_count: 128, expert_used_count: 8, expert_feed_forward_length: 768 },
    },
  },
  {
    ...{ config: 'olmoe', architecture: 'olmoe', words: 50_304 },
    values: {
      ...{ block_count: 16, context_length: 4096, embedding_length: 2048, feed_forward_length: 1024 },
      ...{ 'attention.head_count': 16, 'attention.head_count_kv': 16, expert_count: 64 },
    },
  },
  {
    ...{ config: 'gpt_oss', architecture: 'gpt-oss', words: 201_088 },
    values: {
      ...{ block_count: 24, context_length: 131_072, embedding_length: 2880, feed_forward_length: 2880 },
      ...{ 'attention.head_count': 64, 'attention.head_count_kv': 8, 'attention.key_length': 64 },
      ...{ 'attention.sliding_window': 128, expert_count: 32, expert_feed_forward_length: 2880 },
    },
  },
  {
    ...{ config: 'deepseek_v3', architecture: 'deepseek2', words: 129_280 },
    values: {
      ...{ block_count: 61, context_length: 163_840, embedding_length: 7168, feed_forward_length: 18_432 },
      ...{ 'attention.head_count': 128, 'attention.head_count_kv': 1, 'attention.q_lora_rank': 1536 },
      ...{ 'attention.kv_lora_rank': 512, 'attention.key_length': 576, 'attention.value_length': 512 },
      ...{ 'attention.key_length_mla': 192, 'attention.value_length_mla': 128, 'rope.dimension_count': 64 },
      ...{ expert_count: 256, expert_feed_forward_length: 2048, expert_shared_count: 1, leading_dense_block_count: 3 },
    },
  },
  {
    ...{ config: 'qwen3_next', architecture: 'qwen3next', words: 151_936 },
    values: {
      ...{ block_count: 48, context_length: 262_144, embedding_length: 2048, feed_forward_length: 5120 },
      ...{ 'attention.head_count': 16, 'attention.head_count_kv': 2, 'attention.key_length': 256 },
      ...{ expert_count: 512, expert_feed_forward_length: 512, expert_shared_feed_forward_length: 512 },
      ...{ 'ssm.conv_kernel': 4, 'ssm.state_size': 128, 'ssm.group_count': 16, 'ssm.time_step_rank': 32 },
      ...{ 'ssm.inner_size': 4096 },
    },
  },
  {
    ...{ config: 'jamba', architecture: 'jamba', words: 65_536 },
    values: {
      ...{ block_count: 32, context_length: 262_144, embedding_length: 4096, feed_forward_length: 14_336 },
      ...{ 'attention.head_count': 32, 'attention.head_count_kv': JAMBA_HEADS, expert_count: 16 },
      ...{ 'ssm.conv_kernel': 4, 'ssm.state_size': 16, 'ssm.inner_size': 8192, 'ssm.time_step_rank': 256 },
    },
  },
  {
    ...{ config: 'falcon_mamba', architecture: 'mamba', words: 65_024 },
    values: {
      ...{ block_count: 64, context_length: 2_097_152, embedding_length: 4096, feed_forward_length: 0 },
      ...{ 'attention.head_count': 0, 'ssm.conv_kernel': 4, 'ssm.state_size': 16, 'ssm.inner_size': 8192 },
      ...{ 'ssm.time_step_rank': 256 },
    },
  },
];

const configOf = (name: string): ModelConfig =>
  JSON.parse(readFileSync(new URL(`configs/${name}.json`, import.meta.url), 'utf8'));

/** As the message lists them that refuses others. */
const families = errorOf(() => fewbits.modelParameters({ model_type: 'none' })).details['known'] as string[];

describe('the memory of a GGUF', () => {
  const known = samples.filter(({ config }) => families.includes(config));
  it('is known for most architectures', () => assert(known.length >= 6, `${known.length}`));
  for (const { config, architecture, words, tied, values } of known)
    it(`of ${config} has the caches of its config.json`, async () => {
      const model = await ggufOf(architecture, values, words, tied ? [] : ['output.weight']);
      for (const options of [{ context: 4096 }, { context: 32_768, batch: 2, kvFormat: 'q8_0' } as const]) {
        const { kvCache, compute, terms, total, weights } = fileMemory(model, options);
        const expected = fewbits.modelMemory(configOf(config), { format: 'float32', ...options });
        assert.deepEqual({ kvCache, compute }, { kvCache: expected.kvCache, compute: expected.compute });
        const layers = fewbits.modelParameters(configOf(config)).terms.length;
        assert.deepEqual(terms.slice(1), expected.terms.slice(layers));
        assert.equal(total, weights + kvCache! + compute!);
      }
    });

  it("is the file's own weights, and llama.cpp's 512 MiB of Llama 3's cache", async () => {
    const { architecture, values, words } = samples[0]!;
    const { parameters, weights, kvCache, terms } = fileMemory(await ggufOf(architecture, values, words), {
      context: 4096,
    });
    assert.equal(parameters, 32 * words);
    assert.equal(weights, 34 * words);
    assert.equal(kvCache, 512 * MiB);
    assert.deepEqual(terms[0], { name: 'weights in q8_0', bytes: 34 * words, formula: '1 tensor' });
  });

  it('takes the weights of a plan', async () => {
    const model = await openModel(pathOf('gguf/llama_mix.gguf'));
    const { tensors } = planConversion(model, { to: 'gguf', type: 'q8_0' });
    const { weights, terms } = fileMemory(model, { context: 512, tensors });
    assert.equal(
      weights,
      tensors.reduce((sum, { byteLength }) => sum + byteLength, 0),
    );
    assert.deepEqual(
      terms.map(({ name }) => name),
      ['weights in q8_0', 'weights in float32', 'KV cache', 'Compute buffer'],
    );
  });

  it('is that of its weights where the layers are not known, and says so', async () => {
    const strange = await ggufOf('elsewhere', { block_count: 2 }, 64);
    assert.equal(modelConfig(strange), undefined);
    const { weights, kvCache, total, assumptions } = fileMemory(strange, { context: 4096 });
    assert.deepEqual({ weights, kvCache, total }, { weights: 34 * 64, kvCache: undefined, total: undefined });
    assert.match(assumptions.join(), /layers of 'elsewhere'/);
    for (const architecture of ['__proto__', 'constructor'])
      assert.equal(modelConfig(await ggufOf(architecture, {}, 64)), undefined);
    const cut = fileMemory(await ggufOf('llama', { block_count: 2 }, 64), { context: 4096 });
    assert.match(cut.assumptions.join(), /Only weights are counted: .*hidden_size/);
    const { architecture, values, words } = samples[0]!;
    const whole = await ggufOf(architecture, values, words);
    assert.equal(errorOf(() => fileMemory(whole, { context: -1 })).code, 'BAD_ARGUMENT');
    assert.equal(errorOf(() => fileMemory(whole, { context: 1, kvFormat: 'q5' as 'q5_0' })).code, 'UNKNOWN_FORMAT');
  });

  it('stands long lists and names', async () => {
    const many = await ggufOf('llama', { 'attention.head_count_kv': new Array(200_000).fill(8) }, 4);
    assert.match(fileMemory(many, { context: 4096 }).assumptions[0]!, /^Only weights are counted/);
    const long = await ggufOf('x'.repeat(100_000), {}, 4);
    assert.ok(fileMemory(long, { context: 4096 }).assumptions[0]!.length < 200);
  });

  it('of other files needs a config.json, which has to be right', async () => {
    const model = await openModel(pathOf('safetensors/sharded/model.safetensors.index.json'));
    assert.equal(modelConfig(model), undefined);
    assert.match(fileMemory(model, { context: 4096 }).assumptions.join(), /config\.json/);
    assert.equal(fileMemory(model, { context: 4096, config: configOf('llama') }).kvCache, 512 * MiB);
    assert.equal(
      errorOf(() => fileMemory(model, { context: 4096, config: { model_type: 'none' } })).code,
      'UNSUPPORTED',
    );
  });
});
