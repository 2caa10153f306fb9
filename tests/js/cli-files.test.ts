// fewbits inspect, convert, compare and analyze, run as programs.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it, type TestContext } from 'node:test';
import { type ConvertOptions, convertModel, openModel, planConversion } from 'fewbits/files';
import { byteSize } from '../../web/cli/arguments.ts';
import { cells, fails, fewbits, main, start, succeeds } from './cli.ts';
import { load, pathOf } from './containers.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'fewbits-cli-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
const at = (name: string) => path.join(scratch, name);
const source = pathOf('gguf/llama_mix.gguf');

const fits = (output: string) => {
  for (const line of output.split('\n')) assert.ok([...line].length <= 80, line);
};
/** Nothing that moves the cursor or turns the writing around. */
const isPlain = (output: string) => assert.doesNotMatch(output.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);

/** A safetensors file with made-up weights. */
function weights(name: string, tensors: [name: string, shape: number[]][]): string {
  let [end, state] = [0, 1];
  const entries: Record<string, unknown> = {};
  for (const [tensor, shape] of tensors) {
    const bytes = shape.reduce((a, b) => a * b, 4);
    entries[tensor] = { dtype: 'F32', shape, data_offsets: [end, end + bytes] };
    end += bytes;
  }
  const values = Float32Array.from({ length: end / 4 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
  const header = Buffer.from(JSON.stringify(entries));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(at(name), Buffer.concat([length, header, Buffer.from(values.buffer)]));
  return at(name);
}

describe('fewbits inspect', () => {
  it('shows types, memory, tensors and metadata at 80 columns', () => {
    const output = succeeds('inspect', source);
    fits(output);
    isPlain(output);
    assert.deepEqual(cells(output, 'format'), ['format', 'gguf, llama']);
    assert.deepEqual(cells(output, 'parameters'), ['parameters', '623,360']);
    assert.deepEqual(cells(output, 'Q4_K'), ['Q4_K', '3', '212,992', '120 kB', '4.50']);
    assert.deepEqual(cells(output, 'KV cache'), ['KV cache, 4,096 tokens in float16', '2.10', '2.00']);
    assert.deepEqual(cells(output, 'blk.0.attn_k.weight'), ['blk.0.attn_k.weight', 'F16', '128 × 256', '65.5 kB']);
    assert.deepEqual(cells(output, 'llama.context_length'), ['llama.context_length', '512']);
    assert.match(output, /^tokenizer\.ggml\.tokens +\(64\) <unk>, <s>, /m);
    assert.match(succeeds('inspect', source, '--context', '8192'), /KV cache, 8,192 tokens in float16 +4\.19/);
  });

  it('prints everything as JSON', () => {
    const json = JSON.parse(succeeds('inspect', source, '--json'));
    assert.equal(json.parameters, 623360);
    assert.equal(json.tensors.length, 12);
    assert.deepEqual(json.tensors[0].shape, [64, 256]);
    assert.equal(json.metadata['tokenizer.ggml.tokens'].length, 64);
    assert.equal(json.memory.total, json.memory.weights + json.memory.kvCache + json.memory.compute);
    const types = JSON.parse(succeeds('inspect', pathOf('gguf/metadata_types.gguf'), '--json')).metadata;
    assert.deepEqual([types['t.u64'], types['t.str.newlines']], ['18446744073709551615', 'a\r\nb\tc\u001b[31m']);
  });

  it('reads every good file, and lets no character of it move the cursor', () => {
    for (const file of [
      'gguf/metadata_types.gguf',
      'gguf/split/m-00001-of-00002.gguf',
      'safetensors/names.safetensors',
      'safetensors/all_types.safetensors',
      'safetensors/no_tensors.safetensors',
      'npz/names.npz',
      'npy/scalar_f4.npy',
      'onnx/typed_data.onnx',
    ]) {
      const output = succeeds('inspect', pathOf(file));
      fits(output);
      isPlain(output);
      isPlain(succeeds('inspect', pathOf(file), '--json'));
    }
    assert.match(succeeds('inspect', pathOf('gguf/metadata_types.gguf')), /a\\x0d\\x0ab\\x09c\\x1b\[31m/);
  });

  it('shows layers together, and each with --all', () => {
    const layers = Array.from({ length: 30 }, (_, i): [string, number[]] => [`blk.${i}.ffn_up.weight`, [4, 8]]);
    const file = weights('layers.safetensors', [['token_embd.weight', [4, 8]], ...layers]);
    const row = cells(succeeds('inspect', file), 'blk.*.ffn_up');
    assert.deepEqual(row, ['blk.*.ffn_up.weight', '30', 'F32', '4 × 8', '3.84 kB']);
    assert.ok(cells(succeeds('inspect', file, '--all'), 'blk.29.ffn_up.weight'));
  });

  it('names how a checkpoint is quantized, and takes its config.json', () => {
    const folder = at('clone');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'config.json'), readFileSync(new URL('configs/llama.json', import.meta.url)));
    const file = weights('clone/model.safetensors', [
      ['a.qweight', [4, 8]],
      ['a.scales', [1, 8]],
    ]);
    for (const given of [file, folder]) {
      const output = succeeds('inspect', given);
      assert.deepEqual(cells(output, 'quantized'), ['quantized', 'gptq (1 layer); listed as stored']);
      assert.match(output, /^KV cache, 4,096 tokens in float16 +536\.9 /m);
    }
  });

  it('says in one line what is wrong and what to do', () => {
    writeFileSync(at('empty.gguf'), '');
    writeFileSync(at('words.txt'), 'These are words, not a model.\n');
    mkdirSync(at('none'));
    fails(1, /empty\.gguf: it is empty/, 'inspect', at('empty.gguf'));
    fails(1, /words\.txt: .*text.*safetensors, GGUF/, 'inspect', at('words.txt'));
    fails(1, /there is no file '.*gone\.gguf'/, 'inspect', at('gone.gguf'));
    fails(1, /none is a folder with no model/, 'inspect', at('none'));
    fails(1, /is a folder with \d+ models: name a file of it, such as/, 'inspect', path.dirname(source));
    fails(1, /there is no file/, 'inspect', 'a\nb\u001b[31m');
    fails(2, /missing required argument/, 'inspect');
    fails(2, /whole number/, 'inspect', source, '--context', 'many');
    fails(1, /config is an array|not JSON|no file/, 'inspect', source, '--config', at('gone.json'));
  });

  it('stops at files that may not be read', { skip: process.getuid?.() === 0 && 'root may read everything' }, () => {
    writeFileSync(at('secret.gguf'), load('gguf/v2.gguf'));
    chmodSync(at('secret.gguf'), 0);
    fails(1, /secret\.gguf: it cannot be read: EACCES/, 'inspect', at('secret.gguf'));
  });
});

describe('fewbits convert', () => {
  it('writes what convertModel writes', async () => {
    const model = await openModel(source);
    const cases: [name: string, args: string[], ConvertOptions][] = [
      ['a.gguf', ['--type', 'Q8_0'], { to: 'gguf', type: 'q8_0' }],
      ['b.gguf', ['--type', 'q4_k_m'], { to: 'gguf', recipe: 'q4_k_m' }],
      ['c.gguf', ['--recipe', 'q4_0'], { to: 'gguf', recipe: 'q4_0' }],
      ['d.safetensors', ['--type', 'f16', '--jobs', '1'], { to: 'safetensors', type: 'float16' }],
      ['e.npy', ['--tensor', 'output.weight'], { to: 'npy', tensor: 'output.weight' }],
      ['f', ['--to', 'safetensors'], { to: 'safetensors' }],
      [
        'g.gguf',
        ['--type', 'q4_k', '--override', 'attn_v=q6_k', '--override', 'DOWN=f16'],
        {
          ...{ to: 'gguf', type: 'q4_k' },
          overrides: [
            { pattern: 'attn_v', type: 'q6_k' },
            { pattern: 'down', type: 'float16' },
          ],
        },
      ],
    ];
    for (const [name, args, options] of cases) {
      const output = succeeds('convert', source, at(name), ...args);
      const { blob, byteLength } = await convertModel(model, 'blob', options);
      assert.deepEqual(readFileSync(at(name)), Buffer.from(await blob!.arrayBuffer()), name);
      assert.ok(output.startsWith(at(name)) && output.split('\n').length === 2, output);
      const json = JSON.parse(succeeds('convert', source, at(name), ...args, '--json'));
      assert.equal(json.byteLength, byteLength, 'it takes the place of the old one');
    }
  });

  it('plans with --dry-run and writes nothing', async () => {
    const args = ['convert', source, at('dry.gguf'), '--type', 'q4_k_m', '--dry-run'];
    const output = succeeds(...args);
    fits(output);
    assert.match(output, /^blk\.0\.attn_v\.weight +Q6_K +q6_k +26\.9 kB /m);
    assert.match(output, /q4_k_m's type for attn_v\.weight/);
    assert.match(output, /^403 kB \(394 KiB\) in all, 12 tensors, 5\.13 bits a weight$/m);
    const { byteLength, tensors } = planConversion(await openModel(source), { to: 'gguf', recipe: 'q4_k_m' });
    assert.deepEqual(JSON.parse(succeeds(...args, '--json')), { byteLength, tensors });
    assert.ok(!existsSync(at('dry.gguf')));
  });

  it('weighs by an importance matrix', () => {
    const matrix = at('imatrix.dat');
    const name = Buffer.from('blk.0.attn_k.weight');
    const head = Buffer.alloc(8);
    head.writeInt32LE(1);
    head.writeInt32LE(name.length, 4);
    const counts = Buffer.alloc(8);
    counts.writeInt32LE(1);
    counts.writeInt32LE(256, 4);
    const values = Float32Array.from({ length: 256 }, (_, i) => 1 + (i % 9));
    writeFileSync(matrix, Buffer.concat([head, name, counts, Buffer.from(values.buffer)]));
    succeeds('convert', source, at('weighed.gguf'), '--type', 'q4_k', '--imatrix', matrix);
    succeeds('convert', source, at('plain.gguf'), '--type', 'q4_k');
    const comparison = JSON.parse(succeeds('compare', at('plain.gguf'), at('weighed.gguf'), '--json'));
    const different = comparison.tensors.filter(({ maxAbsError }: { maxAbsError: number }) => maxAbsError > 0);
    assert.deepEqual(
      different.map((tensor: { name: string }) => tensor.name),
      ['blk.0.attn_k.weight'],
    );
  });

  it('says what a checkpoint becomes that llama.cpp does not run', () => {
    const file = weights('checkpoint.safetensors', [['w.weight', [2, 32]]]);
    const { status, stderr } = fewbits('convert', file, at('plain-tensors.gguf'));
    assert.equal(status, 0);
    assert.match(stderr, /^fewbits: .*llama\.cpp will not run it.*\n$/);
  });

  it('says of an override that it changes nothing', () => {
    const { status, stderr } = fewbits('convert', source, at('none.gguf'), '--override', 'zzz=q4_k', '--dry-run');
    assert.deepEqual([status, stderr], [0, "fewbits: no tensor's name has 'zzz': that --override changes nothing.\n"]);
  });

  it('refuses wrong usage with 2, what cannot be done with 1, and leaves nothing', () => {
    const out = at('refused.gguf');
    const before = readdirSync(scratch);
    fails(2, /say where to write/, 'convert', source);
    fails(2, /not both/, 'convert', source, out, '--type', 'q4_k', '--recipe', 'q4_k_m');
    fails(2, /--join.* cannot be used with .*--type/, 'convert', out, '--join', source, '--type', 'q4_k');
    fails(2, /PATTERN=TYPE/, 'convert', source, out, '--override', 'attn_v');
    fails(2, /such as 3\/8/, 'convert', source, out, '--shard', '9/8');
    fails(2, /such as 3\/8/, 'convert', source, out, '--shard', '0/8');
    fails(2, /\.onnx is read, not written/, 'convert', source, at('x.onnx'));
    fails(2, /gguf, safetensors, npy/, 'convert', source, out, '--to', 'pt');
    fails(1, /no type 'q4_kk' here. Did you mean 'q4_k'/, 'convert', source, out, '--type', 'q4_kk');
    fails(1, /importance matrix/, 'convert', source, out, '--type', 'iq2_xxs');
    fails(1, /name one of the model's 12/, 'convert', source, at('x.npy'));
    fails(1, /is read from: write to another file/, 'convert', source, source);
    fails(1, /cannot be written: .*Choose another place/, 'convert', source, at('gone/x.gguf'));
    fails(1, /is a folder: name a file in it/, 'convert', source, scratch);
    fails(1, /no file/, 'convert', source, out, '--type', 'q4_k', '--imatrix', at('gone.dat'));
    fails(1, /regular expression|pattern/, 'convert', source, out, '--override', '(=q4_k');
    assert.deepEqual(readdirSync(scratch), before);
  });
});

describe('fewbits convert, in parts', async () => {
  const model = weights('large.safetensors', [
    ['blk.0.ffn_up.weight', [768, 512]],
    ['blk.0.ffn_norm.weight', [512]],
    ['blk.0.ffn_down.weight', [512, 768]],
    ['output.weight', [1024, 512]],
  ]);
  const convert = (index: number, from = model) =>
    ['convert', from, at(`part${index}`), '--type', 'q4_k', '--shard', `${index}/4`] as const;
  const parts = [1, 2, 3, 4].map((index) => at(`part${index}`));
  const join = (...given: string[]) => ['convert', at('joined.gguf'), '--join', ...given] as const;

  /** The model behind a server, which asks what to do before it answers for the middle of the file. */
  async function serve(test: TestContext, before: () => Promise<void>) {
    const bytes = readFileSync(model);
    const server = createServer(async ({ headers }, response) => {
      const [, first, last] = /bytes=(\d+)-(\d+)/.exec(headers.range ?? '')!.map(Number) as [number, number, number];
      // The samples by which models are told apart are small.
      if (last - first > 100_000 && last > bytes.length / 2) await before();
      const part = bytes.subarray(first, last + 1);
      const range = `bytes ${first}-${first + part.length - 1}/${bytes.length}`;
      response.writeHead(206, { 'content-range': range, 'content-length': part.length }).end(part);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const close = () => {
      server.closeAllConnections();
      server.close();
    };
    test.after(close);
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/large.safetensors`, close };
  }

  /** One that says no more there. */
  async function stalling(test: TestContext) {
    let reached = () => {};
    const isReached = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const server = await serve(test, () => {
      reached();
      return new Promise(() => {});
    });
    return { ...server, isReached };
  }

  const partials = () => readdirSync(scratch).filter((name) => name.endsWith('.partial'));

  it('gives the file of a single run, made by processes side by side, one of them killed and run again', async (test) => {
    assert.equal(fewbits('convert', model, at('single.gguf'), '--type', 'q4_k').status, 0);
    const { url, isReached, close } = await stalling(test);
    const killed = start(...convert(3, url));
    const others = [4, 1, 2].map((index) => start(...convert(index)));
    await isReached;
    assert.deepEqual(
      partials().filter((name) => name.startsWith('.part3.')).length,
      1,
      'it is under way, beside its place',
    );
    killed.child.kill('SIGKILL');
    assert.equal((await killed.ended).signal, 'SIGKILL');
    close();
    for (const { ended } of others) assert.equal((await ended).status, 0);
    assert.ok(!existsSync(at('part3')), 'a part appears when it is whole');
    fails(
      1,
      /Part 3 of 4 is missing: make it, with --shard 3\/4/,
      ...join(...parts.filter((part) => !part.endsWith('3'))),
    );
    assert.equal(fewbits(...convert(3)).status, 0);
    assert.equal(fewbits(...convert(3)).status, 0, 'again over a whole one');
    for (const order of [parts, [3, 0, 2, 1].map((i) => parts[i]!)]) {
      assert.match(succeeds(...join(...order)), /joined\.gguf: .* out of 4 parts\n/);
      assert.ok(readFileSync(at('joined.gguf')).equals(readFileSync(at('single.gguf'))));
      rmSync(at('joined.gguf'));
    }
    for (const name of partials()) rmSync(at(name));
  });

  it('refuses parts that are damaged, doubled, or of another conversion, and leaves nothing', () => {
    for (const [i, part] of parts.entries()) if (!existsSync(part)) assert.equal(fewbits(...convert(i + 1)).status, 0);
    const [one, two, three, four] = parts as [string, string, string, string];
    const bytes = readFileSync(two);
    bytes[1000]! ^= 1;
    writeFileSync(at('damaged'), bytes);
    fails(1, /damaged: part 2 of 4 was damaged.*--shard 2\/4/, ...join(one, at('damaged'), three, four));
    fails(1, /part2: part 2 is given twice/, ...join(one, two, three, two, four));
    assert.equal(fewbits('convert', model, at('other'), '--type', 'q8_0', '--shard', '2/4').status, 0);
    fails(1, /other: it belongs to another conversion than part1/, ...join(one, at('other'), three, four));
    fails(1, /model|no part of a conversion/, ...join(one, two, three, model));
    fails(1, /no file/, ...join(one, two, three, at('gone')));
    fails(1, /read from: write to another file/, 'convert', one, '--join', ...parts);
    fails(2, /argument missing/, 'convert', at('joined.gguf'), '--join');
    fails(1, /part1: it looks like a part of a conversion; join it/, 'inspect', one);
    assert.ok(!existsSync(at('joined.gguf')));
    assert.deepEqual(partials(), []);
  });

  it('is cancelled by Ctrl-C with 130, by SIGTERM with 143, and leaves nothing', async (test) => {
    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const { url, isReached, close } = await stalling(test);
      const { child, ended } = start('convert', url, at('cancelled.gguf'), '--type', 'q4_k');
      await isReached;
      child.kill(signal);
      // What is asked of the network is answered, or fails, before the signal is looked at.
      setTimeout(close, 200);
      const { stderr, ...end } = await ended;
      assert.deepEqual(end, { status, signal: null });
      assert.match(stderr, /fewbits: Cancelled: nothing was written\.\n$/);
      assert.ok(!existsSync(at('cancelled.gguf')));
      assert.deepEqual(partials(), []);
    }
  });

  const skip = spawnSync('script', ['--version']).status !== 0 && 'there is no script to make a terminal';
  it('says how far it is on a terminal, and nothing in a pipe', { skip }, async (test) => {
    const slowly = () => serve(test, () => new Promise((resolve) => setTimeout(resolve, 700)));
    const [piped, shown] = [await slowly(), await slowly()];
    const args = ['--to', 'safetensors', '--type', 'f16'];
    const { ended } = start('convert', piped.url, at('piped'), ...args);
    assert.deepEqual(await ended, { status: 0, signal: null, stderr: '' });
    const command = [process.execPath, main, 'convert', shown.url, at('shown'), ...args].join(' ');
    const terminal = spawn('script', ['-qec', `stty cols 80; ${command}`, at('terminal')], { stdio: 'ignore' });
    assert.equal(await new Promise((resolve) => terminal.on('close', resolve)), 0);
    const lines = readFileSync(at('terminal'), 'utf8').split(/[\r\n]+/);
    const steps = lines.filter((line) => /^ +\d+% {2}[\d.]+ [kM]B of /.test(line));
    assert.match(steps[0] ?? '', /% {2}[\d.]+ [kM]B of 2\.62 MB {2}[\d.]+ [kM]B\/s {2}\d+ s left {2}[\w.]+\.weight +$/);
    for (const line of steps) assert.ok(line.length < 80, line);
  });
});

describe('fewbits compare', () => {
  it('lists what loses most first', () => {
    succeeds('convert', source, at('q4.gguf'), '--type', 'q4_0');
    const output = succeeds('compare', source, at('q4.gguf'));
    fits(output);
    const losses = output.split('\n').flatMap((line) => /^(?:blk|out|tok).* Q4_0 +([\d.]+) /.exec(line)?.[1] ?? []);
    assert.equal(losses.length, 9);
    assert.deepEqual(
      losses.map(Number),
      losses.map(Number).sort((a, b) => a - b),
    );
    assert.match(output, /^- 3 tensors with the same values in both\.$/m);
    assert.match(output, /^all 12 tensors /m);
    const json = JSON.parse(succeeds('compare', source, at('q4.gguf'), '--json'));
    assert.deepEqual([json.tensors.length, json.missing, json.added], [12, [], []]);
    assert.ok(json.sqnrDb > 15 && json.sqnrDb < 30);
  });

  it('says when nothing differs, and what has no counterpart', () => {
    assert.equal(succeeds('compare', source, source), 'Every value of 12 tensors is the same in both.\n');
    const output = succeeds('compare', pathOf('gguf/align_64.gguf'), pathOf('gguf/hole.gguf'));
    fits(output);
    assert.match(output, /^- Only in the original: c\.$/m);
    fails(1, /No tensor has the same name in /, 'compare', source, pathOf('gguf/align_64.gguf'));
    fails(2, /missing required argument/, 'compare', source);
    fails(1, /no file/, 'compare', source, at('gone.gguf'));
  });
});

describe('fewbits analyze', () => {
  it('has the SQNR of each type in each tensor', () => {
    const output = succeeds('analyze', source, '--types', 'q4_0,Q8_0,f16', '--jobs', '1');
    fits(output);
    assert.deepEqual(cells(output, 'SQNR')!.slice(1), ['q4_0', 'q8_0', 'float16']);
    assert.equal(cells(output, 'blk.0.ffn_gate.weight')![2], 'same');
    assert.match(output, /^- Not tried: 3 tensors, such as norms\.$/m);
    const many = succeeds('analyze', source, '--types', 'q4_0,q4_1,q5_0,q5_1,q8_0,q4_k,q5_k,f16,q4_k');
    fits(many);
    assert.deepEqual(many.match(/^SQNR.*$/gm), [
      'SQNR, dB                    q4_0    q4_1    q5_0    q5_1    q8_0    q4_k',
      'SQNR, dB                    q5_k  float16',
    ]);
    fails(1, /no type 'q9' here/, 'analyze', source, '--types', 'q9');
    fails(2, /such as 4GB/, 'analyze', source, '--target-size', 'small');
    fails(2, /needs --target-size/, 'analyze', source, '--flags', 'fewbits');
    fails(1, /No plan has 1000 bytes or less/, 'analyze', source, '--target-size', '1kB');
  });

  it('reads sizes as people write them', () => {
    for (const [text, bytes] of [
      ['4GB', 4e9],
      ['3.5GiB', 3.5 * 2 ** 30],
      ['800 MB', 8e8],
      ['1.5k', 1500],
      ['440KiB', 440 * 1024],
      ['2TiB', 2 ** 41],
      ['4,000,000 b', 4e6],
      ['123', 123],
    ] as const)
      assert.equal(byteSize(text), bytes, text);
    for (const text of ['', 'GB', '4 XB', '-4GB', '0', '4GBB', '1e3', '4ib']) assert.throws(() => byteSize(text), text);
  });

  it('plans a file of a target size, and gives the command that makes it', async () => {
    const target = ['analyze', source, '--target-size', '440KiB'];
    const output = succeeds(...target);
    fits(output);
    const json = JSON.parse(succeeds(...target, '--json'));
    assert.ok(json.plan.byteLength <= 440 * 1024 && json.plan.byteLength > 400 * 1024);
    const command = succeeds(...target, '--flags', 'fewbits');
    const [, ...overrides] = command.trim().split(' \\\n  ');
    const args = overrides.flatMap((flag) => /^(--override) '(.*)'$/.exec(flag)!.slice(1));
    const { byteLength } = JSON.parse(succeeds('convert', source, at('planned.gguf'), ...args, '--json'));
    assert.equal(byteLength, json.plan.byteLength);
    const made = await openModel(at('planned.gguf'));
    for (const { name, type } of made.tensors) assert.equal(type, json.plan.types[name] ?? type, name);
    const native = succeeds(...target, '--flags', 'llama.cpp');
    assert.match(native, /^llama-quantize \\\n {2}--tensor-type '\^token_embd\\\.weight\$=\w+'/);
    assert.match(native, /llama_mix\.gguf OUT\.gguf Q\d_K\n$/);
  });
});
