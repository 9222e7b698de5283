import type { Settlement } from '../core/commands.js';

/** A sequence of round trips to the store, one in flight at a time. */
export interface Pipeline {
  readonly number: number;
  sequence: number;
  busy: boolean;
  /** Number of runs that the current round trip has requested. */
  requested: number;
  /** Of these, how many of a queue that is limited in this process. */
  offered: Readonly<Record<string, number>>;
  /** Settlements that the current round trip carries. */
  carried: readonly Settlement[];
}

export function isFree({ busy }: Pipeline): boolean {
  return !busy;
}

export function newPipelines(count: number): Pipeline[] {
  return Array.from({ length: count }, (_, number) => ({
    number,
    sequence: 0,
    busy: false,
    requested: 0,
    offered: {},
    carried: [],
  }));
}
