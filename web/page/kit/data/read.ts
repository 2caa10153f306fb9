// Any file that a reader may drop. Binary ones are read in slices; only the float32 result is held.
import { isNpy, openNpy } from '../../../lib/containers/npy.ts';
import { fortranPositions } from '../../../lib/containers/positions.ts';
import { blobSource, type Source } from '../../../lib/containers/source.ts';
import { FewbitsError } from '../../../lib/errors.ts';
import { aborted, fromBinary } from './collect.ts';
import { readCsv } from './csv.ts';
import { forEachElement } from './elements.ts';
import { flatten, locateJsonError, parseJson } from './json.ts';
import { clip } from './number.ts';
import { looksLike, textEncoding } from './sniff.ts';
import { readTextSteps } from './text.ts';
import type { ReadOptions, ReadResult } from './types.ts';

export { readText } from './text.ts';
export type * from './types.ts';

export const TEXT_LIMIT = 64 * 2 ** 20;
const SLICE = 8 * 2 ** 20;
/** A turn of parsing, in milliseconds, before others get theirs. */
const TURN = 24;

export async function readFile(file: Blob & { name: string }, options: ReadOptions = {}): Promise<ReadResult> {
  const name = clip(file.name, 80);
  const source = blobSource(file, name);
  if (file.size === 0) throw new FewbitsError('TRUNCATED', `${name} is empty (0 bytes).`, { byteOffset: 0 });
  const head = await source.read(0, Math.min(file.size, 4096));
  const extension = /\.([^.]*)$/.exec(file.name)?.[1]?.toLowerCase() ?? '';
  if (isNpy(head)) return readNpy(source, extension, options);
  const other = looksLike(head);
  if (extension === 'npy') throw notNpy(name, head, other);
  if (other) throw new FewbitsError('BAD_MAGIC', `${name} looks like ${other}. ${READABLE}`, { byteOffset: 0 });
  if (extension === 'f32') return readRaw(source, options);
  const encoding = textEncoding(head);
  if (!encoding)
    throw new FewbitsError('BAD_MAGIC', `${name} is binary, of a kind not known here. ${READABLE}`, { byteOffset: 0 });
  return readTextFile(file, name, extension, encoding, options);
}

const READABLE = 'Files that can be read: .npy, .csv, .json, .txt and .f32 (raw little-endian float32).';

function notNpy(name: string, head: Uint8Array, other: string | undefined): FewbitsError {
  const what = other ?? (textEncoding(head) ? 'a text' : 'something else');
  return new FewbitsError('BAD_MAGIC', `${name} does not begin with \\x93NUMPY: it looks like ${what}.`, {
    byteOffset: 0,
  });
}

async function readNpy(source: Source, extension: string, options: ReadOptions): Promise<ReadResult> {
  const array = await openNpy(source);
  const values = allocate(array.elements, source.name);
  const position = array.fortranOrder && array.shape.length > 1 ? fortranPositions(array.shape) : undefined;
  let next = 0;
  await eachSlice(source, array.byteOffset, array.byteLength, options, (bytes) => {
    if (array.descr.endsWith('f4') && !array.bigEndian && !position) {
      new Uint8Array(values.buffer).set(bytes, next * 4);
      next += bytes.length / 4;
      return;
    }
    forEachElement(bytes, array, (value) => {
      values[position ? position() : next++] = value;
    });
  });
  const notes: string[] = [];
  if (extension !== 'npy') notes.push(`${source.name} is a .npy file by its first bytes and is read as one.`);
  if (array.trailingBytes > 0) notes.push(`${array.trailingBytes} bytes after the first array are left out.`);
  if (!/f[24]$/.test(array.descr)) notes.push(`Its type ${array.descr} is read as float32.`);
  return fromBinary(values, array.shape.length > 0 ? array.shape : [1], notes);
}

async function readRaw(source: Source, options: ReadOptions): Promise<ReadResult> {
  const left = source.size % 4;
  if (left !== 0) {
    const message = `${source.name} has ${source.size} bytes; a float32 takes 4, so ${left} ${left === 1 ? 'is' : 'are'} left over. Is it cut short, or of another type?`;
    throw new FewbitsError('BAD_LENGTH', message, { byteOffset: source.size - left });
  }
  const values = allocate(source.size / 4, source.name);
  let at = 0;
  await eachSlice(source, 0, source.size, options, (bytes) => {
    new Uint8Array(values.buffer).set(bytes, at);
    at += bytes.length;
  });
  return fromBinary(values, [values.length], []);
}

function allocate(count: number, name: string): Float32Array<ArrayBuffer> {
  try {
    return new Float32Array(count);
  } catch {
    const gigabytes = ((count * 4) / 1e9).toFixed(1);
    throw new FewbitsError(
      'TOO_LARGE',
      `${name}: ${count} values need ${gigabytes} GB of memory, more than this tab gets.`,
    );
  }
}

async function eachSlice(
  source: Source,
  byteOffset: number,
  byteLength: number,
  { signal, onProgress }: ReadOptions,
  visit: (bytes: Uint8Array) => void,
): Promise<void> {
  for (let done = 0; done < byteLength; done += SLICE) {
    if (signal?.aborted) throw aborted();
    const end = Math.min(done + SLICE, byteLength);
    visit(await source.read(byteOffset + done, byteOffset + end));
    onProgress?.({ bytesDone: end, bytesTotal: byteLength });
  }
}

async function readTextFile(
  file: Blob,
  name: string,
  extension: string,
  encoding: string,
  options: ReadOptions,
): Promise<ReadResult> {
  if (file.size > TEXT_LIMIT) {
    const megabytes = (file.size / 2 ** 20).toFixed(1);
    throw new FewbitsError(
      'TOO_LARGE',
      `${name} is a text of ${megabytes} MiB; the limit for text is 64 MiB. Save it as .npy or .f32.`,
    );
  }
  const text = new TextDecoder(encoding).decode(await file.arrayBuffer());
  const breathe = breather(file.size, options);
  if (extension === 'csv' || extension === 'tsv') return readCsv(text, options, breathe);
  if (extension === 'json') {
    const nested = parseJson(text);
    if (nested) return flatten(nested.value);
    // Broken arrays of numbers are read as text, which names each bad field; anything else would only give nonsense.
    if (/["{}]/.test(text)) throw new FewbitsError('BAD_DATA', `${name} is not valid JSON: ${locateJsonError(text)}.`);
  }
  const steps = readTextSteps(text, options);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await breathe(step.value);
  }
}

/** Reports progress and gives way to others now and then. */
function breather(bytesTotal: number, { signal, onProgress }: ReadOptions): (share: number) => Promise<void> {
  let turnEnds = performance.now() + TURN;
  return async (share) => {
    if (signal?.aborted) throw aborted();
    if (performance.now() < turnEnds) return;
    onProgress?.({ bytesDone: Math.round(share * bytesTotal), bytesTotal });
    await new Promise((resolve) => setTimeout(resolve));
    turnEnds = performance.now() + TURN;
  };
}
