// The command `fewbits`, run as a program.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cells, fails, fewbits, main, succeeds } from './cli.ts';

const configPath = (name: string) => fileURLToPath(new URL(`configs/${name}.json`, import.meta.url));

describe('fewbits', () => {
  it('says how it is used', () => {
    const help = succeeds('--help');
    for (const command of ['inspect', 'convert', 'compare', 'analyze', 'memory', 'formats']) {
      assert.match(help, new RegExp(`^ {2}${command} `, 'm'));
      const more = succeeds(command, '--help');
      assert.match(more, /\nExamples:\n {2}fewbits /);
      for (const line of more.split('\n')) assert(line.length <= 80, line);
    }
    assert.match(succeeds('--version'), /^\d+\.\d+\.\d+\n$/);
    const { status, stdout, stderr } = fewbits();
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /^Usage: fewbits COMMAND/);
  });

  it('refuses wrong usage with 2', () => {
    fails(2, /no command 'nope'. There are inspect, convert, compare, analyze, memory, formats:/, 'nope');
    fails(2, /unknown option '--typ' \(Did you mean --type\?\)/, 'memory', '70B', '--typ', 'q4_k');
    fails(2, /give a count such as 70B/, 'memory');
    fails(2, /'lots'.*such as 70B/, 'memory', 'lots');
    fails(2, /'8x7B'/, 'memory', '8x7B');
    fails(2, /too many arguments/, 'memory', '7B', '8B');
    fails(2, /whole number, 1 or more/, 'memory', '7B', '--context', '0');
    fails(2, /argument missing/, 'memory', '7B', '--type');
    fails(2, /llama\.cpp, vllm/, 'memory', '7B', '--engine', 'tgi');
    fails(2, /unknown option/, 'formats', '--xml');
  });
});

describe('fewbits memory', () => {
  it('reckons a bare count', () => {
    for (const [count, shown] of [
      ['70B', '70,000,000,000'],
      ['1.5b', '1,500,000,000'],
      ['350M', '350,000,000'],
      ['7_000_000', '7,000,000'],
    ] as const)
      assert(succeeds('memory', count, '--type', 'q4_k').startsWith(`${shown} parameters in q4_k\n`));
    const output = succeeds('memory', '70B', '--type', 'q4_k');
    assert.deepEqual(cells(output, 'weights'), ['weights', '39.38', '36.67']);
    assert.match(output, /\bGB\b.*\bGiB\b/);
    assert.match(output, /add --config config\.json/);
  });

  it('lists every type, largest first', () => {
    const output = succeeds('memory', '70B');
    const bits = output
      .split('\n')
      .slice(3)
      .map((line) => Number(line.split(/\s{2,}/)[1]))
      .filter((value) => value > 0);
    assert.equal(bits.length, 4 + 39);
    assert.deepEqual(
      bits,
      [...bits].sort((a, b) => b - a),
    );
    assert.deepEqual(cells(output, 'float16'), ['float16', '16.00', '140.0', '130.4']);
    for (const line of output.split('\n')) assert(line.length <= 80, line);
  });

  it('reckons a config.json: weights, KV cache and compute buffer', () => {
    const output = succeeds('memory', '--config', configPath('llama'), '--type', 'Q4_K_M', '--context', '4096');
    assert(output.startsWith('8,030,261,248 parameters in q4_k_m\n'));
    assert.deepEqual(cells(output, 'weights'), ['weights', '4.913', '4.575']);
    assert.deepEqual(cells(output, 'KV cache'), ['KV cache, 4,096 tokens in float16', '0.537', '0.500']);
    assert.deepEqual(cells(output, 'total'), ['total', '5.760', '5.365']);
    assert.match(output, /Norms, biases and routers stay in float32\./);
  });

  it('tells recurrent states from the KV cache', () => {
    const output = succeeds('memory', '--config', configPath('qwen3_next'), '--type', 'q4_k');
    assert.deepEqual(cells(output, 'recurrent states'), ['recurrent states', '0.08', '0.07']);
    assert.deepEqual(cells(output, 'KV cache'), ['KV cache, 4,096 tokens in float16', '0.10', '0.09']);
    assert.match(output, /^36 of 48 layers are recurrent: 548,864 numbers each, whatever the context\.$/m);
    const mamba = succeeds('memory', '--config', configPath('mamba'), '--type', 'float16');
    assert.doesNotMatch(mamba, /KV cache/);
    for (const line of `${output}\n${mamba}`.split('\n')) assert(line.length <= 80, line);
  });

  it('takes batch, cache type and engine, and prints JSON in bytes', () => {
    const args = ['--config', configPath('gemma2'), '--type', 'q8_0', '--context', '8192', '--json'];
    const json = (...more: string[]) => JSON.parse(succeeds('memory', ...args, ...more));
    const plain = json();
    assert.equal(plain.total, plain.weights + plain.kvCache + plain.compute);
    assert.equal(json('--batch', '4').kvCache, 4 * plain.kvCache);
    assert.equal(json('--kv-type', 'q8_0').kvCache, (plain.kvCache * 34) / 64);
    assert(json('--engine', 'vllm').kvCache > plain.kvCache);
  });

  it('says which count holds where both are given', () => {
    const output = succeeds('memory', '7B', '--config', configPath('llama'), '--type', 'q4_k', '--context', '8192');
    assert.match(output, /llama\.json has 8,030,261,248 parameters: these count, not 7,000,000,000\./);
  });

  it('leaves out types that do not suit the model', () => {
    const json = JSON.parse(succeeds('memory', '--config', configPath('gemma3_text'), '--json'));
    const types = json.types.map(({ type }: { type: string }) => type);
    assert(types.includes('q4_k') && types.includes('q4_k_m') && !types.includes('q8_k'));
  });

  describe('with files that are no config.json', () => {
    let folder: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'fewbits-'));
      writeFileSync(join(folder, 'words.json'), 'not\njson');
      writeFileSync(join(folder, 'list.json'), '[]');
    });
    after(() => rmSync(folder, { recursive: true }));

    it('says in one line what is wrong and what to do', () => {
      fails(1, /There is no file .*none\.json\. Give the path/, 'memory', '--config', join(folder, 'none.json'));
      fails(
        1,
        /words\.json is not JSON .*Give the model's config\.json/,
        'memory',
        '--config',
        join(folder, 'words.json'),
      );
      fails(1, /could not be read/, 'memory', '--config', folder);
      fails(1, /config is an array/, 'memory', '--config', join(folder, 'list.json'));
    });
  });

  it('refuses what it does not know with 1', () => {
    fails(1, /no format 'q4k' here\. Did you mean 'q4_k'\?/, 'memory', '70B', '--type', 'q4k');
    fails(1, /q4_k_m mixes formats.*--config/, 'memory', '70B', '--type', 'q4_k_m');
    fails(1, /minicpm3.*Known are llama/, 'memory', '--config', configPath('minicpm3'), '--type', 'q4_k');
    fails(1, /no format 'f16'/, 'memory', '--config', configPath('llama'), '--type', 'q4_k', '--kv-type', 'f16');
  });
});

describe('fewbits formats', () => {
  it('fits 80 columns and has no colour in a pipe', () => {
    const output = succeeds('formats');
    for (const line of output.split('\n')) assert(line.length <= 80, line);
    assert(!output.includes('\u001b'));
    assert.deepEqual(cells(output, 'q4_k'), ['q4_k', 'ggml', '256', '144', '4.5', 'yes']);
    assert.deepEqual(cells(output, 'iq3_s'), ['iq3_s', 'ggml', '256', '110', '3.4375', '-']);
    assert.deepEqual(cells(output, 'float8_e4m3fn')?.slice(0, 5), ['float8_e4m3fn', '8', '1 4 3', '-448', '448']);
  });

  it('prints every fact as JSON', () => {
    const { numberFormats, blockFormats } = JSON.parse(succeeds('formats', '--json'));
    assert.equal(numberFormats.length, 31);
    assert.equal(blockFormats.length, 39);
    assert.equal(numberFormats.find(({ name }: { name: string }) => name === 'float16').max, 65504);
  });

  it('stops quietly where its reader does', () => {
    const { status, stderr } = spawnSync(
      'bash',
      ['-c', `"${process.execPath}" "${main}" formats --json | head -c 10`],
      {
        encoding: 'utf8',
      },
    );
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  });
});
