import { isPlainObject } from './json.js';

/**
 * The payload of an execution: `given` merged over `base` if both are plain objects (shallow; an undefined property of
 * `given` removes that of `base`), otherwise `given`, or `base` if nothing was given. Neither is changed.
 */
export function mergePayload(base: unknown, given: unknown): unknown {
  if (given === undefined) return base;
  return isPlainObject(base) && isPlainObject(given) ? { ...base, ...given } : given;
}
