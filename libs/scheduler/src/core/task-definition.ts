import type { ResolvedDependency, TaskDependency } from './dependency.js';
import type { Duration } from './duration.js';
import type { TaskPriority, TaskPriorityInput } from './priority.js';
import type { ResolvedRetry, RetryConfig } from './retry.js';

/** A lock's key: text, a template such as 'report:{payload.id}', or (where the task is defined) a function. */
export type LockKey<P = unknown> = string | ((payload: P) => string);

/** What a task is: which handler runs, how, and after what. */
export interface TaskDefinition<P = unknown> {
  /** Names the task: 1 to 128 of A-Z a-z 0-9 . _ : - */
  taskId: string;
  /** For people. Default: taskId. */
  taskName?: string;
  /** The handler: the text of its @ScheduledTask. */
  funcPath: string;
  /** Default NORMAL. */
  priority?: TaskPriorityInput;
  /** The payload of every execution; a schedule-time payload is merged over it when both are plain objects. */
  payload?: P;
  /** Default: no retry. */
  retryConfig?: RetryConfig;
  /**
   * How often an execution may be put off by RetryLaterError, with or without a retryConfig: 0 to 10000; once more ends
   * it as FAILED / SNOOZES_EXHAUSTED. Default 100.
   */
  maxSnoozes?: number;
  /** What each execution waits for. Default: nothing. */
  dependencies?: readonly TaskDependency[];
  /** Whether executions of one lockKey exclude each other, on all nodes. Default false. */
  requireLock?: boolean;
  /** Default: taskId. */
  lockKey?: LockKey<P>;
  /** How long the lock outlives its holder's last beat. Default '5m'. A bare number under 1000 is refused. */
  lockTimeout?: Duration;
  /** How long to wait for the lock; then FAILED with reason LOCK_TIMEOUT. Default: for ever. */
  lockMaxWait?: Duration;
  /** Bound of one attempt. Default: none of its own (the store's maxAttemptDuration holds). */
  timeout?: Duration;
  /** Which queue its executions stand in. Default 'default'. */
  queue?: string;
  /** Labels for listExecutions, at most 16. */
  tags?: readonly string[];
  /** Its handler lives in another process. Default false. */
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
  queue: string;
  tags: readonly string[];
  remote: boolean;
}

/** What the store mirrors of a definition: JSON, so that a node without the code can schedule it. */
export interface TaskMirror extends Omit<ResolvedTask, 'lockKey' | 'retry' | 'remote' | 'maxSnoozes'> {
  /** null: a function, which exists only where the task is defined. */
  lockKey: string | null;
  retry: Omit<ResolvedRetry, 'retryIf'> | null;
  /** Absent: mirrored by a release that knew no such bound. */
  maxSnoozes?: number;
  appName: string;
  appVersion: string;
}

/** The mirror of a definition; functions stay behind. */
export function toMirror(task: ResolvedTask, appName: string, appVersion: string): TaskMirror {
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
