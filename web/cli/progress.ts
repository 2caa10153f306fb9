// What takes longer says how far it is, on a terminal; in a pipe it is quiet.
import { visible } from '../lib/containers/words.ts';
import { duration, shortBytes, shortened } from './text.ts';

/** Milliseconds before anything is said, and between two lines. */
const PATIENCE = 500;
const PAUSE = 100;
/** Characters of a name below which it says nothing. */
const LEAST_NAME = 8;

/** One less than the terminal has: at its edge some would begin a new line. */
const columns = (): number => (process.stderr.columns || 80) - 1;

interface Step {
  bytesDone: number;
  bytesTotal: number;
  tensor?: string;
}

/** One line on stderr that is written over and over, and is gone in the end. */
export class Progress {
  private readonly start = performance.now();
  private shown = this.start + PATIENCE - PAUSE;
  private drawn = false;

  readonly report = ({ bytesDone, bytesTotal, tensor = '' }: Step): void => {
    const now = performance.now();
    if (!process.stderr.isTTY || now - this.shown < PAUSE) return;
    this.shown = now;
    const seconds = (now - this.start) / 1000;
    const rate = bytesDone / seconds;
    const share = bytesTotal > 0 ? bytesDone / bytesTotal : 1;
    const parts = [
      `${Math.floor(100 * share)}%`.padStart(4),
      `${shortBytes(bytesDone)} of ${shortBytes(bytesTotal)}`,
      ...(bytesDone > 0 ? [`${shortBytes(rate)}/s`, `${duration((bytesTotal - bytesDone) / rate)} left`] : []),
    ];
    this.draw(`${parts.join('  ')}  `, visible(tensor));
  };

  /** Of the name as much as there is room for. */
  private draw(text: string, name: string): void {
    const room = columns() - text.length;
    const line = room < LEAST_NAME ? text.slice(0, columns()) : text + shortened(name, room);
    process.stderr.write(`\r${line.padEnd(columns())}`);
    this.drawn = true;
  }

  done(): void {
    if (this.drawn) process.stderr.write(`\r${' '.repeat(columns())}\r`);
    this.drawn = false;
  }

  get seconds(): number {
    return (performance.now() - this.start) / 1000;
  }
}
