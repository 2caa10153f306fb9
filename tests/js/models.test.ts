// Parameters and memory of models: published counts, bytes that llama.cpp printed, and what bad configurations get.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { FewbitsError, init, type ModelConfig } from 'fewbits';
import { errorsOf } from './errors.ts';

const { blockFormats, formatBytes, kvCacheBytes, modelMemory, modelParameters, weightBytes } = await init();
const errorOf = errorsOf(FewbitsError);

const MiB = 2 ** 20;
const GiB = 2 ** 30;

const json = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const config = (name: string): ModelConfig => json(`configs/${name}.json`);

interface Published {
  id: string;
  arch: string;
  config: Record<string, unknown>;
  parameters: number;
  hf_total?: number;
  extras?: [what: string, count: number][];
  note?: string;
}
const published: Published[] = json('../vectors/models/models.json').models;

/** As the message lists them that refuses others. */
const families = errorOf(() => modelParameters({ model_type: 'none' })).details['known'] as string[];

/** models.json has one vocabulary for all; here it goes back into the words of each family's config.json. */
function realKeys({ arch, config }: Published): ModelConfig {
  const width = config['moe_intermediate_size'];
  const latent = {
    n_routed_experts: config['num_experts'],
    n_shared_experts: Number(config['shared_expert_intermediate_size']) / Number(width),
    shared_expert_intermediate_size: undefined,
  };
  const renamed: Record<string, Record<string, unknown>> = {
    gpt2: {
      n_embd: config['hidden_size'],
      n_layer: config['num_hidden_layers'],
      n_head: config['num_attention_heads'],
      n_positions: config['max_position_learned'],
    },
    mixtral: { num_local_experts: config['num_experts'], intermediate_size: width },
    gpt_oss: { num_local_experts: config['num_experts'], intermediate_size: width },
    olmoe: { intermediate_size: width },
    deepseek_v2: latent,
    deepseek_v3: latent,
    falcon_mamba: {
      state_size: config['mamba_d_state'],
      conv_kernel: config['mamba_d_conv'],
      time_step_rank: config['mamba_dt_rank'],
      intermediate_size: Number(config['mamba_expand']) * Number(config['hidden_size']),
    },
  };
  return { ...config, model_type: arch, ...renamed[arch] };
}

function shape(id: string): ModelConfig {
  return realKeys(published.find((model) => model.id.includes(id))!);
}

describe('modelParameters', () => {
  it('has all published models to count', () => assert.equal(published.length, 40));
  for (const model of published)
    it(`counts ${model.id} exactly`, () => {
      assert.equal(modelParameters(realKeys(model)).parameters, model.parameters);
    });

  it('differs from what repositories count by what is known', () => {
    const totals = published.filter(({ hf_total, note }) => hf_total && !note?.startsWith('KNOWN MISMATCH'));
    assert(totals.length >= 6, `${totals.length}`);
    for (const { id, parameters, hf_total, extras } of totals)
      assert.equal(
        extras!.reduce((sum, [, count]) => sum + count, parameters),
        hf_total,
        id,
      );
  });

  it('gives the extras of published repositories from its own terms', () => {
    const v3 = config('deepseek_v3');
    // A module that predicts one token more is a layer, a projection of two rows to one, and three norms.
    const layer = modelParameters({ ...v3, num_hidden_layers: 62 }).parameters - modelParameters(v3).parameters;
    assert.equal(layer + 2 * 7168 * 7168 + 3 * 7168, 11_610_068_224);
    const experts = modelParameters(config('gpt_oss')).terms.filter(({ name }) => /_exps\.weight$/.test(name));
    assert.equal(experts.reduce((sum, { total }) => sum + total, 0) / 32, 597_196_800, 'MXFP4 scales');
    assert.equal(modelParameters(config('llama')).parameters * 2, 16_060_522_496, "the index's total_size in bfloat16");
  });

  const counts: Record<string, number> = {
    llama: 8_030_261_248,
    mistral: 7_241_732_096,
    qwen2: 7_615_616_512,
    qwen3: 8_190_735_360,
    gemma: 8_537_680_896,
    gemma2: 2_614_341_888,
    gemma3: 3_880_263_168,
    gemma3_text: 999_885_952,
    phi: 2_779_683_840,
    phi3: 14_659_507_200,
    olmo: 6_888_095_744,
    olmo2: 7_298_617_344,
    gpt2: 124_439_808,
    mixtral: 46_702_792_704,
    olmoe: 6_919_161_856,
    qwen3_moe: 30_532_122_624,
    qwen2_moe: 14_315_784_192,
    gpt_oss: 20_914_757_184,
    deepseek_v2: 15_706_484_224,
    deepseek_v3: 671_026_419_200,
    kimi_k2: 1_026_408_232_448,
    qwen3_next: 79_674_391_296,
    qwen3_5: 26_895_998_464, // as llama.cpp prints n_params of Qwen3.6-27B
    qwen3_5_text: 26_895_998_464,
    jamba: 51_570_323_328,
    falcon_mamba: 7_272_665_088,
    mamba: 129_135_360, // state-spaces/mamba-130m-hf
  };
  it('has a config.json of every family', () => assert.deepEqual(Object.keys(counts).sort(), [...families].sort()));
  for (const [family, parameters] of Object.entries(counts))
    it(`reads ${family}'s config.json`, () => {
      const result = modelParameters(config(family));
      assert.equal(result.parameters, parameters);
      for (const { name, shape, count, total } of result.terms)
        assert.equal(
          shape.reduce((product, size) => product * size, count),
          total,
          name,
        );
      assert.equal(
        result.terms.reduce((sum, { total }) => sum + total, 0),
        parameters,
      );
    });

  it('counts a tied embedding once and an untied one twice', () => {
    const tied = { ...config('llama'), tie_word_embeddings: true };
    assert.equal(modelParameters(config('llama')).parameters - modelParameters(tied).parameters, 128_256 * 4096);
  });

  it('counts biases where the configuration asks for them', () => {
    const biased = { ...config('llama'), attention_bias: true, mlp_bias: true };
    const perLayer = 4096 + 2 * 1024 + 4096 + 2 * 14336 + 4096;
    assert.equal(modelParameters(biased).parameters - modelParameters(config('llama')).parameters, 32 * perLayer);
  });

  it('refuses families and layouts it does not know, by name', () => {
    const { code, message } = errorOf(() => modelParameters(config('minicpm3')));
    assert.equal(code, 'UNSUPPORTED');
    assert.match(message, /minicpm3.*multi-head latent attention.*llama, mistral/);
    for (const [key, value, said] of [
      ['kv_lora_rank', 512, /'llama' \(multi-head latent attention\)/],
      ['linear_conv_kernel_dim', 4, /linear attention/],
      ['state_size', 16, /state-space/],
      ['mlp_only_layers', [0], /dense layers between/],
    ] as const)
      assert.match(errorOf(() => modelParameters({ ...config('llama'), [key]: value })).message, said);
    assert.equal(errorOf(() => modelParameters({ model_type: 'toString' })).code, 'UNSUPPORTED');
  });

  it('counts dense layers between mixtures', () => {
    const qwen = config('qwen3_moe');
    const { parameters } = modelParameters(qwen);
    const perLayer = 128 * 3 * 768 * 2048 + 128 * 2048 - 3 * 5472 * 2048;
    assert.equal(modelParameters({ ...qwen, mlp_only_layers: [0, 5] }).parameters, parameters - 2 * perLayer);
    assert.equal(modelParameters({ ...qwen, decoder_sparse_step: 2 }).parameters, parameters - 24 * perLayer);
    assert.equal(modelParameters({ ...qwen, intermediate_size: null }).parameters, parameters, 'no dense layer');
    const lacking = { ...qwen, intermediate_size: null, mlp_only_layers: [47] };
    assert.match(errorOf(() => modelParameters(lacking)).message, /^intermediate_size is missing/);
  });

  it('counts shared experts and their gate', () => {
    const qwen = config('qwen2_moe');
    const without = { ...qwen, shared_expert_intermediate_size: 0 };
    const gate = 24 * 2048; // stays: the family has it
    const shared = 24 * 3 * 5632 * 2048;
    assert.equal(modelParameters(qwen).parameters - modelParameters(without).parameters, shared);
    assert.equal(modelParameters(qwen).terms.find(({ name }) => name.startsWith('ffn_gate_inp_shexp'))?.total, gate);
    const deepseek = config('deepseek_v2');
    const fewer = modelParameters({ ...deepseek, n_shared_experts: 1 }).parameters;
    assert.equal(modelParameters(deepseek).parameters - fewer, 26 * 3 * 1408 * 2048);
  });

  it('tells hybrid layers by period or by list', () => {
    const count = (source: ModelConfig, name: string) =>
      modelParameters(source).terms.find((term) => term.name === `${name}.weight`)?.count ?? 0;
    const next = config('qwen3_next');
    assert.deepEqual([count(next, 'attn_k'), count(next, 'ssm_out')], [12, 36]);
    assert.equal(count({ ...next, full_attention_interval: 8 }, 'attn_k'), 6);
    const listed = {
      ...next,
      layer_types: Array.from({ length: 48 }, (_, i) => (i < 40 ? 'linear_attention' : 'full_attention')),
    };
    assert.deepEqual([count(listed, 'attn_k'), count(listed, 'ssm_out')], [8, 40]);
    const jamba = config('jamba');
    assert.deepEqual([count(jamba, 'attn_k'), count(jamba, 'ssm_out'), count(jamba, 'ffn_up_exps')], [4, 28, 16]);
    assert.equal(modelParameters({ ...jamba, mamba_dt_rank: 'auto' }).parameters, 51_570_323_328, 'hidden size / 16');
    assert.deepEqual([count(config('mamba'), 'attn_k'), count(config('mamba'), 'ssm_in')], [0, 24]);
  });

  it('names the field that is missing', () => {
    for (const key of ['hidden_size', 'num_hidden_layers', 'num_attention_heads', 'intermediate_size', 'vocab_size']) {
      const { code, message } = errorOf(() => modelParameters({ ...config('llama'), [key]: undefined }));
      assert.equal(code, 'BAD_ARGUMENT');
      assert(message.startsWith(`${key} is missing`), message);
    }
    assert.match(
      errorOf(() => modelParameters({ ...config('mixtral'), num_local_experts: null })).message,
      /num_local_experts/,
    );
    assert.match(errorOf(() => modelParameters({ ...config('gpt2'), n_positions: undefined })).message, /n_positions/);
  });

  it('names the field and the value that make no sense', () => {
    const wrong: [key: string, value: unknown, said: RegExp][] = [
      ['hidden_size', -4096, /hidden_size is -4096/],
      ['num_hidden_layers', 1.5, /num_hidden_layers is 1\.5/],
      ['vocab_size', '128256', /vocab_size is the string '128256'/],
      ['intermediate_size', Number.NaN, /intermediate_size is NaN/],
      ['num_attention_heads', 0, /num_attention_heads is 0/],
      ['num_attention_heads', 24, /hidden_size is 4096; it must be a multiple of num_attention_heads, 24/],
      ['num_key_value_heads', 7, /num_key_value_heads is 7; it must be a divisor of num_attention_heads, 32/],
      ['head_dim', [], /head_dim is an array/],
      ['tie_word_embeddings', 'no', /tie_word_embeddings is the string 'no'/],
      ['model_type', 7, /model_type is 7/],
    ];
    for (const [key, value, said] of wrong) {
      const error = errorOf(() => modelParameters({ ...config('llama'), [key]: value }));
      assert.equal(error.code, 'BAD_ARGUMENT');
      assert.match(error.message, said);
    }
    for (const bad of [null, undefined, [], 'llama', 7, {}])
      assert.equal(errorOf(() => modelParameters(bad as unknown as ModelConfig)).code, 'BAD_ARGUMENT');
  });

  it('names what JSON has no words for', () => {
    const wrong: [value: unknown, said: string][] = [
      [Infinity, 'Infinity'],
      [4096n, 'a bigint'],
      [() => 4096, 'a function'],
      [undefined, 'missing'],
      [{}, 'an object'],
    ];
    for (const [value, said] of wrong) {
      const { code, message } = errorOf(() => modelParameters({ ...config('llama'), hidden_size: value }));
      assert.equal(code, 'BAD_ARGUMENT');
      assert(message.startsWith(`hidden_size is ${said}; it must be`), message);
    }
  });

  it('refuses what is no configuration, and works on', () => {
    const circle: Record<string, unknown> = config('llama');
    circle['self'] = circle;
    const deep = JSON.parse('{"a":'.repeat(99) + 1 + '}'.repeat(99));
    const long = (length: number) => ({ ...config('llama'), notes: '×'.repeat(length) });
    for (const bad of [circle, deep, long(3e6), long(6e6)])
      assert.equal(errorOf(() => modelParameters(bad)).code, 'BAD_INPUT');
    assert.equal(modelParameters(long(1e6)).parameters, 8_030_261_248);
    const { code, message } = errorOf(() => modelParameters({ ...config('llama'), vocab_size: 2 ** 52 }));
    assert.equal(code, 'TOO_LARGE');
    assert.match(message, /more than 9,007,199,254,740,991/);
  });
});

describe('modelMemory, weights', () => {
  const weights = (source: ModelConfig, recipe: string) => modelMemory(source, { recipe, context: 512 }).weights;

  it('agrees with the sizes that llama.cpp printed', () => {
    assert.equal((weights(config('qwen2'), 'q4_k_m') / MiB).toFixed(2), '4460.45');
    assert.equal((weights(config('gemma3_text'), 'q4_k_m') / MiB).toFixed(2), '762.49');
    assert.equal((weights(config('qwen3_moe'), 'q4_k_m') / GiB).toFixed(2), '17.28');
    assert.equal(((weights(config('qwen2'), 'q4_k_m') * 8) / 7_615_616_512).toFixed(2), '4.91');
    assert.equal(((weights(config('gemma3_text'), 'q4_k_m') * 8) / 999_885_952).toFixed(2), '6.40');
    assert.equal(((weights(config('qwen3_moe'), 'q4_k_m') * 8) / 30_532_122_624).toFixed(2), '4.86');
    assert.equal(weights(config('qwen3_5'), 'q4_k_m'), 16_536_406_016, 'the size that it prints of Qwen3.6-27B');
  });

  // Sums over the tensor types that llama-quantize chose.
  const quantized: [id: string, q4_k_m: number, q5_k_m: number][] = [
    ['Meta-Llama-3-8B', 4_912_898_048, 5_725_151_232],
    ['LlamaGuard-7b', 4_080_263_168, 4_782_415_872],
    ['Qwen2.5-72B', 47_409_725_440, 54_441_476_096],
    ['Mixtral-8x7B', 28_447_727_616, 33_228_840_960],
    ['gemma-2-2b', 1_702_536_192, 1_917_232_128],
    ['Qwen3-Coder-30B', 18_550_716_416, 21_719_611_392],
    ['Qwen3-8B', 5_021_827_072, 5_845_155_840],
    ['DeepSeek-V2-Lite', 10_363_959_296, 11_849_086_976],
    ['DeepSeek-V3', 404_488_847_360, 475_423_236_096],
    ['gpt-oss-20b', 15_792_128_256, 16_880_054_016],
  ];
  for (const [id, q4_k_m, q5_k_m] of quantized)
    it(`reckons the recipes of ${id} to the byte`, () => {
      assert.equal(weights(shape(id), 'q4_k_m'), q4_k_m);
      assert.equal(weights(shape(id), 'q5_k_m'), q5_k_m);
    });

  it('keeps vectors, routers and learned positions in float32', () => {
    const { terms } = modelMemory(config('mixtral'), { format: 'q4_0', context: 512 });
    const bytes = (name: string) => terms.find((term) => term.name === name)?.bytes;
    assert.equal(bytes('ffn_gate_inp.weight'), 32 * 8 * 4096 * 4);
    assert.equal(bytes('attn_norm.weight'), 32 * 4096 * 4);
    assert.equal(bytes('ffn_up_exps.weight'), (32 * 8 * 14336 * 4096 * 18) / 32);
    const gpt2 = modelMemory(config('gpt2'), { format: 'float16', context: 512 });
    assert.equal(gpt2.terms.find(({ name }) => name === 'position_embd.weight')?.bytes, 1024 * 768 * 4);
  });

  it('puts what llama.cpp puts where rows do not divide, and says so', () => {
    const result = modelMemory(config('gemma3_text'), { format: 'q4_k', context: 512 });
    assert(
      result.assumptions.includes(
        'Rows of 1,152 do not divide into blocks of q4_k: they are in q5_0, as in llama.cpp.',
      ),
    );
    const down = result.terms.find(({ name }) => name === 'ffn_down.weight');
    assert.equal(down?.bytes, (26 * 1152 * 6912 * 144) / 256, 'rows of 6912 do divide');
    const { code, message } = errorOf(() => modelMemory(shape('SmolLM2'), { format: 'q1_0', context: 512 }));
    assert.equal(code, 'UNSUPPORTED');
    assert.match(message, /Rows of 576 do not divide into blocks of q1_0/);
  });

  it('stores one scale per tensor of a whole-tensor format', () => {
    const { terms } = modelMemory(config('llama'), { format: 'ternary_absmean', context: 512 });
    assert.equal(terms.find(({ name }) => name === 'attn_q.weight')?.bytes, 32 * ((4096 * 4096) / 4 + 4));
  });

  it('has weights for every block format', () => {
    const sizes = blockFormats.map(({ name }) => modelMemory(config('llama'), { format: name, context: 512 }).weights);
    blockFormats.forEach(({ name, bitsPerWeight }, i) => {
      assert(Math.abs((sizes[i]! * 8) / 8_030_261_248 / bitsPerWeight - 1) < 0.002, name);
    });
  });
});

describe('modelMemory, KV cache and compute buffer', () => {
  const memory = (source: ModelConfig, options = {}) =>
    modelMemory(source, { format: 'q4_k', context: 4096, ...options });

  it('agrees with what llama.cpp prints for Llama 3 8B', () => {
    assert.equal(memory(config('llama')).kvCache, 512 * MiB);
    assert.equal(memory(config('llama')).compute, 296 * MiB);
    assert.equal(memory(config('llama'), { context: 512 }).compute, 258.5 * MiB);
  });

  it('sums up', () => {
    const { weights, kvCache, compute, total, terms } = memory(config('gemma2'), { context: 8192, batch: 3 });
    assert.equal(total, weights + kvCache + compute);
    assert.equal(
      total,
      terms.reduce((sum, { bytes }) => sum + bytes, 0),
    );
  });

  it('gives Llama 3 70B the figures of the guide', () => {
    const { weights, kvCache, total } = memory(shape('Llama-3.3-70B'), { context: 8192 });
    assert.match(formatBytes(weights).text, /^39\.7 GB/);
    assert.match(formatBytes(kvCache).text, /^2\.68 GB/);
    assert(total < 48e9);
  });

  it('rounds the context up to 256 tokens, or to pages of 16', () => {
    assert.equal(memory(config('llama'), { context: 4097 }).kvCache, (512 * MiB * (4096 + 256)) / 4096);
    assert.equal(memory(config('llama'), { context: 4097, engine: 'vllm' }).kvCache, (512 * MiB * (4096 + 16)) / 4096);
    assert(
      memory(config('llama'), { context: 4097 }).assumptions.includes('llama.cpp rounds 4,097 tokens up to 4,352.'),
    );
  });

  it('keeps windows for Gemma 2 and 3, and none for Mistral 7B', () => {
    const token = (layers: number, heads: number, size: number) => 2 * 2 * layers * heads * size;
    assert.equal(memory(config('gemma2'), { context: 8192 }).kvCache, token(13, 4, 256) * (8192 + 4608));
    assert.equal(memory(config('gemma3_text'), { context: 8192 }).kvCache, token(1, 1, 256) * (4 * 8192 + 22 * 1024));
    assert.equal(memory(config('gemma3'), { context: 8192 }).kvCache, token(1, 4, 256) * (5 * 8192 + 29 * 1536));
    assert.equal(memory(config('mistral'), { context: 32768 }).kvCache, token(32, 8, 128) * 32768);
    assert(
      memory(config('mistral'), { context: 32768 }).assumptions.some((line) =>
        line.includes('window of 4,096 saves nothing'),
      ),
    );
  });

  it('reads the kinds of layers where they are listed', () => {
    const layer_types = Array.from({ length: 26 }, (_, i) => (i < 20 ? 'sliding_attention' : 'full_attention'));
    const { kvCache } = memory({ ...config('gemma3_text'), layer_types }, { context: 8192 });
    assert.equal(kvCache, 2 * 2 * 256 * (6 * 8192 + 20 * 1024));
  });

  it('reserves full pages for windowed layers in vLLM', () => {
    assert.equal(memory(config('gemma2'), { context: 8192, engine: 'vllm' }).kvCache, 2 * 2 * 26 * 4 * 256 * 8192);
  });

  it('keeps one latent row for all heads', () => {
    const v3 = memory(config('deepseek_v3'), { context: 163_840 });
    assert.equal(v3.kvCache, 576 * 61 * 163_840 * 2);
    assert.equal((v3.kvCache / GiB).toFixed(2), '10.72');
    assert.equal(memory(config('deepseek_v3'), { context: 32_768, kvFormat: 'q8_0' }).kvCache, 1166.625 * MiB);
    const term = v3.terms.find(({ name }) => name === 'KV cache, latent');
    assert.equal(term?.formula, '61 × 576 × 163,840 × 1 (float16)');
    assert(v3.assumptions.some((said) => /^Latent attention keeps 576 numbers per token and layer/.test(said)));
  });

  it('agrees with what was printed of gpt-oss', () => {
    const { kvCache, terms } = memory(config('gpt_oss'), { context: 131_072 });
    const bytes = (name: string) => terms.find((term) => term.name === name)?.bytes;
    assert.equal(bytes('KV cache'), 3072 * MiB);
    assert.equal(bytes('KV cache, windowed'), (3072 * MiB * 768) / 131_072);
    assert.equal(kvCache, 3090 * MiB);
    // vLLM reserves whole pages for all layers: gpt-oss-120b has the same layers, 36 of them.
    const types = Array.from({ length: 36 }, (_, i) => (i % 2 ? 'full_attention' : 'sliding_attention'));
    const large = { ...config('gpt_oss'), num_hidden_layers: 36, layer_types: types, num_local_experts: 128 };
    assert.equal(memory(large, { context: 16, engine: 'vllm' }).kvCache / 16, 73_728);
    assert(Math.abs((5.38 * GiB) / 73_728 - 78_384) < 80, 'tokens in 5.38 GiB');
    const pages = memory(config('gpt_oss'), { context: 8192, batch: 32, engine: 'vllm' }).kvCache;
    assert.equal((pages / GiB).toFixed(2), '12.00');
    const textbook = { layers: 12, kvHeads: 8, headDim: 64, batch: 32, format: 'float16' } as const;
    const least = kvCacheBytes({ ...textbook, context: 8192 }) + kvCacheBytes({ ...textbook, context: 128 });
    assert.equal((least / GiB).toFixed(2), '6.09');
  });

  it('agrees with what was logged of a hybrid', () => {
    const states = (batch: number) => memory(config('qwen3_5'), { context: 262_144, batch }).terms;
    const bytes = (batch: number, name: string) => states(batch).find((term) => term.name === name)?.bytes;
    assert.equal(bytes(1, 'KV cache'), 16_384 * MiB);
    assert.equal(bytes(4, 'Recurrent state'), 598.5 * MiB);
    const { kvCache, assumptions } = memory(config('qwen3_5'), { context: 262_144, batch: 4 });
    assert.equal(kvCache, 4 * 16_384 * MiB + 598.5 * MiB);
    assert(assumptions.some((said) => /^48 of 64 layers are recurrent: 817,152 numbers each/.test(said)));
  });

  it('keeps the state of Mamba however long the context', () => {
    const state = 64 * (3 * 8192 + 8192 * 16) * 4;
    assert.equal(memory(config('falcon_mamba')).kvCache, state);
    assert.equal(memory(config('falcon_mamba'), { context: 1_000_000, batch: 3 }).kvCache, 3 * state);
    const jamba = 28 * (3 * 8192 + 8192 * 16) * 4 + 4 * 8 * 128 * 2 * 2 * 4096;
    assert.equal(memory(config('jamba')).kvCache, jamba);
  });

  it('takes block bytes for a quantized cache', () => {
    assert.equal(memory(config('llama'), { kvFormat: 'q8_0' }).kvCache, (512 * MiB * 34) / 64);
    assert.equal(
      memory(config('llama'), { kvFormat: 'q8_0', kvFormatV: 'q4_0' }).kvCache,
      (256 * MiB * (34 + 18)) / 64,
    );
  });

  it('uses the KV heads, and says when it had to assume them', () => {
    const { num_key_value_heads, ...without } = config('llama');
    const { kvCache, assumptions } = memory(without);
    assert.equal(num_key_value_heads, 8);
    assert.equal(kvCache, 4 * 512 * MiB);
    assert(assumptions.includes('num_key_value_heads is missing: taken to be num_attention_heads, 32.'));
  });

  it('refuses what it cannot reckon with', () => {
    const refuse = (options: object) => errorOf(() => modelMemory(config('llama'), options as never));
    assert.equal(refuse({ format: 'q4k', context: 512 }).code, 'UNKNOWN_FORMAT');
    assert.equal(refuse({ format: 'q4_k', context: 512, kvFormat: 'f16' }).code, 'UNKNOWN_FORMAT');
    assert.equal(refuse({ format: 'q4_k' }).message, 'context is missing; it must be a whole number, 1 or more.');
    assert.equal(refuse({ format: 'q4_k', context: 512, batch: 0 }).code, 'BAD_ARGUMENT');
    assert.equal(refuse({ format: 'q4_k', context: 512, engine: 'tgi' }).code, 'BAD_ARGUMENT');
    assert.equal(refuse({ context: 512 }).code, 'BAD_ARGUMENT');
    assert.equal(refuse({ format: 'q4_k', recipe: 'q4_k_m', context: 512 }).code, 'BAD_ARGUMENT');
    const { code, message } = refuse({ recipe: 'q3_k_m', context: 512 });
    assert.equal(code, 'UNSUPPORTED');
    assert.match(message, /q3_k_m.*q8_0, q4_k_m, q5_k_m/);
    assert.equal(errorOf(() => modelMemory(config('llama'), undefined as never)).code, 'BAD_ARGUMENT');
  });
});

describe('weightBytes', () => {
  it('multiplies bits, rounded up to a byte', () => {
    assert.deepEqual(
      [64, 32, 16, 8, 4].map((bits) => weightBytes(70e9, bits) / 1e9),
      [560, 280, 140, 70, 35],
    );
    assert.equal(weightBytes(3, 4), 2);
    assert.equal(weightBytes(3, 'int4'), 2);
    assert.equal(weightBytes(0, 'q4_k'), 0);
    assert.equal(weightBytes(1000, 1.58), 198);
    const bits = (8 * 39_686_459_904) / 70_553_706_496; // with all the digits of a double
    assert.equal(weightBytes(70_553_706_496, bits), Math.ceil((70_553_706_496 * bits) / 8));
  });

  it('adds up to what training takes', () => {
    // Adam in mixed precision: weights and gradients in 16 bits, a float32 copy, and two moments (arXiv 1910.02054).
    const parts = ['bfloat16', 'bfloat16', 'float32', 'float32', 'float32'] as const;
    assert.equal(
      parts.reduce((sum, format) => sum + weightBytes(7.5e9, format), 0),
      120e9,
    );
  });

  it('counts whole blocks', () => {
    assert.equal(weightBytes(256, 'q4_k'), 144);
    assert.equal(weightBytes(257, 'q4_k'), 288);
    assert.equal(weightBytes(65, 'nf4'), 72);
    assert.equal(weightBytes(9, 'ternary_absmean'), 3 + 4);
  });

  it('refuses nonsense', () => {
    for (const call of [
      () => weightBytes(-1, 8),
      () => weightBytes(1.5, 8),
      () => weightBytes(8, 0),
      () => weightBytes(8, Number.NaN),
    ])
      assert.equal(errorOf(call).code, 'BAD_ARGUMENT');
    assert.match(errorOf(() => weightBytes(8, 'q4k' as never)).message, /q4_k/);
    assert.equal(errorOf(() => weightBytes(8, undefined as never)).code, 'UNKNOWN_FORMAT');
  });
});

describe('kvCacheBytes', () => {
  it('agrees with what was logged elsewhere', () => {
    assert.equal(kvCacheBytes({ layers: 32, kvHeads: 8, headDim: 128, context: 4096, format: 'float16' }), 512 * MiB);
    const qwen = { layers: 16, kvHeads: 4, headDim: 256, format: 'float16' } as const;
    assert.equal(kvCacheBytes({ ...qwen, context: 262_144 }), 16_384 * MiB);
    const gptOss = { layers: 12, kvHeads: 8, headDim: 64, format: 'float16' } as const;
    assert.equal(kvCacheBytes({ ...gptOss, context: 131_072 }), 3072 * MiB);
    const gemma = { kvHeads: 16, headDim: 128, format: 'float16' } as const;
    const windowed = kvCacheBytes({ ...gemma, layers: 52, context: 1024 });
    assert.equal(((kvCacheBytes({ ...gemma, layers: 10, context: 131_072 }) + windowed) / GiB).toFixed(2), '10.41');
    // 62 layers without windows, and with heads of 5376 / 32 where config.json says 128.
    assert.equal((kvCacheBytes({ ...gemma, layers: 62, headDim: 168, context: 131_072 }) / GiB).toFixed(2), '81.38');
  });

  it('takes blocks, a batch, and a second format', () => {
    const shape = { layers: 2, kvHeads: 4, headDim: 64, context: 10 } as const;
    assert.equal(kvCacheBytes({ ...shape, batch: 3, format: 'q8_0', formatV: 'q4_0' }), 2 * 10 * 3 * (8 * 34 + 8 * 18));
  });

  it('refuses nonsense', () => {
    const shape = { layers: 2, kvHeads: 4, headDim: 64, context: 10, format: 'float16' } as const;
    assert.match(errorOf(() => kvCacheBytes({ ...shape, kvHeads: -1 })).message, /kvHeads is -1/);
    assert.equal(errorOf(() => kvCacheBytes(null as never)).code, 'BAD_ARGUMENT');
  });
});

describe('formatBytes', () => {
  it('names both units', () => {
    const { gigabytes, gibibytes, text } = formatBytes(39_686_459_904);
    assert.equal(gigabytes, 39.686459904);
    assert.equal(gibibytes, 39_686_459_904 / GiB);
    assert.equal(text, '39.7 GB (37 GiB)');
    const written = [0, 1, 18, 999, 1000, 18_432, 147_456, 999_600, 70e9, 3.25e12];
    assert.deepEqual(
      written.map((bytes) => formatBytes(bytes).text),
      [
        '0 bytes',
        '1 byte',
        '18 bytes',
        '999 bytes',
        '1 kB (0.977 KiB)',
        '18.4 kB (18 KiB)',
        '147 kB (144 KiB)',
        '1 MB (0.953 MiB)',
        '70 GB (65.2 GiB)',
        '3.25 TB (2.96 TiB)',
      ],
    );
  });

  it('refuses what is no number of bytes', () => {
    for (const bytes of [-1, Number.NaN, Infinity, '1' as never])
      assert.equal(errorOf(() => formatBytes(bytes)).code, 'BAD_ARGUMENT');
  });
});

it('every configuration here belongs to a test', () => {
  const names = readdirSync(new URL('configs', import.meta.url)).map((file) => file.replace('.json', ''));
  assert.deepEqual(names.sort(), [...families, 'minicpm3'].sort());
});
