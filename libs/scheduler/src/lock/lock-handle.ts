import type { Duration } from '../core/duration.js';

/** A held lock. Pass `fencingToken` to the resource: if it refuses smaller tokens, it is safe from late writers. */
export interface LockHandle {
  readonly key: string;
  /** Grows with every holder of any lock. */
  readonly fencingToken: number;
  /** Aborts when the lock is lost: it expired, or was released by force. */
  readonly signal: AbortSignal;
  /** @returns false if it was no longer held */
  release(): Promise<boolean>;
  /** Holds the lock for `ttl` (default: the initial one) from now. @returns false if it was no longer held */
  extend(ttl?: Duration): Promise<boolean>;
}
