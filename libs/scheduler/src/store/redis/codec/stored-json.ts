import { parseJson } from '../../../core/json.js';

/** @returns the value of a stored JSON text; undefined if it is damaged, so one damaged text does not fail a listing */
export function storedValue(text: string | null | undefined): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** @returns the object of a stored JSON text; null unless it is an object whose `property` is a string */
export function storedObject<T extends object>(text: string | null | undefined, property: string & keyof T): T | null {
  const value = storedValue(text) as Record<string, unknown> | null | undefined;
  return typeof value?.[property] === 'string' ? (value as T) : null;
}
