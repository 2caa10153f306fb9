import { FewbitsError } from '../errors.ts';

/** Bytes that are read piece by piece. Containers know nothing else of where a file lives. */
export interface Source {
  /** For messages. */
  readonly name: string;
  readonly size: number;
  /** Where it is in a file system of Node's. */
  readonly path?: string;
  /** The bytes from `start` up to `end`, all of them. The caller may change them. */
  read(start: number, end: number): Promise<Uint8Array>;
  /**
   * Another file by its path below the folder of this one, as names without separators; undefined where there is none.
   * `inside`: nothing that is reached through a symbolic link.
   */
  sibling?(path: readonly string[], inside: boolean): Promise<Source | undefined>;
  /** No reads after it. */
  close?(): Promise<void>;
}

export function blobSource(blob: Blob, name: string): Source {
  return {
    name,
    size: blob.size,
    async read(start, end) {
      const bytes = await readSlice(blob, start, end, name);
      if (bytes.length !== end - start) {
        throw new FewbitsError(
          'READ_FAILED',
          `${name}: got ${bytes.length} of ${end - start} bytes from byte ${start}.`,
          {
            byteOffset: start,
          },
        );
      }
      return bytes;
    },
  };
}

async function readSlice(blob: Blob, start: number, end: number, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.slice(start, end).arrayBuffer());
  } catch (cause) {
    // Browsers refuse a file that was moved or changed since it was chosen.
    throw new FewbitsError('READ_FAILED', `${name} can no longer be read at byte ${start}. Choose it again.`, {
      byteOffset: start,
      cause,
    });
  }
}
