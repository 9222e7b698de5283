import type { RunToken } from '../core/commands.js';
import type { DependencyType } from '../core/dependency.js';
import type { ErrorInfo } from '../core/failure.js';
import type { JsonText } from '../core/json.js';
import type { RunBudget } from '../core/run-budget.js';
import type { TaskPriority, TaskPriorityName } from '../core/priority.js';
import type { TaskStatus } from '../core/status.js';

/** An execution handed to a worker. */
export interface Claim extends RunToken {
  taskId: string;
  queue: string;
  priority: TaskPriority;
  payload: JsonText | null;
  /** Number of this run, from 1; goes on over crashes and retryTask. */
  run: number;
  /** Failed attempts before this one, counted against maxAttempts. */
  failures: number;
  /** Runs before this one that ended by RetryLaterError, counted against maxSnoozes. */
  snoozes: number;
  /** null: none was decided when it was scheduled. */
  budget: RunBudget | null;
  scheduledTime: number;
  startedTime: number;
  timeout: number | null;
  workflowId: string | null;
  lockKey: string | null;
  fencingToken: number | null;
  /** Results of its dependencies by ref (null: it left none); null where it has no dependencies. */
  results: Readonly<Record<string, JsonText | null>> | null;
  /** Where the results are too large for one reply: the edge from which on `getResults` has the rest. */
  resultsLeft?: number;
}

/** Some of the results of an execution's dependencies, by ref. */
export interface ResultsPage {
  results: Readonly<Record<string, JsonText | null>>;
  /** The edge from which on to go on; null: these were the last. */
  next: number | null;
}

/** A run that has passed the bound of an attempt. */
export interface ExpiredRun extends RunToken {
  taskId: string;
  run: number;
  failures: number;
  budget: RunBudget | null;
  /** The bound, ms. */
  limit: number;
}

/** What a command has made of an execution; `is` equals `was` where it changed nothing. */
export interface StatusChange {
  was: TaskStatus;
  is: TaskStatus;
}

/** Limits of a queue that hold on all nodes together. */
export interface QueueRules {
  /** At most this many starts per `per` ms. */
  rateLimit: { max: number; per: number } | null;
  /** At most this many runs at a time. */
  concurrency: number | null;
}

/** Limits of a queue and where they come from. */
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

/** A wait of `acquire`, as its owner asks again. */
export interface LockWait {
  key: string;
  owner: string;
  ttl: number;
  /** What is left of its wait, ms. */
  maxWait: number;
}

export interface LockInfo {
  key: string;
  /** executionId or handle id; null: free, perhaps reserved for an execution for up to 1 s. */
  owner: string | null;
  kind: 'execution' | 'handle' | null;
  fencingToken: number;
  expiresAt: number | null;
  /** ms until it expires unless renewed, by the store's clock; null: free. */
  remaining: number | null;
  /** Handles, and executions that are parked or stand ready in a queue that holds them back. */
  waiting: number;
}

/** What a worker says of itself when it joins. */
export interface WorkerRegistration {
  /** One incarnation of one process: never used again. */
  workerId: string;
  hostname: string;
  pid: number;
  appName: string;
  version: string;
  /** Task ids that it can run. */
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
  /** Limits that hold on all nodes together; null: none. */
  limits: QueueLimits | null;
  /** Whether a live worker claims from it. */
  served: boolean;
  /** Ready to be claimed. */
  total: number;
  byPriority: Record<TaskPriorityName, number>;
}

/** Totals since the store began; they agree with a recount of the state they describe. */
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
  /** Executions by status, terminal ones as far as history keeps them. */
  byStatus: Record<TaskStatus, number>;
  /** By level; `oldestReadyTime` is when the first of those ready was due. */
  queues: {
    queue: string;
    paused: boolean;
    limits: QueueLimits | null;
    served: boolean;
    byPriority: number[];
    oldestReadyTime: (number | null)[];
  }[];
  /** Ids of tasks with ready executions for which workers came that have no handler for them; at most 100. */
  unhandledTasks: string[];
  delayed: number;
  waitingForDependencies: number;
  waitingForLock: number;
  /** Ends per minute, the newest last; at most 60. */
  window: { minute: number; completed: number; failed: number; durationMs: number }[];
  /** What could not be treated and was set aside, in all. */
  setAside: number;
  /** Locks that are held or waited for. */
  locks: number;
  /** Runs that went back to their queues since their worker did not hold them, in all. */
  returned: number;
  /** Times that the store was found to have come back with older data, as far as workers noticed. */
  rewound: number;
  recentErrors: { taskName: string; taskId: string; executionId: string; error: ErrorInfo; time: string }[];
  workers: number;
}
