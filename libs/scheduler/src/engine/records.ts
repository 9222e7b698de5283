import type { MisfirePolicy, OverlapPolicy } from '../core/schedule.js';
import type { Reason, TaskStatus } from '../core/status.js';

/** What the engine reads and changes: plain data that name each other by id. Absent values are undefined. */

/** One execution. */
export interface ExecutionRecord {
  readonly id: string;
  /** Those created later have higher ones. */
  readonly number: number;
  readonly status: TaskStatus;
  /** ms since 1970, as all times; 0: not yet. */
  completedAt: number;
  /** When its newest run began. */
  startedAt: number;
  cancelRequestedAt: number;
  /** When it may start. */
  dueAt: number;
  /** Whether `dueAt` is a date that was named; undefined: it counts from an earlier instant. */
  isDated?: boolean;
  /** Raised whenever the run changes hands: who knows the newest may settle it. */
  leaseToken: number;
  /** Runs begun and not released. */
  runs: number;
  /** Failed attempts. */
  failures: number;
  crashes: number;
  /** Runs that ended by RetryLaterError. */
  snoozes: number;
  /** Its edges to upstreams, and those of which it waits for a decision. */
  readonly edgeCount?: number;
  openEdges: number;
  /** Whether some of them lead out of its workflow. */
  hasExternalEdges?: boolean;
  /** It has ended, or runs again: so many of its edges, the first ones, are released. Absent: as its status says. */
  edgesReleased?: number;
  /** It runs again: so many of its edges, the first ones, are still to be reattached. */
  edgesToReattach?: number;
  /** The batch that still has edges of it: until they are bound, one open edge stands for them. */
  boundBy?: string;
  /** It has ended, and stays out of history until its edges are bound and released. */
  isKeptForEdges?: boolean;
  /** Edges of others to it. */
  readonly dependentCount?: number;
  /** Those of them that have not ended, within its workflow aside: while there are any, it is kept. */
  readonly liveDependents: number;
  /** Its ends that are still to be propagated to all of its dependents. */
  endsToPropagate?: number;
  /** Steps that are still to attach edges that have waited for the next execution of its task; absent: none. */
  arrivalSteps?: number;
  /** While there are such steps: the edges that have waited since before that number are attached. */
  arrivalNumber?: number;
  /** Of a SKIPPED one: among the edges from that one on is one that could not hold when its upstreams were last reopened. */
  brokenEdge?: number;
  /** Its task was unregistered while it ran: it does not run again, unless the task is back. */
  isUnregistered?: boolean;
  /** The worker that runs it. */
  readonly workerId?: string;
  readonly lastWorkerId?: string;
  /** ms that one of its runs may take; absent: as long as the store allows any. */
  readonly timeout?: number;
  readonly workflowId?: string;
  /** The schedule of whose ticks it is one. */
  readonly scheduleId?: string;
  result?: Stored;
  error?: Stored;
  reason?: Reason;
  /** In which execution the failure began that ended this one. */
  rootCause?: Stored;
  /** ms that it may wait in its queue for its first run; absent: any time. */
  readonly ttl?: number;
  /** The lock that each of its runs holds; absent: it needs none. */
  readonly lockKey?: string;
  /** ms for which the lock is held without a heartbeat. */
  readonly lockTimeout?: number;
  /** ms that it may wait for the lock; absent: for ever. */
  readonly lockMaxWait?: number;
  /** Key and token of the lock that it holds. */
  heldLock?: string;
  fencingToken?: number;
  /** Its place among those that wait for the lock, from its first wait until it holds the lock; absent: it does not wait. */
  parkNumber?: number;
  /** ms that were left of its wait when it became ready to claim the lock. */
  lockWaitLeft?: number;
}

/** A workflow, as far as its executions end it. */
export interface WorkflowRecord {
  status: TaskStatus;
  /** ms; 0: not yet. */
  completedAt: number;
  /** Executions that have not ended, and those that have ended so. */
  open: number;
  failed: number;
  cancelled: number;
  /** How often its executions are needed from outside: by live dependents, and as the newest of their tasks. */
  pins: number;
}

/** A value that the engine passes on, in the form in which its store keeps it. */
export type Stored = unknown;

/** How an execution ends. */
export interface Outcome {
  readonly result?: Stored;
  readonly error?: Stored;
  readonly reason?: Reason;
}

/** How a run ends. */
export interface Settlement {
  readonly kind: 'complete' | 'fail' | 'cancel' | 'retry' | 'snooze' | 'release';
  readonly result?: Stored;
  readonly error?: Stored;
  readonly reason?: Reason;
  /** ms before the next run. */
  readonly delay: number;
  /** Of a release: the lock that the execution needs from now on, where it needs none so far. */
  readonly lock?: Stored;
}

/** A run that a worker has: the pair is its token. */
export interface RunToken {
  readonly executionId: string;
  readonly leaseToken: number;
}

/** How a run ends that a worker has. */
export interface RunSettlement extends Settlement, RunToken {}

/** What a worker learns of its heartbeat. */
export interface Heartbeat {
  /** false: it is to join again. */
  readonly known: boolean;
  readonly cancelRequested: readonly RunToken[];
  /** Of the runs that it has named: those that are another's, or nobody's. */
  readonly lost: readonly RunToken[];
}

/** A run that is past its bound, ms. */
export interface ExpiredRun {
  readonly execution: ExecutionRecord;
  readonly bound: number;
}

/** Starts of runs that are close together, and leave the span of a rate limit together. */
export interface Starts {
  /** When the first of them was, ms. */
  from: number;
  /** When the last of them was, ms. */
  at: number;
  count: number;
}

/** One queue. */
export interface QueueRecord {
  readonly name: string;
  /** Whether nothing is claimed from it. */
  paused?: boolean;
  /** Its rate limit: so many starts in any span of `per` ms; absent: none. */
  max?: number;
  per?: number;
  /** So many runs at a time; absent: any number. */
  concurrency?: number;
  /** The app whose code declares the limits, and when it last did; absent: a call has set them. */
  declaredBy?: string;
  declaredAt?: number;
  /** Runs; a store need not count them while there are no limits. */
  running: number;
  /** Whether its runs are still being counted, after it has got its first limits. */
  isCounting?: boolean;
  /** Of the newest span of the rate limit, oldest first. */
  starts: Starts[];
}

/** Limits of a queue, see QueueRecord. */
export interface QueueLimits {
  readonly max?: number;
  readonly per?: number;
  readonly concurrency?: number;
}

/** One worker. */
export interface WorkerRecord {
  readonly id: string;
  /** Runs that it may have at a time; absent: any number. */
  readonly slots?: number;
  /** Whether it claims nothing more. */
  draining?: boolean;
  /** Which of its queues has the first turn at its next claim. */
  rotation: number;
  /** The execution that it has claimed last among those suspected of causing crashes. */
  suspect?: string;
}

/** Slots that a worker keeps for executions of one level of a queue. */
export interface ReservedSlots {
  readonly queue: string;
  readonly priority: number;
  count: number;
}

/** Slots that a worker has for executions of a queue, where these have a bound in its process. */
export interface QueueSlots {
  readonly queue: string;
  count: number;
}

/** What a worker claims. */
export interface ClaimRequest {
  readonly want: number;
  /** How many of them can begin at once. The others wait in the worker for a slot. */
  readonly slots: number;
  readonly reserved: readonly ReservedSlots[];
  readonly capacity: readonly QueueSlots[];
}

/** A lock that is held, reserved or waited for. */
export interface LockRecord {
  readonly key: string;
  readonly order: number;
  /** The execution that holds it. */
  holder?: string;
  /** The owner of the handle that holds it. */
  handle?: string;
  /** Of the newest holder; each is higher than those before it. */
  fencingToken: number;
  /** ms; when the hold ends. While the lock is free: when its reservation ends, or its waiters are examined again; else 0. */
  at: number;
  /** The execution that may claim it before others. */
  reserved?: string;
}

/** A lock that a handle holds. */
export interface LockGrant {
  readonly key: string;
  readonly owner: string;
  readonly fencingToken: number;
  /** ms */
  readonly expiresAt: number;
}

/** A handle of `acquire` that waits for a lock. */
export interface HandleWait {
  readonly owner: string;
  /** ms for which it asks the lock. */
  ttl: number;
  /** When it gives up. */
  deadline: number;
  /** When its process last asked. */
  askedAt: number;
}

/** The first of those that wait for a lock: one of both, or neither where its entry cannot be read. */
export interface LockWaiter {
  readonly execution?: ExecutionRecord;
  readonly handle?: HandleWait;
}

/** What is decided about a schedule when it is put. Instants in ms. */
export interface NewSchedule {
  readonly id: string;
  taskId: string;
  cronExpression: string;
  timezone: string;
  startTime?: number;
  endTime?: number;
  overlap: OverlapPolicy;
  misfire: MisfirePolicy;
  /** ms */
  jitter: number;
  payload?: Stored;
  /** Absent: it will not fire again. */
  nextRunTime?: number;
  /** The app whose code declares it; absent: it was put by hand. */
  declaredBy?: string;
}

/** A schedule: an expression whose ticks make executions of its task. */
export interface ScheduleRecord extends NewSchedule {
  paused: boolean;
  lastRunTime?: number;
  lastExecutionId?: string;
  /** Grows with every change, also across a removal, so that a tick decided on an older one is refused; 0: just created. */
  revision: number;
}

/** One tick of a schedule to be fired, in the form in which its store was given it. */
export interface TickRequest {
  readonly executionId: string;
  /** The instant that the expression names, ms. */
  readonly time: number;
  /** Its execution is stored as SKIPPED, and not run. */
  readonly leaveOut: boolean;
  /** Why it is left out; absent: MISFIRED. */
  readonly reason?: Reason;
}

/** Ticks of a schedule to be fired, where its revision and its next tick are as expected. */
export interface FireRequest {
  readonly scheduleId: string;
  readonly revision: number;
  /** ms */
  readonly expectedRunTime: number;
  readonly ticks: readonly TickRequest[];
  readonly overlap: OverlapPolicy;
  /** ms */
  readonly cancelGrace: number;
  /** ms; absent: it will not fire again. */
  readonly nextRunTime?: number;
}

/** What the engine reads of a task's definition. */
export interface DefinitionRecord {
  readonly taskId: string;
  readonly appName: string;
  readonly appVersion: string;
  readonly dependencies: readonly { readonly taskId: string }[];
}

/** What an idempotency key has given. */
export interface KeyRecord {
  readonly executionId: string;
  /** Of the request: another one with the same key is a conflict. */
  readonly fingerprint: string;
  /** ms of `steadyTime` */
  readonly expiresAt: number;
}

/** A new execution, as far as it may repeat an earlier one. */
export interface KeyedRequest {
  readonly executionId: string;
  /** Task and key; absent: it has none. */
  readonly keyName?: string;
  readonly fingerprint?: string;
}

/** A batch without its repeats. */
export interface Deduplicated<T extends KeyedRequest> {
  /** Of each request: its own execution, or the one that it repeats. */
  readonly ids: string[];
  readonly fresh: T[];
  readonly conflict?: T;
}
