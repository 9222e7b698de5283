/** The small model of the random runs. */
export const QUEUES = ['a', 'b'] as const;
export const LOCK_KEYS = ['red', 'blue'] as const;
/** How long the lock of an execution outlives the last heartbeat of its worker, ms. */
export const LOCK_TTL = 30_000;
/** For how long a free lock is reserved for an execution, ms. */
export const LOCK_RESERVED = 1_000;
/** A wait for a lock that is not renewed for this time gets no grant, ms. */
export const WAIT_LAPSE = 5_000;
/** Between two ticks of the one schedule, ms. */
export const TICK_MS = 10_000;
/** Between two heartbeats of a worker, ms. */
export const BEAT_MS = 5_000;
/** More than there is of anything. */
export const ALL = 1_000;
/** What a task is declared to depend on; the newest executions of these upstream tasks are kept. */
export const DECLARED: Readonly<Record<string, string>> = { child: 'parent', grandchild: 'child' };
