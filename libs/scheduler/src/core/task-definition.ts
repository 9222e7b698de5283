import type { ResolvedDependency, TaskDependency } from './dependency.js';
import type { Duration } from './duration.js';
import type { TaskPriority, TaskPriorityInput } from './priority.js';
import type { ResolvedRetry, RetryConfig } from './retry.js';

/** A lock's key: text, a template such as 'report:{payload.id}', or (on nodes that define the task) a function. */
export type LockKey<P = unknown> = string | ((payload: P) => string);

/** Defines a task: its handler, how it runs, and its dependencies. */
export interface TaskDefinition<P = unknown> {
  /** Id of the task: 1 to 128 of A-Z a-z 0-9 . _ : - */
  taskId: string;
  /** Name for display. Default: taskId. */
  taskName?: string;
  /** The handler: the text of its @ScheduledTask. */
  funcPath: string;
  /** Default NORMAL. */
  priority?: TaskPriorityInput;
  /** The payload of every execution; the payload of a call is merged over it if both are plain objects. */
  payload?: P;
  /** Default: no retry. */
  retryConfig?: RetryConfig;
  /**
   * How often RetryLaterError may postpone an execution, with or without a retryConfig: 0 to 10000. One more ends it as
   * FAILED / SNOOZES_EXHAUSTED. Default 100.
   */
  maxSnoozes?: number;
  /** What each execution waits for. Default: nothing. */
  dependencies?: readonly TaskDependency[];
  /** Whether executions with the same lockKey exclude each other, on all nodes. Default false. */
  requireLock?: boolean;
  /** Default: taskId. */
  lockKey?: LockKey<P>;
  /** How long the lock is held after its holder's last heartbeat. Default '5m'. A bare number under 1000 is refused. */
  lockTimeout?: Duration;
  /** Limit of the wait for the lock; then FAILED with reason LOCK_TIMEOUT. Default: unlimited. */
  lockMaxWait?: Duration;
  /** Limit of one attempt. Default: the store's maxAttemptDuration. */
  timeout?: Duration;
  /**
   * How long an execution may wait for its first run once it is due and its dependencies hold; then FAILED with reason
   * EXPIRED. Pauses, limits and locks count as well. Default: for ever.
   */
  ttl?: Duration;
  /** The queue of its executions. Default 'default'. */
  queue?: string;
  /** Labels for listExecutions, at most 16. */
  tags?: readonly string[];
  /** Whether its handler is in another process. Default false. */
  remote?: boolean;
}

/** A TaskDefinition checked, with defaults filled in and durations in ms. */
export interface ResolvedTask {
  taskId: string;
  taskName: string;
  funcPath: string;
  priority: TaskPriority;
  payload: unknown;
  retry: ResolvedRetry | null;
  maxSnoozes: number;
  dependencies: readonly ResolvedDependency[];
  requireLock: boolean;
  lockKey: LockKey;
  lockTimeout: number;
  lockMaxWait: number | null;
  timeout: number | null;
  /** Absent: any time. */
  ttl?: number;
  queue: string;
  tags: readonly string[];
  remote: boolean;
}

/** A definition as stored: JSON, so that a node without the code can schedule the task. */
export interface TaskRecord extends Omit<ResolvedTask, 'lockKey' | 'retry' | 'remote' | 'maxSnoozes'> {
  /** null: a function, which exists only on nodes that define the task. */
  lockKey: string | null;
  retry: Omit<ResolvedRetry, 'retryIf'> | null;
  /** Absent: written by a release without this limit. */
  maxSnoozes?: number;
  appName: string;
  appVersion: string;
}

/** @deprecated Use TaskRecord. */
export type TaskMirror = TaskRecord;

/** Converts a definition to its record; functions are omitted. */
export function toTaskRecord(task: ResolvedTask, appName: string, appVersion: string): TaskRecord {
  const { lockKey, retry, remote: _remote, ...rest } = task;
  const { retryIf: _retryIf, ...retryData } = retry ?? { retryIf: null };
  return {
    ...rest,
    lockKey: typeof lockKey === 'string' ? lockKey : null,
    retry: retry === null ? null : (retryData as Omit<ResolvedRetry, 'retryIf'>),
    appName,
    appVersion,
  };
}
