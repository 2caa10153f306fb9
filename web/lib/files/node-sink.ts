// A file in Node: written beside its place, synced, and renamed when it is whole.
import { randomBytes } from 'node:crypto';
import { open, realpath, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Source } from '../containers/source.ts';
import { FewbitsError } from '../errors.ts';
import { type Sink, webSink, writeFailed } from './sinks.ts';

async function pathSink(file: string): Promise<Sink> {
  const name = path.basename(file);
  // Found out at the end it would have cost all the work.
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory()) throw new FewbitsError('WRITE_FAILED', `${name} is a folder: name a file in it.`);
  // A device or a pipe would be replaced by the file: /dev/null, for who may write there.
  if (found && !found.isFile())
    throw new FewbitsError('WRITE_FAILED', `${name} is no file but a device or a pipe: name a file.`);
  const partial = path.join(path.dirname(file), `.${name}.${randomBytes(4).toString('hex')}.partial`);
  const failing = (error: unknown) => Promise.reject(writeFailed(name, error));
  const handle = await open(partial, 'wx').catch(failing);
  let held = true;
  const release = async () => {
    if (held) await handle.close().catch(() => {});
    held = false;
  };
  const abort = async () => {
    await release();
    await unlink(partial).catch(() => {});
  };
  return {
    name,
    async write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, at).catch(failing);
        at += bytesWritten;
      }
    },
    async close() {
      try {
        await handle.sync();
        await release();
        await rename(partial, file);
      } catch (error) {
        await abort();
        throw writeFailed(name, error);
      }
      return undefined;
    },
    abort,
  };
}

/** A path, or what browsers have too. The source of the conversion is never its sink. */
export async function nodeSink(value: unknown, sources: readonly Source[]): Promise<Sink> {
  if (typeof value !== 'string' || value === 'blob') return webSink(value);
  const real = await realpath(value).catch(() => undefined);
  for (const { path: source } of sources)
    if (real !== undefined && source !== undefined && real === (await realpath(source).catch(() => source)))
      throw new FewbitsError('BAD_ARGUMENT', `${path.basename(value)} is read from: write to another file.`);
  return pathSink(value);
}
