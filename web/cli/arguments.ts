// What options are made of: numbers, sizes, parts. A wrong one is wrong usage.
import { InvalidArgumentError } from 'commander';

export function wholeNumber(text: string): number {
  const value = Number(text.replace(/[,_]/g, ''));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Write a whole number, 1 or more.');
}

const POWERS = ' kmgt';

/** '4GB', '3.5 GiB', '800MB' or '4,000,000,000' in bytes. */
export function byteSize(text: string): number {
  const [, digits, prefix = ' ', binary] =
    /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?)b?|b)?$/i.exec(text.trim().replace(/[,_]/g, '')) ?? [];
  const bytes = Math.floor(Number(digits) * (binary ? 1024 : 1000) ** POWERS.indexOf(prefix.toLowerCase()));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new InvalidArgumentError('Write a size such as 4GB, 3.5GiB or 800MB.');
}

export interface Shard {
  index: number;
  count: number;
}

/** '3/8': the third of eight. */
export function shard(text: string): Shard {
  const [, index = 0, count = 0] = (/^(\d+)\/(\d+)$/.exec(text.trim()) ?? []).map(Number);
  if (index >= 1 && index <= count && count <= 65536) return { index, count };
  throw new InvalidArgumentError('Write which part of how many, such as 3/8, from 1.');
}

/** For options that may be repeated, or hold a list with commas. */
export const collectList = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...text.split(',').flatMap((item) => item.trim() || []),
];

export interface Override {
  pattern: string;
  type: string;
}

/** 'attn_v=q6_k': the type follows the last '='. */
export function collectOverride(text: string, before: readonly Override[] = []): Override[] {
  const at = text.lastIndexOf('=');
  if (at <= 0 || at === text.length - 1)
    throw new InvalidArgumentError("Write PATTERN=TYPE, such as 'attn_v=q6_k'; the pattern is a regular expression.");
  return [...before, { pattern: text.slice(0, at), type: typeName(text.slice(at + 1)) }];
}

/** llama.cpp's words for plain numbers. */
const PLAIN: Readonly<Record<string, string>> = { f32: 'float32', f16: 'float16', bf16: 'bfloat16' };

export function typeName(text: string): string {
  const name = text.trim().toLowerCase();
  return PLAIN[name] ?? name;
}
