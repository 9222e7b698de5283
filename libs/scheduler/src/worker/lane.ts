import type { Settlement } from '../core/commands.js';

/** A way to the store, for one trip at a time. */
export interface Lane {
  readonly number: number;
  sequence: number;
  busy: boolean;
  /** Runs that its trip under way has asked for. */
  asked: number;
  /** What its trip under way carries. */
  carried: readonly Settlement[];
}

/** What one trip asks for: `ahead` of `want` may only wait here for a slot. */
export interface Demand {
  want: number;
  ahead: number;
}

export function newLanes(count: number): Lane[] {
  return Array.from({ length: count }, (_, number) => ({ number, sequence: 0, busy: false, asked: 0, carried: [] }));
}
