import type { TaskStatus } from '../core/status.js';
import type { StoreCounters } from './records.js';

/** The counters of a new store. */
export function noCounts(): StoreCounters {
  return {
    scheduled: 0,
    started: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
    retried: 0,
    snoozed: 0,
    crashed: 0,
    released: 0,
    stale: 0,
    lockAcquired: 0,
    lockTimeouts: 0,
    locksLost: 0,
  };
}

export function noStatuses(): Record<TaskStatus, number> {
  return { PENDING: 0, RUNNING: 0, COMPLETED: 0, FAILED: 0, RETRYING: 0, CANCELLED: 0, SKIPPED: 0 };
}
