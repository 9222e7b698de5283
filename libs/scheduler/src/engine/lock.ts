/** Locks: one holder, waiters by priority and then by number, a fencing token that only grows. */
import { LOCK_RESERVED_MS, LOCK_WAIT_LAPSE_MS, LOCK_WAITERS_PER_STEP } from '../core/limits.js';
import type { ExecutionRecord, HandleWait, LockRecord } from './records.js';
import { couldStart } from './startable.js';
import type { Tables } from './tables.js';

/** Takes the lock for a claim, or parks the execution on it. @returns whether it may run */
export function takeOrPark(t: Tables, execution: ExecutionRecord): boolean {
  const lock = findOrCreate(t, execution.lockKey!, execution.id);
  if (!isOpenTo(t, lock, execution)) {
    park(t, lock, execution);
    return false;
  }
  stopWaiting(t, execution);
  lock.reserved = undefined;
  lock.holder = execution.id;
  execution.heldLock = lock.key;
  execution.fencingToken = grant(t, lock, execution.id, t.now + holdOf(t, execution));
  t.touchExecution(execution);
  return true;
}

/** Releases what the execution holds or waits for, and grants it to the first of those who wait. */
export function release(t: Tables, execution: ExecutionRecord): void {
  if (execution.lockKey === undefined) return;
  if (execution.parkNumber !== undefined) {
    stopWaiting(t, execution);
    withdraw(t, execution.lockKey, execution.id);
  }
  const held = t.locks.get(execution.heldLock);
  execution.heldLock = undefined;
  execution.fencingToken = undefined;
  if (held !== undefined) endHold(t, held, 'released', execution.id);
  t.touchExecution(execution);
}

/** Renews the lock of a run at its worker's heartbeat. */
export function renew(t: Tables, execution: ExecutionRecord): void {
  const held = t.locks.get(execution.heldLock);
  if (held !== undefined) expireAt(t, held, t.now + holdOf(t, execution));
}

/** Ends the holds and reservations whose time is over. @returns how many */
export function expire(t: Tables): number {
  return t.locks.eachDue((lock) => {
    if (isHeld(lock)) loseHold(t, lock);
    else endReservation(t, lock);
  });
}

/** An execution no longer waits for that lock: nothing is reserved for it, and a free lock goes to the next waiter. */
export function withdraw(t: Tables, key: string, executionId: string): void {
  const lock = t.locks.get(key);
  if (lock === undefined) return;
  if (lock.reserved === executionId) lock.reserved = undefined;
  if (isFree(lock)) passToNextWaiter(t, lock);
}

export function isHeld(lock: LockRecord): boolean {
  return lock.holder !== undefined || lock.handle !== undefined;
}

export function isFree(lock: LockRecord): boolean {
  return !isHeld(lock) && lock.reserved === undefined;
}

/** The lock of that key, or undefined. A hold whose time is over ends first, and a reservation for another execution. */
export function find(t: Tables, key: string, executionId?: string): LockRecord | undefined {
  const lock = t.locks.get(key);
  if (lock === undefined || lock.at === 0 || lock.at > t.now) return lock;
  if (isHeld(lock)) loseHold(t, lock);
  else if (lock.reserved !== undefined && lock.reserved !== executionId) endReservation(t, lock);
  return t.locks.get(key);
}

export function findOrCreate(t: Tables, key: string, executionId?: string): LockRecord {
  return find(t, key, executionId) ?? t.locks.create(key);
}

/**
 * Whether it is free for that execution, or for a handle (undefined). A reservation ends where its execution could not
 * start any more, and yields to an execution that waits as well and comes before.
 */
export function isOpenTo(t: Tables, lock: LockRecord, execution?: ExecutionRecord): boolean {
  if (lock.reserved !== undefined && lock.reserved !== execution?.id) {
    const preferred = t.execution(lock.reserved);
    if (preferred === undefined || !couldStart(t, preferred)) endReservation(t, lock);
  }
  if (isHeld(lock) || lock.reserved === undefined || execution === undefined) return isFree(lock);
  if (lock.reserved === execution.id) return true;
  const preferred = t.execution(lock.reserved);
  return execution.parkNumber !== undefined && preferred !== undefined && t.lockWaiters.isBefore(execution, preferred);
}

/** Grants the lock to a handle. */
export function grantHandle(t: Tables, lock: LockRecord, owner: string, ttl: number): void {
  lock.handle = owner;
  grant(t, lock, owner, t.now + ttl);
}

export function expireAt(t: Tables, lock: LockRecord, at: number): void {
  t.locks.setAt(lock, at);
  t.emitDue(at);
}

export function endHold(t: Tables, lock: LockRecord, how: 'released' | 'lost', owner: string): void {
  lock.holder = undefined;
  lock.handle = undefined;
  t.emitLock(how, lock, owner);
  passToNextWaiter(t, lock);
}

/** The holder loses the lock before it has released it. */
export function loseHold(t: Tables, lock: LockRecord): void {
  t.count('locksLost', 1);
  const owner = lock.holder ?? lock.handle!;
  const holder = t.execution(lock.holder);
  if (holder !== undefined) {
    holder.heldLock = undefined;
    holder.fencingToken = undefined;
    t.touchExecution(holder);
  }
  endHold(t, lock, 'lost', owner);
}

/** The execution it was reserved for did not claim it: it stays ready, without a right to the lock. */
export function endReservation(t: Tables, lock: LockRecord): void {
  lock.reserved = undefined;
  passToNextWaiter(t, lock);
}

/** Deletes a lock that nothing holds or waits for. The next one of its key gets a higher token all the same. */
export function deleteUnused(t: Tables, lock: LockRecord): void {
  if (isFree(lock) && t.lockWaiters.isEmpty(lock)) t.locks.delete(lock);
}

/** @returns the fencing token */
function grant(t: Tables, lock: LockRecord, owner: string, expiresAt: number): number {
  lock.fencingToken = t.nextFencingToken();
  t.count('lockAcquired', 1);
  expireAt(t, lock, expiresAt);
  t.emitLock('granted', lock, owner);
  return lock.fencingToken;
}

/** ms: a hold shorter than the lease would end between two heartbeats of a healthy worker. */
function holdOf(t: Tables, execution: ExecutionRecord): number {
  return Math.max(execution.lockTimeout!, t.lease);
}

/** Parks it behind those of its queue, task and priority, or at the place that it has kept. */
function park(t: Tables, lock: LockRecord, execution: ExecutionRecord): void {
  execution.parkNumber ??= t.nextNumber();
  t.lockWaiters.park(lock, execution);
  if (execution.lockMaxWait !== undefined) {
    const deadline = t.now + (execution.lockWaitLeft ?? execution.lockMaxWait);
    execution.lockWaitLeft = undefined;
    t.lockWaiters.startWait(execution, deadline);
    t.emitDue(deadline);
  }
  t.touchExecution(execution);
}

/** Takes a parked execution out: it is about to be ready. Its wait is halted meanwhile. */
function unpark(t: Tables, lock: LockRecord, execution: ExecutionRecord): void {
  t.lockWaiters.unpark(lock, execution);
  if (execution.lockMaxWait === undefined) return;
  execution.lockWaitLeft = Math.max(0, t.lockWaiters.haltWait(execution) - t.now);
}

/** An execution no longer waits for its lock: it has it, or has ended. */
function stopWaiting(t: Tables, execution: ExecutionRecord): void {
  if (execution.parkNumber === undefined) return;
  t.lockWaiters.endWait(execution);
  t.lockWaiters.remove(execution);
  execution.lockWaitLeft = undefined;
  execution.parkNumber = undefined;
}

/**
 * Gives a free lock to the first waiter. A handle is granted it. For an execution that could start now it is reserved for
 * a moment; one that could not becomes ready without it, so that no waiter depends on what prevents its start.
 */
function passToNextWaiter(t: Tables, lock: LockRecord): void {
  t.locks.clearAt(lock);
  const ready: ExecutionRecord[] = [];
  for (let examined = 0; isFree(lock); examined++) {
    const waiter = t.lockWaiters.first(lock);
    if (waiter === undefined) break;
    if (examined === LOCK_WAITERS_PER_STEP) {
      expireAt(t, lock, t.now);
      break;
    }
    if (waiter.handle !== undefined) {
      t.lockWaiters.removeHandle(lock, waiter.handle.owner);
      if (isWaiting(t, waiter.handle)) grantHandle(t, lock, waiter.handle.owner, waiter.handle.ttl);
    } else if (waiter.execution !== undefined) {
      unpark(t, lock, waiter.execution);
      ready.push(waiter.execution);
      if (couldStart(t, waiter.execution)) {
        lock.reserved = waiter.execution.id;
        expireAt(t, lock, t.now + LOCK_RESERVED_MS);
      }
    }
  }
  // In one queue, the first waiter comes first.
  for (let i = ready.length - 1; i >= 0; i--) t.pushHead(ready[i]!);
  t.locks.touch(lock);
  deleteUnused(t, lock);
}

/** Whether its owner still waits, and its process is alive. */
function isWaiting(t: Tables, wait: HandleWait): boolean {
  return wait.deadline > t.now && wait.askedAt + LOCK_WAIT_LAPSE_MS > t.now;
}
