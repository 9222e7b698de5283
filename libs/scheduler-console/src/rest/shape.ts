import { ConsoleError } from '../console-error.js';

export type FieldType = 'string' | 'number' | 'boolean' | 'object' | 'array' | 'any';

/** A field of a body: its types, whether it is required, and its description in the OpenAPI document. */
export interface Field {
  type: FieldType | readonly FieldType[];
  required?: boolean;
  about?: string;
}
export type Shape = Readonly<Record<string, Field>>;

/**
 * Checks a body against its shape.
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

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
