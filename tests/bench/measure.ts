// Takes turns: in every round each contestant has one turn of a few milliseconds, and the order rotates.
import type { Numbers } from './wasm.ts';

export interface Contestant {
  run(times: number): void | Promise<void>;
  /** How often the whole job is done each time, which may be a part of once; once if nothing is said. */
  jobs?: number;
  /** For who takes long: the same on one of so many equal parts of the elements. */
  parts?: { most: number; take(of: number): Contestant };
  /** What it gave. Probes give nothing. */
  answer?(): Numbers;
  /** What is wrong with an answer that is another one by definition; nothing where it is what it should be. */
  fault?(answer: Numbers): string | undefined;
}

export interface Schedule {
  /** At most and at least so many, and between them as many as fit into the budget. */
  rounds: number;
  leastRounds: number;
  /** Milliseconds of a turn, and of all rounds. */
  turn: number;
  budget: number;
}

export const repeated = (once: () => void, rest: Omit<Contestant, 'run'> = {}): Contestant => ({
  run(times) {
    for (let i = 0; i < times; i++) once();
  },
  ...rest,
});

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function timed(contestant: Contestant, times: number): Promise<number> {
  const begin = performance.now();
  const done = contestant.run(times);
  if (done) await done;
  return performance.now() - begin;
}

/** In one turn; the fastest of them counts, since what interrupts a try is not the contestant's doing. */
const TRIES = 3;
/** Turns that a single run may take and be tried as often. */
const LONGEST = 4;

/** Who takes longer than a try does a part of the job: what lasts long is interrupted, and then measures that. */
export async function shortened(contestant: Contestant, turn: number): Promise<Contestant> {
  if (!contestant.parts) return contestant;
  const parts = (Math.min(await timed(contestant, 1), await timed(contestant, 1)) * TRIES) / turn;
  if (parts <= 1) return contestant;
  const { most, take } = contestant.parts;
  return take(Math.min(most, 2 ** Math.ceil(Math.log2(parts))));
}

/** Which part is next: of all contestants, so that nobody finds in a cache what another one has just left there. */
let next = 0;

/** A contestant that does its job on any range of the elements. */
export function divisible(
  count: number,
  leastPart: number,
  run: (first: number, count: number, times: number) => void,
): Contestant {
  const take = (of: number): Contestant => ({
    jobs: 1 / of,
    run(times) {
      for (let i = 0; i < times; i++) run((next++ % of) * (count / of), count / of, 1);
    },
  });
  return { run: (times) => run(0, count, times), parts: { most: count / leastPart, take } };
}

export interface Warming {
  /** Milliseconds of a lap, or 60 calls where those take less, or one call where it takes more. */
  lap: number;
  leastLaps: number;
  mostLaps: number;
}

const LEAST_CALLS = 60;
const FASTER = 1.05;

/**
 * V8 compiles wasm twice: some 34 calls run in quickly made code, 20 times slower, while the optimizing compiler works
 * in the background. Short calls call it in, pauses give it time. Goes on until a lap is no faster than those before.
 */
export async function warmUp(contestants: Iterable<Contestant>, warming: Warming): Promise<void> {
  const { lap: milliseconds, leastLaps, mostLaps } = warming;
  for (const contestant of contestants) {
    let best = 0;
    for (let lap = 1; lap <= mostLaps; lap++) {
      let spent = 0;
      let calls = 0;
      while (spent < milliseconds && (calls < LEAST_CALLS || spent < milliseconds / 4)) {
        spent += await timed(contestant, 1);
        calls++;
      }
      await pause(milliseconds / 4);
      if (lap >= leastLaps && calls / spent < FASTER * best) break;
      best = Math.max(best, calls / spent);
    }
  }
}

interface Turn {
  /** How often each try runs. */
  times: number;
  tries: number;
  /** Milliseconds. */
  spent: number;
}

/** What fits into a turn: tries of some length, or one where a single run takes longer. */
async function fitted(contestant: Contestant, turn: number): Promise<Turn> {
  const length = turn / TRIES;
  for (let times = 1; ; times *= 2) {
    const spent = await timed(contestant, times);
    if (spent < length / 2) continue;
    const fit = Math.max(1, Math.round((times * length) / spent));
    const tries = spent / times > LONGEST * turn ? 1 : TRIES;
    return { times: fit, tries, spent: (tries * spent * fit) / times };
  }
}

/** Jobs per millisecond. */
async function rateIn({ times, tries }: Turn, contestant: Contestant): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < tries; i++) least = Math.min(least, await timed(contestant, times));
  return (times * (contestant.jobs ?? 1)) / least;
}

/** As many rounds as fit into the budget, within their bounds. */
export function roundsWithin({ rounds, leastRounds, budget }: Schedule, spentInRound: number): number {
  return Math.min(rounds, Math.max(leastRounds, Math.floor(budget / spentInRound)));
}

/** Jobs per millisecond, by contestant and round. */
export async function takeTurns<Name extends string>(
  contestants: Record<Name, Contestant>,
  schedule: Schedule,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contestants) as Name[];
  const turns: Turn[] = [];
  for (const name of names) turns.push(await fitted(contestants[name], schedule.turn));
  const rounds = roundsWithin(
    schedule,
    turns.reduce((sum, { spent }) => sum + spent, 0),
  );
  const rates = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < names.length; place++) {
      const index = (round + place) % names.length;
      rates[names[index]!].push(await rateIn(turns[index]!, contestants[names[index]!]));
    }
    await pause(0); // the page stays alive
  }
  return rates;
}
