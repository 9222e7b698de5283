import { isPlainObject } from './json.js';

/**
 * The payload of an execution: `given` laid over `base` where both are plain objects (shallow, `given` wins, a property
 * given as undefined takes the base's away), else `given`; `base` where nothing was given. Neither is changed.
 */
export function mergePayload(base: unknown, given: unknown): unknown {
  if (given === undefined) return base;
  return isPlainObject(base) && isPlainObject(given) ? { ...base, ...given } : given;
}
