import { messageOf } from './failure.js';
import { fieldsOf, firstInvalid } from './validators.js';

/** Creates the error for an invalid field from its path, its value, and what is allowed. */
export type Refuse = (field: string, found: unknown, allowed: string) => Error;

/**
 * Copies `value` into a `Shape`, which defines all fields, with their rules as class-validator decorators. Unknown
 * fields are refused here because class-validator's whitelist lets `constructor` and `__proto__` pass.
 * @param path of the value, such as 'retryConfig'; '' for the definition itself
 * @throws the error of `refuse` for the first invalid field, and nothing else, even if a getter throws
 */
export function checkShape<T extends object>(Shape: new () => T, value: unknown, path: string, refuse: Refuse): T {
  const shape = new Shape();
  for (const key of checkFields(value, fieldsOf(Shape), path, refuse)) {
    (shape as Record<string, unknown>)[key] = read(value, key, path, refuse);
  }
  const wrong = firstInvalid(shape);
  if (wrong) throw refuse(fieldOf(path, wrong.field), wrong.value, wrong.allowed);
  return shape;
}

function fieldOf(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/**
 * @returns the keys of an object that has only `known` fields
 * @throws the error of `refuse` if it is not such an object
 */
export function checkFields(value: unknown, known: readonly string[], path: string, refuse: Refuse): string[] {
  const keys = keysOf(value);
  const unknown = keys?.find((key) => !known.includes(key));
  if (keys !== null && unknown === undefined) return keys;
  const allowed = `an object with the fields ${known.join(', ')}`;
  if (unknown === undefined) throw refuse(path || 'definition', value, allowed);
  throw refuse(fieldOf(path, unknown), read(value, unknown, path, refuse), `only ${allowed}`);
}

/** @returns null if it is not an object, or cannot be read */
function keysOf(source: unknown): string[] | null {
  try {
    return typeof source === 'object' && source !== null && !Array.isArray(source) ? Object.keys(source) : null;
  } catch {
    return null;
  }
}

function read(source: unknown, key: string, path: string, refuse: Refuse): unknown {
  try {
    return (source as Record<string, unknown>)[key];
  } catch (thrown) {
    throw refuse(fieldOf(path, key), undefined, `a value that can be read (its getter threw: ${messageOf(thrown)})`);
  }
}
