// Takes turns: in every round each contestant has one turn of a few milliseconds, and the order rotates.
import type { Numbers } from './wasm.ts';

export interface Contestant {
  run(times: number): void | Promise<void>;
  /** How often the whole job is done each time; once if nothing is said. */
  jobs?: number;
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

/** How many times the job fits into a turn, and how long that takes. */
async function fitted(contestant: Contestant, turn: number): Promise<{ times: number; spent: number }> {
  for (let times = 1; ; times *= 2) {
    const spent = await timed(contestant, times);
    if (spent < turn / 2) continue;
    const fit = Math.max(1, Math.round((times * turn) / spent));
    return { times: fit, spent: (spent * fit) / times };
  }
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
  const turns: { times: number; spent: number }[] = [];
  for (const name of names) turns.push(await fitted(contestants[name], schedule.turn));
  const rounds = roundsWithin(
    schedule,
    turns.reduce((sum, { spent }) => sum + spent, 0),
  );
  const rates = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < names.length; place++) {
      const index = (round + place) % names.length;
      const { times } = turns[index]!;
      const contestant = contestants[names[index]!];
      rates[names[index]!].push((times * (contestant.jobs ?? 1)) / (await timed(contestant, times)));
    }
    await pause(0); // the page stays alive
  }
  return rates;
}
