import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readFile } from '../../web/page/kit/data/read.ts';
import {
  type Coded,
  cParts,
  csvParts,
  identifier,
  jsonParts,
  npyParts,
  shortest,
} from '../../web/page/kit/data/write.ts';

const coded: Coded = {
  scheme: { type: 'int8' },
  shape: [2, 3],
  codes: Int8Array.of(64, 36, -89, 0, -128, 127),
  scale: Float32Array.of(0.08503937),
  zeroPoint: Int32Array.of(0),
};

const asFile = (parts: BlobPart[], name: string) => Object.assign(new Blob(parts), { name });

describe('shortest', () => {
  it('reads back as the same float32', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        assert.ok(Object.is(Math.fround(Number(shortest(x))), x), shortest(x));
      }),
    );
    assert.deepEqual(
      [0.1, -0, 5.47, 3e38].map((x) => shortest(Math.fround(x))),
      ['0.1', '-0', '5.47', '3e+38'],
    );
  });
});

describe('JSON', () => {
  it('holds scheme, scales, shape and codes', async () => {
    const { scheme, shape, scale, zeroPoint, codes } = JSON.parse(await new Blob(jsonParts(coded)).text());
    assert.deepEqual(
      { scheme, shape, zeroPoint, codes },
      { scheme: { type: 'int8' }, shape: [2, 3], zeroPoint: [0], codes: [...coded.codes] },
    );
    assert.equal(Math.fround(scale[0]), coded.scale![0]);
  });

  it('is whole beyond one batch', async () => {
    const codes = Uint16Array.from({ length: 200_000 }, (_, i) => i);
    const json = JSON.parse(await new Blob(jsonParts({ scheme: 'float16', shape: [codes.length], codes })).text());
    assert.deepEqual(Uint16Array.from(json.codes), codes);
    assert.equal('scale' in json, false);
  });
});

describe('CSV', () => {
  it('has a header and a row per value, and reads back', async () => {
    const original = Float32Array.of(5.47, -3.08);
    const restored = Float32Array.of(5.44, -3.06);
    const parts = csvParts(original, Int8Array.of(64, -36), restored);
    const { values, shape } = await readFile(asFile(parts, 'a.csv'));
    assert.deepEqual(shape, [2, 5]);
    assert.deepEqual(values.slice(0, 4), Float32Array.of(0, original[0]!, 64, restored[0]!));
  });
});

describe('.npy', () => {
  for (const values of [
    ...[coded.codes, Uint8Array.of(0, 255, 3, 4, 5, 6), Int16Array.of(-32768, 32767, 0, 1, 2, 3)],
    ...[
      Uint16Array.of(65535, 0, 1, 2, 3, 4),
      Uint32Array.of(7, 0, 1, 2, 3, 4),
      Float32Array.of(1.5, -0, 3e38, 1e-45, 0.1, 2),
    ],
  ]) {
    it(`reopens bit-equal: ${values.constructor.name}`, async () => {
      const reopened = await readFile(asFile(npyParts(values, [2, 3]), 'a.npy'));
      assert.deepEqual(reopened.shape, [2, 3]);
      assert.deepEqual(reopened.values, Float32Array.from(values));
    });
  }
});

describe('C array', () => {
  it('takes any name', () => {
    assert.deepEqual(['F_0/kernel', 'weights.npy', '7 numbers', 'float', 'Größe', '???'].map(identifier), [
      'F_0_kernel',
      'weights_npy',
      'values_7_numbers',
      'float',
      'Gro_e',
      'values',
    ]);
  });

  for (const compiler of [
    ['gcc', '-std=c99'],
    ['g++', '-std=c++11', '-x', 'c++'],
  ]) {
    it(`compiles with ${compiler[0]} and holds the same numbers`, async (test) => {
      try {
        execFileSync(compiler[0]!, ['--version'], { stdio: 'ignore' });
      } catch {
        return test.skip(`no ${compiler[0]} here`);
      }
      const folder = mkdtempSync(join(tmpdir(), 'fewbits-c-'));
      try {
        assert.equal(
          printed(compiler, folder, await new Blob(cParts('7/numbers', coded)).text()),
          '64 36 -89 0 -128 127 0.0850393698 0\n',
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});

/** What a program prints that includes the header and knows the arrays' names and types. */
function printed(compiler: string[], folder: string, header: string): string {
  writeFileSync(join(folder, 'codes.h'), header);
  const main = `#include <stdio.h>
    #include "codes.h"
    int main(void) {
      for (int i = 0; i < (int)(sizeof values_7_numbers_codes / sizeof(int8_t)); i++) printf("%d ", values_7_numbers_codes[i]);
      printf("%.9g %d\\n", values_7_numbers_scale[0], (int)values_7_numbers_zero_point[0]);
      return 0;
    }`;
  writeFileSync(join(folder, 'main.c'), main);
  const [command, ...flags] = compiler;
  const program = join(folder, 'main');
  execFileSync(command!, [...flags, '-Wall', '-Wextra', '-Werror', '-o', program, join(folder, 'main.c')]);
  return execFileSync(program, { encoding: 'utf8' });
}
