import type { Duration } from '../core/duration.js';

/** A lock that is held. Give `fencingToken` to the resource: one that refuses smaller tokens is safe from late writers. */
export interface LockHandle {
  readonly key: string;
  /** Grows with every holder of any lock. */
  readonly fencingToken: number;
  /** Aborts when the lock is lost: expired, or released by force. */
  readonly signal: AbortSignal;
  /** @returns false: it was no longer held */
  release(): Promise<boolean>;
  /** Holds it for `ttl` (default: as at first) from now. @returns false: it was no longer held */
  extend(ttl?: Duration): Promise<boolean>;
}
