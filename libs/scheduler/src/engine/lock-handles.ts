/** Locks of handles, which users' code acquires and releases. */
import {
  deleteUnused,
  endHold,
  endReservation,
  expireAt,
  find,
  findOrCreate,
  grantHandle,
  isHeld,
  isOpenTo,
  loseHold,
} from './lock.js';
import type { LockGrant, LockRecord } from './records.js';
import type { Tables } from './tables.js';

/**
 * Grants the lock to a handle, or lets it wait. Its holder gets its time anew.
 * @param ttl ms for which it holds the lock
 * @param maxWait ms for which it waits from now; 0: it does not
 * @returns the lock where the handle holds it, else undefined
 */
export function acquire(t: Tables, key: string, owner: string, ttl: number, maxWait: number): LockGrant | undefined {
  const lock = findOrCreate(t, key);
  if (lock.handle === owner) {
    expireAt(t, lock, t.now + ttl);
    return grantOf(lock, owner);
  }
  if (isOpenTo(t, lock)) {
    t.lockWaiters.removeHandle(lock, owner);
    grantHandle(t, lock, owner, ttl);
    return grantOf(lock, owner);
  }
  if (maxWait > 0) t.lockWaiters.putHandle(lock, { owner, ttl, deadline: t.now + maxWait, askedAt: t.now });
  return undefined;
}

/** A handle no longer waits. @returns whether it did */
export function abandon(t: Tables, key: string, owner: string): boolean {
  const lock = t.locks.get(key);
  if (lock === undefined || !t.lockWaiters.removeHandle(lock, owner)) return false;
  deleteUnused(t, lock);
  return true;
}

/** @returns false where the handle does not hold the lock with that token */
export function releaseHandle(t: Tables, key: string, owner: string, fencingToken: number): boolean {
  const lock = heldBy(t, key, owner, fencingToken);
  if (lock !== undefined) endHold(t, lock, 'released', owner);
  return lock !== undefined;
}

/** @returns false where the handle does not hold the lock with that token */
export function extendHandle(t: Tables, key: string, owner: string, fencingToken: number, ttl: number): boolean {
  const lock = heldBy(t, key, owner, fencingToken);
  if (lock !== undefined) expireAt(t, lock, t.now + ttl);
  return lock !== undefined;
}

/** Takes the lock from its holder, or ends its reservation. @returns whether there was one */
export function forceRelease(t: Tables, key: string): boolean {
  const lock = find(t, key);
  if (lock === undefined) return false;
  if (isHeld(lock)) loseHold(t, lock);
  else if (lock.reserved !== undefined) endReservation(t, lock);
  else return false;
  return true;
}

function grantOf(lock: LockRecord, owner: string): LockGrant {
  return { key: lock.key, owner, fencingToken: lock.fencingToken, expiresAt: lock.at };
}

function heldBy(t: Tables, key: string, owner: string, fencingToken: number): LockRecord | undefined {
  const lock = find(t, key);
  return lock !== undefined && lock.handle === owner && lock.fencingToken === fencingToken ? lock : undefined;
}
