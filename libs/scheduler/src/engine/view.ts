/** What users see of an execution, as far as it takes a decision. */
import type { TaskStatus, WaitingForKind } from '../core/status.js';
import { isFree } from './lock.js';
import { hasRoom } from './queue.js';
import type { ExecutionRecord, LockRecord, QueueRecord, Stored } from './records.js';
import type { Tables } from './tables.js';

/** Why an execution has not started. */
export interface Waiting {
  readonly kind: WaitingForKind;
  /** Of kind `lock`. */
  readonly lock?: LockRecord;
}

/** @returns the first reason of the fixed order; undefined: it has started */
export function waitingFor(t: Tables, execution: ExecutionRecord, queue: QueueRecord): Waiting | undefined {
  if (execution.status !== 'PENDING' && execution.status !== 'RETRYING') return undefined;
  if (queue.paused) return { kind: 'paused' };
  if (t.isDelayed(execution)) return { kind: 'time' };
  if (t.isBlocked(execution)) return { kind: 'dependencies' };
  const lock = t.lockWaiters.lockOf(execution);
  if (lock !== undefined && !isFree(lock)) return { kind: 'lock', lock };
  if (!hasRoom(t, queue)) return { kind: 'limit' };
  // The lock is free: what keeps the first of its line from starting keeps this one, too.
  const first = lock === undefined ? execution : t.lockWaiters.firstOfLine(execution);
  return { kind: t.unhandled.has(first) ? 'handler' : 'queue' };
}

/** Whether its newest run is shown beside the recorded attempts: one under way, or a first success, which none records. */
export function showsLastRun(status: TaskStatus, attempts: Stored): boolean {
  return status === 'RUNNING' || (status === 'COMPLETED' && attempts === undefined);
}
