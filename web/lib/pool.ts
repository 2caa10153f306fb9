// The asynchronous face: the same methods, each call in one of several workers that hold an instance each.
// No shared memory, so it runs on any static host without special headers.
import { FewbitsError } from './errors.ts';
import { describe, frozen } from './formats.ts';
import { type Answer, buffersIn, type Call, fromAnswer } from './protocol.ts';
import type { Pool } from './types.ts';
import { checkFlag, isDetached, tagOf } from './values.ts';

/** A worker as the platform made it. */
export interface PoolWorker {
  post(call: Call, transfer: ArrayBuffer[]): void;
  onAnswer(callback: (answer: Answer) => void): void;
  /** Told when the worker dies. */
  onFailure(callback: (reason: unknown) => void): void;
  terminate(): unknown;
  /** Whether it has work: in Node only then does it keep the program alive. */
  setBusy?(busy: boolean): void;
}

const terminated = () => new FewbitsError('TERMINATED', 'This pool was terminated. Create another one.');

interface Pending {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/** A worker and the calls that it has not answered yet. */
class Member {
  readonly #worker: PoolWorker;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #failure: unknown;

  constructor(worker: PoolWorker) {
    this.#worker = worker;
    worker.onAnswer((answer) => this.#settle(answer));
    worker.onFailure((reason) => {
      const what = reason instanceof Error ? reason.message : reason;
      this.fail(
        new FewbitsError(
          'WORKER_FAILED',
          `A worker of the pool failed: ${what}. Create another pool once that is put right.`,
        ),
      );
    });
  }

  get load(): number {
    return this.#failure ? Number.POSITIVE_INFINITY : this.#pending.size;
  }

  call(method: string, args: unknown[], transfer: ArrayBuffer[] = []): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const id = this.#calls++;
      try {
        this.#worker.post({ id, method, args }, transfer);
      } catch (error) {
        throw new FewbitsError('BAD_INPUT', `These arguments cannot be sent to a worker: ${(error as Error).message}`);
      }
      this.#pending.set(id, { resolve, reject });
      this.#worker.setBusy?.(true);
    });
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id);
    // Late, of a call that was given up: the worker ends, and must keep the program alive until it has.
    if (!pending) return;
    this.#pending.delete(answer.id);
    this.#worker.setBusy?.(this.#pending.size > 0);
    try {
      pending.resolve(fromAnswer(answer));
    } catch (error) {
      pending.reject(error);
    }
  }

  fail(reason: unknown): void {
    this.#failure ??= reason;
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
  }

  async end(): Promise<void> {
    this.fail(terminated());
    await this.#worker.terminate();
  }
}

/** The arguments without the option `transfer`, and the buffers to move where it is set. */
function splitOptions(args: unknown[]): { args: unknown[]; moved?: ArrayBuffer[] } {
  const last = args.at(-1);
  if (typeof last !== 'object' || last === null || !('transfer' in last)) return { args };
  const { transfer, ...options } = last;
  const rest = [...args.slice(0, -1), ...(Object.keys(options).length ? [options] : [])];
  if (!checkFlag('transfer', transfer)) return { args: rest };
  const moved = [...buffersIn(rest)];
  if (moved.some(isDetached))
    throw new FewbitsError('BAD_INPUT', 'A buffer to transfer is detached: it was transferred before. Pass a copy.');
  return { args: rest, moved };
}

/** Structured cloning copies a view's whole buffer: send just the part that the view shows. */
function trimmed(value: unknown): unknown {
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    const view = value as Uint8Array;
    if (view.byteLength === view.buffer.byteLength && view.buffer instanceof ArrayBuffer) return view;
    // By its tag: Node's Buffer is a Uint8Array.
    const tag = tagOf(view) as 'Uint8Array';
    return new globalThis[tag](view);
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, trimmed(item)]));
}

function start(createWorker: () => PoolWorker): PoolWorker {
  try {
    return createWorker();
  } catch (error) {
    throw new FewbitsError('BAD_ARGUMENT', `No worker can be started: ${(error as Error).message}`);
  }
}

export async function startPool(
  module: WebAssembly.Module,
  size: number,
  createWorker: () => PoolWorker,
): Promise<Pool> {
  if (!Number.isInteger(size) || size < 1)
    throw new FewbitsError('BAD_ARGUMENT', `size must be a whole number of at least 1, not ${describe(size)}.`);
  const members = Array.from({ length: size }, () => new Member(start(createWorker)));
  const end = async () => {
    await Promise.all(members.map((member) => member.end()));
  };
  let formats: object;
  let names: string[];
  try {
    const started = await Promise.all(members.map((member) => member.call('start', [module])));
    [formats, names] = started[0] as [object, string[]];
  } catch (error) {
    await end();
    throw error;
  }

  const call = async (method: string, given: unknown[]): Promise<unknown> => {
    const { args, moved } = splitOptions(given);
    const member = members.reduce((least, other) => (other.load < least.load ? other : least));
    const sent = moved ? args : args.map(trimmed);
    return member.call(method, sent, moved);
  };
  const methods = Object.fromEntries(names.map((name) => [name, (...args: unknown[]) => call(name, args)]));
  return frozen({ ...methods, ...formats, size, terminate: end }) as unknown as Pool;
}
