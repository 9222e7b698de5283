import type { ErrorInfo } from './failure.js';
import type { TaskPriority } from './priority.js';
import type { Reason, TaskStatus, WaitingForKind } from './status.js';

/** One run of an execution, as history keeps it (the newest ten). Times are ISO 8601 text. */
export interface TaskAttempt {
  attempt: number;
  startedTime: string;
  endedTime: string | null;
  workerId: string | null;
  outcome: 'COMPLETED' | 'FAILED' | 'SNOOZED' | 'CANCELLED' | 'WORKER_LOST' | null;
  error: ErrorInfo | null;
}

/** Why an execution has not started: the first reason that applies, and what exactly. */
export interface WaitingFor {
  kind: WaitingForKind;
  /** The queue that is paused or stood in. */
  queue?: string;
  /** When its time comes, ISO 8601. */
  until?: string;
  /** The dependencies still open. */
  dependencies?: { taskId: string; ref: string; type: string; executionId: string | null; status: TaskStatus | null }[];
  /** The lock, and who holds it; null: it is free, and reserved for another execution for up to 1 s. */
  lock?: { key: string; heldBy: string | null };
  /** The limit that is reached. */
  limit?: { key: string };
  /** The task for which no live worker has a handler. */
  handler?: { taskId: string; funcPath: string };
}

/** How far a handler says it is. */
export interface TaskProgress {
  /** 0 to 1. */
  fraction: number;
  note: string | null;
  time: string;
}

/** The execution whose end made this one SKIPPED. */
export interface RootCause {
  executionId: string;
  taskId: string;
  status: TaskStatus;
}

declare const PAYLOAD: unique symbol;
declare const RESULT: unique symbol;
/** An execution's id: plain text that remembers, in types only, what goes in and what comes out. */
export type ExecutionId<P = unknown, R = unknown> = string & { readonly [PAYLOAD]?: P; readonly [RESULT]?: R };

/** What is known of one execution. Times are ISO 8601 text; JSON shows the priority by name. */
export interface TaskExecution<P = unknown, R = unknown> {
  executionId: ExecutionId<P, R>;
  taskId: string;
  taskName: string;
  status: TaskStatus;
  priority: TaskPriority;
  queue: string;
  payload: P;
  /** When it is or was due. */
  scheduledTime: string;
  createdTime: string;
  startedTime: string | null;
  completedTime: string | null;
  cancelRequestedTime: string | null;
  /** Retries begun or due: failed attempts that were followed, or will be, by another. */
  retryCount: number;
  /** Runs that ended by RetryLaterError: they spend no attempt. */
  snoozeCount: number;
  result: R | null;
  error: ErrorInfo | null;
  /** Why it ended as it did, SNOOZED while RETRYING after a RetryLaterError, or null. */
  reason: Reason | null;
  /** Of a SKIPPED execution: where the failure began. */
  rootCause: RootCause | null;
  waitingFor: WaitingFor | null;
  attempts: TaskAttempt[];
  progress: TaskProgress | null;
  logs: string[];
  workflowId: string | null;
  /** Its name within the workflow. */
  ref: string | null;
  scheduleId: string | null;
  tags: readonly string[];
}
