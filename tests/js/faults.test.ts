// What breaks in the middle of a conversion or an analysis: an error that says what, no file under the final name, no partial
// one beside it, and the source as it was.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { createPool, FewbitsError, type Pool } from 'fewbits';
import { analyzeModel, type ConvertOptions, convertModel, type ModelSource, openModel } from 'fewbits/files';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'fewbits-faults-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const options = { to: 'gguf', type: 'q8_0' } as const;
const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
/** Many tensors of a megabyte, so that there is a middle. */
const source = path.join(scratch, 'model.gguf');

await convertModel(await openModel(manyTensors()), source, { to: 'gguf' });
const before = hashOf(source);

function manyTensors(): Blob {
  const length = 2 ** 20;
  const names = Array.from({ length: 12 }, (_, i) => `blk.${i}.ffn_up.weight`);
  const entries = names.map((name, i) => [
    name,
    { dtype: 'F32', shape: [512, 512], data_offsets: [i * length, (i + 1) * length] },
  ]);
  const header = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const head = new Uint8Array(8);
  new DataView(head.buffer).setBigUint64(0, BigInt(header.length), true);
  const values = Float32Array.from({ length: length / 4 }, (_, i) => Math.sin(i));
  return new Blob([head, header, ...names.map(() => values)]);
}

/** Converts, which fails with that code; nothing is left, and the error is given. */
async function failing(given: ModelSource, code: string, more: Partial<ConvertOptions> = {}): Promise<FewbitsError> {
  const there = readdirSync(scratch);
  let found: unknown;
  try {
    await convertModel(await openModel(given), path.join(scratch, 'out.gguf'), { ...options, ...more });
  } catch (error) {
    found = error;
  }
  assert.ok(found instanceof FewbitsError, String(found));
  assert.equal(found.code, code, found.message);
  assert.deepEqual(readdirSync(scratch), there);
  return found;
}

/** Calls back once, when a part of the output is written. */
function midway(act: () => void): Pick<ConvertOptions, 'onProgress'> {
  let done = false;
  return {
    onProgress({ bytesDone, bytesTotal }) {
      if (done || bytesDone < bytesTotal / 3) return;
      done = true;
      act();
    },
  };
}

describe('a worker that dies', () => {
  /** Workers end with the call of that number, as if they had run out of memory. */
  async function mortalPool(calls: number): Promise<Pool> {
    const script = path.join(scratch, 'mortal.mjs');
    writeFileSync(
      script,
      `import { parentPort } from 'node:worker_threads';
       await import(${JSON.stringify(import.meta.resolve('fewbits/worker'))});
       let calls = 0;
       parentPort.on('message', () => { if (++calls > ${calls}) process.exit(3); });`,
    );
    return createPool({ size: 2, worker: new URL(`file://${script}`) });
  }

  it('midway through a conversion is named with the tensor', async () => {
    // The first call starts the worker.
    const pool = await mortalPool(4);
    try {
      const { message, details } = await failing(source, 'WORKER_FAILED', { pool });
      assert.match(String(details['tensor']), /^blk\.[1-9]\d*\.ffn_up\.weight$/);
      assert.match(message, /^model\.gguf: tensor 'blk\.\d+\.ffn_up\.weight': A worker of the pool failed: it exited/);
      assert.equal(hashOf(source), before);
      // It stays so, and says so.
      await failing(source, 'WORKER_FAILED', { pool });
    } finally {
      await pool.terminate();
      rmSync(path.join(scratch, 'mortal.mjs'));
    }
  });

  it('midway through an analysis is named with the tensor', async () => {
    const pool = await mortalPool(5);
    try {
      const analysis = analyzeModel(await openModel(source), { types: ['q8_0', 'q4_k'], pool });
      await assert.rejects(analysis, (error: FewbitsError) => {
        assert.equal(error.code, 'WORKER_FAILED');
        assert.match(String(error.details['tensor']), /^blk\.\d+\.ffn_up\.weight$/);
        return true;
      });
      assert.equal(hashOf(source), before);
    } finally {
      await pool.terminate();
      rmSync(path.join(scratch, 'mortal.mjs'));
    }
  });
});

describe('a source that fails midway', () => {
  it('shrinks while it is read', async () => {
    const file = path.join(scratch, 'shrinking.gguf');
    copyFileSync(source, file);
    const cutOnce = () => midway(() => truncateSync(file, 6_000_000));
    const { message, details } = await failing(file, 'READ_FAILED', cutOnce());
    assert.match(message, /^shrinking\.gguf: .*changed since it was opened \(12,58\d,\d+ bytes, now 6,000,000\)/);
    assert.ok(Number.isSafeInteger(details['byteOffset']));
    copyFileSync(source, file);
    const analysis = analyzeModel(await openModel(file), { types: ['q8_0'], ...cutOnce() });
    await assert.rejects(analysis, { code: 'READ_FAILED', message: /changed since it was opened/ });
    rmSync(file);
  });

  it('is a handle whose file shrinks, or that is closed', async () => {
    const file = path.join(scratch, 'handle.gguf');
    copyFileSync(source, file);
    for (const act of [(close: () => void) => close(), () => truncateSync(file, 6_000_000)]) {
      const handle = await open(file);
      let closed: Promise<void> | undefined;
      const close = () => {
        closed = handle.close();
      };
      await failing(
        handle,
        'READ_FAILED',
        midway(() => act(close)),
      );
      await (closed ?? handle.close());
    }
    rmSync(file);
  });

  it('is a file that a browser does not read any more', async () => {
    const blob = new Blob([readFileSync(source)]);
    const whole = blob.slice.bind(blob);
    let broken = false;
    const gone = async () => {
      throw new DOMException('The file was changed', 'NotReadableError');
    };
    blob.slice = (...range) => (broken ? Object.assign(whole(0, 0), { arrayBuffer: gone }) : whole(...range));
    const { message } = await failing(
      blob,
      'READ_FAILED',
      midway(() => {
        broken = true;
      }),
    );
    assert.match(message, /can no longer be read at byte .* Choose it again\./);
  });

  it('is a server that breaks off', async () => {
    const bytes = readFileSync(source);
    let broken = false;
    const server = createServer((request, response) => {
      const [, from = 0, to = 0] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '')?.map(Number) ?? [];
      const end = Math.min(to + 1, bytes.length);
      const headers = { 'Content-Range': `bytes ${from}-${end - 1}/${bytes.length}`, 'Content-Length': end - from };
      response.writeHead(206, headers);
      if (!broken) return response.end(bytes.subarray(from, end));
      return response.write(bytes.subarray(from, (from + end) / 2), () => response.destroy());
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    try {
      const { message } = await failing(
        new URL(`http://127.0.0.1:${port}/model.gguf`),
        'READ_FAILED',
        midway(() => {
          broken = true;
        }),
      );
      assert.match(message, /^model\.gguf: the connection broke at byte [\d,]+: .* Try again\.$/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('a place to write to that fails', () => {
  /** What a browser's file system gives: an end is told to `ended`. */
  const handle = (ended: string[], sink: UnderlyingSink<Uint8Array>) => ({
    name: 'out.gguf',
    createWritable: async () => new WritableStream<Uint8Array>({ ...sink, abort: () => void ended.push('aborted') }),
  });

  it('may refuse: a file that must not be written', async () => {
    const refused = {
      name: 'out.gguf',
      createWritable: async () => {
        throw new DOMException('The request is not allowed', 'NotAllowedError');
      },
    };
    await assert.rejects(convertModel(await openModel(source), refused, options), {
      code: 'WRITE_FAILED',
      message: 'out.gguf cannot be written: The request is not allowed. Choose another place.',
    });
  });

  it('may be full midway: it is aborted, and says so', async () => {
    const ended: string[] = [];
    let held = 0;
    const full = handle(ended, {
      write({ length }) {
        held += length;
        if (held > 1e6) throw new DOMException('The quota is used up', 'QuotaExceededError');
      },
    });
    await assert.rejects(convertModel(await openModel(source), full, options), {
      code: 'WRITE_FAILED',
      message: /^out\.gguf cannot be written: The quota is used up\. There is no room left/,
    });
    assert.ok(held > 1e6 && held < 3e6, `${held} bytes`);
  });

  it('may fail at the end, when the file takes its name', async () => {
    const failed = handle([], {
      close() {
        throw new DOMException('It is locked', 'NoModificationAllowedError');
      },
    });
    await assert.rejects(convertModel(await openModel(source), failed, options), {
      code: 'WRITE_FAILED',
      message: 'out.gguf cannot be written: It is locked. Choose another place.',
    });
  });

  it('may be a download that its receiver cancels', async () => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const reader = readable.getReader();
    const cancelled = (async () => {
      for (let i = 0; i < 3; i++) await reader.read();
      await reader.cancel('enough');
    })();
    await assert.rejects(convertModel(await openModel(source), writable, options), { code: 'WRITE_FAILED' });
    await cancelled;
  });

  it('is aborted where the conversion is cancelled', async () => {
    const ended: string[] = [];
    const stop = new AbortController();
    const conversion = convertModel(
      await openModel(source),
      handle(ended, { close: () => void ended.push('closed') }),
      {
        ...options,
        ...midway(() => stop.abort()),
        signal: stop.signal,
      },
    );
    await assert.rejects(conversion, { code: 'ABORTED' });
    assert.deepEqual(ended, ['aborted']);
    assert.equal(hashOf(source), before);
  });
});
