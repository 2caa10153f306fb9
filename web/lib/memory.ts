// How bytes are told to people.
import { FewbitsError } from './errors.ts';
import { describe } from './formats.ts';
import type { FormattedBytes } from './types.ts';

/** Three digits, commas between thousands, no zeros after the decimal point's last digit. */
const threeDigits = (value: number): string => value.toLocaleString('en', { maximumSignificantDigits: 3 });

export function formatBytes(bytes: number): FormattedBytes {
  if (!(Number.isFinite(bytes) && bytes >= 0))
    throw new FewbitsError('BAD_ARGUMENT', `bytes is ${describe(bytes)}; it must be a number, 0 or more.`);
  let power = 0;
  while (power < 5 && Number((bytes / 1000 ** power).toPrecision(3)) >= 1000) power++;
  const decimal = threeDigits(bytes / 1000 ** power);
  const prefix = ' KMGTP'[power]!;
  return {
    gigabytes: bytes / 1e9,
    gibibytes: bytes / 2 ** 30,
    text: power
      ? `${decimal} ${power > 1 ? prefix : 'k'}B (${threeDigits(bytes / 1024 ** power)} ${prefix}iB)`
      : `${decimal} byte${decimal === '1' ? '' : 's'}`,
  };
}
