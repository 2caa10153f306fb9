// The pool: the same answers as the synchronous face, errors with their codes, and an end that can be called twice.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import test from 'node:test';
import { createPool, FewbitsError, init } from 'fewbits';

const fewbits = await init();
const values = Float32Array.from({ length: 100_000 }, (_, i) => Math.sin(i) * 3);

test('init is idempotent', async () => {
  assert.equal(await init(), fewbits);
});

test('every method answers as the synchronous one', async () => {
  const pool = await createPool({ size: 2 });
  try {
    assert.equal(pool.size, 2);
    assert.deepEqual(pool.numberFormats, fewbits.numberFormats);
    const expected = fewbits.quantize(values, { type: 'int4', calibration: 'mse' });
    const quantized = await pool.quantize(values, { type: 'int4', calibration: 'mse' });
    assert.deepEqual(quantized, expected);
    assert.deepEqual(await pool.dequantize(quantized), fewbits.dequantize(expected));
    assert.deepEqual(
      await pool.encode(values.subarray(5, 50), 'float16'),
      fewbits.encode(values.subarray(5, 50), 'float16'),
    );
    assert.deepEqual(await pool.cast([500], 'float8_e4m3fn', { saturate: true }), new Float32Array([448]));
    const made = await pool.makeFormat({ sign: true, exponentBits: 3, mantissaBits: 4, specials: 'none' });
    assert.deepEqual(await pool.encode(values, made), fewbits.encode(values, made));
    assert.equal(await pool.weightBytes(70e9, 'int4'), 35e9);
    const many = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.cast([i / 7], 'bfloat16')));
    many.forEach((kept, i) => {
      assert.deepEqual(kept, fewbits.cast([i / 7], 'bfloat16'));
    });
  } finally {
    await pool.terminate();
  }
});

test('inputs are copied unless they are to be transferred', async () => {
  const pool = await createPool({ size: 1 });
  try {
    const mine = values.slice();
    const first = await pool.encode(mine, 'float16');
    assert.equal(mine.length, values.length);
    const moved = await pool.encode(mine, 'float16', { transfer: true });
    assert.deepEqual(moved, first);
    assert.equal(mine.length, 0);
    for (const options of [undefined, { transfer: true }])
      await assert.rejects(
        pool.encode(mine, 'float16', options),
        (error) => error instanceof FewbitsError && error.code === 'BAD_INPUT',
      );
  } finally {
    await pool.terminate();
  }
});

test('errors cross with code and details, and the next call is right', async () => {
  const pool = await createPool({ size: 1 });
  try {
    await assert.rejects(
      pool.quantize([1, Number.NaN], { type: 'int8' }),
      (error) => error instanceof FewbitsError && error.code === 'NON_FINITE' && error.details['index'] === 1,
    );
    await assert.rejects(
      pool.encode([1], 'flot16' as never),
      (error) => error instanceof FewbitsError && error.code === 'UNKNOWN_FORMAT',
    );
    assert.deepEqual(await pool.cast([1.5], 'float16'), new Float32Array([1.5]));
  } finally {
    await pool.terminate();
  }
});

test('terminate rejects pending and later calls, and may be repeated', async () => {
  const pool = await createPool({ size: 1 });
  const isTerminated = (error: unknown) => error instanceof FewbitsError && error.code === 'TERMINATED';
  const pending = assert.rejects(
    pool.quantize(new Float32Array(5_000_000), { type: 'int8', calibration: 'mse' }),
    isTerminated,
  );
  await pool.terminate();
  await pool.terminate();
  await pending;
  await assert.rejects(pool.cast([1], 'float16'), isTerminated);
});

test('sizes that are no whole number of at least 1 are refused', async () => {
  for (const size of [0, -1, 1.5, Number.NaN, '2' as never])
    await assert.rejects(
      createPool({ size }),
      (error) => error instanceof FewbitsError && error.code === 'BAD_ARGUMENT',
    );
});

test('a worker that is none is refused', async () => {
  for (const worker of [42, 'nonexistent.js'])
    await assert.rejects(
      createPool({ size: 1, worker: worker as never }),
      (error) => error instanceof FewbitsError && error.code === 'BAD_ARGUMENT',
    );
});

test('a worker that cannot start is an error, not a wait', async () => {
  await assert.rejects(
    createPool({ size: 1, worker: new URL('no-such-worker.js', import.meta.url) }),
    (error) => error instanceof FewbitsError && error.code === 'WORKER_FAILED',
  );
});

test('an idle pool does not keep a program alive', () => {
  const program =
    "import { createPool } from 'fewbits'; const pool = await createPool({ size: 1 }); console.log((await pool.cast([2], 'int8'))[0]);";
  assert.equal(
    execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 20_000,
    }).trim(),
    '2',
  );
});
