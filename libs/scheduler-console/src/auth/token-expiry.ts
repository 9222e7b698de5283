const WITH_ZONE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d))?$/;

/**
 * When a token expires, ms; NaN where that is invalid, or text without a zone, which would be a different instant on each
 * machine. A date is midnight in UTC.
 */
export function expiryOf(expires: unknown): number {
  if (expires === undefined) return Number.POSITIVE_INFINITY;
  if (expires instanceof Date) return expires.getTime();
  return typeof expires === 'string' && WITH_ZONE.test(expires) ? Date.parse(expires) : Number.NaN;
}
