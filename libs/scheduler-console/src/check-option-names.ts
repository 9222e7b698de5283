import { InvalidConsoleOptionError } from './console-error.js';

/**
 * Refuses what is no object, and options that the console does not know, by name; no value is in the message.
 * @param path where the options are, such as 'rateLimit'; '' for the argument itself
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

/** @throws InvalidConsoleOptionError unless it is a list of texts */
export function checkTexts(value: unknown, field: string): void {
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string'))
    throw new InvalidConsoleOptionError(field, kindOf(value), 'a list of texts');
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}
