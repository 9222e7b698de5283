/** The states an execution can be in. Upper-case text, the same in code, JSON, REST and metrics. */
export const TaskStatus = {
  /** Accepted, not started: `waitingFor` gives the reason. */
  PENDING: 'PENDING',
  /** A worker runs it. */
  RUNNING: 'RUNNING',
  /** Ended with a result. */
  COMPLETED: 'COMPLETED',
  /** Ended with an error, without a further retry. */
  FAILED: 'FAILED',
  /** An attempt failed; another one follows. */
  RETRYING: 'RETRYING',
  /** Ended by cancelTask. */
  CANCELLED: 'CANCELLED',
  /** Never ran: a dependency cannot be satisfied any more, or a schedule skipped this tick. */
  SKIPPED: 'SKIPPED',
} as const;
export type TaskStatus = (typeof TaskStatus)[keyof typeof TaskStatus];

/** A status that an execution leaves only by an explicit retry. */
export type TerminalStatus = 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'SKIPPED';

export const TERMINAL_STATUSES = ['COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED'] as const satisfies TerminalStatus[];

export function isTerminal(status: TaskStatus): status is TerminalStatus {
  return status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED' || status === 'SKIPPED';
}

/** Why an execution is in its status: `reason` of an ended execution, and of a snoozed one. */
export const Reason = {
  DEPENDENCY_FAILED: 'DEPENDENCY_FAILED',
  DEPENDENCY_TIMEOUT: 'DEPENDENCY_TIMEOUT',
  OVERLAP: 'OVERLAP',
  MISFIRED: 'MISFIRED',
  WORKER_LOST: 'WORKER_LOST',
  TIMEOUT: 'TIMEOUT',
  LOCK_TIMEOUT: 'LOCK_TIMEOUT',
  EXPIRED: 'EXPIRED',
  FORBIDDEN: 'FORBIDDEN',
  CANCELLED: 'CANCELLED',
  TASK_UNREGISTERED: 'TASK_UNREGISTERED',
  NON_RETRYABLE: 'NON_RETRYABLE',
  RETRIES_EXHAUSTED: 'RETRIES_EXHAUSTED',
  HANDLER_FAILED: 'HANDLER_FAILED',
  SNOOZES_EXHAUSTED: 'SNOOZES_EXHAUSTED',
  /** RETRYING because its handler postponed it. */
  SNOOZED: 'SNOOZED',
} as const;
export type Reason = (typeof Reason)[keyof typeof Reason];

/** What a PENDING or RETRYING execution waits for: the first that applies, in this order. */
export const WAITING_FOR = ['paused', 'time', 'dependencies', 'lock', 'limit', 'handler', 'queue'] as const;
export type WaitingForKind = (typeof WAITING_FOR)[number];
