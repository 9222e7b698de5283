import { ForbiddenKeyError, InvalidNameError, InvalidOptionError } from './errors.js';
import { MAX_TAGS } from './limits.js';

const NAME = /^[A-Za-z0-9._:-]{1,128}$/;
// Names become keys of user-visible objects (ctx.results, executions of a workflow); this one would set no key.
const PROTO = '__proto__';
// Keys identify things outside of the scheduler (a path, an e-mail), so more characters are allowed than in names. Lone
// surrogates are refused: UTF-8 maps all of them to one character, so two keys would become one.
const KEY = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]{1,256}$/u;

export function isName(value: unknown): value is string {
  return typeof value === 'string' && NAME.test(value) && value !== PROTO;
}

/**
 * @throws InvalidNameError unless it is 1 to 128 of A-Z a-z 0-9 . _ : -
 * @throws ForbiddenKeyError for `__proto__`
 */
export function checkName(value: unknown, field: string): string {
  if (value === PROTO) throw new ForbiddenKeyError(PROTO, field);
  if (!isName(value)) throw new InvalidNameError(field, value);
  return value;
}

export function isKey(value: unknown): value is string {
  return typeof value === 'string' && KEY.test(value);
}

/** @throws InvalidOptionError unless it is 1 to 256 printable characters */
export function checkKey(value: unknown, field: string): string {
  if (!isKey(value)) throw new InvalidOptionError(field, value, '1 to 256 printable characters');
  return value;
}

export const TAGS_ALLOWED = `at most ${MAX_TAGS} tags, each 1 to 256 printable characters`;

export function isTagList(value: unknown): value is string[] {
  // Array.from visits holes, which every skips.
  return Array.isArray(value) && value.length <= MAX_TAGS && Array.from(value).every(isKey);
}

/**
 * The tags of `base` and `given`, without duplicates.
 * @throws InvalidOptionError unless `given` is a list of tags of 1 to 256 printable characters, at most 16 with those
 * of `base`
 */
export function mergeTags(base: readonly string[], given: unknown, field: string): string[] {
  const tags = new Set(base);
  if (isTagList(given)) for (const tag of given) tags.add(tag);
  if (!isTagList(given) || tags.size > MAX_TAGS) throw new InvalidOptionError(field, given, TAGS_ALLOWED);
  return [...tags];
}
