import { InvalidOptionError } from './errors.js';
import { copyOf } from './json.js';
import { messageOf } from './failure.js';
import { checkKey, isKey } from './names.js';
import type { LockKey } from './task-definition.js';

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** Description of a valid lock key. */
export const LOCK_KEY_ALLOWED =
  '1 to 256 printable characters, in braces only {taskId}, {payload} or {payload.path.to.value}; or a function of the payload';

/** Whether text can be a lock's key or template, whatever the payload. */
export function isLockKeyTemplate(text: string): boolean {
  if (!isKey(text)) return false;
  const literal = text.replaceAll(PLACEHOLDER, (placeholder, name: string) => (isPlaceholder(name) ? '' : placeholder));
  return !/[{}]/.test(literal);
}

/**
 * The key of the lock that an execution with this payload needs. In a template, {taskId} and {payload.path.to.value}
 * are replaced by their values: own properties, and only text, numbers and booleans. Different values never give the
 * same key: separators between placeholders are escaped in values (%3A for a colon).
 * @throws InvalidOptionError if a placeholder has no value, a function throws, or the result is not a key
 */
export function renderLockKey(lockKey: LockKey, taskId: string, payload: unknown): string {
  if (typeof lockKey === 'function') return checkKey(call(lockKey, payload), 'lockKey');
  const values = { taskId, payload };
  // Even indexes are literal text, odd ones names of placeholders.
  const parts = lockKey.split(PLACEHOLDER);
  const separators = separatorsOf(parts);
  const text = parts.map((part, i) => {
    if (i % 2 === 0) return isBetween(parts, i) && needsMark(part) ? MARK + part : part;
    const value = isPlaceholder(part) ? lookUp(values, part.split('.')) : undefined;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
      return escapeValue(String(value), separators);
    throw new InvalidOptionError('lockKey', lockKey, `a template whose {${part}} is text, a number or a boolean`);
  });
  return checkKey(text.join(''), 'lockKey');
}

/** Separates adjacent placeholders; no escaped value contains it. */
const MARK = '%,';

function isBetween(parts: readonly string[], index: number): boolean {
  return index > 0 && index < parts.length - 1;
}

function needsMark(literal: string): boolean {
  return literal === '' || literal.startsWith('%');
}

/**
 * The first character of each literal between two placeholders. A value that contains none of them ends where the
 * literal starts, so the values can be recovered from the key. Empty for a template with one placeholder.
 */
function separatorsOf(parts: readonly string[]): ReadonlySet<string> {
  const between = parts.filter((_, i) => i % 2 === 0 && isBetween(parts, i));
  return new Set(
    between.length === 0 ? [] : ['%', ...between.filter((part) => part !== '').map((part) => [...part][0]!)],
  );
}

function escapeValue(value: string, separators: ReadonlySet<string>): string {
  if (separators.size === 0) return value;
  return [...value].map((char) => (separators.has(char) ? percentEncode(char) : char)).join('');
}

function percentEncode(char: string): string {
  return [...Buffer.from(char)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

function isPlaceholder(name: string): boolean {
  return name === 'taskId' || name === 'payload' || /^payload(\.[^.]+)+$/.test(name);
}

function lookUp(root: object, path: readonly string[]): unknown {
  let value: unknown = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function call(lockKey: (payload: unknown) => string, payload: unknown): unknown {
  try {
    // A copy: the payload is that of the caller or of the definition.
    return lockKey(copyOf(payload));
  } catch (thrown) {
    throw new InvalidOptionError('lockKey', lockKey, `a function that returns text (it threw: ${messageOf(thrown)})`);
  }
}
