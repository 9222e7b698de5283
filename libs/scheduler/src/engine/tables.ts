import type { ExecutionRecord, HandleWait, LockRecord, LockWaiter } from './records.js';

/** What counts in the store's totals. */
export type Counter = 'lockAcquired' | 'locksLost';

/**
 * Where a store keeps the engine's records, for one call of a verb. Implemented on Maps (`memory`, `embedded`) and in Lua
 * (`redis`). Tables find, order and write; they decide nothing.
 */
export interface Tables {
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
  /** Whether some worker could start it now, as far as the store knows. */
  couldStart(execution: ExecutionRecord): boolean;
  /** Places it in its queue, before all others of its priority. */
  pushHead(execution: ExecutionRecord): void;

  readonly locks: LockTable;
  readonly lockWaiters: LockWaiterTable;

  /** Reports that a lock was granted, released or lost. */
  emitLock(transition: 'granted' | 'released' | 'lost', lock: LockRecord, owner: string): void;
  /** Reports that maintenance has work at that instant, ms. */
  emitDue(at: number): void;
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
