import type { NewEdge } from '../../core/commands.js';
import { isTerminal } from '../../core/status.js';
import * as history from './history.js';
import { Edge, SpreadStep, type Row, type TaskRow } from './rows.js';
import type { State } from './state.js';

/** Makes the edges of a new execution: to an execution by id, to the newest of a task, or to its next one. */
export function bind(s: State, row: Row, edges: readonly NewEdge[], now: number): void {
  const extra = row.more();
  extra.edges = [];
  for (const command of edges) {
    const task = s.task(command.taskId);
    const { ref, type, maxAge, reuse, timeout } = command;
    const edge = new Edge(++s.sequence, row, task, ref, type, maxAge, reuse, timeout);
    extra.edges.push(edge);
    s.touch(edge);
    row.openEdges++;
    startTimeout(s, edge, now);
    if (command.bind === 'newest') {
      task.watched = true;
      s.touch(task);
      const newest = task.newest;
      if (newest && counts(edge, newest, now)) attach(s, edge, newest);
      else task.next.add(edge);
    } else {
      attach(s, edge, s.executions.get(command.bind.executionId)!);
    }
  }
}

/** Records which outcomes a new execution uses, once all executions of its request are bound: these may share an outcome. */
export function useUpstreams(row: Row): void {
  for (const edge of row.extra?.edges ?? []) if (edge.upstream) use(edge, edge.upstream);
}

/** A new execution of a watched task: those who found none that counts have waited for it. */
export function arrive(s: State, task: TaskRow, row: Row, now: number): void {
  const last = task.newest;
  task.newest = row;
  s.touch(task);
  history.pin(s, row, null);
  if (last) history.unpin(s, last, null, now);
  for (const edge of task.next) {
    attach(s, edge, row);
    use(edge, row);
  }
  task.next.clear();
}

/** An execution has ended: its own open edges matter no more, and its upstreams have one dependent less to wait for. */
export function letGo(s: State, row: Row, now: number): void {
  for (const edge of row.extra?.edges ?? []) {
    if (edge.state === 'open') {
      edge.state = 'dropped';
      s.touch(edge);
    }
    s.edgeTimeouts.remove(edge);
    edge.task.next.delete(edge);
    if (edge.upstream) {
      edge.upstream.extra!.liveDependents--;
      history.unpin(s, edge.upstream, row, now);
    }
  }
}

/** An execution runs again: what can no longer hold is waived, what is still, or again, under way is waited for. */
export function takeUp(s: State, row: Row, now: number): void {
  row.openEdges = 0;
  for (const edge of row.extra?.edges ?? []) {
    const was = edge.state;
    const undecided = was === 'broken' || was === 'dropped';
    edge.state = undecided && !(edge.upstream && isTerminal(edge.upstream.status)) ? 'open' : 'held';
    if (edge.state !== was) s.touch(edge);
    if (edge.state === 'open') {
      row.openEdges++;
      startTimeout(s, edge, now);
    }
    if (edge.upstream) {
      edge.upstream.extra!.liveDependents++;
      history.pin(s, edge.upstream, row);
    } else if (edge.state === 'open') {
      edge.task.next.add(edge);
    }
  }
}

/** After the end, or the reopening, of an execution: its dependents are told in bounded steps. */
export function spread(s: State, row: Row, reopen: boolean): void {
  if (!row.extra?.dependents) return;
  const step = new SpreadStep(++s.sequence, row, reopen);
  s.continuation.push(step);
  s.touch(step);
}

/** An open edge with a timeout waits that long from now. */
function startTimeout(s: State, edge: Edge, now: number): void {
  if (edge.timeout === null) return;
  edge.at = now + edge.timeout;
  s.edgeTimeouts.push(edge);
  s.emitDue(edge.at);
}

/** Whether the newest execution is one whose outcome this edge may use. */
function counts(edge: Edge, newest: Row, now: number): boolean {
  if (!isTerminal(newest.status)) return true;
  if (edge.maxAge !== null && newest.completedAt < now - edge.maxAge) return false;
  return edge.reuse || !newest.extra?.usedBy?.has(edge.dependent.task);
}

function attach(s: State, edge: Edge, upstream: Row): void {
  edge.upstream = upstream;
  s.touch(edge);
  s.touch(upstream);
  history.pin(s, upstream, edge.dependent);
  const extra = upstream.more();
  (extra.dependents ??= []).push(edge);
  extra.liveDependents++;
}

function use(edge: Edge, upstream: Row): void {
  (upstream.more().usedBy ??= new Set()).add(edge.dependent.task);
}
