import { parseDuration } from '../core/duration.js';
import { InvalidOptionError } from '../core/errors.js';
import { isPlainObject } from '../core/json.js';
import type { HistoryBounds, HistorySettings } from '../store/history-settings.js';

const OUTCOMES = ['completed', 'failed', 'cancelled', 'skipped'] as const;
const BOUNDS = ['count', 'age', 'bytes'] as const;
const FORMS =
  'a count, { count, age, bytes }, or { completed, failed, cancelled, skipped } with one of these for each of them';

/**
 * Each outcome has its own limits: the same ones in the short form, the given ones in the long form. @throws
 * InvalidOptionError
 */
export function resolveHistory(history: unknown = {}): HistorySettings {
  if (typeof history === 'number' || !isLong(history)) {
    const bounds = resolveBounds(history, 'history', FORMS);
    return { COMPLETED: bounds, FAILED: bounds, CANCELLED: bounds, SKIPPED: bounds };
  }
  refuseUnknown(history, 'history', OUTCOMES);
  const [COMPLETED, FAILED, CANCELLED, SKIPPED] = OUTCOMES.map((outcome) =>
    resolveBounds(history[outcome] ?? {}, `history.${outcome}`, 'a count, or { count, age, bytes }'),
  ) as [HistoryBounds, HistoryBounds, HistoryBounds, HistoryBounds];
  return { COMPLETED, FAILED, CANCELLED, SKIPPED };
}

function isLong(history: unknown): history is Record<string, unknown> {
  return isPlainObject(history) && OUTCOMES.some((outcome) => Object.hasOwn(history, outcome));
}

function resolveBounds(given: unknown, field: string, allowed: string): HistoryBounds {
  if (typeof given !== 'number' && !isPlainObject(given)) throw new InvalidOptionError(field, given, allowed);
  const bounds: Record<string, unknown> = typeof given === 'number' ? { count: given } : given;
  refuseUnknown(bounds, field, BOUNDS);
  const { count = 1000, age, bytes } = bounds;
  return {
    count: whole(count, `${field}.count`, 0, 10_000_000),
    age: age === undefined ? null : parseDuration(age, `${field}.age`, { min: 1000 }),
    bytes: bytes === undefined ? null : whole(bytes, `${field}.bytes`, 1, Number.MAX_SAFE_INTEGER),
  };
}

function refuseUnknown(given: Record<string, unknown>, field: string, allowed: readonly string[]): void {
  for (const [key, value] of Object.entries(given))
    if (!allowed.includes(key)) throw new InvalidOptionError(`${field}.${key}`, value, allowed.join(', '));
}

function whole(value: unknown, field: string, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw new InvalidOptionError(field, value, `a whole number, ${min} to ${max}`);
  return value;
}
