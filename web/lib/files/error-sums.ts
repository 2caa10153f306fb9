// What is lost between values and what is kept of them: sums in doubles, slice after slice.

type Values = Float32Array | Float64Array;

/** The sum of importance × (w − w′)². */
function weigh(values: Values, kept: Values, importance: Float32Array): number {
  let sum = 0;
  for (let row = 0; row < values.length; row += importance.length)
    for (let column = 0; column < importance.length; column++) {
      const error = values[row + column]! - kept[row + column]!;
      sum += importance[column]! * error * error;
    }
  return sum;
}

export class ErrorSums {
  private count = 0;
  /** (w − w′)² */
  private squared = 0;
  private original = 0;
  private restored = 0;
  private product = 0;
  /** importance × (w − w′)²; 1 stands for importance where none is given */
  weighted = 0;
  maxAbsError = 0;

  /** `importance`: of the columns of a row; `values` are whole rows then. */
  add(values: Values, kept: Values, importance?: Float32Array): void {
    let squared = 0;
    let original = 0;
    let restored = 0;
    let product = 0;
    let largest = this.maxAbsError;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const back = kept[i]!;
      const error = value - back;
      squared += error * error;
      original += value * value;
      restored += back * back;
      product += value * back;
      const size = Math.abs(error);
      if (size > largest) largest = size;
    }
    this.count += values.length;
    this.squared += squared;
    this.weighted += importance ? weigh(values, kept, importance) : squared;
    this.original += original;
    this.restored += restored;
    this.product += product;
    this.maxAbsError = largest;
  }

  /** Adds the sums of other values. */
  addSums(other: ErrorSums): void {
    this.count += other.count;
    this.squared += other.squared;
    this.weighted += other.weighted;
    this.original += other.original;
    this.restored += other.restored;
    this.product += other.product;
    this.maxAbsError = Math.max(this.maxAbsError, other.maxAbsError);
  }

  get mse(): number {
    return this.count === 0 ? 0 : this.squared / this.count;
  }

  /** sum (w − w′)² / sum w² */
  get relative(): number {
    return this.original === 0 ? 0 : this.squared / this.original;
  }

  /** 10 log10 of sum w² / sum (w − w′)²; Infinity where nothing is lost. */
  get sqnrDb(): number {
    return this.squared === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(this.original / this.squared);
  }

  get cosine(): number {
    const lengths = Math.sqrt(this.original) * Math.sqrt(this.restored);
    if (this.squared === 0) return 1;
    return lengths === 0 ? 0 : Math.max(-1, Math.min(1, this.product / lengths));
  }
}
