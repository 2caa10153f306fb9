import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readingOf, usableOf } from '../../web/page/kit/data/complaint.ts';
import { readFile, readText } from '../../web/page/kit/data/read.ts';

const file = (content: BlobPart, name: string) => Object.assign(new Blob([content]), { name });
const numbers = (text: string, decimal?: '.' | ',') => [...readText(text, decimal ? { decimal } : {}).values];
const complaintOn = (text: string) => readingOf('', readText(text)).complaint;
const round = (values: number[]) => [...Float32Array.from(values)];

describe('pasted text', () => {
  for (const [text, expected, shape] of [
    ['1, 2; 3', [1, 2, 3], [3]],
    ['1 2\t3', [1, 2, 3], [3]],
    ['1\n2\r\n3\r\n', [1, 2, 3], [3]],
    ['1,2,3\n4,5,6', [1, 2, 3, 4, 5, 6], [2, 3]],
    ['1, 2,\n3, 4,\n', [1, 2, 3, 4], [2, 2]],
    ['1,2\n3', [1, 2, 3], [3]],
    ['[[1, 2], [3, 4], [5, 6]]', [1, 2, 3, 4, 5, 6], [3, 2]],
    ['[[1. 2.]\n [3. 4.]]', [1, 2, 3, 4], [2, 2]],
    ['# height\n1.5e0 +2 .5 -3.', [1.5, 2, 0.5, -3], [4]],
    ['\u22121.5 \u22120', [-1.5, -0], [2]],
    ['5.47 3.08 -7.59 0 -1.95 -4.57 10.8', [5.47, 3.08, -7.59, 0, -1.95, -4.57, 10.8], [7]],
    ['3e38 1e-45 -3.4028235e38', [3e38, 1e-45, -3.4028235e38], [3]],
    ['7', [7], [1]],
  ] as [string, number[], number[]][]) {
    it(`reads ${JSON.stringify(text)}`, () => {
      const result = readText(text);
      assert.deepEqual([...result.values], round(expected));
      assert.deepEqual(result.shape, shape);
      assert.equal(result.badCount, 0);
      assert.equal(result.ambiguous, undefined);
    });
  }

  for (const [text, line, bad, why] of [
    ['1 2\nabc 3', 2, 'abc', 'not a number'],
    ['1,2,,3', 1, '', 'an empty field'],
    [',1', 1, '', 'an empty field'],
    ['1e999', 1, '1e999', 'larger than float32 can hold (3.4 × 10^38)'],
    ['-1e39', 1, '-1e39', 'larger than float32 can hold (3.4 × 10^38)'],
    ['1\n2\nnan', 3, 'nan', 'NaN is not a number'],
    ['-inf', 1, '-inf', 'infinite, which no scale can hold'],
    ['0x1F', 1, '0x1F', 'hexadecimal for 31'],
    ['1\n\n2.5kg', 3, '2.5kg', '"kg" follows the number 2.5'],
    ['1.2.3', 1, '1.2.3', '".3" follows the number 1.2'],
    ['--1', 1, '--1', 'not a number'],
    ['1e', 1, '1e', '"e" follows the number 1'],
  ] as [string, number, string, string][]) {
    it(`complains about ${JSON.stringify(text)}`, () => {
      const result = readText(text);
      assert.deepEqual(result.bad, [{ index: result.bad[0]?.index, line, text: bad, why }]);
      assert.equal(result.badCount, 1);
      assert.equal(
        result.values.findIndex((x) => !Number.isFinite(x)),
        result.bad[0]!.index,
      );
    });
  }

  it('names lines and words in a sentence, and keeps the others', () => {
    const result = readText('1 2\n3\nnan\n4 5\n6\n7\nabc');
    assert.equal(complaintOn('1 2\n3\nnan\n4 5\n6\n7\nabc'), '2 of 9 are not numbers (line 3 “nan”, line 7 “abc”).');
    const { values, shape } = usableOf(result);
    assert.deepEqual([...values], [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(shape, [7]);
  });

  it('says why, where that does not go without saying', () => {
    assert.equal(complaintOn('1,2,,3'), '1 of 4 is not a number (line 1: an empty field).');
    assert.equal(complaintOn('1e999'), 'No numbers: line 1 “1e999”: larger than float32 can hold (3.4 × 10^38).');
    assert.equal(
      complaintOn('1 0x1F 2kg'),
      '2 of 3 are not numbers (line 1 “0x1F”: hexadecimal for 31, line 1 “2kg”: "kg" follows the number 2).',
    );
    assert.equal(complaintOn('a b c d e'), 'No numbers: line 1 “a”, line 1 “b”, line 1 “c” and 2 more.');
  });

  it('counts only what can be used, and says so where there is none', () => {
    const reading = (text: string) => readingOf('', readText(text));
    assert.equal(reading('1 2\nabc 3').size, '3 numbers, 1 row');
    assert.deepEqual([reading('abc').size, reading('abc').usable], ['', 0]);
    assert.equal(
      complaintOn('0.1f, 0.2f'),
      'No numbers: line 1 “0.1f”: "f" follows the number 0.1, line 1 “0.2f”: "f" follows the number 0.2.',
    );
    assert.equal(complaintOn('[]'), 'No numbers: nothing but brackets, separators or comments.');
  });

  it('leaves a header out as a CSV file does, and counts its line', () => {
    const { values, shape, notes } = readText('x,y\n1,2\n3,4');
    assert.deepEqual(
      [[...values], shape],
      [
        [1, 2, 3, 4],
        [2, 2],
      ],
    );
    assert.deepEqual(notes, ['The first line is a header (x, y) and is left out.']);
    assert.equal(complaintOn('x y\n1 2\n3 four'), '1 of 4 is not a number (line 3 “four”).');
    for (const text of ['0.1f, 2\n3, 4', '# x, y\n1, 2', 'nan, 1\n2, 3', 'x, y'])
      assert.doesNotMatch(readText(text).notes.join(), /header/, text);
  });

  it('asks what a comma means where it can be both', () => {
    assert.equal(readText('3,14;2,71').ambiguous, 'decimal-comma');
    assert.equal(readText('3,14\n2,71').ambiguous, 'decimal-comma');
    assert.deepEqual(numbers('3,14;2,71', '.'), [3, 14, 2, 71]);
    assert.deepEqual(numbers('3,14;2,71', ','), round([3.14, 2.71]));
    assert.deepEqual(numbers('1.234,5 -2', ','), [1234.5, -2]);
    for (const clear of ['1,2\n3,4', '3.14,2.71', '1, 2; 3', '1,2,3;4'])
      assert.equal(readText(clear).ambiguous, undefined, clear);
  });

  it('tells what float32 loses', () => {
    assert.deepEqual(readText('1e-50 0 0e5').notes, ['1 number is closer to 0 than float32 can hold and became 0.']);
  });

  it('reads nothing out of nothing', () => {
    for (const text of ['', ' \n\t\n', '# only words']) assert.equal(readText(text).values.length, 0);
  });

  it('reads back whatever float32 was written', () => {
    const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
    const separator = fc.constantFrom(' ', ', ', ';', '\n', '\t', ',\r\n');
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1 }), separator, (values, between) => {
        assert.deepEqual(numbers(values.map((x) => (Object.is(x, -0) ? '-0' : String(x))).join(between), '.'), values);
      }),
    );
  });

  it('never throws, whatever is pasted', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.,;+-eE nai\n\t[]x\u2212') }), (text) => {
        const { values, badCount, shape } = readText(text);
        assert.equal(values.filter((x) => !Number.isFinite(x)).length, badCount);
        assert.equal(
          shape.reduce((a, b) => a * b, 1),
          values.length,
        );
      }),
    );
  });
});

describe('CSV files', () => {
  it('leave a header out and say so', async () => {
    const { values, shape, notes } = await readFile(file('width,height\n1,2\n3,4\n', 'sizes.csv'));
    assert.deepEqual([...values], [1, 2, 3, 4]);
    assert.deepEqual(shape, [2, 2]);
    assert.deepEqual(notes, ['The first line is a header (width, height) and is left out.']);
  });

  it('may use semicolons, tabs, quotes and a byte order mark', async () => {
    for (const text of ['1;2\n3;4', '1\t2\n3\t4', '"1","2"\r\n"3","4"\r\n', '\ufeff1,2\n3,4\n']) {
      const { values, badCount } = await readFile(file(text, 'a.csv'));
      assert.deepEqual([[...values], badCount], [[1, 2, 3, 4], 0], JSON.stringify(text));
    }
  });

  it('name the line of an empty field and of a word', async () => {
    const { bad, values } = await readFile(file('a,b\n1,\n2,x\n', 'a.csv'));
    assert.deepEqual(
      bad.map(({ line, text }) => [line, text]),
      [
        [2, ''],
        [3, 'x'],
      ],
    );
    assert.equal(values.length, 4);
  });

  it('ask what a comma means, with a header too', async () => {
    const text = 'Höhe;Breite\n3,14;2,71\n';
    assert.equal((await readFile(file(text, 'a.csv'))).ambiguous, 'decimal-comma');
    const { values, shape } = await readFile(file(text, 'a.csv'), { decimal: ',' });
    assert.deepEqual([[...values], shape], [round([3.14, 2.71]), [2]]);
  });

  it('may quote line ends and quotes, and be long', async () => {
    const odd = '"1","2"\n"a\n""b",3\n';
    const text = odd.repeat(150_000);
    const { values, shape, badCount, bad } = await readFile(file(text, 'a.csv'));
    assert.deepEqual([shape, badCount, values[0], values[599_999]], [[300_000, 2], 150_000, 1, 3]);
    assert.equal(bad[0]!.text, 'a·"b');
  });

  it('are separated by what stands on every line', async () => {
    for (const [text, decimal] of [
      ['1.5;2\n3;4', '.'],
      ['1,5;2\n3;4', ','],
      ['1,5\t2\n3\t4', ','],
      ['1.5|2\n3|4', '.'],
      ['a;b,c\n1.5,2\n3,4', '.'],
    ] as const) {
      const { values, badCount } = await readFile(file(text, 'a.csv'), { decimal });
      assert.deepEqual([[...values], badCount], [[1.5, 2, 3, 4], 0], JSON.stringify(text));
    }
  });

  it('can be long', async () => {
    const lines = Array.from({ length: 300_000 }, (_, i) => `${i},${-i}`).join('\n');
    const { values, shape, badCount } = await readFile(file(lines, 'long.csv'));
    assert.deepEqual([shape, badCount, values[599_999]], [[300_000, 2], 0, -299_999]);
  });
});

describe('JSON files', () => {
  for (const [text, expected, shape] of [
    ['[1, 2.5, -3e2]', [1, 2.5, -300], [3]],
    ['[[[1, 2]], [[3, 4]]]', [1, 2, 3, 4], [2, 1, 2]],
    ['{"shape": [2, 2], "data": [1, 2, 3, 4]}', [1, 2, 3, 4], [2, 2]],
    ['{"data": [[1, 2], [3, 4]]}', [1, 2, 3, 4], [2, 2]],
    ['7', [7], [1]],
    ['[]', [], [0]],
  ] as [string, number[], number[]][]) {
    it(`read ${text}`, async () => {
      const result = await readFile(file(text, 'a.json'));
      assert.deepEqual([[...result.values], result.shape], [expected, shape]);
    });
  }

  for (const text of [
    '[[1, 2], [3]]',
    '[1, [2, 3]]',
    '[[1, 2], 3]',
    '[1, [], [2, 3]]',
    '[[[1]], [2], 3]',
    '[[1], [[2], [3]]]',
  ]) {
    it(`give one row where arrays differ, as in ${text}`, async () => {
      const { shape, notes } = await readFile(file(text, 'a.json'));
      const note = 'The nested arrays differ in length or depth, so all 3 numbers are read as one row.';
      assert.deepEqual([shape, notes], [[3], [note]]);
    });
  }

  it('complain about what is no number', async () => {
    const { bad } = await readFile(file('[1, null, "2", 1e999]', 'a.json'));
    assert.deepEqual(
      bad.map(({ index, text }) => [index, text]),
      [
        [1, 'null'],
        [2, '"2"'],
        [3, ''],
      ],
    );
    const python = await readFile(file('[1.0,\n NaN, 2.0]', 'a.json'));
    assert.deepEqual(
      python.bad.map(({ line, text }) => [line, text]),
      [[2, 'NaN']],
    );
  });

  for (const [text, message] of [
    ['{"a": 1,\n "b": oops}', 'a.json is not valid JSON: line 2, at "oops}".'],
    ['{"data": [1, 2', 'a.json is not valid JSON: it ends before its brackets close, or a comma is misplaced.'],
    [
      '{"a": 1, "b": 2}',
      'Found an object with a, b in the JSON; expected arrays of numbers, or { "data": [...], "shape": [...] }.',
    ],
    ['{"data": [1, 2, 3], "shape": [2, 2]}', '"shape" [2, 2] asks for 4 numbers but "data" has 3.'],
    [`${'['.repeat(17)}1${']'.repeat(17)}`, 'The JSON nests deeper than 16 arrays, which no tensor does.'],
  ] as [string, string][]) {
    it(`refuse ${text.slice(0, 40)}`, () => assert.rejects(readFile(file(text, 'a.json')), { message }));
  }
});

describe('other files', () => {
  it('.f32 are raw little-endian floats', async () => {
    const values = Float32Array.of(1.5, -0, 3e38);
    assert.deepEqual((await readFile(file(values, 'a.f32'))).values, values);
    await assert.rejects(readFile(file(new Uint8Array(10), 'a.f32')), {
      code: 'BAD_LENGTH',
      message: 'a.f32 has 10 bytes; a float32 takes 4, so 2 are left over. Is it cut short, or of another type?',
    });
  });

  it('list NaN and infinities, the first thousand one by one', async () => {
    const values = new Float32Array(5000).fill(Number.NaN);
    values[0] = Number.NEGATIVE_INFINITY;
    const { bad, badCount } = await readFile(file(values, 'a.f32'));
    assert.deepEqual([bad.length, badCount], [1000, 5000]);
    assert.deepEqual(bad[0], { index: 0, line: 0, text: '-Infinity', why: 'infinite, which no scale can hold' });
  });

  it('.txt is read as text, UTF-16 too', async () => {
    assert.deepEqual([...(await readFile(file('1 2\n3', 'a.txt'))).values], [1, 2, 3]);
    const wide = Uint16Array.from('\ufeff1 2', (character) => character.charCodeAt(0));
    assert.deepEqual([...(await readFile(file(wide, 'a.txt'))).values], [1, 2]);
  });

  it('must not be long texts, empty, or of an unknown binary kind', async () => {
    const long = file(new Uint8Array(65 * 2 ** 20).fill(0x31), 'long.txt');
    await assert.rejects(
      readFile(long),
      /^FewbitsError: long\.txt is a text of 65\.0 MiB; the limit for text is 64 MiB/,
    );
    await assert.rejects(readFile(file('', 'none.txt')), /none\.txt is empty \(0 bytes\)/);
    await assert.rejects(readFile(file(new Uint8Array(64), 'a.txt')), /a\.txt is binary, of a kind not known here/);
  });

  it('are read in slices, with progress, until cancelled', async () => {
    const values = new Float32Array(5 * 2 ** 20);
    values[values.length - 1] = 7;
    const progress: number[] = [];
    const result = await readFile(file(values, 'a.f32'), { onProgress: ({ bytesDone }) => progress.push(bytesDone) });
    assert.equal(result.values.at(-1), 7);
    assert.deepEqual(
      progress,
      [8, 16, 20].map((mebibytes) => mebibytes * 2 ** 20),
    );
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await assert.rejects(readFile(file(values, 'a.f32'), { signal: controller.signal, onProgress }), {
      code: 'ABORTED',
    });
  });
});
