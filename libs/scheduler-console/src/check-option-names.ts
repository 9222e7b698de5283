import { InvalidConsoleOptionError } from './console-error.js';

/**
 * Refuses a value that is not an object, and unknown options, by name. The message contains no value.
 * @param path of the options, such as 'rateLimit'; '' for the argument itself
 * @throws InvalidConsoleOptionError
 */
export function checkOptionNames(options: unknown, known: readonly string[], path = ''): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new InvalidConsoleOptionError(path || 'options', kindOf(options), `an object of ${known.join(', ')}`);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const field = path === '' ? unknown : `${path}.${unknown}`;
  throw new InvalidConsoleOptionError(field, 'an unknown option', known.join(', '));
}

/** @throws InvalidConsoleOptionError unless it is an array of strings */
export function checkTexts(value: unknown, field: string): void {
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
    throw new InvalidConsoleOptionError(field, kindOf(value), 'an array of strings');
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}
