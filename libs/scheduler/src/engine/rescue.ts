/** Ends of runs that no worker settles. */
import { MAX_CRASHES } from '../core/limits.js';
import { finish } from './finish.js';
import * as lock from './lock.js';
import type { ExecutionRecord } from './records.js';
import { endUnregistered, finalizeCancel, giveUp, isUnregistered, release } from './settle.js';
import type { Tables } from './tables.js';

/** The lease of its worker is over: the run goes back to the head of its queue, or fails after too many crashes. */
export function rescue(t: Tables, execution: ExecutionRecord): void {
  if (execution.cancelRequestedAt > 0) {
    finalizeCancel(t, execution);
    return;
  }
  t.count('crashed', 1);
  execution.crashes++;
  const message = `the lease of worker ${execution.lastWorkerId} ended during run ${execution.runs}`;
  const failure = t.makeError('WorkerLostError', message, 'WORKER_LOST');
  if (isUnregistered(t, execution)) {
    endUnregistered(t, execution, 'WORKER_LOST', failure);
    return;
  }
  t.addAttempt(execution, 'WORKER_LOST', failure);
  if (execution.crashes >= MAX_CRASHES) {
    execution.leaseToken++;
    finish(t, execution, 'rescue', 'FAILED', { error: failure, reason: 'WORKER_LOST' });
    return;
  }
  giveUp(t, execution);
  t.move(execution, 'rescue', 'PENDING');
  t.emitExecution(execution, 'rescued');
  t.pushHead(execution);
  lock.release(t, execution);
}

/** Takes back a run that its worker does not hold: it leaves, or has lost it. */
export function takeBack(t: Tables, execution: ExecutionRecord): void {
  if (execution.cancelRequestedAt > 0) finalizeCancel(t, execution);
  else if (isUnregistered(t, execution)) endUnregistered(t, execution, 'CANCELLED', undefined);
  else release(t, execution);
}

/** The execution has waited for its lock for as long as it may. */
export function endLockWait(t: Tables, execution: ExecutionRecord): void {
  t.count('lockTimeouts', 1);
  const message = `lock '${execution.lockKey}' was not free within ${execution.lockMaxWait} ms`;
  const failure = t.makeError('LockTimeoutError', message, 'LOCK_TIMEOUT');
  finish(t, execution, 'expire', 'FAILED', { error: failure, reason: 'LOCK_TIMEOUT' });
}
