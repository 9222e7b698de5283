import { InvalidOptionError } from './errors.js';

/**
 * Refuses a value that is not an object, and unknown options, by name.
 * @param path of the options, such as 'shutdown'; '' for the argument itself
 */
export function checkOptionNames(options: unknown, known: readonly string[], path = ''): void {
  const allowed = `an object with no other fields than ${known.join(', ')}`;
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new InvalidOptionError(path === '' ? 'options' : path, options, allowed);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const field = path === '' ? unknown : `${path}.${unknown}`;
  throw new InvalidOptionError(field, (options as Record<string, unknown>)[unknown], `only ${known.join(', ')}`);
}

/** @throws InvalidOptionError unless it is text, like every id */
export function checkId(value: unknown, field = 'executionId'): string {
  if (typeof value !== 'string') throw new InvalidOptionError(field, value, 'an id (text)');
  return value;
}

/** @throws InvalidOptionError unless it is an AbortSignal, or undefined */
export function checkSignal(value: unknown): void {
  if (value === undefined) return;
  const { aborted, addEventListener } = (value ?? {}) as { aborted?: unknown; addEventListener?: unknown };
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function')
    throw new InvalidOptionError('signal', value, 'an AbortSignal');
}
