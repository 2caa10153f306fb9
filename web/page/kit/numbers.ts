// How numbers are written: true minus, commas from 1,000, significant digits, powers of ten outside 10^-4...10^6.

export const MINUS = '\u2212';
const NARROW = '\u00a0';

/** A number ready to show: `digits`, and the power of ten it is multiplied by, '' for none. */
export interface Written {
  digits: string;
  exponent: string;
}

const groups = (whole: string) => whole.replace(/\B(?=(\d{3})+$)/g, ',');

/** '-1234.50' to '−1,234.50'. */
function typeset(plain: string): string {
  const [whole = '', fraction] = plain.replace('-', '').split('.');
  return (plain.startsWith('-') ? MINUS : '') + groups(whole) + (fraction === undefined ? '' : `.${fraction}`);
}

const specialName = (x: number) => (Number.isNaN(x) ? 'NaN' : x > 0 ? '∞' : `${MINUS}∞`);

/**
 * `x` to so many significant digits: 4 in formulas, 3 in sentences, 2 for errors. Trailing zeros go, unless `pad`
 * keeps them for a comparison. A negative zero shows its sign.
 */
export function write(x: number, significant = 4, { pad = false } = {}): Written {
  if (!Number.isFinite(x)) return { digits: specialName(x), exponent: '' };
  if (x === 0) return { digits: Object.is(x, -0) ? `${MINUS}0` : '0', exponent: '' };
  const [mantissa = '', power = '0'] = x.toExponential(significant - 1).split('e');
  const trim = (text: string) => (pad || !text.includes('.') ? text : text.replace(/\.?0+$/, ''));
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 6) return { digits: typeset(trim(mantissa)), exponent: typeset(String(exponent)) };
  const rounded = Number(`${mantissa}e${power}`);
  return { digits: typeset(trim(rounded.toFixed(Math.max(0, significant - 1 - exponent)))), exponent: '' };
}

/** The shortest decimal that reads back as the same float32. */
export function writeStored(x: number): Written {
  if (!Number.isFinite(x) || x === 0) return write(x);
  for (let digits = 1; digits <= 9; digits++) {
    if (Math.fround(Number(x.toPrecision(digits))) === Math.fround(x)) return write(x, digits);
  }
  return write(x, 9);
}

/** So many significant digits, from two to six, that sizes which differ look different; six where none suffice. */
export function rankingDigits(values: readonly number[]): number {
  const sizes = [...new Set(values.map(Math.abs))];
  const apart = (digits: number) => new Set(sizes.map((x) => x.toPrecision(digits))).size === sizes.length;
  return [2, 3, 4, 5].find(apart) ?? 6;
}

/** One line of plain text, for names, titles and attributes. */
export function plain({ digits, exponent }: Written): string {
  return exponent === '' ? digits : `${digits} × 10^${exponent}`;
}

/** `write` as plain text. */
export const say = (x: number, significant = 3) => plain(write(x, significant));

/** A whole number: '36,864', '−12'. Code 0 is '0', whatever its sign. */
export const whole = (x: number) => typeset(String(Math.round(x) || 0));

/** '54 %', '0.12 %': two significant digits below 10, whole above. */
export function percent(fraction: number): string {
  const value = fraction * 100;
  if (value !== 0 && Math.abs(value) < 0.01) return `less than 0.01${NARROW}%`;
  const digits = Math.abs(value) >= 10 ? typeset(value.toFixed(0)) : plain(write(value, 2));
  return `${digits}${NARROW}%`;
}

/** '1 weight', '36,864 weights'. */
export const count = (n: number, noun: string) => `${whole(n)} ${n === 1 ? noun.replace(/s$/, '') : noun}`;

const DECIMAL_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];
const BINARY_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

function scaled(bytes: number, base: number, units: readonly string[]): string {
  if (bytes < base) return `${whole(bytes)} ${Math.round(bytes) === 1 ? 'byte' : 'bytes'}`;
  let power = Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(base)));
  // 999,600 bytes are 1 MB to three digits, not 1,000 kB.
  if (power < units.length - 1 && Number((bytes / base ** power).toPrecision(3)) >= base) power++;
  return `${say(bytes / base ** power, 3)} ${units[power]}`;
}

/** '18 bytes', '18.4 kB', '39.7 GB': powers of 1000. */
export const decimalBytes = (bytes: number) => scaled(bytes, 1000, DECIMAL_UNITS);

/** '37 GiB': powers of 1024. */
export const binaryBytes = (bytes: number) => scaled(bytes, 1024, BINARY_UNITS);

/** Writes the ticks of one axis with one number of decimals; zero is '0'. */
export function tickLabels(ticks: readonly number[]): string[] {
  const decimals = (x: number) => (plainDecimal(x).split('.')[1] ?? '').length;
  const largest = Math.max(...ticks.map(Math.abs));
  if (largest >= 1e6 || largest < 1e-4) return ticks.map((tick) => say(tick, 3));
  const most = Math.max(...ticks.map(decimals));
  return ticks.map((tick) => (tick === 0 ? '0' : typeset(tick.toFixed(most))));
}

/** Ticks come out of sums such as 0.1 + 0.2: ten digits are all they mean. */
const plainDecimal = (x: number) =>
  Number(x.toPrecision(10))
    .toFixed(12)
    .replace(/\.?0+$/, '');
