/** New executions: each binds to what is there, and is then there for those behind it. */
import { decideBound } from './dependency.js';
import { arrive, bind, closeEdge, retireReleased } from './edges.js';
import { propagateEnd } from './finish.js';
import { place } from './queue.js';
import type { NewEdge } from './edge-records.js';
import type { ExecutionRecord } from './records.js';
import { hasEnded } from './status.js';
import type { Tables } from './tables.js';

/**
 * Admits a stored execution. Where a batch still has edges of it (`boundBy`), it comes to be there for others with the last
 * of them.
 */
export function admit(
  t: Tables,
  execution: ExecutionRecord,
  edges: readonly NewEdge[] | undefined,
  request: string | undefined,
): void {
  t.emitExecution(execution, 'scheduled');
  if (execution.boundBy !== undefined) execution.openEdges = 1;
  const bound = edges === undefined ? undefined : bind(t, execution, edges, request);
  if (execution.boundBy === undefined && t.isWatched(execution)) arrive(t, execution);
  // Last, since it may end the execution, and then those who wait for it must be known.
  if (bound !== undefined) decideBound(t, bound);
  if (!hasEnded(execution.status)) place(t, execution);
}

/** Binds more edges of an execution that a batch has admitted. */
export function admitMore(
  t: Tables,
  execution: ExecutionRecord,
  edges: readonly NewEdge[],
  request: string | undefined,
  isLast: boolean,
): void {
  decideBound(t, bind(t, execution, edges, request));
  if (!isLast) return;
  execution.boundBy = undefined;
  t.touchExecution(execution);
  if (t.isWatched(execution)) arrive(t, execution);
  if (!hasEnded(execution.status)) closeEdge(t, execution);
  else if (execution.arrivalSteps !== undefined) propagateEnd(t, execution);
  retireReleased(t, execution);
}
