// llama.cpp's own quantizer of whole files: libllama of npm's @node-llama-cpp in a process of its own, which it may end, and
// whose log is kept for what goes wrong. Development only.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What llama-quantize is asked for. */
export interface LlamaJob {
  input: string;
  output: string;
  /** llama.h's llama_ftype, as general.file_type has it. */
  fileType: number;
  threads: number;
  /** One type for all, by the file type. */
  pure?: boolean;
  /** By tensor: a row, of mixtures a row for every expert. */
  importance?: ReadonlyMap<string, Float32Array>;
  /** Keys that llama-quantize adds to the file. */
  keys?: readonly (readonly [key: string, value: string | number])[];
}

/** Milliseconds of the call alone: by the clock, and of all processors together. */
export interface LlamaTime {
  wall: number;
  cpu: number;
}

type Reply = 'ready' | { time: LlamaTime } | { failed: true };

/** The end of its log is where errors stand. */
const LOG = 4000;

export class Llama {
  readonly #child: ChildProcess;
  #log = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#log = (this.#log + text).slice(-LOG);
    });
  }

  /** The process, or the sentence that says why there is none. */
  static async start(): Promise<Llama | string> {
    if (process.platform !== 'linux' || process.arch !== 'x64')
      return `llama.cpp's library is there for Linux on x86-64 alone, this is ${process.platform} on ${process.arch}.`;
    const child = fork(fileURLToPath(new URL('llama-child.mjs', import.meta.url)), {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const llama = new Llama(child);
    const started = (await llama.#answer()) === 'ready';
    return started ? llama : `llama.cpp's library cannot be loaded: ${llama.#log.trim()}`;
  }

  /** Its next message; a process that ends has failed. */
  #answer(): Promise<Reply> {
    return new Promise((resolve) => {
      const settle = (reply: Reply) => {
        this.#child.off('message', settle).off('exit', fail);
        resolve(reply);
      };
      const fail = () => settle({ failed: true });
      this.#child.once('message', settle).once('exit', fail);
    });
  }

  async quantize(job: LlamaJob): Promise<LlamaTime> {
    this.#log = '';
    this.#child.send({ ...job, importance: job.importance && [...job.importance] });
    const reply = await this.#answer();
    if (typeof reply === 'object' && 'time' in reply) return reply.time;
    throw new Error(`llama.cpp does not make ${job.output}: ${this.#log.trim().split('\n').slice(-3).join(' / ')}`);
  }

  async end(): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill();
    await ended;
  }
}
