import { isHeld } from '../../engine/lock.js';
import type { LockInfo } from '../records.js';
import { waitingFor } from './lock-waiters.js';
import type { LockRow } from './rows.js';
import type { State } from './state.js';

/** @returns null where nothing holds it or waits for it, or the time of its holder is over */
export function get(s: State, key: string, now: number): LockInfo | null {
  const lock = s.locks.get(key);
  return lock && !(isHeld(lock) && lock.at <= now) ? info(lock, now) : null;
}

export function info(lock: LockRow, now: number): LockInfo {
  const owner = lock.holder ?? lock.handle ?? null;
  return {
    key: lock.key,
    owner,
    kind: lock.holder !== undefined ? 'execution' : lock.handle !== undefined ? 'handle' : null,
    fencingToken: lock.fencingToken,
    expiresAt: owner === null ? null : lock.at,
    remaining: owner === null ? null : Math.max(0, lock.at - now),
    waiting: waitingFor(lock),
  };
}
