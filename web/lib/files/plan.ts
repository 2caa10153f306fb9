// Which type each tensor gets so that a model has at most a given size and loses least: a knapsack with one choice per tensor,
// solved exactly.
//
// Without bounds the choices are far too many. Two things make them few. Of two ways to decide some of the tensors, one that
// is neither smaller nor better than the other is dropped (dominance). And a price per byte tells from below how much error
// any way to decide the rest must add: what cannot beat the best plan so far is dropped. At the price where the relaxed
// problem, which may split one tensor between two types, just meets the size, nearly every tensor's type is beyond doubt;
// tensors are decided in the order of doubt. After D. Pisinger, "A minimal algorithm for the multiple-choice knapsack problem",
// European Journal of Operational Research 83 (1995).
import { FewbitsError } from '../errors.ts';
import { describe } from '../formats.ts';
import type { TensorType, TypeOverride } from './recipes.ts';

/** What the errors of a plan are: with an importance matrix sums of importance × (w − w′)²; without one they stand for it. */
export type PlanMeasure = 'importance' | 'proxy';

/** What one tensor costs and loses in each type that it may have. */
export interface PlanTensor {
  name: string;
  results: readonly {
    type: TensorType;
    /** Bytes of the tensor's data, without padding. */
    byteLength: number;
    /** At least 0, in the measure of all others: what is added up. */
    error: number;
  }[];
}

export interface PlanOptions {
  /** What the file may have at most. */
  targetBytes: number;
  /** The file's header and whatever else is not chosen here. Default 0. */
  otherBytes?: number;
  /** Each tensor is padded to a multiple of this. Default 32, GGUF's. */
  alignment?: number;
  /** Default 'proxy': say 'importance' only where the errors are weighted by an importance matrix. */
  measure?: PlanMeasure;
}

export interface Plan {
  /** Of the whole file: other bytes, tensors and their padding. */
  byteLength: number;
  types: Map<string, TensorType>;
  /** The sum of the chosen types' errors, in the order of the tensors. */
  error: number;
  measure: PlanMeasure;
}

/** One type of one tensor; errors are whole numbers here, so that sums are exact in any order. */
interface Item {
  bytes: number;
  error: number;
  /** Its place in `results`. */
  index: number;
}

/** A tensor's items: ever more bytes, ever less error. */
interface Choice {
  items: Item[];
  /** The best at the price, and between which prices it is. */
  best: Item;
  low: number;
  high: number;
}

/** Errors become whole numbers that all together stay below this power of two: sums of them are exact. */
const LARGEST_TOTAL = 52;

/** Bounds are doubles; whole numbers that they compare with may be off by no more than this part. */
const ROUNDING = 2 ** -44;

/** Which power of two errors are multiplied by: whole numbers stay what they are as long as they fit. */
function errorScale(tensors: readonly PlanTensor[]): number {
  const total = tensors.reduce((sum, { results }) => sum + Math.max(...results.map(({ error }) => error)), 0);
  if (total === Infinity) throw new FewbitsError('BAD_ARGUMENT', 'The errors are too large to be added up.');
  return total > 0 ? Math.floor(LARGEST_TOTAL - 1 - Math.log2(total)) : 0;
}

/** In two steps: one power alone may be beyond a double's range. */
const scaled = (error: number, scale: number): number =>
  Math.round(error * 2 ** Math.floor(scale / 2) * 2 ** Math.ceil(scale / 2));

/** Types in order of size, without those that another beats in both. */
function usefulItems({ results }: PlanTensor, alignment: number, scale: number): Item[] {
  const items = results.map(({ byteLength, error }, index) => ({
    bytes: Math.ceil(byteLength / alignment) * alignment,
    error: scaled(error, scale),
    index,
  }));
  items.sort((a, b) => a.bytes - b.bytes || a.error - b.error || a.index - b.index);
  let least = Infinity;
  return items.filter(({ error }) => {
    const better = error < least;
    if (better) least = error;
    return better;
  });
}

/** How much error a byte saves between two items. */
const slope = (small: Item, large: Item): number => (small.error - large.error) / (large.bytes - small.bytes);

/** The items that are best at some price: their slopes fall. */
function hull(items: readonly Item[]): Item[] {
  const kept: Item[] = [];
  for (const item of items) {
    while (kept.length > 1 && slope(kept.at(-2)!, kept.at(-1)!) <= slope(kept.at(-1)!, item)) kept.pop();
    kept.push(item);
  }
  return kept;
}

interface Step {
  choice: number;
  to: number;
  slope: number;
  bytes: number;
}

/**
 * Takes the steps along the hulls that save most per byte, as long as they fit: the relaxed solution, whose price is the
 * slope of the first step that does not; then whatever else fits, for a first plan.
 */
function relax(hulls: readonly Item[][], room: number): { chosen: number[]; price: number; first: number[] } {
  const steps: Step[] = hulls.flatMap((items, choice) =>
    items.slice(1).map((item, i) => ({
      ...{ choice, to: i + 1, slope: slope(items[i]!, item), bytes: item.bytes - items[i]!.bytes },
    })),
  );
  steps.sort((a, b) => b.slope - a.slope || a.choice - b.choice || a.to - b.to);
  const first = hulls.map(() => 0);
  let left = room - hulls.reduce((sum, items) => sum + items[0]!.bytes, 0);
  let chosen: number[] | undefined;
  let price = 0;
  for (const step of steps) {
    if (step.to !== first[step.choice]! + 1) continue;
    if (step.bytes <= left) {
      left -= step.bytes;
      first[step.choice] = step.to;
    } else if (!chosen) {
      chosen = [...first];
      price = step.slope;
    }
  }
  return { chosen: chosen ?? first, price, first };
}

/** Ways to decide the tensors so far, the others standing at their best: more bytes, less error. */
interface States {
  count: number;
  bytes: Float64Array;
  errors: Float64Array;
  /** The last decision that differs from the best; -1 for none. */
  nodes: Int32Array;
}

const emptyStates = (capacity: number): States => ({
  count: 0,
  bytes: new Float64Array(capacity),
  errors: new Float64Array(capacity),
  nodes: new Int32Array(capacity),
});

/** The decisions that differ from the best, each with the one before it. */
class Decisions {
  private choices = new Int32Array(1024);
  private items = new Int32Array(1024);
  private before = new Int32Array(1024);
  private count = 0;

  add(choice: number, item: number, before: number): number {
    if (this.count === this.items.length)
      [this.choices, this.items, this.before] = [this.choices, this.items, this.before].map((array) => {
        const larger = new Int32Array(2 * array.length);
        larger.set(array);
        return larger;
      }) as [Int32Array<ArrayBuffer>, Int32Array<ArrayBuffer>, Int32Array<ArrayBuffer>];
    this.choices[this.count] = choice;
    this.items[this.count] = item;
    this.before[this.count] = before;
    return this.count++;
  }

  *from(node: number): Generator<[choice: number, item: number]> {
    for (let at = node; at >= 0; at = this.before[at]!) yield [this.choices[at]!, this.items[at]!];
  }
}

class Search {
  private readonly decisions = new Decisions();
  private bestError: number;
  private bestBytes: number;
  private bestNode: number | undefined;

  constructor(
    private readonly choices: readonly Choice[],
    private readonly price: number,
    private readonly room: number,
    private readonly first: readonly Item[],
  ) {
    this.bestError = first.reduce((sum, { error }) => sum + error, 0);
    this.bestBytes = first.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The item of each choice. */
  run(): Item[] {
    const { choices, price } = this;
    const doubt = ({ low, high }: Choice) => Math.min(high - price, price - low);
    const order = choices.map((_, i) => i).sort((a, b) => doubt(choices[a]!) - doubt(choices[b]!) || a - b);
    const intervals = this.intervals(order);
    let states = emptyStates(1);
    states.count = 1;
    states.bytes[0] = choices.reduce((sum, { best }) => sum + best.bytes, 0);
    states.errors[0] = choices.reduce((sum, { best }) => sum + best.error, 0);
    states.nodes[0] = -1;
    this.note(states.bytes[0]!, states.errors[0]!, -1);
    const relaxed = states.errors[0]! + price * (states.bytes[0]! - this.room);
    order.forEach((choice, k) => {
      const items = this.contenders(choices[choice]!, relaxed);
      if (items.length > 1) states = this.decide(states, choice, items, intervals[k + 1]!);
    });
    if (this.bestNode === undefined) return [...this.first];
    const chosen = choices.map(({ best }) => best);
    for (const [choice, item] of this.decisions.from(this.bestNode)) chosen[choice] = choices[choice]!.items[item]!;
    return chosen;
  }

  /** Between which prices all choices from the k-th on stand at their best. */
  private intervals(order: readonly number[]): { low: number; high: number }[] {
    const intervals = [{ low: 0, high: Infinity }];
    for (const choice of [...order].reverse()) {
      const { low, high } = this.choices[choice]!;
      const after = intervals[0]!;
      intervals.unshift({ low: Math.max(low, after.low), high: Math.min(high, after.high) });
    }
    return intervals;
  }

  /** The items that can be part of a plan as good as the best so far. */
  private contenders({ items, best }: Choice, relaxed: number): number[] {
    const all = items.map((_, i) => i);
    return all.filter((i) => {
      const { bytes, error } = items[i]!;
      const more = error - best.error + this.price * (bytes - best.bytes);
      return items[i] === best || this.isWithin(relaxed + more, Math.abs(relaxed) + error + best.error);
    });
  }

  /** Whether a bound is not above the best plan, by more than rounding. */
  private isWithin(bound: number, magnitude: number): boolean {
    return bound <= this.bestError + ROUNDING * (magnitude + this.bestError);
  }

  /** What any way to decide the rest makes of a state, at least. */
  private canWin(bytes: number, error: number, { low, high }: { low: number; high: number }): boolean {
    const over = bytes - this.room;
    if (over > 0 && high === Infinity) return false;
    const added = over === 0 ? 0 : over * (over > 0 ? high : low);
    return this.isWithin(error + added, error + Math.abs(added));
  }

  private note(bytes: number, error: number, node: number): void {
    if (bytes > this.room || error > this.bestError || (error === this.bestError && bytes >= this.bestBytes)) return;
    this.bestError = error;
    this.bestBytes = bytes;
    this.bestNode = node;
  }

  /** Every state with every item, in order of bytes, without those that another beats or that cannot win. */
  private decide(from: States, choice: number, items: number[], rest: { low: number; high: number }): States {
    const { items: all, best } = this.choices[choice]!;
    const to = emptyStates(from.count * items.length);
    const heads = items.map(() => 0);
    const moreBytes = items.map((item) => all[item]!.bytes - best.bytes);
    const moreError = items.map((item) => all[item]!.error - best.error);
    let least = Infinity;
    for (;;) {
      let next = -1;
      let bytes = Infinity;
      let error = Infinity;
      for (let i = 0; i < items.length; i++) {
        const head = heads[i]!;
        if (head === from.count) continue;
        const b = from.bytes[head]! + moreBytes[i]!;
        const e = from.errors[head]! + moreError[i]!;
        if (b > bytes || (b === bytes && e >= error)) continue;
        [next, bytes, error] = [i, b, e];
      }
      if (next < 0) break;
      const head = heads[next]!++;
      if (error >= least || !this.canWin(bytes, error, rest)) continue;
      least = error;
      const item = items[next]!;
      const before = from.nodes[head]!;
      const node = all[item] === best ? before : this.decisions.add(choice, item, before);
      to.bytes[to.count] = bytes;
      to.errors[to.count] = error;
      to.nodes[to.count++] = node;
      this.note(bytes, error, node);
    }
    return to;
  }
}

function solve(sets: readonly Item[][], room: number): Item[] {
  const hulls = sets.map(hull);
  const { chosen, price, first } = relax(hulls, room);
  const choices = sets.map((items, i): Choice => {
    const [own, at] = [hulls[i]!, chosen[i]!];
    return {
      ...{ items, best: own[at]! },
      low: at + 1 < own.length ? slope(own[at]!, own[at + 1]!) : 0,
      high: at > 0 ? slope(own[at - 1]!, own[at]!) : Infinity,
    };
  });
  return new Search(
    choices,
    price,
    room,
    hulls.map((items, i) => items[first[i]!]!),
  ).run();
}

function checkTensors(tensors: readonly PlanTensor[]): void {
  const names = new Set<string>();
  for (const { name, results } of tensors) {
    const what = `tensor '${String(name).slice(0, 80)}'`;
    if (names.has(name)) throw new FewbitsError('BAD_ARGUMENT', `${what} stands twice.`, { name });
    names.add(name);
    if (!results?.length) throw new FewbitsError('BAD_ARGUMENT', `${what} has no type to choose from.`, { name });
    for (const { type, byteLength, error } of results) {
      if (!Number.isSafeInteger(byteLength) || byteLength < 0)
        throw new FewbitsError('BAD_ARGUMENT', `${what}: byteLength in ${type} is ${describe(byteLength)}.`, {
          name,
          type,
        });
      if (!(error >= 0 && error < Infinity))
        throw new FewbitsError(
          'BAD_ARGUMENT',
          `${what}: error in ${type} is ${describe(error)}; it must be a number, 0 or more.`,
          { name, type },
        );
    }
  }
}

const wholeNumber = (name: string, value: unknown, least: number): number => {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw new FewbitsError(
    'BAD_ARGUMENT',
    `${name} is ${describe(value)}; it must be a whole number, ${least} or more.`,
    {
      name,
    },
  );
};

/**
 * Chooses a type for every tensor: of all plans that have at most `targetBytes`, one with the least total error, and of those
 * one with the fewest bytes. Exact, but for errors below 2^-50 of the largest total, which count as none; the same plan on
 * every machine. Milliseconds for hundreds of tensors, whatever
 * their sizes; seconds where sizes are all different and errors exactly proportional to them, as no model's are.
 * @throws BAD_ARGUMENT; OUT_OF_RANGE where even the smallest types do not fit, with details.leastBytes
 */
export function planTypes(tensors: readonly PlanTensor[], options: PlanOptions): Plan {
  const target = wholeNumber('targetBytes', options?.targetBytes, 0);
  const other = wholeNumber('otherBytes', options.otherBytes ?? 0, 0);
  const alignment = wholeNumber('alignment', options.alignment ?? 32, 1);
  checkTensors(tensors);
  const scale = errorScale(tensors);
  const sets = tensors.map((tensor) => usefulItems(tensor, alignment, scale));
  const leastBytes = sets.reduce((sum, items) => sum + items[0]!.bytes, other);
  if (leastBytes > target)
    throw new FewbitsError(
      'OUT_OF_RANGE',
      `No plan has ${target} bytes or less: the smallest has ${leastBytes}. Allow more, or smaller types.`,
      { targetBytes: target, leastBytes },
    );
  const chosen = solve(sets, target - other);
  const results = tensors.map(({ results }, i) => results[chosen[i]!.index]!);
  return {
    byteLength: chosen.reduce((sum, { bytes }) => sum + bytes, other),
    types: new Map(tensors.map(({ name }, i) => [name, results[i]!.type])),
    error: results.reduce((sum, { error }) => sum + error, 0),
    measure: options.measure ?? 'proxy',
  };
}

// --- taking a plan elsewhere -----------------------------------------------------------------------------------------

/** Tensors of the same kind and type in one regular expression: ^blk\.(0|2|7)\.ffn_down\.weight$ */
function patterns(
  types: ReadonlyMap<string, TensorType>,
  escaped: (text: string) => string,
): { pattern: string; type: TensorType }[] {
  const groups = new Map<string, { kind: string; type: TensorType; blocks: string[] }>();
  for (const [name, type] of types) {
    const [, block, kind = name] = /^blk\.(\d+)\.(.*)$/s.exec(name) ?? [];
    const key = JSON.stringify([kind, type, block === undefined]);
    const group = groups.get(key) ?? { kind, type, blocks: [] };
    if (block !== undefined) group.blocks.push(block);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ kind, type, blocks }) => {
    const which = blocks.length === 1 ? blocks[0] : `(${blocks.join('|')})`;
    return { pattern: `^${blocks.length ? `blk\\.${which}\\.` : ''}${escaped(kind)}$`, type };
  });
}

/** The plan as overrides for `convertModel`. */
export const planOverrides = ({ types }: Pick<Plan, 'types'>): TypeOverride[] =>
  patterns(types, (text) => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).map(({ pattern, type }) => ({
    pattern: new RegExp(pattern, 's'),
    type,
  }));

/** What ggml calls plain numbers. */
const GGML_NAMES: Readonly<Record<string, string>> = { float32: 'f32', float16: 'f16', bfloat16: 'bf16' };

/** llama-quantize lower-cases patterns, splits at '=' and sees bytes: what no GGUF name has stands as any character. */
const inLowerCase = (text: string): string =>
  text.replaceAll(/[^a-z0-9_-]/gu, (letter) =>
    letter === '.' ? '\\.' : '.'.repeat(new TextEncoder().encode(letter).length),
  );

/**
 * The plan as arguments of llama-quantize: '--tensor-type', '^blk\.(0|1)\.attn_v\.weight$=q6_k', ... They go before the input
 * file; quote them in a shell. They act where the file type is a quantized one.
 */
export const planFlags = ({ types }: Pick<Plan, 'types'>): string[] =>
  patterns(types, inLowerCase).flatMap(({ pattern, type }) => [
    '--tensor-type',
    `${pattern}=${GGML_NAMES[type] ?? type}`,
  ]);
