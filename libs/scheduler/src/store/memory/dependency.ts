import { edgeHolds } from '../../core/dependency.js';
import { isTerminal, type Reason } from '../../core/status.js';
import { finish, reopen } from '../../engine/finish.js';
import { enter } from '../../engine/queue.js';
import type { Edge, Row } from './rows.js';
import type { State } from './state.js';

/** Decides those edges of a new execution whose upstream has ended already. */
export function resolveBound(s: State, row: Row): void {
  for (const edge of row.extra?.edges ?? []) {
    if (edge.upstream && isTerminal(edge.upstream.status)) resolve(s, edge);
  }
}

/** Tells dependents, breadth first, in edge order, as many as the verb under way may still tell. */
export function drain(s: State): void {
  while (s.continuation.length > 0 && s.edgesLeft > 0) {
    const step = s.continuation[0]!;
    s.touch(step);
    const edges = step.row.extra!.dependents!;
    while (step.next < edges.length && s.edgesLeft > 0) {
      const edge = edges[step.next++]!;
      s.edgesLeft--;
      if (step.reopen) reopenDependent(s, edge);
      else if (isTerminal(step.row.status)) resolve(s, edge);
    }
    if (step.next < edges.length) continue;
    s.continuation.shift();
    s.touch(step.row);
  }
}

/** Ends the waits for edges whose timeout has passed. @returns how many */
export function timeOut(s: State, limit: number): number {
  let done = 0;
  while (done < limit) {
    const edge = s.edgeTimeouts.popDue(s.now);
    if (!edge) break;
    done++;
    s.touch(edge);
    if (edge.state === 'open') breakEdge(s, edge, 'DEPENDENCY_TIMEOUT');
  }
  return done;
}

function resolve(s: State, edge: Edge): void {
  if (edge.state !== 'open') return;
  if (!edgeHolds(edge.type, edge.upstream!.status)) return breakEdge(s, edge, 'DEPENDENCY_FAILED');
  edge.state = 'held';
  // Its dependent's row stays as it is: how many edges are open is counted.
  s.touch(edge);
  s.edgeTimeouts.remove(edge);
  const row = edge.dependent;
  row.openEdges--;
  if (row.openEdges === 0 && row.place === 'dependencies') {
    s.leave(row);
    enter(s, row);
  }
}

/** The edge can no longer hold: its dependent is SKIPPED, with the execution in which the failure began. */
function breakEdge(s: State, edge: Edge, reason: Reason): void {
  edge.state = reason === 'DEPENDENCY_TIMEOUT' ? 'timedOut' : 'broken';
  s.touch(edge);
  const row = edge.dependent;
  const upstream = edge.upstream;
  row.rootCause = upstream
    ? (upstream.rootCause ?? { executionId: upstream.id, taskId: upstream.task.taskId, status: upstream.status })
    : undefined;
  finish(s, row, 'skip', 'SKIPPED', { reason });
}

/** Brings back a dependent that was SKIPPED, unless an edge of it still cannot hold. */
function reopenDependent(s: State, edge: Edge): void {
  const row = edge.dependent;
  if (row.status !== 'SKIPPED' || row.reason !== 'DEPENDENCY_FAILED' || s.executions.get(row.id) !== row) return;
  const hopeless = ({ state, upstream, type }: Edge): boolean =>
    state === 'timedOut' ||
    (state !== 'held' && upstream !== null && isTerminal(upstream.status) && !edgeHolds(type, upstream.status));
  if (!row.extra!.edges!.some(hopeless)) reopen(s, row);
}
