import { getMetadataStorage, ValidateBy, ValidateIf, validateSync, type ValidationOptions } from 'class-validator';
import { messageOf } from './failure.js';

/** Makes the error of a wrong field: its path, what was found, what is allowed. */
export type Refuse = (field: string, found: unknown, allowed: string) => Error;

/** Decorator: the other rules of the field hold only where it is given. `null` is given. */
export const Optional = (): PropertyDecorator => ValidateIf((_target, value) => value !== undefined);

/** Decorator: the field must pass `check`; `allowed` says in words what does. */
export const Holds = (check: (value: unknown) => boolean, allowed: string): PropertyDecorator =>
  ValidateBy({ name: 'holds', validator: { validate: check } }, says(allowed));

/** class-validator's message of a rule is used as the words for what is allowed. */
export const says = (allowed: string): ValidationOptions => ({ message: allowed });

/**
 * Copies `value` into a `Shape`, whose fields are all there are and whose class-validator decorators are their rules.
 * Unknown fields are refused here and not by class-validator's whitelist, which lets `constructor` and `__proto__` by.
 * @param path where the value stands, such as 'retryConfig'; '' for the definition itself
 * @throws what `refuse` makes, for the first field that is wrong; never anything else, whatever getters do
 */
export function checkShape<T extends object>(Shape: new () => T, value: unknown, path: string, refuse: Refuse): T {
  const shape = new Shape();
  for (const key of checkFields(value, fieldsOf(Shape), path, refuse)) {
    (shape as Record<string, unknown>)[key] = read(value, key, path, refuse);
  }
  const [wrong] = validateSync(shape, { stopAtFirstError: true, forbidUnknownValues: false });
  if (wrong) {
    const [allowed] = Object.values(wrong.constraints ?? {});
    throw refuse(fieldOf(path, wrong.property), wrong.value, allowed ?? 'another value');
  }
  return shape;
}

/** Those with a decorator. Not the keys of an instance: a compiler may leave out fields without a value. */
function fieldsOf(Shape: new () => object): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(Shape, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
}

function fieldOf(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/**
 * @returns the keys of an object that has no other fields than the `known` ones
 * @throws what `refuse` makes, unless it is such an object
 */
export function checkFields(value: unknown, known: readonly string[], path: string, refuse: Refuse): string[] {
  const keys = keysOf(value);
  const unknown = keys?.find((key) => !known.includes(key));
  if (keys !== null && unknown === undefined) return keys;
  const allowed = `an object with the fields ${known.join(', ')}`;
  if (unknown === undefined) throw refuse(path || 'definition', value, allowed);
  throw refuse(fieldOf(path, unknown), read(value, unknown, path, refuse), `only ${allowed}`);
}

/** null: no object, or one that does not let itself be looked at. */
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
