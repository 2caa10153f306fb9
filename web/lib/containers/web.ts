// What browsers, and Node as well, have for files.
import type { Inflate } from './npz.ts';
import { blobSource, type Source } from './source.ts';
import { bytesSource, notASource, urlSource } from './sources.ts';

/** Any source that needs no file system. */
export async function webSource(value: unknown): Promise<Source> {
  if (typeof Blob !== 'undefined' && value instanceof Blob) {
    const { name, webkitRelativePath } = value as Partial<File>;
    return blobSource(value, webkitRelativePath || name || 'the file');
  }
  if (ArrayBuffer.isView(value))
    return bytesSource(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), 'the data');
  if (/^\[object (Shared)?ArrayBuffer\]$/.test(Object.prototype.toString.call(value)))
    return bytesSource(new Uint8Array(value as ArrayBuffer), 'the data');
  if (value instanceof URL) return urlSource(value, (url, init) => fetch(url, init));
  if (typeof value === 'string')
    return urlSource(new URL(value, globalThis.location?.href), (url, init) => fetch(url, init));
  throw notASource(value);
}

/** Inflates with the engine's own stream. */
export const webInflate: Inflate = async function* (pieces) {
  const { readable, writable } = new DecompressionStream('deflate-raw');
  const writer = writable.getWriter();
  const reader = (readable as ReadableStream<Uint8Array>).getReader();
  let ended = false;
  const feed = async () => {
    try {
      for await (const piece of pieces) {
        if (ended) return;
        await writer.write(piece as Uint8Array<ArrayBuffer>);
      }
      await writer.close();
    } catch (error) {
      await writer.abort(error).catch(() => {});
      throw error;
    }
  };
  const feeding = feed();
  // It is awaited below; until then a failure must not count as one that nobody handles.
  feeding.catch(() => {});
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return await feeding;
      yield value;
    }
  } finally {
    ended = true;
    await reader.cancel().catch(() => {});
    await writer.abort().catch(() => {});
  }
};
