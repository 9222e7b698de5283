import { instantOf } from '../core/instant.js';
import { parseInstant } from '../core/plan-execution.js';
import { InvalidDateError } from '../core/errors.js';
import type { TimeZone } from './time-zone.js';

const WITHOUT_ZONE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?$/i;

/**
 * Like parseInstant, but ISO 8601 text without a zone is in the given zone, and a date is midnight there, on every
 * machine.
 * @throws InvalidDateError, also for other text without a zone
 */
export function parseZonedInstant(value: unknown, field: string, now: number, zone: TimeZone): number {
  if (typeof value !== 'string') return parseInstant(value, field, now);
  const text = value.trim();
  if (!WITHOUT_ZONE.test(text)) return parseInstant(text, field, now);
  const wall = instantOf(text.length === 10 ? text : `${text.replace(' ', 'T')}Z`);
  if (Number.isNaN(wall)) throw new InvalidDateError(field, value);
  return parseInstant(zone.instantOf(wall), field, now);
}
