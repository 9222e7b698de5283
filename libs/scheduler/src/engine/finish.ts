/** The ends of executions, and the way back. */
import type { Verb } from '../core/state-machine.js';
import type { TerminalStatus } from '../core/status.js';
import * as edges from './edges.js';
import { retire, unretire } from './history.js';
import * as lock from './lock.js';
import { countEnd } from './minute-stats.js';
import { endRun, place } from './queue.js';
import type { ExecutionRecord, Outcome } from './records.js';
import type { Tables } from './tables.js';
import { closeMember, openMember } from './workflow.js';

/** The counter and the transition of each end. */
const ENDS = { COMPLETED: 'completed', FAILED: 'failed', CANCELLED: 'cancelled', SKIPPED: 'skipped' } as const;

/** Ends an execution: the one way for success, failure, cancel, skip, timeouts and lost workers. */
export function finish(
  t: Tables,
  execution: ExecutionRecord,
  verb: Verb,
  status: TerminalStatus,
  outcome: Outcome,
): void {
  if (execution.status === 'RUNNING') endRun(t, execution);
  else t.leave(execution);
  if (execution.ttl !== undefined) t.expiries.finish(execution);
  t.move(execution, verb, status);
  execution.completedAt = t.now;
  execution.result = outcome.result;
  execution.error = outcome.error;
  execution.reason = outcome.reason;
  t.history.setKept(execution);
  t.count(ENDS[status], 1);
  countEnd(t, execution);
  t.emitExecution(execution, ENDS[status]);
  lock.release(t, execution);
  edges.release(t, execution);
  propagateEnd(t, execution);
  if (execution.workflowId === undefined) retire(t, execution);
  else closeMember(t, execution);
}

/** Runs an execution again that failed, was cancelled or was skipped, with fresh budgets. Any other stays as it is. */
export function reopen(t: Tables, execution: ExecutionRecord): void {
  const status = execution.status;
  if (status !== 'FAILED' && status !== 'CANCELLED' && status !== 'SKIPPED') return;
  unretire(t, execution);
  if (execution.workflowId !== undefined) openMember(t, execution);
  t.move(execution, 'reopen', 'PENDING');
  execution.failures = 0;
  execution.crashes = 0;
  execution.snoozes = 0;
  execution.leaseToken++;
  execution.completedAt = 0;
  execution.cancelRequestedAt = 0;
  execution.result = undefined;
  execution.error = undefined;
  execution.reason = undefined;
  execution.rootCause = undefined;
  execution.dueAt = t.now;
  execution.isDated = undefined;
  execution.isUnregistered = undefined;
  edges.reattach(t, execution);
  t.emitExecution(execution, 'reopened');
  place(t, execution);
  if (hasDependents(execution)) t.steps.add(execution, 'reopened', 0);
}

/** Its dependents are told of its end, in bounded steps. */
export function propagateEnd(t: Tables, execution: ExecutionRecord): void {
  if (!hasDependents(execution)) return;
  execution.endsToPropagate = (execution.endsToPropagate ?? 0) + 1;
  t.steps.add(execution, 'ended', 0);
}

/** Whether any edge leads to it, or will. */
function hasDependents(execution: ExecutionRecord): boolean {
  return execution.arrivalSteps !== undefined || (execution.dependentCount ?? 0) > 0;
}
