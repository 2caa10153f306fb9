// A conversion in parts: each makes a range of the output's bytes, by itself, on any machine; put together they are the file
// that a single run writes.
//
// A part, little-endian: 'FWBPART' and the version in 8 bytes; which part of how many, u32 each; begin, end and the length of
// the whole output, u64 each; the plan's SHA-256; the bytes [begin, end) of the output; the seal. The plan's hash covers all
// that decides the output's bytes, so that parts with the same one belong together. The seal is the SHA-256 of the header and
// of the SHA-256 of every 4 MiB of the bytes: it can be made and checked while they pass.
import type { Source } from '../containers/source.ts';
import { digits, fault } from '../containers/words.ts';
import { ByteWriter } from '../containers/write.ts';
import { FewbitsError } from '../errors.ts';
import type { Step } from './conversion-steps.ts';
import {
  type Converter,
  checkAborted,
  type Job,
  type OutputRange,
  prepare,
  unitOf,
  type Work,
  weighs,
  writeAll,
} from './convert.ts';
import { internalsOf } from './internals.ts';
import type { Sink } from './sinks.ts';
import type { ConversionPart, ConvertPart, ConvertPartOptions, JoinOptions, JoinParts } from './types.ts';

const MAGIC = 'FWBPART\u0001';
const HASH = 32;
const HEADER = MAGIC.length + 2 * 4 + 3 * 8 + HASH;
/** Bytes that are hashed at once. */
const CHUNK = 2 ** 22;
/** More parts than anyone runs. */
const MOST_PARTS = 2 ** 16;

async function sha256(...pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  // Browsers have it on pages from https and localhost alone.
  if (!globalThis.crypto?.subtle)
    throw new FewbitsError(
      'UNSUPPORTED',
      'Parts are hashed by crypto.subtle, which is missing here: open the page by https.',
    );
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all));
}

// --- the plan --------------------------------------------------------------------------------------------------------

/** Nanoseconds of one thread, about, so that parts take about as long as each other. */
const COST = { byte: 0.5, number: 1, block: 2, superBlock: 12 };
const SUPER_BLOCK = 256;

function costOf({ tensor, type, copy, byteLength }: Step, { fewbits }: Work): number {
  const moved = COST.byte * byteLength;
  if (copy) return moved;
  const block = fewbits.blockFormats.find(({ name }) => name === type);
  const value = !block ? COST.number : block.blockSize < SUPER_BLOCK ? COST.block : COST.superBlock;
  return moved + value * tensor.elements;
}

/** Where the parts of the output begin, and its end: after equal shares of the work. */
function cutOutput({ steps, plan }: Job, count: number, work: Work): number[] {
  const costs = plan.placed.map(({ index }) => costOf(steps[index]!, work));
  const total = costs.reduce((sum, cost) => sum + cost, 0);
  const cuts = [0];
  let before = 0;
  for (const [i, { index, byteOffset, byteLength }] of plan.placed.entries()) {
    const cost = costs[i]!;
    while (cuts.length < count && (total * cuts.length) / count < before + cost) {
      const units = Math.round(byteLength / unitOf(steps[index]!, work));
      const share = ((total * cuts.length) / count - before) / cost;
      cuts.push(byteOffset + Math.round(share * units) * (byteLength / units));
    }
    before += cost;
  }
  while (cuts.length < count) cuts.push(plan.byteLength);
  return [...cuts, plan.byteLength];
}

/** Bytes at the beginning of every tensor that tell models of the same shape apart. */
const SAMPLE = 4096;

async function sampleOf({ tensor: { data, byteLength } }: Step): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of data.stream(0, Math.min(SAMPLE, byteLength))) pieces.push(piece.slice());
  return sha256(...pieces);
}

async function importanceOf({ tensor: { name, shape } }: Step, { options }: Work): Promise<Uint8Array> {
  const experts = shape.length > 2 ? shape[0]! : 1;
  const row = await options.importance?.read(name, { rowLength: shape.at(-1) ?? 1, experts });
  return row ? sha256(new Uint8Array(row.buffer, row.byteOffset, row.byteLength)) : new Uint8Array(0);
}

/** Of all that decides the output's bytes, and of the cuts. */
async function hashPlan({ steps, plan }: Job, cuts: readonly number[], work: Work): Promise<Uint8Array> {
  const hashes = [await sha256(plan.head)];
  for (const step of steps) {
    hashes.push(await sampleOf(step));
    if (weighs(step, work)) hashes.push(await importanceOf(step, work));
  }
  const places = new ByteWriter();
  for (const cut of cuts) places.u64(cut);
  return sha256(...hashes, places.finish());
}

// --- a part ----------------------------------------------------------------------------------------------------------

function writeHeader({ index, count, begin, end, byteLength }: ConversionPart, plan: Uint8Array): Uint8Array {
  const header = new ByteWriter().add(new TextEncoder().encode(MAGIC)).u32(index).u32(count);
  return header.u64(begin).u64(end).u64(byteLength).add(plan).finish();
}

/** Hashes what passes. */
class Seal {
  private readonly hashes: Uint8Array[] = [];
  private readonly chunk = new Uint8Array(CHUNK);
  private held = 0;

  async add(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const fitting = bytes.subarray(at, at + CHUNK - this.held);
      this.chunk.set(fitting, this.held);
      this.held += fitting.length;
      at += fitting.length;
      if (this.held === CHUNK) await this.hash();
    }
  }

  private async hash(): Promise<void> {
    this.hashes.push(await sha256(this.chunk.subarray(0, this.held)));
    this.held = 0;
  }

  async finish(header: Uint8Array): Promise<Uint8Array> {
    if (this.held > 0) await this.hash();
    return sha256(header, ...this.hashes);
  }
}

const isPart = ({ index, count }: Pick<ConversionPart, 'index' | 'count'>): boolean =>
  index >= 1 && index <= count && count <= MOST_PARTS;

function checkPart(part: unknown): { index: number; count: number } {
  const { index, count } = Object(part) as { index: number; count: number };
  const whole = Number.isInteger(index) && Number.isInteger(count);
  if (whole && isPart({ index, count })) return { index, count };
  const what = `part is { index, count }: whole numbers, index from 1 to count, count at most ${digits(MOST_PARTS)}`;
  throw new FewbitsError('BAD_ARGUMENT', `${what}; they are ${index} and ${count}.`);
}

export function partConverter({ open }: Converter): ConvertPart {
  return async (model, target, options: ConvertPartOptions) => {
    const { index, count } = checkPart(options?.part);
    const { container, fewbits, sources } = internalsOf(model);
    const work = { fewbits, options };
    const job = await prepare(container, fewbits, options);
    const cuts = cutOutput(job, count, work);
    const [begin, end] = [cuts[index - 1]!, cuts[index]!];
    const part = { index, count, begin, end, byteLength: job.plan.byteLength };
    const header = writeHeader(part, await hashPlan(job, cuts, work));
    const sink = await open(target, sources);
    try {
      await writePart(sink, header, job, work, part);
      checkAborted(options);
      const blob = await sink.close();
      return blob ? { ...part, blob } : part;
    } catch (error) {
      await sink.abort(error);
      throw error;
    }
  };
}

async function writePart(sink: Sink, header: Uint8Array, job: Job, work: Work, range: OutputRange): Promise<void> {
  const seal = new Seal();
  const sealed: Sink = {
    ...sink,
    async write(bytes) {
      await seal.add(bytes);
      await sink.write(bytes);
    },
  };
  await sink.write(header);
  await writeAll(sealed, job, work, range);
  await sink.write(await seal.finish(header));
}

// --- parts put together ----------------------------------------------------------------------------------------------

interface OpenedPart extends ConversionPart {
  source: Source;
  header: Uint8Array;
  /** In hexadecimal digits. */
  plan: string;
}

const AGAIN = ({ index, count }: Pick<ConversionPart, 'index' | 'count'>) =>
  `Make it again, with --shard ${index}/${count}.`;

async function openPart(source: Source): Promise<OpenedPart> {
  const { name, size } = source;
  const header = await source.read(0, Math.min(size, HEADER));
  const magic = new TextDecoder('latin1').decode(header.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw fault('BAD_MAGIC', name, 0, 'it is no part of a conversion, as --shard makes them.');
  if (header.length < HEADER) throw fault('TRUNCATED', name, size, 'it ends within its header. Make the part again.');
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const u32 = (place: number) => view.getUint32(MAGIC.length + 4 * place, true);
  const u64 = (place: number) => Number(view.getBigUint64(MAGIC.length + 8 + 8 * place, true));
  const part = { index: u32(0), count: u32(1), begin: u64(0), end: u64(1), byteLength: u64(2) };
  const expected = HEADER + (part.end - part.begin) + HASH;
  if (part.begin > part.end || part.end > part.byteLength || !isPart(part))
    throw fault('BAD_HEADER', name, MAGIC.length, 'its header contradicts itself. Make the part again.');
  if (size !== expected) {
    const what = `part ${part.index} of ${part.count} has ${digits(size)} bytes instead of ${digits(expected)}`;
    throw fault('TRUNCATED', name, Math.min(size, expected), `${what}. ${AGAIN(part)}`);
  }
  const plan = Array.from(header.subarray(-HASH), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { ...part, source, header, plan };
}

/** '1, 4 and 7', or of many '1, 2, 3, 4, 5 and 12 more'. */
function listed(numbers: readonly number[]): string {
  const most = 6;
  const named = numbers.length > most ? numbers.slice(0, most - 1) : numbers.slice(0, -1);
  const last = numbers.length > most ? `${digits(numbers.length - named.length)} more` : `${numbers.at(-1)}`;
  return named.length > 0 ? `${named.join(', ')} and ${last}` : last;
}

/** In order; all of one conversion, and each of them once. */
function checkParts(parts: readonly OpenedPart[]): OpenedPart[] {
  const [first] = parts as [OpenedPart];
  const byIndex = new Map<number, OpenedPart>();
  for (const part of parts) {
    const { source, plan, index, count } = part;
    if (plan !== first.plan || count !== first.count) {
      const what = `it belongs to another conversion than ${first.source.name}`;
      throw fault('BAD_DATA', source.name, undefined, `${what}: same input, type and number of parts for all.`);
    }
    const other = byIndex.get(index);
    if (other)
      throw fault('DUPLICATE_NAME', source.name, undefined, `part ${index} is given twice: ${other.source.name}.`);
    byIndex.set(index, part);
  }
  const missing = Array.from({ length: first.count }, (_, i) => i + 1).filter((index) => !byIndex.has(index));
  if (missing.length > 0) throw missingParts(missing, first.count);
  const inOrder = [...byIndex.values()].sort((a, b) => a.index - b.index);
  for (const [i, part] of inOrder.entries())
    if (part.begin !== (inOrder[i - 1]?.end ?? 0) || (i === inOrder.length - 1 && part.end !== part.byteLength))
      throw fault('BAD_HEADER', part.source.name, MAGIC.length, `it does not join its neighbour. ${AGAIN(part)}`);
  return inOrder;
}

function missingParts(missing: readonly number[], count: number): FewbitsError {
  const [part, is, it] = missing.length > 1 ? ['Parts', 'are', 'them'] : ['Part', 'is', 'it'];
  const how = missing.length > 1 ? `each with --shard I/${count}` : `with --shard ${missing[0]}/${count}`;
  const message = `${part} ${listed(missing)} of ${count} ${is} missing: make ${it}, ${how}.`;
  return new FewbitsError('MISSING_FILE', message, { missing, count });
}

export interface Joiner extends Converter {
  source(value: unknown): Promise<Source>;
}

export function partJoiner({ open, source }: Joiner): JoinParts {
  return async (given, target, options = {}) => {
    if (!Array.isArray(given) || given.length === 0)
      throw new FewbitsError('BAD_ARGUMENT', 'Give the parts to be joined, as a list.');
    const sources: Source[] = [];
    for (const value of given) sources.push(await source(value));
    // One after the other: thousands at once are more files than a process may have open.
    const opened: OpenedPart[] = [];
    for (const one of sources) opened.push(await openPart(one));
    const parts = checkParts(opened);
    const sink = await open(target, sources);
    try {
      for (const part of parts) await copyPart(sink, part, options);
      checkAborted(options);
      const blob = await sink.close();
      const { byteLength } = parts[0]!;
      return blob ? { byteLength, blob } : { byteLength };
    } catch (error) {
      await sink.abort(error);
      throw error;
    }
  };
}

async function copyPart(sink: Sink, part: OpenedPart, options: JoinOptions): Promise<void> {
  const { source, header, begin, end, byteLength, index, count } = part;
  const seal = new Seal();
  for (let at = begin; at < end; at += CHUNK) {
    checkAborted(options);
    options.onProgress?.({ bytesDone: at, bytesTotal: byteLength, part: index });
    const place = HEADER + at - begin;
    const bytes = await source.read(place, HEADER + Math.min(at + CHUNK, end) - begin);
    await seal.add(bytes);
    await sink.write(bytes);
  }
  const made = await seal.finish(header);
  const stored = await source.read(source.size - HASH, source.size);
  if (made.some((byte, i) => byte !== stored[i])) {
    const what = `part ${index} of ${count} was damaged: its bytes do not have its hash`;
    throw fault('BAD_DATA', source.name, undefined, `${what}. ${AGAIN(part)}`);
  }
  options.onProgress?.({ bytesDone: end, bytesTotal: byteLength, part: index });
}
