/** Workers: how they join, stay and leave, and what becomes of their runs. */
import { renew as renewLock } from './lock.js';
import type { ExecutionRecord, ExpiredRun, Heartbeat, RunToken, Stored, WorkerRecord } from './records.js';
import { endLockWait, rescue, takeBack } from './rescue.js';
import { finalizeCancel } from './settle.js';
import type { Tables } from './tables.js';
import { expireDue } from './ttl.js';

/** A worker joins, or describes itself anew. */
export function register(t: Tables, id: string, about: Stored): void {
  const isNew = t.workers.get(id) === undefined;
  const worker = t.workers.describe(id, about);
  if (isNew) t.emitWorker('joined', worker);
  renewLease(t, worker);
  for (const queue of t.workers.queuesOf(worker))
    if (t.ready.count(queue) > 0 || t.unhandled.hasFor(worker, queue)) t.wake(queue);
}

/** Whatever a worker sends renews its lease. */
export function renewLease(t: Tables, worker: WorkerRecord): void {
  t.workers.setLease(worker, t.now + t.lease);
}

/**
 * Whether a call of a worker arrives behind a newer one of its pipeline. One that has joined again begins its pipelines anew.
 * @param newest the number of the newest call of the pipeline
 */
export function isOvertaken(newest: number, sequence: number, hasJoinedAgain: boolean): boolean {
  return sequence < newest && !(hasJoinedAgain && sequence === 1);
}

/**
 * Renews the lease of a worker and the locks of its runs, or of those that a remote store looks at in one step.
 * @returns those of them that were asked to cancel
 */
export function renew(t: Tables, worker: WorkerRecord): RunToken[] {
  const cancelRequested: RunToken[] = [];
  renewLease(t, worker);
  t.workers.eachRun(worker, (execution) => {
    renewLock(t, execution);
    if (execution.cancelRequestedAt > 0)
      cancelRequested.push({ executionId: execution.id, leaseToken: execution.leaseToken });
  });
  return cancelRequested;
}

/** The heartbeat of a worker. @param runs those that it has */
export function heartbeat(t: Tables, id: string, runs: readonly RunToken[]): Heartbeat {
  const worker = t.workers.get(id);
  if (worker === undefined) return { known: false, cancelRequested: [], lost: runs };
  const cancelRequested = renew(t, worker);
  const lost: RunToken[] = [];
  for (const run of runs) if (!t.workers.hasRun(worker, run)) lost.push(run);
  return { known: true, cancelRequested, lost };
}

/** A worker claims nothing more. @returns false where it did not claim anyway */
export function drain(t: Tables, id: string): boolean {
  const worker = t.workers.get(id);
  if (worker === undefined || worker.draining === true) return false;
  worker.draining = true;
  t.workers.touch(worker);
  t.emitWorker('draining', worker);
  return true;
}

/** Takes back up to `limit` runs of a worker that leaves. @returns whether it has left; else it asks again */
export function deregister(t: Tables, id: string, limit: number): boolean {
  const worker = t.workers.get(id);
  if (worker === undefined) return true;
  // No lock that its runs release is reserved for what only it could run.
  worker.draining = true;
  t.workers.touch(worker);
  t.workers.takeRuns(worker, limit, (execution) => takeBack(t, execution));
  if (t.workers.countRuns(worker) > 0) return false;
  t.workers.delete(worker);
  t.emitWorker('left', worker);
  return true;
}

/** Brings back up to `limit` runs of workers whose lease is over. @returns how many */
export function rescueLost(t: Tables, limit: number): number {
  let done = 0;
  for (const worker of t.workers.lost()) {
    done += t.workers.takeRuns(worker, limit - done, (execution) => rescue(t, execution));
    if (t.workers.countRuns(worker) === 0) {
      t.workers.delete(worker);
      t.emitWorker('lost', worker);
    }
  }
  return done;
}

/** @returns up to `limit` runs that are past their bound: their own timeout and a lease, or the one of the store */
export function expired(t: Tables, limit: number): ExpiredRun[] {
  const found: ExpiredRun[] = [];
  t.eachPastDeadline(limit, (execution) => {
    found.push({ execution, bound: execution.timeout! });
  });
  t.eachRunOlderThan(t.maxAttemptDuration, (execution) => {
    if (found.length < limit && !isListed(found, execution)) found.push({ execution, bound: t.maxAttemptDuration });
    return found.length < limit;
  });
  return found;
}

/** Ends the runs that were not cancelled in time, and the waits for locks and for first runs that took too long. @returns how many */
export function endWaits(t: Tables): number {
  const cancels = t.eachDueCancel((execution) => finalizeCancel(t, execution));
  return cancels + t.lockWaiters.eachDue((execution) => endLockWait(t, execution)) + expireDue(t);
}

function isListed(found: readonly ExpiredRun[], execution: ExecutionRecord): boolean {
  for (const each of found) if (each.execution.id === execution.id) return true;
  return false;
}
