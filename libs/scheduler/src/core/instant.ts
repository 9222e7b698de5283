const IS_DATE = /^\d{4}-\d\d-\d\d$/;
const HAS_ZONE = /\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|GMT|UTC|(?:GMT|UTC)?[+-]\d\d(?::?\d\d)?)(?:\s*\(.*\))?$/i;

/**
 * ms of an instant given as a Date, ms, a date (midnight in UTC, as in JavaScript) or text with a zone; NaN for anything else.
 * Text without a zone would be a different instant on each machine.
 */
export function instantOf(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'number') return value;
  return typeof value === 'string' && (IS_DATE.test(value) || HAS_ZONE.test(value)) ? Date.parse(value) : Number.NaN;
}
