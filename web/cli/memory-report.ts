// What `fewbits memory` prints.
import type { MemoryOptions, Need } from './memory.ts';
import { grouped, print, table } from './text.ts';

/** One unit and one number of decimals for a table, by its largest number. */
function columnsFor(largest: number) {
  const power = largest < 1e6 ? 1 : largest < 1e9 ? 2 : 3;
  const prefix = ' KMG'[power]!;
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(Math.max(1, largest / 1000 ** power))));
  return {
    head: [`${power === 1 ? 'k' : prefix}B`, `${prefix}iB`],
    cells: (bytes: number): string[] => [1000, 1024].map((base) => grouped(bytes / base ** power, decimals)),
  };
}

/** What is needed, part by part; without caches where they are not known. */
export function needTable(
  { weights, kvCache, compute, total, terms }: Pick<Need, 'weights' | 'kvCache' | 'compute' | 'total' | 'terms'>,
  { context, kvType }: Pick<MemoryOptions, 'context' | 'kvType'>,
): string {
  const parts: [name: string, bytes: number][] = [['weights', weights]];
  if (total !== undefined) {
    const states = terms!.find(({ name }) => name === 'Recurrent state')?.bytes ?? 0;
    if (states) parts.push(['recurrent states', states]);
    if (kvCache! > states) parts.push([`KV cache, ${grouped(context)} tokens in ${kvType}`, kvCache! - states]);
    parts.push(['compute buffer, an estimate', compute!], ['total', total]);
  }
  const { head, cells } = columnsFor(total ?? weights);
  const rows = parts.map(([name, bytes]) => [name, ...cells(bytes)]);
  return table(['', ...head], rows, 'lrr');
}

export function printOne(need: Need, options: MemoryOptions): void {
  print(`${grouped(need.parameters!)} parameters in ${need.type}\n`);
  print(needTable(need, options));
}

export function printAll(needs: readonly Need[]): void {
  const [{ parameters, weights, total }] = needs as [Need];
  print(`${grouped(parameters!)} parameters\n`);
  const { head, cells } = columnsFor(total ?? weights);
  const rows = needs.map((need) => [
    need.type,
    grouped((8 * need.weights) / need.parameters!, 2),
    ...cells(need.weights),
    ...(total === undefined ? [] : cells(need.total!)),
  ]);
  const inAll = total === undefined ? [] : head.map((unit) => `${unit} in all`);
  print(table(['type', 'bits/weight', ...head, ...inAll], rows, 'lrrrrr'));
}
