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

/** Why an execution has not started: the first reason that applies, with details. */
export interface WaitingFor {
  kind: WaitingForKind;
  /** The queue that is paused, or that it waits in. */
  queue?: string;
  /** When it is due, ISO 8601. */
  until?: string;
  /** Its open dependencies. */
  dependencies?: { taskId: string; ref: string; type: string; executionId: string | null; status: TaskStatus | null }[];
  /** The lock and its holder; null: it is free, and reserved for another execution for up to 1 s. */
  lock?: { key: string; heldBy: string | null };
  /** The limit that is reached. */
  limit?: { key: string };
  /** The task for which no live worker has a handler. */
  handler?: { taskId: string; funcPath: string };
}

/** Progress that a handler reported. */
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
/** An execution's id: text that carries the types of its payload and result at compile time. */
export type ExecutionId<P = unknown, R = unknown> = string & { readonly [PAYLOAD]?: P; readonly [RESULT]?: R };

/** State of one execution. Times are ISO 8601 text; JSON has the priority by name. */
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
  /** Retries that started or are due. */
  retryCount: number;
  /** Runs that ended by RetryLaterError; they use no attempt. */
  snoozeCount: number;
  result: R | null;
  error: ErrorInfo | null;
  /** Why it ended in this status, SNOOZED while RETRYING after a RetryLaterError, or null. */
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
