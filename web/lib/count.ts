// How people write a number of parameters.
const powers: Readonly<Record<string, number>> = { '': 1, k: 1e3, m: 1e6, b: 1e9, t: 1e12 };

/** '70B', '1.5 b', '350M', '7,000,000' or '7e9' as a whole number above 0; undefined for anything else. */
export function parseCount(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?(?:e\d+)?)\s*([kmbt]?)$/i.exec(text.trim().replace(/[,_]/g, ''));
  if (!match) return undefined;
  const exact = Number(match[1]) * powers[match[2]!.toLowerCase()]!;
  const count = Math.round(exact);
  // '1.3b' is not exact in binary; '1.5' is no count.
  return Number.isSafeInteger(count) && count > 0 && Math.abs(count - exact) < 1e-6 * count ? count : undefined;
}
