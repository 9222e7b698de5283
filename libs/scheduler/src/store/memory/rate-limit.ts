import { RATE_PARTS } from '../../core/limits.js';
import type { QueueRules } from '../records.js';

/** Starts that lie close together, and leave the window together. */
export interface Starts {
  /** When the first and the last of them was, ms. */
  from: number;
  at: number;
  count: number;
}

type RateLimit = NonNullable<QueueRules['rateLimit']>;

/** The instant from which on another start keeps the limit; 0: any. @param starts oldest first */
export function roomAt(starts: readonly Starts[], { max, per }: RateLimit): number {
  let left = starts.reduce((sum, { count }) => sum + count, 0);
  let at = 0;
  for (const each of starts) {
    if (left < max) break;
    left -= each.count;
    at = each.at + per;
  }
  return at;
}

/** Notes a start, and drops those that have left the window. */
export function noteStart(starts: Starts[], { per }: RateLimit, now: number): void {
  while (starts.length > 0 && starts[0]!.at + per <= now) starts.shift();
  const last = starts.at(-1);
  if (last && now - last.from < per / RATE_PARTS) {
    last.at = now;
    last.count++;
  } else starts.push({ from: now, at: now, count: 1 });
}
