import assert from 'node:assert/strict';

/** Gives what calls and returns the error thrown, which is of that class: the package's own, or that of its sources. */
export const errorsOf =
  <E extends Error>(kind: new (...given: never[]) => E) =>
  (call: () => unknown): E => {
    try {
      call();
    } catch (error) {
      assert(error instanceof kind, String(error));
      return error;
    }
    assert.fail('nothing was thrown');
  };
