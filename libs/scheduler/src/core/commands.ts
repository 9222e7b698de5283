import type { DependencyType } from './dependency.js';
import type { ErrorInfo } from './failure.js';
import type { JsonText } from './json.js';
import type { Payload } from './payload.js';
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
 * The upstream of an edge: an execution by id (possibly in the same batch), or the newest of the task. With `ofTask` an
 * execution of another task is refused.
 */
export type EdgeBinding = { executionId: string; ofTask?: string } | 'newest';

/** An edge of a new execution, as the caller has decided it. Durations in ms. */
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

/** An execution to store. It contains everything that the caller has decided. */
export interface NewExecution {
  executionId: string;
  taskId: string;
  queue: string;
  priority: TaskPriority;
  payload: Payload | null;
  /** Due at this instant (ms), or `delay` ms from the store's now. Both null: now. */
  scheduledTime: number | null;
  delay: number | null;
  lock: LockNeed | null;
  /** Limit of one attempt, ms. */
  timeout: number | null;
  /** ms that it may wait in its queue for its first run. Absent: any time. */
  ttl?: number;
  edges: readonly NewEdge[] | null;
  tags: readonly string[] | null;
  workflow: { workflowId: string; ref: string } | null;
  idempotency: { key: string; fingerprint: string } | null;
  /** Absent: not decided; the task's settings at run time apply. */
  budget?: RunBudget | null;
}

/** A workflow to store with its executions in one transition. */
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

/** One tick of a schedule to fire. */
export interface Tick {
  execution: NewExecution;
  /** The instant of the expression; jitter may delay the execution. */
  time: number;
  /** Stores the tick as SKIPPED instead of running it. */
  leaveOut: boolean;
  /** Reason of the skip. Default MISFIRED. */
  reason?: Reason;
}

/** Fires ticks of one schedule, unless it has changed since the decision. */
export interface FireCommand {
  scheduleId: string;
  /** The state that the decision is based on; if it differs, nothing happens. */
  expected: { revision: number; nextRunTime: number };
  ticks: readonly Tick[];
  overlap: OverlapPolicy;
  /** ms for a running execution to react to the cancel of overlap policy 'cancel'. */
  cancelGrace: number;
  nextRunTime: number | null;
}

/** Identifies a run that a worker holds. */
export interface RunToken {
  executionId: string;
  /**
   * Lease token. Grows with each claim, rescue, release and finalized cancel, so a worker that lost the run cannot
   * settle it.
   */
  leaseToken: number;
}

export type SettlementKind = 'complete' | 'fail' | 'retry' | 'snooze' | 'release' | 'cancel';

/** How a run ended. Create it with `settle`, which prevents illegal combinations of fields. */
export interface Settlement extends RunToken {
  kind: SettlementKind;
  /** Characters of the payload, if it is text: a store may read it again to settle the run. */
  payloadSize: number;
  result: JsonText | undefined;
  error: ErrorInfo | undefined;
  reason: Reason | undefined;
  /** ms before the next attempt. */
  delay: number;
  /** Of a release: the lock that the execution requires from now on. */
  lock?: LockNeed;
}

/** A run that is settled; a claim has its payload. */
type SettledRun = RunToken & { payload?: Payload | null };

function settlement(
  run: SettledRun,
  kind: SettlementKind,
  result: JsonText | undefined,
  error: ErrorInfo | undefined,
  reason: Reason | undefined,
  delay: number,
): Settlement {
  const payloadSize = typeof run.payload === 'string' ? run.payload.length : 0;
  return { executionId: run.executionId, leaseToken: run.leaseToken, kind, payloadSize, result, error, reason, delay };
}

export const settle = {
  complete: (run: SettledRun, result: JsonText | null): Settlement =>
    settlement(run, 'complete', result ?? undefined, undefined, undefined, 0),
  fail: (run: SettledRun, error: ErrorInfo, reason: Reason): Settlement =>
    settlement(run, 'fail', undefined, error, reason, 0),
  retry: (run: SettledRun, error: ErrorInfo, delay: number): Settlement =>
    settlement(run, 'retry', undefined, error, undefined, delay),
  /** Postponed by its handler: another run follows, and no attempt is used. */
  snooze: (run: SettledRun, error: ErrorInfo, delay: number): Settlement =>
    settlement(run, 'snooze', undefined, error, 'SNOOZED', delay),
  /** Back to the head of its queue, without using an attempt. */
  release: (run: SettledRun): Settlement => settlement(run, 'release', undefined, undefined, undefined, 0),
  /** Like release, for an execution that was scheduled before its task required a lock. */
  releaseForLock: (run: SettledRun, lock: LockNeed): Settlement => ({ ...settle.release(run), lock }),
  cancel: (run: SettledRun, error: ErrorInfo | null): Settlement =>
    settlement(run, 'cancel', undefined, error ?? undefined, 'CANCELLED', 0),
};
