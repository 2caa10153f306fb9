// Numbers and codes: encode, decode, cast, inspect, bit packing, formats of one's own.
import { ask, FORMATS } from './ask.ts';
import { FewbitsError } from './errors.ts';
import { blockFormats, describe, findNumberFormat, frozen, numberFormats } from './formats.ts';
import { type Heap, SLICE } from './heap.ts';
import type {
  BlockFormat,
  CastOptions,
  Codes,
  Inspection,
  MadeFormatSpec,
  NumberFormat,
  NumberFormatLike,
  Specials,
  Values,
} from './types.ts';
import { checkArray, checkAttached, checkFlag, checkInteger, eachSlice, stage, tagOf, toSource } from './values.ts';

const specialsOrder: readonly Specials[] = ['ieee', 'fn', 'fnuz', 'none'];
const FORMAT_BYTES = 24; // six 32-bit fields: bindings.cpp, FormatRecord

/** Puts a format where the core reads it, as its row or as what makes it up. */
function writeFormat(heap: Heap, address: number, format: NumberFormat): void {
  const { signBits, exponentBits, mantissaBits, bias, specials } = format;
  const fields = [signBits, exponentBits, mantissaBits, bias, specialsOrder.indexOf(specials)];
  heap.write(Int32Array, address, [numberFormats.indexOf(format), ...fields]);
}

/** Says what is wrong with a made-up format, by MadeFormatFault. */
function unmakeable(fault: number): FewbitsError {
  const reason = [
    '',
    'Its fields are out of range: sign true or false, exponentBits 0 to 8, mantissaBits 0 to 23, a whole bias.',
    'It has neither exponent nor mantissa bits.',
    'Its specials need bits that it lacks: ieee an exponent bit, fnuz a sign bit.',
    'Its largest value is beyond float32: take a larger bias or fewer exponent bits.',
    'Its smallest step is below 2^-149, the smallest that float32 holds: take a smaller bias or fewer mantissa bits.',
  ][fault];
  return new FewbitsError('BAD_ARGUMENT', `This format cannot be made. ${reason}`);
}

/** The format as the core knows it: a row of the table, or a made-up one that the core accepts. */
function resolve(heap: Heap, like: NumberFormatLike): NumberFormat {
  const format = findNumberFormat(like);
  if (!numberFormats.includes(format)) checkMade(heap, format);
  return format;
}

function checkMade(heap: Heap, format: NumberFormat): void {
  const fields = [format.signBits, format.exponentBits, format.mantissaBits, format.bias];
  const whole =
    fields.every((field) => Number.isInteger(field) && Math.abs(field) < 1024) &&
    specialsOrder.includes(format.specials);
  const [address] = heap.place(FORMAT_BYTES);
  if (whole) writeFormat(heap, address, format);
  const fault = whole ? heap.core.checkFormat(address) : 1;
  if (fault !== 0) throw unmakeable(fault);
}

export function makeFormat(heap: Heap, spec: MadeFormatSpec): NumberFormat {
  if (typeof spec !== 'object' || spec === null)
    throw new FewbitsError(
      'BAD_ARGUMENT',
      `A format is made from { sign, exponentBits, mantissaBits, specials }, not from ${describe(spec)}.`,
    );
  const { sign, exponentBits, mantissaBits, specials } = spec;
  const signBits = Number(sign === true || sign === 1);
  const whole = [exponentBits, mantissaBits, spec.bias ?? 0].every((field) => Number.isInteger(field));
  if (![true, false, 0, 1].includes(sign) || !whole) throw unmakeable(1);
  const bias = spec.bias ?? (exponentBits > 0 ? 2 ** (exponentBits - 1) - 1 : 1);
  const name = `${signBits ? '' : 'u'}e${exponentBits}m${mantissaBits}b${bias}_${specials}`;
  const made = { name, kind: 'floating', signBits, exponentBits, mantissaBits, bias, specials } as NumberFormat;
  checkMade(heap, made);
  const bits = signBits + exponentBits + mantissaBits;
  return Object.freeze({ ...made, ...numberFacts(heap, made), bits, safetensors: null, gguf: null, npy: null });
}

function numberFacts(heap: Heap, format: NumberFormat) {
  const [address, facts] = heap.place(FORMAT_BYTES, 72);
  writeFormat(heap, address, format);
  heap.check(heap.core.numberFacts(address, facts));
  const names = 'min max smallestNormal smallestSubnormal epsilon decimalDigits values hasInfinity hasNaN'.split(' ');
  const found = [...heap.read(facts, new Float64Array(9))];
  return Object.fromEntries(found.map((fact, i) => [names[i], i < 7 ? fact : !!fact])) as unknown as NumberFormat;
}

/** Has the core tell its tables, once. */
export function loadFormats(heap: Heap): void {
  if (numberFormats.length) return;
  const [numbers, blocks] = ask<[NumberFormat[], BlockFormat[]]>(heap, FORMATS, {});
  numberFormats.push(...numbers);
  for (const format of numbers) Object.assign(format, numberFacts(heap, format));
  blockFormats.push(...blocks);
  frozen([numberFormats, blockFormats]);
}

function newCodes(bits: number, length: number): Codes {
  if (bits <= 8) return new Uint8Array(length);
  if (bits <= 16) return new Uint16Array(length);
  return bits <= 32 ? new Uint32Array(length) : new BigUint64Array(length);
}

const decodesToDouble = ({ kind, bits, mantissaBits }: NumberFormat) =>
  kind === 'integer' ? bits > 24 : mantissaBits > 23;

export function encode(heap: Heap, values: Values, like: NumberFormatLike, options?: CastOptions): Codes {
  const format = resolve(heap, like);
  const saturate = !!checkFlag('saturate', options?.saturate);
  const source = toSource(values);
  const codes = newCodes(format.bits, source.length);
  const [record, from, to] = heap.place(FORMAT_BYTES, SLICE * 8, SLICE * 8);
  writeFormat(heap, record, format);
  eachSlice(source.length, (begin, end) => {
    stage(heap, source, from, begin, end);
    heap.check(heap.core.encode(record, from, source.doubles, end - begin, to, saturate));
    heap.read(to, codes.subarray(begin, end));
  });
  return codes;
}

export function cast(heap: Heap, values: Values, like: NumberFormatLike, options?: CastOptions): Float32Array {
  const format = resolve(heap, like);
  const saturate = !!checkFlag('saturate', options?.saturate);
  const source = toSource(values);
  const kept = new Float32Array(source.length);
  const [record, from, to] = heap.place(FORMAT_BYTES, SLICE * 8, SLICE * 4);
  writeFormat(heap, record, format);
  eachSlice(source.length, (begin, end) => {
    stage(heap, source, from, begin, end);
    heap.check(heap.core.cast(record, from, source.doubles, end - begin, to, saturate));
    heap.read(to, kept.subarray(begin, end));
  });
  return kept;
}

/** Codes as an array of the format's own code type. */
function toCodes(codes: Codes | readonly number[], format: NumberFormat): Codes {
  const tag = tagOf(codes);
  const big = format.bits > 32;
  if (big ? tag !== 'BigUint64Array' : !/^Uint8(Clamped)?Array$|^U?[Ii]nt(8|16|32)Array$|^Array$/.test(tag)) {
    const expected = big ? 'a BigUint64Array' : 'an array of whole numbers, typed or not';
    throw new FewbitsError('BAD_INPUT', `Codes of ${format.name} are ${expected}, not ${describe(codes)}.`);
  }
  if (Array.isArray(codes)) {
    const index = codes.findIndex((code) => !Number.isInteger(code));
    if (index >= 0)
      throw new FewbitsError(
        'BAD_INPUT',
        `Element ${index} of the codes is ${describe(codes[index])}, not a whole number.`,
        { index },
      );
    const typed = newCodes(format.bits, codes.length) as Uint32Array;
    typed.set(codes);
    return typed;
  }
  const typed = codes as Codes;
  checkAttached(typed.buffer, 'codes');
  return typed;
}

export function decode(
  heap: Heap,
  codes: Codes | readonly number[],
  like: NumberFormatLike,
): Float32Array | Float64Array {
  const format = resolve(heap, like);
  const input = toCodes(codes, format);
  const values = decodesToDouble(format) ? new Float64Array(input.length) : new Float32Array(input.length);
  const type = newCodes(format.bits, 0).constructor as Uint8ArrayConstructor;
  const [record, from, to] = heap.place(FORMAT_BYTES, SLICE * 8, SLICE * 8);
  writeFormat(heap, record, format);
  eachSlice(input.length, (begin, end) => {
    heap.write(type, from, input.subarray(begin, end) as Uint8Array);
    heap.check(heap.core.decode(record, from, end - begin, to));
    heap.read(to, values.subarray(begin, end));
  });
  return values;
}

// --- one number, looked at closely -----------------------------------------------------------------------------------

function classify(
  { kind, exponentBits, mantissaBits }: NumberFormat,
  value: number,
  magnitude: bigint,
): Inspection['class'] {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return 'infinity';
  if (value === 0) return 'zero';
  if (kind === 'integer') return 'integer';
  const subnormal = kind === 'floating' && magnitude >> BigInt(mantissaBits) === 0n;
  return subnormal || (kind === 'floating' && exponentBits === 0) ? 'subnormal' : 'normal';
}

/** The spacing of the format's numbers around a finite one: 2^(exponent - mantissaBits). */
function unitInLastPlace(
  { kind, exponentBits, mantissaBits, bias }: NumberFormat,
  value: number,
  magnitude: bigint,
): number {
  if (!Number.isFinite(value)) return Number.NaN;
  if (kind === 'integer') return 1;
  if (kind === 'exponent') return value;
  const exponent = Number((magnitude >> BigInt(mantissaBits)) & ((1n << BigInt(exponentBits)) - 1n));
  return 2 ** (Math.max(exponent, 1) - bias - mantissaBits);
}

export function inspect(heap: Heap, value: number, like: NumberFormatLike): Inspection {
  if (typeof value !== 'number')
    throw new FewbitsError('BAD_INPUT', `inspect looks at a number, not at ${describe(value)}.`);
  const format = resolve(heap, like);
  const { bits, signBits, exponentBits, kind } = format;
  const code = encode(heap, [value], format)[0]!;
  const codeOf = (pattern: bigint) => {
    const codes = newCodes(bits, 1);
    codes[0] = (bits > 32 ? pattern : Number(pattern)) as never;
    return decode(heap, codes, format)[0]!;
  };
  const pattern = BigInt(code);
  const signBit = 1n << BigInt(bits - 1);
  const negative = signBits > 0 && (pattern & signBit) !== 0n;
  const magnitude = negative ? pattern & ~signBit : pattern;
  const kept = codeOf(pattern);
  const text = pattern.toString(2).padStart(bits, '0');
  const fields = [
    text.slice(0, signBits),
    text.slice(signBits, signBits + exponentBits),
    text.slice(signBits + exponentBits),
  ] as const;

  // A neighbour on the number line: magnitudes count outwards from 0 on both sides.
  const step = (by: 1 | -1): number | null => {
    if (kind === 'integer') return kept + by < format.min || kept + by > format.max ? null : kept + by;
    const position = (negative ? -magnitude : magnitude) + BigInt(by);
    const size = position < 0n ? -position : position;
    if (Number.isNaN(kept) || (position < 0n && !signBits) || size >= 1n << BigInt(bits - signBits)) return null;
    const neighbour = codeOf(position < 0n ? size | signBit : size);
    return Number.isNaN(neighbour) ? null : neighbour;
  };

  return {
    code,
    bits: kind === 'floating' ? fields.filter((field) => field).join(' ') : text,
    sign: fields[0],
    exponent: fields[1],
    mantissa: fields[2],
    value: kept,
    error: Object.is(kept, value) ? 0 : kept - value,
    ulp: unitInLastPlace(format, kept, magnitude),
    previous: step(-1),
    next: step(1),
    class: classify(format, kept, magnitude),
  };
}

// --- bits side by side -------------------------------------------------------------------------------------------------

export function packBits(heap: Heap, codes: Values, bits: number): Uint8Array {
  checkInteger(bits, 'bits', 1, 8);
  const source = toSource(codes, 'codes');
  const bytes = new Uint8Array(Math.ceil((source.length * bits) / 8));
  const [from, to] = heap.place(SLICE, SLICE);
  eachSlice(source.length, (begin, end) => {
    heap.write(Uint8Array, from, source.part(begin, end));
    heap.check(heap.core.packBits(from, end - begin, bits, to));
    heap.read(to, bytes.subarray((begin * bits) / 8, Math.ceil((end * bits) / 8)));
  });
  return bytes;
}

export function unpackBits(heap: Heap, bytes: Uint8Array, bits: number, count: number): Uint8Array {
  checkInteger(bits, 'bits', 1, 8);
  const source = toSource(bytes, 'bytes');
  if (!Array.isArray(bytes)) checkArray(bytes, 'Uint8Array', 'bytes');
  const holds = Math.floor((source.length * 8) / bits);
  if (!Number.isInteger(count) || count < 0 || count > holds)
    throw new FewbitsError(
      'BAD_LENGTH',
      `${source.length} bytes hold ${holds} codes of ${bits} bits, so count is 0 to ${holds}, not ${describe(count)}.`,
    );
  const codes = new Uint8Array(count);
  const [from, to] = heap.place(SLICE, SLICE);
  eachSlice(count, (begin, end) => {
    heap.write(Uint8Array, from, source.part((begin * bits) / 8, Math.ceil((end * bits) / 8)));
    heap.check(heap.core.unpackBits(from, bits, end - begin, to));
    heap.read(to, codes.subarray(begin, end));
  });
  return codes;
}
