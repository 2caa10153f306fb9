// Where a converted file is kept until the browser has saved it. Runs in the worker.
import { decimalBytes } from '../../kit/numbers.ts';

/** Larger files are not made in memory. */
export const MOST_IN_MEMORY = 500_000_000;

const FOLDER = 'fewbits';
/** What an earlier visit left behind is removed after so long: another tab may still be saving it. */
const STALE = 24 * 3600 * 1000;

/** Only workers have it, and TypeScript's DOM does not. */
interface AccessHandle {
  write(bytes: Uint8Array): number;
  flush(): void;
  close(): void;
}
type WorkersHandle = FileSystemFileHandle & { createSyncAccessHandle(): Promise<AccessHandle> };

/** A place for the whole file: the sink of `convertModel`, and what to save when it is done. */
export interface Place {
  sink: 'blob' | WritableStream<Uint8Array>;
  /** The file, where it is not in memory. */
  file?(): Promise<File>;
}

/**
 * The browser's own file system, or memory where that is refused and the file is small.
 * @throws a sentence where there is room in neither
 */
export async function temporaryPlace(
  byteLength: number,
  storage: Partial<StorageManager> | undefined = navigator.storage,
): Promise<Place> {
  const { quota = Number.POSITIVE_INFINITY, usage = 0 } = (await storage?.estimate?.().catch(() => undefined)) ?? {};
  const room = quota - usage;
  const folder = await storage
    ?.getDirectory?.()
    .then((root) => root.getDirectoryHandle(FOLDER, { create: true }))
    .catch(() => undefined);
  if (folder && room >= byteLength) {
    const place = await inFolder(folder).catch(() => undefined);
    if (place) return place;
  }
  if (byteLength <= MOST_IN_MEMORY) return { sink: 'blob' };
  const needs = `The file will have ${decimalBytes(byteLength)}`;
  const advice =
    'Make room, or take a browser that asks where to save (Chrome, Edge), or the command: fewbits convert.';
  throw new Error(
    folder
      ? `${needs}; this browser gives the page ${decimalBytes(Math.max(0, room))} of storage. ${advice}`
      : `${needs}, too many for memory, and this browser gives the page no storage (a private window?). ${advice}`,
  );
}

async function inFolder(folder: FileSystemDirectoryHandle): Promise<Place> {
  await removeStale(folder);
  const name = crypto.randomUUID();
  const handle = (await folder.getFileHandle(name, { create: true })) as WorkersHandle;
  const access = await handle.createSyncAccessHandle().catch(async (error: unknown) => {
    await folder.removeEntry(name);
    throw error;
  });
  const sink = new WritableStream<Uint8Array>({
    write(bytes) {
      for (let at = 0; at < bytes.length; ) at += access.write(bytes.subarray(at));
    },
    close() {
      access.flush();
      access.close();
    },
    async abort() {
      access.close();
      await folder.removeEntry(name);
    },
  });
  return { sink, file: () => handle.getFile() };
}

async function removeStale(folder: FileSystemDirectoryHandle): Promise<void> {
  const names: string[] = [];
  for await (const [name, handle] of folder as unknown as AsyncIterable<[string, FileSystemFileHandle]>) {
    const { lastModified } = await handle.getFile();
    if (Date.now() - lastModified > STALE) names.push(name);
  }
  for (const name of names) await folder.removeEntry(name).catch(() => {});
}
