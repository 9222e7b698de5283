import { InvalidOptionError } from './errors.js';
import { messageOf } from './failure.js';
import { checkKey, isKey } from './names.js';
import type { LockKey } from './task-definition.js';

const PLACEHOLDER = /\{([^{}]*)\}/g;

/** What a lock's key may be, in words. */
export const LOCK_KEY_ALLOWED =
  '1 to 256 printable characters, in braces only {taskId}, {payload} or {payload.path.to.value}; or a function of the payload';

/** Whether text can be a lock's key or its template, whatever the payload will be. */
export function isLockKeyTemplate(text: string): boolean {
  if (!isKey(text)) return false;
  const literal = text.replaceAll(PLACEHOLDER, (placeholder, name: string) => (isPlaceholder(name) ? '' : placeholder));
  return !/[{}]/.test(literal);
}

/**
 * The key of the lock that an execution with this payload needs. In a template, {taskId} and {payload.path.to.value}
 * stand for their values: own properties only, and only text, numbers and booleans.
 * @throws InvalidOptionError if a placeholder has no value, a function throws, or the outcome is no key
 */
export function renderLockKey(lockKey: LockKey, taskId: string, payload: unknown): string {
  if (typeof lockKey === 'function') return checkKey(call(lockKey, payload), 'lockKey');
  const values = { taskId, payload };
  const text = lockKey.replaceAll(PLACEHOLDER, (placeholder, name: string) => {
    const value = isPlaceholder(name) ? lookUp(values, name.split('.')) : undefined;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw new InvalidOptionError('lockKey', lockKey, `a template whose ${placeholder} is text, a number or a boolean`);
  });
  return checkKey(text, 'lockKey');
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
    return lockKey(payload);
  } catch (thrown) {
    throw new InvalidOptionError('lockKey', lockKey, `a function that gives text (it threw: ${messageOf(thrown)})`);
  }
}
