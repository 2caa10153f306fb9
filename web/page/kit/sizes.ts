// Sizes as people type them.
const UNITS: Readonly<Record<string, number>> = {
  ...{ b: 1, byte: 1, bytes: 1 },
  ...{ kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
  ...{ kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 },
};

/** Bytes in '48 GB', '24 GiB' or '150 kB'; of '48' alone in bytes of `unit`. Undefined for anything else. */
export function bytesOf(text: string, unit: number): number | undefined {
  const plain = text.trim().replace(/,(?=\d{3}(?!\d))/g, '');
  const [, digits, name] = /^(\d+(?:\.\d+)?)\s*(bytes?|[kmgt]?i?b)?$/i.exec(plain) ?? [];
  const bytes = Math.round(Number(digits) * (name ? UNITS[name.toLowerCase()]! : unit));
  return bytes <= 1e15 ? bytes : undefined;
}
