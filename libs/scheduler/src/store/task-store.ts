import type { FireCommand, NewExecution, NewWorkflow, RunToken, Settlement } from '../core/commands.js';
import type { Effect, ExecutionTransition } from '../core/effects.js';
import type { TaskExecution } from '../core/execution.js';
import type { TaskPriority } from '../core/priority.js';
import type { ScheduleRecord } from '../core/schedule.js';
import type { TaskRecord } from '../core/task-definition.js';
import type { Due } from './due.js';
import type {
  Claim,
  ExpiredRun,
  ListExecutionsQuery,
  LockGrant,
  LockInfo,
  LockWait,
  Page,
  QueueRules,
  ResultsPage,
  StatusChange,
  StoreStats,
  WorkerRegistration,
  WorkerInfo,
  WorkflowInfo,
} from './records.js';

/**
 * The store port. One class implements all slices; each module injects the slice that it needs.
 *
 * A verb is one transition: it validates everything, then commits all of it or nothing, and reports the changes as effects
 * to the subscribers. `now` is the store's clock; ids, jitter and next-fire instants are arguments. The contract suite
 * checks each verb on all stores.
 */
export interface TaskStore
  extends
    DefinitionStore,
    QueueStore,
    ExecutionStore,
    WorkflowStore,
    LockStore,
    WorkerStore,
    CronStore,
    MaintenanceStore,
    HealthStore,
    StoreLifecycle,
    DumpStore {}

export interface DefinitionStore {
  /** Stores definitions. A lower `appVersion` of the same app never overwrites a higher one. */
  putTasks(tasks: readonly TaskRecord[]): Promise<void>;
  /**
   * Removes a definition and its schedules. Its queued executions end as CANCELLED / TASK_UNREGISTERED, its runs finish.
   * Executions that wait for its next execution end as SKIPPED / TASK_UNREGISTERED.
   * @returns whether it existed
   * @throws TaskInUseError while another stored task depends on it
   */
  removeTask(taskId: string): Promise<boolean>;
  getTask(taskId: string): Promise<TaskRecord | null>;
  listTasks(): Promise<TaskRecord[]>;
}

export interface QueueStore {
  /**
   * NEW -> PENDING for each, all or nothing. A repeated idempotency key returns the id of the first execution; an executionId
   * that exists already is a repeat and changes nothing.
   * @returns ids in the order given
   * @throws UnknownDependencyError if an edge names an execution that does not exist
   * @throws IdempotencyConflictError if a key is repeated with another fingerprint
   */
  enqueue(batch: readonly NewExecution[]): Promise<string[]>;
  /** Stops claims from the queue; promotion into it continues. */
  pauseQueue(queue: string): Promise<void>;
  resumeQueue(queue: string): Promise<void>;
  /**
   * Sets a queue's limits, for all nodes.
   * @param declaredBy the app whose code declares them; null (default): set by a call, no app removes them
   */
  configureQueue(queue: string, rules: QueueRules, declaredBy?: string | null): Promise<void>;
  /**
   * Confirms that this app declares the limits of these queues; clears limits of the app that were not declared for
   * `UNDECLARED_MS`.
   * @param clearOthersNow whether no other process can belong to the app
   * @returns the queues whose limits were cleared
   */
  declareQueues(appName: string, queues: readonly string[], clearOthersNow: boolean): Promise<string[]>;
  /** Numbers of ready executions by level 0 to 4, of one queue or of all. */
  queueSizes(queue?: string): Promise<number[]>;
  /** The ids that would be claimed next, in order. */
  peekQueue(queue: string, count: number): Promise<string[]>;
}

export interface ExecutionStore {
  /**
   * PENDING, RETRYING -> CANCELLED at once. RUNNING: marks it, notifies its worker, and ends it after `grace` ms.
   * An execution that has ended does not change.
   * @returns null: not found
   */
  cancel(executionId: string, grace: number): Promise<StatusChange | null>;
  /**
   * FAILED, CANCELLED, SKIPPED -> PENDING with a fresh budget of attempts and crashes, also for dependents that were SKIPPED
   * only because of it. In any other state it does not change.
   * @returns null: not found
   */
  reopen(executionId: string): Promise<StatusChange | null>;
  getExecution(executionId: string): Promise<TaskExecution | null>;
  /** @param executionIds at most `ENDED_PER_STEP` @returns those that have ended or are not stored (any more) */
  endedOf(executionIds: readonly string[]): Promise<string[]>;
  /** Newest first. A page may have fewer items than `limit` (even none) and still have a cursor. */
  listExecutions(query: ListExecutionsQuery): Promise<Page<TaskExecution>>;
  /** Stores progress and log lines of a run; ignored unless the token is current. */
  report(
    run: RunToken,
    report: { progress?: { fraction: number; note: string | null }; logs?: readonly string[] },
  ): Promise<void>;
}

export interface WorkflowStore {
  /** Stores a workflow and all its executions, or nothing. A workflowId that exists already is a repeat and changes nothing. */
  startWorkflow(workflow: NewWorkflow, executions: readonly NewExecution[]): Promise<void>;
  getWorkflow(workflowId: string): Promise<WorkflowInfo | null>;
  listWorkflows(query: { limit: number; cursor?: string }): Promise<Page<WorkflowInfo>>;
}

export interface LockStore {
  /**
   * Acquires the lock for `owner` until now + ttl, or waits for it until now + maxWait; then the effect `lock granted`
   * reports the grant. A wait that is not repeated within 5 s is not granted. A repeat extends a lock that the owner holds,
   * and keeps its place if it waits.
   * @returns the grant; null: the lock is held or reserved, and `maxWait` is 0 or the caller now waits
   */
  acquireLock(key: string, owner: string, ttl: number, maxWait: number): Promise<LockGrant | null>;
  /** Repeats up to 200 waits, each like `acquireLock`. @returns the grants of owners that hold their lock */
  awaitLocks(waits: readonly LockWait[]): Promise<LockGrant[]>;
  /** Ends a wait. @returns false: the owner was not waiting (it may have the lock) */
  abandonLock(key: string, owner: string): Promise<boolean>;
  /** @returns false: `owner` does not hold it with this token */
  releaseLock(key: string, owner: string, fencingToken: number): Promise<boolean>;
  extendLock(key: string, owner: string, fencingToken: number, ttl: number): Promise<boolean>;
  /** Takes the lock from its holder, or ends its reservation, and passes it to the next waiter. @returns whether it was held */
  forceReleaseLock(key: string): Promise<boolean>;
  getLock(key: string): Promise<LockInfo | null>;
  listLocks(): Promise<LockInfo[]>;
}

/** A request of a worker: settles runs that have ended, and claims others. */
export interface ExchangeRequest {
  workerId: string;
  /**
   * A pipeline has one call in flight. A repeat of the same pipeline and sequence gets the stored reply and changes nothing;
   * the reply may omit a claim whose execution has left history since. A lower sequence is late: it changes nothing, and its
   * reply has `stale` for each settlement.
   */
  pipeline: number;
  sequence: number;
  settlements: readonly Settlement[];
  /** Maximum number of claims: free slots, and claims to prefetch. */
  demand: number;
  /**
   * How many of `demand` are prefetched. Only simple executions of queues without limits are: so no lock, no timeout and no
   * limit counts for a run that has not started. Default 0.
   */
  prefetch?: number;
  /** Slots reserved for a level of a queue. */
  reserved?: readonly { queue: string; priority: TaskPriority; count: number }[];
  /** Free slots of queues that are limited in this process. */
  capacity?: Readonly<Record<string, number>>;
  /** How many of the slots that stay free may be filled by direct dispatch, see `onDispatch`. Default 0. */
  dispatchSlots?: number;
  /** The claims start within so many ms or go back: a pause that waits for them takes as long. Default START_WITHIN_MS. */
  startWithin?: number;
}

/**
 * The outcome of a settlement. `stale`: refused since the token is no longer current. `deferred`: not settled yet, since the
 * step would have been too long; the next exchange sends it again.
 */
export type Settled = 'applied' | 'stale' | 'deferred';

export interface ExchangeReply {
  /** false: the store does not know this worker (any more); nothing was done, the worker must register. */
  known: boolean;
  /** One for each settlement, in order. */
  settled: readonly Settled[];
  claims: readonly Claim[];
  /** ms since the claims were made, or slightly more, see START_WITHIN_MS. Default 0. */
  age?: number;
  /** The claim stopped at a limit, not for lack of work: repeat at once. */
  more: boolean;
}

export interface HeartbeatReply {
  /** false: the store does not know this worker (any more); it must register. */
  known: boolean;
  /** Runs of this worker with a requested cancel. */
  cancelRequested: readonly RunToken[];
  /** Runs in the heartbeat that this worker no longer has. */
  lost: readonly RunToken[];
}

export interface WorkerStore {
  /** Whether other processes use the same data: a call takes a round trip, and data that was read may have changed. */
  readonly isShared: boolean;
  /** Whether `due` reports work to the workers of this process; if not, they ask for work once a second. */
  readonly reportsWork: boolean;
  /** Number of exchanges that a worker may have in flight. */
  readonly pipelines: number;
  /** Registers a worker, or updates its registration. */
  register(worker: WorkerRegistration): Promise<void>;
  exchange(request: ExchangeRequest): Promise<ExchangeReply>;
  /**
   * Results of dependencies that are not in the claim (`Claim.resultsLeft`), as many as fit into one reply.
   * @param from number of the first edge
   */
  getResults(executionId: string, from: number): Promise<ResultsPage>;
  /**
   * Receives claims that are dispatched to this worker outside of its exchanges, for its `dispatchSlots`, and their age (ms).
   * @returns ends the subscription
   */
  onDispatch(workerId: string, take: (claim: Claim, age: number) => void): () => void;
  /**
   * Renews lease and locks of this worker outside of the event loop if possible, so a handler that blocks it loses neither.
   * Only `heartbeat` reports cancels and lost runs.
   * @returns ends it
   */
  keepAlive(workerId: string): () => void;
  /**
   * ms since the newest acknowledged renewal of this worker's lease was sent, by this process's monotonic clock; 0: the store
   * is in this process.
   */
  leaseAge(workerId: string): number;
  /**
   * Renews the worker's lease and the locks of its runs. A remote store takes back runs that are not named, once their claims
   * must have arrived; a store of this process loses no claim on its way.
   */
  heartbeat(workerId: string, runs: readonly RunToken[]): Promise<HeartbeatReply>;
  /** Gives this worker no more claims. */
  drain(workerId: string): Promise<void>;
  /** Removes the worker. Its runs return to the head of their queues; no attempt is counted. */
  deregister(workerId: string): Promise<void>;
  listWorkers(): Promise<WorkerInfo[]>;
}

export interface CronStore {
  /**
   * Creates or changes a schedule. An unchanged one keeps its next tick and its pause; a change by a call (`declaredBy: null`)
   * keeps the app that declares it. @returns the stored schedule
   */
  putSchedule(
    schedule: Omit<ScheduleRecord, 'revision' | 'lastRunTime' | 'lastExecutionId' | 'paused'>,
  ): Promise<ScheduleRecord>;
  removeSchedule(id: string): Promise<boolean>;
  pauseSchedule(id: string): Promise<boolean>;
  /** @param nextRunTime the next tick from now on: ticks during the pause are not caught up */
  resumeSchedule(id: string, nextRunTime: number | null): Promise<boolean>;
  getSchedule(id: string): Promise<ScheduleRecord | null>;
  listSchedules(): Promise<ScheduleRecord[]>;
  /**
   * Schedules that are due and not paused, earliest first; `next` is the earliest tick of those behind them.
   * @param skip how many of the earliest to leave out. Default 0
   */
  dueSchedules(
    limit: number,
    skip?: number,
  ): Promise<{ now: number; schedules: ScheduleRecord[]; next: number | null }>;
  /**
   * Fires ticks of several schedules in one transition.
   * @returns for each command; false: another node was first, or the schedule has changed, and nothing happened
   */
  fire(commands: readonly FireCommand[]): Promise<boolean[]>;
  /** Confirms that this app declares these schedules; removes those not declared for `UNDECLARED_MS`. @returns the removed ids */
  declareSchedules(appName: string, ids: readonly string[], removeOthersNow: boolean): Promise<string[]>;
}

/** How many items a bounded step processed, and whether more are left. */
export interface StepReply {
  done: number;
  more: boolean;
}

export interface MaintenanceStore {
  /**
   * What is due, in one read that is cheap if nothing is. Each duty asks once a second, in case a message was lost; if work was
   * missed, the signal `ready` follows.
   */
  due(): Promise<Due>;
  /** Makes due executions ready, resolves edges, ends waits whose deadline has passed. */
  promote(limit: number): Promise<StepReply & { nextDue: number | null }>;
  /** Rescues the runs of workers whose lease has expired; the third crash of an execution ends it. */
  rescue(limit: number): Promise<StepReply>;
  /** Runs that exceed the maximum duration of an attempt; the caller decides, and settles them by `settleExpired`. */
  expiredRuns(limit: number): Promise<ExpiredRun[]>;
  /** Settles a run of any worker if the token is current. */
  settleExpired(settlement: Settlement): Promise<boolean>;
  /** Drops expired history, idempotency keys and locks. */
  prune(limit: number): Promise<StepReply>;
}

export interface HealthStore {
  stats(): Promise<StoreStats>;
  /** Resolves if the store responds. */
  ping(): Promise<void>;
}

export interface StoreLifecycle {
  open(): Promise<void>;
  close(): Promise<void>;
  /**
   * Receives effects, after their transition is committed.
   * @param wants whether a transition of executions is needed now; others may be omitted. Default: all
   * @returns ends the subscription
   */
  subscribe(
    listener: (effects: readonly Effect[]) => void,
    wants?: (transition: ExecutionTransition) => boolean,
  ): () => void;
}

/** For tests. */
export interface DumpStore {
  /** @returns the whole state in one canonical form, the same on every store */
  dump(): Promise<unknown>;
}

/** DI token of the one store of a scheduler. */
export const TASK_STORE = Symbol.for('nestjs-advanced-scheduler:store');
