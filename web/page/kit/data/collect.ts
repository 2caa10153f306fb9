import { FewbitsError } from '../../../lib/errors.ts';
import { clip, readNumber } from './number.ts';
import { BAD_LISTED, type BadValue, type ReadResult } from './types.ts';

/** Gathers fields whose number is not known before. */
export class Collector {
  private values = new Float32Array(1024);
  private count = 0;
  private rowStart = 0;
  private rowLength = -1;
  private rows = 0;
  private underflows = 0;
  private readonly bad: BadValue[] = [];
  private badCount = 0;
  readonly notes: string[] = [];

  field(text: string, line: number): void {
    const field = readNumber(text);
    if ('why' in field) this.complain({ index: this.count, line, text: clip(text), why: field.why });
    else if (field.value === 0 && /[1-9]/.test(text.split(/e/i, 1)[0]!)) this.underflows++;
    this.push(field.value);
  }

  number(value: number, line: number, text: string, why: string): void {
    if (!Number.isFinite(Math.fround(value))) this.complain({ index: this.count, line, text, why });
    else if (value !== 0 && Math.fround(value) === 0) this.underflows++;
    this.push(value);
  }

  endRow(): void {
    const length = this.count - this.rowStart;
    if (length === 0) return;
    if (this.rowLength === -1) this.rowLength = length;
    else if (this.rowLength !== length) this.rowLength = 0;
    this.rows++;
    this.rowStart = this.count;
  }

  /** `shape` where the source states one; else rows of one length make a matrix. */
  result(shape?: number[]): ReadResult {
    this.endRow();
    const { notes, count, rows, rowLength } = this;
    if (this.underflows > 0) {
      const many = this.underflows === 1 ? '1 number is' : `${this.underflows} numbers are`;
      notes.push(`${many} closer to 0 than float32 can hold and became 0.`);
    }
    if (!shape && rowLength === 0)
      notes.push(`The ${rows} rows differ in length, so all ${count} numbers are read as one row.`);
    const values = this.values.slice(0, count);
    const matrix = rows > 1 && rowLength > 1 ? [rows, rowLength] : [count];
    return { values, shape: shape ?? matrix, bad: this.bad, badCount: this.badCount, notes };
  }

  private complain(bad: BadValue): void {
    this.badCount++;
    if (this.bad.length < BAD_LISTED) this.bad.push(bad);
  }

  private push(value: number): void {
    if (this.count === this.values.length) {
      const larger = new Float32Array(this.count * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = value;
  }
}

/** The result for values that came from binary data. */
export function fromBinary(values: Float32Array, shape: number[], notes: string[]): ReadResult {
  const bad: BadValue[] = [];
  let badCount = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    if (Number.isFinite(value)) continue;
    badCount++;
    if (bad.length < BAD_LISTED) {
      const why = Number.isNaN(value) ? 'NaN is not a number' : 'infinite, which no scale can hold';
      bad.push({ index, line: 0, text: String(value), why });
    }
  }
  return { values, shape, bad, badCount, notes };
}

export function aborted(): FewbitsError {
  return new FewbitsError('ABORTED', 'Reading was cancelled.');
}
