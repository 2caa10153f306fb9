// The outputs of the reference programs (tests/vectors/{ggml,mx,bnb}) as calls of the package, for every block format.
// Formats that no program defines are compared with their definition, written out here.
import type { BlockFormat, BlockFormatName, BlockOptions, Fewbits, Quantized } from 'fewbits';
import { type BlockCase, type Call, joined, masked } from './block-runner.ts';
import { readableFormats } from './readable.ts';
import { bits, bytes, float32, json, sha256 } from './vectors.ts';

interface Sets {
  sets: { n: number; input: string }[];
}
const setsOf = (folder: string, { sets }: Sets) =>
  sets.map(({ n, input }) => float32(`${folder}/${input}`).subarray(0, n));
const flat = (sets: Float32Array[]) => Float32Array.from(sets.flatMap((set) => [...set]));
const bytesOf = (values: ArrayBufferView) =>
  new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
const bitsOf = (values: ArrayLike<number>) => bytesOf(bits(values));

/** What quantize gives for these bytes, as far as dequantize asks. */
const asTensor = (
  scheme: BlockFormatName,
  length: number,
  data: Uint8Array,
  more: Partial<Quantized> = {},
): Quantized => ({
  scheme,
  shape: [length],
  data,
  byteLength: data.length,
  bitsPerWeight: (8 * data.length) / length,
  ...more,
});

class Cases {
  readonly all: BlockCase[] = [];
  readonly #fewbits: Fewbits;
  readonly #readable: BlockFormatName[];

  constructor(fewbits: Fewbits, readable: BlockFormatName[]) {
    this.#fewbits = fewbits;
    this.#readable = readable;
  }

  format(name: BlockFormatName): BlockFormat {
    return this.#fewbits.blockFormats.find((format) => format.name === name)!;
  }

  /** `expected`: the bytes that come out, or their sha256. Formats that cannot be made or read yet are left out. */
  add(
    part: Pick<BlockCase, 'format' | 'name' | 'kind' | 'calls' | 'values'> & Partial<BlockCase>,
    expected: Uint8Array | string,
  ): void {
    const usable = part.kind === 'read' ? this.#readable.includes(part.format) : this.format(part.format).canQuantize;
    if (!usable) return;
    const { blockSize, blockBytes } = this.format(part.format);
    const whole = { blockSize: blockSize || part.values, blockBytes, skipped: [], ...part };
    const hash = typeof expected === 'string' ? expected : sha256(masked(expected, whole.blockBytes, whole.skipped));
    this.all.push({ ...whole, sha256: hash });
  }
}

// --- ggml ------------------------------------------------------------------------------------------------------------

interface GgmlCase {
  format: string;
  input: string;
  n?: number;
  nrows?: number;
  n_per_row?: number;
  imatrix?: string;
  file: string;
  offset?: number;
  nbytes: number;
  ub_cast_blocks?: number[];
  nan_scale_blocks?: number[];
  dequant_f32_sha256?: string;
  expected?: string;
}

/** The other encoder of IQ4_NL reads codes that it never wrote. */
const ours = ({ format }: GgmlCase) => format !== 'IQ4_NL_ref';

function addGgml(cases: Cases): void {
  const manifest: Record<'quant' | 'imatrix' | 'decode', GgmlCase[]> = json('ggml/manifest.json');
  for (const entry of [...manifest.quant, ...manifest.imatrix].filter(ours)) addMadeByGgml(cases, entry);
  for (const entry of manifest.decode) {
    const format = entry.format.toLowerCase() as BlockFormatName;
    const calls: Call[] = [{ method: 'dequantizeBlocks', args: [bytes(`ggml/${entry.file}`), format] }];
    const expected = float32(`ggml/${entry.expected}`);
    cases.add({ format, name: entry.file, kind: 'read', calls, values: expected.length }, bitsOf(expected));
  }
}

function addMadeByGgml(cases: Cases, entry: GgmlCase): void {
  const format = entry.format.toLowerCase() as BlockFormatName;
  const values = float32(`ggml/inputs/${entry.input}.f32`).subarray(0, entry.n ?? entry.nrows! * entry.n_per_row!);
  const options: BlockOptions = entry.imatrix
    ? { rowLength: entry.n_per_row!, importance: float32(`ggml/${entry.imatrix}`) }
    : {};
  const { offset = 0, nbytes, imatrix, dequant_f32_sha256: restored } = entry;
  const theirs = bytes(`ggml/${entry.file}`).slice(offset, offset + nbytes);
  const about = { format, name: `${entry.file} from ${entry.input}`, values: values.length };
  const skipped = [...(entry.ub_cast_blocks ?? []), ...(entry.nan_scale_blocks ?? [])];
  const made: Call[] = [{ method: 'quantizeBlocks', args: [values, format, options] }];
  cases.add({ ...about, kind: imatrix ? 'made with an importance' : 'made', calls: made, skipped }, theirs);
  const read: Call[] = [{ method: 'dequantizeBlocks', args: [theirs, format] }];
  if (restored) cases.add({ ...about, kind: 'read', calls: read }, restored);
  // Internal types of ggml, whose decoders the vectors have nothing of: d * code.
  else cases.add({ ...about, kind: 'read', calls: read }, bitsOf(ofEightBits(cases.format(format), theirs)));
}

/** q8_1 and q8_k: the codes begin at the fifth byte. */
function ofEightBits({ name, blockSize, blockBytes }: BlockFormat, blocks: Uint8Array): number[] {
  return Array.from({ length: blocks.length / blockBytes }, (_, i) => {
    const { buffer } = blocks.slice(i * blockBytes, (i + 1) * blockBytes);
    const d = name === 'q8_1' ? half(new Uint16Array(buffer)[0]!) : new Float32Array(buffer)[0]!;
    return [...new Int8Array(buffer, 4, blockSize)].map((code) => Math.fround(d * code));
  }).flat();
}

function half(code: number): number {
  const exponent = (code >> 10) & 31;
  const mantissa = code & 1023;
  const magnitude =
    exponent === 31
      ? mantissa
        ? Number.NaN
        : Number.POSITIVE_INFINITY
      : exponent
        ? (1024 + mantissa) * 2 ** (exponent - 25)
        : mantissa * 2 ** -24;
  return code & 0x8000 ? -magnitude : magnitude;
}

// --- OCP MX and nvfp4_tensor -----------------------------------------------------------------------------------------

const MX_NAMES: Record<string, BlockFormatName> = {
  fp8_e4m3: 'mxfp8_e4m3',
  fp8_e5m2: 'mxfp8_e5m2',
  fp6_e2m3: 'mxfp6_e2m3',
  fp6_e3m2: 'mxfp6_e3m2',
  fp4_e2m1: 'mxfp4_ocp',
  int8: 'mxint8',
};

/** Scales and codes of a byte each, as blocks: codes side by side, least significant bit first. */
function assembled({ blockSize, blockBytes, fields }: BlockFormat, scales: Uint8Array, codes: Uint8Array): Uint8Array {
  const width = fields.at(-1)!.bits;
  const blocks = new Uint8Array(scales.length * blockBytes);
  scales.forEach((scale, block) => {
    blocks[block * blockBytes] = scale;
    for (let i = 0; i < blockSize * width; i++) {
      const bit = (codes[block * blockSize + Math.floor(i / width)]! >> (i % width)) & 1;
      blocks[block * blockBytes + 1 + (i >> 3)]! |= bit << (i % 8);
    }
  });
  return blocks;
}

function addMx(cases: Cases): void {
  const manifest = json('mx/manifest.json');
  const values = flat(setsOf('mx', manifest));
  for (const {
    impl,
    name,
    format: theirName,
    scale_mode: mode,
    scale,
    codes,
    dequant_f32_sha256: restored,
  } of manifest.cases) {
    const format = MX_NAMES[theirName];
    if (!format) continue;
    const theirs = assembled(cases.format(format), bytes(`mx/${scale}`), bytes(`mx/${codes}`));
    const about = { format, name, values: values.length };
    const scaleRule = mode?.toLowerCase();
    const made: Call[] = [{ method: 'quantizeBlocks', args: [values, format, scaleRule ? { scaleRule } : {}] }];
    if (impl === 'torchao') cases.add({ ...about, kind: 'made', calls: made }, theirs);
    else if (format === 'mxint8') {
      // microxcaling finds another scale for blocks of subnormal numbers.
      const skipped = [...bytes(`mx/${scale}`)].flatMap((byte, block) =>
        byte === exponentOf(values, block) ? [] : [block],
      );
      cases.add({ ...about, kind: 'made', calls: made, skipped }, theirs);
    }
    const read: Call[] = [{ method: 'dequantizeBlocks', args: [theirs, format] }];
    // By definition: the hash of microxcaling's numbers is not that of its scales and codes.
    if (format === 'mxint8') cases.add({ ...about, kind: 'read', calls: read }, bitsOf(ofMxInt8(theirs)));
    else if (restored) cases.add({ ...about, kind: 'read', calls: read }, restored);
  }
  addNvfp4(cases, setsOf('mx', manifest));
}

/** code / 64 * 2^(scale - 127) */
const ofMxInt8 = (blocks: Uint8Array) =>
  [...blocks].flatMap((byte, at) => (at % 33 ? [((byte << 24) >> 24) * 2 ** (blocks[at - (at % 33)]! - 127 - 6)] : []));

/** The exponent field of the largest magnitude of a block. */
function exponentOf(values: Float32Array, block: number): number {
  const largest = Math.max(...values.subarray(32 * block, 32 * (block + 1)).map(Math.abs));
  return bits([largest])[0]! >>> 23;
}

function addNvfp4(cases: Cases, sets: Float32Array[]): void {
  const format = 'nvfp4_tensor';
  const scales = bytes('mx/ao_nvfp4_tensor.scale.u8');
  const codes = bytes('mx/ao_nvfp4_tensor.codes.u8');
  const tensorScales = float32('mx/ao_nvfp4_tensor.pts.f32');
  let at = 0;
  sets.forEach((values, i) => {
    const [begin, end] = [at, at + values.length];
    at = end;
    const tensorScale = tensorScales[i]!;
    const data = assembled(cases.format(format), scales.subarray(begin / 16, end / 16), codes.subarray(begin, end));
    const scale = Float32Array.of(tensorScale);
    const about = { format, name: `ao_nvfp4_tensor, set ${i}`, values: values.length } as const;
    cases.add(
      { ...about, kind: 'made', calls: [{ method: 'quantize', args: [values, format] }] },
      joined([data, bitsOf(scale)]),
    );
    // code * (tensor scale * scale), both products in float32
    const restored = Array.from(codes.subarray(begin, end), (code, j) =>
      Math.fround(e2m1(code) * Math.fround(tensorScale * e4m3(scales[(begin + j) >> 4]!))),
    );
    const tensor = asTensor(format, values.length, data, { scale });
    cases.add({ ...about, kind: 'read', calls: [{ method: 'dequantize', args: [tensor] }] }, bitsOf(restored));
  });
}

const e2m1 = (code: number) => (code & 8 ? -1 : 1) * [0, 0.5, 1, 1.5, 2, 3, 4, 6][code & 7]!;
const e4m3 = (code: number) => (code >> 3 ? (1 + (code & 7) / 8) * 2 ** ((code >> 3) - 7) : ((code & 7) / 8) * 2 ** -6);

// --- bitsandbytes ----------------------------------------------------------------------------------------------------

interface BnbCase {
  name: string;
  format: string;
  block: number;
  packed?: string;
  codes?: string;
  absmax: string;
  dequant_f32_sha256: string;
  double_quant?: { codes: string; absmax2: string; offset: string; dequant_f32_sha256: string };
}

function addBitsandbytes(cases: Cases): void {
  const manifest = json('bnb/manifest.json');
  const sets = setsOf('bnb', manifest);
  const values = flat(sets);
  for (const entry of manifest.cases as BnbCase[]) {
    const format = (entry.packed ? entry.format : 'bnb_int8_blockwise') as BlockFormatName;
    const absmax = bytes(`bnb/${entry.absmax}`);
    const codes = bytes(`bnb/${entry.packed ?? entry.codes}`);
    const size = codes.length / (absmax.length / 4);
    const theirs = joined(
      Array.from({ length: absmax.length / 4 }, (_, i) => [
        absmax.subarray(4 * i, 4 * i + 4),
        codes.subarray(size * i, size * (i + 1)),
      ]).flat(),
    );
    const about = { format, name: entry.name, values: values.length, blockSize: entry.block, blockBytes: size + 4 };
    cases.add(
      { ...about, kind: 'made', calls: [{ method: 'quantize', args: [values, format, { blockSize: entry.block }] }] },
      theirs,
    );
    const tensor = asTensor(format, values.length, theirs);
    cases.add({ ...about, kind: 'read', calls: [{ method: 'dequantize', args: [tensor] }] }, entry.dequant_f32_sha256);
    if (entry.double_quant) addNested(cases, sets, format, entry, codes);
  }
}

/** The absmax in 8 bits, set by set, each with an offset of its own. */
function addNested(
  cases: Cases,
  sets: Float32Array[],
  format: BlockFormatName,
  entry: BnbCase,
  codes: Uint8Array,
): void {
  const nested = entry.double_quant!;
  const offsets = float32(`bnb/${nested.offset}`);
  const scales = float32(`bnb/${nested.absmax2}`);
  const absmax = bytes(`bnb/${nested.codes}`);
  const blockSize = entry.block;
  let at = 0;
  const parts = sets.map((values, i) => {
    const [begin, end] = [at, at + values.length];
    at = end;
    const data = codes.slice(begin / 2, end / 2);
    const apart = {
      absmax: absmax.slice(begin / blockSize, end / blockSize),
      scale: scales.slice(i, i + 1),
      offset: offsets[i]!,
    };
    return { values, data, apart };
  });
  const name = `${entry.name}, doubly quantized`;
  const about = { format, name, values: flat(sets).length, blockSize };
  const made = parts.map(({ values, apart: { offset } }): Call => {
    return { method: 'quantize', args: [values, format, { blockSize, doubleQuantize: true, offset }] };
  });
  const expected = parts.flatMap(({ data, apart }) => [
    data,
    apart.absmax,
    bitsOf(apart.scale),
    bitsOf([apart.offset]),
  ]);
  cases.add({ ...about, kind: 'made', calls: made }, joined(expected));
  const read = parts.map(({ values, data, apart }): Call => {
    return { method: 'dequantize', args: [asTensor(format, values.length, data, { nested: apart })] };
  });
  cases.add({ ...about, kind: 'read', calls: read }, nested.dequant_f32_sha256);
}

// --- one scale for a tensor: by definition ---------------------------------------------------------------------------

/** Math.round, but ties to even. */
function nearestEven(x: number): number {
  const floor = Math.floor(x);
  const up = x - floor > 0.5 || (x - floor === 0.5 && floor % 2 !== 0);
  return floor + Number(up);
}

/** Codes side by side, least significant bit first. */
function packed(codes: number[], width: number): Uint8Array {
  const all = new Uint8Array(Math.ceil((codes.length * width) / 8));
  codes.forEach((code, i) => {
    all[(i * width) >> 3]! |= code << ((i * width) % 8);
  });
  return all;
}

function addAbsmean(cases: Cases): void {
  const { sets } = json('mx/manifest.json') as Sets;
  for (const [i, values] of setsOf('mx', { sets }).entries())
    for (const tensor of [values, values.subarray(0, values.length - 1), values.subarray(0, 5)]) {
      const mean = tensor.reduce((sum, x) => sum + Math.abs(x), 0) / tensor.length;
      addWhole(
        cases,
        'ternary_absmean',
        i,
        tensor,
        Math.max(mean, 1e-5),
        2,
        (x, scale) => Math.min(1, Math.max(-1, nearestEven(Math.fround(x / scale)))) + 1,
        (code) => code - 1,
      );
      addWhole(
        cases,
        'binary_absmean',
        i,
        tensor,
        mean,
        1,
        (x) => Number(x >= 0),
        (code) => 2 * code - 1,
      );
    }
}

function addWhole(
  cases: Cases,
  format: BlockFormatName,
  set: number,
  values: Float32Array,
  mean: number,
  width: number,
  codeOf: (x: number, scale: number) => number,
  restore: (code: number) => number,
): void {
  const scale = Float32Array.of(mean);
  const codes = Array.from(values, (x) => codeOf(x, scale[0]!));
  const data = packed(codes, width);
  const about = { format, name: `its definition, set ${set}`, values: values.length };
  cases.add(
    { ...about, kind: 'made', calls: [{ method: 'quantize', args: [values, format] }] },
    joined([data, bitsOf(scale)]),
  );
  const tensor = asTensor(format, values.length, data, { scale });
  const restored = codes.map((code) => Math.fround(restore(code) * scale[0]!));
  cases.add({ ...about, kind: 'read', calls: [{ method: 'dequantize', args: [tensor] }] }, bitsOf(restored));
}

// ---------------------------------------------------------------------------------------------------------------------

/** Every case of every format that the package makes or reads. */
export function blockCases(fewbits: Fewbits): BlockCase[] {
  const cases = new Cases(
    fewbits,
    readableFormats(fewbits).map(({ name }) => name),
  );
  addGgml(cases);
  addMx(cases);
  addBitsandbytes(cases);
  addAbsmean(cases);
  return cases.all;
}

// --- what was compared -----------------------------------------------------------------------------------------------

/** Of one format: values that were made (with an importance, so many of them), blocks, values that were read. */
export interface Evidence {
  made: number;
  weighed: number;
  blocks: number;
  skipped: number;
  read: number;
  /** Cases. */
  differ: number;
}

/** One row for every block format. `differs` says of a case whether its hash is another. */
export function evidenceOf(
  fewbits: Fewbits,
  cases: BlockCase[],
  differs: (one: BlockCase) => boolean,
): Map<BlockFormatName, Evidence> {
  const none = { made: 0, weighed: 0, blocks: 0, skipped: 0, read: 0, differ: 0 };
  const rows = new Map(fewbits.blockFormats.map(({ name }) => [name, { ...none }]));
  for (const one of cases) {
    const row = rows.get(one.format)!;
    row.differ += Number(differs(one));
    if (one.kind === 'read') {
      row.read += one.values;
      continue;
    }
    const blocks = one.values / one.blockSize - one.skipped.length;
    row.blocks += blocks;
    row.skipped += one.skipped.length;
    row.made += blocks * one.blockSize;
    if (one.kind === 'made with an importance') row.weighed += blocks * one.blockSize;
  }
  return rows;
}

const HEAD = ['values made', 'weighed', 'blocks', 'skipped', 'values read', 'differ'];

export function evidenceTable(title: string, rows: Map<BlockFormatName, Evidence>): string {
  const line = (name: string, cells: string[]) =>
    `${name.padEnd(19)}${cells.map((cell, i) => cell.padStart(HEAD[i]!.length + 2)).join('')}`;
  const lines = [...rows].map(([name, { made, weighed, blocks, skipped, read, differ }]) =>
    line(
      name,
      [made, weighed, blocks, skipped, read, differ].map((count) => count.toLocaleString('en')),
    ),
  );
  return [title, line('format', HEAD), ...lines].join('\n');
}
