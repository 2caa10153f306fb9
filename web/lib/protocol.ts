// What a pool and its workers say to each other: the one description for both ends, carried by comlink.
import { FewbitsError } from './errors.ts';

/** What a call came to. Errors travel as data: structured cloning would drop their code and details. */
export type Answer =
  | { value: unknown }
  | { error: { code: string; message: string; details: Record<string, unknown> } };

export interface Remote {
  start(module: WebAssembly.Module): Promise<void>;
  call(method: string, args: unknown[]): Promise<Answer>;
}

export function toAnswer(error: unknown): Answer {
  if (error instanceof FewbitsError)
    return { error: { code: error.code, message: error.message, details: { ...error.details } } };
  return {
    error: {
      code: 'WORKER_FAILED',
      message: `A worker failed: ${error instanceof Error ? error.message : error}`,
      details: {},
    },
  };
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
    for (const item of Array.isArray(value) ? [] : Object.values(value)) buffersIn(item, found);
  }
  return found;
}
