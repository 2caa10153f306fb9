// What a figure lets the reader set. A section declares its options once; the address, the attributes of its
// element and the default picture all follow from that. `parse` gives undefined for what it cannot read.

export interface Option<T> {
  readonly default: T;
  parse(text: string): T | undefined;
  format(value: T): string;
  /** Made of the data's numbers: what was set on the reader's own stays out of links. */
  readonly ofData?: boolean;
}

export type OptionSet = Readonly<Record<string, Option<unknown>>>;

/** The values of an option set: `OptionsOf<typeof options>`. */
export type OptionsOf<S> = { [K in keyof S]: S[K] extends Option<infer T> ? T : never };

export function choice<const T extends string>(choices: readonly T[], initial: NoInfer<T>): Option<T> {
  return {
    default: initial,
    parse: (text) => choices.find((item) => item === text),
    format: (value) => value,
  };
}

/** A number from min to max; what lies outside is clamped. */
export function number(
  initial: number,
  { min = -Infinity, max = Infinity, whole = false, ofData = false } = {},
): Option<number> {
  return {
    default: initial,
    ofData,
    parse(text) {
      const value = Number(text);
      if (text.trim() === '' || !Number.isFinite(value)) return undefined;
      return Math.min(max, Math.max(min, whole ? Math.round(value) : value));
    },
    format: String,
  };
}

export function flag(initial: boolean): Option<boolean> {
  return {
    default: initial,
    parse: (text) => (text === '1' || text === 'true' ? true : text === '0' || text === 'false' ? false : undefined),
    format: (value) => (value ? '1' : '0'),
  };
}

/** Free text. Never for anything of the reader's own: options travel in links. */
export function text(initial: string, { maxLength = 80 } = {}): Option<string> {
  return { default: initial, parse: (value) => value.slice(0, maxLength), format: (value) => value };
}

export function defaultsOf<S extends OptionSet>(options: S): OptionsOf<S> {
  return Object.fromEntries(Object.entries(options).map(([key, option]) => [key, option.default])) as OptionsOf<S>;
}

/** Reads what `source` has, keeps the default for the rest. */
export function readOptions<S extends OptionSet>(options: S, source: (key: string) => string | null): OptionsOf<S> {
  const entries = Object.entries(options).map(([key, option]) => {
    const given = source(key);
    const value = given === null ? undefined : option.parse(given);
    return [key, value === undefined ? option.default : value];
  });
  return Object.fromEntries(entries) as OptionsOf<S>;
}

/** The options that differ from their defaults, as text. */
export function changedOptions<S extends OptionSet>(options: S, values: OptionsOf<S>): [key: string, text: string][] {
  return Object.entries(options)
    .filter(([key, option]) => !Object.is(values[key as keyof S], option.default))
    .map(([key, option]) => [key, option.format(values[key as keyof S])]);
}
