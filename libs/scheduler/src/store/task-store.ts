import type { FireCommand, NewExecution, NewWorkflow, RunToken, Settlement } from '../core/commands.js';
import type { Effect, ExecutionTransition } from '../core/effects.js';
import type { TaskExecution } from '../core/execution.js';
import type { TaskPriority } from '../core/priority.js';
import type { ScheduleRecord } from '../core/schedule.js';
import type { TaskRecord } from '../core/task-definition.js';
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
 * The store port. One class implements all slices; each module injects the slice it needs.
 *
 * A verb is one transition: it validates everything, then commits all of it or nothing, and reports what it did as
 * effects to the subscribers. `now` is the store's own clock; ids, jitter and next-fire instants are arguments.
 * `MapsTaskStore` is the readable specification of every verb; the contract suite holds all stores to it.
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
  /** Mirrors definitions. A lower `appVersion` of the same app never overwrites a higher one. */
  putTasks(tasks: readonly TaskRecord[]): Promise<void>;
  /**
   * Removes a mirror, its schedules too; its queued executions end as CANCELLED / TASK_UNREGISTERED, its runs finish. What
   * waits for its next execution ends as SKIPPED / TASK_UNREGISTERED.
   * @returns whether it was there
   * @throws TaskInUseError while another mirrored task depends on it
   */
  removeTask(taskId: string): Promise<boolean>;
  getTask(taskId: string): Promise<TaskRecord | null>;
  listTasks(): Promise<TaskRecord[]>;
}

export interface QueueStore {
  /**
   * NEW -> PENDING for each, all or nothing. A repeated idempotency key gives the id of the first; an executionId that
   * exists already is a repeat, and changes nothing.
   * @returns ids in the order given
   * @throws UnknownDependencyError if an edge names an execution that does not exist
   * @throws IdempotencyConflictError if a key comes again with another fingerprint
   */
  enqueue(batch: readonly NewExecution[]): Promise<string[]>;
  /** Stops claims from the queue, not promotion into it. */
  pauseQueue(queue: string): Promise<void>;
  resumeQueue(queue: string): Promise<void>;
  /**
   * Sets a queue's limits, for every node.
   * @param declaredBy the app whose code declares them; null (default): set by a call, which no app takes back
   */
  configureQueue(queue: string, rules: QueueRules, declaredBy?: string | null): Promise<void>;
  /**
   * Says that this app still declares the limits of these queues; clears those that it has set and not declared for
   * `UNDECLARED_MS`.
   * @param clearOthersNow whether no other process can be of the app
   * @returns the queues whose limits were cleared
   */
  declareQueues(appName: string, queues: readonly string[], clearOthersNow: boolean): Promise<string[]>;
  /** Executions ready to be claimed, by level 0 to 4; of one queue or of all. */
  queueSizes(queue?: string): Promise<number[]>;
  /** The ids that would be claimed next, in order. */
  peekQueue(queue: string, count: number): Promise<string[]>;
}

export interface ExecutionStore {
  /**
   * PENDING, RETRYING -> CANCELLED at once. RUNNING: marks it, tells its worker, and ends it after `grace` ms.
   * One that has ended stays as it is.
   * @returns null: not found
   */
  cancel(executionId: string, grace: number): Promise<StatusChange | null>;
  /**
   * FAILED, CANCELLED, SKIPPED -> PENDING with a fresh budget of attempts and crashes; dependents that were SKIPPED
   * solely because of it come back too.
   * In any other state it stays as it is.
   * @returns null: not found
   */
  reopen(executionId: string): Promise<StatusChange | null>;
  getExecution(executionId: string): Promise<TaskExecution | null>;
  /** Of these, at most `ENDED_PER_STEP`: those that have ended, or are not known (any more). */
  endedOf(executionIds: readonly string[]): Promise<string[]>;
  /** Newest first. A page may hold fewer than `limit` (even none) and still have a cursor. */
  listExecutions(query: ListExecutionsQuery): Promise<Page<TaskExecution>>;
  /** Keeps what a run says of itself; ignored unless the token is current. */
  report(
    run: RunToken,
    report: { progress?: { fraction: number; note: string | null }; logs?: readonly string[] },
  ): Promise<void>;
}

export interface WorkflowStore {
  /** Stores a workflow and all its executions, or nothing. A workflowId that exists already is a repeat. */
  startWorkflow(workflow: NewWorkflow, executions: readonly NewExecution[]): Promise<void>;
  getWorkflow(workflowId: string): Promise<WorkflowInfo | null>;
  listWorkflows(query: { limit: number; cursor?: string }): Promise<Page<WorkflowInfo>>;
}

export interface LockStore {
  /**
   * Takes the lock for `owner` until now + ttl, or queues for it until now + maxWait; the grant then comes as an
   * effect `lock granted` to that owner. A wait that is not asked for again within 5 s is not granted. To ask again
   * renews what the owner holds, and keeps its place where it waits.
   * @returns the grant, or null when it is held or reserved, and `maxWait` is 0 or the caller now waits
   */
  acquireLock(key: string, owner: string, ttl: number, maxWait: number): Promise<LockGrant | null>;
  /** Asks again for up to 200 locks, each as `acquireLock` does. @returns the grants of those that hold theirs */
  awaitLocks(waits: readonly LockWait[]): Promise<LockGrant[]>;
  /** Takes back a wait. @returns false if the owner was not waiting (the grant may have come) */
  abandonLock(key: string, owner: string): Promise<boolean>;
  /** @returns false unless `owner` holds it with this token */
  releaseLock(key: string, owner: string, fencingToken: number): Promise<boolean>;
  extendLock(key: string, owner: string, fencingToken: number, ttl: number): Promise<boolean>;
  /** Takes the lock from its holder, or ends its reservation, and gives it to the next. @returns whether there was one */
  forceReleaseLock(key: string): Promise<boolean>;
  getLock(key: string): Promise<LockInfo | null>;
  listLocks(): Promise<LockInfo[]>;
}

/** One trip of a worker: settles what ended, claims what may start. */
export interface ExchangeRequest {
  workerId: string;
  /**
   * One call in flight each. The same lane and sequence again gets the stored reply, and changes nothing; a claim whose
   * execution has left history since may be left out. A lower sequence comes late: it changes nothing, its reply says
   * `stale` for each settlement.
   */
  lane: number;
  sequence: number;
  settlements: readonly Settlement[];
  /** Free slots to fill, and claims that may wait for one. */
  want: number;
  /**
   * How many of `want` can only wait for a slot. They are filled, if at all, with plain executions of queues without
   * limits: no lock, no timeout, no count of starts or of runs is spent on what has not begun. Default 0.
   */
  ahead?: number;
  /** Slots kept free for a level of a queue; they take only that. */
  reserved?: readonly { queue: string; priority: TaskPriority; count: number }[];
  /** Free slots of queues that have a bound of their own in this process. */
  capacity?: Readonly<Record<string, number>>;
  /** Of the slots that this trip leaves free: how many may be filled by a hand-over, see `onHandOver`. Default 0. */
  handOver?: number;
}

/**
 * What became of a settlement: `stale` was refused since the token is no longer current; `deferred` is not settled yet,
 * since that would have made the step too long: the next exchange sends it again.
 */
export type Settled = 'applied' | 'stale' | 'deferred';

export interface ExchangeReply {
  /** false: the store does not know this worker (any more); nothing was done, it must say hello again. */
  known: boolean;
  /** One for each settlement, in order. */
  settled: readonly Settled[];
  claims: readonly Claim[];
  /** ms since the claims were made, as far as the process can know: see START_WITHIN_MS. Default 0. */
  age?: number;
  /** The claim stopped at a bound, not for lack of work: ask again at once. */
  more: boolean;
}

export interface HeartbeatReply {
  /** false: the store does not know this worker (any more); it must say hello again. */
  known: boolean;
  /** Runs of this worker that were asked to cancel. */
  cancelRequested: readonly RunToken[];
  /** Of the runs named in the beat: those that are no longer this worker's. */
  lost: readonly RunToken[];
}

export interface WorkerStore {
  /** Whether other processes use the same data: a call takes a round trip, and what is read may have changed since. */
  readonly isShared: boolean;
  /** Exchanges that a worker may have in flight at a time. */
  readonly lanes: number;
  /** Joins, or renews what the worker says of itself. @returns the task ids it can run that the store does not know */
  register(worker: WorkerRegistration): Promise<void>;
  exchange(request: ExchangeRequest): Promise<ExchangeReply>;
  /**
   * Results of the dependencies that a claim left out (`Claim.resultsLeft`), as many as one reply carries.
   * @param from number of the first edge
   */
  getResults(executionId: string, from: number): Promise<ResultsPage>;
  /**
   * Hears of claims that are made for this worker outside of its trips, for slots that it has declared (`handOver`), and
   * of their age (ms).
   * @returns ends the hearing
   */
  onHandOver(workerId: string, take: (claim: Claim, age: number) => void): () => void;
  /**
   * Renews lease and locks of this worker from outside of the event loop where that is possible, so that a handler that
   * blocks it loses neither; what a beat has to tell still comes by `beat` only.
   * @returns ends it
   */
  keepAlive(workerId: string): () => void;
  /**
   * ms since the newest renewal of this worker's lease that the store has acknowledged was sent, by this process's
   * monotonic clock; 0 where the store is in this process.
   */
  leaseAge(workerId: string): number;
  /** Renews the worker's lease and the locks of its runs. */
  heartbeat(workerId: string, runs: readonly RunToken[]): Promise<HeartbeatReply>;
  /** Ends claiming by this worker, whatever it asks. */
  drain(workerId: string): Promise<void>;
  /** Leaves; runs still held go back to the head of their queues, no attempt spent. */
  deregister(workerId: string): Promise<void>;
  listWorkers(): Promise<WorkerInfo[]>;
}

export interface CronStore {
  /**
   * Creates or changes a schedule; an unchanged one keeps its next tick and its pause, and one that is put by hand
   * (`declaredBy: null`) the app that declares it. @returns what is stored
   */
  putSchedule(
    schedule: Omit<ScheduleRecord, 'revision' | 'lastRunTime' | 'lastExecutionId' | 'paused'>,
  ): Promise<ScheduleRecord>;
  removeSchedule(id: string): Promise<boolean>;
  pauseSchedule(id: string): Promise<boolean>;
  /** @param nextRunTime the next tick from now on: what passed during the pause is not made up for */
  resumeSchedule(id: string, nextRunTime: number | null): Promise<boolean>;
  getSchedule(id: string): Promise<ScheduleRecord | null>;
  listSchedules(): Promise<ScheduleRecord[]>;
  /** Schedules not paused whose next tick has come, earliest first; `next` is the earliest tick of the others. */
  dueSchedules(limit: number): Promise<{ now: number; schedules: ScheduleRecord[]; next: number | null }>;
  /**
   * Fires ticks of several schedules in one transition.
   * @returns for each: false: another node was first, or the schedule changed; nothing happened
   */
  fire(commands: readonly FireCommand[]): Promise<boolean[]>;
  /** Says that this app still declares these schedules; removes those it has not declared for `UNDECLARED_MS`. @returns the ids removed */
  declareSchedules(appName: string, ids: readonly string[], removeOthersNow: boolean): Promise<string[]>;
}

/** What a bounded step did, and whether the next one has work at once. */
export interface StepReply {
  done: number;
  more: boolean;
}

export interface MaintenanceStore {
  /** Makes due executions ready, resolves edges, ends waits whose deadline passed. */
  promote(limit: number): Promise<StepReply & { nextDue: number | null }>;
  /** Brings back the runs of workers whose lease is over; the third crash of a run ends it. */
  rescue(limit: number): Promise<StepReply>;
  /** Runs past the bound of an attempt; the caller decides and settles them by `settleExpired`. */
  expiredRuns(limit: number): Promise<ExpiredRun[]>;
  /** Settles a run on behalf of whoever holds it, if the token is current. */
  settleExpired(settlement: Settlement): Promise<boolean>;
  /** Drops history, idempotency keys and locks whose time is over. */
  prune(limit: number): Promise<StepReply>;
}

export interface HealthStore {
  stats(): Promise<StoreStats>;
  /** Resolves if the store answers. */
  ping(): Promise<void>;
}

export interface StoreLifecycle {
  open(): Promise<void>;
  close(): Promise<void>;
  /**
   * Hears every effect, after its transition is committed.
   * @param wants says which transitions of executions it wants to hear of now; others need not be told. Default: all
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
