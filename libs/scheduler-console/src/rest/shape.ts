import { ConsoleError } from '../console-error.js';

export type FieldType = 'string' | 'number' | 'boolean' | 'object' | 'array' | 'any';

/** A field of a body: its types, whether it must be there, and its line in the OpenAPI document. */
export interface Field {
  type: FieldType | readonly FieldType[];
  required?: boolean;
  about?: string;
}
export type Shape = Readonly<Record<string, Field>>;

export const MAX_BODY_DEPTH = 34;

/**
 * A body as the shape has it.
 * @throws ConsoleError INVALID_TYPE, UNKNOWN_FIELD, MISSING_FIELD
 */
export function checkShape(value: unknown, shape: Shape, path = ''): Record<string, unknown> {
  if (typeOf(value) !== 'object')
    throw new ConsoleError(
      'INVALID_TYPE',
      400,
      `${path || 'the body'}: ${typeOf(value)}; allowed: an object`,
      path || undefined,
    );
  const given = value as Record<string, unknown>;
  for (const [key, item] of Object.entries(given)) {
    const field = Object.hasOwn(shape, key) ? shape[key]! : null;
    const at = path ? `${path}.${key}` : key;
    if (!field)
      throw new ConsoleError(
        'UNKNOWN_FIELD',
        400,
        `${at.slice(0, 200)} is unknown; allowed: ${Object.keys(shape).join(', ')}`,
        at.slice(0, 200),
      );
    const types = [field.type].flat();
    if (!types.includes('any') && !types.includes(typeOf(item) as FieldType))
      throw new ConsoleError('INVALID_TYPE', 400, `${at}: ${typeOf(item)}; allowed: ${types.join(' or ')}`, at);
  }
  for (const [key, { required }] of Object.entries(shape))
    if (required && given[key] === undefined)
      throw new ConsoleError('MISSING_FIELD', 400, `${key} is missing`, path ? `${path}.${key}` : key);
  return given;
}

/**
 * Refuses what must not come in by any field: keys that reach prototypes, and depth that overflows.
 * @throws ConsoleError FORBIDDEN_KEY, PAYLOAD_TOO_DEEP
 */
export function checkKeys(value: unknown, path = '', depth = 0): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_BODY_DEPTH)
    throw new ConsoleError('PAYLOAD_TOO_DEEP', 400, `the body is nested deeper than ${MAX_BODY_DEPTH} levels`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkKeys(item, `${path}[${index}]`, depth + 1);
    return;
  }
  const at = path === '' ? 'the body' : path;
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__')
      throw new ConsoleError('FORBIDDEN_KEY', 400, `key '__proto__' is not allowed at ${at}`, path || undefined);
    if (key === 'constructor' && typeOf(item) === 'object' && Object.hasOwn(item as object, 'prototype'))
      throw new ConsoleError(
        'FORBIDDEN_KEY',
        400,
        `key 'constructor.prototype' is not allowed at ${at}`,
        path || undefined,
      );
    checkKeys(item, path === '' ? key : `${path}.${key}`, depth + 1);
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
