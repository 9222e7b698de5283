import type { LockGrant, LockInfo } from '../records.js';
import * as queue from './queue.js';
import { Deadline, LockRow, type HandleWait, type Row } from './rows.js';
import type { State } from './state.js';

/** NORMAL: handles of `acquire` queue for a lock among the executions of this level. */
const HANDLE_LEVEL = 2;

/** Takes the lock for a claim, or parks the execution on it. @returns whether it may run */
export function takeOrPark(s: State, row: Row, now: number): boolean {
  const extra = row.more();
  const need = extra.lock!;
  const lock = find(s, need.key, now);
  if (isHeld(lock) || (lock.reserved !== null && lock.reserved !== row)) {
    park(s, lock, row, now);
    return false;
  }
  lock.reserved = extra.reserved = null;
  lock.holder = row;
  extra.held = lock;
  unpark(s, row);
  // A lock shorter than the lease would lapse between two beats of a healthy holder.
  extra.fencingToken = grant(s, lock, row.executionId, now + Math.max(need.timeout, s.settings.lease), now);
  return true;
}

/** Frees what the execution holds or is next for, and gives it to the best of those who wait. */
export function release(s: State, row: Row, now: number): void {
  const extra = row.extra;
  if (extra === null || extra.lock === null) return;
  unpark(s, row);
  if (extra.parkedOn) {
    const lock = extra.parkedOn;
    extra.parkedOn = null;
    forget(s, lock);
  }
  if (extra.reserved) {
    extra.reserved.reserved = null;
    s.touch(extra.reserved);
    handOver(s, extra.reserved, now);
    extra.reserved = null;
  }
  if (extra.held) {
    const lock = extra.held;
    extra.held = null;
    extra.fencingToken = null;
    end(s, lock, 'released', row.executionId, now);
  }
}

/** Renews the lock of a run at its worker's beat. */
export function renew(s: State, row: Row, now: number): void {
  const lock = row.extra?.held;
  if (lock) expireAt(s, lock, now + Math.max(row.extra!.lock!.timeout, s.settings.lease));
}

// ---- handles of users' code ------------------------------------------------------------------------------------

export function acquire(
  s: State,
  key: string,
  owner: string,
  ttl: number,
  maxWait: number,
  now: number,
): LockGrant | null {
  const lock = find(s, key, now);
  if (!isHeld(lock) && lock.reserved === null) return grantHandle(s, lock, owner, ttl, now);
  if (maxWait > 0) {
    const wait: HandleWait = { owner, parkNumber: ++s.sequence, ttl, deadline: now + maxWait };
    lock.handles.set(owner, wait);
  }
  return null;
}

export function abandon(s: State, key: string, owner: string): boolean {
  const lock = s.locks.get(key);
  if (!lock?.handles.delete(owner)) return false;
  forget(s, lock);
  return true;
}

export function releaseHandle(s: State, key: string, owner: string, token: number, now: number): boolean {
  const lock = find(s, key, now);
  const mine = lock.handle === owner && lock.fencingToken === token;
  if (mine) end(s, lock, 'released', owner, now);
  else forget(s, lock);
  return mine;
}

export function extendHandle(s: State, key: string, owner: string, token: number, ttl: number, now: number): boolean {
  const lock = find(s, key, now);
  const mine = lock.handle === owner && lock.fencingToken === token;
  if (mine) expireAt(s, lock, now + ttl);
  else forget(s, lock);
  return mine;
}

export function force(s: State, key: string, now: number): boolean {
  const lock = find(s, key, now);
  if (!isHeld(lock)) {
    forget(s, lock);
    return false;
  }
  lose(s, lock, now);
  return true;
}

// ---- expiry ----------------------------------------------------------------------------------------------------

/** Frees every lock whose time is over. */
export function expire(s: State, now: number): number {
  let done = 0;
  for (let lock = s.lockExpiries.popDue(now); lock; lock = s.lockExpiries.popDue(now)) {
    lose(s, lock, now);
    done++;
  }
  return done;
}

export function info(lock: LockRow, now: number): LockInfo {
  const owner = lock.holder?.executionId ?? lock.handle;
  return {
    key: lock.key,
    owner,
    kind: lock.holder ? 'execution' : lock.handle !== null ? 'handle' : null,
    fencingToken: lock.fencingToken,
    expiresAt: owner === null ? null : lock.at,
    remaining: owner === null ? null : Math.max(0, lock.at - now),
    waiting: lock.handles.size + lock.waiting.reduce((sum, level) => sum + level.size, 0) + (lock.reserved ? 1 : 0),
  };
}

export function isHeld(lock: LockRow): boolean {
  return lock.holder !== null || lock.handle !== null;
}

/** The lock of that key, made if need be, freed first if its time is over. */
function find(s: State, key: string, now: number): LockRow {
  let lock = s.locks.get(key);
  if (lock && isHeld(lock) && lock.at <= now) {
    s.lockExpiries.remove(lock);
    lose(s, lock, now);
    lock = s.locks.get(key);
  }
  if (!lock) s.locks.set(key, (lock = new LockRow(key, ++s.sequence)));
  s.touch(lock);
  return lock;
}

function park(s: State, lock: LockRow, row: Row, now: number): void {
  const extra = row.more();
  row.place = 'lock';
  s.touch(row);
  extra.parkedOn = lock;
  extra.parkNumber = ++s.sequence;
  lock.waiting[row.priority].pushTail(row);
  s.waitingForLock++;
  const maxWait = extra.lock!.maxWait;
  if (maxWait !== null && extra.lockWait === null) {
    extra.lockWait = new Deadline(now + maxWait, ++s.sequence, row);
    s.lockWaits.push(extra.lockWait);
    s.effects.push({ kind: 'due', at: extra.lockWait.at });
  }
}

function unpark(s: State, row: Row): void {
  const extra = row.extra!;
  if (extra.lockWait) s.lockWaits.remove(extra.lockWait);
  extra.lockWait = null;
}

function grant(s: State, lock: LockRow, owner: string, expiresAt: number, now: number): number {
  lock.fencingToken = ++s.fencing;
  s.counters.lockAcquired++;
  expireAt(s, lock, expiresAt);
  s.effects.push({
    kind: 'lock',
    transition: 'granted',
    key: lock.key,
    owner,
    fencingToken: lock.fencingToken,
    time: now,
  });
  return lock.fencingToken;
}

function grantHandle(s: State, lock: LockRow, owner: string, ttl: number, now: number): LockGrant {
  lock.handle = owner;
  const fencingToken = grant(s, lock, owner, now + ttl, now);
  return { key: lock.key, owner, fencingToken, expiresAt: lock.at };
}

function expireAt(s: State, lock: LockRow, at: number): void {
  s.lockExpiries.remove(lock);
  lock.at = at;
  s.touch(lock);
  s.lockExpiries.push(lock);
  s.effects.push({ kind: 'due', at });
}

function lose(s: State, lock: LockRow, now: number): void {
  s.counters.locksLost++;
  const owner = lock.holder?.executionId ?? lock.handle!;
  if (lock.holder?.extra) {
    lock.holder.extra.held = null;
    lock.holder.extra.fencingToken = null;
    s.touch(lock.holder);
  }
  end(s, lock, 'lost', owner, now);
}

function end(s: State, lock: LockRow, how: 'released' | 'lost', owner: string, now: number): void {
  s.lockExpiries.remove(lock);
  lock.holder = null;
  lock.handle = null;
  s.touch(lock);
  s.effects.push({ kind: 'lock', transition: how, key: lock.key, owner, fencingToken: lock.fencingToken, time: now });
  handOver(s, lock, now);
}

/** Gives a free lock to the best of those who wait: by level, then by who parked first. */
function handOver(s: State, lock: LockRow, now: number): void {
  for (const wait of lock.handles.values()) if (wait.deadline <= now) lock.handles.delete(wait.owner);
  const handle = lock.handles.values().next().value;
  for (const [level, rows] of lock.waiting.entries()) {
    const row = rows.head;
    if (handle && level === HANDLE_LEVEL && (row === null || handle.parkNumber < row.extra!.parkNumber)) {
      lock.handles.delete(handle.owner);
      grantHandle(s, lock, handle.owner, handle.ttl, now);
      return;
    }
    if (row !== null) {
      queue.leave(s, row);
      row.extra!.parkedOn = null;
      row.extra!.reserved = lock;
      lock.reserved = row;
      queue.pushHead(s, row);
      return;
    }
  }
  forget(s, lock);
}

/** Lets go of a lock that nobody holds, awaits or is next for; its token lives on in the store's counter. */
function forget(s: State, lock: LockRow): void {
  if (
    !isHeld(lock) &&
    lock.reserved === null &&
    lock.handles.size === 0 &&
    lock.waiting.every((level) => level.size === 0)
  ) {
    s.locks.delete(lock.key);
    s.touch(lock);
  }
}
