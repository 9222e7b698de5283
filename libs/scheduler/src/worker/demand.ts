import { CLAIM_PER_STEP } from '../core/limits.js';

/** The request of one round trip: `prefetch` of the `count` claims may only be prefetched. */
export interface Demand {
  readonly count: number;
  readonly prefetch: number;
}

export const NO_DEMAND: Demand = { count: 0, prefetch: 0 };

/** A process that claims. */
export interface Claiming {
  /** Free slots, of all `slots`. */
  readonly free: number;
  readonly slots: number;
  /** Claims that are here, or requested, without having started. */
  readonly waiting: number;
  /** Round trips that may be under way at a time. */
  readonly pipelines: number;
  /** Null if this process does not prefetch. */
  readonly limit: { readonly runs: number; readonly atOnce: number } | null;
}

/** Runs to claim in one round trip: for free slots and, with short handlers and a remote store, some in advance. */
export function demandFor({ free, slots, waiting, pipelines, limit }: Claiming): Demand {
  const startable = Math.max(0, free - waiting);
  if (!limit) return { count: startable, prefetch: 0 };
  const left = Math.max(0, Math.min(free + limit.runs - waiting, limit.atOnce - waiting));
  // Each pipeline gets its share, so the store works on one round trip while this process works on the other.
  const share = limit.runs > 0 ? Math.ceil((slots + limit.runs) / pipelines) : left;
  const count = Math.min(left, share, CLAIM_PER_STEP);
  return { count, prefetch: Math.max(0, count - startable) };
}
