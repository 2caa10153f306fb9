// What a pool and its workers say to each other: the one description for both ends. A call is a message with a number, its
// answer one with the same number; errors travel as data, since structured cloning would drop their code and details.
import { FewbitsError } from './errors.ts';

export interface Call {
  id: number;
  method: string;
  args: unknown[];
}

export type Answer = { id: number } & ({ value: unknown } | { error: FailureData });

interface FailureData {
  code: string;
  message: string;
  details: Readonly<Record<string, unknown>>;
}

export function toFailure(error: unknown): FailureData {
  if (error instanceof FewbitsError) return { code: error.code, message: error.message, details: error.details };
  return { code: 'WORKER_FAILED', message: `A worker failed: ${(error as Error)?.message ?? error}`, details: {} };
}

export function fromAnswer(answer: Answer): unknown {
  if ('value' in answer) return answer.value;
  const { code, message, details } = answer.error;
  throw new FewbitsError(code as FewbitsError['code'], message, details);
}

/** The buffers of all typed arrays in a value, for transfer; shared ones cannot be transferred. */
export function buffersIn(value: unknown, found: Set<ArrayBuffer> = new Set()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === 'object' && value !== null) {
    for (const item of Object.values(value)) buffersIn(item, found);
  }
  return found;
}
