/** What can go wrong, by code. */
export type ErrorCode =
  | 'UNKNOWN_FORMAT'
  | 'NON_FINITE'
  | 'BAD_LENGTH'
  | 'BAD_SHAPE'
  | 'EMPTY'
  | 'BAD_INPUT'
  | 'BAD_ARGUMENT'
  | 'NEEDS_IMPORTANCE'
  | 'UNSUPPORTED'
  | 'TERMINATED'
  | 'ABORTED'
  | 'TRUNCATED'
  | 'BAD_MAGIC'
  | 'BAD_HEADER'
  | 'BAD_DATA'
  | 'BAD_UTF8'
  | 'OVERLAP'
  | 'OUT_OF_RANGE'
  | 'TOO_LARGE'
  | 'UNSUPPORTED_TYPE'
  | 'DUPLICATE_NAME'
  | 'UNSAFE_PATH'
  | 'MISSING_FILE'
  | 'READ_FAILED'
  | 'WRITE_FAILED'
  | 'WORKER_FAILED';

/** The one error of this package: `message` says what is wrong, where, and what to do; `details` say it to programs. */
export class FewbitsError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.name = 'FewbitsError';
    this.code = code;
    this.details = details;
  }
}
