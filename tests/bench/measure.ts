// Takes turns: in every round each contestant has one turn of a few milliseconds, and the order rotates.

export interface Contestant {
  /** The whole job, so many times. */
  run(times: number): void;
}

export interface Schedule {
  rounds: number;
  /** Milliseconds of a turn. */
  turn: number;
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function timed({ run }: Contestant, times: number): number {
  const begin = performance.now();
  run(times);
  return performance.now() - begin;
}

const LEAST_CALLS = 60;

/**
 * V8 compiles wasm twice: some 34 calls run in quickly made code, 20 times slower, while the optimizing compiler works
 * in the background. Short calls call it in, pauses give it time.
 */
export async function warmUp(contestants: Iterable<Contestant>, milliseconds: number): Promise<void> {
  for (const contestant of contestants)
    for (let lap = 0; lap < 3; lap++) {
      let spent = 0;
      for (let call = 0; spent < milliseconds && (call < LEAST_CALLS || spent < milliseconds / 4); call++)
        spent += timed(contestant, 1);
      await pause(milliseconds / 4);
    }
}

/** How many times the job fits into a turn. */
function timesInTurn(contestant: Contestant, turn: number): number {
  for (let times = 1; ; times *= 2) {
    const spent = timed(contestant, times);
    if (spent >= turn / 2) return Math.max(1, Math.round((times * turn) / spent));
  }
}

/** Jobs per millisecond, by contestant and round. */
export async function takeTurns<Name extends string>(
  contestants: Record<Name, Contestant>,
  { rounds, turn }: Schedule,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contestants) as Name[];
  const times = names.map((name) => timesInTurn(contestants[name], turn));
  const rates = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (let place = 0; place < names.length; place++) {
      const index = (round + place) % names.length;
      rates[names[index]!].push(times[index]! / timed(contestants[names[index]!], times[index]!));
    }
    await pause(0); // the page stays alive
  }
  return rates;
}
