// Where a conversion goes. An output appears under its name when it is whole, or not at all.
import { FewbitsError } from '../errors.ts';

export interface Sink {
  /** For messages. */
  readonly name: string;
  write(bytes: Uint8Array): Promise<void>;
  /** All was written. */
  close(): Promise<Blob | undefined>;
  /** Nothing may be left. */
  abort(reason: unknown): Promise<void>;
}

/** A failure to write, in words: what failed, and what to do. */
export function writeFailed(name: string, error: unknown): FewbitsError {
  if (error instanceof FewbitsError) return error;
  const { code, name: kind, message } = error as NodeJS.ErrnoException;
  const full = code === 'ENOSPC' || kind === 'QuotaExceededError';
  const advice = full ? 'There is no room left: make some, or choose another place.' : 'Choose another place.';
  return new FewbitsError('WRITE_FAILED', `${name} cannot be written: ${message}. ${advice}`, { cause: error });
}

/** Keeps everything in memory: for outputs of some hundred megabytes. */
export function blobSink(): Sink {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  return {
    name: 'the Blob',
    async write(bytes) {
      parts.push(new Uint8Array(bytes));
    },
    close: async () => new Blob(parts),
    async abort() {
      parts.length = 0;
    },
  };
}

/** A stream: closed when all is written, aborted where that fails. */
export function streamSink(stream: WritableStream<Uint8Array>, name = 'the stream'): Sink {
  if (stream.locked)
    throw new FewbitsError(
      'WRITE_FAILED',
      `${name} is in use: another writer holds it. Release that, or pass another.`,
    );
  const writer = stream.getWriter();
  const failing = (error: unknown) => {
    throw writeFailed(name, error);
  };
  return {
    name,
    write: (bytes) => writer.ready.then(() => writer.write(bytes)).catch(failing),
    close: () => writer.close().then(() => undefined, failing),
    abort: (reason) => writer.abort(reason).catch(() => {}),
  };
}

interface WritableHandle {
  name: string;
  createWritable(): Promise<WritableStream<Uint8Array>>;
}

const isHandle = (value: unknown): value is WritableHandle =>
  typeof (value as Partial<WritableHandle> | null)?.createWritable === 'function';

/** Sinks that need no file system of Node's. */
export async function webSink(value: unknown): Promise<Sink> {
  if (value === 'blob') return blobSink();
  if (value instanceof WritableStream) return streamSink(value);
  // What createWritable gives writes to a file of its own, which takes the place of the old one when it is closed.
  if (isHandle(value))
    return streamSink(
      await value.createWritable().catch((error) => Promise.reject(writeFailed(value.name, error))),
      value.name,
    );
  const kinds = "'blob', a WritableStream, a FileSystemFileHandle, or in Node a path";
  throw new FewbitsError('BAD_ARGUMENT', `A sink is ${kinds}; this is ${value === null ? 'null' : typeof value}.`);
}
