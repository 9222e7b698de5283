import type { ExecutionTransition } from '../core/effects.js';
import type { TaskAttempt } from '../core/execution.js';
import type { Verb } from '../core/state-machine.js';
import type { TaskStatus } from '../core/status.js';
import type { EdgeTable, Newest, StepTable } from './edge-tables.js';
import type { EdgeBudget } from './edge-records.js';
import type { HistoryTable } from './history-tables.js';
import type { QueueTable } from './queue-tables.js';
import type {
  DefinitionRecord,
  ExecutionRecord,
  HandleWait,
  KeyRecord,
  LockRecord,
  LockWaiter,
  QueueRecord,
  RunToken,
  ScheduleRecord,
  Stored,
  TickRequest,
  WorkerRecord,
  WorkflowRecord,
} from './records.js';
import type { ScheduleTable } from './schedule-tables.js';

/** What counts in the store's totals. */
export type Counter =
  | 'started'
  | 'stale'
  | 'lockAcquired'
  | 'locksLost'
  | 'lockTimeouts'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'skipped'
  | 'retried'
  | 'snoozed'
  | 'released'
  | 'crashed';

/**
 * Where a store keeps the engine's records, for one call of a verb. Implemented on Maps (`memory`, `embedded`) and in Lua
 * (`redis`). Tables find, order and write; they decide nothing.
 */
export interface Tables extends Runs, Places, Newest, Ticks {
  /** The store's time, ms. */
  readonly now: number;
  /** ms; a time that steps of the clock do not move: what lasts for days is measured by it, and need not be shifted. */
  steadyTime(): number;
  /** ms; a time that neither steps of the clock move nor time in which no node is there: declarations age by it. */
  attendedTime(): number;
  /** ms without a heartbeat after which a worker counts as lost. */
  readonly lease: number;
  /** ms that a run may take where its execution has no timeout. */
  readonly maxAttemptDuration: number;
  /** @returns the next number of the store: later ones are higher */
  nextNumber(): number;
  nextFencingToken(): number;
  count(counter: Counter, by: number): void;

  execution(id: string | undefined): ExecutionRecord | undefined;
  /** The execution of that id where it has not ended. */
  unfinished(id: string | undefined): ExecutionRecord | undefined;
  /** The last execution of a schedule; may be undefined where that has ended and never waited for an earlier one. */
  lastTick(schedule: ScheduleRecord): ExecutionRecord | undefined;
  /** Marks a record as changed; it is written once, when the verb ends. */
  touchExecution(execution: ExecutionRecord): void;
  /** Changes its status, and the numbers of executions by status. The verb must allow it. */
  move(execution: ExecutionRecord, verb: Verb, status: TaskStatus): void;
  /** Reports a transition, where a listener wants it. */
  emitExecution(execution: ExecutionRecord, transition: ExecutionTransition): void;
  /** Counts an end in the figures of the current minute, of which the newest are kept. @param duration ms */
  countInMinute(status: 'COMPLETED' | 'FAILED', duration: number): void;
  /** @returns ms since the execution's run began */
  runTime(execution: ExecutionRecord): number;
  /** @returns an error as the store keeps it */
  makeError(name: string, message: string, code: string): Stored;
  /** @returns in which execution the failure began that ended this one: itself, or its own root cause */
  rootCauseOf(execution: ExecutionRecord): Stored;
  /** Adds it to the recent errors. */
  addRecentError(execution: ExecutionRecord, error: Stored): void;

  readonly queues: QueueTable;
  readonly ready: ReadyTable;
  readonly unhandled: UnhandledTable;
  readonly expiries: ExpiryTable;
  readonly workers: WorkerTable;
  readonly edges: EdgeTable;
  readonly edgeBudget: EdgeBudget;
  readonly steps: StepTable;
  readonly workflows: WorkflowTable;
  readonly history: HistoryTable;
  readonly locks: LockTable;
  readonly lockWaiters: LockWaiterTable;
  readonly definitions: DefinitionTable;
  readonly keys: KeyTable;
  readonly schedules: ScheduleTable;

  queueOf(execution: ExecutionRecord): QueueRecord;
  /** Reports that the workers of a queue may find something to claim, unless it is paused. */
  wake(queue: QueueRecord): void;
  emitQueue(transition: 'paused' | 'resumed', queue: QueueRecord): void;
  emitWorker(transition: 'joined' | 'draining' | 'left' | 'lost', worker: WorkerRecord): void;
  /** Reports that a worker has settled a run that it does not have any more. */
  emitStale(worker: WorkerRecord, run: RunToken): void;
  /** Reports that a lock was granted, released or lost. */
  emitLock(transition: 'granted' | 'released' | 'lost', lock: LockRecord, owner: string): void;
  /** Reports the end of a workflow. */
  emitWorkflow(workflow: WorkflowRecord): void;
  emitSchedule(schedule: ScheduleRecord, transition: 'put' | 'removed' | 'paused' | 'resumed' | 'fired'): void;
  /** Reports that maintenance has work at that instant, ms. */
  emitDue(at: number): void;
}

/** Runs of workers. */
export interface Runs {
  /**
   * Whether the execution is stored as it was created, and its run as no more than an entry among those of its worker: it
   * has no lock, no timeout and no earlier run.
   */
  isSimple(execution: ExecutionRecord): boolean;
  /** Adds a run to those of its worker. */
  startRun(execution: ExecutionRecord, worker: WorkerRecord): void;
  /** A run that has not ended by that instant, ms, is past its bound. */
  setRunDeadline(execution: ExecutionRecord, at: number): void;
  /** Takes a run from its worker, and out of the deadlines of runs. */
  endRun(execution: ExecutionRecord): void;
  /** Settles a run by `end`. @returns false where it is set aside instead, since what is stored of it cannot be treated */
  settleRun(execution: ExecutionRecord, end: () => void): boolean;
  /** Adds the run that ends now to the attempts of its execution, of which the newest are kept. */
  addAttempt(execution: ExecutionRecord, outcome: TaskAttempt['outcome'], error: Stored): void;
  hasAttempts(execution: ExecutionRecord): boolean;
  /** A run that has not ended by that instant, ms, ends as cancelled. */
  setCancelDeadline(execution: ExecutionRecord, at: number): void;
  /** Calls `end` with each run that such an instant has come for, some at a time. @returns how many */
  eachDueCancel(end: (execution: ExecutionRecord) => void): number;
  /** Calls `visit` with up to `limit` runs that are past the instant of `setRunDeadline`. */
  eachPastDeadline(limit: number, visit: (execution: ExecutionRecord) => void): void;
  /** Calls `visit` with each run that began at least so many ms ago, steps of the clock aside, until it returns false. */
  eachRunOlderThan(duration: number, visit: (execution: ExecutionRecord) => boolean): void;
  /** From its next run on, the execution needs that lock. */
  requireLock(execution: ExecutionRecord, lock: Stored): void;
}

/** Where executions wait. */
export interface Places {
  /** Places it in its queue, before all others of its priority. */
  pushHead(execution: ExecutionRecord): void;
  /** Places it in its queue, behind all others of its priority. */
  pushTail(execution: ExecutionRecord): void;
  /** Places it among those that wait for `dueAt`. */
  delay(execution: ExecutionRecord): void;
  /** Places it among those that wait for upstreams. */
  block(execution: ExecutionRecord): void;
  isBlocked(execution: ExecutionRecord): boolean;
  isDelayed(execution: ExecutionRecord): boolean;
  /** Calls `place` with each delayed execution that is due, earliest first, up to `limit` of them. @returns how many */
  eachDelayed(limit: number, place: (execution: ExecutionRecord) => void): number;
  /** @returns the instant, ms, of the earliest delay, wait, hold of a lock, or requested cancel to end */
  nextDeadline(): number | undefined;
  /** Takes an execution that waits from its place. */
  leave(execution: ExecutionRecord): void;
}

/** Workflows by id. */
export interface WorkflowTable {
  /** The workflow of which the execution is a member, while that is known: both are kept or dropped as one. */
  of(execution: ExecutionRecord): WorkflowRecord | undefined;
  /** Marks it as changed. */
  touch(workflow: WorkflowRecord): void;
  /** Marks its counts as changed, where they are stored and not counted. */
  touchCounts(workflow: WorkflowRecord): void;
  /** Adds what the payload and the result of an ended execution weigh in history, where that matters. */
  addBytes(workflow: WorkflowRecord, execution: ExecutionRecord): void;
  removeBytes(workflow: WorkflowRecord, execution: ExecutionRecord): void;
}

/** Executions that are ready, in a list for each queue and level. */
export interface ReadyTable {
  /** How many are ready in the queue. */
  count(queue: QueueRecord): number;
  /** Whether the list has no entry, for sure. */
  isEmpty(queue: QueueRecord, level: number): boolean;
  /**
   * The first of a list for which `test` holds; the others keep their places.
   * @param atMost how many of the list the claim can take
   */
  first(
    queue: QueueRecord,
    level: number,
    atMost: number,
    test: (execution: ExecutionRecord) => boolean,
  ): ExecutionRecord | undefined;
  /** Takes what `first` has found out of its list. */
  take(queue: QueueRecord, level: number, execution: ExecutionRecord): void;
  /** No more of these lists is claimed. */
  putBack(): void;
  /** Whether a claim has read, or has in its reply, as much as one may. */
  isFull(): boolean;
}

/** Executions that met workers without a handler, in a list for each queue, task and level. */
export interface UnhandledTable {
  has(execution: ExecutionRecord): boolean;
  add(execution: ExecutionRecord): void;
  remove(execution: ExecutionRecord): void;
  /** Calls `visit` with each of a queue and level that the worker can run, list by list, until it returns false. */
  each(worker: WorkerRecord, queue: QueueRecord, level: number, visit: (execution: ExecutionRecord) => boolean): void;
  /** Whether any waits in the queue that the worker can run. */
  hasFor(worker: WorkerRecord, queue: QueueRecord): boolean;
}

/** Executions that wait for their first run and have a `ttl`, by the instant at which they expire. */
export interface ExpiryTable {
  get(execution: ExecutionRecord): number | undefined;
  /** Begins the wait, which ends at that instant, ms. */
  start(execution: ExecutionRecord, at: number): void;
  finish(execution: ExecutionRecord): void;
  /** Calls `expire` with each whose instant has come, some at a time. @returns how many */
  eachDue(expire: (execution: ExecutionRecord) => void): number;
}

/** Workers that have joined. */
export interface WorkerTable {
  get(id: string): WorkerRecord | undefined;
  /** Stores what a worker says of itself: a new one, or one that begins its pipelines anew. */
  describe(id: string, about: Stored): WorkerRecord;
  setLease(worker: WorkerRecord, until: number): void;
  /** Deletes a worker that has no runs. */
  delete(worker: WorkerRecord): void;
  /** Those whose lease is over, in the order in which they joined. */
  lost(): readonly WorkerRecord[];
  /** Marks it as changed. */
  touch(worker: WorkerRecord): void;
  /** The queues that it serves, in its order. */
  queuesOf(worker: WorkerRecord): readonly QueueRecord[];
  serves(worker: WorkerRecord, queue: QueueRecord): boolean;
  /** Whether it has a handler for it. */
  canRun(worker: WorkerRecord, execution: ExecutionRecord): boolean;
  countRuns(worker: WorkerRecord): number;
  /** Whether the test holds for one whose lease is not over. Of many, only the newest leases are looked at. */
  someAlive(test: (worker: WorkerRecord) => boolean): boolean;
  /** Whether it has that run, and its token is current. */
  hasRun(worker: WorkerRecord, run: RunToken): boolean;
  /**
   * Calls `visit` with its runs, in the order of their claims; simple ones (see `isSimple`) may be left out. They must not be
   * changed: what they were created with may be absent.
   */
  eachRun(worker: WorkerRecord, visit: (execution: ExecutionRecord) => void): void;
  /**
   * Calls `take`, which ends a run or gives it back, with up to `limit` of its runs, some at a time: the newest claim first,
   * so that the oldest is before the others at the head of its queue. @returns how many
   */
  takeRuns(worker: WorkerRecord, limit: number, take: (execution: ExecutionRecord) => void): number;
}

/** Executions of ticks. */
export interface Ticks {
  /** The number of the newest execution when the store's clock last went back; 0: it never did. */
  lastStepBack(): number;
  /** Stores the execution of a tick, which has no place yet. */
  createTick(schedule: ScheduleRecord, id: string, tick: TickRequest): ExecutionRecord;
  /** Binds it to its upstreams, and places it. @param after one for whose end it waits as well, however it ends */
  admitTick(execution: ExecutionRecord, tick: TickRequest, after: ExecutionRecord | undefined): void;
}

/** Definitions of tasks by id. */
export interface DefinitionTable {
  get(taskId: string): DefinitionRecord | undefined;
  /** Whether there is a definition of its task. */
  isDefined(execution: ExecutionRecord): boolean;
  put(definition: DefinitionRecord): void;
  /** From now on the newest execution of the task is kept, since others depend on it. */
  watch(taskId: string): void;
  /** @returns the numbers in the text of a version, in order */
  versionNumbers(version: string): number[];
}

/** Idempotency keys by task and key. */
export interface KeyTable {
  /** A key that is stored or staged; its day may be over. */
  get(keyName: string): KeyRecord | undefined;
  /** Keeps a key for as long as the batch is examined; it is stored with the batch. */
  stage(keyName: string, key: KeyRecord): void;
}

/** Locks by key, and those with an instant by that instant. */
export interface LockTable {
  get(key: string | undefined): LockRecord | undefined;
  create(key: string): LockRecord;
  /** Marks it as changed. */
  touch(lock: LockRecord): void;
  delete(lock: LockRecord): void;
  /** Sets `at`, and orders the lock by it. It counts as changed. */
  setAt(lock: LockRecord, at: number): void;
  clearAt(lock: LockRecord): void;
  /** Calls `expire` with each lock whose instant has come, some at a time. @returns how many */
  eachDue(expire: (lock: LockRecord) => void): number;
}

/** Executions and handles that wait for a lock: by priority, then by number. A handle has priority NORMAL. */
export interface LockWaiterTable {
  isEmpty(lock: LockRecord): boolean;
  /** Of executions only those that are parked count. An entry that cannot be read is removed. */
  first(lock: LockRecord): LockWaiter | undefined;
  /** Whether an execution that waits comes before another one that does. */
  isBefore(execution: ExecutionRecord, other: ExecutionRecord): boolean;

  /** The lock for which an execution is parked. */
  lockOf(execution: ExecutionRecord): LockRecord | undefined;
  /** The first of its queue, task and priority that waits for the same lock. */
  firstOfLine(execution: ExecutionRecord): ExecutionRecord;

  /** Parks an execution that has a `parkNumber`. */
  park(lock: LockRecord, execution: ExecutionRecord): void;
  /** Takes it from the parked. It keeps its place: others of its queue, task and priority come behind it. */
  unpark(lock: LockRecord, execution: ExecutionRecord): void;
  /** Removes a waiting execution, parked or not. */
  remove(execution: ExecutionRecord): void;

  /** Begins or continues its wait, which ends at that instant, ms. */
  startWait(execution: ExecutionRecord, until: number): void;
  /** Halts its wait. @returns when it would have ended, ms */
  haltWait(execution: ExecutionRecord): number;
  endWait(execution: ExecutionRecord): void;
  /** Calls `end` with each execution whose wait is over, some at a time. @returns how many */
  eachDue(end: (execution: ExecutionRecord) => void): number;

  /** Adds a handle; one that waits already keeps its place. */
  putHandle(lock: LockRecord, wait: HandleWait): void;
  /** @returns whether it waited */
  removeHandle(lock: LockRecord, owner: string): boolean;
}
