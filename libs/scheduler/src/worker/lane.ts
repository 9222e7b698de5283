import type { Settlement } from '../core/commands.js';

/** A channel to the store, for one round trip at a time. */
export interface Lane {
  readonly number: number;
  sequence: number;
  busy: boolean;
  /** Number of runs that the current round trip has requested. */
  requested: number;
  /** Settlements that the current round trip carries. */
  carried: readonly Settlement[];
}

/** The request of one round trip: `prefetch` of the `count` claims may only be prefetched. */
export interface Demand {
  count: number;
  prefetch: number;
}

export function newLanes(count: number): Lane[] {
  return Array.from({ length: count }, (_, number) => ({
    number,
    sequence: 0,
    busy: false,
    requested: 0,
    carried: [],
  }));
}
