import type { DependencyType } from './dependency.js';
import type { ErrorInfo } from './failure.js';
import type { JsonText } from './json.js';
import type { RunBudget } from './run-budget.js';
import type { TaskPriority } from './priority.js';
import type { OverlapPolicy } from './schedule.js';
import type { Reason } from './status.js';

/** The lock that an execution must hold while it runs. Durations in ms. */
export interface LockNeed {
  key: string;
  timeout: number;
  maxWait: number | null;
}

/**
 * What an edge binds to: an execution by id (it may stand in the same batch), or the newest of the task. With `ofTask` an
 * execution of another task is refused.
 */
export type EdgeBinding = { executionId: string; ofTask?: string } | 'newest';

/** An edge of one execution, decided before the call. Durations in ms. */
export interface NewEdge {
  taskId: string;
  /** Its key in `ctx.results`. */
  ref: string;
  type: DependencyType;
  timeout: number | null;
  maxAge: number | null;
  reuse: boolean;
  bind: EdgeBinding;
}

/** An execution to be stored: everything that was decided about it, as data. */
export interface NewExecution {
  executionId: string;
  taskId: string;
  queue: string;
  priority: TaskPriority;
  payload: JsonText | null;
  /** Due at this instant (ms), or `delay` ms from the store's now; both null: now. */
  scheduledTime: number | null;
  delay: number | null;
  lock: LockNeed | null;
  /** Bound of one attempt, ms. */
  timeout: number | null;
  edges: readonly NewEdge[] | null;
  tags: readonly string[] | null;
  workflow: { workflowId: string; ref: string } | null;
  idempotency: { key: string; fingerprint: string } | null;
  /** Absent: none was decided, and the settings of the task hold when it runs. */
  budget?: RunBudget | null;
}

/** A workflow to be stored with its executions in one transition. */
export interface NewWorkflow {
  workflowId: string;
  name: string;
  nodes: readonly {
    ref: string;
    executionId: string;
    taskId: string;
    dependsOn: readonly { ref: string; type: DependencyType }[];
  }[];
}

/** One tick of a schedule to be fired. `lost` ticks before it are accounted for by this one. */
export interface Tick {
  execution: NewExecution;
  /** The instant that the expression names; the execution may be due later by the jitter. */
  time: number;
  /** Left out: stored as SKIPPED, and not run. */
  leaveOut: boolean;
  /** Why it is left out. Default MISFIRED. */
  reason?: Reason;
}

/** Fires ticks of one schedule, if it still is as the decision saw it. */
export interface FireCommand {
  scheduleId: string;
  /** What the decision saw; otherwise nothing happens. */
  expected: { revision: number; nextRunTime: number };
  ticks: readonly Tick[];
  overlap: OverlapPolicy;
  /** ms that a running execution has to heed the cancel of overlap policy 'cancel'. */
  cancelGrace: number;
  nextRunTime: number | null;
}

/** A run that a worker holds: the pair is its token. */
export interface RunToken {
  executionId: string;
  /** Raised by claim, rescue, release and cancel-finalise, so that whoever lost the run cannot settle it. */
  leaseToken: number;
}

export type SettlementKind = 'complete' | 'fail' | 'retry' | 'snooze' | 'release' | 'cancel';

/** How a run ended. Made by `settle`, so that no illegal mix of fields can be written. */
export interface Settlement extends RunToken {
  kind: SettlementKind;
  result: JsonText | null;
  error: ErrorInfo | null;
  reason: Reason | null;
  /** ms before the next attempt. */
  delay: number;
  /** Of a release: the lock that it must hold from now on, where it needs none so far. */
  lock?: LockNeed;
}

function settlement(
  run: RunToken,
  kind: SettlementKind,
  result: JsonText | null,
  error: ErrorInfo | null,
  reason: Reason | null,
  delay: number,
): Settlement {
  return { executionId: run.executionId, leaseToken: run.leaseToken, kind, result, error, reason, delay };
}

export const settle = {
  complete: (run: RunToken, result: JsonText | null): Settlement => settlement(run, 'complete', result, null, null, 0),
  fail: (run: RunToken, error: ErrorInfo, reason: Reason): Settlement =>
    settlement(run, 'fail', null, error, reason, 0),
  retry: (run: RunToken, error: ErrorInfo, delay: number): Settlement =>
    settlement(run, 'retry', null, error, null, delay),
  /** Put off by its handler: another run follows, and no attempt is spent. */
  snooze: (run: RunToken, error: ErrorInfo, delay: number): Settlement =>
    settlement(run, 'snooze', null, error, 'SNOOZED', delay),
  /** Back to the head of its queue; no attempt spent. */
  release: (run: RunToken): Settlement => settlement(run, 'release', null, null, null, 0),
  /** As release, of an execution that was scheduled before its task required a lock. */
  releaseForLock: (run: RunToken, lock: LockNeed): Settlement => ({ ...settle.release(run), lock }),
  cancel: (run: RunToken, error: ErrorInfo | null): Settlement =>
    settlement(run, 'cancel', null, error, 'CANCELLED', 0),
};
