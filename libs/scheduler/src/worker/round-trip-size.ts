import type { Settlement } from '../core/commands.js';
import { CLAIM_PER_STEP } from '../core/limits.js';

/** Characters that a remote store receives, and reads again, for the settlements of one round trip. */
const MAX_ROUND_TRIP_SIZE = 1024 * 1024;

/** Number of these settlements that fit into one round trip, at least one. */
export function fitIntoRoundTrip(settlements: readonly Settlement[]): number {
  let size = 0;
  let count = 0;
  for (const { payloadSize, result, error } of settlements) {
    size += payloadSize + (result?.length ?? 0) + (error?.stack?.length ?? 0);
    if (count === CLAIM_PER_STEP || (count > 0 && size > MAX_ROUND_TRIP_SIZE)) break;
    count++;
  }
  return count;
}
