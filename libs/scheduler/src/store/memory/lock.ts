import { LOCK_RESERVED_MS, LOCK_WAIT_LAPSE_MS, LOCK_WAITERS_PER_STEP } from '../../core/limits.js';
import type { LockGrant, LockInfo, LockWait } from '../records.js';
import * as line from './lock-line.js';
import * as queue from './queue.js';
import { LockRow, type HandleWait, type LockLine, type Row } from './rows.js';
import type { State } from './state.js';

/** NORMAL: handles of `acquire` queue for a lock among the executions of this level. */
const HANDLE_LEVEL = 2;

/** Takes the lock for a claim, or parks the execution on it. @returns whether it may run */
export function takeOrPark(s: State, row: Row, now: number): boolean {
  const extra = row.more();
  const need = extra.lock!;
  const lock = find(s, need.key, now, row);
  if (!isOpenTo(s, lock, row, now)) {
    line.park(s, lock, row, now);
    return false;
  }
  line.leave(s, row);
  lock.reserved = null;
  lock.holder = row;
  extra.held = lock;
  // A lock shorter than the lease would lapse between two beats of a healthy holder.
  extra.fencingToken = grant(s, lock, row.executionId, now + Math.max(need.timeout, s.settings.lease), now);
  return true;
}

/** Frees what the execution holds, or waits for, and gives it to the best of those who wait. */
export function release(s: State, row: Row, now: number): void {
  const extra = row.extra;
  if (extra === null || extra.lock === null) return;
  const lock = extra.line?.lock;
  line.leave(s, row);
  if (lock) {
    s.touch(lock);
    if (lock.reserved === row) lock.reserved = null;
    if (isFree(lock)) passOn(s, lock, now);
  }
  if (extra.held) {
    const held = extra.held;
    extra.held = null;
    extra.fencingToken = null;
    end(s, held, 'released', row.executionId, now);
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
  const known = s.locks.get(key);
  const wait = known?.handles.get(owner);
  if (known && wait && maxWait > 0 && isHeld(known) && known.at > now) {
    // As before: nothing is to be written to a disk.
    Object.assign(wait, { ttl, deadline: now + maxWait, askedAt: now });
    return null;
  }
  const lock = find(s, key, now);
  if (lock.handle === owner) {
    expireAt(s, lock, now + ttl);
    return { key, owner, fencingToken: lock.fencingToken, expiresAt: lock.at };
  }
  if (isOpenTo(s, lock, null, now)) {
    lock.handles.delete(owner);
    return grantHandle(s, lock, owner, ttl, now);
  }
  if (maxWait > 0) {
    const parkNumber = lock.handles.get(owner)?.parkNumber ?? ++s.sequence;
    // The map keeps the place of an owner that asks again.
    lock.handles.set(owner, { owner, parkNumber, ttl, deadline: now + maxWait, askedAt: now });
  }
  return null;
}

export function acquireAgain(s: State, waits: readonly LockWait[], now: number): LockGrant[] {
  return waits.flatMap(({ key, owner, ttl, maxWait }) => acquire(s, key, owner, ttl, maxWait, now) ?? []);
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
  if (isHeld(lock)) lose(s, lock, now);
  else if (lock.reserved !== null) lapse(s, lock, now);
  else {
    forget(s, lock);
    return false;
  }
  return true;
}

// ---- expiry ----------------------------------------------------------------------------------------------------

/** Ends the holds and the reservations whose time is over. */
export function expire(s: State, now: number): number {
  const due: LockRow[] = [];
  for (let lock = s.lockExpiries.popDue(now); lock; lock = s.lockExpiries.popDue(now)) due.push(lock);
  for (const lock of due) {
    if (isHeld(lock)) lose(s, lock, now);
    else lapse(s, lock, now);
  }
  return due.length;
}

/** What is known of a lock; null where nobody holds it or waits for it, or its time is over. */
export function get(s: State, key: string, now: number): LockInfo | null {
  const lock = s.locks.get(key);
  return lock && !(isHeld(lock) && lock.at <= now) ? info(lock, now) : null;
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
    waiting: lock.handles.size + line.waitingOf(lock),
  };
}

function isHeld(lock: LockRow): boolean {
  return lock.holder !== null || lock.handle !== null;
}

/** Whether anyone may take it. */
export function isFree(lock: LockRow): boolean {
  return !isHeld(lock) && lock.reserved === null;
}

/**
 * Whether it is free for that execution, or for a handle (null). A reservation ends where it cannot be used any more, and
 * gives way to one that waited as well and comes before.
 */
function isOpenTo(s: State, lock: LockRow, row: Row | null, now: number): boolean {
  if (lock.reserved !== null && lock.reserved !== row && !couldStart(s, lock.reserved, now)) lapse(s, lock, now);
  if (isHeld(lock) || lock.reserved === null || row === null) return isFree(lock);
  const [own, other] = [row.extra!, lock.reserved.extra!];
  if (own.line === null || row.priority > lock.reserved.priority) return false;
  return row.priority < lock.reserved.priority || own.parkNumber <= other.parkNumber;
}

/** The execution for which it was reserved did not claim it: it stands ready like others, and the next one is looked at. */
function lapse(s: State, lock: LockRow, now: number): void {
  lock.reserved = null;
  passOn(s, lock, now);
}

/** The lock of that key, made if need be, freed first if its time is over. A reservation for the caller itself still counts. */
function find(s: State, key: string, now: number, row: Row | null = null): LockRow {
  let lock = s.locks.get(key);
  if (lock && lock.at <= now) {
    if (isHeld(lock)) lose(s, lock, now);
    else if (lock.reserved !== null && lock.reserved !== row) lapse(s, lock, now);
    lock = s.locks.get(key);
  }
  if (!lock) s.locks.set(key, (lock = new LockRow(key, ++s.sequence)));
  s.touch(lock);
  return lock;
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
  passOn(s, lock, now);
}

/**
 * Gives a free lock to the best of those who wait: by level, then by who came first. A handle takes it at once. For an
 * execution that could start now it is reserved for a moment; one that could not stands ready without it, so that nobody
 * waits for what keeps it, and nothing must be looked at again when that ends.
 */
function passOn(s: State, lock: LockRow, now: number): void {
  s.lockExpiries.remove(lock);
  const called: Row[] = [];
  for (let looked = 0; isFree(lock); looked++) {
    const best = lock.parked.peek();
    const handle = lock.handles.values().next().value;
    if (best === undefined && handle === undefined) break;
    if (looked === LOCK_WAITERS_PER_STEP) {
      expireAt(s, lock, now);
      break;
    }
    if (handle && isBefore(handle, best)) {
      lock.handles.delete(handle.owner);
      if (isAlive(handle, now)) grantHandle(s, lock, handle.owner, handle.ttl, now);
      continue;
    }
    const row = line.callFirst(s, best!, now);
    called.push(row);
    if (!couldStart(s, row, now)) continue;
    lock.reserved = row;
    expireAt(s, lock, now + LOCK_RESERVED_MS);
  }
  // The best comes first where several stand in one queue.
  for (const row of called.reverse()) queue.pushHead(s, row);
  s.touch(lock);
  forget(s, lock);
}

/** Whether its owner still waits, and its process is there. */
function isAlive({ deadline, askedAt }: HandleWait, now: number): boolean {
  return deadline > now && askedAt + LOCK_WAIT_LAPSE_MS > now;
}

function isBefore(handle: HandleWait, best: LockLine | undefined): boolean {
  if (best === undefined || best.at !== HANDLE_LEVEL) return best === undefined || best.at > HANDLE_LEVEL;
  return handle.parkNumber < best.order;
}

/** Whether some worker could start it now, as far as the store knows. */
function couldStart(s: State, { queue: q, task }: Row, now: number): boolean {
  if (q.paused || !queue.roomLeft(q, now)) return false;
  for (const { hello, draining, leaseUntil, running, tasks } of s.workers.values()) {
    if (draining || leaseUntil <= now || running.size >= hello.maxConcurrentTasks) continue;
    if (tasks.has(task.taskId) && hello.queues.includes(q.name)) return true;
  }
  return false;
}

/** Forgets a lock that nobody holds or waits for; its token lives on in the store's counter. */
function forget(s: State, lock: LockRow): void {
  if (!isFree(lock) || lock.handles.size > 0 || lock.lines.size > 0) return;
  s.lockExpiries.remove(lock);
  s.locks.delete(lock.key);
  s.touch(lock);
}
