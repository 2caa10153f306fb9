// The address says which example, which followed element and which options: only what differs from the default,
// and never a number, a name or a file of the reader's.
import type { Source } from './contract.ts';
import { COUNT, DEFAULT_SOURCE, defaultFollowed, isGenerated, SEED, sameSource, TENSORS } from './data/examples.ts';
import { number } from './options.ts';

export interface Address {
  source: Source;
  /** The link was made on its maker's own numbers, which it does not carry. */
  wasOwn: boolean;
  followed: number;
  /** 'why.context' to '8192'. */
  options: Map<string, string>;
}

const countOption = number(COUNT.usual, { min: COUNT.least, max: COUNT.most, whole: true });
const seedOption = number(SEED.usual, { min: SEED.least, max: SEED.most, whole: true });

export function readAddress(search: string): Address {
  const query = new URLSearchParams(search);
  const data = query.get('data') ?? '';
  const source = readSource(data, query);
  const follow = Number(query.get('follow') ?? Number.NaN);
  return {
    source,
    wasOwn: data === 'own',
    followed: Number.isInteger(follow) && follow >= 0 ? follow : defaultFollowed(source),
    options: new Map([...query].filter(([key]) => key.includes('.'))),
  };
}

function readSource(data: string, query: URLSearchParams): Source {
  if (data === 'seven') return { kind: 'seven' };
  if (isGenerated(data)) {
    const count = countOption.parse(query.get('count') ?? '') ?? countOption.default;
    return { kind: data, count, seed: seedOption.parse(query.get('seed') ?? '') ?? seedOption.default };
  }
  const tensor = query.get('tensor');
  return tensor !== null && TENSORS.some(({ name }) => name === tensor) ? { kind: 'weights', tensor } : DEFAULT_SOURCE;
}

/** The query, '' where everything is as at first. */
export function writeAddress(source: Source, followed: number, options: Iterable<readonly [string, string]>): string {
  const query = new URLSearchParams();
  if (source.kind === 'own') query.set('data', 'own');
  else {
    writeSource(source, query);
    if (followed !== defaultFollowed(source)) query.set('follow', String(followed));
  }
  for (const [key, text] of options) query.set(key, text);
  const text = query.toString().replace(/%2F/g, '/');
  return text && `?${text}`;
}

function writeSource(source: Source, query: URLSearchParams): void {
  if (sameSource(source, DEFAULT_SOURCE)) return;
  if (source.kind === 'weights') query.set('tensor', source.tensor);
  else query.set('data', source.kind);
  if (!('count' in source)) return;
  if (source.count !== COUNT.usual) query.set('count', String(source.count));
  if (source.seed !== SEED.usual) query.set('seed', String(source.seed));
}
