import type { ExecutionTransition } from '../core/effects.js';
import type { TaskAttempt } from '../core/execution.js';
import type { Verb } from '../core/state-machine.js';
import type { TaskStatus } from '../core/status.js';
import type { ExecutionRecord, HandleWait, LockRecord, LockWaiter, Stored, WorkflowRecord } from './records.js';

/** What counts in the store's totals. */
export type Counter =
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
export interface Tables extends Runs, Places, Dependents {
  /** The store's time, ms. */
  readonly now: number;
  /** ms without a heartbeat after which a worker counts as lost. */
  readonly lease: number;
  /** @returns the next number of the store: later ones are higher */
  nextNumber(): number;
  nextFencingToken(): number;
  count(counter: Counter, by: number): void;

  execution(id: string | undefined): ExecutionRecord | undefined;
  /** Marks a record as changed; it is written once, when the verb ends. */
  touchExecution(execution: ExecutionRecord): void;
  /** Changes its status, and the numbers of executions by status. The verb must allow it. */
  move(execution: ExecutionRecord, verb: Verb, status: TaskStatus): void;
  /** Reports a transition, where a listener wants it. */
  emitExecution(execution: ExecutionRecord, transition: ExecutionTransition): void;
  /** Counts an end in the figures of its minute. */
  countEnd(execution: ExecutionRecord): void;
  /** @returns an error as the store keeps it */
  makeError(name: string, message: string, code: string): Stored;
  /** Adds it to the recent errors. */
  addRecentError(execution: ExecutionRecord, error: Stored): void;

  readonly workflows: WorkflowTable;
  readonly locks: LockTable;
  readonly lockWaiters: LockWaiterTable;

  /** Reports that a lock was granted, released or lost. */
  emitLock(transition: 'granted' | 'released' | 'lost', lock: LockRecord, owner: string): void;
  /** Reports the end of a workflow. */
  emitWorkflow(workflow: WorkflowRecord): void;
  /** Reports that maintenance has work at that instant, ms. */
  emitDue(at: number): void;
}

/** Runs of workers. */
export interface Runs {
  /** Takes a run from its worker, out of the counts of its queue, and out of the deadlines of runs. */
  endRun(execution: ExecutionRecord): void;
  /** Adds the run that ends now to the attempts of its execution. */
  addAttempt(execution: ExecutionRecord, outcome: TaskAttempt['outcome'], error: Stored): void;
  /** A run that has not ended by that instant, ms, ends as cancelled. */
  setCancelDeadline(execution: ExecutionRecord, at: number): void;
  /** From its next run on, the execution needs that lock. */
  requireLock(execution: ExecutionRecord, lock: Stored): void;
}

/** Where executions wait, and where they go when they have ended. */
export interface Places {
  /** Whether some worker could start it now, as far as the store knows. */
  couldStart(execution: ExecutionRecord): boolean;
  /** Places it in its queue, before all others of its priority. */
  pushHead(execution: ExecutionRecord): void;
  /** Places it in its queue, behind all others of its priority. */
  pushTail(execution: ExecutionRecord): void;
  /** Places it among those that wait for `dueAt`. */
  delay(execution: ExecutionRecord): void;
  /** Places it among those that wait for upstreams. */
  block(execution: ExecutionRecord): void;
  /** Takes an execution that waits from its place. */
  leave(execution: ExecutionRecord): void;
  /** Marks an ended execution as kept: it is not in history, since a live one may need it. */
  setKept(execution: ExecutionRecord): void;
  /** Moves an ended execution that is no member of a workflow into history, where no live one needs it. */
  retire(execution: ExecutionRecord): void;
  /** Takes an execution out of history. */
  unretire(execution: ExecutionRecord): void;
  /** Moves an ended workflow into history, with all its executions, where no live one outside of it needs any of them. */
  retireWorkflow(workflow: WorkflowRecord): void;
  /** Takes a workflow out of history. */
  unretireWorkflow(workflow: WorkflowRecord): void;
}

/** What an end, or a reopening, means for others. */
export interface Dependents {
  /** Its own edges need no decision any more, and its upstreams have one live dependent less. */
  releaseUpstreams(execution: ExecutionRecord): void;
  /** Binds a reopened execution to its upstreams again. */
  reattach(execution: ExecutionRecord): void;
  /** Decides the edges of its dependents, in bounded steps. */
  propagate(execution: ExecutionRecord, isReopened: boolean): void;
}

/** Workflows by id. */
export interface WorkflowTable {
  get(id: string | undefined): WorkflowRecord | undefined;
  /** Marks it as changed. */
  touch(workflow: WorkflowRecord): void;
  /** Marks its counts as changed, where they are stored and not counted. */
  touchCounts(workflow: WorkflowRecord): void;
  /** Adds what the payload and the result of an ended execution weigh in history, where that matters. */
  addBytes(workflow: WorkflowRecord, execution: ExecutionRecord): void;
  removeBytes(workflow: WorkflowRecord, execution: ExecutionRecord): void;
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

  /** Adds a handle; one that waits already keeps its place. */
  putHandle(lock: LockRecord, wait: HandleWait): void;
  /** @returns whether it waited */
  removeHandle(lock: LockRecord, owner: string): boolean;
}
