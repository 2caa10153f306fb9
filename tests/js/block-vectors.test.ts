// The reference programs' bytes and numbers, for every block format, through the package.
import assert from 'node:assert/strict';
import test from 'node:test';
import { init } from 'fewbits';
import { blockCases, evidenceOf, evidenceTable } from './block-cases.ts';
import { fromJson, outcome, toJson } from './block-runner.ts';
import { readableFormats } from './readable.ts';
import { sha256 } from './vectors.ts';

const fewbits = await init();
const cases = blockCases(fewbits);
const failed = cases.filter((one) => sha256(outcome(fewbits, one)) !== one.sha256);
const rows = evidenceOf(fewbits, cases, (one) => failed.includes(one));
console.log(`${evidenceTable(`The package in Node ${process.versions.node} beside the reference programs`, rows)}\n`);

test('every output of the reference programs is the same', () => {
  assert.deepEqual(
    failed.map(({ format, name, kind }) => `${format}, ${kind}: ${name}`),
    [],
  );
});

test('every format that is made or read was compared', () => {
  assert.deepEqual(readableFormats(fewbits), fewbits.blockFormats);
  for (const { name, canQuantize, usesImportance } of fewbits.blockFormats) {
    const { made, weighed, read } = rows.get(name)!;
    assert.equal(made > 0, canQuantize, name);
    assert.equal(weighed > 0, canQuantize && usesImportance, name);
    assert.ok(read > 0, name);
  }
});

test('what must be there is there', () => {
  const count = (format: string, kind: string, name = /./) =>
    cases.filter((one) => one.format === format && one.kind === kind && name.test(one.name)).length;
  for (const format of ['mxfp8_e4m3', 'mxfp8_e5m2', 'mxfp6_e2m3', 'mxfp6_e3m2', 'mxfp4_ocp'])
    for (const rule of [/floor/, /rceil/, /_even/]) assert.equal(count(format, 'made', rule), 1, `${format} ${rule}`);
  for (const format of ['nf4', 'fp4'])
    for (const kind of ['made', 'read']) assert.equal(count(format, kind, /doubly/), format === 'nf4' ? 2 : 1, format);
  for (const format of ['q4_0', 'q6_k', 'iq4_xs']) {
    assert.equal(count(format, 'made with an importance'), 7);
    assert.equal(count(format, 'read', /^decode/), 1, 'random bytes, and every kind of scale');
  }
});

test('a result that differs is seen, and a case survives the way to a page', () => {
  const made = cases.find(({ kind, skipped }) => kind === 'made' && skipped.length > 0)!;
  const [copy] = fromJson(toJson([made]));
  assert.equal(sha256(outcome(fewbits, copy!)), made.sha256);
  const values = (copy!.calls[0]!.args as unknown[])[0] as Float32Array;
  const block = Array.from({ length: values.length }, (_, i) => i).find((i) => !made.skipped.includes(i))!;
  values[block * made.blockSize]! += 1000;
  assert.notEqual(sha256(outcome(fewbits, copy!)), made.sha256);
});
