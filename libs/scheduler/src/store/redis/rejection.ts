import { IdempotencyConflictError, isOfOtherTask, UnknownDependencyError } from '../../core/errors.js';

/** The error of a refused verb, from the code and details in its reply. */
export function rejection(code: string, details: readonly string[]): Error {
  const [first = '', second = '', expected, found = ''] = details;
  switch (code) {
    case 'IDEMPOTENCY_CONFLICT':
      return new IdempotencyConflictError(first, second);
    case 'UNKNOWN_DEPENDENCY':
      return new UnknownDependencyError(
        first,
        second,
        expected === undefined ? 'no execution of that id exists' : isOfOtherTask(found, expected),
      );
    default:
      return new TypeError(`unknown error code of a script: ${code}`);
  }
}
