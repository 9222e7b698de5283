/** Keeps the ticks of a schedule from overlapping: a tick that must wait has an edge to the one before it. */
import { EDGES_PER_STEP } from '../core/limits.js';
import { bind } from './edges.js';
import type { ExecutionRecord } from './records.js';
import { hasEnded } from './status.js';
import type { Tables } from './tables.js';

/**
 * The execution under way that the next tick must not overlap: the last one of its schedule, or the one for which the last
 * one still waited when it ended.
 */
export function underWay(t: Tables, last: ExecutionRecord | undefined): ExecutionRecord | undefined {
  let execution = last;
  for (let passed = 0; passed < EDGES_PER_STEP; passed++) {
    if (execution === undefined || !hasEnded(execution.status)) return execution;
    execution = previous(t, execution);
  }
  return undefined;
}

/** A tick that ended before its turn had come: the one behind it waits for what it waited for. */
export function waitForEarlier(t: Tables, dependent: ExecutionRecord, upstream: ExecutionRecord): void {
  if (dependent.scheduleId === undefined || dependent.scheduleId !== upstream.scheduleId) return;
  const earlier = underWay(t, upstream);
  if (earlier !== undefined) bind(t, dependent, [t.edges.toPrevious(earlier)], undefined);
}

/** For which execution of its schedule an ended one still waited when it ended. */
function previous(t: Tables, execution: ExecutionRecord): ExecutionRecord | undefined {
  // It is the last edge that was made.
  const count = execution.edgeCount ?? 0;
  if (count === 0) return undefined;
  const edge = t.edges.some(execution, count, count)[0]!;
  const upstream = edge.state === 'held' ? undefined : t.edges.upstream(edge);
  return upstream !== undefined && upstream.scheduleId === execution.scheduleId ? upstream : undefined;
}
