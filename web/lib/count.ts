// How people write a number of parameters.
const powers: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, b: 1e9, t: 1e12 };

/** '70B', '1.5 b', '350M' or '7,000,000' as a whole number above 0; undefined for anything else. */
export function parseCount(text: string): number | undefined {
  const [, digits, suffix = ''] = /^(\d+(?:\.\d+)?)\s*([kmbt]?)$/i.exec(text.trim().replace(/[,_]/g, '')) ?? [];
  const count = Math.round(Number(digits) * powers[suffix.toLowerCase()]!);
  return Number.isSafeInteger(count) && count > 0 ? count : undefined;
}
