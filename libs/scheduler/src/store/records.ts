import type { RunToken } from '../core/commands.js';
import type { DependencyType } from '../core/dependency.js';
import type { ErrorInfo } from '../core/failure.js';
import type { JsonText } from '../core/json.js';
import type { Payload } from '../core/payload.js';
import type { RunBudget } from '../core/run-budget.js';
import type { TaskPriority, TaskPriorityName } from '../core/priority.js';
import type { TaskStatus } from '../core/status.js';

/** An execution handed to a worker. */
export interface Claim extends RunToken {
  taskId: string;
  queue: string;
  priority: TaskPriority;
  payload: Payload | null;
  /** Number of this run, from 1; crashes and retryTask do not reset it. */
  run: number;
  /** Failed attempts before this one; limited by maxAttempts. */
  failures: number;
  /** Earlier runs that ended by RetryLaterError; limited by maxSnoozes. */
  snoozes: number;
  /** null: none was decided when it was scheduled. */
  budget: RunBudget | null;
  scheduledTime: number;
  startedTime: number;
  timeout: number | null;
  workflowId: string | null;
  lockKey: string | null;
  fencingToken: number | null;
  /** Results of its dependencies by ref (null: no result); null: it has no dependencies. */
  results: Readonly<Record<string, JsonText | null>> | null;
  /** If the results are too large for one reply: the first edge to read by `getResults`. */
  resultsLeft?: number;
}

/** Some of the results of an execution's dependencies, by ref. */
export interface ResultsPage {
  results: Readonly<Record<string, JsonText | null>>;
  /** The first edge of the next page; null: this is the last page. */
  next: number | null;
}

/** A run that exceeds the maximum duration of an attempt. */
export interface ExpiredRun extends RunToken {
  taskId: string;
  run: number;
  failures: number;
  budget: RunBudget | null;
  /** The maximum duration, ms. */
  limit: number;
}

/** The status of an execution before and after a command; equal if nothing changed. */
export interface StatusChange {
  was: TaskStatus;
  is: TaskStatus;
}

/** Limits of a queue for all nodes together. */
export interface QueueRules {
  /** At most this many starts per `per` ms. */
  rateLimit: { max: number; per: number } | null;
  /** At most this many runs at a time. */
  concurrency: number | null;
}

/** Limits of a queue, and their origin. */
export interface QueueLimits extends QueueRules {
  /** `appName` of the app whose code declares them; null: set by a call. */
  declaredBy: string | null;
}

export interface LockGrant {
  key: string;
  owner: string;
  fencingToken: number;
  /** ms */
  expiresAt: number;
}

/** A wait of `acquire`, repeated by its owner. */
export interface LockWait {
  key: string;
  owner: string;
  ttl: number;
  /** Remaining time of the wait, ms. */
  maxWait: number;
}

export interface LockInfo {
  key: string;
  /** executionId or handle id; null: free, perhaps reserved for an execution for up to 1 s. */
  owner: string | null;
  kind: 'execution' | 'handle' | null;
  fencingToken: number;
  expiresAt: number | null;
  /** ms until it expires unless extended, by the store's clock; null: free. */
  remaining: number | null;
  /** Number of waiting handles, and of executions that are parked, or ready in a paused or limited queue. */
  waiting: number;
}

/** The data that a worker registers with. */
export interface WorkerRegistration {
  /** Unique for each start of a worker. */
  workerId: string;
  hostname: string;
  pid: number;
  appName: string;
  version: string;
  /** Ids of tasks that it can run. */
  tasks: readonly string[];
  /** Queues that it serves. */
  queues: readonly string[];
  maxConcurrentTasks: number;
}

export interface WorkerInfo extends Omit<WorkerRegistration, 'tasks'> {
  tasks: string[];
  state: 'active' | 'draining';
  startedTime: string;
  lastBeatTime: string;
  leaseUntil: string;
  running: number;
}

export interface ListExecutionsQuery {
  status?: TaskStatus | readonly TaskStatus[];
  taskId?: string;
  queue?: string;
  tag?: string;
  workflowId?: string;
  /** createdTime from (inclusive) and to (exclusive), ms. */
  from?: number;
  to?: number;
  /** 1 to 1000. Default 50. */
  limit?: number;
  cursor?: string;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface WorkflowNodeInfo {
  ref: string;
  executionId: string;
  taskId: string;
  status: TaskStatus;
  dependsOn: { ref: string; type: DependencyType }[];
}

export interface WorkflowInfo {
  workflowId: string;
  name: string;
  /** RUNNING until every node has ended; then COMPLETED, FAILED (a node FAILED), or CANCELLED (one was, none FAILED). */
  status: TaskStatus;
  createdTime: string;
  completedTime: string | null;
  nodes: WorkflowNodeInfo[];
}

/** A queue on all nodes together. */
export interface QueueInfo {
  name: string;
  paused: boolean;
  /** Limits for all nodes together; null: none. */
  limits: QueueLimits | null;
  /** Whether a live worker claims from it. */
  served: boolean;
  /** Number of ready executions. */
  total: number;
  byPriority: Record<TaskPriorityName, number>;
}

/** Totals since the store was created, consistent with the stored executions. */
export interface StoreCounters {
  scheduled: number;
  started: number;
  completed: number;
  failed: number;
  cancelled: number;
  skipped: number;
  retried: number;
  snoozed: number;
  crashed: number;
  released: number;
  stale: number;
  lockAcquired: number;
  lockTimeouts: number;
  locksLost: number;
}

export interface StoreStats {
  now: number;
  counters: StoreCounters;
  /** Executions by status, including those in history. */
  byStatus: Record<TaskStatus, number>;
  /** By level; `oldestReadyTime` is when the first ready execution was due. */
  queues: {
    queue: string;
    paused: boolean;
    limits: QueueLimits | null;
    served: boolean;
    byPriority: number[];
    oldestReadyTime: (number | null)[];
  }[];
  /** Ids of tasks with ready executions that only workers without their handler could have claimed; at most 100. */
  unhandledTasks: string[];
  delayed: number;
  waitingForDependencies: number;
  waitingForLock: number;
  /** Ready executions that only workers without their handler could have claimed; they are not in `byPriority`. */
  waitingForHandler: number;
  /** Ended executions per minute, the newest last; at most 60 minutes. */
  window: { minute: number; completed: number; failed: number; durationMs: number }[];
  /** Total number of damaged or untreatable records that were set aside. */
  setAside: number;
  /** Number of locks that are held or waited for. */
  locks: number;
  /** Total number of runs that returned to their queues because their worker did not have them. */
  returned: number;
  /** How often workers detected that the store was restored from older data. */
  rewound: number;
  recentErrors: { taskName: string; taskId: string; executionId: string; error: ErrorInfo; time: string }[];
  workers: number;
}
