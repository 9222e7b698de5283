import type { ParsedCron } from './cron-expression.js';
import { nextWallTime } from './wall-clock.js';

/** How far ahead to search. 29 February is always nearer, except around 2100. */
const HORIZON_MS = 5 * 366 * 86_400_000;

/** Maximum number of fires of one decision or preview. */
export const MAX_FIRES = 1000;

/**
 * The first instant after `after` at which the expression fires, or null if there is none within five years. DST
 * follows the rule that croner 11 documents in its README:
 * - a *fixed time* (one value each for second, minute and hour) fires once a day: at the first instant after the gap if
 *   clocks skip it, and only the first time if clocks show it twice;
 * - an *interval* (all others) fires whenever clocks show a matching time: in both passes of a repeated hour, never in
 *   a gap. One case differs, a gap that ends at midnight: croner skips the day, this function fires at that midnight.
 *   Within a period of constant offset, wall clock and UTC advance together, so the search goes from period to period.
 * @param after ms since 1970, as is the result, always a whole second
 */
export function nextFire(cron: ParsedCron, after: number): number | null {
  const horizon = after + HORIZON_MS;
  let from = (Math.floor(after / 1000) + 1) * 1000;
  while (from < horizon) {
    const { start, end, offset, before } = cron.zone.periodAt(from);
    let wall = from + offset;
    if (cron.fixedTime) {
      const skipped = from === start && nextWallTime(cron, start + before, start + offset) !== null;
      if (skipped) return start;
      wall = Math.max(wall, start + before);
    }
    const found = nextWallTime(cron, wall, Math.min(end, horizon) + offset);
    if (found !== null) return found - offset;
    from = end;
  }
  return null;
}

/** The fires in (after, until], oldest first, at most `limit`. Instants in ms. */
export function firesBetween(cron: ParsedCron, after: number, until: number, limit: number): number[] {
  const fires: number[] = [];
  let fire = nextFire(cron, after);
  while (fire !== null && fire <= until && fires.length < limit) {
    fires.push(fire);
    fire = nextFire(cron, fire);
  }
  return fires;
}

/**
 * The next `count` fires after `from`, at most 1000; fewer if there are no more within five years or before `until`.
 * Instants in ms.
 */
export function previewFires(cron: ParsedCron, count: number, from: number, until = Infinity): number[] {
  return firesBetween(cron, from, until, Math.min(count, MAX_FIRES));
}
