import { storedValue } from '../../../core/json.js';

/** @returns the object of a stored JSON text; null unless it is an object whose `property` is a string */
export function storedObject<T extends object>(text: string | null | undefined, property: string & keyof T): T | null {
  const value = storedValue(text) as Record<string, unknown> | null | undefined;
  return typeof value?.[property] === 'string' ? (value as T) : null;
}
