// JSON that keeps the numbers it has no words for: NaN, the infinities, negative zero.
const WORDS = new Map<string, number>([
  ['NaN', Number.NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['-0', -0],
]);

const wordOf = (x: number) => (Object.is(x, -0) ? '-0' : String(x));

/** Safe inside a <script> element, too. */
export function pack(value: unknown): string {
  const replace = (_key: string, item: unknown) =>
    typeof item === 'number' && (Object.is(item, -0) || !Number.isFinite(item)) ? { $number: wordOf(item) } : item;
  return JSON.stringify(value, replace).replace(/</g, '\\u003c');
}

export function unpack<T>(text: string): T {
  return JSON.parse(text, (_key, item) =>
    item && typeof item === 'object' && '$number' in item ? WORDS.get(item.$number) : item,
  );
}
