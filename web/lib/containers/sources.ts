// Where bytes come from, other than Blobs and Node's files: memory, the network, and several sources as one.
import { FewbitsError } from '../errors.ts';
import { baseName } from './safetensors-index.ts';
import type { Source } from './source.ts';
import { digits, fault } from './words.ts';

/** Bytes in memory, which are copied when read. */
export function bytesSource(bytes: Uint8Array, name: string): Source {
  const { byteLength } = bytes;
  return {
    ...{ name, size: byteLength },
    async read(start, end) {
      if (bytes.byteLength === byteLength) return new Uint8Array(bytes.subarray(start, end));
      throw fault('READ_FAILED', name, start, 'its buffer was transferred elsewhere since it was opened. Open a copy.');
    },
  };
}

/** The parts of a reading of a URL that tests replace. */
export type Fetch = (url: string, init: { headers: Record<string, string>; method?: string }) => Promise<Response>;

const nameOf = (url: URL) => {
  const last = baseName(url.pathname) || url.hostname;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
};

/** A file on a server that answers requests for ranges of bytes. */
export async function urlSource(address: string | URL, fetching: Fetch): Promise<Source> {
  const source = await openUrl(new URL(address), fetching);
  if (source) return source;
  throw fault(
    'READ_FAILED',
    nameOf(new URL(address)),
    undefined,
    `there is nothing at ${new URL(address).href} (404).`,
  );
}

const FIRST = 2 ** 16;

async function openUrl(url: URL, fetching: Fetch): Promise<Source | undefined> {
  const name = nameOf(url);
  const first = await request(url, name, fetching, 0, FIRST);
  if (first.status === 404) return undefined;
  const size = first.status === 416 ? 0 : await wholeSize(url, name, fetching, first);
  const head = size === 0 ? new Uint8Array(0) : await bodyOf(first, name, 0, Math.min(FIRST, size));
  const version = first.headers.get('etag');
  return {
    ...{ name, size },
    async read(start, end) {
      if (end <= head.length) return head.slice(start, end);
      const response = await request(url, name, fetching, start, end);
      checkPartial(response, url, name, start);
      const etag = response.headers.get('etag');
      if (version !== null && etag !== null && etag !== version)
        throw fault('READ_FAILED', name, start, 'it has changed on the server since it was opened. Open it again.');
      return bodyOf(response, name, start, end);
    },
    sibling: (path) => openUrl(new URL(path.map(encodeURIComponent).join('/'), url), fetching),
  };
}

async function request(url: URL, name: string, fetching: Fetch, start: number, end: number): Promise<Response> {
  try {
    // A compressed answer would count its bytes another way.
    const headers = { Range: `bytes=${start}-${end - 1}`, 'Accept-Encoding': 'identity' };
    return await fetching(url.href, { headers });
  } catch (cause) {
    const why = `${(cause as Error).message}. Is the server there, and does it allow this page (CORS)?`;
    throw fault('READ_FAILED', name, start, `byte ${digits(start)} cannot be fetched: ${why}`);
  }
}

function checkPartial({ status }: Response, url: URL, name: string, start: number): void {
  if (status === 206) return;
  if (status === 200) {
    const what = `the server of ${url.host} sends whole files only (it ignores Range)`;
    throw fault('UNSUPPORTED', name, start, `${what}. Download the file and open it.`);
  }
  throw fault('READ_FAILED', name, start, `the server answers ${status} for byte ${digits(start)}.`);
}

/** Out of Content-Range; where the server does not let that be seen, out of the length of the whole. */
async function wholeSize(url: URL, name: string, fetching: Fetch, first: Response): Promise<number> {
  checkPartial(first, url, name, 0);
  const [, total] = /\/(\d+)$/.exec(first.headers.get('content-range') ?? '') ?? [];
  const asked = async () => (await fetching(url.href, { method: 'HEAD', headers: {} })).headers.get('content-length');
  const text = total ?? (await asked().catch(() => null)) ?? '';
  const size = Number(text);
  if (text !== '' && Number.isSafeInteger(size)) return size;
  throw fault(
    'UNSUPPORTED',
    name,
    0,
    `the server of ${url.host} does not say how large it is. Download it and open it.`,
  );
}

async function bodyOf(response: Response, name: string, start: number, end: number): Promise<Uint8Array> {
  const bytes = await response.arrayBuffer().then(
    (buffer) => new Uint8Array(buffer),
    (cause: Error) => {
      throw fault(
        'READ_FAILED',
        name,
        start,
        `the connection broke at byte ${digits(start)}: ${cause.message}. Try again.`,
      );
    },
  );
  if (bytes.length === end - start) return bytes;
  const what = `got ${digits(bytes.length)} of ${digits(end - start)} bytes from byte ${digits(start)}`;
  throw fault('READ_FAILED', name, start, `${what}. Try again.`);
}

/** Files that were given together find each other by name: by the path where it is known, else by its last part. */
export function together(sources: readonly Source[]): Source[] {
  const find = (path: readonly string[]): Source | undefined => {
    const whole = path.join('/');
    const exact = sources.filter(({ name }) => name === whole || name.endsWith(`/${whole}`));
    const named = exact.length > 0 ? exact : sources.filter(({ name }) => baseName(name) === path.at(-1));
    return named.length === 1 ? named[0] : undefined;
  };
  return sources.map((source) => ({
    ...{ name: source.name, size: source.size },
    read: (start, end) => source.read(start, end),
    sibling: async (path, inside) => find(path) ?? source.sibling?.(path, inside),
    close: async () => source.close?.(),
  }));
}

/** What a caller may have meant by something that is no source. */
export function notASource(value: unknown): FewbitsError {
  const what =
    value === null ? 'null' : typeof value === 'object' ? `a ${value.constructor?.name ?? 'object'}` : typeof value;
  const kinds =
    'a Blob or File, a URL, an ArrayBuffer or typed array, in Node a path or FileHandle, or an array of these';
  return new FewbitsError('BAD_INPUT', `A model is opened from ${kinds}, not from ${what}.`);
}
