// Bytes of weights and of a KV cache, and how bytes are told to people.
import { FewbitsError } from './errors.ts';
import { describe, findFormat } from './formats.ts';
import type { BlockFormatName, FormattedBytes, KvCacheOptions, NumberFormatName } from './types.ts';

export type FormatName = NumberFormatName | BlockFormatName;

/** The complaint about an argument, in one shape: what it is and what it must be. */
export function badArgument(name: string, value: unknown, must: string): FewbitsError {
  const what = value === undefined ? 'missing' : describe(value);
  return new FewbitsError('BAD_ARGUMENT', `${name} is ${what}; it must be ${must}.`, { name, value });
}

/** `value` where it is a whole number from `least` on, exact in a double. */
export function whole(name: string, value: unknown, least = 1): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw badArgument(name, value, `a whole number, ${least} or more`);
}

/** `value` where it is an object with keys. */
export function keyed<T extends object>(name: string, value: T): T {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw badArgument(name, value, 'an object');
}

/** Bytes of `count` elements side by side: whole blocks, or bits rounded up to a byte. */
export function rowBytes(count: number, name: FormatName): number {
  const format = findFormat(name);
  if ('bits' in format) return Math.ceil((count * format.bits) / 8);
  if (format.blockSize) return Math.ceil(count / format.blockSize) * format.blockBytes;
  return Math.ceil((count * format.elementBits) / 8) + format.tensorBytes;
}

export function weightBytes(parameters: number, format: FormatName | number): number {
  whole('parameters', parameters, 0);
  if (typeof format !== 'number') return rowBytes(parameters, format);
  if (format > 0 && format <= 64) return Math.ceil((parameters * format) / 8);
  throw badArgument('bits', format, 'above 0 and at most 64');
}

export function kvCacheBytes(options: KvCacheOptions): number {
  const { layers, kvHeads, headDim, context, batch = 1, format, formatV = format } = keyed('options', options);
  for (const [name, value] of Object.entries({ layers, kvHeads, headDim, context, batch })) whole(name, value, 0);
  const row = kvHeads * headDim;
  return layers * context * batch * (rowBytes(row, format) + rowBytes(row, formatV));
}

/** Three digits, commas between thousands, no zeros after the decimal point's last digit. */
export function threeDigits(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

export function formatBytes(bytes: number): FormattedBytes {
  if (!(Number.isFinite(bytes) && bytes >= 0)) throw badArgument('bytes', bytes, 'a number, 0 or more');
  let power = 0;
  while (power < 5 && Number((bytes / 1000 ** power).toPrecision(3)) >= 1000) power++;
  const decimal = threeDigits(bytes / 1000 ** power);
  const binary = threeDigits(bytes / 1024 ** power);
  const prefix = ' KMGTP'[power] as string;
  return {
    gigabytes: bytes / 1e9,
    gibibytes: bytes / 2 ** 30,
    text: power
      ? `${decimal} ${power > 1 ? prefix : 'k'}B (${binary} ${prefix}iB)`
      : `${decimal} byte${decimal === '1' ? '' : 's'}`,
  };
}
