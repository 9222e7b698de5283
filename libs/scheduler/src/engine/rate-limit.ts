/** Rate limits of queues: `max` starts in any span of `per` ms. */
import { RATE_PARTS } from '../core/limits.js';
import type { Starts } from './records.js';

/** @param starts oldest first @returns the instant, ms, from which on another start keeps the limit; 0: any */
export function roomAt(starts: readonly Starts[], max: number, per: number): number {
  let left = 0;
  for (const each of starts) left += each.count;
  let at = 0;
  for (const each of starts) {
    if (left < max) break;
    left -= each.count;
    at = each.at + per;
  }
  return at;
}

/** Adds a start, and drops those that have left the span that ends now. */
export function addStart(starts: Starts[], per: number, now: number): void {
  while (starts.length > 0 && starts[0]!.at + per <= now) starts.shift();
  const last = starts[starts.length - 1];
  if (last !== undefined && now - last.from < per / RATE_PARTS) {
    last.at = now;
    last.count++;
  } else {
    starts.push({ from: now, at: now, count: 1 });
  }
}
