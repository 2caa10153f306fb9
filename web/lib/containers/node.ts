// Node's files: by path, opened for every read and closed again, or by a handle that stays the caller's.
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline, Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createInflateRaw } from 'node:zlib';
import type { Inflate } from './npz.ts';
import type { Source } from './source.ts';
import { webSource } from './web.ts';
import { digits, fault } from './words.ts';

/** Reads all of [start, end), or says why not. */
async function readFully(handle: FileHandle, name: string, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
    if (bytesRead === 0) {
      const what = `it ends at byte ${digits(start + at)} now: it was cut since it was opened`;
      throw fault('READ_FAILED', name, start + at, `${what}. Open it again.`);
    }
    at += bytesRead;
  }
  return bytes;
}

function failed(name: string, start: number, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? error : fault('READ_FAILED', name, start, `it cannot be read: ${message}.`);
}

/** The file of that path. Nothing is held open between reads; a file that changed meanwhile is refused. */
export async function pathSource(file: string): Promise<Source> {
  const name = path.basename(file);
  const { size, mtimeMs } = await stat(file).catch((error: NodeJS.ErrnoException) => {
    const missing = error.code === 'ENOENT' || error.code === 'ENOTDIR';
    const what = missing ? `there is no file '${file}'.` : `it cannot be opened: ${error.message}.`;
    throw fault(missing ? 'MISSING_FILE' : 'READ_FAILED', name, undefined, what);
  });
  let closed = false;
  return {
    ...{ name, size, path: path.resolve(file) },
    async read(start, end) {
      if (closed) throw fault('READ_FAILED', name, start, 'it was closed. Open it again.');
      const handle = await open(file).catch((error) => Promise.reject(failed(name, start, error)));
      try {
        const now = await handle.stat();
        if (now.size !== size || now.mtimeMs !== mtimeMs) {
          const what = `it has changed since it was opened (${digits(size)} bytes, now ${digits(now.size)})`;
          throw fault('READ_FAILED', name, start, `${what}. Open it again.`);
        }
        return await readFully(handle, name, start, end);
      } catch (error) {
        throw failed(name, start, error);
      } finally {
        await handle.close();
      }
    },
    sibling: (names, inside) => siblingOf(file, names, inside),
    async close() {
      closed = true;
    },
  };
}

async function siblingOf(file: string, names: readonly string[], inside: boolean): Promise<Source | undefined> {
  const folder = path.dirname(path.resolve(file));
  const wanted = path.join(folder, ...names);
  const real = await realpath(wanted).catch(() => undefined);
  if (real === undefined) return undefined;
  if (inside && real !== path.join(await realpath(folder), ...names)) {
    const what = `'${names.join('/')}' is reached through a symbolic link, which may lead out of the folder`;
    throw fault('UNSAFE_PATH', path.basename(file), undefined, `${what}. Put the file itself there.`);
  }
  return (await stat(real)).isFile() ? pathSource(wanted) : undefined;
}

async function handleSource(handle: FileHandle): Promise<Source> {
  const { size } = await handle.stat();
  const name = 'the file';
  return {
    ...{ name, size },
    read: (start, end) =>
      readFully(handle, name, start, end).catch((error) => Promise.reject(failed(name, start, error))),
  };
}

const isHandle = (value: unknown): value is FileHandle =>
  typeof value === 'object' && value !== null && 'fd' in value && 'read' in value && 'stat' in value;

export async function nodeSource(value: unknown): Promise<Source> {
  if (typeof value === 'string' && !/^https?:\/\//i.test(value)) return pathSource(value);
  if (value instanceof URL && value.protocol === 'file:') return pathSource(fileURLToPath(value));
  return isHandle(value) ? handleSource(value) : webSource(value);
}

export const nodeInflate: Inflate = async function* (pieces) {
  const inflate = createInflateRaw();
  // Failures reach the reader of `inflate`.
  const output = pipeline(Readable.from(pieces), inflate, () => {});
  try {
    for await (const piece of output) yield new Uint8Array(piece);
  } finally {
    inflate.destroy();
  }
};
