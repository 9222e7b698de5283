/** The ends of runs. */
import { finish } from './finish.js';
import * as lock from './lock.js';
import { endRun, place } from './queue.js';
import type { ExecutionRecord, RunSettlement, RunToken, Settlement, Stored, WorkerRecord } from './records.js';
import type { Tables } from './tables.js';

/** The execution of a run, if its token is current: a newer one means that the run has changed hands. */
export function current(t: Tables, run: RunToken): ExecutionRecord | undefined {
  const execution = t.execution(run.executionId);
  return execution !== undefined && isRun(execution, run) ? execution : undefined;
}

/** As `current`, of a run of that worker. */
export function currentOf(t: Tables, worker: WorkerRecord, run: RunToken): ExecutionRecord | undefined {
  const execution = t.execution(run.executionId);
  return execution !== undefined && isRunOf(execution, worker, run) ? execution : undefined;
}

/** Whether the execution is in that run, and a worker has it. */
export function isRunOf(execution: ExecutionRecord, worker: WorkerRecord, run: RunToken): boolean {
  return isRun(execution, run) && execution.workerId === worker.id;
}

function isRun(execution: ExecutionRecord, run: RunToken): boolean {
  return execution.status === 'RUNNING' && execution.leaseToken === run.leaseToken;
}

/**
 * The places of settlements in the order in which they take effect: releases last and backwards, so that what goes back to the
 * head of its queue keeps its order.
 */
export function inOrder(settlements: readonly RunSettlement[]): number[] {
  const order: number[] = [];
  for (let i = 0; i < settlements.length; i++) if (settlements[i]!.kind !== 'release') order.push(i);
  for (let i = settlements.length - 1; i >= 0; i--) if (settlements[i]!.kind === 'release') order.push(i);
  return order;
}

/** Settles runs of a worker, see inOrder. @returns of each, whether its token was current; else nothing has changed */
export function settleAll(t: Tables, worker: WorkerRecord, settlements: readonly RunSettlement[]): boolean[] {
  const applied: boolean[] = [];
  for (const i of inOrder(settlements)) applied[i] = settleOwn(t, worker, settlements[i]!);
  return applied;
}

/** Settles a run for its worker, which does not. @returns whether the token was current; else nothing has changed */
export function settleExpired(t: Tables, settlement: RunSettlement): boolean {
  const execution = current(t, settlement);
  if (execution !== undefined) settle(t, execution, settlement);
  return execution !== undefined;
}

function settleOwn(t: Tables, worker: WorkerRecord, settlement: RunSettlement): boolean {
  const execution = currentOf(t, worker, settlement);
  if (execution !== undefined && t.settleRun(execution, () => settle(t, execution, settlement))) return true;
  t.count('stale', 1);
  t.emitStale(worker, settlement);
  return false;
}

/** Settles a run of which the token is current. */
export function settle(t: Tables, execution: ExecutionRecord, settlement: Settlement): void {
  const failure = settlement.error;
  // After a request to cancel, only success still counts.
  const isCancelled = execution.cancelRequestedAt > 0 && settlement.kind !== 'complete';
  if (isCancelled || settlement.kind === 'cancel') {
    t.addAttempt(execution, 'CANCELLED', failure);
    finish(t, execution, 'finalizeCancel', 'CANCELLED', { error: failure, reason: 'CANCELLED' });
  } else if (settlement.kind === 'complete') {
    if (t.hasAttempts(execution)) t.addAttempt(execution, 'COMPLETED', undefined);
    finish(t, execution, 'complete', 'COMPLETED', { result: settlement.result });
  } else if (settlement.kind === 'fail') {
    t.addAttempt(execution, 'FAILED', failure);
    finish(t, execution, 'fail', 'FAILED', { error: failure, reason: settlement.reason });
  } else if (isUnregistered(t, execution)) {
    endUnregistered(t, execution, settlement.kind === 'retry' ? 'FAILED' : 'CANCELLED', failure);
  } else if (settlement.kind === 'retry') {
    retry(t, execution, failure, settlement.delay);
  } else if (settlement.kind === 'snooze') {
    snooze(t, execution, failure, settlement.delay);
  } else {
    release(t, execution);
    if (settlement.lock !== undefined && execution.lockKey === undefined) t.requireLock(execution, settlement.lock);
  }
}

/** Whether it cannot run again: its task was unregistered during the run, and is not back. */
export function isUnregistered(t: Tables, execution: ExecutionRecord): boolean {
  if (!execution.isUnregistered) return false;
  return !t.definitions.isDefined(execution);
}

/** Ends a run of an unregistered task that would have to run again. @param outcome of its last attempt */
export function endUnregistered(
  t: Tables,
  execution: ExecutionRecord,
  outcome: 'FAILED' | 'CANCELLED' | 'WORKER_LOST',
  failure: Stored,
): void {
  execution.leaseToken++;
  t.addAttempt(execution, outcome, failure);
  finish(t, execution, 'finalizeCancel', 'CANCELLED', { error: failure, reason: 'TASK_UNREGISTERED' });
}

/** Returns a run to the head of its queue, as if it had not been claimed. */
export function release(t: Tables, execution: ExecutionRecord): void {
  giveUp(t, execution);
  execution.runs--;
  t.move(execution, 'release', 'PENDING');
  t.count('released', 1);
  t.emitExecution(execution, 'released');
  t.pushHead(execution);
  lock.release(t, execution);
}

/** Ends a run as cancelled, without a settlement of its worker. */
export function finalizeCancel(t: Tables, execution: ExecutionRecord): void {
  execution.leaseToken++;
  t.addAttempt(execution, 'CANCELLED', undefined);
  finish(t, execution, 'finalizeCancel', 'CANCELLED', { reason: 'CANCELLED' });
}

/**
 * Takes a run from its worker, so that its token is not current any more. Its lock is released once the execution has its
 * place, so that this place is behind that of the next holder.
 */
export function giveUp(t: Tables, execution: ExecutionRecord): void {
  endRun(t, execution);
  execution.leaseToken++;
}

function retry(t: Tables, execution: ExecutionRecord, failure: Stored, delay: number): void {
  execution.failures++;
  t.addAttempt(execution, 'FAILED', failure);
  if (failure !== undefined) t.addRecentError(execution, failure);
  giveUp(t, execution);
  t.move(execution, 'retry', 'RETRYING');
  execution.error = failure;
  t.count('retried', 1);
  placeLater(t, execution, delay);
}

/** Its handler has put it off: nothing has failed. */
function snooze(t: Tables, execution: ExecutionRecord, failure: Stored, delay: number): void {
  execution.snoozes++;
  t.addAttempt(execution, 'SNOOZED', failure);
  giveUp(t, execution);
  t.move(execution, 'retry', 'RETRYING');
  execution.error = undefined;
  execution.reason = 'SNOOZED';
  t.count('snoozed', 1);
  placeLater(t, execution, delay);
}

function placeLater(t: Tables, execution: ExecutionRecord, delay: number): void {
  execution.dueAt = t.now + delay;
  execution.isDated = undefined;
  t.emitExecution(execution, 'retrying');
  place(t, execution);
  lock.release(t, execution);
}
