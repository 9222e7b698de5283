/**
 * Time to live: an execution that waits longer than its `ttl` for its first run ends as FAILED / EXPIRED. The wait begins
 * when it enters its queue: it is due, and its dependencies hold. Whatever keeps it there counts: a pause, a limit, a lock,
 * missing workers. A run that has begun ends the wait for good; a reopened execution begins anew.
 */
import { finish } from './finish.js';
import type { ExecutionRecord } from './records.js';
import type { Tables } from './tables.js';

/** Whether it may not start any more. */
export function isExpired(t: Tables, execution: ExecutionRecord): boolean {
  if (execution.ttl === undefined) return false;
  const at = t.expiries.get(execution);
  return at !== undefined && at <= t.now;
}

/** Its first run begins: it does not expire any more. */
export function keepForGood(t: Tables, execution: ExecutionRecord): void {
  if (execution.ttl !== undefined) t.expiries.finish(execution);
}

/** Ends it: it has waited too long. */
export function expire(t: Tables, execution: ExecutionRecord): void {
  const message = `no run began within ${execution.ttl} ms`;
  const failure = t.makeError('ExecutionExpiredError', message, 'EXPIRED');
  finish(t, execution, 'expire', 'FAILED', { error: failure, reason: 'EXPIRED' });
}

/** Ends those that nobody has claimed in time. @returns how many */
export function expireDue(t: Tables): number {
  return t.expiries.eachDue((execution) => expire(t, execution));
}
